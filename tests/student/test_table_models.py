"""The table-driven models, against a walk through their tables by hand."""

import pytest
import torch

from s2s_ref.state import State
from s2s_ref.student.table_models import MAX_CALLS, TableDecoder, TableEncoder

TRANSITIONS = torch.tensor([[0, 1, 2], [2, 0, 1], [1, 1, 0]])
LOGITS = torch.tensor([[5.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 5.0]])


@pytest.fixture
def encoder():
    made = TableEncoder(3, 3)
    made.load_state_dict({"transitions": TRANSITIONS})
    return made


@pytest.fixture
def decoder():
    made = TableDecoder(3, 3)
    made.load_state_dict({"transitions": TRANSITIONS, "logits": LOGITS})
    return made


def at(*states):
    """Return the vectors of these states."""
    return torch.eye(3)[list(states)]


def test_the_encoder_walks_along_its_table(encoder):
    """From 0, reading 1, 2, 0: to 1, to 1, to 2; reading 2, 2, 1: to 2, to 0, to 1."""
    assert torch.equal(encoder(torch.tensor([[1, 2, 0], [2, 2, 1]])), at(2, 1))


def test_the_decoder_walks_on_from_its_state(decoder):
    """From 1, reading 0, 2: to 2, to 0. From 2, reading 1, 0: to 1, to 2."""
    logits, state = decoder(torch.tensor([[0, 2], [1, 0]]), State(at(1, 2)))
    assert torch.equal(state.hidden, at(0, 2))
    assert torch.equal(logits, LOGITS[torch.tensor([[2, 0], [1, 2]])])


def test_reading_one_by_one_is_reading_at_once(decoder):
    tgt_input = torch.tensor([[0, 2, 1, 1], [2, 2, 0, 1]])
    at_once, last = decoder(tgt_input, State(at(1, 2)))
    state, parts = State(at(1, 2)), []
    for token in tgt_input.split(1, dim=1):
        logits, state = decoder(token, state)
        parts.append(logits)
    assert torch.equal(torch.cat(parts, dim=1), at_once)
    assert torch.equal(state.hidden, last.hidden)


def test_a_loop_without_an_end_is_ended(decoder):
    state, token = State(at(0)), torch.tensor([[1]])
    for _ in range(MAX_CALLS):
        _, state = decoder(token, state)
    with pytest.raises(RuntimeError, match=f"called more than {MAX_CALLS} times"):
        decoder(token, state)
