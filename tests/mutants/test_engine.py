"""The engine makes the mutants that one would write by hand, of small functions and modules."""

import textwrap

import pytest
import torch
from torch import nn

from tests.mutants.engine import mutants


def changes(text, *arguments, given=(), make=lambda answer: answer):
    """Return the changed lines of all mutants of a text that is run with these arguments."""
    names = {"torch": torch, "nn": nn, "EOS": "<eos>"}

    def run(answer):
        make(answer)(*arguments)

    found = mutants(textwrap.dedent(text), names, run, given)
    assert len({mutant.source for mutant in found}) == len(found)
    return {(mutant.before, mutant.after) for mutant in found}


def of_line(line, head, *arguments):
    """Return what becomes of a function's only line, `return` left out."""
    found = changes(f"def f({head}):\n    return {line}", *arguments)
    assert {before for before, _ in found} - {""} == {f"return {line}"}
    return {after.removeprefix("return ") for _, after in found}


def test_a_comparison_is_turned_and_its_limit_moved():
    assert of_line("a < b", "a, b", 1, 2) == {
        *("a <= b", "a > b", "True", "a < 2", "1 < b", "b < b", "a < a"),
        *("str(a < b)", "torch.tensor(a < b)", "pass"),
    }


def test_operations_are_exchanged_and_their_sides_left_out():
    found = of_line("a - b * 2", "a, b", 7, 3)
    assert found >= {
        *("a + b * 2", "a", "b * 2", "b * 2 - a", "a - b / 2", "a - b", "a - 2", "a - b * 3"),
        *("a - b * 1", "7 - b * 2", "a - 3 * 2", "a - 6", "1", "b - b * 2", "a - a * 2", "pass"),
    }
    assert "a - 2 * b" not in found  # it is the same


def test_axes_are_counted_from_the_front_and_only_other_ones_are_taken():
    found = of_line("x.softmax(dim=-1)", "x", torch.zeros(2, 3, 4, requires_grad=True))
    assert {text for text in found if "softmax(dim" in text and text.startswith("x.softmax")} == {
        *("x.softmax(dim=0)", "x.softmax(dim=1)", "x.softmax(dim=-1).detach()"),
        *("x.softmax(dim=-1).round(decimals=2)", "x.softmax(dim=-1)[0]"),
    }
    assert found >= {"x.softmax()", "x", "x.log_softmax(dim=-1)", "x.detach().softmax(dim=-1)"}
    assert of_line("x.shape[0]", "x", torch.zeros(2, 3)) >= {"x.shape[1]", "2"}
    assert of_line("x.unsqueeze(1)", "x", torch.zeros(2, 3)) >= {"x.unsqueeze(0)", "x.unsqueeze(2)"}
    stacked = of_line("torch.stack([x, y], dim=1)", "x, y", torch.ones(2), torch.ones(2))
    assert stacked >= {"torch.stack([x, y], dim=0)", "torch.stack([y, x], dim=1)"}
    assert not [text for text in stacked if "dim=2" in text]


def test_slices_and_ranges_are_one_off():
    found = of_line("x[1:]", "x", [1, 2, 3])
    assert found >= {"x[2:]", "x[0:]", "x[:]", "x[1:-1]", "x"} - {"x"}
    found = of_line("[i for i in range(n)]", "n", 3)
    assert found >= {
        *("[i for i in range(n + 1)]", "[i for i in range(n - 1)]", "[i for i in range(1, n)]"),
        *("[i for i in reversed(range(n))]", "[i for i in range(3)]"),
    }
    found = of_line("x[:, t:t + 1]", "x, t", torch.zeros(2, 3), 0)
    assert found >= {"x[:, t + 1:t + 1]", "x[:, t:t + 2]", "x[:, t:t]", "x[:, :t + 1]", "x[:, t:]"}


def test_conditions_are_turned_and_their_parts_left_out():
    found = of_line("a and (not b)", "a, b", True, False)
    assert found >= {"a or not b", "a", "not b", "a and b", "True and (not b)", "a and (not False)"}
    found = of_line("a if c else b", "a, b, c", 1, 2, False)
    assert found >= {"a if not c else b", "a if True else b", "a if False else b", "b if c else a"}


def test_a_variable_is_exchanged_for_one_of_its_kind_only():
    text = "def f(a, b, c, d, e):\n    return a"
    values = torch.ones(2), torch.zeros(2), torch.zeros(3), torch.zeros(2).long(), None
    found = {after for _, after in changes(text, *values)}
    assert "return b" in found
    assert not found & {"return c", "return d", "return e"}


def test_one_object_with_two_names_is_not_exchanged():
    found = changes("def f(a):\n    b = a\n    return b", [1])
    assert ("return b", "return a") not in found


def test_arguments_are_left_out_and_exchanged():
    found = of_line("max(a, b, key=abs)", "a, b", 1, -2)
    assert found >= {"max(a, key=abs)", "max(b, key=abs)", "max(b, a, key=abs)", "max(a, b)"}
    assert found >= {"min(a, b, key=abs)", "-2"}
    found = of_line("list(zip(a, b, strict=True))", "a, b", [1], [2])
    assert not [text for text in found if "strict=False" in text or "zip(a, b)" in text]


def test_texts_get_small_letters_and_the_notebooks_constants_stay():
    found = of_line("word == EOS", "word", "Hi")
    assert found >= {"word.lower() == EOS", "word != EOS", "'Hi' == EOS"}
    assert not [text for text in found if "<eos>" in text]


def test_lines_are_left_out_and_moved():
    text = """
    def f(xs):
        total = 0
        for x in xs:
            if x == 7:
                break
            total += x
        return total
    """
    found = changes(text, [1, 2, 7, 3])
    lines = "for x in xs: ⏎     if x == 7: ⏎         break ⏎     total += x"
    assert found >= {
        *(("total += x", ""), ("total += x", "total -= x"), ("total += x", "total = x")),
        *(("break", "continue"), ("break", "pass"), ("total = 0", ""), ("return total", "")),
        *(
            ("total = 0", "total = 1"),
            ("return total", "    return total"),
            ("if x == 7: ⏎     break", ""),
        ),
        *((lines, ""), ("if x == 7:", "if x != 7:"), ("for x in xs:", "for x in list(xs)[::-1]:")),
    }
    jump = "if x == 7: ⏎     break"
    assert (f"{jump} ⏎ total += x", f"total += x ⏎ {jump}") in found


def test_only_lines_that_depend_on_each_other_change_places():
    text = "def f(a):\n    b = a + 1\n    c = a + 2\n    return b * c"
    assert not [after for _, after in changes(text, 1) if after == "c = a + 2 ⏎ b = a + 1"]
    text = "def f(a):\n    b = a + 1\n    b = b + 2\n    return b"
    assert [after for _, after in changes(text, 1) if after == "b = b + 2 ⏎ b = a + 1"]


MODULE = """
class Half(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.up = nn.Linear(size, size)
        self.down = nn.Linear(size, size)

    def given(self, x):
        return x + 1

    def forward(self, x: "a tensor") -> "another one":
        '''Say what comes back.'''
        y = self.up(x)
        return y / 2, y
"""


def test_of_a_module_only_the_students_methods_are_changed():
    found = changes(MODULE, torch.ones(3), given=("__init__", "given"), make=lambda made: made(3))
    kept = "y = self.__dict__.setdefault('kept', self.up(x))"
    after = {after for _, after in found}
    assert not [text for text in after if "super" in text or "x + 1" in text or "Say" in text]
    assert after >= {"y = self.down(x)", kept, "return y", "return y / 2", "return (y, y / 2)"}
    assert after >= {"return (y.detach() / 2, y)", "return (y / 3, y)", "return (y / 2, y[0])"}
    assert "return (y / 2, nn.functional.dropout(y, 0.5, self.training))" in after
    assert [text for text in after if text.startswith("@torch.no_grad()")]


def test_a_generator_begins_anew():
    text = "def f(generator):\n    return torch.rand(2, generator=generator)"
    found = {after for _, after in changes(text, torch.Generator())}
    seeded = "torch.Generator().manual_seed(generator.initial_seed())"
    assert f"return torch.rand(2, generator={seeded})" in found


@pytest.mark.parametrize("text", ["def f(x):\n    return x", "def f(x):\n    return -x"])
def test_no_mutant_is_the_answer_itself(text):
    assert not [pair for pair in changes(text, 3) if pair[0] == pair[1]]
