"""The exercise `beam_search`: its cases, hints, mistakes and other right answers."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch

from s2s_ref import decoding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exact_decoders import BOS, EOS, Tables, Tokens, at, described, starts_of
from s2s_ref.checks.registry import exercise
from s2s_ref.state import Hypothesis
from s2s_ref.student.protocol import Observation

# ------------------------------------------------------------------ beam_search


@exercise(
    reference=decoding.beam_search,
    title="Beam search",
    returns="hypotheses",
    after=["decoding.beam_step"],
    edges=[
        {"batch": 1, "beam_size": 1},
        {"trap": 1, "beam_size": 2, "batch": 1},
        {"beam_size": 3, "vocab": 7, "max_len": 6, "states": 12},
    ],
    hints=[
        "Several beginnings live side by side. After each step, which of them are finished "
        "translations, which go on, and what has to move along with a beginning that goes on?",
        "For one sentence the beam is the batch: state rows, words and scores, one for each "
        "beginning. beam_step returns parents [1, new_beam]: the rows that the new beginnings "
        "grow from, so words and state are picked by them.",
        "Scores -1.2 for [7] and -1.5 for [8]; [7, <eos>] scores -1.6, [8, 9] -1.7. With a beam "
        "of 2 the first is done: Hypothesis([7], -1.6, -1.6 / 2 ** alpha). The second goes on.",
    ],
)
def beam_search(draw: Draw, batch=2, vocab=4, states=9, beam_size=40, max_len=3, trap=0):
    """Draw a decoder as tables, or one that leads a greedy search astray."""
    transitions, logits = draw.ids(0, states, states, vocab), 1.5 * draw.normal(states, vocab)
    starts = draw.shuffled(list(range(states)))[:batch]
    if trap:  # word 0 is a little likelier than word 3, but after it the decoder is at a loss
        transitions[0, BOS], transitions[1, 0], transitions[1, 3] = 1, 2, 3
        logits[1], logits[2] = torch.tensor([2.0, -4.0, -4.0, 1.8]), torch.zeros(vocab)
        logits[3], starts = torch.tensor([-3.0, -3.0, 3.0, -3.0]), [0]
    elif vocab > 4:
        logits[:, EOS] -= 0.5
    return {
        "decoder": described(transitions, logits),
        "state": at(starts, states),
        "bos_id": BOS,
        "eos_id": EOS,
        "beam_size": beam_size,
        "max_len": max_len,
        "alpha": 0.0 if trap or beam_size == 1 else draw.shuffled([0.0, 0.6, 0.8, 1.0])[0],
    }


MOST_LISTED = 3000
"""So many beginnings are listed at most, to know what a search cannot miss."""


@beam_search.verdict
def found_by_search(arguments: dict[str, Any], seen: Observation) -> str | None:
    """Say what is wrong with hypotheses, if anything; ties and rules for stopping are free."""
    tables, starts = Tables(arguments["decoder"]), starts_of(arguments["state"])
    if len(seen.output) != len(starts):
        return f"{len(seen.output)} results came for {len(starts)} sentences"
    for start, hypotheses in zip(starts, seen.output, strict=True):
        if not hypotheses:
            return "nothing was found for a sentence"
        found = [Hypothesis(list(tokens), *map(float, scores)) for tokens, *scores in hypotheses]
        problem = next(
            (p for h in found if (p := _wrong_hypothesis(tables, start, h, arguments))), ""
        )
        problem = problem or _wrong_order(found)
        problem = problem or _wrong_best(tables, start, found[0], arguments)
        problem = problem or _missing(tables, start, found, arguments)
        if problem:
            return problem
    return None


def _wrong_hypothesis(
    tables: Tables, start: int, found: Hypothesis, arguments: dict[str, Any]
) -> str:
    """Say what is wrong with one hypothesis by itself: its words, log-probability or score."""
    tokens, limit = found.tokens, arguments["max_len"]
    if EOS in tokens:
        return f"{tokens} holds <eos>"
    if len(tokens) > limit:
        return f"{tokens} is longer than max_len"
    ended = [*tokens, EOS] if len(tokens) < limit else tokens
    own = tables.log_prob(start, ended)
    if not math.isclose(found.log_prob, own, abs_tol=1e-3):
        return f"{tokens} has log_prob {found.log_prob:.2f}, but the decoder gives it {own:.2f}"
    score = own / len(ended) ** arguments["alpha"]
    if not math.isclose(found.score, score, abs_tol=1e-3):
        return (
            f"{tokens} has score {found.score:.3f}, but log_prob / length ** alpha is {score:.3f}"
        )
    return ""


def _wrong_order(found: Sequence[Hypothesis]) -> str:
    if len({tuple(h.tokens) for h in found}) < len(found):
        return "the same translation comes twice"
    if any(b.score > a.score + 1e-4 for a, b in itertools.pairwise(found)):
        return "a better hypothesis comes after a worse one"
    return ""


def _wrong_best(tables: Tables, start: int, best: Hypothesis, arguments: dict[str, Any]) -> str:
    """Say what a search of this width should have found first, whatever its rule for stopping."""
    greedy = tables.greedy(start, arguments["max_len"])
    if arguments["beam_size"] == 1 and best.tokens != greedy:
        return f"with a beam of 1 {best.tokens} came, but greedy decoding gives {greedy}"
    sure = _cannot_miss(tables, start, arguments)
    if sure is not None and best.score < sure - 1e-3:
        return (
            f"the best score is {best.score:.3f}, but a beam of {arguments['beam_size']} cannot "
            f"miss a hypothesis of {sure:.3f}"
        )
    return ""


def _cannot_miss(tables: Tables, start: int, arguments: dict[str, Any]) -> float | None:
    """Return the best score of all if every search of this width finds it, by listing them all.

    It does where each beginning of the best hypothesis is among the `beam_size` likeliest of its
    length, and fewer than `beam_size` hypotheses are shorter. Where finished hypotheses compete
    with live ones by their scores, this holds for a beam that keeps all, or for alpha 0.
    """
    beam_size, size = arguments["beam_size"], _last_step(tables, arguments)
    if size > MOST_LISTED or (arguments["alpha"] and beam_size < size):
        return None
    log_probs, ended = _listed(tables, start, arguments)
    scores = {tokens: p / len(tokens) ** arguments["alpha"] for tokens, p in ended.items()}
    best = max(scores, key=scores.__getitem__)
    shorter = sum(len(tokens) < len(best) for tokens in ended)
    ranks = [
        sum(p > log_probs[best[:n]] for tokens, p in log_probs.items() if len(tokens) == n)
        for n in range(1, len(best) + 1)
    ]
    return scores[best] if shorter < beam_size and max(ranks) < beam_size else None


def _missing(
    tables: Tables, start: int, found: Sequence[Hypothesis], arguments: dict[str, Any]
) -> str:
    """Say what is not there, where the beam has room for all: what ends before the search does.

    The search goes on at least until the longest hypothesis that it returns.
    """
    beam_size, limit = arguments["beam_size"], arguments["max_len"]
    if _last_step(tables, arguments) > min(beam_size, MOST_LISTED):
        return ""
    _, ended = _listed(tables, start, arguments)
    if len(ended) > beam_size:
        return ""
    there = {(*h.tokens, EOS) if len(h.tokens) < limit else tuple(h.tokens) for h in found}
    longest = max(map(len, there))
    missing = [tokens for tokens in ended if len(tokens) <= longest and tokens not in there]
    if not missing:
        return ""
    told = [token for token in missing[0] if token != EOS]
    return f"a beam of {beam_size} has room for all, but {told} is not among what came back"


def _last_step(tables: Tables, arguments: dict[str, Any]) -> int:
    """Count the candidates of the last step where every beginning is kept."""
    vocab = tables.logits.shape[1]
    return int((vocab - 1) ** (arguments["max_len"] - 1) * vocab)


def _listed(
    tables: Tables, start: int, arguments: dict[str, Any]
) -> tuple[dict[Tokens, float], dict[Tokens, float]]:
    """List the log-probabilities of all beginnings, and those of the ones that end."""
    limit = arguments["max_len"]
    listed = tables.beginnings(start, limit, tables.logits.softmax(dim=-1))
    log_probs = {tokens: math.log(probability) for tokens, probability in listed.items()}
    return log_probs, {t: p for t, p in log_probs.items() if t[-1] == EOS or len(t) == limit}


@beam_search.mistake(
    "the states were not moved along with their beginnings",
    why="From then on a beginning goes on from the state of another one.",
    question="Which rows of the state do the new beginnings grow from?",
)
def states_not_moved(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(torch.arange(len(going)) % len(beams.h))
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "the words were not moved along with their beginnings",
    why="The words of one beginning then stand with the score of another.",
    question="Which words does the parent of a new beginning have?",
)
def words_not_moved(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            rows = range(len(tokens))
            words = [words[i % len(words)] + [int(tokens[i])] for i in rows]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "all the places of the beam start with the same beginning",
    why="They do the same at every step: a beam of five equal hypotheses is one greedy search.",
    question="How many different beginnings are there before the first step?",
)
def equal_starts(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams = state.select(torch.tensor([row] * beam_size))
        words, scores, done = [[bos_id]] * beam_size, torch.zeros(beam_size), []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "finished hypotheses grow on",
    why="<eos> ends a translation. The words after it are noise, and so is their probability.",
    question="What should happen to a beginning whose new token is <eos>?",
)
def grows_past_eos(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        for _ in range(max_len):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            beams = beams.select(parents)
        done = []
        for w, s in zip(words, scores.tolist(), strict=True):
            kept = w[1 : w.index(eos_id)] if eos_id in w else w[1:]
            done.append(Hypothesis(kept, s, s / min(len(kept) + 1, max_len) ** alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "the length does not count <eos>",
    why="The log-probability has a term for <eos>, so the length counts it too. And the length of "
    "an empty translation would be 0.",
    question="How many log-probabilities were added up?",
    raises="division by zero",
)
def length_without_eos(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for _ in range(max_len):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / len(w[1:-1]) ** alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "every hypothesis was normalised by the same length",
    why="Divided by the limit, all scores shrink alike, and short translations win as before.",
    question="Which length belongs to a hypothesis?",
)
def length_of_the_limit(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for _ in range(max_len):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / max_len**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "scores were normalised at every step, not once at the end",
    why="Divided again and again, a score has little to do with its hypothesis.",
    question="Which number goes into the next step: the log-probability or the score?",
)
def normalised_every_step(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for _ in range(max_len):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            scores = scores
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "the search stops at the first hypothesis that ends",
    why="The first to end is often the shortest, not the best.",
    question="How many finished hypotheses does the docstring wait for?",
)
def stops_at_first_end(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if done or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "beginnings that reach the limit are lost",
    why="Where no hypothesis ends in time, there is no translation at all.",
    question="What is returned after max_len tokens?",
)
def unfinished_lost(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "only the best hypothesis of each sentence is returned",
    why="What else the beam has found is lost: nobody can rank it again, or show the second best.",
    question="How many hypotheses may a sentence have that has been searched with a beam of five?",
)
def best_one_only(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append([max(done, key=lambda h: h.score)])
    return found


@beam_search.mistake(
    "the hypotheses are not sorted by their scores",
    why="Whoever takes the first one takes any.",
    question="In which order do hypotheses end?",
)
def unsorted(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(done)
    return found


@beam_search.alternative
def beam_search_until_none_can_win(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            hoped = max(s / max_len**alpha for s in scores.tolist()) if words else -math.inf
            best = max((h.score for h in done), default=-math.inf)
            if length < max_len and best >= hoped:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.alternative
def beam_search_as_one_batch(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    batch = len(state.h)
    done, first = [[] for _ in range(batch)], torch.arange(batch).unsqueeze(1) * beam_size
    state = state.select(torch.arange(batch).repeat_interleave(beam_size))
    words = torch.full((batch * beam_size, 1), bos_id)
    scores = torch.full((batch, beam_size), -math.inf)
    scores[:, 0] = 0.0
    for length in range(1, max_len + 1):
        logits, state = decoder(words[:, -1:], state)
        log_probs = logits[:, -1].log_softmax(dim=-1).view(batch, beam_size, -1)
        totals = (scores.unsqueeze(-1) + log_probs).flatten(1)
        scores, places = totals.topk(beam_size, dim=1)
        rows = (first + places // log_probs.shape[-1]).flatten()
        words = torch.cat([words[rows], (places % log_probs.shape[-1]).view(-1, 1)], dim=1)
        state = state.select(rows)
        for i, (tokens, s) in enumerate(
            zip(words.tolist(), scores.flatten().tolist(), strict=True)
        ):
            if s > -math.inf and (tokens[-1] == eos_id or length == max_len):
                kept = tokens[1:-1] if tokens[-1] == eos_id else tokens[1:]
                done[i // beam_size].append(Hypothesis(kept, s, s / length**alpha))
        scores[(words[:, -1] == eos_id).view(batch, beam_size)] = -math.inf
    return [sorted(found, key=lambda h: -h.score) for found in done]
