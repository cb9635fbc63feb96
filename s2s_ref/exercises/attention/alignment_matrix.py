"""The exercise `alignment_matrix`: cut one sentence's weights out of a batch."""

import torch

from s2s_ref import attention
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=attention.alignment_matrix,
    title="One sentence's alignment",
    longhand="alignment_in_long_hand",
    steps={
        "own": ("the sentence's weights", "Which axis counts the sentences?"),
        "rows": (
            "the rows of the real target words",
            "Which of the two lengths counts the target words?",
        ),
    },
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


alignment_matrix.edit(
    "target_down",
    "this is the transpose: target words run down",
    base=attention.alignment_matrix,
    replace={"].T": "]"},
    why="Bahdanau's figure is drawn like that. In this course the source words stand on the left.",
    question="How many rows should the matrix have: as many as source words, or as target words?",
)


alignment_matrix.edit(
    "padding_kept",
    "padding is still there",
    base=attention.alignment_matrix,
    replace={", :tgt_length, :src_length].T": "].T"},
    why="The heat map would have rows and columns without a word.",
    question="What are the two lengths for?",
)


alignment_matrix.edit(
    "lengths_exchanged",
    "the two lengths are exchanged",
    base=attention.alignment_matrix,
    replace={":tgt_length, :src_length": ":src_length, :tgt_length"},
    why="Real words are cut off on one side, and padding stays on the other.",
    question="Which axis of the weights belongs to the target?",
)


alignment_matrix.edit(
    "first_sentence",
    "this is the first sentence, whichever was asked for",
    base=attention.alignment_matrix,
    replace={"[sentence,": "[0,"},
    why="The words would stand beside another sentence's weights.",
    question="Which argument have you not used?",
)


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


alignment_matrix.edit(
    "target_padding_kept",
    "the target still has its padding",
    base=attention.alignment_matrix,
    replace={":tgt_length, ": ":, "},
    why="The heat map would have columns without a word.",
    question="Which of the two lengths have you not used?",
)

alignment_matrix.edit(
    "source_padding_kept",
    "the source still has its padding",
    base=attention.alignment_matrix,
    replace={", :src_length": ""},
    why="The heat map would have rows without a word.",
    question="Which of the two lengths have you not used?",
)

alignment_matrix.edit(
    "cut_from_the_end",
    "the last words were kept, not the first",
    base=attention.alignment_matrix,
    replace={":tgt_length, :src_length": "-tgt_length:, -src_length:"},
    why="A shorter sentence is padded behind its words, so its words come first.",
    question="Where in a row of a batch does the padding stand?",
)

alignment_matrix.edit(
    "counted_from_one",
    "this is the sentence before the one that was asked for",
    base=attention.alignment_matrix,
    replace={"[sentence,": "[sentence - 1,"},
    why="Python counts from 0, and so does `sentence`.",
    question="Which place does sentence 0 have in the batch?",
)

alignment_matrix.edit(
    "all_sentences",
    "all the sentences came back, not one",
    base=attention.alignment_matrix,
    replace={
        "weights[sentence, :tgt_length, :src_length].T": (
            "weights[:, :tgt_length, :src_length].transpose(1, 2)"
        )
    },
    why="A picture shows one sentence, and has two axes.",
    question="Which argument have you not used?",
)

alignment_matrix.edit(
    "one_number",
    "a single weight came back, not a matrix",
    base=attention.alignment_matrix,
    replace={":tgt_length, :src_length": "tgt_length - 1, src_length - 1"},
    why="A number in brackets picks one place. A slice keeps all places up to it.",
    question="What is the difference between `x[3]` and `x[:3]`?",
)


@alignment_matrix.alternative
def alignment_in_long_hand(weights, sentence, src_length, tgt_length):
    own = weights[sentence]
    rows = own[:tgt_length]
    return rows[:, :src_length].T
