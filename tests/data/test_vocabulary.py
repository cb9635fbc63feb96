"""Vocabularies: round trips, order, limits, files, and the messages for bad input."""

import json
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from s2s_ref.data.files import read_pairs
from s2s_ref.data.pairs import join_words, words
from s2s_ref.data.vocabulary import BOS, EOS, PAD, UNITS, UNK, Vocabulary, to_jamo

DATA = Path(__file__).parents[2].parent / "shared" / "data"
TEXTS = [
    "저는 책을 샀어요.",
    "저는 모자를 샀어요.",
    "우리는 책을 팔았어요?",
    '"말들"은 "말"의 복수형이야.',
    "Tom's dog isn't here, is it!",
]
every_unit = pytest.mark.parametrize("unit", UNITS)


def evened(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


@every_unit
def test_the_special_tokens_come_first(unit):
    vocabulary = Vocabulary.build(TEXTS, unit)
    ids = (vocabulary.pad_id, vocabulary.bos_id, vocabulary.eos_id, vocabulary.unk_id)
    assert ids == (0, 1, 2, 3)
    assert [vocabulary.token(number) for number in ids] == [PAD, BOS, EOS, UNK]
    assert [vocabulary.token_id(token) for token in (PAD, BOS, EOS, UNK)] == [0, 1, 2, 3]


@every_unit
def test_encode_ends_in_eos_and_begins_without_bos(unit):
    vocabulary = Vocabulary.build(TEXTS, unit)
    for text in TEXTS:
        ids = vocabulary.encode(text)
        assert ids[-1] == vocabulary.eos_id
        assert set(ids[:-1]).isdisjoint(range(4))
        assert [vocabulary.token(number) for number in ids[:-1]] == vocabulary.tokens(text)
    assert vocabulary.encode("") == [vocabulary.eos_id]
    assert vocabulary.tokens("") == []


@every_unit
def test_what_was_built_from_comes_back(unit):
    vocabulary = Vocabulary.build(TEXTS, unit)
    texts = [join_words(words(text)) for text in TEXTS] if unit == "words" else TEXTS
    assert [vocabulary.decode(vocabulary.encode(text)) for text in TEXTS] == texts
    assert texts[0] == "저는 책을 샀어요."


def test_words_are_those_of_the_course():
    vocabulary = Vocabulary.build(TEXTS)
    assert vocabulary.unit == "words"
    assert vocabulary.tokens("저는 책을 샀어요.") == words("저는 책을 샀어요.")
    assert "샀어요" in vocabulary
    assert "샀어요." not in vocabulary


def test_a_syllable_and_a_space_are_characters():
    vocabulary = Vocabulary.build(TEXTS, "characters")
    assert vocabulary.tokens("책을 샀") == ["책", "을", " ", "샀"]
    assert " " in vocabulary


def test_a_subword_that_begins_a_word_begins_with_a_space():
    vocabulary = Vocabulary.build(TEXTS * 10, "subwords")
    assert vocabulary.tokens("저는 책을 샀어요.") == [" 저는", " 책을", " 샀어요", "."]
    assert vocabulary.tokens("책을 저는")[0] == " 책을"


def test_an_unseen_word_is_put_together_from_subwords():
    vocabulary = Vocabulary.build(TEXTS * 10, "subwords")
    ids = vocabulary.encode("책는 샀을.")
    assert vocabulary.unk_id not in ids
    assert vocabulary.decode(ids) == "책는 샀을."


@every_unit
def test_decomposed_hangul_and_strange_spaces_are_evened_out(unit):
    vocabulary = Vocabulary.build(TEXTS, unit)
    strange = unicodedata.normalize("NFD", "저는\u00a0 책을\u202f샀어요.\n")
    assert vocabulary.encode(strange) == vocabulary.encode("저는 책을 샀어요.")
    assert Vocabulary.build([strange], unit) == Vocabulary.build(["저는 책을 샀어요."], unit)


@every_unit
def test_an_unknown_token_is_unk(unit):
    vocabulary = Vocabulary.build(TEXTS, unit)
    ids = vocabulary.encode("저는 漢 샀어요.")
    assert ids.count(vocabulary.unk_id) == 1
    assert vocabulary.decode(ids) == f"저는 {UNK} 샀어요."
    assert "漢" not in vocabulary
    assert vocabulary.token_id("漢") == vocabulary.unk_id


@every_unit
def test_special_tokens_in_a_text_are_text(unit):
    hostile = "<eos> 저는 <pad> <bos> 책을 <unk> 샀어요."
    vocabulary = Vocabulary.build([*TEXTS, hostile], unit)
    ids = vocabulary.encode(hostile)
    assert not {0, 1, 2} & set(ids[:-1])
    assert len({vocabulary.token(number) for number in range(len(vocabulary))}) == len(vocabulary)
    assert vocabulary.decode(ids).endswith("샀어요.")


@every_unit
def test_decode_stops_at_eos_and_drops_padding(unit):
    vocabulary = Vocabulary.build(TEXTS, unit)
    ids = vocabulary.encode(TEXTS[0])
    assert vocabulary.decode([1, *ids, 5, 6, 2, 0, 0]) == TEXTS[0]
    assert vocabulary.decode([1, 0, *ids[:-1]]) == TEXTS[0]
    assert vocabulary.decode(torch.tensor([1, *ids, 0])) == TEXTS[0]
    assert vocabulary.decode([]) == ""


@every_unit
def test_encode_all_is_encode_of_each(unit):
    vocabulary = Vocabulary.build(TEXTS[:3], unit)
    assert vocabulary.encode_all([*TEXTS, ""]) == [vocabulary.encode(text) for text in [*TEXTS, ""]]
    assert vocabulary.encode_all([]) == []


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_order_is_frequency_then_text(unit):
    vocabulary = Vocabulary.build(["b b c a", "c d"], unit)
    found = [vocabulary.token(number) for number in range(4, len(vocabulary))]
    assert found == (["b", "c", "a", "d"] if unit == "words" else [" ", "b", "c", "a", "d"])


@every_unit
def test_the_order_of_the_texts_does_not_matter(unit):
    assert Vocabulary.build(TEXTS, unit) == Vocabulary.build(TEXTS[::-1], unit)


def test_rare_words_are_unknown():
    vocabulary = Vocabulary.build(["a a a b b c"], min_count=2)
    assert len(vocabulary) == 6
    assert "c" not in vocabulary
    assert vocabulary.encode("a b c") == [4, 5, 3, 2]


def test_rare_characters_are_unknown_among_subwords_too():
    vocabulary = Vocabulary.build(["가나 가나 가나 다"], "subwords", min_count=2)
    assert "다" not in vocabulary
    assert vocabulary.tokens("가나 다") == [" 가나", " ", UNK]


@every_unit
@pytest.mark.parametrize("max_size", [5, 12, 25])
def test_max_size_counts_the_special_tokens(unit, max_size):
    texts = ["the cat saw the dog", "a dog saw a cat and a bird"]
    vocabulary = Vocabulary.build(texts, unit, max_size=max_size)
    assert len(vocabulary) <= max_size
    if unit == "words":
        assert len(vocabulary) == min(max_size, 4 + len(set(" ".join(texts).split())))
    vocabulary.encode_all(texts)


def test_max_size_keeps_the_most_frequent():
    counts = Counter({"a": 3, "b": 2, "c": 2, "d": 1})
    vocabulary = Vocabulary.build([" ".join(counts.elements())], max_size=6)
    assert [token in vocabulary for token in "abcd"] == [True, True, False, False]


@every_unit
def test_a_saved_vocabulary_is_the_same(unit, tmp_path):
    vocabulary = Vocabulary.build(TEXTS, unit)
    vocabulary.save(tmp_path / "a.json")
    loaded = Vocabulary.load(str(tmp_path / "a.json"))
    assert loaded == vocabulary
    assert loaded.unit == unit
    hostile = [*TEXTS, "<eos> 漢"]
    assert loaded.encode_all(hostile) == vocabulary.encode_all(hostile)
    loaded.save(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))


def test_equality_sees_unit_and_entries():
    assert Vocabulary.build(["a b"]) == Vocabulary.build(["b a"])
    assert Vocabulary.build(["a b"]) != Vocabulary.build(["a c"])
    assert Vocabulary.build(["a b"]) != Vocabulary.build(["a b"], "characters")
    assert Vocabulary.build(["ab"], "subwords") != Vocabulary.build(["cd"], "subwords")
    assert Vocabulary.build(["a b"]) != ["a", "b"]
    assert repr(Vocabulary.build(["a b"])) == "Vocabulary(words, 6 entries)"


def test_subwords_are_the_same_in_another_process():
    script = (
        "from s2s_ref.data.vocabulary import Vocabulary;"
        f"v = Vocabulary.build({TEXTS!r}, 'subwords');"
        "print([ascii(v.token(n)) for n in range(len(v))])"
    )
    vocabulary = Vocabulary.build(TEXTS, "subwords")
    expected = str([ascii(vocabulary.token(number)) for number in range(len(vocabulary))])
    for hash_seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == expected


text = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)


@every_unit
@settings(derandomize=True, deadline=None, max_examples=60)
@given(texts=st.lists(text, min_size=1, max_size=4))
def test_round_trip_of_any_text(unit, texts):
    if not any(map(evened, texts)):
        return
    vocabulary = Vocabulary.build(texts, unit)
    for one in texts:
        expected = join_words(words(one)) if unit == "words" else evened(one)
        if not any(special in expected.split() for special in (PAD, BOS, EOS, UNK)):
            assert vocabulary.decode(vocabulary.encode(one)) == expected


@every_unit
@pytest.mark.parametrize("language", ["kor", "fra"])
def test_round_trip_of_real_sentences(unit, language):
    path = DATA / f"{language}-eng" / f"{language}.txt"
    if not path.exists():
        pytest.skip("the Tatoeba files are not here (../shared/data)")
    texts = [pair.src for pair in read_pairs(path)][:5000]
    vocabulary = Vocabulary.build(texts, unit, max_size=20_000)
    back = [vocabulary.decode(ids) for ids in vocabulary.encode_all(texts)]
    if unit == "words":  # spaces before French signs and around nested quotes are not words
        texts = [join_words(words(one)) for one in texts]
    assert back == texts


def test_an_unknown_unit_lists_the_three():
    with pytest.raises(ValueError, match=r"'syllables'.*words, characters, subwords"):
        Vocabulary.build(TEXTS, unit="syllables")


def test_one_string_is_not_a_list_of_sentences():
    with pytest.raises(ValueError, match=r"list of sentences.*\[text\]"):
        Vocabulary.build("저는 책을 샀어요.")


@every_unit
@pytest.mark.parametrize("texts", [[], ["", " \n"]])
def test_nothing_to_build_from(unit, texts):
    with pytest.raises(ValueError, match="no text"):
        Vocabulary.build(texts, unit)


@every_unit
def test_a_size_without_room(unit):
    with pytest.raises(ValueError, match="max_size=4 leaves no room"):
        Vocabulary.build(TEXTS, unit, max_size=4)


@every_unit
@pytest.mark.parametrize("number", [-1, 10_000])
def test_an_id_that_does_not_exist(unit, number):
    vocabulary = Vocabulary.build(TEXTS, unit)
    with pytest.raises(ValueError, match=rf"no token with id {number}: ids run from 0 to"):
        vocabulary.decode([4, number])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "cannot be read"),
        ("not json", "is not JSON"),
        ("[1, 2]", "is not a vocabulary of this version"),
        ('{"format": "s2s vocabulary 999"}', "is not a vocabulary of this version"),
        ('{"format": "s2s vocabulary 1"}', "damaged"),
        ('{"format": "s2s vocabulary 1", "unit": "bytes"}', "Unknown unit 'bytes'"),
        ('{"format": "s2s vocabulary 1", "unit": "words", "entries": ["a"]}', "damaged"),
        ('{"format": "s2s vocabulary 1", "unit": "words", "entries": 3}', "damaged"),
        ('{"format": "s2s vocabulary 1", "unit": "subwords", "subwords": {}}', "damaged"),
    ],
)
def test_a_file_that_is_no_vocabulary(tmp_path, content, expected):
    path = tmp_path / "vocabulary.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=expected) as caught:
        Vocabulary.load(path)
    assert "vocabulary.json" in str(caught.value) or "Unknown unit" in expected


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("갔어요.", "ㄱㅏㅆㅇㅓㅇㅛ."),
        ("닭 왜?", "ㄷㅏㄺ ㅇㅙ?"),
        ("A4 ㅋㅋ é", "A4 ㅋㅋ é"),
        ("", ""),
    ],
)
def test_syllables_become_jamo(text, spelled):
    assert to_jamo(text) == spelled
    assert to_jamo(unicodedata.normalize("NFD", text)) == spelled


def test_every_syllable_becomes_jamo_that_stay_as_they_are():
    for code in range(0xAC00, 0xD7A4):
        letters = to_jamo(chr(code))
        assert len(letters) == (3 if (code - 0xAC00) % 28 else 2)
        assert unicodedata.normalize("NFC", letters) == letters
        assert all("\u3131" <= letter <= "\u3163" for letter in letters)
