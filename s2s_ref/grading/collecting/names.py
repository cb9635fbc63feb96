"""Whose a file is, by its path: how learning platforms and people name what is handed in."""

import datetime
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

NOTEBOOK = re.compile(r"\.ipynb(?:\.(?:txt|json))?$", re.IGNORECASE)
"""The end of a notebook's name; some browsers and mail programs add another."""

COPIES = re.compile(
    r"^(?:copy of|kopie von|사본 -?) *|(?:[ _]*-[ _]*)(?:copy ?\d*|kopie|복사본)(?: ?\(\d+\))?$|"
    r" ?\(\d+\)$|-\d+$",
    re.IGNORECASE,
)
"""What browsers, JupyterLab, Colab and platforms add to the name of a second file."""

PLATFORMS = {
    "moodle": re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)"),
    "blackboard": re.compile(
        r".+_(?P<name>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<rest>.*))?"
    ),
    "canvas": re.compile(
        r"(?P<name>[^_]+)_(?:(?P<late>LATE)_)?(?P<id>\d+)_\d+_(?P<rest>.*)", re.IGNORECASE
    ),
    "ilias": re.compile(r"[^_]+_[^_]+_(?P<name>[^_]+)_(?P<id>\d+)"),
    "other": re.compile(r"(?P<name>[^_]+)_(?:(?P<late>LATE)_)?(?P<id>\d+)(?:_(?P<rest>.*))?"),
}
"""Moodle, Blackboard, Canvas, ILIAS, and a name with a number: for a file's or a folder's name.

Sources: the platforms' own archives of all submissions of an assignment.
"""

NUMBER_OF_ONE_LESSON = {"moodle"}
"""Where a student has another number in each assignment."""

CONTAINERS = re.compile(
    r"(?:lessons?|work|s2s|seq2seq-course(?:-\w+)?|submissions?|downloads?|archive|extracted|"
    r"assignsubmission_file|hand-?ins?|homework|abgaben?|제출물?)(?: ?\(\d+\))?",
    re.IGNORECASE,
)
"""Folders that hold lessons, and are nobody's name."""


@dataclass(frozen=True)
class Owner:
    """Who handed a file in, as far as its path says.

    Attributes:
        name: the student's name or login, as the platform writes it.
        platform: a key of PLATFORMS, or nothing.
        number: the student's number on the platform, or nothing.
        late: whether the platform marked the file as late.
        time: when it was handed in, where the name says so.
    """

    name: str
    platform: str = ""
    number: str = ""
    late: bool = False
    time: datetime.datetime | None = None


def lesson_in(name: str, lessons: list[str]) -> tuple[str, str, int]:
    """Return the lesson that a file's or a folder's name ends with, what stands before, its copy.

    The copy is the number that was added to the name, 0 if there is none. Without a lesson, the
    first two are empty.
    """
    stem, copy = NOTEBOOK.sub("", name).strip(), 0
    while (shorter := COPIES.sub("", stem).strip()) != stem:
        numbers = re.findall(r"\d+", stem.replace(shorter, "", 1))
        copy, stem = max(copy, *map(int, numbers or "1")), shorter
    plain = re.sub(r"[\s-]", "_", stem).lower()
    for lesson in lessons:
        before, found, after = plain.rpartition(lesson)
        if found and not after and (not before or before[-1] in "_."):
            return lesson, stem[: len(stem) - len(lesson)].rstrip("_-. "), copy
        if found and not before and re.match("_+ *", after) and " - " in stem:  # Google Classroom
            return lesson, stem.rpartition(" - ")[2].strip(), copy
    return "", "", copy


def owners_of(path: PurePosixPath, lessons: list[str], shared: int = 1) -> list[Owner]:
    """List who may have handed a file in, the likeliest first; empty if its path names nobody.

    The first `shared` parts of the path are those of all files of the download, so they do not
    tell students apart: they come last. The download's own name counts only in a platform's form.
    """
    own, common, rest = path.parts[:1], path.parts[1:shared], path.parts[max(shared, 1) :]
    found = []
    for parts in (rest, tuple(reversed(common))):
        owners = [owner for part in parts if (owner := _owner_in(part, lessons))]
        found += sorted(owners, key=lambda owner: owner.platform in ("", "other"))  # stable
    found += [o for o in map(owner_by_platform, own) if o and not CONTAINERS.fullmatch(o.name)]
    return list(dict.fromkeys(found))


def _owner_in(part: str, lessons: list[str]) -> Owner | None:
    name = _before_lesson(part, lessons)
    owner = owner_by_platform(part)
    if owner and (owner.platform != "other" or name):
        return owner
    return Owner(clean(name)) if clean(name) else None


def _before_lesson(part: str, lessons: list[str]) -> str:
    """Return the part of a path's name that may be a student's: what stands before the lesson."""
    lesson, before, _ = lesson_in(part, lessons)
    if lesson:
        return before
    if NOTEBOOK.search(part) or part.endswith(".txt"):
        stem = COPIES.sub("", part.rpartition(".")[0])
        return stem.rpartition("_translations")[0]
    stem = re.sub(r"\.(?:zip|tar|tgz|tar\.gz)$", "", part, flags=re.IGNORECASE)
    return "" if CONTAINERS.fullmatch(stem) else stem


def owner_by_platform(part: str) -> Owner | None:
    """Return who a file or folder is of, if a learning platform gave it its name."""
    stem = re.sub(r"\.(?:zip|tar|tgz|tar\.gz)$", "", NOTEBOOK.sub("", part))
    for platform, form in PLATFORMS.items():
        if found := form.fullmatch(stem):
            parts = found.groupdict()
            time = parts.get("time")
            return Owner(
                clean(parts["name"]),
                platform,
                parts.get("id") or "",
                late=bool(parts.get("late")),
                time=datetime.datetime.strptime(time, "%Y-%m-%d-%H-%M-%S").astimezone()
                if time
                else None,
            )
    return None


def clean(name: str) -> str:
    """Return a name that can be a folder's: NFC, without spaces around it and without wildcards."""
    name = unicodedata.normalize("NFC", name)
    name = "".join(c if c.isprintable() else " " for c in name)
    name = re.sub(r"[\[{]", "(", re.sub(r"[\]}]", ")", name))
    name = re.sub(r'[*?:"<>|/\\]', "-", name)
    return " ".join(name.split()).strip(".- ")


def namesakes(name: str, platform: str, lesson: str) -> tuple[str, str, str]:
    """Return a key of students with one name, whom their numbers tell apart."""
    return name, platform, lesson if platform in NUMBER_OF_ONE_LESSON else ""
