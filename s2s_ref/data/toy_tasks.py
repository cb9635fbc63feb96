"""Toy tasks with an exact answer: spoken digits, word order, sums, dates, and bitmaps of digits.

Sums and dates are the two classic tests of a seq2seq model on characters: the Keras example
`addition_rnn` and the date normalisation of Andrew Ng's course, both taken up by Saito's "Deep
Learning from Scratch 2", chapter 7. Unlike there, no text is padded with spaces.
"""

import itertools
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple

from s2s_ref.data.korean import lexicon
from s2s_ref.data.pairs import Pair

if TYPE_CHECKING:
    from torch import Tensor

# --------------------------------------------------------------------------------------------
# Words: spoken digits and word order
# --------------------------------------------------------------------------------------------

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
    rng, drawn = random.Random(seed), dict[tuple[str, ...], None]()
    korean = list(DIGITS)
    while len(drawn) < count:
        drawn[tuple(rng.choices(korean, k=rng.randint(min_len, max_len)))] = None
    return [_same_order(string, [DIGITS[digit] for digit in string], "digits") for string in drawn]


def word_order(
    count: int, seed: int = 0, order: Literal["english", "korean"] = "english"
) -> list[Pair]:
    """Draw distinct three-word sentences: 저는 책을 샀어요, I bought books.

    Every verb fits every object, so neither predicts the other. With `order="korean"`, the English
    words are in Korean order (I books bought), as a control. The same seed draws the
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
    random.Random(seed).shuffle(every)
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


# --------------------------------------------------------------------------------------------
# Characters: sums and dates
# --------------------------------------------------------------------------------------------

FIRST_YEAR, LAST_YEAR = 1930, 2029  # a hundred years, so that two digits name one year
_MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_WEEKDAYS_KO = "월화수목금토일"


def sums(count: int, seed: int = 0, digits: int = 3) -> list[Pair]:
    """Draw distinct additions such as "57+5" with the result "62".

    Operands have 1 to `digits` digits, and short ones are common. Of a sum and its mirror image
    (57+5 and 5+57) only one occurs, so that no test sum is a training sum in reverse order.

    Raises:
        ValueError: `count` is negative or more than half of all sums there are.
    """
    existing = 10**digits * (10**digits + 1) // 2
    if not 0 <= count <= existing // 2:
        raise ValueError(
            f"Expected a count from 0 to {existing // 2:,} (half of the sums there are with up to "
            f"{digits} digits), got {count:,}. Ask for fewer, or for more digits."
        )
    rng = random.Random(f"sums {seed}")
    pairs: list[Pair] = []
    seen: set[tuple[int, int]] = set()
    while len(pairs) < count:
        first, second = (rng.randrange(10 ** rng.randint(1, digits)) for _ in range(2))
        key = (min(first, second), max(first, second))
        if key not in seen:
            seen.add(key)
            pairs.append(Pair(f"{first}+{second}", str(first + second), construction="sum"))
    return pairs


def _korean_weekday(day: date) -> str:
    return f"{day.year}년 {day.month}월 {day.day}일 {_WEEKDAYS_KO[day.weekday()]}요일"


def _ordinal(day: int) -> str:
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _month(day: date) -> str:
    return _MONTHS[day.month - 1]


# Each form names exactly one day: numbers with slashes are month/day/year.
DATE_FORMS: dict[str, Callable[[date], str]] = {
    "long": lambda d: f"{_month(d)} {d.day}, {d.year}",
    "short": lambda d: f"{_month(d)[:3]} {d.day}, {d.year}",
    "weekday": lambda d: f"{_WEEKDAYS[d.weekday()]}, {_month(d)} {d.day}, {d.year}",
    "day first": lambda d: f"{d.day} {_month(d)} {d.year}",
    "day first, short": lambda d: f"{d.day} {_month(d)[:3]} {d.year}",
    "ordinal": lambda d: f"the {_ordinal(d.day)} of {_month(d)} {d.year}",
    "slashes": lambda d: f"{d.month}/{d.day}/{d.year}",
    "slashes, two digits": lambda d: f"{d.month}/{d.day}/{d.year % 100:02}",
    "dots": lambda d: f"{d.year}. {d.month}. {d.day}.",
    "Korean": lambda d: f"{d.year}년 {d.month}월 {d.day}일",
    "Korean, two digits": lambda d: f"{d.year % 100:02}년 {d.month}월 {d.day}일",
    "Korean, weekday": _korean_weekday,
}
_CASES: tuple[Callable[[str], str], ...] = (str, str.lower, str.upper)


def dates(count: int, seed: int = 0) -> list[Pair]:
    """Draw dates of 1930 to 2029 in many written forms ("31 May 2001"), each with its ISO form.

    The forms are those of `DATE_FORMS`, in three cases: as they are, lower and upper. All sources
    are different. Several may name the same day, but each names only one day.

    Raises:
        ValueError: `count` is negative or over 200,000.
    """
    if not 0 <= count <= 200_000:
        raise ValueError(f"Expected a count from 0 to 200,000, got {count:,}. Ask for fewer dates.")
    rng = random.Random(f"dates {seed}")
    first, last = date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal()
    forms = list(DATE_FORMS.items())
    pairs: dict[str, Pair] = {}
    while len(pairs) < count:
        day = date.fromordinal(rng.randint(first, last))
        name, form = rng.choice(forms)
        text = rng.choice(_CASES)(form(day))
        pairs.setdefault(text, Pair(text, day.isoformat(), construction=name))
    return list(pairs.values())


# --------------------------------------------------------------------------------------------
# Pictures: digits as noisy bitmaps
# --------------------------------------------------------------------------------------------

# The digits 0 to 9, five pixels wide and seven high, as on a pocket calculator's dot display.
_GLYPHS = """
.###. ..#.. .###. ##### ...#. ##### ..##. ##### .###. .###.
#...# .##.. #...# ...#. ..##. #.... .#... ....# #...# #...#
#..## ..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...#
#.#.# ..#.. ...#. ...#. #..#. ....# ####. ..#.. .###. .####
##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....#
#...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ...#.
.###. .###. ##### .###. ...#. .###. .###. .#... .###. .##..
"""


class DigitStrip(NamedTuple):
    """A row of noisy digits, and the text that it shows."""

    src: "Tensor"  # one row of 35 grey values for each digit, top line of pixels first
    tgt: str


def glyphs() -> "Tensor":
    """Return the ten digits without noise: 1 is ink, 0 is paper, with a row of 35 pixels each."""
    import torch

    lines = [line.split() for line in _GLYPHS.split("\n") if line]
    ink = [[char == "#" for line in lines for char in line[digit]] for digit in range(10)]
    return torch.tensor(ink, dtype=torch.float32)


def digit_bitmaps(
    count: int, seed: int = 0, min_len: int = 3, max_len: int = 6, noise: float = 0.3
) -> list[DigitStrip]:
    """Draw rows of digits as noisy 5×7 bitmaps, with the text that they show.

    The items of a sequence need not be words: each digit is a vector of 35 grey values, for a
    linear layer instead of an embedding.

    Args:
        count: number of rows.
        seed: the same seed gives the same rows.
        min_len: fewest digits in a row.
        max_len: most digits in a row.
        noise: standard deviation of the Gaussian noise on every pixel; ink is 1, paper 0.

    Raises:
        ValueError: a negative count or noise, or lengths that make no range.
    """
    if count < 0 or noise < 0 or not 1 <= min_len <= max_len:
        raise ValueError(
            "Expected count ≥ 0, noise ≥ 0 and 1 ≤ min_len ≤ max_len, got "
            f"count={count}, noise={noise}, min_len={min_len}, max_len={max_len}."
        )
    import torch

    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(min_len, max_len + 1, (count,), generator=generator).tolist()
    shown = torch.randint(0, 10, (sum(lengths),), generator=generator)
    pixels = glyphs()[shown]
    pixels += noise * torch.randn(pixels.shape, generator=generator)
    strips = torch.split(pixels, lengths)
    texts = torch.split(shown, lengths)
    return [
        DigitStrip(strip, "".join(map(str, digits.tolist())))
        for strip, digits in zip(strips, texts, strict=True)
    ]
