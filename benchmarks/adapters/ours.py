"""The reference: the lessons' modules, with the loss of the capstone and the fast searches."""

import torch
from torch import Tensor

from benchmarks.shapes import BOS, Shape
from s2s_ref import decoding, fast
from s2s_ref.capstone.translator import smoothed_loss
from s2s_ref.models import join, make_decoder, make_encoder
from s2s_ref.training.batches import Batch

KINDS = {
    "no attention": "fixed",
    "dot": "luong dot",
    "general": "luong general",
    "additive": "bahdanau additive",
}
NO_WORD = -1  # what stands for `<eos>` where nothing may end early


class Ours:
    """The reference with one kind of decoder: no attention, dot, general or additive.

    Its searches are the fast ones; `PlainSearches` has those of the lesson.
    """

    extra = 0
    why_extra = ""
    searches = fast

    def __init__(
        self, shape: Shape, kind: str, cell: str = "gru", bidirectional: bool = True
    ) -> None:
        """Build the model with random weights."""
        self.name = f"ours, {kind}" + (f", {cell}" if cell != "gru" else "")
        self.name += "" if bidirectional else ", one-way encoder"
        self.twin = self.name
        sizes = (shape.vocab, shape.embed, shape.hidden, cell)
        encoder = make_encoder(*sizes, bidirectional=bidirectional)
        self.model = join(encoder, make_decoder(KINDS[kind], *sizes))

    def prepare(self, batch: Batch) -> Batch:
        """Leave the batch as it is."""
        return batch

    def loss(self, batch: Batch) -> Tensor:
        """Do what the capstone's training does, without label smoothing."""
        return smoothed_loss(0.0)(self.model, batch)

    @torch.no_grad()
    def greedy(self, batch: Batch, length: int) -> list[list[int]]:
        """Call `greedy_decode`."""
        state = self.model.encode(batch.src, batch.src_lengths)
        return self.searches.greedy_decode(self.model.decoder, state, BOS, NO_WORD, length)

    @torch.no_grad()
    def beam(self, batch: Batch, length: int, beam_size: int) -> list[list[int]]:
        """Call `beam_search`."""
        state = self.model.encode(batch.src, batch.src_lengths)
        search = self.searches.beam_search
        found = search(self.model.decoder, state, BOS, NO_WORD, beam_size, length)
        return [hypotheses[0].tokens for hypotheses in found]


class PlainSearches(Ours):
    """The same model, with the searches of lesson 5 as the lesson shows them."""

    searches = decoding

    def __init__(self, ours: Ours) -> None:
        """Take another contender's model."""
        self.name = f"{ours.name}, plain searches"
        self.twin = ours.name
        self.model = ours.model
