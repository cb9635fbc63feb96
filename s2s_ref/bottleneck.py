"""Lesson 6: what one vector can carry, and two ways to help it."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn, to_rnn


def reverse_source(sources: Sequence[Sequence[int]]) -> list[list[int]]:
    """Reverse the words of every source sentence; `<eos>` stays at the end.

    The first words then stand close to the first target words (Sutskever et al. 2014, section
    3.3).
    """
    return [[*reversed(ids[:-1]), ids[-1]] for ids in sources]


class PeekyDecoder(nn.Module):
    """A decoder that sees the context at every step, not only at the start (Cho et al. 2014)."""

    def __init__(
        self, vocab_size: int, embed_size: int, hidden_size: int, cell: str = "gru"
    ) -> None:
        """Make a decoder whose RNN reads a word's vector and the context side by side."""
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(
        self, tgt_input: Int[Tensor, "batch tgt_len"], state: State
    ) -> tuple[Float[Tensor, "batch tgt_len vocab"], State]:
        """Read one or many target tokens; return the logits of the next ones and the next state."""
        assert state.context is not None
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


def score_by_length(
    scores: Sequence[float], lengths: Sequence[int], bins: Sequence[tuple[int, int]]
) -> list[float | None]:
    """Average the scores of the sentences in each bin of lengths, both ends included.

    None stands for a bin without sentences.
    """
    means: list[float | None] = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append(sum(inside) / len(inside) if inside else None)
    return means
