"""One plain training loop for any model."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from s2s_ref.training.batches import Batch
from s2s_ref.training.history import History

Loss = Callable[[nn.Module, Batch], Float[Tensor, ""]]
Validate = Callable[[nn.Module], Mapping[str, float]]


def fit(
    model: nn.Module,
    batches: Iterable[Batch],
    loss: Loss,
    *,
    steps: int,
    lr: float = 1e-3,
    lr_decay: float = 0.0,
    clip: float = 1.0,
    seed: int = 0,
    device: str | torch.device = "cpu",
    validate: Validate | None = None,
    every: int = 100,
    label: str = "",
) -> History:
    """Train `model` with Adam for `steps` updates, one batch each, and return the history.

    `loss(model, batch)` is the mean over the batch's target tokens, in nats. The learning rate `lr`
    falls linearly to zero over the last share `lr_decay` of the updates (0: never). Gradients are
    scaled down to a global norm of `clip` (`math.inf`: never). `seed` sets the random numbers drawn
    *while* training; call `set_seed` before building the model to fix its first weights.
    `validate(model)` runs after every `every` updates and after the last, without gradients, in
    eval mode, and without changing the training's random numbers. The model ends on `device`, in
    eval mode.
    Raises ValueError if the batches run out, or the loss or its gradient is not finite.
    """
    _check_run(steps, every, lr_decay, device)
    set_seed(seed)
    model.to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _lr_share(steps, lr_decay))
    history, supply = History(label), iter(batches)
    with _progress_bar(steps, label) as bar:
        for step in range(1, steps + 1):
            batch = _next_batch(supply, step, steps).to(device)
            start = time.perf_counter()
            value = _update(model, batch, loss, optimizer, clip, step)
            schedule.step()
            history.record(value, time.perf_counter() - start, batch.tgt_tokens)
            if validate is not None and (step % every == 0 or step == steps):
                history.record_validation(step, _measure(model, validate))
            bar.set_postfix_str(f"loss {history.losses[-1]:.3f}", refresh=False)
            bar.update()
    model.eval()
    return history


def _update(
    model: nn.Module,
    batch: Batch,
    loss: Loss,
    optimizer: torch.optim.Optimizer,
    clip: float,
    step: int,
) -> float:
    """Change the weights once, and return the loss before that."""
    optimizer.zero_grad()
    value = loss(model, batch)
    _check_loss(value, step)
    value.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    _check_gradient(norm, step)
    optimizer.step()
    return value.item()


def set_seed(seed: int) -> None:
    """Seed Python's, numpy's and torch's random numbers (all devices)."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def set_threads(count: int = 1) -> int:
    """Let torch use `count` threads on the CPU; returns how many it used before.

    One is the right number for small RNNs. A step is a few tiny matrix products, and the next step
    waits for it, so threads have nothing to share. Yet they synchronise at every product, which
    takes longer than the arithmetic on a busy machine.
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
    """A progress bar that vanishes at the end: text in a terminal, a widget in a notebook."""
    from tqdm.auto import tqdm

    options = {"total": steps, "desc": label or "training", "unit": " updates", "leave": False}
    if all(base.__module__ != "tqdm.notebook" for base in tqdm.__mro__):
        with tqdm(**options) as bar:
            yield bar
        return
    from IPython.display import display

    # A closed widget leaves its first line ("0%") in a stored notebook, so empty its output too.
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


def _lr_share(steps: int, lr_decay: float) -> Callable[[int], float]:
    """The share of the learning rate that is left after so many updates."""
    return lambda done: min(1.0, (steps - done) / (steps * lr_decay)) if lr_decay else 1.0


def _check_run(steps: int, every: int, lr_decay: float, device: str | torch.device) -> None:
    if steps < 1 or every < 1:
        raise ValueError(f"steps and every must be at least 1, got {steps} and {every}.")
    if not 0 <= lr_decay <= 1:
        raise ValueError(f"lr_decay is a share of the updates, from 0 to 1, got {lr_decay}.")
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
