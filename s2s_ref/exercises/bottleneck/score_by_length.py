"""The exercise `score_by_length`: its cases, hints, mistakes and other right answers."""

import torch

from s2s_ref import bottleneck
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise

# ------------------------------------------------------------------ score_by_length


@exercise(
    reference=bottleneck.score_by_length,
    title="A score for each length",
    returns="means",
    edges=[{"sentences": 1}, {"bins": 1}],
    hints=[
        "Each bin is a question: how good are the sentences of these lengths, on average? Which "
        "sentences take part, and what is the answer where none does?",
        "Three lists come in: scores and lengths with one entry a sentence, bins with one pair "
        "(low, high) each. One list comes out, as long as the bins.",
        "Scores [1, 0, 1, 1] of sentences with 3, 5, 4 and 9 tokens, and the bins (3, 4), (5, 5), "
        "(6, 8): [1.0, 0.0, None].",
    ],
)
def score_by_length(draw: Draw, sentences=24, bins=5):
    """Draw scores of sentences, one bin that is empty, and one with nothing but zeros."""
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


@score_by_length.mistake(
    "the upper end of a bin is left out",
    why="The bin (3, 4) would hold the sentences of 3 tokens only, and those of 4 stand nowhere.",
    question="Does a sentence of 4 tokens belong into the bin (3, 4)?",
)
def upper_end_left_out(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n < high]
        means.append(sum(inside) / len(inside) if inside else None)
    return means


@score_by_length.mistake(
    "the lower end of a bin is left out",
    why="The bin (3, 4) would hold the sentences of 4 tokens only, and those of 3 stand nowhere.",
    question="Does a sentence of 3 tokens belong into the bin (3, 4)?",
)
def lower_end_left_out(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low < n <= high]
        means.append(sum(inside) / len(inside) if inside else None)
    return means


@score_by_length.mistake(
    "a bin without sentences got 0",
    why="The curve would fall to 0 where nothing was measured.",
    question="Which value says 'not measured' and cannot be taken for a bad score?",
)
def empty_is_zero(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append(sum(inside) / len(inside) if inside else 0.0)
    return means


@score_by_length.mistake(
    "a bin without sentences was divided by zero",
    why="Long sentences are rare, so sooner or later a bin stays empty.",
    question="What do you divide by when no sentence has such a length?",
    raises="division by zero",
)
def divided_by_zero(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append(sum(inside) / len(inside))
    return means


@score_by_length.mistake(
    "bins without sentences are missing from the list",
    why="The later scores move to the left and stand at the wrong lengths.",
    question="How long must the list be, compared with the bins?",
)
def empty_bins_left_out(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        if inside:
            means.append(sum(inside) / len(inside))
    return means


@score_by_length.mistake(
    "a bin that scores 0 became None",
    why="To get everything wrong is a measurement too, and the most important one here.",
    question="Does `or`, or `if`, tell a 0 from None?",
)
def zero_became_none(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append((sum(inside) / max(len(inside), 1)) or None)
    return means


@score_by_length.mistake(
    "the sum was divided by all sentences, not by those of the bin",
    why="A bin with few sentences would look bad because it is small.",
    question="How many scores went into the sum of this bin?",
)
def divided_by_all(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append(sum(inside) / len(scores) if inside else None)
    return means


@score_by_length.mistake(
    "these are sums, not averages",
    why="A bin with many sentences would look good because it is large.",
    question="By what must the sum of a bin be divided?",
)
def sums_of_scores(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append(sum(inside) if inside else None)
    return means


@score_by_length.mistake(
    "each bin holds all the shorter sentences too",
    why="The easy short ones would hide what happens to the long ones.",
    question="Which of the two ends of the bin did you compare with the length?",
)
def all_up_to_here(scores, lengths, bins):
    means = []
    for _, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if n <= high]
        means.append(sum(inside) / len(inside) if inside else None)
    return means


@score_by_length.mistake(
    "only the two ends of a bin are in it",
    why="The bin (6, 8) would hold the sentences of 6 and 8 tokens, and those of 7 stand nowhere.",
    question="A bin is a pair of two numbers. What does Python answer to `7 in (6, 8)`?",
)
def ends_alone(scores, lengths, bins):
    means = []
    for low_and_high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if n in low_and_high]
        means.append(sum(inside) / len(inside) if inside else None)
    return means


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
