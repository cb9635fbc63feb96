"""The command `s2s`.

A command parses its arguments, calls a function of the package, and prints what comes back. It
imports that function inside its body, so that `s2s --help` is fast. Its docstring is its help. For
bad input it raises ValueError with a clear sentence; if it ran and found something wrong, it raises
`typer.Exit(FOUND)`.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from s2s_ref import __version__
from s2s_ref.cli.app import BAD_INPUT, INSTRUCTORS, STUDENTS, app
from s2s_ref.cli.capstone import capstone
from s2s_ref.cli.data import data

for group in (
    "student",
    "experiment",
    "instructor",
    "collect",
    "grade",
    "demo",
):  # in the order of the help
    importlib.import_module(f"s2s_ref.cli.{group}")
app.add_typer(data, name="data", rich_help_panel=STUDENTS)
app.add_typer(capstone, name="capstone", rich_help_panel=INSTRUCTORS)


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
    """Take the options before a command's name."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `s2s`.

    An error that this package raises is printed as one sentence, with exit code 2. Any other error
    is a bug, and keeps its traceback.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal without Hangul shows ? instead
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
    """Tell whether an error was raised in this package, and so is written for users."""
    here = str(Path(__file__).parents[1])
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.startswith(here)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}. Check the path and its permissions."
    return str(error)
