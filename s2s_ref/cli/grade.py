"""The command `s2s grade`."""

import contextlib
import functools
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
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
"""How many submissions are sent to a cluster at a time by default."""
FIRST_ESTIMATE = 6
"""From this submission on, the time left is shown; the first few do not predict it well."""


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
        bool, typer.Option("--force", help="Also grade what has not changed, from its last run.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--run-again", help="Grade everything again, and run it again too.")
    ] = False,
    fork: Annotated[
        bool,
        typer.Option("--fork", help="Fork kernels from one that has imported PyTorch."),
    ] = False,
    scheduler: Annotated[
        str, typer.Option(help="Address of a Dask scheduler, whose workers run the submissions.")
    ] = "",
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Run code that you trust, without a sandbox.")
    ] = False,
) -> None:
    """Grade submissions, and write their marks into the gradebook.

    Submissions run in a sandbox, without network and without your files, and a judge outside the
    sandbox decides. Without a sandbox, nothing runs unless you allow it: --unsafe

    What has not changed since it was graded is not graded again. If you stop the command, the
    next call continues where it stopped.

    Exit code 1 means that a submission has no marks; the table and the JSON say which, and why.
    """
    from s2s_ref.grading.results import as_plain
    from s2s_ref.grading.submissions import find_submissions

    if json_file:
        check_writable(json_file)
    course = open_course(unsafe, fork)
    wanted = [course.find_lesson(name) for name in lesson or []]
    submissions = find_submissions(course, wanted, student)
    _print_unknown_folders(course)
    course = _with_possible_isolation(course, on_cluster=bool(scheduler))
    options = grading_options(jobs, force or again, again, scheduler)
    results = grade_and_show(course, submissions, options)
    if json_file:
        text = json.dumps(as_plain(results), indent=1, ensure_ascii=False)
        json_file.write_text(text + "\n", encoding="utf-8")
    if any(result.error for result in results):
        raise typer.Exit(FOUND)


def _print_unknown_folders(course: "Course") -> None:
    from s2s_ref.grading.submissions import unknown_folders

    if unknown := unknown_folders(course):
        text = f"Not graded, because no lesson has that name: {', '.join(unknown)}."
        console().print(f"{text} Rename the folder.", markup=False)


def _with_possible_isolation(course: "Course", on_cluster: bool) -> "Course":
    """Return the course, without forking where this machine cannot fork kernels.

    Raises:
        ValueError: there is no sandbox, and submissions are not trusted.
    """
    from s2s_ref.grading.sandbox.bubblewrap import problem
    from s2s_ref.grading.sandbox.fork_client import fork_problem

    if not course.unsafe and (reason := problem()):
        raise ValueError(f"{reason} To run code that you trust without one: s2s grade --unsafe")
    if course.fork and not on_cluster and (reason := fork_problem(course.hidden())):
        console().print(f"No kernel can be forked here, so each is started: {reason}", markup=False)
        return replace(course, fork=False)
    return course


def grading_options(
    jobs: int = 0, force: bool = False, again: bool = False, scheduler: str = ""
) -> "GradingOptions":
    """Return the options of a command; without a scheduler, every core of this machine is used."""
    from s2s_ref.grading.grade import GradingOptions
    from s2s_ref.grading.workers import cluster, cores

    if scheduler:
        factory = functools.partial(cluster, scheduler)
        return GradingOptions(jobs or CLUSTER_JOBS, force, again, factory)
    return GradingOptions(jobs or cores(), force, again)


def grade_and_show(
    course: "Course", submissions: "list[Submission]", options: "GradingOptions"
) -> "list[Result]":
    """Grade submissions, showing the progress, and print the results."""
    from s2s_ref.grading.grade import grade

    out = console()
    with _progress(out, len(submissions)) as done:
        results = grade(course, submissions, done, options)
    _print_results(out, course, results)
    return results


def _print_results(out: "Console", course: "Course", results: "list[Result]") -> None:
    """Print the scores, the commonest mistakes, what is left to do, and what failed."""
    from rich.markup import escape

    from s2s_ref.grading import translations
    from s2s_ref.grading.reports.terminal import mistake_table, score_table
    from s2s_ref.grading.results import commonest_mistakes, commonest_places, unchecked

    out.print(score_table(results), soft_wrap=False)
    if mistakes := commonest_mistakes(results):
        out.print("The commonest mistakes:")
        out.print(mistake_table(mistakes[:5]), soft_wrap=False)
    for place in commonest_places(results)[:5]:
        out.print(f"{place.exercise}: {place.text}", markup=False)
    written = sum(result.written for result in results)
    to_review = sum(result.to_review for result in results)
    if written or to_review:
        out.print(_to_mark(written, to_review))
    if missing := translations.what_is_missing(course, {result.lesson for result in results}):
        out.print(missing)
    for result, why in unchecked(results):
        out.print(f"{result.student}, {result.lesson}: no check began: {why}", markup=False)
    for result in (r for r in results if r.error):
        name = escape(f"{result.student}, {result.lesson}")
        out.print(f"[red]{name}:[/red] {escape(result.error)}")


@contextlib.contextmanager
def _progress(out: "Console", total: int) -> "Iterator[Callable[[Result], None]]":
    """Show a bar with the time left; outside a terminal, print a line for each submission."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    start, count = time.monotonic(), itertools.count(1)

    def line(result: "Result") -> None:
        number = next(count)
        left = (time.monotonic() - start) / number * (total - number)
        points = "no marks" if result.error else f"{result.score:g} / {result.max_score:g}"
        took = "as before" if result.unchanged else f"{result.seconds:.1f} s"
        text = f"{result.lesson} {result.student}: {points}, {took}"
        text += f"; {_duration(left)} left" if number >= FIRST_ESTIMATE else ""
        out.print(f"{number:{len(str(total))}}/{total} {text}", markup=False)

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
    texts = [text for text, count in ((waiting, written), (before, to_review)) if count]
    return f"By hand, in nbgrader's formgrader: {', '.join(texts)}."
