"""Register lessons in nbgrader's gradebook and read marks from it."""

import contextlib
import functools
import hashlib
import tempfile
from collections.abc import Iterator
from typing import Any

from s2s_ref.grading.course import Course, failure
from s2s_ref.grading.release import examine
from s2s_ref.grading.results import Result
from s2s_ref.grading.store import Ledger
from s2s_ref.grading.submissions import Submission
from s2s_ref.grading.verdicts import read_verdicts


@contextlib.contextmanager
def one_engine() -> Iterator[None]:
    """Let nbgrader look into the gradebook as often as it does, with the same engine.

    It makes one for each look, a dozen a submission, and each compiles the same SQL again.
    """
    from nbgrader import api

    make = api.create_engine
    api.create_engine = functools.cache(make)
    try:
        yield
    finally:
        api.create_engine = make


def register_once(course: Course, lesson: str) -> str:
    """Register a lesson, unless that was done; return a digest of its solution."""
    solution = course.notebook(course.solutions, lesson)
    digest = hashlib.sha256(solution.read_bytes()).hexdigest()
    ledger = Ledger(course.results)
    if ledger.registered(lesson) != digest or not is_in_gradebook(course, lesson):
        register(course, lesson)
        ledger.put_registered(lesson, digest)
    return digest


def is_in_gradebook(course: Course, lesson: str) -> bool:
    """Whether the class's gradebook knows a lesson."""
    from nbgrader.api import MissingEntry

    with course.api().gradebook as gradebook:
        try:
            gradebook.find_notebook(lesson, lesson)
        except MissingEntry:
            return False
    return True


def known_results(course: Course, submissions: list[Submission]) -> list[Result]:
    """Return what is known of these submissions, whoever graded them; the marks are today's."""
    from nbgrader.api import MissingEntry

    results, ledger = [], Ledger(course.results)
    with course.api().gradebook as gradebook:
        for submission in submissions:
            student, lesson = submission.student, submission.lesson
            result = ledger.get(submission) or Result(student, lesson)
            if not result.error:
                try:
                    read_marks(gradebook, result)
                    result.verdicts = read_verdicts(course, student, lesson)
                except (MissingEntry, FileNotFoundError):
                    continue
            results.append(result)
    return results


def write_feedback(course: Course, submissions: list[Submission]) -> None:
    """Let nbgrader write the pages that students get back, for all that was graded.

    Raises:
        ValueError: nbgrader could not write one of them.
    """
    api = course.api()
    for lesson in sorted({s.lesson for s in submissions}):
        if any(course.autograded.glob(f"*/{lesson}/{lesson}.ipynb")):
            answer = api.generate_feedback(lesson, force=True)
            if not answer["success"]:
                raise ValueError(f"No feedback could be written for {lesson}: {failure(answer)}.")


def register(course: Course, lesson: str) -> None:
    """Tell the class's gradebook which cells a lesson has; no file of the course is touched.

    Raises:
        ValueError: the solution is not as it must be, or its graded cells no longer are those of
            the submissions in the book.
    """
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    examine(course, lesson)
    with tempfile.TemporaryDirectory() as folder:
        config = course.config()
        # nbgrader joins this to its root, and joining with an absolute path gives that path
        config.CourseDirectory.release_directory = folder
        api = NbGraderAPI(CourseDirectory(config=config), config=config)
        answer = api.generate_assignment(lesson, force=True, create=True)
    if not answer["success"]:
        raise ValueError(
            f"{lesson} could not be registered in the gradebook: {failure(answer)}. With "
            "submissions in it, graded cells can be neither added nor removed: restore them, or "
            f"start a new class by moving {course.root / 'class'} elsewhere."
        )


def read_marks(gradebook: Any, result: Result) -> None:
    """Write into a result what the gradebook says of it."""
    result.score = result.max_score = 0.0
    result.written = result.to_review = 0
    submission = gradebook.find_submission(result.lesson, result.student)
    for grade in (grade for book in submission.notebooks for grade in book.grades):
        if grade.cell.cell_type == "code":
            result.score += grade.auto_score or 0.0
            result.max_score += grade.max_score
        elif grade.needs_manual_grade and grade.manual_score is None:
            result.written += 1
        elif grade.needs_manual_grade:
            result.to_review += 1
