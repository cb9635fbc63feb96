"""Grading: right marks, named mistakes, and one bad submission never stops the rest."""

import dataclasses
import json
import os
import re
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.api import Gradebook
from small_course import (
    CHECK,
    EXERCISE,
    EXPERIMENT,
    LESSON,
    MISTAKEN,
    PREDICT,
    PREDICTION_CHECK,
    RIGHT,
    WRITTEN,
    answered,
    cell_of,
    contents,
    hand_in,
    small_course,
    small_lesson,
    write,
)

from s2s_ref.grading import grade, gradebook
from s2s_ref.grading import results as grading_results
from s2s_ref.grading.course import Course
from s2s_ref.grading.gradebook import register
from s2s_ref.grading.nbgrader_steps import sandbox_execute
from s2s_ref.grading.release import release
from s2s_ref.grading.results import Result
from s2s_ref.grading.settings import VERDICTS
from s2s_ref.grading.submissions import Submission, find_submissions

ENCODE, PREDICTION = "start_here.encode_sentence", "start_here.nested_list"
NOISY = RIGHT.replace(
    "    words =",
    "    import logging, sys, warnings\n"
    "    warnings.warn('a warning is no mistake')\n"
    "    print('nor is this', file=sys.stderr)\n"
    "    log.error('nor this, by a handler that keeps the stream')\n"
    "    words =",
)
KEEPS_STDERR = "import logging\n\nlogging.basicConfig()\nlog = logging.getLogger('mine')\n\n\n"


def perfect(released):
    return answered(
        released, {EXERCISE: RIGHT, PREDICT: "nested_list = 'c'", WRITTEN: "It says so."}
    )


def mistaken(released):
    return answered(released, {EXERCISE: MISTAKEN, PREDICT: "nested_list = 'B'"})


OLDER_SET_UP = """\
from s2s_ref.student import check, hint, progress

PAD, BOS, EOS, UNK = "<pad>", "<bos>", "<eos>", "<unk>"
"""
"""The first cell of lesson 0 as it was released until version 0.1."""


def edited(released):
    """Right answers in a notebook that was edited in every way that people edit one."""
    notebook = perfect(released)
    cell_of(notebook, EXERCISE).source = KEEPS_STDERR + NOISY
    check = cell_of(notebook, CHECK)
    check.source += "  # my note"
    check.metadata = {
        "tags": ["experiment", "skip-execution"],
        "nbgrader": {**check.metadata.nbgrader, "points": 100, "schema_version": 99},
    }
    copies = [nbformat.from_dict({**check, "id": f"copy-{i}"}) for i in range(2)]
    notebook.cells[2:2] = [new_code_cell(f"encode_sentence = {i}") for i in range(2)]
    notebook.cells[2:2] = copies
    set_up = cell_of(notebook, "set-up")
    set_up.metadata = {"nbgrader": "not a dictionary"}
    set_up.source = OLDER_SET_UP
    notebook.cells.remove(cell_of(notebook, PREDICTION_CHECK))
    for cell in notebook.cells:
        del cell["id"]
    notebook.nbformat_minor = 4
    return notebook


SCRIPT = "<script>document.title = 'run'</script><img src=x onerror=alert(1)>"


def scripted(released):
    """Scripts in every place of a notebook that a page shows."""
    show = "publish = get_ipython().display_pub.publish\n"
    kinds = ("text/html", "text/latex", "text/markdown", "image/svg+xml", "image/png")
    kinds += ("application/javascript", "text/plain")
    for kind in kinds:
        show += f"publish({{{kind!r}: {SCRIPT!r}}})\n"
    show += f"print({SCRIPT!r})\nraise ValueError({SCRIPT!r})"
    notebook = answered(released, {EXERCISE: show, WRITTEN: f"My answer {SCRIPT}"})
    cell_of(notebook, "text-01").source = f"{SCRIPT}\n\n[link](JavaScript:alert(1)) `<bos>`"
    return notebook


def dead(released):
    return answered(released, {EXERCISE: "import os\nos._exit(1)"})


def unimportable(released):
    """Right answers, but the cell that imports `check` fails before it does."""
    notebook = perfect(released)
    set_up = next(cell for cell in notebook.cells if "import check" in cell.source)
    set_up.source = "import no_such_package\n" + set_up.source
    return notebook


def parted(released):
    """Right answers, but the cell of the first one was deleted."""
    notebook = perfect(released)
    notebook.cells.remove(cell_of(notebook, EXERCISE))
    return notebook


def pretending(released):
    """No answers, but outputs that show passed checks."""
    notebook = answered(released, {})
    for name in (CHECK, PREDICTION_CHECK):
        shown = {"application/json": verdict(passed=True), "text/plain": "✓"}
        cell_of(notebook, name).outputs = [new_output("display_data", shown)]
    return notebook


KOREAN_BYTES = "한국어".encode("euc-kr")
BAD = {
    "not_json": ("print('hello')", "it is not JSON"),
    "empty": ("", "is empty"),
    "not_utf8": (KOREAN_BYTES, "it is not text in UTF-8"),
    "version": (json.dumps({"nbformat": 5, "cells": []}), "version 5"),
    "a_list": ("[]", "cannot be read as a notebook"),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class that has been graded: the course, results by student, and what was there before."""
    with pytest.MonkeyPatch.context() as patch:
        course = small_course(tmp_path_factory.mktemp("class") / "course")
        patch.setenv("S2S_STATE", str(course.root.parent / "mine"))
        (course.solutions / LESSON / "INSTRUCTOR.md").write_text("rubric")
        release(course)
        released = nbformat.read(course.notebook(course.lessons, LESSON), as_version=4)
        for make in (perfect, mistaken, edited, dead, unimportable, parted, scripted):
            hand_in(course, make.__name__, make(released))
        hand_in(course, "untouched", released)
        path = hand_in(course, "pretending", pretending(released))
        record = [verdict(ENCODE, passed=True), verdict(PREDICTION, passed=True)]
        (path.parent / VERDICTS).write_text(json.dumps(record))
        for name, (text, _) in BAD.items():
            hand_in(course, name, text)
        write("notes", course.submitted / "no_notebook" / LESSON / "notes.txt")
        write("{}", course.submitted / "other_name" / LESSON / "homework.ipynb")
        other = new_notebook(cells=[cell_of(released, EXPERIMENT), new_code_cell("x = 1")])
        hand_in(course, "other_lesson", other)
        before, done = contents(course.root), []
        environment = dict(os.environ)
        results = grade.grade(course, find_submissions(course), done.append)
        assert done == results
        assert dict(os.environ) == environment
        gradebook.write_feedback(course, find_submissions(course))
        yield course, {r.student: r for r in results}, before


def told(result):
    """What the checks said, by exercise: the mistake's name, or what kind of failure, or passed."""
    return {
        v["exercise"]: "passed" if v["passed"] else v["mistake"] or v["kind"]
        for v in result.verdicts
    }


def test_the_marks_are_right(graded):
    _, results, _ = graded
    marks = {name: (r.score, r.max_score, r.written) for name, r in results.items() if not r.error}
    assert marks == {
        "perfect": (3, 3, 1),
        "mistaken": (0, 3, 0),
        "untouched": (0, 3, 0),
        "pretending": (0, 3, 0),
        "unimportable": (0, 3, 1),
        "edited": (3, 3, 1),
        "dead": (0, 3, 0),
        "parted": (1, 3, 1),
        "scripted": (0, 3, 1),
    }


def test_mistakes_are_named(graded):
    _, results, _ = graded
    assert told(results["perfect"]) == {ENCODE: "passed", PREDICTION: "passed"}
    assert told(results["mistaken"]) == {ENCODE: "bos_missing", PREDICTION: "not_a_choice"}
    assert told(results["untouched"]) == {ENCODE: "unwritten", PREDICTION: "unanswered"}


def test_what_a_student_shows_or_hands_in_as_verdicts_counts_for_nothing(graded):
    course, results, _ = graded
    assert told(results["pretending"]) == told(results["untouched"])
    autograded = course.notebook(course.autograded / "pretending", LESSON)
    assert "application/json" not in autograded.read_text(encoding="utf-8")


def test_the_record_of_verdicts_stays_with_the_instructor(graded):
    course, results, _ = graded
    written = {path.parts[-3] for path in course.autograded.rglob(VERDICTS)}
    assert written == {name for name, result in results.items() if not result.error}
    assert not list(course.feedback.rglob(VERDICTS))


def test_a_report_reads_the_same_verdicts(graded):
    course, results, _ = graded
    known = gradebook.known_results(course, find_submissions(course))
    assert {r.student: r for r in known} == results


def test_without_its_record_a_submission_is_graded_again(graded):
    course, results, _ = graded
    submission = Submission("mistaken", LESSON)
    (course.autograded / "mistaken" / LESSON / VERDICTS).unlink()
    assert gradebook.known_results(course, [submission]) == []
    (result,) = grade.grade(course, [submission])
    assert not result.unchanged
    assert result.verdicts == results["mistaken"].verdicts
    assert gradebook.known_results(course, [submission])[0].verdicts == result.verdicts


def test_a_notebook_that_never_imports_check_says_why(graded):
    _, results, _ = graded
    result = results["unimportable"]
    why = "an earlier cell failed: ModuleNotFoundError: No module named 'no_such_package'"
    told = f"`check` was not imported: {why}"
    assert {v["headline"] for v in result.verdicts} == {told}
    assert grading_results.unchecked(list(results.values())) == [(result, told)]


def test_a_missing_cell_is_named(graded):
    _, results, _ = graded
    (said,) = [v["headline"] for v in results["parted"].verdicts if v["exercise"] == ENCODE]
    assert said == "encode_sentence is not defined: its cell is missing or did not run"


def test_an_edited_notebook_is_marked_as_if_it_were_not(graded):
    """Copied, retagged and deleted cells, lost ids, and noise on stderr cost nothing."""
    course, results, _ = graded
    assert told(results["edited"]) == {ENCODE: "passed", PREDICTION: "passed"}
    autograded = nbformat.read(course.notebook(course.autograded / "edited", LESSON), as_version=4)
    ids = [c.metadata.nbgrader.grade_id for c in autograded.cells if "nbgrader" in c.metadata]
    assert sorted(ids) == sorted(
        c.metadata.nbgrader.grade_id for c in small_lesson().cells if "nbgrader" in c.metadata
    )
    check = next(c for c in autograded.cells if c.metadata.get("nbgrader", {}).get("grade"))
    assert check.source == cell_of(small_lesson(), CHECK).source
    assert check.metadata.nbgrader.points == 2


def test_experiments_are_not_run(graded):
    course, _, _ = graded
    for student in ("perfect", "edited"):
        path = course.notebook(course.autograded / student, LESSON)
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == EXPERIMENT:
                assert cell.execution_count is None
                assert not cell.outputs


def test_the_gradebook_says_the_same(graded):
    course, results, _ = graded
    with Gradebook(f"sqlite:///{course.root}/class/gradebook.db", "s2s") as book:
        for name in ("perfect", "mistaken", "untouched", "edited"):
            submission = book.find_submission(LESSON, name)
            assert submission.score == results[name].score
            assert submission.max_score == 6
            assert submission.needs_manual_grade == (name in ("perfect", "edited"))


def test_a_bad_submission_has_no_marks_and_says_why(graded):
    _, results, _ = graded
    for name, (_, message) in BAD.items():
        assert message in results[name].error
        assert f"{name}/{LESSON}/{LESSON}.ipynb" in results[name].error
        assert re.search(r"(Save it|[Aa]sk for it) again\b[\w ,]*\.$", results[name].error)
    assert f"other_lesson/{LESSON}/{LESSON}.ipynb contains no answer and no check of {LESSON}." in (
        results["other_lesson"].error
    )
    assert results["no_notebook"].error.endswith(f"{LESSON}.ipynb is missing. Put it there.")
    assert results["other_name"].error.endswith(
        f"{LESSON}.ipynb is missing. Its folder contains homework.ipynb: name the right one "
        f"{LESSON}.ipynb."
    )
    for name in (*BAD, "no_notebook", "other_name", "other_lesson"):
        assert (results[name].score, results[name].max_score) == (0, 0)
        assert not results[name].verdicts


def test_a_bad_submission_has_a_record_too(graded):
    course, _, _ = graded
    with Gradebook(f"sqlite:///{course.root}/class/gradebook.db", "s2s") as book:
        for name in (*BAD, "no_notebook", "other_name", "other_lesson"):
            submission = book.find_submission(LESSON, name)
            assert (submission.score, submission.max_score) == (0, 6)
            assert not submission.needs_manual_grade


def test_nothing_that_was_there_before_is_touched(graded):
    course, _, before = graded
    after = contents(course.root)
    assert {name: after.get(name) for name in before} == before
    added = {name.split("/")[0] + "/" + name.split("/")[1] for name in after.keys() - before.keys()}
    assert added == {
        "class/autograded",
        "class/cache",
        "class/feedback",
        "class/gradebook.db",
        "class/judge.key",
    }
    assert not [name for name in after if "INSTRUCTOR" in name and "class" in name]


def test_the_graders_own_record_is_not_touched(graded):
    course, _, _ = graded
    assert not (course.root.parent / "mine").exists()


def test_feedback_shows_the_cards(graded):
    course, _, _ = graded

    def page(student):
        return (course.feedback / student / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")

    assert "the sentence has no beginning: &lt;bos&gt; is missing" in page("mistaken")
    assert "Which token stands before the first word?" in page("mistaken")
    assert "not written yet" in page("untouched")
    waits = "Not marked yet: this answer counts 0 until your instructor has read it."
    assert [waits in page(student) for student in ("perfect", "untouched")] == [True, False]
    assert "Here the kernel died" in page("dead")
    assert "This cell was not run: the kernel died in an earlier cell." in page("dead")
    assert sorted(p.name for p in course.feedback.iterdir()) == [
        "dead",
        "edited",
        "mistaken",
        "parted",
        "perfect",
        "pretending",
        "scripted",
        "unimportable",
        "untouched",
    ]


def test_no_page_runs_what_a_student_wrote(graded):
    course, _, _ = graded
    page = (course.feedback / "scripted" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "My answer" in page
    assert "document.title" in page  # as text
    assert "<script>document.title" not in page
    assert "<img src=x" not in page
    assert not re.search(r"<[a-z][^<>]*\bonerror=", page)
    assert "javascript:alert" not in page.lower()
    assert "<code>&lt;\N{ZERO WIDTH SPACE}bos&gt;</code>" in page


def test_grading_again_gives_the_same(graded):
    course, results, _ = graded
    submissions = [Submission("mistaken", LESSON), Submission("a_list", LESSON)]
    options = grade.GradingOptions(again=True, force=True)
    for again in grade.grade(course, submissions, options=options):
        before = results[again.student]
        assert (again.score, again.verdicts, again.error) == (
            before.score,
            before.verdicts,
            before.error,
        )


def test_nbgraders_step_makes_the_same_job_and_runs_nothing_again(graded, monkeypatch):
    course, results, _ = graded
    names = ("edited", "dead", "parted")
    monkeypatch.setattr(sandbox_execute, "execute", lambda _: 1 / 0)
    options = grade.GradingOptions(again=True, force=True)
    for again in grade.grade(course, [Submission(n, LESSON) for n in names], options=options):
        assert (again.error, again.score) == ("", results[again.student].score)


def test_what_has_not_changed_is_not_graded_again_and_says_so(graded):
    course, results, _ = graded
    before = results["perfect"]
    assert not before.unchanged
    assert grade.grade(course, [Submission("perfect", LESSON)]) == [
        dataclasses.replace(before, unchanged=True)
    ]


def test_cells_cannot_be_added_once_there_are_submissions(graded, tmp_path):
    course, _, _ = graded
    copy = Course(tmp_path)
    shutil.copytree(course.root, tmp_path, dirs_exist_ok=True)
    notebook = small_lesson()
    extra = nbformat.from_dict(json.loads(json.dumps(cell_of(notebook, EXERCISE))))
    extra.metadata.nbgrader.grade_id = extra.id = "start_here-more"
    notebook.cells.append(extra)
    write(notebook, copy.notebook(copy.solutions, LESSON))
    before = contents(copy.lessons)
    with pytest.raises(ValueError, match="Cannot add or remove cells") as error:
        register(copy, LESSON)
    assert "start a new class by moving" in str(error.value)
    assert contents(copy.lessons) == before


# ------------------------------------------------------------------ without running anything


def test_the_gradebook_may_lie_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("S2S_GRADEBOOK", f"sqlite:///{tmp_path}/elsewhere.db")
    course = small_course(tmp_path / "course")
    release(course)
    assert not (tmp_path / "elsewhere.db").exists()
    register(course, LESSON)
    assert (tmp_path / "elsewhere.db").is_file()
    assert not (course.root / "class" / "gradebook.db").exists()


def test_what_was_handed_in_is_found_by_lesson_and_student(tmp_path):
    course = small_course(tmp_path, (LESSON, "01_next"))
    for student, lesson in (("b", LESSON), ("a", "01_next"), ("a", LESSON), ("a", "notes")):
        hand_in(course, student, "", lesson)
    everything = [Submission("a", LESSON), Submission("b", LESSON), Submission("a", "01_next")]
    assert find_submissions(course) == everything
    assert find_submissions(course, ["01_next"]) == everything[2:]
    assert find_submissions(course, students=["b"]) == everything[1:2]


@pytest.mark.parametrize(
    ("lessons", "students", "message"),
    [
        (None, None, "Nothing was handed in: "),
        ([LESSON], None, f"Nothing was handed in for {LESSON}: "),
        (None, ["nobody"], "Nothing was handed in by nobody: "),
        (None, ["a", "zoe", "nobody"], "Nothing was handed in by nobody, zoe: "),
    ],
)
def test_a_class_without_submissions_is_told_how_to_collect_them(
    tmp_path, lessons, students, message
):
    course = small_course(tmp_path, (LESSON, "01_next"))
    if students:
        hand_in(course, "a", "")
    with pytest.raises(ValueError, match=message) as error:
        find_submissions(course, lessons, students)
    assert "nbgrader collect LESSON" in str(error.value)


def verdict(exercise=ENCODE, mistake="", headline="h", passed=False, place=""):
    return {
        "exercise": exercise,
        "passed": passed,
        "headline": headline,
        "mistake": mistake,
        "kind": "",
        "place": place,
    }


def test_the_commonest_mistakes_come_first_and_predictions_are_none():
    def result(*verdicts):
        return Result("somebody", LESSON, verdicts=list(verdicts))

    found = grading_results.commonest_mistakes(
        [
            result(verdict(mistake="nested"), verdict(PREDICTION, "not_a_choice")),
            result(verdict(mistake="eos_missing"), verdict(mistake="", headline="it raised")),
            result(verdict(mistake="nested"), verdict(mistake="bos_missing", passed=True)),
        ]
    )
    assert [(m.mistake, m.count) for m in found] == [("nested", 2), ("eos_missing", 1)]


def test_places_are_counted_where_no_mistake_has_a_name():
    def result(**fields):
        return Result("somebody", LESSON, verdicts=[verdict(mistake="", **fields)])

    named = Result("anna", LESSON, verdicts=[verdict(mistake="nested", place="the ids")])
    results = [named, result(place="the ids"), result(place="the ids"), result(place="the loss")]
    found = grading_results.commonest_places([*results, result(place="")])
    assert [(p.text, p.count) for p in found] == [
        ("the ids differ first, in 2 hand-ins", 2),
        ("the loss differs first, in 1 hand-in", 1),
    ]


def test_results_become_json(graded):
    _, results, _ = graded
    told_again = json.loads(json.dumps(grading_results.as_plain(list(results.values()))))
    assert {"exercise", "mistake", "headline", "count"} == set(told_again["mistakes"][0])
    assert [m["mistake"] for m in told_again["mistakes"]] == ["bos_missing"]
    by_name = {s["student"]: s for s in told_again["submissions"]}
    assert by_name["perfect"]["score"] == 3
    assert by_name["mistaken"]["verdicts"][0]["mistake"] == "bos_missing"
    assert by_name["empty"]["error"]
