"""The command `s2s grade`."""

import contextlib
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2s_ref.cli.app import (
    EXIT_CODES,
    FOUND,
    INSTRUCTORS,
    Jobs,
    Lessons,
    app,
    check_writable,
    console,
    open_course,
)

if TYPE_CHECKING:
    from rich.console import Console

    from s2s_ref.grading.course import Course
    from s2s_ref.grading.grade import GradingOptions
    from s2s_ref.grading.results import Result
    from s2s_ref.grading.submissions import Submission


CLUSTER_JOBS = 64
"""So many submissions are sent to a cluster at a time."""
FIRST = 6
"""From this submission on, the time left is told."""


@app.command(rich_help_panel=INSTRUCTORS, epilog=EXIT_CODES)
def grade(
    lesson: Lessons = None,
    student: Annotated[
        list[str] | None, typer.Option("--student", help="One student only; may be repeated.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write marks and mistakes here, for scripts.")
    ] = None,
    jobs: Jobs = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Grade again what has not changed, from its last run.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--run-again", help="And run it again, whatever is known of it.")
    ] = False,
    fork: Annotated[
        bool,
        typer.Option("--fork", help="Fork kernels from a warm process: several times as fast."),
    ] = False,
    scheduler: Annotated[
        str, typer.Option(help="Address of a Dask scheduler, whose workers run the submissions.")
    ] = "",
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Run code that you trust, without a sandbox.")
    ] = False,
) -> None:
    """Grade what was handed in, into the gradebook.

    Submissions run in a sandbox, without network or files of yours, and a judge outside of it
    decides. Where there is none, nothing runs unless you say so: --unsafe

    What has not changed since it was graded is not graded again. Stopped, the same command goes on
    where it was.

    Exit code 1 says that a submission got no marks; the table and the JSON say which, and why.
    """
    from s2s_ref.grading.results import as_plain
    from s2s_ref.grading.sandbox.bubblewrap import problem
    from s2s_ref.grading.sandbox.fork_client import fork_problem
    from s2s_ref.grading.submissions import find_submissions, unknown_folders

    if json_file:
        check_writable(json_file)
    course = open_course(unsafe, fork)
    wanted = [course.find_lesson(name) for name in lesson or []]
    found = find_submissions(course, wanted, student)
    if unknown := unknown_folders(course):
        console().print(
            f"Not graded, for no lesson has that name: {', '.join(unknown)}. Rename the folder.",
            markup=False,
        )
    if not unsafe and (reason := problem()):
        raise ValueError(f"{reason} To run code that you trust without one: s2s grade --unsafe")
    if fork and not scheduler and (reason := fork_problem(course.hidden())):
        console().print(f"No kernel can be forked here, so each is started: {reason}", markup=False)
        course = open_course(unsafe)
    results = grade_and_print(course, found, options(jobs, force or again, again, scheduler))
    if json_file:
        text = json.dumps(as_plain(results), indent=1, ensure_ascii=False)
        json_file.write_text(text + "\n", encoding="utf-8")
    if any(result.error for result in results):
        raise typer.Exit(FOUND)


def options(
    jobs: int = 0, force: bool = False, again: bool = False, scheduler: str = ""
) -> "GradingOptions":
    """Say how to grade: on every core of this machine, unless something else is asked for."""
    import functools

    from s2s_ref.grading.grade import GradingOptions
    from s2s_ref.grading.workers import cluster, cores

    if scheduler:
        make = functools.partial(cluster, scheduler)
        return GradingOptions(jobs or CLUSTER_JOBS, force, again, make)
    return GradingOptions(jobs or cores(), force, again)


def grade_and_print(
    course: "Course", submissions: "list[Submission]", options: "GradingOptions"
) -> "list[Result]":
    """Grade and show how far it is, then print scores, the commonest mistakes, and what failed."""
    from rich.markup import escape

    from s2s_ref.grading import translations
    from s2s_ref.grading.grade import grade
    from s2s_ref.grading.reports.terminal import mistake_table, score_table
    from s2s_ref.grading.results import commonest_mistakes, unchecked

    out = console()
    with _progress(out, len(submissions)) as done:
        results = grade(course, submissions, done, options)
    out.print(score_table(results), soft_wrap=False)
    if mistakes := commonest_mistakes(results):
        out.print("The commonest mistakes:")
        out.print(mistake_table(mistakes[:5]), soft_wrap=False)
    written = sum(result.written for result in results)
    to_review = sum(result.to_review for result in results)
    if written or to_review:
        out.print(_to_mark(written, to_review))
    if missing := translations.note(course, {result.lesson for result in results}):
        out.print(missing)
    for result, why in unchecked(results):
        who = f"{result.student}, {result.lesson}"
        out.print(f"{who}: no check began: {why}", markup=False)
    for result in (r for r in results if r.error):
        who = escape(f"{result.student}, {result.lesson}")
        out.print(f"[red]{who}:[/red] {escape(result.error)}")
    return results


@contextlib.contextmanager
def _progress(out: "Console", total: int) -> "Iterator[Callable[[Result], None]]":
    """Show a bar with the time left; without a terminal, a line for each submission."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    start, count = time.monotonic(), itertools.count(1)

    def line(result: "Result") -> None:
        number = next(count)
        left = (time.monotonic() - start) / number * (total - number)
        points = "no marks" if result.error else f"{result.score:g} / {result.max_score:g}"
        took = "as before" if result.unchanged else f"{result.seconds:.1f} s"
        about = f"{result.lesson} {result.student}: {points}, {took}"
        # the first ones take the start of everything, and say little of the others
        about += f"; {_duration(left)} left" if number >= FIRST else ""
        out.print(f"{number:{len(str(total))}}/{total} {about}", markup=False)

    if not out.is_terminal:
        yield line
        return
    columns = (BarColumn(None), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress("grading", *columns, console=out) as bar:
        task = bar.add_task("grading", total=total)
        yield lambda _: bar.advance(task)


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"


def _to_mark(written: int, to_review: int) -> str:
    """Say how many written answers wait for the instructor."""
    waiting = f"{written} written answer{'s wait' if written != 1 else ' waits'} to be marked"
    before = f"{to_review} marked before, to be looked at again"
    told = ", ".join(text for text, count in ((waiting, written), (before, to_review)) if count)
    return f"By hand, in nbgrader's formgrader: {told}."
