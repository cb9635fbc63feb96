"""The staged part of the package, and the files of a submission."""

import importlib
import inspect
import json
import os
import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest
from small_course import SOLUTION

from s2s_ref import syllabus
from s2s_ref.checks.diagnose import differences
from s2s_ref.checks.prepare import prepare
from s2s_ref.checks.registry import load_all
from s2s_ref.grading.cells import grade_id, graded_checks
from s2s_ref.grading.course import Course
from s2s_ref.grading.sandbox import stage
from s2s_ref.grading.sandbox.grading_judge import GradingJudge, serving
from s2s_ref.student.observe import observe

COURSE = Course(SOLUTION.parents[2])
LESSONS = COURSE.lesson_names()

RUN = """
import contextlib, json, sys
said, bound = [], {}
for cell in json.load(open(sys.argv[1])):
    try:
        exec(cell, bound)
    except Exception as error:
        said.append(f"{type(error).__name__}: {error}")
print(json.dumps([said, sorted(m for m in sys.modules if m.startswith("s2s_ref."))]))
"""


def run_on_stage(folder, cells, **environment):
    """Run cells with a Python that finds the staged package before the installed one."""
    (folder / "cells.json").write_text(json.dumps(cells))
    given = {
        "PYTHONPATH": str(folder / "stage"),
        "S2S_STATE": str(folder / "state"),
        "OMP_NUM_THREADS": "1",
        **environment,
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN, "cells.json"],
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_solution_runs_on_its_stage(lesson, tmp_path):
    """A notebook runs without its experiments, and all its graded checks pass over the socket."""
    stage.stage_package(int(lesson[:2]), tmp_path / "stage")
    notebook = nbformat.read(COURSE.notebook(COURSE.solutions, lesson), as_version=4)
    cells = {grade_id(cell): [name for name, _ in made] for cell, made in graded_checks(notebook)}
    code = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and not grade_id(cell).startswith("experiment-")
        # Checks in other cells are not answered while a submission is graded.
        if grade_id(cell) in cells or "check(" not in cell.source or cell.id == "set-up"
    ]
    # In one process, all the checks are those of one cell.
    everything = [name for names in cells.values() for name in names]
    judge = GradingJudge({"all": everything}, b"a class")
    with serving(judge, tmp_path / "judge"), judge.marking("all"):
        said, modules = run_on_stage(
            tmp_path, [c.source for c in code], S2S_JUDGE_SOCKET=str(tmp_path / "judge")
        )
    assert not said
    assert not [v["headline"] for v in judge.verdicts("all") if not v["passed"]]
    assert "s2s_ref.student.client" in modules
    allowed = {*stage.FOLDERS, *stage.MODULES, *syllabus.modules_before(int(lesson[:2]))}
    assert {m.split(".")[1] for m in modules} <= allowed


def test_an_absent_module_says_so_in_one_line(tmp_path):
    stage.stage_package(2, tmp_path / "stage")
    absent = [
        "encoder_decoder",
        "checks",
        "checks.judge",
        "grading",
        "training",
        "experiments",
    ]
    cells = [f"import s2s_ref.{name}" for name in absent]
    cells += ["from s2s_ref.rnn import unroll", "from s2s_ref.student import check"]
    cells += ["from s2s_ref import encoder_decoder"]
    said, _ = run_on_stage(tmp_path, cells)
    for name, line in zip(absent, said, strict=False):
        assert line.startswith(f"ModuleNotFoundError: s2s_ref.{name.split('.')[0]}")
        assert "is not there while a lesson is graded" in line
        assert "\n" not in line
    assert "encoder_decoder" in said[-1]


def test_the_stage_knows_the_lesson_of_every_module():
    for exercise in load_all():
        module = exercise.reference.__module__ if callable(exercise.reference) else ""
        package, _, name = module.partition(".")
        if package == "s2s_ref" and not name.startswith("exercises."):
            assert name not in syllabus.modules_before(exercise.lesson), exercise.name
            assert name in syllabus.modules_before(exercise.lesson + 1), exercise.name


def public_callables(lesson):
    """All callables in the modules that code of a lesson can import."""
    package = COURSE.root / "s2s_ref"
    files = [path for folder in stage.FOLDERS for path in (package / folder).rglob("*.py")]
    staged = [".".join(path.relative_to(package).with_suffix("").parts) for path in files]
    for name in (*stage.MODULES, *syllabus.modules_before(lesson), *staged):
        module = importlib.import_module(f"s2s_ref.{name}".removesuffix(".__init__"))
        for attribute, value in list(vars(module).items()):
            own = str(getattr(value, "__module__", "")).startswith("s2s_ref")
            if callable(value) and own and not attribute.startswith("__"):
                yield f"{name}.{attribute}", value


NOT_CALLED = ("check", "hint", "progress", "try_check", "download")
"""They use the judge or the network, and return nothing that a check could accept."""


@pytest.mark.parametrize("lesson", sorted({e.lesson for e in load_all()}))
def test_nothing_on_the_stage_passes_a_check(lesson):
    for exercise in load_all():
        if exercise.lesson != lesson or exercise.kind == "prediction":
            continue
        prepared = prepare(exercise.name, 7)
        first = replace(prepared, cases=prepared.cases[:1])
        for name, value in public_callables(lesson):
            called = name.rpartition(".")[2] not in NOT_CALLED
            if called and (exercise.kind == "module") == inspect.isclass(value):
                seen = observe(value, first.cases[0].call)
                assert differences(first, [seen]), (exercise.name, name)


# ------------------------------------------------------------------ files


def test_files_beside_the_notebook_are_copied(tmp_path):
    handed_in = tmp_path / "kim"
    (handed_in / "data").mkdir(parents=True)
    (handed_in / "data" / "words.txt").write_text("책\n", encoding="utf-8")
    (handed_in / "00_start_here.ipynb").write_text("{}")
    (handed_in / "other.ipynb").write_text("{}")
    stage.write_files(stage.read_files(handed_in), tmp_path / "files")
    files = [p.relative_to(tmp_path / "files") for p in (tmp_path / "files").rglob("*")]
    assert sorted(map(str, files)) == ["data", "data/words.txt"]
    assert (tmp_path / "files/data/words.txt").read_text(encoding="utf-8") == "책\n"


def symlink(path):
    path.symlink_to("/etc/passwd")


def folder_link(path):
    path.symlink_to("/etc")


def hard_link(path):
    other = path.parents[1] / "gradebook.db"
    other.write_text("marks")
    os.link(other, path)


def pipe(path):
    os.mkfifo(path)


@pytest.mark.parametrize("make", [symlink, folder_link, hard_link, pipe])
@pytest.mark.parametrize("name", ["data.txt", "00_start_here.ipynb"])
def test_what_is_no_file_of_its_own_is_refused(tmp_path, make, name):
    handed_in = tmp_path / "kim"
    handed_in.mkdir()
    make(handed_in / name)
    with pytest.raises(ValueError, match="is a link or a device"):
        stage.read_files(handed_in)


def test_too_many_or_too_large_files_are_refused(tmp_path, monkeypatch):
    (tmp_path / "kim").mkdir()
    with (tmp_path / "kim" / "large").open("wb") as file:
        file.truncate(stage.MAX_BYTES + 1)
    with pytest.raises(ValueError, match=r"or 64 MiB beside the notebook\. .* such as large"):
        stage.examine_files(tmp_path / "kim")
    monkeypatch.setattr(stage, "MAX_FILES", 0)
    with pytest.raises(ValueError, match="more than 0 files"):
        stage.examine_files(tmp_path / "kim")
