"""Comparisons of many runs, stored with the course; the lessons show them beside one live run.

`s2s experiment list` lists them, and `s2s experiment NAME --full` runs one again.
"""

from s2s_ref.experiments.comparison import Comparison, Results
from s2s_ref.experiments.comparison import load as _load

__all__ = ["Comparison", "Results", "comparisons", "find", "load"]


def comparisons() -> list[Comparison]:
    """Return all comparisons of the course."""
    from s2s_ref.experiments import korean, sums_and_dates

    return [*korean.COMPARISONS, *sums_and_dates.COMPARISONS]


def find(name: str) -> Comparison:
    """Return a comparison by its name. Raises ValueError if there is none."""
    known = {comparison.name: comparison for comparison in comparisons()}
    if name not in known:
        raise ValueError(f"There is no comparison {name!r}: choose from {', '.join(known)}.")
    return known[name]


def load(name: str) -> Results:
    """Read the results of a comparison by its name. Raises ValueError if they are not stored."""
    return _load(find(name))
