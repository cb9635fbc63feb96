"""Run one submission: `execute` is a pure function from a job to its outcome, bytes to bytes.

A job holds everything that its outcome depends on. So it can run in any process and on any
machine, and its outcome can be stored under its digest.
"""

import contextlib
import json
import resource
import time
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbformat.validator import isvalid

from s2s_ref.grading.job import Job, Outcome
from s2s_ref.grading.sandbox import bubblewrap as sandbox
from s2s_ref.grading.sandbox.fork_client import fork_problem
from s2s_ref.grading.sandbox.grading_judge import GradingJudge, serving
from s2s_ref.grading.sandbox.kernel import WorkspaceManager
from s2s_ref.grading.sandbox.provisioners import PROVISIONERS
from s2s_ref.grading.sandbox.workspace import Workspace, workspace_for

MAX_OUTPUT_BYTES = 4 * 2**20
"""The size of the output that is kept of a notebook; the rest is dropped as it arrives."""

TOO_MUCH = "The output was cut here: a notebook may write 4 MB in all."
TIME_OUT = "This cell did not finish within its time limit. Is there a loop that never ends?"


def execute(data: bytes) -> bytes:
    """Run a job and return its outcome.

    A job that the machine failed to run is tried again, and so is one whose kernel died: if the
    submission ended it, it does so again, and if the machine did, for want of memory perhaps, no
    points are lost.
    """
    job, start = Job.from_bytes(data), time.perf_counter()
    if job.isolation != "unsafe" and (problem := sandbox.problem()):
        return Outcome(
            failed=f"{problem} To run submissions without a sandbox, with everything they may do "
            "to this machine: s2s grade --unsafe"
        ).to_bytes()
    if job.isolation == "fork" and fork_problem(_hidden(job)):
        job = replace(job, isolation="bwrap")
    outcome, died = _try(job)
    if outcome.failed or died:
        outcome, _ = _try(job)
    outcome.seconds = time.perf_counter() - start
    outcome.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return outcome.to_bytes()


def _try(job: Job) -> tuple[Outcome, bool]:
    """Return the outcome of a job, and whether its kernel died."""
    try:
        return _run(job)
    except (RuntimeError, OSError) as error:  # nbclient's before the first cell, or the disk's
        reason = str(error).rstrip(".")
        text = f"The kernel did not start ({reason}). Is enough memory and disk free? "
        return Outcome(failed=text + "Grade it again; s2s doctor examines this machine."), False
    except KernelKilledError:
        text = "The kernel was ended by somebody on this machine. Grade it again."
        return Outcome(failed=text), False


class KernelKilledError(Exception):
    """The kernel was ended by something other than the submission or the grader."""


def _hidden(job: Job) -> tuple[Path, ...]:
    return tuple(Path(name) for name in (*job.hidden, str(resources.files("s2s_ref"))))


def _run(job: Job) -> tuple[Outcome, bool]:
    judge = GradingJudge(job.checks, job.key)
    with (
        workspace_for(job.lesson, job.files, _hidden(job), job.limits) as workspace,
        serving(judge, workspace.socket),
    ):
        runner = Runner(workspace, judge, job)
        runner.run()
    outcome = Outcome(
        outputs=[cell.outputs for cell in runner.nb.cells],
        counts=[cell.execution_count for cell in runner.nb.cells],
        verdicts={cell: judge.verdicts(cell) for cell in job.checks},
    )
    return outcome, runner.died


class Runner(NotebookClient):
    """Run a notebook in a workspace with nbclient, and let a judge answer its checks.

    Experiments are skipped. They are recognised by their ids, which are locked, and not by their
    tags, which students can edit. A kernel that dies or hangs ends the run; the checks before
    that count. Three private methods of nbclient are overridden, because it has no public hooks for
    time limits and for errors that only a reply holds.
    """

    def __init__(self, workspace: Workspace, judge: GradingJudge, job: Job) -> None:
        """Prepare to run a job's cells."""
        cells = [new_code_cell(source) for _, _, source in job.cells]
        timed_out = {"ename": "TimeOut", "evalue": TIME_OUT, "traceback": [TIME_OUT]}
        super().__init__(
            new_notebook(cells=cells),
            manager := WorkspaceManager(workspace, PROVISIONERS[job.isolation]),
            allow_errors=True,
            interrupt_on_timeout=True,
            raise_on_iopub_timeout=False,  # too much output costs only a part of it
            error_on_timeout=timed_out,
            startup_timeout=job.limits.start,
            shutdown_kernel="immediate",
        )
        self.owns_km = True
        self._manager, self._judge, self._job = manager, judge, job
        self._stopped, self._received, self._deadline = "", 0, 0.0
        self.died = False

    def run(self) -> None:
        """Run all cells but the experiments."""
        self._deadline = time.monotonic() + self._job.limits.notebook
        with self.setup_kernel():
            for index, (name, graded, _) in enumerate(self._job.cells):
                if not name.startswith("experiment-"):
                    self._run_cell(self.nb.cells[index], index, name if graded else "")
            run_sync(self._manager.end)()

    def _run_cell(self, cell: NotebookNode, index: int, graded: str) -> None:
        """Run one cell unless the run was stopped; `graded` is the id of a graded cell, or ""."""
        if time.monotonic() > self._deadline:
            self._stopped = self._stopped or "the time limit of the whole notebook was reached"
        if self._stopped:
            cell.outputs = [_error(f"This cell was not run: {self._stopped}.")]
            return
        try:
            with self._judge.marking(graded):
                self._execute(cell, index)
        except DeadKernelError:
            if self._manager.ended_from_outside:
                raise KernelKilledError from None
            self.died = True
            self._stop(cell, "the kernel died")
        except Exception as error:  # from a kernel that hangs or breaks the protocol
            self._stop(cell, f"the kernel was ended ({type(error).__name__}: {error})"[:200])
        cell.outputs = [output for output in map(_writable, cell.outputs) if output]
        cell.execution_count = index + 1  # the kernel's own count may be forged

    def _execute(self, cell: NotebookNode, index: int) -> None:
        """Execute a cell, and note if the kernel ran past the limit or a message was lost."""
        self._timed_out = self._idle = False
        self.execute_cell(cell, index)
        if self._timed_out and not self._idle:
            self._stop(cell, "the kernel was ended because it ran past the time limit")
        elif not self._idle:  # a message was too large, and the connection was cut
            cell.outputs.append(new_output("display_data", {"text/plain": TOO_MUCH}))

    def _stop(self, cell: NotebookNode, why: str) -> None:
        """End the run, and say why in the cell that caused it."""
        self._stopped = f"{why} in an earlier cell"
        cell.outputs.append(_error(f"Here {why}, so neither this cell nor a later one counts."))

    def _get_timeout(self, cell: NotebookNode | None) -> int:  # noqa: ARG002
        return max(1, min(self._job.limits.cell, round(self._deadline - time.monotonic())))

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> Any:
        self._timed_out = True
        return await super()._async_handle_timeout(timeout, cell)

    async def _check_raise_for_error(
        self, cell: NotebookNode, cell_index: int, exec_reply: Any
    ) -> None:
        """Add an error to the cell's outputs that is only in the reply, such as a time-out."""
        await super()._check_raise_for_error(cell, cell_index, exec_reply)
        reply = (exec_reply or {}).get("content", {})
        shown = [o.get("ename") for o in cell.outputs if o.output_type == "error"]
        if reply.get("status") == "error" and reply["ename"] not in shown:
            trace = reply["traceback"] or [f"{reply['ename']}: {reply['evalue']}"]
            cell.outputs.append(
                new_output("error", ename=reply["ename"], evalue=reply["evalue"], traceback=trace)
            )

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Handle a message of the kernel, or drop it once the output is too much."""
        kind = msg["msg_type"]
        if kind.startswith("comm"):  # widgets do not work without a browser
            return None
        if kind == "status":
            self._idle = msg["content"]["execution_state"] == "idle"
        elif kind != "execute_input":
            before = self._received
            self._received += 200 + len(str(msg["content"]))
            if self._received > MAX_OUTPUT_BYTES:
                if before <= MAX_OUTPUT_BYTES:
                    # Not a stream, because nbgrader may cut this line off the end of one.
                    cell.outputs.append(new_output("display_data", {"text/plain": TOO_MUCH}))
                return None
        output: NotebookNode | None = super().process_message(msg, cell, cell_index)
        return output


def _error(text: str) -> NotebookNode:
    output: NotebookNode = new_output("error", ename="NotRun", evalue=text, traceback=[text])
    return output


def _writable(output: NotebookNode) -> NotebookNode | None:
    """Return an output in the form that a notebook holds, or None if it is malformed."""
    with contextlib.suppress(Exception):
        text = json.dumps(output, ensure_ascii=False).encode("utf-8", "replace").decode()
        clean: NotebookNode = from_dict(json.loads(text))
        if isvalid(clean, ref="output", version=4):
            return clean
    return None
