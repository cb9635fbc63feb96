"""The student's copy of the lessons is never overwritten, and Validate works in JupyterLab."""

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import nbformat
import pytest
from jupyter_process import running_at
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import compute_checksum

from s2s_ref.workspace import lab


@pytest.fixture
def lessons(tmp_path):
    for name in ("00_start", "01_rnn"):
        folder = tmp_path / "lessons" / name
        (folder / ".ipynb_checkpoints").mkdir(parents=True)
        (folder / ".ipynb_checkpoints" / "old.ipynb").write_text("old")
        (folder / f"{name}.ipynb").write_text(f"released {name}")
        (folder / "words.txt").write_text("words")
    return tmp_path / "lessons"


@pytest.fixture
def work(tmp_path):
    return tmp_path / "work"


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_first_time_everything_is_copied(lessons, work):
    steps = lab.plan(lessons, work)
    assert steps.new == ("00_start", "01_rnn")
    assert not work.exists()
    lab.carry_out(steps)
    assert contents(work) == {
        "00_start/00_start.ipynb": "released 00_start",
        "00_start/words.txt": "words",
        "01_rnn/01_rnn.ipynb": "released 01_rnn",
        "01_rnn/words.txt": "words",
        "nbgrader_config.py": lab.CONFIG,
    }


def test_what_the_student_has_is_left(lessons, work):
    lab.carry_out(lab.plan(lessons, work))
    (work / "00_start" / "00_start.ipynb").write_text("my answer")
    (work / "00_start" / "notes.txt").write_text("my notes")
    (work / "01_rnn" / "words.txt").unlink()
    (lessons / "00_start" / "00_start.ipynb").write_text("a newer release")
    (lessons / "02_new").mkdir()
    (lessons / "02_new" / "02_new.ipynb").write_text("released 02_new")

    steps = lab.plan(lessons, work)
    assert steps.kept == ("00_start", "01_rnn")
    assert [path.as_posix() for path in steps.restored] == ["01_rnn/words.txt"]
    lab.carry_out(steps)
    after = contents(work)
    assert after["00_start/00_start.ipynb"] == "my answer"
    assert after["00_start/notes.txt"] == "my notes"
    assert after["01_rnn/words.txt"] == "words"
    assert after["02_new/02_new.ipynb"] == "released 02_new"
    assert not [name for name in after if ".part" in name]


def test_an_interrupted_copy_is_done_again(lessons, work):
    (work / ".01_rnn.part").mkdir(parents=True)
    (work / ".01_rnn.part" / "half.ipynb").write_text("half")
    lab.carry_out(lab.plan(lessons, work))
    assert sorted(contents(work / "01_rnn")) == ["01_rnn.ipynb", "words.txt"]


def test_links_are_not_followed(lessons, work, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    (lessons / "00_start" / "linked.txt").symlink_to(tmp_path / "secret.txt")
    lab.carry_out(lab.plan(lessons, work))
    assert "00_start/linked.txt" not in contents(work)


def test_lessons_that_are_not_there_are_named(tmp_path, work):
    with pytest.raises(ValueError, match=r"holds no lessons.*s2s release"):
        lab.plan(tmp_path / "nowhere", work)


def test_a_file_in_the_way_is_named(lessons, work):
    work.mkdir()
    (work / "01_rnn").write_text("a file")
    with pytest.raises(ValueError, match=r"01_rnn is a file"):
        lab.plan(lessons, work)


def test_the_command_and_its_environment(work):
    arguments = lab.command(work, ["--no-browser", "--port=1"])
    assert arguments[:3] == [sys.executable, "-m", "jupyterlab"]
    assert arguments[-2:] == ["--no-browser", "--port=1"]
    made = lab.environment(work, {"PATH": "/bin", "JUPYTER_CONFIG_PATH": "/mine", "KEPT": "1"})
    assert made["JUPYTER_CONFIG_PATH"].split(os.pathsep) == [str(work), str(lab.SETTINGS), "/mine"]
    assert made["PATH"].split(os.pathsep) == [str(Path(sys.executable).parent), "/bin"]
    assert made["KEPT"] == "1"
    alone = lab.environment(work, {})["JUPYTER_CONFIG_PATH"]
    assert alone.split(os.pathsep) == [str(work), str(lab.SETTINGS)]


def graded_lesson(answer):
    """A lesson of three cells: a solution, an experiment that leaves a file, and a check."""

    def cell(source, grade_id, tags=(), **kind):
        nbgrader = {
            "schema_version": 3,
            "grade_id": grade_id,
            "grade": False,
            "solution": False,
            "locked": True,
            "task": False,
            **kind,
        }
        made = new_code_cell(source, metadata={"nbgrader": nbgrader, "tags": list(tags)})
        nbgrader.update(cell_type="code", checksum=compute_checksum(made))
        made.metadata["nbgrader"] = nbgrader
        return made

    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [
        cell(f"def two():\n    return {answer}", "rnn-two", solution=True, locked=False),
        cell("open('ran', 'w').close()", "experiment-two", tags=["experiment"]),
        cell("assert two() == 2", "check-rnn-two", grade=True, points=1),
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": spec})


@pytest.fixture
def server(work, tmp_path):
    """JupyterLab as `s2s lab` opens it, without a browser."""
    for answer in (2, 3):
        folder = work / f"0{answer}_answer"
        folder.mkdir(parents=True)
        nbformat.write(graded_lesson(answer), folder / "lesson.ipynb")
    (work / lab.CONFIG_NAME).write_text(lab.CONFIG, encoding="utf-8")
    runtime = tmp_path / "runtime"
    options = ["--no-browser", "--allow-root", "--ServerApp.port=0", "--IdentityProvider.token=t"]
    environment = {
        **lab.environment(work),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "IPYTHONDIR": str(tmp_path / "ipython"),
    }
    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(
        lab.command(work, options), cwd=work, env=environment, stdout=log, stderr=log
    )
    try:
        yield running_at(process, runtime, tmp_path / "log")
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


@pytest.mark.parametrize(
    ("plugin", "name", "value"),
    [
        ("apputils-extension:notification", "fetchNews", "false"),  # "none" asks
        # All cells are in the page, so a screen reader finds every heading.
        ("notebook-extension:tracker", "windowingMode", "defer"),
    ],
)
def test_jupyterlab_has_our_settings_which_it_knows(server, plugin, name, value):
    settings = f"lab/api/settings/@jupyterlab/{plugin}?token=t"
    with urllib.request.urlopen(f"{server}{settings}", timeout=60) as answer:
        known = json.load(answer)["schema"]["properties"][name]
    assert known["default"] == value
    assert value in {choice["const"] for choice in known["oneOf"]}


def test_validate_in_jupyterlab_names_the_failing_cell_and_skips_experiments(server, work):
    def validate(path):
        request = urllib.request.Request(
            f"{server}assignments/validate",
            data=urllib.parse.urlencode({"path": path}).encode(),
            headers={"Authorization": "token t"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    assert validate("02_answer/lesson.ipynb") == {"success": True, "value": {}}
    answer = validate("03_answer/lesson.ipynb")
    assert answer["success"]
    assert [cell["source"] for cell in answer["value"]["failed"]] == ["assert two() == 2"]
    assert not list(work.glob("*/ran"))
