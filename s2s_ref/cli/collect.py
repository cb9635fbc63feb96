"""The command `s2s collect`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2s_ref.cli.app import EXIT_CODES, FOUND, INSTRUCTORS, app, console, open_course

if TYPE_CHECKING:
    from rich.table import Table

    from s2s_ref.grading.collecting.hand_ins import Row


@app.command(rich_help_panel=INSTRUCTORS, epilog=EXIT_CODES)
def collect(
    downloads: Annotated[
        list[Path], typer.Argument(help="What you downloaded: folders, archives, notebooks.")
    ],
    lesson: Annotated[
        str, typer.Option("--lesson", help="Collect this lesson only, such as 1.")
    ] = "",
    pattern: Annotated[
        str,
        typer.Option(
            help="Your own regular expression for a file's path, with (?P<student>…) and perhaps "
            "(?P<lesson>…)."
        ),
    ] = "",
    groups: Annotated[
        bool,
        typer.Option("--groups", help="A member's file counts for the group."),
    ] = False,
    file_times: Annotated[
        bool, typer.Option("--file-times", help="Take the files' dates as times of handing in.")
    ] = False,
) -> None:
    """Put what students handed in into class/submitted.

    A download of Canvas, Moodle, Blackboard, ILIAS, Google Classroom or your own, as it is: the
    file's path says whose it is, and its cells say which lesson. If there is a class list,
    class/students.csv (id, name, email, number, group, extra_days), names are looked up in it.

    Nothing is lost: of two files the newer one counts and the other stays in class/collected/older;
    what you repaired in class/submitted stays, unless the student hands in again.

    Exit code 1 means that something was left out; the table says what and why.
    """
    from s2s_ref.grading.collecting.collect import collect_downloads
    from s2s_ref.grading.collecting.hand_ins import LEFT_OUT, Options

    course = open_course()
    options = Options(
        course.find_lesson(lesson) if lesson else "", _compiled(pattern), groups, file_times
    )
    rows = collect_downloads(course, downloads, options)
    if not rows:
        raise ValueError("The download contains no notebook. Name the folder or archive as it is.")
    console().print(collected_table(rows), soft_wrap=False)
    if any(row.state == LEFT_OUT for row in rows):
        raise typer.Exit(FOUND)


def _compiled(pattern: str) -> "re.Pattern[str] | None":
    if not pattern:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"--pattern cannot be read: {error}.") from None
    if "student" not in compiled.groupindex:
        raise ValueError("--pattern has no group (?P<student>…), which finds the student.")
    return compiled


def collected_table(rows: "list[Row]") -> "Table":
    """Return the table of what became of each file, with what was left out at the end."""
    from rich.markup import escape
    from rich.table import Table

    from s2s_ref.grading.collecting.hand_ins import LEFT_OUT

    table = Table("student", "lesson", "", "handed in", "file")
    for row in sorted(rows, key=lambda row: row.state == LEFT_OUT):
        time = f"{row.time:%Y-%m-%d %H:%M}" if row.time else ""
        time += " LATE" if row.late else ""
        state = f"[red]{row.state}[/red]" if row.state == LEFT_OUT else row.state
        said = f"{row.file}: {row.note}" if row.note else row.file
        table.add_row(escape(row.student), row.lesson, state, time.strip(), escape(said))
    return table
