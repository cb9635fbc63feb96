"""Table 4: seconds and memory at 1×, 4× and 16× the data: a sentence's cost must not grow.

Every measurement is a process of its own, which times itself from where its data is ready:
`python -m benchmarks.scale WHAT SENTENCES FILE`.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.children import python
from benchmarks.report import Measured
from benchmarks.rounds import Spread
from benchmarks.shapes import SMALL, Shape

FACTORS = (1, 4, 16)
# Sentences at 1×. At 16× the file has 200,000 pairs.
BASE = {"generate": 1500, "read": 12_500, "epoch": 640, "decode": 200}
DIFFERENT = 5000  # the file repeats so many pairs, each time with another attribution
SHORTER = 20  # what --small divides by


def run(shape: Shape, rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """Run every task at every size once a round."""
    share = SHORTER if shape == SMALL else 1
    say(f"scale: {rounds} rounds of {len(BASE) * len(FACTORS)} processes")
    found: dict[str, list[dict[int, dict[str, float]]]] = {what: [] for what in BASE}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pairs.tsv"
        _write_pairs(file, BASE["read"] * FACTORS[-1] // share)
        for _ in range(rounds):
            for what, base in BASE.items():
                found[what].append(
                    {factor: _measure(what, base * factor // share, file) for factor in FACTORS}
                )
    return {what: Measured(numbers=_numbers(sizes)) for what, sizes in found.items()}


def _measure(what: str, sentences: int, file: Path) -> dict[str, float]:
    printed = python("-m", "benchmarks.scale", what, str(sentences), str(file)).printed
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
    from s2s_ref.grammar import generate

    pairs = generate(min(count, DIFFERENT))
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            pair = pairs[number % len(pairs)]
            file.write(f"{pair.tgt}\t{pair.src}\tsentence {number}\n")


def task(what: str, sentences: int, file: Path) -> Callable[[], object]:
    """Get everything ready; return the call that is timed."""
    if what == "read":
        from s2s_ref.sentence_files import read_pairs

        with file.open(encoding="utf-8") as whole:
            start = [next(whole) for _ in range(sentences)]
        part = file.with_name(f"{sentences}.tsv")
        part.write_text("".join(start), encoding="utf-8")
        return lambda: read_pairs(part)

    from s2s_ref.grammar import generate

    if what == "generate":
        generate(10)  # the tables of words
        return lambda: generate(sentences)

    from s2s_ref.recipe import Recipe, prepare, train
    from s2s_ref.training import set_threads

    set_threads(1)
    pairs = generate(sentences)
    choices = Recipe(src_unit="words", tgt_unit="words", src_size=None, tgt_size=None, hidden=64)
    system = prepare(pairs, choices)
    if what == "epoch":
        return lambda: train(system, pairs, steps=-(-sentences // choices.batch))
    texts = [pair.src for pair in pairs]
    return lambda: system.translate(texts, beam=1)


def main(what: str, sentences: str, file: str) -> None:
    """Do one task; print its seconds, and by how much it raised the process's peak memory."""
    timed = task(what, int(sentences), Path(file))
    before, start = _peak(), time.process_time()
    result = timed()
    seconds = time.process_time() - start
    print()
    print(json.dumps({"seconds": seconds, "MB": _peak() - before}))
    del result


def _peak() -> float:
    """The most memory that this process has held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the parent's memory too
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 if sys.platform != "darwin" else 1024**2)


if __name__ == "__main__":
    main(*sys.argv[1:])
