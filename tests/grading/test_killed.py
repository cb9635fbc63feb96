"""Whoever is killed in the middle of a class: a second run ends with the same gradebook."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from small_course import (
    EXERCISE,
    LESSON,
    MISTAKEN,
    PREDICT,
    RIGHT,
    answered,
    hand_in,
    small_course,
)

from s2s_ref.grading import grade as engine
from s2s_ref.grading.course import Course
from s2s_ref.grading.release import release
from s2s_ref.grading.submissions import find_submissions

pytestmark = pytest.mark.needs_sandbox

STUDENTS = 6
RUN = """
import sys
from pathlib import Path
from s2s_ref.grading import grade as engine
from s2s_ref.grading.course import Course
from s2s_ref.grading.submissions import find_submissions
if __name__ == "__main__":
    course = Course(Path(sys.argv[1]), fork=sys.argv[2] == "fork")
    found = find_submissions(course)
    options = engine.GradingOptions(jobs=2)
    engine.grade(course, found, lambda r: print(r.student, flush=True), options)
"""


def make(root, fork):
    course = small_course(root)
    release(course)
    released = nbformat.read(course.notebook(course.lessons, LESSON), as_version=4)
    slow = "\nimport time\ntime.sleep(0.5)\n"
    for number in range(STUDENTS):
        answer = (RIGHT if number % 2 else MISTAKEN) + slow + f"number = {number}"
        answers = {EXERCISE: answer, PREDICT: "nested_list = 'c'"}
        hand_in(course, f"student-{number}", answered(released, answers))
    return Course(root, fork=fork)


def marks(course):
    with course.api().gradebook as book:
        return {s.student_id: s.score for s in book.assignment_submissions(LESSON)}


EXPECTED = {f"student-{number}": 3 if number % 2 else 1 for number in range(STUDENTS)}


def processes_below(pid):
    """Every process below one, with its command."""
    found = {}
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            try:
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes()
                found |= processes_below(child)
            except FileNotFoundError:
                continue
    return found


def is_bwrap(command):
    return command.split(b"\0")[0].endswith(b"/bwrap")


VICTIMS = {
    "the grader": lambda pid, _: pid,
    "a worker": lambda _, below: next(p for p, c in below.items() if b"spawn_main" in c),
    "bwrap": lambda _, below: next(p for p, c in below.items() if is_bwrap(c)),
    "the fork server": lambda _, below: next(
        p for p, c in reversed(below.items()) if b"fork_server.py" in c and not is_bwrap(c)
    ),
}
CASES = [("the grader", "bwrap"), ("a worker", "fork")]
if os.environ.get("S2S_SCALE"):
    CASES += [("the fork server", "fork"), ("bwrap", "bwrap")]
    CASES += [("the grader", "fork"), ("a worker", "bwrap"), ("bwrap", "fork")]


@pytest.mark.parametrize(("victim", "way"), CASES)
def test_a_second_run_ends_as_an_undisturbed_one(tmp_path, victim, way):
    course = make(tmp_path / "course", way == "fork")
    script = tmp_path / "run.py"
    script.write_text(RUN)
    run = subprocess.Popen(
        [sys.executable, script, course.root, way],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    run.stdout.readline()  # one is graded, others are under way
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.kill(VICTIMS[victim](run.pid, processes_below(run.pid)), signal.SIGKILL)
            break
        except (StopIteration, ProcessLookupError):
            time.sleep(0.01)
    run.stdout.read()
    code = run.wait(timeout=240)
    run.stdout.close()
    if victim != "the grader":
        assert code == 0
        assert marks(course) == EXPECTED
    results = engine.grade(course, find_submissions(course))
    assert {r.student: r.score for r in results} == EXPECTED
    assert not [r.error for r in results if r.error]
    assert marks(course) == EXPECTED
