"""Sentence files with all their traps, leak-free splits, small tasks, and corpora by name."""

import gzip
import random
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from s2s_ref.data import corpus
from s2s_ref.data import pairs as data_pairs
from s2s_ref.data.corpus import available, korean_english, limit_length, load, references
from s2s_ref.data.files import CorpusError, read_pairs
from s2s_ref.data.pairs import Pair
from s2s_ref.data.splits import split, split_unseen_combinations
from s2s_ref.data.toy_tasks import dates, digit_bitmaps, glyphs, sums

DATA = Path(__file__).parents[2].parent / "shared" / "data"
KOR, FRA = DATA / "kor-eng" / "kor.txt", DATA / "fra-eng" / "fra.txt"
needs_data = pytest.mark.skipif(
    not (KOR.exists() and FRA.exists()), reason="the Tatoeba files are not here (../shared/data)"
)


@pytest.fixture
def write(tmp_path):
    """Write a sentence file and give its path."""

    def write_file(content: str | bytes, name: str = "kor.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def sides(pairs) -> list[tuple[str, str]]:
    return [(pair.src, pair.tgt) for pair in pairs]


def refused(path, **more) -> str:
    with pytest.raises(CorpusError) as caught:
        read_pairs(path, **more)
    assert isinstance(caught.value, ValueError)
    return str(caught.value)


# Reading: what real files hold


def test_english_stands_first_in_the_file_and_is_the_target(write):
    path = write("Go.\t가.\nHi.\t안녕.\n")
    assert read_pairs(path) == [Pair("가.", "Go."), Pair("안녕.", "Hi.")]
    assert read_pairs(str(path)) == read_pairs(path)
    assert sides(read_pairs(path, reverse=True)) == [("Go.", "가."), ("Hi.", "안녕.")]


def test_the_attribution_is_kept(write):
    path = write("Go.\t가.\tCC-BY 2.0 (France) Attribution: tatoeba.org #1 (CM) & #2 (Eunhee)\n")
    [pair] = read_pairs(path)
    assert pair.attribution == "CC-BY 2.0 (France) Attribution: tatoeba.org #1 (CM) & #2 (Eunhee)"
    assert read_pairs(path, reverse=True)[0].attribution == pair.attribution


def test_files_may_mix_two_and_three_columns(write):
    pairs = read_pairs(write("Go.\t가.\nHi.\t안녕.\tby me\n"))
    assert [pair.attribution for pair in pairs] == ["", "by me"]


@pytest.mark.parametrize("english", ['"Go," he said.', '"Go.', 'He said "go".', '""', "'Go.'"])
def test_quotation_marks_belong_to_the_sentence(write, english):
    pairs = read_pairs(write(f"{english}\t“가.”\nHi.\t안녕.\n"))
    assert sides(pairs) == [("“가.”", english), ("안녕.", "Hi.")]


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2009", "\u3000", "  ", "\u2028", "\x85"])
def test_every_unicode_space_is_a_plain_space(write, space):
    pairs = read_pairs(write(f"Really?\tVraiment{space}?{space}\n"))
    assert sides(pairs) == [("Vraiment ?", "Really?")]


def test_decomposed_hangul_is_composed(write):
    path = write(unicodedata.normalize("NFD", "A café.\t카페예요.\n"))
    assert sides(read_pairs(path)) == [("카페예요.", "A café.")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark(write, end, mark):
    path = write(mark + f"Go.\t가.{end}Hi.\t안녕.\tby me{end}")
    assert read_pairs(path) == [Pair("가.", "Go."), Pair("안녕.", "Hi.", attribution="by me")]


def test_no_line_end_at_the_end_and_blank_lines(write):
    assert sides(read_pairs(write("\nGo.\t가.\n  \n\t\t\n\nHi.\t안녕."))) == [
        ("가.", "Go."),
        ("안녕.", "Hi."),
    ]


def test_repeated_lines_stay(write):
    assert len(read_pairs(write("Go.\t가.\nGo.\t가.\n"))) == 2


@pytest.mark.parametrize("member", ["kor.txt", "kor-eng/kor.txt", "pairs.tsv"])
def test_a_zip_is_read_as_it_was_downloaded(tmp_path, member):
    path = tmp_path / "kor-eng.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_about.txt", "** Info **")
        archive.writestr(f"__MACOSX/{member}", "junk")
        archive.writestr(member, "\ufeffGo.\t가.\r\n")
    assert sides(read_pairs(path)) == [("가.", "Go.")]


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "utf-16-le", "euc-kr"])
def test_another_encoding_can_be_named(write, encoding):
    path = write("Go.\t가.\r\nHi.\t안녕.\r\n".encode(encoding))
    assert sides(read_pairs(path, encoding=encoding)) == [("가.", "Go."), ("안녕.", "Hi.")]


# Reading: what is refused, and what the message says


def test_a_missing_file(tmp_path):
    said = refused(tmp_path / "kor.txt")
    assert "There is no file" in said
    assert str(tmp_path) in said
    assert "s2s data list" in said


def test_a_folder(write, tmp_path):
    write("Go.\t가.\n")
    said = refused(tmp_path)
    assert "is a folder" in said
    assert "kor.txt" in said


@pytest.mark.parametrize("content", ["", "\n\n  \n", "\ufeff"])
def test_an_empty_file(write, content):
    said = refused(write(content))
    assert "kor.txt holds no sentence pairs" in said
    assert "English<TAB>other language" in said


def test_a_line_without_a_tab(write):
    said = refused(write("Go.\t가.\nHi. 안녕.\n"))
    assert "kor.txt, line 2: no tab in 'Hi. 안녕.'" in said
    assert "tab-separated" in said


def test_a_long_line_is_quoted_in_part(write):
    said = refused(write("x" * 5000))
    assert len(said) < 600
    assert "…" in said


def test_a_web_page(write):
    said = refused(write("<!DOCTYPE html>\n<html>"))
    assert "line 1: this is a web page" in said


def test_too_many_columns_as_in_tatoebas_own_export(write):
    said = refused(write("1276\tGo.\t99\t가.\n", "tatoeba.tsv"))
    assert "tatoeba.tsv, line 1: 4 columns" in said
    assert "cut -f2,4 tatoeba.tsv" in said


@pytest.mark.parametrize(
    ("line", "which"), [("Go.\t", "second"), ("\t가.", "first"), ("Go.\t\u00a0\tby me", "second")]
)
def test_an_empty_column(write, line, which):
    said = refused(write(f"Hi.\t안녕.\n\n{line}\n"))
    assert f"line 3: the {which} column is empty" in said


KOREAN = "Go.\t가.\nHi.\t안녕.\nI see.\t알았어.\n"
FRENCH = "Go!\tVa !\nSummer.\tÉté.\nEarly.\tTôt.\n"


@pytest.mark.parametrize(
    ("content", "encoding", "line"),
    [
        (KOREAN, "cp949", 1),
        ("Slow!\t천천히!\n" + KOREAN, "cp949", 1),
        (KOREAN, "utf-16", 1),
        (KOREAN, "utf-16-le", 1),
        (KOREAN, "utf-16-be", 1),
        ("Go.\tGo.\n", "utf-16-le", 1),
        (FRENCH, "cp1252", 2),
        (FRENCH, "iso-8859-1", 2),
    ],
)
def test_a_wrong_encoding_is_recognised_and_the_mend_works(write, content, encoding, line):
    path = write(content.encode(encoding), "my kor.txt")
    said = refused(path)
    assert f"kor.txt, line {line}: these bytes are not UTF-8" in said
    guess = re.search(r'encoding="(.*?)"', said)
    assert guess is not None
    assert sides(read_pairs(path, encoding=guess[1])) == sides(read_pairs(write(content, "good")))
    if shutil.which("iconv"):
        command = said.partition("iconv")[2]
        subprocess.run(f"iconv{command}", shell=True, check=True, cwd=path.parent)
        assert read_pairs(path.parent / "my kor-utf8.txt") == read_pairs(path.parent / "good")


def test_utf8_read_as_something_else(write):
    assert 'encoding="utf-8"' in refused(write(KOREAN), encoding="utf-16")


def test_one_bad_line_in_a_good_file(write):
    said = refused(write(KOREAN.encode() + b"Bad.\t\xff\xfe.\n" + KOREAN.encode()))
    assert "line 4: these bytes are not UTF-8, though most lines are" in said
    assert "Fix or delete this line" in said


def test_an_unknown_encoding(write):
    assert "no encoding 'hangul'" in refused(write(KOREAN), encoding="hangul")


def test_a_compressed_file(write):
    assert "gunzip kor.txt.gz" in refused(write(gzip.compress(KOREAN.encode()), "kor.txt.gz"))


def test_a_zip_without_one_sentence_file(tmp_path):
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", KOREAN)
        archive.writestr("b.txt", KOREAN)
    said = refused(path)
    assert "expected one .txt or .tsv file in the zip, found a.txt, b.txt" in said


def test_a_damaged_zip(write):
    whole = write(b"", "whole.zip")
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("kor.txt", KOREAN)
    stored = whole.read_bytes()
    assert "an incomplete zip file" in refused(write(stored[:-30], "half.zip"))
    assert "cannot be unpacked" in refused(write(stored.replace(b"Go.", b"Gu."), "bad.zip"))


# Real files


@needs_data
def test_the_korean_file():
    pairs = read_pairs(KOR)
    assert len(pairs) == 3648
    assert Pair("가.", "Go.") == pairs[0]._replace(attribution="")
    assert all(pair.attribution.startswith("CC-BY 2.0 (France)") for pair in pairs)
    assert ('"말들"은 "말"의 복수형이야.', '"Horses" is the plural of "horse."') in sides(pairs)
    assert len({pair.tgt for pair in pairs}) == 3355
    assert max(len(pair.tgt.split()) for pair in pairs) == 101


@needs_data
def test_the_french_file():
    pairs = read_pairs(FRA)
    assert len(pairs) == 25_000
    raw = FRA.read_text(encoding="utf-8")
    assert all(space in raw for space in "\u00a0\u202f\u2009")
    assert not set("\u00a0\u202f\u2009") & set("".join(pair.src + pair.tgt for pair in pairs))
    assert ("« Elle aime la musique. » « Moi aussi. »", '"She likes music." "So do I."') in sides(
        pairs
    )
    quotes = sum(line.count('"') for line in raw.splitlines())
    assert sum((pair.src + pair.tgt).count('"') for pair in pairs) == quotes


@needs_data
@pytest.mark.parametrize("path", [KOR, FRA], ids=["kor", "fra"])
def test_real_files_survive_every_trap_at_once(path, write):
    lines = unicodedata.normalize("NFD", path.read_text(encoding="utf-8")).splitlines()[-500:]
    harsh = write("\ufeff" + "\r\n".join(line.replace(" ", "\u202f") for line in lines))
    assert read_pairs(harsh) == read_pairs(path)[-500:]


@needs_data
def test_a_length_limit_removes_the_outlier():
    pairs = read_pairs(KOR)
    short = limit_length(pairs, 20)
    assert 3600 < len(short) < len(pairs)
    lengths = [len(data_pairs.words(side)) for pair in short for side in (pair.src, pair.tgt)]
    assert max(lengths) <= 20
    assert limit_length(pairs, 1000) == pairs


def test_length_limits_count_words_of_both_sides():
    pairs = [Pair("가.", "Go."), Pair("가 봐.", "Go."), Pair("가.", "Go and see it.")]
    assert limit_length(pairs, 3) == pairs[:2]
    assert limit_length(pairs, 9, min_len=3) == []
    assert limit_length(pairs, 2) == pairs[:1]


def test_references_are_all_different_targets_of_a_source():
    pairs = [Pair("가.", "Go."), Pair("안녕.", "Hi."), Pair("가.", "Leave."), Pair("가.", "Go.")]
    assert references(pairs) == {"가.": ["Go.", "Leave."], "안녕.": ["Hi."]}


# Splits


def shared(one, other) -> int:
    """How many pairs of `one` have a source or a target that `other` has too."""
    sources, targets = {pair.src for pair in other}, {pair.tgt for pair in other}
    return sum(pair.src in sources or pair.tgt in targets for pair in one)


def assert_no_leak(parts):
    for one in parts:
        for other in parts:
            assert one is other or shared(one, other) == 0


def sources(pairs) -> int:
    return len({pair.src for pair in pairs})


@needs_data
@pytest.mark.parametrize("path", [KOR, FRA], ids=["kor", "fra"])
def test_a_split_of_real_sentences_leaks_nothing(path):
    pairs = read_pairs(path)
    parts = split(pairs, valid=300, test=300, seed=0)
    assert_no_leak(parts)
    assert Counter(pair for part in parts for pair in part) == Counter(pairs)
    assert 270 <= sources(parts.valid) <= 300
    assert 270 <= sources(parts.test) <= 300
    shuffled = random.Random(0).sample(pairs, len(pairs))
    naive = shared(shuffled[:300], shuffled[300:])
    assert naive > 0.15 * 300, "a naive split would have leaked"


@needs_data
def test_a_thousand_held_out_french_sources():
    parts = split(read_pairs(FRA), valid=0.02, test=1000)
    assert 950 <= sources(parts.test) <= 1000
    assert 450 <= sources(parts.valid) <= 500


def test_the_same_seed_gives_the_same_split():
    pairs = [Pair(str(i), f"t{i}") for i in range(500)]
    assert split(pairs, seed=3) == split(iter(pairs), seed=3)
    assert split(pairs, seed=3) != split(pairs, seed=4)
    assert split(pairs, valid=10, test=50).test == split(pairs, valid=100, test=50).test
    assert [len(part) for part in split(pairs, valid=20, test=0.1)] == [430, 20, 50]


def test_parts_keep_the_order_of_the_pairs():
    pairs = [Pair(str(i), f"t{i}") for i in range(100)]
    assert all(list(part) == [p for p in pairs if p in part] for part in split(pairs))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    links=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40),
    seed=st.integers(0, 5),
    share_targets=st.booleans(),
)
def test_no_split_leaks(links, seed, share_targets):
    pairs = [Pair(f"s{src}", f"t{tgt}") for src, tgt in links]
    pairs += [Pair(f"alone {number}", f"alone {number}") for number in range(10)]
    parts = split(pairs, valid=3, test=4, seed=seed, share_targets=share_targets)
    if not share_targets:
        assert_no_leak(parts)
    assert Counter(pair for part in parts for pair in part) == Counter(pairs)
    for one, other in ((parts.train, parts.valid), (parts.train, parts.test)):
        assert {pair.src for pair in one}.isdisjoint(pair.src for pair in other)
    assert sources(parts.valid) == 3
    assert sources(parts.test) == 4


def test_unseen_sums_may_have_seen_results():
    parts = split(sums(5000), test=500, valid=500, share_targets=True)
    assert [len(part) for part in parts] == [4000, 500, 500]
    assert {pair.src for pair in parts.train}.isdisjoint(pair.src for pair in parts.test)
    assert not {pair.tgt for pair in parts.train}.isdisjoint(pair.tgt for pair in parts.test)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"valid": 60, "test": 40}, "leave nothing to train on: there are 100"),
        ({"test": -1}, "test=-1 is neither a share"),
        ({"valid": 2.5}, "valid=2.5 is neither a share"),
    ],
)
def test_sizes_that_make_no_sense(sizes, expected):
    pairs = [Pair(str(i), f"t{i}") for i in range(100)]
    with pytest.raises(ValueError, match=expected):
        split(pairs, **sizes)


def test_nothing_to_split():
    with pytest.raises(ValueError, match="there are 0 different source sentences"):
        split([])


def test_pairs_that_all_hang_together():
    pairs = [Pair(str(i), "the same") for i in range(100)]
    with pytest.raises(ValueError, match=r"100 of 100 sources are linked.*share_targets=True"):
        split(pairs)
    assert len(split(pairs, share_targets=True).test) == 10


def orders() -> list[Pair]:
    """Verb–object pairs in which every verb takes every object, and a few with two objects."""
    verbs, nouns = [f"v{i}" for i in range(12)], [f"n{i}" for i in range(20)]
    single = [
        Pair(f"{who} {noun} {verb}", f"{who} {verb}s {noun}", combinations=((verb, noun),))
        for who in ("a", "b", "c", "d")
        for noun in nouns
        for verb in verbs
    ]
    double = [
        Pair(
            f"{one.src} and {two.src}",
            f"{one.tgt} and {two.tgt}",
            combinations=one.combinations + two.combinations,
        )
        for one, two in zip(single[::7], single[3::7], strict=False)
    ]
    return single + double


def test_unseen_combinations_of_known_words():
    pairs = orders()
    parts = split_unseen_combinations(pairs, valid=100, test=100, seed=1)
    assert_no_leak(parts)
    seen = {both for part in (parts.train, parts.valid) for p in part for both in p.combinations}
    assert all(not seen.issuperset(pair.combinations) for pair in parts.test)
    trained = {both for pair in parts.train for both in pair.combinations}
    for place in (0, 1):
        words = {both[place] for pair in parts.test for both in pair.combinations}
        assert words <= {both[place] for both in trained}
    assert 90 <= len(parts.test) <= 100
    assert 90 <= len(parts.valid) <= 100
    assert parts == split_unseen_combinations(pairs, valid=100, test=100, seed=1)
    assert parts != split_unseen_combinations(pairs, valid=100, test=100, seed=2)


def test_a_word_that_would_become_unknown_is_not_held_out():
    pairs = [*orders(), Pair("rare", "rare", combinations=(("v0", "only here"),))]
    for seed in range(5):
        assert pairs[-1] not in split_unseen_combinations(pairs, 0.1, 0.2, seed).test


def test_pairs_that_do_not_know_their_combinations():
    with pytest.raises(ValueError, match=r"made by korean_english; 0 of these 500 name"):
        split_unseen_combinations(sums(500))


# Small tasks


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


# Corpora by name


def test_the_built_in_corpus():
    pairs = korean_english(50, seed=3)
    assert len(pairs) == 50
    assert sources(pairs) == 50
    assert pairs == korean_english(50, seed=3)
    assert pairs != korean_english(50, seed=4)
    assert all(pair.gloss and pair.sure for pair in pairs)
    short = korean_english(50, seed=3, max_len=6)
    assert limit_length(short, 6) == short


def test_every_built_in_name_loads():
    names = [dataset.name for dataset in available()]
    assert names[:5] == ["korean-english", "word-order", "digits", "sums", "dates"]
    for name in names[:5]:
        pairs = load(name, count=40, seed=1)
        assert len(pairs) == 40, name
        assert pairs == load(name, 40, 1)
        assert all(isinstance(pair, Pair) and pair.src and pair.tgt for pair in pairs)


def test_the_list_says_what_where_from_and_under_which_licence():
    assert {"tatoeba-kor", "tatoeba-fra"} <= {dataset.name for dataset in available()}
    assert all(all(dataset) for dataset in available())


def test_a_download_loads_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("S2S_CACHE", str(tmp_path))
    with zipfile.ZipFile(tmp_path / "kor-eng.zip", "w") as archive:
        archive.writestr("_about.txt", "** Info **")
        archive.writestr("kor.txt", KOREAN)
    assert sides(load("tatoeba-kor")) == [("가.", "Go."), ("안녕.", "Hi."), ("알았어.", "I see.")]


def test_a_path_loads(write):
    path = write("".join(f"{i}\tnumber {i}\n" for i in range(100)))
    pairs = load(path)
    assert load(str(path)) == pairs == read_pairs(path)
    some = load(path, count=10)
    assert len(some) == 10
    assert some == [pair for pair in pairs if pair in some], "in the file's order"
    assert some == load(path, count=10)
    assert some != load(path, count=10, seed=1)
    assert load(path, count=1000) == pairs


@pytest.mark.parametrize("path", ["no/such/file", "missing.txt"])
def test_a_path_to_nowhere(path):
    with pytest.raises(CorpusError, match="There is no file"):
        load(path)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="'korean-engish'") as caught:
        load("korean-engish")
    said = str(caught.value)
    assert "Did you mean 'korean-english'?" in said
    assert all(dataset.name in said for dataset in available())


def test_reading_and_splitting_do_not_need_torch():
    script = (
        "import sys, s2s_ref.data.corpus, s2s_ref.data.vocabulary; print('torch' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"


def test_a_vocabulary_does_not_need_the_generator():
    script = (
        "import sys, s2s_ref.data.vocabulary;"
        "print([name for name in sys.modules if name == 'torch' or 's2s_ref.data.korean' in name])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_a_share_of_the_words_is_a_smaller_world_of_the_same_sentences():
    few = corpus.korean_english(2_000, max_len=12, share=0.2)
    many = corpus.korean_english(2_000, max_len=12)
    vocabulary = {word for pair in few for word in data_pairs.words(pair.src)}
    assert len(vocabulary) < len({word for pair in many for word in data_pairs.words(pair.src)}) / 2
    assert len({pair.construction for pair in few}) > 50
    assert corpus.korean_english(2_000, max_len=12, share=1.0) == many
