"""Measurements against numbers worked by hand, brute force, and other ways to compute them."""

import itertools
import math
import random

import numpy as np
import pytest
import torch
from sacrebleu import corpus_bleu as sacre_bleu
from sacrebleu import corpus_chrf as sacre_chrf
from torch import nn

from s2s_ref.evaluation.metrics import (
    accuracy_by_length,
    accuracy_by_position,
    alignment_error_rate,
    best_causal_guess,
    bleu,
    chrf,
    context_shift_by_position,
    gradient_norm_by_distance,
    neighbour_agreement,
    project,
    state_shift_by_position,
)

# --- accuracies


def test_accuracy_by_position_by_hand():
    predicted = [["I", "saw", "him"], ["you", "saw"], ["we"], ["I", "ate", "it", "all"]]
    gold = [["I", "saw", "her"], ["I", "saw", "it"], ["we", "left"], ["I", "ate"]]
    assert accuracy_by_position(predicted, gold) == [3 / 4, 3 / 4, 0 / 2]


def test_accuracy_by_position_takes_tensors():
    predicted, gold = torch.tensor([[1, 2], [3, 4]]), torch.tensor([[1, 9], [3, 4]])
    assert accuracy_by_position(predicted, gold) == [1.0, 0.5]


def test_accuracy_by_length_by_hand():
    scores = accuracy_by_length([True, False, True, 0.5], [7, 3, 3, 7])
    assert scores == {3: 0.5, 7: 0.75}
    assert list(scores) == [3, 7]


@pytest.mark.parametrize("function", [accuracy_by_position, best_causal_guess])
def test_counts_must_agree(function):
    with pytest.raises(ValueError, match="got 1 and 2"):
        function([["a"]], [["a"], ["b"]])
    with pytest.raises(ValueError, match="There are no"):
        function([], [])


# --- the best causal guess


def brute_force(sources, targets, t):
    """Try every function from beginnings to words."""
    beginnings = sorted({tuple(source[: t + 1]) for source in sources})
    words = sorted({target[t] for target in targets})
    best = 0
    for chosen in itertools.product(words, repeat=len(beginnings)):
        guess = dict(zip(beginnings, chosen, strict=True))
        pairs = zip(sources, targets, strict=True)
        best = max(best, sum(guess[tuple(s[: t + 1])] == tgt[t] for s, tgt in pairs))
    return best / len(sources)


@pytest.mark.parametrize("seed", range(5))
def test_best_causal_guess_is_the_best_of_all_functions(seed):
    draw = random.Random(seed)
    sources = [[draw.choice("ab") for _ in range(3)] for _ in range(25)]
    targets = [[draw.choice("xyz") for _ in range(3)] for _ in range(25)]
    expected = [brute_force(sources, targets, t) for t in range(3)]
    assert best_causal_guess(sources, targets) == pytest.approx(expected)


def word_order(count, seed):
    """Subject object verb → subject verb object; five verbs fit every one of thirty objects."""
    draw = random.Random(seed)
    rows = [
        (draw.randrange(3), 10 + draw.randrange(30), 50 + draw.randrange(5)) for _ in range(count)
    ]
    return [[s, o, v] for s, o, v in rows], [[s, v, o] for s, o, v in rows]


def test_a_large_sample_tells_what_the_second_word_can_be():
    first, second, third = best_causal_guess(*word_order(60_000, 1))
    assert first == third == 1
    assert 0.2 < second < 0.23


def test_a_small_sample_flatters_and_held_out_pairs_show_it():
    small, fresh = word_order(150, 2), word_order(20_000, 3)
    flattering = best_causal_guess(*small)[1]
    strict = best_causal_guess(*small, held_out=fresh)[1]
    assert flattering > 0.5 > 0.2 > strict
    large = word_order(60_000, 4)
    assert best_causal_guess(*large, held_out=fresh)[1] == pytest.approx(0.2, abs=0.02)


def test_a_beginning_never_seen_is_wrong():
    train = [["a", "b"]], [["x", "y"]]
    held_out = [["a", "c"], ["a", "b"]], [["x", "y"], ["x", "y"]]
    assert best_causal_guess(*train, held_out=held_out) == [1.0, 0.5]


# --- gradients and contexts


def test_gradient_of_a_leaky_sum_falls_by_its_factor():
    def leaky(inputs):
        state, outputs = torch.zeros_like(inputs[:, 0]), []
        for step in inputs.unbind(dim=1):
            state = 0.5 * state + step
            outputs.append(state)
        return torch.stack(outputs, dim=1)

    norms = gradient_norm_by_distance(leaky, torch.randn(4, 6, 9), lambda last: last.sum(dim=-1))
    assert norms == pytest.approx([3 * 0.5**d for d in range(6)])


@pytest.mark.parametrize("layer", [nn.RNN, nn.GRU, nn.LSTM])
def test_gradient_equals_finite_differences(layer):
    torch.manual_seed(0)
    rnn = layer(3, 4, batch_first=True).double()
    inputs, gold = torch.randn(2, 5, 3).double(), torch.tensor([1, 3])

    def losses(last):
        return nn.functional.cross_entropy(last, gold, reduction="none")

    slopes = torch.zeros(2, 5, 3, dtype=torch.float64)
    with torch.no_grad():
        for t, i in itertools.product(range(5), range(3)):
            step = torch.zeros_like(inputs)
            step[:, t, i] = 1e-5
            up, down = (losses(rnn(x)[0][:, -1]) for x in (inputs + step, inputs - step))
            slopes[:, t, i] = (up - down) / 2e-5
    expected = [float(slopes[:, 4 - d].square().sum(-1).sqrt().mean()) for d in range(5)]
    found = gradient_norm_by_distance(rnn, inputs, losses)
    assert found == pytest.approx(expected, rel=1e-6)
    assert all(p.grad is None for p in rnn.parameters())


def test_a_mean_loss_is_refused():
    with pytest.raises(ValueError, match=r"4 losses, one for each sentence, got shape \[\]"):
        gradient_norm_by_distance(lambda x: x, torch.randn(4, 3, 2), lambda last: last.mean())


def test_context_shift_of_a_weighted_sum():
    weight = torch.tensor([1.0, 2.0, 5.0])

    def encode(src):
        return (src * weight).sum(dim=1, keepdim=True)

    src = torch.tensor([[1, 1, 1], [2, 1, 1]])  # contexts 8 and 9, 1 apart
    replacement = torch.tensor([[4, 2, 1], [4, 3, 4]])
    # word 0 moves by 3 and 2; word 1 by 2 and 4; word 2 changes in the second sentence only
    assert context_shift_by_position(encode, src, replacement) == pytest.approx([2.5, 3, 15])


def test_context_shift_says_what_it_cannot_measure():
    src = torch.tensor([[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="same word 1 in every"):
        context_shift_by_position(lambda s: s.float(), src, torch.tensor([[5, 2], [6, 4]]))
    with pytest.raises(ValueError, match="All contexts are equal"):
        context_shift_by_position(lambda _: torch.ones(2, 3), src, src + 1)


def test_state_shift_of_running_sums():
    def encode(src):
        return src.float().cumsum(dim=1).unsqueeze(-1)

    src = torch.tensor([[1, 1, 1], [2, 1, 1]])  # states 1, 2, 3 and 2, 3, 4: 1 apart everywhere
    replacement = torch.tensor([[4, 2, 1], [4, 3, 4]])
    expected = torch.tensor([[2.5, 2.5, 2.5], [0, 1.5, 1.5], [0, 0, 3]])
    torch.testing.assert_close(state_shift_by_position(encode, src, replacement), expected)


def test_state_shift_of_an_rnn_is_triangular():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        embedding, rnn = torch.nn.Embedding(9, 4), torch.nn.GRU(4, 5, batch_first=True)
        src = torch.randint(0, 9, (20, 6))
    shifts = state_shift_by_position(lambda ids: rnn(embedding(ids))[0], src, (src + 1) % 9)
    assert torch.equal(shifts > 0, torch.ones(6, 6).triu() > 0)


def test_neighbour_agreement_by_hand():
    vectors = torch.tensor([[0.0, 0.0], [0.0, 1.0], [5.0, 5.0], [5.0, 7.0]])
    assert neighbour_agreement(vectors, ["a", "a", "b", "b"]) == (1.0, pytest.approx(1 / 3))
    assert neighbour_agreement(vectors, ["a", "b", "a", "b"]) == (0.0, pytest.approx(1 / 3))
    assert neighbour_agreement(vectors, [3, 3, 3, 4]) == (0.5, pytest.approx(0.5))


def test_neighbour_agreement_of_noise_is_chance():
    generator = torch.Generator().manual_seed(3)
    vectors = torch.randn(400, 5, generator=generator)
    labels = torch.randint(0, 4, (400,), generator=generator).tolist()
    same, chance = neighbour_agreement(vectors, labels)
    assert chance == pytest.approx(0.25, abs=0.01)
    assert same == pytest.approx(chance, abs=0.1)


def test_neighbour_agreement_needs_neighbours_and_labels():
    with pytest.raises(ValueError, match="as many vectors as labels, got 2 and 1"):
        neighbour_agreement(torch.zeros(2, 3), ["a"])
    with pytest.raises(ValueError, match="at least 2"):
        neighbour_agreement(torch.zeros(1, 3), ["a"])


def test_projection_agrees_with_the_covariance():
    torch.manual_seed(1)
    vectors = torch.randn(50, 6) @ torch.randn(6, 6) + 3
    points, shares = project(vectors)
    variances = np.linalg.eigvalsh(np.cov(vectors.double().numpy().T))[::-1]
    assert points.var(dim=0).tolist() == pytest.approx(variances[:2], rel=1e-4)
    assert shares.tolist() == pytest.approx(variances[:2] / variances.sum(), rel=1e-4)
    torch.testing.assert_close(project(-vectors).points, -points)
    assert torch.equal(project(vectors).points, points)


def test_projection_of_points_in_a_plane_keeps_their_distances():
    torch.manual_seed(2)
    flat = torch.randn(20, 2)
    basis = torch.linalg.qr(torch.randn(7, 2)).Q
    points, shares = project(flat @ basis.T)
    torch.testing.assert_close(torch.cdist(points, points), torch.cdist(flat, flat))
    assert shares.sum().item() == pytest.approx(1)


def test_projection_needs_three_vectors():
    with pytest.raises(ValueError, match=r"got \[2, 5\]"):
        project(torch.randn(2, 5))


# --- translations


def test_bleu_by_hand():
    # precisions 5/6, 3/5, 2/4, 1/3; seven reference words against six: brevity exp(1 - 7/6)
    hypothesis, reference = "the cat sat on a mat", "the cat sat on the soft mat"
    precisions = [5 / 6, 3 / 5, 2 / 4, 1 / 3]
    expected = 100 * math.exp(1 - 7 / 6) * math.prod(precisions) ** 0.25
    score = bleu([hypothesis], [reference])
    assert score.value == pytest.approx(expected)
    assert "nrefs:1|case:mixed" in score.signature
    assert "tok:13a" in score.signature


HYPOTHESES = ["I bought two books.", "The dog chased a cat.", "She does not know him."]
RAGGED = [
    ["I bought two books yesterday.", "I have bought two books."],
    "The dog ran after the cat.",
    ["She doesn't know him.", "She does not know that man.", "She knows him not."],
]


@pytest.mark.parametrize(("ours", "theirs"), [(bleu, sacre_bleu), (chrf, sacre_chrf)])
def test_ragged_references_count_as_if_the_first_were_said_again(ours, theirs):
    lists = [[refs] if isinstance(refs, str) else refs for refs in RAGGED]
    filled = [[refs[k] if k < len(refs) else refs[0] for refs in lists] for k in range(3)]
    score = ours(HYPOTHESES, RAGGED)
    assert score.value == pytest.approx(theirs(HYPOTHESES, filled).score)
    assert "nrefs:var" in score.signature


def test_scores_of_a_perfect_translation_and_of_none():
    for metric in (bleu, chrf):
        assert metric(HYPOTHESES, HYPOTHESES).value == pytest.approx(100)
        assert metric(HYPOTHESES, HYPOTHESES).value <= 100
        assert metric(["xx qq ww zz"], ["a b c d"]).value == 0


def test_case_counts():
    assert bleu(["i bought two books."], ["I bought two books."]).value < 100


def test_bad_references_are_named():
    with pytest.raises(ValueError, match="got 3 and 1"):
        bleu(HYPOTHESES, [HYPOTHESES])
    with pytest.raises(ValueError, match="Sentence 1 has no reference"):
        chrf(["a", "b"], [["a"], []])
    with pytest.raises(ValueError, match="There are no hypotheses"):
        bleu([], [])


def test_tokenised_text_is_not_reported_on_stderr(caplog):
    bleu(["a book ."] * 200, ["a book."] * 200)
    assert not caplog.records


# --- alignment


def test_alignment_error_rate_by_hand():
    sure, possible = [(0, 0), (2, 1)], [(1, 2)]
    rate = alignment_error_rate
    assert rate([[(0, 0), (2, 1)]], [sure], [possible]) == 0
    assert rate([[(0, 0), (2, 1), (1, 2)]], [sure], [possible]) == 0
    assert rate([[(0, 0), (1, 1)]], [sure], [possible]) == pytest.approx(1 - (1 + 1) / (2 + 2))
    assert rate([[(0, 0), (1, 2)]], [sure], [possible]) == pytest.approx(1 - (1 + 2) / (2 + 2))
    assert rate([[]], [sure], [possible]) == 1


def test_alignment_error_rate_pools_the_sentences():
    found = [[(0, 0)], [(0, 1), (1, 1), (2, 2)]]
    sure = [[(0, 0)], [(0, 0), (1, 1)]]
    possible = [[], [(2, 2)]]
    # |A∩S| = 1 + 1, |A∩P| = 1 + 2, |A| = 4, |S| = 3
    assert alignment_error_rate(found, sure, possible) == pytest.approx(1 - 5 / 7)


def test_alignment_error_rate_needs_links_and_equal_counts():
    with pytest.raises(ValueError, match="nothing to measure"):
        alignment_error_rate([[]], [[]], [[]])
    with pytest.raises(ValueError, match="got 1 and 2"):
        alignment_error_rate([[]], [[], []], [[]])
