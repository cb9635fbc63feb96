"""A course of one small lesson, made from lesson 0, for the tests of releasing and grading."""

import copy
import functools
from pathlib import Path

import nbformat
import nbgrader.api
from nbformat.v4 import new_code_cell

from s2s_ref.checks.source import standalone
from s2s_ref.exercises.start_here import encode_sentence
from s2s_ref.grading.course import Course
from s2s_ref.grading.sandbox.bubblewrap import problem

# For every new gradebook nbgrader starts a Python of its own, to ask for one constant.
nbgrader.api.get_alembic_version = functools.cache(nbgrader.api.get_alembic_version)

LESSON = "00_start_here"
SOLUTION = Path(__file__).parents[1] / "solutions" / LESSON / f"{LESSON}.ipynb"
EXERCISE = "start_here-encode_sentence"
CHECK = "check-start_here-encode_sentence"
PREDICT = "predict-start_here-nested_list"
PREDICTION_CHECK = "check-start_here-nested_list"
WRITTEN = "start_here-diagnosis"
EXPERIMENT = "experiment-nested"
KEPT = ("text-01", "set-up", EXERCISE, CHECK, PREDICT, PREDICTION_CHECK, EXPERIMENT, WRITTEN)
"""A text, the set-up, one exercise (2 points), one prediction (1), an experiment, an answer (3)."""

WAYS = ("unsafe",) if problem() else ("bwrap", "fork")
"""How a submission can run on this machine. A test that a sandbox is not the subject of trusts what
it hands in; the others are marked with `needs_sandbox`."""
RIGHT = standalone(encode_sentence.reference_encode_sentence, "encode_sentence")


def mistake(name):
    """The code of a mistake of `encode_sentence`."""
    (code,) = [m.code for m in encode_sentence.encode_sentence.mistakes if m.name == name]
    return code


MISTAKEN = standalone(mistake("bos_missing"), "encode_sentence")


def small_lesson():
    """The lesson's solution; its experiment would end the process that runs it."""
    notebook = nbformat.read(SOLUTION, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id in KEPT]
    cell_of(notebook, EXPERIMENT).source = "raise SystemExit('an experiment ran')"
    return notebook


def small_course(root, lessons=(LESSON,)):
    """Make a course below `root` with this lesson under one or more names."""
    course = course_in(WAYS[0], root)
    for name in lessons:
        write(small_lesson(), course.notebook(course.solutions, name))
    return course


def course_in(way, root):
    """Name a course whose submissions run in one of the ways."""
    return Course(root, unsafe=way == "unsafe", fork=way == "fork")


def hand_in(course, student, notebook, lesson=LESSON):
    """Hand in a notebook, or a text or bytes in its place."""
    return write(notebook, course.notebook(course.submitted / student, lesson))


def write(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(notebook, bytes):
        path.write_bytes(notebook)
    else:
        text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
        path.write_text(text, encoding="utf-8")
    return path


def answered(released, answers):
    """Return a released lesson with other sources in some of its cells, by their ids."""
    notebook = copy.deepcopy(released)
    for name, source in answers.items():
        cell_of(notebook, name).source = source
    return notebook


def cell_of(notebook, name):
    (cell,) = [cell for cell in notebook.cells if cell.id == name]
    return cell


def given(source):
    return new_code_cell(source)


def contents(folder):
    """Every file below a folder, by its path in it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
