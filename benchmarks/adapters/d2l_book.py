"""Dive into Deep Learning (Zhang et al. 2023): its package's encoder and additive attention.

The decoder is only in the book, so it is put together here as its chapter on Bahdanau's attention
describes it: before every step the RNN's state queries the attention layer, and the context is
concatenated with the word's vector.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from benchmarks.missing import empty_modules
from benchmarks.shapes import PAD, Shape
from s2s_ref.training.batches import Batch

# pictures, tables, distances
with empty_modules(
    torchvision=("transforms",), pandas=(), scipy=(), scipy__spatial=("distance_matrix",)
):
    from d2l import torch as d2l


class Inputs(NamedTuple):
    """A batch in the form that the book uses."""

    src: Tensor
    src_valid_len: Tensor
    tgt_input: Tensor
    tgt_output: Tensor


class Decoder(d2l.AttentionDecoder):
    """The package's parts, one step after the other; axes are as in the package, time first."""

    def __init__(self, shape: Shape) -> None:
        """Make the layers."""
        super().__init__()
        self.attention = d2l.AdditiveAttention(shape.hidden, dropout=0)
        self.embedding = nn.Embedding(shape.vocab, shape.embed)
        self.rnn = nn.GRU(shape.embed + shape.hidden, shape.hidden)
        self.dense = nn.LazyLinear(shape.vocab)

    def init_state(
        self, encoded: tuple[Tensor, Tensor], valid_len: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Start from the encoder's outputs and last state."""
        outputs, hidden = encoded
        return outputs.permute(1, 0, 2), hidden, valid_len

    def forward(self, tgt: Tensor, state: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, list]:
        """Return the logits of all steps."""
        values, hidden, valid_len = state
        outputs = []
        for word in self.embedding(tgt).permute(1, 0, 2):
            query = hidden[-1].unsqueeze(1)
            context = self.attention(query, values, values, valid_len)
            step = torch.cat([context, word.unsqueeze(1)], dim=-1)
            output, hidden = self.rnn(step.permute(1, 0, 2), hidden)
            outputs.append(output)
        logits = self.dense(torch.cat(outputs)).permute(1, 0, 2)
        return logits, [values, hidden, valid_len]


class D2L:
    """The book's translator; its encoder reads in one direction, and so does our twin's."""

    name = "D2L, additive, one-way encoder"
    twin = "ours, additive, one-way encoder"
    extra = 0
    why_extra = ""

    def __init__(self, shape: Shape) -> None:
        """Build the model; its lazy layers take their sizes from a first batch."""
        encoder = d2l.Seq2SeqEncoder(shape.vocab, shape.embed, shape.hidden, num_layers=1)
        self.model = d2l.EncoderDecoder(encoder, Decoder(shape))
        ids = torch.full((2, 3), PAD)
        self.model(ids, ids, torch.tensor([3, 2]))
        self.model.apply(d2l.init_seq2seq)

    def prepare(self, batch: Batch) -> Inputs:
        """Split the target."""
        tgt = batch.tgt
        return Inputs(batch.src, batch.src_lengths, tgt[:, :-1], tgt[:, 1:].contiguous())

    def loss(self, inputs: Inputs) -> Tensor:
        """Do what the chapter on sequence-to-sequence learning does: weigh padding with zero."""
        logits = self.model(inputs.src, inputs.tgt_input, inputs.src_valid_len)
        losses = nn.functional.cross_entropy(
            logits.reshape(-1, logits.shape[-1]), inputs.tgt_output.reshape(-1), reduction="none"
        )
        mask = (inputs.tgt_output.reshape(-1) != PAD).type(torch.float32)
        return (losses * mask).sum() / mask.sum()
