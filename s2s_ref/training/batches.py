"""Batches of sentence pairs: grouped, padded, shuffled."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import torch
from jaxtyping import Bool, Int
from torch import Tensor

Item = TypeVar("Item")


class Batch(NamedTuple):
    """Sentence pairs as ids, side by side: of one length, or padded behind the shorter ones.

    A target ends in `<eos>` where `Vocabulary.encode` wrote it. Where a decoder must be told to
    begin, it also starts with `<bos>`, ready for `shift_target`.

    A padded batch says what is real: `src_lengths` counts each source's tokens, and `tgt_mask` is
    True at those of the targets, `<bos>` included. Without padding both are None.
    """

    src: Int[Tensor, "batch src_len"]
    tgt: Int[Tensor, "batch tgt_len"]
    starts_with_bos: bool = False
    src_lengths: Int[Tensor, " batch"] | None = None
    tgt_mask: Bool[Tensor, "batch tgt_len"] | None = None

    @property
    def tgt_tokens(self) -> int:
        """How many target tokens the model has to write: `<bos>` is only read, as is padding."""
        tokens = self.tgt.numel() if self.tgt_mask is None else int(self.tgt_mask.sum())
        return tokens - len(self.tgt) * self.starts_with_bos

    @property
    def padding_share(self) -> float:
        """The share of padding in the two rectangles, 0 to 1."""
        src = self.src.numel() if self.src_lengths is None else int(self.src_lengths.sum())
        tgt = self.tgt.numel() if self.tgt_mask is None else int(self.tgt_mask.sum())
        return 1 - (src + tgt) / (self.src.numel() + self.tgt.numel())

    def to(self, device: str | torch.device) -> "Batch":
        """The same batch on another device."""
        real = (self.src_lengths, self.tgt_mask)
        moved = [None if tensor is None else tensor.to(device) for tensor in real]
        return Batch(self.src.to(device), self.tgt.to(device), self.starts_with_bos, *moved)


IdPair = tuple[Sequence[int], Sequence[int]]
"""The ids of a source sentence and of its target."""

Grouping = Callable[[Sequence[IdPair], int, torch.Generator], Iterable[Sequence[IdPair]]]
"""How one epoch is cut into batches: pairs, batch size and generator, as `bucket_batches` has them.
"""


def same_length_batches(
    src_ids: Sequence[Sequence[int]],
    tgt_ids: Sequence[Sequence[int]],
    batch_size: int,
    generator: torch.Generator,
    bos_id: int | None = None,
) -> Iterator[Batch]:
    """One epoch: every pair once, in random order, in batches of one source and target length.

    Pairs are grouped by (source length, target length), so the last batch of a group may be
    smaller than `batch_size`. Shuffled with `generator`; a second epoch is a second call.
    `bos_id`, where one is given, is put before every target.
    Raises ValueError if the sides differ in number, a sentence is empty, or `batch_size` < 1.
    """
    _check_pairs(src_ids, tgt_ids, batch_size)
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row, (src, tgt) in enumerate(zip(src_ids, tgt_ids, strict=True)):
        groups[len(src), len(tgt)].append(row)
    chunks: list[list[int]] = []
    for rows in groups.values():
        shuffled = _shuffle(rows, generator)
        chunks += [shuffled[i : i + batch_size] for i in range(0, len(rows), batch_size)]
    start = [] if bos_id is None else [bos_id]
    return (
        Batch(
            torch.tensor([list(src_ids[i]) for i in rows]),
            torch.tensor([[*start, *tgt_ids[i]] for i in rows]),
            starts_with_bos=bos_id is not None,
        )
        for rows in _shuffle(chunks, generator)
    )


def endless(
    src_ids: Sequence[Sequence[int]],
    tgt_ids: Sequence[Sequence[int]],
    batch_size: int,
    seed: int = 0,
    bos_id: int | None = None,
) -> Iterator[Batch]:
    """Epoch after epoch of `same_length_batches`, each shuffled anew, without an end.

    `fit` takes from it as many batches as it has steps. The same seed gives the same batches.
    Raises ValueError, at the call, as `same_length_batches` does.
    """
    _check_pairs(src_ids, tgt_ids, batch_size)
    generator = torch.Generator().manual_seed(seed)

    def epochs() -> Iterator[Batch]:
        while True:
            yield from same_length_batches(src_ids, tgt_ids, batch_size, generator, bos_id)

    return epochs()


def padded_batch(pairs: Sequence[IdPair], bos_id: int | None = None, pad_id: int = 0) -> Batch:
    """Lay pairs of any lengths into one batch, with `pad_id` behind the shorter sentences.

    `bos_id`, where one is given, is put before every target.
    """
    start = [] if bos_id is None else [bos_id]
    src, src_lengths = _rectangle([list(src) for src, _ in pairs], pad_id)
    tgt, tgt_lengths = _rectangle([[*start, *tgt] for _, tgt in pairs], pad_id)
    tgt_mask = torch.arange(tgt.shape[1]) < tgt_lengths.unsqueeze(1)
    return Batch(src, tgt, bos_id is not None, src_lengths, tgt_mask)


def _rectangle(rows: Sequence[list[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    lengths = [len(row) for row in rows]
    width = max(lengths)
    filled = [row + [pad_id] * (width - len(row)) for row in rows]
    return torch.tensor(filled), torch.tensor(lengths)


def random_groups(
    pairs: Sequence[IdPair], batch_size: int, generator: torch.Generator
) -> list[list[IdPair]]:
    """Cut the pairs, in random order, into groups of `batch_size`; the last may be smaller."""
    mixed = _shuffle(pairs, generator)
    return [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]


def padded_batches(
    src_ids: Sequence[Sequence[int]],
    tgt_ids: Sequence[Sequence[int]],
    batch_size: int,
    seed: int = 0,
    bos_id: int | None = None,
    group: Grouping = random_groups,
) -> Iterator[Batch]:
    """Epoch after epoch of padded batches, without an end.

    `group` cuts an epoch into batches: at random, or by length with `padding.bucket_batches`,
    which makes less padding. `bos_id`, where one is given, is put before every target.
    Raises ValueError if the sides differ in number, a sentence is empty, or `batch_size` < 1.
    """
    _check_pairs(src_ids, tgt_ids, batch_size)
    pairs = list(zip(src_ids, tgt_ids, strict=True))
    generator = torch.Generator().manual_seed(seed)

    def epochs() -> Iterator[Batch]:
        while True:
            for chosen in group(pairs, batch_size, generator):
                yield padded_batch(chosen, bos_id)

    return epochs()


def _shuffle(items: Sequence[Item], generator: torch.Generator) -> list[Item]:
    return [items[i] for i in torch.randperm(len(items), generator=generator).tolist()]


def _check_pairs(
    src_ids: Sequence[Sequence[int]], tgt_ids: Sequence[Sequence[int]], batch_size: int
) -> None:
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    if len(src_ids) != len(tgt_ids):
        raise ValueError(
            f"Every source needs its target: got {len(src_ids)} sources, {len(tgt_ids)} targets."
        )
    if not src_ids:
        raise ValueError("There are no sentence pairs to make batches of.")
    for side, sentences in (("source", src_ids), ("target", tgt_ids)):
        for row, ids in enumerate(sentences):
            if len(ids) == 0:
                raise ValueError(f"The {side} of pair {row} is empty: leave that pair out.")
