"""The exercise `alignment_matrix`: cut one sentence's weights out of a batch."""

import torch

from s2s_ref import attention
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=attention.alignment_matrix,
    title="One sentence's alignment",
    returns="alignment",
    gradients=False,
    edges=[{"batch": 1}, {"tgt_length": 3}, {"src_length": 5, "tgt_length": 6}],
    hints=[
        "A reader wants one sentence, without padding, with its source words down the left. Which "
        "part of the weights is that, and how must it be turned?",
        "From weights [batch, tgt_len, src_len] to [src_length, tgt_length]: two axes are cut, one "
        "is chosen from, and two change places.",
        "One sentence of 2 source words and 3 target words: the weights [[1, 0, 0], [0, 1, 0], "
        "[0, 1, 0]], whose last column is padding, become [[1, 0, 0], [0, 1, 1]].",
    ],
)
def alignment_matrix(draw: Draw, batch=3, tgt_len=6, src_len=5, src_length=3, tgt_length=4):
    """Draw weights, and which sentence of which lengths to cut out."""
    return {
        "weights": draw.normal(batch, tgt_len, src_len).softmax(dim=-1),
        "sentence": draw.integer(0, batch),
        "src_length": src_length,
        "tgt_length": tgt_length,
    }


@alignment_matrix.mistake(
    "this is the transpose: target words run down",
    why="Bahdanau's figure is drawn like that. In this course the source words stand on the left.",
    question="How many rows should the matrix have: as many as source words, or as target words?",
)
def target_down(weights, sentence, src_length, tgt_length):
    return weights[sentence, :tgt_length, :src_length]


@alignment_matrix.mistake(
    "padding is still there",
    why="The heat map would have rows and columns without a word.",
    question="What are the two lengths for?",
)
def padding_kept(weights, sentence, src_length, tgt_length):
    return weights[sentence].T


@alignment_matrix.mistake(
    "the two lengths are exchanged",
    why="Real words are cut off on one side, and padding stays on the other.",
    question="Which axis of the weights belongs to the target?",
)
def lengths_exchanged(weights, sentence, src_length, tgt_length):
    return weights[sentence, :src_length, :tgt_length].T


@alignment_matrix.mistake(
    "this is the first sentence, whichever was asked for",
    why="The words would stand beside another sentence's weights.",
    question="Which argument have you not used?",
)
def first_sentence(weights, sentence, src_length, tgt_length):
    return weights[0, :tgt_length, :src_length].T


@alignment_matrix.mistake(
    "the numbers were reshaped, not transposed",
    why="`view` and `reshape` keep the numbers in their order: they end up beside the wrong words.",
    question="Which function exchanges two axes?",
)
def matrix_reshaped(weights, sentence, src_length, tgt_length):
    return weights[sentence, :tgt_length, :src_length].reshape(src_length, tgt_length)


@alignment_matrix.mistake(
    "the last word of each side is missing",
    why="A slice [:n] already stops before place n.",
    question="How many numbers does `[:3]` keep?",
)
def last_word_cut(weights, sentence, src_length, tgt_length):
    return weights[sentence, : tgt_length - 1, : src_length - 1].T


@alignment_matrix.mistake(
    "a list of rows came back, not a tensor",
    why="The heat map and the measures take a tensor.",
    question="What does `.tolist()` make of a tensor?",
)
def list_of_rows(weights, sentence, src_length, tgt_length):
    return weights[sentence, :tgt_length, :src_length].T.tolist()


@alignment_matrix.mistake(
    "there is one row and one column too many",
    why="A slice [:n] already ends with the n-th place. The one after it is padding.",
    question="How many numbers does `[:3]` keep?",
)
def one_place_more(weights, sentence, src_length, tgt_length):
    return weights[sentence, : tgt_length + 1, : src_length + 1].T


@alignment_matrix.alternative
def alignment_turned_first(weights, sentence, src_length, tgt_length):
    return weights.transpose(1, 2)[sentence][:src_length, :tgt_length]


@alignment_matrix.alternative
def alignment_word_by_word(weights, sentence, src_length, tgt_length):
    columns = [weights[sentence, t, :src_length] for t in range(tgt_length)]
    return torch.stack(columns, dim=1)
