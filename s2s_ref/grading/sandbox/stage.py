"""What a submission finds around it: a part of the package, and the files that came with it.

Both are copies made from lists of what may be there. The package holds the student's side and the
modules of earlier lessons; this lesson's module, the checks and the grading are not in it.
"""

import compileall
import os
import py_compile
import shutil
import stat
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from s2s_ref.syllabus import modules_before

FOLDERS, MODULES = ("data", "student"), ("state", "whole_files")
"""What every lesson may use."""

MOST_FILES, MOST_BYTES = 200, 64 * 2**20


def stage_package(lesson: int, folder: Path) -> None:
    """Copy into `folder` what code of this lesson may import of the course's package."""
    source, target = Path(str(resources.files("s2s_ref"))), folder / "s2s_ref"
    for part in FOLDERS:
        shutil.copytree(source / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*MODULES, *modules_before(lesson)):
        shutil.copyfile(source / f"{name}.py", target / f"{name}.py")
    package = (source / "__init__.py").read_text(encoding="utf-8")
    absent = (source / "grading" / "sandbox" / "staged_init.py").read_text(encoding="utf-8")
    (target / "__init__.py").write_text(package + "\n" + absent, encoding="utf-8")
    # compiled once, for every submission; a file there is as old as it is, whatever a clock says
    compileall.compile_dir(
        folder,
        quiet=2,
        stripdir=str(folder),
        prependdir="/s2s/package",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def read_files(submission: Path) -> dict[str, bytes]:
    """Read the files that were handed in beside the notebook, by their paths.

    Raises:
        ValueError: one of them is no file of its own, or they are too many or too large.
    """
    files = {}
    for path in examine_files(submission):
        if path.suffix != ".ipynb":
            # it may have been put in another's place since it was looked at
            opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(opened, "rb") as file:
                files[path.relative_to(submission).as_posix()] = file.read(MOST_BYTES)
    return files


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write such files into a new folder."""
    folder.mkdir()
    for name, data in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def examine_files(submission: Path) -> list[Path]:
    """List the files of a submission.

    Raises:
        ValueError: something in the folder is no file or folder of its own, such as a link, or
            they are too many or too large.
    """
    found, size = [], 0
    for parent, folders, names in os.walk(submission):
        for name in sorted((*folders, *names)):
            path = Path(parent, name)
            about = path.lstat()
            if stat.S_ISDIR(about.st_mode):
                continue
            if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1:
                raise ValueError(
                    f"{path} is a link or a device, and not a file of its own. Delete it, or put "
                    "what it should hold in its place."
                )
            found.append(path)
            size += about.st_size
    if len(found) > MOST_FILES or size > MOST_BYTES:
        raise ValueError(
            f"{submission} holds {len(found):,} files with {size:,} bytes. At most "
            f"{MOST_FILES:,} and {MOST_BYTES:,} can be graded."
        )
    return found
