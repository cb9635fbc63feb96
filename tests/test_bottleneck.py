"""Lesson 6's reference: hand-worked cases, PyTorch's cells, numpy, lesson 2's decoder."""

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from s2s_ref.bottleneck import PeekyDecoder, reverse_source, score_by_length
from s2s_ref.encoder_decoder import Decoder
from s2s_ref.evaluation.metrics import accuracy_by_length
from s2s_ref.state import State

VOCAB, EMBED, HIDDEN = 7, 3, 5
CELLS = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}
TGT = torch.tensor([[1, 4, 6, 0], [1, 5, 5, 2]])


def peeky(cell):
    torch.manual_seed(3)
    return PeekyDecoder(VOCAB, EMBED, HIDDEN, cell).eval()


def start(cell):
    """A state in the middle of a sentence: the context is not the hidden state."""
    torch.manual_seed(4)
    h, c, context = torch.randn(3, 2, HIDDEN)
    return State((h, c) if cell == "lstm" else h, context)


# ------------------------------------------------------------------ reverse_source


def test_the_words_turn_round_and_eos_stays():
    assert reverse_source([[5, 6, 7, 2], [8, 2], [2]]) == [[7, 6, 5, 2], [8, 2], [2]]


def test_reversing_is_torch_flip_before_eos_and_leaves_its_argument_alone():
    rng = np.random.default_rng(0)
    sources = [[*rng.integers(4, 50, size=n).tolist(), 2] for n in range(1, 12)]
    before = copy.deepcopy(sources)
    turned = reverse_source(sources)
    for ids, found in zip(sources, turned, strict=True):
        assert found[:-1] == torch.tensor(ids[:-1]).flip(0).tolist()
        assert found[-1] == 2
    assert sources == before
    assert reverse_source(turned) == before


# ------------------------------------------------------------------ PeekyDecoder


@pytest.mark.parametrize("cell", CELLS)
def test_every_step_is_pytorchs_cell_on_word_and_context(cell):
    model, state = peeky(cell), start(cell)
    step = CELLS[cell](EMBED + HIDDEN, HIDDEN)
    layer = model.rnn.state_dict()
    step.load_state_dict({name: layer[f"{name}_l0"] for name in step.state_dict()})
    hidden, rows = state.hidden, []
    for t in range(TGT.shape[1]):
        word = model.embedding.weight[TGT[:, t]]
        hidden = step(torch.hstack([word, state.context]), hidden)
        h = hidden[0] if cell == "lstm" else hidden
        rows.append(h @ model.output.weight.T + model.output.bias)
    logits, after = model(TGT, state)
    torch.testing.assert_close(logits, torch.stack(rows, dim=1))
    torch.testing.assert_close(after.hidden, hidden)
    assert after.context is state.context


@pytest.mark.parametrize("cell", CELLS)
def test_blind_to_its_context_it_is_the_decoder_of_lesson_2(cell):
    model, state = peeky(cell), start(cell)
    with torch.no_grad():
        model.rnn.weight_ih_l0[:, EMBED:] = 0  # the columns that read the context
    plain = Decoder(VOCAB, EMBED, HIDDEN, cell)
    weights = model.state_dict()
    weights["rnn.weight_ih_l0"] = weights["rnn.weight_ih_l0"][:, :EMBED]
    plain.load_state_dict(weights)
    torch.testing.assert_close(model(TGT, state)[0], plain(TGT, state)[0])


def reach(model, state):
    """How strongly each step's logits feel the context, where the decoder starts from it."""
    context = state.context.clone().requires_grad_()
    logits, _ = model(TGT, State(context, context))
    sums = logits.sum(dim=(0, 2))
    grads = [torch.autograd.grad(each, context, retain_graph=True)[0].norm() for each in sums]
    return [norm.item() for norm in grads]


def test_a_decoder_that_forgets_at_every_step_still_sees_the_context():
    """Without recurrent weights the plain one knows it at the first step only, or nowhere."""
    model, state = peeky("rnn"), start("rnn")
    plain = Decoder(VOCAB, EMBED, HIDDEN, "rnn")
    with torch.no_grad():
        model.rnn.weight_hh_l0.zero_()
        plain.rnn.weight_hh_l0.zero_()
    assert reach(plain, state) == [0, 0, 0, 0]
    assert min(reach(model, state)) > 0.01


# ------------------------------------------------------------------ score_by_length


def test_both_ends_of_a_bin_count_and_an_empty_one_is_none():
    means = score_by_length([1.0, 0.0, 1.0, 1.0], [3, 5, 4, 9], [(3, 4), (5, 5), (6, 8), (4, 9)])
    assert means == [1, 0, None, pytest.approx(2 / 3)]


def test_means_are_numpys():
    rng = np.random.default_rng(1)
    scores, lengths = rng.random(300), rng.integers(1, 30, size=300)
    edges = [1, 4, 8, 13, 20, 30]
    counts, _ = np.histogram(lengths, edges)
    sums, _ = np.histogram(lengths, edges, weights=scores)
    bins = [(low, high - 1) for low, high in itertools.pairwise(edges)]
    found = score_by_length(scores.tolist(), lengths.tolist(), bins)
    np.testing.assert_allclose(found, sums / counts)


def test_bins_of_one_length_agree_with_the_measurement_of_the_experiments():
    right, lengths = [1.0, 0.0, 1.0, 1.0, 0.0], [2, 2, 3, 7, 7]
    found = score_by_length(right, lengths, [(n, n) for n in (2, 3, 7)])
    assert found == list(accuracy_by_length(right, lengths).values())


def test_every_sentence_needs_its_length():
    with pytest.raises(ValueError, match="shorter"):
        score_by_length([1.0, 0.0], [3], [(1, 4)])
