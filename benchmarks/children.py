"""Whole processes, measured from outside."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Run:
    """The processor seconds of one process, and its output."""

    cpu: float
    printed: str


def run(command: Sequence[str]) -> Run:
    """Run a command to its end. Raises RuntimeError, with the command's output, if it fails."""
    with tempfile.TemporaryDirectory() as state, tempfile.TemporaryFile("w+") as output:
        environment = {**os.environ, "S2S_STATE": state, "PYTHONPATH": str(ROOT)}
        child = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read()
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{printed}")
    return Run(usage.ru_utime + usage.ru_stime, printed)


def python(*arguments: str) -> Run:
    """Run this Python."""
    return run([sys.executable, "-W", "ignore", *arguments])
