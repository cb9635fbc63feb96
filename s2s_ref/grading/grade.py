"""Grade a class: run every submission, and read what came of it.

nbgrader executes, marks and keeps the gradebook; this goes through the class one submission at a
time, so that a bad one never stops the rest, and reads the checks' verdicts for the report.
"""

import functools
import hashlib
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from typing import Any

from s2s_ref.grading import translations as hand_in
from s2s_ref.grading.course import Course
from s2s_ref.grading.gradebook import one_engine, read_marks, read_verdicts, register_once
from s2s_ref.grading.job import Job, Outcome, code_version
from s2s_ref.grading.nbgrader_steps.sandbox_execute import SandboxExecute
from s2s_ref.grading.nbgrader_steps.sanitize import recorded_cells, require_cells, sanitise
from s2s_ref.grading.release import read_notebook, reason
from s2s_ref.grading.results import Result
from s2s_ref.grading.sandbox.runner import execute
from s2s_ref.grading.sandbox.stage import examine_files
from s2s_ref.grading.sandbox.workspace import clear_leftovers
from s2s_ref.grading.submissions import Submission
from s2s_ref.grading.workers import LostError, processes, run_all

LOOK = "Open it in JupyterLab, restart the kernel and run all cells to see where it stops."

LEAST_SPACE = 2**20
"""The bytes that must be free: a gradebook with less room than that cannot be trusted to grow."""


@dataclass(frozen=True)
class GradingOptions:
    """How a class is graded.

    `jobs` submissions run at a time. `force`: what has not changed is graded again too, from its
    last run; `again`: and is run again. `make` makes an executor in place of processes here.
    """

    jobs: int = 1
    force: bool = False
    again: bool = False
    make: Callable[[], Executor] | None = None


def grade(
    course: Course,
    submissions: list[Submission],
    done: Callable[[Result], None] = lambda _: None,
    how: GradingOptions | None = None,
) -> list[Result]:
    """Grade these submissions with nbgrader; call `done` after each.

    Every submission comes to a result, a bad one to a result with an error. What has not changed
    since it was graded last is not touched.

    Raises:
        ValueError: a lesson cannot be registered, or the disk is full.
    """
    with warnings.catch_warnings(), one_engine():
        # of libraries, about cell ids that a notebook lacks: nothing that an instructor could mend
        warnings.simplefilter("ignore")
        clear_leftovers()
        results = []
        try:
            for result in _Run(course, how or GradingOptions()).results(submissions):
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


def is_full(course: Course) -> bool:
    """Tell whether the class's disk has no room for another result."""
    return shutil.disk_usage(course.root / "class").free < LEAST_SPACE


class _Run:
    """One run over a class; nbgrader's gradebook has one writer, which is here."""

    def __init__(self, course: Course, how: GradingOptions) -> None:
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
            read_marks(gradebook, result)
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
                    read_marks(gradebook, result)
                result.verdicts = read_verdicts(self._course, result)
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
