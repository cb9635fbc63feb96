"""Start the fork server, and fork kernels from it."""

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
from typing import Any

from s2s_ref.grading.sandbox.bubblewrap import (
    BARE,
    STAGE,
    WORK,
    environment,
    open_to_nobody,
    python_below_tmp,
    wrap,
)
from s2s_ref.grading.sandbox.limits import MIB
from s2s_ref.grading.sandbox.workspace import Workspace, workspace_for, workspaces
from s2s_ref.student.remote_judge import SOCKET_VARIABLE

TIMEOUT = 30.0
"""The time that a fork may take to begin, in seconds."""


class Fork:
    """A kernel that was forked; its watcher on the other side reports how it ended.

    It has the part of `subprocess.Popen`'s interface that a provisioner uses.
    """

    LOST = -9999
    """The exit code where the watcher was lost before it could report one."""

    stdin = stdout = stderr = None

    def __init__(self, channel: socket.socket) -> None:
        """Listen to the watcher on this channel."""
        self._channel, self._received = channel, b""
        self.returncode: int | None = None
        credentials = "3i"  # pid, uid, gid
        size = struct.calcsize(credentials)
        peer = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        self.pid = struct.unpack(credentials, peer)[0]

    def poll(self) -> int | None:
        """Return the exit code, or None while the kernel runs."""
        return self._listen(0)

    def wait(self) -> int:
        """Wait until the kernel has ended, and return its exit code."""
        code = self._listen(20)
        return Fork.LOST if code is None else code

    def kill(self) -> None:
        """Tell the watcher to end every process of the kernel."""
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
            self._received += part
            if b"\n" in self._received:
                self.returncode = json.loads(self._received)["ended"]
            elif not part:
                self.returncode = Fork.LOST
        self._channel.close()
        return self.returncode


class ForkServer:
    """The fork server, which runs `fork_server.py` in bubblewrap."""

    def __init__(self, hidden: tuple[Path, ...]) -> None:
        """Start the server.

        Raises:
            RuntimeError: it does not start, or has threads, which a fork would lose.
        """
        self.has_forked = False
        self._process = subprocess.Popen(
            _server_command(hidden),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=BARE,
            cwd="/",
            start_new_session=True,
        )
        atexit.register(self.end)
        started = self._first_line(120)
        if started.get("threads") != 1:
            self.end()
            raise RuntimeError(f"the fork server did not start: {started}")

    def _first_line(self, seconds: float) -> dict[str, Any]:
        assert self._process.stdout
        assert self._process.stderr
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        line = self._process.stdout.readline() if ready else b""
        if line:
            return dict(json.loads(line))
        self._process.kill()
        errors = self._process.stderr.read().decode("utf-8", "replace").strip()
        return {"failed": errors.splitlines()[-1] if errors else "it gave no reason"}

    def runs(self) -> bool:
        """Tell whether the server still runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the server and every kernel that was forked from it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()

    def fork(self, workspace: Workspace, command: list[str]) -> Fork:
        """Fork a kernel that runs in this workspace.

        Raises:
            RuntimeError: the server is lost, or could not isolate the kernel.
        """
        call = workspace.folder / "call"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(call))
            call.chmod(0o666)
            listener.listen(1)
            listener.settimeout(TIMEOUT)
            try:
                assert self._process.stdin
                request = _request(workspace, call, command)
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                self._process.stdin.flush()
                channel, _ = listener.accept()
            except OSError as error:  # a broken pipe, or no call within the time
                raise RuntimeError(f"the fork server did not answer ({error})") from error
        fork, answer = Fork(channel), b""
        channel.settimeout(TIMEOUT)
        while not answer.endswith(b"\n"):  # byte by byte: the next line is for `fork`
            if not (part := channel.recv(1)):
                raise RuntimeError("the fork server ended before the kernel started")
            answer += part
        if failed := json.loads(answer).get("failed"):
            raise RuntimeError(f"a fork could not be isolated ({failed})")
        self.has_forked = True
        return fork


def _server_command(hidden: tuple[Path, ...]) -> list[str]:
    """Return the command of the fork server, whose script is copied to where it can be read."""
    folder = workspaces() / "fork-server"
    script, empty = folder / "fork_server.py", folder / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("fork_server.py"), script)
    open_to_nobody(folder)
    return wrap(
        [sys.executable, "-P", str(script)],
        run=workspaces(),
        stage=empty,
        files=empty,
        hidden=hidden,
        variables=environment() | {"PYTHONPATH": ""},
        nested=True,
    )


def _request(workspace: Workspace, call: Path, command: list[str]) -> dict[str, Any]:
    """Return what the fork server needs to know of a kernel: what to mount, limits, arguments."""
    limits = workspace.limits
    return {
        "call": str(call),
        "run": str(workspace.run),
        "files": str(workspace.files),
        "package": str(workspace.stage),
        "kept": list(map(str, python_below_tmp())),
        "mount_points": {"package": STAGE, "work": WORK, "workspaces": str(workspaces())},
        "limits": {"disk": limits.disk * MIB, **limits.of_a_process()},
        "variables": environment() | {SOCKET_VARIABLE: str(workspace.socket)},
        "arguments": command[command.index("-f") :],
    }


_server: ForkServer | None = None


def fork_server(hidden: tuple[Path, ...]) -> ForkServer:
    """Return the fork server of this process, a new one if the last one has ended.

    Raises:
        RuntimeError: it does not start.
    """
    global _server
    if _server is None or not _server.runs():
        if _server:
            _server.end()
        _server = ForkServer(hidden)
    return _server


def fork_problem(hidden: tuple[Path, ...]) -> str:
    """Return why no kernel can be forked on this machine, or the empty string."""
    if _server and _server.has_forked and _server.runs():
        return ""
    try:
        with workspace_for(0, {}, hidden) as workspace:
            command = ["python", "-f", str(workspace.run / "none.json")]
            fork = fork_server(hidden).fork(workspace, command)
            fork.kill()
            fork.wait()
    except (RuntimeError, OSError) as error:
        return str(error)
    return ""
