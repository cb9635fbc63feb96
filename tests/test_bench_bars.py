"""`make bench-check`: it says what falls short, and nothing passes by not having been measured.

Nothing is timed here. The stored results are those of one machine on one day.
"""

import json
import subprocess
import sys

import pytest


@pytest.fixture
def check(root, tmp_path):
    """Run the check on results made up for it; returns the exit code and what was printed."""

    def run(tables):
        for table, settings in tables.items():
            stored = {"table": table, "settings": settings}
            (tmp_path / f"{table}.json").write_text(json.dumps(stored), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.bars", str(tmp_path)]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert not done.stderr
        return done.returncode, done.stdout.splitlines()

    return run


@pytest.fixture
def bars(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root))
    from benchmarks import bars

    return bars


def reaching(bars, spare=1.0):
    """Results that reach every bar exactly, or with something to spare."""
    tables = {}
    for bar in bars.RATIOS:
        setting = tables.setdefault(bar.table, {}).setdefault(bar.setting, {"ratios": []})
        median = bar.at_least * spare
        ratio = {"faster": bar.faster, "slower": bar.slower, "min": 0, "median": median, "max": 9}
        setting["ratios"].append(ratio)
    for limit in bars.LIMITS:
        setting = tables.setdefault(limit.table, {}).setdefault(limit.setting, {"numbers": {}})
        setting["numbers"][limit.name] = {"min": 0, "median": limit.at_most / spare, "max": 99}
    return tables


def test_medians_that_reach_every_bar_pass(check, bars):
    total = len(bars.RATIOS) + len(bars.LIMITS)
    assert check(reaching(bars)) == (0, [f"{total} of {total} bars are reached."])


def test_every_bar_is_named_when_it_is_missed(check, bars):
    code, lines = check(reaching(bars, spare=0.99))
    assert code == 1
    assert lines[-1].startswith("0 of ")
    assert len(lines) - 1 == len(set(lines[:-1])) == len(bars.RATIOS) + len(bars.LIMITS)
    missed = "ours, dot / OpenNMT-py, dot is 0.990, must be 1.00"
    assert f"training, {bars.SHORT}: {missed}" in lines
    assert "scale, read: seconds at 16× is 3.03 s, may be 3.00 s" in lines


def test_what_was_not_measured_falls_short(check, bars):
    tables = reaching(bars)
    tables["training"][bars.SHORT]["ratios"].pop(0)
    del tables["scale"]["read"]["numbers"]["memory at 16×"]
    code, lines = check(tables)
    assert code == 1
    assert [line for line in lines if line.endswith("not measured")] == lines[:-1]
    assert len(lines) == 3


def test_without_results_nothing_is_reached(check):
    code, lines = check({})
    assert code == 1
    assert lines[-1].startswith("0 of ")


def test_a_bar_names_a_contender_that_is_stored(root, bars):
    """What is stored was measured with these names; a bar for another name would never be met."""
    for table in ("training", "decoding"):
        path = root / "benchmarks" / "results" / f"{table}.json"
        if not path.exists():
            pytest.skip("nothing is stored yet")
        settings = json.loads(path.read_text("utf-8"))["settings"]
        for bar in bars.RATIOS:
            if bar.table == table:
                assert {bar.faster, bar.slower} <= set(settings[bar.setting]["rows"])
