"""The baseline: translate by the nearest training sentence."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from s2s_ref.data.pairs import Pair

COMMON = 0.02  # the share of sentences from which a piece is too common to find candidates
CANDIDATES = 100


def nearest(sentences: Sequence[str], train: Sequence[Pair]) -> list[str]:
    """Translate each sentence by the target of the most similar training source.

    Similarity is the share of common pieces of three letters (Jaccard), among candidates that share
    rare pieces. Any model should beat it.
    """
    pieces = [_pieces(pair.src) for pair in train]
    index: dict[str, list[int]] = {}
    for number, found in enumerate(pieces):
        for piece in found:
            index.setdefault(piece, []).append(number)
    most = max(COMMON * len(train), CANDIDATES)
    rare = {piece: rows for piece, rows in index.items() if len(rows) <= most}
    answers = []
    for sentence in sentences:
        own = _pieces(sentence)
        shared = Counter(chain.from_iterable(rare.get(piece, ()) for piece in own))
        alike = [
            (len(own & pieces[number]) / len(own | pieces[number]), -number)
            for number, _ in shared.most_common(CANDIDATES)
        ]
        answers.append(train[-max(alike)[1] if alike else 0].tgt)
    return answers


def _pieces(sentence: str) -> set[str]:
    text = f"  {sentence} "
    return {text[i : i + 3] for i in range(len(text) - 2)}
