"""Copy a part of the package, and the files of a submission, to where the submission runs.

The part of the package holds what every lesson may import, and the modules of earlier lessons. The
lesson's own module, the checks and the grading are not in it.
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
"""What every lesson may import."""

MAX_FILES, MAX_BYTES = 200, 64 * 2**20
"""The number and the total size of the files in a submission, without its notebook."""

JUNK = (".git", ".ipynb_checkpoints", "__pycache__", ".venv", ".DS_Store", "__MACOSX")
"""What tools leave in folders, and nobody hands in."""


def stage_package(lesson: int, folder: Path) -> None:
    """Copy the part of the package that code of this lesson may import into `folder`."""
    source, target = Path(str(resources.files("s2s_ref"))), folder / "s2s_ref"
    for part in FOLDERS:
        shutil.copytree(source / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*MODULES, *modules_before(lesson)):
        shutil.copyfile(source / f"{name}.py", target / f"{name}.py")
    package = (source / "__init__.py").read_text(encoding="utf-8")
    absent = (source / "grading" / "sandbox" / "staged_init.py").read_text(encoding="utf-8")
    (target / "__init__.py").write_text(package + "\n" + absent, encoding="utf-8")
    # Compiled once for all submissions. Unchecked, because copying changes the files' times.
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
        ValueError: one of them is a link or a device, or they are too many or too large.
    """
    files = {}
    for path in examine_files(submission):
        if path.suffix != ".ipynb":
            # The file may have been replaced by a link since it was examined.
            opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(opened, "rb") as file:
                files[path.relative_to(submission).as_posix()] = file.read(MAX_BYTES)
    return files


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write the files that `read_files` read into a new folder."""
    folder.mkdir()
    for name, data in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def examine_files(submission: Path) -> list[Path]:
    """List the files of a submission.

    Raises:
        ValueError: something in the folder is a link or a device, or the files are too many or
            too large.
    """
    found, size, waiting, folders = [], 0, [submission], 0
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            about = path.lstat()
            if path.name in JUNK:
                continue
            if stat.S_ISDIR(about.st_mode):
                waiting.append(path)
                folders += 1
            elif not stat.S_ISREG(about.st_mode) or about.st_nlink > 1:
                raise ValueError(
                    f"{path} is a link or a device, not a regular file. Delete it, or replace it "
                    "by a copy of the file."
                )
            else:
                found.append(path)
                size += about.st_size if path.suffix != ".ipynb" else 0  # has a limit of its own
            if len(found) + folders > MAX_FILES or size > MAX_BYTES:
                raise ValueError(
                    f"{submission} holds more than {MAX_FILES:,} files and folders or "
                    f"{MAX_BYTES / 2**20:,.0f} MiB beside the notebook. Delete what does not "
                    f"belong to it, such as {path.name}."
                )
    return sorted(found)
