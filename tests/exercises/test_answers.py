"""Answers that were written without sight of the bank of mistakes, wrong ones and right ones.

`python tests/exercises/test_answers.py [EXERCISE ...]` prints what the checks say of them.
"""

import contextlib
import functools
import io
import json
import linecache
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from s2s_ref import syllabus
from s2s_ref.checks.diagnose import differences
from s2s_ref.checks.judge import Judge
from s2s_ref.student import card, client
from s2s_ref.student.limits import TIME_LIMIT, observe_all

ROOT = Path(__file__).parents[2]
KEYS = [b"practice", *(f"class {i}".encode() for i in range(4))]
"""The key of every notebook, and those of four classes."""

ANSWERS = json.loads(Path(__file__).with_name("answers.json").read_text(encoding="utf-8"))
EXERCISES = list(dict.fromkeys(answer["exercise"] for answer in ANSWERS))

OPEN = {}
"""Exercises with cases that let a wrong answer pass, or refuse a right one."""


def answers_to(exercise):
    return [answer for answer in ANSWERS if answer["exercise"] == exercise]


@functools.cache
def set_up(lesson):
    """Run the set-up cell of a lesson's notebook, and return what it binds."""
    folder = syllabus.LESSONS[syllabus.number_of(lesson)].folder
    cells = nbformat.read(ROOT / "solutions" / folder / f"{folder}.ipynb", as_version=4).cells
    (source,) = [cell.source for cell in cells if cell.get("id") == "set-up"]
    bound = {}
    exec(source, bound)
    return bound


def written(answer):
    """Return the function or class that an answer defines, as its cell would."""
    lesson, _, name = answer["exercise"].partition(".")
    bound = dict(set_up(lesson))
    with contextlib.redirect_stdout(io.StringIO()):
        file = f"<the student's cell {answer['id']}>"
        linecache.cache[file] = len(answer["source"]), None, answer["source"].splitlines(), file
        exec(compile(answer["source"], file, "exec"), bound)
    return bound[name]


def verdict_on(answer, target):
    """Return the verdict that a student sees, under the key of every notebook."""
    with contextlib.redirect_stdout(io.StringIO()), judged_with(KEYS[0]):
        return SimpleNamespace(**client.try_check(answer["exercise"], target))


def passes(answer, target, key):
    """Tell whether an answer passes under a key; nothing is said of one that fails."""
    prepared = Judge(key).prepared(answer["exercise"])
    calls = [case.call for case in prepared.cases]
    return not differences(prepared, observe_all(target, calls, TIME_LIMIT)[0])


def judged(answer):
    """Return the verdict on an answer, and whether it passes under each key."""
    target = written(answer)
    verdict = verdict_on(answer, target)
    return verdict, [verdict.passed, *(passes(answer, target, key) for key in KEYS[1:])]


@contextlib.contextmanager
def judged_with(key):
    """Let the student's side ask a judge that draws cases by this key."""
    before, client._judge = client._judge, Judge(key)
    try:
        yield
    finally:
        client._judge = before


@pytest.mark.parametrize("exercise", EXERCISES)
def test_wrong_answers_fail_and_right_ones_pass_under_every_key(exercise):
    if exercise in OPEN:
        pytest.xfail("its cases are being drawn anew")
    wrong = []
    for answer in answers_to(exercise):
        _, passed = judged(answer)
        if any(passed) if answer["kind"] == "wrong" else not all(passed):
            wrong.append((answer["id"], answer["kind"], answer["why"], passed))
    assert not wrong


def specific(verdict):
    """Tell whether a verdict names the mistake, its place or its relation to the right result."""
    return any(getattr(verdict, part, "") for part in ("mistake", "place", "relation"))


def main(names):
    """Print what the checks say of the answers to some exercises, or to all."""
    total = Counter()
    for exercise in names or EXERCISES:
        counts = Counter()
        for answer in answers_to(exercise):
            verdict, passed = judged(answer)
            if answer["kind"] == "right":
                counts["right"] += 1
                counts["refused"] += not all(passed)
            else:
                counts["wrong"] += 1
                counts["passed"] += any(passed)
                counts["specific"] += not any(passed) and specific(verdict)
            unsaid = answer["kind"] == "wrong" and not specific(verdict)
            if names and (unsaid or any(passed) == (answer["kind"] == "wrong")):
                print(f"--- {answer['id']} {answer['kind']}: {answer['why']}; passed: {passed}")
                print(answer["source"])
                print(card.text(vars(verdict)))
        total += counts
        print(exercise, dict(counts))
    print("all", dict(total))


if __name__ == "__main__":
    main(sys.argv[1:])
