"""Two toy tasks made of words: digits, and word order alone."""

import itertools
from collections.abc import Iterable, Sequence
from random import Random
from typing import Literal

from s2s_ref.data.korean import lexicon
from s2s_ref.data.pairs import Pair

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
    korean: Iterable[str],
    english: Sequence[str],
    construction: str,
    gloss: Sequence[str] = (),
) -> Pair:
    """Build a pair whose words correspond one to one, in order."""
    sure = tuple((place, place) for place in range(len(english)))
    source, target = " ".join(korean), " ".join(english)
    return Pair(source, target, tuple(gloss or english), sure, (), construction)
