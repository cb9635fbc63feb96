"""The made-up class: who is in it, what they hand in, and that their mistakes come back by name."""

import contextlib
import functools
import io
from collections import Counter
from dataclasses import replace

import nbformat
import pytest
from small_course import LESSON, SOLUTION, contents, hand_in, small_course, small_lesson, write

from s2s_ref.checks.registry import find, load_all
from s2s_ref.cli import main as cli
from s2s_ref.grading import demo
from s2s_ref.grading.cells import checks_in, grade_id, is_graded_check
from s2s_ref.grading.course import Course
from s2s_ref.grading.release import release
from s2s_ref.grading.verdicts import read_verdicts
from s2s_ref.student.client import try_check

COURSE = Course(SOLUTION.parents[2])
LESSONS = COURSE.lesson_names()


def exercises():
    """Every exercise of the lessons that are there."""
    numbers = {int(name[:2]) for name in LESSONS}
    return [e for e in load_all() if e.lesson in numbers]


# ------------------------------------------------------------------ the class


@pytest.mark.parametrize("seed", range(6))
def test_a_class_has_twelve_of_every_kind(seed):
    students = demo.make_class(COURSE, seed)
    assert len({s.name for s in students}) == 12
    right = [s for s in students if not s.mistakes]
    assert [s.name for s in right] == [demo.PERFECT, demo.UNTOUCHED]
    wrong = [s for s in students if s.mistakes]
    assert all(any(find(name).kind != "prediction" for name in s.mistakes) for s in wrong)
    assert sum(s.alternatives for s in students) == 2
    for student in students:
        if student.alternatives:
            others = [e for e in exercises() if e.alternatives and e.name not in student.mistakes]
            assert others


def test_a_plan_says_that_there_is_no_sandbox_and_what_brings_one(tmp_path, monkeypatch):
    course = replace(small_course(tmp_path), unsafe=False)
    monkeypatch.setattr(demo, "problem", lambda: "bwrap cannot be found. `...` installs it.")
    assert "sandbox" not in demo.plan(course, 2)
    plan = demo.plan(replace(course, unsafe=True), 2)
    assert plan.endswith(
        "which a class of your own needs. bwrap cannot be found. `...` installs it."
    )


def test_the_same_seed_makes_the_same_class():
    assert demo.make_class(COURSE, 3) == demo.make_class(COURSE, 3)
    assert demo.make_class(COURSE, 3) != demo.make_class(COURSE, 4)


def test_a_class_makes_mistakes_of_many_kinds_and_only_in_lessons_that_are_there(tmp_path):
    made = Counter(m for s in demo.make_class(COURSE) for m in s.mistakes.items())
    assert len(made) > 8
    small = demo.make_class(small_course(tmp_path))
    assert {find(name).lesson for s in small for name in s.mistakes} == {0}


# ------------------------------------------------------------------ what they hand in


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """A course of all lessons in which the class has handed in."""
    course = demo.fresh_course(COURSE, tmp_path_factory.mktemp("demo"))
    release(course)
    before = contents(course.lessons)
    students = demo.make_class(course)
    demo.write_class(course, students)
    assert contents(course.lessons) == before
    return course, students


def test_everybody_hands_in_every_lesson_and_one_of_them_untouched(handed_in):
    course, students = handed_in
    names = sorted(path.relative_to(course.submitted).as_posix() for path in submitted(course))
    assert names == sorted(f"{s.name}/{n}/{n}.ipynb" for s in students for n in LESSONS)
    for lesson in LESSONS:
        blank = course.notebook(course.submitted / demo.UNTOUCHED, lesson)
        released = course.notebook(course.lessons, lesson)
        assert nbformat.read(blank, 4) == nbformat.read(released, 4)


def submitted(course):
    return course.submitted.rglob("*.ipynb")


def test_no_submission_shows_where_the_answers_came_from(handed_in):
    course, _ = handed_in
    for path in submitted(course):
        text = path.read_text(encoding="utf-8")
        for word in ("SOLUTION", ".mistake(", ".alternative", "def reference_", "s2s_ref.checks"):
            assert word not in text, path


def test_those_with_alternatives_write_them(handed_in):
    course, students = handed_in
    for student in students:
        answers = source(course, student.name)
        for exercise in exercises():
            if exercise.alternatives and exercise.name not in student.mistakes:
                text = demo.answer_source(exercise, exercise.alternatives[0])
                assert (text in answers) == student.alternatives, (student.name, exercise.name)


def source(course, student):
    paths = (course.notebook(course.submitted / student, lesson) for lesson in LESSONS)
    return "\n".join(c.source for p in paths for c in nbformat.read(p, as_version=4).cells)


def outcomes(path):
    """Run a submission without its experiments, and return what each check says of it."""
    told, bound = {}, {}

    def check(exercise, target):
        told[exercise] = try_check(exercise, target)

    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code" or grade_id(cell).startswith("experiment-"):
            continue
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            exec(cell.source, bound)
        if cell.id == "set-up":
            bound |= {"check": check, "hint": print, "progress": print}
    return told


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_submission_comes_back_with_the_names_of_its_mistakes(handed_in, lesson):
    course, students = handed_in
    some = (demo.PERFECT, demo.UNTOUCHED, demo.NAMES[0], demo.WITH_ALTERNATIVES[0])
    for student in [s for s in students if s.name in some]:
        told = outcomes(course.notebook(course.submitted / student.name, lesson))
        for exercise in exercises():
            if exercise.lesson != int(lesson[:2]):
                continue
            verdict, mistake = told[exercise.name], student.mistakes.get(exercise.name, "")
            if student.name == demo.UNTOUCHED:
                assert not verdict["passed"]
            elif not mistake and set(exercise.after) & student.mistakes.keys():
                # right, but it calls an earlier answer of theirs that is wrong
                assert verdict["passed"] or set(verdict["after"]) & student.mistakes.keys()
            else:
                said = (verdict["passed"], verdict["mistake"])
                assert said == (not mistake, mistake), (student.name, exercise.name)


def test_answers_go_into_the_cells_of_the_lesson():
    cells = small_lesson().cells
    graded = {name for c in cells if is_graded_check(c) for name, _ in checks_in(c.source)}
    ids = {grade_id(c) for c in cells}
    assert {demo.cell_of(find(name)) for name in graded} <= ids


# ------------------------------------------------------------------ the folder


def test_a_demo_begins_afresh_in_its_own_folder(tmp_path):
    course = small_course(tmp_path / "course")
    made = demo.fresh_course(course, tmp_path / "demo")
    hand_in(made, "somebody", "of the last demo")
    (course.solutions / LESSON / "INSTRUCTOR.md").write_text("rubric")
    again = demo.fresh_course(course, tmp_path / "demo")
    assert again == made
    assert set(contents(again.root)) == {
        "nbgrader_config.py",
        f"solutions/{LESSON}/{LESSON}.ipynb",
    }


@pytest.mark.parametrize("there", ["thesis.txt", "nbgrader_config.py"])
def test_a_folder_that_no_demo_made_is_never_deleted(tmp_path, there):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / there).write_text("years of work")
    with pytest.raises(ValueError, match="contains files that no demo wrote"):
        demo.fresh_course(small_course(tmp_path / "course"), folder)
    assert contents(folder) == {there: b"years of work"}


# ------------------------------------------------------------------ the whole way, with nbgrader


def test_the_command_grades_the_class_with_nbgrader(tmp_path, monkeypatch, capsys):
    """Two of the class on lesson 0; one of them writes in other right ways."""
    monkeypatch.setattr(
        "s2s_ref.cli.demo.open_course", functools.partial(lesson_0, tmp_path / "course")
    )
    everybody, real = [], demo.make_class

    def two(course):
        everybody[:] = [s for s in real(course) if s.name in ("bora", demo.WITH_ALTERNATIVES[0])]
        return everybody

    monkeypatch.setattr(demo, "make_class", two)
    with pytest.raises(SystemExit) as ended:
        cli.main(["demo", "--folder", str(tmp_path / "demo")])
    out = capsys.readouterr().out
    assert not ended.value.code
    assert contents(tmp_path / "course").keys() == {f"solutions/{LESSON}/{LESSON}.ipynb"}
    course = Course(tmp_path / "demo")
    for student in everybody:
        wrong = {name: find(name) for name in student.mistakes}
        lost = sum(1 if e.kind == "prediction" else 2 for e in wrong.values())
        assert [student.name, str(5 - lost)] in [line.split() for line in out.splitlines()]
        page = course.notebook(course.feedback / student.name, LESSON).with_suffix(".html")
        assert str(page) in out or student is not everybody[0]
        verdicts = {v["exercise"]: v for v in read_verdicts(course, student.name, LESSON)}
        for name, exercise in wrong.items():
            assert verdicts[name]["mistake"] == student.mistakes[name]
            if exercise.kind != "prediction":
                assert f"{student.mistakes[name]}:" in out
    assert "2 written answers wait to be marked" in out
    assert "Formgrader" in out


def lesson_0(root):
    course = Course(root)
    write(nbformat.read(SOLUTION, as_version=4), course.notebook(course.solutions, LESSON))
    return course
