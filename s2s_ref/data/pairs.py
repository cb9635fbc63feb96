"""A sentence pair, and the one way to cut text into words."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

Links = tuple[tuple[int, int], ...]


class Pair(NamedTuple):
    """A Korean sentence and its English translation.

    `gloss` has one English gloss for each word token of `src`. `sure` and `possible` are the
    gold alignment: links (index in `words(src)`, index in `words(tgt)`). Possible links are for
    articles, auxiliaries and what Korean says with an ending; they exclude the sure ones
    (Och and Ney 2003, section 5). `construction` names the constructions used, joined by "+".
    `combinations` are the (Korean verb, Korean noun) pairs of a verb and its object.
    """

    src: str
    tgt: str
    gloss: tuple[str, ...] = ()
    sure: Links = ()
    possible: Links = ()
    construction: str = ""
    attribution: str = ""
    combinations: tuple[tuple[str, str], ...] = ()


_QUOTES = "\"'“”‘’«»"
_EDGES = re.compile(rf"([.,?!{_QUOTES}]*)(.*?)([.,?!{_QUOTES}]*)", re.DOTALL)
_OPENING, _CLOSING = set("“‘«"), set(".,?!”’»")


def words(text: str) -> list[str]:
    """Cut a sentence into word tokens, the course's only way to do so.

    The text is brought to Unicode's NFC and cut at spaces of any kind; then full stops, commas,
    question and exclamation marks and quotes at the edges of a word become tokens of their own.
    Inside a word they stay: "don't", "3.5".
    """
    tokens: list[str] = []
    for chunk in unicodedata.normalize("NFC", text).split():
        if chunk.isalnum():
            tokens.append(chunk)
            continue
        match = _EDGES.fullmatch(chunk)
        assert match is not None  # the pattern matches any text
        before, word, after = match.groups()
        tokens += [*before, word, *after] if word else [*before, *after]
    return tokens


def join_words(tokens: Sequence[str]) -> str:
    """Write word tokens as a sentence, the inverse of `words` for normalised text."""
    text, glued = "", True
    open_quotes: set[str] = set()
    for token in tokens:
        opens = token in _OPENING
        closes = token in _CLOSING
        if token in ("'", '"'):  # the same sign opens and closes: they take turns
            opens, closes = token not in open_quotes, token in open_quotes
            open_quotes ^= {token}
        text += token if glued or closes else " " + token
        glued = opens
    return text


def length(pair: Pair) -> int:
    """Count the word tokens of the longer side."""
    return max(len(words(pair.src)), len(words(pair.tgt)))


def normalise(text: str) -> str:
    """Composed characters (Unicode NFC) and one plain space between words, none at the ends.

    Every Unicode space counts: NBSP, U+202F and U+2009, which French has before `?` and `!`, too.
    """
    return unicodedata.normalize("NFC", " ".join(text.split()))
