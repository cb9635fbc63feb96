"""The bonus exercise `gru_step`: one step of a GRU."""

import torch

from s2s_ref import rnn
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=rnn.gru_step,
    title="One step of a GRU",
    returns="new state",
    steps={
        "reset": ("the reset gate", "Which two parts does a gate add, and between which bounds?"),
        "update": ("the update gate", "Which two parts does a gate add, and between which bounds?"),
        "candidate": ("the candidate", "What does the reset gate multiply, and what is added?"),
    },
    bonus=True,
    edges=[{"batch": 1}],
    hints=[
        "Two gates, each between 0 and 1, decide: how much of the old state the candidate may "
        "see (reset), and how much of the old state stays (update). Which function gives values "
        "between 0 and 1?",
        "x @ W_x + b_x is [batch, 3·hidden]: reset, update and candidate side by side. "
        "`chunk(3, dim=-1)` splits them.",
        "With h = 1, candidate = -1 and update = 0.75, the new state is "
        "0.25·(-1) + 0.75·1 = 0.5: a large update gate keeps the old state.",
    ],
)
def gru_step(draw: Draw, batch=2, embed=3, hidden=4):
    """Draw a word, a state and the weights of the gates."""
    return {
        "x": draw.normal(batch, embed),
        "h": draw.normal(batch, hidden),
        "W_x": draw.normal(embed, 3 * hidden, scale=0.7),
        "W_h": draw.normal(hidden, 3 * hidden, scale=0.7),
        "b_x": draw.normal(3 * hidden),
        "b_h": draw.normal(3 * hidden),
    }


@gru_step.alternative
def gru_step_with_short_names(x, h, W_x, W_h, b_x, b_h):
    x_r, x_z, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    h_r, h_z, h_n = (h @ W_h + b_h).chunk(3, dim=-1)
    r = torch.sigmoid(x_r + h_r)
    z = torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h


gru_step.edit(
    "update_inverted",
    "the update gate is the wrong way round",
    base=gru_step_with_short_names,
    replace={"(1 - z) * n + z * h": "z * n + (1 - z) * h"},
    why="Some papers write it this way. In Cho et al. and PyTorch, update = 1 keeps the old state.",
    question="What should the new state be when the update gate is 1?",
)

gru_step.edit(
    "gates_swapped",
    "reset and update are exchanged",
    base=gru_step_with_short_names,
    replace={"x_r, x_z, x_n =": "x_z, x_r, x_n =", "h_r, h_z, h_n =": "h_z, h_r, h_n ="},
    why="The weights lie in the order reset, update, candidate.",
    question="Which of the three parts is the first?",
)

gru_step.edit(
    "reset_unused",
    "the reset gate does nothing",
    base=gru_step_with_short_names,
    replace={"r * h_n": "h_n"},
    why="Then the unit cannot set the past aside when a new clause begins.",
    question="Which part of the candidate does the reset gate multiply?",
)

gru_step.edit(
    "reset_before_product",
    "the reset gate acts before the matrix product, not after it",
    base=gru_step_with_short_names,
    replace={"r * h_n": "(r * h) @ W_h.chunk(3, dim=-1)[2] + b_h.chunk(3)[2]"},
    why="Both are called GRU. In PyTorch's form, which is faster, the gate acts on the product.",
    question="Is it reset * (h W + b), or (reset * h) W + b?",
)

gru_step.edit(
    "candidate_sigmoid",
    "the candidate went through a sigmoid, not a tanh",
    base=gru_step_with_short_names,
    replace={"torch.tanh": "torch.sigmoid"},
    why="Gates lie between 0 and 1; what is written into the state may be negative.",
    question="Which of the three parts is a gate, and which is new content?",
)

gru_step.edit(
    "old_state_dropped",
    "the old state is not mixed in",
    base=gru_step_with_short_names,
    replace={" + z * h": ""},
    why="A GRU has a memory because a part of the old state passes on unchanged.",
    question="Which two things does the update gate weigh against each other?",
)

gru_step.edit(
    "gates_by_tanh",
    "the gates went through a tanh, not a sigmoid",
    base=gru_step_with_short_names,
    replace={"r = torch.sigmoid": "r = torch.tanh", "z = torch.sigmoid": "z = torch.tanh"},
    why="A gate says how much: none is 0, all is 1, and less than none has no meaning.",
    question="Between which two numbers does a gate lie?",
)

gru_step.edit(
    "reset_on_the_sum",
    "the reset gate multiplies the word's part too",
    base=gru_step_with_short_names,
    replace={"x_n + r * h_n": "r * (x_n + h_n)"},
    why="The gate sets the past aside. The new word must always be read.",
    question="Which part of the candidate does the reset gate multiply?",
)

gru_step.edit(
    "parts_of_three",
    "the product was cut in parts of three numbers, not in three parts",
    base=gru_step_with_short_names,
    replace={
        "(x @ W_x + b_x).chunk": "(x @ W_x + b_x).split",
        "(h @ W_h + b_h).chunk": "(h @ W_h + b_h).split",
    },
    why="`split` takes the size of the parts, `chunk` takes how many there are.",
    question="How many parts are there, and how long is each?",
    raises="too many values to unpack",
)

gru_step.edit(
    "gates_detached",
    "no gradient goes back through the gates",
    base=gru_step_with_short_names,
    replace={
        "torch.sigmoid(x_r + h_r)": "torch.sigmoid(x_r + h_r).detach()",
        "torch.sigmoid(x_z + h_z)": "torch.sigmoid(x_z + h_z).detach()",
    },
    why="Training could then not learn when to keep and when to forget.",
    question="Which lines take no part in the backward pass?",
)

gru_step.edit(
    "biases_forgotten",
    "the biases are forgotten",
    base=gru_step_with_short_names,
    replace={" + b_x": "", " + b_h": ""},
    why="A gate's bias says how open it is before any word is read.",
    question="Which of the six arguments do your lines not use?",
)

gru_step.edit(
    "candidate_first",
    "the candidate was taken from the first part",
    base=gru_step_with_short_names,
    replace={"x_r, x_z, x_n =": "x_n, x_r, x_z =", "h_r, h_z, h_n =": "h_n, h_r, h_z ="},
    why="The weights lie in the order reset, update, candidate.",
    question="Which of the three parts is the last?",
)

gru_step.edit(
    "gates_without_the_word",
    "the gates do not look at the word",
    base=gru_step_with_short_names,
    replace={"(x_r + h_r)": "(h_r)", "(x_z + h_z)": "(h_z)"},
    why="Whether to forget depends on what is read.",
    question="Which two parts make up each gate?",
)


gru_step.edit(
    "pair_returned",
    "a pair came back, not the new state alone",
    base=gru_step_with_short_names,
    replace={"return (1 - z) * n + z * h": "h = (1 - z) * n + z * h\n    return h, h"},
    why="PyTorch's layers return outputs and a state. One step has one result.",
    question="How many results does the signature name, after the arrow?",
)


@gru_step.alternative
def gru_step_by_slices(x, h, W_x, W_h, b_x, b_h):
    size = h.shape[-1]
    gates_x, gates_h = x @ W_x + b_x, h @ W_h + b_h
    r = torch.sigmoid(gates_x[:, :size] + gates_h[:, :size])
    z = torch.sigmoid(gates_x[:, size : 2 * size] + gates_h[:, size : 2 * size])
    n = torch.tanh(gates_x[:, 2 * size :] + r * gates_h[:, 2 * size :])
    return n + z * (h - n)


gru_step.edit(
    "candidate_not_weighed",
    "the candidate is not multiplied by 1 - update",
    base=gru_step_with_short_names,
    replace={"(1 - z) * n": "n"},
    why="What is new must give way as far as the old state stays, or the state grows and grows.",
    question="To what do the shares of the candidate and of the old state sum up?",
)

gru_step.edit(
    "candidate_unbounded",
    "the candidate went through no tanh",
    base=gru_step_with_short_names,
    replace={"torch.tanh(x_n + r * h_n)": "x_n + r * h_n"},
    why="Without it the state can grow without limit.",
    question="Which three functions stand in the three lines above the new state?",
)

gru_step.edit(
    "parts_interleaved",
    "the three parts were taken from neighbouring numbers",
    base=gru_step_with_short_names,
    replace={
        "(x @ W_x + b_x).chunk(3, dim=-1)": "(x @ W_x + b_x).unflatten(-1, (-1, 3)).unbind(-1)",
        "(h @ W_h + b_h).chunk(3, dim=-1)": "(h @ W_h + b_h).unflatten(-1, (-1, 3)).unbind(-1)",
    },
    why="The parts lie side by side: first all numbers of reset, then all of update.",
    question="Where does the second part begin?",
)

gru_step.edit(
    "batch_cut_in_three",
    "the batch was cut into parts, not the numbers of each sentence",
    base=gru_step_with_short_names,
    replace={
        "(x @ W_x + b_x).chunk(3, dim=-1)": "(x @ W_x + b_x).chunk(3)",
        "(h @ W_h + b_h).chunk(3, dim=-1)": "(h @ W_h + b_h).chunk(3)",
    },
    why="Without `dim`, `chunk` cuts along the first axis, and that is the batch.",
    question="Along which axis do the three parts lie side by side?",
    raises="not enough values to unpack",
)

gru_step.edit(
    "candidate_alone",
    "the candidate came back, not the new state",
    base=gru_step_with_short_names,
    replace={"(1 - z) * n + z * h": "n"},
    why="The update gate then does nothing, and no number of the old state can stay as it is.",
    question="Which two things does the update gate weigh against each other?",
)

gru_step.edit(
    "reset_in_place_of_update",
    "the reset gate stands where the update gate should be",
    base=gru_step_with_short_names,
    replace={"(1 - z) * n + z * h": "(1 - r) * n + r * h"},
    why="Reset says what the candidate may see; update says how much of the old state stays.",
    question="Which gate stands in the last line of the formulas?",
)

gru_step.edit(
    "word_bias_forgotten",
    "the bias b_x is forgotten",
    base=gru_step_with_short_names,
    replace={" + b_x": ""},
    why="A gate's bias says how open it is before any word is read.",
    question="Which of the six arguments do your lines not use?",
)

gru_step.edit(
    "state_bias_forgotten",
    "the bias b_h is forgotten",
    base=gru_step_with_short_names,
    replace={" + b_h": ""},
    why="A gate's bias says how open it is before any word is read.",
    question="Which of the six arguments do your lines not use?",
)

gru_step.edit(
    "biases_exchanged",
    "the two biases are exchanged",
    base=gru_step_with_short_names,
    replace={"x @ W_x + b_x": "x @ W_x + b_h", "h @ W_h + b_h": "h @ W_h + b_x"},
    why="The gates add both, so only the candidate shows it: there the reset gate multiplies b_h.",
    question="Which bias belongs to the word's product, and which to the state's?",
)

gru_step.edit(
    "product_kept",
    "the old state went through W_h before it was kept",
    base=gru_step_with_short_names,
    replace={"(1 - z) * n + z * h": "(1 - z) * n + z * h_n"},
    why="At update = 1 the old numbers must stay as they are, for as long as you like.",
    question="What does the update gate multiply in the last line of the formulas?",
)
