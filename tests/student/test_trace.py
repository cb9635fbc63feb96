"""The steps of a student's code: what its lines make, with the line, and limits on all of it."""

import sys

import pytest
import torch
from torch import nn

from s2s_ref.student.codec import decode, encode
from s2s_ref.student.protocol import Call
from s2s_ref.student.trace import MOST_ITEMS, MOST_STEPS, RETURNED, trace


def weigh(scores):
    shifted = scores - 1
    return shifted.exp() * 2


def count(words):
    seen = {}
    for word in words:
        seen[word] = seen.get(word, 0) + 1
    return sorted(seen)


def kept(steps):
    return [(step.name, step.value, step.line) for step in steps]


def test_operations_and_variables_are_steps_with_their_lines():
    scores = torch.tensor([1.0, 2.0])
    steps = trace(weigh, Call({"scores": scores}))
    assert [(s.name, s.line) for s in steps] == [
        ("", "shifted = scores - 1"),
        ("shifted", "shifted = scores - 1"),
        ("", "return shifted.exp() * 2"),
        ("", "return shifted.exp() * 2"),
        (RETURNED, "return shifted.exp() * 2"),
    ]
    assert steps[1].line_number == weigh.__code__.co_firstlineno + 1
    assert {step.owner for step in steps} == {"weigh"}
    torch.testing.assert_close(steps[1].value, scores - 1)
    torch.testing.assert_close(steps[-1].value, 2 * (scores - 1).exp())


def test_variables_that_change_in_place_are_followed():
    steps = trace(count, Call({"words": ["b", "a", "b"]}))
    assert [s.value for s in steps if s.name == "seen"] == [
        {},
        {"b": 1},
        {"b": 1, "a": 1},
        {"b": 2, "a": 1},
    ]
    assert kept(steps)[-1] == (RETURNED, ["a", "b"], "return sorted(seen)")


def test_writing_into_a_tensor_is_a_step():
    def fill(size):
        rows = torch.zeros(size)
        rows[1] = 5
        return rows

    values = [s.value.tolist() for s in trace(fill, Call({"size": 2})) if s.name == "rows"]
    assert values == [[0, 0], [0, 5]]


def test_a_module_is_followed_from_its_call_on_with_the_weights_it_was_given():
    class Doubled(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.layer = nn.Linear(size, 1, bias=False)

        def forward(self, inputs):
            return self.layer(inputs)

    weights = {"layer.weight": torch.tensor([[2.0]])}
    (made, returned) = trace(Doubled, Call({"inputs": torch.ones(1)}, {"size": 1}, weights))
    assert made.value.item() == returned.value.item() == 2
    assert made.attached
    assert made.line == "return self.layer(inputs)"


def test_what_came_before_an_error_is_there():
    def fail(numbers):
        doubled = [2 * number for number in numbers]
        return doubled[5]

    assert [(s.name, s.value) for s in trace(fail, Call({"numbers": [1]}))] == [("doubled", [2])]


def test_nothing_is_printed_and_the_tracer_of_the_process_stays(capsys):
    def chatty(number):
        print("hello")
        return number

    before = sys.gettrace()
    trace(chatty, Call({"number": 3}))
    assert capsys.readouterr().out == ""
    assert sys.gettrace() is before


@pytest.mark.parametrize("rounds", [3, 100_000])
def test_steps_are_limited_and_can_be_sent(rounds):
    def loop(rounds):
        total = torch.zeros(())
        for i in range(rounds):
            total = total + i
            if i > 5000:
                return total
        return total

    steps = trace(loop, Call({"rounds": rounds}))
    assert len(steps) <= MOST_STEPS + 1
    assert steps[-1].name == RETURNED
    assert len(decode(encode(steps))) == len(steps)


def test_large_values_and_objects_are_left_out():
    def make(size):
        large = torch.zeros(size)
        thing = object()
        return [large, thing]

    assert trace(make, Call({"size": MOST_ITEMS + 1})) == []
