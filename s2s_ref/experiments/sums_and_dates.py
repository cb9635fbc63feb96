"""Comparisons on sums and dates: what reversing and peeking gain with a fixed context."""

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import torch

from s2s_ref.data import splits, toy_tasks
from s2s_ref.encoder_decoder import shift_target
from s2s_ref.evaluation import plots
from s2s_ref.evaluation.metrics import accuracy_by_position
from s2s_ref.experiments.comparison import Comparison, Numbers, Results, Settings, load_weights
from s2s_ref.experiments.translators import (
    Corpus,
    build,
    exact_matches,
    largest_hidden,
    train,
    translate,
)
from s2s_ref.models import count_parameters
from s2s_ref.padding import Translator

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VARIANTS = {
    "plain": ("fixed", False),
    "reversed": ("fixed", True),
    "peeky": ("peeky", False),
    "reversed and peeky": ("peeky", True),
}
"""For each variant, the decoder and whether the source is reversed."""

SUMS: dict[str, Any] = {
    "task": "sums",
    "pairs": 20_000,
    "digits": 3,
    "test": 500,
    "cell": "gru",
    "embed": 16,
    "hidden": 128,
    "std": 0.01,
    "batch": 64,
    "lr": 0.008,
    "lr_decay": 1.0,
    "steps": 2000,
    "every": 200,
}
"""Embeddings start at N(0, 0.01): with PyTorch's N(0, 1) reversing shows no effect on sums."""

DATES: dict[str, Any] = SUMS | {"task": "dates"}
del DATES["digits"]


def task_corpus(settings: Settings, reverse: bool = False) -> Corpus:
    """Draw the pairs of a task, with one vocabulary of characters, and hold some out."""
    return _task_corpus(json.dumps(dict(settings)), reverse)


@cache
def _task_corpus(settings_text: str, reverse: bool) -> Corpus:
    settings = json.loads(settings_text)
    count = settings["pairs"]
    if settings["task"] == "sums":
        pairs = toy_tasks.sums(count, digits=settings["digits"])
    else:
        pairs = toy_tasks.dates(count)
    # many sums have the same result, so results may be shared between the parts
    parts = splits.split(pairs, valid=0, test=settings["test"], share_targets=True)
    return Corpus.of(parts, unit="characters", shared=True, reverse=reverse)


def hidden_of(variant: str, settings: Settings) -> int:
    """Return the hidden size that gives a variant as many parameters as the plain one has."""
    kind, reverse = VARIANTS[variant]
    corpus = task_corpus(settings, reverse)
    if kind == "fixed":
        return int(settings["hidden"])
    sizes = (corpus, settings["embed"], settings["hidden"], settings["cell"])
    with torch.device("meta"):
        budget = count_parameters(build("fixed", *sizes))
    return largest_hidden(budget, kind, corpus, settings["embed"], settings["cell"])


def run(variant: str, seed: int, settings: Settings) -> tuple[Translator, Numbers]:
    """Train one variant and measure it, in total and at every position of the output."""
    kind, reverse = VARIANTS[variant]
    corpus = task_corpus(settings, reverse)
    hidden = hidden_of(variant, settings)
    model, numbers = train(kind, seed, corpus, settings, hidden, corpus.test)
    exact = exact_matches(model, corpus, corpus.test)
    return model, numbers | {
        "exact match": sum(exact) / len(exact),
        "accuracy by position": accuracies(model, corpus),
        "nats by position": nats_by_position(model, corpus),
    }


def stored_translator(name: str, variant: str) -> tuple[Translator, Corpus]:
    """Return the stored model of a variant of "sums" or "dates", and its corpus.

    Raises ValueError if it is not stored.
    """
    comparison = next((one for one in COMPARISONS if one.name == name), None)
    if comparison is None:
        raise ValueError(f"There is no comparison {name!r} here: choose sums or dates.")
    weights = load_weights(comparison, variant)
    settings, (kind, reverse) = comparison.settings, VARIANTS[variant]
    corpus, hidden = task_corpus(settings, reverse), hidden_of(variant, settings)
    model = build(kind, corpus, settings["embed"], hidden, settings["cell"])
    model.load_state_dict(weights)
    return model.eval(), corpus


def accuracies(model: Translator, corpus: Corpus) -> list[float]:
    """Return the accuracy at each position of the output, including `<eos>`."""
    end = corpus.target.eos_id
    found = [[*corpus.target.encode(text)] for text in translate(model, corpus, corpus.test)]
    gold = [corpus.target.encode(pair.tgt) for pair in corpus.test]
    assert all(ids[-1] == end for ids in gold)
    return [round(share, 4) for share in accuracy_by_position(found, gold)]


@torch.no_grad()
def nats_by_position(model: Translator, corpus: Corpus) -> list[float]:
    """Return the loss at each position of the output, with teacher forcing."""
    batch = corpus.batch(corpus.test)
    assert batch.src_lengths is not None
    assert batch.tgt_mask is not None
    tgt_input, tgt_output = shift_target(batch.tgt)
    log_probs = model(batch.src, batch.src_lengths, tgt_input).log_softmax(dim=-1)
    losses = -log_probs.gather(2, tgt_output.unsqueeze(2)).squeeze(2)
    mask = batch.tgt_mask[:, 1:]
    means = losses.masked_fill(~mask, 0).sum(dim=0) / mask.sum(dim=0)
    return [round(nats, 4) for nats in means.tolist()]


def _table(results: Results) -> list[list[str]]:
    rows = [["", "exact match (%), each seed", "hidden", "parameters"]]
    for variant, runs in results.runs.items():
        exact = " ".join(f"{100 * run['exact match']:.0f}" for run in runs)
        rows.append([variant, exact, str(runs[0]["hidden"]), f"{runs[0]['parameters']:,}"])
    return rows


def _figure(results: Results) -> "Figure":
    return plots.learning_curves(results.histories(), series="exact match", percent=True)


COMPARISONS = (
    Comparison(
        "sums",
        "Sums read as they are, reversed, and with a decoder that peeks",
        tuple(VARIANTS),
        SUMS,
        run,
        _table,
        _figure,
        kept=tuple(VARIANTS),
    ),
    Comparison(
        "dates",
        "Dates read as they are, reversed, and with a decoder that peeks",
        tuple(VARIANTS),
        DATES,
        run,
        _table,
        _figure,
        kept=tuple(VARIANTS),
    ),
)
