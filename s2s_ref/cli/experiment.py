"""The command `s2s experiment`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from s2s_ref.cli.app import EXIT_CODES, STUDENTS, app, console

if TYPE_CHECKING:
    from rich.table import Table

    from s2s_ref.experiments import Comparison


@app.command(rich_help_panel=STUDENTS, epilog=EXIT_CODES)
def experiment(
    name: Annotated[str, typer.Argument(help="A comparison; list shows all of them.")],
    full: Annotated[
        bool, typer.Option("--full", help="Make every run that is not stored yet.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="With --full: make all runs again, finished ones too.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="How many runs at a time, one on a core.")] = 1,
) -> None:
    """Show a comparison of many runs that the lessons use, or make it again.

    If you interrupt the command, the next call continues where it stopped.
    """
    from rich.progress import Progress

    from s2s_ref import experiments as stored
    from s2s_ref.experiments import comparison as engine

    out = console()
    if name == "list":
        out.print(_comparison_table(stored.comparisons()), soft_wrap=False)
        return
    chosen = stored.find(name)
    if full:
        if again:
            engine.delete_runs(chosen)
        with Progress(console=out) as bar:
            task = bar.add_task(name, total=engine.count_missing_runs(chosen))
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
