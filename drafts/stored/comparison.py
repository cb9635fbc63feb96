"""The engine: run every variant of a comparison over its seeds, and store what came out.

Each finished run is a file of its own, so that an interrupted comparison goes on where it stopped.
A file is used again only if it was made with the same settings.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Numbers = dict[str, Any]
"""What one run measured: plain values, as JSON holds them."""

STORE = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Comparison:
    """Variants of a model or its training, each run once a seed.

    `run(variant, seed, settings)` trains and measures; `figure` and `rows` show the results, which
    map a variant to its runs in the order of the seeds. `settings` hold all that a run depends on.
    """

    name: str
    title: str
    variants: tuple[str, ...]
    settings: Mapping[str, Any]
    run: Callable[[str, int, Mapping[str, Any]], Numbers]
    rows: Callable[["Results"], list[list[str]]]
    figure: Callable[["Results"], "Figure"]
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True)
class Results:
    """What the runs of a comparison measured, and the settings that they had."""

    settings: Mapping[str, Any]
    seeds: tuple[int, ...]
    runs: dict[str, list[Numbers]] = field(default_factory=dict)

    def series(self, variant: str, key: str) -> list[Any]:
        """List what every run of a variant measured under this key."""
        return [run[key] for run in self.runs[variant]]


def run_all(
    comparison: Comparison,
    store: Path = STORE,
    jobs: int = 1,
    done: Callable[[str, int], None] = lambda *_: None,
) -> Results:
    """Make the runs that are missing, one thread each, `jobs` at a time; then store the whole.

    `done` is called after each run. Interrupted, a second call makes only what is still missing.
    """
    folder = store / comparison.name
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    missing = [p for p in _places(comparison) if _read_run(comparison, folder, *p) is None]
    os.environ["OMP_NUM_THREADS"] = "1"  # one process a core, one thread each
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        waiting = {pool.submit(_run_one, comparison, folder, *place): place for place in missing}
        for future in as_completed(waiting):
            future.result()
            done(*waiting[future])
    runs = {
        v: [_need_run(comparison, folder, v, seed) for seed in comparison.seeds]
        for v in comparison.variants
    }
    results = Results(dict(comparison.settings), comparison.seeds, runs)
    _write(folder / "results.json", _plain(results))
    comparison.figure(results).savefig(folder / "figure.png", dpi=110, bbox_inches="tight")
    return results


def load(comparison: Comparison, store: Path = STORE) -> Results:
    """Read the stored results of a comparison.

    Raises:
        ValueError: it was never made.
    """
    path = store / comparison.name / "results.json"
    if not path.is_file():
        raise ValueError(
            f"{comparison.name} has no stored results. Make them: s2s experiment "
            f"{comparison.name} --full"
        )
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Results(stored["settings"], tuple(stored["seeds"]), stored["runs"])


def missing_runs(comparison: Comparison, store: Path = STORE) -> int:
    """Count the runs that are still to be made."""
    folder = store / comparison.name
    return sum(_read_run(comparison, folder, *place) is None for place in _places(comparison))


def _places(comparison: Comparison) -> Iterator[tuple[str, int]]:
    # all variants of a seed first: an interrupted comparison can then still be compared
    return ((v, seed) for seed in comparison.seeds for v in comparison.variants)


def _run_one(comparison: Comparison, folder: Path, variant: str, seed: int) -> None:
    numbers = comparison.run(variant, seed, comparison.settings)
    made = {"settings": dict(comparison.settings), "numbers": numbers}
    _write(_path(folder, variant, seed), made)


def _read_run(comparison: Comparison, folder: Path, variant: str, seed: int) -> Numbers | None:
    path = _path(folder, variant, seed)
    if not path.is_file():
        return None
    made = json.loads(path.read_text(encoding="utf-8"))
    same = made["settings"] == json.loads(json.dumps(dict(comparison.settings)))
    numbers: Numbers = made["numbers"]
    return numbers if same else None


def _need_run(comparison: Comparison, folder: Path, variant: str, seed: int) -> Numbers:
    numbers = _read_run(comparison, folder, variant, seed)
    assert numbers is not None
    return numbers


def _path(folder: Path, variant: str, seed: int) -> Path:
    return folder / "runs" / f"{variant.replace(' ', '_')}-{seed}.json"


def _plain(results: Results) -> dict[str, Any]:
    return {"settings": results.settings, "seeds": list(results.seeds), "runs": results.runs}


def _write(path: Path, value: Any) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
