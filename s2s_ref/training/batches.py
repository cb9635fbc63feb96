"""Batches of sentence pairs: grouped, padded and shuffled."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

Item = TypeVar("Item")
Ids = Sequence[int]


class Batch(NamedTuple):
    """Sentence pairs as ids: all of one length, or padded after the shorter sentences.

    A target ends in `<eos>` where `Vocabulary.encode` wrote it. With `starts_with_bos` it begins
    with `<bos>`, ready for `shift_target`.

    A padded batch says which tokens are real: `src_lengths` counts those of each source, and
    `tgt_mask` is True at those of the targets, `<bos>` included. Without padding both are None.
    """

    src: Int[Tensor, "batch src_len"]
    tgt: Int[Tensor, "batch tgt_len"]
    starts_with_bos: bool = False
    src_lengths: Int[Tensor, " batch"] | None = None
    tgt_mask: Bool[Tensor, "batch tgt_len"] | None = None

    @property
    def tgt_tokens(self) -> int:
        """How many target tokens the model has to write: neither `<bos>` nor padding."""
        tokens = self.tgt.numel() if self.tgt_mask is None else int(self.tgt_mask.sum())
        return tokens - len(self.tgt) * self.starts_with_bos

    @property
    def padding_share(self) -> float:
        """The share of padding in the two tensors, 0 to 1."""
        src = self.src.numel() if self.src_lengths is None else int(self.src_lengths.sum())
        tgt = self.tgt.numel() if self.tgt_mask is None else int(self.tgt_mask.sum())
        return 1 - (src + tgt) / (self.src.numel() + self.tgt.numel())

    def to(self, device: str | torch.device) -> "Batch":
        """The same batch on another device."""
        real = (self.src_lengths, self.tgt_mask)
        moved = [None if tensor is None else tensor.to(device) for tensor in real]
        return Batch(self.src.to(device), self.tgt.to(device), self.starts_with_bos, *moved)


Grouping = Callable[[Sequence[Item], int, torch.Generator], Iterable[Sequence[Item]]]
"""A function that cuts one epoch into batches: it takes pairs, a batch size and a generator, as
`padding.bucket_batches` does."""


def same_length_batches(
    src_ids: Sequence[Ids],
    tgt_ids: Sequence[Ids],
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
    src_ids: Sequence[Ids],
    tgt_ids: Sequence[Ids],
    batch_size: int,
    seed: int = 0,
    bos_id: int | None = None,
) -> Iterator[Batch]:
    """Endless epochs of `same_length_batches`, each in a new random order.

    `fit` takes from it as many batches as it has steps. The same seed gives the same batches.
    Raises ValueError, at the call, as `same_length_batches` does.
    """
    _check_pairs(src_ids, tgt_ids, batch_size)
    generator = torch.Generator().manual_seed(seed)

    def epochs() -> Iterator[Batch]:
        while True:
            yield from same_length_batches(src_ids, tgt_ids, batch_size, generator, bos_id)

    return epochs()


def padded_batch(
    pairs: Sequence[tuple[Ids, Ids]], bos_id: int | None = None, pad_id: int = 0
) -> Batch:
    """Put pairs of any lengths into one batch, with `pad_id` after the shorter sentences.

    `bos_id`, where one is given, is put before every target.
    """
    start = [] if bos_id is None else [bos_id]
    sources = [torch.tensor(src) for src, _ in pairs]
    targets = [torch.tensor([*start, *tgt]) for _, tgt in pairs]
    src, tgt = (pad_sequence(side, True, pad_id) for side in (sources, targets))
    src_lengths, tgt_lengths = (torch.tensor([*map(len, side)]) for side in (sources, targets))
    tgt_mask = torch.arange(tgt.shape[1]) < tgt_lengths.unsqueeze(1)
    return Batch(src, tgt, bos_id is not None, src_lengths, tgt_mask)


def random_groups(
    pairs: Sequence[Item], batch_size: int, generator: torch.Generator
) -> list[list[Item]]:
    """Cut the pairs, in random order, into groups of `batch_size`; the last may be smaller."""
    mixed = _shuffle(pairs, generator)
    return [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]


def padded_batches(
    src_ids: Sequence[Ids],
    tgt_ids: Sequence[Ids],
    batch_size: int,
    seed: int = 0,
    bos_id: int | None = None,
    group: Grouping[tuple[Ids, Ids]] = random_groups,
) -> Iterator[Batch]:
    """Endless epochs of padded batches, each in a new random order.

    `group` cuts an epoch into batches: at random, or by length with `padding.bucket_batches`, which
    needs less padding. `bos_id`, where one is given, is put before every target.
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


def _check_pairs(src_ids: Sequence[Ids], tgt_ids: Sequence[Ids], batch_size: int) -> None:
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
