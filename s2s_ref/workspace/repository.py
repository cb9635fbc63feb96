"""Find the clone of the course's repository on this machine."""

from pathlib import Path

NAME = 'name = "seq2seq-course"'


def find_repository(start: Path | None = None) -> Path:
    """Return the clone at or above `start`, or else the one that this package runs from.

    `start` is the current folder by default. Raises ValueError where the package was installed
    without its repository.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents, Path(__file__).resolve().parents[2]):
        if _is_repository(folder):
            return folder
    raise ValueError(
        f"The course's lessons are not here: {start} is not inside a clone of its repository, and "
        "the package was installed without one. Clone the repository (its README says how) and "
        "run the command there, or name the folders yourself (see --help)."
    )


def _is_repository(folder: Path) -> bool:
    project = folder / "pyproject.toml"
    return project.is_file() and NAME in project.read_text(encoding="utf-8", errors="replace")
