"""From measured rounds to what is printed, stored and drawn."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.rounds import YARDSTICK, Rounds, Spread, yardstick_gflops

Pairs = list[tuple[str, str]]
Bars = dict[str, Mapping[str, float]]


@dataclass(frozen=True)
class Measured:
    """One setting of a table: rounds in which every contender did `amount` of some unit.

    `details` are facts of a contender that are stored beside its times, `numbers` are quoted as
    they are, without a comparison.
    """

    rounds: Rounds | None = None
    amount: float = 1.0
    unit: str = ""
    details: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    pairs: Pairs = field(default_factory=list)
    numbers: Mapping[str, Spread] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Convert to plain values, every round included."""
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
    """Write the table as JSON, and as a figure."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{table}.json"
    whole = {"table": table, "machine": dict(facts), "rounds": rounds, "settings": settings}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draw(settings, folder / f"{table}.png")
    return path


def draw(settings: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw a bar for each number, as long as its median; a line goes from minimum to maximum."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    by_unit: dict[str, list[tuple[str, Bars]]] = {}
    for name, setting in settings.items():
        for unit, bars in _bars(setting).items():
            by_unit.setdefault(unit, []).append((name, bars))
    columns = max(map(len, by_unit.values()))
    tallest = max(len(bars) for panels in by_unit.values() for _, bars in panels)
    size = ((6.2 if columns < 3 else 3.4) * columns, (1.2 + 0.3 * tallest) * len(by_unit))
    figure, all_axes = plt.subplots(len(by_unit), columns, figsize=size, squeeze=False)
    for row, (unit, panels) in zip(all_axes, by_unit.items(), strict=True):
        for axes, (name, bars) in zip(row, panels, strict=True):
            _draw_bars(axes, name, unit, bars)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _bars(setting: Mapping[str, Any]) -> dict[str, Bars]:
    """The bars of a setting by unit, from the bottom up; contenders are sorted by speed."""
    if "rows" in setting:
        speeds = {row: facts["speed"] for row, facts in setting["rows"].items()}
        return {setting["unit"]: dict(sorted(speeds.items(), key=lambda row: row[1]["median"]))}
    found: dict[str, Bars] = {"seconds": {}, "MB more than before": {}}
    for name, spread in reversed(setting["numbers"].items()):
        if name.endswith(", seconds"):
            found["seconds"][name.removesuffix(", seconds")] = spread
        for what, unit in zip(("seconds at ", "memory at "), found, strict=True):
            if name.startswith(what):
                found[unit][name.removeprefix(what) + " the data"] = spread
    return {unit: bars for unit, bars in found.items() if bars}


def _draw_bars(axes: Any, title: str, unit: str, bars: Bars) -> None:
    medians = [spread["median"] for spread in bars.values()]
    ends = [
        [spread["median"] - spread["min"] for spread in bars.values()],
        [spread["max"] - spread["median"] for spread in bars.values()],
    ]
    axes.barh(
        list(bars),
        medians,
        xerr=ends,
        color=[_colour(name) for name in bars],
        ecolor="0.3",
        error_kw={"elinewidth": 1},
    )
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(unit, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _colour(row: str) -> str:
    if row.startswith("floor"):
        return "0.85"
    peers = ("OpenNMT-py", "JoeyNMT", "D2L", "Keras", "import torch")
    return "0.6" if row.startswith(peers) else "#2a6fbb"
