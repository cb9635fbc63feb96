"""The reference: its modules as the lessons have them, put together as the recipe does."""

import torch
from torch import Tensor, nn

from benchmarks.shapes import BOS, Shape
from s2s_ref.attention import DotScores, LuongDecoder
from s2s_ref.capstone.translator import smoothed_loss
from s2s_ref.encoder_decoder import Decoder
from s2s_ref.fast import beam_search, greedy_decode
from s2s_ref.padding import PackedEncoder, Translator
from s2s_ref.training.batches import Batch
from s2s_ref.two_attentions import BahdanauDecoder, BidirectionalEncoder, GeneralScores

NO_WORD = -1  # what stands for `<eos>` where nothing may end early


class Ours:
    """The reference with one kind of decoder: none, dot, general or additive."""

    extra = 0
    why_extra = ""

    def __init__(self, shape: Shape, kind: str, cell: str = "gru", two_way: bool = True) -> None:
        """Build the model with random weights."""
        self.name = f"ours, {kind}" + (f", {cell}" if cell != "gru" else "")
        self.name += "" if two_way else ", one-way encoder"
        self.twin = self.name
        sizes = (shape.vocab, shape.embed, shape.hidden, cell)
        encoder = BidirectionalEncoder(*sizes) if two_way else PackedEncoder(*sizes)
        self.model = Translator(encoder, _decoder(kind, sizes))

    def prepare(self, batch: Batch) -> Batch:
        """Leave the batch as it is."""
        return batch

    def loss(self, batch: Batch) -> Tensor:
        """Do what the recipe's training does, without label smoothing."""
        return smoothed_loss(0.0)(self.model, batch)

    @torch.no_grad()
    def greedy(self, batch: Batch, length: int) -> list[list[int]]:
        """Call `greedy_decode`."""
        state = self.model.encode(batch.src, batch.src_lengths)
        return greedy_decode(self.model.decoder, state, BOS, NO_WORD, length)

    @torch.no_grad()
    def beam(self, batch: Batch, length: int, beam_size: int) -> list[list[int]]:
        """Call `beam_search`."""
        state = self.model.encode(batch.src, batch.src_lengths)
        found = beam_search(self.model.decoder, state, BOS, NO_WORD, beam_size, length)
        return [hypotheses[0].tokens for hypotheses in found]


def _decoder(kind: str, sizes: tuple[int, int, int, str]) -> nn.Module:
    hidden = sizes[2]
    if kind == "no attention":
        return Decoder(*sizes)
    if kind == "additive":
        return BahdanauDecoder(*sizes)
    score = {"dot": DotScores, "general": lambda: GeneralScores(hidden, hidden)}[kind]()
    return LuongDecoder(*sizes, score)
