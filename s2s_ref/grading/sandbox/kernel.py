"""Manage and reach the kernel of a submission."""

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
from s2s_ref.grading.sandbox.fork import ForkProvisioner
from s2s_ref.grading.sandbox.provisioners import BareProvisioner, BwrapProvisioner
from s2s_ref.grading.sandbox.workspace import Room

LARGEST_MESSAGE = 16 * 2**20
"""A kernel that sends more at once is cut off."""


PROVISIONERS = {"bwrap": BwrapProvisioner, "fork": ForkProvisioner, "unsafe": BareProvisioner}
"""The ways to start a kernel."""


class RoomClient(AsyncKernelClient):
    """A client that begins as soon as the kernel answers; others wait until it says nothing."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers, and is heard.

        Raises:
            RuntimeError: it ended before, or did not answer in time.
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


class RoomManager(AsyncKernelManager):
    """nbclient's kernel manager for one submission in its room."""

    client_factory = Type(RoomClient)

    def __init__(self, room: Room, provisioner: type[BwrapProvisioner], **options: Any) -> None:
        """Prepare to start a kernel in this room."""
        place = room.run / "kernel"
        super().__init__(transport="ipc", ip=str(place), connection_file=f"{place}.json", **options)
        # the student's folder comes last, so that a file there takes no module's place
        late = f"import sys; sys.path.append({WORK!r})"
        self._kernel_spec = KernelSpec(
            argv=[
                *(sys.executable, "-P", "-m", "ipykernel_launcher", "-f", "{connection_file}"),
                "--IPKernelApp.ignore_cwd=True",
                f"--IPKernelApp.exec_lines={late}",
                "--IPKernelApp.log_level=ERROR",
            ],
            language="python",
            interrupt_mode="message",  # signals do not reach into another pid namespace
        )
        self.provisioner = provisioner(
            kernel_id="submission", kernel_spec=self._kernel_spec, parent=self
        )
        self.provisioner.room = room

    @property
    def was_disturbed(self) -> bool:
        """Whether the kernel was ended from outside of its walls."""
        return bool(getattr(self.provisioner, "disturbed", False))

    async def end(self) -> None:
        """End the kernel at once, without a word to it first."""
        if self.provisioner:
            await self.provisioner.kill()
            if await self.provisioner.poll() is not None:
                await self.provisioner.wait()

    def client(self, **options: Any) -> Any:
        """Make a client that reads no message above a size, and is quick to connect."""
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        context.setsockopt(zmq.RECONNECT_IVL, 10)  # milliseconds: the kernel is there soon
        return super().client(context=context, **options)
