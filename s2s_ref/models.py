"""Build a translator from the parts of the lessons, by name.

The embeddings, the output layer and the regularisation of a model are set up here, in the one order
that works. Which random numbers a part gets depends on when it is made: a caller that makes its
parts in the same order gets the same weights from the same seed.
"""

from torch import nn

from s2s_ref.attention import DotScores, LuongDecoder
from s2s_ref.bottleneck import PeekyDecoder
from s2s_ref.encoder_decoder import Decoder
from s2s_ref.padding import PackedEncoder, Translator
from s2s_ref.two_attentions import (
    AdditiveScores,
    BahdanauDecoder,
    BidirectionalEncoder,
    GeneralScores,
)

ATTENTIVE = {"luong": LuongDecoder, "bahdanau": BahdanauDecoder}
SCORES = ("dot", "general", "additive")


def make_encoder(
    entries: int, embed: int, hidden: int, cell: str = "gru", *, bidirectional: bool = False
) -> nn.Module:
    """Make an encoder for a vocabulary of so many entries, with random weights."""
    encoder = BidirectionalEncoder if bidirectional else PackedEncoder
    return encoder(entries, embed, hidden, cell)


def make_decoder(kind: str, entries: int, embed: int, hidden: int, cell: str = "gru") -> nn.Module:
    """Make a decoder with random weights.

    `kind` is "fixed" (the context starts the decoder), "peeky" (it sees the context at every step),
    or a wiring and a score of attention: "luong dot", "bahdanau additive", ...
    Raises ValueError for another kind.
    """
    sizes = (entries, embed, hidden, cell)
    if kind == "fixed":
        return Decoder(*sizes)
    if kind == "peeky":
        return PeekyDecoder(*sizes)
    wiring, _, score = kind.partition(" ")
    if wiring not in ATTENTIVE:
        raise ValueError(
            f"There is no decoder {kind!r}: choose fixed, peeky, or luong or bahdanau with a score."
        )
    return ATTENTIVE[wiring](*sizes, score=make_score(score, hidden))


def make_score(name: str, hidden: int) -> nn.Module:
    """Make the score of an attention; raises ValueError for an unknown name."""
    if name == "dot":
        return DotScores()
    if name == "general":
        return GeneralScores(hidden, hidden)
    if name == "additive":
        return AdditiveScores(hidden, hidden, hidden)
    raise ValueError(f"There is no score {name!r}: choose {', '.join(SCORES)}.")


def join(
    encoder: nn.Module,
    decoder: nn.Module,
    *,
    embedding_std: float | None = None,
    tied: bool = False,
    dropout: float = 0.0,
    word_dropout: float = 0.0,
) -> Translator:
    """Join an encoder and a decoder that were just made.

    `embedding_std` draws both tables of embeddings anew, from N(0, embedding_std) in place of
    PyTorch's N(0, 1). `tied` makes the decoder write with the table with which it reads, so that a
    rare word is learned in both ways at once (Press and Wolf 2017, section 3). While training, a
    share `dropout` of the embeddings' numbers and of the output layer's inputs is dropped, and a
    share `word_dropout` of whole tokens (Gal and Ghahramani 2016, section 4.2).
    """
    if embedding_std is not None:
        nn.init.normal_(_embedding(encoder).weight, std=embedding_std)
        nn.init.normal_(_embedding(decoder).weight, std=embedding_std)
    if tied:
        decoder.get_submodule("output").weight = _embedding(decoder).weight
    if dropout or word_dropout:
        for part in (encoder, decoder):
            # a channel of Dropout1d is a token here: its whole vector is dropped, or none of it
            dropped = nn.Dropout1d(word_dropout), nn.Dropout(dropout)
            part.embedding = nn.Sequential(_embedding(part), *dropped)
        decoder.output = nn.Sequential(nn.Dropout(dropout), decoder.get_submodule("output"))
    return Translator(encoder, decoder)


def _embedding(part: nn.Module) -> nn.Embedding:
    layer = part.get_submodule("embedding")
    assert isinstance(layer, nn.Embedding)
    return layer


def count_parameters(model: nn.Module) -> int:
    """Count the numbers that training changes; shared ones count once."""
    return sum(parameter.numel() for parameter in model.parameters())
