"""The state of a decoder: rows are selected, and the layers' axis comes and goes."""

import pytest
import torch
from jaxtyping import TypeCheckError
from torch import nn

from s2s_ref.state import State, from_rnn, to_rnn


def numbered(batch=4, hidden=3):
    """Row i of this state holds i, i + 0.1, i + 0.2."""
    return torch.arange(batch).unsqueeze(1) + 0.1 * torch.arange(hidden)


@pytest.mark.parametrize(
    "rows",
    [[2], [3, 0], [1, 1, 1], [0, 1, 2, 3], []],
    ids=["one", "reordered", "repeated", "all", "none"],
)
def test_select_keeps_these_rows_in_this_order(rows):
    chosen = State(numbered()).select(torch.tensor(rows, dtype=torch.long))
    assert chosen.hidden[:, 0].tolist() == rows


def test_select_takes_the_same_rows_of_both_halves_of_an_lstm():
    h = numbered()
    chosen = State((h, -h)).select(torch.tensor([2, 0]))
    assert torch.equal(chosen.hidden[0], h[[2, 0]])
    assert torch.equal(chosen.hidden[1], -h[[2, 0]])


def test_select_takes_the_same_rows_of_every_field_and_leaves_out_what_is_not_there():
    others = dict.fromkeys(State._fields[1:], torch.arange(4))
    rows = torch.tensor([3, 1])
    assert all(field.tolist() == [3, 1] for field in State(numbered(), **others).select(rows)[1:])
    assert State(numbered()).select(rows)[1:] == (None,) * len(others)


def test_select_leaves_the_state_it_came_from_and_lets_gradients_through():
    hidden = numbered().requires_grad_()
    State(hidden).select(torch.tensor([1, 1])).hidden.sum().backward()
    assert hidden.grad[:, 0].tolist() == [0, 2, 0, 0]


@pytest.mark.parametrize("layer", [nn.RNN, nn.GRU, nn.LSTM])
def test_what_pytorch_returns_and_takes_goes_there_and_back(layer):
    rnn = layer(2, 3, batch_first=True)
    _, final = rnn(torch.randn(4, 5, 2))
    hidden = from_rnn(final)
    shapes = [h.shape for h in (hidden if isinstance(hidden, tuple) else (hidden,))]
    assert shapes == [(4, 3)] * len(shapes)
    torch.testing.assert_close(to_rnn(hidden), final)
    rnn(torch.randn(4, 1, 2), to_rnn(hidden))  # it is accepted as a state to start from


@pytest.mark.parametrize(
    "call",
    [
        lambda: to_rnn(torch.zeros(1, 2, 3)),
        lambda: from_rnn(torch.zeros(2, 3)),
        lambda: from_rnn(torch.zeros(2, 2, 3)),
        lambda: State(numbered()).select(torch.zeros(2)),
    ],
    ids=["three axes in", "no layer axis", "two layers", "float rows"],
)
def test_shapes_and_types_are_checked(call):
    with pytest.raises(TypeCheckError):
        call()
