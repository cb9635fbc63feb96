"""Read a submission as `s2s grade` does; refuse links and too large files before they are copied.

nbgrader follows links when it copies the files beside a notebook. Its earlier hook,
`pre_convert_hook`, swallows exceptions, so it cannot refuse a submission. The converter makes its
exporter first, and the exporter below wraps the converter's method that copies the files.
"""

from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter

from s2s_ref.grading.notebooks import read_submission
from s2s_ref.grading.sandbox.stage import examine_files


class SubmissionExporter(NotebookExporter):
    """nbconvert's exporter, which makes its converter refuse links, devices and too large files."""

    def __init__(self, **options: Any) -> None:
        """Wrap the method by which the converter starts on a submission."""
        super().__init__(**options)  # type: ignore[no-untyped-call]
        converter: Any = self.parent
        init_assignment = converter.init_assignment

        def examine_first(assignment_id: str, student_id: str) -> None:
            examine_files(Path(converter._format_source(assignment_id, student_id)))
            init_assignment(assignment_id, student_id)

        converter.init_assignment = examine_first

    def from_file(self, file_stream: Any, resources: Any = None, **options: Any) -> Any:
        """Export the notebook of a submission."""
        notebook = read_submission(Path(file_stream.name))
        return self.from_notebook_node(notebook, resources, **options)  # type: ignore[no-untyped-call]
