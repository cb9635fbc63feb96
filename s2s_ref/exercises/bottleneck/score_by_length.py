"""The exercise `score_by_length`: average the scores of sentences by their length."""

import torch

from s2s_ref import bottleneck
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=bottleneck.score_by_length,
    title="A score for each length",
    returns="means",
    edges=[{"sentences": 1}, {"bins": 1}],
    hints=[
        "Each bin is a question: how good are the sentences of these lengths, on average? Which "
        "sentences take part, and what is the answer where there are none?",
        "The arguments are three lists: scores and lengths with one entry for each sentence, and "
        "bins, each a pair (low, high). The result is one list, as long as that of the bins.",
        "The scores [1, 0, 1, 1] of sentences with 3, 5, 4 and 9 tokens, in the bins (3, 4), "
        "(5, 5), (6, 8), give [1.0, 0.0, None].",
    ],
)
def score_by_length(draw: Draw, sentences=24, bins=5):
    """Draw the scores of sentences; one bin is empty, and one holds nothing but zeros."""
    lows = [1 + 4 * i for i in range(bins)]
    ranges = [(low, low + draw.integer(1, 4)) for low in lows]  # some leave a gap behind them
    empty, zeros = draw.shuffled(list(range(bins + 1)))[:2]
    kept = [low for i, low in enumerate(lows) if i != empty]
    first, last = (kept or [lows[-1] + 4])[0], (kept or [lows[-1] + 4])[-1]
    lengths, scores = [], []
    for _ in range(sentences):
        length = draw.integer(first, last + 5)
        if empty < bins and lows[empty] <= length < lows[empty] + 4:
            length = first
        lengths.append(length)
        in_zeros = zeros < bins and lows[zeros] <= length < lows[zeros] + 4
        scores.append(0.0 if in_zeros else round(float(draw.normal().abs()), 3))
    return {"scores": scores, "lengths": lengths, "bins": ranges}


@score_by_length.alternative
def score_bin_by_bin(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append(sum(inside) / len(inside) if inside else None)
    return means


score_by_length.edit(
    "upper_end_left_out",
    "the upper end of a bin is left out",
    base=score_bin_by_bin,
    replace={"n <= high": "n < high"},
    why="The bin (3, 4) would hold only the sentences of 3 tokens, and those of 4 would be lost.",
    question="Does a sentence of 4 tokens belong in the bin (3, 4)?",
)

score_by_length.edit(
    "lower_end_left_out",
    "the lower end of a bin is left out",
    base=score_bin_by_bin,
    replace={"low <= n": "low < n"},
    why="The bin (3, 4) would hold only the sentences of 4 tokens, and those of 3 would be lost.",
    question="Does a sentence of 3 tokens belong in the bin (3, 4)?",
)

score_by_length.edit(
    "empty_is_zero",
    "a bin without sentences got 0",
    base=score_bin_by_bin,
    replace={"None": "0.0"},
    why="The curve would fall to 0 where nothing was measured.",
    question="Which value says 'not measured' and cannot be taken for a bad score?",
)

score_by_length.edit(
    "divided_by_zero",
    "a bin without sentences was divided by zero",
    base=score_bin_by_bin,
    replace={" if inside else None": ""},
    why="Long sentences are rare, so sooner or later a bin stays empty.",
    question="What do you divide by when no sentence has such a length?",
    raises="division by zero",
)

score_by_length.edit(
    "empty_bins_left_out",
    "bins without sentences are missing from the list",
    base=score_bin_by_bin,
    replace={
        "means.append(sum(inside) / len(inside) if inside else None)": (
            "if inside:\n            means.append(sum(inside) / len(inside))"
        )
    },
    why="The later scores move to the left, and belong to the wrong lengths.",
    question="How long must the list be, compared with the bins?",
)

score_by_length.edit(
    "zero_became_none",
    "a bin that scores 0 became None",
    base=score_bin_by_bin,
    replace={"len(inside) if inside else None": "max(len(inside), 1) or None"},
    why="Getting everything wrong is a measurement too, and the most important one here.",
    question="Does `or`, or `if`, tell a 0 from None?",
)

score_by_length.edit(
    "divided_by_all",
    "the sum was divided by all sentences, not by those of the bin",
    base=score_bin_by_bin,
    replace={"len(inside)": "len(scores)"},
    why="A bin with few sentences would look bad because it is small.",
    question="How many scores went into the sum of this bin?",
)

score_by_length.edit(
    "sums_of_scores",
    "these are sums, not averages",
    base=score_bin_by_bin,
    replace={" / len(inside)": ""},
    why="A bin with many sentences would look good because it is large.",
    question="By what must the sum of a bin be divided?",
)

score_by_length.edit(
    "all_up_to_here",
    "each bin holds all the shorter sentences too",
    base=score_bin_by_bin,
    replace={"low <= n <= high": "n <= high"},
    why="The easy short ones would hide what happens to the long ones.",
    question="Which of the two ends of the bin did you compare with the length?",
)

score_by_length.edit(
    "ends_alone",
    "only the two ends of a bin are in it",
    base=score_bin_by_bin,
    replace={"low <= n <= high": "n in (low, high)"},
    why="The bin (6, 8) would hold the sentences of 6 and 8 tokens, and those of 7 would be lost.",
    question="A bin is a pair of two numbers. What does Python answer to `7 in (6, 8)`?",
)


@score_by_length.mistake(
    "the sum goes on from one bin to the next",
    why="The easy short ones would hide what happens to the long ones.",
    question="What must sum and count be at the beginning of each bin?",
)
def never_reset(scores, lengths, bins):
    means, total, count = [], 0.0, 0
    for low, high in bins:
        for score, length in zip(scores, lengths, strict=True):
            if low <= length <= high:
                total += score
                count += 1
        means.append(total / count if count else None)
    return means


@score_by_length.alternative
def score_by_length_with_counters(scores, lengths, bins):
    totals, counts = [0.0] * len(bins), [0] * len(bins)
    for i in range(len(scores)):
        for k in range(len(bins)):
            if bins[k][0] <= lengths[i] <= bins[k][1]:
                totals[k] += scores[i]
                counts[k] += 1
    return tuple(totals[k] / counts[k] if counts[k] > 0 else None for k in range(len(bins)))


@score_by_length.alternative
def score_by_length_with_tensors(scores, lengths, bins):
    score, length, means = torch.tensor(scores), torch.tensor(lengths), []
    for low, high in bins:
        inside = (length >= low) & (length <= high)
        means.append(score[inside].mean() if inside.any() else None)
    return means
