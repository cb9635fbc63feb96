"""The recipe's loss leaves padding out early; PyTorch's own loss leaves it out at the end."""

import pytest
import torch
from torch import nn

from s2s_ref.recipe import Recipe, build, smoothed_loss, without_output
from s2s_ref.training import padded_batch, set_seed

BOS, IGNORED = 1, -100
PAIRS = [([5, 6, 7, 2], [8, 9, 4, 6, 2]), ([4, 2], [5, 2]), ([9, 8, 2], [7, 7, 7, 2])]
VOCAB = 11


def translator(score):
    set_seed(0)
    recipe = Recipe(hidden=6, dropout=0.0, score=score, word_dropout=0.0)
    return build(recipe, VOCAB, VOCAB)


@pytest.mark.parametrize("score", ["none", "dot", "general", "additive"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_and_its_gradients_are_pytorchs_where_all_logits_are_made(score, smoothing):
    model, batch = translator(score), padded_batch(PAIRS, BOS)
    smoothed_loss(smoothing)(model, batch).backward()
    found = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    found_loss = smoothed_loss(smoothing)(model, batch)

    model.zero_grad()
    logits = model(batch.src, batch.src_lengths, batch.tgt[:, :-1])
    wanted = batch.tgt[:, 1:].masked_fill(~batch.tgt_mask[:, 1:], IGNORED)
    expected = nn.functional.cross_entropy(
        logits.transpose(1, 2), wanted, ignore_index=IGNORED, label_smoothing=smoothing
    )
    torch.testing.assert_close(found_loss, expected)
    expected.backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad, msg=name)


def test_a_decoder_has_its_last_layer_again_when_something_fails():
    decoder = translator("dot").decoder
    layer = decoder.output
    with without_output(decoder) as output:
        assert output is layer
        assert not list(decoder.output.parameters())
    assert decoder.output is layer
    with pytest.raises(RuntimeError, match="interrupted"), without_output(decoder):
        raise RuntimeError("interrupted")
    assert decoder.output is layer
