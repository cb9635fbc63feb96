"""JoeyNMT (Kreutzer et al. 2019): its recurrent decoder with Luong's and Bahdanau's scores."""

import logging
from types import SimpleNamespace

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from benchmarks.missing import empty_modules
from benchmarks.shapes import BOS, EOS, PAD, UNK, Shape
from s2s_ref.training.batches import Batch

# they split text into tokens, look up a version, and log
with empty_modules(
    sentencepiece=(),
    subword_nmt=("apply_bpe",),
    importlib_metadata=(),
    torch__utils__tensorboard=("SummaryWriter",),
):
    from joeynmt.batch import Batch as Inputs
    from joeynmt.model import build_model
    from joeynmt.search import search
    from joeynmt.vocabulary import Vocabulary

SPECIAL = SimpleNamespace(
    unk_token="<unk>",
    pad_token="<pad>",
    bos_token="<s>",
    eos_token="</s>",
    sep_token=None,
    unk_id=UNK,
    pad_id=PAD,
    bos_id=BOS,
    eos_id=EOS,
    sep_id=None,
    lang_tags=[],
)


class JoeyNMT:
    """The encoder, decoder, loss and search of JoeyNMT; `score` is "luong" or "bahdanau"."""

    def __init__(self, shape: Shape, score: str = "luong", input_feed: bool = True) -> None:
        """Build the model as its configuration files do, with random weights."""
        logging.getLogger("joeynmt.model").setLevel(logging.WARNING)
        self.name = f"JoeyNMT, {score}" + ("" if input_feed else ", no input feed")
        self.twin = "ours, general" if score == "luong" else "ours, additive"
        # a bias behind the attention, none before the softmax
        biases = shape.hidden - shape.vocab
        combine = 2 * shape.hidden**2 if score == "bahdanau" else 0
        without = -3 * shape.hidden**2 if score == "luong" and not input_feed else 0
        self.extra = biases + combine + without + (3 * shape.hidden**2 if score == "luong" else 0)
        self.why_extra = "a bias where ours has none and none where ours has one"
        if combine:
            self.why_extra += "; context and state are joined before the softmax too"
        if score == "luong" and input_feed:
            self.why_extra += "; the last attention vector enters the RNN"
        words = Vocabulary([f"w{i}" for i in range(shape.vocab - 4)], SPECIAL)
        side = {"type": "recurrent", "rnn_type": "gru", "num_layers": 1}
        tables = {"embeddings": {"embedding_dim": shape.embed}}
        design = {"attention": score, "input_feeding": input_feed, "init_hidden": "last"}
        configuration = {
            "encoder": {**side, **tables, "hidden_size": shape.hidden // 2, "bidirectional": True},
            "decoder": {**side, **tables, "hidden_size": shape.hidden, **design},
        }
        self.model = build_model(configuration, words, words)
        self.model.loss_function = ("crossentropy", 0.0)

    def prepare(self, batch: Batch) -> Inputs:
        """Make its own batch."""
        rows = torch.arange(len(batch.src))
        sides = (batch.src, batch.src_lengths, None, batch.tgt, None)
        return Inputs(*sides, rows, batch.src.device, PAD, EOS)

    def loss(self, inputs: Inputs) -> Tensor:
        """Compute the loss as its model does, without counting the right tokens of every batch."""
        logits, *_ = self.model._encode_decode(**vars(inputs))
        total = self.model.loss_function(log_softmax(logits, dim=-1), **vars(inputs))
        return total / inputs.ntokens

    def _search(self, inputs: Inputs, length: int, beam_size: int) -> list[list[int]]:
        self.model.eval()
        tokens, *_ = search(
            self.model, inputs, length, beam_size, 0.0, min_output_length=length, generate_unk=False
        )
        return tokens.tolist()

    def greedy(self, inputs: Inputs, length: int) -> list[list[int]]:
        """Use its greedy search."""
        return self._search(inputs, length, 1)

    def beam(self, inputs: Inputs, length: int, beam_size: int) -> list[list[int]]:
        """Use its beam search."""
        return self._search(inputs, length, beam_size)


def take_weights(peer: JoeyNMT, ours: nn.Module) -> None:
    """Copy the reference's weights, for the test that both compute the same."""
    theirs, (encoder, decoder) = peer.model, (ours.encoder, ours.decoder)
    hidden = decoder.output.in_features
    with torch.no_grad():
        theirs.src_embed.lut.weight.copy_(encoder.embedding.weight)
        theirs.trg_embed.lut.weight.copy_(decoder.embedding.weight)
        theirs.encoder.rnn.load_state_dict(encoder.rnn.state_dict())
        theirs.decoder.rnn.load_state_dict(decoder.rnn.state_dict())
        theirs.decoder.attention.key_layer.weight.copy_(decoder.score.W)
        context, state = decoder.combine.weight.split(hidden, dim=1)
        theirs.decoder.att_vector_layer.weight.copy_(torch.cat([state, context], dim=1))
        theirs.decoder.att_vector_layer.bias.zero_()
        theirs.decoder.output_layer.weight.copy_(decoder.output.weight)
