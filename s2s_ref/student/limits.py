"""Make the calls of a check within limits, and capture what they print."""

import contextlib
import io
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psutil

from s2s_ref.student.observe import describe_error, observe
from s2s_ref.student.protocol import UNFINISHED, Call, Observation

TIME_LIMIT = 10.0
"""The time that all calls of a check may take together in practice, in seconds."""

MEMORY_LIMIT = 2**30
"""The memory that these calls may take in addition to what is in use before, in bytes."""

INTERVAL = 0.1
"""The time between two looks at the limits, in seconds."""

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
        raised = replace(describe_error(stopped), type_name=UNFINISHED)
        unfinished = Observation(raised=raised)
        observations += [unfinished] * (len(calls) - len(observations))
    return observations, list(map(str, printed))


@contextlib.contextmanager
def limited(limit: float | None) -> Iterator[None]:
    """Raise `Stopped` at an interrupt, after `limit` seconds, and when too much memory is in use.

    The limits need POSIX alarms, and the main thread. Without a limit, an interrupt is not caught
    either.
    """
    if limit is None:
        yield
        return
    main = threading.current_thread() is threading.main_thread()
    alarms = main and hasattr(signal, "setitimer")
    try:
        with _one_allocation_limited(), _alarm(limit) if alarms else contextlib.nullcontext():
            yield
    except KeyboardInterrupt as interrupt:
        stopped = Stopped("it was stopped before it ended")
        raise stopped.with_traceback(interrupt.__traceback__) from None


@contextlib.contextmanager
def _alarm(limit: float) -> Iterator[None]:
    """Look at the limits from time to time, and restore the alarm that was set before."""
    started, before = time.monotonic(), psutil.Process().memory_info().rss

    def look(*_: Any) -> None:
        late = time.monotonic() - started > limit
        if not late and psutil.Process().memory_info().rss - before < MEMORY_LIMIT:
            return
        # Look again soon, in case a bare `except` of the student's code catches this.
        signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)
        if late:
            raise Stopped(f"it did not end within {limit:g} seconds")
        raise Stopped(f"it needs more than {MEMORY_LIMIT / 2**30:g} GiB of memory")

    handler = signal.signal(signal.SIGALRM, look)
    left, interval = signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        if left:
            left = max(left - (time.monotonic() - started), 0.01)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


@contextlib.contextmanager
def _one_allocation_limited() -> Iterator[None]:
    """Let a single allocation that is far too large fail, where the system can do that (Linux).

    Such an allocation is one instruction of Python: no alarm interrupts it, and the system may end
    the process before it is over. The limit is twice the other one, because what fails at this one
    may be a thread of Jupyter that needs a few bytes.
    """
    used = getattr(psutil.Process().memory_info(), "data", None)
    if used is None:
        yield
        return
    import resource  # only on POSIX

    before = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = [used + 2 * MEMORY_LIMIT, *(n for n in before if n != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_DATA, (min(wanted), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
