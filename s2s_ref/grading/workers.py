"""Many jobs at the same time, in processes or on a Dask cluster, even if a worker dies.

Jobs and results are bytes. The jobs of a worker that dies are run again, one at a time, so that a
job which kills its worker is found.
"""

import ctypes
import multiprocessing
import os
import resource
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
"""How often a job is started at most; the second and the third time it runs alone."""

PR_SET_PDEATHSIG = 1

MOST_MEMORY = 4 * 2**30
"""The bytes that a worker may allocate: what a submission sends may be large, in many parts."""

Work = Callable[[bytes], bytes]
Key = TypeVar("Key")


class LostError(RuntimeError):
    """A job whose worker died each time."""


@dataclass
class _Item(Generic[Key]):
    key: Key
    job: bytes
    tries: int = 0


def run_all(
    work: Work,
    jobs: Iterator[tuple[Key, bytes | None]],
    executor_factory: Callable[[], Executor],
    width: int,
) -> Iterator[tuple[Key, bytes | LostError | None]]:
    """Run jobs on an executor, and yield each one's key and result as soon as it is done.

    A key with None in place of a job comes back with None. At most twice `width` jobs are taken at
    a time, so that the memory does not grow with the number of jobs.
    """
    pool = _Pool[Key](work, executor_factory, width)
    try:
        while True:
            yield from pool.start(jobs)
            if not pool.is_busy:
                return
            yield from pool.collect()
    finally:
        pool.end()


class _Pool(Generic[Key]):
    """The running jobs, and the jobs of a dead worker, which run alone."""

    def __init__(self, work: Work, executor_factory: Callable[[], Executor], width: int) -> None:
        self._work, self._factory, self._width = work, executor_factory, width
        self._executor = executor_factory()
        self._running: dict[Future[bytes], _Item[Key]] = {}
        self._suspects: deque[_Item[Key]] = deque()

    @property
    def is_busy(self) -> bool:
        """Whether any job runs."""
        return bool(self._running)

    def start(self, jobs: Iterator[tuple[Key, bytes | None]]) -> Iterator[tuple[Key, None]]:
        """Start as many jobs as there is room for; yield the keys that have none."""
        while not self._suspects and len(self._running) < 2 * self._width:
            taken = next(jobs, None)
            if taken is None:
                break
            key, job = taken
            if job is None:
                yield key, None
            else:
                self._submit(_Item(key, job))
        if self._suspects and not self._running:
            self._submit(self._suspects.popleft())

    def collect(self) -> Iterator[tuple[Key, bytes | LostError]]:
        """Wait until a job has ended, and yield the results."""
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        broken = False
        for future in done:
            item, error = self._running.pop(future), future.exception()
            broken |= isinstance(error, BrokenExecutor)
            if error is None:
                yield item.key, future.result()
            elif item.tries < TRIES:
                self._suspects.append(item)
            else:
                yield item.key, LostError(f"Its worker ended {TRIES} times ({error!r}).")
        if broken:  # all other running jobs are lost too
            self._suspects.extend(self._running.values())
            self._running.clear()
            self._restart()

    def end(self) -> None:
        """Cancel all jobs, without waiting for those that run."""
        try:
            self._executor.shutdown(wait=False, cancel_futures=True)
        except TypeError:  # Dask's executor has no such option; it always cancels
            self._executor.shutdown(wait=False)

    def _restart(self) -> None:
        self.end()
        self._executor = self._factory()

    def _submit(self, item: _Item[Key]) -> None:
        item.tries += 1
        try:
            future = self._executor.submit(self._work, item.job)
        except BrokenExecutor:  # a worker died while no job ran
            self._restart()
            future = self._executor.submit(self._work, item.job)
        self._running[future] = item


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes(count: int) -> Executor:
    """Return a pool of processes that end together with this one."""
    return ProcessPoolExecutor(
        count, multiprocessing.get_context("spawn"), initializer=_prepare, initargs=(os.getpid(),)
    )


def _prepare(parent: int) -> None:
    """Prepare a worker: it uses one thread, because each core has a worker."""
    os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    if hasattr(os, "pidfd_open"):  # Linux: a worker dies with its parent
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def cluster(address: str) -> Executor:
    """Return an executor that uses the workers of a Dask cluster.

    Raises:
        ValueError: Dask is not installed, or no scheduler answers at the address.
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
