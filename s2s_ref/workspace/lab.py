"""A student's own copy of the lessons, and JupyterLab opened on it.

What a student has is never overwritten: only files that are missing are copied.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from s2s_ref.whole_files import whole_folder, write_whole

SETTINGS = Path(__file__).parent / "jupyter"
"""JupyterLab's own settings, in the layout that it looks for."""

CONFIG_NAME = "nbgrader_config.py"
CONFIG = """\
# Written by `s2s lab`, which puts it back when it is changed. Your own settings for nbgrader
# belong in ~/.jupyter/nbgrader_config.py.
c = get_config()  # noqa: F821

# "Validate" runs a lesson without its experiments: they take up to a minute each, and no check
# needs them.
c.Execute.skip_cells_with_tag = "experiment"
# Meanwhile the lab answers nothing else, so a loop that never ends is stopped soon.
c.Execute.timeout = 60  # seconds for one cell
"""


@dataclass(frozen=True)
class Plan:
    """What opening the lab will do to the files in the student's folder.

    Attributes:
        lessons: the released lessons.
        work: the student's folder.
        new: lessons the student does not have yet, copied whole.
        restored: files missing from a lesson that the student has, copied too.
        kept: lessons that the student has already, left as they are.
    """

    lessons: Path
    work: Path
    new: tuple[str, ...]
    restored: tuple[Path, ...]
    kept: tuple[str, ...]


def plan(lessons: Path, work: Path) -> Plan:
    """Compare the released lessons with the student's folder, and write nothing.

    Raises ValueError if there are no lessons, or a file has the name of a folder that is needed.
    """
    names = sorted(path.name for path in lessons.glob("*/") if any(_files(path)))
    if not names:
        raise ValueError(
            f"{lessons} holds no lessons. Generate them from the solutions with `s2s release`, or "
            "name the folder that holds them: s2s lab --lessons FOLDER."
        )
    for folder in (work, *(work / name for name in names)):
        if folder.exists() and not folder.is_dir():
            raise ValueError(
                f"{folder} is a file, and the lessons need a folder of that name. "
                "Move the file elsewhere and try again."
            )
    kept = tuple(name for name in names if (work / name).is_dir())
    restored = tuple(
        Path(name) / file
        for name in kept
        for file in _files(lessons / name)
        if not os.path.lexists(work / name / file)
    )
    return Plan(lessons, work, tuple(name for name in names if name not in kept), restored, kept)


def carry_out(steps: Plan) -> None:
    """Copy what is missing; each lesson and each file whole or not at all."""
    steps.work.mkdir(parents=True, exist_ok=True)
    for name in steps.new:
        with whole_folder(steps.work / name) as lesson:
            for file in _files(steps.lessons / name):
                write_whole(lesson / file, (steps.lessons / name / file).read_bytes())
    for file in steps.restored:
        write_whole(steps.work / file, (steps.lessons / file).read_bytes())
    config = steps.work / CONFIG_NAME
    if not config.is_file() or config.read_text(encoding="utf-8") != CONFIG:
        write_whole(config, CONFIG)


def _files(lesson: Path) -> Iterator[Path]:
    """A lesson's files, relative to it; nothing hidden and no links."""
    for path in sorted(lesson.rglob("*")):
        relative = path.relative_to(lesson)
        hidden = any(part.startswith((".", "__pycache__")) for part in relative.parts)
        if path.is_file() and not path.is_symlink() and not hidden:
            yield relative


def command(work: Path, options: Sequence[str] = ()) -> list[str]:
    """The command that opens JupyterLab of this Python on the student's folder."""
    return [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={work}", *options]


def environment(work: Path, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment variables with which JupyterLab runs.

    With them, nbgrader finds its settings in every folder of the lab, JupyterLab does not ask about
    its news, a terminal finds `s2s` and `nbgrader`, and the kernel is that of this Python.
    """
    changed = dict(os.environ if base is None else base)
    ours = {"JUPYTER_CONFIG_PATH": (work, SETTINGS), "PATH": (Path(sys.executable).parent,)}
    for name, folders in ours.items():
        before = filter(None, [changed.get(name)])
        changed[name] = os.pathsep.join([*map(str, folders), *before])
    changed.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    return changed


def open_lab(work: Path, options: Sequence[str] = ()) -> int:
    """Run JupyterLab until the student ends it, and return its exit code.

    On POSIX it replaces this process, so nothing is returned.
    """
    arguments = command(work, options)
    os.chdir(work)
    if os.name == "posix":  # so that JupyterLab itself gets Ctrl-C
        os.execve(arguments[0], arguments, environment(work))
    return subprocess.run(arguments, env=environment(work), check=False).returncode
