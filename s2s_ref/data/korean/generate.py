"""The built-in Korean-English corpus: sentences drawn from rules, with their true alignment.

Korean puts the verb last and modifiers before the noun. English does not, so the limits of a
translation model show. The English is a function of the Korean: each source has one target.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from random import Random

from s2s_ref.data.korean.constructions import CONSTRUCTIONS, KINDS, sentence
from s2s_ref.data.korean.mascots import MASCOTS
from s2s_ref.data.korean.minimal_pairs import held_out
from s2s_ref.data.korean.pieces import finish
from s2s_ref.data.korean.sampler import PATIENCE, DeadEnd, Sampler
from s2s_ref.data.pairs import Pair

_LONGEST_SCRAMBLED = 20  # few sentences with one main clause are longer
_TRIES = 8  # at one length, so that what is easy to draw does not crowd out the rest
_MASCOT_TARGETS = {pair.tgt for pair in MASCOTS}


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector, which would search the growing list for cycles again and again.

    Sentences contain no cycles.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():  # no other code has frozen anything
                # moves all these sentences to the oldest generation, which is searched rarely
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

    A pair's length is that of its longer side in word tokens, punctuation included (`length`). It
    lies between `min_len` and `max_len`, where lengths are about equally frequent. A share of
    about `scrambled` of the sentences have their object before the subject (none where `min_len`
    is above 20). `constructions` limits what is used to names of `CONSTRUCTIONS`. `share`, from 0
    to 1, is how much of each list of words is used: a smaller vocabulary is learned sooner.
    `canonical` is for English to Korean: one word order, one negation, no dropped pronouns.

    Neither the mascots nor the short sentences reserved for `minimal_pairs` are among the pairs.

    Raises ValueError for impossible lengths or unknown constructions, and where the limits leave
    fewer than `count` sentences.
    """
    allowed = _check_limits(min_len, max_len, scrambled, share, constructions)
    rng = Random(seed)
    sampler = Sampler(rng, allowed, canonical, share)
    mixing = 0.0 if canonical or min_len > _LONGEST_SCRAMBLED else scrambled
    found, misses = dict[str, Pair](), 0
    while len(found) < count:
        goal, mixed = rng.randint(min_len, max_len), rng.random() < mixing
        for _ in range(_TRIES):
            misses += 1
            if misses > PATIENCE:
                raise ValueError(
                    f"asked for {count} sentences, found {len(found)} within the limits: ask for "
                    "fewer, or widen min_len, max_len or constructions"
                )
            pair = _draw(sampler, goal, mixed, range(min_len, max_len + 1))
            if pair and pair.src not in found:
                found[pair.src] = pair
                misses = 0
                break
    return list(found.values())


def _draw(sampler: Sampler, goal: int, mixed: bool, lengths: range) -> Pair | None:
    """Draw a pair of about `goal` words; None if nothing fits, or if it is reserved."""
    try:
        piece, mark = sentence(sampler, goal, mixed)
    except DeadEnd:
        return None
    if max(len(piece.korean), len(piece.english)) + 1 not in lengths or held_out(piece):
        return None
    pair = finish(piece, mark, "+".join(sorted(sampler.features)))
    return None if pair.tgt in _MASCOT_TARGETS else pair


def _check_limits(
    min_len: int, max_len: int, scrambled: float, share: float, constructions: Iterable[str] | None
) -> frozenset[str]:
    """Refuse impossible limits; return the constructions that are allowed."""
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
