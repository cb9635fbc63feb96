"""The exercise `perplexity`: e to the mean loss of the real tokens."""

import torch
from torch import nn

from s2s_ref import teacher_forcing
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.padding import masked_cross_entropy


@exercise(
    reference=teacher_forcing.perplexity,
    title="Perplexity",
    returns="perplexity",
    edges=[{"batch": 1}, {"tgt_len": 1}],
    hints=[
        "The loss is in nats, and nats are natural logarithms. Which function undoes one, and is "
        "it applied to every token or to the mean?",
        "The arguments are those of the loss of lesson 3: logits [batch, tgt_len, vocab], targets "
        "and mask [batch, tgt_len]. The result is one plain number.",
        "Two real tokens, right with probabilities 1/2 and 1/8. The mean of log 2 and log 8 is "
        "log 4: the perplexity is 4.",
    ],
)
def perplexity(draw: Draw, batch=3, tgt_len=6, vocab=5):
    """Draw logits, targets and a mask."""
    lengths = draw.ids(1, tgt_len + 1, batch).unsqueeze(1)
    return {
        "logits": draw.normal(batch, tgt_len, vocab),
        "tgt_output": draw.ids(0, vocab, batch, tgt_len),
        "tgt_mask": torch.arange(tgt_len) < lengths,
    }


@perplexity.mistake(
    "this is 2 to the power of nats",
    why="Nats are natural logarithms. 2 belongs to bits, the logarithms to base 2.",
    question="Which number is raised to the power of x in `exp(x)`?",
)
def two_to_the_nats(logits, tgt_output, tgt_mask):
    return 2 ** masked_cross_entropy(logits, tgt_output, tgt_mask).item()


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


@perplexity.mistake(
    "the padding is counted",
    why="Perplexity is there to compare models, and the padding changes with the batch.",
    question="Which argument says where the real tokens are, and where do you use it?",
)
def perplexity_with_padding(logits, tgt_output, tgt_mask):
    return nn.functional.cross_entropy(logits.flatten(0, 1), tgt_output.flatten()).exp().item()


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
