"""Download datasets by name into a cache, with mirrors and checksums.

The built-in corpora need no download. A dataset with a pinned `sha256` is accepted only with that
checksum. The manythings.org files are *not* pinned, because upstream sometimes replaces them under
the same name. Their checksum is recorded beside the file, and a later download with another one is
refused without `refresh=True`. So the data of a running class does not change unnoticed.
"""

import contextlib
import hashlib
import http.client
import json
import os
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import platformdirs

from s2s_ref import __version__
from s2s_ref.whole_files import open_whole

TIMEOUT = 20  # seconds without an answer before the next mirror is tried
MAX_BYTES = 500_000_000  # a larger answer is not one of these files
CHUNK = 1 << 16
# manythings.org answers 406 to urllib's own name.
USER_AGENT = f"Mozilla/5.0 (compatible; seq2seq-course/{__version__})"


class DownloadError(ValueError):
    """A dataset could not be downloaded, or is not what was expected."""


class _Refused(Exception):
    """The answer of one mirror is not acceptable; the next mirror may have a better one."""


@dataclass(frozen=True)
class Download:
    """A dataset that can be downloaded by name.

    Attributes:
        name: the name for `download`.
        urls: the addresses of the file, in the order in which they are tried.
        what: one line for lists.
        pairs: roughly how many sentence pairs it holds.
        licence: the data's licence.
        source: where to read about it.
        version: which edition of the file this is.
        sha256: the only checksum accepted, or None where upstream changes its file.
        size: expected bytes, for the progress bar if the server does not report it.
    """

    name: str
    urls: tuple[str, ...]
    what: str
    pairs: str
    licence: str
    source: str
    version: str
    sha256: str | None = None
    size: int | None = None

    @property
    def file(self) -> str:
        """Name of the file in the cache."""
        return self.urls[0].rsplit("/", 1)[-1]


def _tatoeba(code: str, language: str, pairs: str, *mirrors: str) -> Download:
    return Download(
        name=f"tatoeba-{code}",
        urls=(f"https://www.manythings.org/anki/{code}-eng.zip", *mirrors),
        what=f"{language}–English sentences people wrote and translated on Tatoeba",
        pairs=pairs,
        licence="CC-BY 2.0 (France), attribution on each line",
        source="https://www.manythings.org/anki/",
        version="as upstream or a mirror serves it, dated in the zip's _about.txt; not pinned",
    )


_ARCHIVE = "https://web.archive.org/web/2021id_/https://www.manythings.org/anki/"
_TENSORFLOW = "https://storage.googleapis.com/download.tensorflow.org/data/"
DOWNLOADS: dict[str, Download] = {
    entry.name: entry
    for entry in (
        _tatoeba("kor", "Korean", "about 6,000", f"{_ARCHIVE}kor-eng.zip"),
        _tatoeba("fra", "French", "about 200,000", f"{_TENSORFLOW}fra-eng.zip"),
    )
}


def cache_dir() -> Path:
    """Return the folder for downloaded files: `S2S_CACHE`, or the user's cache folder."""
    override = os.environ.get("S2S_CACHE")
    return (
        Path(override).expanduser() if override else platformdirs.user_cache_path("seq2seq-course")
    )


def download(name: str, *, refresh: bool = False, progress: bool = True) -> Path:
    """Download the dataset `name` once, and return its file; later calls need no network.

    Args:
        name: a key of `DOWNLOADS`.
        refresh: download again even if the file is in the cache, and accept a file that differs
            from the recorded one. The old file stays until the new one is complete.
        progress: show a progress bar.

    Raises:
        DownloadError: the name is unknown, no mirror has a good file, or the cached file differs
            from the recorded one. The message says how to continue.
    """
    if name not in DOWNLOADS:
        raise DownloadError(
            f"There is no download called {name!r}. Choose one of: {', '.join(DOWNLOADS)}."
        )
    return fetch(DOWNLOADS[name], refresh=refresh, progress=progress)


def fetch(entry: Download, *, refresh: bool = False, progress: bool = True) -> Path:
    """Download `entry` into the cache; see `download`, which finds the entry by its name."""
    target = cache_dir() / entry.file
    if target.is_file() and not refresh:
        _check_cached(entry, target)
        return target
    known = None if refresh else _read_record(target).get("sha256")
    failures = []
    for url in entry.urls:
        try:
            with _open_in_cache(target) as half:
                digest = _receive(url, half, entry, progress)
                _check_zip(Path(half.name))
                _check_digest(digest, entry.sha256, known)
            target.chmod(0o644)  # a class may share one cache
            _write_record(target, url, digest)
            if progress and url != entry.urls[0]:
                _tell_mirror(entry, target, url)
            return target
        except (OSError, http.client.HTTPException, _Refused) as error:
            failures.append(f"  {url}: {_reason(error)}")
    raise DownloadError(_no_mirror(entry, target, failures))


def _tell_mirror(entry: Download, target: Path, url: str) -> None:
    """Print which edition was downloaded; an unpinned mirror may not have the latest one."""
    edition = _version_inside(target) or entry.version
    print(f"{entry.name} came from the mirror {url} (edition: {edition}).", file=sys.stderr)


def _no_mirror(entry: Download, target: Path, failures: list[str]) -> str:
    return "\n".join(
        [
            f"{entry.name} could not be downloaded:",
            *failures,
            "Any one of these helps:",
            f"  - check the network and try again: s2s data get {entry.name}",
            f"  - open {entry.urls[0]} in a browser and put the file at {target}",
            '  - pass the path of a tab-separated file of your own: load("PATH/TO/FILE.txt")',
        ]
    )


@contextlib.contextmanager
def _open_in_cache(target: Path) -> Iterator[BinaryIO]:
    """Open a file of the cache for writing; see `open_whole`."""
    with contextlib.ExitStack() as stack:
        try:
            half = stack.enter_context(open_whole(target))
        except OSError as error:
            raise DownloadError(
                f"The cache folder {target.parent} cannot be written ({_reason(error)}). "
                "Name another in the environment variable S2S_CACHE."
            ) from error
        yield half


def _receive(url: str, out: BinaryIO, entry: Download, progress: bool) -> str:
    """Write what `url` answers to `out`; return its SHA-256."""
    from tqdm.auto import tqdm

    request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})
    digest, received = hashlib.sha256(), 0
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        promised = int(answer.headers.get("Content-Length") or 0)
        with tqdm(
            total=promised or entry.size,
            desc=entry.file,
            unit="B",
            unit_scale=True,
            unit_divisor=1024,
            disable=not progress,
        ) as bar:
            while chunk := answer.read(CHUNK):
                received += len(chunk)
                if received > MAX_BYTES:
                    raise _Refused(f"the answer is larger than {MAX_BYTES:,} bytes")
                out.write(chunk)
                digest.update(chunk)
                bar.update(len(chunk))
    out.flush()
    if promised and received != promised:
        raise _Refused(f"cut off after {received:,} of {promised:,} bytes")
    return digest.hexdigest()


def _check_zip(path: Path) -> None:
    """Refuse anything but a zip file, such as an error page of a proxy."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except zipfile.BadZipFile:
        with path.open("rb") as file:
            start = file.read(40)
        raise _Refused(f"the answer is not a zip file; it begins with {start!r}") from None
    if damaged is not None:
        raise _Refused(f"{damaged} in the zip file is damaged")


def _check_digest(digest: str, pinned: str | None, known: str | None) -> None:
    """Compare with the pinned checksum, or else with the one recorded at an earlier download."""
    if pinned is not None and digest != pinned:
        raise _Refused(
            f"the checksum differs: expected sha256 {pinned}, got {digest}. "
            "Upstream has probably changed the file; continue with a file of your own"
        )
    if pinned is None and known is not None and digest != known:
        raise _Refused(
            f"the checksum differs from the file downloaded before: sha256 was {known}, "
            f"is {digest}. Upstream has changed it; download with refresh=True "
            "(s2s data get NAME --refresh) to go on with the new one"
        )


def _check_cached(entry: Download, target: Path) -> None:
    """Refuse a cached file that is damaged or was replaced; record one that was put there by hand.

    Only a file without a record is opened as a zip; for the others, the checksum is enough.
    """
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    expected = entry.sha256 or _read_record(target).get("sha256")
    if expected is None:
        try:
            _check_zip(target)
        except _Refused as error:
            raise DownloadError(
                f"{target} is not usable: {error}. Delete it, then: s2s data get {entry.name}"
            ) from None
        _write_record(target, "put there by hand", digest)
    elif digest != expected:
        raise DownloadError(
            f"The checksum of {target} differs: expected sha256 {expected}, got {digest}. "
            f"Fetch it again with: s2s data get {entry.name} --refresh; or go on with a file of "
            'your own by its path: load("PATH/TO/FILE.txt").'
        )


def _record_path(target: Path) -> Path:
    return target.with_name(target.name + ".json")


def _read_record(target: Path) -> dict[str, Any]:
    """Read the record of an earlier download; empty if there is none."""
    try:
        record = json.loads(_record_path(target).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _write_record(target: Path, url: str, digest: str) -> None:
    record = {
        "url": url,
        "sha256": digest,
        "bytes": target.stat().st_size,
        "version": _version_inside(target),
        "retrieved": datetime.now(UTC).date().isoformat(),
    }
    # A class may share a read-only cache; the record is then not kept.
    with contextlib.suppress(OSError):
        _record_path(target).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _version_inside(target: Path) -> str:
    """Return the date in the _about.txt of a manythings.org zip; empty if there is none."""
    with zipfile.ZipFile(target) as archive:
        for name in archive.namelist():
            if name.endswith("_about.txt"):
                about = archive.read(name).decode("utf-8", errors="replace")
                _, _, rest = about.partition("Date of this file:")
                return rest.split()[0] if rest.split() else ""
    return ""


def _reason(error: Exception) -> str:
    """Describe an exception in a few words."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"the server answered {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"no connection ({error.reason})"
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT} seconds"
    return str(error) or type(error).__name__
