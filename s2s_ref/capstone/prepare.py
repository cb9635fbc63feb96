"""Prepare a capstone for a class: hold sentences out of a corpus, and set thresholds."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace

from s2s_ref.capstone.baseline import nearest
from s2s_ref.capstone.scoring import score
from s2s_ref.capstone.task import Capstone, check_thresholds
from s2s_ref.data import splits
from s2s_ref.data.corpus import references
from s2s_ref.data.pairs import Pair

HELD_OUT = 1000  # source sentences
STEPS, STEP = 6, 3.0
"""The number of thresholds and their distance in chrF; the first is what `nearest` reaches."""


def hold_out(
    pairs: Sequence[Pair],
    held_out: int = HELD_OUT,
    seed: int = 0,
    thresholds: Sequence[float] | None = None,
    name: str = "",
) -> Capstone:
    """Split a corpus by source sentence, and shuffle the sentences to translate.

    Without `thresholds`, they begin at what `nearest` reaches on the hidden half, and rise in steps
    of `STEP`.

    Raises:
        ValueError: too few pairs, or thresholds that do not rise from above 0 to at most 100.
    """
    if thresholds is not None:
        check_thresholds(thresholds)
    if held_out < 2:
        raise ValueError(f"held_out must be at least 2, a sentence for each half, got {held_out}.")
    parts = splits.split(pairs, valid=0, test=held_out, seed=seed)
    known = references(parts.test)
    sources = list(known)
    random.Random(f"capstone {seed}").shuffle(sources)  # files are sorted by length
    made = Capstone(parts.train, sources, known, tuple(thresholds or ()), name=name)
    return made if thresholds else replace(made, thresholds=thresholds_for(made))


def parse_thresholds(text: str) -> list[float] | None:
    """Read thresholds such as "30,40,50"; an empty text gives None.

    Raises:
        ValueError: the text is something else.
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
    """Choose thresholds by what `nearest` reaches, which uses no model."""
    lines = nearest(capstone.sources, capstone.train)
    first = max(1, math.floor(score(lines, capstone, capstone.hidden).chrf))
    return tuple(min(first + STEP * i, 95.0 + i) for i in range(STEPS))
