"""How the kernel of a submission is started: behind bubblewrap's walls, or in a bare process.

Kernel and grader talk over Unix sockets in a folder of their own, for there is no network inside.
"""

import asyncio
import atexit
import contextlib
import functools
import json
import math
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any, cast

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Type

from s2s_ref.grading.sandbox import (
    BARE,
    NOBODY,
    STAGE,
    WORK,
    Limits,
    below_tmp,
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
    """Where a submission runs: the folders made for it, and what it may use.

    `stage` holds the part of the package that may be imported.
    """

    folder: Path
    stage: Path
    hidden: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def run(self) -> Path:
        """The sockets; the only place that both sides can write to."""
        return self.folder / "run"

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
    with tempfile.TemporaryDirectory(dir=rooms(), ignore_cleanup_errors=True) as folder:
        room = Room(Path(folder), _package(lesson), hidden, limits or Limits())
        write_files(files, room.files)
        room.run.mkdir(mode=0o700)
        open_to_nobody(room.folder)
        if os.geteuid() == 0:
            os.chown(room.run, NOBODY, NOBODY)
        yield room


@functools.cache
def rooms() -> Path:
    """Return the folder of this process's rooms."""
    folder = tempfile.TemporaryDirectory(
        prefix=f"s2s-rooms-{os.getpid()}-", ignore_cleanup_errors=True
    )
    atexit.register(folder.cleanup)
    open_to_nobody(Path(folder.name))
    return Path(folder.name)


@functools.cache
def _package(lesson: int) -> Path:
    """Return the part of the package that a lesson may import, staged once."""
    folder = rooms() / f"lesson-{lesson}"
    stage_package(lesson, folder / "package")
    open_to_nobody(folder)
    return folder / "package"


def clear_leftovers() -> None:
    """Delete the rooms of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob("s2s-rooms-*-*"):
        pid = folder.name.split("-")[2]
        if not Path("/proc", pid).exists() and folder.lstat().st_uid == os.geteuid():
            shutil.rmtree(folder, ignore_errors=True)


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
        memory = sum(_resident(pid) for pid in _descendants(self.pid or 0))
        return memory > 2 * limits.memory or _size(self.room.run) > limits.disk

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
            "env": inherited | kept | path | own | {PLACE: str(room.socket)},
            "cwd": room.files,
        }

    def _was_disturbed(self, code: int) -> bool:  # noqa: ARG002
        return False  # here a signal may well be the submission's own


class ForkProvisioner(BwrapProvisioner):
    """Fork a kernel from the warm process, into walls of its own."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:  # noqa: ARG002
        """Ask for a kernel, and return where to reach it."""
        connection = self.room.run / "kernel.json"
        if os.geteuid() == 0:
            os.chown(connection, NOBODY, NOBODY)
        fork = warm_process(self.room.hidden).fork(self.room, cmd)
        self.process = cast("Any", fork)
        self.pid = self.pgid = fork.pid
        return self.connection_info

    def _takes_too_much(self) -> bool:
        """Look at all below the first process of the fork, who shares the warm one's memory."""
        limits, below = self.room.limits, list(_descendants(self.pid or 0))[1:]
        memory = sum(map(_resident, below))
        return memory > 2 * limits.memory or _size(self.room.run) > limits.disk

    def _was_disturbed(self, code: int) -> bool:
        return code == Fork.LOST

    def _end(self) -> None:
        assert self.process
        self._killed = True
        self.process.kill()


class Fork:
    """A kernel that was forked from the warm process: its watcher tells when it has ended.

    It has the form of a `subprocess.Popen`, as far as a provisioner asks.
    """

    LOST = -9999
    """The code of one whose watcher is gone without a word."""

    stdin = stdout = stderr = None

    def __init__(self, channel: socket.socket) -> None:
        """Listen to the watcher on this channel."""
        self._channel, self._said = channel, b""
        self.returncode: int | None = None
        format_ = "3i"
        size = struct.calcsize(format_)
        about = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        self.pid = struct.unpack(format_, about)[0]

    def poll(self) -> int | None:
        """Return how it ended, or None as long as it runs."""
        return self._listen(0)

    def wait(self) -> int:
        """Wait until it has ended."""
        code = self._listen(20)
        return Fork.LOST if code is None else code

    def kill(self) -> None:
        """Let the watcher end everything behind the walls."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)

    def _listen(self, seconds: float) -> int | None:
        deadline = time.monotonic() + seconds
        while self.returncode is None:
            self._channel.settimeout(max(0, deadline - time.monotonic()))
            try:
                part = self._channel.recv(4096)
            except (BlockingIOError, TimeoutError):
                return None
            except OSError:
                part = b""
            self._said += part
            if b"\n" in self._said:
                self.returncode = json.loads(self._said)["ended"]
            elif not part:
                self.returncode = Fork.LOST
        self._channel.close()
        return self.returncode


class WarmProcess:
    """A process behind bubblewrap's walls, from which kernels are forked."""

    def __init__(self, hidden: tuple[Path, ...]) -> None:
        """Start it.

        Raises:
            RuntimeError: it does not come up, or has threads, which a fork would lose.
        """
        folder = rooms() / "warm"
        script, empty = folder / "warm.py", folder / "empty"
        empty.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(__file__).with_name("warm.py"), script)
        open_to_nobody(folder)
        command = wrap(
            [sys.executable, "-P", str(script)],
            run=rooms(),
            stage=empty,
            files=empty,
            hidden=hidden,
            variables=environment() | {"PYTHONPATH": ""},
            nested=True,
        )
        self.has_forked = False
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=BARE,
            cwd="/",
            start_new_session=True,
        )
        atexit.register(self.end)
        said = self._answer(120)
        if said.get("threads") != 1:
            self.end()
            raise RuntimeError(f"the warm process did not come up: {said}")

    def _answer(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout
        assert self._process.stderr
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        line = self._process.stdout.readline() if ready else b""
        if line:
            return dict(json.loads(line))
        self._process.kill()
        said = self._process.stderr.read().decode("utf-8", "replace").strip()
        return {"failed": said.splitlines()[-1] if said else "it said nothing"}

    def runs(self) -> bool:
        """Tell whether it is still there."""
        return self._process.poll() is None

    def end(self) -> None:
        """End it, and every kernel that was forked from it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()

    def fork(self, room: Room, command: list[str]) -> Fork:
        """Fork a kernel.

        Raises:
            RuntimeError: the walls could not be put up.
        """
        limits, call = room.limits, room.folder / "call"
        request = {
            "call": str(call),
            "run": str(room.run),
            "files": str(room.files),
            "package": str(room.stage),
            "kept": list(map(str, below_tmp())),
            "places": {"package": STAGE, "work": WORK, "rooms": str(rooms())},
            "limits": {"disk": limits.disk, **limits.by_name()},
            "variables": environment() | {PLACE: str(room.socket)},
            "arguments": command[command.index("-f") :],
        }
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(call))
            call.chmod(0o666)
            listener.listen(1)
            listener.settimeout(START)
            try:
                assert self._process.stdin
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()
                channel, _ = listener.accept()
            except OSError as error:  # a broken pipe, or nobody calls
                raise RuntimeError(f"the warm process gave no answer ({error})") from error
        fork, said = Fork(channel), b""
        channel.settimeout(START)
        while not said.endswith(b"\n"):  # one line, a byte at a time: what follows is the watcher's
            if not (part := channel.recv(1)):
                raise RuntimeError("the warm process ended before the kernel began")
            said += part
        if failed := json.loads(said).get("failed"):
            raise RuntimeError(f"the walls of a fork could not be put up ({failed})")
        self.has_forked = True
        return fork


START = 30.0
"""So many seconds a fork may take to begin."""

_warm: WarmProcess | None = None


def warm_process(hidden: tuple[Path, ...]) -> WarmProcess:
    """Return this process's warm process, a new one where the last one is gone.

    Raises:
        RuntimeError: none can be had.
    """
    global _warm
    if _warm is None or not _warm.runs():
        if _warm:
            _warm.end()
        _warm = WarmProcess(hidden)
    return _warm


def fork_problem(hidden: tuple[Path, ...]) -> str:
    """Return why no kernel can be forked on this machine, or nothing."""
    if _warm and _warm.has_forked and _warm.runs():
        return ""
    try:
        with room_for(0, {}, hidden) as room:
            fork = warm_process(hidden).fork(room, ["python", "-f", str(room.run / "none.json")])
            fork.kill()
            fork.wait()
    except (RuntimeError, OSError) as error:
        return str(error)
    return ""


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
