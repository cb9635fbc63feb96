"""Sentence files, with everything that goes wrong in real ones."""

import gzip
import re
import shutil
import subprocess
import unicodedata
import zipfile

import pytest

from s2s_ref.data.files import CorpusError, read_pairs
from s2s_ref.data.pairs import Pair


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


def test_the_korean_file(shared_data):
    pairs = read_pairs(shared_data / "kor-eng" / "kor.txt")
    assert len(pairs) == 3648
    assert Pair("가.", "Go.") == pairs[0]._replace(attribution="")
    assert all(pair.attribution.startswith("CC-BY 2.0 (France)") for pair in pairs)
    assert ('"말들"은 "말"의 복수형이야.', '"Horses" is the plural of "horse."') in sides(pairs)
    assert len({pair.tgt for pair in pairs}) == 3355
    assert max(len(pair.tgt.split()) for pair in pairs) == 101


def test_the_french_file(shared_data):
    pairs = read_pairs(shared_data / "fra-eng" / "fra.txt")
    assert len(pairs) == 25_000
    raw = (shared_data / "fra-eng" / "fra.txt").read_text(encoding="utf-8")
    assert all(space in raw for space in "\u00a0\u202f\u2009")
    assert not set("\u00a0\u202f\u2009") & set("".join(pair.src + pair.tgt for pair in pairs))
    assert ("« Elle aime la musique. » « Moi aussi. »", '"She likes music." "So do I."') in sides(
        pairs
    )
    quotes = sum(line.count('"') for line in raw.splitlines())
    assert sum((pair.src + pair.tgt).count('"') for pair in pairs) == quotes


@pytest.mark.parametrize("file", ["kor-eng/kor.txt", "fra-eng/fra.txt"])
def test_real_files_survive_every_trap_at_once(shared_data, file, write):
    path = shared_data / file
    lines = unicodedata.normalize("NFD", path.read_text(encoding="utf-8")).splitlines()[-500:]
    harsh = write("\ufeff" + "\r\n".join(line.replace(" ", "\u202f") for line in lines))
    assert read_pairs(harsh) == read_pairs(path)[-500:]
