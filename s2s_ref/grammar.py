"""The built-in Korean-English corpus: sentences drawn from rules, with their true alignment.

Korean puts the verb last and modifiers before the noun, English does not, so every limit of a
translation model is visible. The English is a function of the Korean: a source has one target.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from random import Random
from typing import Literal, NamedTuple

from s2s_ref import lexicon

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


DIGITS = {
    "공": "zero",
    "일": "one",
    "이": "two",
    "삼": "three",
    "사": "four",
    "오": "five",
    "육": "six",
    "칠": "seven",
    "팔": "eight",
    "구": "nine",
}


def digits(count: int, seed: int = 0, min_len: int = 3, max_len: int = 8) -> list[Pair]:
    """Draw distinct digit strings as they are read aloud in a phone number.

    Source and target have the same length (uniform from `min_len` to `max_len` words) and the
    same order: 공 일 이, zero one two. Raises ValueError where `count` strings do not exist.
    """
    if not 1 <= min_len <= max_len:
        raise ValueError(f"expected 1 <= min_len <= max_len, got {min_len} and {max_len}")
    available = sum(10**length for length in range(min_len, max_len + 1))
    if count > available:
        raise ValueError(
            f"asked for {count} distinct digit strings, but {min_len} to {max_len} digits give "
            f"only {available}: ask for fewer or raise max_len"
        )
    rng, drawn = Random(seed), dict[tuple[str, ...], None]()
    korean = list(DIGITS)
    while len(drawn) < count:
        drawn[tuple(rng.choices(korean, k=rng.randint(min_len, max_len)))] = None
    return [_same_order(string, [DIGITS[digit] for digit in string], "digits") for string in drawn]


def word_order(
    count: int, seed: int = 0, order: Literal["english", "korean"] = "english"
) -> list[Pair]:
    """Draw distinct three-word sentences: 저는 책을 샀어요, I bought books.

    Every verb fits every object, so neither gives the other away. With `order="korean"` the
    English words stand in Korean order (I books bought), as a control. The same seed draws the
    same sentences in both orders. Raises ValueError for another order, or where `count`
    sentences do not exist.
    """
    if order not in ("english", "korean"):
        raise ValueError(f'expected order "english" or "korean", got {order!r}')
    every = list(
        itertools.product(lexicon.ORDER_SUBJECTS, lexicon.ORDER_OBJECTS, lexicon.ORDER_VERBS)
    )
    if count > len(every):
        raise ValueError(
            f"asked for {count} sentences, but the world has only {len(every)}: ask for fewer"
        )
    Random(seed).shuffle(every)
    pairs = []
    for subject, thing, verb in every[:count]:
        english = [subject[1], thing[1], verb[1]]
        gloss = (f"{subject[1]}-TOP", f"{thing[1]}-OBJ", verb[1])
        pair = _same_order((subject[0], thing[0], verb[0]), english, "word_order", gloss)
        if order == "english":
            target = " ".join([subject[1], verb[1], thing[1]])
            pair = pair._replace(tgt=target, sure=((0, 0), (1, 2), (2, 1)))
        pairs.append(pair)
    return pairs


def _same_order(
    korean: Iterable[str], english: Sequence[str], construction: str, gloss: Sequence[str] = ()
) -> Pair:
    """Build a pair whose words correspond one to one, in order."""
    sure = tuple((place, place) for place in range(len(english)))
    source, target = " ".join(korean), " ".join(english)
    return Pair(source, target, tuple(gloss or english), sure, (), construction)


# FIRST VERSION: the API below is final, the sentences are not.
PHENOMENA = ("roles", "negation", "tense", "relative", "number")


def _svo(subject: tuple[str, str], thing: tuple[str, str], verb: tuple[str, str]) -> Pair:
    gloss = (f"{subject[1]}-TOP", f"{thing[1]}-OBJ", verb[1], ".")
    return Pair(
        f"{subject[0]} {thing[0]} {verb[0]}.",
        f"{subject[1]} {verb[1]} {thing[1]}.",
        gloss,
        ((0, 0), (1, 2), (2, 1), (3, 3)),
        (),
        "statement",
    )


def generate(
    count: int,
    seed: int = 0,
    *,
    min_len: int = 2,
    max_len: int = 40,
    scrambled: float = 0.12,
    canonical: bool = False,
    constructions: Iterable[str] | None = None,
) -> list[Pair]:
    """Draw `count` pairs with distinct sources (first version: three-word sentences only)."""
    every = [
        _svo(s, o, v)
        for s in lexicon.ORDER_SUBJECTS
        for o in lexicon.ORDER_OBJECTS
        for v in lexicon.ORDER_VERBS
    ]
    Random(seed).shuffle(every)
    return every[:count]


MASCOTS: tuple[Pair, ...] = tuple(
    _svo(lexicon.ORDER_SUBJECTS[0], lexicon.ORDER_OBJECTS[i], lexicon.ORDER_VERBS[0])
    for i in range(5)
)


def minimal_pairs(phenomenon: str, count: int, seed: int = 0) -> list[tuple[Pair, Pair]]:
    """Draw pairs of pairs that differ in the phenomenon alone (first version)."""
    pairs = generate(2 * count, seed)
    return list(zip(pairs[::2], pairs[1::2], strict=True))
