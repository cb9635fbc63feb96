"""What every contender gets: the sizes of the model, and the batches."""

from dataclasses import dataclass

import torch

from s2s_ref.training.batches import Batch, padded_batch

UNK, PAD, BOS, EOS = 0, 1, 2, 3  # JoeyNMT allows no other order
FIRST_WORD = 4


@dataclass(frozen=True)
class Shape:
    """The sizes of a model; `hidden` is the decoder's, each direction of the encoder has half.

    `most` is how many batches there may be where a setting asks for more.
    """

    vocab: int = 2000
    embed: int = 128
    hidden: int = 256
    batch: int = 64
    most: int = 100


@dataclass(frozen=True)
class Setting:
    """Sentences of one range of lengths, and how many batches of them make one measurement."""

    name: str
    shortest: int
    longest: int
    batches: int


SHORT = Setting("lengths 8–16", 8, 16, 4)
LONG = Setting("lengths 30–50", 30, 50, 1)

FULL = Shape()
SMALL = Shape(vocab=50, embed=8, hidden=16, batch=4, most=1)


def make_batches(shape: Shape, setting: Setting, seed: int = 0) -> list[Batch]:
    """Draw random sentences, `<eos>` counted in their lengths; the same seed gives the same ones.

    In each batch the sources get shorter from row to row, because JoeyNMT's encoder requires it.
    """
    generator = torch.Generator().manual_seed(seed)

    def sentence() -> list[int]:
        length = int(torch.randint(setting.shortest, setting.longest + 1, (), generator=generator))
        words = torch.randint(FIRST_WORD, shape.vocab, (length - 1,), generator=generator)
        return [*words.tolist(), EOS]

    batches = []
    for _ in range(min(setting.batches, shape.most)):
        pairs = [(sentence(), sentence()) for _ in range(shape.batch)]
        pairs.sort(key=lambda pair: -len(pair[0]))
        batches.append(padded_batch(pairs, bos_id=BOS, pad_id=PAD))
    return batches
