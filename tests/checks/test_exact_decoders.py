"""What follows from a decoder's tables, by hand; draws that are surprising, by exact sums."""

import math

import pytest
import torch

from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exact_decoders import (
    FALSE_ALARM,
    Chances,
    Draws,
    Tables,
    at,
    described,
    starts_of,
    surprising,
)
from s2s_ref.student.client import try_check

BOS, EOS = 1, 2
SHARES = torch.tensor([[0.1, 0.1, 0.2, 0.6], [0.3, 0.1, 0.5, 0.1]])
"""Two states; 3 is likelier in the first, <eos> in the second."""


@pytest.fixture
def tables():
    """Reading <bos> or 3 leads to the second state, all else to the first."""
    transitions = torch.tensor([[0, 0, 0, 1], [0, 0, 0, 1]])
    return Tables(described(transitions, SHARES.log()), BOS, EOS)


def test_states_say_where_they_start():
    assert starts_of(at(Draw(0), [4, 0, 4], 6)) == [4, 0, 4]
    assert starts_of(at(Draw(0), [4, 0, 4], 6, lstm=1)) == [4, 0, 4]


def test_the_probability_of_a_translation_is_that_of_its_words(tables):
    assert tables.log_prob(0, [3, EOS]) == pytest.approx(math.log(0.6 * 0.5))
    assert tables.log_prob(1, []) == 0
    assert tables.greedy(0, 5) == [3]
    assert tables.greedy(0, 1) == [3]


def test_every_beginning_is_listed_with_its_probability(tables):
    found = tables.beginnings(0, 2, Chances(SHARES.double()))
    assert len(found) == 4 + 3 * 4
    assert found[(EOS,)] == pytest.approx(0.2)
    assert found[(3, EOS)] == pytest.approx(0.3)
    assert (EOS, 3) not in found
    whole = sum(p for tokens, p in found.items() if tokens[-1] == EOS or len(tokens) == 2)
    assert whole == pytest.approx(1)


@pytest.mark.parametrize("total", [1, 30, 600])
@pytest.mark.parametrize("probability", [1e-4, 0.03, 0.5, 0.99])
def test_a_right_answer_is_surprising_less_often_than_was_promised(total, probability):
    """The binomial distribution, summed exactly over all the counts that are refused."""
    cells = 7
    refused = sum(
        math.comb(total, n) * probability**n * (1 - probability) ** (total - n)
        for n in range(total + 1)
        if surprising(n, total, probability, cells)
    )
    assert refused * cells <= FALSE_ALARM
    assert not surprising(round(total * probability), total, probability, cells)


def test_what_is_far_off_is_surprising():
    assert surprising(380, 600, 0.43, 100)
    assert surprising(1, 600, 1e-20, 100)
    assert surprising(0, 600, 0.2, 100)


def draw(tables, next_probs, count=600, max_len=3, seed=0):
    generator, rows = torch.Generator().manual_seed(seed), []
    for _ in range(count):
        place, row = tables.transitions[0][tables.bos_id], []
        while len(row) < max_len:
            token = int(torch.multinomial(next_probs[place], 1, generator=generator))
            if token == tables.eos_id:
                break
            row.append(token)
            place = tables.transitions[place][token]
        rows.append(row)
    return Draws(tables, [0] * count, rows, max_len)


def test_draws_fit_what_they_were_drawn_from_and_nothing_else(tables):
    other = (2 * SHARES.log()).softmax(dim=-1)
    for seed in range(3):
        found = draw(tables, SHARES, seed=seed)
        assert found.fit(Chances(SHARES.double()))
        assert not found.fit(Chances(other.double()))
        assert found.log_likelihood(Chances(SHARES.double())) > found.log_likelihood(
            Chances(other.double())
        )


# --- the verdicts know a mistake in whatever style it was written


def named(name, target):
    found = try_check(name, target)
    return found["mistake"] or found["headline"]


def sampled_by_noise(change):
    """Sampling with Gumbel noise, whose draws no `multinomial` repeats, spoiled by `change`."""

    def sample(decoder, state, bos_id, eos_id, max_len, temperature, generator):
        token, steps = torch.full((len(state.h), 1), bos_id), []
        for _ in range(max_len):
            logits, state, *_ = decoder(token, state)
            noise = torch.empty(logits[:, -1].shape).exponential_(generator=generator).log()
            token = (change(logits[:, -1], temperature) - noise).argmax(dim=-1, keepdim=True)
            steps.append(token)
        rows = torch.cat(steps, dim=1).tolist()
        return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]

    return sample


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (lambda logits, t: logits * t, "multiplied"),
        (lambda logits, _: logits, "probabilities_divided"),
        (lambda logits, t: (logits / t).softmax(dim=-1), "softmax_twice"),
        (lambda logits, t: -logits / t, "the probabilities of the first step are"),
        (lambda logits, t: logits / t, "it can now translate"),
    ],
)
def test_a_mistake_in_sampling_is_known_by_its_frequencies(change, mistake):
    assert named("decoding.sample_decode", sampled_by_noise(change)).startswith(mistake)


def test_draws_that_only_come_from_elsewhere_are_told():
    right = sampled_by_noise(lambda logits, t: logits / t)

    def from_elsewhere(decoder, state, bos_id, eos_id, max_len, temperature, generator):
        torch.rand(1, generator=generator)
        own = torch.Generator().manual_seed(torch.randint(99, (1,)).item())
        return right(decoder, state, bos_id, eos_id, max_len, temperature, own)

    assert named("decoding.sample_decode", from_elsewhere).startswith("the same generator gives")
