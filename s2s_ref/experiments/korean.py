"""Comparisons on Korean → English: length, capacity, word order, attentions, all models."""

import json
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from torch import nn

from s2s_ref.data.corpus import korean_english
from s2s_ref.data.pairs import Pair
from s2s_ref.data.splits import Splits, split
from s2s_ref.evaluation import plots
from s2s_ref.evaluation.metrics import accuracy_by_position, chrf
from s2s_ref.experiments.comparison import Comparison, Numbers, Results, Settings
from s2s_ref.experiments.translators import (
    Corpus,
    alignment_error,
    exact_matches,
    largest_hidden,
    measure_by_length,
    train,
    train_single_rnn,
    translate,
)
from s2s_ref.models import count_parameters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Bin = tuple[int, int]
RunResult = tuple[nn.Module, Numbers]
"""What a run returns: the trained model and its measurements."""

WORLD: dict[str, Any] = {
    "pairs": 28_000,
    "max_len": 28,
    "share": 0.05,
    "constructions": ["statement", "relative", "number", "negation", "modifier"],
    "test": 500,
    "cell": "lstm",
    "embed": 128,
    "hidden": 128,
    "batch": 64,
    "lr": 0.01,
    "lr_decay": 1.0,
    "steps": 800,
    "every": 100,
}
"""The course's standard world: few words and constructions, learned in half a minute."""

LONG: dict[str, Any] = WORLD | {
    "constructions": [
        *("statement", "and", "but", "because", "relative", "number", "negation", "modifier"),
        *("possession", "list"),
    ],
    "steps": 2000,
    "every": 2000,
    "bins": [[3, 6], [7, 10], [11, 14], [15, 18], [19, 22], [23, 28]],
    "a bin": 250,
    "short": 10,
}
"""A world with long sentences of several clauses, for questions of length."""


def world(settings: Settings = WORLD, reverse: bool = False) -> Corpus:
    """Draw the pairs of a world, and hold some out."""
    return _world(json.dumps(dict(settings)), reverse)


@cache
def _world(settings_text: str, reverse: bool) -> Corpus:
    settings = json.loads(settings_text)
    pairs = _draw(settings, settings["pairs"] + settings["test"], seed=0)
    return Corpus.of(split(pairs, valid=0, test=settings["test"]), reverse=reverse)


def _draw(settings: Settings, count: int, seed: int, **limits: int) -> list[Pair]:
    how = {name: settings[name] for name in ("max_len", "share", "constructions")} | limits
    return korean_english(count, seed=seed, **how)


def lengths_world(settings: Settings, longest: int) -> Corpus:
    """Draw training pairs of at most `longest` words, and as many test pairs for every bin.

    A pair's length is that of its longer side. The vocabularies are those of all lengths.
    """
    return _lengths_world(json.dumps(dict(settings)), longest)


@cache
def _lengths_world(settings_text: str, longest: int) -> Corpus:
    settings = json.loads(settings_text)
    everything = _draw(settings, settings["pairs"], seed=0)
    known = {pair.src for pair in everything} | {pair.tgt for pair in everything}
    tests = [
        pair
        for low, high in settings["bins"]
        for pair in _fresh(settings, known, (low, high))[: settings["a bin"]]
    ]
    whole = Corpus.of(Splits(everything, [], tests))
    if longest >= settings["max_len"]:
        return whole
    short = _draw(settings, settings["pairs"], seed=0, max_len=longest)
    asked = {pair.src for pair in tests} | {pair.tgt for pair in tests}
    kept = [pair for pair in short if pair.src not in asked and pair.tgt not in asked]
    return Corpus(kept, tests, whole.source, whole.target)


def _fresh(settings: Settings, known: set[str], limits: Bin) -> list[Pair]:
    drawn = _draw(settings, 6 * settings["a bin"], 1, min_len=limits[0], max_len=limits[1])
    return [pair for pair in drawn if pair.src not in known and pair.tgt not in known]


# --------------------------------------------------------------------------------------------
# Length and capacity
# --------------------------------------------------------------------------------------------

FIXED, ATTENTION = "fixed context", "attention"
SHORT, ALL = "trained on short sentences", "trained on all lengths"
KINDS = {FIXED: "fixed", ATTENTION: "luong dot"}


def run_length(variant: str, seed: int, settings: Settings) -> RunResult:
    """Train on short sentences only, or on all, and measure by length."""
    name, lengths = variant.split(", ")
    corpus = lengths_world(settings, settings["short" if lengths == SHORT else "max_len"])
    return _measured_by_length(KINDS[name], seed, corpus, settings, settings["hidden"])


def run_capacity(variant: str, seed: int, settings: Settings) -> RunResult:
    """Train on all lengths with the hidden size of the variant, and measure by length."""
    name, _, hidden = variant.rpartition(" ")
    corpus = lengths_world(settings, settings["max_len"])
    return _measured_by_length(
        KINDS[name.removesuffix(", hidden")], seed, corpus, settings, int(hidden)
    )


def _measured_by_length(
    kind: str, seed: int, corpus: Corpus, settings: Settings, hidden: int
) -> RunResult:
    model, numbers = train(kind, seed, corpus, settings, hidden)
    rows = measure_by_length(model, corpus, corpus.test, settings["bins"])
    return model, numbers | {"by length": rows}


def _length_table(results: Results) -> list[list[str]]:
    bins = [f"{low}–{high}" for low, high in results.settings["bins"]]
    rows = [["exact match (%), mean of the seeds", *bins]]
    for variant in results.runs:
        rows.append([variant, *(f"{100 * y:.0f}" for y in mean_by_length(results, variant))])
    return rows


def mean_by_length(results: Results, variant: str, key: str = "exact match") -> list[float]:
    """Average a number over the seeds, for each bin of lengths."""
    runs = [[row[key] for row in rows] for rows in results.series(variant, "by length")]
    return [sum(column) / len(column) for column in zip(*runs, strict=True)]


def curves_by_length(
    results: Results, key: str = "exact match"
) -> dict[str, list[dict[int, float]]]:
    """Return the curves of each variant for `plots`, one for each seed, over the bins' middles."""
    middles = [(low + high) // 2 for low, high in results.settings["bins"]]
    return {
        variant: [
            dict(zip(middles, (row[key] for row in rows), strict=True))
            for rows in results.series(variant, "by length")
        ]
        for variant in results.runs
    }


def _length_figure(results: Results) -> "Figure":
    return plots.accuracy_by_length(
        curves_by_length(results),
        xlabel="length of the longer side (words)",
        ylabel="exact match (% of sentences)",
    )


# --------------------------------------------------------------------------------------------
# Reversing, the four attentions, the ladder
# --------------------------------------------------------------------------------------------

PLAIN, REVERSED = "plain", "reversed"


def run_reversing(variant: str, seed: int, settings: Settings) -> RunResult:
    """Train with the source as it is or reversed; the context is fixed."""
    corpus = world(settings, reverse=variant == REVERSED)
    model, numbers = train("fixed", seed, corpus, settings, settings["hidden"], corpus.test)
    found = translate(model, corpus, corpus.test)
    return model, numbers | _quality(model, corpus) | {"by position": positions(found, corpus)}


def positions(found: Sequence[str], corpus: Corpus, first: int = 10) -> list[float]:
    """Return the accuracy at each of the first target positions."""
    ours = [corpus.target.tokens(text) for text in found]
    gold = [corpus.target.tokens(pair.tgt) for pair in corpus.test]
    return [round(share, 4) for share in accuracy_by_position(ours, gold)[:first]]


FOUR_ATTENTIONS = {
    "Luong, dot": "bidirectional luong dot",
    "Luong, additive": "bidirectional luong additive",
    "Bahdanau, dot": "bidirectional bahdanau dot",
    "Bahdanau, additive": "bidirectional bahdanau additive",
}


def run_four_attentions(variant: str, seed: int, settings: Settings) -> RunResult:
    """Train one of two scores in one of two wirings; all have the same number of parameters."""
    return _run_kind(FOUR_ATTENTIONS[variant], seed, world(settings), settings)


SINGLE = "single RNN"
LADDER = {
    SINGLE: "",
    "encoder–decoder": "fixed",
    "reversed": "fixed",
    "peeky": "peeky",
    "dot": "luong dot",
    "general": "luong general",
    "additive": "luong additive",
}


def run_ladder(variant: str, seed: int, settings: Settings) -> RunResult:
    """Train one model of the course; all have the same number of parameters, updates and tokens."""
    corpus = world(settings, reverse=variant == "reversed")
    if variant == SINGLE:
        return train_single_rnn(seed, corpus, settings)
    return _run_kind(LADDER[variant], seed, corpus, settings)


def _run_kind(kind: str, seed: int, corpus: Corpus, settings: Settings) -> RunResult:
    hidden = largest_hidden(
        settings["parameters"], kind, corpus, settings["embed"], settings["cell"]
    )
    model, numbers = train(kind, seed, corpus, settings, hidden, corpus.test)
    numbers |= _quality(model, corpus)
    score = getattr(model.decoder, "score", None)
    if isinstance(score, nn.Module):
        numbers["score parameters"] = count_parameters(score)
        numbers["alignment error rate"] = alignment_error(model, corpus, corpus.test)
    return model, numbers


def _quality(model: Any, corpus: Corpus) -> Numbers:
    found = translate(model, corpus, corpus.test)
    exact = exact_matches(model, corpus, corpus.test)
    wanted = [pair.tgt for pair in corpus.test]
    return {"exact match": sum(exact) / len(exact), "chrF": round(chrf(found, wanted).value, 2)}


def _quality_table(results: Results) -> list[list[str]]:
    rows = [["", "exact match (%), each seed", "chrF, mean", "parameters", "seconds, mean", "AER"]]
    for variant, runs in results.runs.items():
        errors = [run["alignment error rate"] for run in runs if "alignment error rate" in run]
        rows.append(
            [
                variant,
                " ".join(f"{100 * run['exact match']:.0f}" for run in runs),
                f"{_mean([run['chrF'] for run in runs]):.0f}",
                f"{runs[0]['parameters']:,}",
                f"{_mean([run['seconds'] for run in runs]):.0f}",
                f"{_mean(errors):.2f}" if errors else "–",
            ]
        )
    return rows


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _curves(results: Results) -> "Figure":
    return plots.learning_curves(
        results.histories(), series="exact match", percent=True, title="exact match, held out"
    )


def _ladder_figure(results: Results) -> "Figure":
    exact = {
        f"seed {seed}": [runs[place]["exact match"] for runs in results.runs.values()]
        for place, seed in enumerate(results.seeds)
    }
    rungs = [rung.replace("–", "–\n") for rung in results.runs]
    return plots.bars(exact, rungs, ylabel="exact match (% of sentences)")


COMPARISONS = (
    Comparison(
        "length_curve",
        "Quality by length: a fixed context or attention, trained on short sentences or on all",
        tuple(f"{kind}, {lengths}" for kind in (FIXED, ATTENTION) for lengths in (SHORT, ALL)),
        LONG,
        run_length,
        _length_table,
        _length_figure,
    ),
    Comparison(
        "capacity",
        "Quality by length: a fixed context of 32, 64 and 128 numbers, and attention with 32",
        (*(f"{FIXED}, hidden {size}" for size in (32, 64, 128)), f"{ATTENTION}, hidden 32"),
        LONG,
        run_capacity,
        _length_table,
        _length_figure,
    ),
    Comparison(
        "reversing",
        "Does reading the source backwards help from Korean into English?",
        (PLAIN, REVERSED),
        WORLD,
        run_reversing,
        _quality_table,
        _curves,
    ),
    Comparison(
        "four_attentions",
        "Two scores in two wirings, with equally many parameters",
        tuple(FOUR_ATTENTIONS),
        WORLD | {"parameters": 400_000},
        run_four_attentions,
        _quality_table,
        _curves,
    ),
    Comparison(
        "ladder",
        "Every model of the course, on one corpus and one budget",
        tuple(LADDER),
        WORLD | {"parameters": 400_000},
        run_ladder,
        _quality_table,
        _ladder_figure,
    ),
)
