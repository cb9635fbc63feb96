"""What may go wrong in a submission, and what it costs: never the marks that were earned before.

Every fault is a right submission with some lines added, graded with short limits. Each has a record
with a clear sentence, and nobody else's marks change.
"""

import dataclasses
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest
from small_course import (
    EXERCISE,
    LESSON,
    PREDICT,
    RIGHT,
    WAYS,
    answered,
    hand_in,
    small_course,
)

from s2s_ref.grading import grade as engine
from s2s_ref.grading.course import Course
from s2s_ref.grading.release import release
from s2s_ref.grading.sandbox import bubblewrap as sandbox
from s2s_ref.grading.submissions import Submission, find_submissions

GUESS = "nested_list = 'c'\n"


SCALE = bool(os.environ.get("S2S_SCALE"))
"""For `make test-scale`: every fault in every way. Otherwise a slice, in the quicker way."""


@dataclasses.dataclass(frozen=True)
class Impatient(Course):
    """A course whose limits are short."""

    memory: int = 1536

    def config(self):
        c = super().config()
        c.SandboxExecute.timeout = 15
        c.SandboxExecute.notebook_timeout = 60
        c.SandboxExecute.memory = self.memory
        return c


# The exercise is worth 2 points, the prediction after it 1. By name: what is added to which cell,
# the points, and a text that the notebook which comes back must hold.
FAULTS = {
    "a_loop": (EXERCISE, "while True:\n    pass", 3, "did not finish within its time limit"),
    "a_loop_in_a_check": (
        EXERCISE,
        "def encode_sentence(*_):\n    while True:\n        pass",
        1,
        "did not finish within its time limit",
    ),
    "a_loop_that_ignores_interrupts": (
        PREDICT,
        """
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
        """,
        2,
        "the kernel was ended",
    ),
    "a_long_sleep": (PREDICT, "import time\ntime.sleep(1000)", 3, "within its time"),
    "much_memory": (EXERCISE, "x = bytearray(3 * 2**30)", 3, "MemoryError"),
    "a_large_tensor": (EXERCISE, "import torch\nx = torch.ones(10**10)", 3, "RuntimeError"),
    "much_memory_in_children": (
        PREDICT,
        """
        import subprocess, sys, time
        code = "import time; x = bytearray(b'1') * (1200 * 2**20); time.sleep(60)"
        for _ in range(4):
            subprocess.Popen([sys.executable, "-c", code])
        time.sleep(60)
        """,
        2,
        "the kernel died",
    ),
    "many_children": (
        EXERCISE,
        """
        import subprocess
        for _ in range(120):
            subprocess.Popen(["sleep", "20"])
        """,
        3,
        "BlockingIOError",
    ),
    "many_threads": (
        EXERCISE,
        """
        import threading, time
        for _ in range(200):
            threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
        """,
        3,
        "RuntimeError",
    ),
    "exit": (PREDICT, "import os\nos._exit(1)", 2, "the kernel died"),
    "a_crash": (PREDICT, "import ctypes\nctypes.string_at(0)", 2, "the kernel died"),
    "killed": (PREDICT, "import os, signal\nos.kill(os.getpid(), 9)", 2, "the kernel died"),
    "much_output": (
        EXERCISE,
        "for _ in range(100):\n    print('x' * 2**20)",
        3,
        "The output was cut here",
    ),
    "many_outputs": (
        EXERCISE,
        "from IPython.display import display\nfor i in range(20_000):\n    display(i)",
        3,
        "✓ encode_sentence",
    ),
    "odd_outputs": (
        EXERCISE,
        """
        publish = get_ipython().display_pub.publish
        publish({"text/plain": "\\ud800 책"})
        publish({"text/plain": 7, "image/png": ["x"]})
        publish({"text/html": {"a": []}}, {"text/html": 3})
        """,
        3,
        "책",
    ),
    "messages_of_no_kind": (
        PREDICT,
        """
        kernel = get_ipython().kernel
        parent = kernel.get_parent()
        for kind, content in (("stream", {}), ("error", {"ename": 3}), ("display_data", {})):
            kernel.session.send(kernel.iopub_socket, kind, content, parent=parent)
        """,
        2,
        "the kernel was ended",
    ),
    "a_full_work_folder": (
        EXERCISE,
        """
        with open("large", "wb") as file:
            for _ in range(100):
                file.write(b"x" * 2**20)
        """,
        3,
        "OSError",
    ),
    "a_full_folder_of_sockets": (
        PREDICT,
        """
        import os, time
        folder = os.path.dirname(os.environ["S2S_JUDGE_SOCKET"])
        for i in range(3):
            with open(f"{folder}/{i}", "wb") as file:
                file.write(b"x" * (40 * 2**20))
        time.sleep(60)
        """,
        2,
        "the kernel died",
    ),
    "no_sockets": (
        PREDICT,
        """
        import os, pathlib
        for path in pathlib.Path(os.environ["S2S_JUDGE_SOCKET"]).parent.iterdir():
            path.unlink()
        """,
        2,
        "the check did not finish",
    ),
    "a_detached_child": (
        EXERCISE,
        'import subprocess\nsubprocess.Popen(["sleep", "8126"], start_new_session=True)',
        3,
        "✓ encode_sentence",
    ),
    "widgets": (
        EXERCISE,
        "import ipywidgets\nfor _ in range(50):\n    display(ipywidgets.IntSlider())",
        3,
        "✓ encode_sentence",
    ),
    "writes_its_own_file": (
        EXERCISE,
        """
        import pathlib
        mine = pathlib.Path("notes.txt")
        mine.write_text(mine.read_text() + "!")
        print(mine.read_text())
        """,
        3,
        "mine!",
    ),
    "an_unfinished_line": (EXERCISE, "print((", 1, "SyntaxError"),
}


LIMITS = (
    "much_memory",
    "a_large_tensor",
    "much_memory_in_children",
    "many_children",
    "many_threads",
    "a_full_work_folder",
    "a_full_folder_of_sockets",
    "a_detached_child",
)
"""What only a sandbox keeps within bounds."""

SLOW = ("a_long_sleep", "a_loop_in_a_check", "many_outputs", "much_memory_in_children")
"""Only in the whole matrix: what another fault shows too, and takes its time."""


def chosen(way, name):
    return SCALE or (way == WAYS[-1] and name not in SLOW)


def cases():
    return [
        pytest.param(way, name, marks=pytest.mark.needs_sandbox if name in LIMITS else ())
        for way in WAYS
        for name in FAULTS
        if chosen(way, name)
    ]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """By way: the course after it was graded, and the results."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("S2S_STATE", str(tmp_path_factory.mktemp("state")))
        made = {}
        for way in WAYS:
            root = tmp_path_factory.mktemp(way) / "course"
            course = Impatient(root, unsafe=way == "unsafe", fork=way == "fork")
            small_course(course.root)
            hand_everything_in(course, way)
            results = engine.grade(
                course, find_submissions(course), options=engine.GradingOptions(jobs=2)
            )
            made[way] = course, {r.student: r for r in results}
        yield made


def hand_everything_in(course, way):
    release(course)
    released = nbformat.read(course.notebook(course.lessons, LESSON), as_version=4)
    for name, (cell, code, _, _) in FAULTS.items():
        if chosen(way, name) and not (way == "unsafe" and name in LIMITS):
            answers = {EXERCISE: RIGHT + "\n", PREDICT: GUESS}
            answers[cell] += textwrap.dedent(code)
            path = hand_in(course, name, answered(released, answers))
            (path.parent / "notes.txt").write_text("mine")
    right = answered(released, {EXERCISE: RIGHT, PREDICT: GUESS})
    for name in ("0_before", "z_after"):
        hand_in(course, name, right)
    hand_in(course, "the_same_id_everywhere", with_one_id(right))
    linked = hand_in(course, "a_link", right)
    (linked.parent / "marks.db").symlink_to(course.root / "class" / "gradebook.db")
    large = hand_in(course, "large_files", right)
    with (large.parent / "large").open("wb") as file:
        file.truncate(100 * 2**20)


def with_one_id(notebook):
    """The notebook as a text in which every cell has the id of the first: no editor writes that."""
    plain = json.loads(nbformat.writes(notebook))
    for cell in plain["cells"]:
        cell["id"] = plain["cells"][0]["id"]
    return json.dumps(plain)


def notebook_of(course, name):
    return course.notebook(course.autograded / name, LESSON).read_text(encoding="utf-8")


@pytest.mark.parametrize(("way", "name"), cases())
def test_a_fault_costs_what_it_touches_and_says_what_it_was(faulty, way, name):
    course, results = faulty[way]
    _, _, points, said = FAULTS[name]
    result = results[name]
    assert (result.score, result.max_score, result.error) == (points, 3, "")
    text = notebook_of(course, name)
    assert said in text
    assert len(text) < 10 * 2**20


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["0_before", "the_same_id_everywhere", "z_after"])
def test_the_others_have_their_marks(faulty, way, name):
    _, results = faulty[way]
    assert (results[name].score, results[name].max_score) == (3, 3)


@pytest.mark.parametrize("way", WAYS)
def test_a_link_is_not_followed(faulty, way):
    course, results = faulty[way]
    assert "is a link or a device" in results["a_link"].error
    assert not (course.autograded / "a_link").exists()


@pytest.mark.parametrize("way", WAYS)
def test_large_files_are_not_copied(faulty, way):
    course, results = faulty[way]
    assert "64 MiB beside the notebook" in results["large_files"].error
    assert not (course.autograded / "large_files").exists()


@pytest.mark.needs_sandbox
def test_a_kernel_that_does_not_start_says_so(faulty):
    course, _ = faulty["bwrap"]
    small = Impatient(course.root, memory=8)
    (result,) = engine.grade(small, [Submission("0_before", LESSON)])
    assert "The kernel did not start" in result.error
    (result,) = engine.grade(course, [Submission("0_before", LESSON)])
    assert (result.score, result.error) == (3, "")


@pytest.mark.needs_sandbox
def test_no_process_is_left(faulty):
    assert faulty
    commands = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if p.exists()]
    assert not [c for c in commands if b"sleep\x008126" in c]


def test_without_a_sandbox_nothing_runs_unless_one_says_so(faulty, monkeypatch):
    course = Impatient(faulty[WAYS[0]][0].root)
    again = engine.GradingOptions(again=True, force=True)
    monkeypatch.setattr(sandbox, "problem", lambda: "bwrap cannot be found. Install it.")
    (result,) = engine.grade(course, [Submission("0_before", LESSON)], options=again)
    assert "bwrap cannot be found" in result.error
    assert "--unsafe" in result.error
    assert "NBGRADER_EXECUTION" not in os.environ
    trusting = Impatient(course.root, unsafe=True)
    (result,) = engine.grade(trusting, [Submission("0_before", LESSON)])
    assert (result.score, result.max_score, result.error) == (3, 3, "")


FULL_DISK = """
import shutil, sys
from pathlib import Path
from s2s_ref.grading import grade as engine
from s2s_ref.grading.course import Course
from s2s_ref.grading.gradebook import register
from s2s_ref.grading.submissions import find_submissions

if __name__ == "__main__":
    course = Course(Path(sys.argv[1]))
    shutil.copytree(sys.argv[2], course.submitted)
    found, filler = find_submissions(course), course.root / "class" / "filler"
    register(course, found[0].lesson)
    filler.write_bytes(b"x" * (shutil.disk_usage(course.root / "class").free - 60_000))
    try:
        engine.grade(course, found, options=engine.GradingOptions(jobs=2))
    except ValueError as error:
        print(error)
    filler.unlink()
    print([(r.student, r.score, r.error) for r in engine.grade(course, found)])
"""


@pytest.mark.needs_sandbox
def test_a_full_disk_stops_the_class_and_loses_nothing(tmp_path):
    course = small_course(tmp_path / "course")
    release(course)
    released = nbformat.read(course.notebook(course.lessons, LESSON), as_version=4)
    for name in ("ada", "bob", "cyd"):
        answers = {EXERCISE: f"{RIGHT}\n# {name}", PREDICT: GUESS}
        hand_in(course, name, answered(released, answers))
    course.submitted.rename(tmp_path / "submitted")
    script = tmp_path / "run.py"
    script.write_text(FULL_DISK)
    disk = ["--size", str(4 * 2**20), "--tmpfs", course.root / "class"]
    run = subprocess.run(
        ["bwrap", "--dev-bind", "/", "/", *disk, sys.executable, script, course.root, "submitted"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore", "S2S_STATE": str(tmp_path / "state")},
    )
    told, then = run.stdout.splitlines()
    assert told == (
        f"The disk of {course.root / 'class'} is full. Free some space and grade again: it goes on "
        "where it stopped."
    )
    assert then == str([(name, 3.0, "") for name in ("ada", "bob", "cyd")])
