"""Table-driven models with the real interfaces, for exercises that need a model to work on.

They are finite automata: small, exact and quick, and they hold nothing of a lesson's answers.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from s2s_ref.state import State

MOST_CALLS = 200
"""A loop that asks a toy decoder more often than this has nothing that ends it."""


class TableEncoder(nn.Module):
    """Read a sentence by a table: the state and the word give the next state."""

    transitions: Tensor

    def __init__(self, states: int, vocab_size: int) -> None:
        """Make the table; its entries are loaded afterwards."""
        super().__init__()
        self.register_buffer("transitions", torch.zeros(states, vocab_size, dtype=torch.long))

    def forward(self, src: Int[Tensor, "batch src_len"]) -> Float[Tensor, "batch states"]:
        """Return the last state, as a vector with a single 1."""
        state = torch.zeros_like(src[:, 0])
        for token in src.unbind(dim=1):
            state = self.transitions[state, token]
        return nn.functional.one_hot(state, len(self.transitions)).float()


class TableDecoder(nn.Module):
    """Write by two tables: one gives the next state, one the logits of every state."""

    transitions: Tensor
    logits: Tensor

    def __init__(self, states: int, vocab_size: int) -> None:
        """Make the tables; their entries are loaded afterwards."""
        super().__init__()
        self.register_buffer("transitions", torch.zeros(states, vocab_size, dtype=torch.long))
        self.register_buffer("logits", torch.zeros(states, vocab_size))
        self.calls = 0

    def forward(
        self, tgt_input: Int[Tensor, "batch tgt_len"], state: State
    ) -> tuple[Float[Tensor, "batch tgt_len vocab"], State]:
        """Read target tokens; return the logits of the next ones and the next state.

        Raises:
            RuntimeError: it was called more often than any right answer calls it.
            TypeError: what the state holds is no tensor.
        """
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise RuntimeError(f"the decoder was called more than {MOST_CALLS} times")
        if not isinstance(state.hidden, Tensor):
            raise TypeError(f"state.hidden is no tensor, but a {type(state.hidden).__name__}")
        current, rows = state.hidden.argmax(dim=-1), []
        for token in tgt_input.unbind(dim=1):
            current = self.transitions[current, token]
            rows.append(self.logits[current])
        hidden = nn.functional.one_hot(current, len(self.transitions)).float()
        return torch.stack(rows, dim=1), State(hidden)
