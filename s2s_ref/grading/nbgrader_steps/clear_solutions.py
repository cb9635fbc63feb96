"""Remove the solutions from a lesson."""

import re
from typing import Any

import nbgrader.preprocessors
from nbformat import NotebookNode

from s2s_ref.grading.cells import grade_id


class ClearSolutions(nbgrader.preprocessors.ClearSolutions):
    """nbgrader's step of this name, with another stub for predictions.

    nbgrader's stub would raise an error and stop a student who runs the whole notebook. A
    prediction that is not written yet is None instead.
    """

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, cell_index: int
    ) -> tuple[NotebookNode, Any]:
        """Replace a solution with its stub."""
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
