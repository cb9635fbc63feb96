"""The worst translations, sorted by kind of error."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from s2s_ref.capstone.task import Capstone


class Error(NamedTuple):
    """A translation that equals no reference, with its line, its chrF and its probable kind."""

    line: int
    chrf: float
    kind: str
    source: str
    reference: str
    translation: str


KINDS = ("nothing said", "unknown word", "repeats itself", "too short", "too long", "other words")
"""The kinds that a program can tell. Which word is wrong, and why, only a reader can."""


def worst(
    lines: Sequence[str], capstone: Capstone, rows: range | None = None, most: int = 20
) -> list[Error]:
    """Return the worst sentences by sentence chrF, sorted by kind and then by chrF.

    Of several references, the nearest one counts. `rows` is the public half by default.
    """
    from sacrebleu.metrics.chrf import CHRF

    metric, found = CHRF(), []
    for row in capstone.public if rows is None else rows:
        source, said = capstone.sources[row], lines[row]
        known = capstone.references[source]
        scores = [float(metric.sentence_score(said, [reference]).score) for reference in known]
        value = max(scores)
        if said not in known:
            reference = known[scores.index(value)]
            kind = kind_of(said, reference)
            found.append(Error(row + 1, value, kind, source, reference, said))
    found.sort(key=lambda error: error.chrf)
    return sorted(found[:most], key=lambda error: KINDS.index(error.kind))


def kind_of(translation: str, reference: str) -> str:
    """Guess the kind of an error by comparing words."""
    said, wanted = translation.split(), reference.split()
    if not translation.strip(" ?."):
        return KINDS[0]
    if "<unk>" in translation:
        return KINDS[1]
    if any(a == b for a, b in pairwise(said)) or (
        len(said) > 5 and len(set(said)) < 0.7 * len(said)
    ):
        return KINDS[2]
    if len(said) < 0.7 * len(wanted):
        return KINDS[3]
    if len(said) > 1.4 * len(wanted):
        return KINDS[4]
    return KINDS[5]


def table(errors: Sequence[Error]) -> str:
    """Format errors as text, grouped by kind."""
    counts: Mapping[str, int] = {k: sum(e.kind == k for e in errors) for k in KINDS}
    text = []
    for kind in (kind for kind in KINDS if counts[kind]):
        text.append(f"{kind}: {counts[kind]} of {len(errors)}")
        for error in (error for error in errors if error.kind == kind):
            text += [
                f"  line {error.line}, chrF {error.chrf:.0f}: {error.source}",
                f"    reference    {error.reference}",
                f"    translation  {error.translation}",
            ]
    return "\n".join(text)
