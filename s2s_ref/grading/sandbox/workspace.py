"""The folders of one submission's run."""

import atexit
import contextlib
import functools
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from s2s_ref.grading.sandbox.bubblewrap import NOBODY, open_to_nobody
from s2s_ref.grading.sandbox.limits import Limits
from s2s_ref.grading.sandbox.stage import stage_package, write_files

PREFIX = "s2s-workspaces-"
"""Begins the name of each process's folder of workspaces; its number follows."""


@dataclass(frozen=True)
class Workspace:
    """Where a submission runs, and what it may use.

    Attributes:
        folder: the folder that is made for this run and deleted after it.
        stage: the folder of the staged package, which all runs of a lesson share.
        hidden: folders of the machine that appear empty in the sandbox.
        limits: what the submission may use.
    """

    folder: Path
    stage: Path
    hidden: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def run(self) -> Path:
        """The folder of the sockets, the only one that both sides can write to."""
        return self.folder / "run"

    @property
    def files(self) -> Path:
        """The folder of the files that were handed in beside the notebook."""
        return self.folder / "files"

    @property
    def socket(self) -> Path:
        """The path of the judge's socket."""
        return self.run / "judge"


@contextlib.contextmanager
def workspace_for(
    lesson: int,
    files: Mapping[str, bytes],
    hidden: tuple[Path, ...] = (),
    limits: Limits | None = None,
) -> Iterator[Workspace]:
    """Make the workspace of a submission with these files, and delete it afterwards."""
    folder = Path(tempfile.mkdtemp(dir=workspaces()))
    try:
        workspace = Workspace(folder, _package(lesson), hidden, limits or Limits())
        write_files(files, workspace.files)
        workspace.run.mkdir(mode=0o700)
        open_to_nobody(workspace.folder)
        if os.geteuid() == 0:
            os.chown(workspace.run, NOBODY, NOBODY)
        yield workspace
    finally:
        delete(folder)


@functools.cache
def workspaces() -> Path:
    """Return the folder that holds the workspaces of this process."""
    prefix = f"{PREFIX}{os.getpid()}-"
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(delete, folder)
    open_to_nobody(folder)
    return folder


@functools.cache
def _package(lesson: int) -> Path:
    """Stage the part of the package that a lesson may import, once for each process."""
    folder = workspaces() / f"lesson-{lesson}"
    stage_package(lesson, folder / "package")
    open_to_nobody(folder)
    return folder / "package"


def clear_leftovers() -> None:
    """Delete the workspaces of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists() and folder.lstat().st_uid == os.geteuid():
            delete(folder)


def delete(folder: Path) -> None:
    """Delete a folder, however deep a submission has nested it. `shutil.rmtree` is recursive."""
    subprocess.run(["rm", "-rf", "--", str(folder)], stderr=subprocess.DEVNULL, check=False)
