"""The command s2s check: the student's notebook of a lesson, in the terminal."""

import shutil

import nbformat
import pytest

from s2s_ref.cli import main as cli


@pytest.fixture
def check(root, tmp_path, monkeypatch, capfd):
    """Run `s2s check` on a copy of lesson 0; returns its exit code, stdout and stderr."""
    monkeypatch.setenv("S2S_STATE", str(tmp_path / "state"))

    def run(lesson, copied="", replace=("", "")):
        if copied:
            folder = tmp_path / "00_start_here"
            folder.mkdir()
            path = folder / "00_start_here.ipynb"
            shutil.copy(root / copied / "00_start_here" / path.name, path)
            notebook = nbformat.read(path, as_version=4)
            for cell in notebook.cells:
                cell.source = cell.source.replace(*replace)
            nbformat.write(notebook, path)
        with pytest.raises(SystemExit) as ended:
            cli.main(["check", lesson, "--work", str(tmp_path)])
        captured = capfd.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


def test_a_notebook_that_passes(check):
    code, out, _ = check("0", "solutions")
    assert code == 0
    assert "✓ encode_sentence: " in out
    assert out.endswith("Every check of this lesson passes.\n")


def test_what_is_not_answered_yet_is_listed_and_costs_the_exit_code(check):
    code, out, _ = check("00", "lessons")
    assert code == 1
    assert "encode_sentence: not written yet" in out
    assert "start_here.encode_sentence" in out.splitlines()[-1]
    assert out.splitlines()[-1].startswith("0 of 3 pass. Not passed yet: ")


def test_an_answer_that_is_not_defined_is_named(check):
    code, out, _ = check("0", "solutions", ("def encode_sentence(", "def encode("))
    assert code == 1
    assert "encode_sentence is not defined" in out
    assert out.splitlines()[-1].startswith("2 of 3 pass. Not passed yet: start_here.encode_sent")


@pytest.mark.parametrize(
    ("lesson", "told"),
    [("77", "There is no lesson '77'. The lessons are: 00_start_here"), ("1", "is missing. `s2s")],
)
def test_a_lesson_that_is_not_there_is_an_error(check, lesson, told):
    code, out, err = check(lesson)
    assert (code, out) == (2, "")
    assert told in err
