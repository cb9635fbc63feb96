"""Batches and the training loop, against loops written out by hand."""

import itertools
import json
import math
from collections import Counter
from dataclasses import asdict

import pytest
import torch
from torch import nn

from s2s_ref.training.batches import (
    Batch,
    endless,
    padded_batch,
    padded_batches,
    same_length_batches,
)
from s2s_ref.training.history import History
from s2s_ref.training.loop import fit, set_seed, set_threads

SRC = [[5, 6], [7, 8, 9], [6, 5], [9, 8, 7], [4, 4], [5, 5, 5], [8, 9]]
TGT = [[1, 2, 3], [4, 5], [3, 2, 1], [5, 4], [6, 6], [7, 7], [8, 8, 8]]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


class Copier(nn.Module):
    """One word in, one word out, with some dropout so that the seed matters."""

    def __init__(self, dropout=0.0):
        super().__init__()
        self.embedding = nn.Embedding(10, 6)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(6, 10)

    def forward(self, src):
        return self.output(self.dropout(self.embedding(src)))


def copy_loss(model, batch):
    return nn.functional.cross_entropy(model(batch.src).flatten(0, 1), batch.tgt.flatten())


def copier(dropout=0.0):
    set_seed(3)
    return Copier(dropout)


def weights(model):
    return [p.detach().clone() for p in model.parameters()]


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


# --- batches


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_an_epoch_holds_every_pair_once_and_one_length_per_batch(batch_size):
    batches = list(same_length_batches(SRC, TGT, batch_size, generator()))
    pairs = Counter(
        (tuple(src), tuple(tgt))
        for batch in batches
        for src, tgt in zip(batch.src.tolist(), batch.tgt.tolist(), strict=True)
    )
    assert pairs == Counter((tuple(s), tuple(t)) for s, t in zip(SRC, TGT, strict=True))
    assert all(len(batch.src) <= batch_size for batch in batches)


def test_full_batches_wherever_a_length_has_enough_pairs():
    sizes = sorted(len(b.src) for b in same_length_batches(SRC, TGT, 2, generator()))
    assert sizes == [1, 1, 1, 2, 2]  # groups of 3, 3 and 1


def test_the_generator_alone_decides_the_order():
    def order(seed):
        batches = same_length_batches(SRC * 5, TGT * 5, 2, generator(seed))
        return [b.src.tolist() for b in batches]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_batches_of_different_lengths_are_mixed():
    src = [[1]] * 40 + [[1, 2]] * 40
    lengths = [b.src.shape[1] for b in same_length_batches(src, src, 2, generator())]
    assert lengths not in (sorted(lengths), sorted(lengths, reverse=True))


def test_bos_is_put_before_every_target_and_not_counted():
    plain = next(same_length_batches([[5]], [[6, 2]], 1, generator()))
    led = next(same_length_batches([[5]], [[6, 2]], 1, generator(), bos_id=1))
    assert plain.tgt.tolist() == [[6, 2]]
    assert led.tgt.tolist() == [[1, 6, 2]]
    assert plain.tgt_tokens == led.tgt_tokens == 2


def test_endless_goes_through_whole_epochs_in_new_orders():
    supply = endless(SRC, TGT, 1, seed=4)
    epochs = [[next(supply).src.tolist()[0] for _ in SRC] for _ in range(3)]
    assert all(sorted(epoch) == sorted(SRC) for epoch in epochs)
    assert len({str(epoch) for epoch in epochs}) > 1
    again = endless(SRC, TGT, 1, seed=4)
    assert [next(again).src.tolist()[0] for _ in SRC] == epochs[0]


@pytest.mark.parametrize(
    ("src", "tgt", "batch_size", "message"),
    [
        ([[1]], [[1], [2]], 2, "got 1 sources, 2 targets"),
        ([], [], 2, "no sentence pairs"),
        ([[1], []], [[1], [2]], 2, "source of pair 1 is empty"),
        ([[1], [2]], [[], [2]], 2, "target of pair 0 is empty"),
        ([[1]], [[1]], 0, "batch_size must be at least 1, got 0"),
    ],
)
def test_bad_pairs_are_refused_at_the_call(src, tgt, batch_size, message):
    with pytest.raises(ValueError, match=message):
        same_length_batches(src, tgt, batch_size, generator())
    with pytest.raises(ValueError, match=message):
        endless(src, tgt, batch_size)


def real_pairs(batch):
    """The pairs of a padded batch, without padding and `<bos>`."""
    tgt_lengths = batch.tgt_mask.sum(dim=1)
    for src, tgt, *lengths in zip(
        batch.src.tolist(), batch.tgt.tolist(), batch.src_lengths, tgt_lengths, strict=True
    ):
        yield tuple(src[: lengths[0]]), tuple(tgt[batch.starts_with_bos : lengths[1]])


def test_a_padded_batch_says_what_is_real():
    batch = padded_batch([([5, 6, 2], [7, 2]), ([8, 2], [9, 4, 6, 2])], bos_id=1)
    assert batch.src.tolist() == [[5, 6, 2], [8, 2, 0]]
    assert batch.tgt.tolist() == [[1, 7, 2, 0, 0], [1, 9, 4, 6, 2]]
    assert batch.src_lengths.tolist() == [3, 2]
    assert batch.tgt_mask.tolist() == [[True] * 3 + [False] * 2, [True] * 5]
    assert batch.tgt_tokens == 6
    assert batch.padding_share == pytest.approx(3 / 16)
    assert padded_batch([([5], [6])], pad_id=9).tgt_tokens == 1


def test_without_padding_every_place_is_real():
    batch = Batch(torch.tensor([[5, 6]]), torch.tensor([[1, 2, 3]]), starts_with_bos=True)
    assert (batch.tgt_tokens, batch.padding_share) == (2, 0.0)


def test_a_batch_moves_with_all_its_tensors():
    moved = padded_batch([([5, 6], [7])], bos_id=1).to("meta")
    tensors = (moved.src, moved.tgt, moved.src_lengths, moved.tgt_mask)
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert Batch(moved.src, moved.tgt).to("meta").tgt_mask is None


@pytest.mark.parametrize("bos_id", [None, 1])
def test_padded_batches_bring_every_pair_once_an_epoch_and_new_orders(bos_id):
    batches = padded_batches(SRC, TGT, 3, seed=5, bos_id=bos_id)
    epochs = [[next(batches) for _ in range(3)] for _ in range(4)]
    pairs = [[pair for batch in epoch for pair in real_pairs(batch)] for epoch in epochs]
    wanted = Counter((tuple(s), tuple(t)) for s, t in zip(SRC, TGT, strict=True))
    assert all(Counter(epoch) == wanted for epoch in pairs)
    assert len({tuple(epoch) for epoch in pairs}) == 4
    assert [len(batch.src) for batch in epochs[0]] == [3, 3, 1]
    again = padded_batches(SRC, TGT, 3, seed=5, bos_id=bos_id)
    assert torch.equal(next(again).src, epochs[0][0].src)


def test_the_group_decides_who_meets_in_a_batch():
    def by_length(pairs, batch_size, _):
        ordered = sorted(pairs, key=lambda pair: len(pair[0]))
        return [ordered[i : i + batch_size] for i in range(0, len(ordered), batch_size)]

    batch = next(padded_batches(SRC, TGT, 4, group=by_length))
    assert batch.src.shape == (4, 2)
    assert batch.src_lengths.tolist() == [2] * 4


def test_bad_pairs_are_refused_before_the_first_padded_batch():
    with pytest.raises(ValueError, match="Every source needs its target"):
        padded_batches(SRC, TGT[:3], 2)


# --- fit


def test_fit_does_what_the_five_lines_by_hand_do():
    ours, by_hand = copier(), copier()
    batches = list(same_length_batches(SRC, SRC, 2, generator()))
    history = fit(ours, batches, copy_loss, steps=len(batches), lr=0.05, clip=0.1)

    optimizer = torch.optim.Adam(by_hand.parameters(), lr=0.05)
    losses = []
    for batch in batches:
        loss = copy_loss(by_hand, batch)
        gradients = torch.autograd.grad(loss, list(by_hand.parameters()))
        norm = math.sqrt(sum(float(g.square().sum()) for g in gradients))
        assert norm > 0.1, "the clip must bind, or this test does not show it"
        for parameter, gradient in zip(by_hand.parameters(), gradients, strict=True):
            parameter.grad = gradient * 0.1 / (norm + 1e-6)
        optimizer.step()
        losses.append(loss.item())
    assert history.losses == pytest.approx(losses, rel=1e-5)
    for a, b in zip(ours.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_fit_learns_to_copy():
    model = copier()
    history = fit(model, endless(SRC, SRC, 4), copy_loss, steps=200, lr=0.05)
    assert history.losses[0] > 1.5
    assert history.recent_loss() < 0.05
    assert not model.training


def test_the_seed_repeats_a_training_with_dropout():
    def train(seed):
        model = copier(dropout=0.5)
        fit(model, endless(SRC, SRC, 4), copy_loss, steps=5, seed=seed)
        return weights(model)

    assert same(train(1), train(1))
    assert not same(train(1), train(2))


@pytest.mark.parametrize(
    ("lr_decay", "rates"), [(0.0, [1, 1, 1, 1]), (0.5, [1, 1, 1, 0.5]), (1.0, [1, 0.75, 0.5, 0.25])]
)
def test_the_learning_rate_falls_evenly_over_the_last_share(lr_decay, rates):
    """Adam's steps on a constant gradient are as long as the learning rate."""
    model = nn.Linear(1, 1, bias=False)
    places = [model.weight.item()]

    def loss(model, _):
        return model.weight.sum()

    fit(
        model,
        endless(SRC, SRC, 4),
        loss,
        steps=4,
        lr=0.1,
        lr_decay=lr_decay,
        every=1,
        validate=lambda model: {"place": places.append(model.weight.item()) or 0.0},
    )
    moved = [before - after for before, after in itertools.pairwise(places)]
    assert moved == pytest.approx([0.1 * rate for rate in rates], rel=1e-3)


@pytest.mark.parametrize("lr_decay", [-0.1, 1.5])
def test_lr_decay_is_a_share(lr_decay):
    with pytest.raises(ValueError, match="lr_decay is a share of the updates, from 0 to 1"):
        fit(copier(), endless(SRC, SRC, 4), copy_loss, steps=2, lr_decay=lr_decay)


def test_validation_comes_on_time_in_eval_mode_and_changes_nothing():
    seen = []

    def validate(model):
        seen.append((model.training, torch.is_grad_enabled()))
        return {"draw": torch.rand(3).sum().item(), "calls": float(len(seen))}

    watched, alone = copier(dropout=0.5), copier(dropout=0.5)
    history = fit(watched, endless(SRC, SRC, 4), copy_loss, steps=7, validate=validate, every=3)
    fit(alone, endless(SRC, SRC, 4), copy_loss, steps=7)
    assert seen == [(False, False)] * 3
    assert history.valid_steps == [3, 6, 7]
    assert history.valid["calls"] == [1, 2, 3]
    assert same(weights(watched), weights(alone))


def test_history_counts_tokens_and_seconds_up_to_each_update():
    history = fit(copier(), endless(SRC, SRC, 2), copy_loss, steps=4)
    supply = endless(SRC, SRC, 2)
    sizes = [next(supply).tgt.numel() for _ in range(4)]
    assert history.tgt_tokens == [sum(sizes[: n + 1]) for n in range(4)]
    assert history.steps == [1, 2, 3, 4]
    assert history.seconds == sorted(history.seconds)
    assert history.seconds[0] > 0


def test_history_reads_well_and_survives_json():
    history = History("GRU")
    assert repr(history) == "History 'GRU': no updates yet"
    for loss in (4.0, 2.0, 1.0):
        history.record(loss, 0.5, 1000)
    history.record_validation(3, {"exact match": 0.25})
    assert repr(history) == (
        "History 'GRU': 3 updates, 1.5 s, 3,000 target tokens, "
        "loss 4.000 → 2.333 nats per token, exact match 0.250"
    )
    assert history.recent_loss(2) == 1.5
    assert History(**json.loads(json.dumps(asdict(history)))) == history


def test_history_wants_the_same_names_each_time():
    history = History()
    history.record_validation(1, {"loss": 1.0})
    with pytest.raises(ValueError, match=r"\['bleu'\] at step 2, and \['loss'\] before"):
        history.record_validation(2, {"bleu": 1.0})


# --- what fit refuses


def broken(change):
    return lambda model, batch: change(copy_loss(model, batch))


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (broken(lambda value: value / 0), "loss at step 1 is inf: lower lr"),
        (broken(lambda value: value * math.nan), "loss at step 1 is nan"),
        (broken(lambda value: value + (value * 0).sqrt()), "gradient at step 1 has norm nan"),
        (broken(lambda value: value.detach()), "has no gradient: return it without .item"),
        (broken(lambda value: value.repeat(3)), r"one number, got shape \[3\] at step 1"),
    ],
)
def test_a_useless_loss_is_refused_before_it_harms_the_weights(loss, message):
    model = copier()
    before = weights(model)
    with pytest.raises(ValueError, match=message):
        fit(model, endless(SRC, SRC, 2), loss, steps=3)
    assert same(weights(model), before)


def test_batches_that_run_out_are_named():
    batches = [Batch(torch.tensor([[1]]), torch.tensor([[1]]))]
    with pytest.raises(ValueError, match=r"ran out after 1 of 2 updates: pass endless"):
        fit(copier(), batches, copy_loss, steps=2)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"steps": 1, "every": 0}])
def test_counts_must_be_positive(wrong):
    with pytest.raises(ValueError, match="at least 1"):
        fit(copier(), endless(SRC, SRC, 2), copy_loss, **wrong)


def test_an_absent_device_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match='pass device="cpu"'):
        fit(copier(), endless(SRC, SRC, 2), copy_loss, steps=1, device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_fit_on_cuda_learns_the_same():
    model = copier()
    history = fit(
        model,
        endless(SRC, SRC, 4),
        copy_loss,
        steps=20,
        lr=0.05,
        device="cuda",
        validate=lambda m: {"device": float(next(m.parameters()).is_cuda)},
    )
    cpu = fit(copier(), endless(SRC, SRC, 4), copy_loss, steps=20, lr=0.05)
    assert history.losses == pytest.approx(cpu.losses, rel=1e-3)
    assert history.valid["device"] == [1.0]


# --- the rest


def test_the_bar_never_writes_to_standard_output(capsys):
    fit(copier(), endless(SRC, SRC, 2), copy_loss, steps=3, label="copy")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "copy" in captured.err


def test_set_seed_fixes_what_is_drawn():
    import random

    import numpy as np

    def draw():
        set_seed(11)
        return random.random(), float(np.random.rand()), torch.rand(1).item()

    assert draw() == draw()


def test_set_threads_returns_the_number_before():
    before = torch.get_num_threads()
    try:
        assert set_threads(2) == before
        assert set_threads() == 2
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        set_threads(0)
