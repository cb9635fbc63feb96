"""Put the mutants of an exercise's right answers through its check."""

import functools
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import torch
from torch import nn

from s2s_ref import syllabus
from s2s_ref.checks.cases import Prepared
from s2s_ref.checks.diagnose import differences
from s2s_ref.checks.prepare import prepare, seed_of
from s2s_ref.checks.registry import Exercise, find
from s2s_ref.checks.source import standalone
from s2s_ref.student.limits import Stopped, limited
from s2s_ref.student.observe import observe
from tests.mutants.engine import Mutant, made, mutants

ROOT = Path(__file__).parents[2]
KEYS = [b"practice", *(f"class {i}".encode() for i in range(19))]
"""The key of every notebook, and those of some classes."""

LIMIT = 2.0
"""The time that a mutant may take under one key, in seconds; it may run for ever."""

EQUIVALENT = tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text("utf-8"))
"""By exercise and reason, the changes after which an answer is as right as before."""


@dataclass
class Outcome:
    """What became of some mutants of an exercise.

    Attributes:
        exercise: the exercise's name.
        count: how many mutants were checked.
        survivors: the changes of those that passed under every key.
        keys: for those that passed under the first key, the number of keys until they failed.
    """

    exercise: str
    count: int = 0
    survivors: list[str] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)

    @property
    def holes(self) -> list[str]:
        """The survivors that are not listed as equivalent."""
        return [change for change in self.survivors if change not in listed(self.exercise)]

    @property
    def stale(self) -> list[str]:
        """What is listed as equivalent and does not survive, or does not exist any more."""
        return sorted(listed(self.exercise) - set(self.survivors))


def listed(exercise: str) -> set[str]:
    """Return the changes of an exercise's answers that are listed as equivalent."""
    return {change for group in EQUIVALENT.get(exercise, {}).values() for change in group}


@functools.cache
def cells(lesson: str) -> dict[str, str]:
    """Return the sources of a lesson's solution notebook by the ids of their cells."""
    folder = syllabus.LESSONS[syllabus.number_of(lesson)].folder
    read = nbformat.read(ROOT / "solutions" / folder / f"{folder}.ipynb", as_version=4)
    return {cell.id: cell.source for cell in read.cells}


@functools.cache
def namespace(exercise: Exercise) -> dict[str, Any]:
    """Return what an answer finds in its notebook: earlier answers, and the set-up cell's names."""
    bound = {"torch": torch, "nn": nn, **vars(sys.modules[exercise.reference.__module__])}
    exec(cells(exercise.name.partition(".")[0])["set-up"], bound)
    return bound


def sources(exercise: Exercise) -> list[str]:
    """List the sources of an exercise's right answers: notebook, reference, and alternatives."""
    lesson, name = exercise.name.split(".")
    notebook = cells(lesson)[f"{lesson}-{name}"]
    texts = [standalone(c, name) for c in (exercise.reference, *exercise.alternatives)]
    return list(dict.fromkeys([notebook, *texts]))


def given(exercise: Exercise) -> tuple[str, ...]:
    """Name the methods that the notebook gives."""
    return tuple({*vars(exercise.reference)} - {"forward"}) if exercise.kind == "module" else ()


@functools.cache
def prepared(exercise: Exercise, key: bytes) -> Prepared:
    """Return the cases that a key draws; every mutant of the exercise gets the same ones."""
    return prepare(exercise.name, seed_of(key, exercise.name))


def mutants_of(exercise: Exercise) -> list[Mutant]:
    """List the mutants of all right answers to an exercise, each text once."""
    found: dict[str, Mutant] = {}
    bound = namespace(exercise)

    def run(answer: Any) -> None:
        for case in prepared(exercise, KEYS[0]).cases:
            observe(answer, case.call)

    for source in sources(exercise):
        for mutant in mutants(source, bound, run, given(exercise)):
            found.setdefault(mutant.source, mutant)
    return list(found.values())


def fails(exercise: Exercise, answer: Any, key: bytes) -> bool:
    """Tell whether an answer fails the check under this key, one case after the other."""
    cases = prepared(exercise, key).cases
    seen = []
    try:
        with limited(LIMIT):
            for case in cases:
                seen.append(observe(answer, case.call))
                # whether a call gives the same as the first one is asked only of a repeated one
                first = [0] if case.kind == "repeated" else []
                part = [*first, len(seen) - 1]
                if differences(
                    Prepared(exercise, [cases[i] for i in part]), [seen[i] for i in part]
                ):
                    return True
    except Stopped:
        return True
    return False


def keys_needed(exercise: Exercise, mutant: Mutant, keys: list[bytes]) -> int:
    """Return how many keys it takes until a mutant fails, or 0 if it passes under all."""
    try:
        answer = made(mutant.source, namespace(exercise))
    except Exception:  # what does not even run as a cell
        return 1
    return next((i for i, key in enumerate(keys, 1) if fails(exercise, answer, key)), 0)


def outcome_of(exercise: Exercise, chosen: list[Mutant], keys: list[bytes] = KEYS) -> Outcome:
    """Check the chosen mutants of an exercise."""
    found = Outcome(exercise.name, len(chosen))
    for mutant in chosen:
        needed = keys_needed(exercise, mutant, keys)
        if not needed:
            found.survivors.append(str(mutant))
        elif needed > 1:
            found.keys[str(mutant)] = needed
    return found


def check(task: tuple[str, int]) -> Outcome:
    """Check all mutants of the exercise of this name under so many keys, in one process."""
    torch.set_num_threads(1)
    name, keys = task
    exercise = find(name)
    return outcome_of(exercise, mutants_of(exercise), KEYS[:keys])
