"""Make the students' lessons from the solutions.

nbgrader deletes a lesson's folder before it generates the new one, and fails with the folder gone
where something is wrong. So the lesson is generated in a temporary folder with a throwaway
gradebook, looked at, and swapped in only when all is well.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbformat

from s2s_ref.grading.cells import checks_in, grade_id, is_graded_check, is_solution
from s2s_ref.grading.course import Course
from s2s_ref.notebooks import normalise

STAYS_HERE = ("INSTRUCTOR.md",)
"""Files of a solution's folder that are for instructors only."""


def release(course: Course, lessons: list[str] | None = None) -> dict[str, bool]:
    """Generate `lessons/` from `solutions/`; return which lessons changed.

    Raises:
        ValueError: a solution notebook is not as it must be; no lesson was touched.
    """
    names = lessons or course.lesson_names()
    if not names:
        raise ValueError(f"{course.solutions} holds no lessons. Expected NN_name/NN_name.ipynb.")
    for name in names:
        examine(course, name)
    with tempfile.TemporaryDirectory() as folder:
        made = {name: generate(course, name, Path(folder)) for name in names}
        return {name: _swap_in(made[name], course.lessons / name) for name in names}


def examine(course: Course, lesson: str) -> None:
    """Look at a solution's folder and cells before it is released.

    Raises:
        ValueError: what is wrong, and where.
    """
    folder = course.solutions / lesson
    extra = [p.name for p in folder.iterdir() if p.name not in (f"{lesson}.ipynb", *STAYS_HERE)]
    extra = [name for name in extra if not name.startswith(".")]
    if extra:
        raise ValueError(
            f"{folder} holds {', '.join(sorted(extra))}, which nbgrader would hand to students. "
            "Move what is not the notebook elsewhere."
        )
    notebook = read_notebook(course.notebook(course.solutions, lesson))
    for cell in notebook.cells:
        try:
            _examine_cell(cell)
        except ValueError as error:
            raise ValueError(f"{lesson}, cell {grade_id(cell) or cell.id}: {error}") from error


def _examine_cell(cell: Any) -> None:
    name, tags = grade_id(cell), cell.metadata.get("tags", [])
    if is_graded_check(cell):
        made = ["check-" + exercise.replace(".", "-") for exercise, _ in checks_in(cell.source)]
        if name not in made:
            raise ValueError(f"its id should be that of its check: {' or '.join(made)}.")
    elif cell.cell_type == "code" and is_solution(cell) and "### BEGIN SOLUTION" not in cell.source:
        raise ValueError("a solution stands between ### BEGIN SOLUTION and ### END SOLUTION.")
    if ("experiment" in tags) != name.startswith("experiment-"):
        raise ValueError("an experiment has both the tag `experiment` and an id `experiment-…`.")
    if name.startswith("experiment-") and not cell.metadata.nbgrader.get("locked"):
        raise ValueError("an experiment is a locked cell, so that the gradebook keeps it.")


def generate(course: Course, lesson: str, folder: Path) -> Path:
    """Let nbgrader generate one lesson below `folder`, normalise it, and return its folder."""
    scratch = Course(folder / lesson)
    source = scratch.notebook(scratch.solutions, lesson)
    source.parent.mkdir(parents=True)
    shutil.copy(course.notebook(course.solutions, lesson), source)
    answer = scratch.api().generate_assignment(lesson, force=True, create=True)
    if not answer["success"]:
        raise ValueError(f"nbgrader could not generate {lesson}: {last_line(answer)}")
    made = scratch.notebook(scratch.lessons, lesson)
    text = normalise(made.read_text(encoding="utf-8"))
    if "BEGIN SOLUTION" in text or "BEGIN HIDDEN" in text:
        raise ValueError(
            f"A solution or a hidden test would stay in {lesson}. Look at its markers."
        )
    made.chmod(0o644)
    made.write_text(text, encoding="utf-8")
    return made.parent


def _swap_in(made: Path, target: Path) -> bool:
    """Put a generated lesson in its place, unless the same one stands there already."""
    if target.is_dir() and _contents(made) == _contents(target):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    new, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(made, new)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return True


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def read_notebook(path: Path) -> Any:
    """Read a notebook.

    Raises:
        ValueError: there is none, or it cannot be read as one.
    """
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise ValueError(f"{path} is missing.") from None
    except (nbformat.reader.NotJSONError, UnicodeDecodeError):
        raise ValueError(
            f"{path} is not a notebook: it is not JSON. Save it again from JupyterLab."
        ) from None
    except Exception as error:  # nbformat raises many kinds for a malformed notebook
        raise ValueError(f"{path} cannot be read as a notebook: {error}.") from error


def last_line(answer: dict[str, Any]) -> str:
    """Return the last telling line of what nbgrader said."""
    lines = [line for line in (answer.get("error") or answer.get("log") or "").splitlines() if line]
    return lines[-1] if lines else "nbgrader gave no reason"
