"""The exercise `pad`: put sentences of different lengths into one tensor."""

import torch
from torch.nn.utils.rnn import pad_sequence

from s2s_ref import padding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=padding.pad,
    title="A rectangle of sentences",
    longhand="pad_row_by_row",
    steps={
        "rows": (
            "the rows",
            "How much padding does each row need, and on which side of the words?",
        ),
    },
    returns="rectangle",
    edges=[{"sentences": 1}, {"longest": 1}, {"vocab": 30}],
    hints=[
        "A batch is a rectangle, and every sentence starts at its left edge. How long is a row, "
        "and what fills the rest of it?",
        "The argument is a list of lists of ids. The result is a tensor of integers, with one row "
        "for each sentence and as many columns as the longest one has ids.",
        "[[5, 6, 7], [8]] with pad_id = 0 becomes [[5, 6, 7], [8, 0, 0]].",
    ],
)
def pad(draw: Draw, sentences=4, longest=6, vocab=12):
    """Draw sentences of many lengths, and the id of padding, which is no word's."""
    pad_id = draw.special_ids(vocab).pad
    words = [token for token in range(vocab) if token != pad_id]
    lengths = draw.lengths(sentences, longest).tolist()
    sequences = [[draw.shuffled(words)[0] for _ in range(length)] for length in lengths]
    return {"sequences": sequences, "pad_id": pad_id}


@pad.alternative
def pad_row_by_row(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    rows = [[*ids, *[pad_id] * (longest - len(ids))] for ids in sequences]
    return torch.tensor(rows)


@pad.alternative
def pad_into_a_full_tensor(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    rectangle = torch.full((len(sequences), longest), pad_id)
    for row, ids in enumerate(sequences):
        rectangle[row, : len(ids)] = torch.tensor(ids)
    return rectangle


@pad.mistake(
    "the longer sentences were cut",
    why="The end of a sentence is lost, and in Korean that is where the verb is.",
    question="Which sentence decides how wide the rectangle is?",
)
def cut_to_shortest(sequences, pad_id):
    shortest = min(len(ids) for ids in sequences)
    return torch.tensor([ids[:shortest] for ids in sequences])


@pad.mistake(
    "the padding is in front of the sentences",
    why="Then the words end at the right edge, but a mask of lengths marks the places on the left.",
    question="Where in a row does the first word of a sentence belong?",
)
def padded_in_front(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    return torch.tensor([[pad_id] * (longest - len(ids)) + ids for ids in sequences])


@pad.mistake(
    "the gaps were filled with 0, not with `pad_id`",
    why="It works only as long as 0 happens to be the id of padding.",
    question="What is the second argument for?",
)
def filled_with_zeros(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    return torch.tensor([ids + [0] * (longest - len(ids)) for ids in sequences])


@pad.mistake(
    "every row is one place too long",
    why="A whole column of padding costs time in every batch.",
    question="How much padding does the longest sentence need?",
)
def one_column_too_many(sequences, pad_id):
    longest = max(len(ids) for ids in sequences) + 1
    return torch.tensor([ids + [pad_id] * (longest - len(ids)) for ids in sequences])


@pad.mistake(
    "the sentences are in the columns",
    why="In this course the batch always comes first. PyTorch's own default is the other way "
    "round.",
    question="How many rows should come out for two sentences?",
)
def sentences_in_columns(sequences, pad_id):
    rows = [torch.tensor(ids) for ids in sequences]
    return pad_sequence(rows, padding_value=pad_id)


pad.edit(
    "floats",
    "the ids became floats",
    base=pad_into_a_full_tensor,
    replace={
        "torch.full((len(sequences), longest), pad_id)": (
            "torch.ones(len(sequences), longest) * pad_id"
        )
    },
    why="An embedding is looked up by an integer; it rejects 5.0.",
    question="Which dtype do `torch.zeros` and `torch.ones` give when you do not name one?",
)


@pad.mistake(
    "the sentences that were passed in were made longer",
    why="The caller still needs them; in the next batch they would be as long as in this one.",
    question="Which of your operations changes a list, and which makes a new one?",
)
def made_longer(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    for ids in sequences:
        ids += [pad_id] * (longest - len(ids))
    return torch.tensor(sequences)


@pad.mistake(
    "the rows are not all of the same length",
    why="A tensor is a rectangle, so every row must have as many places as the longest sentence.",
    question="A sentence of 2 ids is in a batch with one of 5. How many times must `pad_id` "
    "follow it?",
    raises="expected sequence of length",
)
def always_one_more(sequences, pad_id):
    return torch.tensor([[*ids, pad_id] for ids in sequences])


@pad.mistake(
    "all rows are the same list: what is written into one is in all of them",
    why="`[row] * 3` makes three names for one list, not three lists.",
    question="How many lists does your code make, one for each sentence or one in all?",
)
def rows_shared(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    rows = [[pad_id] * longest] * len(sequences)
    for row, ids in zip(rows, sequences, strict=True):
        row[: len(ids)] = ids
    return torch.tensor(rows)


pad.edit(
    "as_wide_as_all_together",
    "the rows are as wide as all sentences together",
    base=pad_row_by_row,
    replace={"max(len(ids)": "sum(len(ids)"},
    why="Most of such a batch would be padding.",
    question="Which sentence decides how wide the rectangle is?",
)

pad.edit(
    "longest_first",
    "the sentences were put in order of length",
    base=pad_row_by_row,
    replace={"for ids in sequences]": "for ids in sorted(sequences, key=len, reverse=True)]"},
    why="Every source would stand beside the target of another sentence.",
    question="Which sentence is in row 0 of what you return?",
)

pad.edit(
    "last_word_lost",
    "the last word of every sentence is lost",
    base=pad_into_a_full_tensor,
    replace={": len(ids)] = torch.tensor(ids)": ": len(ids) - 1] = torch.tensor(ids[:-1])"},
    why="That is where the verb of a Korean sentence is, or the <eos>.",
    question="Places are counted from 0. Which is the last one that a sentence of 3 ids fills?",
)

pad.edit(
    "first_word_lost",
    "the first word of every sentence is lost",
    base=pad_into_a_full_tensor,
    replace={
        "[row, : len(ids)] = torch.tensor(ids)": "[row, 1 : len(ids)] = torch.tensor(ids[1:])"
    },
    why="A sentence has no <bos> here: its first id is a word like the others.",
    question="At which place does your loop or slice begin?",
)

pad.edit(
    "list_of_lists",
    "a list came back, not a tensor",
    base=pad_row_by_row,
    replace={"torch.tensor(rows)": "rows"},
    why="An embedding looks up a tensor of ids.",
    question="Which function makes a tensor of a list of lists?",
)

pad.edit(
    "list_of_tensors",
    "a list of tensors came back, not one tensor",
    base=pad_row_by_row,
    replace={"torch.tensor(rows)": "[torch.tensor(row) for row in rows]"},
    why="The model reads the batch in one call, so it must be one rectangle.",
    question="Which function puts rows of equal length into one tensor?",
)

pad.edit(
    "last_word_repeated",
    "the gaps were filled with the last word of each sentence",
    base=pad_row_by_row,
    replace={"*[pad_id] *": "*ids[-1:] *"},
    why="Nobody could tell the padding from words.",
    question="What is the second argument for?",
)

pad.edit(
    "sentences_turned_round",
    "the words of the sentences were turned round",
    base=pad_row_by_row,
    replace={"[*ids, *": "[*ids[::-1], *"},
    why="The words of a sentence keep their order in the rectangle.",
    question="Which word of a sentence belongs at the left edge?",
)


@pad.mistake(
    "the rows are not all of the same length",
    why="A tensor is a rectangle, so every row must have as many places as the longest sentence.",
    question="A sentence of 2 ids is in a batch with one of 5. How many times must `pad_id` "
    "follow it?",
    raises="expected sequence of length",
)
def one_place_filled(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    return torch.tensor([[*ids, *[pad_id] * (len(ids) < longest)] for ids in sequences])


@pad.alternative
def pad_with_pytorch(sequences, pad_id):
    rows = [torch.tensor(ids) for ids in sequences]
    return pad_sequence(rows, batch_first=True, padding_value=pad_id)
