"""Corpora by name, and what all of them share."""

import subprocess
import sys
import zipfile

import pytest

from s2s_ref.data import corpus
from s2s_ref.data.corpus import available, korean_english, limit_length, load, references
from s2s_ref.data.files import CorpusError, read_pairs
from s2s_ref.data.pairs import Pair, words


def test_a_length_limit_removes_the_outlier(shared_data):
    pairs = read_pairs(shared_data / "kor-eng" / "kor.txt")
    short = limit_length(pairs, 20)
    assert 3600 < len(short) < len(pairs)
    lengths = [len(words(side)) for pair in short for side in (pair.src, pair.tgt)]
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


def test_the_built_in_corpus():
    pairs = korean_english(50, seed=3)
    assert len(pairs) == 50
    assert len({pair.src for pair in pairs}) == 50
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
        archive.writestr("kor.txt", "Go.\t가.\nHi.\t안녕.\n")
    assert load("tatoeba-kor") == [Pair("가.", "Go."), Pair("안녕.", "Hi.")]


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
    vocabulary = {word for pair in few for word in words(pair.src)}
    assert len(vocabulary) < len({word for pair in many for word in words(pair.src)}) / 2
    assert len({pair.construction for pair in few}) > 50
    assert corpus.korean_english(2_000, max_len=12, share=1.0) == many
