"""Write files and folders whole or not at all.

The data goes into a hidden file beside the target, which takes the target's name when it is
complete. Whatever interrupts this, even a full disk or a power cut, the target is the old file or
the new one, never a part of either.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, data: bytes | str) -> None:
    """Replace a file's contents, or create it and its folder; text is written as UTF-8.

    An existing file keeps its permissions, and a link still points to the same file.
    """
    with open_whole(path) as file:
        file.write(data.encode("utf-8") if isinstance(data, str) else data)


def write_once(path: Path, data: bytes) -> None:
    """Create a file that only its owner may read, unless there is one already.

    Of several processes that do this at the same time, the first one decides what it holds.
    """
    with _part_of(path, 0o600) as part, part.open("wb") as file:
        file.write(data)
        _flush(file)
        with contextlib.suppress(FileExistsError):
            os.link(part, path)


@contextlib.contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing; it replaces the one at `path` when the block ends without an error.

    Until then, the data is in another file, whose path is the `name` of the opened one.
    """
    target = Path(os.path.realpath(path))
    with _part_of(target, 0o666) as part:
        with part.open("wb") as file:
            yield file
            _flush(file)
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        part.replace(target)


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Fill a hidden folder, which is renamed to `path` when the block ends without an error.

    What an earlier failure left in it is deleted first.
    """
    part = path.with_name(f".{path.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    yield part
    part.rename(path)


@contextlib.contextmanager
def _part_of(target: Path, mode: int) -> Iterator[Path]:
    """Create an empty file beside the target, and remove it afterwards where it is still there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".part-{secrets.token_hex(8)}")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _flush(file: BinaryIO) -> None:
    """Write everything to the disk before the file takes another one's name."""
    file.flush()
    os.fsync(file.fileno())
