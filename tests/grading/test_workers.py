"""Many jobs at once: nothing is lost when a worker dies, and a job that kills is found."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from s2s_ref.grading.workers import TRIES, LostError, cluster, processes, run_all


def double(job):
    return job * 2


def killed_once(job):
    """The first to come here takes its worker with it."""
    mark = Path(os.fsdecode(job))
    if mark.name == "first" and not mark.exists():
        mark.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return mark.name.encode()


def deadly(job):
    if job == b"deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return job


def odd(job):
    if job == b"odd":
        raise ZeroDivisionError("odd")
    return job


def two():
    return processes(2)


def test_every_job_comes_back_once():
    jobs = ((i, str(i).encode()) for i in range(40))
    results = list(run_all(double, jobs, two, 2))
    assert sorted(results) == [(i, str(i).encode() * 2) for i in range(40)]


def test_no_more_jobs_are_taken_than_are_needed():
    taken = []

    def jobs():
        for i in range(30):
            taken.append(i)
            yield i, b"x"

    results = run_all(double, jobs(), two, 2)
    for done in range(1, 31):
        next(results)
        assert len(taken) <= done + 4
    assert next(results, None) is None


def test_a_key_without_a_job_comes_back_without_a_result():
    jobs = ((i, b"x" if i % 2 else None) for i in range(10))
    assert dict(run_all(double, jobs, two, 2)) == {i: b"xx" if i % 2 else None for i in range(10)}


def test_a_worker_that_is_killed_costs_nothing(tmp_path):
    names = ["first", *map(str, range(10))]
    jobs = ((name, os.fsencode(tmp_path / name)) for name in names)
    results = dict(run_all(killed_once, jobs, two, 2))
    assert results == {name: name.encode() for name in names}


def test_a_job_that_takes_its_worker_each_time_is_found_and_the_others_are_done():
    names = [b"1", b"2", b"deadly", b"3", b"4", b"5"]
    results = dict(run_all(deadly, ((name, name) for name in names), two, 2))
    lost = results.pop(b"deadly")
    assert isinstance(lost, LostError)
    assert str(lost).startswith(f"Its worker ended {TRIES} times")
    assert results == {name: name for name in names if name != b"deadly"}


def test_an_error_of_ours_is_one_too():
    results = dict(run_all(odd, iter([(0, b"odd"), (1, b"even")]), two, 2))
    assert "ZeroDivisionError" in str(results[0])
    assert results[1] == b"even"


PARENT = """
import sys, time
sys.path.insert(0, sys.argv[1])
import test_workers
if __name__ == "__main__":
    jobs = ((i, b"") for i in range(2))
    for _ in test_workers.run_all(test_workers.forever, jobs, test_workers.two, 2):
        pass
"""


def forever(_):
    print(os.getpid(), flush=True)
    time.sleep(600)


def test_no_worker_outlives_the_grader(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    here = str(Path(__file__).parent)
    parent = subprocess.Popen([sys.executable, script, here], stdout=subprocess.PIPE, text=True)
    workers = [int(parent.stdout.readline()) for _ in range(2)]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while any(map(runs, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(runs, workers))


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_cluster_that_is_not_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r"seq2seq-course\[cluster\]"):
        cluster("tcp://127.0.0.1:1")
