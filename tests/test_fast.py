"""The fast searches find what the plain ones find, in every kind of model."""

import itertools
import math
import random

import pytest
import torch
from torch import nn

from s2s_ref import decoding, fast
from s2s_ref.attention import DotScores, LuongDecoder
from s2s_ref.bottleneck import PeekyDecoder
from s2s_ref.encoder_decoder import Decoder
from s2s_ref.padding import PackedEncoder, Translator, pad
from s2s_ref.state import State
from s2s_ref.two_attentions import (
    AdditiveScores,
    BahdanauDecoder,
    BidirectionalEncoder,
    GeneralScores,
)

BOS, EOS = 1, 2
SRC_VOCAB, EMBED, HIDDEN = 9, 5, 6
SCORES = {
    "dot": DotScores,
    "general": lambda: GeneralScores(HIDDEN, HIDDEN),
    "additive": lambda: AdditiveScores(HIDDEN, HIDDEN, 3),
}


class Own(nn.Module):
    """A decoder of a student, which fast searches know nothing about; it returns two results."""

    def __init__(self, vocab, embed, hidden, cell):
        super().__init__()
        self.decoder = LuongDecoder(vocab, embed, hidden, cell)

    def forward(self, tgt_input, state):
        logits, state, _ = self.decoder(tgt_input, state)
        return logits, state


class RisingLuong(LuongDecoder):
    """A subclass that never writes a smaller id than the one that it reads."""

    def forward(self, tgt_input, state):
        logits, state, weights = super().forward(tgt_input, state)
        impossible = torch.arange(logits.shape[-1]) < tgt_input.unsqueeze(-1)
        return logits.masked_fill(impossible, -math.inf), state, weights


ATTENTIVE = {
    f"{name} {score}": lambda *sizes, kind=kind, score=score: kind(*sizes, SCORES[score]())
    for name, kind in (("luong", LuongDecoder), ("bahdanau", BahdanauDecoder))
    for score in SCORES
}
DECODERS = {
    "fixed": Decoder,
    "peeky": PeekyDecoder,
    "own": Own,
    "rising luong": RisingLuong,
    **ATTENTIVE,
}
KINDS = list(itertools.product(DECODERS, ["rnn", "gru", "lstm"]))


def random_model(kind, cell, seed):
    """A translator with random sizes, weights and sources, in double precision; and its state."""
    draw, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    vocab = draw.randint(4, 12)
    encoder = draw.choice([PackedEncoder, BidirectionalEncoder])(SRC_VOCAB, EMBED, HIDDEN, cell)
    model = Translator(encoder, DECODERS[kind](vocab, EMBED, HIDDEN, cell)).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # large enough that sentences differ and some of them end
            parameter.copy_(0.8 * torch.randn(parameter.shape, generator=generator))
        lengths = [draw.randint(1, 6) for _ in range(draw.randint(1, 5))]
        sources = [[draw.randrange(SRC_VOCAB) for _ in range(length)] for length in lengths]
        return model.decoder, model.encode(pad(sources, 0), torch.tensor(lengths))


@pytest.fixture(params=KINDS, ids=" ".join)
def models(request):
    """Several models of one kind."""
    return [random_model(*request.param, seed) for seed in range(12)]


def test_fast_greedy_decoding_writes_what_plain_decoding_writes(models):
    for decoder, state in models:
        plain = decoding.greedy_decode(decoder, state, BOS, EOS, 8)
        assert fast.greedy_decode(decoder, state, BOS, EOS, 8) == plain


@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_fast_beam_search_finds_what_plain_search_finds(models, alpha):
    for seed, (decoder, state) in enumerate(models):
        options = {"beam_size": 1 + seed % 6, "max_len": 1 + seed % 8, "alpha": alpha}
        plain = decoding.beam_search(decoder, state, BOS, EOS, **options)
        found = fast.beam_search(decoder, state, BOS, EOS, **options)
        for ours, theirs in zip(plain, found, strict=True):
            assert [h.tokens for h in theirs] == [h.tokens for h in ours]
            assert [h.log_prob for h in theirs] == pytest.approx([h.log_prob for h in ours])
            assert [h.score for h in theirs] == pytest.approx([h.score for h in ours])


@pytest.mark.parametrize("dead", [0, 2])
@pytest.mark.parametrize(("beam", "vocab"), [(1, 3), (3, 7), (4, 50), (5, 4)])
def test_a_fast_step_of_the_beam_is_the_plain_step(beam, vocab, dead):
    generator = torch.Generator().manual_seed(beam)
    scores = -torch.rand(3, beam, generator=generator).double()
    scores[:, beam - dead :] = -math.inf
    logits = torch.randn(3, beam, vocab, generator=generator).double()
    for beam_size in (1, 2, 5, 30):
        *plain, best = decoding.beam_step(scores, logits, beam_size)
        *found, scores_found = fast.beam_step(scores, logits, beam_size)
        torch.testing.assert_close(scores_found, best)
        possible = best.isfinite()
        for ours, theirs in zip(plain, found, strict=True):
            assert torch.equal(theirs[possible], ours[possible])


class Countdown(nn.Module):
    """Says 3 as many times as its state says, and then `<eos>`; counts its rows at each step."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def forward(self, tgt_input, state):
        self.rows.append(len(tgt_input))
        token = torch.where(state.h > 0, 3, EOS)
        logits = 50.0 * nn.functional.one_hot(token, 4)
        return logits, State(state.h - 1)


@pytest.mark.parametrize("search", ["greedy", "beam"])
def test_a_sentence_that_is_done_leaves_the_batch(search):
    decoder, state = Countdown(), State(torch.tensor([[1.0], [3.0], [1.0]]))
    if search == "greedy":
        found = fast.greedy_decode(decoder, state, BOS, EOS, 9)
    else:
        beams = fast.beam_search(decoder, state, BOS, EOS, beam_size=1, max_len=9)
        found = [hypotheses[0].tokens for hypotheses in beams]
    assert found == [[3], [3, 3, 3], [3]]
    assert decoder.rows == [3, 3, 1, 1]


@pytest.mark.parametrize("kind", ATTENTIVE)
def test_a_beam_reads_the_source_of_a_sentence_once(kind):
    decoder, state = random_model(kind, "gru", seed=3)
    rows = []
    decoder.score.register_forward_pre_hook(lambda _, args: rows.append(len(args[1])))
    fast.beam_search(decoder, state, BOS, EOS, beam_size=3, max_len=5)
    assert rows[0] == len(state.h)
    assert rows == sorted(rows, reverse=True)


@pytest.mark.parametrize("kind", ATTENTIVE)
def test_the_source_is_copied_only_when_a_sentence_leaves(kind):
    rows = fast.rows_of(*random_model(kind, "lstm", seed=3))
    count = len(rows.memory.h)
    memory = rows.memory
    assert count > 2
    rows.keep(torch.arange(count).repeat_interleave(2), torch.arange(count))
    assert rows.memory is memory
    rows.keep(torch.tensor([5, 4]), torch.tensor([2]))
    assert torch.equal(rows.memory.encoder_states, memory.encoder_states[[2]])
    assert torch.equal(State(rows.hidden).h, memory.h[[2, 2]])
