"""Comparisons of many runs, made once and stored: the lessons show them beside one live run.

`s2s experiment list` names them, `s2s experiment NAME --full` makes one again.
"""

from s2s_ref.experiments.comparison import Comparison, Results
from s2s_ref.experiments.comparison import load as _load

__all__ = ["Comparison", "Results", "comparisons", "find", "load"]


def comparisons() -> list[Comparison]:
    """List every stored comparison of the course."""
    from s2s_ref.experiments import korean, sums_and_dates

    return [*korean.COMPARISONS, *sums_and_dates.COMPARISONS]


def find(name: str) -> Comparison:
    """Return a comparison by its name. Raises ValueError where there is none."""
    known = {comparison.name: comparison for comparison in comparisons()}
    if name not in known:
        raise ValueError(f"There is no comparison {name!r}: choose from {', '.join(known)}.")
    return known[name]


def load(name: str) -> Results:
    """Read what the runs of a comparison measured. Raises ValueError where it is not stored."""
    return _load(find(name))
