"""Many jobs at once: one process a core, or a Dask cluster, and what happens when one dies.

Only our own bytes go in and come out. A worker that is killed, by whoever, costs nothing but time:
what it had in hand is run again, alone, so that a job which takes its worker with it is found.
"""

import ctypes
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import dataclass
from typing import Generic, TypeVar

TRIES = 3
"""So often a job is begun at most; the second time and the third it runs alone."""

PR_SET_PDEATHSIG = 1

Work = Callable[[bytes], bytes]
Key = TypeVar("Key")


class LostError(RuntimeError):
    """A job that took its worker with it, each time."""


@dataclass
class _Item(Generic[Key]):
    key: Key
    job: bytes
    tries: int = 0


def run_all(
    work: Work, jobs: Iterator[tuple[Key, bytes]], make: Callable[[], Executor], width: int
) -> Iterator[tuple[Key, bytes | LostError]]:
    """Run jobs on the executor that `make` makes; give each one's result as soon as it is there.

    No more than twice `width` jobs are taken at a time, so that a large class takes no memory.
    """
    executor, flying, alone = make(), dict[Future[bytes], _Item[Key]](), deque[_Item[Key]]()

    def start(item: _Item[Key]) -> None:
        nonlocal executor
        item.tries += 1
        try:
            future = executor.submit(work, item.job)
        except BrokenExecutor:  # a worker died while nothing was waited for
            executor = make()
            future = executor.submit(work, item.job)
        flying[future] = item

    try:
        while True:
            while not alone and len(flying) < 2 * width and (next_ := next(jobs, None)):
                start(_Item(*next_))
            if alone and not flying:
                start(alone.popleft())
            if not flying:
                return
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            broken = False
            for future in done:
                item, error = flying.pop(future), future.exception()
                broken |= isinstance(error, BrokenExecutor)
                if error is None:
                    yield item.key, future.result()
                elif item.tries < TRIES:
                    alone.append(item)
                else:
                    yield item.key, LostError(f"Its worker ended {TRIES} times ({error!r}).")
            if broken:
                _end(executor)
                alone.extend(flying.values())  # they are lost with the others
                flying.clear()
                executor = make()
    finally:
        _end(executor)


def _end(executor: Executor) -> None:
    """Take no further job, and wait for none."""
    try:
        executor.shutdown(wait=False, cancel_futures=True)
    except TypeError:  # Dask's knows no such option, and cancels by itself
        executor.shutdown(wait=False)


def cores() -> int:
    """Return how many processes may run at a time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes(count: int) -> Executor:
    """Make a pool of processes that end with this one."""
    return ProcessPoolExecutor(
        count, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(os.getpid(),)
    )


def _begin(parent: int) -> None:
    """Begin a worker: one thread for each, for there is one for each core."""
    os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever grades stops the pool
    if hasattr(os, "pidfd_open"):  # Linux: no worker outlives whoever grades
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def cluster(address: str) -> Executor:
    """Use the workers of a Dask cluster.

    Raises:
        ValueError: Dask is not installed, or nobody answers there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(
            "Dask is not installed. Install it: pip install 'seq2seq-course[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=20)
    except (OSError, TimeoutError) as error:
        raise ValueError(f"No Dask scheduler answers at {address}: {error}") from None
    return client.get_executor(pure=False, retries=0)  # type: ignore[no-any-return]
