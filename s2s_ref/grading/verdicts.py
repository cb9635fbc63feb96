"""The record of a submission's verdicts, which grading and every report read.

nbgrader's step `Verify` writes it beside the notebook in `class/autograded`, both for `s2s grade`
and for nbgrader's own commands and pages. nbgrader deletes that folder when it fails, and before
it grades a submission again, so a record is never older than the notebook beside it. nbgrader
neither copies a file of this name from a submission nor gives it back with the feedback.
"""

import json
from pathlib import Path
from typing import Any

from s2s_ref.grading.course import Course
from s2s_ref.grading.settings import VERDICTS
from s2s_ref.whole_files import write_whole

NO_CHECK = "`check` was not imported"
"""The start of the headline of every verdict where the student's notebook has no `check`."""

Verdict = dict[str, Any]
"""The fields of `s2s_ref.checks.diagnose.Verdict`, and `answer`, which a prediction gave."""


def write_verdicts(course: Course, student: str, lesson: str, verdicts: list[Verdict]) -> None:
    """Write the verdicts on all checks of a submission, in the order of its cells."""
    write_whole(_path(course, student, lesson), json.dumps(verdicts, ensure_ascii=False, indent=1))


def read_verdicts(course: Course, student: str, lesson: str) -> list[Verdict]:
    """Read the verdicts of the last time that a submission was graded.

    Raises:
        FileNotFoundError: it was never graded, or not without an error.
    """
    verdicts: list[Verdict] = json.loads(_path(course, student, lesson).read_bytes())
    return verdicts


def _path(course: Course, student: str, lesson: str) -> Path:
    return course.autograded / student / lesson / VERDICTS
