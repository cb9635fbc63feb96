"""The folders made for one submission's run."""

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from s2s_ref.grading.sandbox.bubblewrap import NOBODY, Limits, open_to_nobody
from s2s_ref.grading.sandbox.stage import stage_package, write_files


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
