"""What a decoder carries from one target token to the next.

One interface serves every decoder of the course: `decoder(tgt_input, state)` reads any number of
target tokens and returns their logits and the next `State`. Teacher forcing reads the whole target
in one call; decoding reads one token a call.
"""

from typing import NamedTuple, TypeAlias

from jaxtyping import Float, Int
from torch import Tensor

Hidden: TypeAlias = (
    Float[Tensor, "batch hidden"]
    | tuple[Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden"]]
)
"""The state of one RNN layer: h of a GRU or a plain RNN, (h, c) of an LSTM."""

RNNHidden: TypeAlias = (
    Float[Tensor, "1 batch hidden"]
    | tuple[Float[Tensor, "1 batch hidden"], Float[Tensor, "1 batch hidden"]]
)
"""The same as PyTorch's RNNs take and return it: a leading axis counts the layers."""


class State(NamedTuple):
    """The state of a decoder; every tensor in it has the batch as its first axis."""

    hidden: Hidden

    def select(self, rows: Int[Tensor, " rows"]) -> "State":
        """Keep these rows of the batch, in this order; beam search repeats and drops rows so."""
        return State(*(_select(field, rows) for field in self))


def to_rnn(hidden: Hidden) -> RNNHidden:
    """Add the axis that counts layers, as PyTorch's RNNs want it."""
    if isinstance(hidden, tuple):
        return hidden[0].unsqueeze(0), hidden[1].unsqueeze(0)
    return hidden.unsqueeze(0)


def from_rnn(hidden: RNNHidden) -> Hidden:
    """Drop the axis that counts layers from what a one-layer PyTorch RNN returned."""
    if isinstance(hidden, tuple):
        return hidden[0].squeeze(0), hidden[1].squeeze(0)
    return hidden.squeeze(0)


def _select(field: Tensor | tuple[Tensor, Tensor], rows: Tensor) -> Hidden:
    if isinstance(field, tuple):
        return field[0].index_select(0, rows), field[1].index_select(0, rows)
    return field.index_select(0, rows)
