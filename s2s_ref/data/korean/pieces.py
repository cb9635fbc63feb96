"""Pieces of a sentence: words of both languages, and which of them say the same.

A piece is what one construction says. Pieces are joined into a sentence, which `finish` writes as
a pair.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from s2s_ref.data.korean.lexicon import Phrase
from s2s_ref.data.pairs import Pair


class Word:
    """A Korean word of one sentence. English words point at it, and so the links are known."""

    __slots__ = ("at", "gloss", "lemma", "text", "uses")

    def __init__(self, text: str, gloss: str, lemma: str = "") -> None:
        """Take the word, its gloss and, for nouns and verbs, its plain English."""
        self.text = text
        self.gloss = gloss
        self.lemma = lemma
        self.at = 0  # its place in the sentence, known at the end
        self.uses: tuple[tuple[str, str], ...] = ()  # (verb, object) combinations, on verbs


English = tuple[str, Sequence[Word], Sequence[Word]]  # an English word, its sure, possible links


class Piece(NamedTuple):
    """What one construction says, in both languages, each in its own order."""

    korean: list[Word]
    english: list[English]


def linked(text: Iterable[str], *words: Word) -> list[English]:
    """Write English words that surely say what the Korean words say."""
    return [(word, words, ()) for word in text]


def loosely(text: Iterable[str], *words: Word) -> list[English]:
    """Write English words that Korean does not say, or says with an ending: possible links."""
    return [(word, (), words) for word in text]


def fixed(phrase: Phrase) -> Piece:
    """Say a phrase of the lexicon, whose links are written there."""
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
