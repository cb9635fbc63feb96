"""Lesson 4's reference: hand-worked cases, loops word by word, steps by hand, invariances."""

import math

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError
from torch import nn

from s2s_ref.attention import LuongDecoder
from s2s_ref.bottleneck import PeekyDecoder
from s2s_ref.encoder_decoder import Decoder, Encoder, Seq2Seq, translate_sentence
from s2s_ref.padding import PackedEncoder, Translator, length_mask, pad
from s2s_ref.state import State
from s2s_ref.student.table_models import TableDecoder
from s2s_ref.teacher_forcing import (
    free_running_logits,
    perplexity,
    scheduled_sampling,
    teacher_forced_loss,
    train_step,
)
from s2s_ref.two_attentions import BahdanauDecoder

BOS, EOS, VOCAB, HIDDEN = 1, 2, 7, 6
TARGETS = [[1, 4, 5, 6, 2], [1, 5, 2], [1, 6, 6, 2]]
TGT = pad(TARGETS, 0)
MASK = length_mask(torch.tensor([5, 3, 4]), 5)
DECODERS = {
    "fixed": Decoder,
    "peeky": PeekyDecoder,
    "luong": LuongDecoder,
    "bahdanau": BahdanauDecoder,
}


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        yield


@pytest.fixture(params=["gru", "lstm"])
def cell(request):
    return request.param


def strong(model):
    """Give a model weights so large that its words differ from step to step."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.9)
    return model


@pytest.fixture(params=DECODERS)
def translator(request, cell):
    """Every decoder of the course behind an encoder."""
    decoder = DECODERS[request.param](VOCAB, 4, HIDDEN, cell)
    return strong(Translator(PackedEncoder(9, 3, HIDDEN, cell), decoder))


@pytest.fixture
def state(translator):
    return translator.encode(pad([[4, 5, 2], [8, 2], [7, 2]], 0), torch.tensor([3, 2, 2]))


def word_by_word(decoder, state, tokens):
    """Read these tokens one call at a time; return each step's log-probabilities, in numpy."""
    rows = []
    for token in tokens:
        logits, state, *_ = decoder(torch.tensor([[token]]), state)
        scores = logits[0, 0].detach().double().numpy()
        rows.append(scores - np.logaddexp.reduce(scores))
    return np.stack(rows)


def row(state, i):
    return state.select(torch.tensor([i]))


# ------------------------------------------------------------------ teacher_forced_loss


def test_the_loss_is_that_of_every_real_word_read_one_by_one(translator, state):
    losses = []
    for i, target in enumerate(TARGETS):
        log_probs = word_by_word(translator.decoder, row(state, i), target[:-1])
        losses += [-log_probs[t, word] for t, word in enumerate(target[1:])]
    loss = teacher_forced_loss(translator.decoder, state, TGT, MASK)
    assert loss.item() == pytest.approx(np.mean(losses), rel=1e-4)


def test_more_padding_changes_no_loss(translator, state):
    wider = nn.functional.pad(TGT, (0, 4)), nn.functional.pad(MASK, (0, 4))
    loss = teacher_forced_loss(translator.decoder, state, TGT, MASK)
    torch.testing.assert_close(teacher_forced_loss(translator.decoder, state, *wider), loss)


class Counting(nn.Module):
    """Count the calls of a decoder."""

    def __init__(self, decoder):
        super().__init__()
        self.decoder, self.lengths = decoder, []

    def forward(self, tgt_input, state):
        self.lengths.append(tgt_input.shape[1])
        return self.decoder(tgt_input, state)


def test_forcing_is_one_call_and_free_running_is_one_call_a_word(translator, state):
    counting = Counting(translator.decoder)
    teacher_forced_loss(counting, state, TGT, MASK)
    assert counting.lengths == [4]
    free_running_logits(counting, state, BOS, 5)
    assert counting.lengths == [4, 1, 1, 1, 1, 1]


def test_gradients_reach_every_weight(translator, state):
    teacher_forced_loss(translator.decoder, state, TGT, MASK).backward()
    for name, parameter in translator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


# ------------------------------------------------------------------ free_running_logits


def test_free_running_is_forcing_with_its_own_words(translator, state):
    logits = free_running_logits(translator.decoder, state, BOS, 5)
    assert logits.shape == (3, 5, VOCAB)
    own = torch.cat([torch.full((3, 1), BOS), logits.argmax(dim=-1)[:, :-1]], dim=1)
    forced = translator.decoder(own, state)[0]
    torch.testing.assert_close(logits, forced, rtol=1e-4, atol=1e-5)
    assert any(len(set(words)) > 1 for words in logits.argmax(dim=-1).tolist())


def test_free_running_writes_what_lesson_2_translates(cell):
    encoder, decoder = strong(Encoder(9, 3, HIDDEN, cell)), strong(Decoder(VOCAB, 4, HIDDEN, cell))
    for words in ([4, 5, 2], [8, 2], [7, 6, 6, 2], [5, 2]):
        src = torch.tensor([words])
        written = free_running_logits(decoder, State(encoder(src)), BOS, 9)[0].argmax(-1).tolist()
        ended = written[: written.index(EOS)] if EOS in written else written
        assert ended == translate_sentence(encoder, decoder, src, BOS, EOS, 9)


def test_a_table_decoder_goes_where_its_table_leads():
    """It counts: after <bos> comes 3, and after each word the next one, round and round."""
    decoder = TableDecoder(4, 4)
    after = torch.tensor([3, 3, 0, 2])  # after word i comes word after[i]
    decoder.transitions[:] = torch.arange(4)  # the state is the word that was read
    decoder.logits[:] = 5 * nn.functional.one_hot(after, 4)
    start = State(nn.functional.one_hot(torch.tensor([0, 2]), 4).float())
    logits = free_running_logits(decoder, start, BOS, 4)
    assert logits.argmax(dim=-1).tolist() == [[3, 2, 0, 3]] * 2


# ------------------------------------------------------------------ train_step


@pytest.fixture
def model(cell):
    sizes = {"embed_size": 3, "hidden_size": HIDDEN, "cell": cell}
    return strong(Seq2Seq(Encoder(9, **sizes), Decoder(VOCAB, **sizes)))


SRC = torch.tensor([[4, 5, 2], [8, 6, 2], [7, 7, 2]])


def expected_step(model, lr, max_norm):
    """Return the loss and the weights after one step of gradient descent, worked out by hand."""
    log_probs = model(SRC, TGT[:, :-1]).log_softmax(dim=-1)
    chosen = log_probs.gather(-1, TGT[:, 1:].unsqueeze(-1)).squeeze(-1)
    loss = -(chosen * MASK[:, 1:]).sum() / MASK[:, 1:].sum()
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    length = math.sqrt(sum(g.double().square().sum().item() for g in gradients))
    shortened = min(1.0, max_norm / length)
    weights = [
        (p - lr * shortened * g).detach()
        for p, g in zip(model.parameters(), gradients, strict=True)
    ]
    return loss.item(), length, weights


@pytest.mark.parametrize("max_norm", [0.05, 1e6], ids=["clipped", "not clipped"])
def test_one_step_is_that_of_gradient_descent(model, max_norm):
    loss, length, weights = expected_step(model, 0.3, max_norm)
    assert 0.05 < length < 1e6
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)  # left over from a step before
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    returned = train_step(model, optimizer, SRC, TGT, MASK, max_norm)
    assert type(returned) is float
    assert returned == pytest.approx(loss, rel=1e-5)
    for parameter, weight in zip(model.parameters(), weights, strict=True):
        torch.testing.assert_close(parameter.detach(), weight, rtol=1e-4, atol=1e-6)


def test_no_step_is_longer_than_the_clip_allows(model):
    before = [p.detach().clone() for p in model.parameters()]
    train_step(model, torch.optim.SGD(model.parameters(), lr=2.0), SRC, TGT, MASK, 0.1)
    moved = torch.cat([(p - b).flatten() for p, b in zip(model.parameters(), before, strict=True)])
    assert moved.norm().item() == pytest.approx(0.2, rel=1e-3)


def test_three_sentences_are_learned_by_heart(model):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = [train_step(model, optimizer, SRC, TGT, MASK, 1.0) for _ in range(80)]
    assert losses[-1] < 0.1 < losses[0]
    for i, target in enumerate(TARGETS):
        said = translate_sentence(model.encoder, model.decoder, SRC[i : i + 1], BOS, EOS, 9)
        assert said == target[1:-1]


# ------------------------------------------------------------------ scheduled_sampling

GIVEN = TGT[:, :-1]


def test_all_coins_true_is_forcing_and_all_false_is_free_running(translator, state):
    decoder, coins = translator.decoder, torch.ones_like(GIVEN, dtype=torch.bool)
    forced, free = decoder(GIVEN, state)[0], free_running_logits(decoder, state, BOS, 4)
    close = {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(scheduled_sampling(decoder, state, GIVEN, coins), forced, **close)
    torch.testing.assert_close(scheduled_sampling(decoder, state, GIVEN, ~coins), free, **close)


def test_each_sentence_follows_its_own_coins(translator, state):
    coins = torch.rand(GIVEN.shape) < 0.5
    logits = scheduled_sampling(translator.decoder, state, GIVEN, coins)
    for i, right in enumerate(GIVEN.tolist()):
        read = right[:1]
        for t in range(1, len(right)):
            own = int(word_by_word(translator.decoder, row(state, i), read)[-1].argmax())
            read.append(right[t] if coins[i, t] else own)
        expected = torch.from_numpy(word_by_word(translator.decoder, row(state, i), read)).float()
        torch.testing.assert_close(logits[i].log_softmax(dim=-1), expected, rtol=1e-3, atol=1e-4)


def test_words_that_no_coin_allows_are_never_looked_at(translator, state):
    coins = torch.tensor([[False, True, False, True]] * 3)
    other = torch.where(coins, GIVEN, 3)
    other[:, 0] = GIVEN[:, 0]  # the first word is always the given one
    one, two = (scheduled_sampling(translator.decoder, state, g, coins) for g in (GIVEN, other))
    assert torch.equal(one, two)


# ------------------------------------------------------------------ perplexity

ALL = torch.ones(1, 2, dtype=torch.bool)


def test_perplexity_by_hand():
    """Right with probabilities 1/2 and 1/8: as unsure as between 4 words."""
    chances = torch.tensor([[[1 / 2, 1 / 4, 1 / 4], [1 / 8, 3 / 8, 1 / 2]]])
    assert perplexity(chances.log(), torch.zeros(1, 2, dtype=torch.long), ALL) == pytest.approx(4)


def test_a_guesser_has_the_vocabularys_size_and_a_knower_has_1():
    ids = torch.tensor([[3, 5]])
    assert perplexity(torch.zeros(1, 2, 9), ids, ALL) == pytest.approx(9)
    certain = 50.0 * nn.functional.one_hot(ids, 9)
    assert perplexity(certain, ids, ALL) == pytest.approx(1)


def test_perplexity_of_many_words_in_numpy():
    logits, ids = torch.randn(3, 5, VOCAB), torch.randint(0, VOCAB, (3, 5))
    scores = logits.double().numpy()
    log_probs = scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True)
    real = MASK.numpy()
    chosen = np.take_along_axis(log_probs, ids.numpy()[..., None], axis=-1)[..., 0][real]
    found = perplexity(logits, ids, MASK)
    assert type(found) is float
    assert found == pytest.approx(np.exp(-chosen.mean()), rel=1e-5)


def test_padding_has_no_part_in_perplexity():
    logits, ids = torch.randn(3, 5, VOCAB), torch.randint(0, VOCAB, (3, 5))
    other = torch.where(MASK.unsqueeze(-1), logits, 99 * torch.randn_like(logits))
    assert perplexity(other, ids, MASK) == pytest.approx(perplexity(logits, ids, MASK))


# ------------------------------------------------------------------ shapes


def test_wrong_shapes_are_refused(state, translator):
    with pytest.raises(TypeCheckError):
        teacher_forced_loss(translator.decoder, state, TGT, MASK[:, 1:])
    with pytest.raises(TypeCheckError):
        scheduled_sampling(translator.decoder, state, GIVEN, MASK)
