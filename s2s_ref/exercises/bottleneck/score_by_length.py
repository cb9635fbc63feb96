"""The exercise `score_by_length`: average the scores of sentences by their length."""

import torch

from s2s_ref import bottleneck
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=bottleneck.score_by_length,
    title="A score for each length",
    longhand="score_bin_by_bin",
    steps={
        "inside": (
            "the scores in a bin",
            "Which lengths belong to a bin, and does it include both its ends?",
        ),
    },
    returns="means",
    edges=[{"sentences": 1}, {"bins": 1}, {"bins": 8}],
    hints=[
        "Each bin is a question: how good are the sentences of these lengths, on average? Which "
        "sentences take part, and what is the answer where there are none?",
        "The arguments are three lists: scores and lengths with one entry for each sentence, and "
        "bins, each a pair (low, high). The result is one list, as long as that of the bins.",
        "The scores [1, 0, 1, 1] of sentences with 3, 5, 4 and 9 tokens, in the bins (3, 4), "
        "(5, 5), (6, 8), give [1.0, 0.0, None].",
    ],
)
def score_by_length(draw: Draw, sentences=24, bins=6):
    """Draw the scores of sentences, and bins in any order, some of which overlap.

    One bin is empty, one holds nothing but zeros, and one has a single length.
    """
    gap, zero, single, *lows = draw.distinct(1, 7, 6)
    ranges = [(4 * gap, 4 * gap + 2), (4 * zero, 4 * zero + 3), (4 * single, 4 * single)]
    ranges += [(4 * low - draw.integer(0, 3), 4 * low + draw.integer(1, 6)) for low in lows]
    possible = [n for n in range(4, 30) if n not in range(4 * gap, 4 * gap + 3)]
    lengths = [draw.shuffled(possible)[0] for _ in range(sentences)]
    scale = 0.04 if draw.chance(0.5) else 1.0
    few = [round(scale * float(draw.normal().abs()), 3) for _ in range(7)]  # so that some are equal
    zeros = range(4 * zero, 4 * zero + 4)
    scores = [0.0 if n in zeros else draw.shuffled(few)[0] for n in lengths]
    asked = draw.shuffled((2 * ranges)[: max(bins, 6)])[:bins]
    return {"scores": scores, "lengths": lengths, "bins": asked}


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


score_by_length.edit(
    "every_score_one",
    "the sentences with any score above 0 were counted, not their scores added up",
    base=score_bin_by_bin,
    replace={"[s for s": "[float(s > 0) for s"},
    why="That is right for exact match, where a score is 0 or 1, and for no other score.",
    question="What does a sentence with the score 0.3 add to the sum?",
)

score_by_length.edit(
    "whole_number_division",
    "the averages were cut to whole numbers",
    base=score_bin_by_bin,
    replace={"sum(inside) / len": "sum(inside) // len"},
    why="`//` drops what comes after the point, so nearly every average becomes 0.",
    question="What do `1 / 2` and `1 // 2` come to in Python?",
)

score_by_length.edit(
    "averages_rounded",
    "the averages were rounded",
    base=score_bin_by_bin,
    replace={"sum(inside) / len(inside) if": "round(sum(inside) / len(inside), 4) if"},
    why="Rounding is for showing a number. Small differences are lost for good.",
    question="Where do digits get lost, and does the exercise ask for that?",
)

score_by_length.edit(
    "averages_for_a_table",
    "the averages were rounded",
    base=score_bin_by_bin,
    replace={"sum(inside) / len(inside) if": "round(sum(inside) / len(inside), 2) if"},
    why="Rounding is for showing a number. Small differences are lost for good.",
    question="Where do digits get lost, and does the exercise ask for that?",
)

score_by_length.edit(
    "per_cent",
    "the averages were multiplied by 100",
    base=score_bin_by_bin,
    replace={"sum(inside) / len": "100 * sum(inside) / len"},
    why="Scores that come in as shares must come back as shares, or curves cannot be compared.",
    question="What is the average of the scores 1 and 0?",
)

score_by_length.edit(
    "errors_for_scores",
    "this is 1 minus the average",
    base=score_bin_by_bin,
    replace={"sum(inside) / len": "1 - sum(inside) / len"},
    why="A score says how good a sentence is, not how bad.",
    question="Which is better in your result: a high number or a low one?",
)

score_by_length.edit(
    "returned_too_early",
    "only the first bin came back",
    base=score_bin_by_bin,
    replace={"    return means": "        return means"},
    why="`return` ends the function, in the first round of a loop too.",
    question="How often does your loop run before the function returns?",
)

score_by_length.edit(
    "zip_used_up",
    "after the first bin there are no sentences left",
    base=score_bin_by_bin,
    replace={
        "means = []": "means, pairs = [], zip(scores, lengths, strict=True)",
        "zip(scores, lengths, strict=True) if": "pairs if",
    },
    why="`zip` hands out its pairs once. Who asks again gets nothing.",
    question="How often do you need to go through all sentences, and how often can a `zip`?",
)

score_by_length.edit(
    "nan_for_none",
    "a bin without sentences got nan, not None",
    base=score_bin_by_bin,
    replace={"else None": 'else float("nan")'},
    why="The average of nothing is nan in NumPy and PyTorch. The exercise asks for None.",
    question="What should the list hold for a bin in which nothing was measured?",
)


@score_by_length.mistake(
    "a sentence counts in one bin only, and bins may overlap",
    why="Each bin is a question of its own, whatever the other bins hold.",
    question="In how many of the bins (3, 6) and (5, 9) is a sentence of 5 tokens?",
)
def first_bin_that_fits(scores, lengths, bins):
    inside = [[] for _ in bins]
    for score, length in zip(scores, lengths, strict=True):
        for found, (low, high) in zip(inside, bins, strict=True):
            if low <= length <= high:
                found.append(score)
                break
    return [sum(found) / len(found) if found else None for found in inside]


@score_by_length.mistake(
    "sentences that belong to no bin were counted in one",
    why="A sentence that is longer than the last bin, or between two bins, was not asked for.",
    question="Which two comparisons must a length pass to be in a bin?",
)
def next_bin_that_is_long_enough(scores, lengths, bins):
    totals, counts = [0.0] * len(bins), [0] * len(bins)
    for score, length in zip(scores, lengths, strict=True):
        for k, (_, high) in enumerate(bins):
            if length <= high or k == len(bins) - 1:
                totals[k] += score
                counts[k] += 1
                break
    return [total / count if count else None for total, count in zip(totals, counts, strict=True)]


@score_by_length.mistake(
    "a sentence that is in no bin raises an error",
    why="The bins need not hold every length, and a sentence in none of them counts for nothing.",
    question="What should happen to the sentence of 9 tokens in the example?",
    raises="",
)
def bin_must_be_found(scores, lengths, bins):
    inside = {k: [] for k in range(len(bins))}
    for score, length in zip(scores, lengths, strict=True):
        k = next(k for k, (low, high) in enumerate(bins) if low <= length <= high)
        inside[k].append(score)
    return [sum(found) / len(found) if found else None for found in inside.values()]


score_by_length.edit(
    "equal_scores_once",
    "equal scores in a bin were counted only once",
    base=score_bin_by_bin,
    replace={"[s for s, n": "{s for s, n", "low <= n <= high]": "low <= n <= high}"},
    why="A set and the keys of a dictionary hold every value once, and many scores are 0 or 1.",
    question="How many scores are there in a bin of three sentences that all score 1?",
)

score_by_length.edit(
    "middle_score",
    "this is the score in the middle, not the average",
    base=score_bin_by_bin,
    replace={"sum(inside) / len(inside) if": "sorted(inside)[len(inside) // 2] if"},
    why="With exact match it would be 0 or 1, and nothing between.",
    question="What is the average of the scores 0, 0 and 1?",
)

score_by_length.edit(
    "best_score",
    "this is the best score of each bin, not the average",
    base=score_bin_by_bin,
    replace={"sum(inside) / len(inside) if": "max(inside) if"},
    why="One sentence that is translated well would hide all the others.",
    question="What is the average of the scores 0, 0 and 1?",
)

score_by_length.edit(
    "lengths_averaged",
    "the lengths were averaged, not the scores",
    base=score_bin_by_bin,
    replace={"[s for s, n": "[n for s, n"},
    why="The bins already say how long the sentences are.",
    question="Which of the two lists do you add up?",
)

score_by_length.edit(
    "bins_sorted",
    "the averages are in the order of sorted bins, not in that of the list",
    base=score_bin_by_bin,
    replace={"in bins:": "in sorted(bins):"},
    why="The caller takes the first average for the first bin that was passed in.",
    question="Which bin does the first number of your list belong to?",
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
