"""`python -m benchmarks [TABLE ...]`: measure, print, and store in benchmarks/results."""

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"  # read when Keras is imported
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

TABLES = ("training", "decoding", "startup", "scale", "gpu")
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Run the tables that were asked for, all of them if none was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--rounds", type=int, default=7, help="how often each one runs (7)")
    parser.add_argument("--small", action="store_true", help="tiny models, to see that all runs")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where results are stored")
    options = parser.parse_args()
    if wrong := set(options.tables) - set(TABLES):
        parser.error(f"there is no table {', '.join(sorted(wrong))}: choose from {TABLES}")
    if options.small and options.out == RESULTS:
        parser.error("--small measures nothing worth keeping: name another folder with --out")

    import torch

    from benchmarks import machine, report, shapes

    torch.set_num_threads(1)
    machine.keep_memory()
    shape = shapes.SMALL if options.small else shapes.FULL
    for table in options.tables or TABLES:
        module = importlib.import_module(f"benchmarks.{table}")
        facts = machine.describe(getattr(module, "DEVICE", "cpu"))
        start = time.perf_counter()
        measured = module.run(shape, options.rounds, _say)
        if not measured:
            continue
        facts["load_at_end"] = round(os.getloadavg()[0], 1)
        settings = {name: one.to_json() for name, one in measured.items()}
        print(report.as_text(table, settings, options.rounds))
        path = report.store(options.out, table, settings, options.rounds, facts)
        print(f"stored in {path} ({time.perf_counter() - start:.0f} s)\n", flush=True)
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
