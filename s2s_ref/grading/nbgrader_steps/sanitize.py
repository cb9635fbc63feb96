"""Restore the cells of a submission, however the student edited the notebook."""

import copy
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import NbGraderPreprocessor

from s2s_ref.grading.cells import grade_id


class Sanitize(NbGraderPreprocessor):
    """Restore the cells that the gradebook knows, and remove all other metadata, tags too."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Restore every cell."""
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as book:
            recorded = recorded_cells(book, names["assignment"])
        require_cells(nb, recorded, names["assignment"], f"The notebook of {names['student']}")
        sanitise(nb, recorded)
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
    if own.isdisjoint(map(grade_id, nb.cells)):
        raise ValueError(
            f"{name} contains no answer and no check of {lesson}. Is it another lesson's notebook? "
            "Put the right one in its place. Were its cells copied into a new notebook? Copy the "
            "answers into the lesson's own."
        )


def sanitise(nb: NotebookNode, recorded: dict[str, NotebookNode]) -> None:
    """Replace the cells of a notebook by the recorded ones; only answers keep their source.

    If a student copied a cell, the last copy counts, and the others become ordinary cells. Graded
    cells that were deleted are added at the end.
    """
    remaining = copy.deepcopy(recorded)
    for i, cell in reversed(list(enumerate(nb.cells))):
        known = remaining.pop(grade_id(cell), None)
        if known is None:
            cell.metadata = NotebookNode()
            continue
        if not known.metadata.nbgrader.locked:
            known.source = cell.source
        known.id = cell.get("id", known.id)
        nb.cells[i] = known
    nb.cells += [cell for cell in remaining.values() if cell.metadata.nbgrader.grade]
    seen = set()
    for i, cell in enumerate(nb.cells):
        if nb.nbformat_minor < 5:  # cells have no ids in this format
            cell.pop("id", None)
        elif cell.get("id") in seen:
            cell.id = f"copy-{i}"
        seen.add(cell.get("id"))


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
