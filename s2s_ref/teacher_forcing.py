"""Lesson 4: what the decoder reads while it learns, and what it reads when it is on its own."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from s2s_ref.encoder_decoder import shift_target
from s2s_ref.padding import masked_cross_entropy
from s2s_ref.state import State


def teacher_forced_loss(
    decoder: nn.Module,
    state: State,
    tgt: Int[Tensor, "batch full_len"],
    tgt_mask: Bool[Tensor, "batch full_len"],
) -> Float[Tensor, ""]:
    """Let the decoder read the right target, in one call; return nats per real token.

    (Williams and Zipser 1989, section 2.2, who call it teacher forcing.)
    """
    tgt_input, tgt_output = shift_target(tgt)
    logits = decoder(tgt_input, state)[0]
    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])


def free_running_logits(
    decoder: nn.Module, state: State, bos_id: int, steps: int
) -> Float[Tensor, "batch steps vocab"]:
    """Let the decoder read its own likeliest words for `steps` steps; return all logits."""
    token = torch.full((len(state.h), 1), bos_id, device=state.h.device)
    rows = []
    for _ in range(steps):
        logits, state, *_ = decoder(token, state)
        rows.append(logits)
        token = logits.argmax(dim=-1)
    return torch.cat(rows, dim=1)


def train_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    src: Int[Tensor, "batch src_len"],
    tgt: Int[Tensor, "batch full_len"],
    tgt_mask: Bool[Tensor, "batch full_len"],
    max_norm: float,
) -> float:
    """Do one update: gradients to zero, loss, backward, clip, step. Returns nats per token.

    Gradients longer than `max_norm` are shortened to it (Pascanu et al. 2013, algorithm 1).
    """
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask[:, 1:])
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


def scheduled_sampling(
    decoder: nn.Module,
    state: State,
    tgt_input: Int[Tensor, "batch tgt_len"],
    coins: Bool[Tensor, "batch tgt_len"],
) -> Float[Tensor, "batch tgt_len vocab"]:
    """Let the decoder read the right word where a coin is True, else its own likeliest one.

    The first word is always the given one, because the decoder has no word of its own yet (Bengio
    et al. 2015, section 2.4).
    """
    logits, state, *_ = decoder(tgt_input[:, :1], state)
    rows = [logits]
    for t in range(1, tgt_input.shape[1]):
        right, coin = tgt_input[:, t : t + 1], coins[:, t : t + 1]
        token = torch.where(coin, right, logits.argmax(dim=-1))
        logits, state, *_ = decoder(token, state)
        rows.append(logits)
    return torch.cat(rows, dim=1)


def perplexity(
    logits: Float[Tensor, "batch tgt_len vocab"],
    tgt_output: Int[Tensor, "batch tgt_len"],
    tgt_mask: Bool[Tensor, "batch tgt_len"],
) -> float:
    """Return the perplexity of the real tokens: e to the mean cross-entropy in nats.

    It is 1 for a model that is certain and right, and the size of the vocabulary for one that
    guesses. The logits must come from teacher forcing: each word is predicted from the right words
    before it.
    """
    return masked_cross_entropy(logits, tgt_output, tgt_mask).exp().item()
