"""The exercise `one_hot`: write words as one-hot vectors."""

import torch
from torch import nn

from s2s_ref import rnn
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=rnn.one_hot,
    title="Words as one-hot vectors",
    returns="vectors",
    edges=[{"batch": 1}, {"len": 1}, {"vocab": 40}],
    hints=[
        "A one-hot vector answers one question for every word of the vocabulary: is it this one? "
        "How many answers are yes?",
        "Ids [batch, len] become vectors [batch, len, vocab]: one new axis, at the end, as long as "
        "the vocabulary. The RNN multiplies them by float weights.",
        "With a vocabulary of 3, the ids [[2, 0]] become [[[0., 0., 1.], [1., 0., 0.]]].",
    ],
)
def one_hot(draw: Draw, batch=2, len=3, vocab=5):
    """Draw ids of a small vocabulary."""
    return {"ids": draw.ids(0, vocab, batch, len), "vocab_size": vocab}


@one_hot.mistake(
    "the vectors hold whole numbers",
    why="A layer's weights are floats, and PyTorch does not multiply floats by whole numbers.",
    question="Which dtype do your vectors have, and how do they become float32?",
)
def whole_numbers(ids, vocab_size):
    return nn.functional.one_hot(ids, vocab_size)


@one_hot.mistake(
    "the new axis is in the wrong place",
    why="The vocabulary must be the last axis: that is the one a matrix multiplies.",
    question="Which axis of your result is as long as the vocabulary?",
)
def axis_in_the_middle(ids, vocab_size):
    return nn.functional.one_hot(ids, vocab_size).float().transpose(1, 2)


@one_hot.mistake(
    "the vocabulary's size was guessed from the ids",
    why="A sentence without the last word of the vocabulary would get shorter vectors.",
    question="Where does the function learn how many words there are?",
)
def guessed_size(ids, vocab_size):
    return nn.functional.one_hot(ids).float()


@one_hot.mistake(
    "the 1 is one place too early",
    why="Ids start at 0, and so do the places of a vector.",
    question="At which place is the 1 for the id 0?",
)
def off_by_one(ids, vocab_size):
    return nn.functional.one_hot((ids - 1) % vocab_size, vocab_size).float()


@one_hot.mistake(
    "batch and length were merged into one axis",
    why="The RNN must know which words belong to the same sentence.",
    question="How many axes does the signature promise?",
)
def flattened(ids, vocab_size):
    return torch.eye(vocab_size)[ids.reshape(-1)]


@one_hot.mistake(
    "zeros and ones are exchanged",
    why="Such a vector stands for every word except this one.",
    question="How many ones should a vector have?",
)
def inverted(ids, vocab_size):
    return 1 - nn.functional.one_hot(ids, vocab_size).float()


@one_hot.alternative
def one_hot_from_identity(ids, vocab_size):
    return torch.eye(vocab_size)[ids]


@one_hot.alternative
def one_hot_by_comparing(ids, vocab_size):
    return (ids.unsqueeze(-1) == torch.arange(vocab_size)).float()
