"""Put the marks of a lesson's cells back, whatever a student's editing did to them."""

from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import NbGraderPreprocessor

from s2s_ref.grading.cells import grade_id


class Sanitize(NbGraderPreprocessor):
    """Make the cells' metadata what the gradebook says, and drop all else, tags too.

    Where a student copied a cell, the last copy counts, and the others are ordinary cells.
    Graded cells that are gone come back at the end.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Rebuild every cell's metadata."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as book:
            left = _recorded(book.find_notebook(about["notebook"], about["assignment"]))
        for cell in reversed(nb.cells):
            known = left.pop(grade_id(cell), None)
            cell.metadata = NotebookNode(nbgrader=known.metadata.nbgrader) if known else {}
        gone = [cell for cell in left.values() if cell.metadata.nbgrader.grade]
        if nb.nbformat_minor < 5:  # where cells have no ids yet
            for cell in gone:
                del cell["id"]
        nb.cells += gone
        return nb, resources


def _recorded(notebook: Any) -> dict[str, NotebookNode]:
    """Make the cells that the gradebook knows of a notebook, by their ids."""
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    made = {}
    for known in notebook.source_cells:
        about: dict[str, Any] = {
            "grade_id": known.name,
            "grade": known.name in points,
            "solution": known.name in solutions,
            "locked": known.locked,
            "task": False,
            "schema_version": SCHEMA_VERSION,
        }
        if known.name in points:
            about["points"] = points[known.name]
        metadata = {"nbgrader": about}
        if known.cell_type == "code":
            made[known.name] = new_code_cell(known.source, metadata=metadata)
        else:
            made[known.name] = new_markdown_cell(known.source, metadata=metadata)
    return made
