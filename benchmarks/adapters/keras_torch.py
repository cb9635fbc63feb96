"""Keras with its PyTorch back end: encoder and decoder as in its translation example.

`KERAS_BACKEND` must be torch before Keras is imported; `benchmarks.__main__` sets it.
"""

from typing import NamedTuple

import keras
from torch import Tensor, nn

from benchmarks.shapes import Shape
from s2s_ref.training.batches import Batch


class Inputs(NamedTuple):
    """A batch in the form that the model expects."""

    src: Tensor
    tgt_input: Tensor
    tgt_output: Tensor
    real: Tensor


class Keras:
    """Keras' layers in a functional model.

    It has no attention, and reads padding like words: its masks would make it slower.
    """

    twin = "ours, no attention"

    def __init__(self, shape: Shape, cell: str = "lstm") -> None:
        """Build the model with random weights."""
        self.name = f"Keras, no attention, {cell}"
        layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
        src = keras.Input((None,), dtype="int64")
        tgt = keras.Input((None,), dtype="int64")
        read = keras.layers.Bidirectional(layer(shape.hidden // 2, return_state=True))
        _, *final = read(keras.layers.Embedding(shape.vocab, shape.embed)(src))
        half = len(final) // 2
        joined = [
            keras.layers.Concatenate()([final[i], final[half + i]]) for i in range(half)
        ]  # h, and c of an LSTM
        write = layer(shape.hidden, return_sequences=True)
        outputs = write(keras.layers.Embedding(shape.vocab, shape.embed)(tgt), initial_state=joined)
        logits = keras.layers.Dense(shape.vocab)(outputs)
        self.model: nn.Module = keras.Model([src, tgt], logits)
        if cell == "lstm":
            self.twin += ", lstm"
        # PyTorch has two bias vectors in every gate of an RNN, Keras one (in a GRU two)
        self.extra = -(4 * shape.hidden + 4 * shape.hidden) if cell == "lstm" else 0
        self.why_extra = "one bias vector in a gate where PyTorch has two" if self.extra else ""

    def prepare(self, batch: Batch) -> Inputs:
        """Split the target."""
        assert batch.tgt_mask is not None
        tgt = batch.tgt
        return Inputs(batch.src, tgt[:, :-1], tgt[:, 1:], batch.tgt_mask[:, 1:])

    def loss(self, inputs: Inputs) -> Tensor:
        """Compute the loss with PyTorch's own function, at the real tokens."""
        logits = self.model([inputs.src, inputs.tgt_input])
        losses = nn.functional.cross_entropy(
            logits.transpose(1, 2), inputs.tgt_output, reduction="none"
        )
        return losses[inputs.real].mean()
