"""nbgrader's gradebook: register lessons, read marks, and write feedback."""

import contextlib
import functools
import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from s2s_ref.grading.course import Course, failure
from s2s_ref.grading.release import examine, release
from s2s_ref.grading.results import Result
from s2s_ref.grading.store import Ledger
from s2s_ref.grading.submissions import Submission
from s2s_ref.grading.verdicts import read_verdicts


@contextlib.contextmanager
def one_engine() -> Iterator[None]:
    """Let nbgrader use one database engine for each gradebook for as long as the block runs.

    nbgrader makes an engine whenever it opens the gradebook, a dozen times for a submission, and
    each compiles the same SQL again: without this, nbgrader takes twice as long. It has no option
    to be given an engine, so the function by which it makes them is replaced.
    """
    from nbgrader import api

    create_engine = api.create_engine
    api.create_engine = functools.cache(create_engine)
    try:
        yield
    finally:
        api.create_engine = create_engine


def register_once(course: Course, lesson: str) -> str:
    """Register a lesson unless it is registered already; return a digest of its solution."""
    solution = course.notebook(course.solutions, lesson)
    digest = hashlib.sha256(solution.read_bytes()).hexdigest()
    ledger = Ledger(course.results)
    if ledger.registered(lesson) != digest or not is_in_gradebook(course, lesson):
        register(course, lesson)
        ledger.put_registered(lesson, digest)
    return digest


@dataclass(frozen=True)
class Released:
    """A lesson that was released.

    Attributes:
        lesson: its full name.
        changed: whether the released notebook has changed.
        entered: whether the gradebook did not know the lesson before.
        error: why the gradebook does not take the lesson's cells.
    """

    lesson: str
    changed: bool
    entered: bool
    error: str = ""


def release_and_register(course: Course, lessons: list[str]) -> Iterator[Released]:
    """Release lessons, all of them if none is named, and register them in the gradebook.

    Raises:
        ValueError: a solution notebook has a mistake; no lesson was changed.
    """
    for lesson, changed in release(course, lessons).items():
        entered, error = not is_in_gradebook(course, lesson), ""
        try:
            register(course, lesson)
        except ValueError as problem:
            error = str(problem)
        yield Released(lesson, changed, entered, error)


def is_in_gradebook(course: Course, lesson: str) -> bool:
    """Tell whether the class's gradebook knows a lesson."""
    from nbgrader.api import MissingEntry

    with course.api().gradebook as gradebook:
        try:
            gradebook.find_notebook(lesson, lesson)
        except MissingEntry:
            return False
    return True


def known_results(course: Course, submissions: list[Submission]) -> list[Result]:
    """Return the results of the submissions that were graded, with today's marks.

    It does not matter whether `s2s grade`, `nbgrader autograde` or formgrader graded them.
    """
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
    """Write the pages that students get back, for all submissions of these lessons.

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
    """Write a lesson's cells into the class's gradebook, without touching a file of the course.

    Raises:
        ValueError: the solution has a mistake, or the gradebook has submissions with other graded
            cells.
    """
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    examine(course, lesson)
    with tempfile.TemporaryDirectory() as folder:
        config = course.config()
        # nbgrader joins this to its root; joining with an absolute path gives the absolute path
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
    """Copy the marks in the gradebook into a result."""
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
