"""The exercise `general_scores`: score with a learned matrix between query and key."""

import torch

from s2s_ref import two_attentions
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=two_attentions.general_scores,
    title="A matrix between the two",
    longhand="scores_in_long_hand",
    steps={
        "asked": ("the queries after W", "Which axis of W is as long as a query?"),
    },
    returns="scores",
    edges=[{"batch": 1}, {"tgt_len": 1}, {"src_len": 1}, {"key": 6}, {"key": 6, "tgt_len": 5}],
    hints=[
        "The dot score compares number by number: the first of the query with the first of the "
        "key. What must come between the two, so that any number of the query can meet any number "
        "of the key?",
        "queries [batch, tgt_len, query], W [query, key] and keys [batch, src_len, key] give "
        "scores [batch, tgt_len, src_len]. Which axis is used up by each of the two products?",
        "The query [1, 2], the key [3, 0, 1] and W = [[1, 0, 0], [0, 1, 1]] give "
        "[1, 2, 2] · [3, 0, 1] = 3 + 0 + 2 = 5.",
    ],
)
def general_scores(draw: Draw, batch=2, tgt_len=3, src_len=5, query=6, key=7):
    """Draw queries, keys (of the same size only in an edge case), and the matrix."""
    return {
        "queries": draw.normal(batch, tgt_len, query),
        "keys": draw.normal(batch, src_len, key),
        "W": draw.normal(query, key),
    }


@general_scores.mistake(
    "the matrix is not used: this is the dot score",
    why="Nothing is learned between query and key, and the two must have the same size.",
    question="Which argument does your line leave out?",
    raises="Expected size|cannot be multiplied",
)
def matrix_unused(queries, keys, W):
    return queries @ keys.transpose(1, 2)


@general_scores.mistake(
    "the matrix is transposed",
    why="Its rows belong to the query and its columns to the key. Transposed, each number of the "
    "query meets the weights of another one, if the sizes fit at all.",
    question="Which axis of W has as many places as a query has numbers?",
    raises="cannot be multiplied",
)
def matrix_turned(queries, keys, W):
    return queries @ W.T @ keys.transpose(1, 2)


@general_scores.mistake(
    "these are already weights: they sum to 1",
    why="A score may be any number. `attention_weights` turns scores into weights, and needs to "
    "know about padding first.",
    question="Which numbers can a score be?",
)
def softmaxed(queries, keys, W):
    return (queries @ W @ keys.transpose(1, 2)).softmax(dim=-1)


@general_scores.mistake(
    "there is a tanh that the formula does not have",
    why="It squeezes every score between -1 and 1, so no word can ever get more than about seven "
    "times the weight of another.",
    question="How large may a score be?",
)
def tanh_added(queries, keys, W):
    return torch.tanh(queries @ W @ keys.transpose(1, 2))


@general_scores.mistake(
    "the scores are divided by the root of the size",
    why="That came in 2017 (Vaswani et al.). Luong's score of 2015 is the plain product.",
    question="Does the formula of this exercise divide by anything?",
)
def scaled(queries, keys, W):
    return queries @ W @ keys.transpose(1, 2) / keys.shape[-1] ** 0.5


@general_scores.mistake(
    "source and target have changed places",
    why="Each row should be one target step's view of the source. Here it is the other way round.",
    question="Which of the two arguments do the rows of your result belong to?",
)
def source_in_rows(queries, keys, W):
    return keys @ W.T @ queries.transpose(1, 2)


@general_scores.mistake(
    "the keys were reshaped, not transposed",
    why="`view` and `reshape` keep the numbers in their order and only cut them differently, so "
    "numbers of different words end up in one column.",
    question="Which function exchanges two axes?",
)
def keys_reshaped(queries, keys, W):
    batch, src_len, key_size = keys.shape
    return queries @ W @ keys.reshape(batch, key_size, src_len)


@general_scores.mistake(
    "no gradient goes back to the keys",
    why="The encoder would never learn which of its states should answer.",
    question="Which of the three is cut off from what it was made of?",
)
def keys_detached(queries, keys, W):
    return queries @ W @ keys.detach().transpose(1, 2)


@general_scores.alternative
def keys_through_the_matrix_first(queries, keys, W):
    return queries @ (keys @ W.T).transpose(1, 2)


@general_scores.alternative
def scores_with_einsum(queries, keys, W):
    return torch.einsum("btq,qk,bsk->bts", queries, W, keys)


@general_scores.alternative
def scores_pair_by_pair(queries, keys, W):
    steps = []
    for t in range(queries.shape[1]):
        asked = queries[:, t] @ W
        row = [(asked * keys[:, s]).sum(dim=-1) for s in range(keys.shape[1])]
        steps.append(torch.stack(row, dim=-1))
    return torch.stack(steps, dim=1)


general_scores.edit(
    "keys_of_all_sentences",
    "the queries were compared with the keys of all the sentences together",
    base=scores_with_einsum,
    replace={"btq,qk,bsk": "btq,qk,ask"},
    why="A letter that stands in one factor alone is summed away. Every sentence has keys of its "
    "own.",
    question="Which letter should the queries, the keys and the result all have?",
)


@general_scores.mistake(
    "the first sentence's keys are compared in all sentences",
    why="Every sentence has states of its own. The decoder would look at another sentence's words.",
    question="Which axis of the keys have you given up?",
)
def first_keys_for_all(queries, keys, W):
    return queries @ W @ keys[0].T


@general_scores.mistake(
    "the products are not added up: there is one axis too many",
    why="To multiply number by number is half of it. The products of a pair add up to one number.",
    question="How many numbers should there be for one target step and one source word?",
)
def products_not_summed(queries, keys, W):
    return (queries @ W).unsqueeze(2) * keys.unsqueeze(1)


@general_scores.mistake(
    "there is a tanh around the projected query",
    why="The formula is a plain product of three. The tanh belongs to Bahdanau's score.",
    question="What stands between query, W and key in the formula?",
)
def tanh_of_query(queries, keys, W):
    return torch.tanh(queries @ W) @ keys.transpose(1, 2)


@general_scores.mistake(
    "the query and the key were added, not multiplied",
    why="That is nearly Bahdanau's additive score, which comes next.",
    question="What stands between query, W and key in the formula?",
)
def added(queries, keys, W):
    return torch.tanh((queries @ W).unsqueeze(2) + keys.unsqueeze(1)).sum(dim=-1)


@general_scores.mistake(
    "only the diagonal of the matrix counts",
    why="Then the first number of the query meets only the first of the key, as in the dot score.",
    question="How many meetings of two numbers does W weigh, and how many does your line use?",
)
def diagonal_only(queries, keys, W):
    size = min(W.shape)
    return (queries[..., :size] * W.diagonal()) @ keys[..., :size].transpose(1, 2)


@general_scores.mistake(
    "the dot score was added to the general one",
    why="W can learn to hold the identity matrix by itself, if that is of use.",
    question="Which terms does the formula add up?",
)
def dot_added(queries, keys, W):
    return queries @ (W + torch.eye(*W.shape)) @ keys.transpose(1, 2)


@general_scores.mistake(
    "the keys went through the matrix too",
    why="Between query and key there is W once.",
    question="How often does W stand in the formula?",
)
def matrix_on_both_sides(queries, keys, W):
    return (queries @ W) @ (keys @ W.T @ W).transpose(1, 2)


@general_scores.alternative
def scores_in_long_hand(queries, keys, W):
    asked = queries @ W
    return asked @ keys.transpose(1, 2)


@general_scores.mistake(
    "this is the mean of the products, not their sum",
    why="A mean makes all scores small, and all weights nearly equal.",
    question="By what did you divide?",
)
def mean_of_products(queries, keys, W):
    return ((queries @ W).unsqueeze(2) * keys.unsqueeze(1)).mean(dim=-1)
