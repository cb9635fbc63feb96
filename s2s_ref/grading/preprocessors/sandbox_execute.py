"""Run a submission where it can harm nobody, with its judge outside."""

import contextlib
import json
import time
from pathlib import Path
from typing import Any

import nbgrader.preprocessors
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_output
from nbformat.validator import isvalid
from traitlets import Bool, Integer, Unicode

from s2s_ref.grading import sandbox
from s2s_ref.grading.cells import grade_id, graded_checks, is_graded_check
from s2s_ref.grading.course import Course
from s2s_ref.grading.judge import Judge, serving
from s2s_ref.grading.provisioners import (
    BareProvisioner,
    BwrapProvisioner,
    Room,
    RoomManager,
    room_for,
)

RECORD = "s2s_verdicts"
"""Where the judge's record stands in the resources that nbgrader hands on."""

MOST_OUTPUT = 4 * 2**20
"""So many bytes of a notebook's output are kept; the rest is dropped as it comes."""

TOO_MUCH = "The output was cut here: a notebook may write 4 MB in all."
TIME_OUT = "This cell did not come to an end within its time. Is there a loop that never ends?"


class SandboxExecute(nbgrader.preprocessors.Execute):
    """nbgrader's execution, behind walls, without experiments, and with a judge for its checks.

    Experiments are known by their id, not by their tag: ids are locked, tags are the student's to
    edit. A kernel that dies or hangs ends the run, and what was earned before it counts.
    """

    course_root = Unicode(help="The course's folder.").tag(config=True)
    unsafe = Bool(False, help="Run without a sandbox, code that is trusted.").tag(config=True)
    notebook_timeout = Integer(300, help="Seconds for all cells together.").tag(config=True)
    memory = Integer(1536, help="MiB that one process may allocate.").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: Any = None
    ) -> tuple[NotebookNode, Any]:
        """Run a notebook.

        Raises:
            ValueError: there is no sandbox here, or something was handed in that cannot be staged.
        """
        if not self.unsafe and (problem := sandbox.problem()):
            raise ValueError(
                f"{problem} To run submissions without a sandbox, with everything they may do to "
                "this machine: s2s grade --unsafe"
            )
        course, about = Course(Path(self.course_root)), resources["nbgrader"]
        lesson = about["assignment"]
        checks = {grade_id(cell): [n for n, _ in made] for cell, made in graded_checks(nb)}
        self._judge, self._stopped, self._received = Judge(checks, course.key()), "", 0
        self.raise_on_iopub_timeout = False  # of much output: it costs the output only
        self.error_on_timeout = {"ename": "TimeOut", "evalue": TIME_OUT, "traceback": [TIME_OUT]}
        limits = sandbox.Limits(memory=self.memory * sandbox.MIB, seconds=self.notebook_timeout)
        submission = course.submitted / about["student"] / lesson
        with (
            room_for(int(lesson[:2]), submission, course.hidden(), limits) as self._room,
            serving(self._judge, self._room.socket),
        ):
            self._deadline = time.monotonic() + self.notebook_timeout
            nb, resources = self._run(nb, resources, km)
        resources[RECORD] = {name: self._judge.verdicts(name) for name in checks}
        return nb, resources

    _room: Room

    def _run(self, nb: NotebookNode, resources: Any, km: Any) -> tuple[NotebookNode, Any]:
        try:
            return super().preprocess(nb, resources, km)
        except RuntimeError as error:  # nbclient's, before the first cell
            raise ValueError(
                f"The kernel did not start ({str(error).rstrip('.')}). Is there memory enough? "
                "Grade it again; s2s doctor looks at this machine."
            ) from error

    def create_kernel_manager(self) -> RoomManager:
        """Make the manager of a kernel in this submission's room."""
        provisioner = BareProvisioner if self.unsafe else BwrapProvisioner
        self.km = RoomManager(self._room, provisioner, config=self.config)
        return self.km

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, index: int
    ) -> tuple[NotebookNode, Any]:
        """Run one cell, unless it is an experiment or the kernel is gone."""
        name = grade_id(cell)
        if cell.cell_type != "code" or name.startswith("experiment-"):
            return cell, resources
        if time.monotonic() > self._deadline:
            self._stopped = self._stopped or "the time for the whole notebook was over"
        if self._stopped:
            cell.outputs = [_error(f"This cell was not run: {self._stopped}.")]
            return cell, resources
        self._timed_out = self._idle = False
        try:
            with self._judge.marking(name if is_graded_check(cell) else ""):
                cell, resources = super().preprocess_cell(cell, resources, index)
            if self._timed_out and not self._idle:
                self._stop(cell, "the kernel was ended, for it went on after its time")
        except DeadKernelError:
            self._stop(cell, "the kernel died")
        except Exception as error:  # of a kernel that hangs, or sends what no kernel sends
            self._stop(cell, f"the kernel was ended ({type(error).__name__}: {error})"[:200])
        cell.outputs = [output for output in map(_writable, cell.outputs) if output]
        return cell, resources

    def _stop(self, cell: NotebookNode, why: str) -> None:
        self._stopped = f"{why} in an earlier cell"
        cell.outputs.append(_error(f"Here {why}, so neither this cell nor a later one counts."))

    def _get_timeout(self, cell: NotebookNode | None) -> int:  # noqa: ARG002
        return max(1, min(self.timeout, round(self._deadline - time.monotonic())))

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> Any:
        self._timed_out = True
        return await super()._async_handle_timeout(timeout, cell)

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> Any:
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
        return super().process_message(msg, cell, cell_index)


def _error(text: str) -> NotebookNode:
    return new_output("error", ename="NotRun", evalue=text, traceback=[text])


def _writable(output: NotebookNode) -> NotebookNode | None:
    """Return an output as a notebook can hold it; None where it has another form."""
    with contextlib.suppress(Exception):
        text = json.dumps(output, ensure_ascii=False).encode("utf-8", "replace").decode()
        clean = from_dict(json.loads(text))
        return clean if isvalid(clean, ref="output", version=4) else None
    return None
