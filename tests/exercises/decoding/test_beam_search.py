"""Two mistakes with length normalisation do what their messages say."""

import math

import pytest
import torch

from s2s_ref import decoding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exact_decoders import at, described
from s2s_ref.checks.registry import find
from s2s_ref.student.client import try_check
from s2s_ref.student.observe import build

WORD, OTHER, BOS, EOS = 3, 0, 1, 2
SHARES = torch.tensor([0.1, 0.2, 0.3, 0.4])


def scores_by_tokens(mistake):
    """Search with a mistake, alpha = 1, in a decoder whose probabilities are always `SHARES`."""
    (code,) = [m.code for m in find("decoding.beam_search").mistakes if m.name == mistake]
    decoder = build(described(torch.zeros(1, 4, dtype=torch.long), SHARES.log().unsqueeze(0)))
    (found,) = code(decoder, at(Draw(0), [0], 1), BOS, EOS, beam_size=40, max_len=3, alpha=1.0)
    return {tuple(h.tokens): h.score for h in found}


def test_the_normalised_score_goes_into_the_next_step():
    scores = scores_by_tokens("normalised_every_step")
    assert scores[WORD,] == pytest.approx((math.log(0.4) + math.log(0.3)) / 2)
    two = (math.log(0.4) + math.log(0.1)) / 2
    assert scores[WORD, OTHER] == pytest.approx((two + math.log(0.3)) / 3)


def test_without_alpha_the_score_is_the_log_probability():
    scores = scores_by_tokens("alpha_forgotten")
    assert scores[WORD, OTHER] == pytest.approx(math.log(0.4 * 0.1 * 0.3))


def test_a_search_of_any_style_that_forgets_alpha_is_told_so():
    def search(*arguments):
        return decoding.beam_search(*arguments[:-1])

    found = try_check("decoding.beam_search", search)
    assert found["mistake"] == "alpha_forgotten"
