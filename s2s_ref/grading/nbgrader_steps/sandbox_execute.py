"""Run a submission where it can harm nobody, with its judge outside; or replay its last run."""

import re
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Integer, Unicode

from s2s_ref.grading.cells import grade_id, graded_checks, is_graded_check
from s2s_ref.grading.course import Course
from s2s_ref.grading.job import Job, Limits, Outcome
from s2s_ref.grading.sandbox.runner import execute
from s2s_ref.grading.sandbox.stage import read_files

BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")

RECORD = "s2s_verdicts"
"""Where the judge's record stands in the resources that nbgrader hands on."""


class SandboxExecute(NbGraderPreprocessor):
    """Execution behind walls, without experiments, and with a judge for the checks.

    What was run before, with the same code, files, course and class, is not run again.
    """

    course_root = Unicode(help="The course's folder.").tag(config=True)
    unsafe = Bool(False, help="Run without a sandbox, code that is trusted.").tag(config=True)
    fork = Bool(False, help="Fork kernels from a warm process.").tag(config=True)
    timeout = Integer(60, help="Seconds for one cell.").tag(config=True)
    startup_timeout = Integer(60, help="Seconds for the kernel to start.").tag(config=True)
    notebook_timeout = Integer(300, help="Seconds for all cells together.").tag(config=True)
    memory = Integer(1536, help="MiB that one process may allocate.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Write into a notebook what its run shows.

        Raises:
            ValueError: there is no sandbox here, or something was handed in that cannot be staged,
                or no kernel starts.
        """
        about = resources["nbgrader"]
        job = self.job(nb, about["student"], about["assignment"])
        cache, digest = Course(Path(self.course_root)).cache, job.digest()
        outcome = cache.get(digest)
        if outcome is None:
            outcome = self._run(job)
            cache.put(digest, outcome)
        for cell, outputs, count in zip(_code(nb), outcome.outputs, outcome.counts, strict=True):
            cell.outputs, cell.execution_count = from_dict(list(map(_harmless, outputs))), count
        nb.metadata["language_info"] = NotebookNode(name="python", pygments_lexer="ipython3")
        resources[RECORD] = outcome.verdicts
        return nb, resources

    def job(self, nb: NotebookNode, student: str, lesson: str) -> Job:
        """Say what is run for a notebook whose cells are in order.

        Raises:
            ValueError: something was handed in that cannot be staged.
        """
        course = Course(Path(self.course_root))
        return Job(
            lesson=int(lesson[:2]),
            cells=tuple((grade_id(c), is_graded_check(c), c.source) for c in _code(nb)),
            checks={grade_id(c): tuple(n for n, _ in made) for c, made in graded_checks(nb)},
            files=read_files(course.submitted / student / lesson),
            key=course.key(),
            limits=self.limits(),
            way="unsafe" if self.unsafe else "fork" if self.fork else "bwrap",
            hidden=tuple(map(str, course.hidden())),
        )

    def limits(self) -> Limits:
        """Return what a submission may use."""
        return Limits(self.timeout, self.notebook_timeout, self.startup_timeout, self.memory)

    def _run(self, job: Job) -> Outcome:
        outcome = Outcome.from_bytes(execute(job.to_bytes()))
        if outcome.failed:
            raise ValueError(outcome.failed)
        return outcome


def _harmless(output: dict[str, Any]) -> dict[str, Any]:
    """Take from an output what a browser might run: it is shown on the page of whoever marks."""
    if "data" not in output:
        return output
    kept = {kind: data for kind, data in output["data"].items() if _is_harmless(kind, data)}
    if output["data"] and not kept:
        kept = {"text/plain": "(an output of a kind that is not shown here)"}
    return {**output, "data": kept, "metadata": {}}


def _is_harmless(kind: str, data: Any) -> bool:
    if kind in ("image/png", "image/jpeg"):
        return isinstance(data, str) and bool(BASE64.fullmatch(data))
    return kind == "text/plain"


def _code(nb: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in nb.cells if cell.cell_type == "code"]
