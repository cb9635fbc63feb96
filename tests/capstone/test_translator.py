"""The translator for real sentences: its loss, its ensembles, its vocabularies."""

import pytest
import torch
from torch import nn

from s2s_ref import fast
from s2s_ref.capstone.ensemble import Ensemble
from s2s_ref.capstone.translator import (
    Recipe,
    build,
    ensemble,
    prepare,
    smoothed_loss,
    train,
    without_output,
)
from s2s_ref.data.corpus import korean_english
from s2s_ref.decoding import beam_search, greedy_decode
from s2s_ref.padding import pad
from s2s_ref.training.batches import padded_batch
from s2s_ref.training.loop import set_seed

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


SMALL = Recipe(jamo=True, hidden=16, src_size=120, tgt_size=120, batch=8, dropout=0.0)


def test_an_ensemble_writes_what_its_members_find_likeliest_on_average():
    models = []
    for seed in (0, 1, 2):
        set_seed(seed)
        models.append(build(Recipe(hidden=8, dropout=0.0), VOCAB, VOCAB).eval())
    joined, lengths = Ensemble(models), torch.tensor([4, 2])
    src = pad([row for row, _ in PAIRS[:2]], 0)
    state = joined.encode(src, lengths)
    tgt_input = torch.tensor([[BOS, 8, 9], [BOS, 5, 7]])
    logits, _ = joined.decoder(tgt_input, state)
    each = [model(src, lengths, tgt_input).softmax(dim=-1) for model in models]
    torch.testing.assert_close(logits.exp(), sum(each) / 3)
    # a beam that holds every hypothesis of two tokens finds the best one there is
    for row, found in enumerate(beam_search(joined.decoder, state, BOS, 2, VOCAB**2, 2)):
        assert found[0].log_prob == pytest.approx(best_of_two(models, src, lengths, row), abs=1e-5)
    alone = Ensemble(models[:1])
    assert greedy_decode(alone.decoder, alone.encode(src, lengths), BOS, 2, 6) == greedy_decode(
        models[0].decoder, models[0].encode(src, lengths), BOS, 2, 6
    )


@pytest.mark.parametrize("scores", [("none", "dot"), ("general", "additive", "general")])
def test_an_ensembles_fast_searches_find_what_the_plain_ones_find(scores):
    models = []
    for seed, score in enumerate(scores):
        set_seed(seed)
        models.append(build(Recipe(hidden=8, dropout=0.0, score=score), VOCAB, VOCAB))
    joined = Ensemble(models).double().eval()
    with torch.no_grad():
        for parameter in joined.parameters():
            parameter.mul_(3)  # so that sentences end at different steps
        state = joined.encode(pad([row for row, _ in PAIRS], 0), torch.tensor([4, 2, 3]))
    ends = (BOS, 2)
    plain = greedy_decode(joined.decoder, state, *ends, 9)
    assert fast.greedy_decode(joined.decoder, state, *ends, 9) == plain
    beams = beam_search(joined.decoder, state, *ends, 4, 6, 0.7)
    found = fast.beam_search(joined.decoder, state, *ends, 4, 6, 0.7)
    for ours, theirs in zip(beams, found, strict=True):
        assert [h.tokens for h in theirs] == [h.tokens for h in ours]
        assert [h.score for h in theirs] == pytest.approx([h.score for h in ours])


@torch.no_grad()
def best_of_two(models, src, lengths, row):
    """The log-probability of the likeliest output of at most two tokens, by trying all."""
    first = torch.tensor([[BOS]] * len(src))
    start = sum(m(src, lengths, first).softmax(dim=-1) for m in models)[row, 0] / len(models)
    best = [start[2].log().item()]
    for token in set(range(VOCAB)) - {2}:
        both = torch.tensor([[BOS, token]] * len(src))
        then = sum(m(src, lengths, both).softmax(dim=-1) for m in models)[row, 1] / len(models)
        best.append((start[token].log() + then.max().log()).item())
    return max(best)


def test_systems_that_were_trained_alike_translate_ensemble():
    pairs = korean_english(60, seed=1, max_len=6, share=0.05)
    systems = [prepare(pairs, SMALL, seed) for seed in (0, 1)]
    for seed, system in enumerate(systems):
        train(system, pairs, 5, seed)
    sources = [pair.src for pair in pairs[:3]]
    said = ensemble(systems).translate(sources)
    assert len(said) == 3
    assert ensemble(systems[:1]).translate(sources) == systems[0].translate(sources)
    other = prepare(pairs[:20], SMALL)
    with pytest.raises(ValueError, match="different vocabularies"):
        ensemble([systems[0], other])
    with pytest.raises(ValueError, match="at least one"):
        ensemble([])


def test_a_system_that_reads_jamo_knows_those_of_words_it_never_saw():
    pairs = korean_english(60, seed=1, max_len=6, share=0.05)
    system = prepare(pairs, SMALL)
    (ids,) = system.source_ids(["갔다."])
    assert "".join(system.source.tokens("ㄱㅏㅆㄷㅏ.")) == " ㄱㅏㅆㄷㅏ."
    assert ids == system.source.encode("ㄱㅏㅆㄷㅏ.")
    assert system.source.unk_id not in ids
