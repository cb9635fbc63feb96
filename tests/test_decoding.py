"""Decoding against hand-worked cases, exact probabilities, sacrebleu, and a search by brute force.

The searches of every model, batch invariance among them, are tested in test_decoders.py.
"""

import itertools
import math
from collections import Counter

import pytest
import sacrebleu
import torch

from s2s_ref.decoding import (
    beam_search,
    beam_step,
    corpus_bleu,
    greedy_decode,
    sample_decode,
    trim_at_eos,
)
from s2s_ref.state import Hypothesis, State
from s2s_ref.student.table_models import TableDecoder

BOS, EOS = 1, 2
ENDS = {"bos_id": BOS, "eos_id": EOS, "max_len": 5}


def decoder_of(transitions, logits):
    """A decoder that walks along a table; missing logits are impossible words."""
    states = 1 + max(max(row.values(), default=0) for row in transitions.values())
    vocab = 1 + max(max(row) for row in logits.values())
    table, scores = torch.zeros(states, vocab, dtype=torch.long), torch.full((states, vocab), -50.0)
    for state, row in transitions.items():
        for token, following in row.items():
            table[state, token] = following
    for state, row in logits.items():
        for token, score in row.items():
            scores[state, token] = score
    made = TableDecoder(states, vocab)
    made.load_state_dict({"transitions": table, "logits": scores})
    return made


def at(decoder, *states):
    return State(torch.eye(len(decoder.transitions))[list(states)])


@pytest.fixture
def two_sentences():
    """Sentence 1 starts at 0 and says 3, <eos>; sentence 2 starts at 3 and says 4, 3, 4, <eos>."""
    return decoder_of(
        {0: {BOS: 1}, 1: {3: 2}, 2: {}, 3: {BOS: 4}, 4: {4: 5}, 5: {3: 6}, 6: {4: 2}},
        {1: {3: 0}, 2: {EOS: 0}, 4: {4: 0}, 5: {3: 0}, 6: {4: 0}},
    )


@pytest.fixture
def articles():
    """The lesson's example: The (3) 0.5, A (4) 0.4; The cat (5) 0.4, The dog (6) 0.3; A cat 0.9."""

    def log(**shares):
        return {int(token[1:]): math.log(share) for token, share in shares.items()}

    return decoder_of(
        {0: {BOS: 1}, 1: {3: 2, 4: 3, 0: 4}, 2: {5: 4, 6: 4, 0: 4}, 3: {5: 4, 0: 4}, 4: {}},
        {
            1: log(_3=0.5, _4=0.4, _0=0.1),
            2: log(_5=0.4, _6=0.3, _0=0.3),
            3: log(_5=0.9, _0=0.1),
            4: log(_2=1.0),
        },
    )


# --- the end of a sentence, greedy decoding


@pytest.mark.parametrize(
    ("tokens", "kept"),
    [([7, 9, 2, 5, 2], [7, 9]), ([7, 9], [7, 9]), ([2, 5], []), ([], []), ((4, 2), [4])],
)
def test_tokens_before_the_first_eos_are_kept(tokens, kept):
    before = list(tokens)
    assert trim_at_eos(tokens, EOS) == kept
    assert list(tokens) == before


def test_each_sentence_stops_at_its_own_eos(two_sentences):
    state = at(two_sentences, 0, 3, 0)
    assert greedy_decode(two_sentences, state, **ENDS) == [[3], [4, 3, 4], [3]]
    assert greedy_decode(two_sentences, state, BOS, EOS, 2) == [[3], [4, 3], [3]]


def test_decoding_stops_when_every_sentence_has_ended(two_sentences):
    sizes = []
    two_sentences.register_forward_pre_hook(lambda _, args: sizes.append(len(args[0])))
    greedy_decode(two_sentences, at(two_sentences, 0, 3, 0), **ENDS)
    assert sizes == [3, 3, 3, 3]


def test_no_token_is_written_where_none_is_allowed(two_sentences):
    state = at(two_sentences, 0, 3)
    assert greedy_decode(two_sentences, state, BOS, EOS, 0) == [[], []]
    empty = [Hypothesis([], 0.0, 0.0)]
    assert beam_search(two_sentences, state, BOS, EOS, beam_size=2, max_len=0) == [empty, empty]


# --- sampling


def drawn(decoder, temperature, count=4000, seed=0):
    state = at(decoder, *[0] * count)
    generator = torch.Generator().manual_seed(seed)
    return sample_decode(decoder, state, **ENDS, temperature=temperature, generator=generator)


def within(count, total, share):
    """Five standard deviations: a false alarm once in a million."""
    return abs(count - total * share) < 5 * math.sqrt(total * share * (1 - share)) + 1


def test_translations_come_as_often_as_the_model_says(articles):
    counts = Counter(map(tuple, drawn(articles, 1.0)))
    expected = {(3, 5): 0.2, (3, 6): 0.15, (3, 0): 0.15, (4, 5): 0.36, (4, 0): 0.04, (0,): 0.1}
    assert counts.keys() == expected.keys()
    for tokens, share in expected.items():
        assert within(counts[tokens], 4000, share), tokens


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_the_temperature_raises_probabilities_to_a_power(articles, temperature):
    """Divided logits are powers of the probabilities, normalised."""
    powers = [share ** (1 / temperature) for share in (0.5, 0.4, 0.1)]
    counts = Counter(row[0] for row in drawn(articles, temperature))
    for token, power in zip((3, 4, 0), powers, strict=True):
        assert within(counts[token], 4000, power / sum(powers))


def test_near_temperature_zero_it_is_greedy(articles):
    greedy = greedy_decode(articles, at(articles, 0), **ENDS)
    assert drawn(articles, 0.01, count=50) == greedy * 50


def test_the_same_seed_draws_the_same_and_nothing_else_is_drawn_from(articles):
    before = torch.random.get_rng_state()
    assert drawn(articles, 1.0, 100, seed=3) == drawn(articles, 1.0, 100, seed=3)
    assert drawn(articles, 1.0, 100, seed=3) != drawn(articles, 1.0, 100, seed=4)
    assert torch.equal(torch.random.get_rng_state(), before)


# --- beam search


def test_a_step_of_the_beam_by_hand():
    scores = torch.tensor([[0.5, 0.4]]).log()
    logits = torch.tensor([[[0.4, 0.3, 0.3], [0.9, 0.06, 0.04]]]).log() + 7
    parents, tokens, best = beam_step(scores, logits, 2)
    assert parents.tolist() == [[1, 0]]
    assert tokens.tolist() == [[0, 0]]
    torch.testing.assert_close(best.exp(), torch.tensor([[0.36, 0.2]]))


def test_a_step_keeps_what_there_is_and_never_a_dead_beam():
    logits = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    scores = torch.tensor([[0.0, -math.inf, -math.inf]] * 2)
    parents, _, best = beam_step(scores, logits, 4)
    assert not parents.any()
    assert best.isfinite().all()
    assert all(part.shape == (2, 12) for part in beam_step(torch.zeros(2, 3), logits, 50))


def test_a_beam_of_two_finds_what_greedy_decoding_misses(articles):
    state = at(articles, 0)
    assert greedy_decode(articles, state, **ENDS) == [[3, 5]]
    (found,) = beam_search(articles, state, **ENDS, beam_size=2)
    assert found[0].tokens == [4, 5]
    assert found[0].log_prob == pytest.approx(math.log(0.36), abs=1e-4)
    assert found[1].tokens == [3, 5]


def test_scores_divide_by_the_length_with_its_eos(articles):
    (plain,) = beam_search(articles, at(articles, 0), **ENDS, beam_size=6)
    (evened,) = beam_search(articles, at(articles, 0), **ENDS, beam_size=6, alpha=1.0)
    assert sorted(h.tokens for h in plain) == sorted(h.tokens for h in evened)
    for h in evened:
        assert h.score == pytest.approx(h.log_prob / (len(h.tokens) + 1))
    assert all(h.score == h.log_prob for h in plain)


def test_a_higher_alpha_favours_the_longer_of_two():
    """A short translation of 0.5 and a long one of 0.4, each of certain words after the first."""
    short_or_long = decoder_of(
        {0: {BOS: 1}, 1: {3: 2, 4: 3}, 2: {}, 3: {3: 4}, 4: {3: 2}},
        {
            1: {3: math.log(0.5), 4: math.log(0.4)},
            2: {EOS: 0},
            3: {3: 0},
            4: {3: 0, EOS: -60},  # behind all other words: the beam keeps one that goes on
        },
    )
    best = [
        beam_search(short_or_long, at(short_or_long, 0), **ENDS, beam_size=2, alpha=alpha)[0][0]
        for alpha in (0.0, 1.0)
    ]
    assert [h.tokens for h in best] == [[3], [4, 3, 3]]


def test_beginnings_that_never_end_are_returned(articles):
    (found,) = beam_search(articles, at(articles, 0), BOS, EOS, beam_size=2, max_len=1)
    assert [h.tokens for h in found] == [[3], [4]]
    assert found[0] == Hypothesis([3], found[0].log_prob, found[0].log_prob)
    assert found[0].log_prob == pytest.approx(math.log(0.5), abs=1e-4)


def test_the_search_of_a_sentence_stops_when_it_is_done(two_sentences):
    sizes = []
    two_sentences.register_forward_pre_hook(lambda _, args: sizes.append(len(args[0])))
    found = beam_search(two_sentences, at(two_sentences, 0, 3), **ENDS, beam_size=1)
    assert [hypotheses[0].tokens for hypotheses in found] == [[3], [4, 3, 4]]
    assert sizes == [1] * (2 + 4)


def test_an_impossible_token_makes_no_hypothesis(articles):
    """Word 4 has a logit of -inf, so a beam with room for all finds nothing that holds it."""
    articles.logits[:, 4] = -math.inf
    (found,) = beam_search(articles, at(articles, 0), **ENDS, beam_size=300)
    assert all(math.isfinite(h.log_prob) for h in found)
    assert found[0].tokens == [3, 5]
    assert not any(4 in h.tokens for h in found)


@pytest.mark.parametrize("alpha", [0.0, 0.7])
@pytest.mark.parametrize("seed", range(5))
def test_a_full_beam_ranks_every_translation_there_is(seed, alpha):
    generator = torch.Generator().manual_seed(seed)
    decoder = TableDecoder(6, 4)
    transitions = torch.randint(6, (6, 4), generator=generator)
    logits = torch.randn(6, 4, generator=generator)
    decoder.load_state_dict({"transitions": transitions, "logits": logits})
    (found,) = beam_search(decoder, at(decoder, 2), BOS, EOS, beam_size=40, max_len=3, alpha=alpha)

    table, log_probs = transitions.tolist(), logits.double().log_softmax(-1).tolist()
    scores = {}
    for length in range(4):
        for words in itertools.product([0, 1, 3], repeat=length):
            place, total = table[2][BOS], 0.0
            for token in [*words, EOS][:3]:
                total += log_probs[place][token]
                place = table[place][token]
            scores[words] = total / min(length + 1, 3) ** alpha
    assert {tuple(h.tokens) for h in found} == scores.keys()
    for h in found:
        assert h.score == pytest.approx(scores[tuple(h.tokens)], abs=1e-4)
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)


# --- BLEU


def test_bleu_by_hand():
    """Shares of pieces found: 5 of 6, 4 of 5, 3 of 4, 2 of 3; the lengths are equal."""
    by_hand = 100 * (5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25
    assert corpus_bleu(["A dog chased a cat."], [["The dog chased a cat."]]) == (
        pytest.approx(by_hand)
    )


def test_a_translation_may_agree_with_any_of_its_references():
    hypotheses = ["I read it now.", "We sold a book."]
    references = [["I read it now."], ["You sold it.", "We sold a book."]]
    assert corpus_bleu(hypotheses, references) == pytest.approx(100)
    assert corpus_bleu(hypotheses, [texts[:1] for texts in references]) < 90


def test_the_corpus_is_counted_as_a_whole():
    hypotheses = ["The cat sat on the mat.", "It is very cold in here."]
    references = [["The cat sat on the mat."], ["In winter the house is cold."]]
    whole = sacrebleu.corpus_bleu(hypotheses, [[texts[0] for texts in references]]).score
    means = [
        sacrebleu.sentence_bleu(h, r).score for h, r in zip(hypotheses, references, strict=True)
    ]
    assert corpus_bleu(hypotheses, references) == pytest.approx(whole)
    assert corpus_bleu(hypotheses, references) != pytest.approx(sum(means) / 2)


def test_the_case_counts():
    assert corpus_bleu(["a dog chased a cat."], [["A dog chased a cat."]]) < 100
