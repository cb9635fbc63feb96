"""Grade a class: run every submission, and read what came of it.

nbgrader executes, marks and keeps the gradebook; this goes through the class one submission at a
time, so that a bad one never stops the rest, and reads the checks' verdicts for the report.
"""

import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import nbformat

from s2s_ref.checks.exercise import find
from s2s_ref.grading.cells import graded_checks
from s2s_ref.grading.course import Course
from s2s_ref.grading.release import examine, read_notebook, reason
from s2s_ref.student.card import MIME

LOOK = "Open it in JupyterLab, restart the kernel and run all cells to see where it stops."


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one lesson."""

    student: str
    lesson: str


@dataclass
class Result:
    """What came of a submission.

    `score` and `max_score` count the points that are given by machine; `written` the answers that
    wait to be marked by hand; `to_review` those that were marked before this run. `verdicts` are those of the checks, as students saw them. `error`
    says why a submission has no marks.
    """

    student: str
    lesson: str
    score: float = 0.0
    max_score: float = 0.0
    written: int = 0
    to_review: int = 0
    seconds: float = 0.0
    error: str = ""
    verdicts: list[dict[str, Any]] = field(default_factory=list)


def find_submissions(
    course: Course, lessons: list[str] | None = None, students: list[str] | None = None
) -> list[Submission]:
    """List what was handed in, lesson by lesson, for some lessons or students on request.

    Raises:
        ValueError: nothing was handed in, or nothing by one of these students.
    """
    wanted = lessons or course.lesson_names()
    folders = [p for p in course.submitted.glob("*/*") if p.is_dir() and p.name in wanted]
    found = [Submission(p.parent.name, p.name) for p in folders]
    if students:
        found = [s for s in found if s.student in students]
    missing = sorted(set(students or ()) - {s.student for s in found})
    if missing or not found:
        what = f" for {', '.join(lessons)}" if lessons else ""
        what += f" by {', '.join(missing)}" if missing else ""
        raise ValueError(
            f"Nothing was handed in{what}: {course.submitted} holds no such STUDENT/LESSON folder. "
            "Collect them first: nbgrader collect LESSON, or nbgrader zip_collect LESSON."
        )
    return sorted(found, key=lambda s: (s.lesson, s.student))


def grade(
    course: Course, submissions: list[Submission], done: Callable[[Result], None] = lambda _: None
) -> list[Result]:
    """Grade these submissions with nbgrader; call `done` after each.

    Every submission comes to a result, a bad one to a result with an error.
    """
    with warnings.catch_warnings():
        # of libraries, about cell ids that a notebook lacks: nothing that an instructor could mend
        warnings.simplefilter("ignore")
        for lesson in sorted({s.lesson for s in submissions}):
            register(course, lesson)
        api, results = course.api(), []
        for submission in submissions:
            results.append(_grade_one(course, api, submission))
            done(results[-1])
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
                raise ValueError(f"No feedback could be written for {lesson}: {reason(answer)}.")


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
            f"{lesson} could not be registered in the gradebook: {reason(answer)}. With "
            "submissions in it, graded cells can be neither added nor removed: restore them, or "
            f"start a new class by moving {course.root / 'class'} elsewhere."
        )


def _grade_one(course: Course, api: Any, submission: Submission) -> Result:
    result, start = Result(submission.student, submission.lesson), time.perf_counter()
    try:
        folder = course.submitted / submission.student
        read_notebook(course.notebook(folder, submission.lesson))
        answer = api.autograde(submission.lesson, submission.student, force=True, create=True)
        if answer["success"]:
            _read_marks(course, api, result)
        else:
            result.error = f"nbgrader could not grade it: {reason(answer)}. {LOOK}"
    except ValueError as error:
        result.error = str(error)
    except Exception as error:  # a notebook made to be odd; it must not stop the class
        result.error = f"It could not be graded: {type(error).__name__}: {error}. {LOOK}"
    result.seconds = time.perf_counter() - start
    return result


def _read_marks(course: Course, api: Any, result: Result) -> None:
    with api.gradebook as gradebook:
        submission = gradebook.find_submission(result.lesson, result.student)
        for grade in (grade for book in submission.notebooks for grade in book.grades):
            if grade.cell.cell_type == "code":
                result.score += grade.auto_score or 0.0
                result.max_score += grade.max_score
            elif grade.needs_manual_grade and grade.manual_score is None:
                result.written += 1
            elif grade.needs_manual_grade:
                result.to_review += 1
    folder = course.autograded / result.student
    notebook = nbformat.read(course.notebook(folder, result.lesson), as_version=4)
    result.verdicts = list(verdicts_in(notebook))


def verdicts_in(notebook: Any) -> Iterator[dict[str, Any]]:
    """Read the verdicts of the graded cells of an executed notebook; the first one counts."""
    for cell, checks in graded_checks(notebook):
        shown = [o.data[MIME] for o in cell.outputs if MIME in o.get("data", {})]
        for exercise, _ in checks:
            told = (v for v in shown if _is_verdict(v) and v["exercise"] == exercise)
            yield next(told, _no_verdict(exercise))


def _is_verdict(value: Any) -> bool:
    """Tell whether a value, which a student's code may have made, has the form of a verdict."""
    texts = ("exercise", "headline", "mistake", "kind")
    return (
        isinstance(value, dict)
        and isinstance(value.get("passed"), bool)
        and all(isinstance(value.get(name), str) for name in texts)
    )


def _no_verdict(exercise: str) -> dict[str, Any]:
    headline = "the check did not come to an end"
    return {"exercise": exercise, "passed": False, "headline": headline, "mistake": "", "kind": ""}


@dataclass(frozen=True)
class Common:
    """A mistake of the class: its exercise, its name, what it is, and how many made it."""

    exercise: str
    mistake: str
    headline: str
    count: int


def commonest_mistakes(results: list[Result]) -> list[Common]:
    """Count the named mistakes of a class, the commonest first."""
    counts = Counter(
        (v["exercise"], v["mistake"], v["headline"])
        for result in results
        for v in result.verdicts
        # a prediction that is missing is no mistake in understanding
        if v["mistake"] and not v["passed"] and find(v["exercise"]).kind != "prediction"
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Common(*key, count) for key, count in ordered]


def as_plain(results: list[Result]) -> dict[str, Any]:
    """Return results as plain values, for JSON."""
    return {
        "submissions": [asdict(result) for result in results],
        "mistakes": [asdict(mistake) for mistake in commonest_mistakes(results)],
    }
