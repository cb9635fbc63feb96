"""The class list, `class/students.csv`: the students' ids, names, groups and extra days."""

import csv
import io
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("id", "name", "email", "number", "group", "extra_days")
"""The columns; only `id` is required."""


@dataclass(frozen=True)
class Student:
    """One row of the class list.

    Attributes:
        id: the name of the student's folder in `class/submitted`.
        number: the number on the learning platform.
        extra_days: by how many days every due date is later for this student.
    """

    id: str
    name: str = ""
    email: str = ""
    number: str = ""
    group: str = ""
    extra_days: float = 0.0


class Roster:
    """The students of a class, found by whatever a platform calls them."""

    def __init__(self, students: list[Student]) -> None:
        """Index the students by their ids, names, logins and groups."""
        self.students = students
        self._by_id = {_key(s.id): s for s in students}
        self._by_number = {s.number: s for s in students if s.number}
        self._by_name = defaultdict(set)
        self._groups = defaultdict(list)
        for student in students:
            for name in _spellings(student):
                self._by_name[name].add(student)
            if student.group:
                self._groups[_key(student.group)].append(student)

    def find(self, name: str, number: str = "") -> list[Student]:
        """List the students that a name may mean; a number decides between namesakes."""
        if student := self._by_id.get(_key(name)):
            return [student]
        found = sorted(self._by_name.get(_key(name), ()), key=lambda student: student.id)
        if len(found) != 1 and number in self._by_number:
            return [self._by_number[number]]
        return found

    def group(self, name: str) -> list[Student]:
        """List the members of the group with this name."""
        return self._groups.get(_key(name), [])

    def members_with(self, student: Student) -> list[Student]:
        """List the members of a student's group, the student included."""
        return self._groups[_key(student.group)] if student.group else [student]


def read_roster(path: Path) -> Roster | None:
    """Read a class list; None if there is none.

    Raises:
        ValueError: it has no column `id`, a row without an id, an id twice, or a bad number.
    """
    if not path.is_file():
        return None
    text = _decode(path)
    dialect = csv.excel()
    dialect.delimiter = max(",;\t", key=text.partition("\n")[0].count)
    rows = csv.DictReader(io.StringIO(text), dialect=dialect)
    header = [(name or "").strip().casefold() for name in rows.fieldnames or ()]
    if "id" not in header:
        raise ValueError(f"{path} has no column id. Its columns are: {', '.join(COLUMNS)}.")
    rows.fieldnames = header
    students: dict[str, Student] = {}
    for row in rows:
        student = _student(path, rows.line_num, row)
        if _key(student.id) in students:
            raise ValueError(f"{path}, line {rows.line_num}: {student.id} is there twice.")
        students[_key(student.id)] = student
    return Roster(list(students.values()))


def _student(path: Path, line: int, row: dict[str, str | None]) -> Student:
    values = {name: unicodedata.normalize("NFC", (row.get(name) or "").strip()) for name in COLUMNS}
    if not values["id"]:
        raise ValueError(f"{path}, line {line}: the column id is empty.")
    try:
        days = float(values.pop("extra_days") or 0)
    except ValueError:
        raise ValueError(f"{path}, line {line}: extra_days is not a number.") from None
    return Student(**values, extra_days=days)


def _decode(path: Path) -> str:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "cp949"):  # Korean Excel writes the second
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError(f"{path} is not UTF-8. Save it as CSV UTF-8.")


def _spellings(student: Student) -> set[str]:
    """Return what platforms make of a name: in either order, joined, the email's first part."""
    first, comma, last = student.name.partition(",")
    words = (f"{last} {first}" if comma else student.name).split()
    found = {student.name, student.email, student.email.partition("@")[0]}
    for order in (words, words[-1:] + words[:-1], words[1:] + words[:1]):
        found |= {" ".join(order), "".join(order)}
    return {_key(name) for name in found if name}


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
