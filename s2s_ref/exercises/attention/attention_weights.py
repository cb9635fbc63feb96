"""The exercise `attention_weights`: turn scores into weights, with none for padding."""

import torch
from torch import nn

from s2s_ref import attention
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.exercises.shared import source_mask


@exercise(
    reference=attention.attention_weights,
    title="Scores become weights",
    longhand="weights_in_long_hand",
    steps={
        "masked": (
            "the masked scores",
            "Which score gets the weight 0 in a softmax, and where is it needed?",
        ),
    },
    returns="weights",
    edges=[
        {"batch": 1},
        {"tgt_len": 1},
        {"src_len": 1},
        {"tgt_len": 5},
        {"level": -120},
        {"level": 100},
        {"loud": 12},
        {"apart": 150},
    ],
    hints=[
        "Each target step has the whole attention, 1, to give away, and <pad> must get none of "
        "it. What must a score be, before the softmax, for its weight to come out as exactly 0?",
        "scores [batch, tgt_len, src_len], src_mask [batch, src_len], True at real words. The "
        "mask needs an axis for tgt_len before the two fit. The weights sum to 1 along src_len.",
        "Scores [0, 0, 5] with the mask [True, True, False] give the weights [0.5, 0.5, 0].",
    ],
)
def attention_weights(draw: Draw, batch=2, tgt_len=3, src_len=5, level=0, loud=0, apart=0):
    """Draw scores around a level, higher ones at padding, and which source positions are real.

    The sentences may lie far apart.
    """
    src_mask = source_mask(draw, batch, src_len)
    scores = draw.normal(batch, tgt_len, src_len) + level + loud * ~src_mask.unsqueeze(1)
    scores += apart * torch.arange(batch).view(-1, 1, 1)
    return {"scores": scores, "src_mask": src_mask}


@attention_weights.mistake(
    "padding received weight",
    why="The decoder reads <pad> as if it were a word, and a sentence is translated differently "
    "beside a longer one.",
    question="What must a score be, before the softmax, for its weight to come out as exactly 0?",
)
def padding_unmasked(scores, src_mask):
    return scores.softmax(dim=-1)


@attention_weights.mistake(
    "the mask came after the softmax: the weights no longer sum to 1",
    why="The share that <pad> took is lost: the more padding there is, the smaller the context.",
    question="Which positions share the attention: all of them, or only the real ones?",
)
def masked_after(scores, src_mask):
    return scores.softmax(dim=-1) * src_mask.unsqueeze(1)


@attention_weights.mistake(
    "padding got the score 0, not the weight 0",
    why="0 is not a low score: a real word with the score -1 gets less weight than padding.",
    question="The softmax of [0, 0] is [0.5, 0.5]. Which score is lower than all others?",
)
def scored_zero(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(1), 0).softmax(dim=-1)


wrong_axis = attention_weights.mistake(
    "the softmax ran along the wrong axis",
    why="Each target step should divide its attention among the source words. Here the target "
    "steps compete for each word.",
    question="Along which axis should the weights sum to 1?",
)


@wrong_axis
def over_target(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(1), -torch.inf).softmax(dim=1)


@wrong_axis
def over_target_large(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(1), -1e9).softmax(dim=1)


upside_down = attention_weights.mistake(
    "the mask is upside down: only padding receives weight",
    why="In this course a mask is True at real words; PyTorch's own layers take the opposite.",
    question="Which positions does `masked_fill` fill: those with True or those with False?",
)


@upside_down
def inverted(scores, src_mask):
    return scores.masked_fill(src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)


@upside_down
def inverted_large(scores, src_mask):
    return scores.masked_fill(src_mask.unsqueeze(1), -1e9).softmax(dim=-1)


@attention_weights.mistake(
    "the mask lies along the target",
    why="It says which source words are real. Every target step needs the same one.",
    question="The scores have an axis that the mask lacks. Which one is it?",
    raises="must match",
)
def mask_along_target(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(2), -torch.inf).softmax(dim=-1)


@attention_weights.mistake(
    "these are still scores",
    why="Padding is masked, but the scores are not weights yet: weights lie between 0 and 1, and "
    "sum to 1.",
    question="Which function turns any numbers into shares of 1?",
)
def softmax_left_out(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(1), -torch.inf)


@attention_weights.mistake(
    "no gradient goes back through the weights",
    why="Then nothing teaches the decoder where to look: the loss cannot change the scores.",
    question="Which call cuts your weights off from the scores?",
)
def weights_detached(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1).detach()


@attention_weights.mistake(
    "the scores that were passed in were changed",
    why="Whoever called this still needs them, and an experiment may show them.",
    question="Does `masked_fill_` make a new tensor, and what does the `_` at its end stand for?",
)
def scores_overwritten(scores, src_mask):
    return scores.masked_fill_(~src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)


@attention_weights.mistake(
    "the first sentence's mask is used for all sentences",
    why="Sentences of one batch differ in length. Some would give weight to padding, and others "
    "none to real words.",
    question="How many rows does the mask have, and which of them do you use?",
)
def first_mask_for_all(scores, src_mask):
    return scores.masked_fill(~src_mask[0], -torch.inf).softmax(dim=-1)


@attention_weights.mistake(
    "the softmax is taken twice",
    why="Weights are numbers between 0 and 1, so a second softmax makes them nearly equal, and "
    "padding gets some again.",
    question="What do the rows sum to after the first softmax?",
)
def softmaxed_twice(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(1), -torch.inf).softmax(-1).softmax(-1)


@attention_weights.mistake(
    "the rows belong to the source words, not to the target steps",
    why="Each row should be one target step's view of the source. Here it is the other way round.",
    question="Which axis comes last in the signature, after the arrow?",
)
def source_in_rows(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1).transpose(1, 2)


@attention_weights.alternative
def weights_with_a_large_number(scores, src_mask):
    return torch.where(src_mask[:, None, :], scores, torch.tensor(-1e9)).softmax(dim=-1)


@attention_weights.alternative
def weights_made_to_sum_again(scores, src_mask):
    highest = scores.masked_fill(~src_mask.unsqueeze(1), -torch.inf).amax(dim=-1, keepdim=True)
    products = (scores - highest).exp() * src_mask.unsqueeze(1)
    return products / products.sum(dim=-1, keepdim=True)


@attention_weights.alternative
def weights_renormalised(scores, src_mask):
    weights = scores.softmax(dim=-1) * src_mask.unsqueeze(1)
    return weights / weights.sum(dim=-1, keepdim=True)


@attention_weights.alternative
def weights_sentence_by_sentence(scores, src_mask):
    rows = []
    for row, real in zip(scores, src_mask, strict=True):
        length = int(real.sum())
        shares = row[:, :length].softmax(dim=-1)
        rows.append(nn.functional.pad(shares, (0, len(real) - length)))
    return torch.stack(rows)


@attention_weights.alternative
def weights_in_long_hand(scores, src_mask):
    masked = scores.masked_fill(~src_mask.unsqueeze(1), -torch.inf)
    return masked.softmax(dim=-1)


attention_weights.edit(
    "over_batch",
    "the softmax ran along the batch",
    base=attention.attention_weights,
    replace={"softmax(dim=-1)": "softmax(dim=0)"},
    why="The sentences compete with each other, and the weights of one target step do not sum to "
    "1.",
    question="Along which axis should the weights sum to 1?",
)

attention_weights.edit(
    "not_low_enough",
    "padding keeps a little weight: its score is low, but not minus infinity",
    base=attention.attention_weights,
    replace={"-torch.inf": "-10.0"},
    why="How much it keeps depends on the other scores. It must be exactly 0.",
    question="Of which number is the exponential exactly 0?",
)

attention_weights.edit(
    "plus_infinity",
    "the score of padding is plus infinity",
    base=attention.attention_weights,
    replace={"-torch.inf": "torch.inf"},
    why="The largest score gets the largest weight, and infinity divided by infinity is nan.",
    question="What is the exponential of minus infinity, and of plus infinity?",
)

attention_weights.edit(
    "sigmoid_for_softmax",
    "a sigmoid stands in place of the softmax",
    base=attention.attention_weights,
    replace={".softmax(dim=-1)": ".sigmoid()"},
    why="It looks at each score by itself. Shares depend on all the scores of a step, and sum to "
    "1.",
    question="What do the weights of one target step sum to?",
)

attention_weights.edit(
    "scaled_first",
    "the scores were divided by a root before the softmax",
    base=attention.attention_weights,
    replace={"return scores.": "return (scores / scores.shape[-1] ** 0.5)."},
    why="What the scores are is the scorer's choice. Here it even depends on the padding.",
    question="Which two operations turn scores into weights?",
)


@attention_weights.mistake(
    "the scores were divided by their sum, without an exponential",
    why="A score may be negative, and then so is its share.",
    question="Which function makes a positive number of any number, before the division?",
)
def divided_by_the_sum(scores, src_mask):
    real = scores * src_mask.unsqueeze(1)
    return real / real.sum(dim=-1, keepdim=True)
