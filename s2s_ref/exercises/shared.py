"""What the exercises of several lessons share: drawn arguments, and the form of predictions."""

from typing import TypeGuard

import torch
from torch import Tensor

from s2s_ref.checks.draw import Draw
from s2s_ref.state import State


def sizes_of(vocab: int, embed: int, hidden: int, lstm: int) -> dict[str, object]:
    """Return the constructor's arguments of an encoder or a decoder, with an LSTM or a GRU."""
    cell = "lstm" if lstm else "gru"
    return {"vocab_size": vocab, "embed_size": embed, "hidden_size": hidden, "cell": cell}


def state_of(draw: Draw, batch: int, hidden: int, lstm: int) -> State:
    """Draw a state to start from, of a GRU or an LSTM."""
    h, c = draw.normal(batch, hidden), draw.normal(batch, hidden)
    return State((h, c) if lstm else h)


def source_mask(draw: Draw, batch: int, src_len: int) -> Tensor:
    """Draw the mask of a batch: the first sentence has no padding, the others any amount."""
    lengths = draw.ids(1, src_len + 1, batch, 1)
    if batch > 1:
        lengths[0] = src_len
    return torch.arange(src_len) < lengths


def attending_state(
    draw: Draw, batch: int, src_len: int, hidden: int, lstm: int, first_call: int
) -> State:
    """Draw a state with the memory of a sentence; at the first call it has no keys yet."""
    h, c, context = (draw.normal(batch, hidden) for _ in range(3))
    encoder_states, keys = (draw.normal(batch, src_len, hidden) for _ in range(2))
    mask = source_mask(draw, batch, src_len)
    return State((h, c) if lstm else h, context, encoder_states, mask, None if first_call else keys)


UNANSWERED = "nothing is written down yet"
"""What is wrong with a prediction that has not been made."""


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number, which True and False are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_percentage(value: object) -> bool:
    """Tell whether a value is a number from 0 to 100."""
    return is_number(value) and 0 <= value <= 100


def one_percentage(answer: object) -> str | None:
    """Return what is wrong with a percentage, or None."""
    if answer is None:
        return UNANSWERED
    if not is_percentage(answer):
        return "expected a percentage, from 0 to 100"
    return _below_one(answer)


def several_percentages(answer: object, count: int) -> str | None:
    """Return what is wrong with a list of two or three percentages, or None."""
    if answer is None:
        return UNANSWERED
    if not isinstance(answer, list | tuple) or len(answer) != count:
        return f"expected {'two' if count == 2 else 'three'} numbers in a list"
    if not all(is_percentage(value) for value in answer):
        return "expected percentages, from 0 to 100"
    return _below_one(*answer)


def _below_one(*answers: object) -> str | None:
    """Return a question where a percentage looks like a share from 0 to 1, or None."""
    for answer in answers:
        if isinstance(answer, float) and 0 < answer < 1:
            return f"expected a percentage: {answer:g} %, or {100 * answer:g}?"
    return None


def one_of(answer: object, *choices: str) -> str | None:
    """Return what is wrong with an answer that should be one of these texts, or None."""
    if answer is None:
        return UNANSWERED
    if answer not in choices:
        return f"expected one of {', '.join(map(repr, choices))}".replace("'", '"')
    return None
