"""Lesson 8's reference: PyTorch's bilinear layer and cells, Luong's concat, hand-worked cases."""

import pytest
import torch
from jaxtyping import TypeCheckError
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from s2s_ref.attention import DotScores, LuongDecoder, attention_weights, dot_scores
from s2s_ref.state import State
from s2s_ref.two_attentions import (
    AdditiveScores,
    BahdanauDecoder,
    BidirectionalEncoder,
    GeneralScores,
    general_scores,
)

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


# ------------------------------------------------------------------ general


def test_general_scores_by_hand():
    W = torch.tensor([[1.0, 0, 0], [0, 1, 1]])
    scores = general_scores(torch.tensor([[[1.0, 2]]]), torch.tensor([[[3.0, 0, 1]]]), W)
    assert scores.tolist() == [[[5]]]


def test_general_scores_are_pytorchs_bilinear_layer():
    layer = nn.Bilinear(6, 5, 1, bias=False)
    queries, keys = torch.randn(2, 3, 6), torch.randn(2, 4, 5)
    expected = layer(
        queries.unsqueeze(2).expand(2, 3, 4, 6).reshape(-1, 6),
        keys.unsqueeze(1).expand(2, 3, 4, 5).reshape(-1, 5),
    ).view(2, 3, 4)
    torch.testing.assert_close(general_scores(queries, keys, layer.weight[0]), expected)


def test_with_the_identity_general_is_dot():
    queries, keys = torch.randn(2, 3, 6), torch.randn(2, 4, 6)
    torch.testing.assert_close(
        general_scores(queries, keys, torch.eye(6)), dot_scores(queries, keys)
    )


def test_general_as_a_module_scores_the_encoders_states_through_w():
    score, queries, states = GeneralScores(6, 5), torch.randn(2, 3, 6), torch.randn(2, 4, 5)
    found = score(queries, score.project_keys(states))
    torch.testing.assert_close(found, torch.einsum("btq,qk,bsk->bts", queries, score.W, states))


def test_only_the_dot_score_needs_one_size():
    queries, states = torch.randn(2, 3, 6), torch.randn(2, 4, 5)
    for score in (GeneralScores(6, 5), AdditiveScores(6, 5, 7)):
        assert score(queries, score.project_keys(states)).shape == (2, 3, 4)
    with pytest.raises(TypeCheckError):
        dot_scores(queries, states)


def test_what_each_score_has_to_learn():
    scores = [DotScores(), GeneralScores(6, 5), AdditiveScores(6, 5, 7)]
    assert [sum(p.numel() for p in s.parameters()) for s in scores] == [0, 30, 6 * 7 + 5 * 7 + 7]


# ------------------------------------------------------------------ additive


def concat_scores(queries, keys, W, v):
    """Luong's "concat", pair by pair: v · tanh(W [query; key])."""
    pairs = [
        [torch.tanh(W @ torch.cat([q, k])) @ v for q in q_row for k in k_row]
        for q_row, k_row in zip(queries, keys, strict=True)
    ]
    return torch.tensor(pairs).view(len(queries), queries.shape[1], keys.shape[1])


@torch.no_grad()
def test_additive_is_luongs_concat_with_the_two_matrices_side_by_side():
    score, queries, states = AdditiveScores(6, 5, 7), torch.randn(2, 3, 6), torch.randn(2, 4, 5)
    W = torch.cat([score.query.weight, score.key.weight], dim=1)
    expected = concat_scores(queries, states, W, score.v.weight[0])
    torch.testing.assert_close(score(queries, score.project_keys(states)), expected)


@torch.no_grad()
def test_additive_scores_by_hand():
    score = AdditiveScores(2, 2, 2)
    score.query.weight.copy_(torch.eye(2))
    score.v.weight.copy_(torch.tensor([[3.0, 5]]))
    found = score(torch.tensor([[[1.0, -1]]]), torch.tensor([[[1.0, 1]]]))
    torch.testing.assert_close(found, torch.tensor([[[2.8921]]]), rtol=0, atol=1e-4)


@torch.no_grad()
def test_what_is_asked_decides_and_without_the_tanh_it_would_not():
    score, queries, states = AdditiveScores(6, 5, 7), 3 * torch.randn(2, 3, 6), torch.randn(2, 4, 5)
    keys = score.project_keys(states)
    weights = attention_weights(score(queries, keys), MASK)
    assert (weights[:, 0] - weights[:, 1]).abs().max() > 1e-3
    linear = score.v(score.query(queries).unsqueeze(2) + keys.unsqueeze(1)).squeeze(-1)
    weights = attention_weights(linear, MASK)
    torch.testing.assert_close(weights[:, 0], weights[:, 1])


# ------------------------------------------------------------------ BidirectionalEncoder


def test_the_encoder_is_two_rnns_one_on_the_sentence_turned_round(cell):
    """Each direction by PyTorch's own one-way layer, one sentence at a time, without padding."""
    encoder = BidirectionalEncoder(9, 4, 6, cell)
    weights = encoder.rnn.state_dict()
    layer = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell]
    forward, backward = (layer(4, 3, batch_first=True) for _ in range(2))
    forward.load_state_dict({n: w for n, w in weights.items() if not n.endswith("_reverse")})
    turned = {n.removesuffix("_reverse"): w for n, w in weights.items() if n.endswith("_reverse")}
    backward.load_state_dict(turned)
    src, lengths = torch.tensor([[4, 5, 0], [6, 7, 8], [3, 0, 0]]), torch.tensor([2, 3, 1])
    states, final = encoder(src, lengths)
    finals = final if cell == "lstm" else (final,)
    for i, length in enumerate(lengths.tolist()):
        words = encoder.embedding(src[i : i + 1, :length])
        there, last = forward(words)
        back, first = backward(words.flip(1))
        expected = torch.cat([there, back.flip(1)], dim=-1)
        torch.testing.assert_close(states[i : i + 1, :length], expected)
        assert not states[i, length:].any()
        lasts, firsts = (last, first) if cell == "lstm" else ((last,), (first,))
        for found, a, b in zip(finals, lasts, firsts, strict=True):
            torch.testing.assert_close(found[i], torch.cat([a[0, 0], b[0, 0]]))


def test_every_state_knows_every_word():
    encoder = BidirectionalEncoder(9, 4, 6)
    src, lengths = torch.tensor([[1, 2, 3, 4]]), torch.tensor([4])
    for place in range(4):
        other = src.clone()
        other[0, place] = 8
        moved = (encoder(src, lengths)[0] - encoder(other, lengths)[0]).abs().amax(dim=-1)
        assert (moved > 0).all()


# ------------------------------------------------------------------ BahdanauDecoder


def test_the_decoder_is_the_papers_recurrence(cell, memory):
    """Dot scores, so that PyTorch's attention gives the context; a layer in place of the cell."""
    decoder = BahdanauDecoder(9, 4, 6, cell, score=DotScores())
    layer = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](10, 6, batch_first=True)
    layer.load_state_dict({f"{n}_l0": w for n, w in decoder.rnn.state_dict().items()})
    h, c = torch.randn(2, 2, 6)
    hidden = (h, c) if cell == "lstm" else h
    tgt = torch.randint(0, 9, (2, 3))
    logits, state, weights = decoder(tgt, memory._replace(hidden=hidden))
    states, carried = memory.encoder_states, (h[None], c[None]) if cell == "lstm" else h[None]
    for t in range(3):
        asks = (carried[0] if cell == "lstm" else carried)[0]
        context = scaled_dot_product_attention(
            asks.unsqueeze(1), states, states, attn_mask=MASK.unsqueeze(1), scale=1.0
        )
        torch.testing.assert_close(weights[:, t].unsqueeze(1) @ states, context)
        word = decoder.embedding(tgt[:, t : t + 1])
        outputs, carried = layer(torch.cat([word, context], dim=-1), carried)
        torch.testing.assert_close(logits[:, t : t + 1], decoder.output(outputs))
    torch.testing.assert_close(state.h, outputs[:, 0])


def test_its_own_score_is_additive(memory):
    decoder = BahdanauDecoder(9, 4, 6)
    _, _, weights = decoder(torch.tensor([[1], [1]]), memory)
    asked = decoder.score.query(memory.h)[:, None]
    compared = torch.tanh(asked + decoder.score.key(memory.encoder_states))
    scores = (compared * decoder.score.v.weight[0]).sum(dim=-1, keepdim=True).transpose(1, 2)
    torch.testing.assert_close(weights, attention_weights(scores, MASK))


def test_the_first_look_comes_before_the_first_word(memory):
    """Bahdanau's weights at a step do not depend on its word; Luong's do."""
    a, b = torch.tensor([[1, 5], [1, 5]]), torch.tensor([[2, 5], [2, 5]])
    bahdanau, luong = BahdanauDecoder(9, 4, 6), LuongDecoder(9, 4, 6)
    torch.testing.assert_close(bahdanau(a, memory)[2][:, 0], bahdanau(b, memory)[2][:, 0])
    assert not torch.allclose(bahdanau(a, memory)[2][:, 1], bahdanau(b, memory)[2][:, 1])
    assert not torch.allclose(luong(a, memory)[2][:, 0], luong(b, memory)[2][:, 0])


def test_what_came_back_stays_in_the_state(memory):
    """Bahdanau's next state depends on the encoder's states; Luong's does not."""
    tgt, other = torch.tensor([[1], [1]]), memory._replace(encoder_states=torch.randn(2, 4, 6))
    luong, bahdanau = LuongDecoder(9, 4, 6), BahdanauDecoder(9, 4, 6)
    torch.testing.assert_close(luong(tgt, memory)[1].h, luong(tgt, other)[1].h)
    assert not torch.allclose(bahdanau(tgt, memory)[1].h, bahdanau(tgt, other)[1].h)


def test_the_memory_is_handed_on(memory):
    _, state, _ = BahdanauDecoder(9, 4, 6)(torch.tensor([[1], [1]]), memory)
    assert state.encoder_states is memory.encoder_states
    assert state.src_mask is memory.src_mask
    assert state.context is memory.context
    assert state.keys is not None
