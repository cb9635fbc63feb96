"""Manage the kernel of a submission, and connect to it."""

import contextlib
import math
import sys
import time
from queue import Empty
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type

from s2s_ref.grading.sandbox.bubblewrap import WORK
from s2s_ref.grading.sandbox.provisioners import BwrapProvisioner
from s2s_ref.grading.sandbox.workspace import Workspace

MAX_MESSAGE_BYTES = 16 * 2**20
"""The connection is cut when a kernel sends a larger message."""


class WorkspaceClient(AsyncKernelClient):
    """A client that is ready at the kernel's first answer; the base class waits for silence too."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers and its output arrives.

        Raises:
            RuntimeError: the kernel ended before it answered, or did not answer in time.
        """
        deadline = time.monotonic() + (math.inf if timeout is None else timeout)
        while time.monotonic() < deadline:
            self.kernel_info()
            with contextlib.suppress(Empty):
                answer = await self.get_shell_msg(timeout=1)
                if answer["msg_type"] == "kernel_info_reply":
                    await self.get_iopub_msg(timeout=0.2)
                    return
            if not await self.is_alive():
                raise RuntimeError("the kernel ended before it answered")
        raise RuntimeError(f"the kernel did not answer in {timeout} seconds")


class WorkspaceManager(AsyncKernelManager):
    """nbclient's kernel manager for one submission in its workspace."""

    client_factory = Type(WorkspaceClient)

    def __init__(
        self, workspace: Workspace, provisioner: type[BwrapProvisioner], **options: Any
    ) -> None:
        """Prepare to start a kernel in this workspace."""
        path = workspace.run / "kernel"
        super().__init__(transport="ipc", ip=str(path), connection_file=f"{path}.json", **options)
        # The student's folder comes last, so that a file in it cannot replace a module.
        append_work = f"import sys; sys.path.append({WORK!r})"
        self._kernel_spec = KernelSpec(
            argv=[
                *(sys.executable, "-P", "-m", "ipykernel_launcher", "-f", "{connection_file}"),
                "--IPKernelApp.ignore_cwd=True",
                f"--IPKernelApp.exec_lines={append_work}",
                "--IPKernelApp.log_level=ERROR",
            ],
            language="python",
            interrupt_mode="message",  # signals do not reach another pid namespace
        )
        self.provisioner = provisioner(
            kernel_id="submission", kernel_spec=self._kernel_spec, parent=self
        )
        self.provisioner.workspace = workspace

    @property
    def ended_from_outside(self) -> bool:
        """Whether something other than the submission or the grader ended the kernel."""
        return bool(getattr(self.provisioner, "ended_from_outside", False))

    async def end(self) -> None:
        """End the kernel at once, without asking it to shut down first."""
        if self.provisioner:
            await self.provisioner.kill()
            if await self.provisioner.poll() is not None:
                await self.provisioner.wait()

    def client(self, **options: Any) -> Any:
        """Make a client that limits the size of messages and connects quickly."""
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        context.setsockopt(zmq.RECONNECT_IVL, 10)  # milliseconds; the default is 100
        return super().client(context=context, **options)
