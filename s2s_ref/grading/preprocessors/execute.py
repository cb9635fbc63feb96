"""Run a submission without its experiments."""

from typing import Any

import nbgrader.preprocessors
from nbformat import NotebookNode

from s2s_ref.grading.cells import grade_id


class Execute(nbgrader.preprocessors.Execute):
    """nbgrader's execution, which passes over experiments.

    They are known by their id, not by their tag: ids are locked, tags are the student's to edit.
    """

    async def async_execute_cell(
        self, cell: NotebookNode, cell_index: int, *args: Any, **kwargs: Any
    ) -> NotebookNode:
        """Run one cell, unless it is an experiment."""
        if grade_id(cell).startswith("experiment-"):
            return cell
        return await super().async_execute_cell(cell, cell_index, *args, **kwargs)
