"""Pieces of a sentence: words of both languages, and which of them mean the same.

A piece is what one construction says. Pieces are joined into a sentence, which `finish` writes as
a pair.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from s2s_ref.data.korean.lexicon import Phrase
from s2s_ref.data.pairs import Pair


class Word:
    """A Korean word in one sentence. English words refer to it, which gives the alignment."""

    __slots__ = ("at", "gloss", "lemma", "text", "uses")

    def __init__(self, text: str, gloss: str, lemma: str = "") -> None:
        """Store the word, its gloss and, for nouns and verbs, its plain English."""
        self.text = text
        self.gloss = gloss
        self.lemma = lemma
        self.at = 0  # its place in the sentence, known at the end
        self.uses: tuple[tuple[str, str], ...] = ()  # (verb, object) combinations, on verbs


English = tuple[str, Sequence[Word], Sequence[Word]]  # an English word, its sure, possible links


class Piece(NamedTuple):
    """What one construction says in both languages, each in its own word order."""

    korean: list[Word]
    english: list[English]


def linked(text: Iterable[str], *words: Word) -> list[English]:
    """Write English words with sure links to the Korean words that mean the same."""
    return [(word, words, ()) for word in text]


def loosely(text: Iterable[str], *words: Word) -> list[English]:
    """Write English words with possible links: Korean has no such word, or an ending for it."""
    return [(word, (), words) for word in text]


def fixed(phrase: Phrase) -> Piece:
    """Say a phrase of the lexicon, which includes its links."""
    korean = [Word(text, gloss) for text, gloss in zip(phrase.korean, phrase.gloss, strict=True)]
    if len(korean) == 1:
        english: list[English] = [
            (text, korean if sure else (), () if sure else korean)
            for text, sure, _ in phrase.english
        ]
        return Piece(korean, english)
    english = [
        (text, [korean[place] for place in sure], [korean[place] for place in possible])
        for text, sure, possible in phrase.english
    ]
    return Piece(korean, english)


def finish(piece: Piece, mark: str, construction: str) -> Pair:
    """Convert a piece to a pair: add capital letter and punctuation, and number the links."""
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
