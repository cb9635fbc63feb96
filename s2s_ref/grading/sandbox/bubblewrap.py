"""Bubblewrap's walls around a submission's kernel.

Inside there are the system's programs and this Python, read-only; the staged package; a work
folder and `/tmp` of limited size; the folder of the kernel's sockets. There is no network, no
home, no course, and no other process. bwrap makes the walls; here is only what stands where.
"""

import functools
import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534
MIB = 2**20

SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")
LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
"""Links into /usr where the system has merged them, folders of their own elsewhere."""

WORK, STAGE, FILES = "/s2s/work", "/s2s/package", "/s2s/handed-in"

BARE = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
"""The environment of bwrap itself, which those inside can read."""

WALLS = (
    "--unshare-user",
    "--unshare-ipc",
    "--unshare-pid",
    "--unshare-net",
    "--unshare-uts",
    "--unshare-cgroup-try",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
)


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    `memory` counts what one process allocates, `files` the bytes of one file, `disk` those of the
    work folder and of `/tmp` each, `seconds` the processor time of one process.
    """

    memory: int = 1536 * MIB
    processes: int = 64
    open_files: int = 256
    file_size: int = 64 * MIB
    disk: int = 64 * MIB
    seconds: int = 600

    def by_name(self) -> dict[str, int]:
        """Return the limits of a process, by their names in prlimit(1)."""
        return {
            "data": self.memory,
            "nproc": self.processes,
            "nofile": self.open_files,
            "fsize": self.file_size,
            "cpu": self.seconds,
            "core": 0,
        }

    def command(self) -> list[str]:
        """Return the program that sets the limits and then becomes another one."""
        return ["prlimit", *(f"--{name}={value}" for name, value in self.by_name().items())]


def wrap(
    command: Sequence[str],
    *,
    run: Path,
    stage: Path,
    files: Path,
    hidden: Iterable[Path] = (),
    limits: Limits | None = None,
    variables: Mapping[str, str] | None = None,
    nested: bool = False,
) -> list[str]:
    """Return the command that runs another one inside the walls.

    `run` is the folder of the sockets, at the same place inside; `stage` and `files` hold the
    package and what was handed in. What lies in the `hidden` folders is covered. `nested`: what
    runs is ours, without limits, and puts up walls of its own inside of these.
    """
    limits = limits or Limits()
    tree = _tree(run, stage, files, hidden)
    room = [
        *("--proc", "/proc"),
        *("--dev", "/dev"),
        *("--size", str(limits.disk), "--tmpfs", "/dev/shm"),
        *("--remount-ro", "/dev"),
        *("--size", str(limits.disk), "--perms", "1777", "--tmpfs", "/tmp"),
        *_python_again([Path(os.path.realpath(folder)) for folder in hidden]),
        *("--size", str(limits.disk), "--tmpfs", WORK),
        *("--bind", str(run), str(run)),
        *("--chdir", WORK),
    ]
    walls = [wall for wall in WALLS if wall != "--disable-userns" or not nested]
    walls += ["--uid", str(NOBODY), "--gid", str(NOBODY), "--hostname", "sandbox"]
    for name, value in (variables or environment()).items():
        walls += ["--setenv", name, value]
    # what was handed in is copied, so that a notebook may write into its own files
    start = ["sh", "-c", f'cp -rT {FILES} {WORK} && exec "$@"', "sh", *command]
    inside = list(command) if nested else [*limits.command(), *start]
    bwrap = _bwrap()
    if os.geteuid() != 0:
        return [str(bwrap), *tree, *walls, *room, "--", *inside]
    # Root's bwrap lays the tree, for it can read this Python wherever it lies; then nobody's bwrap
    # puts up the walls, so that no process behind them has ever been root.
    outer = [str(bwrap), "--die-with-parent", *tree, *_itself(bwrap), "--bind", "/proc", "/proc"]
    outer += ["--dev-bind", "/dev", "/dev", "--bind", str(run), str(run)]
    outer += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--"]
    drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    drop += ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--pdeathsig=KILL", "--"]
    return [*outer, *drop, str(bwrap), "--ro-bind", "/", "/", *walls, *room, "--", *inside]


def _bwrap() -> Path:
    """Return where bwrap is. Its own environment, `BARE`, may not lead there."""
    return Path(shutil.which("bwrap") or "bwrap").resolve()


def _itself(bwrap: Path) -> list[str]:
    """Bind bwrap, which root's tree needs once more, where the rest of the tree lacks it."""
    if any(bwrap.is_relative_to(folder) for folder in ("/usr", *LINKS, *_python())):
        return []
    return [*_parents(bwrap), "--ro-bind", str(bwrap), str(bwrap)]


def _tree(run: Path, stage: Path, files: Path, hidden: Iterable[Path]) -> list[str]:
    """Return the options that lay the files: the system, this Python, and what is staged."""
    options: list[str] = []
    for name in LINKS:
        if Path(name).is_symlink():
            options += ["--symlink", str(Path(name).readlink()), name]
        elif Path(name).is_dir():
            options += ["--ro-bind", name, name]
    for name in SYSTEM:
        options += ["--ro-bind-try", name, name]
    bound = [Path("/usr")]
    covered = [Path(os.path.realpath(folder)) for folder in hidden]
    options += _covers(covered, bound)
    for folder in _python():
        options += [*_parents(folder), "--ro-bind", str(folder), str(folder)]
        options += _covers(covered, [folder])
    options += _parents(Path(WORK))
    for source, place in ((stage, STAGE), (files, FILES)):
        options += ["--ro-bind", str(source), place]
    for place in ("/tmp", WORK, "/proc", "/dev"):
        options += ["--dir", place]
    return [*options, *_parents(run), "--dir", str(run)]


def below_tmp() -> list[Path]:
    """List the folders of this Python that an empty /tmp would cover."""
    return [folder for folder in _python() if folder.is_relative_to("/tmp")]


def _python_again(hidden: list[Path]) -> list[str]:
    """Lay this Python once more where it is in /tmp, as in a clone that was made to try it."""
    options: list[str] = []
    for folder in below_tmp():
        options += [*_parents(folder), "--ro-bind", str(folder), str(folder)]
        options += _covers(hidden, [folder])
    return options


def _covers(hidden: list[Path], bound: list[Path]) -> list[str]:
    """Cover the folders that lie inside of what was bound."""
    inside = [h for h in hidden if any(h.is_relative_to(b) and h != b for b in bound)]
    return [option for folder in inside for option in ("--tmpfs", str(folder))]


def _parents(folder: Path) -> list[str]:
    """Make the folders above a place for everyone; by itself bwrap makes them for its user only."""
    above = [p for p in reversed(folder.parents) if p != Path("/") and not p.is_relative_to("/usr")]
    return [option for p in above for option in ("--perms", "0755", "--dir", str(p))]


@functools.cache
def _python() -> tuple[Path, ...]:
    """List the folders of this Python and its packages."""
    folders = [Path(sys.base_prefix), Path(sys.prefix), *map(Path, site.getsitepackages())]
    if site.ENABLE_USER_SITE:
        folders.append(Path(site.getusersitepackages()))
    outside = [f for f in folders if f.is_dir() and not f.is_relative_to("/usr")]
    return tuple(
        f for i, f in enumerate(outside) if not any(f.is_relative_to(o) for o in outside[:i])
    )


def environment() -> dict[str, str]:
    """Return the variables that a kernel finds."""
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    return {
        "PATH": path,
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONPATH": STAGE,
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "S2S_STATE": "/tmp/state",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


@functools.cache
def problem() -> str:
    """Return why no sandbox can be had on this machine, with what to do, or nothing."""
    if not sys.platform.startswith("linux"):
        return "Bubblewrap runs on Linux only: grade on Linux, or in a virtual machine with it."
    programs = ["bwrap", "prlimit"] + (["setpriv"] if os.geteuid() == 0 else [])
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        return (
            f"{' and '.join(missing)} cannot be found. "
            "`sudo apt-get install bubblewrap util-linux` installs it."
        )
    with tempfile.TemporaryDirectory(prefix="s2s-") as folder:
        place = Path(folder, "place")
        place.mkdir()
        open_to_nobody(Path(folder))
        command = wrap([sys.executable, "-c", "import ctypes"], run=place, stage=place, files=place)
        try:
            tried = subprocess.run(
                command, capture_output=True, text=True, timeout=30, env=BARE, check=False
            )
        except subprocess.TimeoutExpired:
            return "A sandbox was tried on this machine, and did not come up within 30 seconds."
    if tried.returncode == 0:
        return ""
    reason = (tried.stderr.strip().splitlines() or ["it gave no reason"])[-1]
    return (
        f"Bubblewrap does not work on this machine ({reason}). It needs user namespaces and "
        "version 0.8 or later. Where the system forbids them: sudo sysctl "
        "kernel.unprivileged_userns_clone=1 (Debian), or kernel.apparmor_restrict_"
        "unprivileged_userns=0 (Ubuntu)."
    )


def open_to_nobody(folder: Path) -> None:
    """Let the user behind the walls read what lies in a folder, where that is another one."""
    if os.geteuid() != 0:
        return
    folder.chmod(0o711)
    for parent, folders, files in os.walk(folder):
        for path in (Path(parent, name) for name in (*folders, *files)):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)
