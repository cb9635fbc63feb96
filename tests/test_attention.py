"""Lesson 7's reference: PyTorch's own attention, an RNN cell step by step, hand-worked cases."""

import pytest
import torch
from jaxtyping import TypeCheckError
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from s2s_ref.attention import (
    DotScores,
    LuongDecoder,
    alignment_matrix,
    attention_weights,
    context_vectors,
    dot_scores,
)
from s2s_ref.state import State

MASK = torch.tensor([[True, True, True, True], [True, True, False, False]])


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        yield


@pytest.fixture
def memory():
    """A sentence of four words and one of two, as an encoder leaves them."""
    return State(torch.randn(2, 6), torch.randn(2, 6), torch.randn(2, 4, 6), MASK)


@pytest.fixture(params=["rnn", "gru", "lstm"])
def cell(request):
    return request.param


# ------------------------------------------------------------------ scores, weights, context


def test_scores_by_hand():
    scores = dot_scores(torch.tensor([[[1.0, 2], [0, 1]]]), torch.tensor([[[3.0, 0], [1, 1]]]))
    assert scores.tolist() == [[[3, 3], [0, 1]]]


def test_scores_grow_with_the_states_and_are_not_scaled():
    queries, keys = torch.randn(2, 3, 9), torch.randn(2, 5, 9)
    torch.testing.assert_close(dot_scores(2 * queries, keys), 2 * dot_scores(queries, keys))
    ones = torch.ones(1, 1, 400)
    assert dot_scores(ones, ones).item() == 400


def test_queries_and_keys_need_one_size():
    with pytest.raises(TypeCheckError):
        dot_scores(torch.randn(2, 3, 4), torch.randn(2, 3, 5))


def test_weights_by_hand():
    mask = torch.tensor([[True, True, False]])
    assert attention_weights(torch.tensor([[[0.0, 0, 5]]]), mask).tolist() == [[[0.5, 0.5, 0]]]


@pytest.mark.parametrize("level", [-1000.0, 0.0, 1000.0])
def test_weights_sum_to_one_over_real_words_and_are_exactly_zero_at_padding(level):
    weights = attention_weights(torch.randn(2, 3, 4) + level, MASK)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 3))
    assert (weights[1, :, 2:] == 0).all()
    assert (weights[0] > 0).all()


def test_weights_are_those_of_the_sentence_alone():
    scores = torch.randn(2, 3, 4)
    alone = scores[1:, :, :2].softmax(dim=-1)
    torch.testing.assert_close(attention_weights(scores, MASK)[1:, :, :2], alone)


def test_no_gradient_goes_to_padding():
    scores = torch.randn(2, 3, 4, requires_grad=True)
    attention_weights(scores, MASK).square().sum().backward()
    assert scores.grad[0].all()
    assert not scores.grad[1, :, 2:].any()


def test_the_context_by_hand():
    weights, values = torch.tensor([[[0.75, 0.25]]]), torch.tensor([[[4.0, 0], [0, 8]]])
    assert context_vectors(weights, values).tolist() == [[[3, 2]]]


def test_all_the_weight_on_one_word_gives_that_word():
    values = torch.randn(1, 4, 6)
    context = context_vectors(torch.eye(4).unsqueeze(0), values)
    torch.testing.assert_close(context, values)


def test_the_three_together_are_pytorchs_attention_without_its_scale():
    queries, keys, values = torch.randn(2, 3, 6), torch.randn(2, 4, 6), torch.randn(2, 4, 5)
    context = context_vectors(attention_weights(dot_scores(queries, keys), MASK), values)
    expected = scaled_dot_product_attention(
        queries, keys, values, attn_mask=MASK.unsqueeze(1), scale=1.0
    )
    torch.testing.assert_close(context, expected)


# ------------------------------------------------------------------ LuongDecoder


def test_the_decoder_step_by_step_with_pytorchs_cell(cell, memory):
    """The paper's equations, one step at a time: state, attention, tanh of both, logits."""
    decoder = LuongDecoder(9, 4, 6, cell)
    kind = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}[cell](4, 6)
    kind.load_state_dict({n.removesuffix("_l0"): w for n, w in decoder.rnn.state_dict().items()})
    hidden = (torch.randn(2, 6), torch.randn(2, 6)) if cell == "lstm" else memory.hidden
    tgt = torch.randint(0, 9, (2, 3))
    logits, state, weights = decoder(tgt, memory._replace(hidden=hidden))
    for t in range(3):
        hidden = kind(decoder.embedding(tgt[:, t]), hidden)
        asks = hidden[0] if cell == "lstm" else hidden
        states = memory.encoder_states
        seen = scaled_dot_product_attention(
            asks.unsqueeze(1), states, states, attn_mask=MASK.unsqueeze(1), scale=1.0
        ).squeeze(1)
        both = torch.cat([seen, asks], dim=-1)
        expected = decoder.output(torch.tanh(both @ decoder.combine.weight.T))
        torch.testing.assert_close(logits[:, t], expected)
        torch.testing.assert_close((weights[:, t].unsqueeze(1) @ states).squeeze(1), seen)
    torch.testing.assert_close(state.h, asks)


def test_a_later_word_changes_nothing_before_it(memory):
    decoder, tgt = LuongDecoder(9, 4, 6), torch.tensor([[1, 5, 6], [1, 7, 8]])
    changed = tgt.clone()
    changed[:, 2] = 3
    (logits, _, weights), (others, _, other) = decoder(tgt, memory), decoder(changed, memory)
    torch.testing.assert_close(logits[:, :2], others[:, :2])
    torch.testing.assert_close(weights[:, :2], other[:, :2])
    assert not torch.allclose(logits[:, 2], others[:, 2])


def test_the_decoder_listens_to_every_real_word_and_to_no_padding(memory):
    decoder, tgt = LuongDecoder(9, 4, 6), torch.tensor([[1], [1]])
    states = memory.encoder_states.requires_grad_()
    decoder(tgt, memory)[0].sum().backward()
    heard = states.grad.abs().sum(dim=-1) > 0
    assert torch.equal(heard, MASK)


def test_the_memory_is_handed_on(memory):
    _, state, _ = LuongDecoder(9, 4, 6)(torch.tensor([[1], [1]]), memory)
    assert state.encoder_states is memory.encoder_states
    assert state.src_mask is memory.src_mask
    assert state.context is memory.context
    assert not torch.equal(state.h, memory.h)


class Halves(nn.Module):
    """A score of another kind: the keys are projected, and smaller than the queries."""

    def __init__(self):
        super().__init__()
        self.asked = 0

    def project_keys(self, encoder_states):
        self.asked += 1
        return encoder_states[:, :, :3]

    def forward(self, queries, keys):
        return queries[:, :, :3] @ keys.transpose(1, 2)


def test_another_score_compares_its_own_keys_and_makes_them_once(memory):
    score = Halves()
    decoder, state = LuongDecoder(9, 4, 6, score=score), memory
    for token in ([[1], [1]], [[5], [6]], [[7], [8]]):
        _, state, weights = decoder(torch.tensor(token), state)
    assert score.asked == 1
    scores = state.h[:, None, :3] @ memory.encoder_states[:, :, :3].transpose(1, 2)
    torch.testing.assert_close(weights, attention_weights(scores, MASK))


def test_dot_scores_as_a_module_has_nothing_to_learn():
    queries, states = torch.randn(2, 3, 6), torch.randn(2, 4, 6)
    score = DotScores()
    assert not list(score.parameters())
    torch.testing.assert_close(
        score(queries, score.project_keys(states)), dot_scores(queries, states)
    )


# ------------------------------------------------------------------ alignment_matrix


def test_an_alignment_by_hand():
    weights = torch.tensor([[[9.0, 9, 9]] * 4, [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]])
    assert alignment_matrix(weights, 1, 2, 3).tolist() == [[1, 0, 0], [0, 1, 1]]


def test_an_alignments_columns_sum_to_one():
    weights = attention_weights(torch.randn(2, 3, 4), MASK)
    matrix = alignment_matrix(weights, 1, 2, 3)
    assert matrix.shape == (2, 3)
    torch.testing.assert_close(matrix.sum(dim=0), torch.ones(3))
