"""The gradebook's scores in the forms that learning platforms import: a row for each student."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from s2s_ref.grading.collecting.roster import Roster, Student, read_roster
from s2s_ref.grading.course import Course
from s2s_ref.grading.reports.csv import disarmed

FORMS = ("csv", "canvas", "moodle")
"""nbgrader's columns, and what Canvas's Gradebook > Import and Moodle's Grades > Import take."""


def export_for(course: Course, platform: str, lessons: list[str]) -> str:
    """Return the scores of some lessons, of all if none is named, as a platform's CSV.

    A cell is empty where nothing was handed in, which is not the same as 0 points. Names, numbers
    and addresses come from `class/students.csv`.
    """
    roster = read_roster(course.root / "class" / "students.csv") or Roster([])
    with course.api().gradebook as gradebook:
        found = [a for a in gradebook.assignments if not lessons or a.name in lessons]
        found.sort(key=lambda assignment: assignment.name)
        scores = {a.name: {s.student_id: _score(s) for s in a.submissions} for a in found}
        most = {a.name: a.max_score for a in found}
        ids = {student.id for student in gradebook.students}
    known = {student.id: student for student in roster.students}
    students = [known.get(name, Student(name)) for name in sorted(ids | known.keys())]
    rows = _canvas(students, scores, most) if platform == "canvas" else _moodle(students, scores)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(map(disarmed, row) for row in rows)
    return text.getvalue()


def _score(submission: Any) -> float:
    return max(0.0, float(submission.score) - float(submission.late_submission_penalty or 0))


Scores = dict[str, dict[str, float]]
"""The points by lesson and student."""


def _canvas(students: list[Student], scores: Scores, most: dict[str, float]) -> Iterator[list[Any]]:
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *scores]
    yield ["    Points Possible", "", "", "", "", *(f"{most[name]:g}" for name in scores)]
    for student in students:
        about = [student.name or student.id, student.number, "", student.id, student.group]
        yield [*about, *_cells(student, scores)]


def _moodle(students: list[Student], scores: Scores) -> Iterator[list[Any]]:
    yield ["Username", "ID number", "Full name", "Email address", *scores]
    for student in students:
        about = [student.id, student.number, student.name, student.email]
        yield [*about, *_cells(student, scores)]


def _cells(student: Student, scores: Scores) -> list[str]:
    """Return a student's points in each lesson, empty where nothing was handed in."""
    return [f"{of[student.id]:g}" if student.id in of else "" for of in scores.values()]
