"""Run every variant of a comparison with several seeds, and store the results.

Each finished run has a file of its own, so that an interrupted comparison continues where it
stopped. A file is used again only if it was made with the same settings. Beside it are the weights
of the model as 16-bit numbers; small ones are stored with the course.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from s2s_ref.training.history import History
from s2s_ref.whole_files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Numbers = dict[str, Any]
"""The measurements of one run, as plain values for JSON."""

Settings = Mapping[str, Any]
Run = Callable[[str, int, Settings], tuple[nn.Module, Numbers]]
Weights = dict[str, Tensor]
"""The parameters of a model by name, as for `load_state_dict`."""

STORE = Path(__file__).parent / "results"
"""The results that the lessons show; a comparison that is run again replaces them."""


@dataclass(frozen=True)
class Results:
    """The measurements of all runs of a comparison, with their settings.

    `runs` has a list for each variant, in the order of the seeds.
    """

    settings: Settings
    seeds: tuple[int, ...]
    runs: dict[str, list[Numbers]] = field(default_factory=dict)

    def series(self, variant: str, key: str) -> list[Any]:
        """Return one measurement of a variant, for each seed."""
        return [run[key] for run in self.runs[variant]]

    def histories(self) -> dict[str, list[History]]:
        """Return the training histories of every variant, one for each seed, for `plots`."""
        return {
            v: [_restore_history(run["history"]) for run in runs] for v, runs in self.runs.items()
        }


@dataclass(frozen=True)
class Comparison:
    """Variants of a model or of its training, each run once with every seed.

    `run(variant, seed, settings)`, a top-level function, trains and measures; `settings` hold
    everything that a run depends on. `table` returns the rows of a table, beginning with its head,
    and `figure` a figure. The weights of the `kept` variants are stored too, for the first seed.
    """

    name: str
    title: str
    variants: tuple[str, ...]
    settings: Settings
    run: Run
    table: Callable[[Results], list[list[str]]]
    figure: Callable[[Results], "Figure"]
    seeds: tuple[int, ...] = (0, 1, 2)
    kept: tuple[str, ...] = ()


def run_all(
    comparison: Comparison,
    store: Path = STORE,
    jobs: int = 1,
    done: Callable[[str, int], None] = lambda *_: None,
) -> Results:
    """Do the missing runs, `jobs` at a time; then store the results and the figure.

    `done` is called after each run. After an interruption, a second call does the remaining runs.
    """
    folder = _runs(comparison, store)
    folder.mkdir(parents=True, exist_ok=True)
    one = partial(_run_one, comparison.run, comparison.settings, folder)
    missing = [place for place in _run_keys(comparison) if _read(comparison, store, *place) is None]
    # A new process for each worker: a fork of one that has used several threads can hang.
    context = get_context("spawn")
    os.environ["OMP_NUM_THREADS"] = "1"  # one process a core, one thread each
    with ProcessPoolExecutor(max_workers=jobs, mp_context=context) as pool:
        waiting = {pool.submit(one, *place): place for place in missing}
        try:
            for future in as_completed(waiting):
                future.result()
                done(*waiting[future])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    results = _collect(comparison, store)
    _write(store / f"{comparison.name}.json", _as_json(results))
    if comparison.kept:
        _save(store / f"{comparison.name}.safetensors", _collect_weights(comparison, store))
    comparison.figure(results).savefig(
        store / f"{comparison.name}.png", dpi=110, bbox_inches="tight"
    )
    return results


def load(comparison: Comparison, store: Path = STORE) -> Results:
    """Read the stored results of a comparison. Raises ValueError if there are none."""
    path = _stored(comparison, store, "json")
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Results(stored["settings"], tuple(stored["seeds"]), stored["runs"])


def load_weights(comparison: Comparison, variant: str, store: Path = STORE) -> Weights:
    """Read the stored weights of a variant. Raises ValueError if none are stored."""
    if variant not in comparison.kept:
        kept = ", ".join(comparison.kept) or "none"
        raise ValueError(f"{comparison.name} stores no weights of {variant!r}, but of: {kept}")
    everything = load_file(_stored(comparison, store, "safetensors"))
    parts = ((*name.partition("/"), weights) for name, weights in everything.items())
    return {name: weights.float() for owner, _, name, weights in parts if owner == variant}


def _stored(comparison: Comparison, store: Path, kind: str) -> Path:
    path = store / f"{comparison.name}.{kind}"
    if not path.is_file():
        raise ValueError(
            f"{comparison.name} has no stored results. Make them: s2s experiment "
            f"{comparison.name} --full"
        )
    return path


def count_missing_runs(comparison: Comparison, store: Path = STORE) -> int:
    """Count the runs that are still to be done."""
    return sum(_read(comparison, store, *place) is None for place in _run_keys(comparison))


def delete_runs(comparison: Comparison, store: Path = STORE) -> None:
    """Delete the files of single runs, so that all are repeated; the stored results stay."""
    for path in _runs(comparison, store).glob("*.*"):
        path.unlink()


def thin_history(history: History, points: int = 60) -> Numbers:
    """Reduce a history to about `points` updates and its validation, with rounded numbers.

    A loss is the mean since the previous point. `Results.histories` interpolates between them.
    """
    count = len(history.losses)
    stride = max(1, count // points)
    kept = [*range(stride, count, stride), count]
    chunks = zip([0, *kept[:-1]], kept, strict=True)
    return {
        "label": history.label,
        "updates": kept,
        "losses": [round(mean(history.losses[start:end]), 4) for start, end in chunks],
        "seconds": [round(history.seconds[end - 1], 2) for end in kept],
        "tgt_tokens": [history.tgt_tokens[end - 1] for end in kept],
        "valid_steps": history.valid_steps,
        "valid": {name: [round(x, 4) for x in row] for name, row in history.valid.items()},
    }


def _restore_history(thin: Mapping[str, Any]) -> History:
    """Interpolate linearly between the updates that were kept."""
    every = np.arange(1, thin["updates"][-1] + 1)
    kept = [0, *thin["updates"]]
    return History(
        thin["label"],
        np.interp(every, thin["updates"], thin["losses"]).tolist(),
        np.interp(every, kept, [0, *thin["seconds"]]).tolist(),
        np.interp(every, kept, [0, *thin["tgt_tokens"]]).astype(int).tolist(),
        list(thin["valid_steps"]),
        {name: list(series) for name, series in thin["valid"].items()},
    )


def _run_keys(comparison: Comparison) -> Iterator[tuple[str, int]]:
    # all variants of a seed first, so that an interrupted comparison can be compared
    return ((v, seed) for seed in comparison.seeds for v in comparison.variants)


def _run_one(run: Run, settings: Settings, folder: Path, variant: str, seed: int) -> None:
    model, numbers = run(variant, seed, settings)
    _save(_path(folder, variant, seed).with_suffix(".safetensors"), model.state_dict())
    _write(_path(folder, variant, seed), {"settings": dict(settings), "numbers": numbers})


def _collect(comparison: Comparison, store: Path) -> Results:
    runs: dict[str, list[Numbers]] = {variant: [] for variant in comparison.variants}
    for variant in comparison.variants:
        for seed in comparison.seeds:
            numbers = _read(comparison, store, variant, seed)
            assert numbers is not None  # all were made just now
            runs[variant].append(numbers)
    return Results(dict(comparison.settings), comparison.seeds, runs)


def _collect_weights(comparison: Comparison, store: Path) -> Weights:
    weights: Weights = {}
    for variant in comparison.kept:
        path = _path(_runs(comparison, store), variant, comparison.seeds[0])
        found = load_file(path.with_suffix(".safetensors"))
        weights |= {f"{variant}/{name}": own for name, own in found.items()}
    return weights


def _read(comparison: Comparison, store: Path, variant: str, seed: int) -> Numbers | None:
    path = _path(_runs(comparison, store), variant, seed)
    kept = variant in comparison.kept and seed == comparison.seeds[0]
    if not path.is_file() or (kept and not path.with_suffix(".safetensors").is_file()):
        return None
    made = json.loads(path.read_text(encoding="utf-8"))
    same = made["settings"] == json.loads(json.dumps(dict(comparison.settings)))
    numbers: Numbers = made["numbers"]
    return numbers if same else None


def _runs(comparison: Comparison, store: Path) -> Path:
    return store / "runs" / comparison.name


def _path(folder: Path, variant: str, seed: int) -> Path:
    name = "".join(letter if letter.isalnum() else "_" for letter in variant)
    return folder / f"{name}-{seed}.json"


def _as_json(results: Results) -> dict[str, Any]:
    return {"settings": results.settings, "seeds": list(results.seeds), "runs": results.runs}


def _write(path: Path, value: Any) -> None:
    write_whole(path, json.dumps(value, ensure_ascii=False) + "\n")


def _save(path: Path, weights: Mapping[str, Tensor]) -> None:
    halves = {name: own.to(torch.float16).contiguous() for name, own in weights.items()}
    write_whole(path, save(halves))
