"""What a file of translations scores, and the points for that."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from s2s_ref.capstone.sentences import Capstone
from s2s_ref.evaluation.metrics import bleu, chrf


class Scores(NamedTuple):
    """BLEU and chrF, 0 to 100, and sacrebleu's signature of BLEU."""

    bleu: float
    chrf: float
    signature: str


# ------------------------------------------------------------------ scores and points


def score(lines: Sequence[str], capstone: Capstone, rows: range | None = None) -> Scores:
    """Score some rows of a file that has no fault, the public half's where nothing is said.

    BLEU and chrF are sacrebleu's with its defaults, on all references of a source.

    Raises:
        ValueError: the references of these rows are not here.
    """
    rows = capstone.public if rows is None else rows
    sources = [capstone.sources[row] for row in rows]
    if any(source not in capstone.references for source in sources):
        raise ValueError(
            "The references of the hidden half are with the instructor: score the public half."
        )
    found = [lines[row] for row in rows]
    wanted = [capstone.references[source] for source in sources]
    by_words = bleu(found, wanted)
    return Scores(by_words.value, chrf(found, wanted).value, by_words.signature)


def points(value: float, thresholds: Sequence[float], most: float) -> float:
    """Turn a chrF into points: each threshold that is reached gives an equal share of the most."""
    return most * bisect_right(thresholds, value) / len(thresholds)
