"""Run a submission as it is marked."""

from typing import Any

import nbgrader.preprocessors
from nbformat import NotebookNode

from s2s_ref.grading.cells import grade_id, is_graded_check
from s2s_ref.grading.course import kernels_apart


class Execute(nbgrader.preprocessors.Execute):
    """nbgrader's execution, without experiments, and without what checks print to stderr.

    Experiments are known by their id, not by their tag: ids are locked, tags are the student's to
    edit. nbgrader takes any text on stderr for a failure, and a warning is none: a check that
    fails raises.
    """

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: Any = None
    ) -> tuple[NotebookNode, Any]:
        """Run a notebook in a kernel that shares no record with another one."""
        with kernels_apart():
            return super().preprocess(nb, resources, km)

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, index: int
    ) -> tuple[NotebookNode, Any]:
        """Run one cell, unless it is an experiment."""
        if grade_id(cell).startswith("experiment-"):
            return cell, resources
        cell, resources = super().preprocess_cell(cell, resources, index)
        if is_graded_check(cell):
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
        return cell, resources
