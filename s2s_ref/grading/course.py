"""Where a course's files lie, and nbgrader told so.

One place sets what `nbgrader_config.py` and our own commands have in common, so that nbgrader's
commands, the formgrader page and `s2s` do the same.
"""

import contextlib
import os
import re
import secrets
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets.config import Config

if TYPE_CHECKING:
    from s2s_ref.grading.store import Cache, Ledger

LESSON_NAME = re.compile(r"\d\d_\w+")
HANDED_IN = (
    r".*/(?P<student_id>[^/_]+)_(?:[^/]*[_/])?(?P<file_id>\d\d_[a-z_]+|translations)"
    r"(?:-\d+| ?\(\d+\))?\.(?:ipynb|txt)$"
)
"""How Canvas, Moodle and people name what they hand in: the student, `_`, and the lesson at last,
`kim_1234_00_start_here-1.ipynb` or `kim_1234_file/00_start_here.ipynb`. Lesson 9 has a second file,
`translations.txt`, in the same places."""


def configure(
    c: Any, root: Path, unsafe: bool = False, fork: bool = False, throwaway: bool = False
) -> None:
    """Set nbgrader's options for the course that lies in `root`, and make its class folder.

    nbgrader cannot open its database where the folder is missing.
    """
    (root / "class").mkdir(parents=True, exist_ok=True)
    _find_tools()
    c.CourseDirectory.course_id = "s2s"
    c.CourseDirectory.root = str(root)
    c.CourseDirectory.source_directory = "solutions"
    c.CourseDirectory.release_directory = "lessons"
    for step in ("submitted", "autograded", "feedback"):
        setattr(c.CourseDirectory, f"{step}_directory", f"class/{step}")
    c.ZipCollectApp.downloaded_directory = "class/downloaded"
    c.FileNameCollectorPlugin.named_regexp = HANDED_IN
    c.FileNameCollectorPlugin.valid_ext = [".ipynb", ".txt"]
    c.CsvExportPlugin.to = str(root / "class" / "grades.csv")
    own = f"sqlite:///{root}/class/gradebook.db"
    c.CourseDirectory.db_url = own if throwaway else os.environ.get("S2S_GRADEBOOK", own)
    c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "INSTRUCTOR.md"]
    c.GenerateAssignment.preprocessors = [
        "nbgrader.preprocessors.IncludeHeaderFooter",
        "nbgrader.preprocessors.LockCells",
        "s2s_ref.grading.preprocessors.clear_solutions.ClearSolutions",
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.CheckCellMetadata",
        "nbgrader.preprocessors.ComputeChecksums",
        "nbgrader.preprocessors.SaveCells",
        "nbgrader.preprocessors.ClearHiddenTests",
        "nbgrader.preprocessors.ClearMarkScheme",
        "nbgrader.preprocessors.ComputeChecksums",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.Autograde.sanitize_preprocessors = [
        "s2s_ref.grading.preprocessors.sanitize.Sanitize",
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.Autograde.autograde_preprocessors = [
        "s2s_ref.grading.preprocessors.sandbox_execute.SandboxExecute",
        "s2s_ref.grading.preprocessors.verify.Verify",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "s2s_ref.grading.preprocessors.disarm.Disarm",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.GenerateFeedback.force = True  # a page is old as soon as an answer is marked by hand
    c.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
        "s2s_ref.grading.preprocessors.explain.Explain",
    ]
    c.Autograde.exporter_class = "s2s_ref.grading.exporter.SubmissionExporter"
    c.ClearSolutions.code_stub = {"python": "# Your code here.\nraise NotImplementedError"}
    c.ClearSolutions.text_stub = "*Your answer here.*"
    c.SandboxExecute.course_root = c.Verify.course_root = str(root)
    c.SandboxExecute.unsafe, c.SandboxExecute.fork = unsafe, fork
    c.Execute.timeout = 120  # seconds for one cell, for `nbgrader validate`
    c.Execute.skip_cells_with_tag = "experiment"


def _find_tools() -> None:
    """Put this Python's commands on the path: nbgrader starts its helper `alembic` by name."""
    folder, path = str(Path(sys.executable).parent), os.environ.get("PATH", "")
    if folder not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join(filter(None, (folder, path)))


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
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent) as file:  # for its owner only
                file.write(secrets.token_bytes(32))
                file.flush()
                with contextlib.suppress(FileExistsError):  # another grader was first
                    os.link(file.name, path)
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
