"""The commands for instructors beside grading: release, exercises, report, export."""

import json
from pathlib import Path
from typing import Annotated

import typer

from s2s_ref.cli.app import (
    EXIT_CODES,
    FOUND,
    INSTRUCTORS,
    Lessons,
    app,
    check_writable,
    console,
    open_course,
)


@app.command(rich_help_panel=INSTRUCTORS, epilog=EXIT_CODES)
def release(lesson: Lessons = None) -> None:
    """Generate lessons/ from solutions/, and enter them in the class's gradebook.

    Nothing is touched unless all is well. Exit code 1 says that the gradebook of a running class
    does not take a lesson's new cells.
    """
    from rich.markup import escape

    from s2s_ref.grading.gradebook import is_in_gradebook, register
    from s2s_ref.grading.release import release as make_lessons

    course, out, refused = open_course(), console(), False
    changed = make_lessons(course, [course.find_lesson(name) for name in lesson or []])
    for name, is_new in changed.items():
        state = "[green]released[/green] " if is_new else "[dim]unchanged[/dim]"
        entered = "" if is_new or is_in_gradebook(course, name) else ", now in the gradebook"
        out.print(f"{state} {name}{entered}")
        try:
            register(course, name)
        except ValueError as error:
            out.print(f"[red]not in the gradebook:[/red] {escape(str(error))}")
            refused = True
    if refused:
        raise typer.Exit(FOUND)


@app.command(rich_help_panel=INSTRUCTORS, epilog=EXIT_CODES)
def exercises(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """List every exercise: lesson, kind, points, named mistakes, other right answers."""
    from s2s_ref.grading.reports.exercise_list import exercise_list
    from s2s_ref.grading.reports.terminal import exercise_table

    found = exercise_list(open_course())
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        console().print(exercise_table(found), soft_wrap=False)


@app.command(rich_help_panel=INSTRUCTORS, epilog=EXIT_CODES)
def report(
    lesson: Lessons = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Number the students in place of their names.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="Where; class/report.html by default.")
    ] = None,
) -> None:
    """Write the class on one page: points, mistakes and what to say about them, who is stuck.

    The page is one file, to be opened in a browser, read on a phone, or printed.
    """
    from s2s_ref.grading import gradebook, submissions
    from s2s_ref.grading.reports.html import write_report

    course = open_course()
    wanted = [course.find_lesson(name) for name in lesson or []]
    results = gradebook.known_results(course, submissions.find_submissions(course, wanted))
    if not results:
        raise ValueError("Nothing is graded yet. Grade it first: s2s grade")
    place = output or course.root / "class" / "report.html"
    check_writable(place)
    place.write_text(write_report(results, anonymous), encoding="utf-8")
    console().print(f"Submissions on the page: {len(results)}. Open it in a browser: {place}")


@app.command(rich_help_panel=INSTRUCTORS, epilog=EXIT_CODES)
def export(
    lesson: Lessons = None,
    output: Annotated[Path | None, typer.Option(help="Where; class/grades.csv by default.")] = None,
) -> None:
    """Write the gradebook's scores as CSV, with the columns of nbgrader's own export."""
    from s2s_ref.grading.reports.csv import export as write

    course = open_course()
    wanted = [course.find_lesson(name) for name in lesson or []]
    if not course.submitted.is_dir():
        raise ValueError("Nothing is graded yet. Grade it first: s2s grade")
    place = output or course.root / "class" / "grades.csv"
    check_writable(place)
    text = write(course, wanted)
    place.write_text(text, encoding="utf-8")
    console().print(f"{len(text.splitlines()) - 1} scores are in {place}")
