"""What several lessons' exercises share: how they draw, and what they say of predictions."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from s2s_ref.checks.draw import Draw
from s2s_ref.encoder_decoder import Decoder
from s2s_ref.state import State
from s2s_ref.student.protocol import Model


def source_mask(draw: Draw, batch: int, src_len: int) -> Tensor:
    """Draw a mask: the first sentence of a batch fills it, the others end where chance says."""
    lengths = draw.ids(1, src_len + 1, batch, 1)
    if batch > 1:
        lengths[0] = src_len
    return torch.arange(src_len) < lengths


def sized(draw: Draw, vocab: int, embed: int, hidden: int, lstm: int) -> dict[str, object]:
    """Collect the constructor's arguments of an encoder or a decoder."""
    cell = "lstm" if lstm else "gru"
    return {"vocab_size": vocab, "embed_size": embed, "hidden_size": hidden, "cell": cell}


def is_share(value: object) -> bool:
    """Tell whether a value is a number from 0 to 100."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


def one_share(answer: object) -> str | None:
    """Say what is wrong with a percentage, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if not is_share(answer):
        return "expected a percentage, from 0 to 100"
    return below_one(answer)


def below_one(*answers: object) -> str | None:
    """Ask what was meant where a percentage looks like a share from 0 to 1."""
    for answer in answers:
        if isinstance(answer, float) and 0 < answer < 1:
            return f"expected a percentage: {answer:g} %, or {100 * answer:g}?"
    return None


def one_of(answer: object, *choices: str) -> str | None:
    """Say what is wrong with a choice, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if answer not in choices:
        return f"expected one of {', '.join(map(repr, choices))}".replace("'", '"')
    return None


PAD, BOS, EOS, UNK = "<pad>", "<bos>", "<eos>", "<unk>"

WORDS = [
    "저는",
    "책을",
    "샀어요",
    "친구가",
    "물을",
    "마셔요",
    "고양이를",
    "봤어요",
    "오늘",
    "학교에",
]


def make_vocabulary(draw: Draw) -> dict[str, int]:
    """Give the special tokens the ids 0 to 3, and six drawn words the next ones."""
    words = [PAD, BOS, EOS, UNK, *draw.shuffled(WORDS)[:6]]
    return {word: i for i, word in enumerate(words)}


def decoder_of(draw: Draw, vocab: int, embed: int, hidden: int, lstm: int) -> Model:
    """Describe a decoder of lesson 2 with drawn weights."""
    sizes = {"vocab_size": vocab, "embed_size": embed, "hidden_size": hidden}
    return draw.model(Decoder, **sizes, cell="lstm" if lstm else "gru")


def state_of(draw: Draw, batch: int, hidden: int, lstm: int) -> State:
    """Draw a state to start from, of a GRU or an LSTM."""
    h, c = draw.normal(batch, hidden), draw.normal(batch, hidden)
    return State((h, c) if lstm else h)


def padded_targets(draw: Draw, batch: int, full_len: int, vocab: int) -> tuple[Tensor, Tensor]:
    """Draw targets, <bos> … <eos> and padding, and the mask of their real tokens."""
    shorter = draw.ids(2, max(3, full_len), batch - 1).tolist()
    lengths = torch.tensor(draw.shuffled([full_len, *shorter])).unsqueeze(1)
    place = torch.arange(full_len)
    tgt = draw.ids(4, vocab, batch, full_len)
    tgt = tgt.masked_fill(place == 0, 1).masked_fill(place == lengths - 1, 2)
    return tgt.masked_fill(place >= lengths, 0), place < lengths


def reference_translation_file(translations: Mapping[str, str], sources: Sequence[str]) -> str:
    """Return the text of `translations.txt`: one line for each source, in their order.

    A translation stands on one line, with single spaces; one that is missing or empty is "?".
    """
    lines = [" ".join(translations.get(source, "").split()) or "?" for source in sources]
    return "".join(f"{line}\n" for line in lines)
