"""Grade a class: run every submission, and read what came of it.

nbgrader executes, marks and keeps the gradebook; this goes through the class one submission at a
time, so that a bad one never stops the rest, and reads the checks' verdicts for the report.
"""

import contextlib
import functools
import hashlib
import os
import shutil
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from typing import Any

import nbformat

from s2s_ref.checks.exercise import find
from s2s_ref.grading import hand_in
from s2s_ref.grading.cells import graded_checks
from s2s_ref.grading.course import Course
from s2s_ref.grading.execution import Job, Outcome, code_version, execute
from s2s_ref.grading.judge import NO_VERDICT
from s2s_ref.grading.pool import LostError, processes, run_all
from s2s_ref.grading.preprocessors.sandbox_execute import SandboxExecute
from s2s_ref.grading.preprocessors.sanitize import recorded_cells, require_cells, sanitise
from s2s_ref.grading.preprocessors.verify import NO_CHECK
from s2s_ref.grading.provisioners import clear_leftovers
from s2s_ref.grading.release import examine, read_notebook, reason
from s2s_ref.grading.stage import examine_files
from s2s_ref.student.card import MIME

LOOK = "Open it in JupyterLab, restart the kernel and run all cells to see where it stops."

LEAST_SPACE = 2**20
"""The bytes that must be free: a gradebook with less room than that cannot be trusted to grow."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one lesson."""

    student: str
    lesson: str


@dataclass
class Result:
    """What came of a submission.

    `score` and `max_score` count the points that are given by machine; `written` the answers that
    wait to be marked by hand, `to_review` those that were marked before this run. `verdicts` are
    those of the checks, as students saw them. `error` says why a submission has no marks.
    `unchanged`: it was graded by an earlier run, whose `seconds` these are.
    """

    student: str
    lesson: str
    score: float = 0.0
    max_score: float = 0.0
    written: int = 0
    to_review: int = 0
    seconds: float = 0.0
    error: str = ""
    unchanged: bool = False
    verdicts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class How:
    """How a class is graded.

    `jobs` submissions run at a time. `force`: what has not changed is graded again too, from its
    last run; `again`: and is run again. `make` makes an executor in place of processes here.
    """

    jobs: int = 1
    force: bool = False
    again: bool = False
    make: Callable[[], Executor] | None = None


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
            "Put it there, or collect: nbgrader zip_collect LESSON, or nbgrader collect LESSON."
        )
    return sorted(found, key=lambda s: (s.lesson, s.student))


def unknown_folders(course: Course) -> list[str]:
    """List the folders of students that have the name of no lesson, as STUDENT/FOLDER."""
    lessons = course.lesson_names()
    folders = (p for p in course.submitted.glob("*/*") if p.is_dir() and p.name not in lessons)
    return sorted(f"{p.parent.name}/{p.name}" for p in folders if not p.name.startswith("."))


def grade(
    course: Course,
    submissions: list[Submission],
    done: Callable[[Result], None] = lambda _: None,
    how: How | None = None,
) -> list[Result]:
    """Grade these submissions with nbgrader; call `done` after each.

    Every submission comes to a result, a bad one to a result with an error. What has not changed
    since it was graded last is not touched.

    Raises:
        ValueError: a lesson cannot be registered, or the disk is full.
    """
    with warnings.catch_warnings(), _one_engine():
        # of libraries, about cell ids that a notebook lacks: nothing that an instructor could mend
        warnings.simplefilter("ignore")
        clear_leftovers()
        results = []
        try:
            for result in _Run(course, how or How()).results(submissions):
                results.append(result)
                done(result)
        except Exception as error:  # whatever failed first, the reason is the same
            if is_full(course):
                raise ValueError(
                    f"The disk of {course.root / 'class'} is full. Free some space and grade "
                    "again: it goes on where it stopped."
                ) from error
            raise
    return results


@contextlib.contextmanager
def _one_engine() -> Iterator[None]:
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


def is_full(course: Course) -> bool:
    """Tell whether the class's disk has no room for another result."""
    return shutil.disk_usage(course.root / "class").free < LEAST_SPACE


class _Run:
    """One run over a class; nbgrader's gradebook has one writer, which is here."""

    def __init__(self, course: Course, how: How) -> None:
        self._course, self._how, self._api = course, how, course.api()
        self._recorded: dict[str, dict[str, Any]] = {}
        self._registered: dict[str, str] = {}
        self._executing = SandboxExecute(config=course.config())

    def results(self, submissions: list[Submission]) -> Iterator[Result]:
        """Grade them: first what is known already, then what is to be run."""
        for lesson in sorted({s.lesson for s in submissions}):
            self._registered[lesson] = register_once(self._course, lesson)
        changed = []
        for submission in submissions:
            known = None if self._how.force else self._unchanged(submission)
            if known:
                yield known
            else:
                changed.append(submission)
        workers = min(self._how.jobs, len(changed))
        if workers <= 1 and not self._how.make:
            for submission in changed:
                yield self._grade(submission)
        else:
            yield from self._grade_in_parallel(changed, workers)

    def _unchanged(self, submission: Submission) -> Result | None:
        """Return the last result, with the marks of today, where it would be the same again."""
        noted = self._course.ledger.get(submission.lesson, submission.student)
        if not noted or noted["by"] != self._stamp(submission):
            return None
        result = Result(**noted["result"] | {"unchanged": True})
        if result.error:  # the machine may have been at fault
            return None
        with self._api.gradebook as gradebook:
            _read_marks(gradebook, result)
        return result

    def _stamp(self, submission: Submission) -> dict[str, Any]:
        """Return what a result rests on, what nbgrader wrote included."""
        seen = hashlib.sha256(code_version() + self._course.key())
        folder = self._course.submitted / submission.student / submission.lesson
        for path in sorted(folder.rglob("*")):
            seen.update(f"{path.relative_to(folder)} {path.lstat().st_mode}\n".encode())
            if path.is_file() and not path.is_symlink():
                seen.update(hashlib.sha256(path.read_bytes()).digest())
        written = self._course.notebook(
            self._course.autograded / submission.student, submission.lesson
        )
        about = written.stat() if written.is_file() else None
        return {
            "submission": seen.hexdigest(),
            "lesson": self._registered[submission.lesson],
            "limits": str(self._executing.limits()),
            "references": hand_in.stamp(self._course, submission.lesson),
            "autograded": [about.st_size, about.st_mtime_ns] if about else None,
        }

    def _grade_in_parallel(self, changed: list[Submission], workers: int) -> Iterator[Result]:
        """Let workers run what was never run, and let nbgrader write down what came of it."""
        ready: list[Submission] = []

        def jobs() -> Iterator[tuple[tuple[Submission, str], bytes]]:
            for submission in changed:
                try:
                    job = self._job(submission)
                except Exception:  # a notebook made to be odd, or none; the next step says which
                    ready.append(submission)
                    continue
                digest = job.digest()
                if self._how.again:
                    self._course.cache.forget(digest)
                if digest in self._course.cache:
                    ready.append(submission)
                else:
                    yield (submission, digest), job.to_bytes()

        make = self._how.make or functools.partial(processes, workers)
        for (submission, digest), came in run_all(execute, jobs(), make, max(workers, 1)):
            yield from self._finish(ready)
            if isinstance(came, LostError):
                outcome = Outcome(failed=str(came))
            else:
                outcome = Outcome.from_bytes(came)
            if outcome.failed:
                yield self._note(self._failed(submission, ValueError(outcome.failed)))
            else:
                self._course.cache.put(digest, outcome)
                yield self._grade(submission, outcome.seconds)
        yield from self._finish(ready)

    def _finish(self, ready: list[Submission]) -> Iterator[Result]:
        while ready:
            yield self._grade(ready.pop(0))

    def _job(self, submission: Submission) -> Job:
        """Say what is run for a submission.

        Raises:
            ValueError: it cannot be read, or something in its folder cannot be staged.
        """
        student, lesson = submission.student, submission.lesson
        folder = self._course.submitted / student
        examine_files(folder / lesson)
        notebook = self._read(submission)
        sanitise(notebook, self._cells_of(lesson))
        return self._executing.job(notebook, student, lesson)

    def _cells_of(self, lesson: str) -> dict[str, Any]:
        """Return the cells that the gradebook knows of a lesson, by their ids."""
        if lesson not in self._recorded:
            with self._api.gradebook as gradebook:
                self._recorded[lesson] = recorded_cells(gradebook, lesson)
        return self._recorded[lesson]

    def _read(self, submission: Submission) -> Any:
        """Read a submission's notebook.

        Raises:
            ValueError: it cannot be read, or has none of the lesson's cells.
        """
        folder, lesson = self._course.submitted / submission.student, submission.lesson
        path = self._course.notebook(folder, lesson)
        notebook = read_notebook(path)
        require_cells(notebook, self._cells_of(lesson), lesson, str(path))
        return notebook

    def _grade(self, submission: Submission, seconds: float = 0.0) -> Result:
        """Let nbgrader grade it; where its run is known, that is not repeated."""
        start, result = time.perf_counter(), Result(submission.student, submission.lesson)
        try:
            if self._how.again and not seconds:
                self._course.cache.forget(self._job(submission).digest())
            folder = self._course.submitted / submission.student
            examine_files(folder / submission.lesson)
            self._read(submission)
            answer = self._autograde(submission)
            if "KeyboardInterrupt" in answer.get("error", ""):  # nbgrader swallows it
                raise KeyboardInterrupt
            if answer["success"]:
                with self._api.gradebook as gradebook:
                    _read_marks(gradebook, result)
                result.verdicts = _read_verdicts(self._course, result)
            elif is_full(self._course):
                raise OSError(reason(answer))
            else:
                result.error = f"nbgrader could not grade it: {reason(answer)}. {LOOK}"
        except Exception as error:  # a notebook made to be odd; it must not stop the class
            if is_full(self._course):
                raise
            result = self._failed(submission, error)
            self._record_no_points(submission)
        result.seconds = time.perf_counter() - start + seconds
        return self._note(result)

    def _autograde(self, submission: Submission) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._api.autograde(
                submission.lesson, submission.student, force=True, create=True
            )
            return answer
        finally:
            os.environ.pop("NBGRADER_EXECUTION", None)  # where it fails, nbgrader leaves it set

    def _failed(self, submission: Submission, error: Exception) -> Result:
        told = f"It could not be graded: {type(error).__name__}: {error}. {LOOK}"
        told = str(error) if isinstance(error, ValueError) else told
        return Result(submission.student, submission.lesson, error=told)

    def _record_no_points(self, submission: Submission) -> None:
        """Let the gradebook say that something was handed in, and that it has no points."""
        with self._api.gradebook as gradebook:
            gradebook.update_or_create_student(submission.student)
            handed_in = gradebook.update_or_create_submission(submission.lesson, submission.student)
            for grade in (grade for book in handed_in.notebooks for grade in book.grades):
                grade.auto_score = 0.0 if grade.cell.cell_type == "code" else grade.auto_score
                grade.needs_manual_grade = False
            gradebook.db.commit()

    def _note(self, result: Result) -> Result:
        submission = Submission(result.student, result.lesson)
        entry = {"by": self._stamp(submission), "result": asdict(result)}
        self._course.ledger.note(result.lesson, result.student, entry)
        return result


def register_once(course: Course, lesson: str) -> str:
    """Register a lesson, unless that was done; return a digest of its solution."""
    solution = course.notebook(course.solutions, lesson)
    digest = hashlib.sha256(solution.read_bytes()).hexdigest()
    noted = course.ledger.get("registered", lesson)
    if noted.get("solution") != digest or not is_in_gradebook(course, lesson):
        register(course, lesson)
        course.ledger.note("registered", lesson, {"solution": digest})
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

    results = []
    with course.api().gradebook as gradebook:
        for submission in submissions:
            noted = course.ledger.get(submission.lesson, submission.student)
            result = Result(submission.student, submission.lesson)
            if noted:
                result = Result(**noted["result"])
            if not result.error:
                try:
                    _read_marks(gradebook, result)
                    result.verdicts = _read_verdicts(course, result)
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


def _read_marks(gradebook: Any, result: Result) -> None:
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


def _read_verdicts(course: Course, result: Result) -> list[dict[str, Any]]:
    folder = course.autograded / result.student
    return list(verdicts_in(nbformat.read(course.notebook(folder, result.lesson), as_version=4)))


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
    told = {"headline": NO_VERDICT, "mistake": "", "kind": ""}
    return {"exercise": exercise, "passed": False, **told}


def unchecked(results: list[Result]) -> list[tuple[Result, str]]:
    """List the results of notebooks that never imported `check`, with what kept them from it."""
    said = [(r, v["headline"]) for r in results for v in r.verdicts[:1]]
    return [(result, headline) for result, headline in said if headline.startswith(NO_CHECK)]


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
