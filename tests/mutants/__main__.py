"""`python -m tests.mutants [EXERCISE ...]`: what becomes of the mutants of right answers."""

import argparse
import multiprocessing
import sys

from s2s_ref.checks.registry import load_all
from tests.mutants.runner import KEYS, Outcome, check

COLUMNS = "{:40} {:>8} {:>8} {:>11} {:>10} {:>5}"


def main() -> int:
    """Print a table, the survivors, and the mutants that took more than one key."""
    parser = argparse.ArgumentParser(description="Check the mutants of all right answers.")
    parser.add_argument("exercise", nargs="*", help="rnn.unroll, ...; every exercise if none")
    parser.add_argument("--keys", type=int, default=len(KEYS), help="how many keys to try")
    parser.add_argument("--workers", type=int, default=2, help="how many processes")
    options = parser.parse_args()
    names = options.exercise or [e.name for e in load_all() if e.kind != "prediction"]
    print(COLUMNS.format("", "mutants", "killed", "equivalent", "survivors", "keys"))
    tasks = [(name, options.keys) for name in names]
    with multiprocessing.get_context("spawn").Pool(min(options.workers, len(tasks))) as pool:
        found = []
        for outcome in pool.imap(check, tasks):
            found.append(outcome)
            print(row(outcome), flush=True)
            details(outcome)
    print(COLUMNS.format("all", *map(sum, zip(*map(counts, found), strict=True)), ""))
    return 1 if any(o.holes or o.stale for o in found) else 0


def counts(found: Outcome) -> tuple[int, int, int, int]:
    """Count mutants, killed ones, equivalent ones, and survivors that should have failed."""
    holes, survivors = len(found.holes), len(found.survivors)
    return found.count, found.count - survivors, survivors - holes, holes


def row(found: Outcome) -> str:
    """Write a row of the table; the last column is the greatest number of keys that one took."""
    return COLUMNS.format(found.exercise, *counts(found), max(found.keys.values(), default=1))


def details(found: Outcome) -> None:
    """Print what should not be: survivors, what is listed in vain, and what took several keys."""
    for change in found.holes:
        print("    survives:", change)
    for change in found.stale:
        print("    listed, but does not survive:", change)
    for change, keys in found.keys.items():
        print(f"    took {keys} keys:", change)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
