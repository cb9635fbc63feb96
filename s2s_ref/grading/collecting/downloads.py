"""The files in what a learning platform gives: folders and archives, at any depth."""

import datetime
import functools
import io
import os
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

JUNK = {"__MACOSX", ".ipynb_checkpoints", "__pycache__", "Thumbs.db", "desktop.ini"}
"""What systems and editors leave in folders; hidden files and folders too."""

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
MOST_BYTES = 2**29
"""What a file may hold. A notebook of printed output can be large, and grading drops the output."""

DEEPEST = 5
"""How many archives may lie in one another."""


@dataclass(frozen=True)
class File:
    """A file in a download.

    Attributes:
        path: where it is: the download's name, its folders and archives, the file's name, in NFC.
        modified: when it was last changed; archives and folders say so.
        read: returns its bytes, or raises ValueError with a reason.
    """

    path: PurePosixPath
    modified: datetime.datetime | None
    read: Callable[[], bytes] = field(repr=False)


@dataclass(frozen=True)
class Unreadable:
    """An archive or a link that cannot be looked into, and the reason."""

    path: PurePosixPath
    reason: str


def files_in(download: Path) -> Iterator[File | Unreadable]:
    """List the files of a download: a folder, an archive, or one file.

    Files of archives are listed as if the archive were a folder. Junk is left out.

    Raises:
        ValueError: there is no such file or folder.
    """
    if not download.exists():
        raise ValueError(f"{download} does not exist. Name the file or folder that you downloaded.")
    absolute = download.resolve()
    shown = PurePosixPath(_nfc(absolute.name))
    if absolute.is_file() and not absolute.name.lower().endswith(ARCHIVES):
        shown = PurePosixPath(_nfc(absolute.parent.name)) / shown
    yield from _look(absolute, shown)


def _look(path: Path, shown: PurePosixPath) -> Iterator[File | Unreadable]:
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        for child in sorted(path.iterdir()):
            if not _is_junk(child.name):
                yield from _look(child, shown / _nfc(child.name))
    elif not stat.S_ISREG(mode):
        yield Unreadable(shown, "it is a link or a device, not a file")
    elif path.name.lower().endswith(ARCHIVES):
        yield from _open(path, shown, 1)
    else:
        modified = datetime.datetime.fromtimestamp(path.stat().st_mtime).astimezone()
        yield File(shown, modified, lambda: _read(path))


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "rb") as file:
        return _limited(file)


def _open(
    archive: Path | io.BytesIO, shown: PurePosixPath, depth: int
) -> Iterator[File | Unreadable]:
    """List the files of an archive, and of the archives in it."""
    if depth > DEEPEST:
        yield Unreadable(shown, f"it lies in {DEEPEST} other archives. Unpack it")
        return
    listed = _zipped if shown.name.lower().endswith(".zip") else _tarred
    try:
        for file in listed(archive, shown):
            if file.path.name.lower().endswith(ARCHIVES):
                yield from _open(io.BytesIO(file.read()), file.path, depth + 1)
            else:
                yield file
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as error:
        yield Unreadable(shown, f"it cannot be unpacked ({error}). Download it again")
    except ValueError as error:
        yield Unreadable(shown, str(error))


def _zipped(archive: Path | io.BytesIO, shown: PurePosixPath) -> Iterator[File]:
    package = zipfile.ZipFile(archive)
    for entry in package.infolist():
        path = _inside(shown, _name_in_zip(entry))
        if path and not entry.is_dir():
            yield File(path, _zip_time(entry), lambda entry=entry: _from_zip(package, entry))  # type: ignore[misc]


def _from_zip(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with package.open(entry) as file:
            return _limited(file)
    except (RuntimeError, NotImplementedError) as error:  # a password, an unknown compression
        raise ValueError(f"it cannot be unpacked ({error}). Unpack it yourself") from error
    except zipfile.BadZipFile as error:
        raise ValueError(f"it is damaged ({error}). Download it again") from error


def _name_in_zip(entry: zipfile.ZipInfo) -> str:
    """Return a name in a zip. Without the mark for UTF-8, systems write what they like."""
    if entry.flag_bits & 0x800:
        return entry.filename
    raw = entry.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "cp949"):  # macOS; Korean Windows
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def _zip_time(entry: zipfile.ZipInfo) -> datetime.datetime | None:
    try:
        return datetime.datetime(*entry.date_time).astimezone()
    except ValueError:
        return None


def _tarred(archive: Path | io.BytesIO, shown: PurePosixPath) -> Iterator[File]:
    source = io.BytesIO(archive.read_bytes()) if isinstance(archive, Path) else archive
    with tarfile.open(fileobj=source) as package:
        for entry in package:
            path = _inside(shown, entry.name)
            if path and entry.isfile() and (file := package.extractfile(entry)):
                modified = datetime.datetime.fromtimestamp(entry.mtime).astimezone()
                data = file.read(MOST_BYTES + 1)
                yield File(path, modified, functools.partial(_checked, data))


def _inside(archive: PurePosixPath, name: str) -> PurePosixPath | None:
    """Return the path of a file in an archive; None for junk and for paths that lead outside."""
    parts = [p for p in _nfc(name).replace("\\", "/").split("/") if p not in ("", ".")]
    return None if not parts or any(map(_is_junk, parts)) else archive.joinpath(*parts)


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name in JUNK


def _limited(file: IO[bytes]) -> bytes:
    """Read a file that is not too large."""
    return _checked(file.read(MOST_BYTES + 1))


def _checked(data: bytes) -> bytes:
    if len(data) > MOST_BYTES:
        raise ValueError(f"it holds more than {MOST_BYTES // 2**20} MiB. Clear its outputs")
    return data


def _nfc(name: str) -> str:
    return unicodedata.normalize("NFC", name)
