"""nbgrader's settings for a course.

`nbgrader_config.py` and the commands of `s2s` use the same ones, so that nbgrader's commands, the
formgrader page and `s2s` do the same.
"""

import os
import sys
from pathlib import Path
from typing import Any

from s2s_ref.grading.sandbox.stage import JUNK

STEPS = "s2s_ref.grading.nbgrader_steps"

VERDICTS = ".verdicts.json"
"""The record of verdicts, beside each notebook in `class/autograded`; nbgrader never copies it."""


def configure(
    c: Any, root: Path, unsafe: bool = False, fork: bool = False, throwaway: bool = False
) -> None:
    """Set nbgrader's options for the course in `root`.

    The class's folder is created, because nbgrader cannot open its database without it. `unsafe`,
    `fork` and `throwaway` are those of `Course`.
    """
    (root / "class").mkdir(parents=True, exist_ok=True)
    _find_tools()
    _set_folders(c, root, throwaway)
    _set_collecting(c, root)
    _set_release(c)
    _set_grading(c, root)
    c.SandboxExecute.unsafe, c.SandboxExecute.fork = unsafe, fork


def _set_folders(c: Any, root: Path, throwaway: bool) -> None:
    """Say where the course's files and its gradebook are."""
    c.CourseDirectory.course_id = "s2s"
    c.CourseDirectory.root = str(root)
    c.CourseDirectory.source_directory = "solutions"
    c.CourseDirectory.release_directory = "lessons"
    for step in ("submitted", "autograded", "feedback"):
        setattr(c.CourseDirectory, f"{step}_directory", f"class/{step}")
    own = f"sqlite:///{root}/class/gradebook.db"
    c.CourseDirectory.db_url = own if throwaway else os.environ.get("S2S_GRADEBOOK", own)
    c.CourseDirectory.ignore = [*JUNK, "*.pyc", "INSTRUCTOR.md", VERDICTS]
    c.CsvExportPlugin.to = str(root / "class" / "grades.csv")


def _set_collecting(c: Any, root: Path) -> None:
    """Let `nbgrader zip_collect` do what `s2s collect` does."""
    c.ZipCollectApp.downloaded_directory = "class/downloaded"
    c.ZipCollectApp.extractor_plugin = f"{STEPS}.zip_collect.Collect"
    c.Collect.course_root = str(root)


def _set_release(c: Any) -> None:
    """Say how lessons are made from solutions."""
    c.GenerateAssignment.preprocessors = [
        "nbgrader.preprocessors.IncludeHeaderFooter",
        "nbgrader.preprocessors.LockCells",
        f"{STEPS}.clear_solutions.ClearSolutions",
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.CheckCellMetadata",
        "nbgrader.preprocessors.ComputeChecksums",
        "nbgrader.preprocessors.SaveCells",
        "nbgrader.preprocessors.ClearHiddenTests",
        "nbgrader.preprocessors.ClearMarkScheme",
        "nbgrader.preprocessors.ComputeChecksums",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.ClearSolutions.code_stub = {"python": "# Your code here.\nraise NotImplementedError"}
    c.ClearSolutions.text_stub = "*Your answer here.*"
    c.Execute.timeout = 120  # seconds for one cell, in `nbgrader validate`
    c.Execute.skip_cells_with_tag = "experiment"


def _set_grading(c: Any, root: Path) -> None:
    """Say how submissions are graded, and how the feedback is made."""
    c.Autograde.exporter_class = f"{STEPS}.exporter.SubmissionExporter"
    c.Autograde.sanitize_preprocessors = [
        f"{STEPS}.sanitize.Sanitize",
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.Autograde.autograde_preprocessors = [
        f"{STEPS}.sandbox_execute.SandboxExecute",
        f"{STEPS}.verify.Verify",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        f"{STEPS}.disarm.Disarm",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    for step in (c.Sanitize, c.SandboxExecute, c.Verify):
        step.course_root = str(root)
    # for the pages of feedback and of formgrader
    c.HTMLExporter.filters = {"markdown2html": f"{STEPS}.safe_markdown.safe_markdown"}
    c.GenerateFeedback.force = True  # a page is out of date once an answer is marked by hand
    c.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
        f"{STEPS}.explain.Explain",
    ]


def _find_tools() -> None:
    """Put this Python's commands on the PATH, because nbgrader starts `alembic` by its name."""
    folder, path = str(Path(sys.executable).parent), os.environ.get("PATH", "")
    if folder not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join(filter(None, (folder, path)))
