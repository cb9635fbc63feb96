"""The command `s2s demo`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from s2s_ref.cli.app import EXIT_CODES, FOUND, INSTRUCTORS, Jobs, app, console, open_course
from s2s_ref.cli.grade import grade_and_print, options


@app.command(rich_help_panel=INSTRUCTORS, epilog=EXIT_CODES)
def demo(
    folder: Annotated[
        Path | None, typer.Option(help="Where; demo/ in the course's folder by default.")
    ] = None,
    jobs: Jobs = 0,
) -> None:
    """See the whole way once: release, a made-up class of twelve, grades, feedback.

    It writes into its own folder only, and begins afresh each time.
    """
    from s2s_ref.grading import demo as engine
    from s2s_ref.grading.gradebook import write_feedback
    from s2s_ref.grading.release import release as make_lessons
    from s2s_ref.grading.reports.html import write_report
    from s2s_ref.grading.submissions import find_submissions

    out, source, how = console(), open_course(), options(jobs)
    course = engine.fresh_course(source, (folder or source.root / "demo").resolve())
    out.print(engine.plan(course, how.jobs))
    out.print(f"Lessons released: {', '.join(make_lessons(course))}")
    students = engine.make_class(course)
    engine.write_class(course, students)
    out.print(f"{len(students)} students have handed in. Grading:")
    submissions = find_submissions(course)
    results = grade_and_print(course, submissions, how)
    out.print("Writing feedback.")
    write_feedback(course, submissions)
    page = course.root / "class" / "report.html"
    page.write_text(write_report(results), encoding="utf-8")
    lesson, jupyter = submissions[-1].lesson, Path(sys.executable).with_name("jupyter")
    out.print("What to open next:")
    out.print(f"  the class on one page: {page}, in a browser")
    page = course.feedback / engine.NAMES[0] / lesson / f"{lesson}.html"
    out.print(f"  what a student gets back: {page}, in a browser")
    out.print(f"  the class in nbgrader: cd {course.root} && {jupyter} lab")
    out.print("    then Nbgrader > Formgrader in its menu; written answers are marked there")
    if any(result.error for result in results):
        raise typer.Exit(FOUND)
