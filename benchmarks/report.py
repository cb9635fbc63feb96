"""From measured rounds to what is printed, stored and drawn."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.rounds import YARDSTICK, Rounds, Spread, yardstick_gflops

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Measured:
    """One setting of a table: rounds in which every contender did `amount` of some unit.

    `details` are facts of a contender that are stored beside its times, `numbers` what is quoted as
    it is, without a comparison.
    """

    rounds: Rounds | None = None
    amount: float = 1.0
    unit: str = ""
    details: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pairs: Pairs = field(default_factory=list)
    numbers: Mapping[str, Spread] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Everything, the single rounds too."""
        stored: dict[str, Any] = {}
        if self.rounds is not None:
            rounds = self.rounds
            stored = {
                "unit": self.unit,
                "amount": self.amount,
                "clock": rounds.clock,
                "yardstick": asdict(yardstick_gflops(rounds)),
                "rows": {
                    name: {
                        "speed": asdict(rounds.per_second(name, self.amount)),
                        "cpu": _rounded(rounds.cpu[name]),
                        "wall": _rounded(rounds.wall[name]),
                        **self.details.get(name, {}),
                    }
                    for name in rounds.cpu
                    if name != YARDSTICK
                },
                "ratios": [
                    {"faster": faster, "slower": slower, **asdict(rounds.ratio(faster, slower))}
                    for faster, slower in self.pairs
                    if faster in rounds.cpu and slower in rounds.cpu
                ],
            }
        if self.numbers:
            stored["numbers"] = {name: asdict(spread) for name, spread in self.numbers.items()}
        return stored


def _rounded(numbers: list[float]) -> list[float]:
    return [round(number, 5) for number in numbers]


def as_text(table: str, settings: Mapping[str, Mapping[str, Any]], rounds: int) -> str:
    """The table in plain text: minimum, median and maximum over the rounds."""
    lines = [f"{table}, {rounds} rounds, min · median · max"]
    for name, setting in settings.items():
        lines += ["", name + (f" ({setting['unit']})" if "unit" in setting else "")]
        rows = setting.get("rows", {})
        width = max(map(len, [*rows, *setting.get("numbers", {}), ""]))
        for row, facts in rows.items():
            parameters = facts.get("parameters")
            count = f"   {parameters:,} parameters" if parameters else ""
            lines.append(f"  {row:{width}}  {_spread(facts['speed'], '9,.0f')}{count}")
        if "yardstick" in setting:
            yardstick = _spread(setting["yardstick"], "9,.1f")
            lines.append(f"  {'yardstick, GFLOP/s':{width}}  {yardstick}")
        for row, spread in setting.get("numbers", {}).items():
            lines.append(f"  {row:{width}}  {_spread(spread, '9,.2f')}")
        for ratio in setting.get("ratios", []):
            lines.append(f"  {_spread(ratio, '.3f')}  {ratio['faster']} / {ratio['slower']}")
    return "\n".join(lines)


def _spread(spread: Mapping[str, float], form: str) -> str:
    return " · ".join(format(spread[key], form) for key in ("min", "median", "max"))


def store(
    folder: Path,
    table: str,
    settings: Mapping[str, Mapping[str, Any]],
    rounds: int,
    facts: Mapping[str, Any],
) -> Path:
    """Write the table as JSON, and as a figure where it has speeds."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{table}.json"
    whole = {"table": table, "machine": dict(facts), "rounds": rounds, "settings": settings}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if any("rows" in setting for setting in settings.values()):
        draw(settings, folder / f"{table}.png")
    return path


def draw(settings: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw a bar for each contender, as long as its median; a line goes from minimum to maximum."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    drawn = {name: setting for name, setting in settings.items() if "rows" in setting}
    tallest = max(len(setting["rows"]) for setting in drawn.values())
    size = (6.2 * len(drawn), 1.2 + 0.3 * tallest)
    figure, all_axes = plt.subplots(1, len(drawn), figsize=size, squeeze=False)
    for axes, (name, setting) in zip(all_axes[0], drawn.items(), strict=True):
        rows = sorted(setting["rows"].items(), key=lambda row: row[1]["speed"]["median"])
        speeds = [facts["speed"] for _, facts in rows]
        medians = [speed["median"] for speed in speeds]
        ends = [[s["median"] - s["min"] for s in speeds], [s["max"] - s["median"] for s in speeds]]
        axes.barh(
            [row for row, _ in rows],
            medians,
            xerr=ends,
            color=[_colour(row) for row, _ in rows],
            ecolor="0.3",
            error_kw={"elinewidth": 1},
        )
        axes.set_title(name, fontsize=10)
        axes.set_xlabel(setting["unit"], fontsize=9)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _colour(row: str) -> str:
    if row.startswith("ours"):
        return "#2a6fbb"
    return "0.85" if row.startswith("floor") else "0.6"
