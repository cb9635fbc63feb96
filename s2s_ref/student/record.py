"""A student's progress: which checks pass, and how many hints were taken.

The record is in the user's data folder, or in the folder that `S2S_STATE` names. It is not in a
lesson's folder, because that folder is handed in.
"""

import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from s2s_ref.whole_files import write_whole


def state_folder() -> Path:
    """Return the folder of the student's record."""
    override = os.environ.get("S2S_STATE")
    return Path(override) if override else user_data_path("seq2seq-course")


def load() -> dict[str, dict[str, Any]]:
    """Read the record; a file that cannot be read is renamed, not deleted."""
    path = state_folder() / "progress.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        checks, hints = record["checks"].values(), record["hints"].values()
        if not all("passed" in check for check in checks) or not all(type(n) is int for n in hints):
            raise ValueError("entries are malformed")
    except FileNotFoundError:
        return {"checks": {}, "hints": {}}
    except (ValueError, KeyError, TypeError, AttributeError):
        path.replace(_free_name(path))
        return {"checks": {}, "hints": {}}
    return dict(record)


def _free_name(path: Path) -> Path:
    names = (path.with_suffix(f".unreadable-{n}.json") for n in itertools.count(1))
    return next(name for name in names if not name.exists())


def save(record: dict[str, dict[str, Any]]) -> None:
    """Write the record, whole or not at all."""
    write_whole(state_folder() / "progress.json", json.dumps(record, indent=1, ensure_ascii=False))


def note_check(exercise: str, passed: bool, headline: str, asked: str = "") -> None:
    """Record the latest verdict on an exercise, and the question that its card asked.

    The exercise moves to the end, so that the order is that of the latest checks.
    """
    record = load()
    record["checks"].pop(exercise, None)
    shown = {} if passed else {"asked": asked}
    record["checks"][exercise] = {"passed": passed, "headline": "" if passed else headline} | shown
    save(record)


def failed_last() -> list[str]:
    """List the exercises that do not pass, starting with the one that was checked last."""
    return [name for name, seen in reversed(load()["checks"].items()) if not seen["passed"]]


def hints_taken(exercise: str) -> int:
    """Return how many hints of an exercise were shown."""
    return int(load()["hints"].get(exercise, 0))


def next_hint(exercise: str, hints: Sequence[str]) -> int:
    """Return the index of the hint to show now; after the last hint, it is shown again.

    The first hint is skipped if the last card asked the same question.
    """
    record = load()
    index = min(int(record["hints"].get(exercise, 0)), len(hints) - 1)
    asked = record["checks"].get(exercise, {}).get("asked")
    if index == 0 and asked == hints[0] and len(hints) > 1:
        index = 1
    record["hints"][exercise] = index + 1
    save(record)
    return index
