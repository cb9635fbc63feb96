"""Run one task on a number of sentences, in its own process, and time it once all is ready.

`python -m benchmarks.scale_task WHAT SENTENCES FILE`; the file is the one to read. Reading and
generating need no PyTorch, and so it is not imported for them.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path


def task(what: str, sentences: int, file: Path) -> Callable[[], object]:
    """Get everything ready; return the call that is timed."""
    if what == "read":
        from s2s_ref.data.files import read_pairs

        return lambda: read_pairs(file)

    from s2s_ref.data.korean.generate import generate

    if what == "generate":
        generate(10)  # the tables of words
        return lambda: generate(sentences)

    from s2s_ref.capstone.translator import Recipe, prepare, train
    from s2s_ref.training.loop import set_threads

    set_threads(1)
    pairs = generate(sentences)
    choices = Recipe(src_unit="words", tgt_unit="words", src_size=None, tgt_size=None, hidden=64)
    system = prepare(pairs, choices)
    train(system, pairs[: choices.batch], steps=1)  # what is imported at first use
    system.translate([pairs[0].src], beam=1)
    if what == "epoch":
        return lambda: train(system, pairs, steps=-(-sentences // choices.batch))
    texts = [pair.src for pair in pairs]
    return lambda: system.translate(texts, beam=1)


def main(what: str, sentences: str, file: str) -> None:
    """Do one task; print its seconds, and by how much it raised the process's peak memory."""
    timed = task(what, int(sentences), Path(file))
    before, start = _peak(), time.process_time()
    result = timed()
    seconds = time.process_time() - start
    print()
    print(json.dumps({"seconds": seconds, "MB": _peak() - before}))
    del result


def _peak() -> float:
    """The most memory that this process has held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the parent's memory too
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 if sys.platform != "darwin" else 1024**2)


if __name__ == "__main__":
    main(*sys.argv[1:])
