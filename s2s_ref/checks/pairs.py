"""Two mistakes at once: answers with the changes of two edits of the same base."""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from s2s_ref.checks.cases import Prepared
from s2s_ref.checks.registry import Mistake, find
from s2s_ref.checks.source import edited_together, standalone
from s2s_ref.student.observe import observe
from s2s_ref.student.protocol import Observation

Matches = Callable[[int, Observation], bool]
"""Tells whether an outcome of the case with this number is what was observed there."""


def two_mistakes(
    prepared: Prepared, index: int, matches: Matches
) -> tuple[Mistake, Mistake] | None:
    """Return the two mistakes which together give what was observed in every case.

    Pairs are tried on the case `index` first. If several fit, and their messages differ, there is
    no telling which it is.
    """
    fitting = [
        (mistakes, code)
        for (mistakes, code), outcome in zip(
            _pairs(prepared.exercise.name), _outcomes(_ById(prepared), index), strict=True
        )
        if matches(index, outcome)
    ]
    others = [i for i in range(len(prepared.cases)) if i != index]
    found = [
        mistakes
        for mistakes, code in fitting
        if all(matches(i, observe(code, prepared.cases[i].call)) for i in others)
    ]
    messages = {(one.message, other.message) for one, other in found}
    return found[0] if len(messages) == 1 else None


@functools.cache
def _pairs(exercise: str) -> Sequence[tuple[tuple[Mistake, Mistake], Any]]:
    """Make the answers with two mistakes; the mistake that comes first in the code is first."""
    return list(_made(exercise))


def _made(exercise: str) -> Iterator[tuple[tuple[Mistake, Mistake], Any]]:
    """Combine edits of one base, but none where a `while` might never end."""
    made = find(exercise)
    texts = {base: standalone(base, made.short) for base, _ in made.edits.values()}
    known = [mistake for mistake in made.mistakes if mistake.name in made.edits]
    for pair in itertools.combinations(known, 2):
        (base, changes), (other, more) = (made.edits[mistake.name] for mistake in pair)
        same_message = pair[0].message == pair[1].message
        loops = "while" in " ".join([texts[base], *changes.values(), *more.values()])
        if base is not other or same_message or loops:
            continue
        if code := edited_together(base, made.short, [changes, more]):
            starts = [min(map(texts[base].index, edit)) for edit in (changes, more)]
            yield (pair if starts[0] <= starts[1] else pair[::-1]), code


class _ById:
    """Prepared cases that are looked up by identity; they stay as they are."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared

    def __hash__(self) -> int:
        return id(self.prepared)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.prepared is self.prepared


@functools.lru_cache(maxsize=64)
def _outcomes(prepared: _ById, index: int) -> list[Observation]:
    """Observe every answer with two mistakes on one case, without gradients."""
    ready = prepared.prepared
    call = replace(ready.cases[index].call, cotangents={})
    return [observe(code, call) for _, code in _pairs(ready.exercise.name)]
