"""Mistakes that are written as edits of another answer."""

import pytest
from torch import nn

from s2s_ref.checks.source import edited, edited_together, standalone


def total(numbers):
    result = 0
    for number in numbers:
        result += number
    return result


class Doubling(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = 2

    def forward(self, x):
        return self.factor * x


def test_an_edit_replaces_text_and_runs():
    product = edited(total, "product", {"= 0": "= 1", "+=": "*="})
    assert (total([2, 3, 4]), product([2, 3, 4])) == (9, 24)


def test_an_edit_has_a_source_that_stands_alone():
    product = edited(total, "product", {"= 0": "= 1", "+=": "*="})
    bound = {}
    exec(standalone(product, "multiply"), bound)
    assert bound["multiply"]([2, 3, 4]) == 24


def test_an_edit_of_an_edit():
    first = edited(total, "first", {"= 0": "= 1"})
    second = edited(first, "second", {"+=": "*="})
    assert second([2, 3, 4]) == 24


def test_a_class_is_edited_too():
    tripling = edited(Doubling, "Tripling", {"factor = 2": "factor = 3"})
    assert (tripling()(5), tripling.__name__) == (15, "Tripling")
    assert "factor = 3" in standalone(tripling, "Tripling")


@pytest.mark.parametrize(("text", "count"), [("number", 4), ("nowhere", 0)])
def test_a_text_must_occur_exactly_once(text, count):
    with pytest.raises(ValueError, match=f"'{text}' occurs {count} times in total"):
        edited(total, "wrong", {text: "x"})


def test_edits_that_the_compiler_warns_of_do_not_combine(recwarn):
    none, part = {"result = 0": "result = None"}, {"None": "None[:1]"}
    assert edited_together(total, "total", [none]) is not None
    assert edited_together(total, "total", [none, part]) is None
    assert not recwarn
