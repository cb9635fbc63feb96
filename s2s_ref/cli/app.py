"""The application, and what its commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from s2s_ref.grading.course import Course


FOUND, BAD_INPUT = 1, 2
EXIT_CODES = (
    "Exit codes: 0 all well; 1 the command ran and found something wrong; 2 bad usage or bad "
    "input. S2S_DEBUG=1 shows where an error comes from."
)
STUDENTS, INSTRUCTORS = "For everyone", "For instructors"

app = typer.Typer(
    help="The sequence-to-sequence course: open lessons, look at data, release and grade.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def console() -> "Console":
    """Return what results are printed on: with colours in a terminal, as plain text in a file.

    Names, files and errors come from submissions, so control characters in them become spaces.
    """
    from rich.console import Console

    from s2s_ref.cli.plain import Plain

    made = Console(highlight=False, soft_wrap=True, emoji=False)
    made.push_render_hook(Plain())
    return made


Lessons = Annotated[
    list[str] | None, typer.Option("--lesson", help="Such as 1 or 01_single_rnn; may be repeated.")
]


Jobs = Annotated[
    int,
    typer.Option(min=0, help="How many submissions run at a time; one a core by default."),
]


def open_course(unsafe: bool = False, fork: bool = False) -> "Course":
    """Return the course of the repository in which this command runs."""
    from s2s_ref.grading.course import Course
    from s2s_ref.workspace.repository import find_repository

    return Course(find_repository(), unsafe, fork)


def check_writable(path: Path) -> None:
    """Raise ValueError if no file can be written to this path."""
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"{path} cannot be written. Name a file in a folder that exists.")
