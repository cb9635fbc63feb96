"""`nbgrader zip_collect` collects as `s2s collect` does."""

from pathlib import Path

from nbgrader.plugins import ExtractorPlugin
from traitlets import Unicode

from s2s_ref.grading.collecting.collect import collect_downloads
from s2s_ref.grading.collecting.hand_ins import LEFT_OUT, Options
from s2s_ref.grading.course import Course


class Collect(ExtractorPlugin):
    """Collects the lesson's archive into `class/submitted`, and leaves nothing to be extracted."""

    course_root = Unicode(help="The course's folder.").tag(config=True)

    def extract(self, archive_path: str, extracted_path: str) -> None:  # noqa: ARG002
        """Collect what is in `archive_path`; a file that was left out makes the command fail."""
        course, lesson = Course(Path(self.course_root)), self.parent.coursedir.assignment_id
        rows = collect_downloads(course, [Path(archive_path)], Options(course.find_lesson(lesson)))
        left_out = [row for row in rows if row.state == LEFT_OUT]
        for row in rows:
            log = self.log.warning if row.state == LEFT_OUT else self.log.info
            log("%s: %s %s %s", row.file, row.state, row.student, row.note)
        if left_out:
            self.parent.fail(f"{len(left_out)} of {len(rows)} files were left out; see above.")
        self.log.info("All is collected. nbgrader has nothing more to do.")
