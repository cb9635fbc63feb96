"""The exercise `dot_scores`: score every source position for every target step."""

import torch
from torch import nn

from s2s_ref import attention
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=attention.dot_scores,
    title="How well do two states agree?",
    returns="scores",
    edges=[{"batch": 1}, {"tgt_len": 1}, {"src_len": 1}, {"tgt_len": 5}],
    hints=[
        "Every target step asks, and every source position answers with one number: how well do "
        "the two lists of numbers agree? Which operation turns two lists into one number?",
        "queries [batch, tgt_len, hidden] and keys [batch, src_len, hidden] give scores "
        "[batch, tgt_len, src_len]. The axis that both share is the one that is summed away.",
        "The query [1, 2] and the keys [3, 0] and [1, 1] give the scores 1·3 + 2·0 = 3 and "
        "1·1 + 2·1 = 3. The query [0, 1] gives 0 and 1.",
    ],
)
def dot_scores(draw: Draw, batch=2, tgt_len=3, src_len=5, hidden=7):
    """Draw queries and keys."""
    return {
        "queries": draw.normal(batch, tgt_len, hidden),
        "keys": draw.normal(batch, src_len, hidden),
    }


@dot_scores.mistake(
    "the scores are divided by the root of the size",
    why="That is the scaled score of 2017 (Vaswani et al.). Luong's, of 2015, is the plain inner "
    "product, and a model trained with one does not work with the other.",
    question="Does the formula of this exercise divide by anything?",
)
def scaled(queries, keys):
    return queries @ keys.transpose(1, 2) / keys.shape[-1] ** 0.5


@dot_scores.mistake(
    "these are already weights: they sum to 1",
    why="A score may be any number. The next exercise turns scores into weights, and needs to know "
    "about padding first.",
    question="Which numbers can an inner product be?",
)
def softmaxed(queries, keys):
    return (queries @ keys.transpose(1, 2)).softmax(dim=-1)


@dot_scores.mistake(
    "source and target have changed places",
    why="Each row should be one target step's view of the source. Here it is the other way round.",
    question="Which of the two arguments do the rows of your result belong to?",
)
def source_in_rows(queries, keys):
    return keys @ queries.transpose(1, 2)


@dot_scores.mistake(
    "the keys were reshaped, not transposed",
    why="`view` and `reshape` keep the numbers in their order and only cut them differently, so "
    "numbers of different words end up in one column.",
    question="Which function exchanges two axes?",
)
def reshaped(queries, keys):
    batch, src_len, hidden = keys.shape
    return queries @ keys.reshape(batch, hidden, src_len)


@dot_scores.mistake(
    "the keys are not transposed",
    why="A matrix product sums over the last axis of the first factor and the one before the last "
    "of the second. These two must be the same axis.",
    question="Which axis do queries and keys share, and where does it stand in each?",
    raises="Expected size|cannot be multiplied",
)
def untransposed(queries, keys):
    return queries @ keys


@dot_scores.mistake(
    "this is the mean of the products, not their sum",
    why="The inner product adds up. A mean makes all scores small, and all weights nearly equal.",
    question="By what did you divide?",
)
def mean_of_products(queries, keys):
    return (queries.unsqueeze(2) * keys.unsqueeze(1)).mean(dim=-1)


@dot_scores.mistake(
    "the states were scaled to length 1 first",
    why="That is the cosine. The inner product also counts how large the numbers are, so that a "
    "state can learn to speak louder.",
    question="What does the formula do to the states before it multiplies them?",
)
def cosine(queries, keys):
    queries = nn.functional.normalize(queries, dim=-1)
    keys = nn.functional.normalize(keys, dim=-1)
    return queries @ keys.transpose(1, 2)


@dot_scores.mistake(
    "no gradient goes back to the keys",
    why="The encoder would never learn which of its states should answer.",
    question="Which of the two is cut off from what it was made of?",
)
def keys_detached(queries, keys):
    return queries @ keys.detach().transpose(1, 2)


@dot_scores.alternative
def scores_with_einsum(queries, keys):
    return torch.einsum("bth,bsh->bts", queries, keys)


@dot_scores.alternative
def scores_with_loops(queries, keys):
    steps = []
    for t in range(queries.shape[1]):
        row = [(queries[:, t] * keys[:, s]).sum(dim=-1) for s in range(keys.shape[1])]
        steps.append(torch.stack(row, dim=-1))
    return torch.stack(steps, dim=1)


dot_scores.edit(
    "keys_of_all_sentences",
    "the queries were compared with the keys of all the sentences together",
    base=scores_with_einsum,
    replace={"bth,bsh": "bth,ash"},
    why="A letter that stands in one factor alone is summed away. Every sentence has keys of its "
    "own.",
    question="Which letter should the two factors and the result all have?",
)


@dot_scores.mistake(
    "the first sentence's keys are compared in all sentences",
    why="Every sentence has states of its own. The decoder would look at another sentence's words.",
    question="Which axis of the keys have you given up?",
)
def first_keys_for_all(queries, keys):
    return queries @ keys[0].T


@dot_scores.mistake(
    "the products are not added up: there is one axis too many",
    why="To multiply number by number is half of it. The products of a pair add up to one number.",
    question="How many numbers should there be for one target step and one source word?",
)
def products_not_summed(queries, keys):
    return queries.unsqueeze(2) * keys.unsqueeze(1)


@dot_scores.mistake(
    "the products were added up over the source words",
    why="That leaves a vector for each target step, and no number for a word.",
    question="Which axis do query and key share, and which one does your sum take away?",
)
def summed_over_source(queries, keys):
    return (queries.unsqueeze(2) * keys.unsqueeze(1)).sum(dim=2)


@dot_scores.mistake(
    "this is the distance of query and key, not their inner product",
    why="Two long vectors with one direction are far apart, and yet agree well.",
    question="Which two operations make an inner product?",
)
def distance(queries, keys):
    return -torch.cdist(queries, keys)
