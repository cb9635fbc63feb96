"""The points for the file of translations that students hand in with lesson 9.

The file is read and scored here, against references that only the instructor has. The student's
notebook and code have no part in it.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from s2s_ref.capstone import files, scoring
from s2s_ref.grading.course import Course
from s2s_ref.grading.sandbox.stage import examine_files

CHECK = "translate.handed_in"
"""The check whose cell has the points for `translations.txt`."""

NOT_PREPARED = (
    "it is not graded yet, because no sentences are prepared for this class; it counts 0 points "
    "until your instructor has prepared them and grades again"
)
TO_PREPARE = (
    "No capstone is prepared, so translations.txt counts 0 points for everybody; everything else "
    "in lesson 9 is graded. To change that: s2s capstone prepare FILE, then grade again."
)


def judge_file(
    course: Course, student: str, lesson: str, most: float, verdict: dict[str, Any]
) -> float:
    """Return the points for a student's translations, and write the reason into the verdict.

    Raises:
        ValueError: the instructor's folder was changed, or the student's folder contains links.
    """
    submission, references = course.submitted / student / lesson, course.capstone_references
    if references.is_dir():
        examine_files(submission)
        found = scoring.grade(submission / files.TRANSLATIONS, references, most)
    else:
        found = scoring.Grade(0.0, most, NOT_PREPARED)
    worth = f"{found.points:g} of {most:g} points: " if references.is_dir() else ""
    verdict |= dict.fromkeys(("mistake", "given", "expected", "got", "why", "question"), "")
    verdict |= {"passed": found.points > 0, "headline": worth + found.message, "answer": None}
    return found.points


def has_translations(lesson: str) -> bool:
    """Tell whether a lesson is the one with the file of translations."""
    return lesson.endswith(f"_{CHECK.partition('.')[0]}")


def references_digest(course: Course, lesson: str) -> str:
    """Return a digest of the references, on which the points depend."""
    digest = hashlib.sha256()
    if has_translations(lesson) and course.capstone_references.is_dir():
        for path in sorted(course.capstone_references.iterdir()):
            digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def what_is_missing(course: Course, lessons: Iterable[str]) -> str:
    """Return what the instructor has to do so that these lessons can be graded, or nothing."""
    prepared = course.capstone_references.is_dir()
    return TO_PREPARE if any(map(has_translations, lessons)) and not prepared else ""
