"""The place of the first difference, on small exercises of which each step is known."""

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from s2s_ref.checks.judge import Judge
from s2s_ref.checks.prepare import prepare
from s2s_ref.checks.registry import EXERCISES, OF_NO_LESSON, exercise
from s2s_ref.student import card, client
from s2s_ref.student.codec import decode, encode
from s2s_ref.student.observe import observe
from s2s_ref.student.protocol import Step


@pytest.fixture(autouse=True)
def _forget():
    """Remove the exercises of a test from the registry."""
    yield
    for name in [n for n, e in EXERCISES.items() if e.lesson == OF_NO_LESSON]:
        del EXERCISES[name]
    prepare.cache_clear()


def new(reference, draw, **options):
    return exercise(reference=reference, title="Made for a test", **options)(draw)


def mix(
    queries: Float[Tensor, "tgt size"], keys: Float[Tensor, "src size"]
) -> Float[Tensor, "tgt size"]:
    scores = queries @ keys.T
    weights = scores.softmax(dim=-1)
    return weights @ keys


def draw_mix(draw, tgt=3, src=4):
    return {"queries": draw.normal(tgt, 5), "keys": draw.normal(src, 5)}


STEPS = {
    "scores": ("the scores", "What is compared with what?"),
    "weights": ("the weights", "Along which axis do they sum to 1?"),
}


def mixing():
    return new(mix, draw_mix, returns="context", steps=STEPS)


def verdict(made, target):
    return client.try_check(made.name, target)


def wrong_axis(queries, keys):
    likeness = keys @ queries.T
    shares = likeness.T.softmax(dim=0)
    return shares @ keys


def test_the_first_quantity_that_differs_has_a_name_and_a_line():
    found = verdict(mixing(), wrong_axis)
    assert found["place"] == "the weights"
    assert found["headline"] == "the weights are the first thing that differs"
    assert found["line"] == "shares = likeness.T.softmax(dim=0)"
    assert found["line_number"] == wrong_axis.__code__.co_firstlineno + 2
    assert found["right_so_far"].startswith("the scores (line ")
    assert found["question"] == "Along which axis do they sum to 1?"
    assert found["expected"].startswith("weights[0, 0:4] = [")
    assert found["got"] != found["expected"]


def test_the_card_shows_the_place():
    text = card.text(verdict(mixing(), wrong_axis))
    first, *rows = text.splitlines()
    assert first.startswith("draw_mix: the weights are the first thing that differs")
    assert any(row.split()[0] == "line" and row.endswith("softmax(dim=0)") for row in rows)
    html = card.html(verdict(mixing(), wrong_axis))
    assert "likeness.T.softmax(dim=0)" in html


def test_without_words_of_the_exercise_the_variable_is_named():
    found = verdict(new(mix, draw_mix), wrong_axis)
    assert found["place"] == "the values of `weights`"


def test_another_way_to_the_same_values_is_no_place():
    def by_hand(queries, keys):
        powers = (queries @ keys.T).exp()
        shares = powers / powers.sum(dim=-1, keepdim=True)
        return (shares @ keys) ** 3

    found = verdict(mixing(), by_hand)
    assert found["place"] == "the context"
    assert found["headline"].startswith("the context was right on the way")
    assert found["line"] == "return (shares @ keys) ** 3"


def test_a_mistake_is_recognised_at_its_place_though_more_goes_wrong_afterwards():
    made = mixing()

    @made.mistake("the softmax runs along the wrong axis", question="Which axis sums to 1?")
    def along_the_target(queries, keys):
        return (queries @ keys.T).softmax(dim=0) @ keys

    def two_mistakes(queries, keys):
        weights = (queries @ keys.T).softmax(dim=0)
        return (weights @ keys).tanh()

    found = verdict(made, two_mistakes)
    assert (found["mistake"], found["place"]) == ("along_the_target", "the weights")
    assert found["headline"] == "the softmax runs along the wrong axis"
    assert found["question"] == "Which axis sums to 1?"
    assert found["line"] == "weights = (queries @ keys.T).softmax(dim=0)"


def test_lists_are_followed_line_by_line():
    def lengths(sentences: list[str]) -> list[int]:
        words = [sentence.split() for sentence in sentences]
        return [len(row) for row in words]

    def by_letters(sentences):
        rows = [list(sentence) for sentence in sentences]
        return [len(row) for row in rows]

    def draw_sentences(draw, batch=3):
        counts = draw.distinct(2, 6, batch)
        return {"sentences": [" ".join(["ab"] * count) for count in counts]}

    found = verdict(new(lengths, draw_sentences), by_letters)
    assert found["place"] == "the values of `words`"
    assert found["headline"].startswith("the values of `rows` are")
    assert found["expected"].startswith("rows[0]")
    assert found["line"] == "rows = [list(sentence) for sentence in sentences]"


def test_a_list_that_grows_is_compared_when_it_is_whole():
    def initials(names: list[str]) -> str:
        found = [name[:1] for name in names]
        return "".join(found)

    def last_letters(names):
        letters = []
        for name in names:
            letters.append(name[-1:])
        return "".join(letters)

    def draw_names(draw, len=3):
        return {"names": draw.shuffled(["ab", "cd", "ef"])[:len]}

    found = verdict(new(initials, draw_names), last_letters)
    assert found["expected"].startswith("letters = ['")
    assert found["got"].count("', '") == 2


def test_the_first_of_a_variables_values_that_differs_is_the_place():
    def running(x: Float[Tensor, "len size"]) -> Float[Tensor, "len size"]:
        rows, total = [], x[0]
        for row in x:
            total = torch.tanh(total + row)
            rows.append(total)
        return torch.stack(rows) * x

    def one_row(x):
        rows, total = [], x[0].clone()
        for row in x:
            total.copy_(torch.tanh(total + row))
            rows.append(total)
        return torch.stack(rows) * x

    made = new(running, lambda draw, len=4: {"x": draw.normal(len, 3)})
    found = verdict(made, one_row)
    assert found["headline"] == "the values of `rows` are the first thing that differs"
    assert found["line"] == "rows.append(total)"


def test_where_the_gradient_stops():
    def cut(queries, keys):
        scores = queries @ keys.T
        weights = scores.softmax(dim=-1).detach()
        return weights @ keys

    found = verdict(mixing(), cut)
    assert found["kind"] == "gradient"
    assert found["place"] == "the weights"
    assert found["line"] == "weights = scores.softmax(dim=-1).detach()"


def test_an_error_says_what_was_right_before_it():
    def fails(queries, keys):
        scores = queries @ keys.T
        return scores.softmax(dim=-1) @ queries.T @ keys

    found = verdict(mixing(), fails)
    assert found["kind"] == "raised"
    assert found["right_so_far"].startswith("the scores (line ")


def test_a_check_that_passes_asks_for_no_trace(monkeypatch):
    monkeypatch.setattr(client, "trace", lambda *_: 1 / 0)
    assert verdict(mixing(), mix)["passed"]


def asked(judge, **request):
    return decode(judge.ask(encode(request)))


def failing(judge, made):
    """Answer a check wrongly; return its ticket and the answer to it."""
    cases = asked(judge, do="cases", exercise=made.name)
    seen = [observe(wrong_axis, call) for call in cases["calls"]]
    return cases["ticket"], asked(judge, do="verdict", ticket=cases["ticket"], observations=seen)


def test_forged_steps_change_no_mark_and_stop_nothing():
    forged = [
        [],
        [1, None],
        [Step("weights", torch.zeros(0), "x" * 10_000, 4, "")],
        [Step("weights", torch.zeros(3, 4), "right", 10**9, "")],
        [Step(None, {"a": [()]}, "line", 1, "")],
        [Step("", 1.5)] * 10_000,
    ]
    for steps in forged:
        judge, made = Judge(), mixing()
        ticket, told = failing(judge, made)
        again = asked(judge, do="place", ticket=ticket, steps=steps)
        assert not again["passed"]
        assert again["headline"] == told["headline"]


def test_steps_are_taken_once_and_only_after_a_failure():
    judge, made = Judge(), mixing()
    ticket, told = failing(judge, made)
    assert told["trace"] in range(20)
    asked(judge, do="place", ticket=ticket, steps=[])
    assert "refused" in asked(judge, do="place", ticket=ticket, steps=[])
    cases = asked(judge, do="cases", exercise=made.name)
    assert "refused" in asked(judge, do="place", ticket=cases["ticket"], steps=[])
