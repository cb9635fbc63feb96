"""OpenNMT-py (Klein et al. 2017): its standard decoder and the one with input feeding."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from benchmarks.missing import empty_modules
from benchmarks.shapes import BOS, EOS, PAD, UNK, Shape
from s2s_ref.training.batches import Batch

# they split text into tokens, find words in it and guess its language
with empty_modules(pyonmttok=(), spacy=(), ahocorasick=(), fasttext=()):
    from onmt.decoders.decoder import InputFeedRNNDecoder, StdRNNDecoder
    from onmt.encoders.rnn_encoder import RNNEncoder
    from onmt.models.model import NMTModel
    from onmt.modules.embeddings import Embeddings
    from onmt.translate import GNMTGlobalScorer, Translator
    from onmt.utils.loss import LossCompute


class Inputs(NamedTuple):
    """A batch as OpenNMT-py takes it: a last axis counts features, here one, the word."""

    src: Tensor
    src_len: Tensor
    tgt: Tensor
    tokens: int


class Words:
    """A vocabulary with what the translator calls; its own class reads files."""

    def __init__(self, size: int) -> None:
        """Make a vocabulary that knows its size and the special words."""
        self.size = size
        self.special = {"<blank>": PAD, "<s>": BOS, "</s>": EOS, "<unk>": UNK}

    def lookup_token(self, token: str) -> int:
        """Return the id of a word."""
        return self.special.get(token, UNK)

    __getitem__ = lookup_token

    def __len__(self) -> int:
        """Return the number of words."""
        return self.size


class OpenNMT:
    """The encoder, decoder, loss and translator of OpenNMT-py."""

    def __init__(self, shape: Shape, score: str = "general", input_feed: bool = False) -> None:
        """Build the model with random weights; `score` is "dot" or "general"."""
        self.name = "OpenNMT-py, input feed" if input_feed else f"OpenNMT-py, {score}"
        self.twin = f"ours, {score}"
        self.shape = shape
        encoder = RNNEncoder("GRU", True, 1, shape.hidden, embeddings=_embeddings(shape))
        design = InputFeedRNNDecoder if input_feed else StdRNNDecoder
        decoder = design(
            "GRU", True, 1, shape.hidden, attn_type=score, embeddings=_embeddings(shape)
        )
        self.model = NMTModel(encoder, decoder)
        self.model.generator = nn.Linear(shape.hidden, shape.vocab)
        self.extra = 3 * shape.hidden**2 if input_feed else 0
        self.why_extra = "the last attention vector enters the RNN" if input_feed else ""
        criterion = nn.CrossEntropyLoss(ignore_index=PAD, reduction="sum")
        self.compute = LossCompute(criterion, self.model.generator)
        for parameter in self.model.parameters():  # it leaves embeddings unset
            nn.init.uniform_(parameter, -0.1, 0.1)

    def prepare(self, batch: Batch) -> Inputs:
        """Add the axis of features."""
        return Inputs(
            batch.src.unsqueeze(2), batch.src_lengths, batch.tgt.unsqueeze(2), batch.tgt_tokens
        )

    def loss(self, inputs: Inputs) -> Tensor:
        """Compute the loss as its trainer does, without the statistics of every batch."""
        output, _ = self.model(inputs.src, inputs.tgt, inputs.src_len)
        compute = self.compute
        scores = compute.generator(compute._bottle(output.contiguous()))
        total = compute.criterion(scores, inputs.tgt[:, 1:, 0].contiguous().view(-1))
        return total / inputs.tokens

    def _translator(self, length: int, **options: Any) -> Translator:
        words = Words(self.shape.vocab)
        translator = Translator(
            self.model.eval(),
            {"src": words, "tgt": words, "decoder_start_token": "<s>"},
            min_length=length,
            max_length=length,
            global_scorer=GNMTGlobalScorer(0.0, 0.0, "none", "none"),
            **options,
        )
        translator.max_length_ratio = 0
        return translator

    def _translate(self, translator: Translator, inputs: Inputs) -> list[list[int]]:
        batch = {"src": inputs.src, "srclen": inputs.src_len}
        found = translator.translate_batch(batch, attn_debug=False)["predictions"]
        return [hypotheses[0].tolist() for hypotheses in found]

    def greedy(self, inputs: Inputs, length: int) -> list[list[int]]:
        """Use its greedy search, whose hypotheses are lists of one."""
        return self._translate(
            self._translator(length, beam_size=1, random_sampling_topk=1), inputs
        )

    def beam(self, inputs: Inputs, length: int, beam_size: int) -> list[list[int]]:
        """Use its beam search."""
        return self._translate(self._translator(length, beam_size=beam_size), inputs)


def _embeddings(shape: Shape) -> Embeddings:
    return Embeddings(shape.embed, shape.vocab, PAD)


def take_weights(peer: OpenNMT, ours: nn.Module) -> None:
    """Copy the reference's weights, for the test that both compute the same."""
    theirs = peer.model
    encoder, decoder = ours.encoder, ours.decoder
    with torch.no_grad():
        theirs.encoder.embeddings.word_lut.weight.copy_(encoder.embedding.weight)
        theirs.decoder.embeddings.word_lut.weight.copy_(decoder.embedding.weight)
        theirs.encoder.rnn.load_state_dict(encoder.rnn.state_dict())
        theirs.decoder.rnn.load_state_dict(decoder.rnn.state_dict())
        theirs.decoder.attn.linear_out.weight.copy_(decoder.combine.weight)
        theirs.generator.load_state_dict(decoder.output.state_dict())
        if hasattr(decoder.score, "W"):
            theirs.decoder.attn.linear_in.weight.copy_(decoder.score.W.T)
