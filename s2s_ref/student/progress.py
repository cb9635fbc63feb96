"""Show how far a student is: a bar for every lesson, and the exercises of the current one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

from s2s_ref.student.card import CELL, TABLE, WIDTH

MEANINGS = {"✓": "passes", "✗": "does not pass yet", "·": "not checked yet"}


@dataclass(frozen=True)
class Lesson:
    """One lesson's progress.

    Attributes:
        number: its number.
        done: whether each exercise passes that is no bonus.
        rows: the mark, title and name of each exercise.
        current: whether the next exercise is in it, or the one that was checked last.
    """

    number: int
    done: tuple[bool, ...]
    rows: tuple[tuple[str, str, str], ...]
    current: bool

    @property
    def bar(self) -> str:
        """One block for each exercise, those that pass first."""
        return "█" * sum(self.done) + "░" * (len(self.done) - sum(self.done))

    @property
    def count(self) -> str:
        """How many exercises pass."""
        return f"{sum(self.done)} of {len(self.done)}"


def lessons_of(
    checks: Mapping[str, Mapping[str, Any]], catalogue: Sequence[Mapping[str, Any]]
) -> tuple[list[Lesson], str]:
    """Return every lesson's progress, and a sentence about the next exercise.

    `checks` are those of the student's record, in the order in which they were made.
    """

    def mark(entry: Mapping[str, Any]) -> str:
        seen = checks.get(entry["name"])
        return "·" if seen is None else "✓" if seen["passed"] else "✗"

    is_open = (e for e in catalogue if mark(e) != "✓" and not e["bonus"])
    following = next(is_open, None)
    last = next(reversed([*checks]), "")
    lessons = []
    for number, group in groupby(catalogue, lambda entry: entry["lesson"]):
        entries = list(group)
        rows = tuple(
            (mark(e), e["title"] + (" (bonus)" if e["bonus"] else ""), e["name"]) for e in entries
        )
        done = tuple(mark(e) == "✓" for e in entries if not e["bonus"])
        current = following in entries or any(e["name"] == last for e in entries)
        lessons.append(Lesson(number, done, rows, current))
    if following is None:
        return lessons, "Every exercise passes."
    return lessons, f"Next: lesson {following['lesson']}, {following['title']}."


def text(lessons: Sequence[Lesson], everything: bool) -> str:
    """Write the lessons as plain text, at most 83 columns wide where the titles allow it."""
    longest_name = max(len(name) for lesson in lessons for *_, name in lesson.rows)
    width = WIDTH - len("  ✓ ") - len("  ") - longest_name
    lines = []
    for lesson in lessons:
        lines.append(f"Lesson {lesson.number}  {lesson.bar}  {lesson.count}")
        if lesson.current or everything:
            lines += [f"  {mark} {title.ljust(width)}  {name}" for mark, title, name in lesson.rows]
    return "\n".join(lines)


def html(lessons: Sequence[Lesson]) -> str:
    """Write the lessons as HTML; those that are not current unfold at a click."""
    return "".join(map(_lesson_html, lessons))


def _lesson_html(lesson: Lesson) -> str:
    cell = f'style="{CELL};padding-right:1em"'
    rows = "".join(
        f'<tr style="background:none"><td {cell} aria-label="{MEANINGS[mark]}">{mark}</td>'
        f'<th scope="row" {cell}>{escape(title)}</th><td {cell}>{escape(name)}</td></tr>'
        for mark, title, name in lesson.rows
    )
    return (
        f"<details{' open' if lesson.current else ''}><summary>Lesson {lesson.number}&ensp;"
        f'<span aria-hidden="true">{lesson.bar}</span>&ensp;{lesson.count}</summary>'
        f'<table style="{TABLE};margin-left:1.5em">{rows}</table></details>'
    )
