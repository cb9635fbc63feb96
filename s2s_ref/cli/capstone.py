"""The commands `s2s capstone ...`."""

from pathlib import Path
from typing import Annotated

import typer

from s2s_ref.cli.app import EXIT_CODES, console, open_course

capstone = typer.Typer(
    help="Make the files of lesson 9: real sentences, or practice.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)


@capstone.command("prepare", epilog=EXIT_CODES)
def capstone_prepare(
    file: Annotated[Path, typer.Argument(help="A file of sentence pairs, as from manythings.org.")],
    folder: Annotated[
        Path | None,
        typer.Option(help="The folder; by default class/capstone in the course's folder."),
    ] = None,
    held_out: Annotated[int, typer.Option(help="How many source sentences to translate.")] = 1000,
    seed: Annotated[int, typer.Option(help="Another seed holds out other sentences.")] = 0,
    thresholds: Annotated[
        str, typer.Option(help="chrF scores, such as 30,40,50; set by the data by default.")
    ] = "",
) -> None:
    """Hold out sentences of a file: write a folder for students, and one with the references.

    FILE has an English sentence, a tab and a sentence of the other language on each line, as the
    files of manythings.org do. Nothing is overwritten.
    """
    from s2s_ref.capstone import files, prepare
    from s2s_ref.data.files import read_pairs

    prepared = prepare.hold_out(
        read_pairs(file), held_out, seed, prepare.parse_thresholds(thresholds), file.stem
    )
    folder = (folder or open_course().capstone).resolve()
    students, instructor = folder / "students" / files.FOLDER, folder / files.INSTRUCTOR
    files.write(prepared, students, instructor)
    out = console()
    out.print(
        f"{len(prepared.train):,} pairs to train on; {len(prepared.sources):,} sentences to "
        f"translate, {len(prepared.public):,} of them with their references."
    )
    out.print(f"Thresholds (chrF): {', '.join(f'{value:g}' for value in prepared.thresholds)}")
    out.print(f"Give this folder to the students, who put it beside their notebook: {students}")
    out.print(f"Keep this one: {instructor}")


@capstone.command("practice", epilog=EXIT_CODES)
def capstone_practice(
    folder: Annotated[
        Path, typer.Option(help="The folder; by default capstone/ in this folder.")
    ] = Path("capstone"),
) -> None:
    """Make the same files from built-in sentences, for practice; they are never graded."""
    from s2s_ref.capstone import files
    from s2s_ref.capstone.task import practice

    prepared = practice()
    files.write(prepared, folder)
    console().print(
        f"{len(prepared.train):,} pairs to train on and {len(prepared.sources)} sentences to "
        f"translate are in {folder}. Score your translations of them: s2s score translations.txt"
    )
