"""The command `s2s`: thin commands over engines that are imported only when they run.

To add a command, write a function with a docstring (its help), import its engine inside the body,
raise ValueError with one clear sentence for bad input, and `raise typer.Exit(FOUND)` where it ran
but found something wrong.
"""

import contextlib
import itertools
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2s_ref import __version__

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from s2s_ref.capstone import Capstone
    from s2s_ref.grading.course import Course
    from s2s_ref.grading.grade import How, Result, Submission
    from s2s_ref.stored import Comparison

FOUND, BAD_INPUT = 1, 2
EXIT_CODES = (
    "Exit codes: 0 all well; 1 the command ran and found something wrong; 2 bad usage or bad "
    "input. S2S_DEBUG=1 shows where an error came from."
)
CLUSTER_JOBS = 64
"""So many submissions are sent to a cluster at a time."""
FIRST = 6
"""From this submission on, the time left is told."""
STUDENTS, INSTRUCTORS = "For everyone", "For instructors"

app = typer.Typer(
    help="The sequence-to-sequence course: open lessons, look at data, release and grade.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
data = typer.Typer(help="List, fetch and look at corpora.", epilog=EXIT_CODES, no_args_is_help=True)
app.add_typer(data, name="data", rich_help_panel=STUDENTS)
capstone = typer.Typer(
    help="Make the files of lesson 9: real sentences, or practice.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)
app.add_typer(capstone, name="capstone", rich_help_panel=INSTRUCTORS)


def console() -> "Console":
    """Where results are printed: colours on a terminal, plain text in a file."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, emoji=False)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"s2s {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """The options before a command's name."""


@app.command(
    rich_help_panel=STUDENTS,
    epilog=EXIT_CODES,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def lab(
    context: typer.Context,
    lessons: Annotated[
        Path | None, typer.Option(help="The released lessons; the course's own by default.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Your folder; work/ in the course's folder by default.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
) -> None:
    """Open JupyterLab on your own copy of the lessons.

    Lessons that you do not have yet are copied; what you have is never overwritten. To begin a
    lesson again, rename or delete your copy. Options that s2s does not know go to JupyterLab:
    s2s lab --no-browser --port 9999
    """
    from s2s_ref import lab as engine
    from s2s_ref.repository import find_repository

    lessons = (lessons or find_repository() / "lessons").resolve()
    work = (work or find_repository() / "work").resolve()
    steps = engine.plan(lessons, work)
    out = console()
    for name in steps.new:
        out.print(f"[green]copied[/green]  {name}")
    for file in steps.restored:
        out.print(f"[green]copied[/green]  {file} (it was missing)")
    for name in steps.kept:
        out.print(f"[dim]left[/dim]    {name}, as you have it")
    if dry_run:
        out.print(f"Nothing was done. Then: {' '.join(engine.command(work, context.args))}")
        return
    engine.carry_out(steps)
    out.print(f"Your lessons are in {work}. End JupyterLab here with Ctrl-C.")
    sys.stdout.flush()
    raise typer.Exit(engine.open_lab(work, context.args))


@app.command(rich_help_panel=STUDENTS, epilog=EXIT_CODES)
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Look at this machine: what is there, what is missing, and the command that mends it."""
    from s2s_ref import doctor as engine

    findings = engine.examine()
    if as_json:
        print(engine.as_json(findings))
    else:
        _print_findings(findings)
    if not engine.healthy(findings):
        raise typer.Exit(FOUND)


def _print_findings(findings: Sequence[tuple[str, str, str, str]]) -> None:
    from rich.markup import escape

    out = console()
    colours = {"✓": "green", "!": "yellow", "✗": "red"}
    width = max(len(name) for name, *_ in findings)
    for name, status, found, mend in findings:
        mark = f"[{colours[status]}]{status}[/{colours[status]}]"
        out.print(f"{mark} {name.ljust(width)}  {escape(found)}")
        if mend:
            out.print(f"{' ' * (width + 4)}[bold]mend:[/bold] {escape(mend)}")
    missing = sum(status == "✗" for _, status, *_ in findings)
    out.print(
        f"[red]{missing} missing: mend what is marked ✗.[/red]"
        if missing
        else "Everything that the lessons need is here."
    )


@app.command(rich_help_panel=STUDENTS, epilog=EXIT_CODES)
def hint(
    exercise: Annotated[
        str | None,
        typer.Argument(
            help="Such as rnn.unroll; s2s progress lists them. By default what failed last."
        ),
    ] = None,
) -> None:
    """Show the next hint for an exercise: its meaning, its shapes, then an example."""
    from s2s_ref.student import hint as show

    show(exercise)


@app.command(rich_help_panel=STUDENTS, epilog=EXIT_CODES)
def progress() -> None:
    """Show what passes, and what is next."""
    from s2s_ref.student import progress as show

    show()


@app.command(rich_help_panel=STUDENTS, epilog=EXIT_CODES)
def experiment(
    name: Annotated[str, typer.Argument(help="A comparison, or list to name them all.")],
    full: Annotated[
        bool, typer.Option("--full", help="Make every run that is not there yet.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="With --full: make all runs anew, finished ones too.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="How many runs at a time, a core each.")] = 1,
) -> None:
    """Show a comparison of many runs that the lessons use, or make it again.

    Interrupted, the same command goes on where it stopped.
    """
    from rich.progress import Progress

    from s2s_ref import stored
    from s2s_ref.stored import comparison as engine

    out = console()
    if name == "list":
        out.print(_comparison_table(stored.comparisons()), soft_wrap=False)
        return
    chosen = stored.find(name)
    if full:
        if again:
            engine.forget(chosen)
        with Progress(console=out) as bar:
            task = bar.add_task(name, total=engine.missing_runs(chosen))
            results = engine.run_all(chosen, jobs=jobs, done=lambda *_: bar.advance(task))
    else:
        results = stored.load(name)
    out.print(_plain_table(chosen.title, chosen.table(results)), soft_wrap=False)
    out.print(f"The figure: {engine.STORE / name}.png")


def _comparison_table(comparisons: "Sequence[Comparison]") -> "Table":
    rows = [["name", "variants × seeds", "what"]]
    for each in comparisons:
        rows.append([each.name, f"{len(each.variants)} × {len(each.seeds)}", each.title])
    return _plain_table("", rows)


def _plain_table(title: str, rows: Sequence[Sequence[str]]) -> "Table":
    from rich.table import Table

    table = Table(
        *rows[0],
        title=title or None,
        title_justify="left",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    for row in rows[1:]:
        table.add_row(*row)
    return table


@app.command(rich_help_panel=STUDENTS, epilog=EXIT_CODES)
def score(
    file: Annotated[Path, typer.Argument(help="Your translations, one a line.")] = Path(
        "translations.txt"
    ),
    folder: Annotated[
        Path | None, typer.Option(help="The capstone's folder; capstone/ by default.")
    ] = None,
) -> None:
    """Check a file of translations, and score its public half: BLEU and chrF.

    With the instructor's folder, the hidden half too. Exit code 1 says that the file cannot be
    scored, and the text why.
    """
    from s2s_ref import capstone as engine

    found = engine.read(folder or engine.default_folder(file))
    try:
        lines = engine.read_translations(file)
        wrong = engine.fault(lines, found.sources, file.name)
    except engine.HandInError as error:
        wrong = str(error)
    if wrong:
        console().print(wrong, markup=False)
        raise typer.Exit(FOUND)
    _print_scores(lines, found)


def _print_scores(lines: Sequence[str], found: "Capstone") -> None:
    from s2s_ref import capstone as engine

    out, halves = console(), [("public", found.public)]
    if all(source in found.references for source in found.sources):
        halves.append(("hidden", found.hidden))
    for name, rows in halves:
        scores = engine.score(lines, found, rows)
        out.print(f"{name} half, {len(rows)} lines: BLEU {scores.bleu:.1f}, chrF {scores.chrf:.1f}")
    out.print(f"BLEU was counted as {scores.signature}")
    steps = ", ".join(f"{threshold:g}" for threshold in found.thresholds)
    out.print(
        f"Each of these chrF scores on the hidden half gives an equal share of the points: {steps}"
        if found.graded
        else "This is practice: it is not graded."
    )


@capstone.command("prepare", epilog=EXIT_CODES)
def capstone_prepare(
    file: Annotated[Path, typer.Argument(help="Sentence pairs of the manythings.org kind.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where; class/capstone in the course's folder by default.")
    ] = None,
    held_out: Annotated[int, typer.Option(help="How many source sentences to translate.")] = 1000,
    seed: Annotated[int, typer.Option(help="Another seed holds out other sentences.")] = 0,
    thresholds: Annotated[
        str, typer.Option(help="chrF scores, such as 30,40,50; set by the data by default.")
    ] = "",
) -> None:
    """Hold sentences of a file out: a folder for students, and one with all references for you.

    FILE has an English sentence, a tab and the other language on each line, as from
    manythings.org. What is there is never overwritten.
    """
    from s2s_ref import capstone as engine
    from s2s_ref import corpus

    made = engine.hold_out(
        corpus.read_pairs(file), held_out, seed, engine.parse_thresholds(thresholds), file.stem
    )
    place = (folder or _course().capstone).resolve()
    students, instructor = place / "students" / engine.FOLDER, place / engine.INSTRUCTOR
    engine.write(made, students, instructor)
    out = console()
    out.print(
        f"{len(made.train):,} pairs to train on; {len(made.sources):,} sentences to translate, "
        f"{len(made.public):,} of them with their references."
    )
    out.print(f"Thresholds (chrF): {', '.join(f'{value:g}' for value in made.thresholds)}")
    out.print(f"Give this folder to the students, to lie beside their notebook: {students}")
    out.print(f"Keep this one: {instructor}")


@capstone.command("practice", epilog=EXIT_CODES)
def capstone_practice(
    folder: Annotated[
        Path, typer.Option(help="Where; capstone/ in this folder by default.")
    ] = Path("capstone"),
) -> None:
    """Make the same files from built-in sentences, to practise; they are never graded."""
    from s2s_ref import capstone as engine

    made = engine.practice()
    engine.write(made, folder)
    console().print(
        f"{len(made.train):,} pairs to train on and {len(made.sources)} sentences to translate lie "
        f"in {folder}. Score your translations of them: s2s score translations.txt"
    )


Lessons = Annotated[
    list[str] | None, typer.Option("--lesson", help="Such as 1 or 01_single_rnn; may be repeated.")
]


@app.command(rich_help_panel=INSTRUCTORS, epilog=EXIT_CODES)
def release(lesson: Lessons = None) -> None:
    """Generate lessons/ from solutions/, and enter them in the class's gradebook.

    Nothing is touched unless all is well. Exit code 1 says that the gradebook of a running class
    does not take a lesson's new cells.
    """
    from rich.markup import escape

    from s2s_ref.grading import release as engine
    from s2s_ref.grading.grade import is_in_gradebook, register

    course, out, refused = _course(), console(), False
    changed = engine.release(course, [course.find_lesson(name) for name in lesson or []])
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
    from s2s_ref.grading.exercises import exercise_list
    from s2s_ref.grading.tables import exercise_table

    found = exercise_list(_course())
    if as_json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        console().print(exercise_table(found), soft_wrap=False)


Jobs = Annotated[
    int, typer.Option(min=0, help="So many submissions run at a time; one a core by default.")
]


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
    from s2s_ref.grading import grade as engine
    from s2s_ref.grading.provisioners import fork_problem
    from s2s_ref.grading.sandbox import problem

    if json_file:
        _check_writable(json_file)
    course = _course(unsafe, fork)
    wanted = [course.find_lesson(name) for name in lesson or []]
    found = engine.find_submissions(course, wanted, student)
    if unknown := engine.unknown_folders(course):
        console().print(
            f"Not graded, for no lesson has that name: {', '.join(unknown)}. Rename the folder.",
            markup=False,
        )
    if not unsafe and (reason := problem()):
        raise ValueError(f"{reason} To run code that you trust without one: s2s grade --unsafe")
    if fork and not scheduler and (reason := fork_problem(course.hidden())):
        console().print(f"No kernel can be forked here, so each is started: {reason}", markup=False)
        course = _course(unsafe)
    results = _grade(course, found, _how(jobs, force or again, again, scheduler))
    if json_file:
        text = json.dumps(engine.as_plain(results), indent=1, ensure_ascii=False)
        json_file.write_text(text + "\n", encoding="utf-8")
    if any(result.error for result in results):
        raise typer.Exit(FOUND)


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
    from s2s_ref.grading import grade as engine
    from s2s_ref.grading.report import write_report

    course = _course()
    wanted = [course.find_lesson(name) for name in lesson or []]
    results = engine.known_results(course, engine.find_submissions(course, wanted))
    if not results:
        raise ValueError("Nothing is graded yet. Grade it first: s2s grade")
    place = output or course.root / "class" / "report.html"
    _check_writable(place)
    place.write_text(write_report(results, anonymous), encoding="utf-8")
    console().print(f"Submissions on the page: {len(results)}. Open it in a browser: {place}")


@app.command(rich_help_panel=INSTRUCTORS, epilog=EXIT_CODES)
def export(
    lesson: Lessons = None,
    output: Annotated[Path | None, typer.Option(help="Where; class/grades.csv by default.")] = None,
) -> None:
    """Write the gradebook's scores as CSV, with the columns of nbgrader's own export."""
    from s2s_ref.grading.export import export as write

    course = _course()
    wanted = [course.find_lesson(name) for name in lesson or []]
    if not course.submitted.is_dir():
        raise ValueError("Nothing is graded yet. Grade it first: s2s grade")
    place = output or course.root / "class" / "grades.csv"
    _check_writable(place)
    text = write(course, wanted)
    place.write_text(text, encoding="utf-8")
    console().print(f"{len(text.splitlines()) - 1} scores are in {place}")


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
    from s2s_ref.grading.grade import find_submissions, write_feedback
    from s2s_ref.grading.release import release as make_lessons
    from s2s_ref.grading.report import write_report

    out, source, how = console(), _course(), _how(jobs)
    course = engine.fresh_course(source, (folder or source.root / "demo").resolve())
    out.print(engine.plan(course, how.jobs))
    out.print(f"Lessons released: {', '.join(make_lessons(course))}")
    students = engine.make_class(course)
    engine.write_class(course, students)
    out.print(f"{len(students)} students have handed in. Grading:")
    submissions = find_submissions(course)
    results = _grade(course, submissions, how)
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


def _course(unsafe: bool = False, fork: bool = False) -> "Course":
    from s2s_ref.grading.course import Course
    from s2s_ref.repository import find_repository

    return Course(find_repository(), unsafe, fork)


def _how(jobs: int = 0, force: bool = False, again: bool = False, scheduler: str = "") -> "How":
    """Say how to grade: on every core of this machine, unless something else is asked for."""
    import functools

    from s2s_ref.grading import grade as engine
    from s2s_ref.grading.pool import cluster, cores

    if scheduler:
        make = functools.partial(cluster, scheduler)
        return engine.How(jobs or CLUSTER_JOBS, force, again, make)
    return engine.How(jobs or cores(), force, again)


def _check_writable(place: Path) -> None:
    if place.is_dir() or not place.parent.is_dir():
        raise ValueError(f"{place} cannot be written. Name a file in a folder that is there.")


def _grade(course: "Course", submissions: "list[Submission]", how: "How") -> "list[Result]":
    """Grade and show how far it is, then print scores, the commonest mistakes, and what failed."""
    from rich.markup import escape

    from s2s_ref.grading import grade as engine
    from s2s_ref.grading import hand_in
    from s2s_ref.grading.tables import mistake_table, score_table

    out = console()
    with _progress(out, len(submissions)) as done:
        results = engine.grade(course, submissions, done, how)
    out.print(score_table(results), soft_wrap=False)
    if mistakes := engine.commonest_mistakes(results):
        out.print("The commonest mistakes:")
        out.print(mistake_table(mistakes[:5]), soft_wrap=False)
    written = sum(result.written for result in results)
    to_review = sum(result.to_review for result in results)
    if written or to_review:
        out.print(_to_mark(written, to_review))
    if missing := hand_in.note(course, {result.lesson for result in results}):
        out.print(missing)
    for result, why in engine.unchecked(results):
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


@data.command("list", epilog=EXIT_CODES)
def data_list() -> None:
    """List the corpora that have a name."""
    from rich.table import Table

    from s2s_ref import corpus
    from s2s_ref.download import DOWNLOADS, cache_dir

    table = Table("name", "pairs", "what", box=None, pad_edge=False, header_style="bold")
    for entry in corpus.available():
        what = entry.what
        if entry.name in DOWNLOADS:
            fetched = (cache_dir() / DOWNLOADS[entry.name].file).is_file()
            how = "fetched" if fetched else f"fetch it: s2s data get {entry.name}"
            what += f"\n{entry.licence}\n{how}"
        table.add_row(entry.name, entry.pairs, what)
    out = console()
    out.print(table, soft_wrap=False)
    out.print("Look at one with s2s data show NAME, or at a file of your own: s2s data show PATH.")


@data.command("get", epilog=EXIT_CODES)
def data_get(
    name: Annotated[str, typer.Argument(help="A name that s2s data list shows.")],
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Fetch it again, even where it has changed.")
    ] = False,
) -> None:
    """Fetch a corpus into the cache, once, and print the file's path."""
    from s2s_ref import corpus
    from s2s_ref.download import DOWNLOADS, download

    if name not in DOWNLOADS and any(entry.name == name for entry in corpus.available()):
        print(f"{name} is built in: there is nothing to fetch. Look at it: s2s data show {name}")
        return
    print(download(name, refresh=refresh))


@data.command("show", epilog=EXIT_CODES)
def data_show(
    name: Annotated[str, typer.Argument(help="A name that s2s data list shows, or a file.")],
    count: Annotated[int, typer.Option("-n", min=1, help="How many pairs.")] = 5,
    seed: Annotated[int, typer.Option(help="Another seed draws other pairs.")] = 0,
) -> None:
    """Print pairs of a corpus: source, gloss word by word, target, and whom to thank.

    The same seed prints the same pairs.
    """
    from rich.text import Text

    from s2s_ref import corpus

    out = console()
    for pair in corpus.load(name, count=count, seed=seed):
        out.print(Text(pair.src, "bold"))
        if pair.gloss:
            out.print(Text(f"  {' '.join(pair.gloss)}", "dim"))
        out.print(Text(f"  → {pair.tgt}"))
        if pair.attribution:
            out.print(Text(f"  {pair.attribution}", "dim"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `s2s`; an error of ours is one sentence on stderr and exit code 2.

    An error from anywhere else is a fault in the course, and keeps its traceback.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal without Hangul shows ? in its place
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app(args=None if arguments is None else list(arguments), prog_name="s2s")
    except (ValueError, OSError) as error:
        if os.environ.get("S2S_DEBUG") or not (isinstance(error, OSError) or _is_ours(error)):
            raise
        print(f"s2s: {_sentence(error)}", file=sys.stderr)
        sys.exit(BAD_INPUT)


def _is_ours(error: Exception) -> bool:
    """Whether it was raised by a line of this package, and so written for people."""
    here = str(Path(__file__).parent)
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.startswith(here)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}. Check the path and its permissions."
    return str(error)
