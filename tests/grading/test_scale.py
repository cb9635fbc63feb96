"""A class of a thousand in one run: nothing is lost, and memory does not grow with the class."""

import os
import resource
import subprocess
import sys

import nbformat
import pytest
from small_course import (
    EXERCISE,
    LESSON,
    PREDICT,
    RIGHT,
    answered,
    hand_in,
    small_course,
)

from s2s_ref.grading.release import release

pytestmark = [
    pytest.mark.needs_sandbox,
    pytest.mark.skipif(not os.environ.get("S2S_SCALE"), reason="only in make test-scale"),
]

STUDENTS = 1000
RUN = """
import resource, sys
from pathlib import Path
from s2s_ref.grading import grade as engine
from s2s_ref.grading.course import Course
from s2s_ref.grading.submissions import find_submissions
from s2s_ref.grading.workers import cores

def note(result):
    done.append(result.score)
    if len(done) in (100, len(found)):
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)

if __name__ == "__main__":
    done, course = [], Course(Path(sys.argv[1]), fork=True)
    found = find_submissions(course)
    engine.grade(course, found, note, engine.GradingOptions(jobs=cores()))
    with course.api().gradebook as book:
        print(sum(s.score for s in book.assignment_submissions("00_start_here")))
"""


def test_a_thousand_submissions(tmp_path):
    course = small_course(tmp_path / "course")
    release(course)
    released = nbformat.read(course.notebook(course.lessons, LESSON), as_version=4)
    for number in range(STUDENTS):
        # a third is right, a third wrong, and a third ends the kernel
        answer = (RIGHT, "encode_sentence = None", "import os\nos._exit(1)")[number % 3]
        answers = {EXERCISE: f"{answer}\nnumber = {number}", PREDICT: "nested_list = 'c'"}
        hand_in(course, f"student-{number:04}", answered(released, answers))
    script = tmp_path / "run.py"
    script.write_text(RUN)
    run = subprocess.run(
        [sys.executable, script, course.root],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    early, late, points = (float(line) for line in run.stdout.split())
    right, wrong = len(range(0, STUDENTS, 3)), len(range(1, STUDENTS, 3))
    assert points == 3 * right + wrong
    assert late < early * 1.3
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2 * 2**20
