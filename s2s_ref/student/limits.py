"""Make the calls of a check so that the student is never stuck: with a time limit, and quietly."""

import contextlib
import io
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

from s2s_ref.student.observe import describe_error, observe
from s2s_ref.student.protocol import UNFINISHED, Call, Observation, Raised

TIME_LIMIT = 10.0
"""The time that all calls of a check may take together in practice, in seconds."""

LINES, COLUMNS = 20, 200
"""How much is kept of what a call prints."""


class Stopped(BaseException):
    """The student's code was stopped. This is no `Exception`, so that the code lets it pass."""


class FirstLines(io.TextIOBase):
    """A text file that keeps the first lines written to it, and counts the others."""

    def __init__(self) -> None:
        """Begin with no line."""
        self._lines: list[str]
        self._lines, self._count, self._begun = [], 0, False

    def write(self, text: str) -> int:
        """Keep the part of the text that belongs to the first lines."""
        for part in text.splitlines(keepends=True):
            if not self._begun:
                self._count += 1
                if self._count <= LINES:
                    self._lines.append("")
            if self._count <= LINES:
                line = self._lines[-1] + part.rstrip("\n")
                self._lines[-1] = line[:COLUMNS]
            self._begun = not part.endswith("\n")
        return len(text)

    def __str__(self) -> str:
        """Return the first lines, and how many are left out."""
        left = self._count - len(self._lines)
        more = f"… and {left:,} more line{'s' if left > 1 else ''}"
        return "\n".join([*self._lines, more] if left else self._lines)


def observe_all(
    target: Any, calls: list[Call], limit: float | None
) -> tuple[list[Observation], list[str]]:
    """Make the calls of a check; return what was observed, and what each call printed.

    A call that reaches the limit, or that the student interrupts, is unfinished, as are those after
    it. Without a limit an interrupt ends the check.
    """
    observations: list[Observation] = []
    printed: list[FirstLines] = []
    try:
        with limited(limit):
            for call in calls:
                printed.append(FirstLines())
                with contextlib.redirect_stdout(printed[-1]):
                    observations.append(observe(target, call))
    except Stopped as stopped:
        where = describe_error(stopped)
        raised = Raised(UNFINISHED, str(stopped), where.line, where.line_number)
        unfinished = Observation(raised=raised)
        observations += [unfinished] * (len(calls) - len(observations))
    return observations, list(map(str, printed))


@contextlib.contextmanager
def limited(limit: float | None) -> Iterator[None]:
    """Raise `Stopped` at an interrupt and after `limit` seconds; without a limit, never.

    The limit needs POSIX alarms, and the main thread.
    """
    main = threading.current_thread() is threading.main_thread()
    if limit is None:
        yield
        return
    alarms = main and hasattr(signal, "setitimer")
    try:
        with _alarm(limit) if alarms else contextlib.nullcontext():
            yield
    except KeyboardInterrupt as interrupt:
        stopped = Stopped("it was stopped before it ended")
        raise stopped.with_traceback(interrupt.__traceback__) from None


@contextlib.contextmanager
def _alarm(limit: float) -> Iterator[None]:
    """Raise `Stopped` after `limit` seconds, and restore the alarm that was set before."""

    def stop(*_: Any) -> None:
        raise Stopped(f"it did not end within {limit:g} seconds")

    started, handler = time.monotonic(), signal.signal(signal.SIGALRM, stop)
    # It is raised again every second, in case a bare `except` of the student's code caught it.
    left, interval = signal.setitimer(signal.ITIMER_REAL, limit, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        if left:
            left = max(left - (time.monotonic() - started), 0.01)
            signal.setitimer(signal.ITIMER_REAL, left, interval)
