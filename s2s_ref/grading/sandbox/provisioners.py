"""Start and end the kernel of a submission: in bubblewrap, by a fork, or without isolation.

Kernel and grader communicate over Unix sockets in the workspace, because the sandbox has no
network.
"""

import asyncio
import contextlib
import itertools
import math
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from s2s_ref.grading.sandbox.bubblewrap import BARE, NOBODY, STAGE, WORK, environment, wrap
from s2s_ref.grading.sandbox.fork_client import fork_server
from s2s_ref.grading.sandbox.limits import MIB
from s2s_ref.grading.sandbox.workspace import Workspace
from s2s_ref.student.remote_judge import SOCKET_VARIABLE


class BwrapProvisioner(LocalProvisioner):
    """Start a kernel in bubblewrap. When bwrap is killed, every process inside dies with it."""

    workspace: Workspace
    ended_from_outside = False
    """Whether something other than the submission or this class ended the kernel."""

    _killed = False

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:  # noqa: ARG002
        """Start the kernel's process, and return how to connect to it."""
        if os.geteuid() == 0:
            os.chown(self.workspace.run / "kernel.json", NOBODY, NOBODY)
        self._start(cmd)
        assert self.process
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    def _start(self, cmd: list[str]) -> None:
        workspace = self.workspace
        command = wrap(
            cmd,
            run=workspace.run,
            stage=workspace.stage,
            files=workspace.files,
            hidden=workspace.hidden,
            limits=workspace.limits,
            variables=environment() | {SOCKET_VARIABLE: str(workspace.socket)},
        )
        self._popen(command, env=BARE, cwd="/")

    def _popen(self, command: list[str], **options: Any) -> None:
        """Start a process that inherits none of our open files, which it could misuse."""
        null = subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, stdin=null, stdout=null, stderr=null, start_new_session=True, **options
        )

    async def poll(self) -> int | None:
        """Return the exit code, or None while the kernel runs; end one that uses too much."""
        if self.process and self._uses_too_much():
            self._end()
        code: int | None = await super().poll()
        if code is not None and self.process and not self._killed:
            self.ended_from_outside = self._ended_from_outside(code)
        return code

    def _ended_from_outside(self, code: int) -> bool:
        """Tell by the exit code. bwrap ends by a signal only if the signal came from outside."""
        return code < 0

    def _uses_too_much(self) -> bool:
        """Look at what prlimit cannot: the memory of all processes, and the sockets' folder."""
        limits = self.workspace.limits
        memory = sum(resident(pid) for pid in self._processes())
        return memory > 2 * limits.memory * MIB or size(self.workspace.run) > limits.disk * MIB

    def _processes(self) -> Iterator[int]:
        return descendants(self.pid or 0)

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002
        """End the kernel and wait for its end, polling more often than jupyter_client does."""
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


class ForkProvisioner(BwrapProvisioner):
    """Fork a kernel from the fork server, which isolates it."""

    def _start(self, cmd: list[str]) -> None:
        fork = fork_server(self.workspace.hidden).fork(self.workspace, cmd)
        self.process = cast("Any", fork)

    def _processes(self) -> Iterator[int]:
        """Leave out the first process of the fork, whose memory is the server's."""
        return itertools.islice(super()._processes(), 1, None)

    def _ended_from_outside(self, code: int) -> bool:
        """Tell by the exit code of the namespace's first process.

        A submission cannot end that one by a signal. When the fork server is killed, the system
        ends it and its watcher in any order, so the watcher may still report the signal.
        """
        return code < 0

    def _end(self) -> None:
        assert self.process
        self._killed = True
        self.process.kill()


class BareProvisioner(BwrapProvisioner):
    """Start a kernel without isolation, for trusted code; the judge still is another process."""

    def _start(self, cmd: list[str]) -> None:
        workspace = self.workspace
        own = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(workspace.stage),
            "S2S_STATE": str(workspace.folder / "state"),
            SOCKET_VARIABLE: str(workspace.socket),
        }
        general = {n: v for n, v in environment().items() if v not in (STAGE, "/tmp")}
        inherited = {n: v for n, v in os.environ.items() if n not in environment()}
        command = [part.replace(WORK, str(workspace.files)) for part in cmd]
        self._popen(command, env=inherited | general | own, cwd=workspace.files)

    def _ended_from_outside(self, code: int) -> bool:  # noqa: ARG002
        return False  # without a sandbox, a submission can end itself by a signal


PROVISIONERS = {"bwrap": BwrapProvisioner, "fork": ForkProvisioner, "unsafe": BareProvisioner}
"""How a kernel is started, by the job's `isolation`."""


def descendants(pid: int) -> Iterator[int]:
    """List the processes below one, as far as they are visible."""
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                yield child
                yield from descendants(child)


def resident(pid: int) -> int:
    """Return the resident memory of a process in bytes; 0 if it has ended."""
    with contextlib.suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def size(folder: Path) -> float:
    """Return the bytes that a folder takes; every entry, even an empty one, takes some.

    What cannot be counted, because its path is too long, is infinitely large.
    """
    total, folders = 0, [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    total += 4096 + entry.stat(follow_symlinks=False).st_size
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
        except FileNotFoundError:  # deleted meanwhile
            continue
        except OSError:
            return math.inf
    return total
