"""Who may import what, what lies where, and what never lies here. (Docstrings: ruff's D rules.)"""

import ast
import graphlib
import hashlib
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from s2s_ref import syllabus

LESSONS = syllabus.modules_before(len(syllabus.LESSONS))
TOOLS = {"data", "training", "evaluation"}
MODELS = {"state", *LESSONS, "fast", "models"}
MAY_IMPORT = {
    "__init__": set(),
    "syllabus": set(),
    "state": set(),
    "whole_files": set(),
    **{lesson: {"state", *LESSONS[:i]} for i, lesson in enumerate(LESSONS)},
    "fast": {"state", *LESSONS},
    "models": set(LESSONS),
    "data": {"whole_files"},
    "training": set(),
    "evaluation": {"data", "training", "student", "whole_files"},
    "capstone": {*MODELS, *TOOLS, "whole_files"},
    "experiments": {*MODELS, *TOOLS, "student", "checks", "whole_files"},
    "student": {"state", "whole_files"},
    "checks": {"state", "student", "syllabus"},
    "exercises": {"state", *LESSONS, "data", "capstone", "student", "checks"},
    "grading": {"syllabus", "capstone", "student", "checks", "whole_files"},
    "workspace": {"syllabus", "student", "evaluation", "grading", "whole_files"},
    "cli": {"data", "capstone", "experiments", "student", "grading", "workspace"},
}
"""What each module or folder at the top of the package may import of the others."""
JAXTYPED = {"Float", "Int", "Bool", "Shaped", "Num", "Integer", "UInt8"}


@pytest.fixture(scope="module")
def modules(root):
    """Every module's tree, by its path in the package: `student/codec`."""
    package = root / "s2s_ref"
    return {
        path.relative_to(package).with_suffix("").as_posix(): ast.parse(path.read_text("utf-8"))
        for path in sorted(package.rglob("*.py"))
    }


@pytest.fixture(scope="module")
def tracked(root):
    """The files that git knows, with their bytes."""
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [root / name for name in listed.stdout.split("\0") if name]
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in paths if p.is_file()}


def parts_imported(tree):
    """The parts of this package that a module imports anywhere: `student`, `rnn`, ..."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute here"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, *rest = name.split(".")
            if package == "s2s_ref" and rest and not rest[0].startswith("__"):
                yield rest[0]


def test_modules_import_only_what_their_part_may(modules):
    wrong = []
    for name, tree in modules.items():
        part = name.split("/")[0]
        wrong += [
            f"s2s_ref/{name}.py imports {imported}"
            for imported in parts_imported(tree)
            if imported not in MAY_IMPORT[part] | {part}
        ]
    assert not wrong


def test_no_import_leads_back_to_its_module(modules):
    """Imports inside functions count too: they may not hide a circle."""
    graph = {}
    for name, tree in modules.items():
        imported = graph[name.removesuffix("/__init__")] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("s2s_ref"):
                package = node.module.removeprefix("s2s_ref").strip(".").replace(".", "/")
                names = [f"{package}/{alias.name}".strip("/") for alias in node.names]
                imported |= {n if n in modules else package for n in names} & modules.keys()
    graphlib.TopologicalSorter(graph).prepare()


def test_every_part_of_the_package_has_its_place_in_the_rules(modules):
    assert {name.split("/")[0] for name in modules} == set(MAY_IMPORT)


def test_only_the_registry_loads_exercises(root, modules):
    """By the syllabus, so that no other list of exercises is kept."""
    told = {n: (root / "s2s_ref" / f"{n}.py").read_text(encoding="utf-8") for n in modules}
    naming = {n for n, text in told.items() if "s2s_ref.exercises" in text}
    assert {n for n in naming if not n.startswith("exercises/")} == {"checks/registry"}


def test_the_students_side_names_the_judge_once_and_imports_it_only_when_asked(modules):
    """The one exception to the rule that it imports `state` only, by `importlib` in a function."""
    named = [
        (name, node.value)
        for name, tree in modules.items()
        if name.startswith("student/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"s2s_ref(\.\w+)+", node.value)
    ]
    assert named == [("student/client", "s2s_ref.checks.judge")]
    program = (
        "import sys, s2s_ref.student;"
        "print(*{n.split('.')[1] for n in sys.modules if n.startswith('s2s_ref.')})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= {"student", *MAY_IMPORT["student"]}


def test_the_exercises_of_each_lesson_are_in_order_and_complete(root):
    for lesson in syllabus.LESSONS:
        folder = root / "s2s_ref" / "exercises" / lesson.name
        files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
        order = importlib.import_module(f"s2s_ref.exercises.{lesson.name}").ORDER
        assert sorted(order) == sorted(files), lesson.name


def test_the_listing_stays_readable(root, modules):
    at_the_top = [name for name in modules if "/" not in name and name != "__init__"]
    assert len(at_the_top) <= 17
    for name in modules.keys() - {"data/korean/lexicon"}:
        lines = (root / "s2s_ref" / f"{name}.py").read_text(encoding="utf-8").count("\n")
        assert lines <= 700, f"s2s_ref/{name}.py has {lines} lines"


def test_every_function_fits_on_a_screen(modules):
    """The docstring is not counted."""
    too_long = []
    for name, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body if ast.get_docstring(node) is None else node.body[1:]
                lines = node.end_lineno - body[0].lineno + 1 if body else 0
                if lines > 45:
                    too_long.append(f"s2s_ref/{name}.py: {node.name} has {lines} lines")
    assert not too_long


def test_tests_lie_where_what_they_test_lies(root):
    folders = {p.parent.relative_to(root / "tests") for p in (root / "tests").rglob("test_*.py")}
    folders -= {Path("mutants")}  # they test the cases of all exercises
    assert not [folder for folder in folders if not (root / "s2s_ref" / folder).is_dir()]


def test_the_syllabus_names_the_folders_of_the_solutions(root):
    there = sorted(path.parent.name for path in (root / "solutions").glob("*/*.ipynb"))
    assert there == [lesson.folder for lesson in syllabus.LESSONS]


def test_the_package_itself_holds_the_version_and_no_more(modules):
    body = modules["__init__"].body
    assert [type(node) for node in body] == [ast.Expr, ast.Assign]
    assert body[1].targets[0].id == "__version__"


def test_importing_the_package_imports_nothing_heavy():
    program = (
        "import sys; before = set(sys.modules); import s2s_ref;"
        "print(sorted(n for n in set(sys.modules) - before if not n.startswith('__editable__')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['s2s_ref']"


def bare_tensors(annotation):
    """Places in an annotation where a tensor has no axes."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) in JAXTYPED:
        return
    if isinstance(annotation, ast.Name | ast.Attribute) and (
        ast.unparse(annotation).split(".")[-1] == "Tensor"
    ):
        yield annotation
    elif annotation is not None:
        for child in ast.iter_child_nodes(annotation):
            yield from bare_tensors(child)


def public_functions(tree):
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", method


def test_tensors_in_public_signatures_of_lessons_name_their_axes(modules):
    wrong = []
    for lesson in set(LESSONS) & set(modules):
        for name, function in public_functions(modules[lesson]):
            arguments = function.args
            everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            annotations = [a.annotation for a in everything] + [function.returns]
            if any(True for annotation in annotations for _ in bare_tensors(annotation)):
                wrong.append(f"{lesson}.{name}")
    assert not wrong


def test_annotations_are_evaluated_and_one_axis_starts_with_a_blank(modules):
    for name, tree in modules.items():
        text = ast.unparse(tree)
        if "jaxtyping" not in text:
            continue
        assert "from __future__ import annotations" not in text, name
        one_axis = re.findall(rf"(?:{'|'.join(JAXTYPED)})\[\w*Tensor, '([A-Za-z_]\w*)'\]", text)
        assert not one_axis, f"s2s_ref/{name}.py: write {one_axis[0]!r} with a blank before it"


def test_the_top_level_holds_what_was_agreed(tracked):
    expected = {
        "benchmarks",
        "lessons",
        "solutions",
        "s2s_ref",
        "tests",
        ".ci",
        ".gitattributes",
        ".gitignore",
        ".pre-commit-config.yaml",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "constraints.txt",
        "environment.yml",
        "nbgrader_config.py",
        "pyproject.toml",
    }
    found = {name.split("/")[0] for name in tracked}
    assert not expected - found, "missing"
    assert not found - expected - {"docs"}, "unexpected"


def test_lessons_hold_what_is_released_and_nothing_of_the_instructor(tracked):
    lessons = [name for name in tracked if name.startswith("lessons/")]
    solutions = {name.split("/")[1] for name in tracked if re.match(r"solutions/\d\d_", name)}
    assert {name.split("/")[1] for name in lessons} == solutions
    assert not [name for name in lessons if name.endswith("INSTRUCTOR.md")]
    # nbgrader copies every other file of a solution's folder over each submission.
    handed_in = [n for n in tracked if n.startswith("solutions/") and "translations" in n]
    assert not handed_in


REGISTRIES = re.compile(
    rb"pypi\.org|pythonhosted\.org|download\.pytorch\.org|conda\.anaconda\.org|anaconda\.com"
)


def test_no_package_registry_is_named(tracked):
    assert not [name for name, content in tracked.items() if REGISTRIES.search(content)]


def test_nothing_of_the_real_sentence_files_is_copied(tracked, shared_data):
    files = [path for path in shared_data.rglob("*") if path.is_file()]
    sums = {hashlib.sha256(path.read_bytes()).digest() for path in files}
    copied = [n for n, content in tracked.items() if hashlib.sha256(content).digest() in sums]
    assert not copied
    text = (shared_data / "kor-eng" / "kor.txt").read_text(encoding="utf-8")
    attributions = {line.split("\t")[2].encode() for line in text.splitlines() if "\t" in line}
    for name, content in tracked.items():
        quoted = sum(1 for line in attributions if line in content) if b"tatoeba" in content else 0
        assert quoted <= 20, f"{name} quotes {quoted} real sentences: read them in place"
