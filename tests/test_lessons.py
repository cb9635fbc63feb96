"""Every lesson: its solution passes, its release gives nothing away, and both keep the rules."""

import ast
import atexit
import builtins
import functools
import inspect
import json
import re
import shutil
import symtable
import tempfile
import textwrap
from pathlib import Path

import nbformat
import pytest
from nbgrader.validator import Validator
from small_course import SOLUTION, contents

from s2s_ref import syllabus
from s2s_ref.checks.registry import load_all
from s2s_ref.checks.source import standalone
from s2s_ref.grading.cells import checks_in, grade_id, is_graded_check, is_solution, points
from s2s_ref.grading.course import Course
from s2s_ref.grading.normalise import normalise
from s2s_ref.grading.release import release
from s2s_ref.grading.sandbox.stage import FOLDERS

COURSE = Course(SOLUTION.parents[2])
NAMES = COURSE.lesson_names()
SOLUTIONS = [pytest.param(name, id=name) for name in NAMES]
each_lesson = pytest.mark.parametrize("lesson", SOLUTIONS)


@functools.cache
def solution(lesson):
    return nbformat.read(COURSE.notebook(COURSE.solutions, lesson), as_version=4)


@functools.cache
def generated():
    """A course elsewhere with the same solutions, released now."""
    root = Path(tempfile.mkdtemp(prefix="s2s-lessons-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    return generate(Course(root))


def generate(course):
    for name in NAMES:
        shutil.copytree(COURSE.solutions / name, course.solutions / name)
    release(course)
    return course


@functools.cache
def released(lesson):
    return nbformat.read(generated().notebook(generated().lessons, lesson), as_version=4)


def number(lesson):
    return int(lesson[:2])


def exercises(lesson):
    return [e for e in load_all() if e.lesson == number(lesson)]


def written(lesson):
    return [e for e in exercises(lesson) if e.kind != "prediction"]


def code_cells(lesson):
    return [cell for cell in solution(lesson).cells if cell.cell_type == "code"]


def is_experiment(cell):
    return grade_id(cell).startswith("experiment-")


def is_manual(cell):
    about = cell.metadata.get("nbgrader", {})
    return bool(about.get("grade") and about.get("solution"))


def set_up(lesson):
    (cell,) = [cell for cell in solution(lesson).cells if cell.id == "set-up"]
    return cell


def answer_to(lesson, exercise):
    (cell,) = [c for c in code_cells(lesson) if grade_id(c) == exercise.name.replace(".", "-")]
    return cell


# ------------------------------------------------------------------ lessons/ and solutions/


def test_lesson_0_is_there():
    assert NAMES[0] == "00_start_here"


def test_lessons_are_what_release_generates(tmp_path):
    """The same in two places, byte for byte; `s2s release` removes a difference."""
    made = contents(generated().lessons)
    assert contents(generate(Course(tmp_path)).lessons) == made
    there = {n: text for n, text in contents(COURSE.lessons).items() if "checkpoint" not in n}
    assert there.keys() == made.keys()
    for name, text in there.items():
        assert text == made[name], f"{name} is not what `s2s release` generates"


@each_lesson
def test_a_solutions_folder_holds_the_notebook_and_the_instructors_sheet(lesson):
    names = {p.name for p in (COURSE.solutions / lesson).iterdir() if not p.name.startswith(".")}
    assert names == {f"{lesson}.ipynb", "INSTRUCTOR.md"}


# ------------------------------------------------------------------ nothing leaks


def telling_lines(text):
    """The lines of a body that would give it away: not `else:` and the like."""
    return {line.strip() for line in text.splitlines() if len(line.strip()) > 8}


def body(answer):
    """The body of a function, or of a module's `forward`, without its docstring."""
    source = standalone(inspect.unwrap(answer), "answer")
    (node,) = ast.parse(source).body
    if isinstance(node, ast.ClassDef):
        node = next(part for part in node.body if getattr(part, "name", "") == "forward")
    first = next(part for part in node.body if not is_docstring(part))
    return "\n".join(source.splitlines()[first.lineno - 1 : node.end_lineno])


def is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def secrets(lesson):
    found = set()
    for cell in code_cells(lesson):
        regions = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL)
        found |= telling_lines("\n".join(regions))
    for exercise in written(lesson):
        for answer in (exercise.reference, *exercise.alternatives):
            found |= telling_lines(body(answer))
    for cell in solution(lesson).cells:
        if is_manual(cell):
            found |= telling_lines(cell.source)
    return found


@each_lesson
def test_nothing_of_an_answer_stands_in_the_release(lesson):
    text = "\n".join(cell.source for cell in released(lesson).cells)
    lines = {line.strip() for line in text.splitlines()}
    given = {line for cell in code_cells(lesson) for line in given_lines(cell)}
    assert not lines & secrets(lesson) - given
    for word in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN", "rubric"):
        assert word not in text
    assert [p.name for p in (generated().lessons / lesson).iterdir()] == [f"{lesson}.ipynb"]


def given_lines(cell):
    """Lines that stand outside a solution: a given cell may read `for word in words:` too."""
    if is_solution(cell):
        return set()
    return {line.strip() for line in cell.source.splitlines()}


@each_lesson
def test_a_release_holds_no_outputs(lesson):
    for cell in released(lesson).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@each_lesson
def test_given_cells_are_those_of_the_solution(lesson):
    pairs = zip(solution(lesson).cells, released(lesson).cells, strict=True)
    for ours, theirs in pairs:
        assert ours.id == theirs.id
        assert is_solution(ours) or ours.source == theirs.source


# ------------------------------------------------------------------ without the experiments


def failing(notebook):
    """Run the cells that are no experiments in this process, and return those that fail."""
    bound, failed = {}, []
    for cell in notebook.cells:
        if cell.cell_type == "code" and not is_experiment(cell):
            try:
                exec(cell.source, bound)
            except Exception:
                failed.append(cell)
    return failed


@each_lesson
def test_every_cell_of_a_solution_runs_without_the_experiments(lesson, tmp_path, monkeypatch):
    """And every check passes; only given cells that fail on purpose do so."""
    monkeypatch.chdir(tmp_path)
    on_purpose = [c.id for c in code_cells(lesson) if fails_on_purpose(c)]
    assert [cell.id for cell in failing(solution(lesson))] == on_purpose


def fails_on_purpose(cell):
    return "raises-exception" in cell.metadata.get("tags", []) and not is_graded_check(cell)


@each_lesson
def test_every_check_of_a_release_fails(lesson, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checks = [cell.id for cell in released(lesson).cells if is_graded_check(cell)]
    assert len(checks) == len(exercises(lesson))
    assert [cell.id for cell in failing(released(lesson)) if is_graded_check(cell)] == checks


def test_the_validate_button_names_every_cell_that_is_not_answered(tmp_path):
    """The checks of a release, and the answer in words that is not written yet."""
    (lesson, *_) = NAMES
    marked = [c for c in released(lesson).cells if is_graded_check(c) or is_manual(c)]
    path = generated().notebook(generated().lessons, lesson)
    found = Validator(config=Course(tmp_path).config()).validate(str(path))
    assert set(found) == {"failed"}
    assert [cell["source"] for cell in found["failed"]] == [cell.source for cell in marked]


# ------------------------------------------------------------------ exercises


@each_lesson
def test_every_exercise_is_graded_once(lesson):
    graded = [
        (name, grade_id(cell))
        for cell in code_cells(lesson)
        if is_graded_check(cell)
        for name, _ in checks_in(cell.source)
    ]
    expected = [(e.name, f"check-{e.name.replace('.', '-')}") for e in exercises(lesson)]
    assert sorted(graded) == sorted(expected)
    (module,) = {e.name.partition(".")[0] for e in exercises(lesson)}
    assert lesson.endswith(f"_{module}")
    answers = {grade_id(c) for c in code_cells(lesson) if is_solution(c)}
    assert answers == {
        ("predict-" if e.kind == "prediction" else "") + e.name.replace(".", "-")
        for e in exercises(lesson)
    }


@each_lesson
def test_points_are_two_for_code_one_for_a_prediction_and_none_for_a_bonus(lesson):
    worth = {
        name: points(cell)
        for cell in code_cells(lesson)
        if is_graded_check(cell)
        for name, _ in checks_in(cell.source)
    }
    for exercise in exercises(lesson):
        usual = 0 if exercise.bonus else 1 if exercise.kind == "prediction" else 2
        expected = usual if exercise.points is None else exercise.points
        assert worth[exercise.name] == expected, exercise.name


@each_lesson
def test_a_check_follows_its_exercise_and_looks_at_it(lesson):
    cells = [grade_id(c) for c in solution(lesson).cells]
    for cell in solution(lesson).cells:
        if is_graded_check(cell):
            ((name, target),) = checks_in(cell.source)
            assert target == name.rpartition(".")[2]
            place = cells.index(grade_id(cell))
            assert cells[place - 1].removeprefix("predict-") == name.replace(".", "-")


@each_lesson
def test_cards_count_the_exercises_and_predictions_as_the_notebook_does(lesson):
    """`(lesson 1, exercise 2)` is the cell under "Exercise 2"; predictions count apart."""
    by_name = {e.name: e for e in exercises(lesson)}
    found, heading = {"exercise": [], "prediction": []}, 0
    for cell in solution(lesson).cells:
        if cell.cell_type == "markdown":
            titles = re.findall(r"^## (?:Exercise (\d+)|Bonus)", cell.source, re.MULTILINE)
            heading = int(titles[-1] or 0) if titles else heading
        elif is_graded_check(cell):
            ((name, _),) = checks_in(cell.source)
            exercise = by_name[name]
            kind = "prediction" if exercise.kind == "prediction" else "exercise"
            found[kind] += [exercise.number] if exercise.number else []
            assert kind == "prediction" or exercise.number == heading, name
    for numbers in found.values():
        assert numbers == list(range(1, len(numbers) + 1))


def interface(node):
    """What a function or class shows: its signature and docstring, and its given `__init__`."""
    if isinstance(node, ast.FunctionDef):
        result = ast.dump(node.returns) if node.returns else None
        return ast.dump(node.args), result, ast.get_docstring(node)
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
    init = [ast.dump(m) for m in methods if m.name == "__init__"]
    shown = {m.name: interface(m) for m in methods}
    return [ast.dump(base) for base in node.bases], ast.get_docstring(node), init, shown


@each_lesson
def test_a_solution_has_the_signature_and_docstring_of_its_namesake(lesson):
    for exercise in written(lesson):
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(exercise.reference)))
        (theirs,) = ast.parse(source).body
        (ours,) = [
            node
            for node in ast.parse(answer_to(lesson, exercise).source).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == exercise.short
        ]
        assert interface(ours) == interface(theirs), exercise.name
        assert ast.get_docstring(ours), exercise.name


# ------------------------------------------------------------------ what cells may name


LIBRARIES = ("torch", "jaxtyping", "numpy", "math", "random", "collections", "pathlib", "sacrebleu")


@each_lesson
def test_only_experiments_import_what_the_sandbox_does_not_hold(lesson):
    staged = ("state", *FOLDERS, *syllabus.modules_before(number(lesson)))
    allowed = {f"s2s_ref.{name}" for name in staged}
    for cell in code_cells(lesson):
        if not is_experiment(cell):
            for name in imports(cell.source):
                ours = ".".join(name.split(".")[:2]) in allowed
                assert ours or name.split(".")[0] in LIBRARIES, f"{cell.id} imports {name}"


def imports(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level
            if node.module == "s2s_ref":
                yield from (f"s2s_ref.{alias.name}" for alias in node.names)
            else:
                yield node.module


def names(source):
    """The names that a cell binds in the notebook, and those that it reads from it."""
    top = symtable.symtable(source, "cell", "exec")
    bound, read = set(), set()

    def visit(table):
        for symbol in table.get_symbols():
            ours = table is top or symbol.is_global()
            if ours and (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()):
                bound.add(symbol.get_name())
            if ours and symbol.is_referenced():
                read.add(symbol.get_name())
        for child in table.get_children():
            visit(child)

    visit(top)
    return bound, read - set(dir(builtins))


@each_lesson
def test_no_cell_needs_what_only_an_experiment_binds(lesson):
    experiments, others, read = set(), set(), set()
    for cell in code_cells(lesson):
        bound, used = names(cell.source)
        if is_experiment(cell):
            experiments |= bound
        else:
            others |= bound
            read |= used
    assert not read & (experiments - others)


@each_lesson
def test_an_experiment_binds_nothing_that_an_exercise_or_a_check_reads(lesson):
    read = set()
    for cell in code_cells(lesson):
        if is_solution(cell) or is_graded_check(cell):
            read |= names(cell.source)[1]
    for cell in code_cells(lesson):
        if is_experiment(cell):
            assert not names(cell.source)[0] & read, cell.id


@each_lesson
def test_experiments_are_locked_and_tagged_and_graded_checks_let_the_rest_run(lesson):
    for notebook in (solution(lesson), released(lesson)):
        for cell in notebook.cells:
            tags = cell.metadata.get("tags", [])
            assert ("experiment" in tags) == is_experiment(cell)
            if is_experiment(cell):
                assert cell.metadata.nbgrader.locked
            if is_graded_check(cell):
                assert "raises-exception" in tags


@each_lesson
def test_an_experiment_takes_the_students_work_by_use(lesson):
    """A failing exercise never blocks: what an experiment reads of the student's is checked."""
    short = {e.short for e in written(lesson)}
    for cell in code_cells(lesson):
        if is_experiment(cell):
            nodes = list(ast.walk(ast.parse(cell.source)))
            read = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
            passed = {
                argument.id
                for node in nodes
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "use"
                for argument in node.args
                if isinstance(argument, ast.Name)
            }
            assert read & short <= passed, cell.id


# ------------------------------------------------------------------ stored outputs


@each_lesson
def test_a_solution_is_in_its_canonical_form(lesson):
    text = COURSE.notebook(COURSE.solutions, lesson).read_bytes().decode("utf-8")
    assert normalise(text) == text


@each_lesson
def test_a_solution_was_run_from_top_to_bottom(lesson):
    counts = [cell.execution_count for cell in code_cells(lesson)]
    assert counts == list(range(1, len(counts) + 1))


@each_lesson
def test_stored_outputs_show_no_failure_and_nothing_of_the_machine(lesson):
    for cell in code_cells(lesson):
        for output in cell.outputs:
            assert output.output_type != "error" or fails_on_purpose(cell), cell.id
            assert output.get("name") != "stderr", cell.id
        text = json.dumps(cell.outputs, ensure_ascii=False)
        text = re.sub(r'"image/png": "[^"]*"', "", text)
        assert not re.search(r"/(home|root|Users|tmp|usr|opt|var|work)/|site-packages", text), text


@each_lesson
def test_every_check_and_figure_has_its_output(lesson):
    plotting = {name for cell in code_cells(lesson) for name in plotting_names(cell.source)}
    for cell in code_cells(lesson):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        if is_graded_check(cell):
            assert "text/html" in kinds, cell.id
            assert "✓" in json.dumps(cell.outputs, ensure_ascii=False), cell.id
        if draws(cell, plotting):
            assert "image/png" in kinds, cell.id


def plotting_names(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in (
            "s2s_ref",
            "s2s_ref.evaluation.plots",
        ):
            names = [alias.asname or alias.name for alias in node.names]
            yield from (
                n for n in names if n == "plots" or node.module == "s2s_ref.evaluation.plots"
            )


def draws(cell, plotting):
    """Tell whether a cell ends with a call of a plotting function."""
    last = ast.parse(cell.source).body[-1]
    return isinstance(last, ast.Expr) and any(
        isinstance(node, ast.Name) and node.id in plotting for node in ast.walk(last)
    )


# ------------------------------------------------------------------ words


def prose(cell):
    """The text of a markdown cell without code."""
    text = re.sub(r"```.*?```|^ {4}.*$", "", cell.source, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`]*`", "", text)


@each_lesson
def test_the_text_is_calm(lesson):
    sheet = COURSE.solutions / lesson / "INSTRUCTOR.md"
    texts = [prose(cell) for cell in solution(lesson).cells if cell.cell_type == "markdown"]
    texts += [sheet.read_text(encoding="utf-8")] if sheet.is_file() else []
    for text in texts:
        assert not re.search(r"[^\s!]!(?!=|\[)", text), text


@each_lesson
def test_a_lesson_opens_with_its_four_lines(lesson):
    title, *parts = solution(lesson).cells[0].source.split("\n\n")
    assert title.startswith(f"# {number(lesson)} · ")
    openings = ("**Goal.** ", "**You will write** ", "**Out of scope.** ", "**Time.** ")
    assert len(parts) == len(openings)
    for part, opening in zip(parts, openings, strict=True):
        assert part.startswith(opening)
        assert "\n" not in part
    minutes = re.search(r"(\d+) minutes", parts[-1])
    assert minutes
    assert int(minutes[1]) <= 90


@each_lesson
def test_a_lesson_ends_with_what_one_has_now(lesson):
    assert "**What you have now.**" in solution(lesson).cells[-1].source


@each_lesson
def test_the_instructors_sheet_marks_every_written_answer(lesson):
    sheet = (COURSE.solutions / lesson / "INSTRUCTOR.md").read_text(encoding="utf-8").lower()
    answers = [cell for cell in solution(lesson).cells if is_manual(cell)]
    assert len(answers) == 1
    assert points(answers[0]) == (9 if number(lesson) == 9 else 3)
    assert answers[0].cell_type == "markdown"
    for topic in ("minutes", "rubric", "mistake", "exam"):
        assert topic in sheet, topic
    named = [m.name for e in written(lesson) for m in e.mistakes if m.name.lower() in sheet]
    assert len(named) >= 3
