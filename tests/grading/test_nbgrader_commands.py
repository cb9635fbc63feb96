"""nbgrader's own commands, typed by hand in the course's folder, give the marks of `s2s grade`."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from small_course import (
    EXERCISE,
    LESSON,
    MISTAKEN,
    PREDICT,
    RIGHT,
    WRITTEN,
    answered,
    hand_in,
    small_course,
)

from s2s_ref.grading import grade as engine
from s2s_ref.grading.demo import CONFIG
from s2s_ref.grading.gradebook import known_results, register
from s2s_ref.grading.release import release
from s2s_ref.grading.submissions import find_submissions

ANSWERS = {
    "perfect": {EXERCISE: RIGHT, PREDICT: "nested_list = 'c'", WRITTEN: "It says so."},
    "mistaken": {EXERCISE: MISTAKEN, PREDICT: "nested_list = 'c'"},
    "dead": {PREDICT: "nested_list = 'c'", EXERCISE: RIGHT + "\nimport os\nos._exit(0)"},
    "linked": {EXERCISE: RIGHT},
}


def make(root):
    course = small_course(root)
    (root / "nbgrader_config.py").write_text(CONFIG)
    release(course)
    released = nbformat.read(course.notebook(course.lessons, LESSON), as_version=4)
    for student, answers in ANSWERS.items():
        path = hand_in(course, student, answered(released, answers))
    hand_in(course, "other_lesson", new_notebook(cells=[new_code_cell("x = 1")]))
    (path.parent / "book.db").symlink_to(course.root / "class" / "gradebook.db")
    return course


def nbgrader(course, *arguments):
    command = [Path(sys.executable).with_name("nbgrader"), *arguments]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "JUPYTER_CONFIG_DIR": str(course.root)}
    return subprocess.run(
        command, cwd=course.root, capture_output=True, text=True, check=False, env=environment
    )


def headlines(result):
    return {v["exercise"]: (v["passed"], v["mistake"], v["headline"]) for v in result.verdicts}


def test_the_commands_give_the_same_marks(tmp_path):
    ours = make(tmp_path / "ours")
    results = {r.student: r for r in engine.grade(ours, find_submissions(ours))}
    assert "is a link or a device" in results["linked"].error

    theirs = make(tmp_path / "theirs")
    register(theirs, LESSON)
    graded = nbgrader(theirs, "autograde", LESSON)
    assert graded.returncode  # of the one with a link
    assert "is a link or a device" in graded.stderr
    assert (
        f"The notebook of other_lesson contains no answer and no check of {LESSON}."
        in graded.stderr
    )
    assert not (theirs.autograded / "linked").exists()
    known = {r.student: r for r in known_results(theirs, find_submissions(theirs))}
    assert sorted(known) == ["dead", "mistaken", "perfect"]
    for name, result in known.items():
        assert result.score == results[name].score
        assert headlines(result) == headlines(results[name])
    page = theirs.feedback / "mistaken" / LESSON / f"{LESSON}.html"
    page.parent.mkdir(parents=True)
    page.write_text("from before an answer was marked")
    written = nbgrader(theirs, "generate_feedback", LESSON)
    assert written.returncode == 0
    assert "not recognized" not in written.stderr
    assert "the sentence has no beginning" in page.read_text(encoding="utf-8")
    exported = nbgrader(theirs, "export")
    assert exported.returncode == 0, exported.stderr
    with (theirs.root / "class" / "grades.csv").open(encoding="utf-8-sig") as file:
        marks = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    expected = {name: results[name].score for name in ("perfect", "mistaken", "dead")}
    assert {name: marks[name] for name in expected} == expected
    assert expected == {"perfect": 3, "mistaken": 1, "dead": 0}
    assert not marks.get("linked")


# ------------------------------------------------------------------ collecting


def test_zip_collect_collects_as_s2s_collect_does(tmp_path):
    course = make(tmp_path)
    source = course.notebook(course.solutions, LESSON).read_bytes()
    archive = course.root / "class" / "downloaded" / LESSON / "archive"
    for path in (
        f"Kim Bora_31_assignsubmission_file/{LESSON}/{LESSON}.ipynb",
        f"Lee Jun_32_assignsubmission_file/{LESSON}/{LESSON}-Copy1.ipynb",
        "__MACOSX/Kim Bora_31_assignsubmission_file/._00_start_here.ipynb",
    ):
        (archive / path).parent.mkdir(parents=True)
        (archive / path).write_bytes(source)
    assert nbgrader(course, "zip_collect", LESSON).returncode == 0
    for student in ("Kim Bora", "Lee Jun"):
        target = course.notebook(course.submitted / student, LESSON)
        assert target.read_bytes() == source
    (archive / "shopping.ipynb").write_bytes(b"{}")
    target.write_bytes(b"repaired by hand")
    done = nbgrader(course, "zip_collect", "--force", LESSON)
    assert done.returncode == 1
    assert "shopping.ipynb: left out" in done.stderr
    assert target.read_bytes() == b"repaired by hand"
