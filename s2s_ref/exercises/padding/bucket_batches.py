"""The exercise `bucket_batches`: its cases, hints, mistakes and other right answers."""

from typing import Any

import torch

from s2s_ref import padding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.student.protocol import Observation

# ------------------------------------------------------------------ bucket_batches

GAP = 4  # the drawn lengths lie so far apart that a mixed batch is mostly padding
MANY = 10  # batches from which on their order and their padding can be judged


@exercise(
    reference=padding.bucket_batches,
    title="Batches of similar lengths",
    returns="batches",
    edges=[{"count": 1}, {"count": 3}, {"count": 8}],
    times=2,
    hints=[
        "A batch of equal lengths needs no padding. How can you get sentences of similar length "
        "to stand beside each other, and what must happen so that training does not see the "
        "short ones first, and in each epoch the same batches?",
        "There are three steps: order the pairs, cut the list into pieces of batch_size, and "
        "mix the pieces. torch.randperm(n, generator=generator) gives the numbers 0 to n - 1 in "
        "random order. Python's sort leaves equal ones in the order that they had.",
        "Lengths 5, 2, 9, 2, 5 with batches of two: sorted 2, 2, 5, 5, 9; cut [2, 2], [5, 5], "
        "[9]; mixed, for instance, [5, 5], [9], [2, 2].",
    ],
)
def bucket_batches(draw: Draw, count=77, batch_size=4):
    """Draw pairs of few and far lengths, so that there are many ties; no word comes twice."""
    pairs = []
    for i in range(count):
        src_len = 3 + GAP * draw.integer(0, 4)
        tgt_len = src_len + draw.integer(0, 2)
        src, tgt = draw.ids(4, 90, src_len).tolist(), draw.ids(4, 90, tgt_len).tolist()
        pairs.append(([1000 + i, *src[1:]], [2000 + i, *tgt[1:]]))
    return {"pairs": pairs, "batch_size": batch_size, "generator": draw.generator()}


@bucket_batches.verdict
def are_good_batches(arguments: dict[str, Any], seen: Observation) -> str | None:
    """Say what is wrong with the batches of two epochs, if anything."""
    pairs, batch_size = arguments["pairs"], arguments["batch_size"]
    if "pairs" in seen.changed:
        return "the list of pairs that came in was changed"
    for epoch in seen.output:
        problem = of_another_kind(epoch)
        if problem:
            return problem
    epochs = [[[as_pair(p) for p in batch] for batch in epoch] for epoch in seen.output]
    for batches in epochs:
        problem = lost_or_torn(batches, pairs, batch_size) or badly_ordered(batches)
        if problem:
            return problem
    return not_mixed_anew(epochs[0], epochs[1], "generator" in seen.changed)


def of_another_kind(epoch: Any) -> str | None:
    """Say whether what came back is anything else than a list of lists of pairs."""
    if epoch is None:
        return "None came back"
    if not isinstance(epoch, list | tuple):
        return "what came back is no list"
    if epoch and all(map(is_pair, epoch)):
        return "the pairs stand in one long list, not in batches"
    if not all(isinstance(batch, list | tuple) and all(map(is_pair, batch)) for batch in epoch):
        return "the batches hold something else than pairs"
    return None


def is_pair(value: Any) -> bool:
    """Tell whether this is a source and a target, each a sequence of ids."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(side, list | tuple) for side in value)
        and all(isinstance(token, int) for side in value for token in side)
    )


def as_pair(pair: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Write a pair so that it can be compared and counted."""
    src, tgt = pair
    return tuple(src), tuple(tgt)


def lost_or_torn(batches: list[list[Any]], pairs: list[Any], batch_size: int) -> str | None:
    """Say whether every pair is there once, whole, and in a batch that is not too large."""
    given, found = set(map(as_pair, pairs)), [pair for batch in batches for pair in batch]
    if set(found) - given:
        return "a source stands beside the target of another one"
    if max(map(len, batches), default=0) > batch_size:
        return "a batch holds more pairs than batch_size"
    if len(set(found)) < len(found):
        lost = ", and others never" if set(found) < given else ""
        return "a pair comes more than once in an epoch" + lost
    if len(found) < len(given):
        return "pairs are missing"
    if len(batches) > -(-len(pairs) // batch_size):
        return "there are more batches than needed: more than one is not full"
    return None


def badly_ordered(batches: list[list[Any]]) -> str | None:
    """Say whether lengths are mixed within batches, or sorted from batch to batch."""
    if len(batches) < MANY:
        return None
    places = sum(len(b) * max(len(pair[side]) for pair in b) for b in batches for side in (0, 1))
    real = sum(len(pair[side]) for b in batches for pair in b for side in (0, 1))
    # of random batches of these lengths a third is padding, of sorted ones a twentieth at most
    if places > 1.25 * real:
        return "much of the batches is padding: short and long sentences meet in one batch"
    longest = [max(len(src) for src, _ in batch) for batch in batches]
    if longest in (sorted(longest), sorted(longest, reverse=True)):
        return "the batches come in order of length"
    return None


def not_mixed_anew(first: list[list[Any]], second: list[list[Any]], drawn: bool) -> str | None:
    """Say whether a second epoch is the first one again, or comes from elsewhere."""
    if len(first) < MANY:
        return None
    if first == second:
        return "a second epoch brings the same batches in the same order"
    if set(map(frozenset, first)) == set(map(frozenset, second)):
        return "a second epoch brings the same batches again, only in another order"
    return None if drawn else "the generator was not used"


@bucket_batches.mistake(
    "sources and targets were sorted apart, and the pairs are torn",
    why="Each source would be taught with the translation of another sentence.",
    question="What must stay together when the list is sorted or mixed?",
)
def sides_sorted_apart(pairs, batch_size, generator):
    sources = sorted((src for src, _ in pairs), key=len)
    targets = sorted((tgt for _, tgt in pairs), key=len)
    paired = list(zip(sources, targets, strict=True))
    batches = [paired[i : i + batch_size] for i in range(0, len(paired), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "the last pairs are dropped when they do not fill a batch",
    why="What is dropped is not learned. Sorted by length, it is always the longest sentences.",
    question="What happens to the rest when you divide 77 by 4?",
)
def last_batch_dropped(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    mixed.sort(key=lambda pair: len(pair[0]))
    count = len(mixed) // batch_size
    batches = [mixed[i * batch_size : (i + 1) * batch_size] for i in range(count)]
    return [batches[i] for i in torch.randperm(count, generator=generator)]


@bucket_batches.mistake(
    "some pairs come twice and others never",
    why="An epoch is one look at everything. `torch.randint` draws with replacement.",
    question="Which function of PyTorch gives every number exactly once?",
)
def drawn_with_replacement(pairs, batch_size, generator):
    chosen = torch.randint(len(pairs), (len(pairs),), generator=generator)
    mixed = sorted((pairs[i] for i in chosen), key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "short and long sentences meet in one batch",
    why="Such a batch is as wide as its longest sentence, and the rest of it is padding.",
    question="In which order do the pairs stand at the moment when the list is cut?",
)
def not_sorted(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    return [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]


@bucket_batches.mistake(
    "the batches come in order of length",
    why="Every epoch would begin with all the short sentences and end with all the long ones.",
    question="What happens to the batches after the list is cut?",
)
def in_order_of_length(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    return [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]


@bucket_batches.mistake(
    "the same sentences meet in every epoch",
    why="A batch is averaged into one step. Fixed batches average the same sentences every time.",
    question="In which order do sentences of one length stand before you sort?",
)
def always_the_same_mates(pairs, batch_size, generator):
    ordered = sorted(pairs, key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [ordered[i : i + batch_size] for i in range(0, len(ordered), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "every epoch is the same",
    why="A generator that is seeded anew in each call starts anew in each call.",
    question="Which generator goes on from one epoch to the next?",
)
def seeded_in_each_call(pairs, batch_size, generator):
    fixed = torch.Generator().manual_seed(0)
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=fixed)]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=fixed)]


@bucket_batches.mistake(
    "the generator that was given is not used",
    why="Then a run cannot be repeated: its batches depend on all that was drawn before.",
    question="Which of your lines draw random numbers, and does the generator go into each of "
    "them?",
)
def generator_not_used(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs))]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches))]


@bucket_batches.mistake(
    "the list of pairs that came in was put into another order",
    why="Whoever called still needs its order: line 7 of the list is line 7 of the file.",
    question="Which of your lines writes into `pairs`? Does `sort` make a new list, or `sorted`?",
)
def sorted_in_place(pairs, batch_size, generator):
    pairs.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [pairs[i : i + batch_size] for i in range(0, len(pairs), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "the pieces overlap",
    why="Sentences that stand in several pieces are learned several times in one epoch.",
    question="The first piece begins at place 0. At which place should the second one begin?",
)
def pieces_overlap(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(len(mixed))]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "there are more batches than needed: more than one is not full",
    why="Where every length has batches of its own, rare lengths stay nearly alone. With that this "
    "lesson began.",
    question="What is cut into pieces: the sorted list as a whole, or each length by itself?",
)
def each_length_by_itself(pairs, batch_size, generator):
    groups = {}
    for i in torch.randperm(len(pairs), generator=generator).tolist():
        groups.setdefault((len(pairs[i][0]), len(pairs[i][1])), []).append(pairs[i])
    batches = []
    for same in groups.values():
        batches += [same[i : i + batch_size] for i in range(0, len(same), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "what came back is no list",
    why="With `yield`, a function hands out one batch after the other and makes no list of them.",
    question="Where in your code do all the batches stand together?",
)
def handed_out_one_by_one(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]
    for i in torch.randperm(len(batches), generator=generator):
        yield batches[i]


@bucket_batches.mistake(
    "the pairs stand in one long list, not in batches",
    why="Whoever calls takes each entry of the list for a batch.",
    question="How many square brackets stand around a pair in what you return?",
)
def never_cut(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    return sorted(mixed, key=lambda pair: (len(pair[0]), len(pair[1])))


@bucket_batches.mistake(
    "the batches hold something else than pairs",
    why="A batch is a list of pairs, each as it came in: the ids of a source and of its target.",
    question="What does the first entry of your first batch look like when you print it?",
)
def numbers_of_pairs(pairs, batch_size, generator):
    order = torch.randperm(len(pairs), generator=generator).tolist()
    order.sort(key=lambda i: (len(pairs[i][0]), len(pairs[i][1])))
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "the pieces overlap",
    why="Sentences that stand in several pieces are learned several times in one epoch.",
    question="The first piece begins at place 0. At which place should the second one begin?",
)
def pieces_overlap_and_stop(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(len(mixed) // batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.alternative
def bucket_by_target(pairs, batch_size, generator):
    order = torch.randperm(len(pairs), generator=generator).tolist()
    order.sort(key=lambda i: len(pairs[i][1]))
    batches = []
    for start in range(0, len(order), batch_size):
        batches.append([pairs[i] for i in order[start : start + batch_size]])
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.alternative
def bucket_with_noise(pairs, batch_size, generator):
    noise = torch.rand(len(pairs), generator=generator).tolist()
    keys = [len(src) + len(tgt) + x for (src, tgt), x in zip(pairs, noise, strict=True)]
    order = sorted(range(len(pairs)), key=keys.__getitem__)
    starts = torch.arange(0, len(pairs), batch_size)
    starts = starts[torch.randperm(len(starts), generator=generator)].tolist()
    return tuple(tuple(pairs[i] for i in order[s : s + batch_size]) for s in starts)
