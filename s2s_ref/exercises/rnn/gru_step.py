"""The exercise `gru_step`: its cases, hints, mistakes and other right answers."""

import torch
from torch import Tensor

from s2s_ref import rnn
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise

# ------------------------------------------------------------------ gru_step


def gates(draw: Draw, batch: int, embed: int, hidden: int) -> dict[str, Tensor]:
    """Draw the arguments of one GRU step."""
    return {
        "x": draw.normal(batch, embed),
        "h": draw.normal(batch, hidden),
        "W_x": draw.normal(embed, 3 * hidden, scale=0.7),
        "W_h": draw.normal(hidden, 3 * hidden, scale=0.7),
        "b_x": draw.normal(3 * hidden),
        "b_h": draw.normal(3 * hidden),
    }


@exercise(
    reference=rnn.gru_step,
    title="One step of a GRU",
    returns="new state",
    bonus=True,
    edges=[{"batch": 1}],
    hints=[
        "Two gates, each between 0 and 1, decide: how much of the old state the candidate may "
        "see (reset), and how much of the old state stays (update). Which function gives values "
        "between 0 and 1?",
        "x @ W_x + b_x is [batch, 3·hidden]: reset, update and candidate side by side. "
        "`chunk(3, dim=-1)` parts them.",
        "With h = 1, candidate = -1 and update = 0.75, the new state is "
        "0.25·(-1) + 0.75·1 = 0.5: a large update gate keeps the old.",
    ],
)
def gru_step(draw: Draw, batch=2, embed=3, hidden=4):
    """Draw a word, a state and the weights of the gates."""
    return gates(draw, batch, embed, hidden)


@gru_step.mistake(
    "the update gate is the wrong way round",
    why="Some papers write it so. In Cho et al. and in PyTorch, update = 1 keeps the old state.",
    question="What should the new state be when the update gate is 1?",
)
def update_inverted(x, h, W_x, W_h, b_x, b_h):
    x_r, x_z, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    h_r, h_z, h_n = (h @ W_h + b_h).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return z * n + (1 - z) * h


@gru_step.mistake(
    "reset and update are exchanged",
    why="The weights lie in the order reset, update, candidate.",
    question="Which of the three parts is the first?",
)
def gates_swapped(x, h, W_x, W_h, b_x, b_h):
    x_z, x_r, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    h_z, h_r, h_n = (h @ W_h + b_h).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h


@gru_step.mistake(
    "the reset gate does nothing",
    why="Then the unit cannot set the past aside when a new clause begins.",
    question="Which part of the candidate does the reset gate multiply?",
)
def reset_unused(x, h, W_x, W_h, b_x, b_h):
    _, x_z, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    _, h_z, h_n = (h @ W_h + b_h).chunk(3, dim=-1)
    z = torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + h_n)
    return (1 - z) * n + z * h


@gru_step.mistake(
    "the reset gate acts before the matrix product, not after it",
    why="Both are called GRU. In PyTorch's form, which is faster, the gate acts on the product.",
    question="Is it reset * (h W + b), or (reset * h) W + b?",
)
def reset_before_product(x, h, W_x, W_h, b_x, b_h):
    size = h.shape[-1]
    x_r, x_z, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    h_r, h_z, _ = (h @ W_h + b_h).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + (r * h) @ W_h[:, 2 * size :] + b_h[2 * size :])
    return (1 - z) * n + z * h


@gru_step.mistake(
    "the candidate went through a sigmoid, not a tanh",
    why="Gates lie between 0 and 1; what is written into the state may be negative.",
    question="Which of the three parts is a gate, and which is new content?",
)
def candidate_sigmoid(x, h, W_x, W_h, b_x, b_h):
    x_r, x_z, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    h_r, h_z, h_n = (h @ W_h + b_h).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.sigmoid(x_n + r * h_n)
    return (1 - z) * n + z * h


@gru_step.mistake(
    "the old state is not mixed in",
    why="What keeps a GRU's memory is that a part of the old state passes on unchanged.",
    question="Which two things does the update gate weigh against each other?",
)
def old_state_dropped(x, h, W_x, W_h, b_x, b_h):
    x_r, x_z, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    h_r, h_z, h_n = (h @ W_h + b_h).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n


@gru_step.alternative
def gru_step_by_slices(x, h, W_x, W_h, b_x, b_h):
    size = h.shape[-1]
    gates_x, gates_h = x @ W_x + b_x, h @ W_h + b_h
    r = torch.sigmoid(gates_x[:, :size] + gates_h[:, :size])
    z = torch.sigmoid(gates_x[:, size : 2 * size] + gates_h[:, size : 2 * size])
    n = torch.tanh(gates_x[:, 2 * size :] + r * gates_h[:, 2 * size :])
    return n + z * (h - n)
