"""Lesson 1's reference against PyTorch's layers and numbers worked by hand."""

import inspect
import math

import pytest
import torch
from jaxtyping import TypeCheckError
from torch import nn

from s2s_ref import encoder_decoder, rnn, state
from s2s_ref.rnn import SingleRNN, gru_step, one_hot, rnn_step, token_accuracy, unroll


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        yield


# ------------------------------------------------------------------ one_hot


def test_one_hot_by_hand():
    assert one_hot(torch.tensor([[2, 0]]), 3).tolist() == [[[0, 0, 1], [1, 0, 0]]]


def test_an_embedding_look_up_is_one_hot_times_the_matrix():
    ids, embedding = torch.randint(0, 11, (3, 5)), nn.Embedding(11, 4)
    torch.testing.assert_close(one_hot(ids, 11) @ embedding.weight, embedding(ids))


@pytest.mark.parametrize("ids", [[[3]], [[-1]]], ids=["too large", "negative"])
def test_one_hot_refuses_ids_outside_the_vocabulary(ids):
    with pytest.raises(RuntimeError, match="out of bounds"):
        one_hot(torch.tensor(ids), 3)


# ------------------------------------------------------------------ rnn_step and unroll


def test_rnn_step_by_hand():
    one = torch.ones(1, 1)
    new = rnn_step(one, 0.5 * one, 2 * one, -2 * one, torch.zeros(1))
    assert new.item() == pytest.approx(math.tanh(1), abs=1e-6)


def with_weights_of(cell):
    """Return a PyTorch cell's weights as the course writes them: x W + h W + b."""
    W_x, W_h = cell.weight_ih.T, cell.weight_hh.T
    return W_x, W_h, cell.bias_ih, cell.bias_hh


def test_rnn_step_is_pytorchs_cell():
    cell, x, h = nn.RNNCell(3, 5), torch.randn(2, 3), torch.randn(2, 5)
    W_xh, W_hh, b_x, b_h = with_weights_of(cell)
    torch.testing.assert_close(rnn_step(x, h, W_xh, W_hh, b_x + b_h), cell(x, h))


def test_gru_step_is_pytorchs_cell():
    cell, x, h = nn.GRUCell(3, 5), torch.randn(2, 3), torch.randn(2, 5)
    torch.testing.assert_close(gru_step(x, h, *with_weights_of(cell)), cell(x, h))


@pytest.mark.parametrize("length", [1, 4])
def test_unroll_is_pytorchs_layer(length):
    layer = nn.RNN(3, 5, batch_first=True)
    W_x, W_h = layer.weight_ih_l0.T, layer.weight_hh_l0.T
    inputs, h = torch.randn(2, length, 3), torch.randn(2, 5)
    expected, _ = layer(inputs, h.unsqueeze(0))
    states = unroll(inputs, h, W_x, W_h, layer.bias_ih_l0 + layer.bias_hh_l0)
    torch.testing.assert_close(states, expected)


def test_a_large_update_gate_keeps_the_old_state():
    """With h = 1, candidate -1 and update 0.75 by hand: 0.25 * -1 + 0.75 * 1 = 0.5."""
    logit = math.log(3)  # the sigmoid of log 3 is 0.75
    b_x = torch.tensor([0.0, logit, -100.0])
    nothing = torch.zeros(1, 3)
    new = gru_step(torch.ones(1, 1), torch.ones(1, 1), nothing, nothing, b_x, torch.zeros(3))
    assert new.item() == pytest.approx(0.5, abs=1e-6)


# ------------------------------------------------------------------ SingleRNN


def test_single_rnn_is_look_up_then_steps_then_an_affine_map():
    model, src = SingleRNN(7, 6, 4, 5), torch.randint(0, 7, (2, 3))
    W_xh, W_hh = model.rnn.weight_ih_l0.T, model.rnn.weight_hh_l0.T
    bias = model.rnn.bias_ih_l0 + model.rnn.bias_hh_l0
    states = unroll(one_hot(src, 7) @ model.embedding.weight, torch.zeros(2, 5), W_xh, W_hh, bias)
    expected = states @ model.output.weight.T + model.output.bias
    torch.testing.assert_close(model(src), expected)


def test_single_rnn_is_causal_and_each_sentence_stands_alone():
    model, src = SingleRNN(7, 6, 4, 5), torch.randint(0, 7, (3, 5))
    logits = model(src)
    torch.testing.assert_close(model(src[1:2]), logits[1:2])
    torch.testing.assert_close(model(src[:, :2]), logits[:, :2])


def test_single_rnn_learns_when_it_is_trained():
    model, src = SingleRNN(4, 4, 8, 16), torch.randint(0, 4, (32, 3))
    tgt, optimizer = (src + 1) % 4, torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(src).flatten(0, 1), tgt.flatten()).backward()
        optimizer.step()
    assert token_accuracy(model(src), tgt) == 1


# ------------------------------------------------------------------ token_accuracy


def test_token_accuracy_by_hand():
    answers, tgt = torch.tensor([[4, 2], [1, 1]]), torch.tensor([[4, 3], [1, 1]])
    accuracy = token_accuracy(one_hot(answers, 5), tgt)
    assert isinstance(accuracy, float)
    assert accuracy == 0.75


# ------------------------------------------------------------------ shapes


PUBLIC = [
    value
    for module in (state, rnn, encoder_decoder)
    for value in vars(module).values()
    if (inspect.isfunction(value) or inspect.isclass(value))
    and value.__module__ == module.__name__
    and not value.__name__.startswith("_")
]


def signatures(value):
    """Yield the signatures of a function, or of a class's public methods."""
    if inspect.isfunction(value):
        yield inspect.signature(value)
        return
    for name, method in vars(value).items():
        if inspect.isfunction(method) and (name == "__init__" or not name.startswith("_")):
            full = inspect.signature(method)
            yield full.replace(parameters=list(full.parameters.values())[1:])


@pytest.mark.parametrize("value", PUBLIC, ids=lambda value: value.__name__)
def test_every_public_signature_is_annotated(value):
    assert value.__doc__
    for signature in signatures(value):
        assert signature.return_annotation is not inspect.Signature.empty
        for parameter in signature.parameters.values():
            assert parameter.annotation is not inspect.Signature.empty, parameter


@pytest.mark.parametrize(
    "call",
    [
        lambda x: one_hot(x, 3),
        lambda x: rnn_step(x, x, x, x, x[0]),
        lambda x: unroll(x, x, x, x, x[0]),
        lambda x: gru_step(x, x, x, x, x[0], x[0]),
        lambda x: SingleRNN(7, 6, 4, 5)(x),
        lambda x: SingleRNN(7, 6, 4, 5)(x.long().unsqueeze(0)),
        lambda x: token_accuracy(x, x.long()),
    ],
    ids=["one_hot", "rnn_step", "unroll", "gru_step", "float ids", "3-d ids", "token_accuracy"],
)
def test_a_wrong_shape_or_type_raises(call):
    with pytest.raises(TypeCheckError):
        call(torch.ones(2, 3))
