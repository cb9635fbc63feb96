"""Outcomes and results on the disk: whole or not at all, and never taken for another's."""

import dataclasses

import pytest

from s2s_ref.grading import job
from s2s_ref.grading.job import Job, Outcome
from s2s_ref.grading.results import Result
from s2s_ref.grading.sandbox.limits import Limits
from s2s_ref.grading.store import Cache, Ledger
from s2s_ref.grading.submissions import Submission

JOB = Job(
    lesson=1,
    cells=(("", False, "x = 1"), ("check-rnn-unroll", True, 'check("rnn.unroll", x)')),
    checks={"check-rnn-unroll": ("rnn.unroll",)},
    files={"data/책.txt": b"\x00\xff"},
    key=b"a class",
)
OUTCOME = Outcome(
    outputs=[[], [{"output_type": "stream", "name": "stdout", "text": "책\n"}]],
    counts=[1, None],
    verdicts={"check-rnn-unroll": [{"exercise": "rnn.unroll", "passed": True}]},
    seconds=1.5,
    memory=2**30,
)


def test_jobs_and_outcomes_are_bytes_and_back():
    assert Job.from_bytes(JOB.to_bytes()) == JOB
    assert Outcome.from_bytes(OUTCOME.to_bytes()) == OUTCOME


OTHERS = {
    "lesson": 2,
    "cells": (("", False, "x = 2"), *JOB.cells[1:]),
    "checks": {"check-rnn-unroll": ("rnn.rnn_step",)},
    "files": {"data/책.txt": b"\x00"},
    "key": b"another class",
    "limits": Limits(cell=5),
    "isolation": "unsafe",
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_may_change_the_outcome_changes_the_digest(name):
    assert dataclasses.replace(JOB, **{name: OTHERS[name]}).digest() != JOB.digest()


def test_an_id_that_moves_to_another_cell_changes_the_digest():
    (_, *one), (name, *other) = JOB.cells
    moved = dataclasses.replace(JOB, cells=((name, *one), ("", *other)))
    assert moved.digest() != JOB.digest()


def test_what_decides_nothing_changes_no_digest():
    assert dataclasses.replace(JOB, hidden=("/home",)).digest() == JOB.digest()


def test_other_code_changes_the_digest(monkeypatch):
    before = JOB.digest()
    monkeypatch.setattr(job, "code_version", lambda: b"other")
    assert JOB.digest() != before


def test_an_outcome_is_kept(tmp_path):
    cache = Cache(tmp_path / "runs")
    assert cache.get("ab12") is None
    assert "ab12" not in cache
    cache.put("ab12", OUTCOME)
    assert cache.get("ab12") == OUTCOME
    assert "ab12" in cache
    assert cache.get("ab13") is None
    cache.forget("ab12")
    cache.forget("ab12")
    assert cache.get("ab12") is None


def test_a_failure_of_the_machine_is_not_kept(tmp_path):
    Cache(tmp_path).put("ab12", Outcome(failed="no memory"))
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda _: b"", lambda data: data + b" "])
def test_a_file_that_is_not_whole_is_not_read(tmp_path, spoil):
    Cache(tmp_path).put("ab12", OUTCOME)
    path = tmp_path / "ab" / "12"
    path.write_bytes(spoil(path.read_bytes()))
    assert Cache(tmp_path).get("ab12") is None


def test_the_last_result_is_kept_without_its_verdicts(tmp_path):
    ledger, stamp = Ledger(tmp_path), {"limits": "short", "autograded": [1, 2]}
    kim, name = Submission("kim", "01_rnn"), Submission("김", "01_rnn")
    assert ledger.get(kim) is None
    ledger.put(Result("kim", "01_rnn", score=3, verdicts=[{"passed": True}]), stamp)
    ledger.put(Result("김", "01_rnn", error="\ud800"), stamp)
    assert ledger.get(kim) == ledger.get(kim, stamp) == Result("kim", "01_rnn", score=3)
    assert ledger.get(name).error == "?"
    assert ledger.get(kim, {**stamp, "autograded": None}) is None
    (tmp_path / "01_rnn" / "kim.json").write_text("[]")
    assert ledger.get(kim) is None


def test_the_solution_of_a_registered_lesson_is_kept(tmp_path):
    assert Ledger(tmp_path).registered("01_rnn") == ""
    Ledger(tmp_path).put_registered("01_rnn", "ab12")
    assert Ledger(tmp_path).registered("01_rnn") == "ab12"
