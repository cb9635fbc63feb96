"""The capstone: held-out sentences, what a student hands in for them, and what it is worth.

A capstone is two folders. The students' holds the training pairs, `source.txt` with the sentences
to translate, and the references of its first half, the public one. The instructor's holds all of
the references. A practice capstone is made of built-in sentences, and counts for nothing: whoever
knows the grammar could invert it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from s2s_ref.capstone.files import read
from s2s_ref.capstone.scoring import points, score
from s2s_ref.capstone.submission import HandInError, fault, read_translations

MOST_UPDATES, MOST_PARAMETERS = 5_000, 3_000_000


class Grade(NamedTuple):
    """What a file of translations is worth, and a sentence that says why."""

    points: float
    most: float
    message: str


def grade(file: Path, folder: Path, most: float) -> Grade:
    """Judge a student's file by the instructor's folder: points for the hidden half, and why.

    A file that cannot be scored is worth 0, and the message says how to mend it.

    Raises:
        ValueError: the instructor's folder is not as it was made.
    """
    capstone = read(folder)
    if not file.is_file():
        return Grade(
            0.0,
            most,
            f"There is no {file.name} beside your notebook. Hand it in together with the notebook, "
            "one translation a line, in the order of source.txt.",
        )
    try:
        lines = read_translations(file)
    except HandInError as error:
        return Grade(0.0, most, str(error))
    if wrong := fault(lines, capstone.sources, file.name):
        return Grade(0.0, most, wrong)
    public, hidden = score(lines, capstone), score(lines, capstone, capstone.hidden)
    reached = bisect_right(capstone.thresholds, hidden.chrf)
    return Grade(
        points(hidden.chrf, capstone.thresholds, most),
        most,
        f"chrF {hidden.chrf:.1f} on the hidden half (public half: {public.chrf:.1f}), BLEU "
        f"{hidden.bleu:.1f}. {reached} of {len(capstone.thresholds)} thresholds are reached: "
        f"{_thresholds(capstone.thresholds)}.",
    )


def _thresholds(thresholds: Sequence[float]) -> str:
    return ", ".join(f"{threshold:g}" for threshold in thresholds)
