"""Table 3: processor seconds until something can be done, beside `import torch` alone."""

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.children import Run, python
from benchmarks.children import run as run_command
from benchmarks.report import Measured
from benchmarks.rounds import Spread
from benchmarks.shapes import Shape

FIRST_CHECK = """
import torch
from s2s_ref.student import check
def one_hot(ids, vocab_size):
    return torch.nn.functional.one_hot(ids, vocab_size).float()
check("rnn.one_hot", one_hot)
"""
TORCH = "import torch"
STARTS: dict[str, Callable[[], Run]] = {
    TORCH: lambda: python("-c", TORCH),
    "import s2s_ref": lambda: python("-c", "import s2s_ref"),
    "s2s --help": lambda: run_command([str(Path(sys.executable).with_name("s2s")), "--help"]),
    "first check": lambda: python("-c", FIRST_CHECK),
}


def run(shape: Shape, rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """Start each of them once a round, after one start that is not counted."""
    del shape  # there is no model
    say(f"starts: {rounds} rounds of {len(STARTS)} processes")
    for start in STARTS.values():
        start()
    runs: dict[str, list[Run]] = {name: [] for name in STARTS}
    for _ in range(rounds):
        for name, start in STARTS.items():
            runs[name].append(start())
    numbers = {}
    for name, ones in runs.items():
        numbers[f"{name}, seconds"] = Spread.of([one.cpu for one in ones])
        pairs = zip(ones, runs[TORCH], strict=True)
        if name != TORCH:
            numbers[f"{name} / {TORCH}"] = Spread.of([one.cpu / torch.cpu for one, torch in pairs])
    return {"starts": Measured(numbers=numbers)}
