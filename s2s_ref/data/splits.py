"""Split a corpus into training, validation and test sentences without leaks."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from s2s_ref.data.pairs import Pair


class Splits(NamedTuple):
    """Three lists of pairs that share no source sentence and, unless asked for, no target."""

    train: list[Pair]
    valid: list[Pair]
    test: list[Pair]


def split(
    pairs: Iterable[Pair],
    valid: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    share_targets: bool = False,
) -> Splits:
    """Split pairs into three parts such that no sentence of one part occurs in another.

    Pairs that share a sentence stay together, directly or through others. (A random split by line
    leaks more than a fifth of a Tatoeba test set.) The groups are drawn at random, and a group
    larger than what a part still needs goes to training. So the parts are never larger than asked,
    and the test set does not depend on the size of the validation set.

    Args:
        pairs: sentence pairs; their order and the seed decide the split.
        valid: how many different *source sentences* to validate on, or which share of all if below
            1.
        test: the same, for the test set.
        seed: the same seed gives the same split.
        share_targets: keep only the sources apart, for tasks where many sources have the same
            answer, such as sums.

    Raises:
        ValueError: the sizes are negative, leave nothing to train on, or cannot be reached because
            too many pairs are linked.
    """
    pairs = list(pairs)
    groups = _linked_sources(pairs, share_targets)
    sources = sum(map(len, groups))
    wanted = {"test": _size("test", test, sources), "valid": _size("valid", valid, sources)}
    if sum(wanted.values()) >= sources:
        raise ValueError(
            f"valid={valid} and test={test} leave nothing to train on: there are {sources:,} "
            "different source sentences. Ask for smaller parts."
        )
    random.Random(f"split {seed}").shuffle(groups)
    chosen = _choose(groups, wanted)
    parts: dict[str, list[Pair]] = {"train": [], "valid": [], "test": []}
    for pair in pairs:
        parts[chosen.get(pair.src, "train")].append(pair)
    return Splits(**parts)


def _size(part: str, asked: float, sources: int) -> int:
    """Convert a number or a share of sources to a number."""
    if asked < 0 or (asked >= 1 and asked != int(asked)):
        raise ValueError(
            f"{part}={asked} is neither a share from 0 to 1 nor a whole number of sources. "
            "Write for example 0.1 or 1000."
        )
    return round(asked * sources) if asked < 1 else int(asked)


def _choose(groups: list[list[str]], wanted: dict[str, int]) -> dict[str, str]:
    """Choose a part for the sources of some groups; all others are for training."""
    sources = sum(map(len, groups))
    largest = max(map(len, groups), default=0)
    chosen: dict[str, str] = {}
    for part, size in wanted.items():
        groups = _fill(groups, size, part, chosen)
        found = sum(where == part for where in chosen.values())
        if found < 0.9 * size:
            raise ValueError(
                f"Only {found:,} of {size:,} sources could be chosen for {part!r}: pairs that "
                f"share a sentence stay together, and {largest:,} of {sources:,} sources are "
                "linked. Ask for smaller parts, or pass share_targets=True to keep only the "
                "sources apart."
            )
    return chosen


def _fill(groups: list[list[str]], size: int, part: str, chosen: dict[str, str]) -> list[list[str]]:
    """Assign groups to `part` until it has `size` sources; return the groups not assigned."""
    left = []
    for group in groups:
        if len(group) <= size:
            size -= len(group)
            chosen.update(dict.fromkeys(group, part))
        else:
            left.append(group)
    return left


def _linked_sources(pairs: Sequence[Pair], share_targets: bool) -> list[list[str]]:
    """Group source sentences: the connected components of "shares a sentence with"."""
    parent: dict[str, str] = {}

    def root(source: str) -> str:
        while parent[source] != source:
            parent[source] = parent[parent[source]]  # halves the path for later searches
            source = parent[source]
        return source

    source_of: dict[str, str] = {}
    for pair in pairs:
        parent.setdefault(pair.src, pair.src)
        if not share_targets:
            parent[root(source_of.setdefault(pair.tgt, pair.src))] = root(pair.src)
    groups: dict[str, list[str]] = {}
    for source in parent:
        groups.setdefault(root(source), []).append(source)
    return list(groups.values())


def split_unseen_combinations(
    pairs: Iterable[Pair], valid: float = 0.1, test: float = 0.1, seed: int = 0
) -> Splits:
    """Split pairs so that every test sentence has a verb with an object it never had in training.

    Every verb and every noun of the test set occurs in training, but not together: a model that has
    understood 책을 샀어요 and 모자를 팔았어요 can translate 책을 팔았어요. Validation sentences
    have known combinations. As with `split`, no part shares a source or a target with another. The
    few other pairs with the source or target of a test pair are left out.

    Args:
        pairs: built-in pairs, which have `combinations`.
        valid: number or share of source sentences, as for `split`.
        test: the same.
        seed: the same seed gives the same split.

    Raises:
        ValueError: the pairs have no combinations, or the sizes cannot be reached.
    """
    pairs = list(pairs)
    sources = len({pair.src for pair in pairs})
    wanted = _size("test", test, sources)
    held_out = _held_out(pairs, wanted, seed)
    tested = [pair for pair in pairs if not held_out.isdisjoint(pair.combinations)]
    test_sources, test_targets = {p.src for p in tested}, {p.tgt for p in tested}
    rest = [p for p in pairs if p.src not in test_sources and p.tgt not in test_targets]
    known = split(rest, valid=_size("valid", valid, sources), test=0, seed=seed)
    trained = {role for pair in known.train for role in _roles(pair)}
    tested = [pair for pair in tested if _roles(pair) <= trained]
    if len({pair.src for pair in tested}) < 0.9 * wanted:
        raise ValueError(
            f"Only {len(tested):,} of {wanted:,} test sentences can have an unseen verb-object "
            f"combination while every word stays known. Expected pairs made by korean_english; "
            f"{sum(bool(pair.combinations) for pair in pairs):,} of these {len(pairs):,} name "
            "their combinations. Give more such pairs or ask for a smaller test set."
        )
    return Splits(known.train, known.valid, tested)


def _held_out(pairs: Sequence[Pair], wanted: int, seed: int) -> set[tuple[str, str]]:
    """Choose combinations for a test set, such that training keeps each verb and each noun."""
    holders: dict[tuple[str, str], list[int]] = {}
    uses: Counter[tuple[str, str]] = Counter()  # training pairs by ("verb" or "noun", word)
    for number, pair in enumerate(pairs):
        uses.update(_roles(pair))
        for combination in dict.fromkeys(pair.combinations):
            holders.setdefault(combination, []).append(number)
    order = list(holders)
    random.Random(f"combinations {seed}").shuffle(order)
    held_out: set[tuple[str, str]] = set()
    tested: set[int] = set()
    for combination in order:
        moving = [number for number in holders[combination] if number not in tested]
        if len(moving) > wanted - len(tested):
            continue
        lost = Counter(role for number in moving for role in _roles(pairs[number]))
        if all(uses[role] > times for role, times in lost.items()):
            uses -= lost
            tested.update(moving)
            held_out.add(combination)
    return held_out


def _roles(pair: Pair) -> set[tuple[str, str]]:
    """The words of a pair's combinations, each as ("verb", word) or ("noun", word)."""
    return {role for both in pair.combinations for role in zip(("verb", "noun"), both, strict=True)}
