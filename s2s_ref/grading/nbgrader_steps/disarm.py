"""Make the texts of a submission harmless for the pages of formgrader and the feedback."""

import re
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

GAP = "\N{ZERO WIDTH SPACE}"
TAG = re.compile(r"<(?=[a-zA-Z/!?])")
LINK = re.compile(r"(javascript|vbscript|data)(\s*:)", re.IGNORECASE)


class Disarm(NbGraderPreprocessor):
    """Break every tag, and every link to a script, with a space of no width.

    nbgrader's pages show HTML in a student's text as HTML. Escaping would change the look of code
    such as `<bos>`. With the space it looks the same, and a browser sees no tag.
    """

    def preprocess_cell(
        self,
        cell: NotebookNode,
        resources: Any,
        cell_index: int,  # noqa: ARG002
    ) -> tuple[NotebookNode, Any]:
        """Break what a browser would run in a text cell, and remove its attachments."""
        if cell.cell_type != "code":
            cell.source = LINK.sub(rf"\1{GAP}\2", TAG.sub(f"<{GAP}", cell.source))
            cell.pop("attachments", None)
        return cell, resources
