"""Run one submission: a pure function from what is run to what came of it, bytes to bytes.

A job holds everything that decides what comes of it, so that it may run in any process and on any
machine, and so that its outcome can be kept under its digest.
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
from s2s_ref.grading.sandbox.fork import fork_problem
from s2s_ref.grading.sandbox.grading_judge import GradingJudge, serving
from s2s_ref.grading.sandbox.kernel import PROVISIONERS, RoomManager
from s2s_ref.grading.sandbox.workspace import Room, room_for

MOST_OUTPUT = 4 * 2**20
"""So many bytes of a notebook's output are kept; the rest is dropped as it comes."""

TOO_MUCH = "The output was cut here: a notebook may write 4 MB in all."
TIME_OUT = "This cell did not come to an end within its time. Is there a loop that never ends?"


def execute(data: bytes) -> bytes:
    """Run a job and return what came of it."""
    job, start = Job.from_bytes(data), time.perf_counter()
    if job.isolation != "unsafe" and (problem := sandbox.problem()):
        return Outcome(
            failed=f"{problem} To run submissions without a sandbox, with everything they may do "
            "to this machine: s2s grade --unsafe"
        ).to_bytes()
    if job.isolation == "fork" and fork_problem(_hidden(job)):
        job = replace(job, isolation="bwrap")
    outcome = _try(job)
    if outcome.failed:
        outcome = _try(job)
    outcome.seconds = time.perf_counter() - start
    outcome.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return outcome.to_bytes()


def _try(job: Job) -> Outcome:
    try:
        return _run(job)
    except (RuntimeError, OSError) as error:  # of nbclient before the first cell, or of the disk
        reason = str(error).rstrip(".")
        return Outcome(
            failed=f"The kernel did not start ({reason}). Is there memory and disk enough? "
            "Grade it again; s2s doctor looks at this machine."
        )
    except DisturbedError:
        return Outcome(failed="The kernel was ended by somebody on this machine. Grade it again.")


class DisturbedError(Exception):
    """A kernel was ended from outside."""


def _hidden(job: Job) -> tuple[Path, ...]:
    return tuple(Path(name) for name in (*job.hidden, str(resources.files("s2s_ref"))))


def _run(job: Job) -> Outcome:
    judge = GradingJudge(job.checks, job.key)
    limits = sandbox.Limits(memory=job.limits.memory * sandbox.MIB, seconds=job.limits.notebook)
    with (
        room_for(job.lesson, job.files, _hidden(job), limits) as room,
        serving(judge, room.socket),
    ):
        runner = Runner(room, judge, job)
        runner.run()
    return Outcome(
        outputs=[cell.outputs for cell in runner.nb.cells],
        counts=[cell.execution_count for cell in runner.nb.cells],
        verdicts={cell: judge.verdicts(cell) for cell in job.checks},
    )


class Runner(NotebookClient):
    """nbclient's run of a notebook, in a room, without experiments, with a judge for its checks.

    Experiments are known by their id, not by their tag: ids are locked, tags are the student's to
    edit. A kernel that dies or hangs ends the run, and what was earned before it counts.
    """

    def __init__(self, room: Room, judge: GradingJudge, job: Job) -> None:
        """Prepare to run a job's cells."""
        cells = [new_code_cell(source) for _, _, source in job.cells]
        timed_out = {"ename": "TimeOut", "evalue": TIME_OUT, "traceback": [TIME_OUT]}
        super().__init__(
            new_notebook(cells=cells),
            manager := RoomManager(room, PROVISIONERS[job.isolation]),
            allow_errors=True,
            interrupt_on_timeout=True,
            raise_on_iopub_timeout=False,  # of much output: it costs the output only
            error_on_timeout=timed_out,
            startup_timeout=job.limits.start,
            shutdown_kernel="immediate",
        )
        self.owns_km = True
        self._manager, self._judge, self._job = manager, judge, job
        self._stopped, self._received, self._deadline = "", 0, 0.0

    def run(self) -> None:
        """Run all cells."""
        self._deadline = time.monotonic() + self._job.limits.notebook
        with self.setup_kernel():
            for index, (name, graded, _) in enumerate(self._job.cells):
                self._run_cell(self.nb.cells[index], index, name, graded)
            run_sync(self._manager.end)()

    def _run_cell(self, cell: NotebookNode, index: int, name: str, graded: bool) -> None:
        """Run one cell, unless it is an experiment or the kernel is gone."""
        if name.startswith("experiment-"):
            return
        if time.monotonic() > self._deadline:
            self._stopped = self._stopped or "the time for the whole notebook was over"
        if self._stopped:
            cell.outputs = [_error(f"This cell was not run: {self._stopped}.")]
            return
        self._timed_out = self._idle = False
        try:
            with self._judge.marking(name if graded else ""):
                self.execute_cell(cell, index)
            if self._timed_out and not self._idle:
                self._stop(cell, "the kernel was ended, for it went on after its time")
            elif not self._idle:  # the end of its messages was lost, for one of them was too large
                cell.outputs.append(new_output("display_data", {"text/plain": TOO_MUCH}))
        except DeadKernelError:
            if self._manager.was_disturbed:
                raise DisturbedError from None
            self._stop(cell, "the kernel died")
        except Exception as error:  # of a kernel that hangs, or sends what no kernel sends
            self._stop(cell, f"the kernel was ended ({type(error).__name__}: {error})"[:200])
        cell.outputs = [output for output in map(_writable, cell.outputs) if output]
        cell.execution_count = index + 1  # the kernel may have told anything

    def _stop(self, cell: NotebookNode, why: str) -> None:
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
        """Write an error that only the reply tells of, such as a time-out, into the cell."""
        await super()._check_raise_for_error(cell, cell_index, exec_reply)
        told = (exec_reply or {}).get("content", {})
        shown = [o.get("ename") for o in cell.outputs if o.output_type == "error"]
        if told.get("status") == "error" and told["ename"] not in shown:
            trace = told["traceback"] or [f"{told['ename']}: {told['evalue']}"]
            cell.outputs.append(
                new_output("error", ename=told["ename"], evalue=told["evalue"], traceback=trace)
            )

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Take what the kernel sends, as long as it is not too much."""
        kind = msg["msg_type"]
        if kind.startswith("comm"):  # widgets have nobody to talk to
            return None
        if kind == "status":
            self._idle = msg["content"]["execution_state"] == "idle"
        elif kind != "execute_input":
            before = self._received
            self._received += 200 + len(str(msg["content"]))
            if self._received > MOST_OUTPUT:
                if before <= MOST_OUTPUT:
                    # no stream: nbgrader cuts these to so many lines
                    cell.outputs.append(new_output("display_data", {"text/plain": TOO_MUCH}))
                return None
        told: NotebookNode | None = super().process_message(msg, cell, cell_index)
        return told


def _error(text: str) -> NotebookNode:
    told: NotebookNode = new_output("error", ename="NotRun", evalue=text, traceback=[text])
    return told


def _writable(output: NotebookNode) -> NotebookNode | None:
    """Return an output as a notebook can hold it; None where it has another form."""
    with contextlib.suppress(Exception):
        text = json.dumps(output, ensure_ascii=False).encode("utf-8", "replace").decode()
        clean: NotebookNode = from_dict(json.loads(text))
        if isvalid(clean, ref="output", version=4):
            return clean
    return None
