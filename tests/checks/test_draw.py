"""Random arguments of cases: seeded, and varied where a text leaves things open."""

import torch

from s2s_ref.checks.draw import Draw
from s2s_ref.encoder_decoder import Decoder
from s2s_ref.state import State
from s2s_ref.student.observe import build


def test_the_same_seed_draws_the_same():
    assert Draw(3).normal(2, 3).equal(Draw(3).normal(2, 3))
    assert not Draw(3).normal(2, 3).equal(Draw(4).normal(2, 3))


def test_distinct_numbers_are_different_and_in_range():
    for seed in range(20):
        drawn = Draw(seed).distinct(2, 9, 7)
        assert sorted(drawn) == list(range(2, 9))


def test_special_ids_are_different_and_stand_anywhere():
    drawn = [Draw(seed).special_ids(9) for seed in range(200)]
    assert all(len(set(ids)) == 4 and max(ids) < 9 for ids in drawn)
    assert 0 not in {ids.pad for ids in drawn}
    assert {ids.bos for ids in drawn} == set(range(9))
    assert {ids.eos for ids in drawn} == set(range(9))


def test_one_sentence_is_the_longest_and_not_the_first_of_several():
    for seed in range(100):
        lengths = Draw(seed).lengths(4, 6, 2).tolist()
        assert lengths[0] < max(lengths) == 6
        assert min(lengths) >= 2
    assert Draw(0).lengths(1, 6).tolist() == [6]
    assert Draw(0).lengths(3, 2, 2).tolist() == [2, 2, 2]


def test_any_decoder_can_be_described_with_a_third_result():
    draw = Draw(0)
    described = draw.model(Decoder, vocab_size=7, embed_size=3, hidden_size=4)
    call = torch.tensor([[1, 5], [2, 6]]), State(draw.normal(2, 4))
    logits, state = build(described)(*call)
    same_logits, same_state, weights = build(draw.with_third_result(described))(*call)
    assert same_logits.equal(logits)
    assert same_state.hidden.equal(state.hidden)
    assert weights.shape == (2, 2, 1)
