"""Splits leak nothing, and are as large as they can be."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2s_ref.data.files import read_pairs
from s2s_ref.data.pairs import Pair
from s2s_ref.data.splits import split
from s2s_ref.data.toy_tasks import sums


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


@pytest.mark.parametrize("file", ["kor-eng/kor.txt", "fra-eng/fra.txt"])
def test_a_split_of_real_sentences_leaks_nothing(shared_data, file):
    pairs = read_pairs(shared_data / file)
    parts = split(pairs, valid=300, test=300, seed=0)
    assert_no_leak(parts)
    assert Counter(pair for part in parts for pair in part) == Counter(pairs)
    assert 270 <= sources(parts.valid) <= 300
    assert 270 <= sources(parts.test) <= 300
    shuffled = random.Random(0).sample(pairs, len(pairs))
    naive = shared(shuffled[:300], shuffled[300:])
    assert naive > 0.15 * 300, "a naive split would have leaked"


def test_a_thousand_held_out_french_sources(shared_data):
    parts = split(read_pairs(shared_data / "fra-eng" / "fra.txt"), valid=0.02, test=1000)
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
