"""Look at what was handed in before nbgrader copies it.

nbgrader follows links when it copies the files beside a notebook, and it has no place of its own
for a look before that. Its exporter is made by the converter, which is what is told apart here.
"""

from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter

from s2s_ref.grading.sandbox.stage import examine_files


class SubmissionExporter(NotebookExporter):
    """nbconvert's exporter, whose converter takes no submission with links or devices in it."""

    def __init__(self, **options: Any) -> None:
        """Put the look before the converter's first step of every submission."""
        super().__init__(**options)  # type: ignore[no-untyped-call]
        converter: Any = self.parent
        start = converter.init_assignment

        def look_first(assignment_id: str, student_id: str) -> None:
            examine_files(Path(converter._format_source(assignment_id, student_id)))
            start(assignment_id, student_id)

        converter.init_assignment = look_first
