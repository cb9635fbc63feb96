"""Fork kernels from a warm process."""

import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

from s2s_ref.grading.sandbox.bubblewrap import (
    BARE,
    NOBODY,
    STAGE,
    WORK,
    below_tmp,
    environment,
    open_to_nobody,
    wrap,
)
from s2s_ref.grading.sandbox.processes import descendants, resident, size
from s2s_ref.grading.sandbox.provisioners import BwrapProvisioner
from s2s_ref.grading.sandbox.workspace import Room, room_for, rooms
from s2s_ref.student.remote_judge import SOCKET_VARIABLE


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
        limits, below = self.room.limits, list(descendants(self.pid or 0))[1:]
        memory = sum(map(resident, below))
        return memory > 2 * limits.memory or size(self.room.run) > limits.disk

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
        shutil.copyfile(Path(__file__).with_name("fork_server.py"), script)
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
            "variables": environment() | {SOCKET_VARIABLE: str(room.socket)},
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
