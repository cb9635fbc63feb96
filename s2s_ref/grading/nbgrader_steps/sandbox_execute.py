"""Run a submission in the sandbox, with its judge outside, or take the outcome of its last run."""

from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Integer, Unicode

from s2s_ref.grading.cells import code_cells
from s2s_ref.grading.course import Course
from s2s_ref.grading.job import Job, Outcome, job_for
from s2s_ref.grading.notebooks import PICTURES, is_base64
from s2s_ref.grading.sandbox.limits import Limits
from s2s_ref.grading.sandbox.runner import execute
from s2s_ref.grading.store import Cache
from s2s_ref.grading.submissions import Submission

JUDGED = "s2s_judged"
"""The key of the judge's verdicts in the resources that nbconvert passes on to the next step."""


class SandboxExecute(NbGraderPreprocessor):
    """Execute a notebook in the sandbox, without its experiments.

    A job that was run before, by `s2s grade` or by this step, is not run again.
    """

    course_root = Unicode(help="The course's folder.").tag(config=True)
    unsafe = Bool(False, help="Run trusted code without a sandbox.").tag(config=True)
    fork = Bool(False, help="Fork kernels from a server.").tag(config=True)
    timeout = Integer(Limits.cell, help="Seconds for one cell.").tag(config=True)
    startup_timeout = Integer(Limits.start, help="Seconds for the kernel to start.").tag(
        config=True
    )
    notebook_timeout = Integer(Limits.notebook, help="Seconds for all cells together.").tag(
        config=True
    )
    memory = Integer(Limits.memory, help="MiB that one process may allocate.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Write the outputs of a notebook's run into its cells.

        Raises:
            ValueError: there is no sandbox, a file that was handed in cannot be graded, or no
                kernel starts.
        """
        names = resources["nbgrader"]
        course = Course(Path(self.course_root), self.unsafe, self.fork)
        submission = Submission(names["student"], names["assignment"])
        outcome = _outcome(course, job_for(course, submission, nb, self.limits()))
        results = zip(code_cells(nb), outcome.outputs, outcome.counts, strict=True)
        for cell, outputs, count in results:
            cell.outputs, cell.execution_count = from_dict(list(map(_harmless, outputs))), count
        nb.metadata["language_info"] = NotebookNode(name="python", pygments_lexer="ipython3")
        resources[JUDGED] = outcome.verdicts
        return nb, resources

    def limits(self) -> Limits:
        """Return what a submission may use."""
        return Limits(self.timeout, self.notebook_timeout, self.startup_timeout, self.memory)


def _outcome(course: Course, job: Job) -> Outcome:
    """Return the outcome of a job, which is run only if its outcome is not known."""
    cache, digest = Cache(course.runs), job.digest()
    outcome = cache.get(digest)
    if outcome is None:
        outcome = Outcome.from_bytes(execute(job.to_bytes()))
        if outcome.failed:
            raise ValueError(outcome.failed)
        cache.put(digest, outcome)
    return outcome


def _harmless(output: dict[str, Any]) -> dict[str, Any]:
    """Remove from an output what a browser might run, because formgrader's pages show it."""
    if "data" not in output:
        return output
    kept = {kind: data for kind, data in output["data"].items() if _is_harmless(kind, data)}
    if output["data"] and not kept:
        kept = {"text/plain": "(an output of a kind that is not shown here)"}
    return {**output, "data": kept, "metadata": {}}


def _is_harmless(kind: str, data: Any) -> bool:
    return kind == "text/plain" or (kind in PICTURES and is_base64(data))
