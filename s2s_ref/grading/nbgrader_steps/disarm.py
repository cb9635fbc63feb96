"""Let no page run what stands in a submission's texts: formgrader's, or the feedback."""

import re
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

GAP = "\N{ZERO WIDTH SPACE}"
TAG = re.compile(r"<(?=[a-zA-Z/!?])")
LINK = re.compile(r"(javascript|vbscript|data)(\s*:)", re.IGNORECASE)


class Disarm(NbGraderPreprocessor):
    """Part every tag and every link to a script by a space that is not seen.

    nbgrader's pages take HTML in a text for HTML, whoever wrote it. To escape it would change what
    is seen in code, such as `<bos>`; so parted, it looks the same and is no tag.
    """

    def preprocess_cell(
        self,
        cell: NotebookNode,
        resources: Any,
        cell_index: int,  # noqa: ARG002
    ) -> tuple[NotebookNode, Any]:
        """Part what a browser would run, in texts."""
        if cell.cell_type != "code":
            cell.source = LINK.sub(rf"\1{GAP}\2", TAG.sub(f"<{GAP}", cell.source))
            cell.pop("attachments", None)
        return cell, resources
