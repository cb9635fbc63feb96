"""Make the texts of a submission harmless for the pages of formgrader and the feedback."""

import re
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

GAP = "\N{ZERO WIDTH SPACE}"
TAG = re.compile(r"<(?=[a-zA-Z/!?])")
ATTACHED = re.compile(r"attachment:([^\s)\"'>\]]*)")


class Disarm(NbGraderPreprocessor):
    """Break every tag with a space of no width; `safe_markdown` does the rest.

    nbgrader's pages show HTML in a student's text as HTML. Escaping would change the look of code
    such as `<bos>`. With the space it looks the same, and a browser sees no tag.
    """

    def preprocess_cell(
        self,
        cell: NotebookNode,
        resources: Any,
        cell_index: int,  # noqa: ARG002
    ) -> tuple[NotebookNode, Any]:
        """Break what a browser would run in a text cell, and links to missing pictures."""
        if cell.cell_type != "code":
            cell.source = TAG.sub(f"<{GAP}", cell.source)
            if not cell.get("attachments"):
                cell.pop("attachments", None)
            there = cell.get("attachments", {})
            cell.source = ATTACHED.sub(
                lambda m: m[0] if m[1] in there else f"#no-picture-{m[1]}", cell.source
            )
        return cell, resources
