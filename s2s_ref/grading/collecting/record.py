"""Where each file of `class/submitted` came from."""

import functools
import json
from collections import defaultdict
from typing import Any

from s2s_ref.grading.collecting.names import namesakes
from s2s_ref.grading.course import Course
from s2s_ref.whole_files import write_whole


class Record:
    """Where each file of `class/submitted` came from: `class/collected/LESSON.json`."""

    def __init__(self, course: Course) -> None:
        """Read the record of a class as it is needed."""
        self._folder = course.root / "class" / "collected"
        self._lessons: dict[str, dict[str, Any]] = {}
        self._changed: set[str] = set()

    def entries(self, lesson: str) -> dict[str, Any]:
        """Return a lesson's entries, by STUDENT/FILE."""
        if lesson not in self._lessons:
            path = self._folder / f"{lesson}.json"
            self._lessons[lesson] = json.loads(path.read_bytes()) if path.is_file() else {}
        return self._lessons[lesson]

    def put(self, lesson: str, student: str, file: str, entry: dict[str, Any]) -> None:
        """Keep what is known of a file: `digest`, `age`, `name`, `platform`, `number`."""
        self.entries(lesson)[f"{student}/{file}"] = entry
        self._changed.add(lesson)

    @functools.cached_property
    def numbers(self) -> dict[tuple[str, str, str], dict[str, str]]:
        """The students of earlier downloads by their numbers, for each name; see `namesakes`."""
        found: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
        for lesson in sorted(path.stem for path in self._folder.glob("*.json")):
            for key, entry in self.entries(lesson).items():
                names = namesakes(entry["name"], entry["platform"], lesson)
                found[names][entry["number"]] = key.partition("/")[0]
        return found

    def save(self) -> None:
        """Write what has changed."""
        for lesson in sorted(self._changed):
            text = json.dumps(self._lessons[lesson], ensure_ascii=False, indent=1, sort_keys=True)
            write_whole(self._folder / f"{lesson}.json", text)
