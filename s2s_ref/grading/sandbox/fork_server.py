"""The fork server: it has imported what every kernel needs, and forks one for each submission.

The server runs in bubblewrap and holds no secret and no reference; it imports libraries and
computes nothing. Each kernel gets namespaces and limits of its own here. Bubblewrap separates all
of them from the machine; these namespaces separate one submission from the next.

This script runs alone, without the rest of the package. Each line of its input is a request.

    main             imports, then forks for each request
    └ start_child    makes the namespaces, reports, and watches until the kernel has ended
      └ run_init     is process 1 of the namespaces: mounts, sets limits, and waits for the kernel
        └ run_kernel becomes the kernel
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
    """Import the libraries, report the number of threads, and fork for each request."""
    for name in PRELOADED:
        with contextlib.suppress(ImportError):  # other versions of a library may lack a module
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # the garbage collector of a fork then does not copy these pages
    signal.signal(signal.SIGCHLD, reap)
    threads = len(list(Path("/proc/self/task").iterdir()))
    print(json.dumps({"threads": threads}), flush=True)
    for line in iter(sys.stdin.buffer.readline, b""):
        if os.fork() == 0:
            start_child(json.loads(line))


def reap(*_: Any) -> None:
    """Reap the children that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def start_child(request: dict[str, Any]) -> NoReturn:
    """Isolate a submission's processes from the server, start them, and watch them."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    channel = socket.socket(socket.AF_UNIX)
    try:
        channel.connect(request["call"])
        close_standard_files()
        enter_namespaces()
        init, failed = start_init(request, channel)
        channel.sendall(json.dumps({"failed": failed}).encode() + b"\n")
        watch(channel, init)
    except OSError as error:
        with contextlib.suppress(OSError):
            channel.sendall(json.dumps({"failed": str(error)}).encode() + b"\n")
    finally:
        os._exit(0)


def start_init(request: dict[str, Any], channel: socket.socket) -> tuple[int, str]:
    """Fork the first process of the namespaces; return its number, and why it failed, or ""."""
    reading, writing = os.pipe()
    init = os.fork()
    if init == 0:
        channel.close()
        os.close(reading)
        run_init(request, writing)
    os.close(writing)
    failed = os.read(reading, 4096).decode("utf-8", "replace")  # ends when all is isolated
    os.close(reading)
    return init, failed


def close_standard_files() -> None:
    """Close the pipes that lead to the grader."""
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    os.close(null)


def enter_namespaces() -> None:
    """Enter new namespaces of every kind; this user then has rights over these only."""
    user, group = os.getuid(), os.getgid()
    kinds = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC
    checked(libc.unshare(kinds | CLONE_NEWUTS | CLONE_NEWCGROUP))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    die_with_parent()


def watch(channel: socket.socket, init: int) -> None:
    """Wait until the kernel ends by itself or the grader closes the channel, and report it."""
    ended = os.pidfd_open(init)
    ready, _, _ = select.select([channel.fileno(), ended], [], [])
    if ended not in ready:
        os.kill(init, signal.SIGKILL)
    _, status = os.waitpid(init, 0)
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps({"ended": os.waitstatus_to_exitcode(status)}).encode() + b"\n")


def run_init(request: dict[str, Any], report: int) -> NoReturn:
    """Be the first process of the namespaces: isolate, fork the kernel, and reap what ends.

    An error is written to the file descriptor `report`, which is closed otherwise.
    """
    try:
        try:
            isolate(request)
        except Exception as error:
            os.write(report, f"{type(error).__name__}: {error}".encode()[:4096])
            os._exit(70)
        os.close(report)
        # The submission may not trace this process. `run_kernel` undoes this for the kernel.
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


def isolate(request: dict[str, Any]) -> None:
    """Mount what this submission may see, limit what it may use, and give up all rights."""
    die_with_parent()
    mount_files(request)
    forbid_namespaces()
    set_limits(request["limits"])
    drop_rights()
    die_with_parent()  # again, because Linux forgets it when rights change


def mount_files(request: dict[str, Any]) -> None:
    """Mount this submission's folders, and empty ones over the folders that others write to."""
    points, size = request["mount_points"], f"size={request['limits']['disk']}"
    mount("", "/", "", MS_REC | MS_PRIVATE)
    mount(request["package"], points["package"], "", MS_BIND)
    mount("", points["package"], "", MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
    mount("tmpfs", points["work"], "tmpfs", MS_NOSUID | MS_NODEV, size)
    for path in sorted(Path(request["files"]).rglob("*")):
        target = Path(points["work"]) / path.relative_to(request["files"])
        target.mkdir() if path.is_dir() else target.write_bytes(path.read_bytes())
    run = os.open(request["run"], os.O_PATH)
    kept = {name: os.open(name, os.O_PATH) for name in request["kept"]}
    for folder in ("/tmp", "/dev/shm", points["workspaces"]):
        if Path(folder).is_dir():
            mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, size)
    for name, number in {**kept, request["run"]: run}.items():
        Path(name).mkdir(parents=True, exist_ok=True)
        mount(f"/proc/self/fd/{number}", name, "", MS_BIND | MS_REC)
        os.close(number)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def forbid_namespaces() -> None:
    """Forbid new user namespaces, in which the submission would have rights again."""
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def set_limits(limits: dict[str, int]) -> None:
    """Limit what each process may use."""
    for name in ("data", "nproc", "nofile", "fsize", "cpu", "core"):
        number = getattr(resource, f"RLIMIT_{name.upper()}")
        resource.setrlimit(number, (limits[name], limits[name]))


def drop_rights() -> None:
    """Give up every right over the namespaces."""
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    checked(libc.capset(header, (ctypes.c_uint32 * 6)()))


def run_kernel(request: dict[str, Any]) -> NoReturn:
    """Become the kernel of a notebook."""
    try:
        libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        os.setsid()
        os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        os.environ.clear()
        os.environ.update(request["variables"])
        os.chdir(request["mount_points"]["work"])
        sys.path.insert(0, request["mount_points"]["package"])
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
    """End this process when its parent ends."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Call mount(2), and raise its error."""
    texts = (text.encode() for text in (source, target, kind))
    checked(libc.mount(*texts, ctypes.c_ulong(flags), data.encode() or None), target)


def checked(result: int, what: str = "") -> None:
    """Raise the error of a system call that returned one."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)} {what}".strip())


if __name__ == "__main__":
    main()
