"""The built-in Korean-English corpus: sentences drawn from rules, with their true alignment.

Korean puts the verb last and modifiers before the noun, English does not, so every limit of a
translation model is visible. The English is a function of the Korean: a source has one target.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from random import Random

from s2s_ref.data.korean.constructions import CONSTRUCTIONS, KINDS, sentence
from s2s_ref.data.korean.mascots import MASCOTS
from s2s_ref.data.korean.minimal_pairs import held_out
from s2s_ref.data.korean.pieces import finish
from s2s_ref.data.korean.sampler import PATIENCE, DeadEnd, Drawer
from s2s_ref.data.pairs import Pair

_LONGEST_SCRAMBLED = 20  # beyond this hardly any sentence of one main clause comes out
_TRIES = 8  # at one length, so that what is easy to draw does not crowd out the rest


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles among sentences that have none, again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():  # nobody else has frozen anything
                # then all these sentences count as old, and are not looked through at once
                gc.freeze()
                gc.unfreeze()
            gc.enable()


@_collector_paused()
def generate(
    count: int,
    seed: int = 0,
    *,
    min_len: int = 2,
    max_len: int = 40,
    scrambled: float = 0.12,
    canonical: bool = False,
    constructions: Iterable[str] | None = None,
    share: float = 1.0,
) -> list[Pair]:
    """Draw `count` pairs with distinct sources; the same arguments give the same pairs.

    A pair's length is that of its longer side in word tokens, the mark at the end included
    (`length`). The length aimed at is uniform from `min_len` to `max_len`, and none is outside:
    ask for a length bin with both. About `scrambled` of the sentences have their object before
    the subject (none where `min_len` is above 20). `constructions` limits what is used to names
    of `CONSTRUCTIONS`. `share`, from 0 to 1, is how much of each list of words is used: a smaller
    vocabulary is learned sooner. `canonical` is for English to Korean: one word order, one
    negation, no dropped pronouns.

    The mascots never come, nor the short sentences that `minimal_pairs` may give. For a split by
    unseen combinations hold out some of the `Pair.combinations`: train on the pairs with none
    of them, test on those with at least one.

    Raises ValueError for impossible lengths or unknown constructions, and where the limits leave
    fewer than `count` sentences.
    """
    allowed = _check_limits(min_len, max_len, scrambled, share, constructions)
    rng = Random(seed)
    drawer = Drawer(rng, allowed, canonical, share)
    mascots = {pair.tgt for pair in MASCOTS}
    mixing = 0.0 if canonical or min_len > _LONGEST_SCRAMBLED else scrambled
    found: dict[str, Pair] = {}
    goal, mixed, tries, misses = 0, False, 0, 0
    while len(found) < count:
        if tries == 0:
            goal, mixed = rng.randint(min_len, max_len), rng.random() < mixing
            tries = _TRIES
        tries, misses = tries - 1, misses + 1
        if misses > PATIENCE:
            raise ValueError(
                f"asked for {count} sentences, found {len(found)} within the limits: ask for "
                "fewer, or widen min_len, max_len or constructions"
            )
        try:
            piece, mark = sentence(drawer, goal, mixed)
        except DeadEnd:
            continue
        long = max(len(piece.korean), len(piece.english)) + 1
        if not min_len <= long <= max_len or held_out(piece):
            continue
        pair = finish(piece, mark, "+".join(sorted(drawer.features)))
        if pair.src not in found and pair.tgt not in mascots:
            found[pair.src] = pair
            tries = misses = 0
    return list(found.values())


def _check_limits(
    min_len: int,
    max_len: int,
    scrambled: float,
    share: float,
    constructions: Iterable[str] | None,
) -> frozenset[str]:
    """Refuse what no sentence can have; give the constructions allowed."""
    if not 1 <= min_len <= max_len or max_len < 3:
        raise ValueError(
            f"expected 1 <= min_len <= max_len and max_len >= 3, got {min_len} and {max_len}"
        )
    if not 0 <= scrambled <= 1:
        raise ValueError(f"expected scrambled between 0 and 1, got {scrambled}")
    if not 0 < share <= 1:
        raise ValueError(f"expected share above 0 and at most 1, got {share}")
    names = frozenset(CONSTRUCTIONS if constructions is None else constructions)
    if unknown := sorted(names - set(CONSTRUCTIONS)):
        raise ValueError(f"unknown constructions {unknown}: choose from {', '.join(CONSTRUCTIONS)}")
    return names if names & set(KINDS) else names | {"statement"}
