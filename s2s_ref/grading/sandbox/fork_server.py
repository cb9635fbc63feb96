"""The warm process: it has imported what every kernel imports, and forks one for each submission.

It is started behind bubblewrap's walls, without a secret, a reference or a thought of its own: it
imports, and never computes. Each kernel is forked from it into walls of its own, made here: a user,
a network, processes, mounts and limits for this submission alone. To the machine all of them are
what is in bubblewrap; these walls stand between one submission and the next.

This file runs by itself: nothing else of the package is in there. It reads one request a line.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import resource
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

PRELOADED = (
    "torch",
    "torch.nn.utils.rnn",
    "jaxtyping",
    "safetensors.torch",
    "sacrebleu",
    "platformdirs",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "sqlite3",
    "stack_data",
    "executing",
    "pygments.lexers.python",
    "pygments.formatters.terminal256",
    "IPython.core.completerlib",
    "IPython.core.ultratb",
    "IPython.extensions.storemagic",
    "IPython.core.magics",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "ipykernel.pylab.backend_inline",
    "comm",
    "importlib.metadata",
    "multiprocessing",
    "concurrent.futures.thread",
)

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Import, say so, and fork a kernel for each request."""
    for name in PRELOADED:
        with contextlib.suppress(ImportError):  # a library that another version has no more
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # so that a fork's collector leaves these pages alone
    signal.signal(signal.SIGCHLD, reap)
    threads = len(list(Path("/proc/self/task").iterdir()))
    print(json.dumps({"threads": threads}), flush=True)
    for line in iter(sys.stdin.buffer.readline, b""):
        if os.fork() == 0:
            born(json.loads(line))


def reap(*_: Any) -> None:
    """Take leave of the children that ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def born(request: dict[str, Any]) -> NoReturn:
    """Begin a submission's own process: go behind its walls, and watch over what happens there."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    channel = socket.socket(socket.AF_UNIX)
    try:
        channel.connect(request["call"])
        close_standard_files()
        enter_namespaces()
        told, tell = os.pipe()
        first = os.fork()
        if first == 0:
            channel.close()
            os.close(told)
            be_first(request, tell)
        os.close(tell)
        failed = os.read(told, 4096).decode("utf-8", "replace")  # at its end, the walls stand
        os.close(told)
        channel.sendall(json.dumps({"failed": failed}).encode() + b"\n")
        watch(channel, first)
    except OSError as error:
        with contextlib.suppress(OSError):
            channel.sendall(json.dumps({"failed": str(error)}).encode() + b"\n")
    finally:
        os._exit(0)


def close_standard_files() -> None:
    """Let go of the pipes that lead to whoever grades."""
    nowhere = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


def enter_namespaces() -> None:
    """Leave everything that others can see: this is a user with rights over nothing but itself."""
    user, group = os.getuid(), os.getgid()
    everything = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC
    checked(libc.unshare(everything | CLONE_NEWUTS | CLONE_NEWCGROUP))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    die_with_parent()


def watch(channel: socket.socket, first: int) -> None:
    """Wait until all is over: the kernel has ended, or whoever asked for it wants it to end."""
    ended = os.pidfd_open(first)
    ready, _, _ = select.select([channel.fileno(), ended], [], [])
    if ended not in ready:
        os.kill(first, signal.SIGKILL)
    _, status = os.waitpid(first, 0)
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps({"ended": os.waitstatus_to_exitcode(status)}).encode() + b"\n")


def be_first(request: dict[str, Any], tell: int) -> NoReturn:
    """Be the first process in there: put up the walls, fork the kernel, and reap what ends."""
    try:
        try:
            die_with_parent()
            lay_files(request)
            forbid_namespaces()
            set_limits(request["limits"])
            drop_rights()
            die_with_parent()  # which the kernel forgets when rights change
        except Exception as error:
            os.write(tell, f"{type(error).__name__}: {error}".encode()[:4096])
            os._exit(70)
        os.close(tell)
        # nobody in there looks into this process; the kernel itself may be looked into
        libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        kernel = os.fork()
        if kernel == 0:
            run_kernel(request)
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == kernel:
                os._exit(abs(os.waitstatus_to_exitcode(status)))
    finally:
        os._exit(70)


def lay_files(request: dict[str, Any]) -> None:
    """Mount this submission's folders, and empty ones in place of those that others write to."""
    places, sizes = request["places"], f"size={request['limits']['disk']}"
    mount("", "/", "", MS_REC | MS_PRIVATE)
    mount(request["package"], places["package"], "", MS_BIND)
    mount("", places["package"], "", MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
    mount("tmpfs", places["work"], "tmpfs", MS_NOSUID | MS_NODEV, sizes)
    for path in sorted(Path(request["files"]).rglob("*")):
        target = Path(places["work"]) / path.relative_to(request["files"])
        target.mkdir() if path.is_dir() else target.write_bytes(path.read_bytes())
    run = os.open(request["run"], os.O_PATH)
    kept = {name: os.open(name, os.O_PATH) for name in request["kept"]}
    for place in ("/tmp", "/dev/shm", places["rooms"]):
        if Path(place).is_dir():
            mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, sizes)
    for name, number in {**kept, request["run"]: run}.items():
        Path(name).mkdir(parents=True, exist_ok=True)
        mount(f"/proc/self/fd/{number}", name, "", MS_BIND | MS_REC)
        os.close(number)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def forbid_namespaces() -> None:
    """Let nobody in here make a user namespace, in which he would have rights again."""
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def set_limits(limits: dict[str, int]) -> None:
    """Limit what a process may use."""
    for name in ("data", "nproc", "nofile", "fsize", "cpu", "core"):
        number = getattr(resource, f"RLIMIT_{name.upper()}")
        resource.setrlimit(number, (limits[name], limits[name]))


def drop_rights() -> None:
    """Give up every right over the walls."""
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    checked(libc.capset(header, (ctypes.c_uint32 * 6)()))


def run_kernel(request: dict[str, Any]) -> NoReturn:
    """Be the kernel of a notebook."""
    try:
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        os.setsid()
        os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        os.environ.clear()
        os.environ.update(request["variables"])
        os.chdir(request["places"]["work"])
        sys.path.insert(0, request["places"]["package"])
        sys.argv = ["kernel"]
        random.seed()
        sys.modules["numpy"].random.seed()
        for number in range(1, 32):
            if signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN, None):
                signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance(argv=request["arguments"])
    finally:
        os._exit(0)


def die_with_parent() -> None:
    """End when the process above this one ends."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount, or raise."""
    texts = (text.encode() for text in (source, target, kind))
    checked(libc.mount(*texts, ctypes.c_ulong(flags), data.encode() or None), target)


def checked(result: int, what: str = "") -> None:
    """Raise what the system says went wrong."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)} {what}".strip())


if __name__ == "__main__":
    main()
