"""Lesson 9's file: its points are decided outside, from the file, whatever the notebook says."""

import ast
import copy
import re
from dataclasses import replace

import nbformat
import pytest
from nbgrader.utils import determine_grade
from small_course import SOLUTION, WAYS, answered, cell_of, course_in, hand_in, write

from s2s_ref.capstone import files, prepare, scoring, submission, task, translator
from s2s_ref.data.files import read_pairs
from s2s_ref.data.pairs import Pair
from s2s_ref.grading import demo
from s2s_ref.grading import grade as engine
from s2s_ref.grading import translations as module
from s2s_ref.grading.cells import grade_id, graded_checks
from s2s_ref.grading.course import Course
from s2s_ref.grading.demo import fill_in, solutions_of
from s2s_ref.grading.gradebook import write_feedback
from s2s_ref.grading.nbgrader_steps.sandbox_execute import JUDGED
from s2s_ref.grading.nbgrader_steps.verify import Verify
from s2s_ref.grading.release import release
from s2s_ref.grading.sandbox.grading_judge import GradingJudge
from s2s_ref.grading.submissions import find_submissions
from s2s_ref.models import count_parameters

LESSON = "09_translate"
CELL = "check-translate-handed_in"
WORTH = 9
REFERENCES = {f"문장 {i}": [f"Here is the sentence with number {i}."] for i in range(12)}
MADE = task.Capstone([], list(REFERENCES), REFERENCES, (30, 60, 90), name="small")
RIGHT = [REFERENCES[source][0] for source in MADE.sources]
PART = [*RIGHT[:6], *(line.replace("number", "figure") for line in RIGHT[6:])]


def solution():
    path = Course(SOLUTION.parents[2]).notebook(SOLUTION.parents[1], LESSON)
    return nbformat.read(path, as_version=4)


def prepared(root):
    """A course with lesson 9 and a small capstone."""
    course = course_in(WAYS[0], root)
    write(solution(), course.notebook(course.solutions, LESSON))
    with_training = replace(MADE, train=[Pair("비가 와요.", "It rains.")])
    files.write(with_training, root / "given_out" / "capstone", course.capstone_references)
    return course


def put(course, student, content):
    """Hand in this file of translations beside the notebook; None for none."""
    folder = course.submitted / student / LESSON
    folder.mkdir(parents=True, exist_ok=True)
    if content is not None:
        raw = content if isinstance(content, bytes) else "".join(f"{c}\n" for c in content).encode()
        (folder / "translations.txt").write_bytes(raw)


def verified(course, student="sora", passed=True):
    """Return the cell after the judge's record was written into it; no notebook is run."""
    notebook = solution()
    cells = {grade_id(cell): [name for name, _ in made] for cell, made in graded_checks(notebook)}
    judge = GradingJudge(cells, b"key")
    record = {name: judge.verdicts(name) for name in cells}
    record[CELL][0] |= {"passed": passed, "headline": "what the student's own process says"}
    resources = {JUDGED: record, "nbgrader": {"student": student, "assignment": LESSON}}
    notebook, _ = Verify(config=course.config()).preprocess(notebook, resources)
    return cell_of(notebook, CELL)


def told(cell):
    return next(o.data["text/plain"] for o in cell.outputs if o.output_type == "display_data")


@pytest.mark.parametrize(("content", "worth"), [(RIGHT, 9), (PART, 6), (MADE.sources[::-1], 0)])
@pytest.mark.parametrize("passed", [True, False])
def test_the_file_decides_and_the_students_process_does_not(tmp_path, content, worth, passed):
    course = prepared(tmp_path)
    put(course, "sora", content)
    cell = verified(course, passed=passed)
    assert determine_grade(cell) == (worth, WORTH)
    assert "own process" not in told(cell)
    if worth:
        assert f"{worth} of 9 points" in told(cell)
        assert re.sub(r"\s+", " ", told(cell)).count("3 thresholds are reached") == 1


BAD = {
    "missing": (None, "no translations.txt beside your notebook"),
    "short": (RIGHT[:-1], "should have 12 lines"),
    "long": ([*RIGHT, "more"], "has 13"),
    "half": (RIGHT[:6], "both halves"),
    "nothing": (b"", "It is empty"),
    "gap": ([*RIGHT[:3], "", *RIGHT[4:]], "1 empty lines (line 4)"),
    "utf16": ("\n".join(RIGHT).encode("utf-16"), "looks like UTF-16"),
    "latin": (("\n".join(RIGHT) + " café\n").encode("latin-1"), "not in UTF-8"),
    "copied": (MADE.sources, "copies the source in 12 of 12 lines"),
    "huge": (b"a" * (submission.MAX_BYTES + 1), "Does a sentence repeat itself"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_scored_gets_no_points_and_the_reason(tmp_path, name):
    content, reason = BAD[name]
    course = prepared(tmp_path)
    put(course, "sora", content)
    cell = verified(course)
    assert determine_grade(cell) == (0, WORTH)
    said = re.sub(r"\s+", " ", told(cell))
    assert reason in said
    assert str(tmp_path) not in said


def test_without_a_capstone_the_cell_says_so_and_the_instructor_is_told(tmp_path):
    course = Course(tmp_path)
    put(course, "sora", RIGHT)
    cell = verified(course)
    assert determine_grade(cell) == (0, WORTH)
    assert "no sentences are prepared for this class" in re.sub(r"\s+", " ", told(cell))
    assert "s2s capstone prepare FILE" in module.what_is_missing(
        course, [LESSON, "08_two_attentions"]
    )
    assert not module.what_is_missing(course, ["08_two_attentions"])
    assert not module.what_is_missing(prepared(tmp_path / "other"), [LESSON])


def test_an_instructors_folder_that_was_changed_is_an_error_and_no_mark(tmp_path):
    course = prepared(tmp_path)
    put(course, "sora", RIGHT)
    (course.capstone_references / "source.txt").write_text("one\n")
    with pytest.raises(ValueError, match="as it was given out"):
        verified(course)


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path):
    course = prepared(tmp_path)
    put(course, "sora", None)
    secret = write("\n".join(RIGHT), tmp_path / "elsewhere.txt")
    (course.submitted / "sora" / LESSON / "translations.txt").symlink_to(secret)
    with pytest.raises(ValueError, match="is a link"):
        verified(course)


# ------------------------------------------------------------------ the whole way, with nbgrader


def test_a_class_is_graded_in_parts_and_reads_why(tmp_path):
    """Everything but the file's points comes from the sandbox, and the file is read outside."""
    course = prepared(tmp_path / "course")
    release(course)
    released = nbformat.read(course.notebook(course.lessons, LESSON), as_version=4)
    answers, right = solutions_of(solution()), copy.deepcopy(released)
    fill_in(right, answers)
    forged = answered(right, {"predict-translate-handed_in": "handed_in = 'all is well'"})
    for student, notebook, content in (
        ("perfect", right, RIGHT),
        ("partly", right, PART),
        ("forged", forged, None),
        ("untouched", released, RIGHT[:-1]),
    ):
        hand_in(course, student, notebook, LESSON)
        put(course, student, content)
    results = {r.student: r for r in engine.grade(course, find_submissions(course))}
    assert not any(result.error for result in results.values())
    scores = {name: (result.score, result.max_score) for name, result in results.items()}
    rest = 4  # the function, and two declarations
    assert scores == {
        "perfect": (rest + 9, rest + 9),
        "partly": (rest + 6, rest + 9),
        "forged": (rest, rest + 9),
        "untouched": (0, rest + 9),
    }
    write_feedback(course, find_submissions(course))
    for student, said in {
        "partly": "6 of 9 points",
        "forged": "no translations.txt beside your notebook",
        "untouched": "should have 12 lines",
    }.items():
        page = course.notebook(course.feedback / student, LESSON).with_suffix(".html")
        assert said in re.sub(r"\s+", " ", page.read_text(encoding="utf-8")), student


# ------------------------------------------------------------------ the made-up class


def test_the_demos_class_hands_in_translations_of_every_quality(tmp_path):
    course = Course(tmp_path)
    students = demo.make_class(Course(SOLUTION.parents[2]))
    for student in students:
        put(course, student.name, None)
    for _ in range(2):  # a second time with the same references
        demo.write_translations(course, students, LESSON)
    worth = {s.name: determine_grade(verified(course, s.name))[0] for s in students}
    assert worth[demo.PERFECT] == WORTH
    assert worth[demo.UNTOUCHED] == 0
    assert "There is no translations.txt" in told(verified(course, demo.UNTOUCHED))
    assert len(set(worth.values())) >= 4
    cut = [s.name for s in students if "should have" in told(verified(course, s.name))]
    assert cut == [students[-1].name]


# ------------------------------------------------------------------ the notebook on real sentences


@pytest.mark.parametrize("file", ["kor-eng/kor.txt", "fra-eng/fra.txt"])
def test_the_notebook_goes_the_whole_way_with_a_prepared_file(
    file, shared_data, tmp_path, monkeypatch, capsys
):
    """On some sentences and after few updates; the file lies beside it and can be scored."""
    pairs = read_pairs(shared_data / file)[1000:1700]
    made = prepare.hold_out(pairs, held_out=40, thresholds=[5, 50])
    files.write(made, tmp_path / "capstone", tmp_path / "instructor")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(files.VARIABLE, raising=False)
    names = {"display": lambda _: None}
    for cell in solution().cells:
        if cell.cell_type == "code" and not cell.id.startswith(("predict-", "check-")):
            source = cell.source.replace("my_updates = 500", "my_updates = 8")
            source = source.replace("expected_chrf))", "20))")
            exec(compile(source, cell.id, "exec"), names)
    shown = capsys.readouterr().out
    assert "your task" in shown
    assert "0 of the sentences to translate are in train.tsv" in shown
    assert "translations.txt: 40 lines\n" in shown
    assert "8 updates" in shown
    graded = scoring.grade(tmp_path / "translations.txt", tmp_path / "instructor", WORTH)
    assert "chrF" in graded.message


def test_the_settings_in_the_text_are_the_recipes_and_keep_to_the_limits():
    (text,) = [c.source for c in solution().cells if "translator.FEW_PAIRS" in c.source]
    (settings,) = re.findall(r"my_settings = (\{.*?\})", text, re.DOTALL)
    assert translator.Recipe(**ast.literal_eval(settings)) == translator.FEW_PAIRS
    for each in (translator.Recipe(), translator.FEW_PAIRS):
        model = translator.build(each, each.src_size, each.tgt_size)
        assert count_parameters(model) <= task.MAX_PARAMETERS
