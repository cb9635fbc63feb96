"""The student's side: arguments are made, code is called, and the outcome is observed."""

import random
import sys
import warnings

import pytest
import torch
from torch import nn

from s2s_ref.checks.draw import Draw
from s2s_ref.encoder_decoder import Decoder, Encoder, Seq2Seq
from s2s_ref.rnn import SingleRNN, rnn_step
from s2s_ref.state import State, from_rnn
from s2s_ref.student.codec import decode, encode
from s2s_ref.student.observe import observe
from s2s_ref.student.protocol import Call, Generator, Model, Observation, Optimizer, Other, Raised

X = torch.tensor([1.0, -2.0, 3.0])
ONES = {"": torch.ones(3)}
"""Send ones back through a result that is one tensor."""


def seen(target, cotangents=None, **arguments):
    """Observe one call of a function."""
    return observe(target, Call(arguments, cotangents=cotangents or {}))


# ------------------------------------------------------------------ functions


def test_arguments_come_in_order_so_that_a_student_may_name_them_otherwise():
    assert seen(lambda this, that: this - that, a=5, b=3).output == 2


def test_what_came_back_is_plain():
    output = seen(lambda x: [x, {1}, (2.5, None)], x=X).output
    assert torch.equal(output[0], X)
    assert output[1:] == [Other("set", "{1}"), (2.5, None)]


def test_gradients_are_those_that_autograd_finds():
    x, weights = X.clone().requires_grad_(), torch.tensor([1.0, 10.0, 100.0])
    (x**3 * weights).sum().backward()
    cotangents = {"[0]": weights, "[2]": torch.ones(3)}
    found = seen(lambda y, s: (y**3, y.sum(), s.hidden * 2), cotangents, x=X, s=State(X))
    torch.testing.assert_close(found.gradients["x"], x.grad)
    torch.testing.assert_close(found.gradients["s.hidden"], 2 * torch.ones(3))


@pytest.mark.parametrize(
    "code",
    [lambda x: x.detach() * 2, lambda x: torch.tensor((x * 2).tolist())],
    ids=["detached", "made anew"],
)
def test_a_cut_way_back_is_seen(code):
    assert seen(code, ONES, x=X).gradients == {"x": None}


def test_an_argument_that_takes_no_part_has_no_gradient():
    assert seen(lambda x, _: x * 2, ONES, x=X, y=X).gradients["y"] is None


def test_gradients_are_left_out_where_shapes_do_not_fit():
    assert seen(lambda x: x[:2], ONES, x=X).gradients == {}


def test_numpy_is_fine_where_no_gradient_is_asked_for():
    assert seen(lambda x: float(x.numpy().sum()), x=X).output == 2


# ------------------------------------------------------------------ arguments that change


def in_place(x):
    x += 1
    return x


def by_index(x):
    x[0] = 0
    return x * 2


CHANGES = {
    "in place": (in_place, {"x": X}, ("x",)),
    "by index": (by_index, {"x": X}, ("x",)),
    "shape": (lambda x: x.unsqueeze_(0), {"x": X}, ("x",)),
    "not at all": (lambda x: x + 1, {"x": X}, ()),
    "a list": (lambda x: x.append(1), {"x": [1]}, ("x",)),
    "a list in a dict": (lambda x: x["a"].pop(), {"x": {"a": [1]}}, ("x",)),
    "a dict": (lambda x: x.clear(), {"x": {"a": 1}}, ("x",)),
    "a state": (lambda s: s.hidden.zero_(), {"s": State(X)}, ("s",)),
    "a tensor in a list": (lambda x: x[1].zero_(), {"x": [X, X]}, ("x",)),
    "the second": (lambda _, y: y.zero_(), {"x": X, "y": X}, ("y",)),
}


@pytest.mark.parametrize("cotangents", [{}, ONES], ids=["plain", "with gradients"])
@pytest.mark.parametrize(("code", "arguments", "changed"), CHANGES.values(), ids=CHANGES)
def test_changed_arguments_are_named_and_the_call_stays_as_it_was(
    code, arguments, changed, cotangents
):
    call = Call(arguments, cotangents=cotangents)
    before = encode(call)
    assert observe(code, call).changed == changed
    assert encode(call) == before


# ------------------------------------------------------------------ modules


class Scale(nn.Module):
    def __init__(self, size, factor=2.0):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))
        self.factor = factor
        self.drop = nn.Dropout(0.9)

    def forward(self, x):
        return self.drop(x * self.weight * self.factor)


def built(target):
    call = Call({"x": X}, {"size": 3}, {"weight": X}, ONES)
    return observe(target, call)


def test_a_module_gets_its_sizes_and_weights_and_runs_in_eval_mode():
    found = built(Scale)
    assert found.output.tolist() == (X * X * 2).tolist()
    assert found.gradients["weight"].tolist() == (X * 2).tolist()
    assert found.gradients["x"].tolist() == (X * 2).tolist()


class Renamed(Scale):
    def __init__(self, size):
        super().__init__(size)
        self.w = self.weight
        del self.weight


class Larger(Scale):
    def __init__(self, size):
        super().__init__(size + 1)


@pytest.mark.parametrize(
    ("target", "misfit"),
    [
        (Renamed, "missing: weight [3]; not expected: w [3]"),
        (Larger, "weight: expected [3], got [4]"),
    ],
)
def test_parameters_that_do_not_fit_are_listed(target, misfit):
    assert built(target) == Observation(misfit=misfit)


class Unready(nn.Module):
    def __init__(self, size):
        self.layer = nn.Linear(size, size)


@pytest.mark.parametrize("target", [Scale(3), len, dict, 3, None], ids=repr)
def test_the_class_of_a_module_is_expected(target):
    assert built(target).raised == Raised("TypeError", "the class of a module is expected here")


def test_a_constructor_may_fail():
    assert built(Unready).raised.type_name == "AttributeError"
    assert "self.layer = nn.Linear(size, size)" in built(Unready).raised.line


# ------------------------------------------------------------------ described arguments


@pytest.fixture
def model():
    """A described model with gradients from an earlier backward pass."""
    draw = Draw(3)
    described = draw.model(
        SingleRNN, src_vocab_size=5, tgt_vocab_size=4, embed_size=2, hidden_size=3
    )
    gradients = {n: torch.ones_like(w) for n, w in described.weights.items()}
    return Model(described.path, described.sizes, described.weights, gradients)


def test_a_described_model_has_its_weights_and_left_over_gradients(model):
    def look(made):
        assert type(made) is SingleRNN
        assert not made.training
        return {n: (p.detach().clone(), p.grad) for n, p in made.named_parameters()}

    output = seen(look, model=model).output
    for name, weight in model.weights.items():
        assert torch.equal(output[name][0], weight)
        assert torch.equal(output[name][1], torch.ones_like(weight))


def test_an_optimiser_steps_over_its_model_and_what_is_left_is_seen(model):
    def step(_, optimizer):
        optimizer.step()

    optimizer = Optimizer("SGD", "model", {"lr": 0.5})
    left = seen(step, model=model, optimizer=optimizer).left["model"]
    for name, weight in model.weights.items():
        torch.testing.assert_close(left[name], weight - 0.5)
    assert torch.equal(
        seen(lambda _: None, model=model).left["model"]["rnn.bias_hh_l0"],
        model.weights["rnn.bias_hh_l0"],
    )


def test_gradients_that_a_call_leaves_in_a_model_are_seen(model):
    def zeroed(made, optimizer):
        optimizer.zero_grad()
        made.output.weight.sum().backward()

    optimizer = Optimizer("SGD", "model", {"lr": 0.5})
    (kept,) = seen(zeroed, model=model, optimizer=optimizer).kept["model"].items()
    assert kept[0] == "output.weight"
    assert torch.equal(kept[1], torch.ones(4, 3))
    assert seen(lambda _: None, model=model).kept["model"].keys() == model.weights.keys()


def test_tensors_that_still_hold_their_graph_are_named(model):
    def number(made):
        return [made.output.weight.sum(), made.output.weight.sum().item(), X.sum()]

    assert seen(number, model=model).attached == ("[0]",)


def test_training_mode_is_described_too(model):
    training = Model(model.path, model.sizes, train=True)
    assert seen(lambda made: made.training, model=training).output is True


def test_models_are_built_of_models():
    draw, sizes = Draw(1), {"vocab_size": 6, "embed_size": 2, "hidden_size": 3}
    whole = draw.model(
        Seq2Seq, encoder=draw.model(Encoder, **sizes), decoder=draw.model(Decoder, **sizes)
    )
    assert {n.partition(".")[0] for n in whole.weights} == {"encoder", "decoder"}
    ids = torch.tensor([[1, 2, 3]])
    one, other = (seen(lambda m, x: m(x, x), model=decode(encode(whole)), ids=ids) for _ in "ab")
    assert one.output.shape == (1, 3, 6)
    assert torch.equal(one.output, other.output)


def test_only_modules_of_the_course_are_built():
    found = seen(lambda made: made, model=Model("subprocess.Popen", {"args": "true"}))
    assert found.raised.text == "Only modules of s2s_ref are built, not subprocess.Popen."


def test_a_described_generator_is_seeded():
    expected = torch.rand(3, generator=torch.Generator().manual_seed(5))
    found = seen(lambda made: torch.rand(3, generator=made), generator=Generator(5))
    assert torch.equal(found.output, expected)


# ------------------------------------------------------------------ exceptions


def fails_itself(_):
    raise ValueError("I do not know")


def fails_in_pytorch(x):
    doubled = x + x
    return doubled @ torch.ones(7, 7)


def fails_in_the_course(x):
    return from_rnn(from_rnn(x))


def fails_in_a_reference(x):
    return rnn_step(x, x, x, x, x)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (fails_itself, 'raise ValueError("I do not know")'),
        (fails_in_pytorch, "return doubled @ torch.ones(7, 7)"),
        (fails_in_the_course, "return from_rnn(from_rnn(x))"),
        (fails_in_a_reference, "return rnn_step(x, x, x, x, x)"),
    ],
)
def test_the_students_own_line_is_shown(code, line):
    raised = seen(code, x=X).raised
    assert raised.line == line
    assert raised.line_number > code.__code__.co_firstlineno


def test_an_exception_is_an_outcome_by_type_and_text():
    raised = seen(fails_itself, x=X).raised
    assert (raised.type_name, raised.text) == ("ValueError", "I do not know")


def endless(x):
    return endless(x)


def test_endless_recursion_and_results_that_hold_themselves_are_outcomes():
    assert seen(endless, x=1).raised.type_name == "RecursionError"
    loop = []
    loop.append(loop)
    assert seen(lambda _: loop, x=1).raised.type_name == "RecursionError"


def test_an_interrupt_is_no_outcome():
    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seen(interrupted, x=1)


# ------------------------------------------------------------------ quiet


def noisy(_):
    print("a note of the student's")
    print("a progress bar", file=sys.stderr)
    warnings.warn("careful", stacklevel=1)
    torch.manual_seed(1)
    random.seed(1)
    torch.set_grad_enabled(False)
    return torch.rand(2), random.random()


def test_nothing_leaks(capfd):
    before = torch.random.get_rng_state(), random.getstate(), torch.is_grad_enabled()
    seen(noisy, x=X)
    after = torch.random.get_rng_state(), random.getstate(), torch.is_grad_enabled()
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]
    assert capfd.readouterr() == ("a note of the student's\n", "")


def test_code_that_draws_at_random_does_the_same_each_time():
    one, other = (seen(lambda _: (torch.rand(3), random.random()), x=X).output for _ in "ab")
    assert torch.equal(one[0], other[0])
    assert one[1] == other[1]


def test_gradients_flow_even_where_the_notebook_switched_them_off():
    with torch.no_grad():
        assert seen(lambda x: x * 2, ONES, x=X).gradients["x"] is not None
