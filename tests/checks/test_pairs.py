"""Two mistakes at once, and a mistake with another fault in the edge cases."""

import pytest

from s2s_ref.checks.registry import EXERCISES, OF_NO_LESSON, exercise
from s2s_ref.student.client import try_check


@pytest.fixture(autouse=True)
def _forget():
    yield
    for name in [n for n, e in EXERCISES.items() if e.lesson == OF_NO_LESSON]:
        del EXERCISES[name]


def framed(words: list[str], begin: str, end: str) -> list[str]:
    """Put a text before the words and one after them."""
    return [begin, *words, end]


def step_by_step(words, begin, end):
    kept = [begin]
    for word in words:
        kept.append(word)
    kept.append(end)
    return kept


def until_done(words, begin, end):
    kept, rest = [begin], list(words)
    while rest:
        kept.append(rest.pop(0))
    return [*kept, end]


def made(base):
    @exercise(reference=framed, title="Made for a test", edges=[{"count": 0}])
    def frame(draw, count=4):
        words = [str(draw.integer(0, 99)) for _ in range(count)]
        return {"words": words, "begin": "<", "end": ">"}

    frame.alternative(base)
    return frame


def with_edits():
    frame = made(step_by_step)
    for name, replace in {
        "no_begin": {"kept = [begin]": "kept = []"},
        "upper": {"append(word)": "append(word + '!')"},
        "no_end": {"    kept.append(end)\n": ""},
    }.items():
        frame.edit(name, f"this is {name}", base=step_by_step, replace=replace, why="Why.")
    return frame


def without_begin(words, _, end):
    return [*words, end]


def without_begin_and_changed(words, _, end):
    return [*(word + "!" for word in words), end]


def test_two_mistakes_at_once_are_both_named():
    found = try_check(with_edits().name, without_begin_and_changed)
    assert (found["mistake"], found["headline"]) == ("no_begin", "this is no_begin")
    assert found["why"] == "Why. And one thing more: this is upper."


def test_a_single_mistake_is_named_alone():
    found = try_check(with_edits().name, without_begin)
    assert (found["mistake"], found["why"]) == ("no_begin", "Why.")


def test_a_mistake_is_named_whatever_the_edge_cases_do():
    def code(words, _, end):
        return [*words, end] if words else None

    found = try_check(with_edits().name, code)
    assert found["mistake"] == "no_begin"


def test_loops_that_might_not_end_are_not_combined():
    frame = made(until_done)
    frame.edit("kept_on", "it never ends", base=until_done, replace={"while rest": "if rest"})
    frame.edit("no_end", "no end", base=until_done, replace={", end]": "]"})
    found = try_check(frame.name, lambda words, begin, _: [begin, *words[:1]])
    assert not found["mistake"]
