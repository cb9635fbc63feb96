"""Outcomes and their diagnoses, on small exercises that are made for each test."""

import math

import pytest
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from s2s_ref.checks.advice import ADVICE
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.prepare import MAX_CASES, AuthoringError, prepare, seed_of
from s2s_ref.checks.registry import EXERCISES, OF_NO_LESSON, Built, exercise, find, prediction
from s2s_ref.rnn import RNN_LAYERS, SingleRNN
from s2s_ref.state import State
from s2s_ref.student import card
from s2s_ref.student.client import try_check
from s2s_ref.student.protocol import Model, Optimizer

KEYS = [bytes([i]) for i in range(8)]


@pytest.fixture(autouse=True)
def _forget():
    """Remove the exercises of a test from the registry."""
    yield
    for name in [n for n, e in EXERCISES.items() if e.lesson == OF_NO_LESSON]:
        del EXERCISES[name]
    prepare.cache_clear()


def new(reference, draw, mistakes=(), **options):
    """Register an exercise; a mistake is (code, message) or (code, message, options)."""
    made = exercise(reference=reference, title="Made for a test", **options)(draw)
    for code, message, *more in mistakes:
        made.mistake(message, **(more[0] if more else {}))(code)
    return made


def verdict(made, target):
    return try_check(made.name, target)


def named(made, target):
    """Return the mistake that the check names."""
    found = verdict(made, target)
    assert not found["passed"]
    return found["mistake"]


# ------------------------------------------------------------------ the generic diagnoses


def weigh(
    scores: Float[Tensor, "batch src_len"], src_mask: Bool[Tensor, "batch src_len"]
) -> Float[Tensor, "batch src_len"]:
    """Softmax over the real tokens."""
    return scores.masked_fill(~src_mask, -torch.inf).softmax(dim=-1)


def draw_scores(draw, batch=2, src_len=4):
    mask = torch.ones(batch, src_len, dtype=torch.bool)
    mask[0, max(1, src_len - 2) :] = False
    return {"scores": draw.normal(batch, src_len), "src_mask": mask}


def unwritten(scores, src_mask):
    raise NotImplementedError


def raises(scores, src_mask):
    return scores @ src_mask


def nothing(scores, src_mask):
    weigh(scores, src_mask)


def as_text(scores, src_mask):
    return str(weigh(scores, src_mask))


def of_another_form(scores, src_mask):
    return torch.cat([weigh(scores, src_mask)[:, :3]] * 2)


def in_doubles(scores, src_mask):
    return weigh(scores, src_mask).double()


def not_a_number(scores, src_mask):
    weights = weigh(scores, src_mask)
    return weights * (weights / weights)


def written_into(scores, src_mask):
    return scores.masked_fill_(~src_mask, -torch.inf).softmax(dim=-1)


def mask_forgotten(scores, _):
    return scores.softmax(dim=-1)


def summed_over_the_batch(scores, src_mask):
    return weigh(scores, src_mask).cumsum(dim=0)


def cut_off(scores, src_mask):
    return weigh(scores, src_mask).detach()


def cubed(scores, src_mask):
    return weigh(scores**3, src_mask)


def half_the_gradient(scores, src_mask):
    weights = weigh(scores, src_mask)
    return (weights + weights.detach()) / 2


RELATED = {
    "type": "a text came back, not a tensor",
    "dtype": "the values are right, but they are float64, not float32",
}
"""The kinds for which a relation says more than the general headline."""


@pytest.mark.parametrize(
    ("kind", "code", "shown"),
    [
        ("unwritten", unwritten, "got       NotImplementedError"),
        ("raised", raises, "return scores @ src_mask\n  expected  an answer"),
        ("nothing", nothing, "got       weights: None"),
        ("type", as_text, "expected  weights: a tensor\n  got       weights: a text"),
        (
            "shape",
            of_another_form,
            "weights: [batch 2, src_len 4]\n  got       weights: [4, 3]",
        ),
        ("dtype", in_doubles, "weights: float32\n  got       weights: float64"),
        ("nan", not_a_number, "weights[0, 2] = 0.00\n  got       weights[0, 2] = nan"),
        ("changed", written_into, "scores: as it was\n  got       scores: changed by the call"),
        ("padding", mask_forgotten, "weights[0, 0:4] = ["),
        ("batch order", summed_over_the_batch, "weights[1, 0:4] = ["),
        ("detached", cut_off, "gradients flow through it\n  got       the result: none does"),
        ("value", cubed, "weights[0, 0:4] = ["),
        ("gradient", half_the_gradient, "gradient of scores[0, 0:4] = ["),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_generic_diagnoses(kind, code, shown):
    made = new(weigh, draw_scores, returns="weights", hints=["What is the mask for?"])
    found = verdict(made, code)
    assert (found["kind"], found["mistake"], found["passed"]) == (kind, "", False)
    text = card.text(found)
    assert text.startswith(f"draw_scores: {RELATED.get(kind, ADVICE[kind].headline)}")
    assert "(lesson 99, exercise 1)" in text.partition("given")[0]
    text = " ".join(text.split())
    assert "given scores [batch 2, src_len 4], src_mask [batch 2, src_len 4]" in text
    assert " ".join(shown.split()) in text
    ask = "Which shapes meet in that line?" if kind == "raised" else ADVICE[kind].question
    assert (ask or "What is the mask for?") in text


def raising(error):
    def code(*_):
        raise error

    return code


@pytest.mark.parametrize(
    ("code", "ask"),
    [
        (lambda scores, _: tanh(scores), "Where is this name defined"),
        (lambda *_: {}["<unk>"], "Which key is missing"),
        (lambda scores, _: scores.hidden, "of the kind that the error names?"),
        (lambda scores, _: nn.tanh(scores), "In which module does this name live?"),
        (lambda *_: len(3), "What kind of value does that line need"),
        (lambda scores, _: scores(0), "What is in front of the parentheses"),
        (lambda scores, _: "<bos>" + scores, "What is on either side"),
        (lambda *_: list(3), "What does that line iterate over?"),
        (lambda scores, _: nn.Tanh(scores), "to make an object there, or to call a function?"),
        (lambda scores: scores, "Which arguments does that function take?"),
        (lambda *_: [1][9], "which index do you use?"),
        (lambda scores, _: scores[:, 0, 0], "Which shapes meet"),
        (lambda scores, _: scores[9], "How long is that axis"),
        (lambda scores, _: math.tanh(scores), "How many numbers does the tensor hold"),
        (lambda scores, _: 1 if scores > 0 else 0, "How many times True or False"),
        (lambda scores, _: scores @ scores, "Which shapes meet"),
        (lambda scores, _: scores * (1 - (scores > 0)), "the opposite of a mask"),
        (lambda scores, _: scores.exp().mul_(2) + scores.exp().sigmoid().mul_(2), "was in use"),
        (lambda scores, _: torch.multinomial(scores, 1), "Which numbers can be probabilities"),
        (lambda scores, _: scores.topk(9), "how many do you ask for?"),
        (lambda *_: torch.stack([]), "is that list empty?"),
        (raising(RuntimeError("the decoder was called more than 200 times")), "What ends the loop"),
        (lambda *_: [a for a, b in [(1, 2, 3)]], "how many names do they get?"),
        (raising(ValueError("Expected input batch_size (2) to match, wrong size")), "Which shapes"),
        (raising(ValueError("no such thing")), "Which value does the call in that line accept"),
        (lambda *_: 1 / 0, "the divisor 0?"),
        (raising(BufferError("full")), "is not what you expect"),
    ],
)
def test_an_error_is_asked_about_by_its_type(code, ask):
    found = verdict(new(weigh, draw_scores), code)
    assert found["kind"] == "raised"
    assert ask in found["question"]


def calls_another(scores, src_mask):
    return read_scores(scores, src_mask)


def test_an_exercise_that_is_not_defined_is_named_as_such():
    def read_scores(draw):
        return draw_scores(draw)

    new(weigh, read_scores)
    found = verdict(new(weigh, draw_scores), calls_another)
    assert found["headline"] == "read_scores is not defined: its cell is missing or did not run"
    assert "In which cell do you define read_scores" in found["question"]


def test_a_name_of_another_lesson_is_a_name_as_any_other():
    find("rnn.rnn_step")
    found = verdict(new(weigh, draw_scores), lambda scores, _: rnn_step(scores))
    assert found["headline"] == ADVICE["raised"].headline
    assert found["question"].startswith("Where is this name defined")


@pytest.mark.parametrize(
    ("result", "expected", "got"),
    [
        (["1", "2"], "result: a list of numbers", "result: a list of texts"),
        ([1, "2"], "result: a list of numbers", "result: a list of numbers and texts"),
        ([torch.ones(1, 1, dtype=torch.long)], "a list of numbers", "a list of tensors [1, 1]"),
        ([True, False], "a list of numbers", "a list of True or False"),
        ([[1, 2, 3]], "a list of numbers", "a list of lists"),
        ([1, None, 3], "a list of numbers", "a list of numbers and None"),
    ],
    ids=["texts", "a text among numbers", "tensors", "bools", "a list", "None"],
)
def test_a_list_of_another_kind_of_thing_has_not_the_right_form(result, expected, got):
    made = new(sorted, lambda draw: {"items": draw.shuffled([3, 1, 2])})
    found = verdict(made, lambda *_: result)
    assert found["kind"] == "type"
    assert found["expected"].endswith(expected)
    assert found["got"].endswith(got)


def test_numbers_in_tensors_without_axes_are_shown_as_numbers():
    made = new(sorted, lambda draw: {"items": draw.shuffled([3, 1, 2])})
    found = verdict(made, lambda *_: [torch.tensor(9), torch.tensor(8)])
    assert (found["kind"], found["got"]) == ("value", "result = [9, 8]")


def test_spaces_are_shown_where_nothing_else_differs():
    made = new(" ".join, lambda draw: {"items": draw.shuffled(["a", "b"])})
    found = verdict(made, lambda items: "  ".join(items))
    spaces = (found["expected"].count("␣"), found["got"].count("␣"))
    assert spaces == (1, 2)
    assert "␣" not in verdict(made, lambda *_: "c d")["got"]


def test_an_ordinary_case_is_told_before_an_edge():
    def wrong_in_every_way(scores, src_mask):
        weights = weigh(scores, src_mask) ** 3
        return None if len(scores) == 1 else weights

    made = new(weigh, draw_scores)
    assert verdict(made, wrong_in_every_way)["kind"] == "value"


def test_an_edge_is_told_where_all_ordinary_cases_are_right():
    def nothing_for_one(scores, src_mask):
        return None if len(scores) == 1 else weigh(scores, src_mask)

    found = verdict(new(weigh, draw_scores), nothing_for_one)
    assert found["kind"] == "nothing"
    assert "It is wrong only for a batch of one." in found["why"]


class Affine(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.layer = nn.Linear(size, 2)

    def forward(self, x: Float[Tensor, "batch size"]) -> Float[Tensor, "batch 2"]:
        return self.layer(x)


class Renamed(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.linear = nn.Linear(size, 2)

    def forward(self, x):
        return self.linear(x)


def draw_affine(draw, batch=3, size=4):
    return Built({"size": size}, {"x": draw.normal(batch, size)})


def test_other_parameters_are_listed():
    found = verdict(new(Affine, draw_affine), Renamed)
    assert found["kind"] == "parameters"
    for part in ("missing: layer.weight [2, 4]", "not expected: linear.bias [2]"):
        assert part in found["got"]


def test_an_instance_in_place_of_the_class():
    found = verdict(new(Affine, draw_affine), Affine(4))
    assert found["kind"] == "raised"
    assert "the class of a module is expected here" in found["got"]


def test_every_generic_diagnosis_is_tested_here():
    """The kinds in the last set need other exercises, above and below."""
    marks = test_generic_diagnoses.pytestmark
    tested = {row[0] for row in marks[0].args[1]}
    elsewhere = {"graph", "parameters", "left", "random", "again", "called again", "training"}
    elsewhere |= {"memory", "unfinished"}  # tests/student/test_limits.py
    elsewhere |= {"part"}  # test_relation.py
    assert tested | elsewhere == set(ADVICE)


# ------------------------------------------------------------------ what is accepted


def one_of_each(
    x: Float[Tensor, " batch"],
) -> tuple[Int[Tensor, " batch"], float, list[int], int, Float[Tensor, " batch"]]:
    return x.round().long(), 0.5, [1, 2], 3, x * 2


@pytest.mark.parametrize(
    "result",
    [
        lambda x: (x.round().int(), 0.5, [1, 2], 3, x * 2),
        lambda x: (x.round().long(), torch.tensor(0.5), [1, 2], torch.tensor(3), x * 2),
        lambda x: (x.round().long(), 0.5, (1, 2), 3, x * 2),
        lambda x: [x.round().long(), 0.5, [1, 2], 3, x * 2],
        lambda x: (x.round().long(), 0.5, [torch.tensor(1), torch.tensor(2)], 3, x * 2),
        lambda x: (x.round().long(), 0.500001, [1.0, 2], 3.0, x + x + 1e-7),
    ],
    ids=["int32", "0-dim tensors", "a tuple", "a list", "a list of 0-dim tensors", "rounding"],
)
def test_what_a_fair_reader_accepts(result):
    made = new(one_of_each, lambda draw, batch=3: {"x": draw.normal(batch)})
    assert verdict(made, result)["passed"]


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        (lambda x: ([0] * len(x), 0.5, [1, 2], 3, x * 2), "type"),
        (lambda x: (x.round(), 0.5, [1, 2], 3, x * 2), "dtype"),
        (lambda x: (x.round().long(), "0.5", [1, 2], 3, x * 2), "type"),
        (lambda x: (x.round().long(), True, [1, 2], 3, x * 2), "type"),
        (lambda x: (x.round().long(), 0.5, torch.tensor([1, 2]), 3, x * 2), "type"),
        (lambda x: (x.round().long(), 0.5, [1, 2, 3], 3, x * 2), "value"),
        (lambda x: (x.round().long(), 0.5, [torch.ones(2)] * 2, 3, x * 2), "type"),
        (lambda x: (x.round().long(), 0.5, ["1", "2"], 3, x * 2), "type"),
        (lambda x: (x.round().long(), 0.5, [1, 2], 3.0001, x * 2), "value"),
        (lambda x: (x.round().long(), 0.5, [1, 2], 3), "type"),
        (lambda x: (x.round().long(), float("nan"), [1, 2], 3, x * 2), "nan"),
        (lambda x: {0: x}, "type"),
        (lambda x: iter([x]), "type"),
        (lambda x: x.expand(300, 300, -1), "raised"),
        (lambda _: "x" * 2**20, "raised"),
    ],
    ids=[
        "a list for a tensor",
        "floats for ids",
        "a text for a number",
        "a bool for a number",
        "a tensor for a list",
        "a longer list",
        "a list of tensors",
        "a list of texts",
        "nearly three",
        "one missing",
        "nan for a number",
        "a dict",
        "an iterator",
        "a tensor too large to send",
        "a text too large to send",
    ],
)
def test_what_would_break_later_is_refused(result, kind, monkeypatch):
    monkeypatch.setattr("s2s_ref.student.codec.MAX_BYTES", 2**20)
    made = new(one_of_each, lambda draw, batch=3: {"x": draw.normal(batch)})
    found = verdict(made, result)
    assert found["kind"] == kind
    assert max(map(len, card.text(found).splitlines())) <= card.WIDTH


# ------------------------------------------------------------------ named mistakes


def absolute(x: Float[Tensor, " len"]) -> Float[Tensor, " len"]:
    return x.abs()


def seldom_negative(draw, len=3):
    """Only one case in eight holds a negative number."""
    x = draw.normal(len).abs() + 0.1
    return {"x": -x if draw.chance(0.125) else x}


def test_cases_are_drawn_until_a_rare_mistake_shows():
    made = new(
        absolute, seldom_negative, [(lambda x: x.clone(), "the sign is still there")], edges=[]
    )
    counts = set()
    for key in KEYS:
        prepared = prepare(made.name, seed_of(key, made.name))
        assert any((case.call.arguments["x"] < 0).any() for case in prepared.cases)
        counts.add(len(prepared.cases))
    assert max(counts) > 2, "some class needed more cases than are drawn at first"
    assert named(made, lambda x: 1 * x) == "<lambda>"


def plus_one(x):
    return x + 1


def one_plus(x):
    return 1 + x


def positive(draw, len=3):
    return {"x": draw.normal(len).abs()}


@pytest.mark.parametrize(
    ("mistakes", "told"),
    [
        ([(torch.clone, "the sign is still there")], "do not show ['clone']"),
        (
            [(plus_one, "one is added"), (one_plus, "one too many")],
            "do not show ['plus_one = one_plus', 'one_plus = plus_one']",
        ),
    ],
    ids=["like the reference", "like another"],
)
def test_an_author_learns_what_no_case_can_show(mistakes, told):
    made = new(absolute, positive, mistakes)
    with pytest.raises(AuthoringError) as caught:
        prepare(made.name, 0)
    assert f"{MAX_CASES} cases {told}" in str(caught.value)


def test_two_ways_to_make_one_mistake_may_look_alike():
    message = "one is added"
    made = new(absolute, positive, [(plus_one, message), (one_plus, message)])
    assert verdict(made, lambda x: x.add(1))["headline"] == message


def test_a_mistake_is_told_with_all_its_words():
    words = {"why": "So it means this.", "question": "Why is that?"}
    made = new(absolute, positive, [(plus_one, "one is added", words)], returns="y")
    text = card.text(verdict(made, lambda x: x + 1))
    assert text.startswith("positive: one is added")
    for part in ("given     x [len 3]", "expected  y[0:3] = [", *words.values()):
        assert part in text


def test_a_known_mistake_with_wrong_gradients_besides_is_still_named():
    made = new(absolute, positive, [(plus_one, "one is added")])
    assert named(made, lambda x: x.detach() + 1) == "plus_one"


def test_gradients_alone_can_tell_mistakes_apart():
    def cut(x):
        return x.abs().detach()

    def halved(x):
        return (x.abs() + x.abs().detach()) / 2

    made = new(absolute, positive, [(cut, "it is detached"), (halved, "half is detached")])
    assert named(made, lambda x: torch.tensor(x.abs().tolist())) == "cut"
    assert named(made, lambda x: x.abs().detach() / 2 + x.abs() / 2) == "halved"


def test_a_gradient_where_there_should_be_none_is_seen():
    def straight(x: Float[Tensor, " len"], y: Float[Tensor, " len"]) -> Float[Tensor, " len"]:
        return x + y.detach()

    made = new(straight, lambda draw, len=3: {"x": draw.normal(len), "y": draw.normal(len)})
    found = verdict(made, lambda x, y: x + y)
    assert (found["kind"], found["got"]) == ("gradient", "gradient of y = some")


def fails_by_size(x):
    raise RuntimeError(f"sizes {len(x)} and {len(x) + 1} do not fit")


def says_other(_):
    raise RuntimeError("something else altogether")


def is_another_type(x):
    raise ValueError(f"sizes {len(x)} and 9 do not fit")


def says_alike(x):
    raise RuntimeError(f"sizes {len(x)} and 9 do not fit in here")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (fails_by_size, "fails_by_size"),
        (says_alike, "fails_by_size"),
        (says_other, ""),
        (is_another_type, ""),
    ],
)
def test_exceptions_are_recognised_by_type_and_pattern(target, name):
    pattern = {"raises": r"sizes \d+ and \d+ do not fit"}
    made = new(absolute, positive, [(fails_by_size, "the sizes do not fit", pattern)])
    assert named(made, target) == name


def test_two_mistakes_cannot_share_a_name():
    with pytest.raises(ValueError, match="two mistakes named plus_one"):
        new(absolute, positive, [(plus_one, "one is added"), (plus_one, "one too many")])


def test_without_a_pattern_the_text_must_be_the_same():
    made = new(absolute, positive, [(fails_by_size, "the sizes do not fit")])
    assert named(made, fails_by_size) == "fails_by_size"
    assert named(made, says_alike) == ""


def test_a_mistake_may_return_what_has_no_plain_form():
    def as_set(words):
        return set(words)

    made = new(
        sorted,
        lambda draw: {"words": draw.shuffled(list("abcd"))},
        [(as_set, "a set came back")],
    )
    assert named(made, lambda words: {*words}) == "as_set"
    assert verdict(made, lambda words: iter(words))["kind"] == "type"


def test_a_mistake_may_come_to_nan():
    def mean(x: Float[Tensor, " len"]) -> float:
        return x.mean().item()

    def without_the_first(x):
        return x[1:].mean().item()

    made = new(mean, lambda draw, len=3: {"x": draw.normal(len)}, [(without_the_first, "one lost")])
    assert named(made, lambda x: float(x[1:].mean())) == "without_the_first"


def test_a_long_message_of_an_exception_is_cut():
    def shouts(_):
        raise ValueError("no " * 1000)

    assert len(card.text(verdict(new(absolute, positive), shouts))) < 1000


# ------------------------------------------------------------------ descriptions


def train_step(model, optimizer, src, tgt, largest):
    """One step of training: zero, loss, backward, clip, step."""
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(src).flatten(0, 1), tgt.flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), largest)
    optimizer.step()
    return loss.item()


def draw_step(draw: Draw, batch=3, len=4):
    sizes = {"src_vocab_size": 6, "tgt_vocab_size": 5, "embed_size": 3, "hidden_size": 4}
    drawn = draw.model(SingleRNN, **sizes)
    left_over = {n: draw.normal(*w.shape) for n, w in drawn.weights.items()}
    return {
        "model": Model(drawn.path, sizes, drawn.weights, left_over, train=True),
        "optimizer": Optimizer("SGD", "model", {"lr": 0.5}),
        "src": draw.ids(0, 6, batch, len),
        "tgt": draw.ids(0, 5, batch, len),
        "largest": 0.1,
    }


def step_of(order):
    """Return a training step that does these things in this order."""

    def step(model, optimizer, src, tgt, largest):
        loss = nn.functional.cross_entropy(model(src).flatten(0, 1), tgt.flatten())
        does = {
            "zero": optimizer.zero_grad,
            "backward": loss.backward,
            "clip": lambda: nn.utils.clip_grad_norm_(model.parameters(), largest),
            "clip by value": lambda: nn.utils.clip_grad_value_(model.parameters(), largest),
            "step": optimizer.step,
        }
        for part in order.split(", "):
            does[part]()
        return loss.item()

    step.__name__ = order
    return step


STEPS = {
    "backward, clip, step": "the gradients of the step before are still there",
    "backward, zero, clip, step": "the parameters stay as they are",
    "zero, backward, clip": "the parameters stay as they are",
    "zero, backward, step, clip": "the step is taken with gradients that are not clipped",
    "zero, clip, backward, step": "the step is taken with gradients that are not clipped",
    "zero, backward, clip by value, step": "each gradient is clipped by itself",
}


def test_a_training_steps_mistakes_are_told_apart_by_what_it_leaves_behind():
    made = new(train_step, draw_step, [(step_of(o), told) for o, told in STEPS.items()], edges=[])
    assert verdict(made, step_of("zero, backward, clip, step"))["passed"]
    for order, told in STEPS.items():
        found = verdict(made, step_of(order))
        assert (found["headline"], found["kind"]) == (told, "left")
    assert "after the call, model.embedding.weight[" in found["expected"]


def with_its_graph(model, optimizer, src, tgt, largest):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(src).flatten(0, 1), tgt.flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), largest)
    optimizer.step()
    return loss


def test_a_number_that_still_holds_its_graph_is_refused():
    made = new(train_step, draw_step, edges=[])
    found = verdict(made, with_its_graph)
    assert (found["kind"], found["expected"]) == ("graph", "result: a number")
    assert found["got"] == "result: a tensor that holds its graph"
    assert verdict(made, lambda *arguments: with_its_graph(*arguments).detach())["passed"]
    made.mistake("the loss came with its graph")(with_its_graph)
    prepare.cache_clear()
    assert named(made, with_its_graph) == "with_its_graph"


def test_gradients_that_stay_tell_mistakes_apart_but_are_not_judged():
    orders = {
        "zero, backward, step": "nothing was clipped",
        "zero, backward, step, clip": "clipped too late",
    }
    made = new(train_step, draw_step, [(step_of(o), told) for o, told in orders.items()], edges=[])
    for order, told in orders.items():
        assert verdict(made, step_of(order))["headline"] == told
    assert verdict(made, step_of("zero, backward, step, zero"))["headline"] == "nothing was clipped"
    assert verdict(made, step_of("zero, backward, clip, step, zero"))["passed"]


def test_what_is_left_behind_and_unknown():
    found = verdict(
        new(train_step, draw_step, edges=[]), step_of("zero, backward, clip, step, step")
    )
    assert (found["kind"], found["headline"]) == ("left", ADVICE["left"].headline)


def test_a_wrong_number_comes_before_what_is_left_behind():
    def sums(*arguments):
        return 2 * train_step(*arguments)

    assert verdict(new(train_step, draw_step, edges=[]), sums)["kind"] == "value"


def noisy(x: Float[Tensor, "batch len"], generator) -> Float[Tensor, "batch len"]:
    return x + torch.randn(x.shape, generator=generator)


def test_generators_are_described_and_then_the_batchs_order_is_left_alone():
    def unseeded(x, _):
        return x + torch.randn(x.shape)

    made = new(
        noisy,
        lambda draw, batch=2, len=3: {"x": draw.normal(batch, len), "generator": draw.generator()},
        [(unseeded, "the generator is not used")],
    )
    assert verdict(made, lambda x, g: torch.randn(x.shape, generator=g) + x)["passed"]
    assert named(made, unseeded) == "unseeded"
    assert {case.kind for case in prepare(made.name, 3).cases} == {"drawn", "edge", "repeated"}
    found = verdict(made, lambda x, g: x - torch.randn(x.shape, generator=g))
    assert found["kind"] == "value"
    assert "generator (a generator)" in found["given"]


def test_states_and_lstms_are_shown_by_the_names_of_their_parts():
    def halve(state: State) -> State:
        h, c = state.hidden
        return State((h / 2, c / 2))

    made = new(
        halve,
        lambda draw, batch=2: {"state": State((draw.normal(batch, 3), draw.normal(batch, 3)))},
        returns="state",
    )
    found = verdict(made, lambda state: State((state.hidden[0] / 2, state.hidden[1])))
    assert found["given"] == (
        "state.hidden[0] [batch 2, hidden 3], state.hidden[1] [batch 2, hidden 3]"
    )
    assert found["expected"].startswith("state.hidden[1][0, 0:3] = [")


# ------------------------------------------------------------------ cases


def test_cases_hold_edges_a_permuted_batch_and_a_padded_tail():
    made = new(weigh, draw_scores)
    cases = prepare(made.name, 1).cases
    shapes = [(c.kind, tuple(c.call.arguments["scores"].shape)) for c in cases]
    assert shapes == [
        *[("drawn", (2, 4))] * 2,
        ("edge", (1, 4)),
        ("edge", (2, 1)),
        ("permuted", (2, 4)),
        ("padded", (2, 6)),
        ("again", (2, 4)),
    ]
    assert torch.equal(cases[4].call.arguments["scores"], cases[0].call.arguments["scores"][[1, 0]])
    assert not cases[5].call.arguments["src_mask"][:, 4:].any()


def test_derived_cases_can_be_skipped():
    made = new(weigh, draw_scores, skip=["batch order", "padding"])
    assert {case.kind for case in prepare(made.name, 1).cases} == {"drawn", "edge", "again"}


def test_a_pass_says_what_was_looked_at():
    headline = verdict(new(weigh, draw_scores), weigh)["headline"]
    for part in ("values", "shapes", "gradients", "edge cases", "another order", "padded tail"):
        assert part in headline


def test_the_same_key_draws_the_same_and_another_draws_other_cases():
    assert seed_of(b"a", "x") == seed_of(b"a", "x") != seed_of(b"b", "x")
    one, same, other = (Draw(seed).normal(3) for seed in (5, 5, 6))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_an_exercise_that_does_not_exist():
    with pytest.raises(ValueError, match=r"no exercise 'rnn.step'. Did you mean 'rnn.rnn_step'\?"):
        find("rnn.step")


# ------------------------------------------------------------------ padding


def states_of(
    x: Float[Tensor, "batch src_len"], src_lengths: Int[Tensor, " batch"]
) -> tuple[Float[Tensor, "batch src_len"], Float[Tensor, " batch"]]:
    """The running sums, 0 at padding, and the sums of the real numbers."""
    sums = x.cumsum(dim=1) * (torch.arange(x.shape[1]) < src_lengths.unsqueeze(1))
    return sums, sums.gather(1, src_lengths.unsqueeze(1) - 1).squeeze(1)


def sums_on_padding(x, src_lengths):
    sums = x.cumsum(dim=1)
    return sums, sums.gather(1, src_lengths.unsqueeze(1) - 1).squeeze(1)


def last_padded_sum(x, _):
    return x.cumsum(dim=1), x.sum(dim=1)


def doubled_sums(x, src_lengths):
    sums, last = sums_on_padding(x, src_lengths)
    return 2 * sums, last


def draw_states(draw, batch=3, src_len=5):
    lengths = torch.tensor([src_len, max(1, src_len - 3), max(1, src_len - 1)])[:batch]
    return {"x": draw.normal(batch, src_len), "src_lengths": lengths}


def test_what_stands_at_padding_may_be_free():
    made = new(states_of, draw_states, free_at_padding=True)
    assert verdict(made, sums_on_padding)["passed"]
    assert (
        verdict(made, last_padded_sum)["kind"],
        verdict(made, doubled_sums)["kind"],
    ) == ("padding", "value")


def test_what_stands_at_padding_counts_where_the_exercise_does_not_say_that_it_is_free():
    assert verdict(new(states_of, draw_states), sums_on_padding)["kind"] == "value"


def test_a_known_mistake_is_named_whatever_it_leaves_at_padding():
    told = [(last_padded_sum, "the last padded state came back")]
    made = new(states_of, draw_states, told, free_at_padding=True)

    def with_zeros(x, src_lengths):
        return states_of(x, src_lengths)[0], x.sum(dim=1)

    assert named(made, with_zeros) == "last_padded_sum"


def count_real(
    scores: Float[Tensor, "batch tgt_len"], tgt_mask: Bool[Tensor, "batch tgt_len"]
) -> Float[Tensor, ""]:
    return scores[tgt_mask].mean()


def test_every_axis_with_a_mask_is_padded_not_only_the_sources():
    def draw_scores_and_mask(draw, batch=2, tgt_len=4):
        mask = torch.arange(tgt_len) < torch.tensor([[tgt_len], [max(1, tgt_len - 2)]])
        return {"scores": draw.normal(batch, tgt_len), "tgt_mask": mask[:batch]}

    made = new(count_real, draw_scores_and_mask)
    (padded,) = [c for c in prepare(made.name, 1).cases if c.kind == "padded"]
    assert padded.call.arguments["scores"].shape == (2, 6)
    assert not padded.call.arguments["tgt_mask"][:, 4:].any()
    assert verdict(made, lambda scores, _: scores.mean())["kind"] == "padding"


def test_a_mask_inside_a_state_is_padded_too():
    def first(state: State) -> Float[Tensor, "batch hidden"]:
        return (state.encoder_states * state.src_mask.unsqueeze(-1)).sum(dim=1)

    def draw_state(draw, batch=2, src_len=3):
        mask = torch.ones(batch, src_len, dtype=torch.bool)
        states = draw.normal(batch, src_len, 4)
        return {"state": State(draw.normal(batch, 4), None, states, mask)}

    made = new(first, draw_state)
    assert verdict(made, lambda state: state.encoder_states.sum(dim=1))["kind"] == "padding"


# ------------------------------------------------------------------ an exercise's own verdict


def last_lost(items):
    return items[:-1]


def all_lost(_):
    return []


@pytest.fixture
def shuffle():
    """An exercise with many right answers: any order of the items."""
    made = new(
        lambda items: items[::-1],
        lambda draw: {"items": draw.shuffled([3, 1, 2, 5])},
        [(last_lost, "an item is lost"), (all_lost, "all are lost")],
    )

    @made.verdict
    def is_permutation(arguments, seen):
        if sorted(seen.output) != sorted(arguments["items"]):
            return f"{len(seen.output)} items came back, and not those that went in"
        return None

    return made


def test_a_verdict_of_its_own_accepts_every_right_answer(shuffle):
    assert verdict(shuffle, sorted)["passed"]
    assert verdict(shuffle, list)["passed"]


def test_a_verdict_of_its_own_still_names_known_mistakes(shuffle):
    found = verdict(shuffle, lambda items: list(items)[:3])
    assert found["headline"] == "an item is lost"
    assert found["got"] == "3 items came back, and not those that went in"


def test_a_verdict_of_its_own_speaks_for_itself(shuffle):
    found = verdict(shuffle, lambda items: items * 2)
    assert found["headline"] == "8 items came back, and not those that went in"
    assert (found["mistake"], found["got"]) == ("", "")


def test_a_finding_may_have_a_question_of_its_own_and_is_a_relation_then(shuffle):
    shuffle.findings = {r"^\d items": "How many went in?"}
    found = verdict(shuffle, lambda items: items * 2)
    assert found["relation"] == found["headline"] == "8 items came back, and not those that went in"
    assert found["question"] == "How many went in?"


def test_a_mistake_is_known_by_what_the_verdict_says_of_it(shuffle):
    """Two students who lose an item need not lose the same one."""
    found = verdict(shuffle, lambda items: items[1:])
    assert (found["mistake"], found["headline"]) == ("last_lost", "an item is lost")


def in_any_order(items, generator):
    return [items[i] for i in torch.randperm(len(items), generator=generator)]


def always_alike(items, _):
    return sorted(items)


@pytest.fixture
def epochs():
    """An exercise that is called twice with one generator, and must use it."""
    made = new(
        in_any_order,
        lambda draw: {"items": list(range(12)), "generator": draw.generator()},
        [(always_alike, "every epoch is the same")],
        times=2,
    )

    @made.verdict
    def differ(_, seen):
        first, second = seen.output
        if first == second:
            return "two epochs are the same"
        return None if "generator" in seen.changed else "the generator was not used"

    return made


def test_a_case_may_call_twice_on_the_same_objects(epochs):
    assert verdict(epochs, in_any_order)["passed"]
    assert named(epochs, lambda items, _: list(items)) == "always_alike"


def test_a_generator_that_nothing_was_drawn_from_is_seen(epochs):
    found = verdict(epochs, lambda items, _: [items[i] for i in torch.randperm(len(items))])
    assert found["headline"] == "the generator was not used"


def test_the_same_generator_gives_the_same_twice(epochs):
    def other_numbers_too(items, generator):
        torch.randperm(3, generator=generator)
        return [items[i] for i in torch.randperm(len(items))]

    assert [case.kind for case in prepare(epochs.name, 1).cases] == ["drawn", "drawn", "repeated"]
    found = verdict(epochs, other_numbers_too)
    assert found["kind"] == "random"
    assert found["headline"].startswith("the same generator gives a different result")


def test_lists_have_no_axes_so_their_batch_is_not_put_in_another_order():
    def rows(x: Float[Tensor, "batch len"]) -> list[list[float]]:
        return x.tolist()

    made = new(rows, lambda draw, batch=3, len=2: {"x": draw.normal(batch, len)})
    assert {case.kind for case in prepare(made.name, 1).cases} == {"drawn", "edge", "again"}
    assert verdict(made, lambda x: (-x).tolist())["kind"] == "value"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (lambda _: exec("raise NotImplementedError"), "unwritten"),
        (lambda items: items[9], "raised"),
        (lambda _: None, "nothing"),
        (lambda _: 3, "type"),
    ],
    ids=["unwritten", "raised", "nothing", "type"],
)
def test_a_verdict_of_its_own_never_meets_what_it_cannot_read(shuffle, code, kind):
    assert verdict(shuffle, code)["kind"] == kind


def test_a_mistake_that_a_verdict_of_its_own_lets_pass_is_told_to_the_author(shuffle):
    shuffle.mistake("it is sorted")(sorted)
    with pytest.raises(AuthoringError, match="sorted"):
        prepare(shuffle.name, 1)


@pytest.mark.parametrize(
    ("answer", "headline", "mistake"),
    [
        (50, "noted", ""),
        (None, "nothing is written down yet", "blank"),
        ("half", "expected a number", ""),
        (torch.ones(3), "expected a number", ""),
        (len, "expected a number", ""),
    ],
    ids=repr,
)
def test_predictions_are_marked_for_being_there(answer, headline, mistake):
    @prediction(title="A guess", example=30)
    def guess(value):
        if value is None:
            return "nothing is written down yet"
        return None if isinstance(value, int) else "expected a number"

    @guess.mistake("nothing is written down yet")
    def blank():
        return None

    found = verdict(guess, answer)
    assert (found["headline"], found["mistake"]) == (headline, mistake)
    assert found["passed"] == (headline == "noted")
    assert "hint(" not in card.text(found)


# ------------------------------------------------------------------ called again


class Scaled(nn.Module):
    """Weigh every word of a sentence."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.layer = nn.Linear(size, size)

    def forward(self, x: Float[Tensor, "batch len size"]) -> Float[Tensor, "batch len size"]:
        return self.layer(x)


class Remembers(Scaled):
    first = None

    def forward(self, x):
        if self.first is None:
            self.first = self.layer(x).mean().detach()
        return self.layer(x) - self.first + self.layer(x).mean().detach()


class RefusesAnotherBatch(Scaled):
    first = None

    def forward(self, x):
        if self.first is None:
            self.first = torch.zeros(x.shape[0], 1, 1)
        return torch.stack(
            [row + zero for row, zero in zip(self.layer(x), self.first, strict=True)]
        )


class DropsOut(Scaled):
    def forward(self, x):
        return nn.functional.dropout(self.layer(x), 0.5, self.training)


class Noisy(Scaled):
    def forward(self, x):
        return self.layer(x) + torch.randn(())


def scaled():
    return new(
        Scaled,
        lambda draw, batch=3, len=4, size=2: Built(
            {"size": size}, {"x": draw.normal(batch, len, size)}
        ),
    )


def test_a_module_reads_a_shorter_sentence_alone_before_it_is_called_again():
    cases = {case.kind: case for case in prepare(scaled().name, 1).cases}
    again, training, first = cases["again"], cases["training"], cases["drawn"]
    assert again.call.before["x"].shape == (1, 3, 2)
    assert (training.call.train, again.call.train) == (True, False)
    for case in (again, training):
        torch.testing.assert_close(case.expected.output.shape, first.expected.output.shape)


@pytest.mark.parametrize("target", [Remembers, RefusesAnotherBatch])
def test_a_module_that_keeps_something_of_its_first_call_fails(target):
    found = verdict(scaled(), target)
    assert (found["passed"], found["kind"]) == (False, "called again")


class Layer(nn.Module):
    """Return the last output of a layer of the course."""

    def __init__(self, cell: str) -> None:
        super().__init__()
        self.rnn = RNN_LAYERS[cell](2, 3, batch_first=True)

    def forward(self, x: Float[Tensor, "batch len size"]) -> Float[Tensor, "batch hidden"]:
        return self.rnn(x)[0][:, -1]


class RemembersAsLSTM(Layer):
    last = 0.0

    def forward(self, x):
        output = self.rnn(x)[0][:, -1] + self.last
        if isinstance(self.rnn, nn.LSTM):
            self.last = output.mean().detach()
        return output


def test_each_kind_of_layer_is_called_again():
    def draw_layer(draw, batch=3, len=4, lstm=0):
        return Built({"cell": "lstm" if lstm else "gru"}, {"x": draw.normal(batch, len, 2)})

    made = new(Layer, draw_layer, edges=[{"lstm": 1}])
    assert verdict(made, Layer)["passed"]
    found = verdict(made, RemembersAsLSTM)
    assert (found["passed"], found["kind"]) == (False, "called again")


def test_a_module_that_drops_out_in_training_fails():
    assert verdict(scaled(), DropsOut)["kind"] == "training"
    assert verdict(scaled(), Scaled)["passed"]


def test_whether_the_same_call_gives_the_same_is_asked_before_the_order_of_the_batch():
    assert verdict(scaled(), Noisy)["kind"] == "again"


def test_a_function_that_keeps_something_of_its_first_call_fails():
    def total(x: Float[Tensor, "batch len"]) -> Float[Tensor, " batch"]:
        return x.sum(dim=1)

    def grows(x, seen=[]):  # noqa: B006
        seen.append(1)
        return x.sum(dim=1) * len(seen)

    made = new(total, lambda draw, batch=3, len=4: {"x": draw.normal(batch, len)})
    assert verdict(made, grows)["kind"] == "again"
