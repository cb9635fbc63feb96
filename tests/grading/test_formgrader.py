"""The button of nbgrader's formgrader grades as `s2s grade` does; marks by hand stay."""

import json
import os
import subprocess
import sys
import urllib.request

import nbformat
import pytest
from jupyter_process import running_at
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
from s2s_ref.grading.gradebook import register
from s2s_ref.grading.release import release
from s2s_ref.grading.submissions import find_submissions
from s2s_ref.grading.verdicts import read_verdicts


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A small course, released and handed in, with its gradebook."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("S2S_STATE", str(tmp_path_factory.mktemp("state")))
        course = small_course(tmp_path_factory.mktemp("course"))
        (course.root / "nbgrader_config.py").write_text(CONFIG)
        release(course)
        register(course, LESSON)
        hand_everything_in(course)
        yield course


def hand_everything_in(course, mark=""):
    released = nbformat.read(course.notebook(course.lessons, LESSON), as_version=4)
    guess = f"nested_list = 'c'{mark}"
    for student, code in (("ada", RIGHT), ("bob", MISTAKEN)):
        answers = {EXERCISE: code, PREDICT: guess, WRITTEN: "It says so."}
        hand_in(course, student, answered(released, answers))


@pytest.fixture(scope="module")
def ask(course, tmp_path_factory):
    """A Jupyter server in the course's folder, and a function that sends it a request."""
    runtime = tmp_path_factory.mktemp("runtime")
    options = ["--no-browser", "--allow-root", "--ServerApp.port=0", "--IdentityProvider.token=t"]
    environment = {
        **os.environ,
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_CONFIG_DIR": str(course.root),  # of the user: nothing of his may take part
        "JUPYTER_DATA_DIR": str(runtime),
        "PYTHONWARNINGS": "ignore",
    }
    log = runtime / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options],
            cwd=course.root,
            env=environment,
            stdout=out,
            stderr=out,
        )
    try:
        address = running_at(process, runtime, log)

        def ask(path, method="GET", body=None):
            request = urllib.request.Request(
                f"{address}formgrader/api/{path}",
                data=json.dumps(body).encode() if body is not None else None,
                method=method,
                headers={"Authorization": "token t", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.loads(answer.read() or "null")

        yield ask
    finally:
        process.terminate()
        process.wait(20)


def marks(course):
    """What the gradebook says: by student the points by machine, by hand, and in all."""
    with course.api().gradebook as book:
        return {
            s.student_id: (
                sum(g.auto_score or 0 for n in s.notebooks for g in n.grades),
                sum(g.manual_score or 0 for n in s.notebooks for g in n.grades),
                s.score,
            )
            for s in book.assignment_submissions(LESSON)
        }


def written_grade(course, student):
    with course.api().gradebook as book:
        return book.find_grade(WRITTEN, LESSON, LESSON, student).id


def test_the_button_grades_behind_the_same_walls_and_marks_by_hand_stay(course, ask):
    for student in ("ada", "bob"):
        answer = ask(f"submission/{LESSON}/{student}/autograde", "POST", {})
        assert answer["success"], answer
    assert marks(course) == {"ada": (3, 0, 3), "bob": (1, 0, 1)}
    for student in ("ada", "bob"):
        assert any(v["passed"] for v in read_verdicts(course, student, LESSON))

    about = ask(f"grade/{written_grade(course, 'ada')}", "PUT", {"manual_score": 2.5})
    assert about["manual_score"] == 2.5
    assert marks(course)["ada"] == (3, 2.5, 5.5)

    # nothing changed: graded again by the button, by s2s, and by s2s with new runs
    assert ask(f"submission/{LESSON}/ada/autograde", "POST", {})["success"]
    assert marks(course)["ada"] == (3, 2.5, 5.5)
    for options in (
        engine.GradingOptions(),
        engine.GradingOptions(force=True),
        engine.GradingOptions(force=True, again=True),
    ):
        results = engine.grade(course, find_submissions(course), options=options)
        assert [(r.score, r.error) for r in results] == [(3, ""), (1, "")]
        assert marks(course) == {"ada": (3, 2.5, 5.5), "bob": (1, 0, 1)}

    # handed in again, with another code cell: the written answer is the same, and so is its mark
    hand_everything_in(course, mark="  # again")
    results = engine.grade(course, find_submissions(course))
    assert [(r.student, r.written, r.to_review) for r in results] == [("ada", 0, 1), ("bob", 1, 0)]
    assert marks(course) == {"ada": (3, 2.5, 5.5), "bob": (1, 0, 1)}
    shown = {s["student"]: s["score"] for s in ask(f"submissions/{LESSON}")}
    assert shown == {"ada": 5.5, "bob": 1}
