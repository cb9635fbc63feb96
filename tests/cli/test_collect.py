"""`s2s collect`: the table, the exit codes, and errors in one sentence."""

import pytest
from small_course import LESSON, contents, small_course, small_lesson, write

from s2s_ref.cli import main as cli


@pytest.fixture
def s2s(capsys):
    """Run the command in this process; returns its exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def course(tmp_path, monkeypatch):
    write('[project]\nname = "seq2seq-course"\n', tmp_path / "course" / "pyproject.toml")
    made = small_course(tmp_path / "course")
    monkeypatch.chdir(made.root)
    monkeypatch.setenv("COLUMNS", "200")
    return made


def test_the_table_says_what_became_of_each_file(s2s, course, tmp_path):
    for path in ("kim_LATE_1_2_00_start_here.ipynb", "bora_3_4_00_start_here-1.ipynb"):
        write(small_lesson(), tmp_path / "download" / path)
    code, out, err = s2s("collect", tmp_path / "download")
    assert (code, err) == (0, "")
    rows = [line for line in out.splitlines() if LESSON in line]
    assert ["bora" in rows[0], "kim" in rows[1], "LATE" in rows[1]] == [True] * 3
    assert all("collected" in row for row in rows)
    assert len(contents(course.submitted)) == 2


def test_what_was_left_out_is_at_the_end_and_the_exit_code_says_so(s2s, course, tmp_path):
    for path in ("a[bold]/shopping.ipynb", "kim/00_start_here.ipynb"):
        write("{}", tmp_path / "download" / path)
    code, out, _ = s2s("collect", tmp_path / "download")
    assert code == 1
    last = " ".join(out.splitlines()[-3:])
    assert "left out" in last
    assert "a[bold]/shopping.ipynb: no lesson has its name or its cells." in last
    assert list(contents(course.submitted)) == [f"kim/{LESSON}/{LESSON}.ipynb"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["missing.zip"], "missing.zip does not exist"),
        ([".", "--pattern", "("], "--pattern cannot be read"),
        ([".", "--pattern", "x"], "has no group"),
        ([".", "--lesson", "7"], "no lesson '7'"),
        (["empty"], "contains no notebook"),
    ],
)
def test_bad_input_is_one_sentence(s2s, course, arguments, problem):
    (course.root / "empty").mkdir()
    before = contents(course.root)
    code, _, err = s2s("collect", *arguments)
    assert code == 2
    assert err.startswith("s2s: ")
    assert problem in err
    assert "Traceback" not in err
    assert contents(course.root) == before
