"""The task of a capstone: training pairs, sentences to translate, and their references.

A practice task is made of built-in sentences. It is never graded, because a program that knows the
course's grammar could translate them without a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from s2s_ref.data.corpus import korean_english, references
from s2s_ref.data.pairs import Pair

MAX_UPDATES, MAX_PARAMETERS = 5_000, 3_000_000
"""The limits of a student's system."""

PRACTICE_TRAINING, PRACTICE_HELD_OUT = 4000, 120
PRACTICE: dict[str, Any] = {"max_len": 12, "share": 0.2}
PRACTICE_THRESHOLDS = (50.0, 60.0, 70.0, 80.0, 90.0, 95.0)


@dataclass(frozen=True)
class Capstone:
    """The sentences of a capstone.

    `references` holds the known ones, by source: those of the public half for a student, all of
    them for the instructor. `thresholds` are chrF scores on the hidden half: each one that is
    reached gives an equal share of the points. `graded` is False for practice.
    """

    train: list[Pair]
    sources: list[str]
    references: dict[str, list[str]]
    thresholds: tuple[float, ...]
    graded: bool = True
    name: str = ""

    @property
    def public(self) -> range:
        """The lines whose references the students have, counted from 0: the first half."""
        return range(len(self.sources) // 2)

    @property
    def hidden(self) -> range:
        """The lines that decide the points: the second half."""
        return range(len(self.sources) // 2, len(self.sources))


def check_thresholds(thresholds: Sequence[float]) -> None:
    """Raise ValueError unless thresholds rise, above 0 and up to 100."""
    rising = all(low < high for low, high in pairwise(thresholds))
    if not thresholds or not rising or not 0 < thresholds[0] <= thresholds[-1] <= 100:
        raise ValueError(
            f"Thresholds are chrF scores that rise, above 0 and up to 100, got {list(thresholds)}. "
            "Write for example 20,30,40."
        )


@cache
def practice() -> Capstone:
    """Draw the practice capstone, always the same, with all references."""
    test = practice_held_out()
    sources, targets = {p.src for p in test}, {p.tgt for p in test}
    drawn = korean_english(PRACTICE_TRAINING + len(test), seed=0, **PRACTICE)
    train = [p for p in drawn if p.src not in sources and p.tgt not in targets]
    known = references(test)
    return Capstone(
        train[:PRACTICE_TRAINING], list(known), known, PRACTICE_THRESHOLDS, False, "practice"
    )


def practice_held_out() -> list[Pair]:
    """Draw the sentences to translate of the practice capstone, in their order."""
    return korean_english(PRACTICE_HELD_OUT, seed=1, **PRACTICE)
