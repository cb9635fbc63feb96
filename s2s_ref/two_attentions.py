"""Lesson 8: Luong's attention and Bahdanau's differ in the score and in the wiring."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s_ref.attention import attend, with_keys
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import Hidden, State

CELLS: dict[str, type[nn.Module]] = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}
"""PyTorch's recurrent cells, which do one step, by the name that `cell=` takes."""


def general_scores(
    queries: Float[Tensor, "batch tgt_len query"],
    keys: Float[Tensor, "batch src_len key"],
    W: Float[Tensor, "query key"],
) -> Float[Tensor, "batch tgt_len src_len"]:
    """Score with a learned matrix between query and key (Luong et al. 2015, section 3.1)."""
    return queries @ W @ keys.transpose(1, 2)


class GeneralScores(nn.Module):
    """`general_scores` as a module; query and key may have different sizes."""

    def __init__(self, query_size: int, key_size: int) -> None:
        """Make the matrix between query and key."""
        super().__init__()
        self.W = nn.Parameter(torch.empty(query_size, key_size))
        nn.init.xavier_uniform_(self.W)

    def project_keys(
        self, encoder_states: Float[Tensor, "batch src_len key"]
    ) -> Float[Tensor, "batch src_len query"]:
        """Multiply every key by the matrix, once for each sentence."""
        return encoder_states @ self.W.T

    def forward(
        self,
        queries: Float[Tensor, "batch tgt_len query"],
        keys: Float[Tensor, "batch src_len query"],
    ) -> Float[Tensor, "batch tgt_len src_len"]:
        """Score every source position for every target step; the keys are projected ones."""
        return queries @ keys.transpose(1, 2)


class AdditiveScores(nn.Module):
    """v · tanh(W_q query + W_k key): a small network compares them (Bahdanau et al. 2015, A.1.2).

    Luong's "concat" is the same function, with W = [W_q, W_k].
    """

    def __init__(self, query_size: int, key_size: int, attention_size: int) -> None:
        """Make W_q (`query`), W_k (`key`) and v (`v`)."""
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def project_keys(
        self, encoder_states: Float[Tensor, "batch src_len key"]
    ) -> Float[Tensor, "batch src_len attention"]:
        """Apply W_k to every key, once for each sentence."""
        keys: Tensor = self.key(encoder_states)
        return keys

    def forward(
        self,
        queries: Float[Tensor, "batch tgt_len query"],
        keys: Float[Tensor, "batch src_len attention"],
    ) -> Float[Tensor, "batch tgt_len src_len"]:
        """Score every source position for every target step; the keys are projected ones."""
        sums = self.query(queries).unsqueeze(2) + keys.unsqueeze(1)
        scores: Tensor = self.v(torch.tanh(sums)).squeeze(-1)
        return scores


class BidirectionalEncoder(nn.Module):
    """Two RNNs read the sentence, one forwards and one backwards; their states are joined.

    So the state at a word also depends on the words after it (Bahdanau et al. 2015, section 3.2).
    """

    def __init__(
        self, vocab_size: int, embed_size: int, hidden_size: int, cell: str = "gru"
    ) -> None:
        """Make an encoder whose two directions have half of `hidden_size` each."""
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(
        self, src: Int[Tensor, "batch src_len"], src_lengths: Int[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch src_len hidden"], Hidden]:
        """Return both states at every word, 0 at padding, and both final states."""
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        encoder_states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return encoder_states, (side_by_side(final[0]), side_by_side(final[1]))
        return encoder_states, side_by_side(final)


def side_by_side(final: Float[Tensor, "2 batch half"]) -> Float[Tensor, "batch hidden"]:
    """Join the final states of the two directions, the forward one first."""
    return torch.cat([final[0], final[1]], dim=-1)


class BahdanauDecoder(nn.Module):
    """The previous state is the query; the context enters the RNN together with the word.

    So each step needs the state of the step before, and one call of the RNN cannot take all steps
    (Bahdanau et al. 2015, section 3.1; logits from the state, without the paper's maxout layer).
    """

    def __init__(
        self,
        vocab_size: int,
        embed_size: int,
        hidden_size: int,
        cell: str = "gru",
        score: nn.Module | None = None,
    ) -> None:
        """Make a decoder; encoder and decoder have the same `hidden_size`, `score` is additive."""
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        additive = AdditiveScores(hidden_size, hidden_size, hidden_size)
        self.score = additive if score is None else score
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(
        self, tgt_input: Int[Tensor, "batch tgt_len"], state: State
    ) -> tuple[Float[Tensor, "batch tgt_len vocab"], State, Float[Tensor, "batch tgt_len src_len"]]:
        """Read target tokens; return the next ones' logits, the next state and the weights."""
        state = with_keys(state, self.score)
        outputs, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            context, weights = attend(state.h.unsqueeze(1), state, self.score)
            hidden = self.rnn(torch.cat([word, context.squeeze(1)], dim=-1), state.hidden)
            state = state._replace(hidden=hidden)
            outputs.append(state.h)
            all_weights.append(weights)
        logits = self.output(torch.stack(outputs, dim=1))
        return logits, state, torch.cat(all_weights, dim=1)
