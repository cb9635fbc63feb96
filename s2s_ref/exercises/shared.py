"""The arguments that exercises of several lessons draw."""

from typing import Any

import torch
from torch import Tensor

from s2s_ref.checks.draw import Draw
from s2s_ref.state import State
from s2s_ref.student.protocol import Model


def sizes_of(vocab: int, embed: int, hidden: int, lstm: int, rnn: int = 0) -> dict[str, Any]:
    """Return the constructor's arguments of an encoder or a decoder.

    It has a GRU, or with `lstm` 1 an LSTM, or with `rnn` 1 a plain RNN.
    """
    cell = "lstm" if lstm else "rnn" if rnn else "gru"
    return {"vocab_size": vocab, "embed_size": embed, "hidden_size": hidden, "cell": cell}


def state_of(draw: Draw, batch: int, hidden: int, lstm: int) -> State:
    """Draw a state to start from, of a GRU or an LSTM."""
    h, c = draw.normal(batch, hidden), draw.normal(batch, hidden)
    return State((h, c) if lstm else h)


def score_beside_the_course(size: int) -> Model:
    """Describe a score that is not in the course, for a decoder that must use what it is given."""
    return Model("s2s_ref.student.table_models.DistanceScores", {"size": size})


def source_mask(draw: Draw, batch: int, src_len: int) -> Tensor:
    """Draw the mask of a batch: one sentence has no padding, but not the first of several."""
    return torch.arange(src_len) < draw.lengths(batch, src_len).unsqueeze(1)


def attending_state(
    draw: Draw, batch: int, src_len: int, hidden: int, lstm: int, first_call: int
) -> State:
    """Draw a state with the memory of a sentence; at the first call it has no keys yet."""
    h, c, context = (draw.normal(batch, hidden) for _ in range(3))
    encoder_states, keys = (draw.normal(batch, src_len, hidden) for _ in range(2))
    mask = source_mask(draw, batch, src_len)
    return State((h, c) if lstm else h, context, encoder_states, mask, None if first_call else keys)
