"""Finish a drawn sentence, and tell which ones are held out."""

import zlib

from s2s_ref.data.korean.realisation import Piece
from s2s_ref.data.pairs import Pair

# --------------------------------------------------------------------------------------------
# The public interface
# --------------------------------------------------------------------------------------------


def finish(piece: Piece, mark: str, construction: str) -> Pair:
    """Write a piece as a pair: capital letter, mark, links by index."""
    korean, english = piece
    for place, word in enumerate(korean):
        word.at = place
    sure: list[tuple[int, int]] = []
    possible: list[tuple[int, int]] = []
    for place, (_, certain, perhaps) in enumerate(english):
        for word in certain:
            sure.append((word.at, place))
        for word in perhaps:
            possible.append((word.at, place))
    sure.append((len(korean), len(english)))
    sure.sort()
    possible.sort()
    target = " ".join([word[0] for word in english]).replace(" ,", ",")
    return Pair(
        " ".join([word.text for word in korean]) + mark,
        target[0].upper() + target[1:] + mark,
        (*[word.gloss for word in korean], mark),
        tuple(sure),
        tuple(possible),
        construction,
        combinations=tuple([use for word in korean for use in word.uses]),
    )


_HELD_OUT_SHARE, _HELD_OUT_LENGTH = 8, 14


def held_out(piece: Piece) -> bool:
    """Whether minimal pairs own the short sentences with these nouns and verbs (an eighth).

    The words decide, in English: so both members of a pair are held out, and paraphrases too.
    """
    if max(len(piece.korean), len(piece.english)) >= _HELD_OUT_LENGTH:
        return False
    content = sorted({word.lemma for word in piece.korean if word.lemma})
    return zlib.crc32(" ".join(content).encode()) % _HELD_OUT_SHARE == 0
