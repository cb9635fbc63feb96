"""That the contenders do the same work: parameters, losses, gradients, hypotheses."""

import dataclasses
import itertools

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.adapters import joey_nmt, opennmt_py
from benchmarks.adapters.contender import Step, check_sizes, count_parameters
from benchmarks.adapters.floor import Floor
from benchmarks.adapters.ours import Ours, PlainSearches
from benchmarks.shapes import EOS, FIRST_WORD, LONG, PAD, SHORT, SMALL, Shape, make_batches
from benchmarks.training import contenders

BATCHES = make_batches(dataclasses.replace(SMALL, most=2), SHORT)
FULL_STEP = Shape(most=1)
LENGTH = 20
NEVER = -1e4


@pytest.fixture
def everyone():
    torch.manual_seed(0)
    return {one.name: one for one in contenders(SMALL)}


def test_batches_are_the_settings_and_repeat():
    for setting in (SHORT, LONG):
        (batch,) = make_batches(SMALL, setting)
        lengths = batch.src_lengths.tolist()
        assert lengths == sorted(lengths, reverse=True)
        of_targets = batch.tgt_mask.sum(dim=1) - 1
        for length in (*lengths, *of_targets.tolist()):
            assert setting.shortest <= length <= setting.longest
        assert torch.equal(batch.tgt, make_batches(SMALL, setting)[0].tgt)
        assert not torch.equal(batch.tgt, make_batches(SMALL, setting, seed=1)[0].tgt[:, :3])


def test_everyone_has_the_parameters_of_its_twin_and_what_its_design_adds(everyone):
    check_sizes(list(everyone.values()))
    for one in everyone.values():
        print(f"{one.name}: {count_parameters(one.model):,} ({one.why_extra or 'as its twin'})")
        assert bool(one.extra) == bool(one.why_extra)
    one = everyone["ours, dot"]
    one.extra = 1
    with pytest.raises(ValueError, match="ours, dot has 4,274 parameters, not 4,275"):
        check_sizes(list(everyone.values()))


def test_everyone_learns(everyone):
    for name, one in everyone.items():
        inputs, step = one.prepare(BATCHES[0]), Step(one, lr=0.02)
        losses = [step(inputs) for _ in range(12)]
        # random weights know nothing: the loss of a guesser is ln 50 = 3.9 nats
        assert losses[0] == pytest.approx(3.9, abs=0.3), name
        assert losses[-1] < 0.8 * losses[0], name


def test_nobody_sees_another_loss_when_only_padding_changes(everyone):
    """Keras' layers read padding like words, which is less work than its masks are."""
    batch = BATCHES[0]
    assert not batch.tgt_mask.all()
    assert (batch.src_lengths < batch.src.shape[1]).any()
    wider = batch._replace(
        tgt=torch.nn.functional.pad(batch.tgt, (0, 3), value=1),
        tgt_mask=torch.nn.functional.pad(batch.tgt_mask, (0, 3)),
    )
    for name, one in everyone.items():
        with torch.no_grad():
            loss, again = one.loss(one.prepare(batch)), one.loss(one.prepare(wider))
        torch.testing.assert_close(loss, again, msg=name)


OPENNMT = {"OpenNMT-py, dot": "dot", "OpenNMT-py, general": "general"}
JOEY = "JoeyNMT, luong, no input feed"


@pytest.fixture(params=[*OPENNMT, JOEY])
def pair(request, everyone):
    """A peer and the reference with the same weights, which write real words only."""
    ours, peer = Ours(SMALL, OPENNMT.get(request.param, "general")), everyone[request.param]
    decoder = ours.model.decoder
    with torch.no_grad():
        decoder.output.weight.mul_(20)  # far from ties
        decoder.output.bias.zero_()
        decoder.embedding.weight[PAD] = ours.model.encoder.embedding.weight[PAD] = 0
        if request.param == JOEY:  # no bias there; its search leaves the special words out itself
            joey_nmt.take_weights(peer, ours.model)
        decoder.output.bias[:FIRST_WORD] = NEVER
        if request.param != JOEY:
            opennmt_py.take_weights(peer, ours.model)
    return ours, peer


def test_with_the_same_weights_a_peer_has_the_same_loss_and_gradients(pair):
    ours, peer = pair
    for batch in BATCHES:
        if isinstance(peer, joey_nmt.JoeyNMT):
            with torch.no_grad():
                ours.model.decoder.output.bias.zero_()
        else:  # <eos> is as good as impossible there
            batch = batch._replace(tgt=batch.tgt.masked_fill(batch.tgt == EOS, FIRST_WORD))
        loss, other = ours.loss(ours.prepare(batch)), peer.loss(peer.prepare(batch))
        torch.testing.assert_close(loss, other)
        loss.backward()
        other.backward()
    for part in ("encoder", "decoder"):
        mine, theirs = (getattr(one.model, part).rnn.named_parameters() for one in pair)
        for (name, parameter), (_, other) in zip(mine, theirs, strict=True):
            torch.testing.assert_close(parameter.grad, other.grad, msg=f"{part} {name}")


# JoeyNMT sets the special words to zero after the softmax, so its scores are others than ours.
@pytest.mark.parametrize(
    ("pair", "beam_size"),
    [*itertools.product(OPENNMT, [1, 5]), (JOEY, 1)],
    indirect=["pair"],
)
def test_with_the_same_weights_a_peer_writes_the_same_words(pair, beam_size):
    for one in pair:
        one.model.eval()
    for batch in BATCHES:
        found, other = (
            one.greedy(one.prepare(batch), LENGTH)
            if beam_size == 1
            else one.beam(one.prepare(batch), LENGTH, beam_size)
            for one in pair
        )
        assert [len(words) for words in found] == [LENGTH] * len(batch.src)
        assert found == other


def test_the_plain_searches_write_the_same_words(everyone):
    for ours in (everyone["ours, general"], everyone["ours, additive"]):
        ours.model.double().eval()
        with torch.no_grad():
            ours.model.decoder.output.weight.mul_(20)
        plain, inputs = PlainSearches(ours), ours.prepare(BATCHES[0])
        assert plain.greedy(inputs, LENGTH) == ours.greedy(inputs, LENGTH)
        assert plain.beam(inputs, LENGTH, 5) == ours.beam(inputs, LENGTH, 5)


def test_every_translator_writes_to_the_full_length(everyone):
    for name, one in everyone.items():
        if not hasattr(one, "beam"):
            continue
        one.model.eval()
        inputs = one.prepare(BATCHES[0])
        for found in (one.greedy(inputs, LENGTH), one.beam(inputs, LENGTH, 5)):
            assert [len(words) for words in found] == [LENGTH] * SMALL.batch, name


def test_the_floor_does_the_products_of_the_reference():
    """Multiplications, counted by PyTorch: exactly as many."""
    torch.manual_seed(0)
    for kind in ("dot", "general"):
        ours, floor = Ours(FULL_STEP, kind), Floor(FULL_STEP, kind)
        batches = make_batches(FULL_STEP, SHORT)
        with FlopCounterMode(display=False) as counted:
            ours.loss(ours.prepare(batches[0])).backward()
        with FlopCounterMode(display=False) as products:
            floor.training(batches)()
        assert products.get_total_flops() == counted.get_total_flops()
