"""Batches, and one plain training loop. Given tools: they know no lesson's model."""

import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

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

Loss = Callable[[nn.Module, Batch], Float[Tensor, ""]]
Validate = Callable[[nn.Module], Mapping[str, float]]


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


@dataclass(repr=False)
class History:
    """What one training run did. Plain lists, so that `dataclasses.asdict` gives JSON and back.

    `losses`: nats per token, one for each update. `seconds` and `tgt_tokens`: used from the start
    up to and including each update (validation is not counted). `valid`: a series of numbers for
    each name that `validate` returned, measured after the updates in `valid_steps`.
    """

    label: str = ""
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    tgt_tokens: list[int] = field(default_factory=list)
    valid_steps: list[int] = field(default_factory=list)
    valid: dict[str, list[float]] = field(default_factory=dict)

    @property
    def steps(self) -> list[int]:
        """The number of each update, from 1."""
        return list(range(1, len(self.losses) + 1))

    def recent_loss(self, updates: int = 20) -> float:
        """Mean loss of the last updates, in nats per token; NaN before the first one."""
        recent = self.losses[-updates:]
        return sum(recent) / len(recent) if recent else math.nan

    def record(self, loss: float, seconds: float, tgt_tokens: int) -> None:
        """Add one update: its loss, and the seconds and target tokens that it took."""
        self.losses.append(loss)
        self.seconds.append((self.seconds[-1] if self.seconds else 0.0) + seconds)
        self.tgt_tokens.append((self.tgt_tokens[-1] if self.tgt_tokens else 0) + tgt_tokens)

    def record_validation(self, step: int, numbers: Mapping[str, float]) -> None:
        """Add what `validate` returned after an update. Raises ValueError if its names changed."""
        if self.valid_steps and set(numbers) != set(self.valid):
            raise ValueError(
                f"validate returned {sorted(numbers)} at step {step}, and {sorted(self.valid)} "
                "before: return the same names each time."
            )
        self.valid_steps.append(step)
        for name, number in numbers.items():
            self.valid.setdefault(name, []).append(float(number))

    def __repr__(self) -> str:
        """One line: updates, time, tokens, loss from first to last, the last validation."""
        name = f"History {self.label!r}" if self.label else "History"
        if not self.losses:
            return f"{name}: no updates yet"
        line = (
            f"{name}: {len(self.losses):,} updates, {self.seconds[-1]:.1f} s, "
            f"{self.tgt_tokens[-1]:,} target tokens, "
            f"loss {self.losses[0]:.3f} → {self.recent_loss():.3f} nats per token"
        )
        return ", ".join(
            [line, *(f"{key} {numbers[-1]:.3f}" for key, numbers in self.valid.items())]
        )


def fit(
    model: nn.Module,
    batches: Iterable[Batch],
    loss: Loss,
    *,
    steps: int,
    lr: float = 1e-3,
    fall: float = 0.0,
    clip: float = 1.0,
    seed: int = 0,
    device: str | torch.device = "cpu",
    validate: Validate | None = None,
    every: int = 100,
    label: str = "",
) -> History:
    """Train `model` with Adam for `steps` updates, one batch each, and return what happened.

    `loss(model, batch)` is the mean over the batch's target tokens, in nats. The learning rate `lr`
    falls evenly to zero over the last share `fall` of the updates (0: never). Gradients are scaled
    down to a global norm of `clip` (`math.inf`: never). `seed` sets what is drawn *while* training
    (dropout, coins); call `set_seed` before building the model to fix its first weights.
    `validate(model)` runs after every `every` updates and after the last, without gradients, in
    eval mode, on its own random numbers, so that measuring never changes the training.
    The model ends up on `device`, in eval mode.
    Raises ValueError if the batches run out, or the loss or its gradient is not finite.
    """
    _check_run(steps, every, fall, device)
    set_seed(seed)
    model.to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, _falling(steps, fall))
    history, supply = History(label), iter(batches)
    with _progress_bar(steps, label) as bar:
        for step in range(1, steps + 1):
            batch = _next_batch(supply, step, steps).to(device)
            start = time.perf_counter()
            optimizer.zero_grad()
            value = loss(model, batch)
            _check_loss(value, step)
            value.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
            _check_gradient(norm, step)
            optimizer.step()
            falling.step()
            history.record(value.item(), time.perf_counter() - start, batch.tgt_tokens)
            if validate is not None and (step % every == 0 or step == steps):
                history.record_validation(step, _measure(model, validate))
            bar.set_postfix_str(f"loss {history.losses[-1]:.3f}", refresh=False)
            bar.update()
    model.eval()
    return history


def set_seed(seed: int) -> None:
    """Seed Python's, numpy's and torch's random numbers (all devices)."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def set_threads(count: int = 1) -> int:
    """Let torch use `count` threads on the CPU; returns how many it used before.

    One is the right number for small RNNs. A step is a few tiny matrix products, and the next
    step waits for it: there is nothing to share out, but a pool of threads still wakes, meets and
    spins at every product, and on a busy machine that takes longer than the arithmetic.
    """
    if count < 1:
        raise ValueError(f"The number of threads must be at least 1, got {count}.")
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    return before


def _measure(model: nn.Module, validate: Validate) -> Mapping[str, float]:
    """Call `validate` without gradients, in eval mode, leaving the random numbers as they were."""
    cuda = sorted({p.device.index for p in model.parameters() if p.device.type == "cuda"})
    model.eval()
    with torch.no_grad(), torch.random.fork_rng(devices=cuda):
        numbers = validate(model)
    model.train()
    return numbers


@contextmanager
def _progress_bar(steps: int, label: str) -> Iterator[Any]:
    """A bar that fits the place: text in a terminal, a widget in a notebook; it goes when done."""
    from tqdm.auto import tqdm

    options = {"total": steps, "desc": label or "training", "unit": " updates", "leave": False}
    if all(base.__module__ != "tqdm.notebook" for base in tqdm.__mro__):
        with tqdm(**options) as bar:
            yield bar
        return
    from IPython.display import display

    # A closed widget leaves its first line ("0%") in a stored notebook, so empty its place too.
    with tqdm(**options, display=False) as bar:
        place = display(bar.container, display_id=True)  # type: ignore[no-untyped-call]
        yield bar
    place.update({"text/plain": ""}, raw=True)


def _next_batch(supply: Iterator[Batch], step: int, steps: int) -> Batch:
    try:
        return next(supply)
    except StopIteration:
        raise ValueError(
            f"The batches ran out after {step - 1} of {steps} updates: "
            "pass endless(src_ids, tgt_ids, batch_size)."
        ) from None


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


def _falling(steps: int, fall: float) -> Callable[[int], float]:
    """The share of the learning rate that is left after so many updates."""
    return lambda done: min(1.0, (steps - done) / (steps * fall)) if fall else 1.0


def _check_run(steps: int, every: int, fall: float, device: str | torch.device) -> None:
    if steps < 1 or every < 1:
        raise ValueError(f"steps and every must be at least 1, got {steps} and {every}.")
    if not 0 <= fall <= 1:
        raise ValueError(f"fall is a share of the updates, from 0 to 1, got {fall}.")
    if torch.device(device).type == "cuda" and not torch.cuda.is_available():
        raise ValueError('This machine has no CUDA device that torch can use: pass device="cpu".')


def _check_loss(value: Tensor, step: int) -> None:
    if value.dim() != 0:
        raise ValueError(
            f"The loss must be one number, got shape {list(value.shape)} at step {step}: "
            "take the mean over the target tokens."
        )
    if not value.requires_grad:
        raise ValueError(
            f"The loss at step {step} has no gradient: return it without .item() or .detach()."
        )
    if not value.isfinite():
        raise ValueError(
            f"The loss at step {step} is {value.item()}: lower lr, or look for the log or the "
            "division that meets a zero. The model keeps its weights from before this step."
        )


def _check_gradient(norm: Tensor, step: int) -> None:
    if not norm.isfinite():
        raise ValueError(
            f"The gradient at step {step} has norm {norm.item()} though the loss is finite: lower "
            "lr, or look for a square root or a log at zero. The model keeps its weights from "
            "before this step."
        )
