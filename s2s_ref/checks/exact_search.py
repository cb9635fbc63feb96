"""What every right beam search finds in a decoder that consists of tables.

Ties and the stopping rule are free, so there are many right searches. These rules say what is
wrong with hypotheses, whatever search found them.
"""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor

from s2s_ref.checks.exact_decoders import Chances, Tables, Tokens, starts_of
from s2s_ref.state import Hypothesis
from s2s_ref.student.protocol import Observation

MOST_LISTED = 3000
"""An exhaustive search lists at most this many candidates of the last step."""


@dataclass
class Search:
    """The search for one sentence, and what an exhaustive search would find."""

    tables: Tables
    start: int
    beam_size: int
    max_len: int
    alpha: float

    def complete(self, tokens: Sequence[int]) -> Tokens:
        """Add the `<eos>` that ended a hypothesis, unless the limit ended it."""
        return tuple([*tokens, self.tables.eos_id][: self.max_len])

    def score(self, complete: Tokens) -> float:
        """Return what a complete hypothesis is ranked by."""
        return float(self.tables.log_prob(self.start, complete) / len(complete) ** self.alpha)

    @property
    def candidates(self) -> int:
        """Count the candidates of the last step if nothing is pruned."""
        vocab = self.tables.logits.shape[1]
        return int((vocab - 1) ** (self.max_len - 1) * vocab)

    @cached_property
    def beginnings(self) -> dict[Tokens, float]:
        """The log-probability of every beginning of up to `max_len` tokens; `<eos>` ends it."""
        probs = self.tables.logits.softmax(dim=-1)
        listed = self.tables.beginnings(self.start, self.max_len, Chances(probs))
        return {tokens: math.log(probability) for tokens, probability in listed.items()}

    @cached_property
    def hypotheses(self) -> list[Tokens]:
        """The beginnings that are complete, shortest first."""
        return [t for t in self.beginnings if t[-1] == self.tables.eos_id or len(t) == self.max_len]

    def rank(self, beginning: Tokens) -> int:
        """Count the likelier beginnings of the same length."""
        own, length = self.beginnings[beginning], len(beginning)
        return sum(p > own for tokens, p in self.beginnings.items() if len(tokens) == length)


def found_by_search(arguments: dict[str, Any], seen: Observation) -> str | None:
    """Return what is wrong with hypotheses, or None; ties and the stopping rule are free."""
    tables = Tables(arguments["decoder"], arguments["bos_id"], arguments["eos_id"])
    starts = starts_of(arguments["state"])
    settings = {name: arguments[name] for name in ("beam_size", "max_len", "alpha")}
    if len(seen.output) != len(starts):
        return f"{len(seen.output)} results came for {len(starts)} sentences"
    for sentence, (start, rows) in enumerate(zip(starts, seen.output, strict=True)):
        if not rows:
            return "nothing was found for a sentence"
        search = Search(tables, start, **settings)
        found = [Hypothesis(list(tokens), *map(float, scores)) for tokens, *scores in rows]
        for rule in (
            _wrong_hypothesis,
            _wrong_order,
            _too_many,
            _not_greedy,
            _search_error,
            _missing,
        ):
            if problem := rule(search, found):
                later = sentence and "has log_prob" in problem
                return f"the first sentence is right, but then {problem}" if later else problem
    return None


def _wrong_hypothesis(search: Search, found: Sequence[Hypothesis]) -> str:
    """Say what is wrong with one hypothesis by itself: its words, log-probability or score."""
    for tokens, log_prob, score in found:
        if any(isinstance(token, Tensor) for token in tokens):
            return "the tokens are tensors, not numbers"
        if search.tables.eos_id in tokens:
            return "<eos> is in a translation"
        if len(tokens) > search.max_len:
            return "a translation is longer than max_len"
        complete = search.complete(tokens)
        right = search.tables.log_prob(search.start, complete)
        if not math.isclose(log_prob, right, abs_tol=1e-3):
            if words := _known_log_prob(search, found):
                return words
            return f"{tokens} has log_prob {log_prob:.3f}, but the decoder gives it {right:.3f}"
        right = search.score(complete)
        if not math.isclose(score, right, abs_tol=1e-3):
            if words := _known_score(search, found):
                return words
            return f"{tokens} has score {score:.3f}, but log_prob / length ** alpha is {right:.3f}"
    return ""


def _known_log_prob(search: Search, found: Sequence[Hypothesis]) -> str:
    """Say what is wrong with all the log-probabilities, if it is known."""
    tables, start = search.tables, search.start

    def all_close(right: Callable[[list[int]], float]) -> bool:
        return all(math.isclose(h.log_prob, right(h.tokens), abs_tol=1e-3) for h in found)

    if all(h.tokens[:1] == [tables.bos_id] for h in found):
        without = [(h.tokens[1:], h.log_prob) for h in found]
        right = [tables.log_prob(start, search.complete(tokens)) for tokens, _ in without]
        if all(math.isclose(p, r, abs_tol=1e-3) for (_, p), r in zip(without, right, strict=True)):
            return "<bos> stands in front of every translation"
    if all_close(lambda tokens: tables.log_prob(start, tokens)):
        return "the log-probabilities leave out that of <eos>"
    return ""


def _wrong_scores(search: Search, hypothesis: Hypothesis) -> dict[str, float]:
    """Return wrong scores of a hypothesis by what a card says of them."""
    p, words = hypothesis.log_prob, len(hypothesis.tokens)
    length, alpha = len(search.complete(hypothesis.tokens)), search.alpha
    return {
        "every score is the log-probability": p,
        "the length in the scores leaves out <eos>": p / max(words, 1) ** alpha,
        "the length in the scores counts an <eos> that never came": p / (words + 1) ** alpha,
        "the length in the scores counts <bos>": p / (length + 1) ** alpha,
        "every score is divided by the same length": p / search.max_len**alpha,
        "the scores are multiplied by length ** alpha": p * length**alpha,
    }


def _known_score(search: Search, found: Sequence[Hypothesis]) -> str:
    """Say how all the scores were computed, if it is a known wrong way."""
    wrong = [_wrong_scores(search, hypothesis) for hypothesis in found]
    scores = [hypothesis.score for hypothesis in found]
    for words in wrong[0]:
        pairs = zip(wrong, scores, strict=True)
        if all(math.isclose(known[words], score, abs_tol=1e-3) for known, score in pairs):
            return words
    return ""


def _wrong_order(_: Search, found: Sequence[Hypothesis]) -> str:
    if len({tuple(h.tokens) for h in found}) < len(found):
        return "the same translation comes twice"
    if any(b.score > a.score + 1e-4 for a, b in itertools.pairwise(found)):
        return "a better hypothesis comes after a worse one"
    return ""


def _too_many(search: Search, found: Sequence[Hypothesis]) -> str:
    """Say that more beginnings went on than the beam has places for, if it shows at the limit.

    Each of the beginnings ends at most once at every length, and at most all go on to the limit.
    """
    complete = [search.complete(h.tokens) for h in found]
    ended = Counter(len(tokens) for tokens in complete if tokens[-1] == search.tables.eos_id)
    going = sum(tokens[-1] != search.tables.eos_id for tokens in complete)
    if max(going, *ended.values(), 0) > search.beam_size:
        return "more beginnings went on than beam_size"
    return ""


def _not_greedy(search: Search, found: Sequence[Hypothesis]) -> str:
    """Say that a beam of 1 differs from greedy decoding, if it does."""
    greedy, tokens = search.tables.greedy(search.start, search.max_len), found[0].tokens
    if search.beam_size > 1 or tokens == greedy:
        return ""
    return f"a beam of 1 found {tokens}, but greedy decoding gives {greedy}"


def _search_error(search: Search, found: Sequence[Hypothesis]) -> str:
    """Say that the best hypothesis is missing, where every search with this beam finds it."""
    if search.candidates > MOST_LISTED:
        return ""
    best = max(search.hypotheses, key=search.score)
    if found[0].score >= search.score(best) - 1e-3 or not _never_pruned(search, best):
        return ""
    return (
        f"the best score is {found[0].score:.3f}, but a beam of {search.beam_size} cannot "
        f"miss a hypothesis of {search.score(best):.3f}"
    )


def _never_pruned(search: Search, best: Tokens) -> bool:
    """Tell whether every search with this beam finds a hypothesis.

    Each of its beginnings must be among the `beam_size` likeliest of their length, and fewer than
    `beam_size` hypotheses may be shorter, for a search may stop when it has found so many. Where
    finished hypotheses compete with beginnings by their scores, this is enough only with alpha 0,
    or with a beam that prunes nothing.
    """
    if search.alpha and search.candidates > search.beam_size:
        return False
    end_before = sum(len(tokens) < len(best) for tokens in search.hypotheses)
    worst = max(search.rank(best[:length]) for length in range(1, len(best) + 1))
    return max(end_before, worst) < search.beam_size


def _missing(search: Search, found: Sequence[Hypothesis]) -> str:
    """Say which hypothesis is missing, where the beam has room for all.

    The search went on at least until it found the longest hypothesis that came back; one that is
    longer still may be missing.
    """
    if search.candidates > min(search.beam_size, MOST_LISTED):
        return ""
    if len(search.hypotheses) > search.beam_size:
        return ""
    returned = {search.complete(h.tokens) for h in found}
    longest = max(map(len, returned))
    for tokens in search.hypotheses:
        if len(tokens) <= longest and tokens not in returned:
            words = [token for token in tokens if token != search.tables.eos_id]
            return f"a beam of {search.beam_size} has room for all, but {words} is missing"
    return ""
