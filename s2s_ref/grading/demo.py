"""A made-up class, to try everything from release to feedback.

Every submission is a released lesson whose cells contain code as a student would have written it.
Some students make no mistake; the others make mistakes that the exercises name.
"""

import random
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat

from s2s_ref.capstone import baseline, files, prepare
from s2s_ref.capstone.task import practice
from s2s_ref.checks.registry import Exercise, load_all
from s2s_ref.checks.source import standalone
from s2s_ref.grading.cells import grade_id, is_solution
from s2s_ref.grading.course import Course
from s2s_ref.grading.release import examine
from s2s_ref.grading.sandbox.bubblewrap import problem
from s2s_ref.grading.translations import has_translations

PERFECT, UNTOUCHED = "perfect", "untouched"
NAMES = ("bora", "daniel", "eunji", "felix", "hana", "jiho", "minsu", "nari", "sora", "yuna")
WITH_ALTERNATIVES = ("hana", "yuna")
"""These students write alternatives wherever their answer is right."""

SECONDS_A_LESSON, SECONDS_A_SUBMISSION = 4, 4

CONFIG = """\
# Written by `s2s demo`, which begins afresh each time and deletes whatever is in this folder.
from pathlib import Path

from s2s_ref.grading.settings import configure
from s2s_ref.grading.sandbox.bubblewrap import problem

# These submissions are our own, so a machine without a sandbox may run them too.
configure(get_config(), Path(__file__).parent, unsafe=bool(problem()), throwaway=True)
"""


@dataclass
class Student:
    """A student of the class.

    Attributes:
        name: the student's id.
        mistakes: the student's mistakes: the name of each, by its exercise.
        alternatives: whether the student writes the other exercises in another right way.
    """

    name: str
    mistakes: dict[str, str] = field(default_factory=dict)
    alternatives: bool = False


def plan(course: Course, jobs: int) -> str:
    """Say what a demo will do and about how long it takes, as measured on two cores.

    Raises:
        ValueError: there is no lesson, or a lesson has a mistake.
    """
    lessons = course.lesson_names()
    if not lessons:
        raise ValueError(f"{course.solutions} contains no lessons. Expected NN_name/NN_name.ipynb.")
    for lesson in lessons:
        examine(course, lesson)
    submissions = len(lessons) * (len(NAMES) + 2)
    seconds = SECONDS_A_LESSON * len(lessons) + SECONDS_A_SUBMISSION * submissions / jobs
    counted = "1 lesson" if len(lessons) == 1 else f"{len(lessons)} lessons"
    text = (
        f"{counted}, {submissions} submissions, {jobs} at a time: this takes about "
        f"{max(1, round(seconds / 60))} min."
    )
    if course.unsafe:
        text += f"\nThey run without a sandbox, which a class of your own needs. {problem()}"
    return text


def make_class(course: Course, seed: int = 0) -> list[Student]:
    """Draw a class of twelve students for the lessons of a course.

    Ten of them fail about a third of the exercises, and at least one. The first mistake in an
    exercise's list is the most likely, so that some mistakes are common and some are rare.
    """
    lessons = {int(name[:2]) for name in course.lesson_names()}
    exercises = [e for e in load_all() if e.lesson in lessons]
    draw, students = random.Random(seed), [Student(PERFECT), Student(UNTOUCHED)]
    for name in NAMES:
        student = Student(name, alternatives=name in WITH_ALTERNATIVES)
        while not _is_mixed(student, exercises):
            student.mistakes = _draw_mistakes(exercises, draw)
        students.append(student)
    return students


def _draw_mistakes(exercises: list[Exercise], draw: random.Random) -> dict[str, str]:
    mistakes = {}
    for exercise in exercises:
        if exercise.mistakes and draw.random() < 0.35:
            names = [m.name for m in exercise.mistakes]
            weights = [1 / (1 + i) for i in range(len(names))]
            mistakes[exercise.name] = draw.choices(names, weights)[0]
    return mistakes


def _is_mixed(student: Student, exercises: list[Exercise]) -> bool:
    """Tell whether a student makes a mistake, and also has a right answer with alternatives."""
    written = [e for e in exercises if e.kind != "prediction"]
    right = [e for e in written if e.name not in student.mistakes]
    return len(right) < len(written) and any(e.alternatives for e in right)


def write_class(course: Course, students: list[Student]) -> None:
    """Write the submissions of every student."""
    exercises = {e.name: e for e in load_all()}
    for lesson in course.lesson_names():
        released = course.notebook(course.lessons, lesson)
        right = solutions_of(nbformat.read(course.notebook(course.solutions, lesson), as_version=4))
        for student in students:
            target = course.notebook(course.submitted / student.name, lesson)
            target.parent.mkdir(parents=True, exist_ok=True)
            notebook = nbformat.read(released, as_version=4)
            if student.name != UNTOUCHED:
                fill_in(notebook, answers_of(student, exercises, right))
            nbformat.write(notebook, target)
        if has_translations(lesson):
            write_translations(course, students, lesson)


def write_translations(course: Course, students: list[Student], lesson: str) -> None:
    """Prepare the practice sentences for this class, and write each student's translations.

    No model is trained. A translation is either right or that of the most similar training
    sentence, and the students differ in how many are right. The last one leaves out a line.
    """
    capstone = replace(practice(), graded=True, name="demo")
    capstone = replace(capstone, thresholds=prepare.thresholds_for(capstone))
    if not course.capstone_references.is_dir():
        students_folder = course.capstone / "students" / files.FOLDER
        files.write(capstone, students_folder, course.capstone_references)
    poor, draw = baseline.nearest(capstone.sources, capstone.train), random.Random("translations")
    handing_in = [student for student in students if student.name != UNTOUCHED]
    for number, student in enumerate(handing_in):
        share = 1 - number / len(handing_in)
        lines = [
            capstone.references[source][0] if draw.random() < share else line
            for source, line in zip(capstone.sources, poor, strict=True)
        ]
        if student is handing_in[-1]:
            del lines[len(lines) // 2]
        file = course.submitted / student.name / lesson / files.TRANSLATIONS
        file.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8"))


def solutions_of(notebook: Any) -> dict[str, str]:
    """Return the instructor's answers in a solution notebook, by the cell's id."""
    marker = re.compile(r"^\s*### (BEGIN|END) SOLUTION\n?", re.MULTILINE)
    return {grade_id(c): marker.sub("", c.source) for c in notebook.cells if is_solution(c)}


def answers_of(
    student: Student, exercises: Mapping[str, Exercise], right: Mapping[str, str]
) -> dict[str, str]:
    """Return what a student writes into the cells of a lesson, by the cell's id."""
    answers = dict(right)
    for name, exercise in exercises.items():
        cell = cell_of(exercise)
        if cell not in right:
            continue
        if name in student.mistakes:
            (mistake,) = [m for m in exercise.mistakes if m.name == student.mistakes[name]]
            answers[cell] = answer_source(exercise, mistake.code)
        elif student.alternatives and exercise.alternatives:
            answers[cell] = answer_source(exercise, exercise.alternatives[0])
    return answers


def cell_of(exercise: Exercise) -> str:
    """Return the id of the cell that contains the answer to an exercise."""
    kind = "predict-" if exercise.kind == "prediction" else ""
    return kind + exercise.name.replace(".", "-")


def answer_source(exercise: Exercise, code: Any) -> str:
    """Return the source of the cell with this code as the answer."""
    if exercise.kind == "prediction":
        return f"{exercise.short} = {code()!r}"
    return standalone(code, exercise.short)


def fill_in(notebook: Any, answers: Mapping[str, str]) -> None:
    """Write answers into a lesson's cells."""
    for cell in notebook.cells:
        if is_solution(cell) and grade_id(cell) in answers:
            cell.source = answers[grade_id(cell)]


def fresh_course(source: Course, folder: Path) -> Course:
    """Make a course without submissions in `folder`, with the solutions of another course.

    Raises:
        ValueError: the folder contains something that no demo wrote.
    """
    config = folder / "nbgrader_config.py"
    if config.is_file() and config.read_text("utf-8", "replace").startswith(CONFIG.splitlines()[0]):
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise ValueError(
            f"{folder} contains files that no demo wrote, and a demo starts with an empty folder. "
            "Name a folder that is empty or does not exist yet: s2s demo --folder FOLDER."
        )
    # these submissions are our own, so a machine without a sandbox may run them too
    course = Course(folder, unsafe=bool(problem()), throwaway=True)
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text(CONFIG, encoding="utf-8")
    for lesson in source.lesson_names():
        target = course.notebook(course.solutions, lesson)
        target.parent.mkdir(parents=True)
        shutil.copy(source.notebook(source.solutions, lesson), target)
    return course
