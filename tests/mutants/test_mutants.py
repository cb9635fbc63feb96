"""Right answers with one small slip each fail their checks, unless they are listed as equivalent.

`make test` tries a few mutants of each exercise under two keys, `make test-scale` all of them under
twenty. `make mutants` prints how many there are, and what survives.
"""

import os
import zlib

import pytest

from s2s_ref.checks.registry import load_all
from tests.mutants.runner import EQUIVALENT, KEYS, listed, mutants_of, outcome_of

ALL = os.environ.get("S2S_SCALE")
SLICE = 10
"""How many mutants of each exercise are tried in `make test`."""

WRITTEN = {e.name: e for e in load_all() if e.kind != "prediction"}


def some(exercise, found):
    """Return a few of the mutants that must fail, always the same ones."""
    fatal = [mutant for mutant in found if str(mutant) not in listed(exercise.name)]
    return sorted(fatal, key=lambda mutant: zlib.crc32(mutant.source.encode()))[:SLICE]


@pytest.mark.parametrize("exercise", WRITTEN.values(), ids=list(WRITTEN))
def test_mutants_fail_or_are_listed_as_equivalent(exercise):
    found = mutants_of(exercise)
    assert len(found) > SLICE
    assert listed(exercise.name) <= {str(mutant) for mutant in found}, "listed, but not made"
    if ALL:
        outcome = outcome_of(exercise, found)
        assert not outcome.stale, "listed as equivalent, but it fails"
    else:
        outcome = outcome_of(exercise, some(exercise, found), KEYS[:2])
    assert not outcome.holes


def test_every_equivalent_mutant_is_one_of_an_exercise_and_has_a_reason():
    assert EQUIVALENT.keys() <= WRITTEN.keys()
    for groups in EQUIVALENT.values():
        changes = [change for group in groups.values() for change in group]
        assert len(changes) == len(set(changes)), "listed twice"
        assert all(reason.endswith(".") for reason in groups)
