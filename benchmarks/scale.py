"""Table 4: seconds and memory at 1×, 4× and 16× the data: a sentence's cost must not grow.

Every measurement is a process of its own, `benchmarks.scale_task`.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.children import python
from benchmarks.report import Measured
from benchmarks.rounds import Spread
from benchmarks.shapes import SMALL, Shape

FACTORS = (1, 4, 16)
# Sentences at 1×. At 16× the file has 200,000 pairs.
BASE = {"generate": 1500, "read": 12_500, "epoch": 320, "decode": 200}
DIFFERENT = 5000  # the file repeats so many pairs, each time with another attribution
SHORTER = 20  # what --small divides by


def run(shape: Shape, rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """Run every task at every size once a round."""
    share = SHORTER if shape == SMALL else 1
    say(f"scale: {rounds} rounds of {len(BASE) * len(FACTORS)} processes")
    found: dict[str, list[dict[int, dict[str, float]]]] = {what: [] for what in BASE}
    with tempfile.TemporaryDirectory() as folder:
        files = {factor: Path(folder) / f"{factor}.tsv" for factor in FACTORS}
        for factor, file in files.items():
            _write_pairs(file, BASE["read"] * factor // share)
        for _ in range(rounds):
            for what, base in BASE.items():
                sizes = {
                    factor: _measure(what, base * factor // share, file)
                    for factor, file in files.items()
                }
                found[what].append(sizes)
    return {what: Measured(numbers=_numbers(sizes)) for what, sizes in found.items()}


def _measure(what: str, sentences: int, file: Path) -> dict[str, float]:
    printed = python("-m", "benchmarks.scale_task", what, str(sentences), str(file)).printed
    numbers: dict[str, float] = json.loads(printed.splitlines()[-1])
    return numbers


def _numbers(rounds: list[dict[int, dict[str, float]]]) -> dict[str, Spread]:
    numbers = {}
    for factor in FACTORS:
        numbers[f"seconds at {factor}×"] = Spread.of([sizes[factor]["seconds"] for sizes in rounds])
        numbers[f"memory at {factor}×"] = Spread.of([sizes[factor]["MB"] for sizes in rounds])
    largest = FACTORS[-1]
    numbers["growth of seconds a sentence"] = Spread.of(
        [sizes[largest]["seconds"] / largest / sizes[1]["seconds"] for sizes in rounds]
    )
    return numbers


def _write_pairs(path: Path, count: int) -> None:
    from s2s_ref.data.korean.generate import generate

    pairs = generate(min(count, DIFFERENT))
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            pair = pairs[number % len(pairs)]
            file.write(f"{pair.tgt}\t{pair.src}\tsentence {number}\n")
