"""The floor: only the matrix products of the reference, in as few and as large calls as possible.

It leaves out work that every design needs: embeddings, gates, softmax, the sums of gradients, the
optimiser. So no contender reaches 1. The products of an RNN with its own state cannot
be merged over time, since each needs the one before it; all others are merged.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from benchmarks.rounds import Work
from benchmarks.shapes import Shape
from s2s_ref.training.batches import Batch


class Floor:
    """The products of the translator with one kind of attention, "dot" or "general"."""

    def __init__(self, shape: Shape, kind: str, device: str = "cpu") -> None:
        """Choose the sizes; what the matrices hold does not matter."""
        self.name = f"floor, {kind}"
        self.shape, self.kind, self.device = shape, kind, device

    def training(self, batches: Sequence[Batch]) -> Work:
        """Make the call that does the products of these batches, forward and backward."""
        return _all([call for batch in batches for call in self._training(batch)])

    def _training(self, batch: Batch) -> list[Work]:
        embed, hidden, vocab = self.shape.embed, self.shape.hidden, self.shape.vocab
        assert batch.src_lengths is not None
        rows, src_len, tgt_len = len(batch.src), batch.src.shape[1], batch.tgt.shape[1] - 1
        at_step = [int((batch.src_lengths > t).sum()) for t in range(src_len)]
        half = (hidden // 2, 3 * hidden // 2)
        return [
            *self._layer(sum(at_step), embed, 3 * hidden),  # both directions side by side
            *self._recurrent(at_step, *half),
            *self._recurrent(at_step[::-1], *half),
            *self._layer(rows * tgt_len, embed, 3 * hidden),
            *self._recurrent([rows] * tgt_len, hidden, 3 * hidden, given=True),
            *self._keys(rows * src_len),
            *self._batched(rows, tgt_len, hidden, src_len),  # scores
            *self._batched(rows, tgt_len, src_len, hidden),  # context
            *self._layer(rows * tgt_len, 2 * hidden, hidden),
            *self._layer(batch.tgt_tokens, hidden, vocab),  # logits, at real tokens only
        ]

    def decoding(self, batch: Batch, length: int, beam_size: int = 1) -> Work:
        """Make the call that does the products of reading a batch and writing `length` tokens."""
        embed, hidden, vocab = self.shape.embed, self.shape.hidden, self.shape.vocab
        assert batch.src_lengths is not None
        sentences, src_len = batch.src.shape
        at_step = [int((batch.src_lengths > t).sum()) for t in range(src_len)]
        half = (at_step, hidden // 2, 3 * hidden // 2)
        rows = sentences * beam_size
        read = [
            *self._layer(sum(at_step), embed, 3 * hidden, train=False),
            *self._recurrent(*half, train=False),
            *self._recurrent(*half, train=False),
            *self._keys(sentences * src_len, train=False),
        ]
        write = [
            *self._layer(rows, embed, 3 * hidden, train=False),
            *self._recurrent([rows], hidden, 3 * hidden, train=False),
            *self._batched(sentences, beam_size, hidden, src_len, train=False),
            *self._batched(sentences, beam_size, src_len, hidden, train=False),
            *self._layer(rows, 2 * hidden, hidden, train=False),
            *self._layer(rows, hidden, vocab, train=False),
        ]
        return _all(read + length * write)

    def _keys(self, rows: int, train: bool = True) -> list[Work]:
        hidden = self.shape.hidden
        return self._layer(rows, hidden, hidden, train) if self.kind == "general" else []

    def _layer(self, rows: int, inner: int, columns: int, train: bool = True) -> list[Work]:
        """x W, and for its gradients g Wᵀ and xᵀ g."""
        x, weight, g = self._matrices((rows, inner), (inner, columns), (rows, columns))
        forward: list[Work] = [lambda: x @ weight]
        return [*forward, lambda: g @ weight.T, lambda: x.T @ g] if train else forward

    def _recurrent(
        self,
        at_step: Sequence[int],
        inner: int,
        columns: int,
        train: bool = True,
        given: bool = False,
    ) -> list[Work]:
        """The same, where x W and g Wᵀ have to go step by step; xᵀ g is one call at the end.

        A first state that is `given` gets a gradient too; a state of zeros needs none.
        """
        total = sum(at_step)
        x, weight, g = self._matrices((total, inner), (inner, columns), (total, columns))
        steps = list(zip(x.split(list(at_step)), g.split(list(at_step)), strict=True))
        forward: list[Work] = [lambda one=one: one @ weight for one, _ in steps]
        if not train:
            return forward
        back = [lambda one=one: one @ weight.T for _, one in (steps if given else steps[1:])]
        return [*forward, *back, lambda: x.T @ g]

    def _batched(
        self, batch: int, rows: int, inner: int, columns: int, train: bool = True
    ) -> list[Work]:
        """The same for a product of two batches of matrices."""
        x, y, g = self._matrices(
            (batch, rows, inner), (batch, inner, columns), (batch, rows, columns)
        )
        forward: list[Work] = [lambda: x @ y]
        return [*forward, lambda: g @ y.mT, lambda: x.mT @ g] if train else forward

    def _matrices(self, *sizes: tuple[int, ...]) -> list[Tensor]:
        return [torch.rand(size, device=self.device) for size in sizes]


def _all(calls: Sequence[Work]) -> Work:
    """Make one call of many; no result is kept, so that memory is used again as in a real step."""

    def work() -> None:
        for call in calls:
            call()

    return work
