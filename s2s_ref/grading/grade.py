"""Grade a class: run every submission, and let nbgrader mark it.

Submissions are run first, several at a time, and their outcomes kept. nbgrader then grades one
after another, because a gradebook has one writer; its step `SandboxExecute` finds each outcome and
runs nothing again. A submission that cannot be graded never stops the others.
"""

import functools
import hashlib
import os
import re
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from s2s_ref.grading import translations
from s2s_ref.grading.course import Course, failure
from s2s_ref.grading.gradebook import one_engine, read_marks, register_once
from s2s_ref.grading.job import Job, Outcome, code_version, job_for
from s2s_ref.grading.nbgrader_steps.sandbox_execute import SandboxExecute
from s2s_ref.grading.nbgrader_steps.sanitize import (
    lesson_texts,
    recorded_cells,
    require_cells,
    sanitise,
)
from s2s_ref.grading.notebooks import read_submission
from s2s_ref.grading.results import Result
from s2s_ref.grading.sandbox.runner import execute
from s2s_ref.grading.sandbox.stage import examine_files
from s2s_ref.grading.sandbox.workspace import clear_leftovers
from s2s_ref.grading.store import Cache, Ledger
from s2s_ref.grading.submissions import Submission
from s2s_ref.grading.verdicts import read_verdicts
from s2s_ref.grading.workers import LostError, processes, run_all

ADVICE = "Open it in JupyterLab, restart the kernel and run all cells to see where it stops."

LEAST_SPACE = 2**20
"""The bytes that must be free on the disk, so that the gradebook has room to grow."""


@dataclass(frozen=True)
class GradingOptions:
    """How a class is graded.

    Attributes:
        jobs: how many submissions run at the same time.
        force: grade again what has not changed, from the outcome of its last run.
        again: run again what was run before.
        executor_factory: makes the executor that runs submissions; processes on this machine by
            default.
    """

    jobs: int = 1
    force: bool = False
    again: bool = False
    executor_factory: Callable[[], Executor] | None = None


def grade(
    course: Course,
    submissions: list[Submission],
    done: Callable[[Result], None] = lambda _: None,
    options: GradingOptions | None = None,
) -> list[Result]:
    """Grade these submissions with nbgrader, and call `done` after each.

    Every submission has a result; that of one which could not be graded holds the error. What has
    not changed since it was graded last keeps its result.

    Raises:
        ValueError: a lesson cannot be registered in the gradebook, or the disk is full.
    """
    with warnings.catch_warnings(), one_engine():
        # libraries warn of cells without ids, which an instructor cannot change
        warnings.simplefilter("ignore")
        clear_leftovers()
        results = []
        try:
            for result in _Run(course, options or GradingOptions()).results(submissions):
                results.append(result)
                done(result)
        except Exception as error:
            if is_full(course):  # whatever failed first, this is the cause
                raise ValueError(
                    f"The disk of {course.root / 'class'} is full. Free some space and grade "
                    "again: it goes on where it stopped."
                ) from error
            raise
    return results


def is_full(course: Course) -> bool:
    """Tell whether the class's disk has no room for another result."""
    return shutil.disk_usage(course.root / "class").free < LEAST_SPACE


class _Run:
    """One run over the submissions of a class."""

    def __init__(self, course: Course, options: GradingOptions) -> None:
        self._course, self._options, self._api = course, options, course.api()
        self._outcomes, self._ledger = Cache(course.runs), Ledger(course.results)
        self._limits = SandboxExecute(config=course.config()).limits()
        self._recorded_cells: dict[str, dict[str, Any]] = {}
        self._solution_digests: dict[str, str] = {}
        self._lesson_texts: dict[str, set[str]] = {}

    def results(self, submissions: list[Submission]) -> Iterator[Result]:
        """Grade submissions: the unchanged ones first, which takes no time."""
        for lesson in sorted({s.lesson for s in submissions}):
            self._solution_digests[lesson] = register_once(self._course, lesson)
        changed = []
        for submission in submissions:
            result = None if self._options.force else self._unchanged(submission)
            if result:
                yield result
            else:
                changed.append(submission)
        for submission, outcome in self._run_all(changed):
            if outcome and outcome.failed:
                result = self._failure(submission, ValueError(outcome.failed))
            else:
                result = self._grade(submission, outcome.seconds if outcome else 0.0)
            self._ledger.put(result, self._stamp(submission))
            yield result

    def _unchanged(self, submission: Submission) -> Result | None:
        """Return the last result with today's marks, if grading again would give the same."""
        result = self._ledger.get(submission, self._stamp(submission))
        if not result or result.error:  # the machine may have been at fault
            return None
        try:
            result.verdicts = read_verdicts(self._course, submission.student, submission.lesson)
        except FileNotFoundError:
            return None
        with self._api.gradebook as gradebook:
            read_marks(gradebook, result)
        result.unchanged = True
        return result

    def _stamp(self, submission: Submission) -> dict[str, Any]:
        """Return everything that a result depends on, and which notebook nbgrader wrote."""
        digest = hashlib.sha256(code_version() + self._course.key())
        folder = self._course.submitted / submission.student / submission.lesson
        try:
            for path in examine_files(folder):
                digest.update(os.fsencode(path.relative_to(folder)) + b"\n")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        except (ValueError, OSError) as error:  # it is not graded, and says why
            digest.update(str(error).encode("utf-8", "replace"))
        autograded = self._course.notebook(
            self._course.autograded / submission.student, submission.lesson
        )
        status = autograded.stat() if autograded.is_file() else None
        return {
            "submission": digest.hexdigest(),
            "lesson": self._solution_digests[submission.lesson],
            "limits": str(self._limits),
            "references": translations.references_digest(self._course, submission.lesson),
            "autograded": [status.st_size, status.st_mtime_ns] if status else None,
        }

    def _run_all(
        self, submissions: list[Submission]
    ) -> Iterator[tuple[Submission, Outcome | None]]:
        """Run submissions, and keep their outcomes; None where there was nothing to run."""
        jobs = (self._to_run(submission) for submission in submissions)
        workers, factory = min(self._options.jobs, len(submissions)), self._options.executor_factory
        done: Iterator[tuple[tuple[Submission, str], bytes | LostError | None]]
        if workers <= 1 and not factory:
            done = ((key, execute(job) if job else None) for key, job in jobs)
        else:
            factory = factory or functools.partial(processes, workers)
            done = run_all(execute, jobs, factory, max(workers, 1))
        for (submission, digest), data in done:
            if data is None:
                yield submission, None
            elif isinstance(data, LostError):
                yield submission, Outcome(failed=str(data))
            else:
                outcome = Outcome.from_bytes(data)
                self._outcomes.put(digest, outcome)
                yield submission, outcome

    def _to_run(self, submission: Submission) -> tuple[tuple[Submission, str], bytes | None]:
        """Return a submission with its job's digest, and the job unless its outcome is known."""
        try:
            job = self._job(submission)
        except Exception:  # the notebook cannot be read; grading it fails too, and says why
            return (submission, ""), None
        digest = job.digest()
        if self._options.again:
            self._outcomes.forget(digest)
        return (submission, digest), None if digest in self._outcomes else job.to_bytes()

    def _job(self, submission: Submission) -> Job:
        notebook = self._read(submission)
        lesson = submission.lesson
        if lesson not in self._lesson_texts:
            self._lesson_texts[lesson] = lesson_texts(self._course, lesson)
        sanitise(notebook, self._cells_of(lesson), self._lesson_texts[lesson])
        return job_for(self._course, submission, notebook, self._limits)

    def _read(self, submission: Submission) -> Any:
        """Read a submission's notebook.

        Raises:
            ValueError: the notebook cannot be read or has none of the lesson's cells, or something
                in its folder cannot be graded.
        """
        folder, lesson = self._course.submitted / submission.student, submission.lesson
        if re.search(r"[*?\[]", submission.student):  # nbgrader would look for a pattern
            raise ValueError(f"{folder} has *, ? or [ in its name. Rename the folder.")
        examine_files(folder / lesson)
        path = self._course.notebook(folder, lesson)
        notebook = read_submission(path)
        require_cells(notebook, self._cells_of(lesson), lesson, str(path))
        return notebook

    def _cells_of(self, lesson: str) -> dict[str, Any]:
        """Return the cells of a lesson that the gradebook knows, by their ids."""
        if lesson not in self._recorded_cells:
            with self._api.gradebook as gradebook:
                self._recorded_cells[lesson] = recorded_cells(gradebook, lesson)
        return self._recorded_cells[lesson]

    def _grade(self, submission: Submission, seconds: float) -> Result:
        """Let nbgrader grade a submission, which took so many seconds to run."""
        start, result = time.perf_counter(), Result(submission.student, submission.lesson)
        try:
            self._read(submission)
            answer = self._autograde(submission)
            if answer["success"]:
                with self._api.gradebook as gradebook:
                    read_marks(gradebook, result)
                result.verdicts = read_verdicts(self._course, result.student, result.lesson)
            elif is_full(self._course):
                raise OSError(failure(answer))
            else:
                result.error = f"nbgrader could not grade it: {failure(answer)}. {ADVICE}"
        except Exception as error:  # no notebook, however malformed, may stop the class
            if is_full(self._course):
                raise
            result = self._failure(submission, error)
            self._record_no_points(submission)
        result.seconds = time.perf_counter() - start + seconds
        return result

    def _autograde(self, submission: Submission) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._api.autograde(
                submission.lesson, submission.student, force=True, create=True
            )
        finally:
            os.environ.pop("NBGRADER_EXECUTION", None)  # nbgrader leaves it set after an error
        if "KeyboardInterrupt" in answer.get("error", ""):  # nbgrader has caught it
            raise KeyboardInterrupt
        return answer

    def _failure(self, submission: Submission, error: Exception) -> Result:
        """Return the result of a submission that could not be graded."""
        message = f"It could not be graded: {type(error).__name__}: {error}. {ADVICE}"
        if isinstance(error, ValueError):  # written for instructors
            message = str(error)
        return Result(submission.student, submission.lesson, error=message)

    def _record_no_points(self, submission: Submission) -> None:
        """Write into the gradebook that something was handed in, and that it has no points."""
        with self._api.gradebook as gradebook:
            gradebook.update_or_create_student(submission.student)
            record = gradebook.update_or_create_submission(submission.lesson, submission.student)
            for grade in (grade for book in record.notebooks for grade in book.grades):
                grade.auto_score = 0.0 if grade.cell.cell_type == "code" else grade.auto_score
                grade.needs_manual_grade = False
            gradebook.db.commit()
