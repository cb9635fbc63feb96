"""The command `s2s demo`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2s_ref.cli.app import EXIT_CODES, FOUND, INSTRUCTORS, Jobs, app, console, open_course
from s2s_ref.cli.grade import grade_and_show, grading_options

if TYPE_CHECKING:
    from s2s_ref.grading.course import Course


@app.command(rich_help_panel=INSTRUCTORS, epilog=EXIT_CODES)
def demo(
    folder: Annotated[
        Path | None,
        typer.Option(help="The folder to write; by default demo/ in the course's folder."),
    ] = None,
    jobs: Jobs = 0,
) -> None:
    """Run the whole course once: release, a made-up class of twelve, grades, feedback.

    The demo writes only into its own folder, which it empties first.
    """
    from s2s_ref.grading import demo as engine
    from s2s_ref.grading.gradebook import write_feedback
    from s2s_ref.grading.release import release as make_lessons
    from s2s_ref.grading.reports.html import write_report
    from s2s_ref.grading.submissions import find_submissions

    out, source, options = console(), open_course(), grading_options(jobs)
    course = engine.fresh_course(source, (folder or source.root / "demo").resolve())
    out.print(engine.plan(course, options.jobs))
    out.print(f"Lessons released: {', '.join(make_lessons(course))}")
    students = engine.make_class(course)
    engine.write_class(course, students)
    out.print(f"{len(students)} students have handed in. Grading:")
    submissions = find_submissions(course)
    results = grade_and_show(course, submissions, options)
    out.print("Writing feedback.")
    write_feedback(course, submissions)
    report = course.root / "class" / "report.html"
    report.write_text(write_report(results), encoding="utf-8")
    feedback = course.notebook(course.feedback / engine.NAMES[0], submissions[-1].lesson)
    _print_what_to_open(course, report, feedback.with_suffix(".html"))
    if any(result.error for result in results):
        raise typer.Exit(FOUND)


def _print_what_to_open(course: "Course", report: Path, feedback: Path) -> None:
    out, jupyter = console(), Path(sys.executable).with_name("jupyter")
    out.print("What to open next:")
    out.print(f"  the class on one page: {report}, in a browser")
    out.print(f"  what a student gets back: {feedback}, in a browser")
    out.print(f"  the class in nbgrader: cd {course.root} && {jupyter} lab")
    out.print("    then Nbgrader > Formgrader in its menu; written answers are marked there")
