"""Restore the cells of a submission, however the student edited the notebook."""

import copy
import itertools
from collections.abc import Container
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from s2s_ref.grading.cells import grade_id
from s2s_ref.grading.course import Course
from s2s_ref.grading.notebooks import read_notebook


class Sanitize(NbGraderPreprocessor):
    """Restore the cells that the gradebook knows, and remove all other metadata, tags too."""

    course_root = Unicode(help="The course's folder.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Restore every cell."""
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as book:
            recorded = recorded_cells(book, names["assignment"])
        require_cells(nb, recorded, names["assignment"], f"The notebook of {names['student']}")
        sanitise(nb, recorded, lesson_texts(Course(Path(self.course_root)), names["assignment"]))
        return nb, resources


def require_cells(
    nb: NotebookNode, recorded: dict[str, NotebookNode], lesson: str, name: str
) -> None:
    """Refuse the notebook of another lesson; `name` is what the message calls it.

    Raises:
        ValueError: it has none of the lesson's answers and checks. Experiments do not count,
            because some lessons have the same ones.
    """
    marks = {name: cell.metadata.nbgrader for name, cell in recorded.items()}
    own = {name for name, mark in marks.items() if mark.grade or mark.solution}
    there = {name for cell in nb.cells for name in (grade_id(cell), cell.get("id", ""))}
    if own.isdisjoint(there):
        raise ValueError(
            f"{name} contains no answer and no check of {lesson}. Is it another lesson's notebook? "
            "Put the right one in its place. Were its cells copied into a new notebook? Copy the "
            "answers into the lesson's own."
        )


def sanitise(
    nb: NotebookNode, recorded: dict[str, NotebookNode], lesson_texts: Container[str] = ()
) -> None:
    """Replace the cells of a notebook by the recorded ones; only answers keep what was written.

    A cell that lost its metadata is known by its id. If a student copied a cell, the last copy
    with an answer counts, and the others become ordinary cells. Graded cells that were deleted are
    added at the end. What was written below an untouched answer is put into it, to be read;
    `lesson_texts` are the lesson's own.
    """
    counts = _cells_that_count(nb, recorded)
    remaining = copy.deepcopy(recorded)
    for i, cell in enumerate(nb.cells):
        if i not in counts:
            cell.metadata = NotebookNode()
            continue
        known = remaining.pop(counts[i])
        if not known.metadata.nbgrader.locked:
            known.source = cell.source
            if known.cell_type == "markdown" and cell.get("attachments"):
                known.attachments = cell.attachments
        known.id = cell.get("id", known.id)
        nb.cells[i] = known
    missing = [cell for cell in remaining.values() if cell.metadata.nbgrader.grade]
    added = [c for c in nb.cells if _is_text(c) and c.source.strip() not in lesson_texts]
    for answer in missing:  # whatever was added may be it
        _bring_in(answer, recorded, added)
    for i, cell in enumerate(nb.cells):
        below = itertools.takewhile(lambda c: not grade_id(c), nb.cells[i + 1 :])
        _bring_in(cell, recorded, [c for c in below if c in added])
    nb.cells += missing
    _make_ids_unique(nb)


def _cells_that_count(nb: NotebookNode, recorded: dict[str, NotebookNode]) -> dict[int, str]:
    """Return the names of the recorded cells by the places where the notebook has them."""
    places: dict[str, list[int]] = {}
    for i, cell in enumerate(nb.cells):
        name = grade_id(cell) if grade_id(cell) in recorded else cell.get("id", "")
        if name in recorded:
            places.setdefault(name, []).append(i)
    found = {}
    for name, copies in places.items():
        by_metadata = [i for i in copies if grade_id(nb.cells[i]) == name]
        answered = [i for i in copies if _is_answered(nb.cells[i], recorded[name])]
        found[(answered or by_metadata or copies)[-1]] = name
    return found


def _is_answered(cell: NotebookNode, known: NotebookNode) -> bool:
    """Tell whether a student wrote something into the cell of an answer."""
    is_answer = not known.metadata.nbgrader.locked
    return is_answer and cell.source.strip() not in ("", known.source.strip())


def _is_text(cell: NotebookNode) -> bool:
    return (
        cell.cell_type in ("markdown", "raw") and not grade_id(cell) and bool(cell.source.strip())
    )


def _bring_in(
    cell: NotebookNode, recorded: dict[str, NotebookNode], texts: list[NotebookNode]
) -> None:
    """Put texts into a written answer that is untouched, and would have 0 points unread."""
    mark = cell.metadata.get("nbgrader", {})
    is_written = cell.cell_type == "markdown" and mark.get("grade") and mark.get("solution")
    if not is_written or _is_answered(cell, recorded[mark.grade_id]):
        return
    for text in texts:
        cell.source += f"\n\n*From a cell of its own:*\n\n{text.source}"
        if text.get("attachments"):
            cell.setdefault("attachments", NotebookNode()).update(text.attachments)


def _make_ids_unique(nb: NotebookNode) -> None:
    seen = set()
    for i, cell in enumerate(nb.cells):
        if nb.nbformat_minor < 5:  # cells have no ids in this format
            cell.pop("id", None)
        elif cell.get("id") in seen:
            cell.id = f"copy-{i}"
        seen.add(cell.get("id"))


def lesson_texts(course: Course, lesson: str) -> set[str]:
    """Return the texts of a lesson, which are no student's."""
    notebook = read_notebook(course.notebook(course.solutions, lesson))
    return {cell.source.strip() for cell in notebook.cells if cell.cell_type == "markdown"}


def recorded_cells(book: Gradebook, lesson: str) -> dict[str, NotebookNode]:
    """Return the cells of a lesson as the gradebook has recorded them, by their ids."""
    notebook = book.find_notebook(lesson, lesson)
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    cells = {}
    for known in notebook.source_cells:
        mark: dict[str, Any] = {
            "grade_id": known.name,
            "grade": known.name in points,
            "solution": known.name in solutions,
            "locked": known.locked,
            "task": False,
            "schema_version": SCHEMA_VERSION,
            "checksum": known.checksum,
        }
        if known.name in points:
            mark["points"] = points[known.name]
        metadata = {"nbgrader": mark}
        if known.cell_type == "code":
            cells[known.name] = new_code_cell(known.source, metadata=metadata)
        else:
            cells[known.name] = new_markdown_cell(known.source, metadata=metadata)
    return cells
