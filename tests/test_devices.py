"""Every translator works where its weights are, and not on the CPU alone."""

import copy
import itertools

import pytest
import torch
from pretended_device import DEVICE, PretendedDevice, move, near
from torch.profiler import ProfilerActivity, profile, record_function

from s2s_ref import fast
from s2s_ref.attention import LuongDecoder
from s2s_ref.bottleneck import PeekyDecoder
from s2s_ref.capstone import translator
from s2s_ref.capstone.ensemble import Ensemble
from s2s_ref.capstone.translator import Recipe, System, prepare, smoothed_loss
from s2s_ref.data.corpus import korean_english
from s2s_ref.decoding import beam_search, greedy_decode
from s2s_ref.encoder_decoder import Decoder
from s2s_ref.padding import PackedEncoder, Translator
from s2s_ref.teacher_forcing import free_running_logits, scheduled_sampling
from s2s_ref.training.batches import padded_batch
from s2s_ref.training.loop import set_seed
from s2s_ref.two_attentions import BahdanauDecoder, BidirectionalEncoder, GeneralScores

VOCAB, SIZES = 11, (11, 4, 6)
ENDS = {"bos_id": 1, "eos_id": 2, "max_len": 6}
BATCH = padded_batch([([4, 5, 6, 2], [7, 2]), ([8, 2], [9, 3, 10, 2]), ([5, 2], [6, 2])], bos_id=1)
MODELS = {
    "fixed": lambda cell: (PackedEncoder, Decoder(*SIZES, cell)),
    "peeky": lambda cell: (PackedEncoder, PeekyDecoder(*SIZES, cell)),
    "dot": lambda cell: (PackedEncoder, LuongDecoder(*SIZES, cell)),
    "general": lambda cell: (
        BidirectionalEncoder,
        LuongDecoder(*SIZES, cell, score=GeneralScores(6, 6)),
    ),
    "additive": lambda cell: (BidirectionalEncoder, BahdanauDecoder(*SIZES, cell)),
}


def outside_inference(search):
    """A fast search without its decorator: in inference mode PyTorch has no wrapped tensors."""
    return torch.no_grad()(search.__wrapped__)


@pytest.fixture(params=[(kind, cell) for kind in MODELS for cell in ("gru", "lstm")], ids=" ".join)
def model(request):
    kind, cell = request.param
    set_seed(0)
    encoder, decoder = MODELS[kind](cell)
    return Translator(encoder(*SIZES, cell), decoder)


def test_the_loss_and_its_gradients_are_those_of_the_cpu(model):
    away = copy.deepcopy(model)
    expected = smoothed_loss(0.1)(model, BATCH)
    expected.backward()
    with PretendedDevice():
        move(away)
        loss = smoothed_loss(0.1)(away, BATCH.to(DEVICE))
        loss.backward()
    assert loss.device == DEVICE
    torch.testing.assert_close(near(loss.detach()), expected.detach())
    for here, there in zip(model.parameters(), away.parameters(), strict=True):
        torch.testing.assert_close(near(there.grad), here.grad)


def found_by_all(model, batch):
    with torch.no_grad():
        state = model.encode(batch.src, batch.src_lengths)
        forced = scheduled_sampling(model.decoder, state, batch.tgt, batch.tgt % 2 == 0)
        free = free_running_logits(model.decoder, state, 1, 4)
    return (
        greedy_decode(model.decoder, state, **ENDS),
        beam_search(model.decoder, state, **ENDS, beam_size=3),
        outside_inference(fast.greedy_decode)(model.decoder, state, **ENDS),
        outside_inference(fast.beam_search)(model.decoder, state, **ENDS, beam_size=3),
        near(forced).argmax(dim=-1).tolist(),
        near(free).argmax(dim=-1).tolist(),
    )


def test_every_search_finds_what_it_finds_on_the_cpu(model):
    away = copy.deepcopy(model)
    greedy, beams, fast_greedy, fast_beams, *forced = found_by_all(model, BATCH)
    with PretendedDevice():
        there = found_by_all(move(away), BATCH.to(DEVICE))
    greedy_there, beams_there, fast_greedy_there, fast_beams_there, *forced_there = there
    assert greedy == fast_greedy == greedy_there == fast_greedy_there
    assert forced_there == forced
    for others in (fast_beams, beams_there, fast_beams_there):
        for own, other in zip(itertools.chain(*beams), itertools.chain(*others), strict=True):
            assert own.tokens == other.tokens
            assert own.log_prob == pytest.approx(other.log_prob, abs=1e-5)


def test_a_systems_translations_are_those_of_the_cpu(monkeypatch):
    monkeypatch.setattr(translator, "greedy_decode", outside_inference(fast.greedy_decode))
    monkeypatch.setattr(translator, "beam_search", outside_inference(fast.beam_search))
    pairs = korean_english(60, seed=1, max_len=6, share=0.05)
    small = Recipe(jamo=True, hidden=16, src_size=120, tgt_size=120, batch=8)
    one, two = (prepare(pairs, small, seed) for seed in (0, 1))
    both = System(small, one.source, one.target, Ensemble([one.model, two.model]))
    sources = [pair.src for pair in pairs[:3]]
    here = [system.translate(sources, beam) for system in (one, both) for beam in (1, 4)]
    with PretendedDevice():
        move(both.model)
        away = [system.translate(sources, beam) for system in (one, both) for beam in (1, 4)]
    assert away == here


def test_a_forgotten_tensor_is_noticed(model):
    with PretendedDevice(), pytest.raises(RuntimeError, match="meets one of the pretended device"):
        move(model).encode(BATCH.src, BATCH.src_lengths)


def test_the_gpu_benchmark_counts_kernels_and_no_named_stretches(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root))
    from benchmarks.gpu import kernels_share

    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        matrix = torch.rand(50, 50)
        with record_function("Optimizer.step#Adam.step"):
            for _ in range(3):
                matrix = matrix @ matrix
    events = list(profiled.events())
    assert kernels_share(events) == 0
    start = min(event.time_range.start for event in events)
    end = max(event.time_range.end for event in events)
    products = [event for event in events if event.name == "aten::mm"]
    stretches = [event for event in events if event.name.startswith("Optimizer")]
    assert (len(products), len(stretches)) == (3, 1)
    for event in products + stretches:  # as a GPU's trace has them
        event.device_type = torch.autograd.DeviceType.CUDA
    busy = sum(event.time_range.end - event.time_range.start for event in products)
    assert kernels_share(events) == pytest.approx(busy / (end - start))
