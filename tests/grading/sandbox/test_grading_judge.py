"""The judge of a submission: what it answers, what it refuses, and what it records."""

import contextlib
import socket
import struct
import threading
import time

import pytest
import torch
from safetensors.torch import save as save_tensors
from small_course import mistake

from s2s_ref.checks.judge import Judge
from s2s_ref.checks.registry import load_all
from s2s_ref.grading.sandbox.grading_judge import MAX_TEXT, NO_CELL, GradingJudge, serving, tidy
from s2s_ref.rnn import one_hot, rnn_step, unroll
from s2s_ref.student import check, client, codec
from s2s_ref.student import remote_judge as channel
from s2s_ref.student.client import CheckFailed, hint, try_check
from s2s_ref.student.codec import decode, encode
from s2s_ref.student.observe import observe
from s2s_ref.student.protocol import Call, Observation, Raised, Refused

CELLS = {
    "check-one": ["rnn.one_hot"],
    "check-two": ["rnn.rnn_step", "rnn.unroll"],
    "check-guess": ["start_here.nested_list"],
}


@pytest.fixture
def judge():
    return GradingJudge(CELLS, b"a class")


@pytest.fixture
def inside(judge, tmp_path, monkeypatch):
    """The client's side of the socket, as in the student's process."""
    with serving(judge, tmp_path / "judge"):
        monkeypatch.setenv(channel.SOCKET_VARIABLE, str(tmp_path / "judge"))
        monkeypatch.setattr(client, "_judge", None)
        yield


def ask(judge, **request):
    return decode(judge.ask(encode(request)))


def answered(judge, exercise, target):
    cases = ask(judge, do="cases", exercise=exercise)
    return {"ticket": cases["ticket"], "observations": [observe(target, c) for c in cases["calls"]]}


def told(judge, cell):
    return [(v["exercise"], v["passed"], v["mistake"]) for v in judge.verdicts(cell)]


def forgotten(x, hidden, weights_x, weights_h, bias):
    raise NotImplementedError


# ------------------------------------------------------------------ over the socket


@pytest.mark.usefixtures("inside")
def test_the_same_check_passes_in_its_cell(judge, capfd):
    with judge.marking("check-one"):
        check("rnn.one_hot", one_hot)
    with judge.marking("check-two"):
        check("rnn.rnn_step", rnn_step)
        with pytest.raises(CheckFailed):
            check("rnn.unroll", forgotten)
    with judge.marking("check-guess"):
        check("start_here.nested_list", "c")
    assert told(judge, "check-one") == [("rnn.one_hot", True, "")]
    assert told(judge, "check-two") == [("rnn.rnn_step", True, ""), ("rnn.unroll", False, "")]
    assert told(judge, "check-guess") == [("start_here.nested_list", True, "")]
    assert judge.verdicts("check-guess")[0]["answer"] == "c"
    assert "✓ one_hot: passed" in capfd.readouterr().out


@pytest.mark.usefixtures("inside")
def test_the_student_learns_pass_or_fail_and_the_record_the_mistakes_name(judge, capfd):
    ids = {"start": ["start_here.encode_sentence"]}
    judge.__init__(ids, b"a class")
    with judge.marking("start"), pytest.raises(CheckFailed, match="not right yet"):
        check("start_here.encode_sentence", mistake("bos_missing"))
    out = capfd.readouterr().out
    assert "<bos>" not in out
    assert "expected" not in out
    (verdict,) = judge.verdicts("start")
    assert verdict["mistake"] == "bos_missing"
    assert verdict["headline"] == "the sentence has no beginning: <bos> is missing"


@pytest.mark.usefixtures("inside")
def test_between_graded_cells_a_check_says_so_and_stops_nothing(judge, capfd):
    check("rnn.one_hot", one_hot)
    assert capfd.readouterr().out.strip() == NO_CELL
    with judge.marking("check-one"):
        check("rnn.rnn_step", rnn_step)
        assert "does not make this check" in capfd.readouterr().out
        check("rnn.one_hot", one_hot)
    assert told(judge, "check-one") == [("rnn.one_hot", True, "")]


@pytest.mark.usefixtures("inside")
def test_hints_and_the_course_are_known_everywhere(capfd):
    hint("rnn.one_hot")
    client.progress()
    out = capfd.readouterr().out
    assert "Hint 1 of 3" in out
    assert "Lesson 1" in out


@pytest.mark.usefixtures("inside")
def test_a_result_that_is_too_large_is_an_outcome(judge):
    with judge.marking("check-one"), pytest.raises(CheckFailed):
        check("rnn.one_hot", lambda *_: torch.zeros(codec.MAX_BYTES))
    (verdict,) = judge.verdicts("check-one")
    assert "CodecError" in verdict["got"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 3,
        b"GET / HTTP/1.1\r\n\r\n",
        (2**63).to_bytes(8, "big"),
        (codec.MAX_BYTES + 1).to_bytes(8, "big") + b"x",
        (100).to_bytes(8, "big") + b"short",
        (4).to_bytes(8, "big") + b"abcd",
        (0).to_bytes(8, "big"),
    ],
)
@pytest.mark.usefixtures("inside")
def test_whatever_comes_the_next_honest_check_is_answered(judge, tmp_path, raw):
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(str(tmp_path / "judge"))
        wire.sendall(raw)
        wire.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            assert "refused" in decode(channel.receive(wire))
    with judge.marking("check-one"):
        check("rnn.one_hot", one_hot)
    assert told(judge, "check-one") == [("rnn.one_hot", True, "")]


@pytest.mark.usefixtures("inside")
def test_a_slow_message_ends(judge, tmp_path, monkeypatch):
    monkeypatch.setattr(channel, "TIMEOUT", 0.3)
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(str(tmp_path / "judge"))
        ended = threading.Event()

        def drip():
            with contextlib.suppress(OSError):
                while not ended.wait(0.05):
                    wire.sendall(b"\0")

        thread = threading.Thread(target=drip)
        thread.start()
        wire.settimeout(10)
        size = struct.unpack(">Q", wire.recv(8))[0]
        ended.set()
        thread.join()
        assert "took longer" in decode(wire.recv(size))["refused"]
    time.sleep(0.1)
    with judge.marking("check-one"):
        check("rnn.one_hot", one_hot)
    assert told(judge, "check-one")[0][1]


# ------------------------------------------------------------------ what counts


def test_what_was_never_answered_did_not_pass(judge):
    with judge.marking("check-two"):
        ask(judge, do="verdict", **answered(judge, "rnn.unroll", unroll))
    assert told(judge, "check-two") == [("rnn.rnn_step", False, ""), ("rnn.unroll", True, "")]
    assert judge.verdicts("check-two")[0]["headline"] == "the check did not finish"


def test_the_first_verdict_counts(judge):
    with judge.marking("check-one"):
        request = answered(judge, "rnn.one_hot", forgotten)
        assert not ask(judge, do="verdict", **request)["passed"]
        assert "was answered" in ask(judge, do="verdict", **request)["refused"]
        again = ask(judge, do="cases", exercise="rnn.one_hot")
        assert "requested already" in again["refused"]
    with judge.marking("check-one"):
        again = ask(judge, do="cases", exercise="rnn.one_hot")
        assert "requested already" in again["refused"]
    assert told(judge, "check-one") == [("rnn.one_hot", False, "")]


def test_a_ticket_is_void_when_its_cell_has_ended(judge):
    with judge.marking("check-one"):
        request = answered(judge, "rnn.one_hot", one_hot)
    assert "not open" in ask(judge, do="verdict", **request)["refused"]
    with judge.marking("check-two"):
        assert "not open" in ask(judge, do="verdict", **request)["refused"]
    assert told(judge, "check-one") == [("rnn.one_hot", False, "")]


def test_right_answers_to_one_check_are_none_to_another(judge):
    with judge.marking("check-two"):
        first = answered(judge, "rnn.rnn_step", rnn_step)
        other = answered(judge, "rnn.unroll", forgotten)
        assert not ask(judge, do="verdict", **{**other, "observations": first["observations"]})[
            "passed"
        ]
        assert ask(judge, do="verdict", **first)["passed"]


ODD = [
    [],
    [3],
    [None] * 6,
    [[]],
    [{"output": 1}],
    [Raised("a", "b")],
    [Call({})],
    [Observation(gradients=3)],
    [Observation(raised=3, misfit=[1])],
    [Observation(output=float("nan"), changed=7, left="x", attached={"a": 1}, kept=[1])],
    ["x" * 10_000],
]


@pytest.mark.parametrize("observations", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("exercise", ["rnn.rnn_step", "rnn.unroll"])
def test_observations_of_an_odd_form_do_not_pass_and_use_up_the_ticket(
    judge, exercise, observations
):
    with judge.marking("check-two"):
        cases = ask(judge, do="cases", exercise=exercise)
        for count in (1, len(cases["calls"])):
            seen = (observations * count)[: len(cases["calls"])]
            answer = ask(judge, do="verdict", ticket=cases["ticket"], observations=seen)
            assert not answer.get("passed")
    assert (exercise, False, "") in told(judge, "check-two")


@pytest.mark.parametrize(
    "request_",
    [
        None,
        3,
        "verdict",
        [],
        {},
        {"do": "shutdown"},
        {"do": ["cases"]},
        {"do": "cases"},
        {"do": "cases", "exercise": 3},
        {"do": "cases", "exercise": "rnn.one_hot", "key": "practice"},
        {"do": "verdict", "ticket": "1"},
        {"do": "verdict", "ticket": ["1"], "observations": []},
        {"do": "verdict", "ticket": "1", "observations": {}},
        {"do": "hints", "exercise": "../judge"},
        {"do": "_give_cases", "name": "rnn.one_hot"},
    ],
)
def test_requests_of_another_form_are_refused_in_a_sentence(judge, request_):
    with judge.marking("check-one"):
        answer = decode(judge.ask(encode(request_)))
    assert answer["refused"].endswith(".")


def message(value):
    return save_tensors({}, metadata={"value": value})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04K\x01.",  # a pickle
        b"\xff" * 100,
        message("{"),
        message("[" * 100_000 + "]" * 100_000),
        message('{"$record": "Popen", "fields": []}'),
        message('{"$record": "Call", "fields": [["nothing", 1]]}'),
        message('{"$tensor": "9"}'),
        message('{"$dict": [[{"$dict": []}, 1]]}'),
        message("1" * 5000),
        save_tensors({"a": torch.zeros(2)}),
    ],
)
def test_bytes_of_another_make_are_refused(judge, data):
    with judge.marking("check-one"):
        assert decode(judge.ask(data))["refused"]
        assert ask(judge, do="verdict", **answered(judge, "rnn.one_hot", one_hot))["passed"]


def test_the_judge_sends_no_expected_value(judge):
    with judge.marking("check-two"):
        cases = ask(judge, do="cases", exercise="rnn.rnn_step")
    assert set(cases) == {"ticket", "kind", "calls"}
    for call in cases["calls"]:
        sent = [*call.arguments.values(), *call.cotangents.values()]
        expected = rnn_step(*call.arguments.values())
        assert not any(t.shape == expected.shape and torch.allclose(t, expected) for t in sent)


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("kind", ["function", "module", "prediction"])
def test_an_answer_passes_over_the_socket_while_its_cell_runs(judge, kind):
    """All solutions do, in test_stage.py."""
    exercise = next(e for e in load_all() if e.kind == kind)
    judge.__init__({"its cell": [exercise.name]}, b"another class")
    with judge.marking("its cell"):
        assert try_check(exercise.name, exercise.reference)["passed"]
    with pytest.raises(Refused):
        try_check(exercise.name, exercise.reference)


def test_what_a_student_wrote_is_kept_short_and_can_be_written():
    assert tidy("x" * 10_000) == "x" * MAX_TEXT + "…"
    assert tidy(["\ud800", float("inf"), 10**40, True, None, 2.5]) == [
        "?",
        "inf",
        str(10**40),
        True,
        None,
        2.5,
    ]
    assert tidy({1: (2, {"a": torch.zeros(1)})}) == {"1": [2, {"a": "tensor([0.])"}]}


def without_signs(x, h, W_xh, W_hh, b):
    word = x @ W_xh.abs()
    return torch.tanh(word + h @ W_hh + b)


@pytest.mark.usefixtures("inside")
def test_the_card_of_a_grade_says_what_practice_would(judge, monkeypatch):
    """Recording goes over the socket too; the student is told pass or fail only."""
    with judge.marking("check-two"):
        shown = try_check("rnn.rnn_step", without_signs)
    (recorded, _) = judge.verdicts("check-two")
    monkeypatch.delenv(channel.SOCKET_VARIABLE)
    monkeypatch.setattr(client, "_judge", Judge(b"a class"))
    practised = try_check("rnn.rnn_step", without_signs)
    assert recorded["place"] == "the word's part"
    assert (shown["place"], shown["line"], shown["headline"]) == ("", "", "not right yet")
    for part in ("mistake", "place", "right_so_far", "line", "expected", "got", "headline"):
        assert recorded[part] == practised[part], part
