"""What a decoder carries from one target token to the next.

One interface serves every decoder of the course: `decoder(tgt_input, state)` reads any number of
target tokens and returns their logits and the next `State`. Teacher forcing reads the whole target
in one call; decoding reads one token a call. A search returns one or several `Hypothesis`.
"""

from typing import Any, NamedTuple, TypeAlias

from jaxtyping import Bool, Float, Int
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
"""The same state as PyTorch's RNNs take and return it, with a first axis that counts layers."""


class State(NamedTuple):
    """The state of a decoder; every tensor in it has the batch as its first axis.

    `hidden` is the decoder RNN's own state. The others stay the same from token to token, and a
    decoder uses those that it needs: the context vector, the encoder's state at every source
    position, the mask of real source tokens, and the keys that a score computes from those states.
    """

    hidden: Hidden
    context: Float[Tensor, "batch hidden"] | None = None
    encoder_states: Float[Tensor, "batch src_len hidden"] | None = None
    src_mask: Bool[Tensor, "batch src_len"] | None = None
    keys: Float[Tensor, "batch src_len attention"] | None = None

    def select(self, rows: Int[Tensor, " rows"]) -> "State":
        """Keep these rows of the batch, in this order; beam search drops and repeats rows."""
        return State(*(_select(field, rows) for field in self))

    @property
    def h(self) -> Float[Tensor, "batch hidden"]:
        """The part of `hidden` that an RNN's output shows: h of an LSTM's (h, c)."""
        return self.hidden[0] if isinstance(self.hidden, tuple) else self.hidden


class Hypothesis(NamedTuple):
    """A translation that a search has found.

    `tokens` are its ids without `<bos>` and `<eos>`; `log_prob` is its log-probability in nats,
    that of `<eos>` included; `score` is what it is ranked by.
    """

    tokens: list[int]
    log_prob: float
    score: float


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


def _select(field: Tensor | tuple[Tensor, Tensor] | None, rows: Tensor) -> Any:
    if field is None:
        return None
    if isinstance(field, tuple):
        return field[0].index_select(0, rows), field[1].index_select(0, rows)
    return field.index_select(0, rows)
