"""Releasing: students get the lesson and nothing else, or nothing at all is touched."""

import copy
import json
import os
import re
import shutil
from pathlib import Path

import nbformat
import nbgrader.api
import pytest
from small_course import (
    CHECK,
    EXERCISE,
    EXPERIMENT,
    LESSON,
    PREDICT,
    SOLUTION,
    WRITTEN,
    cell_of,
    contents,
    given,
    small_course,
    small_lesson,
    write,
)

from s2s_ref.grading.course import Course
from s2s_ref.grading.release import examine, release

OTHER = "01_other"


@pytest.fixture
def course(tmp_path):
    return small_course(tmp_path)


def released(course, lesson=LESSON):
    return nbformat.read(course.notebook(course.lessons, lesson), as_version=4)


# ------------------------------------------------------------------ what students get


def test_students_get_the_notebook_alone_and_nothing_else_is_written(course):
    (course.solutions / LESSON / "INSTRUCTOR.md").write_text("rubric")
    (course.solutions / LESSON / ".ipynb_checkpoints").mkdir()
    (course.solutions / LESSON / ".ipynb_checkpoints" / f"{LESSON}.ipynb").write_text("old")
    before = contents(course.root)
    assert release(course) == {LESSON: True}
    after = contents(course.root)
    assert after.keys() - before.keys() == {f"lessons/{LESSON}/{LESSON}.ipynb"}
    assert {name: after[name] for name in before} == before
    assert course.notebook(course.lessons, LESSON).stat().st_mode & 0o777 == 0o644


def test_nbgraders_helper_is_found_where_the_environment_is_not_activated(course, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setattr(
        nbgrader.api, "get_alembic_version", nbgrader.api.get_alembic_version.__wrapped__
    )
    assert release(course) == {LESSON: True}


def test_what_stands_in_place_of_answers(course):
    release(course)
    notebook = released(course)
    assert cell_of(notebook, EXERCISE).source.splitlines()[-2:] == [
        "    # Your code here.",
        "    raise NotImplementedError",
    ]
    prediction = "nested_list = None  # your prediction in place of None"
    assert cell_of(notebook, PREDICT).source == prediction
    assert cell_of(notebook, WRITTEN).source == "*Your answer here.*"
    for cell in notebook.cells:
        if cell.id not in (EXERCISE, PREDICT, WRITTEN):
            assert cell.source == cell_of(small_lesson(), cell.id).source
    assert not any(c.get("outputs") or c.get("execution_count") for c in notebook.cells)


def test_wherever_it_is_made_a_lesson_is_the_same_to_the_byte(course, tmp_path):
    elsewhere = small_course(tmp_path / "elsewhere")
    release(course)
    release(elsewhere)
    assert contents(course.lessons) == contents(elsewhere.lessons)


def test_an_unchanged_lesson_is_left_alone(course):
    release(course)
    path = course.notebook(course.lessons, LESSON)
    os.utime(path, (1, 1))
    assert release(course, [LESSON, LESSON]) == {LESSON: False}
    assert path.stat().st_mtime == 1
    path.write_text("edited by mistake")
    assert release(course) == {LESSON: True}
    assert "edited by mistake" not in path.read_text()


def test_files_that_a_lesson_no_longer_has_go(course):
    release(course)
    (course.lessons / LESSON / "words.txt").write_text("from an older release")
    assert release(course) == {LESSON: True}
    assert list(contents(course.lessons)) == [f"{LESSON}/{LESSON}.ipynb"]


# ------------------------------------------------------------------ what is refused


def set_source(name, source):
    def edit(notebook):
        cell_of(notebook, name).source = source

    return edit


def set_nbgrader(name, **changes):
    def edit(notebook):
        cell_of(notebook, name).metadata.nbgrader.update(changes)

    return edit


def untag(notebook):
    del cell_of(notebook, EXPERIMENT).metadata["tags"]


def tag_a_given_cell(notebook):
    cell_of(notebook, "set-up").metadata["tags"] = ["experiment"]


def twice(notebook):
    notebook.cells.append(copy.deepcopy(cell_of(notebook, CHECK)))
    notebook.cells[-1].id = "again"


def solution_in_a_given_cell(notebook):
    notebook.cells.append(given("### BEGIN SOLUTION\nx = 1\n### END SOLUTION"))


RIGHT_CHECK = 'check("start_here.encode_sentence", encode_sentence)'
REFUSED = {
    "a graded cell that does more": (set_source(CHECK, f"{RIGHT_CHECK}\nx = 1"), "x = 1"),
    "a call in a check": (set_source(CHECK, 'check("start_here.encode_sentence", f())'), "f()"),
    "a name for an exercise": (set_source(CHECK, "check(name, encode_sentence)"), "check(name"),
    "another function": (set_source(CHECK, 'assert encode_sentence("a")'), "assert"),
    "a graded cell that is no Python": (set_source(CHECK, "check("), "Python"),
    "an empty graded cell": (set_source(CHECK, ""), "empty"),
    "an exercise that does not exist": (
        set_source(CHECK, 'check("start_here.nonsense", encode_sentence)'),
        "no exercise 'start_here.nonsense'",
    ),
    "a check's id": (set_nbgrader(CHECK, grade_id="check-other"), f"{CHECK}."),
    "an answer without markers": (set_source(EXERCISE, "def encode_sentence(): ..."), "BEGIN"),
    "an answer without its end": (set_source(EXERCISE, "### BEGIN SOLUTION\nx = 1"), "no end"),
    "a prediction that is no assignment": (
        set_source(PREDICT, "### BEGIN SOLUTION\nprint(1)\n### END SOLUTION"),
        "one assignment",
    ),
    "a solution in a given cell": (solution_in_a_given_cell, "non-solution cell"),
    "an experiment without its tag": (untag, "tag `experiment`"),
    "an experiment without its id": (tag_a_given_cell, "id `experiment-"),
    "an experiment that is not locked": (set_nbgrader(EXPERIMENT, locked=False), "locked"),
    "the same id twice": (twice, CHECK),
}


@pytest.mark.parametrize(("edit", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_cell_is_refused_by_name_and_nothing_is_touched(tmp_path, edit, message):
    course = small_course(tmp_path, (LESSON, OTHER))
    write("the last release", course.lessons / LESSON / f"{LESSON}.ipynb")
    notebook = small_lesson()
    edit(notebook)
    write(notebook, course.notebook(course.solutions, OTHER))
    before = contents(course.root)
    with pytest.raises(ValueError, match=OTHER) as error:
        release(course)
    assert message in str(error.value)
    assert contents(course.root) == before


NO_NOTEBOOKS = {
    "not JSON": (b"print(1)", "not JSON"),
    "empty": (b"", "is empty"),
    "not UTF-8": ("한국어".encode("euc-kr"), "is not text in UTF-8"),
    "another format": (json.dumps({"nbformat": 5, "cells": []}).encode(), "version 5"),
    "a list": (b"[]", "cannot be read as a notebook"),
    "cells that are none": (b'{"nbformat": 4, "nbformat_minor": 5, "cells": [{}]}', "cannot be"),
}


@pytest.mark.parametrize(("text", "message"), NO_NOTEBOOKS.values(), ids=NO_NOTEBOOKS)
def test_what_is_no_notebook_is_refused_by_its_path(tmp_path, text, message):
    course = small_course(tmp_path, (LESSON, OTHER))
    path = write(text, course.notebook(course.solutions, OTHER))
    with pytest.raises(ValueError, match=message) as error:
        release(course)
    assert str(path) in str(error.value)
    assert re.search("Save it again|Ask for it again", str(error.value))
    assert not course.lessons.exists()


@pytest.mark.parametrize("name", ["words.txt", "translations.txt", "helper.py", "folder"])
def test_a_file_that_students_would_get_is_refused(course, name):
    extra = course.solutions / LESSON / name
    extra.write_text("") if "." in name else extra.mkdir()
    with pytest.raises(ValueError, match=name):
        examine(course, LESSON)


def test_a_course_without_solutions_says_what_is_expected(tmp_path):
    write(small_lesson(), tmp_path / "solutions" / "notes" / "notes.ipynb")
    write(small_lesson(), tmp_path / "solutions" / "01_one" / "01_two.ipynb")
    with pytest.raises(ValueError, match=r"Expected NN_name/NN_name\.ipynb"):
        release(Course(tmp_path))


def test_the_real_lesson_0_is_not_refused(root):
    assert SOLUTION.is_file()
    examine(Course(root), LESSON)


# ------------------------------------------------------------------ interrupted


class Stopped(BaseException):
    """As when somebody presses Ctrl-C or the machine goes down."""


def stop_at(monkeypatch, number, error):
    """Let the `number`-th rename from now on raise."""
    rename, calls = Path.rename, iter(range(1, 100))

    def counted(self, target):
        if next(calls) == number:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", counted)


@pytest.fixture
def changed(course):
    """A released lesson whose solution was changed since."""
    release(course)
    before = contents(course.lessons)
    notebook = small_lesson()
    cell_of(notebook, "text-01").source += "\n\nNew."
    write(notebook, course.notebook(course.solutions, LESSON))
    return course, before


@pytest.mark.parametrize("number", [1, 2])
def test_a_release_that_is_stopped_loses_nothing(changed, monkeypatch, number):
    course, before = changed
    with monkeypatch.context() as patch:
        stop_at(patch, number, Stopped())
        with pytest.raises(Stopped):
            release(course)
    left = contents(course.lessons)
    names = {name.replace(f".{LESSON}.old/", f"{LESSON}/"): text for name, text in left.items()}
    assert before.items() <= names.items()

    assert release(course) == {LESSON: True}
    assert list(contents(course.lessons)) == list(before)
    assert "New." in released(course).cells[0].source
    assert [path.name for path in course.lessons.iterdir()] == [LESSON]


def test_after_a_stop_the_same_lesson_is_put_back(course):
    release(course)
    before = contents(course.lessons)
    (course.lessons / LESSON).rename(course.lessons / f".{LESSON}.old")
    (course.lessons / f".{LESSON}.new").mkdir()
    assert release(course) == {LESSON: False}
    assert contents(course.lessons) == before
    assert [path.name for path in course.lessons.iterdir()] == [LESSON]


@pytest.mark.parametrize("number", [1, 2])
def test_a_rename_that_fails_is_undone(changed, monkeypatch, number):
    course, before = changed
    stop_at(monkeypatch, number, OSError("no"))
    with pytest.raises(OSError, match="no"):
        release(course)
    assert before.items() <= contents(course.lessons).items()


def test_a_full_disk_leaves_the_lesson(changed, monkeypatch):
    course, before = changed

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(OSError, match="No space"):
        release(course)
    assert contents(course.lessons) == before
