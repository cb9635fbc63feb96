"""Take the solutions out of a lesson."""

import re
from typing import Any

import nbgrader.preprocessors
from nbformat import NotebookNode

from s2s_ref.grading.cells import grade_id


class ClearSolutions(nbgrader.preprocessors.ClearSolutions):
    """nbgrader's clearing, with a gentler stub for predictions.

    `raise` in a cell of its own would stop a student who runs the whole notebook; an unwritten
    prediction is simply None.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, cell_index: int
    ) -> tuple[NotebookNode, Any]:
        """Replace a solution by its stub."""
        if not grade_id(cell).startswith("predict-"):
            return super().preprocess_cell(cell, resources, cell_index)
        cell.source, found = re.subn(
            r"### BEGIN SOLUTION\n(\w+) = .*?\n### END SOLUTION",
            r"\1 = None  # your prediction in place of None",
            cell.source,
            flags=re.DOTALL,
        )
        if not found:
            raise ValueError(
                f"{grade_id(cell)}: expected one assignment between ### BEGIN SOLUTION and "
                "### END SOLUTION. Write the prediction as such."
            )
        return cell, resources
