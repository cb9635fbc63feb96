"""The tables that instructors see in a terminal."""

from typing import Any

from rich.markup import escape
from rich.table import Table

from s2s_ref.grading.results import CommonMistake, Result


def score_table(results: list[Result]) -> Table:
    """Return the scores, with a row for each student and a column for each lesson."""
    lessons = sorted({r.lesson for r in results})
    caption = "points given by machine, lesson by lesson"
    table = Table(box=None, padding=(0, 1, 0, 0), caption=caption, caption_justify="left")
    table.add_column("student", no_wrap=True)
    for lesson in lessons:
        name = lesson if len(lessons) < 5 else lesson[:2]  # ten names do not fit
        points = max(r.max_score for r in results if r.lesson == lesson)
        table.add_column(f"{name}\nof {points:g}", justify="right")
    by_cell = {(r.student, r.lesson): r for r in results}
    for student in sorted({r.student for r in results}):
        table.add_row(
            escape(student), *(_cell(by_cell.get((student, lesson))) for lesson in lessons)
        )
    return table


def _cell(result: Result | None) -> str:
    if result is None:
        return "–"
    if result.error:
        return "[red]no marks[/red]"
    return f"{result.score:g}"


def mistake_table(mistakes: list[CommonMistake]) -> Table:
    """Return mistakes, each with how many students made it."""
    table = Table("students", "exercise", "mistake")
    for m in mistakes:
        table.add_row(str(m.count), m.exercise, escape(f"{m.mistake}: {m.headline}"))
    return table


def exercise_table(exercises: list[dict[str, Any]]) -> Table:
    """Return the exercises of the course."""
    headings = ("lesson", "exercise", "kind", "points", "mistakes", "also\nright")
    table = Table(*headings, box=None, padding=(0, 1, 0, 0), header_style="bold")
    for e in exercises:
        numbers = [str(len(e["mistakes"])), str(len(e["alternatives"]))]
        worth = "bonus" if e["bonus"] else f"{e['points']:g}"
        table.add_row(str(e["lesson"]), e["name"], e["kind"], worth, *numbers)
    return table
