"""Make a capstone: hold sentences out of a corpus, and set its thresholds."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from s2s_ref.capstone.baseline import nearest
from s2s_ref.capstone.scoring import score
from s2s_ref.capstone.sentences import Capstone, check_thresholds
from s2s_ref.data import corpus, splits
from s2s_ref.data.pairs import Pair

HELD_OUT = 1000  # source sentences
PRACTICE_TRAINING, PRACTICE_HELD_OUT = 4000, 120
PRACTICE: dict[str, Any] = {"max_len": 12, "share": 0.2}
STEPS, STEP = 6, 3.0
"""So many thresholds, so many points of chrF apart; the first is what `nearest` reaches."""
PRACTICE_THRESHOLDS = (50.0, 60.0, 70.0, 80.0, 90.0, 95.0)


# ------------------------------------------------------------------ making one


def hold_out(
    pairs: Sequence[Pair],
    held_out: int = HELD_OUT,
    seed: int = 0,
    thresholds: Sequence[float] | None = None,
    name: str = "",
) -> Capstone:
    """Hold sentences out for a capstone: split by source sentence, in a drawn order.

    Where no thresholds are given, they begin at what `nearest` reaches on the hidden half, and rise
    in steps of `STEP`.

    Raises:
        ValueError: too few pairs, or thresholds that do not rise from above 0 to at most 100.
    """
    if thresholds is not None:
        check_thresholds(thresholds)
    if held_out < 2:
        raise ValueError(f"held_out must be at least 2, a sentence for each half, got {held_out}.")
    parts = splits.split(pairs, valid=0, test=held_out, seed=seed)
    known = corpus.references(parts.test)
    sources = list(known)
    random.Random(f"capstone {seed}").shuffle(sources)  # files are sorted by length
    made = Capstone(parts.train, sources, known, tuple(thresholds or ()), name=name)
    return made if thresholds else replace(made, thresholds=thresholds_for(made))


def parse_thresholds(text: str) -> list[float] | None:
    """Read thresholds such as "30,40,50"; nothing gives None.

    Raises:
        ValueError: something else stands there.
    """
    if not text.strip():
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(
            f"Thresholds are numbers with commas between them, such as 30,40,50. Got {text!r}."
        ) from None


def thresholds_for(capstone: Capstone) -> tuple[float, ...]:
    """Set thresholds from what the most similar training sentence is worth, without a model."""
    lines = nearest(capstone.sources, capstone.train)
    first = max(1, math.floor(score(lines, capstone, capstone.hidden).chrf))
    return tuple(min(first + STEP * i, 95.0 + i) for i in range(STEPS))


@cache
def practice() -> Capstone:
    """Make the practice capstone of built-in sentences, always the same, with all references."""
    test = practice_held_out()
    sources, targets = {p.src for p in test}, {p.tgt for p in test}
    drawn = corpus.korean_english(PRACTICE_TRAINING + len(test), seed=0, **PRACTICE)
    train = [p for p in drawn if p.src not in sources and p.tgt not in targets]
    known = corpus.references(test)
    return Capstone(
        train[:PRACTICE_TRAINING], list(known), known, PRACTICE_THRESHOLDS, False, "practice"
    )


def practice_held_out() -> list[Pair]:
    """Draw the practice capstone's sentences to translate, in their order."""
    return corpus.korean_english(PRACTICE_HELD_OUT, seed=1, **PRACTICE)
