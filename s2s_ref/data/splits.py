"""Split a corpus into training, validation and test sentences without leaks."""

import random
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
