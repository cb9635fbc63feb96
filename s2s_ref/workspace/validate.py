"""Run a student's notebook up to its last check, as Validate does in JupyterLab."""

from dataclasses import dataclass
from pathlib import Path

from s2s_ref import syllabus
from s2s_ref.grading.cells import Cell, checks_in, is_graded_check
from s2s_ref.grading.notebooks import read_notebook

TIME_LIMIT = 60
"""The time that one cell may take, in seconds."""


@dataclass(frozen=True)
class Outcome:
    """What one cell of checks showed.

    Attributes:
        exercises: the names of the exercises that it checks.
        passed: whether all of them pass.
        text: the lines and cards of its checks, or the error that kept them from running.
    """

    exercises: tuple[str, ...]
    passed: bool
    text: str


def find_notebook(work: Path, wanted: str) -> Path:
    """Return the student's notebook of a lesson: `1`, `01` and `01_single_rnn` mean the same one.

    Raises:
        ValueError: there is no such lesson, or the student has no notebook of it.
    """
    folders = [lesson.folder for lesson in syllabus.LESSONS]
    for name in folders:
        if wanted in (name, name[:2], str(int(name[:2]))):
            break
    else:
        known = ", ".join(folders)
        raise ValueError(f"There is no lesson {wanted!r}. The lessons are: {known}.")
    path = work / name / f"{name}.ipynb"
    if not path.is_file():
        raise ValueError(f"{path} is missing. `s2s lab` copies the lessons to your folder.")
    return path


def validate(path: Path) -> list[Outcome]:
    """Run a notebook without its experiments; the file itself is not changed.

    Raises:
        ValueError: the file is not a notebook, it has no checks, or Python died while it ran.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError

    notebook = read_notebook(path)
    checks = [cell for cell in notebook.cells if is_graded_check(cell)]
    if not checks:
        raise ValueError(f"{path} has no checks. Is it the lesson's notebook?")
    del notebook.cells[notebook.cells.index(checks[-1]) + 1 :]
    client = NotebookClient(
        notebook,
        timeout=TIME_LIMIT,
        kernel_name="python3",
        allow_errors=True,
        interrupt_on_timeout=True,
        skip_cells_with_tag="experiment",
        extra_arguments=["--log-level=ERROR"],  # its warnings are not for the student
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except DeadKernelError:
        raise ValueError(f"Python ended while {path} ran. Did a cell need all memory?") from None
    return [_outcome(cell) for cell in checks]


def _outcome(cell: Cell) -> Outcome:
    errors = [o for o in cell.outputs if o.output_type == "error"]
    shown = [o.data["text/plain"] for o in cell.outputs if o.output_type == "display_data"]
    others = [f"{e.ename}: {e.evalue}" for e in errors if e.ename != "CheckFailed"]
    names = tuple(exercise for exercise, _ in checks_in(cell.source))
    passed = not errors and len(shown) == len(names)
    return Outcome(names, passed, "\n".join([*shown, *others]) or f"{names[0]} did not run.")
