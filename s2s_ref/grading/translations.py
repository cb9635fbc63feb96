"""What a file that was handed in beside its notebook is worth, whatever the notebook says of it.

The student's code never comes between: the file is read here, and scored against references that
lie with the instructor.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from s2s_ref.capstone import files, scoring
from s2s_ref.grading.course import Course
from s2s_ref.grading.sandbox.stage import examine_files

CHECK = "translate.handed_in"
"""The check in whose cell the points of `translations.txt` stand."""

NOT_PREPARED = (
    "it is not graded yet, because no sentences are prepared for this class; it counts 0 points "
    "until your instructor has prepared them and grades again"
)
TO_PREPARE = (
    "No capstone is prepared, so translations.txt counts 0 points for everybody, and all else of "
    "lesson 9 is graded. To change that: s2s capstone prepare FILE, then grade again."
)


def judge_file(
    course: Course, student: str, lesson: str, most: float, verdict: dict[str, Any]
) -> float:
    """Decide what a student's translations are worth, and write into the verdict why.

    Raises:
        ValueError: the instructor's folder was changed, or the student's holds links.
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


def counts_in(lesson: str) -> bool:
    """Tell whether a lesson is the one whose file is judged here."""
    return lesson.endswith(f"_{CHECK.partition('.')[0]}")


def stamp(course: Course, lesson: str) -> str:
    """Return a digest of what the points of the file rest on beside the file itself."""
    seen = hashlib.sha256()
    if counts_in(lesson) and course.capstone_references.is_dir():
        for path in sorted(course.capstone_references.iterdir()):
            seen.update(f"{path.name}\n".encode() + path.read_bytes())
    return seen.hexdigest()


def note(course: Course, lessons: Iterable[str]) -> str:
    """Say to the instructor what is missing to grade the files of these lessons, or nothing."""
    prepared = course.capstone_references.is_dir()
    return TO_PREPARE if any(map(counts_in, lessons)) and not prepared else ""
