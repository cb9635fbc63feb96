"""Lesson 7: keep all the encoder's states, and query them at every step."""

from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn, to_rnn


def dot_scores(
    queries: Float[Tensor, "batch tgt_len hidden"], keys: Float[Tensor, "batch src_len hidden"]
) -> Float[Tensor, "batch tgt_len src_len"]:
    """Score every source position for every target step: the inner product of query and key.

    (Luong et al. 2015, section 3.1, "dot"; Vaswani et al. 2017 also divide by the square root of
    the size.)
    """
    return queries @ keys.transpose(1, 2)


def attention_weights(
    scores: Float[Tensor, "batch tgt_len src_len"], src_mask: Bool[Tensor, "batch src_len"]
) -> Float[Tensor, "batch tgt_len src_len"]:
    """Turn scores into weights that sum to 1 over the real source tokens, and are 0 at padding."""
    return scores.masked_fill(~src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)


def context_vectors(
    weights: Float[Tensor, "batch tgt_len src_len"], values: Float[Tensor, "batch src_len hidden"]
) -> Float[Tensor, "batch tgt_len hidden"]:
    """Mix the source positions by their weights: one context vector for each target step."""
    return weights @ values


class DotScores(nn.Module):
    """`dot_scores` as a module, so that a decoder can take another score in its place.

    The keys of a sentence are projected once, and then scored at every step.
    """

    def project_keys(
        self, encoder_states: Float[Tensor, "batch src_len hidden"]
    ) -> Float[Tensor, "batch src_len hidden"]:
        """Return the keys; for the inner product they are the encoder's states themselves."""
        return encoder_states

    def forward(
        self,
        queries: Float[Tensor, "batch tgt_len hidden"],
        keys: Float[Tensor, "batch src_len hidden"],
    ) -> Float[Tensor, "batch tgt_len src_len"]:
        """Score every source position for every target step."""
        return dot_scores(queries, keys)


class LuongDecoder(nn.Module):
    """RNN → scores → weights → context; tanh(W [context; state]) → logits.

    (Luong et al. 2015, section 3, without input feeding.)
    """

    def __init__(
        self,
        vocab_size: int,
        embed_size: int,
        hidden_size: int,
        cell: str = "gru",
        score: nn.Module | None = None,
    ) -> None:
        """Make a decoder; `combine` is the W that joins context and state, `score` is dot."""
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.score = DotScores() if score is None else score
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(
        self, tgt_input: Int[Tensor, "batch tgt_len"], state: State
    ) -> tuple[Float[Tensor, "batch tgt_len vocab"], State, Float[Tensor, "batch tgt_len src_len"]]:
        """Read target tokens; return the next ones' logits, the next state and the weights."""
        state = with_keys(state, self.score)
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        context, weights = attend(outputs, state, self.score)
        attended = torch.tanh(self.combine(torch.cat([context, outputs], dim=-1)))
        return self.output(attended), state._replace(hidden=from_rnn(hidden)), weights


def with_keys(state: State, score: Any) -> State:
    """Return the state with the keys of its sentence, which are computed only once."""
    if state.keys is not None:
        return state
    return state._replace(keys=score.project_keys(state.encoder_states))


def attend(
    queries: Float[Tensor, "batch tgt_len hidden"], state: State, score: Any
) -> tuple[Float[Tensor, "batch tgt_len hidden"], Float[Tensor, "batch tgt_len src_len"]]:
    """Return the context vector and the weights of every query; the state must have its keys."""
    assert state.encoder_states is not None
    assert state.src_mask is not None
    weights = attention_weights(score(queries, state.keys), state.src_mask)
    return context_vectors(weights, state.encoder_states), weights


def alignment_matrix(
    weights: Float[Tensor, "batch tgt_len src_len"], sentence: int, src_length: int, tgt_length: int
) -> Float[Tensor, "src tgt"]:
    """Cut one sentence's weights out of a batch, as the heat maps show them.

    Source words run down, target words across; padding is left out. (Bahdanau et al. 2015, figure
    3, is the transpose.)
    """
    return weights[sentence, :tgt_length, :src_length].T
