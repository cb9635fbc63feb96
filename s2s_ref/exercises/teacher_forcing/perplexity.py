"""The exercise `perplexity`: e to the mean loss of the real tokens."""

import math

import torch
from torch import nn

from s2s_ref import teacher_forcing
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.padding import masked_cross_entropy


@exercise(
    reference=teacher_forcing.perplexity,
    title="Perplexity",
    longhand="perplexity_in_long_hand",
    steps={
        "losses": (
            "the losses of the tokens",
            "Which word is the right one at each token, and over which axis does the softmax run?",
        ),
        "kept": ("the losses of the real tokens", "Which tokens count?"),
        "nats": ("the nats per real token", "What is summed, and by what is it divided?"),
    },
    returns="perplexity",
    edges=[{"batch": 1}, {"tgt_len": 1}, {"lead": 6}, {"lead": -30, "batch": 1, "tgt_len": 2}],
    plain_number=True,
    hints=[
        "The loss is in nats, and nats are natural logarithms. Which function undoes one, and is "
        "it applied to every token or to the mean?",
        "The arguments are those of the loss of lesson 3: logits [batch, tgt_len, vocab], targets "
        "and mask [batch, tgt_len]. The result is one plain number.",
        "Two real tokens, right with probabilities 1/2 and 1/8. The mean of log 2 and log 8 is "
        "log 4: the perplexity is 4.",
    ],
)
def perplexity(draw: Draw, batch=3, tgt_len=6, vocab=5, lead=0):
    """Draw logits, in which the right words lead by so much, targets and a mask."""
    tgt_output = draw.ids(0, vocab, batch, tgt_len)
    logits = draw.normal(batch, tgt_len, vocab)
    return {
        "logits": logits + lead * nn.functional.one_hot(tgt_output, vocab),
        "tgt_output": tgt_output,
        "tgt_mask": torch.arange(tgt_len) < draw.lengths(batch, tgt_len).unsqueeze(1),
    }


@perplexity.alternative
def perplexity_of_the_mean(logits, tgt_output, tgt_mask):
    nats = masked_cross_entropy(logits, tgt_output, tgt_mask).item()
    return math.exp(nats)


perplexity.edit(
    "two_to_the_nats",
    "this is 2 to the power of nats",
    base=perplexity_of_the_mean,
    replace={"math.exp(nats)": "2**nats"},
    why="Nats are natural logarithms. 2 belongs to bits, the logarithms to base 2.",
    question="Which number is raised to the power of x in `exp(x)`?",
)


@perplexity.mistake(
    "this is a mean of exponentials",
    why="One word that surprised the model would outweigh all the others.",
    question="Which comes first: the mean over the tokens, or the exponential?",
)
def mean_of_exponentials(logits, tgt_output, tgt_mask):
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    return losses[tgt_mask].exp().mean().item()


@perplexity.mistake(
    "this is a mean of the sentences' perplexities",
    why="A short sentence would weigh as much as a long one.",
    question="How many times should the exponential be taken?",
)
def mean_of_perplexities(logits, tgt_output, tgt_mask):
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    means = (losses * tgt_mask).sum(dim=1) / tgt_mask.sum(dim=1)
    return means.exp().mean().item()


perplexity.edit(
    "perplexity_with_padding",
    "the padding is counted",
    base=perplexity_of_the_mean,
    replace={
        "masked_cross_entropy(logits, tgt_output, tgt_mask)": (
            "nn.functional.cross_entropy(logits.flatten(0, 1), tgt_output.flatten())"
        )
    },
    why="Perplexity is there to compare models, and the padding changes with the batch.",
    question="Which argument says where the real tokens are, and where do you use it?",
)

perplexity.edit(
    "of_the_mean_of_means",
    "e was raised to the mean of the sentences' means",
    base=perplexity_of_the_mean,
    replace={
        "nats = masked_cross_entropy(logits, tgt_output, tgt_mask).item()": (
            "losses = nn.functional.cross_entropy(\n"
            '        logits.transpose(1, 2), tgt_output, reduction="none"\n'
            "    )\n"
            "    nats = ((losses * tgt_mask).sum(dim=1) / tgt_mask.sum(dim=1)).mean().item()"
        )
    },
    why="A word of a short sentence would weigh more than a word of a long one.",
    question="Once you have added up the words of the whole batch, what is there to divide by?",
)


@perplexity.mistake(
    "these are nats per token, not yet the perplexity",
    why="0.7 nats are the same as a perplexity of 2, on another scale.",
    question="What is the perplexity of a model that is certain and right: 0 or 1?",
)
def still_nats(logits, tgt_output, tgt_mask):
    return masked_cross_entropy(logits, tgt_output, tgt_mask).item()


@perplexity.mistake(
    "the sum of the nats was taken, not their mean",
    why="It would grow with every further sentence of the corpus.",
    question="By what are the nats divided before the exponential is taken?",
)
def exponential_of_the_sum(logits, tgt_output, tgt_mask):
    return masked_cross_entropy(logits, tgt_output, tgt_mask, reduction="sum").exp().item()


@perplexity.mistake(
    "the softmax is taken twice",
    why="The cross-entropy takes the softmax itself. Taken twice, it flattens every choice.",
    question="Does the cross-entropy want logits or probabilities?",
)
def perplexity_softmaxed(logits, tgt_output, tgt_mask):
    return masked_cross_entropy(logits.softmax(dim=-1), tgt_output, tgt_mask).exp().item()


@perplexity.mistake(
    "only the padding is counted",
    why="True stands for a real token.",
    question="Which tokens does `~tgt_mask` keep?",
)
def perplexity_of_padding(logits, tgt_output, tgt_mask):
    return masked_cross_entropy(logits, tgt_output, ~tgt_mask).exp().item()


perplexity.edit(
    "tensor_came_back",
    "a tensor came back, not a plain number",
    base=perplexity_of_the_mean,
    replace={".item()": "", "math.exp(nats)": "nats.exp()"},
    why="Numbers are written into tables and compared. A tensor also keeps alive what it was "
    "computed from.",
    question="How does a tensor with one number in it become a plain number?",
)

perplexity.edit(
    "nats_per_sentence",
    "the sum of the nats is divided by the number of sentences",
    base=perplexity_of_the_mean,
    replace={
        "tgt_mask).item()": 'tgt_mask, reduction="sum").item()',
        "math.exp(nats)": "math.exp(nats / len(logits))",
    },
    why="It would grow with the length of the sentences.",
    question="By what are the nats divided before the exponential is taken?",
)

perplexity.edit(
    "nats_per_place",
    "the sum of the nats is divided by all places, padding included",
    base=perplexity_of_the_mean,
    replace={
        "tgt_mask).item()": 'tgt_mask, reduction="sum").item()',
        "math.exp(nats)": "math.exp(nats / tgt_mask.numel())",
    },
    why="The padding adds nothing to the sum, but it still makes the mean smaller.",
    question="How many places went into the sum?",
)

perplexity.edit(
    "sign_forgotten",
    "this is 1 divided by the perplexity: the sign is wrong",
    base=perplexity_of_the_mean,
    replace={"math.exp(nats)": "math.exp(-nats)"},
    why="e to the mean log-probability is a mean probability, and smaller than 1.",
    question="What is the perplexity of a model that is unsure between 4 words: 4 or 1/4?",
)


@perplexity.mistake(
    "this is 1 divided by the mean probability",
    why="A word that was held for nearly impossible would hardly count.",
    question="Which mean does the text ask for: that of the probabilities, or that of the nats?",
)
def of_the_mean_probability(logits, tgt_output, tgt_mask):
    probabilities = logits.softmax(dim=-1).gather(-1, tgt_output.unsqueeze(-1)).squeeze(-1)
    return 1 / probabilities[tgt_mask].mean().item()


@perplexity.mistake(
    "this says how unsure the model is, whether it is right or not",
    why="A model that is certain and wrong would have the best number of all. Perplexity asks what "
    "probability the right word got.",
    question="Where does your code use `tgt_output`?",
)
def of_the_entropy(logits, tgt_output, tgt_mask):
    log_probs = logits.log_softmax(dim=-1)
    entropy = -(log_probs.exp() * log_probs).sum(dim=-1)
    return entropy[tgt_mask].mean().exp().item()


perplexity.edit(
    "capped",
    "large perplexities are cut off",
    base=perplexity_of_the_mean,
    replace={"math.exp(nats)": "math.exp(min(nats, 10))"},
    why="A model that is surprised by every word would look much better than it is.",
    question="Is there a largest perplexity?",
)

perplexity.edit(
    "rounded",
    "the number was rounded",
    base=perplexity_of_the_mean,
    replace={"math.exp(nats)": "round(math.exp(nats), 2)"},
    why="Two models that are nearly as good would look the same.",
    question="Where do digits get lost, and does the exercise ask for that?",
)

perplexity.edit(
    "shifted_again",
    "the targets were shifted once more",
    base=perplexity_of_the_mean,
    replace={
        "masked_cross_entropy(logits, tgt_output, tgt_mask)": (
            "masked_cross_entropy(logits[:, :-1], tgt_output[:, 1:], tgt_mask[:, 1:])"
        )
    },
    why="`tgt_output` already holds the word that each row of logits is asked for. Shifted again, "
    "the model is asked for the word after the next one.",
    question="Which word do the logits at place t belong to?",
)

perplexity.edit(
    "nats_taken_for_bits",
    "the nats were taken for bits and changed to another base",
    base=perplexity_of_the_mean,
    replace={"math.exp(nats)": "math.exp(nats / math.log(2))"},
    why="e belongs to nats as 2 belongs to bits. Base and unit must fit each other.",
    question="In which unit does the loss come, and which base does `exp` have?",
)

perplexity.edit(
    "perplexity_in_bits",
    "these are bits per token, not yet the perplexity",
    base=perplexity_of_the_mean,
    replace={"math.exp(nats)": "nats / math.log(2)"},
    why="2 bits are the same as a perplexity of 4, on another scale.",
    question="What is the perplexity of a model that is certain and right: 0 or 1?",
)

perplexity.edit(
    "exponential_twice",
    "the exponential is taken twice",
    base=perplexity_of_the_mean,
    replace={"math.exp(nats)": "math.exp(math.exp(nats))"},
    why="One exponential undoes the logarithm.",
    question="How many logarithms are in the loss?",
    raises="math range error",
)


@perplexity.mistake(
    "the padding was found by the id 0, not by the mask",
    why="The function does not know which id is padding. It is given the mask instead.",
    question="Which argument says where the real tokens are?",
)
def perplexity_without_zeros(logits, tgt_output, tgt_mask):
    return nn.functional.cross_entropy(logits.mT, tgt_output, ignore_index=0).exp().item()


@perplexity.mistake(
    "the logits were taken for log-probabilities",
    why="Only the softmax makes logits of different models comparable.",
    question="`nll_loss` takes the softmax's logarithm as given. Which loss takes logits?",
)
def perplexity_of_logits(logits, tgt_output, tgt_mask):
    return nn.functional.nll_loss(logits[tgt_mask], tgt_output[tgt_mask]).exp().item()


@perplexity.alternative
def perplexity_by_products(logits, tgt_output, tgt_mask):
    probabilities = logits.softmax(dim=-1).gather(-1, tgt_output.unsqueeze(-1)).squeeze(-1)
    product = probabilities[tgt_mask].double().prod()
    return float(product ** (-1 / tgt_mask.sum()))


@perplexity.alternative
def perplexity_in_bits(logits, tgt_output, tgt_mask):
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    bits = (losses * tgt_mask).sum() / tgt_mask.sum() / torch.tensor(2.0).log()
    return 2 ** bits.item()


@perplexity.alternative
def perplexity_in_long_hand(logits, tgt_output, tgt_mask):
    log_probs = logits.log_softmax(dim=-1)
    losses = -log_probs.gather(-1, tgt_output.unsqueeze(-1)).squeeze(-1)
    kept = losses[tgt_mask]
    nats = kept.mean()
    return nats.exp().item()
