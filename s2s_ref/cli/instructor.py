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

    If a solution has a mistake, no lesson changes. Exit code 1 means that the gradebook, which has
    submissions, does not take a lesson's new cells.
    """
    from rich.markup import escape

    from s2s_ref.grading.gradebook import release_and_register

    course, out, refused = open_course(), console(), False
    for released in release_and_register(course, [course.find_lesson(n) for n in lesson or []]):
        state = "[green]released[/green] " if released.changed else "[dim]unchanged[/dim]"
        entered = ", now in the gradebook" if released.entered and not released.changed else ""
        out.print(f"{state} {released.lesson}{entered}")
        if released.error:
            out.print(f"[red]not in the gradebook:[/red] {escape(released.error)}")
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
        bool, typer.Option("--anonymous", help="Write numbers in place of the students' names.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="The file; class/report.html by default.")
    ] = None,
) -> None:
    """Write a page about the class: points, mistakes and what to say about them, who is stuck.

    The page is one file for a browser, a phone or a printer.
    """
    from s2s_ref.grading import gradebook, submissions
    from s2s_ref.grading.reports.html import write_report

    course = open_course()
    wanted = [course.find_lesson(name) for name in lesson or []]
    results = gradebook.known_results(course, submissions.find_submissions(course, wanted))
    if not results:
        raise ValueError("Nothing is graded yet. Grade it first: s2s grade")
    path = output or course.root / "class" / "report.html"
    check_writable(path)
    path.write_text(write_report(results, anonymous), encoding="utf-8")
    console().print(f"Submissions on the page: {len(results)}. Open it in a browser: {path}")


@app.command(rich_help_panel=INSTRUCTORS, epilog=EXIT_CODES)
def export(
    lesson: Lessons = None,
    platform: Annotated[
        str, typer.Option("--for", help="csv, or the platform that imports it: canvas, moodle.")
    ] = "csv",
    output: Annotated[
        Path | None, typer.Option(help="The file; class/grades.csv by default.")
    ] = None,
) -> None:
    """Write the gradebook's scores as CSV.

    By default with the columns of nbgrader's own export, a row for each lesson and student. For
    Canvas and Moodle, a row for each student, empty where nothing was handed in; names, numbers and
    addresses come from class/students.csv.
    """
    from s2s_ref.grading.reports import csv, lms

    if platform not in lms.FORMS:
        raise ValueError(f"--for {platform} is not known. Choose one of: {', '.join(lms.FORMS)}.")
    course = open_course()
    wanted = [course.find_lesson(name) for name in lesson or []]
    if not course.submitted.is_dir():
        raise ValueError("Nothing is graded yet. Grade it first: s2s grade")
    name = "grades.csv" if platform == "csv" else f"grades-{platform}.csv"
    path = output or course.root / "class" / name
    check_writable(path)
    if platform == "csv":
        text = csv.export(course, wanted)
    else:
        text = lms.export_for(course, platform, wanted)
    # With the mark by which Excel knows UTF-8.
    path.write_text(text, encoding="utf-8" if platform == "moodle" else "utf-8-sig")
    rows = len(text.splitlines()) - (2 if platform == "canvas" else 1)
    console().print(f"Rows of scores: {rows}. They are in {path}")
