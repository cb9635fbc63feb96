"""The exercise `bucket_batches`: put sentences of similar lengths into the same batch."""

from typing import Any

import torch

from s2s_ref import padding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.student.protocol import Observation

Batch = list[tuple[tuple[int, ...], tuple[int, ...]]]
"""The pairs of a batch, in a form that can be compared and counted."""

LENGTH_GAP = 4
"""The least distance between the lengths that are drawn, so that mixing them costs much padding."""

ENOUGH_BATCHES = 10
"""How many batches it takes to judge their order and their padding."""


@exercise(
    reference=padding.bucket_batches,
    title="Batches of similar lengths",
    returns="batches",
    edges=[{"count": 1}, {"count": 3}, {"count": 8, "batch_size": 3}],
    times=2,
    findings={
        "was changed": "Which of your lines writes into `pairs`?",
        "more pairs than batch_size": "How many pairs are in your longest batch, and why?",
        "more batches than needed": "Which of your batches are not full, and why?",
        "more than once": "Where does each of your pieces begin, and where does it end?",
        "pairs are missing": "Which pairs are in none of your batches?",
        "same batches": "What is drawn anew when the function is called a second time?",
        "another one": "What must stay together when the list is sorted or shuffled?",
        "padding": "In which order are the pairs when the list is cut?",
        "order of length": "What happens to the batches after the list is cut?",
        "generator": "Which of your lines draw random numbers, and do they all use the generator?",
        "not a list|long list": "What does your first batch look like when you print it?",
        "other than pairs": "What does your first batch look like when you print it?",
    },
    hints=[
        "A batch of equal lengths needs no padding. How can you bring sentences of similar length "
        "together? And what must happen so that training does not see the short ones first, or "
        "the same batches in each epoch?",
        "There are three steps: order the pairs, cut the list into pieces of batch_size, and "
        "shuffle the pieces. torch.randperm(n, generator=generator) gives the numbers 0 to n - 1 "
        "in random order. Python's sort keeps equal items in the order that they had.",
        "Lengths 5, 2, 9, 2, 5 with batches of two: sorted 2, 2, 5, 5, 9; cut [2, 2], [5, 5], "
        "[9]; shuffled, for instance, [5, 5], [9], [2, 2].",
    ],
)
def bucket_batches(draw: Draw, count=77, batch_size=4):
    """Draw pairs of a few distinct lengths, with many ties; no word occurs twice."""
    pairs = []
    for i in range(count):
        src_len = 3 + LENGTH_GAP * draw.integer(0, 4)
        tgt_len = src_len + draw.integer(-1, 2)
        src, tgt = draw.ids(0, 90, src_len).tolist(), draw.ids(0, 90, tgt_len).tolist()
        pairs.append(([1000 + i, *src[1:]], [2000 + i, *tgt[1:]]))
    return {"pairs": pairs, "batch_size": batch_size, "generator": draw.generator()}


@bucket_batches.verdict
def judge_two_epochs(arguments: dict[str, Any], seen: Observation) -> str | None:
    """Say what is wrong with the batches of two epochs, if anything."""
    if "pairs" in seen.changed:
        return "the list of pairs was changed"
    for epoch in seen.output:
        if problem := wrong_type(epoch):
            return problem
    epochs = [[[as_tuples(pair) for pair in batch] for batch in epoch] for epoch in seen.output]
    given = {as_tuples(pair) for pair in arguments["pairs"]}
    for batches in epochs:
        if problem := wrong_pairs(batches, given, arguments["batch_size"]) or wrong_order(batches):
            return problem
    first, second = epochs
    return not_reshuffled(first, second, "generator" in seen.changed)


def wrong_type(epoch: Any) -> str | None:
    """Say what is wrong if the result is not a list of lists of pairs."""
    if epoch is None:
        return "None came back"
    if not isinstance(epoch, list | tuple):
        return "what came back is not a list"
    if epoch and all(map(is_pair, epoch)):
        return "the pairs are in one long list, not in batches"
    if not all(isinstance(batch, list | tuple) and all(map(is_pair, batch)) for batch in epoch):
        return "the batches hold something other than pairs"
    return None


def is_pair(value: Any) -> bool:
    """Tell whether this is a source and a target, each a sequence of ids."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(side, list | tuple) for side in value)
        and all(isinstance(token, int) for side in value for token in side)
    )


def as_tuples(pair: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Make a pair hashable."""
    src, tgt = pair
    return tuple(src), tuple(tgt)


def wrong_pairs(batches: list[Batch], given: set[Any], batch_size: int) -> str | None:
    """Say what is wrong unless each pair occurs once, in one of as few batches as possible."""
    found = [pair for batch in batches for pair in batch]
    if set(found) - given:
        return "a source is paired with the target of another one"
    if max(map(len, batches), default=0) > batch_size:
        return "a batch holds more pairs than batch_size"
    if len(set(found)) < len(found):
        lost = ", and others never" if set(found) < given else ""
        return "a pair comes more than once in an epoch" + lost
    if len(found) < len(given):
        return "pairs are missing"
    if len(batches) > -(-len(given) // batch_size):
        return "there are more batches than needed: more than one is not full"
    return None


def wrong_order(batches: list[Batch]) -> str | None:
    """Say whether lengths are mixed within batches, or sorted from batch to batch."""
    if len(batches) < ENOUGH_BATCHES:
        return None
    # a third of random batches of these lengths is padding, of sorted ones at most a twentieth
    if padding_share(batches) > 0.2:
        return "much of the batches is padding: short and long sentences meet in one batch"
    longest = [max(len(src) for src, _ in batch) for batch in batches]
    if longest in (sorted(longest), sorted(longest, reverse=True)):
        return "the batches come in order of length"
    return None


def padding_share(batches: list[Batch]) -> float:
    """Return the share of padding in the rectangles of all sources and targets."""
    rectangles = [side for batch in batches for side in zip(*batch, strict=True)]
    places = sum(len(rows) * max(map(len, rows)) for rows in rectangles)
    return 1 - sum(len(row) for rows in rectangles for row in rows) / places


def not_reshuffled(first: list[Batch], second: list[Batch], generator_used: bool) -> str | None:
    """Say whether a second epoch repeats the first one, or ignores the generator."""
    if len(first) < ENOUGH_BATCHES:
        return None
    if first == second:
        return "a second epoch brings the same batches in the same order"
    if set(map(frozenset, first)) == set(map(frozenset, second)):
        return "a second epoch brings the same batches again, only in another order"
    orders = [[[len(src) for src, _ in batch] for batch in epoch] for epoch in (first, second)]
    if orders[0] == orders[1]:
        return "short and long batches come in the same order in every epoch"
    return None if generator_used else "the generator was not used"


@bucket_batches.alternative
def bucket_in_four_steps(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


# the parts of this answer that the edits replace
SHUFFLED = "[pairs[i] for i in torch.randperm(len(pairs), generator=generator)]"
STARTS = "range(0, len(mixed), batch_size)"
SHUFFLED_BATCHES = "[batches[i] for i in torch.randperm(len(batches), generator=generator)]"


@bucket_batches.mistake(
    "sources and targets were sorted separately, so the pairs no longer match",
    why="Each source would be taught with the translation of another sentence.",
    question="What must stay together when the list is sorted or shuffled?",
)
def sides_sorted_apart(pairs, batch_size, generator):
    sources = sorted((src for src, _ in pairs), key=len)
    targets = sorted((tgt for _, tgt in pairs), key=len)
    paired = list(zip(sources, targets, strict=True))
    batches = [paired[i : i + batch_size] for i in range(0, len(paired), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


bucket_batches.edit(
    "last_batch_dropped",
    "the last pairs are dropped when they do not fill a batch",
    base=bucket_in_four_steps,
    replace={STARTS: "range(0, len(mixed) - batch_size + 1, batch_size)"},
    why="What is dropped is not learned. Sorted by length, it is always the longest sentences.",
    question="What happens to the rest when you divide 77 by 4?",
)

bucket_batches.edit(
    "drawn_with_replacement",
    "some pairs come twice and others never",
    base=bucket_in_four_steps,
    replace={"torch.randperm(len(pairs),": "torch.randint(len(pairs), (len(pairs),),"},
    why="An epoch is one look at everything. `torch.randint` draws with replacement.",
    question="Which function of PyTorch gives every number exactly once?",
)

bucket_batches.edit(
    "not_sorted",
    "short and long sentences meet in one batch",
    base=bucket_in_four_steps,
    replace={"    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))\n": ""},
    why="Such a batch is as wide as its longest sentence, and the rest of it is padding.",
    question="In which order are the pairs when the list is cut?",
)

bucket_batches.edit(
    "in_order_of_length",
    "the batches come in order of length",
    base=bucket_in_four_steps,
    replace={SHUFFLED_BATCHES: "batches"},
    why="Every epoch would begin with all the short sentences and end with all the long ones.",
    question="What happens to the batches after the list is cut?",
)

bucket_batches.edit(
    "always_the_same_mates",
    "the same sentences meet in every epoch",
    base=bucket_in_four_steps,
    replace={SHUFFLED: "list(pairs)"},
    why="A batch is averaged into one step. Fixed batches average the same sentences every time.",
    question="In which order are sentences of the same length before you sort?",
)

bucket_batches.edit(
    "seeded_in_each_call",
    "every epoch is the same",
    base=bucket_in_four_steps,
    replace={"    mixed =": "    generator = torch.Generator().manual_seed(0)\n    mixed ="},
    why="A generator that is seeded in each call starts from the beginning in each call.",
    question="Which generator goes on from one epoch to the next?",
)

bucket_batches.edit(
    "generator_not_used",
    "the generator that was given is not used",
    base=bucket_in_four_steps,
    replace={
        "len(pairs), generator=generator": "len(pairs)",
        "len(batches), generator=generator": "len(batches)",
    },
    why="Then a run cannot be repeated: its batches depend on all that was drawn before.",
    question="Which of your lines draw random numbers, and do they all use the generator?",
)

bucket_batches.edit(
    "sorted_in_place",
    "the list of pairs that was passed in was reordered",
    base=bucket_in_four_steps,
    replace={SHUFFLED: "pairs"},
    why="The caller still needs the order: line 7 of the list is line 7 of the file.",
    question="Which of your lines writes into `pairs`? Does `sort` make a new list, or `sorted`?",
)

bucket_batches.edit(
    "pieces_overlap",
    "the pieces overlap",
    base=bucket_in_four_steps,
    replace={STARTS: "range(len(mixed))"},
    why="Sentences that are in several pieces are learned several times in one epoch.",
    question="The first piece begins at place 0. At which place should the second one begin?",
)


@bucket_batches.mistake(
    "there are more batches than needed: more than one is not full",
    why="Where every length has batches of its own, rare lengths stay nearly alone. That is the "
    "problem that this lesson began with.",
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


bucket_batches.edit(
    "handed_out_one_by_one",
    "what came back is not a list",
    base=bucket_in_four_steps,
    replace={"return [": "yield from ["},
    why="With `yield`, a function hands out one batch after the other and makes no list of them.",
    question="Where in your code are all the batches together?",
)


@bucket_batches.mistake(
    "the pairs are in one long list, not in batches",
    why="The caller takes each entry of the list for a batch.",
    question="How many square brackets are there around a pair in what you return?",
)
def never_cut(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    return sorted(mixed, key=lambda pair: (len(pair[0]), len(pair[1])))


bucket_batches.edit(
    "numbers_of_pairs",
    "the batches hold something other than pairs",
    base=bucket_in_four_steps,
    replace={
        SHUFFLED: "torch.randperm(len(pairs), generator=generator).tolist()",
        "lambda pair: (len(pair[0]), len(pair[1]))": "lambda i: tuple(map(len, pairs[i]))",
    },
    why="A batch is a list of pairs, each as it came in: the ids of a source and of its target.",
    question="What does the first entry of your first batch look like when you print it?",
)

bucket_batches.edit(
    "pieces_overlap_and_stop",
    "the pieces overlap",
    base=bucket_in_four_steps,
    replace={STARTS: "range(len(mixed) // batch_size)"},
    why="Sentences that are in several pieces are learned several times in one epoch.",
    question="The first piece begins at place 0. At which place should the second one begin?",
)

bucket_batches.edit(
    "so_many_batches",
    "a batch holds more pairs than batch_size",
    base=bucket_in_four_steps,
    replace={
        "    batches = [mixed": (
            "    batch_size = -(-len(mixed) // batch_size)\n    batches = [mixed"
        )
    },
    why="What does not fit into memory ends the training. The size of a batch is given, not their "
    "number.",
    question="How many pairs does each of your batches hold?",
)


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
