"""The gradebook's scores as CSV, with the columns of `nbgrader export`.

nbgrader's own export does not quote names that contain a comma.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any

from s2s_ref.grading.course import Course

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


def export(course: Course, lessons: list[str]) -> str:
    """Return the scores of some lessons as CSV; of all lessons if none is named."""
    with course.api().gradebook as gradebook:
        rows = list(_rows(gradebook, lessons))
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: disarmed(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def disarmed(value: Any) -> Any:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def _rows(gradebook: Any, lessons: list[str]) -> Iterator[dict[str, Any]]:
    """Yield a row for each lesson and student; without a submission, the score is 0."""
    for assignment in gradebook.assignments:
        if lessons and assignment.name not in lessons:
            continue
        submissions = {s.student_id: s for s in assignment.submissions}
        for student in gradebook.students:
            submission = submissions.get(student.id)
            score, penalty = 0.0, 0.0
            if submission:
                score, penalty = submission.score, submission.late_submission_penalty or 0.0
            yield {
                "assignment": assignment.name,
                "duedate": assignment.duedate,
                "timestamp": submission.timestamp if submission else None,
                "student_id": student.id,
                "last_name": student.last_name,
                "first_name": student.first_name,
                "email": student.email,
                "raw_score": score,
                "late_submission_penalty": penalty,
                "score": max(0.0, score - penalty),
                "max_score": assignment.max_score,
            }
