"""How the kernel of a submission is started: behind bubblewrap's walls, or in a bare process.

Kernel and grader talk over Unix sockets in a folder of their own, for there is no network inside.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from s2s_ref.grading.sandbox.bubblewrap import BARE, NOBODY, STAGE, WORK, environment, wrap
from s2s_ref.grading.sandbox.processes import descendants, resident, size
from s2s_ref.grading.sandbox.workspace import Room
from s2s_ref.student.remote_judge import SOCKET_VARIABLE


class BwrapProvisioner(LocalProvisioner):
    """Start a kernel behind the walls; to end it is to kill bwrap, and all inside die with it."""

    room: Room
    disturbed = False
    """Whether the kernel was ended from outside of its walls, by no doing of the submission."""

    _killed = False

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:  # noqa: ARG002
        """Start the kernel's process, and return where to reach it."""
        connection = self.room.run / "kernel.json"
        if os.geteuid() == 0:
            os.chown(connection, NOBODY, NOBODY)
        self._start(self._command(cmd), **self._surroundings())
        return self.connection_info

    def _command(self, cmd: list[str]) -> list[str]:
        room = self.room
        variables = environment() | {SOCKET_VARIABLE: str(room.socket)}
        return wrap(
            cmd,
            run=room.run,
            stage=room.stage,
            files=room.files,
            hidden=room.hidden,
            limits=room.limits,
            variables=variables,
        )

    def _surroundings(self) -> dict[str, Any]:
        return {"env": BARE, "cwd": "/"}

    def _start(self, command: list[str], **surroundings: Any) -> None:
        nowhere = subprocess.DEVNULL  # a descriptor of ours would be a way out
        self.process = subprocess.Popen(
            command,
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
            start_new_session=True,
            **surroundings,
        )
        self.pid = self.pgid = self.process.pid

    async def poll(self) -> int | None:
        """Return None as long as the kernel runs; one that takes too much is ended here."""
        if self.process and self._takes_too_much():
            self._end()
        code: int | None = await super().poll()
        if code is not None and self.process and not self._killed:
            self.disturbed = self._was_disturbed(code)
        return code

    def _was_disturbed(self, code: int) -> bool:
        """Tell whether somebody out here ended it: bwrap itself does not end by a signal."""
        return code < 0

    def _takes_too_much(self) -> bool:
        """Look at what has no limit of its own: all processes together, and the sockets' folder."""
        limits = self.room.limits
        memory = sum(resident(pid) for pid in descendants(self.pid or 0))
        return memory > 2 * limits.memory or size(self.room.run) > limits.disk

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002
        """End the kernel at once; it is over in a moment, and jupyter_client looks rarely."""
        if self.process:
            self._end()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while await self.poll() is None:
                        await asyncio.sleep(0.002)

    def _end(self) -> None:
        assert self.process
        self._killed = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    async def wait(self) -> int | None:
        """Wait until the kernel has ended."""
        while await self.poll() is None:
            await asyncio.sleep(0.005)
        code: int | None = await super().wait()
        return code


class BareProvisioner(BwrapProvisioner):
    """Start a kernel without walls, for code that is trusted; the judge still is outside."""

    def _command(self, cmd: list[str]) -> list[str]:
        return [part.replace(WORK, str(self.room.files)) for part in cmd]

    def _surroundings(self) -> dict[str, Any]:
        room = self.room
        own = {"PYTHONPATH": str(room.stage), "S2S_STATE": str(room.folder / "state")}
        inherited = {n: v for n, v in os.environ.items() if n not in environment()}
        path = {"PATH": os.environ.get("PATH", "")}
        kept = {n: v for n, v in environment().items() if v not in (STAGE, "/tmp")}
        return {
            "env": inherited | kept | path | own | {SOCKET_VARIABLE: str(room.socket)},
            "cwd": room.files,
        }

    def _was_disturbed(self, code: int) -> bool:  # noqa: ARG002
        return False  # here a signal may well be the submission's own
