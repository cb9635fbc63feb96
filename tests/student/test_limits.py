"""A student is never stuck: endless loops, the stop button, and long prints."""

import _thread
import contextlib
import signal
import sys
import threading

import numpy
import pytest
import torch

from s2s_ref.student import CheckFailed, check, client, limits
from s2s_ref.student.limits import COLUMNS, FirstLines, observe_all
from s2s_ref.student.protocol import OUT_OF_MEMORY, UNFINISHED, Call
from s2s_ref.student.remote_judge import SOCKET_VARIABLE

CALLS = [Call({"x": 1}), Call({"x": 2}), Call({"x": 3})]

alarms = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no POSIX alarms")


def endless_from_two(x):
    while x > 1:
        x = x + 1
    return x


def stopped_at_two(x):
    if x > 1:
        _thread.interrupt_main()
        while True:
            x = x + 1
    return x


# ------------------------------------------------------------------ calls that do not end


@alarms
@pytest.mark.parametrize(
    ("code", "limit", "told"),
    [
        (endless_from_two, 0.2, "it did not end within 0.2 seconds"),
        (stopped_at_two, 60, "it was stopped before it ended"),
    ],
    ids=["the limit", "the stop button"],
)
def test_a_call_that_does_not_end_is_unfinished_as_are_those_after_it(code, limit, told):
    (first, *others), _ = observe_all(code, CALLS, limit)
    assert first.output == 1
    assert [seen.raised.type_name for seen in others] == [UNFINISHED] * 2
    assert {seen.raised.text for seen in others} == {told}
    loop = {"_thread.interrupt_main()", "while True:", "while x > 1:", "x = x + 1"}
    assert {seen.raised.line for seen in others} <= loop
    assert others[0].raised.line_number > 0


def test_without_a_limit_an_interrupt_is_not_caught():
    with pytest.raises(KeyboardInterrupt):
        observe_all(stopped_at_two, CALLS, None)


@alarms
def test_code_that_catches_errors_of_any_kind_is_stopped_too():
    def stubborn(x):
        for _ in range(2):
            try:
                endless_from_two(x)
            except BaseException:
                x += 1
        endless_from_two(x)

    seen, _ = observe_all(stubborn, CALLS[1:2], 0.1)
    assert seen[0].raised.type_name == UNFINISHED


@alarms
def test_the_alarm_is_as_before_afterwards():
    def never(*_):
        raise AssertionError

    before = signal.signal(signal.SIGALRM, never)
    signal.setitimer(signal.ITIMER_REAL, 50, 7)
    try:
        observe_all(lambda x: x, CALLS, 5)
        assert signal.getsignal(signal.SIGALRM) is never
        left, interval = signal.getitimer(signal.ITIMER_REAL)
        assert (40 < left < 50, interval) == (True, 7)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_outside_the_main_thread_there_is_no_limit():
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(observe_all(len, [Call({"x": []})], 1)[0]))
    thread.start()
    thread.join()
    assert seen[0].output == 0


@alarms
def test_the_card_names_the_line_and_asks_about_the_loop(monkeypatch, capfd):
    monkeypatch.setattr(client, "TIME_LIMIT", 0.3)

    def one_hot(_, vocab_size):
        while True:
            vocab_size += 1

    with pytest.raises(CheckFailed):
        check("rnn.one_hot", one_hot)
    out = " ".join(capfd.readouterr().out.split())
    assert out.startswith("one_hot: it did not end within 0.3 seconds")
    assert "got none" in out
    assert "It was still in your line" in out
    assert "when does that end the loop?" in out


# ------------------------------------------------------------------ memory


def grows(x):
    kept = []
    while x > 1:
        kept.append(bytearray(2**20))
        kept[-1][::4096] = b"x" * 256
    return x


GROWING = ("while x > 1:", "kept.append(bytearray(2**20))", 'kept[-1][::4096] = b"x" * 256')


def one_tensor(x):
    return torch.ones(50, 2**28) if x == 2 else x


def one_list(x):
    return [0] * 10**10 if x == 2 else x


def one_array(x):
    return numpy.ones((2**20, 2**20)) if x == 2 else x


@alarms
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a single allocation")
@pytest.mark.parametrize(
    ("code", "told"),
    [
        (one_tensor, "it asks for 50 GiB of memory at once"),
        (one_list, "it asks for too much memory at once"),
        (one_array, "it asks for too much memory at once"),
    ],
)
def test_one_allocation_that_is_far_too_large_fails_and_the_other_calls_go_on(code, told):
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    (first, second, third), _ = observe_all(code, CALLS, 60)
    assert (first.output, third.output) == (1, 3)
    assert (second.raised.type_name, second.raised.text) == (OUT_OF_MEMORY, told)
    assert "if x == 2" in second.raised.line
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@alarms
def test_memory_that_grows_little_by_little_ends_the_check(monkeypatch):
    monkeypatch.setattr(limits, "MEMORY_LIMIT", 2**26)
    monkeypatch.setattr(limits, "_one_allocation_limited", contextlib.nullcontext)
    (first, *others), _ = observe_all(grows, CALLS, 60)
    assert first.output == 1
    assert [seen.raised.type_name for seen in others] == [UNFINISHED] * 2
    assert others[0].raised.text == "it needs more than 0.0625 GiB of memory"
    assert others[0].raised.line in GROWING


@alarms
def test_the_card_names_the_line_that_needs_too_much_memory(capfd):
    def one_hot(ids, vocab_size):
        return torch.zeros(*ids.shape, vocab_size, 2**33)

    with pytest.raises(CheckFailed):
        check("rnn.one_hot", one_hot)
    out = " ".join(capfd.readouterr().out.split())
    assert "one_hot: it asks for " in out
    assert "GiB of memory at once" in out
    assert "got none" in out
    assert "It was in your line" in out
    assert "return torch.zeros(*ids.shape, vocab_size, 2**33)" in out
    assert "on which sizes does that depend?" in out


def test_where_submissions_are_graded_the_check_has_no_limit(monkeypatch):
    limits = []

    def noted(target, calls, limit):
        limits.append(limit)
        return observe_all(target, calls, None)

    local = client.judge()
    monkeypatch.setattr(client, "_judge", local)
    monkeypatch.setattr(client, "observe_all", noted)
    client.try_check("rnn.one_hot", len)
    monkeypatch.setenv(SOCKET_VARIABLE, "/nowhere")
    client.try_check("rnn.one_hot", len)
    assert limits == [client.TIME_LIMIT, None]


# ------------------------------------------------------------------ what the code prints


def first_lines(*texts):
    lines = FirstLines()
    for text in texts:
        print(text, end="", file=lines)
    return str(lines)


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        ((), ""),
        (("a",), "a"),
        (("a", "b\n", "\n", "c"), "ab\n\nc"),
        (("".join(f"{i}\n" for i in range(20)),), "\n".join(map(str, range(20)))),
        (["x\n"] * 21, "\n".join(["x"] * 20 + ["… and 1 more line"])),
        (["x\n"] * 1500 + ["y"], "\n".join(["x"] * 20 + ["… and 1,481 more lines"])),
        (["x" * 150] * 3, "x" * COLUMNS),
    ],
)
def test_the_first_lines_are_kept_and_the_others_counted(texts, kept):
    assert first_lines(*texts) == kept


def test_what_the_failing_call_printed_stands_below_the_card_and_nothing_above_it(capfd):
    def one_hot(_, vocab_size):
        print("sizes:", vocab_size)
        print(*range(30), sep="\n")

    with pytest.raises(CheckFailed):
        check("rnn.one_hot", one_hot)
    out = capfd.readouterr().out
    assert out.startswith("one_hot: ")
    assert out.count("sizes:") == 1
    lines = out.splitlines()
    assert lines[lines.index("  Your code printed:") + 1].startswith("    sizes: ")
    assert lines[-1] == "    … and 11 more lines"


def test_a_pass_shows_nothing_of_what_was_printed(capfd):
    from s2s_ref.rnn import one_hot

    def noisy(ids, vocab_size):
        print("here")
        return one_hot(ids, vocab_size)

    check("rnn.one_hot", noisy)
    out = capfd.readouterr().out
    assert out.startswith("✓")
    assert "here" not in out
