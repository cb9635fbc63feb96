"""Run one submission: a pure function from what is run to what came of it, bytes to bytes.

A job holds everything that decides what comes of it, so that it may run in any process and on any
machine, and so that its outcome can be kept under its digest.
"""

import base64
import contextlib
import functools
import hashlib
import json
import platform
import resource
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbformat.validator import isvalid

from s2s_ref.grading import sandbox
from s2s_ref.grading.judge import Judge, serving
from s2s_ref.grading.provisioners import (
    PROVISIONERS,
    Room,
    RoomManager,
    fork_problem,
    room_for,
)

MOST_OUTPUT = 4 * 2**20
"""So many bytes of a notebook's output are kept; the rest is dropped as it comes."""

TOO_MUCH = "The output was cut here: a notebook may write 4 MB in all."
TIME_OUT = "This cell did not come to an end within its time. Is there a loop that never ends?"

VERSIONS = ("torch", "numpy", "ipykernel", "ipython", "safetensors")
"""The libraries whose change may change what a submission does."""


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds for a cell, for all, and to start; MiB for a process."""

    cell: int = 60
    notebook: int = 300
    start: int = 60
    memory: int = 1536


@dataclass(frozen=True)
class Job:
    """What is run.

    `cells` are the code cells in order: id, whether it is graded by running it, and source.
    `checks` names the exercises that each graded cell checks. `files` were handed in beside the
    notebook. `key` is the class's secret. `way` and `hidden` say how it runs, and decide nothing:
    the provisioner (a fork where one can be had), and the folders that are covered.
    """

    lesson: int
    cells: tuple[tuple[str, bool, str], ...]
    checks: Mapping[str, tuple[str, ...]]
    files: Mapping[str, bytes] = field(repr=False)
    key: bytes = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    way: str = "bwrap"
    hidden: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Write it as JSON."""
        plain = asdict(replace(self, files={}, key=b""))
        plain["files"] = {n: base64.b64encode(data).decode() for n, data in self.files.items()}
        plain["key"] = self.key.hex()
        return json.dumps(plain, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Job":
        """Read what `to_bytes` wrote."""
        plain = json.loads(data)
        plain["files"] = {n: base64.b64decode(text) for n, text in plain["files"].items()}
        plain["key"] = bytes.fromhex(plain["key"])
        plain["cells"] = tuple((name, graded, source) for name, graded, source in plain["cells"])
        plain["checks"] = {cell: tuple(names) for cell, names in plain["checks"].items()}
        plain["hidden"] = tuple(plain["hidden"])
        return cls(**{**plain, "limits": Limits(**plain["limits"])})

    def digest(self) -> str:
        """Name what decides the outcome: the job, the course's code, and the libraries."""
        trusted = "unsafe" if self.way == "unsafe" else "walls"
        decisive = replace(self, way=trusted, hidden=())
        return hashlib.sha256(code_version() + decisive.to_bytes()).hexdigest()


@functools.cache
def code_version() -> bytes:
    """Return a digest of the course's code and of the versions that it runs on."""
    seen = hashlib.sha256(platform.python_version().encode())
    for name in VERSIONS:
        seen.update(f"{name} {metadata.version(name)}\n".encode())
    package = Path(str(resources.files("s2s_ref")))
    for path in sorted(package.rglob("*.py")):
        seen.update(f"{path.relative_to(package)}\n".encode() + path.read_bytes())
    return seen.digest()


@dataclass
class Outcome:
    """What came of a job.

    `outputs` and `counts` are those of its cells, in order; `verdicts` the judge's record by cell.
    `failed` says why it could not be run at all, which is a matter of the machine and never kept.
    """

    outputs: list[list[dict[str, Any]]] = field(default_factory=list)
    counts: list[int | None] = field(default_factory=list)
    verdicts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    seconds: float = 0.0
    memory: int = 0
    failed: str = ""

    def to_bytes(self) -> bytes:
        """Write it as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Outcome":
        """Read what `to_bytes` wrote."""
        return cls(**json.loads(data))


def execute(data: bytes) -> bytes:
    """Run a job and return what came of it."""
    job, start = Job.from_bytes(data), time.perf_counter()
    if job.way != "unsafe" and (problem := sandbox.problem()):
        return Outcome(
            failed=f"{problem} To run submissions without a sandbox, with everything they may do "
            "to this machine: s2s grade --unsafe"
        ).to_bytes()
    if job.way == "fork" and fork_problem(_hidden(job)):
        job = replace(job, way="bwrap")
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
    judge = Judge(job.checks, job.key)
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

    def __init__(self, room: Room, judge: Judge, job: Job) -> None:
        """Prepare to run a job's cells."""
        cells = [new_code_cell(source) for _, _, source in job.cells]
        timed_out = {"ename": "TimeOut", "evalue": TIME_OUT, "traceback": [TIME_OUT]}
        super().__init__(
            new_notebook(cells=cells),
            manager := RoomManager(room, PROVISIONERS[job.way]),
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
