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
    edges=[{"batch": 1}, {"len": 1}, {"batch": 4, "vocab": 40}],
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


@one_hot.alternative
def one_hot_with_loops(ids, vocab_size):
    vectors = torch.zeros(*ids.shape, vocab_size)
    for i, row in enumerate(ids.tolist()):
        for j, word in enumerate(row):
            vectors[i, j, word] = 1
    return vectors


one_hot.edit(
    "id_written",
    "the id stands where the 1 should be",
    base=one_hot_with_loops,
    replace={"word] = 1": "word] = word"},
    why="Word 6 would look twice as large as word 3, but an id is only a name.",
    question="Which two numbers may a one-hot vector hold?",
)

one_hot.edit(
    "last_word_skipped",
    "the last word of every sentence has no 1",
    base=one_hot_with_loops,
    replace={"enumerate(row)": "enumerate(row[:-1])"},
    why="A vector of zeros stands for no word at all.",
    question="Which is the last place that your loop visits?",
)

one_hot.edit(
    "size_of_the_example",
    "the vocabulary's size is written as a number",
    base=one_hot_from_identity,
    replace={"eye(vocab_size)": "eye(3)"},
    why="Only the example has a vocabulary of 3 words.",
    question="Where does the function learn how many words there are?",
    raises="out of bounds|out of range",
)

one_hot.edit(
    "true_and_false",
    "the vectors hold True and False",
    base=one_hot_by_comparing,
    replace={".float()": ""},
    why="A layer's weights are floats, and PyTorch does not multiply floats by True and False.",
    question="Which dtype do your vectors have, and how do they become float32?",
)

one_hot.edit(
    "nested_lists",
    "lists came back, not a tensor",
    base=one_hot_by_comparing,
    replace={".float()": ".float().tolist()"},
    why="The RNN multiplies the vectors by a matrix, and a list cannot be multiplied by one.",
    question="How does a list of numbers become a tensor?",
)

one_hot.edit(
    "bag_of_words",
    "the words of a sentence share one vector",
    base=one_hot_by_comparing,
    replace={".float()": ".any(dim=1).float()"},
    why="Then nobody can tell which word came first.",
    question="How many vectors belong to a sentence of three words?",
)

one_hot.edit(
    "axis_in_front",
    "the new axis is in the wrong place",
    base=one_hot_by_comparing,
    replace={".float()": ".float().permute(2, 0, 1)"},
    why="The vocabulary must be the last axis: that is the one a matrix multiplies.",
    question="Which axis of your result is as long as the vocabulary?",
)


one_hot.edit(
    "one_too_wide",
    "the vectors have one place too many",
    base=one_hot_from_identity,
    replace={"eye(vocab_size)": "eye(vocab_size + 1)"},
    why="Ids start at 0, so the last one is vocab_size - 1.",
    question="How many words are there, and how many places has your vector?",
)

one_hot.edit(
    "axes_of_one_dropped",
    "a batch of one sentence, or a sentence of one word, loses an axis",
    base=one_hot_from_identity,
    replace={"[ids]": "[ids].squeeze()"},
    why="`squeeze()` without an argument drops every axis of length 1, the batch's too.",
    question="Which axis do you mean to drop, and is there any?",
)

one_hot.edit(
    "double_precision",
    "the vectors hold float64, not float32",
    base=one_hot_from_identity,
    replace={"[ids]": "[ids].double()"},
    why="A layer's weights are float32, and PyTorch does not multiply the two.",
    question="Which call makes float32 of any dtype?",
)

one_hot.edit(
    "zero_left_out",
    "the word with the id 0 has no 1",
    base=one_hot_with_loops,
    replace={"word] = 1": "word] = word > 0"},
    why="0 is the id of a word like any other.",
    question="At which place is the 1 for the id 0?",
)

one_hot.edit(
    "ones_of_the_sentence",
    "every word has the ones of its whole sentence",
    base=one_hot_with_loops,
    replace={"[i, j, word] = 1": "[i, :, word] = 1"},
    why="Then the words of a sentence are all alike, and their order is lost.",
    question="Which places of the result does that line write to, and how many should it?",
)

one_hot.edit(
    "ones_of_the_batch",
    "every word has the ones of the whole batch",
    base=one_hot_with_loops,
    replace={"[i, j, word] = 1": "[:, :, word] = 1"},
    why="Then all words are alike, whatever the sentence says.",
    question="Which places of the result does that line write to, and how many should it?",
)

one_hot.edit(
    "ones_up_to_the_id",
    "there is a 1 at every place up to the id",
    base=one_hot_by_comparing,
    replace={"==": ">="},
    why="Such vectors say that word 6 holds word 3, but an id is only a name.",
    question="How many ones should a vector have?",
)


@one_hot.mistake(
    "the vocabulary's size is written as a number",
    why="Only the example has a vocabulary of 3 words.",
    question="Where does the function learn how many words there are?",
    raises="num_classes",
)
def size_of_the_example_as_well(ids, vocab_size):
    return nn.functional.one_hot(ids, 3).float()
