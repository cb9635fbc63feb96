"""The exercise `beam_step`: extend every beginning by every token and keep the best."""

import math

import torch

from s2s_ref import decoding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=decoding.beam_step,
    title="One step of a beam",
    longhand="beam_step_in_long_hand",
    steps={
        "log_probs": (
            "the log-probabilities",
            "Over which axis do the probabilities of the next token sum to 1?",
        ),
        "totals": (
            "the candidates' scores",
            "What is the log-probability of a beginning and one more token made of?",
        ),
        "candidates": ("the flat row of candidates", "Which candidates compete with each other?"),
        "best": ("the best scores", "How many candidates are kept, and which?"),
        "places": ("the places of the best", "What does `topk` say beside the values?"),
    },
    returns=("parents", "tokens", "scores"),
    gradients=False,
    edges=[
        {"batch": 1},
        {"beam": 1},
        {"dead": 1, "beam_size": 6},
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
    """Draw the scores of some beginnings; with `dead`, all but the first are impossible."""
    scores = -draw.normal(batch, beam).abs() - 0.5
    if dead:
        scores[:, 1:] = -math.inf
    logits = draw.normal(batch, beam, vocab) + draw.normal(batch, beam, 1)
    return {"scores": scores, "logits": logits, "beam_size": beam_size}


@beam_step.mistake(
    "each beginning kept its own best: they did not compete with each other",
    why="A bad beginning then survives for ever, and a good one cannot go on in two ways.",
    question="Among which candidates are the best chosen?",
)
def best_of_each(scores, logits, beam_size):
    totals = scores.unsqueeze(-1) + logits.log_softmax(dim=-1)
    best, tokens = totals.max(dim=-1)
    parents = torch.arange(scores.shape[1]).expand_as(tokens)
    return parents, tokens, best


beam_step.edit(
    "parents_and_tokens_exchanged",
    "parents and tokens are exchanged: `%` and `//` the wrong way round",
    base=decoding.beam_step,
    replace={
        "places // vocab_size, places % vocab_size": "places % vocab_size, places // vocab_size"
    },
    why="Each hypothesis would be built on the wrong beginning, with the wrong word.",
    question="How many places does each beginning take in the flat row?",
)

beam_step.edit(
    "divided_by_beam",
    "places were divided by the number of beginnings, not by the size of the vocabulary",
    base=decoding.beam_step,
    replace={"vocab_size = logits.shape[-1]": "vocab_size = scores.shape[1]"},
    why="Each hypothesis would be built on the wrong beginning, with the wrong word.",
    question="How many places does each beginning take in the flat row?",
)

beam_step.edit(
    "not_normalised",
    "the logits were not normalised",
    base=decoding.beam_step,
    replace={"logits.log_softmax(dim=-1)": "logits"},
    why="Logits of different beginnings cannot be compared: only log-probabilities can.",
    question="What must the probabilities of the next token sum to, for every beginning?",
)

beam_step.edit(
    "normalised_over_all",
    "the softmax ran over all the beginnings together",
    base=decoding.beam_step,
    replace={"logits.log_softmax(dim=-1)": "logits.flatten(1).log_softmax(dim=-1).view_as(logits)"},
    why="Each beginning has its own next token, and so its own probabilities.",
    question="Over which axis do the probabilities sum to 1?",
)

beam_step.edit(
    "probabilities_added",
    "probabilities were added to log-probabilities",
    base=decoding.beam_step,
    replace={"log_softmax": "softmax"},
    why="Probabilities multiply, so their logarithms add; a sum of the two means nothing.",
    question="Is the score of a beginning a probability, or its logarithm?",
)

beam_step.edit(
    "scores_left_out",
    "the beginnings' own scores are left out",
    base=decoding.beam_step,
    replace={"scores.unsqueeze(-1) + ": ""},
    why="Only the last word would count, however unlikely the words before it are.",
    question="What is the log-probability of a whole sentence made of?",
)

beam_step.edit(
    "too_few_candidates",
    "where there are fewer candidates than beam_size, it fails",
    base=decoding.beam_step,
    replace={"min(beam_size, candidates.shape[1])": "beam_size"},
    why="The first step has only one beginning, and a wide beam has more places than there are "
    "tokens.",
    question="How many candidates do one beginning and a vocabulary of 3 make?",
    raises="out of range",
)

beam_step.edit(
    "no_more_than_tokens",
    "only as many candidates are kept as there are tokens",
    base=decoding.beam_step,
    replace={"min(beam_size, candidates.shape[1])": "min(beam_size, vocab_size)"},
    why="Every beginning can go on with every token, so two beginnings have twice as many "
    "candidates as there are tokens.",
    question="How many candidates do three beginnings and a vocabulary of 3 make?",
)


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


beam_step.edit(
    "softmax_twice",
    "the softmax is taken twice",
    base=beam_step_in_two_rounds,
    replace={"log_softmax(dim=-1)": "softmax(dim=-1).log_softmax(dim=-1)"},
    why="Probabilities lie between 0 and 1, so their softmax is nearly flat, and hardly any word "
    "is better than another.",
    question="What goes into `log_softmax`: logits or probabilities?",
)


beam_step.edit(
    "multiplied",
    "scores and log-probabilities were multiplied",
    base=decoding.beam_step,
    replace={"scores.unsqueeze(-1) + logits": "scores.unsqueeze(-1) * logits"},
    why="Probabilities multiply, so their logarithms add. The product of two negative numbers is "
    "positive, and the least likely candidates come out best.",
    question="What becomes of a product when you take its logarithm?",
)

beam_step.edit(
    "scores_inside_the_softmax",
    "the scores were added before the softmax, which takes them out again",
    base=decoding.beam_step,
    replace={
        "(scores.unsqueeze(-1) + logits.log_softmax(dim=-1))": (
            "(scores.unsqueeze(-1) + logits).log_softmax(dim=-1)"
        )
    },
    why="A softmax does not change when one number is added to all logits. So the beginnings' own "
    "scores have no effect.",
    question="Which comes first: the softmax or the sum?",
)

beam_step.edit(
    "normalised_over_beam",
    "the softmax ran over the beginnings, not over the tokens",
    base=decoding.beam_step,
    replace={"log_softmax(dim=-1)": "log_softmax(dim=1)"},
    why="Each beginning has its own next token, and so its own probabilities.",
    question="Over which axis do the probabilities sum to 1?",
)

beam_step.edit(
    "costs",
    "the scores came back with the other sign",
    base=decoding.beam_step,
    replace={"vocab_size, best": "vocab_size, -best"},
    why="A score is a log-probability, and never above 0. The next step adds to it.",
    question="Can a log-probability be positive?",
)

beam_step.edit(
    "halved",
    "the scores are means, not sums",
    base=decoding.beam_step,
    replace={"flatten(1)": "flatten(1) / 2"},
    why="The next step would add a log-probability to a mean. Lengths are evened out once, at the "
    "end of the search.",
    question="What is the log-probability of a sentence of two words made of?",
)

beam_step.edit(
    "worst_kept",
    "the least likely candidates were kept",
    base=decoding.beam_step,
    replace={"candidates.shape[1]), dim=1": "candidates.shape[1]), dim=1, largest=False"},
    why="Log-probabilities are negative: the nearest to 0 is the likeliest.",
    question="Which is likelier, -1 or -5?",
)

beam_step.edit(
    "order_of_places",
    "the candidates are not sorted by their scores",
    base=decoding.beam_step,
    replace={
        "    return ": (
            "    places = places.sort(dim=1).values\n    best = candidates.gather(1, places)\n"
            "    return "
        )
    },
    why="The best should come first: who looks at one hypothesis only looks at the first.",
    question="In which order does `topk` return what it finds?",
)

beam_step.edit(
    "float_parents",
    "the parents are not whole numbers",
    base=decoding.beam_step,
    replace={"places // vocab_size": "places / vocab_size"},
    why="`/` divides exactly. A parent is the number of a row, and picks words and state.",
    question="Which operator divides and drops the rest?",
)

beam_step.edit(
    "beam_size_of_each",
    "the best of every beginning were kept: they did not compete with each other",
    base=beam_step_in_two_rounds,
    replace={
        "each.flatten(1).topk(min(beam_size, each[0].numel()), dim=1)": (
            "each.flatten(1), torch.arange(each[0].numel()).repeat(len(each), 1)"
        )
    },
    why="All the extensions of a sentence compete, and beam_size of them survive. Otherwise the "
    "beam grows at every step.",
    question="How many candidates of one sentence survive, and among how many are they chosen?",
)

beam_step.edit(
    "places_for_tokens",
    "the tokens are places in the flat row",
    base=decoding.beam_step,
    replace={"places % vocab_size": "places"},
    why="A place counts through the tokens of all beginnings. No vocabulary has so many words.",
    question="With a vocabulary of 5, which token is at place 13?",
)

beam_step.edit(
    "places_for_parents",
    "the parents are places in the flat row",
    base=decoding.beam_step,
    replace={"places // vocab_size, places %": "places, places %"},
    why="A parent is one of the beginnings, and picks words and state.",
    question="With a vocabulary of 5, which beginning is place 13 of?",
)

beam_step.edit(
    "last_word_returned",
    "the scores that came back are those of the last word alone",
    base=decoding.beam_step,
    replace={
        "vocab_size, best": "vocab_size, logits.log_softmax(dim=-1).flatten(1).gather(1, places)"
    },
    why="The next step adds to what comes back. It would forget all the earlier words.",
    question="Which log-probability is that of the whole beginning?",
)

beam_step.edit(
    "one_row_for_all",
    "the sentences compete with each other",
    base=decoding.beam_step,
    replace={
        "candidates.topk(min(beam_size, candidates.shape[1]), dim=1)": (
            "(\n"
            "        part.view(len(scores), -1)\n"
            "        for part in candidates.flatten().topk(\n"
            "            min(beam_size, candidates.shape[1]) * len(scores)\n"
            "        )\n"
            "    )\n"
            "    places = places % candidates.shape[1]"
        )
    },
    why="The translation of a sentence would depend on the other sentences in its batch.",
    question="Which candidates stand in one flat row: those of one sentence, or of all?",
)


@beam_step.alternative
def beam_step_in_long_hand(scores, logits, beam_size):
    log_probs = logits.log_softmax(dim=-1)
    totals = scores.unsqueeze(-1) + log_probs
    candidates = totals.flatten(1)
    best, places = candidates.topk(min(beam_size, candidates.shape[1]), dim=1)
    parents = places // logits.shape[-1]
    tokens = places % logits.shape[-1]
    return parents, tokens, best
