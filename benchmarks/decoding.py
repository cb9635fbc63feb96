"""Table 2: sentences per second, greedy and with a beam of 5, always 20 tokens long."""

from collections.abc import Callable

import torch

from benchmarks.adapters.floor import Floor
from benchmarks.adapters.joey_nmt import JoeyNMT
from benchmarks.adapters.opennmt_py import OpenNMT
from benchmarks.adapters.ours import Ours, PlainSearches
from benchmarks.bars import BEAM, GREEDY, RATIOS
from benchmarks.report import Measured, Pairs
from benchmarks.rounds import Work, measure
from benchmarks.shapes import SHORT, Setting, Shape, make_batches

UNIT = "sentences per second"
LENGTH, BEAM_SIZE = 20, 5
SENTENCES = Setting(SHORT.name, SHORT.shortest, SHORT.longest, batches=2)
# What its command line does for a beam of 1, slower than the search that it calls greedy.
AS_A_BEAM = "OpenNMT-py, general, beam of 1"
ALSO = [
    ("ours, additive", "JoeyNMT, bahdanau"),
    ("ours, general", AS_A_BEAM),
    ("ours, general", "ours, general, plain searches"),
]


def run(shape: Shape, rounds: int, say: Callable[[str], None]) -> dict[str, Measured]:
    """Measure both searches."""
    torch.manual_seed(0)
    opennmt = OpenNMT(shape, "general")
    ours = Ours(shape, "general")
    translators = [
        ours,
        PlainSearches(ours),
        Ours(shape, "additive"),
        opennmt,
        JoeyNMT(shape, "luong", input_feed=False),
        JoeyNMT(shape, "bahdanau"),
    ]
    floor = Floor(shape, "general")
    batches = make_batches(shape, SENTENCES)
    measured = {}
    for setting in (GREEDY, BEAM):
        works: dict[str, Work] = {}
        for translator in translators:
            translator.model.eval()
            inputs = [translator.prepare(batch) for batch in batches]
            works[translator.name] = _search(translator, inputs, setting)
            if translator is opennmt and setting == GREEDY:
                works[AS_A_BEAM] = lambda inputs=inputs: [
                    opennmt.beam(one, LENGTH, beam_size=1) for one in inputs
                ]
        beam_size = 1 if setting == GREEDY else BEAM_SIZE
        products = [floor.decoding(batch, LENGTH, beam_size) for batch in batches]
        works[floor.name] = lambda products=products: [work() for work in products]
        say(f"{setting}: {rounds} rounds of {len(works)} contenders")
        sentences = len(batches) * shape.batch
        measured[setting] = Measured(measure(works, rounds), sentences, UNIT, pairs=_pairs(setting))
    return measured


def _search(translator: Ours | OpenNMT | JoeyNMT, inputs: list, setting: str) -> Work:
    if setting == GREEDY:
        return lambda: [translator.greedy(one, LENGTH) for one in inputs]
    return lambda: [translator.beam(one, LENGTH, BEAM_SIZE) for one in inputs]


def _pairs(setting: str) -> Pairs:
    wanted = [bar for bar in RATIOS if (bar.table, bar.setting) == ("decoding", setting)]
    return [(bar.faster, bar.slower) for bar in wanted] + ALSO
