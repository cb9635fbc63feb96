"""What a class keeps beside the gradebook: outcomes of runs, and results of submissions.

An interrupted run continues from here. Everything may be deleted; it is made again when needed.
"""

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from s2s_ref.grading.job import Outcome
from s2s_ref.grading.results import Result
from s2s_ref.grading.submissions import Submission
from s2s_ref.whole_files import write_whole

LONGEST_NAME = 200
"""The bytes of a student's name that a file's name has room for, with its ending."""


class Cache:
    """Outcomes by the digests of their jobs."""

    def __init__(self, folder: Path) -> None:
        """Keep outcomes in a folder."""
        self._folder = folder

    def get(self, digest: str) -> Outcome | None:
        """Return the outcome of a job, or None if it is not known."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            checksum, _, body = self._path(digest).read_bytes().partition(b"\n")
            if hashlib.sha256(body).hexdigest().encode() == checksum:
                return Outcome.from_bytes(body)
        return None

    def __contains__(self, digest: str) -> bool:
        """Tell whether an outcome is kept under a digest."""
        return self._path(digest).is_file()

    def put(self, digest: str, outcome: Outcome) -> None:
        """Keep an outcome, unless the machine was at fault."""
        if not outcome.failed:
            body = outcome.to_bytes()
            write_whole(
                self._path(digest), hashlib.sha256(body).hexdigest().encode() + b"\n" + body
            )

    def forget(self, digest: str) -> None:
        """Delete an outcome, so that its job is run again."""
        self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]


class Ledger:
    """The last result of each submission, with the stamp of what it depends on."""

    def __init__(self, folder: Path) -> None:
        """Keep results in a folder, as LESSON/STUDENT.json."""
        self._folder = folder

    def get(self, submission: Submission, stamp: dict[str, Any] | None = None) -> Result | None:
        """Return the last result, without its verdicts; with a stamp, only if it has that one."""
        entry = self._read(submission.lesson, submission.student)
        if not entry or stamp not in (None, entry.get("stamp")):
            return None
        return Result(**entry["result"])

    def put(self, result: Result, stamp: dict[str, Any]) -> None:
        """Keep a result in place of the last one; its verdicts have a record of their own."""
        plain = asdict(replace(result, verdicts=[]))
        self._write(result.lesson, result.student, {"stamp": stamp, "result": plain})

    def registered(self, lesson: str) -> str:
        """Return the digest of the solution with which a lesson was registered, or nothing."""
        return str(self._read("registered", lesson).get("solution", ""))

    def put_registered(self, lesson: str, digest: str) -> None:
        """Keep the digest of the solution with which a lesson was registered."""
        self._write("registered", lesson, {"solution": digest})

    def _read(self, folder: str, name: str) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            entry = json.loads(self._path(folder, name).read_bytes())
            if isinstance(entry, dict):
                return entry
        return {}

    def _write(self, folder: str, name: str, entry: dict[str, Any]) -> None:
        text = json.dumps(entry, ensure_ascii=False, indent=1)
        write_whole(self._path(folder, name), text.encode("utf-8", "replace"))

    def _path(self, folder: str, name: str) -> Path:
        if len(os.fsencode(name)) > LONGEST_NAME:
            name = hashlib.sha256(os.fsencode(name)).hexdigest()
        return self._folder / folder / f"{name}.json"
