"""The proof that every check of the course is good, over all of its exercises.

Every named mistake fails with its own message, and alternative right answers pass, for several
classes; an unsolved exercise fails; and nothing that a student can import passes in place of an
answer.
"""

import ast
import builtins
import functools
import importlib
import inspect
import math
import os
import socket
import textwrap
from pathlib import Path

import nbformat
import pytest
import torch
from torch import nn

from s2s_ref import syllabus
from s2s_ref.checks.axes import map_tensors
from s2s_ref.checks.cases import Prepared
from s2s_ref.checks.diagnose import differences, reach_verdict
from s2s_ref.checks.prepare import prepare, seed_of
from s2s_ref.checks.registry import load_all
from s2s_ref.checks.source import standalone
from s2s_ref.rnn import one_hot
from s2s_ref.student import card
from s2s_ref.student.codec import plain
from s2s_ref.student.observe import observe
from s2s_ref.student.protocol import Observation
from s2s_ref.syllabus import LESSONS

ROOT = Path(__file__).parents[2]
KEYS = [f"class {i}".encode() for i in range(32 if os.environ.get("S2S_SCALE") else 2)]
"""The secrets of some classes, by which the cases of a check are drawn."""

ALL = load_all()
WRITTEN = [e for e in ALL if e.kind != "prediction"]
PREDICTIONS = [e for e in ALL if e.kind == "prediction"]


def each(exercises):
    return pytest.mark.parametrize("exercise", exercises, ids=lambda e: e.name)


@functools.cache
def prepared(exercise, key):
    return prepare(exercise.name, seed_of(key, exercise.name))


def verdict(exercise, target, key):
    """Reach the verdict on a function or class, or on a predicted value."""
    ready = prepared(exercise, key)
    if exercise.kind == "prediction":
        return reach_verdict(ready, [Observation(plain(target))])
    return reach_verdict(ready, [observe(target, case.call) for case in ready.cases])


# ------------------------------------------------------------------ the proofs


@each(WRITTEN)
def test_every_mistake_fails_under_its_own_name_alone_after_the_set_up(exercise):
    """The mistake's text is what a student would have written, run after the set-up cell."""
    for mistake in exercise.mistakes:
        target = run_alone(exercise, mistake.code)
        for key in KEYS:
            found = verdict(exercise, target, key)
            told = (found.passed, found.mistake, found.headline)
            assert told == (False, mistake.name, mistake.message), key
        require_card(mistake, found)


@each(WRITTEN)
def test_every_alternative_passes_alone_after_the_set_up(exercise):
    assert exercise.alternatives
    for alternative in exercise.alternatives:
        target = run_alone(exercise, alternative)
        for key in KEYS:
            assert verdict(exercise, target, key).passed, alternative.__name__


@each(PREDICTIONS)
def test_predictions_without_an_answer_fail(exercise):
    for mistake in exercise.mistakes:
        found = verdict(exercise, mistake.code(), KEYS[0])
        assert (found.passed, found.headline) == (False, mistake.message)
        require_card(mistake, found)
    assert not verdict(exercise, None, KEYS[0]).passed


def unsolved(exercise):
    """Return what a released lesson holds in place of an answer."""

    def skeleton(*_, **__):
        raise NotImplementedError

    if exercise.kind == "function":
        return skeleton
    return type(exercise.short, (exercise.reference,), {"forward": skeleton})


@each(WRITTEN)
def test_an_unsolved_exercise_fails_as_unwritten(exercise):
    found = verdict(exercise, unsolved(exercise), KEYS[0])
    assert (found.passed, found.kind) == (False, "unwritten")


def spoiled(exercise, change):
    """Return the right answer with its result changed."""
    reference = exercise.reference
    if exercise.kind == "function":
        return lambda *arguments: change(reference(*arguments))

    def forward(self, *arguments):
        return change(reference.forward(self, *arguments))

    return type(exercise.short, (reference,), {"forward": forward})


@each(WRITTEN)
def test_a_result_that_does_not_come_back_or_is_cut_off_is_told_in_every_exercise(exercise):
    found = verdict(exercise, spoiled(exercise, lambda _: None), KEYS[0])
    assert (found.passed, found.kind) == (False, "nothing")
    if any(case.expected.attached for case in prepared(exercise, KEYS[0]).cases):
        detach = functools.partial(map_tensors, function=lambda _, tensor: tensor.detach())
        found = verdict(exercise, spoiled(exercise, detach), KEYS[0])
        assert (found.passed, found.kind) == (False, "detached")


# ------------------------------------------------------------------ mistakes stand alone


@functools.cache
def set_up(name):
    """Run the set-up cell of a lesson's notebook, and return what it binds."""
    bound = {}
    exec(set_up_source(name), bound)
    return bound


def set_up_source(name):
    lesson = LESSONS[syllabus.number_of(name)].folder
    cells = nbformat.read(ROOT / "solutions" / lesson / f"{lesson}.ipynb", as_version=4).cells
    (source,) = [cell.source for cell in cells if cell.get("id") == "set-up"]
    return source


def run_alone(exercise, code):
    bound = dict(set_up(exercise.name.partition(".")[0]))
    exec(standalone(code, exercise.short), bound)
    return bound[exercise.short]


def free_names(source):
    """List the names that a text reads and does not bind itself, builtins left out."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    bound |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return names - bound - set(dir(builtins))


def names_bound_by(source):
    nodes = list(ast.walk(ast.parse(source)))
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {a.asname or a.name.partition(".")[0] for a in node.names}
    return bound


@each(WRITTEN)
def test_the_notebooks_set_up_cell_binds_what_mistakes_name(exercise):
    codes = [m.code for m in exercise.mistakes] + exercise.alternatives
    used = set().union(*(free_names(standalone(c, exercise.short)) for c in codes))
    assert used <= names_bound_by(set_up_source(exercise.name.partition(".")[0]))


def without_words(source):
    """Dump a source without names of its own, docstrings, annotations and decorators."""
    (node,) = ast.parse(source).body
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef | ast.ClassDef):
            part.decorator_list = []
            if ast.get_docstring(part) is not None:
                part.body = part.body[1:]
        if isinstance(part, ast.FunctionDef):
            part.returns = None
        if isinstance(part, ast.arg):
            part.annotation = None
    return ast.dump(node)


@each(WRITTEN)
def test_no_mistake_has_the_code_of_a_right_answer_or_of_another_mistake(exercise):
    found = {}
    codes = [exercise.reference, *exercise.alternatives, *(m.code for m in exercise.mistakes)]
    for code in codes:
        dump = without_words(standalone(code, exercise.short))
        assert dump not in found, f"{code.__name__} has the code of {found[dump]}"
        found[dump] = code.__name__


@each(WRITTEN)
def test_mistakes_name_nothing_of_the_judge_or_the_reference(exercise):
    module = inspect.getmodule(exercise.reference)
    given_away = {
        name for name, value in vars(module).items() if inspect.getmodule(value) is module
    }
    for mistake in exercise.mistakes:
        assert not free_names(standalone(mistake.code, exercise.short)) & given_away, mistake.name


# ------------------------------------------------------------------ cards and hints


def require_card(mistake, found):
    """Require a narrow card with two different sides, and texts that end as they should."""
    shown = {**vars(found), "after": ["encoder_decoder.Encoder"] * 2}
    for line in card.text(shown).splitlines():
        assert len(line) <= card.WIDTH, line
    assert found.expected != found.got or not found.got
    assert mistake.message[0].islower() or not mistake.message[0].isalpha()
    assert not mistake.message.endswith(".")
    assert mistake.why.endswith(".")
    if found.kind != "prediction":
        assert mistake.question.endswith("?")


@each(ALL)
def test_hints_are_two_or_three_without_code_of_the_answer(exercise):
    assert len(exercise.hints) in ((0,) if exercise.kind == "prediction" else (2, 3))
    if exercise.kind == "prediction":
        return
    body = body_lines(exercise)
    for hint in exercise.hints:
        assert not [line for line in body if line in hint]
        for word in ("def ", "return ", "lambda", "import ", "```"):
            assert word not in hint


def body_lines(exercise):
    """List the lines of the reference's body, a module's `forward`, without its docstring."""
    reference = exercise.reference
    function = reference.forward if inspect.isclass(reference) else reference
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))).body
    lines = [line for part in node.body[1:] for line in ast.unparse(part).splitlines()]
    return [line.strip() for line in lines if len(line.strip()) > 6]


ONE = torch.ones(1, 1)
SPECIAL = {"<bos>": 1, "<eos>": 2, "<unk>": 3, "물을": 4}
WORDS = {0: "<pad>", 1: "<bos>", 2: "<eos>", 5: "물을"}
BY_HAND = [
    ("start_here.encode_sentence", ("물을 마셔요", SPECIAL), [1, 4, 3, 2]),
    ("start_here.decode_ids", ([1, 5, 2, 5, 0], WORDS), "물을"),
    ("rnn.one_hot", (torch.tensor([[2, 0]]), 3), [[[0, 0, 1], [1, 0, 0]]]),
    ("rnn.rnn_step", (ONE, 0.5 * ONE, 2 * ONE, -2 * ONE, torch.zeros(1)), [[math.tanh(1)]]),
    (
        "rnn.token_accuracy",
        (one_hot(torch.tensor([[4, 2], [1, 1]]), 5), torch.tensor([[4, 3], [1, 1]])),
        0.75,
    ),
    ("encoder_decoder.shift_target", (torch.tensor([[1, 7, 8, 2]]),), ([[1, 7, 8]], [[7, 8, 2]])),
    ("encoder_decoder.exact_match", ([[4, 5], [6]], [[4, 5], [6, 7]]), 0.5),
    ("decoding.trim_at_eos", ([7, 9, 2, 5, 2], 2), [7, 9]),
    (
        "attention.dot_scores",
        (torch.tensor([[[1.0, 2], [0, 1]]]), torch.tensor([[[3.0, 0], [1, 1]]])),
        [[[3, 3], [0, 1]]],
    ),
    (
        "attention.attention_weights",
        (torch.tensor([[[0.0, 0, 5]]]), torch.tensor([[True, True, False]])),
        [[[0.5, 0.5, 0]]],
    ),
    (
        "attention.context_vectors",
        (torch.tensor([[[0.75, 0.25]]]), torch.tensor([[[4.0, 0], [0, 8]]])),
        [[[3, 2]]],
    ),
    (
        "attention.alignment_matrix",
        (torch.tensor([[[1.0, 0, 0], [0, 1, 0], [0, 1, 0]]]), 0, 2, 3),
        [[1, 0, 0], [0, 1, 1]],
    ),
]


@pytest.mark.parametrize(("name", "arguments", "result"), BY_HAND, ids=[row[0] for row in BY_HAND])
def test_the_examples_in_the_hints_are_right(name, arguments, result):
    (exercise,) = [e for e in ALL if e.name == name]
    found = plain(exercise.reference(*arguments))
    if isinstance(result, tuple):
        assert [part.tolist() for part in found] == list(result)
    elif isinstance(found, torch.Tensor):
        torch.testing.assert_close(found, torch.tensor(result, dtype=found.dtype))
    else:
        assert found == result


# ------------------------------------------------------------------ nothing else passes


STAGED = (
    "s2s_ref.state",
    "s2s_ref.data.vocabulary",
    "s2s_ref.data.korean.generate",
    "s2s_ref.data.corpus",
    "s2s_ref.student",
    "s2s_ref.student.card",
    "s2s_ref.student.client",
    "s2s_ref.student.codec",
    "s2s_ref.student.protocol",
    "s2s_ref.student.observe",
    "s2s_ref.student.record",
    "s2s_ref.student.table_models",
)
"""What the sandbox holds beside the modules of earlier lessons."""

COMMON = [
    *(len, sum, max, min, sorted, list, tuple, set, dict, str, repr, zip, map, print, type, id),
    *(str.split, str.join, " ".join, dict.get, list.copy, math.tanh),
    *(torch.tanh, torch.sigmoid, torch.relu, torch.softmax, torch.argmax, torch.mean, torch.eq),
    *(torch.matmul, torch.addmm, torch.cat, torch.stack, torch.clone, torch.zeros_like, torch.roll),
    *(torch.rnn_tanh_cell, torch.gru_cell, torch.lstm_cell, torch.equal, torch.chunk, torch.split),
    *(nn.functional.one_hot, nn.functional.embedding, nn.functional.linear),
    *(nn.functional.cross_entropy, nn.functional.pad),
    *(nn.Identity, nn.Linear, nn.Embedding, nn.RNN, nn.GRU, nn.LSTM, nn.RNNCell, nn.GRUCell),
]


RIGHT_ANSWERS = {"attention.context_vectors": (torch.matmul,)}
"""What is no way round an exercise, but all that it asks for."""


def staged_callables():
    """List every public callable that the sandbox's modules define."""
    found = {}
    for name in STAGED:
        for attribute, value in vars(importlib.import_module(name)).items():
            own = getattr(value, "__module__", "") in STAGED
            if callable(value) and own and not attribute.startswith("_"):
                found[id(value)] = value
    return [*found.values(), *COMMON]


def passes(exercise, target):
    """Tell whether an answer passes, one case after the other until one fails."""
    cases = prepared(exercise, KEYS[1]).cases
    if exercise.kind == "prediction":
        return not differences(Prepared(exercise, cases), [Observation(plain(target))])
    return all(
        not differences(Prepared(exercise, [case]), [observe(target, case.call)]) for case in cases
    )


@each(ALL)
def test_nothing_that_a_student_can_import_passes_in_place_of_an_answer(exercise, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", None)  # no call reaches the network
    others = [f for f in staged_callables() if f not in RIGHT_ANSWERS.get(exercise.name, ())]
    assert [target for target in others if passes(exercise, target)] == []
    assert passes(exercise, exercise.reference)


@each(WRITTEN)
def test_the_answer_to_another_exercise_does_not_pass(exercise):
    others = [other.reference for other in WRITTEN if other is not exercise]
    assert [other for other in others if passes(exercise, other)] == []
