"""Table 1: target tokens per second of a training step, padding not counted."""

from collections.abc import Callable

import torch

from benchmarks.adapters.contender import Contender, Step, check_sizes, count_parameters
from benchmarks.adapters.floor import Floor
from benchmarks.adapters.ours import Ours
from benchmarks.bars import RATIOS
from benchmarks.report import Measured, Pairs
from benchmarks.rounds import Work, measure
from benchmarks.shapes import LONG, SHORT, Setting, Shape, make_batches

UNIT = "target tokens per second"
ALSO = [
    ("ours, general", "OpenNMT-py, input feed"),
    ("ours, general", "JoeyNMT, luong"),
    ("ours, no attention, lstm", "Keras, no attention, lstm"),
    ("ours, no attention", "Keras, no attention, gru"),
]


def contenders(shape: Shape, peers: bool = True) -> list[Contender]:
    """Build all of them, each with its own random weights."""
    ours = [
        Ours(shape, "no attention"),
        Ours(shape, "no attention", "lstm"),
        Ours(shape, "dot"),
        Ours(shape, "general"),
        Ours(shape, "additive"),
        Ours(shape, "additive", bidirectional=False),
    ]
    if not peers:
        return list(ours)
    from benchmarks.adapters.d2l_book import D2L
    from benchmarks.adapters.joey_nmt import JoeyNMT
    from benchmarks.adapters.keras_torch import Keras
    from benchmarks.adapters.opennmt_py import OpenNMT

    return [
        *ours,
        OpenNMT(shape, "dot"),
        OpenNMT(shape, "general"),
        OpenNMT(shape, "general", input_feed=True),
        JoeyNMT(shape, "luong"),
        JoeyNMT(shape, "luong", input_feed=False),
        JoeyNMT(shape, "bahdanau"),
        D2L(shape),
        Keras(shape, "lstm"),
        Keras(shape, "gru"),
    ]


def run(shape: Shape, rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """Measure both settings."""
    return {setting.name: _measure(shape, setting, rounds, say) for setting in (SHORT, LONG)}


def _measure(shape: Shape, setting: Setting, rounds: int, say: Callable[[str], None]) -> Measured:
    torch.manual_seed(0)
    batches = make_batches(shape, setting)
    works: dict[str, Work] = {}
    everyone = contenders(shape)
    check_sizes(everyone)
    details = {}
    for contender in everyone:
        works[contender.name] = steps(contender, [contender.prepare(batch) for batch in batches])
        details[contender.name] = {"parameters": count_parameters(contender.model)}
    for kind in ("dot", "general"):
        floor = Floor(shape, kind)
        works[floor.name] = floor.training(batches)
    say(f"{setting.name}: {rounds} rounds of {len(works)} contenders")
    tokens = sum(batch.tgt_tokens for batch in batches)
    return Measured(measure(works, rounds), tokens, UNIT, details, pairs(setting.name))


def pairs(setting: str) -> Pairs:
    """The comparisons with a bar, and those that are shown beside them."""
    wanted = [bar for bar in RATIOS if (bar.table, bar.setting) == ("training", setting)]
    return [(bar.faster, bar.slower) for bar in wanted] + ALSO


def steps(contender: Contender, inputs: list) -> Work:
    """Make the work of one round: an update for each batch."""
    step = Step(contender)
    contender.model.train()
    return lambda: [step(one) for one in inputs]
