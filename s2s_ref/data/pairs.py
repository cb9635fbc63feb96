"""A sentence pair, and the course's only way to split text into words."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

Links = tuple[tuple[int, int], ...]


class Pair(NamedTuple):
    """A Korean sentence and its English translation.

    - `gloss`: one English gloss for each word token of `src`.
    - `sure`, `possible`: the gold alignment, as links (index in `words(src)`, index in
      `words(tgt)`). Possible links are those of articles, auxiliaries and Korean endings; sure
      links are not among them (Och and Ney 2003, section 5).
    - `construction`: the constructions used, joined by "+".
    - `attribution`: who wrote the sentences, where they are from a file.
    - `combinations`: the verbs with their objects, as (Korean verb, Korean noun).
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
    """Split a sentence into word tokens.

    The text is normalised to NFC and split at spaces of any kind. Full stops, commas, question and
    exclamation marks, and quotes at the edges of a word become separate tokens. Inside a word they
    stay: "don't", "3.5".
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
    """Join word tokens into a sentence; the inverse of `words` for normalised text."""
    text, glued = "", True
    open_quotes: set[str] = set()
    for token in tokens:
        opens = token in _OPENING
        closes = token in _CLOSING
        if token in ("'", '"'):  # the same sign opens and closes, in turn
            opens, closes = token not in open_quotes, token in open_quotes
            open_quotes ^= {token}
        text += token if glued or closes else " " + token
        glued = opens
    return text


def length(pair: Pair) -> int:
    """Count the word tokens of the longer side."""
    return max(len(words(pair.src)), len(words(pair.tgt)))


def normalise(text: str) -> str:
    """Compose characters (Unicode NFC), and leave one plain space between words, none at the ends.

    All Unicode spaces are replaced, such as U+00A0, U+202F and U+2009, which French has before `?`.
    """
    return unicodedata.normalize("NFC", " ".join(text.split()))
