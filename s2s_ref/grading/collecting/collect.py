"""Put what students handed in where it is graded: class/submitted/STUDENT/LESSON/LESSON.ipynb.

Nothing is lost, and nothing is guessed: of two files the newer one counts and the other is kept in
`class/collected/older`, a file that was repaired by hand stays, and a file that may be of several
students, or of nobody, is left out with its reason.
"""

import datetime
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from s2s_ref.capstone.files import TRANSLATIONS
from s2s_ref.grading.collecting.hand_ins import (
    AS_BEFORE,
    COLLECTED,
    KEPT,
    OLDER,
    UPDATED,
    HandIn,
    Options,
    Row,
    read_downloads,
)
from s2s_ref.grading.collecting.record import Record
from s2s_ref.grading.course import Course
from s2s_ref.whole_files import write_whole


def collect_downloads(
    course: Course, downloads: Iterable[Path], options: Options | None = None
) -> list[Row]:
    """Collect the files of downloads into `class/submitted`; return a row for each.

    Raises:
        ValueError: a download does not exist, or `class/students.csv` cannot be read.
    """
    rows, hand_ins = read_downloads(course, downloads, options or Options())
    record = Record(course)
    for hand_in in hand_ins:
        rows.append(_put(course, hand_in, record, options or Options()))
    record.save()
    return sorted(rows, key=lambda r: (r.lesson, r.student, r.file))


def _put(course: Course, found: HandIn, record: Record, options: Options) -> Row:
    """Put a file into `class/submitted`, unless what is there is newer or was repaired by hand."""
    target = course.submitted / found.student / found.lesson / found.name
    entry = record.entries(found.lesson).get(f"{found.student}/{found.name}", {})
    state = _state(target, found, entry)
    if state == UPDATED:
        _keep_older(course, target)
    if state in (COLLECTED, UPDATED):
        write_whole(target, found.read())
        _write_time(target.parent, found, options)
    if state in (COLLECTED, UPDATED, AS_BEFORE):
        record.put(found.lesson, found.student, found.name, found.entry)
    return found.row(state, "a newer one was collected before" if state == OLDER else "")


def _state(target: Path, found: HandIn, entry: dict[str, Any]) -> str:
    """Return what becomes of a file, by what is there and where that came from."""
    if not target.exists():
        return COLLECTED
    there = hashlib.sha256(target.read_bytes()).hexdigest()
    if there == found.digest:
        return AS_BEFORE
    if found.digest == entry.get("digest"):
        return KEPT
    if found.age > tuple(entry.get("age") or (target.stat().st_mtime, 0)):
        return UPDATED
    return OLDER if there == entry.get("digest") else KEPT


def _keep_older(course: Course, target: Path) -> None:
    """Keep a file that another one replaces."""
    data = target.read_bytes()
    name = f"{target.stem}-{hashlib.sha256(data).hexdigest()[:8]}{target.suffix}"
    inside = target.parent.relative_to(course.submitted)
    write_whole(course.root / "class" / "collected" / "older" / inside / name, data)


def _write_time(folder: Path, found: HandIn, options: Options) -> None:
    """Write the time of handing in, which nbgrader reads for late penalties, if it is known."""
    time = found.owner.time or (found.modified if options.file_times else None)
    if time and found.name != TRANSLATIONS:
        text = time.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        write_whole(folder / "timestamp.txt", text + "\n")
