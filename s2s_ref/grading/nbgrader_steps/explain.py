"""Add to nbgrader's feedback page which answers are not marked yet."""

from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade
from traitlets import List, Unicode

WAITS = "Not marked yet: this answer counts 0 until your instructor has read it."
TABLES = ".rendered_html td, .rendered_html th { padding: 0.2em 0.8em; vertical-align: top }"


class Explain(NbGraderPreprocessor):
    """Say which answers wait to be marked, and leave some space between a table's columns.

    This step comes after nbgrader's `GetGrades` and after the step that adds the page's style.
    """

    # the page's exporter sets this for every step
    display_data_priority = List(Unicode()).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Comment on every answer that is not marked, unless it has a comment."""
        resources["inlining"]["css"].append(TABLES)
        names = resources["nbgrader"]
        where = (names["notebook"], names["assignment"], names["student"])
        with Gradebook(names["db_url"]) as gradebook:
            for cell in filter(is_grade, nb.cells):
                mine = cell.metadata.nbgrader
                if gradebook.find_grade(mine.grade_id, *where).needs_manual_grade:
                    mine["comment"] = mine.get("comment") or WAITS
        return nb, resources
