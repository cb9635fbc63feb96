"""How the kernel of a submission is started: behind bubblewrap's walls, or in a bare process.

Kernel and grader talk over Unix sockets in a folder of their own, for there is no network inside.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from s2s_ref.grading.sandbox import (
    BARE,
    NOBODY,
    STAGE,
    WORK,
    Limits,
    environment,
    open_to_nobody,
    wrap,
)
from s2s_ref.grading.stage import stage_package, write_files
from s2s_ref.student.channel import PLACE

LARGEST_MESSAGE = 16 * 2**20
"""A kernel that sends more at once is cut off."""


@dataclass(frozen=True)
class Room:
    """Where a submission runs: the folders made for it, and what it may use."""

    folder: Path
    hidden: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def run(self) -> Path:
        """The sockets; the only place that both sides can write to."""
        return self.folder / "run"

    @property
    def stage(self) -> Path:
        """The part of the package that may be imported."""
        return self.folder / "package"

    @property
    def files(self) -> Path:
        """What was handed in beside the notebook."""
        return self.folder / "files"

    @property
    def socket(self) -> Path:
        """Where the judge listens."""
        return self.run / "judge"


@contextlib.contextmanager
def room_for(
    lesson: int,
    files: Mapping[str, bytes],
    hidden: tuple[Path, ...] = (),
    limits: Limits | None = None,
) -> Iterator[Room]:
    """Make a room for a submission and its files, and clear it away afterwards."""
    name = f"s2s-room-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=name, ignore_cleanup_errors=True) as folder:
        room = Room(Path(folder), hidden, limits or Limits())
        stage_package(lesson, room.stage)
        write_files(files, room.files)
        room.run.mkdir(mode=0o700)
        open_to_nobody(room.folder)
        if os.geteuid() == 0:
            os.chown(room.run, NOBODY, NOBODY)
        yield room


def clear_leftovers() -> None:
    """Delete the rooms of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob("s2s-room-*-*"):
        pid = folder.name.split("-")[2]
        if not Path("/proc", pid).exists() and folder.lstat().st_uid == os.geteuid():
            shutil.rmtree(folder, ignore_errors=True)


class BwrapProvisioner(LocalProvisioner):
    """Start a kernel behind the walls; to end it is to kill bwrap, and all inside die with it."""

    room: Room

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:  # noqa: ARG002
        """Start the kernel's process, and return where to reach it."""
        connection = self.room.run / "kernel.json"
        if os.geteuid() == 0:
            os.chown(connection, NOBODY, NOBODY)
        self._start(self._command(cmd), **self._surroundings())
        return self.connection_info

    def _command(self, cmd: list[str]) -> list[str]:
        room = self.room
        variables = environment() | {PLACE: str(room.socket)}
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
            await self.kill()
        return await super().poll()

    def _takes_too_much(self) -> bool:
        """Look at what has no limit of its own: all processes together, and the sockets' folder."""
        limits = self.room.limits
        memory = sum(_resident(pid) for pid in _descendants(self.pid or 0))
        return memory > 2 * limits.memory or _size(self.room.run) > limits.disk

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002
        """End the kernel at once."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


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
            "env": inherited | kept | path | own | {PLACE: str(room.socket)},
            "cwd": room.files,
        }


PROVISIONERS = {"bwrap": BwrapProvisioner, "unsafe": BareProvisioner}
"""The ways to start a kernel."""


class RoomManager(AsyncKernelManager):
    """nbclient's kernel manager for one submission in its room."""

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

    def client(self, **options: Any) -> Any:
        """Make a client that reads no message above a size."""
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        return super().client(context=context, **options)


def _descendants(pid: int) -> Iterator[int]:
    """List the processes below one, as far as they can be seen."""
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                yield child
                yield from _descendants(child)


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def _size(folder: Path) -> int:
    """Return what a folder takes; a file that holds nothing counts too."""
    with contextlib.suppress(OSError):
        return sum(4096 + entry.lstat().st_size for entry in folder.rglob("*"))
    return 0
