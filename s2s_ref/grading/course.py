"""Where a course's files lie, and nbgrader told so.

One place sets what `nbgrader_config.py` and our own commands have in common, so that nbgrader's
commands, the formgrader page and `s2s` do the same.
"""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets.config import Config

from s2s_ref.grading.settings import configure
from s2s_ref.whole_files import write_once

if TYPE_CHECKING:
    from s2s_ref.grading.store import Cache, Ledger

LESSON_NAME = re.compile(r"\d\d_\w+")


@dataclass(frozen=True)
class Course:
    """A course's folder: `solutions/`, `lessons/` and `class/` lie in `root`.

    `unsafe`: submissions are trusted, and run without a sandbox. `fork`: their kernels are forked
    from a warm process. `throwaway`: its gradebook lies in its folder, wherever the class has one.
    """

    root: Path
    unsafe: bool = False
    fork: bool = False
    throwaway: bool = False

    @property
    def solutions(self) -> Path:
        """The notebooks that instructors write."""
        return self.root / "solutions"

    @property
    def lessons(self) -> Path:
        """The notebooks that students complete."""
        return self.root / "lessons"

    @property
    def submitted(self) -> Path:
        """What was handed in, as STUDENT/LESSON/LESSON.ipynb."""
        return self.root / "class" / "submitted"

    @property
    def autograded(self) -> Path:
        """What nbgrader made of it."""
        return self.root / "class" / "autograded"

    @property
    def feedback(self) -> Path:
        """What students get back."""
        return self.root / "class" / "feedback"

    @property
    def cache(self) -> "Cache":
        """What came of the submissions that were run."""
        from s2s_ref.grading.store import Cache

        return Cache(self.root / "class" / "cache" / "runs")

    @property
    def ledger(self) -> "Ledger":
        """The last result of each submission."""
        from s2s_ref.grading.store import Ledger

        return Ledger(self.root / "class" / "cache" / "results")

    @property
    def capstone(self) -> Path:
        """What `s2s capstone prepare` writes: the students' folder and the instructor's."""
        return self.root / "class" / "capstone"

    @property
    def capstone_references(self) -> Path:
        """The instructor's folder of a capstone, where one was prepared."""
        return self.capstone / "instructor"

    def config(self) -> Config:
        """Return nbgrader's configuration of this course."""
        c = Config()
        configure(c, self.root.resolve(), self.unsafe, self.fork, self.throwaway)
        return c

    def api(self) -> Any:
        """Open nbgrader's programming interface on this course."""
        from nbgrader.apps import NbGraderAPI
        from nbgrader.coursedir import CourseDirectory

        config = self.config()
        return NbGraderAPI(CourseDirectory(config=config), config=config)

    def key(self) -> bytes:
        """Return the secret by which the cases of this class are drawn; it is made once."""
        path = self.root / "class" / "judge.key"
        if not path.exists():
            write_once(path, secrets.token_bytes(32))  # unless another grader was first
        return path.read_bytes()

    def hidden(self) -> tuple[Path, ...]:
        """Return the folders that no submission may see, wherever they lie."""
        return (self.root.resolve(), Path(__file__).resolve().parents[1])

    def lesson_names(self) -> list[str]:
        """List the lessons that have a solution notebook, in order."""
        found = self.solutions.glob("*/*.ipynb")
        return sorted(
            p.stem for p in found if p.stem == p.parent.name and LESSON_NAME.fullmatch(p.stem)
        )

    def find_lesson(self, wanted: str) -> str:
        """Return the full name of a lesson: `1`, `01` and `01_single_rnn` are the same one.

        Raises:
            ValueError: there is no such lesson; the message lists those there are.
        """
        names = self.lesson_names()
        for name in names:
            if wanted in (name, name[:2], str(int(name[:2]))):
                return name
        there = ", ".join(names) or f"none: {self.solutions} holds no solution notebooks"
        raise ValueError(f"There is no lesson {wanted!r}. The lessons are: {there}.")

    def notebook(self, folder: Path, lesson: str) -> Path:
        """Return the path of a lesson's notebook below one of the folders."""
        return folder / lesson / f"{lesson}.ipynb"
