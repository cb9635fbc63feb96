"""The exercise `length_mask`: mark the real tokens of a padded batch."""

import torch

from s2s_ref import padding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=padding.length_mask,
    title="Which places are real",
    longhand="length_mask_by_comparing",
    steps={
        "places": (
            "the places of a row",
            "From which number to which are the places of a row counted?",
        ),
    },
    returns="mask",
    edges=[{"batch": 1}, {"max_len": 1}, {"batch": 5}],
    hints=[
        "A sentence of 3 tokens fills the places 0, 1 and 2. Which question do you ask of every "
        "place, and is the answer for place 3 yes or no?",
        "Compare the places [len] with the lengths [batch]. One of the two needs a new axis, so "
        "that every place meets every length: [batch, len].",
        "Lengths [2, 3] and max_len = 3: [[True, True, False], [True, True, True]].",
    ],
)
def length_mask(draw: Draw, batch=3, max_len=5):
    """Draw lengths from 1 to the width of the rectangle."""
    return {"lengths": draw.ids(1, max_len + 1, batch), "max_len": max_len}


@length_mask.alternative
def length_mask_by_comparing(lengths, max_len):
    places = torch.arange(max_len)
    return places < lengths.unsqueeze(1)


@length_mask.mistake(
    "one place too many is marked in every row",
    why="The first <pad> of each sentence would count as a word.",
    question="Places are counted from 0. Is place 2 real in a sentence of 2 tokens?",
)
def up_to_and_with(lengths, max_len):
    return torch.arange(max_len) <= lengths.unsqueeze(1)


@length_mask.mistake(
    "the mask is the wrong way round",
    why="True stands for a real token here. Only PyTorch's key_padding_mask is the opposite.",
    question="What does True stand for?",
)
def inverted(lengths, max_len):
    return torch.arange(max_len) >= lengths.unsqueeze(1)


@length_mask.mistake(
    "the axes are swapped",
    why="A row of the mask belongs to a sentence, as in the rectangle of ids.",
    question="Which of the two tensors that you compare got the new axis?",
)
def exchanged_axes(lengths, max_len):
    return torch.arange(max_len).unsqueeze(1) < lengths


@length_mask.mistake(
    "the mask holds numbers, not True and False",
    why="As an index, `logits[mask]` with 0 and 1 fetches the rows 0 and 1 again and again.",
    question="Which dtype does a comparison give, and what did you do with it?",
)
def as_numbers(lengths, max_len):
    return (torch.arange(max_len) < lengths.unsqueeze(1)).long()


@length_mask.mistake(
    "the mask is as wide as the longest sentence, not as wide as asked",
    why="The rectangle may be wider than the longest sentence, and the mask must fit it.",
    question="What is `max_len` for?",
)
def as_wide_as_longest(lengths, max_len):
    return torch.arange(int(lengths.max())) < lengths.unsqueeze(1)


@length_mask.mistake(
    "the last places are marked, not the first ones",
    why="The padding comes after the sentence, not before it.",
    question="Is the first place of a short sentence real?",
)
def at_the_right_edge(lengths, max_len):
    return torch.arange(max_len) >= max_len - lengths.unsqueeze(1)


@length_mask.mistake(
    "the last word of every sentence is not marked",
    why="That is where the verb of a Korean sentence is, or the <eos>. It would count as padding.",
    question="Places are counted from 0. At which place does a sentence of 2 tokens end?",
)
def one_too_few(lengths, max_len):
    return torch.arange(1, max_len + 1) < lengths.unsqueeze(1)


@length_mask.mistake(
    "the mask is the wrong way round",
    why="True stands for a real token here. Only PyTorch's key_padding_mask is the opposite.",
    question="What does True stand for?",
)
def sides_exchanged(lengths, max_len):
    return lengths.unsqueeze(1) < torch.arange(max_len)


@length_mask.mistake(
    "the two tensors do not fit together: neither has an axis of length 1",
    why="Every place must be compared with every length. Two tensors with one axis each are "
    "compared entry by entry.",
    question="Which of the two needs a new axis, and where, so that [batch, len] comes out?",
    raises="must match the size",
)
def no_new_axis(lengths, max_len):
    return torch.arange(max_len) < lengths


length_mask.edit(
    "lengths_sorted",
    "the lengths were sorted, so that every row belongs to another sentence",
    base=length_mask_by_comparing,
    replace={"lengths.unsqueeze(1)": "lengths.sort(descending=True).values.unsqueeze(1)"},
    why="Row 0 of the mask must belong to row 0 of the ids.",
    question="Which sentence is in row 0 of what you return?",
)

length_mask.edit(
    "longest_for_all",
    "every row is marked as far as the longest sentence",
    base=length_mask_by_comparing,
    replace={"lengths.unsqueeze(1)": "lengths.max().expand(len(lengths), 1)"},
    why="The padding of the shorter sentences would count as words.",
    question="With how many lengths is each place compared in your code?",
)

length_mask.edit(
    "first_length_for_all",
    "every row is marked as far as the first sentence",
    base=length_mask_by_comparing,
    replace={"lengths.unsqueeze(1)": "lengths[:1].expand(len(lengths), 1)"},
    why="Every sentence has a length of its own.",
    question="With how many lengths is each place compared in your code?",
)

length_mask.edit(
    "everything_marked",
    "all places are marked, padding too",
    base=length_mask_by_comparing,
    replace={"places < lengths.unsqueeze(1)": "(lengths.unsqueeze(1) > 0) & (places >= 0)"},
    why="A mask that is True everywhere leaves nothing out.",
    question="For which places should the answer be False?",
)

length_mask.edit(
    "last_place_only",
    "only the last word of every sentence is marked",
    base=length_mask_by_comparing,
    replace={"places <": "places + 1 =="},
    why="Every real token counts, not only the one that stands at the end.",
    question="Is place 0 real in a sentence of 2 tokens?",
)

length_mask.edit(
    "one_place_of_padding",
    "only the first place of padding is False",
    base=length_mask_by_comparing,
    replace={"places < lengths.unsqueeze(1)": "places != lengths.unsqueeze(1)"},
    why="A short sentence beside a long one has many places of padding, and each would count.",
    question="Which places of a sentence of 1 token are padding when the rectangle is 5 wide?",
)

length_mask.edit(
    "as_floats",
    "the mask holds numbers, not True and False",
    base=length_mask_by_comparing,
    replace={"places < lengths.unsqueeze(1)": "(places < lengths.unsqueeze(1)).float()"},
    why="As an index, a tensor of 0.0 and 1.0 is an error, and `~mask` is one too.",
    question="Which dtype does `torch.zeros` give, and which does a comparison give?",
)

length_mask.edit(
    "minus_infinity",
    "the mask holds 0 and -inf, as if it were added to scores",
    base=length_mask_by_comparing,
    replace={
        "places < lengths.unsqueeze(1)": (
            "torch.zeros(len(lengths), max_len).masked_fill(\n"
            '        places >= lengths.unsqueeze(1), float("-inf")\n'
            "    )"
        )
    },
    why="Here a mask says yes or no. What is made of it is decided where it is used.",
    question="Which dtype does a comparison give?",
)

length_mask.edit(
    "mask_as_list",
    "a list came back, not a tensor",
    base=length_mask_by_comparing,
    replace={"lengths.unsqueeze(1)": "lengths.unsqueeze(1)).tolist()", "return ": "return ("},
    why="As an index, or as a factor, the mask must be a tensor.",
    question="Which function makes a tensor of a list of lists?",
)


@length_mask.alternative
def length_mask_by_loops(lengths, max_len):
    rows = [[place < length for place in range(max_len)] for length in lengths.tolist()]
    return torch.tensor(rows)


@length_mask.alternative
def length_mask_by_filling(lengths, max_len):
    mask = torch.zeros(len(lengths), max_len, dtype=torch.bool)
    for row, length in enumerate(lengths):
        mask[row, :length] = True
    return mask
