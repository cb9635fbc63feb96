"""Interleaved rounds: in each, every contender does the same work, in another order.

A machine's speed drifts, and other programs use it. So contenders are compared by their ratio
within a round, and the median of these ratios counts. Other programs can only slow a contender
down, so it works several times in a round, and the fastest time counts. Everyone takes a turn
before anyone takes the next, so a busy second affects each contender once at most.
"""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

Work = Callable[[], object]

TIMES = 3  # in a round

YARDSTICK = "yardstick"
YARDSTICK_SIZE, YARDSTICK_PRODUCTS = 512, 40


@dataclass(frozen=True)
class Spread:
    """Minimum, median and maximum of one number over the rounds."""

    min: float
    median: float
    max: float

    @classmethod
    def of(cls, numbers: list[float]) -> "Spread":
        """Summarise the numbers of all rounds."""
        return cls(min(numbers), statistics.median(numbers), max(numbers))


@dataclass(frozen=True)
class Rounds:
    """Seconds by contender, one number for each round: processor time and wall-clock time."""

    cpu: dict[str, list[float]]
    wall: dict[str, list[float]]
    clock: str = "cpu"

    @property
    def seconds(self) -> dict[str, list[float]]:
        """The seconds that count: processor time, or wall-clock time if a GPU does the work."""
        return self.cpu if self.clock == "cpu" else self.wall

    def per_second(self, name: str, amount: float) -> Spread:
        """How much of its work a contender does in a second, when each round does `amount`."""
        return Spread.of([amount / seconds for seconds in self.seconds[name]])

    def ratio(self, faster: str, slower: str) -> Spread:
        """How many times as fast the first is as the second, round by round."""
        pairs = zip(self.seconds[faster], self.seconds[slower], strict=True)
        return Spread.of([other / own for own, other in pairs])


def measure(contenders: Mapping[str, Work], rounds: int, device: str = "cpu") -> Rounds:
    """Let every contender work in every round, after one time that is not counted.

    The order moves on by one place each round, so that nobody always follows the same one. The
    yardstick, a fixed number of matrix products, takes part under the name `YARDSTICK`.
    """
    named = {YARDSTICK: _yardstick(device), **contenders}
    cpu: dict[str, list[float]] = {name: [] for name in named}
    wall: dict[str, list[float]] = {name: [] for name in named}
    for work in named.values():
        work()
    names = list(named)
    for number in range(rounds):
        first = number % len(names)
        order = names[first:] + names[:first]
        times = [{name: _time(named[name], device) for name in order} for _ in range(TIMES)]
        for name in names:
            cpu[name].append(min(once[name][0] for once in times))
            wall[name].append(min(once[name][1] for once in times))
    return Rounds(cpu, wall, "cpu" if device == "cpu" else "wall")


def _time(work: Work, device: str) -> tuple[float, float]:
    """Seconds of the processor and of the clock that one piece of work takes."""
    gc.collect()
    _wait(device)
    start, start_cpu = time.perf_counter(), time.process_time()
    work()
    _wait(device)
    return time.process_time() - start_cpu, time.perf_counter() - start


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


def _yardstick(device: str) -> Work:
    square = torch.rand(YARDSTICK_SIZE, YARDSTICK_SIZE, device=device)

    def multiply() -> None:
        for _ in range(YARDSTICK_PRODUCTS):
            torch.mm(square, square)

    return multiply


def yardstick_gflops(rounds: Rounds) -> Spread:
    """The yardstick's speed, in thousand million multiplications and additions a second."""
    return rounds.per_second(YARDSTICK, 2 * YARDSTICK_SIZE**3 * YARDSTICK_PRODUCTS / 1e9)
