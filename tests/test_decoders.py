"""Every encoder with every decoder: one interface, batch invariance, and search that is right."""

import itertools

import pytest
import torch

from s2s_ref.attention import LuongDecoder
from s2s_ref.bottleneck import PeekyDecoder
from s2s_ref.decoding import beam_search, greedy_decode
from s2s_ref.encoder_decoder import Decoder
from s2s_ref.padding import PackedEncoder, Translator, length_mask, masked_cross_entropy, pad
from s2s_ref.two_attentions import (
    AdditiveScores,
    BahdanauDecoder,
    BidirectionalEncoder,
    GeneralScores,
)

VOCAB, EMBED, HIDDEN, BOS, EOS = 4, 5, 6, 1, 2
SOURCES = [[4, 5, 6, 2], [7, 2], [5, 5, 2]]
LENGTHS = torch.tensor([4, 2, 3])
ENCODERS = {"one way": PackedEncoder, "both ways": BidirectionalEncoder}
DECODERS = {
    "fixed": Decoder,
    "peeky": PeekyDecoder,
    "luong dot": LuongDecoder,
    "luong general": lambda *a: LuongDecoder(*a, score=GeneralScores(HIDDEN, HIDDEN)),
    "luong additive": lambda *a: LuongDecoder(*a, score=AdditiveScores(HIDDEN, HIDDEN, 3)),
    "bahdanau additive": BahdanauDecoder,
    "bahdanau general": lambda *a: BahdanauDecoder(*a, score=GeneralScores(HIDDEN, HIDDEN)),
}
EVERY_MODEL = list(itertools.product(ENCODERS, DECODERS, ["gru", "lstm"]))


@pytest.fixture(params=EVERY_MODEL, ids=" ".join)
def model(request):
    """A translator with weights large enough that its sentences differ."""
    encoder, decoder, cell = request.param
    parts = (
        ENCODERS[encoder](9, EMBED, HIDDEN, cell),
        DECODERS[decoder](VOCAB, EMBED, HIDDEN, cell),
    )
    made = Translator(*parts).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(1)
    for parameter in made.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.8)
    return made


@pytest.fixture
def state(model):
    return model.encode(pad(SOURCES, 0), LENGTHS)


@pytest.fixture
def tgt():
    return torch.tensor([[1, 3, 0], [1, 0, 3], [1, 1, 3]])


def log_prob(model, state, tokens):
    """Score one sentence in one teacher-forced call: an oracle that no search uses."""
    log_probs = model.decoder(torch.tensor([[BOS, *tokens[:-1]]]), state)[0].log_softmax(-1)[0]
    return sum(log_probs[t, token].item() for t, token in enumerate(tokens))


def every_hypothesis(max_len):
    """All that can be written: ended by <eos>, or as long as is allowed."""
    for length in range(max_len):
        for words in itertools.product([0, 1, 3], repeat=length):
            yield [*words, EOS]
    for words in itertools.product([0, 1, 3], repeat=max_len):
        yield list(words)


def test_token_by_token_is_all_at_once(model, state, tgt):
    at_once = model.decoder(tgt, state)[0]
    rows = []
    for t in range(tgt.shape[1]):
        logits, state, *_ = model.decoder(tgt[:, t : t + 1], state)
        rows.append(logits)
    torch.testing.assert_close(torch.cat(rows, dim=1), at_once)


def test_a_sentence_alone_is_the_sentence_in_a_batch(model, tgt):
    together = model(pad(SOURCES, 0), LENGTHS, tgt)
    for i, source in enumerate(SOURCES):
        alone = model(torch.tensor([source]), LENGTHS[i : i + 1], tgt[i : i + 1])
        torch.testing.assert_close(alone[0], together[i])


def test_longer_padding_changes_nothing(model, tgt):
    longer = pad([*SOURCES, [3] * 9], 0)[:3]
    torch.testing.assert_close(model(longer, LENGTHS, tgt), model(pad(SOURCES, 0), LENGTHS, tgt))


def test_a_mate_of_40_tokens_changes_neither_state_nor_logits_nor_loss(model):
    """Lesson 3's experiment, for every model of the course."""
    lengths, tgt_lengths = torch.tensor([2, 40]), torch.tensor([3, 40])
    src = pad([SOURCES[1], [6] * 40], 0)
    tgt_input, tgt_output = pad([[1, 3, 1], [3] * 40], 0), pad([[3, 1, 2], [3] * 40], 0)

    def read(rows, src_len, tgt_len):
        state = model.encode(src[:rows, :src_len], lengths[:rows])
        logits = model.decoder(tgt_input[:rows, :tgt_len], state)[0]
        mask = length_mask(tgt_lengths[:rows], tgt_len)[:1]
        loss = masked_cross_entropy(logits[:1], tgt_output[:1, :tgt_len], mask)
        return state.select(torch.tensor([0])).hidden, logits[0, :3], loss

    alone, together = read(1, 2, 3), read(2, 40, 40)
    torch.testing.assert_close(together, alone)


def test_attention_weights_are_a_distribution_over_real_words(model, state, tgt):
    _, _, *weights = model.decoder(tgt, state)
    for w in weights:
        torch.testing.assert_close(w.sum(dim=-1), torch.ones(3, 3))
        assert not w[~state.src_mask.unsqueeze(1).expand_as(w)].any()


def test_selected_rows_go_on_as_before(model, state, tgt):
    rows = torch.tensor([2, 0, 0])
    expected = model.decoder(tgt, state)[0]
    torch.testing.assert_close(
        model.decoder(tgt[rows], state.select(rows))[0], expected[rows], rtol=1e-4, atol=1e-5
    )


def test_a_beam_of_one_is_greedy(model, state):
    greedy = greedy_decode(model.decoder, state, BOS, EOS, 6)
    beams = beam_search(model.decoder, state, BOS, EOS, beam_size=1, max_len=6)
    assert [hypotheses[0].tokens for hypotheses in beams] == greedy


def test_greedy_in_a_batch_is_greedy_one_by_one(model, state):
    together = greedy_decode(model.decoder, state, BOS, EOS, 6)
    alone = [
        greedy_decode(model.decoder, state.select(torch.tensor([i])), BOS, EOS, 6)[0]
        for i in range(len(SOURCES))
    ]
    assert alone == together


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_a_full_beam_finds_everything_in_order(model, state, alpha):
    found = beam_search(model.decoder, state, BOS, EOS, beam_size=200, max_len=3, alpha=alpha)
    for i, hypotheses in enumerate(found):
        own = state.select(torch.tensor([i]))
        scores = {
            tuple(tokens): log_prob(model, own, tokens) / len(tokens) ** alpha
            for tokens in every_hypothesis(3)
        }
        assert len(hypotheses) == len(scores)
        assert [h.score for h in hypotheses] == pytest.approx(
            sorted(scores.values(), reverse=True), abs=1e-4
        )


def test_scores_are_the_models_own_log_probabilities(model, state):
    for i, hypotheses in enumerate(beam_search(model.decoder, state, BOS, EOS, 3, 5, alpha=0.7)):
        own = state.select(torch.tensor([i]))
        assert hypotheses == sorted(hypotheses, key=lambda h: -h.score)
        assert len({tuple(h.tokens) for h in hypotheses}) == len(hypotheses)
        for h in hypotheses:
            ended = [*h.tokens, EOS] if len(h.tokens) < 5 else h.tokens
            assert h.log_prob == pytest.approx(log_prob(model, own, ended), abs=1e-4)
            assert h.score == pytest.approx(h.log_prob / len(ended) ** 0.7, abs=1e-4)
