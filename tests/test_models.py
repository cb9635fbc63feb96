"""Translators are built from the lessons' parts by name, with what the caller asks for."""

import pytest
import torch
from torch import nn

from s2s_ref.models import count_parameters, join, make_decoder, make_encoder
from s2s_ref.training.loop import set_seed

KINDS = ["fixed", "peeky", *(f"{w} {s}" for w in ("luong", "bahdanau") for s in ("dot", "general"))]
SIZES = (11, 6, 8)


def translator(**options):
    set_seed(0)
    return join(make_encoder(*SIZES), make_decoder("luong dot", *SIZES), **options)


@pytest.mark.parametrize("kind", [*KINDS, "luong additive", "bahdanau additive"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_every_decoder_starts_from_either_encoder(kind, bidirectional):
    encoder = make_encoder(*SIZES, "lstm", bidirectional=bidirectional)
    model = join(encoder, make_decoder(kind, *SIZES, "lstm"))
    src, lengths = torch.tensor([[5, 6, 2], [7, 2, 0]]), torch.tensor([3, 2])
    assert model(src, lengths, torch.tensor([[1, 4], [1, 5]])).shape == (2, 2, 11)


@pytest.mark.parametrize("kind", ["", "fixed dot", "luong", "luong cosine", "gru"])
def test_unknown_kinds_are_refused(kind):
    with pytest.raises(ValueError, match=r"There is no (decoder|score) '.*': choose "):
        make_decoder(kind, *SIZES)


def test_nothing_is_changed_unless_it_is_asked_for():
    set_seed(0)
    encoder, decoder = make_encoder(*SIZES), make_decoder("luong dot", *SIZES)
    model, plain = translator(), [*encoder.parameters(), *decoder.parameters()]
    for own, other in zip(model.parameters(), plain, strict=True):
        assert torch.equal(own, other)
    assert not any(isinstance(part, nn.Dropout) for part in model.modules())


def test_embeddings_are_drawn_with_their_deviation():
    set_seed(0)
    sizes = (500, 16, 4)
    model = join(make_encoder(*sizes), make_decoder("fixed", *sizes), embedding_std=0.01)
    for part in (model.encoder, model.decoder):
        assert part.embedding.weight.std().item() == pytest.approx(0.01, rel=0.05)


def test_a_tied_decoder_has_one_table_which_counts_once():
    sizes = (11, 8, 8)
    tied, free = (
        join(make_encoder(*sizes), make_decoder("luong dot", *sizes), tied=tied, dropout=0.5)
        for tied in (True, False)
    )
    assert count_parameters(free) - count_parameters(tied) == 11 * 8
    tied.decoder.output[1].weight.data.fill_(3)
    assert (tied.decoder.embedding[0].weight == 3).all()


def test_dropout_works_while_training_only():
    model, still = translator(dropout=0.5, word_dropout=0.2), translator()
    src, lengths, tgt = torch.tensor([[5, 6, 2]]), torch.tensor([3]), torch.tensor([[1, 4]])
    assert not torch.equal(model(src, lengths, tgt), model(src, lengths, tgt))
    torch.testing.assert_close(model.eval()(src, lengths, tgt), still(src, lengths, tgt))
