"""Lesson 3: sentences of many lengths in one rectangle.

A mask is True at real tokens, everywhere in the course. PyTorch's own attention layers take a
`key_padding_mask`, which is the opposite: True at padding.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import Hidden, State, from_rnn

IdPair = tuple[Sequence[int], Sequence[int]]
"""The ids of a source sentence and of its target."""


def pad(sequences: Sequence[Sequence[int]], pad_id: int) -> Int[Tensor, "batch len"]:
    """Put sequences of ids into one rectangle, with `pad_id` after the shorter ones."""
    longest = max(map(len, sequences))
    return torch.tensor([[*ids, *[pad_id] * (longest - len(ids))] for ids in sequences])


def length_mask(lengths: Int[Tensor, " batch"], max_len: int) -> Bool[Tensor, "batch len"]:
    """Mark the real tokens: True at the first `lengths` places of each row."""
    return torch.arange(max_len, device=lengths.device) < lengths.unsqueeze(1)


def masked_cross_entropy(
    logits: Float[Tensor, "batch tgt_len vocab"],
    tgt_output: Int[Tensor, "batch tgt_len"],
    tgt_mask: Bool[Tensor, "batch tgt_len"],
    reduction: str = "mean",
) -> Float[Tensor, ""]:
    """Return the cross-entropy of the real tokens, in nats.

    `reduction` is "mean", nats per real token, or "sum", nats of the whole batch.
    """
    return nn.functional.cross_entropy(logits[tgt_mask], tgt_output[tgt_mask], reduction=reduction)


class PackedEncoder(nn.Module):
    """An encoder that reads every sentence of a batch up to its own end, and no padding."""

    def __init__(
        self, vocab_size: int, embed_size: int, hidden_size: int, cell: str = "gru"
    ) -> None:
        """Make an encoder with the recurrent layer `cell`: "rnn", "gru" or "lstm"."""
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(
        self, src: Int[Tensor, "batch src_len"], src_lengths: Int[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch src_len hidden"], Hidden]:
        """Return the state after every word, 0 at padding, and that after each last real word."""
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        encoder_states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return encoder_states, from_rnn(final)


class Translator(nn.Module):
    """An encoder and a decoder for padded batches; it takes the decoders of later lessons too."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        """Join the two; the encoder's final state must be one that the decoder can start from."""
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def encode(
        self, src: Int[Tensor, "batch src_len"], src_lengths: Int[Tensor, " batch"]
    ) -> State:
        """Read the sources; return the state from which the decoder starts."""
        encoder_states, final = self.encoder(src, src_lengths)
        context = final[0] if isinstance(final, tuple) else final
        return State(final, context, encoder_states, length_mask(src_lengths, src.shape[1]))

    def forward(
        self,
        src: Int[Tensor, "batch src_len"],
        src_lengths: Int[Tensor, " batch"],
        tgt_input: Int[Tensor, "batch tgt_len"],
    ) -> Float[Tensor, "batch tgt_len vocab"]:
        """Return the logits of every target token, given the right tokens before it."""
        logits: Tensor = self.decoder(tgt_input, self.encode(src, src_lengths))[0]
        return logits


def bucket_batches(
    pairs: Sequence[IdPair], batch_size: int, generator: torch.Generator
) -> list[list[IdPair]]:
    """Group pairs of similar length into batches, and return the batches in a random order.

    Every pair occurs once; the last group may be smaller. Pairs of equal lengths change places from
    one call to the next, so that batches differ between epochs.
    """
    shuffled = [pairs[i] for i in torch.randperm(len(pairs), generator=generator).tolist()]
    shuffled.sort(key=lambda pair: (len(pair[0]), len(pair[1])))  # sort is stable
    batches = [shuffled[i : i + batch_size] for i in range(0, len(shuffled), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]
