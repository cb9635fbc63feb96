"""Toy tasks: every answer is right, and nothing gives it away."""

import re
from collections import Counter, defaultdict
from datetime import date, datetime

import pytest
import torch

from s2s_ref.data.corpus import references
from s2s_ref.data.pairs import words
from s2s_ref.data.toy_tasks import (
    DIGITS,
    dates,
    digit_bitmaps,
    digits,
    glyphs,
    sums,
    word_order,
)


def test_word_order_has_three_words_on_both_sides():
    pairs = word_order(2_000, seed=1)
    assert len({pair.src for pair in pairs}) == len({pair.tgt for pair in pairs}) == 2_000
    for pair in pairs:
        assert len(pair.src.split()) == len(pair.tgt.split()) == 3
        assert words(pair.src) == pair.src.split()
        assert pair.sure == ((0, 0), (1, 2), (2, 1))
        assert pair.src.split()[1].endswith(("을", "를"))


def test_word_order_control_is_in_korean_order():
    english = word_order(500, seed=3)
    korean = word_order(500, seed=3, order="korean")
    for one, other in zip(english, korean, strict=True):
        subject, verb, thing = one.tgt.split()
        assert other.src == one.src
        assert other.tgt == f"{subject} {thing} {verb}"
        assert other.sure == ((0, 0), (1, 1), (2, 2))
    by_source = {pair.src: pair.tgt for pair in word_order(2_160)}
    assert by_source["저는 책을 샀어요"] == "I bought books"


def test_word_order_object_tells_nothing_about_the_verb():
    verbs = defaultdict(Counter)
    for pair in word_order(2_160):
        _, verb, thing = pair.tgt.split()
        verbs[thing][verb] += 1
    for counts in verbs.values():
        assert sorted(counts) == sorted(["bought", "sold", "found", "lost", "borrowed", "drew"])
        assert len(set(counts.values())) == 1


def test_digits():
    pairs = digits(1_000, seed=2, min_len=3, max_len=9)
    assert len({pair.src for pair in pairs}) == 1_000
    assert {len(pair.src.split()) for pair in pairs} == set(range(3, 10))
    spoken = dict(zip("공일이삼사오육칠팔구", DIGITS.values(), strict=True))
    assert spoken["공"] == "zero"
    assert spoken["육"] == "six"
    for pair in pairs:
        assert pair.tgt.split() == [spoken[digit] for digit in pair.src.split()]


def test_small_worlds_say_what_cannot_be():
    with pytest.raises(ValueError, match="only 110"):
        digits(111, min_len=1, max_len=2)
    with pytest.raises(ValueError, match="min_len"):
        digits(3, min_len=4, max_len=2)
    with pytest.raises(ValueError, match="only 2160"):
        word_order(2_161)
    with pytest.raises(ValueError, match="german"):
        word_order(3, order="german")


def test_sums_are_right_and_all_different():
    pairs = sums(20_000, seed=5)
    operands = [tuple(map(int, pair.src.split("+"))) for pair in pairs]
    assert [str(a + b) for a, b in operands] == [pair.tgt for pair in pairs]
    assert len({frozenset(both) for both in operands}) == 20_000
    assert max(map(max, operands)) == 999
    assert {len(str(number)) for both in operands for number in both} == {1, 2, 3}
    assert all(re.fullmatch(r"(0|[1-9]\d*)\+(0|[1-9]\d*)", pair.src) for pair in pairs)
    assert sums(30, seed=5) == pairs[:30]
    assert sums(30, seed=6) != pairs[:30]


def test_more_sums_than_there_are():
    assert len(sums(27, digits=1)) == 27
    with pytest.raises(ValueError, match=r"from 0 to 27 .*got 28"):
        sums(28, digits=1)
    with pytest.raises(ValueError, match="got -1"):
        sums(-1)


ENGLISH_DATES = {
    "long": "%B %d, %Y",
    "short": "%b %d, %Y",
    "weekday": "%A, %B %d, %Y",
    "day first": "%d %B %Y",
    "day first, short": "%d %b %Y",
    "slashes": "%m/%d/%Y",
    "slashes, two digits": "%m/%d/%y",
    "dots": "%Y. %m. %d.",
}


def read_date(text: str, form: str) -> date:
    """Python's own reading of a date, an independent one where it has one."""
    if form in ENGLISH_DATES:
        day = datetime.strptime(text, ENGLISH_DATES[form]).date()
        if form == "weekday":
            assert day.strftime("%A").lower() == text.partition(",")[0].lower()
    elif form == "ordinal":
        plain = re.sub(r"(?i)(?<=\d)(st|nd|rd|th)", "", text)
        day = datetime.strptime(plain.lower(), "the %d of %B %Y").date()
    else:
        year, month, number = map(int, re.findall(r"\d+", text))
        day = date(year, month, number) if year > 99 else date(2000 + year, month, number)
        if weekday := re.search(r"(.)요일", text):
            assert "월화수목금토일"[day.weekday()] == weekday[1]
    return day.replace(year=day.year - 100) if day.year > 2029 else day


def test_dates_say_what_their_iso_form_says():
    pairs = dates(5000, seed=2)
    assert len({pair.src for pair in pairs}) == 5000
    assert len({pair.construction for pair in pairs}) == 12
    for pair in pairs:
        day = read_date(pair.src, pair.construction)
        day = day.replace(year=day.year + 100) if day.year < 1930 else day
        assert day.isoformat() == pair.tgt, pair
    assert dates(50, seed=2) == pairs[:50]
    assert dates(50, seed=3) != pairs[:50]
    assert all(len(pair.tgt) == 10 for pair in pairs)


def test_a_written_date_names_one_day():
    assert all(len(found) == 1 for found in references(dates(30_000)).values())
    written = {pair.src.lower() for pair in dates(60_000)}
    ordinals = {match[0] for text in written if (match := re.search(r"\d+(st|nd|rd|th)", text))}
    assert {"1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "31st"} <= ordinals
    assert len(ordinals) == 31


@pytest.mark.parametrize("count", [-1, 200_001])
def test_a_number_of_dates_that_cannot_be(count):
    with pytest.raises(ValueError, match="from 0 to 200,000"):
        dates(count)


def test_bitmaps_without_noise_show_their_digits():
    shapes = glyphs()
    for strip in digit_bitmaps(50, noise=0):
        assert strip.src.shape == (len(strip.tgt), 35)
        for row, digit in zip(strip.src, strip.tgt, strict=True):
            assert torch.equal(row, shapes[int(digit)])
    assert len({tuple(shape) for shape in shapes.tolist()}) == 10


def test_noisy_bitmaps_can_still_be_read():
    strips = digit_bitmaps(500, seed=1, noise=0.3)
    pixels = torch.cat([strip.src for strip in strips])
    read = torch.cdist(pixels, glyphs()).argmin(1)
    shown = torch.tensor([int(digit) for strip in strips for digit in strip.tgt])
    assert (read == shown).float().mean() > 0.97
    assert 0.25 < (pixels - glyphs()[shown]).std() < 0.35
    assert {len(strip.tgt) for strip in strips} == {3, 4, 5, 6}
    assert len(shown.unique()) == 10


def test_the_same_seed_gives_the_same_bitmaps():
    state = torch.get_rng_state()
    first, second, other = digit_bitmaps(9, 4), digit_bitmaps(9, 4), digit_bitmaps(9, 5)
    assert torch.equal(torch.get_rng_state(), state), "the global generator is left alone"
    for one, two in zip(first, second, strict=True):
        assert one.tgt == two.tgt
        assert torch.equal(one.src, two.src)
    assert [strip.tgt for strip in first] != [strip.tgt for strip in other]
    assert digit_bitmaps(0) == []
    assert {len(strip.tgt) for strip in digit_bitmaps(20, min_len=4, max_len=4)} == {4}


@pytest.mark.parametrize("bad", [{"min_len": 0}, {"max_len": 2}, {"noise": -1}, {"count": -1}])
def test_bitmaps_that_cannot_be(bad):
    with pytest.raises(ValueError, match="Expected count ≥ 0"):
        digit_bitmaps(**{"count": 5, **bad})
