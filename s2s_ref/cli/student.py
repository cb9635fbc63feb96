"""The commands for students: lab, doctor, check, hint, progress, score."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2s_ref.cli.app import EXIT_CODES, FOUND, STUDENTS, app, console

if TYPE_CHECKING:
    from s2s_ref.capstone.task import Capstone


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
        bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
    ] = False,
) -> None:
    """Open JupyterLab on your own copy of the lessons.

    Lessons that you do not have yet are copied; nothing of yours is overwritten. To start a lesson
    again, rename or delete your copy. Options that s2s does not know go to JupyterLab:
    s2s lab --no-browser --port 9999
    """
    from s2s_ref.workspace import lab as engine
    from s2s_ref.workspace.repository import find_repository

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
    """Check this machine: what is there, what is missing, and the command that fixes it."""
    from s2s_ref.workspace import doctor as engine

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
    for name, status, found, fix in findings:
        mark = f"[{colours[status]}]{status}[/{colours[status]}]"
        out.print(f"{mark} {name.ljust(width)}  {escape(found)}")
        if fix:
            out.print(f"{' ' * (width + 4)}[bold]fix:[/bold] {escape(fix)}")
    missing = sum(status == "✗" for _, status, *_ in findings)
    out.print(
        f"[red]{missing} missing: fix what is marked ✗.[/red]"
        if missing
        else "Everything that the lessons need is here."
    )


@app.command(rich_help_panel=STUDENTS, epilog=EXIT_CODES)
def check(
    lesson: Annotated[str, typer.Argument(help="Such as 1 or 01_single_rnn.")],
    work: Annotated[
        Path | None, typer.Option(help="Your folder; work/ in the course's folder by default.")
    ] = None,
) -> None:
    """Run your notebook of a lesson up to its last check, and show what passes.

    It starts afresh and skips the experiments, as Validate does in JupyterLab. Exit code 1 means
    that something does not pass yet.
    """
    from s2s_ref.workspace import validate as engine
    from s2s_ref.workspace.repository import find_repository

    work = (work or find_repository() / "work").resolve()
    outcomes = engine.validate(engine.find_notebook(work, lesson))
    for outcome in outcomes:
        print(outcome.text)
    still_open = [name for one in outcomes if not one.passed for name in one.exercises]
    if still_open:
        count = sum(len(one.exercises) for one in outcomes)
        passed = f"{count - len(still_open)} of {count} pass"
        print(f"\n{passed}. Not passed yet: {', '.join(still_open)}.")
        raise typer.Exit(FOUND)
    print("\nEvery check of this lesson passes.")


@app.command(rich_help_panel=STUDENTS, epilog=EXIT_CODES)
def hint(
    exercise: Annotated[
        str | None,
        typer.Argument(
            help="Such as rnn.unroll, or the last that failed; s2s progress --all lists them."
        ),
    ] = None,
) -> None:
    """Show the next hint for an exercise: its meaning, its shapes, then an example."""
    from s2s_ref.student import hint as show

    show(exercise)


@app.command(rich_help_panel=STUDENTS, epilog=EXIT_CODES)
def progress(
    everything: Annotated[
        bool, typer.Option("--all", help="Show the exercises of every lesson.")
    ] = False,
) -> None:
    """Show a bar for every lesson, the exercises of the current one, and which is next."""
    from s2s_ref.student import progress as show

    show(everything=everything)


@app.command(rich_help_panel=STUDENTS, epilog=EXIT_CODES)
def score(
    file: Annotated[Path, typer.Argument(help="Your translations, one on each line.")] = Path(
        "translations.txt"
    ),
    folder: Annotated[
        Path | None, typer.Option(help="The capstone's folder; capstone/ by default.")
    ] = None,
) -> None:
    """Check a file of translations, and score its public half: BLEU and chrF.

    With the instructor's folder, the hidden half is scored too. Exit code 1 means that the file
    cannot be scored; the text says why.
    """
    from s2s_ref.capstone import files, submission

    found = files.read(folder or files.default_folder(file))
    try:
        lines = submission.read_translations(file)
        wrong = submission.fault(lines, found.sources, file.name)
    except submission.SubmissionError as error:
        wrong = str(error)
    if wrong:
        console().print(wrong, markup=False)
        raise typer.Exit(FOUND)
    _print_scores(lines, found)


def _print_scores(lines: Sequence[str], found: "Capstone") -> None:
    from s2s_ref.capstone import scoring

    out, halves = console(), [("public", found.public)]
    if all(source in found.references for source in found.sources):
        halves.append(("hidden", found.hidden))
    for name, rows in halves:
        scores = scoring.score(lines, found, rows)
        out.print(f"{name} half, {len(rows)} lines: BLEU {scores.bleu:.1f}, chrF {scores.chrf:.1f}")
    out.print(f"BLEU was computed as {scores.signature}")
    steps = ", ".join(f"{threshold:g}" for threshold in found.thresholds)
    out.print(
        f"Each of these chrF scores on the hidden half gives an equal share of the points: {steps}"
        if found.graded
        else "This is practice: it is not graded."
    )
