"""What a file of translations scores, and how many points it is worth."""

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from s2s_ref.capstone.files import read
from s2s_ref.capstone.submission import SubmissionError, fault, read_translations
from s2s_ref.capstone.task import Capstone
from s2s_ref.evaluation.metrics import bleu, chrf


class Scores(NamedTuple):
    """BLEU and chrF, 0 to 100, and sacrebleu's signature of BLEU."""

    bleu: float
    chrf: float
    signature: str


def score(lines: Sequence[str], capstone: Capstone, rows: range | None = None) -> Scores:
    """Score some lines of a file without `fault`; those of the public half by default.

    BLEU and chrF are sacrebleu's with its defaults, on all references of a source.

    Raises:
        ValueError: the references of these lines are not known.
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
    """Turn a chrF into points: each threshold reached gives an equal share of `most`."""
    return most * bisect_right(thresholds, value) / len(thresholds)


class Grade(NamedTuple):
    """What a file of translations is worth, and the reason in a sentence."""

    points: float
    most: float
    message: str


def grade(file: Path, folder: Path, most: float) -> Grade:
    """Grade a student's file by the hidden half of the instructor's folder.

    A file that cannot be scored is worth 0 points, and the message says how to fix it.

    Raises:
        ValueError: the instructor's folder has changed since it was made.
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
    except SubmissionError as error:
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
