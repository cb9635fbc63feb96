"""Decoders that are tables, for exercises with more than one right answer.

The judge computes the probability of every sentence exactly from the tables. So it knows which
translations a search must find, and how often each one must be drawn.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from s2s_ref.checks.draw import Draw
from s2s_ref.state import State
from s2s_ref.student.protocol import Model
from s2s_ref.student.table_models import MAX_CALLS

FALSE_ALARM = 1e-6 / 64
"""The largest probability that a right answer fails in one case; a check has at most 64 cases."""

Tokens = tuple[int, ...]

Reading = Callable[["Tables", int, int, Tokens], int]
"""A way to read on: from the tables, the first state, the state before the step and the tokens so
far, the next state."""


def described(transitions: Tensor, logits: Tensor, max_calls: int = MAX_CALLS) -> Model:
    """Describe a decoder with a table of next states and one of the logits of every state."""
    sizes = {"states": len(logits), "vocab_size": logits.shape[1], "max_calls": max_calls}
    weights = {"transitions": transitions, "logits": logits}
    return Model("s2s_ref.student.table_models.SpreadDecoder", sizes, weights)


def at(draw: Draw, starts: Sequence[int], states: int, lstm: int = 0) -> State:
    """Return the decoder's state at these rows of its tables, one for each sentence.

    The rows are spread over the parts of the state at random, as a `SpreadDecoder` reads them.
    """
    context, c = draw.ids(0, states, 2, len(starts))
    c = c if lstm else torch.zeros_like(c)
    parts = (torch.tensor(starts) - context - c) % states, c, context
    h, c, context = (nn.functional.one_hot(part, states).float() for part in parts)
    return State((h, c) if lstm else h, context)


def starts_of(state: State) -> list[int]:
    """Return the rows of a state that `at` made."""
    assert state.context is not None
    pair = isinstance(state.hidden, tuple)
    parts = [*(state.hidden if pair else [state.hidden]), state.context]
    starts: list[int] = (sum(part.argmax(dim=-1) for part in parts) % state.h.shape[1]).tolist()
    return starts


class Tables:
    """The tables of a described decoder, as lists of numbers."""

    def __init__(self, decoder: Model, bos_id: int, eos_id: int) -> None:
        """Read the tables of the description, of a decoder with or without a third result."""
        decoder = decoder.sizes.get("decoder", decoder)
        self.bos_id, self.eos_id = bos_id, eos_id
        self.transitions: list[list[int]] = decoder.weights["transitions"].tolist()
        self.logits = decoder.weights["logits"].double()
        self.log_probs: list[list[float]] = self.logits.log_softmax(dim=-1).tolist()

    def log_prob(self, start: int, tokens: Sequence[int]) -> float:
        """Return the log-probability of exactly these tokens, `<eos>` included, in nats."""
        place, total = self.transitions[start][self.bos_id], 0.0
        for token in tokens:
            total += self.log_probs[place][token]
            place = self.transitions[place][token]
        return total

    def greedy(self, start: int, max_len: int) -> list[int]:
        """Return the translation that consists of the most probable token at every step."""
        place, tokens = self.transitions[start][self.bos_id], list[int]()
        while len(tokens) < max_len:
            token = int(self.logits[place].argmax())
            if token == self.eos_id:
                break
            tokens.append(token)
            place = self.transitions[place][token]
        return tokens

    def read(self, place: int, tokens: Sequence[int]) -> int:
        """Return the state after these tokens."""
        for token in tokens:
            place = self.transitions[place][token]
        return place

    def beginnings(self, start: int, max_len: int, model: "Chances") -> dict[Tokens, float]:
        """Return the probability of every beginning of up to `max_len` tokens; `<eos>` ends one."""
        rows: list[list[float]] = model.next_probs.tolist()
        found: dict[Tokens, float] = {}
        live: dict[Tokens, tuple[float, int]] = {(): (1.0, self.transitions[start][self.bos_id])}
        for _ in range(max_len):
            grown: dict[Tokens, tuple[float, int]] = {}
            for tokens, (probability, place) in live.items():
                for token, share in enumerate(rows[place]):
                    longer = (*tokens, token)
                    found[longer] = probability * share
                    if token != self.eos_id:
                        grown[longer] = found[longer], model.reading(self, start, place, longer)
            live = grown
        return found


@dataclass(frozen=True)
class Chances:
    """How a translation is drawn.

    Attributes:
        next_probs: the next token's probabilities in every state of the tables.
        reading: which state follows; by default, the one after the newest token.
    """

    next_probs: Tensor
    reading: Reading = lambda tables, _, place, tokens: tables.read(place, tokens[-1:])


class Draws:
    """Counts of translations that were drawn from tables, to compare with their probabilities."""

    def __init__(
        self, tables: Tables, starts: Sequence[int], rows: Sequence[Sequence[int]], max_len: int
    ) -> None:
        """Count the translations `rows` of sentences that start at these rows of the tables."""
        self._tables, self._max_len = tables, max_len
        self._whole: dict[int, Counter[Tokens]] = {start: Counter() for start in set(starts)}
        for start, row in zip(starts, rows, strict=True):
            self._whole[start][tuple([*row, tables.eos_id][:max_len])] += 1

    def fit(self, model: Chances) -> bool:
        """Tell whether every beginning occurs about as often as this model predicts."""
        for start, whole in self._whole.items():
            seen = Counter[Tokens]()
            for tokens, count in whole.items():
                for length in range(1, len(tokens) + 1):
                    seen[tokens[:length]] += count
            expected = self._tables.beginnings(start, self._max_len, model)
            cells = len(expected) * len(self._whole)
            for tokens, probability in expected.items():
                if surprising(seen[tokens], whole.total(), probability, cells):
                    return False
        return True

    def log_likelihood(self, model: Chances) -> float:
        """Return the log-likelihood of the counts under this model, in nats."""
        total = 0.0
        for start, whole in self._whole.items():
            expected = self._tables.beginnings(start, self._max_len, model)
            total += sum(n * math.log(max(expected[t], 1e-300)) for t, n in whole.items())
        return total


def surprising(count: int, total: int, probability: float, cells: int) -> bool:
    """Tell whether a count is too improbable to be chance; `FALSE_ALARM` bounds the error.

    `cells` is the number of counts that are tested together. The test uses Chernoff's bound, which
    holds for any total: a share whose divergence from the probability is d nats occurs with a
    probability of at most exp(-total d) (Hoeffding 1963, theorem 1).
    """
    share, distance = count / total, 0.0
    for seen, expected in ((share, probability), (1 - share, 1 - probability)):
        if seen > 0:
            distance += seen * math.log(seen / max(expected, 1e-300))
    return total * distance > math.log(2 * cells / FALSE_ALARM)
