"""Lesson 3's reference against PyTorch's own padding, loops, and sentences read alone."""

import math

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from s2s_ref.encoder_decoder import Decoder, Encoder
from s2s_ref.padding import (
    PackedEncoder,
    Translator,
    bucket_batches,
    length_mask,
    masked_cross_entropy,
    pad,
)
from s2s_ref.state import from_rnn

SENTENCES = [[5, 6, 7, 2], [8, 2], [9, 9, 2], [2]]
LENGTHS = torch.tensor([4, 2, 3, 1])


def seeded(make, *arguments):
    """A module whose weights are large enough to matter."""
    made = make(*arguments).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(2)
    for parameter in made.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.7)
    return made


# ------------------------------------------------------------------ pad and length_mask


@pytest.mark.parametrize("pad_id", [0, 3])
def test_pad_is_pytorchs_pad_sequence(pad_id):
    rows = [torch.tensor(ids) for ids in SENTENCES]
    expected = pad_sequence(rows, batch_first=True, padding_value=pad_id)
    assert torch.equal(pad(SENTENCES, pad_id), expected)


def test_the_example_of_the_notes():
    """자연어는어렵다 (natural language is hard) and 아닌데 (but it is not), by syllables."""
    ids = {syllable: i for i, syllable in enumerate(dict.fromkeys("자연어는어렵다아닌데"), 4)}
    batch = pad([[ids[s] for s in text] for text in ("자연어는어렵다", "아닌데")], 0)
    assert batch.tolist() == [[4, 5, 6, 7, 6, 8, 9], [10, 11, 12, 0, 0, 0, 0]]
    assert batch.dtype == torch.long


def test_pad_leaves_its_argument_alone():
    sentences = [[1, 2], [3]]
    pad(sentences, 0)
    assert sentences == [[1, 2], [3]]


def test_a_mask_by_counting():
    mask = length_mask(LENGTHS, 5)
    assert mask.tolist() == [[t < n for t in range(5)] for n in LENGTHS.tolist()]
    assert torch.equal(mask.sum(dim=1), LENGTHS)


def test_the_mask_marks_what_pad_did_not_add():
    assert torch.equal(length_mask(LENGTHS, 4), pad(SENTENCES, 0) != 0)


# ------------------------------------------------------------------ masked_cross_entropy


@pytest.fixture
def scored():
    """Logits, targets and a mask, with something else than padding at the padded places."""
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(4, 4, 10, generator=generator)
    return logits, torch.randint(10, (4, 4), generator=generator), length_mask(LENGTHS, 4)


def by_hand(logits, tgt_output, tgt_mask):
    """List minus the log of each real token's share of e to the logits."""
    losses = []
    for row, ids, real in zip(logits.tolist(), tgt_output.tolist(), tgt_mask.tolist(), strict=True):
        for scores, i, counts in zip(row, ids, real, strict=True):
            if counts:
                losses.append(math.log(sum(math.exp(s) for s in scores)) - scores[i])
    return losses


def test_the_loss_is_that_of_the_real_tokens(scored):
    losses = by_hand(*scored)
    assert len(losses) == 10
    assert masked_cross_entropy(*scored).item() == pytest.approx(sum(losses) / 10, rel=1e-5)
    total = masked_cross_entropy(*scored, reduction="sum").item()
    assert total == pytest.approx(sum(losses), rel=1e-5)


def test_sums_over_batches_give_the_mean_of_all(scored):
    parts = [
        masked_cross_entropy(*(part[rows] for part in scored), reduction="sum")
        for rows in (slice(0, 1), slice(1, 4))
    ]
    expected = masked_cross_entropy(*scored)
    torch.testing.assert_close(sum(parts) / LENGTHS.sum(), expected)


def test_nothing_at_padding_changes_the_loss_or_its_gradient(scored):
    logits, tgt_output, tgt_mask = scored
    logits.requires_grad_()
    masked_cross_entropy(*scored).backward()
    assert not logits.grad[~tgt_mask].any()
    other = torch.where(tgt_mask.unsqueeze(-1), logits, 99.0)
    ids = tgt_output.masked_fill(~tgt_mask, 0)
    torch.testing.assert_close(
        masked_cross_entropy(other, ids, tgt_mask), masked_cross_entropy(*scored)
    )


def test_without_padding_it_is_pytorchs_loss(scored):
    logits, tgt_output, _ = scored
    everything = torch.ones(4, 4, dtype=torch.bool)
    expected = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output)
    torch.testing.assert_close(masked_cross_entropy(logits, tgt_output, everything), expected)


# ------------------------------------------------------------------ PackedEncoder, Translator


@pytest.fixture(params=["rnn", "gru", "lstm"])
def encoder(request):
    return seeded(PackedEncoder, 10, 3, 5, request.param)


def test_a_padded_sentence_is_read_as_it_is_alone(encoder):
    states, final = encoder(pad(SENTENCES, 0), LENGTHS)
    for row, ids in enumerate(SENTENCES):
        alone, last = encoder.rnn(encoder.embedding(torch.tensor([ids])))
        torch.testing.assert_close(states[row, : len(ids)], alone[0])
        together = final if isinstance(final, tuple) else (final,)
        last = from_rnn(last)
        for part, own in zip(together, last if isinstance(last, tuple) else (last,), strict=True):
            torch.testing.assert_close(part[row], own[0])
    assert not states[~length_mask(LENGTHS, 4)].any()


def test_the_states_are_as_wide_as_the_rectangle(encoder):
    wide = nn.functional.pad(pad(SENTENCES, 0), (0, 3))
    states, _ = encoder(wide, LENGTHS)
    assert states.shape == (4, 7, 5)
    torch.testing.assert_close(states[:, :4], encoder(pad(SENTENCES, 0), LENGTHS)[0])


def test_it_has_the_parameters_of_lesson_2s_encoder():
    """So the same weights can read the same batch both ways."""
    packed = seeded(PackedEncoder, 10, 3, 5)
    plain = Encoder(10, 3, 5)
    plain.load_state_dict(packed.state_dict())
    src = torch.tensor([[5, 6, 2], [7, 8, 2]])
    torch.testing.assert_close(packed(src, torch.tensor([3, 3]))[1], plain(src))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_translator_gives_a_sentence_the_same_logits_beside_any_mate(cell):
    model = seeded(Translator, PackedEncoder(10, 3, 5, cell), Decoder(9, 3, 5, cell))
    tgt_input = torch.tensor([[1, 4, 5], [1, 6, 0]])
    alone = model(torch.tensor([[5, 2]]), torch.tensor([2]), tgt_input[:1])
    for length in (2, 7, 40):
        src = pad([[5, 2], [6] * length], 0)
        together = model(src, torch.tensor([2, length]), tgt_input)
        torch.testing.assert_close(together[:1], alone)


def test_the_state_that_a_translator_starts_from():
    model = seeded(Translator, PackedEncoder(10, 3, 5, "lstm"), Decoder(9, 3, 5, "lstm"))
    state = model.encode(pad(SENTENCES, 0), LENGTHS)
    assert torch.equal(state.src_mask, length_mask(LENGTHS, 4))
    assert torch.equal(state.context, state.hidden[0])
    torch.testing.assert_close(state.encoder_states[1, 1], state.context[1])


# ------------------------------------------------------------------ bucket_batches


def drawn_pairs(count, seed=0):
    lengths = torch.randint(1, 30, (count, 2), generator=torch.Generator().manual_seed(seed))
    return [([i] * a, [-i] * b) for i, (a, b) in enumerate(lengths.tolist(), 1)]


def padding_of(batches):
    places = sum(len(b) * max(len(p[s]) for p in b) for b in batches for s in (0, 1))
    return places - sum(len(p[s]) for b in batches for p in b for s in (0, 1))


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (8, [4, 4]), (9, [1, 4, 4])])
def test_batches_hold_every_pair_once(count, sizes):
    pairs = drawn_pairs(count)
    batches = bucket_batches(pairs, 4, torch.Generator().manual_seed(0))
    assert sorted(map(len, batches)) == sizes
    assert sorted(pair for batch in batches for pair in batch) == sorted(pairs)


def test_there_is_little_padding():
    pairs = [(src, src) for src, _ in drawn_pairs(400)]
    bucketed = bucket_batches(pairs, 16, torch.Generator().manual_seed(0))
    mixed = [pairs[i : i + 16] for i in range(0, 400, 16)]
    assert padding_of(bucketed) < padding_of(mixed) / 10


def test_each_epoch_brings_other_batches_in_another_order():
    pairs = [([i, i], [i]) for i in range(60)]
    generator = torch.Generator().manual_seed(0)
    first, second = (bucket_batches(pairs, 4, generator) for _ in range(2))
    assert {frozenset(p[1][0] for p in b) for b in first} != {
        frozenset(p[1][0] for p in b) for b in second
    }
    again = bucket_batches(pairs, 4, torch.Generator().manual_seed(0))
    assert again == first


def test_the_batches_do_not_come_in_order_of_length():
    batches = bucket_batches(drawn_pairs(200), 8, torch.Generator().manual_seed(0))
    longest = [max(len(src) for src, _ in batch) for batch in batches]
    assert longest != sorted(longest)
    assert longest != sorted(longest, reverse=True)
