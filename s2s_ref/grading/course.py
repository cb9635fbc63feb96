"""Where the files of a course are, and how its submissions are run."""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitlets.config import Config

from s2s_ref.grading.settings import configure
from s2s_ref.whole_files import write_once

LESSON_NAME = re.compile(r"\d\d_\w+")

EXCEPTION = re.compile(r"^(?: {4})?(?:\w+\.)*(\w+: .+)$", re.MULTILINE)
"""The last line of a traceback, which a log indents."""


@dataclass(frozen=True)
class Course:
    """A course's folder, `root`, with the folders `solutions`, `lessons` and `class`.

    Attributes:
        unsafe: submissions are trusted and run without a sandbox.
        fork: kernels are forked from a process that has imported PyTorch.
        throwaway: the gradebook is in the folder, even where `S2S_GRADEBOOK` names another.
    """

    root: Path
    unsafe: bool = False
    fork: bool = False
    throwaway: bool = False

    @property
    def isolation(self) -> str:
        """How submissions run: `unsafe`, `fork` or `bwrap`."""
        return "unsafe" if self.unsafe else "fork" if self.fork else "bwrap"

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
        """The submissions, as STUDENT/LESSON/LESSON.ipynb."""
        return self.root / "class" / "submitted"

    @property
    def autograded(self) -> Path:
        """The submissions as nbgrader executed and marked them."""
        return self.root / "class" / "autograded"

    @property
    def feedback(self) -> Path:
        """The pages that students get back."""
        return self.root / "class" / "feedback"

    @property
    def runs(self) -> Path:
        """The outcomes of submissions that were run; see `store.Cache`."""
        return self.root / "class" / "cache" / "runs"

    @property
    def results(self) -> Path:
        """The last result of each submission; see `store.Ledger`."""
        return self.root / "class" / "cache" / "results"

    @property
    def capstone(self) -> Path:
        """The folder that `s2s capstone prepare` writes, for students and the instructor."""
        return self.root / "class" / "capstone"

    @property
    def capstone_references(self) -> Path:
        """The instructor's folder of the capstone; it exists once one is prepared."""
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
        """Return the secret from which this class's cases are drawn, and create it if needed."""
        path = self.root / "class" / "judge.key"
        if not path.exists():
            write_once(path, secrets.token_bytes(32))
        return path.read_bytes()

    def hidden(self) -> tuple[Path, ...]:
        """Return the folders that no submission may see: the course's and the package's."""
        return (self.root.resolve(), Path(__file__).resolve().parents[1])

    def lesson_names(self) -> list[str]:
        """List the lessons that have a solution notebook, in the order of their numbers."""
        found = self.solutions.glob("*/*.ipynb")
        return sorted(
            p.stem for p in found if p.stem == p.parent.name and LESSON_NAME.fullmatch(p.stem)
        )

    def find_lesson(self, wanted: str) -> str:
        """Return the full name of a lesson: `1`, `01` and `01_rnn` mean the same one.

        Raises:
            ValueError: there is no such lesson; the message lists the lessons.
        """
        names = self.lesson_names()
        for name in names:
            if wanted in (name, name[:2], str(int(name[:2]))):
                return name
        known = ", ".join(names) or f"none: {self.solutions} contains no solution notebooks"
        raise ValueError(f"There is no lesson {wanted!r}. The lessons are: {known}.")

    def notebook(self, folder: Path, lesson: str) -> Path:
        """Return the path of a lesson's notebook in one of the folders."""
        return folder / lesson / f"{lesson}.ipynb"


def failure(answer: dict[str, Any]) -> str:
    """Return why a call of nbgrader's interface failed, from its answer.

    This is the last exception in the log. The one that nbgrader raises usually only refers to it.
    """
    for text in (answer.get("log", ""), answer.get("error", "")):
        if exceptions := EXCEPTION.findall(text):
            return str(exceptions[-1]).rstrip(". ")
    return "it gave no reason"
