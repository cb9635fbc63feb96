"""Text is split into words in one way, which can be undone."""

import unicodedata

import pytest

from s2s_ref.data.pairs import join_words, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("저는 책을 샀어요.", ["저는", "책을", "샀어요", "."]),
        ("I don't know.", ["I", "don't", "know", "."]),
        ("Really?!", ["Really", "?", "!"]),
        ('He said, "Go."', ["He", "said", ",", '"', "Go", ".", '"']),
        ("It costs 3.50, or 1,000.", ["It", "costs", "3.50", ",", "or", "1,000", "."]),
        ("the dogs' bowl", ["the", "dogs", "'", "bowl"]),
        ("« Bonjour\u202f»", ["«", "Bonjour", "»"]),
        ("a\u00a0b\u3000c\u202fd\n", ["a", "b", "c", "d"]),
        ("...", [".", ".", "."]),
        ("", []),
        ("  ", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_words_compose_hangul():
    assert words(unicodedata.normalize("NFD", "한국어.")) == ["한국어", "."]


@pytest.mark.parametrize(
    "text",
    [
        "Yesterday, I read a book.",
        'He said, "I don\'t know." and left.',
        "“Go,” she said. “Now!”",
        "왜 웃었어요?",
        "'Yes' and 'no'.",
        "",
    ],
)
def test_join_words_is_the_inverse(text):
    assert join_words(words(text)) == text
