"""What is kept of a class beside the gradebook: outcomes of runs, and results of submissions.

Both lie in files that appear whole or not at all, so that a run that was cut off goes on where it
stopped, and both can be deleted at any time.
"""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from s2s_ref.grading.job import Outcome
from s2s_ref.whole_files import write_whole


class Cache:
    """Outcomes by the digests of their jobs."""

    def __init__(self, folder: Path) -> None:
        """Keep them below a folder."""
        self._folder = folder

    def get(self, digest: str) -> Outcome | None:
        """Return what came of a job, or None where that is not known."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            checksum, _, body = self._place(digest).read_bytes().partition(b"\n")
            if hashlib.sha256(body).hexdigest().encode() == checksum:
                return Outcome.from_bytes(body)
        return None

    def __contains__(self, digest: str) -> bool:
        """Tell whether something is kept under a digest."""
        return self._place(digest).is_file()

    def put(self, digest: str, outcome: Outcome) -> None:
        """Keep an outcome, unless it is a failure of the machine."""
        if not outcome.failed:
            body = outcome.to_bytes()
            write_whole(
                self._place(digest), hashlib.sha256(body).hexdigest().encode() + b"\n" + body
            )

    def forget(self, digest: str) -> None:
        """Drop an outcome, so that its job is run again."""
        self._place(digest).unlink(missing_ok=True)

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]


class Ledger:
    """The last result of each submission, and by what it was reached."""

    def __init__(self, folder: Path) -> None:
        """Keep them below a folder, as LESSON/STUDENT.json."""
        self._folder = folder

    def get(self, lesson: str, student: str) -> dict[str, Any]:
        """Return what was noted, or nothing."""
        with contextlib.suppress(OSError, ValueError):
            noted = json.loads(self._place(lesson, student).read_bytes())
            if isinstance(noted, dict):
                return noted
        return {}

    def note(self, lesson: str, student: str, entry: dict[str, Any]) -> None:
        """Put an entry in the place of the last one."""
        text = json.dumps(entry, ensure_ascii=False, indent=1)
        write_whole(self._place(lesson, student), text.encode("utf-8", "replace"))

    def _place(self, lesson: str, student: str) -> Path:
        return self._folder / lesson / f"{student}.json"
