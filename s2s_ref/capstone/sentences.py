"""The sentences of a capstone: training pairs, sources and references."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from s2s_ref.data.pairs import Pair


@dataclass(frozen=True)
class Capstone:
    """The sentences of a capstone.

    `references` holds those that are known here, by source: the public half's with a student, all
    of them with the instructor. `thresholds` are chrF scores on the hidden half: each one that is
    reached gives an equal share of the points. `graded` is False for practice.
    """

    train: list[Pair]
    sources: list[str]
    references: dict[str, list[str]]
    thresholds: tuple[float, ...]
    graded: bool = True
    name: str = ""

    @property
    def public(self) -> range:
        """The lines whose references students have, counted from 0: the first half."""
        return range(len(self.sources) // 2)

    @property
    def hidden(self) -> range:
        """The lines that decide the points: the second half."""
        return range(len(self.sources) // 2, len(self.sources))


def check_thresholds(thresholds: Sequence[float]) -> None:
    """Raise ValueError unless thresholds rise, above 0 and up to 100."""
    rising = all(low < high for low, high in pairwise(thresholds))
    if not thresholds or not rising or not 0 < thresholds[0] <= thresholds[-1] <= 100:
        raise ValueError(
            f"Thresholds are chrF scores that rise, above 0 and up to 100, got {list(thresholds)}. "
            "Write for example 20,30,40."
        )
