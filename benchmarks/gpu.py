"""Table 5, where there is a GPU: updates per second, and the share of time that it computes."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from benchmarks.adapters.contender import Step
from benchmarks.adapters.ours import Ours
from benchmarks.report import Measured
from benchmarks.rounds import Spread, Work, measure
from benchmarks.shapes import LONG, SHORT, Shape, make_batches

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
KINDS = ("no attention", "dot", "general", "additive")


def run(shape: Shape, rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """Measure the reference's training step on the GPU; without one, say so."""
    if DEVICE == "cpu":
        say("gpu: PyTorch finds none here, so there is nothing to measure.")
        return {}
    measured = {}
    for setting in (SHORT, LONG):
        torch.manual_seed(0)
        batches = [batch.to(DEVICE) for batch in make_batches(shape, setting)]
        works: dict[str, Work] = {}
        for kind in KINDS:
            contender = Ours(shape, kind)
            contender.model.to(DEVICE).train()
            inputs, step = [contender.prepare(batch) for batch in batches], Step(contender)
            works[contender.name] = lambda step=step, inputs=inputs: [step(one) for one in inputs]
        say(f"{setting.name}: {rounds} rounds of {len(works)} on {torch.cuda.get_device_name()}")
        times = measure(works, rounds, DEVICE)
        shares = {
            f"share of time in kernels, {name}": Spread.of([share_in_kernels(work)])
            for name, work in works.items()
        }
        measured[setting.name] = Measured(times, len(batches), "updates per second", numbers=shares)
    return measured


def share_in_kernels(work: Work) -> float:
    """The share of the time, 0 to 1, in which the GPU runs a kernel of this work."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiled:
        work()
        torch.cuda.synchronize()
    return kernels_share(profiled.events() or [])


def kernels_share(events: Sequence[Any]) -> float:
    """The same, from the profiler's events.

    Named ranges such as an optimiser's step are events of the GPU too, but not kernels.
    """
    kernels = [e for e in events if e.device_type.name == "CUDA" and not e.is_user_annotation]
    if not kernels:
        return 0.0
    start = min(event.time_range.start for event in events)
    end = max(event.time_range.end for event in events)
    return sum(event.time_range.elapsed_us() for event in kernels) / (end - start)
