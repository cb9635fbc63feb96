"""nbgrader's settings for a course."""

import os
import sys
from pathlib import Path
from typing import Any

HANDED_IN = (
    r".*/(?P<student_id>[^/_]+)_(?:[^/]*[_/])?(?P<file_id>\d\d_[a-z_]+|translations)"
    r"(?:-\d+| ?\(\d+\))?\.(?:ipynb|txt)$"
)
"""How Canvas, Moodle and people name what they hand in: the student, `_`, and the lesson at last,
`kim_1234_00_start_here-1.ipynb` or `kim_1234_file/00_start_here.ipynb`. Lesson 9 has a second file,
`translations.txt`, in the same places."""

VERDICTS = ".verdicts.json"
"""The record of verdicts, beside each notebook in `class/autograded`; nbgrader never copies it."""


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
    c.CourseDirectory.ignore = [
        ".ipynb_checkpoints",
        "*.pyc",
        "__pycache__",
        "INSTRUCTOR.md",
        VERDICTS,
    ]
    c.GenerateAssignment.preprocessors = [
        "nbgrader.preprocessors.IncludeHeaderFooter",
        "nbgrader.preprocessors.LockCells",
        "s2s_ref.grading.nbgrader_steps.clear_solutions.ClearSolutions",
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
        "s2s_ref.grading.nbgrader_steps.sanitize.Sanitize",
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.Autograde.autograde_preprocessors = [
        "s2s_ref.grading.nbgrader_steps.sandbox_execute.SandboxExecute",
        "s2s_ref.grading.nbgrader_steps.verify.Verify",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "s2s_ref.grading.nbgrader_steps.disarm.Disarm",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.GenerateFeedback.force = True  # a page is old as soon as an answer is marked by hand
    c.GenerateFeedback.preprocessors = [
        "nbgrader.preprocessors.GetGrades",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
        "s2s_ref.grading.nbgrader_steps.explain.Explain",
    ]
    c.Autograde.exporter_class = "s2s_ref.grading.nbgrader_steps.exporter.SubmissionExporter"
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
