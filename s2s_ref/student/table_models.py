"""Models with the interfaces of the course's encoders and decoders, driven by tables.

Exercises that need a model use these finite automata. They are small, exact and fast, and contain
no answer to an exercise. `SpreadDecoder` needs all parts of its state, and `ThreeResults` adds a
third result to any decoder.
"""

from collections.abc import MutableMapping
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from s2s_ref.state import State

MAX_CALLS = 200
"""A decoder raises an error at the next call, which only an endless loop makes."""


_calls: MutableMapping[nn.Module, tuple[int, int]] = WeakKeyDictionary()
"""How often each decoder was and may be called; the student's code could set an attribute."""


class TableEncoder(nn.Module):
    """Read a sentence with a table that maps a state and a word to the next state."""

    transitions: Tensor

    def __init__(self, states: int, vocab_size: int) -> None:
        """Create the table; its entries are loaded afterwards."""
        super().__init__()
        self.register_buffer("transitions", torch.zeros(states, vocab_size, dtype=torch.long))

    def forward(self, src: Int[Tensor, "batch src_len"]) -> Float[Tensor, "batch states"]:
        """Return the last state, as a vector with a single 1."""
        state = torch.zeros_like(src[:, 0])
        for token in src.unbind(dim=1):
            state = self.transitions[state, token]
        return nn.functional.one_hot(state, len(self.transitions)).float()


class TableDecoder(nn.Module):
    """Write with two tables: one holds the next states, one the logits of every state."""

    transitions: Tensor
    logits: Tensor

    def __init__(self, states: int, vocab_size: int, max_calls: int = MAX_CALLS) -> None:
        """Create the tables; their entries are loaded afterwards."""
        super().__init__()
        self.register_buffer("transitions", torch.zeros(states, vocab_size, dtype=torch.long))
        self.register_buffer("logits", torch.zeros(states, vocab_size))
        _calls[self] = (0, max_calls)

    def forward(
        self, tgt_input: Int[Tensor, "batch tgt_len"], state: State
    ) -> tuple[Float[Tensor, "batch tgt_len vocab"], State]:
        """Read target tokens; return the logits of the next ones and the next state.

        Raises:
            RuntimeError: it was called more often than `max_calls` times.
            TypeError: the hidden state is not a tensor.
        """
        made, most = _calls.get(self, (0, MAX_CALLS))
        if made == most:
            raise RuntimeError(f"the decoder was called more than {most} times")
        _calls[self] = (made + 1, most)
        if not isinstance(state.hidden, Tensor):
            raise TypeError(f"state.hidden is a {type(state.hidden).__name__}, not a tensor")
        current, rows = state.hidden.argmax(dim=-1), []
        for token in tgt_input.unbind(dim=1):
            current = self.transitions[current, token]
            rows.append(self.logits[current])
        hidden = nn.functional.one_hot(current, len(self.transitions)).float()
        return torch.stack(rows, dim=1), State(hidden)


class SpreadDecoder(TableDecoder):
    """A `TableDecoder` whose place in the tables is spread over the parts of its state.

    It is the sum of the places that the hidden state (h and c of an LSTM's pair) and the context
    mark, modulo the number of states. A part that is lost or comes from another sentence leads to
    another place.
    """

    def forward(
        self, tgt_input: Int[Tensor, "batch tgt_len"], state: State
    ) -> tuple[Float[Tensor, "batch tgt_len vocab"], State]:
        """Read target tokens; return the logits of the next ones and the next state.

        Raises:
            RuntimeError: it was called more often than `max_calls` times.
            TypeError: the state has no context.
        """
        if state.context is None:
            raise TypeError("state.context is None: a part of the state was lost on the way")
        pair, states = isinstance(state.hidden, tuple), len(self.transitions)
        parts = [*(state.hidden if pair else [state.hidden]), state.context]
        place = torch.stack([part.argmax(dim=-1) for part in parts]).sum(dim=0) % states
        logits, new = super().forward(tgt_input, State(self._vectors(place)))
        c = tgt_input[:, -1] if pair else torch.zeros_like(place)
        h = new.h.argmax(dim=-1) - c - state.context.argmax(dim=-1)
        hidden = self._vectors(h), self._vectors(c)
        return logits, state._replace(hidden=hidden if pair else hidden[0])

    def _vectors(self, places: Int[Tensor, " batch"]) -> Float[Tensor, "batch states"]:
        """Return vectors with a single 1, at these places modulo the number of states."""
        states = len(self.transitions)
        return nn.functional.one_hot(places % states, states).float()


class DistanceScores(nn.Module):
    """A score that a decoder may get: the nearer the query is to the key, the higher it is.

    The keys are stretched by a learned factor for each number, once a sentence.
    """

    def __init__(self, size: int) -> None:
        """Create the factors for keys of this size."""
        super().__init__()
        self.stretch = nn.Parameter(torch.ones(size))

    def project_keys(
        self, encoder_states: Float[Tensor, "batch src_len size"]
    ) -> Float[Tensor, "batch src_len size"]:
        """Stretch the encoder's states."""
        return encoder_states * self.stretch

    def forward(
        self,
        queries: Float[Tensor, "batch tgt_len size"],
        keys: Float[Tensor, "batch src_len size"],
    ) -> Float[Tensor, "batch tgt_len src_len"]:
        """Return minus the sum of the distances between the numbers of query and key."""
        return -torch.cdist(queries, keys, p=1)


class ThreeResults(nn.Module):
    """Return what a decoder returns, and attention weights as the decoders of later lessons do."""

    def __init__(self, decoder: nn.Module) -> None:
        """Wrap this decoder."""
        super().__init__()
        self.decoder = decoder

    def forward(
        self, tgt_input: Int[Tensor, "batch tgt_len"], state: State
    ) -> tuple[Float[Tensor, "batch tgt_len vocab"], State, Float[Tensor, "batch tgt_len 1"]]:
        """Read target tokens; return logits, the next state, and weights that are all 1."""
        logits, state = self.decoder(tgt_input, state)
        return logits, state, torch.ones_like(logits[:, :, :1])
