"""What in downloads was handed in, by whom, and for which lesson."""

import datetime
import hashlib
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from s2s_ref.capstone.files import TRANSLATIONS
from s2s_ref.grading import translations
from s2s_ref.grading.cells import grade_id, is_graded_check, is_solution
from s2s_ref.grading.collecting.downloads import File, Unreadable, files_in
from s2s_ref.grading.collecting.names import (
    NOTEBOOK,
    NUMBER_OF_ONE_LESSON,
    Owner,
    clean,
    lesson_in,
    namesakes,
    owner_by_platform,
    owners_of,
)
from s2s_ref.grading.collecting.record import Record
from s2s_ref.grading.collecting.roster import read_roster
from s2s_ref.grading.course import Course
from s2s_ref.grading.notebooks import read_notebook

GRADE_ID = re.compile(r'"grade_id"\s*:\s*"([^"]+)"')
LEFT_OUT, COLLECTED, UPDATED, AS_BEFORE, KEPT, OLDER = (
    "left out",
    "collected",
    "updated",
    "as before",
    "yours kept",
    "older",
)
"""What became of a file. "yours kept": it was changed in class/submitted after it was collected."""


@dataclass(frozen=True)
class Row:
    """What became of one file of a download.

    Attributes:
        file: where it is in the download.
        state: one of the names above.
        note: why, or what was understood.
    """

    file: str
    state: str
    student: str = ""
    lesson: str = ""
    time: datetime.datetime | None = None
    late: bool = False
    note: str = ""


@dataclass(frozen=True)
class Options:
    """How a download is read.

    Attributes:
        lesson: collect this lesson only.
        pattern: a regular expression of your own for a file's path, with the group `student`,
            and perhaps `lesson`.
        groups: a file of one member of a group counts for all members without one of their own.
        file_times: the files' dates are the times of handing in, for late penalties.
    """

    lesson: str = ""
    pattern: re.Pattern[str] | None = None
    groups: bool = False
    file_times: bool = False


@dataclass(frozen=True)
class HandIn:
    """A file that a student handed in for a lesson; `name` is what it is called from now on."""

    student: str
    lesson: str
    name: str
    path: PurePosixPath
    digest: str
    read: Callable[[], bytes] = field(repr=False)
    owner: Owner
    modified: datetime.datetime | None = None
    copy: int = 0
    note: str = ""

    @property
    def age(self) -> tuple[float, int]:
        """What decides which of two files is newer: the platform's time, then the copy's number."""
        time = self.owner.time or self.modified
        return (time.timestamp() if time else 0.0, self.copy)

    @property
    def entry(self) -> dict[str, Any]:
        """What the record keeps of a file."""
        owner = {n: getattr(self.owner, n) for n in ("name", "platform", "number")}
        return {"digest": self.digest, "age": self.age, "from": str(self.path), **owner}

    def row(self, state: str, note: str = "") -> Row:
        """Return the line of the table for this file."""
        time = self.owner.time or self.modified
        said = "; ".join(filter(None, (self.note, note)))
        return Row(str(self.path), state, self.student, self.lesson, time, self.owner.late, said)


def read_downloads(
    course: Course, downloads: Iterable[Path], options: Options
) -> tuple[list[Row], list[HandIn]]:
    """Find out what counts in downloads: rows for what does not, and the files that do."""
    reader = _Reader(course, options)
    for download in downloads:
        reader.read(download)
    return reader.rows, reader.chosen()


class _Reader:
    """Reads downloads, and decides whose each file is and which of several counts."""

    def __init__(self, course: Course, options: Options) -> None:
        self._course, self._options = course, options
        self._lessons, self._record = course.lesson_names(), Record(course)
        self._roster = read_roster(course.root / "class" / "students.csv")
        self._cells = [  # some courses have the same cell in two lessons
            (grade_id(cell), lesson)
            for lesson in self._lessons
            for cell in read_notebook(course.notebook(course.solutions, lesson)).cells
            if is_graded_check(cell) or is_solution(cell)
        ]
        self._found: list[HandIn] = []
        self._left_out: set[str] = set()
        self._others: dict[str, list[str]] = defaultdict(list)
        self.rows: list[Row] = []

    def read(self, download: Path) -> None:
        """Read one download."""
        files = []
        for file in files_in(download):
            if isinstance(file, Unreadable):
                self._leave_out(file.path, f"{file.reason}.")
            else:
                files.append(file)
        shared = _shared([file.path for file in files])
        for file in files:
            self._read_file(file, shared)

    def _read_file(self, file: File, shared: int) -> None:
        is_notebook = bool(NOTEBOOK.search(file.path.name))
        if not is_notebook and not _is_translations(file.path.name):
            return self._note_other(file.path, shared)
        try:
            data = file.read()
        except ValueError as error:
            return self._leave_out(file.path, f"{error}.")
        given = self._options.pattern and self._options.pattern.search(str(file.path))
        lesson, note, copy = self._lesson_of(file, data, is_notebook, given)
        wanted = self._options.lesson
        if not lesson or (wanted and lesson != wanted):
            why = f"it is {lesson}" if lesson else "no lesson has its name or its cells"
            return self._leave_out(file.path, f"{why}.", lesson)
        owners = [Owner(clean(given["student"]))] if given else []
        owners = owners or owners_of(file.path, self._lessons, shared)
        if self._roster and not given:
            owners.append(Owner(clean(file.path.parts[0].partition(".")[0])))
        name = f"{lesson}.ipynb" if is_notebook else TRANSLATIONS
        for owner in owners or [Owner("")]:
            digest, when = hashlib.sha256(data).hexdigest(), file.modified
            found = HandIn("", lesson, name, file.path, digest, file.read, owner, when, copy, note)
            if self._resolve(found):
                return None
        self._left_out |= {owner.name for owner in owners}
        said = "its path names no student. Put it into a folder with the student's name"
        if self._roster:
            said = f"{owners[0].name} is not in class/students.csv. Add a row"
        return self._leave_out(file.path, f"{said}.", lesson)

    def _note_other(self, path: PurePosixPath, shared: int) -> None:
        """Note a file that is no part of a hand-in, in case its student has nothing else."""
        owners = owners_of(path.with_name("_.txt"), self._lessons, shared)
        owner = owner_by_platform(path.name) or (owners[0] if owners else None)
        if owner and not _is_platform_text(path.name):
            self._others[owner.name].append(path.name)

    def _lesson_of(
        self, file: File, data: bytes, is_notebook: bool, given: re.Match[str] | None
    ) -> tuple[str, str, int]:
        """Return a file's lesson, what there is to say about it, and the number of the copy."""
        if not is_notebook:
            lessons = [name for name in self._lessons if translations.has_translations(name)]
            return (lessons or [""])[0], "", lesson_in(file.path.name, [])[2]
        named, _, copy = lesson_in(file.path.name, self._lessons)
        if given and "lesson" in given.groupdict():
            named = self._course.find_lesson(given["lesson"])
        is_wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = data.decode("utf-16" if is_wide else "utf-8", "replace")
        there = set(GRADE_ID.findall(text))
        counts = Counter(lesson for cell, lesson in self._cells if cell in there)
        by_cells = max(counts, key=lambda name: (counts[name], name == named), default="")
        if by_cells and by_cells != named:
            return by_cells, f"it has the cells of {by_cells}, whatever its name", copy
        note = "" if by_cells else "it has none of the lesson's cells"
        return named, note, copy

    def _resolve(self, found: HandIn) -> bool:
        """Find the students of a file; with a class list, only those in it."""
        roster, owner = self._roster, found.owner
        if roster is None:
            if owner.name:
                self._found.append(replace(found, student=owner.name))
            return bool(owner.name)
        if members := roster.group(owner.name):
            students = [member.id for member in members]
        else:
            matches = roster.find(owner.name, owner.number) if owner.name else []
            students = [match.id for match in matches]
            if len(students) > 1:
                self._leave_out(
                    found.path,
                    f"it may be of {' or '.join(students)}. Give them a number in "
                    "class/students.csv.",
                    found.lesson,
                )
                return True
        self._found += [replace(found, student=student) for student in students]
        return bool(students)

    def chosen(self) -> list[HandIn]:
        """Return the files that count; each student has one of each name."""
        names = {found.owner.name for found in self._found} | self._left_out
        for name in sorted(self._others.keys() - names):
            files = ", ".join(sorted(self._others[name]))
            self.rows.append(Row(files, LEFT_OUT, name, note="no notebook was handed in with it."))
        self._tell_namesakes_apart()
        groups: dict[tuple[str, str, str], list[HandIn]] = defaultdict(list)
        for found in self._found:
            groups[found.lesson, found.student, found.name].append(found)
        chosen = []
        for _, candidates in sorted(groups.items()):
            candidates.sort(key=lambda c: (c.age, str(c.path)))
            *older, newest = candidates
            if any(c.age == newest.age and c.digest != newest.digest for c in older):
                paths = ", ".join(str(c.path) for c in older)
                for c in candidates:
                    self.rows.append(c.row(LEFT_OUT, f"it is as new as {paths}. Delete one"))
                continue
            chosen.append(newest)
            self.rows += [c.row(OLDER, f"{newest.path} counts") for c in older]
        return [*chosen, *self._for_groups(chosen)]

    def _for_groups(self, chosen: list[HandIn]) -> Iterator[HandIn]:
        """Yield a member's file for the members of the group who handed in none."""
        if not (self._options.groups and self._roster):
            return
        there = {(c.lesson, c.student, c.name) for c in chosen}
        for found in sorted(chosen, key=lambda c: c.age, reverse=True):
            (student,) = self._roster.find(found.student)
            for member in self._roster.members_with(student):
                if (key := (found.lesson, member.id, found.name)) not in there:
                    there.add(key)
                    yield replace(found, student=member.id, note=f"of {student.id}'s group")

    def _tell_namesakes_apart(self) -> None:
        """Give students of the same name different ids, by their numbers on the platform."""
        if self._roster:
            return
        by_name: dict[tuple[str, str, str], list[HandIn]] = defaultdict(list)
        for found in self._found:
            by_name[namesakes(found.owner.name, found.owner.platform, found.lesson)].append(found)
        self._found = []
        for name, those in by_name.items():
            known = self._record.numbers.get(name, {})
            several = len({found.owner.number for found in those} | set(known)) > 1
            for found in those:
                number = found.owner.number
                if number in known or not several:
                    self._found.append(replace(found, student=known.get(number, found.student)))
                elif found.owner.platform in NUMBER_OF_ONE_LESSON:
                    why = f"several students are called {found.owner.name}. List them in "
                    self.rows.append(
                        found.row(LEFT_OUT, f"{why}class/students.csv, this one with {number}")
                    )
                else:
                    self._found.append(replace(found, student=f"{found.student}_{number}"))

    def _leave_out(self, path: PurePosixPath, why: str, lesson: str = "") -> None:
        self.rows.append(Row(str(path), LEFT_OUT, lesson=lesson, note=why))


def _shared(paths: list[PurePosixPath]) -> int:
    """Return how many folders all these files have in common, the download itself included."""
    folders = [path.parts[:-1] for path in paths]
    levels = zip(*folders, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda level: len(set(level)) == 1, levels)) or 1


def _is_translations(name: str) -> bool:
    stem = name.lower()
    return stem.endswith(".txt") and PurePosixPath(TRANSLATIONS).stem in stem


def _is_platform_text(name: str) -> bool:
    """Tell whether a file is the platform's own: Blackboard's notes, Moodle's empty text."""
    return name == "onlinetext.html" or bool(re.search(r"_attempt_[\d-]+\.txt$", name))
