"""Lesson 2's reference: hand-worked cases, PyTorch's layers, brute force, invariances."""

import itertools

import pytest
import torch
from jaxtyping import TypeCheckError
from torch import nn

from s2s_ref.encoder_decoder import (
    Decoder,
    Encoder,
    Seq2Seq,
    exact_match,
    shift_target,
    translate_sentence,
)
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State
from s2s_ref.student.table_models import TableDecoder, TableEncoder

CELLS = list(RNN_LAYERS)
BOS, EOS, VOCAB, STATES = 1, 2, 6, 5


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        yield


@pytest.fixture(params=CELLS)
def cell(request):
    return request.param


@pytest.fixture
def pair(cell):
    """An encoder and a decoder of this cell."""
    return Encoder(7, 3, 5, cell), Decoder(8, 4, 5, cell)


def rows(hidden):
    """List the tensors of a hidden state."""
    return list(hidden) if isinstance(hidden, tuple) else [hidden]


# ------------------------------------------------------------------ shift_target


def test_shift_target_by_hand():
    tgt_input, tgt_output = shift_target(torch.tensor([[1, 7, 8, 2], [1, 9, 4, 2]]))
    assert tgt_input.tolist() == [[1, 7, 8], [1, 9, 4]]
    assert tgt_output.tolist() == [[7, 8, 2], [9, 4, 2]]


def test_the_output_is_the_input_one_step_later():
    tgt_input, tgt_output = shift_target(torch.randint(0, 9, (3, 6)))
    assert torch.equal(tgt_output[:, :-1], tgt_input[:, 1:])


# ------------------------------------------------------------------ Encoder


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_the_encoder_ends_where_pytorchs_cell_ends(kind):
    encoder, src = Encoder(7, 3, 5, kind.lower()), torch.randint(0, 7, (2, 4))
    single = getattr(nn, f"{kind}Cell")(3, 5)
    single.load_state_dict({n.removesuffix("_l0"): w for n, w in encoder.rnn.state_dict().items()})
    state = None
    for word in src.unbind(dim=1):
        state = single(encoder.embedding(word), state)
    for got, expected in zip(rows(encoder(src)), rows(state), strict=True):
        torch.testing.assert_close(got, expected)


def test_a_sentence_is_encoded_alike_alone_and_among_others(pair):
    encoder, src = pair[0], torch.randint(0, 7, (3, 4))
    for alone, among in zip(rows(encoder(src[1:2])), rows(encoder(src)), strict=True):
        torch.testing.assert_close(alone, among[1:2])


def test_the_context_has_the_same_size_for_any_length(pair):
    shapes = {rows(pair[0](torch.ones(2, n, dtype=torch.long)))[0].shape for n in (1, 2, 30)}
    assert shapes == {(2, 5)}


# ------------------------------------------------------------------ Decoder and Seq2Seq


@pytest.mark.parametrize("cuts", [(1, 2, 3, 4), (2,), (3, 4)], ids=["each", "two parts", "three"])
def test_reading_in_parts_is_reading_at_once(pair, cuts):
    encoder, decoder = pair
    state = State(encoder(torch.randint(0, 7, (2, 3))))
    tgt_input = torch.randint(0, 8, (2, 5))
    at_once, last = decoder(tgt_input, state)
    logits = []
    for part in torch.tensor_split(tgt_input, cuts, dim=1):
        some, state = decoder(part, state)
        logits.append(some)
    torch.testing.assert_close(torch.cat(logits, dim=1), at_once)
    torch.testing.assert_close(rows(state.hidden), rows(last.hidden))


def test_decoding_is_causal_and_each_sentence_stands_alone(pair):
    encoder, decoder = pair
    src, tgt_input = torch.randint(0, 7, (3, 4)), torch.randint(0, 8, (3, 5))
    logits = Seq2Seq(encoder, decoder)(src, tgt_input)
    torch.testing.assert_close(Seq2Seq(*pair)(src[2:], tgt_input[2:]), logits[2:])
    torch.testing.assert_close(Seq2Seq(*pair)(src, tgt_input[:, :2]), logits[:, :2])


def test_a_selected_state_goes_on_as_its_sentence_would(pair):
    encoder, decoder = pair
    state, order = State(encoder(torch.randint(0, 7, (3, 4)))), torch.tensor([2, 0, 0])
    tokens = torch.randint(0, 8, (3, 2))
    logits, _ = decoder(tokens, state)
    moved, _ = decoder(tokens[order], state.select(order))
    torch.testing.assert_close(moved, logits[order])


def test_the_context_reaches_the_logits_and_its_gradient_the_encoder(pair):
    encoder, decoder = pair
    logits = Seq2Seq(encoder, decoder)(torch.tensor([[3, 4]]), torch.tensor([[1, 5]]))
    logits[0, -1, 0].backward()
    assert encoder.embedding.weight.grad[[3, 4]].abs().min() > 0
    assert encoder.embedding.weight.grad[5].abs().max() == 0


# ------------------------------------------------------------------ translate_sentence


def table_models(seed):
    """An encoder and a decoder made of drawn tables, in which `<eos>` is not rare."""
    made = torch.Generator().manual_seed(seed)
    encoder, decoder = TableEncoder(STATES, VOCAB), TableDecoder(STATES, VOCAB)
    for model in (encoder, decoder):
        model.transitions.copy_(torch.randint(0, STATES, (STATES, VOCAB), generator=made))
    decoder.logits.copy_(torch.randn(STATES, VOCAB, generator=made))
    decoder.logits[:, EOS] += 0.8
    return encoder, decoder


def greedy_by_brute_force(encoder, decoder, src, max_len):
    """Find the one sequence in which every token is the likeliest after those before it.

    All sequences are tried, each is read by the decoder in one call.
    """
    context = State(encoder(src))

    def is_greedy(sequence):
        logits, _ = decoder(torch.tensor([[BOS, *sequence[:-1]]]), context)
        return logits[0].argmax(dim=-1).tolist() == list(sequence)

    words = [w for w in range(VOCAB) if w != EOS]
    ended = [(*s, EOS) for n in range(max_len) for s in itertools.product(words, repeat=n)]
    found = [s for s in [*ended, *itertools.product(words, repeat=max_len)] if is_greedy(s)]
    (only,) = found
    return [token for token in only if token != EOS]


def test_greedy_translation_is_the_brute_force_one():
    lengths = []
    for seed in range(12):
        encoder, decoder = table_models(seed)
        src = torch.tensor([[4, 3, 5]])
        unlimited = TableDecoder(STATES, VOCAB, max_calls=10_000)
        unlimited.load_state_dict(decoder.state_dict())
        expected = greedy_by_brute_force(encoder, unlimited, src, max_len=3)
        assert translate_sentence(encoder, decoder, src, BOS, EOS, 3) == expected
        lengths.append(len(expected))
    assert {0, 3} <= set(lengths), "both ends should occur: <eos> at once, and the limit"


def test_translation_of_a_real_pair_is_the_same_in_one_reading(pair):
    encoder, decoder = pair
    src = torch.randint(0, 7, (1, 4))
    tokens = translate_sentence(encoder, decoder, src, BOS, EOS, max_len=6)
    logits, _ = decoder(torch.tensor([[BOS, *tokens]]), State(encoder(src)))
    likeliest = logits[0].argmax(dim=-1).tolist()
    assert likeliest[: len(tokens)] == tokens
    assert len(tokens) == 6 or likeliest[len(tokens)] == EOS
    assert all(type(token) is int for token in tokens)


def test_nothing_is_written_when_nothing_may_be(pair):
    assert translate_sentence(*pair, torch.tensor([[3]]), BOS, EOS, max_len=0) == []


# ------------------------------------------------------------------ exact_match


@pytest.mark.parametrize(
    ("hypotheses", "references", "share"),
    [
        ([[4, 5], [6]], [[4, 5], [6, 7]], 0.5),
        ([[4, 5], (6, 7)], [[4, 5], [6, 7]], 1.0),
        ([[5, 4], [6, 7, 8], []], [[4, 5], [6, 7], [6]], 0.0),
    ],
    ids=["too short", "tuples", "reordered, too long, empty"],
)
def test_exact_match_by_hand(hypotheses, references, share):
    assert exact_match(hypotheses, references) == share


def test_exact_match_refuses_lists_of_different_lengths():
    with pytest.raises(ValueError, match="argument 2"):
        exact_match([[1]], [[1], [2]])


# ------------------------------------------------------------------ shapes


@pytest.mark.parametrize(
    "call",
    [
        lambda: shift_target(torch.ones(4, dtype=torch.long)),
        lambda: Encoder(7, 3, 5)(torch.ones(2, 4)),
        lambda: Decoder(7, 3, 5)(torch.ones(2, dtype=torch.long), State(torch.ones(2, 5))),
        lambda: Seq2Seq(Encoder(7, 3, 5), Decoder(7, 3, 5))(torch.ones(2, 4), torch.ones(2, 4)),
        lambda: translate_sentence(*table_models(0), torch.ones(2, 3, dtype=torch.long), 1, 2, 3),
        lambda: exact_match([4, 5], [4, 5]),
    ],
    ids=["one axis", "float ids", "one token axis", "float both", "two sentences", "flat lists"],
)
def test_a_wrong_shape_or_type_raises(call):
    with pytest.raises(TypeCheckError):
        call()
