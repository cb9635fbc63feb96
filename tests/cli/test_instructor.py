"""The instructor's commands: what they print, and how they end on bad input."""

import json

import pytest
from small_course import (
    CHECK,
    LESSON,
    PREDICTION_CHECK,
    WRITTEN,
    contents,
    hand_in,
    small_course,
    small_lesson,
    write,
)

from s2s_ref.checks.registry import load_all
from s2s_ref.cli import main as cli
from s2s_ref.grading.course import Course
from s2s_ref.grading.reports.terminal import exercise_table, score_table
from s2s_ref.grading.results import Result

OTHER = "01_single_rnn"


@pytest.fixture
def s2s(capsys):
    """Run the command in this process; returns its exit code, stdout and stderr."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A clone of the repository with two small lessons, and the shell standing in it."""
    write('[project]\nname = "seq2seq-course"\n', tmp_path / "pyproject.toml")
    made = small_course(tmp_path, (LESSON, OTHER))
    monkeypatch.chdir(tmp_path)
    return made


def is_one_sentence_on_stderr(answer, *parts):
    code, out, err = answer
    assert code == 2
    assert out == ""
    assert err.startswith("s2s: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    for part in parts:
        assert part in err
    return True


# ------------------------------------------------------------------ release


@pytest.mark.parametrize("name", ["1", "01", OTHER])
def test_a_lesson_is_named_by_its_number_or_in_full(s2s, course, name):
    assert s2s("release", "--lesson", name) == (0, f"released  {OTHER}\n", "")
    assert [path.name for path in course.lessons.iterdir()] == [OTHER]
    assert s2s("release", "--lesson", name) == (0, f"unchanged {OTHER}\n", "")


def test_release_makes_every_lesson_from_any_folder_of_the_clone(s2s, course, monkeypatch):
    monkeypatch.chdir(course.solutions / LESSON)
    assert s2s("release")[:2] == (0, f"released  {LESSON}\nreleased  {OTHER}\n")
    assert s2s("release", "--lesson", "0", "--lesson", "00")[1] == f"unchanged {LESSON}\n"


def test_release_enters_the_lessons_in_the_gradebook(s2s, course):
    s2s("release")
    with course.api().gradebook as book:
        assert sorted(a.name for a in book.assignments) == [LESSON, OTHER]
        cells = {cell.name for cell in book.find_notebook(LESSON, LESSON).grade_cells}
    assert cells == {CHECK, PREDICTION_CHECK, WRITTEN}


def test_release_says_that_it_enters_an_unchanged_lesson_in_a_new_gradebook(s2s, course):
    s2s("release")
    (course.root / "class" / "gradebook.db").unlink()
    assert s2s("release", "--lesson", "0")[1] == f"unchanged {LESSON}, now in the gradebook\n"
    assert s2s("release", "--lesson", "0")[1] == f"unchanged {LESSON}\n"


def test_a_gradebook_that_does_not_take_a_new_cell_is_named(s2s, course):
    s2s("release")
    with course.api().gradebook as book:
        book.add_student("zoe")
        book.add_submission(LESSON, "zoe")
    notebook = small_lesson()
    notebook.cells = [cell for cell in notebook.cells if cell.id != WRITTEN]
    write(notebook, course.notebook(course.solutions, LESSON))
    code, out, _ = s2s("release")
    assert code == 1
    assert f"not in the gradebook: {LESSON} could not be registered" in out.replace("\n", " ")
    assert WRITTEN not in course.notebook(course.lessons, LESSON).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["7", "", "nonsense", "001", "0x"])
@pytest.mark.parametrize("command", ["release", "grade"])
def test_a_lesson_that_does_not_exist(s2s, course, command, name):
    before = contents(course.root)
    answer = s2s(command, "--lesson", name)
    assert is_one_sentence_on_stderr(answer, f"no lesson {name!r}", f"{LESSON}, {OTHER}")
    assert contents(course.root) == before


@pytest.mark.parametrize("command", ["release", "exercises", "grade", "demo"])
def test_a_solution_that_is_not_json(s2s, course, command):
    path = write("not JSON", course.notebook(course.solutions, OTHER))
    hand_in(course, "somebody", "", OTHER)
    answer = s2s(command, *(["--unsafe"] if command == "grade" else []))
    if command == "demo":  # the demo's own copy of it
        path = course.root / "demo" / path.relative_to(course.root)
    if command == "grade":  # the progress bar is there already
        answer = (answer[0], "", answer[2])
    assert is_one_sentence_on_stderr(answer, str(path), "not JSON", "Save it again")
    assert not course.lessons.exists()


def test_a_course_without_solutions(s2s, tmp_path, monkeypatch):
    write('[project]\nname = "seq2seq-course"\n', tmp_path / "pyproject.toml")
    monkeypatch.chdir(tmp_path)
    for command in ("release", "demo"):
        assert is_one_sentence_on_stderr(s2s(command), "Expected NN_name/NN_name.ipynb")
    assert is_one_sentence_on_stderr(
        s2s("release", "--lesson", "0"), "contains no solution notebooks"
    )


# ------------------------------------------------------------------ exercises


KEYS = {
    *("name", "lesson", "number", "title", "kind", "bonus", "points", "hints"),
    *("mistakes", "alternatives"),
}


def test_exercises_as_json_tell_everything_that_a_script_needs(s2s, root, monkeypatch):
    monkeypatch.chdir(root)
    code, out, err = s2s("exercises", "--json")
    assert (code, err) == (0, "")
    listed = json.loads(out)
    assert [e["name"] for e in listed] == [e.name for e in load_all()]
    numbers = {int(name[:2]) for name in Course(root).lesson_names()}
    for told, exercise in zip(listed, load_all(), strict=True):
        assert set(told) == KEYS
        assert told["kind"] in ("function", "module", "prediction")
        assert [m["name"] for m in told["mistakes"]] == [m.name for m in exercise.mistakes]
        assert all(set(m) == {"name", "message"} for m in told["mistakes"])
        assert len(told["alternatives"]) == len(exercise.alternatives)
        if exercise.lesson in numbers:
            expected = 0 if exercise.bonus else 1 if told["kind"] == "prediction" else 2
            if told["name"] == "translate.handed_in":  # the capstone's translations
                expected = 9
            assert told["points"] == expected


@pytest.mark.usefixtures("course")
def test_points_are_those_of_the_solutions_cell(s2s):
    code, out, _ = s2s("exercises", "--json")
    worth = {e["name"]: e["points"] for e in json.loads(out)}
    assert code == 0
    # both small lessons hold these two exercises
    assert worth["start_here.encode_sentence"] == 4
    assert worth["start_here.nested_list"] == 2
    assert worth["start_here.decode_ids"] == 0


def test_exercises_fit_a_terminal_with_their_names_whole(s2s, root, monkeypatch):
    monkeypatch.chdir(root)
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = s2s("exercises")
    assert all(e.name in out for e in load_all())
    assert len(out.splitlines()) == len(load_all()) + 2


# ------------------------------------------------------------------ grade


def test_a_class_folder_without_submissions(s2s, course):
    answer = s2s("grade")
    assert is_one_sentence_on_stderr(answer, str(course.submitted), "nbgrader collect LESSON")
    answer = s2s("grade", "--lesson", "1", "--student", "zoe")
    assert is_one_sentence_on_stderr(answer, f"Nothing was handed in for {OTHER} by zoe")
    assert not (course.root / "class").exists()


def test_without_a_sandbox_grading_says_what_brings_one(s2s, course, monkeypatch):
    reason = "bwrap cannot be found. Install it: sudo apt-get install bubblewrap"
    monkeypatch.setattr("s2s_ref.grading.sandbox.bubblewrap.problem", lambda: reason)
    hand_in(course, "ada", "")
    assert is_one_sentence_on_stderr(s2s("grade"), reason, "s2s grade --unsafe")
    assert not course.autograded.exists()


def test_a_bad_submission_ends_with_1_and_stands_in_table_and_json(s2s, course, tmp_path):
    hand_in(course, "zoe", "not JSON")
    hand_in(course, "[red]", "[]")
    hand_in(course, "adam", "", OTHER)
    told = tmp_path / "marks.json"
    code, out, _ = s2s("grade", "--unsafe", "--lesson", "0", "--json", told)
    assert code == 1
    assert "no marks" in out
    assert f"zoe, {LESSON}: " in out
    assert f"[red], {LESSON}: " in out
    assert "it is not JSON" in out
    assert "adam" not in out
    marks = json.loads(told.read_text(encoding="utf-8"))
    assert set(marks) == {"submissions", "mistakes", "places"}
    assert [s["student"] for s in marks["submissions"]] == ["[red]", "zoe"]
    assert {"student", "lesson", "score", "max_score", "written", "seconds", "error"} < set(
        marks["submissions"][0]
    )
    assert marks["mistakes"] == []


def test_a_folder_with_the_name_of_no_lesson_is_named(s2s, course):
    hand_in(course, "zoe", "not JSON")
    hand_in(course, "hal", "not JSON", lesson="00_start")
    _, out, _ = s2s("grade", "--unsafe")
    told = " ".join(out.split())
    assert "Not graded, because no lesson has that name: hal/00_start. Rename the folder." in told


@pytest.mark.parametrize("place", ["nowhere/marks.json", "solutions"])
def test_a_json_file_that_cannot_be_written_is_named_before_anything_is_graded(s2s, course, place):
    hand_in(course, "zoe", "not JSON")
    answer = s2s("grade", "--json", place)
    assert is_one_sentence_on_stderr(answer, place, "Name a file in a folder that exists")
    assert not (course.root / "class" / "gradebook.db").exists()


def test_the_table_shows_every_student_and_lesson():
    results = [
        Result("ada", LESSON, score=2.5, max_score=5),
        Result("ada", OTHER, error="why"),
        Result("bob", LESSON, score=5, max_score=5),
    ]
    table = score_table(results)
    cells = [list(column.cells) for column in table.columns]
    assert cells == [["ada", "bob"], ["2.5", "5"], ["[red]no marks[/red]", "–"]]
    assert [column.header for column in table.columns[1:]] == [f"{LESSON}\nof 5", f"{OTHER}\nof 0"]
    assert exercise_table([]).row_count == 0


@pytest.mark.parametrize(
    ("written", "to_review", "told"),
    [
        (1, 0, "1 written answer waits to be marked."),
        (2, 0, "2 written answers wait to be marked."),
        (0, 3, "formgrader: 3 marked before, to be looked at again."),
        (2, 1, "2 written answers wait to be marked, 1 marked before, to be looked at again."),
    ],
)
def test_what_waits_for_the_instructor_is_counted(
    s2s, course, monkeypatch, written, to_review, told
):
    hand_in(course, "ada", "")
    result = Result("ada", LESSON, max_score=3, written=written, to_review=to_review)
    monkeypatch.setattr("s2s_ref.grading.grade.grade", lambda *_, **__: [result])
    _, out, _ = s2s("grade", "--unsafe")
    assert told in " ".join(out.split())


def test_a_report_needs_grades(s2s, course):
    hand_in(course, "ada", "")
    s2s("release")
    assert is_one_sentence_on_stderr(s2s("report"), "Grade it first: s2s grade")


@pytest.mark.parametrize("command", ["report", "export"])
def test_a_page_or_table_that_cannot_be_written_is_named(s2s, course, command):
    assert is_one_sentence_on_stderr(s2s(command), "")
    hand_in(course, "ada", "")
    s2s("grade", "--unsafe", "--lesson", "0")
    answer = s2s(command, "--output", "nowhere/file")
    assert is_one_sentence_on_stderr(answer, "nowhere/file", "Name a file in a folder that exists")
    assert not (course.root / "nowhere").exists()


def test_the_class_on_a_page_and_as_csv(s2s, course):
    hand_in(course, "ada", "")
    assert s2s("grade", "--unsafe", "--lesson", "0")[0] == 1
    code, out, _ = s2s("report", "--lesson", "0", "--anonymous")
    assert (code, "Submissions on the page: 1." in " ".join(out.split())) == (0, True)
    page = (course.root / "class" / "report.html").read_text(encoding="utf-8")
    assert "is empty. Ask for it again." in page
    assert "ada" not in page
    assert s2s("export")[0] == 0
    rows = (course.root / "class" / "grades.csv").read_text(encoding="utf-8").splitlines()
    assert next(row for row in rows if ",ada," in row).startswith(LESSON)
    write("id,name,number\nada,Ada Kim,7\nbo,Bo Lee,8\n", course.root / "class" / "students.csv")
    assert s2s("export", "--for", "canvas")[:2] == (
        0,
        f"Rows of scores: 2. They are in {course.root}/class/grades-canvas.csv\n",
    )
    answer = s2s("export", "--for", "excel")
    assert is_one_sentence_on_stderr(answer, "Choose one of: csv, canvas, moodle")


# ------------------------------------------------------------------ demo, hint, progress


def test_a_demo_never_deletes_a_folder_that_it_did_not_make(s2s, course):
    before = contents(course.root)
    for folder in (course.root, course.solutions):
        answer = s2s("demo", "--folder", folder)
        assert is_one_sentence_on_stderr(answer, str(folder), "s2s demo --folder FOLDER")
    assert contents(course.root) == before


def test_a_hint_for_an_exercise_that_does_not_exist(s2s):
    answer = s2s("hint", "start_here.decode_id")
    assert is_one_sentence_on_stderr(answer, "'start_here.decode_id'", "'start_here.decode_ids'?")
    assert is_one_sentence_on_stderr(s2s("hint", "decode_ids"), "'start_here.decode_ids'?")
    assert is_one_sentence_on_stderr(s2s("hint", "start_here.x"), "lesson has start_here.encode")
    assert is_one_sentence_on_stderr(s2s("hint", "nonsense"), "progress")


def test_hints_come_one_by_one_and_progress_shows_what_is_next(s2s):
    for number in (1, 2, 3, 3):
        out = s2s("hint", "start_here.decode_ids")[1]
        shown = [n for n in (1, 2, 3) if f"Hint {n} of 3: " in out]
        assert shown == list(range(1, number + 1))
    code, out, _ = s2s("progress")
    assert code == 0
    assert "Next: lesson 0, A sentence as ids." in out
