"""The exercise `beam_step`: its cases, hints, mistakes and other right answers."""

import math

import torch

from s2s_ref import decoding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise

# ------------------------------------------------------------------ beam_step


@exercise(
    reference=decoding.beam_step,
    title="One step of a beam",
    returns=("parents", "tokens", "scores"),
    edges=[
        {"batch": 1},
        {"beam": 1},
        {"dead": 1},
        {"beam": 1, "vocab": 3},
        {"vocab": 3, "beam_size": 5},
    ],
    hints=[
        "Every beginning can go on with every token. How many candidates does one sentence have, "
        "and what is the score of each?",
        "scores [batch, beam] and log-probabilities [batch, beam, vocab] add up to candidates "
        "[batch, beam, vocab]. Flat they are [batch, beam·vocab]: place beam·vocab numbers in a "
        "row, and each place tells its beginning and its token.",
        "A vocabulary of 5, and the best candidate lies at place 13 of the flat row. 13 = 2·5 + 3: "
        "it is beginning 2 with token 3.",
    ],
)
def beam_step(draw: Draw, batch=2, beam=3, vocab=7, beam_size=4, dead=0):
    """Draw the scores of some beginnings, all but one of them impossible on request."""
    scores = -draw.normal(batch, beam).abs() - 0.5
    if dead:
        scores[:, 1:] = -math.inf
    logits = draw.normal(batch, beam, vocab) + draw.normal(batch, beam, 1)
    return {"scores": scores, "logits": logits, "beam_size": beam_size}


@beam_step.mistake(
    "each beginning kept its own best: they did not compete with each other",
    why="A bad beginning then lives on for ever, and a good one cannot have two children.",
    question="Which candidates stand in one line before the best are taken?",
)
def best_of_each(scores, logits, beam_size):
    totals = scores.unsqueeze(-1) + logits.log_softmax(dim=-1)
    best, tokens = totals.max(dim=-1)
    parents = torch.arange(scores.shape[1]).expand_as(tokens)
    return parents, tokens, best


@beam_step.mistake(
    "parents and tokens are exchanged: `%` and `//` the wrong way round",
    why="Each hypothesis would be built on another beginning, with another word.",
    question="How many places does each beginning take in the flat row?",
)
def parents_and_tokens_exchanged(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits.log_softmax(dim=-1)).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places % logits.shape[-1], places // logits.shape[-1], best


@beam_step.mistake(
    "places were divided by the number of beginnings, not by the size of the vocabulary",
    why="Each hypothesis would be built on another beginning, with another word.",
    question="How many places does each beginning take in the flat row?",
)
def divided_by_beam(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits.log_softmax(dim=-1)).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places // scores.shape[1], places % scores.shape[1], best


@beam_step.mistake(
    "the logits were not normalised",
    why="Logits of different beginnings cannot be compared: only log-probabilities can.",
    question="What must the probabilities of the next token sum to, for every beginning?",
)
def not_normalised(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.mistake(
    "the softmax ran over all the beginnings together",
    why="Each beginning has its own next token, so each has probabilities of its own.",
    question="Over which axis do the probabilities sum to 1?",
)
def normalised_over_all(scores, logits, beam_size):
    log_probs = logits.flatten(1).log_softmax(dim=-1).view_as(logits)
    totals = (scores.unsqueeze(-1) + log_probs).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.mistake(
    "probabilities were added to log-probabilities",
    why="Probabilities multiply, so their logarithms add; a sum of the two means nothing.",
    question="Is the score of a beginning a probability, or its logarithm?",
)
def probabilities_added(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits.softmax(dim=-1)).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.mistake(
    "the beginnings' own scores are left out",
    why="Only the last word would count, however unlikely the words before it are.",
    question="What is the log-probability of a whole sentence made of?",
)
def scores_left_out(scores, logits, beam_size):
    totals = logits.log_softmax(dim=-1).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.mistake(
    "where there are fewer candidates than beam_size, it fails",
    why="The first step has one beginning only, and a wide beam more places than there are tokens.",
    question="How many candidates do one beginning and a vocabulary of 3 make?",
    raises="out of range",
)
def too_few_candidates(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits.log_softmax(dim=-1)).flatten(1)
    best, places = totals.topk(beam_size, dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.mistake(
    "as many are kept as there are tokens, though there are more candidates",
    why="Every beginning goes on with every token: there are as many candidates for each of them.",
    question="How many candidates do three beginnings and a vocabulary of 3 make?",
)
def no_more_than_tokens(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits.log_softmax(dim=-1)).flatten(1)
    best, places = totals.topk(min(beam_size, logits.shape[-1]), dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.alternative
def beam_step_by_sorting(scores, logits, beam_size):
    log_probs = logits - logits.logsumexp(dim=2, keepdim=True)
    totals = (scores[:, :, None] + log_probs).reshape(len(scores), -1)
    best, places = totals.sort(dim=1, descending=True)
    best, places = best[:, :beam_size], places[:, :beam_size]
    parents = torch.div(places, logits.shape[2], rounding_mode="floor")
    return parents, places - parents * logits.shape[2], best


@beam_step.alternative
def beam_step_in_two_rounds(scores, logits, beam_size):
    totals = scores.unsqueeze(-1) + logits.log_softmax(dim=-1)
    each, words = totals.topk(min(beam_size, totals.shape[-1]), dim=-1)
    best, places = each.flatten(1).topk(min(beam_size, each[0].numel()), dim=1)
    return places // each.shape[-1], words.flatten(1).gather(1, places), best
