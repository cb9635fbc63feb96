"""The judge of one submission, outside the student's process.

It answers as `checks/judge.py` does, with a policy of its own: a check is answered once, and only
while the graded cell that makes it runs. The student is told pass or fail; the full verdicts are
recorded. Requests come from a student's code and may be anything.
"""

import contextlib
import select
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from s2s_ref.checks.diagnose import Verdict, unanswered
from s2s_ref.checks.judge import Judge
from s2s_ref.checks.registry import find
from s2s_ref.student.codec import encode
from s2s_ref.student.protocol import Refused
from s2s_ref.student.remote_judge import receive, send

NO_CELL = (
    "This cell is not graded, so its check is not made here. Run the cell in JupyterLab to see its "
    "card."
)
NO_VERDICT = "the check did not finish"
MAX_TEXT = 600
"""Recorded texts are cut after this many characters, and lists after this many items."""


class GradingJudge(Judge):
    """Reach a verdict on each check of a submission's graded cells, once."""

    def __init__(self, cells: Mapping[str, Sequence[str]], key: bytes) -> None:
        """Prepare for these cells, each with the exercises that it checks; `key` is the class's."""
        super().__init__(key)
        self._cells = {cell: tuple(exercises) for cell, exercises in cells.items()}
        self._running = ""
        self._permitted: set[tuple[str, str]] = set()
        self._verdicts: dict[tuple[str, str], dict[str, Any]] = {}
        self._lock = threading.Lock()  # requests come on another thread than `marking`
        for exercises in self._cells.values():
            for name in exercises:
                self.prepared(name)  # now, not in the student's time

    @contextlib.contextmanager
    def marking(self, cell: str) -> Iterator[None]:
        """Answer the checks of this cell, and of no other, for as long as the block runs."""
        with self._lock:
            self._running = cell
        try:
            yield
        finally:
            with self._lock:
                self._running = ""
                self.close_checks()

    def verdicts(self, cell: str) -> list[dict[str, Any]]:
        """Return the verdict on each check of a cell; a check without an answer has failed."""
        with self._lock:
            return [
                self._verdicts.get((cell, name)) or tidy(asdict(unanswered(find(name), NO_VERDICT)))
                for name in self._cells[cell]
            ]

    def ask(self, request: bytes) -> bytes:
        """Answer one request; malformed ones are refused."""
        with self._lock:
            return super().ask(request)

    def permit(self, exercise: str) -> None:
        """Permit one check of an exercise, while a cell runs that makes it."""
        if not self._running:
            raise Refused(NO_CELL)
        if exercise not in self._cells.get(self._running, ()):
            raise Refused("The cell that runs now does not make this check.")
        if (self._running, exercise) in self._permitted:
            raise Refused("This check was requested already. The first answer counts.")
        self._permitted.add((self._running, exercise))

    def report(self, verdict: Verdict, answer: Any) -> Verdict:
        """Record a verdict, and reveal only whether the check passed."""
        record = tidy({**asdict(verdict), "answer": answer})
        self._verdicts[self._running, verdict.exercise] = record
        headline = "passed" if verdict.passed else "not right yet"
        about = (verdict.exercise, verdict.lesson, verdict.number, verdict.passed, headline)
        return Verdict(*about)


def tidy(value: Any) -> Any:
    """Return a value that a notebook can hold: short texts, and nothing that JSON lacks."""
    match value:
        case dict():
            return {str(key): tidy(item) for key, item in value.items()}
        case list() | tuple():
            return [tidy(item) for item in value[:MAX_TEXT]]
        case None | bool():
            return value
        case int() | float() if -1e15 < value < 1e15:
            return value
    text = str(value).encode("utf-8", "replace").decode()  # a lone surrogate cannot be written
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"


@contextlib.contextmanager
def serving(judge: GradingJudge, path: Path) -> Iterator[None]:
    """Let a judge answer on a Unix socket at this path for as long as the block runs."""
    ending, ended = socket.socketpair()
    with socket.socket(socket.AF_UNIX) as listener, ending, ended:
        listener.bind(str(path))
        path.chmod(0o666)  # the mode of its folder decides who can reach it
        listener.listen()
        thread = threading.Thread(target=_serve, args=(judge, listener, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.close()
            thread.join()


def _serve(judge: GradingJudge, listener: socket.socket, ended: socket.socket) -> None:
    """Answer one connection after the other; a slow one delays only its own submission."""
    while ended not in select.select([listener, ended], [], [])[0]:
        channel, _ = listener.accept()
        with channel, contextlib.suppress(OSError):
            try:
                request = receive(channel)
            except OSError as error:
                send(channel, encode({"refused": str(error)[:200]}))
            else:
                send(channel, judge.ask(request))
