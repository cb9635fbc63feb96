"""Make the students' lessons from the solutions.

nbgrader deletes a lesson's folder before it generates the new one, and when it fails, the folder is
gone. So the lesson is generated in a temporary folder with a gradebook of its own, and replaces the
old one when everything is right.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from s2s_ref.checks.registry import find
from s2s_ref.grading.cells import checks_in, grade_id, is_graded_check, is_solution
from s2s_ref.grading.course import Course, failure
from s2s_ref.grading.normalise import normalise
from s2s_ref.grading.notebooks import read_notebook

STAYS_HERE = ("INSTRUCTOR.md",)
"""The files in a solution's folder that are for instructors only."""


def release(course: Course, lessons: list[str] | None = None) -> dict[str, bool]:
    """Generate `lessons/` from `solutions/`; return which lessons changed.

    Raises:
        ValueError: a solution notebook has a mistake; no lesson was changed.
    """
    names = list(dict.fromkeys(lessons or course.lesson_names()))
    if not names:
        raise ValueError(f"{course.solutions} contains no lessons. Expected NN_name/NN_name.ipynb.")
    for name in names:
        examine(course, name)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Course(Path(folder), throwaway=True)
        folders = {name: generate(course, name, scratch) for name in names}
        return {name: _swap_in(folders[name], course.lessons / name) for name in names}


def examine(course: Course, lesson: str) -> None:
    """Check a solution's folder and cells before the lesson is released.

    Raises:
        ValueError: a file, a cell or an id is wrong; the message says which.
    """
    folder = course.solutions / lesson
    extra = [p.name for p in folder.iterdir() if p.name not in (f"{lesson}.ipynb", *STAYS_HERE)]
    extra = [name for name in extra if not name.startswith(".")]
    if extra:
        raise ValueError(
            f"{folder} contains {', '.join(sorted(extra))}, which nbgrader would hand to students. "
            "Move what is not the notebook elsewhere."
        )
    notebook = read_notebook(course.notebook(course.solutions, lesson))
    seen: set[str] = set()
    for cell in notebook.cells:
        try:
            _examine_cell(cell)
            if grade_id(cell) and grade_id(cell) in seen:
                raise ValueError("another cell has the same id. Give one of them its own.")
            seen.add(grade_id(cell))
        except ValueError as error:
            raise ValueError(f"{lesson}, cell {grade_id(cell) or cell.id}: {error}") from error


def _examine_cell(cell: Any) -> None:
    name, tags = grade_id(cell), cell.metadata.get("tags", [])
    if is_graded_check(cell):
        checked = [find(exercise).name for exercise, _ in checks_in(cell.source)]
        ids = ["check-" + exercise.replace(".", "-") for exercise in checked]
        if name not in ids:
            raise ValueError(f"its id should be that of its check: {' or '.join(ids)}.")
    elif cell.cell_type == "code" and is_solution(cell) and "### BEGIN SOLUTION" not in cell.source:
        raise ValueError("a solution has to be between ### BEGIN SOLUTION and ### END SOLUTION.")
    if ("experiment" in tags) != name.startswith("experiment-"):
        raise ValueError("an experiment has both the tag `experiment` and an id `experiment-…`.")
    if name.startswith("experiment-") and not cell.metadata.nbgrader.get("locked"):
        raise ValueError("an experiment is a locked cell, so that the gradebook keeps it.")


def generate(course: Course, lesson: str, scratch: Course) -> Path:
    """Generate one lesson in a temporary course, normalise it, and return its folder."""
    source = scratch.notebook(scratch.solutions, lesson)
    source.parent.mkdir(parents=True)
    shutil.copy(course.notebook(course.solutions, lesson), source)
    answer = scratch.api().generate_assignment(lesson, force=True, create=True)
    if not answer["success"]:
        raise ValueError(f"nbgrader could not generate {lesson}: {failure(answer)}")
    released = scratch.notebook(scratch.lessons, lesson)
    text = normalise(released.read_text(encoding="utf-8"))
    if "BEGIN SOLUTION" in text or "BEGIN HIDDEN" in text:
        raise ValueError(f"A solution or a hidden test would stay in {lesson}. Check its markers.")
    released.chmod(0o644)
    released.write_text(text, encoding="utf-8")
    return released.parent


def _swap_in(generated: Path, target: Path) -> bool:
    """Replace a lesson by the generated one; return whether it has changed.

    If this is interrupted, the whole lesson is there under its own name or as `.NN_name.old`, from
    which the next release restores it.
    """
    new, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    if old.exists() and not target.exists():
        old.rename(target)
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    if target.is_dir() and _contents(generated) == _contents(target):
        return False
    shutil.copytree(generated, new)
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return True


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
