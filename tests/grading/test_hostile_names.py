"""Odd names and folders among hand-ins cost nobody else a mark, and their own students are told."""

import contextlib
import csv
import io
import logging
import os
import re
from pathlib import Path

import nbformat
import pytest
from small_course import EXERCISE, LESSON, RIGHT, answered, hand_in, small_course, write

from s2s_ref.cli import app
from s2s_ref.grading import grade as engine
from s2s_ref.grading.release import release
from s2s_ref.grading.reports.csv import export
from s2s_ref.grading.sandbox.provisioners import size
from s2s_ref.grading.sandbox.stage import MAX_FILES, examine_files
from s2s_ref.grading.sandbox.workspace import delete
from s2s_ref.grading.submissions import find_submissions

LONG = "n" * 240


def nested(folder, depth):
    """Make folders in one another, deeper than a path can be long, and go back."""
    here = os.open(".", os.O_RDONLY)
    try:
        folder.mkdir(parents=True)
        os.chdir(folder)
        for _ in range(depth):
            Path("deeper").mkdir()
            os.chdir("deeper")
    finally:
        os.fchdir(here)
        os.close(here)
    return folder


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    course = small_course(tmp_path_factory.mktemp("class") / "course")
    release(course)
    released = nbformat.read(course.notebook(course.lessons, LESSON), as_version=4)
    right = answered(released, {EXERCISE: RIGHT})
    for student in ("*", "[k]im", "kim", LONG, "=1+1", "deep", "many", "bytes", "zoe", "git"):
        path = hand_in(course, student, right)
        if student == "deep":
            nested(path.parent / "f", 1500)
        if student == "many":
            for number in range(2 * MAX_FILES):
                (path.parent / str(number)).mkdir()
        if student == "bytes":
            (path.parent / os.fsdecode(b"\xff\xfe.txt")).write_text("x")
        if student == "git":
            write("x" * 100, path.parent / ".git" / "objects" / "large")
            (path.parent / ".git" / "link").symlink_to("/")
    # pytest-xdist cannot send a report in which a log names the file that is not UTF-8
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        results = engine.grade(course, find_submissions(course))
    logging.disable(logging.NOTSET)
    yield course, {result.student: result for result in results}
    delete(course.submitted / "deep")  # pytest cannot


@pytest.mark.parametrize("student", ["kim", "zoe", LONG, "=1+1", "bytes", "git"])
def test_they_have_their_points(graded, student):
    assert (graded[1][student].score, graded[1][student].error) == (2, "")


@pytest.mark.parametrize(
    ("student", "said"),
    [
        ("*", "has *, ? or [ in its name. Rename the folder"),
        ("[k]im", "has *, ? or [ in its name. Rename the folder"),
        ("deep", "more than 200 files and folders"),
        ("many", "more than 200 files and folders"),
    ],
)
def test_they_are_told(graded, student, said):
    result = graded[1][student]
    assert said in result.error
    assert (result.score, result.verdicts) == (0, [])


def test_a_name_is_never_a_formula(graded):
    rows = csv.DictReader(io.StringIO(export(graded[0], [])))
    names = {row["student_id"] for row in rows}
    assert "'=1+1" in names
    assert not [name for name in names if name[0] in "=+-@"]


def test_what_is_nested_too_deep_is_too_large_and_can_be_deleted(tmp_path):
    folder = nested(tmp_path / "f", 3000)
    assert size(folder) == float("inf")
    delete(folder)
    assert not folder.exists()


def test_a_notebooks_size_does_not_count(tmp_path):
    (tmp_path / "n.ipynb").write_bytes(b" " * 70 * 2**20)
    assert examine_files(tmp_path) == [tmp_path / "n.ipynb"]


def test_control_characters_never_reach_the_terminal(capsys):
    app.console().print("a\x1b]0;title\x07b\x9b31mc\td\x00", markup=False)
    assert re.fullmatch(r"a ]0;title ?b 31mc +d \n", capsys.readouterr().out)
