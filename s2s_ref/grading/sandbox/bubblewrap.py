"""The sandbox around a submission's kernel, made by bubblewrap.

Inside, there are the system's programs and this Python, read-only; the staged package; a work
folder and `/tmp` of limited size; and the folder of the kernel's sockets. There is no network, no
home, no course and no other process. bwrap isolates; this module says what is mounted where.
"""

import functools
import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from s2s_ref.grading.sandbox.limits import MIB, Limits

NOBODY = 65534
"""The user and the group of all processes in the sandbox."""

SYSTEM = ("/usr", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")
LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
"""Links into /usr on most systems, and folders on others."""

WORK, STAGE, FILES = "/s2s/work", "/s2s/package", "/s2s/handed-in"
"""Inside: the kernel's current folder, the staged package, and the files that were handed in."""

BARE = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
"""The environment of bwrap itself, which a submission can read."""

SEPARATE = (
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
    """Return the command that runs another one in the sandbox.

    Args:
        command: the command to run.
        run: the folder of the sockets, which has the same path inside.
        stage: the folder of the staged package.
        files: the folder of the files that were handed in.
        hidden: folders that appear empty inside.
        limits: what the command may use.
        variables: the environment of the command, `environment()` by default.
        nested: run the fork server, which has no limits and makes sandboxes inside this one.
    """
    limits = limits or Limits()
    hidden = [Path(os.path.realpath(folder)) for folder in hidden]
    bwrap, tree = _bwrap(), _tree(run, stage, files, hidden)
    options = [*_namespaces(nested), *_writable_folders(run, hidden, limits)]
    for name, value in (variables or environment()).items():
        options += ["--setenv", name, value]
    if not nested:
        # The files are copied, so that a notebook may change them.
        copy = f'cp -rT {FILES} {WORK} && exec "$@"'
        command = [*_prlimit(limits), "sh", "-c", copy, "sh", *command]
    if os.geteuid() != 0:
        return [bwrap, *tree, *options, "--", *command]
    # Root's bwrap mounts the tree, because it can read this Python wherever it is installed. In
    # there, bwrap runs again as nobody, so that no process of the sandbox has ever been root.
    tree_by_root = [bwrap, "--die-with-parent", *tree, *_bwrap_again(bwrap), *_for_inner_bwrap(run)]
    return [*tree_by_root, bwrap, "--ro-bind", "/", "/", *options, "--", *command]


def _bwrap() -> str:
    """Return the path of bwrap. The PATH in its own environment, `BARE`, may not lead there."""
    return str(Path(shutil.which("bwrap") or "bwrap").resolve())


def _namespaces(nested: bool) -> list[str]:
    """Return the options that separate the sandbox from the system, in the role of nobody."""
    separate = [option for option in SEPARATE if option != "--disable-userns" or not nested]
    return [*separate, "--uid", str(NOBODY), "--gid", str(NOBODY), "--hostname", "sandbox"]


def _writable_folders(run: Path, hidden: list[Path], limits: Limits) -> list[str]:
    """Return the options that mount /proc, /dev and the folders that can be written to."""
    size = ("--size", str(limits.disk * MIB))
    return [
        *("--proc", "/proc"),
        *("--dev", "/dev"),
        *(*size, "--tmpfs", "/dev/shm"),
        *("--remount-ro", "/dev"),
        *(*size, "--perms", "1777", "--tmpfs", "/tmp"),
        *_bind(python_below_tmp(), hidden),  # which the empty /tmp covers
        *(*size, "--tmpfs", WORK),
        *("--bind", str(run), str(run)),
        *("--chdir", WORK),
    ]


def _prlimit(limits: Limits) -> list[str]:
    """Return the command that sets the limits and then becomes another command."""
    return ["prlimit", *(f"--{name}={value}" for name, value in limits.of_a_process().items())]


def _for_inner_bwrap(run: Path) -> list[str]:
    """Return what root's bwrap mounts for the inner one, and how that drops root's rights."""
    return [
        *("--bind", "/proc", "/proc"),
        *("--dev-bind", "/dev", "/dev"),
        *("--bind", str(run), str(run)),
        *("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--"),
        *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
        *("--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--pdeathsig=KILL", "--"),
    ]


def _bwrap_again(bwrap: str) -> list[str]:
    """Bind bwrap for the inner one, where the tree does not hold it yet."""
    path = Path(bwrap)
    if any(path.is_relative_to(folder) for folder in ("/usr", *LINKS, *map(str, _python()))):
        return []
    return [*_parents(path), "--ro-bind", bwrap, bwrap]


def _tree(run: Path, stage: Path, files: Path, hidden: list[Path]) -> list[str]:
    """Return the options that mount the system, this Python, the package and the files."""
    options: list[str] = []
    for name in LINKS:
        if Path(name).is_symlink():
            options += ["--symlink", str(Path(name).readlink()), name]
        elif Path(name).is_dir():
            options += ["--ro-bind", name, name]
    for name in SYSTEM:
        options += ["--ro-bind-try", name, name]
    options += _hide(hidden, Path("/usr"))
    options += _bind(_python(), hidden)
    options += _parents(Path(WORK))
    for source, target in ((stage, STAGE), (files, FILES)):
        options += ["--ro-bind", str(source), target]
    for folder in ("/tmp", WORK, "/proc", "/dev"):
        options += ["--dir", folder]
    return [*options, *_parents(run), "--dir", str(run)]


def _bind(folders: Iterable[Path], hidden: list[Path]) -> list[str]:
    """Bind folders read-only at their own paths, without what is hidden in them."""
    options: list[str] = []
    for folder in folders:
        options += [*_parents(folder), "--ro-bind", str(folder), str(folder)]
        options += _hide(hidden, folder)
    return options


def _hide(hidden: list[Path], bound: Path) -> list[str]:
    """Mount an empty folder over each hidden one below a folder that was bound."""
    inside = [folder for folder in hidden if folder.is_relative_to(bound) and folder != bound]
    return [option for folder in inside for option in ("--tmpfs", str(folder))]


def _parents(folder: Path) -> list[str]:
    """Make the folders above one readable by everyone; bwrap makes them for its user only."""
    above = [p for p in reversed(folder.parents) if p != Path("/") and not p.is_relative_to("/usr")]
    return [option for p in above for option in ("--perms", "0755", "--dir", str(p))]


def python_below_tmp() -> list[Path]:
    """List the folders of this Python that are below /tmp, as in a temporary environment."""
    return [folder for folder in _python() if folder.is_relative_to("/tmp")]


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
    """Return the environment of a kernel."""
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
    """Return why this machine cannot run a sandbox and what to do, or the empty string."""
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
        empty = Path(folder, "empty")
        empty.mkdir()
        open_to_nobody(Path(folder))
        command = wrap([sys.executable, "-c", "import ctypes"], run=empty, stage=empty, files=empty)
        try:
            trial = subprocess.run(
                command, capture_output=True, text=True, timeout=30, env=BARE, check=False
            )
        except subprocess.TimeoutExpired:
            return "A sandbox did not start on this machine within 30 seconds."
    if trial.returncode == 0:
        return ""
    reason = (trial.stderr.strip().splitlines() or ["it gave no reason"])[-1]
    return (
        f"Bubblewrap does not work on this machine ({reason}). It needs user namespaces and "
        "version 0.8 or later. Where the system forbids them: sudo sysctl "
        "kernel.unprivileged_userns_clone=1 (Debian), or kernel.apparmor_restrict_"
        "unprivileged_userns=0 (Ubuntu)."
    )


def open_to_nobody(folder: Path) -> None:
    """Let the sandbox's user read a folder. Only root has another user there."""
    if os.geteuid() != 0:
        return
    folder.chmod(0o711)
    for parent, folders, files in os.walk(folder):
        for path in (Path(parent, name) for name in (*folders, *files)):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)
