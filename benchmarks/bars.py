"""What must be reached, and `make bench-check`, which compares the stored results with it.

Nothing is measured here, and nothing imported that needs PyTorch.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"

SHORT, LONG = "lengths 8–16", "lengths 30–50"
GREEDY, BEAM = "greedy", "beam 5"


@dataclass(frozen=True)
class Ratio:
    """How many times as fast one contender must be as another, in the median of the rounds."""

    table: str
    setting: str
    faster: str
    slower: str
    at_least: float


@dataclass(frozen=True)
class Limit:
    """The largest value that a measured number may have."""

    table: str
    setting: str
    name: str
    at_most: float
    unit: str


RATIOS = [
    Ratio("training", setting, faster, slower, bar)
    for setting in (SHORT, LONG)
    for faster, slower, bar in (
        ("ours, dot", "OpenNMT-py, dot", 1.0),
        ("ours, general", "OpenNMT-py, general", 1.0),
        ("ours, dot", "JoeyNMT, luong, no input feed", 1.2),
        ("ours, general", "JoeyNMT, luong, no input feed", 1.2),
        ("ours, dot", "Keras, no attention, lstm", 1.2),
        ("ours, general", "Keras, no attention, lstm", 1.2),
        ("ours, dot", "floor, dot", 0.65),
        ("ours, general", "floor, general", 0.65),
        ("ours, additive", "JoeyNMT, bahdanau", 1.0),
        ("ours, additive, one-way encoder", "D2L, additive, one-way encoder", 1.4),
    )
] + [
    Ratio("decoding", GREEDY, "ours, general", "OpenNMT-py, general", 1.2),
    Ratio("decoding", GREEDY, "ours, general", "JoeyNMT, luong, no input feed", 1.6),
    Ratio("decoding", GREEDY, "ours, general", "floor, general", 0.6),
    Ratio("decoding", BEAM, "ours, general", "OpenNMT-py, general", 1.1),
    Ratio("decoding", BEAM, "ours, general", "JoeyNMT, luong, no input feed", 2.0),
]
# A cost per sentence that grows with the corpus shows as a factor above 1; a timing wavers.
GROWTH = 1.25
LIMITS = [
    Limit("scale", "read", "seconds at 16×", 3.0, "s"),
    Limit("scale", "read", "memory at 16×", 300.0, "MB"),
    *(
        Limit("scale", what, "growth of seconds a sentence", GROWTH, "×")
        for what in ("generate", "read", "epoch", "decode")
    ),
]


def shortfalls(results: Path = RESULTS) -> list[str]:
    """Name every bar that the stored results do not reach, and every number that is missing."""
    stored = {path.stem: json.loads(path.read_text("utf-8")) for path in results.glob("*.json")}
    bars: list[Ratio | Limit] = [*RATIOS, *LIMITS]
    return [line for bar in bars if (line := _shortfall(bar, stored))]


def _shortfall(bar: Ratio | Limit, stored: dict[str, Any]) -> str:
    settings = stored.get(bar.table, {}).get("settings", {})
    measured = settings.get(bar.setting, {})
    if isinstance(bar, Limit):
        what = f"{bar.table}, {bar.setting}: {bar.name}"
        number = measured.get("numbers", {}).get(bar.name)
        if number is None:
            return f"{what}: not measured"
        if number["median"] <= bar.at_most:
            return ""
        return f"{what} is {number['median']:.2f} {bar.unit}, may be {bar.at_most:.2f} {bar.unit}"
    what = f"{bar.table}, {bar.setting}: {bar.faster} / {bar.slower}"
    for ratio in measured.get("ratios", []):
        if (ratio["faster"], ratio["slower"]) == (bar.faster, bar.slower):
            if ratio["median"] >= bar.at_least:
                return ""
            return f"{what} is {ratio['median']:.3f}, must be {bar.at_least:.2f}"
    return f"{what}: not measured"


def main(results: Path = RESULTS) -> int:
    """Print what falls short; return the exit code."""
    short = shortfalls(results)
    total = len(RATIOS) + len(LIMITS)
    for line in short:
        print(line)
    print(f"{total - len(short)} of {total} bars are reached.")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
