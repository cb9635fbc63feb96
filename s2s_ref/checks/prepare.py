"""Draw the cases of a check until they show every named mistake."""

import functools
import hashlib
import hmac
import itertools
from dataclasses import replace

import torch
from torch import Tensor

import s2s_ref
from s2s_ref.checks.axes import (
    argument_axes,
    axis_sizes,
    map_arguments,
    real_positions,
    result_axes,
    select,
    tensors_of,
)
from s2s_ref.checks.cases import Case, Prepared, blank_free_positions, lengthen
from s2s_ref.checks.diagnose import differences, equals_mistake, findings_in
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, Exercise, find
from s2s_ref.state import State
from s2s_ref.student.observe import float_tensors, materialise, observe
from s2s_ref.student.protocol import Call, Generator, Observation

DRAWN_CASES = 2
MAX_CASES = 64
"""The number of cases after which an exercise is refused, if they do not show every mistake."""


class AuthoringError(RuntimeError):
    """The cases of an exercise do not show one of its mistakes."""


def seed_of(key: bytes, exercise: str) -> int:
    """Return the seed of an exercise's cases; it depends on the class's key and the version."""
    text = f"{exercise} {s2s_ref.__version__}".encode()
    return int.from_bytes(hmac.new(key, text, hashlib.sha256).digest()[:7], "big")


@functools.lru_cache(maxsize=128)
def prepare(name: str, seed: int) -> Prepared:
    """Draw cases until they show every named mistake of the exercise.

    Raises:
        AuthoringError: a mistake equals the reference, or a mistake that has another message, in
            all cases that may be drawn.
    """
    exercise = find(name)
    if exercise.kind == "prediction":
        outcomes = {m.name: [Observation(m.code())] for m in exercise.mistakes}
        return Prepared(exercise, [Case(Call({}), Observation(exercise.reference))], outcomes)
    prepared = Prepared(exercise, [], {m.name: [] for m in exercise.mistakes})
    for i in range(DRAWN_CASES):
        _add(prepared, _draw(exercise, seed + i, exercise.wider() if i else {}), "drawn")
    for i, sizes in enumerate(exercise.edge_sizes()):
        _add(prepared, _draw(exercise, seed + 1000 + i, sizes), "edge")
    _add_variations(prepared)
    while hidden := _hidden(prepared):
        if len(prepared.cases) >= MAX_CASES:
            raise AuthoringError(f"{name}: {MAX_CASES} cases do not show {hidden}.")
        _add(prepared, _draw(exercise, seed + len(prepared.cases), {}), "drawn")
    return prepared


def _draw(exercise: Exercise, seed: int, sizes: dict[str, int]) -> Call:
    draw = Draw(seed)
    drawn = exercise.draw(draw, **{**exercise.sizes(), **sizes})
    if isinstance(drawn, Built):
        weights = draw.weights(exercise.reference(**materialise(drawn.sizes, {})))
        return Call(drawn.arguments, drawn.sizes, weights)
    return Call(drawn, times=exercise.times)


def _add(
    prepared: Prepared, call: Call, kind: str, order: Tensor | None = None, base: int = 0
) -> None:
    """Add a case, with the outcomes of the reference and of every mistake."""
    exercise = prepared.exercise
    expected = observe(exercise.reference, call)
    outputs = float_tensors(expected.output)
    if outputs and exercise.gradients:
        draw = Draw(len(prepared.cases))
        blanked = blank_free_positions(exercise, call, expected)
        cotangents = {path: blanked(path, draw.normal(*o.shape)) for path, o in outputs.items()}
        call = replace(call, cotangents=cotangents)
        expected = observe(exercise.reference, call)
    prepared.cases.append(Case(call, expected, kind, order, base))
    for mistake in exercise.mistakes:
        prepared.outcomes[mistake.name].append(observe(mistake.code, call))


def _add_variations(prepared: Prepared) -> None:
    """Add variations of the first case, as far as its arguments allow them."""
    exercise, base = prepared.exercise, prepared.cases[0]
    axes = argument_axes(exercise.reference, base.call.arguments)
    draws = any(isinstance(value, Generator) for value in base.call.arguments.values())
    order = _other_order(exercise, base)
    if order is not None and not draws and "batch order" not in exercise.skip:
        arguments = map_arguments(base.call.arguments, select(axes, "batch", order))
        _add(prepared, replace(base.call, arguments=arguments), "permuted", order)
    padded = real_positions(axes, base.call.arguments)
    if padded and "padding" not in exercise.skip:
        arguments = map_arguments(base.call.arguments, lengthen(axes, padded, Draw(1).normal))
        _add(prepared, replace(base.call, arguments=arguments), "padded")
    if draws:
        _add(prepared, replace(base.call, seed=base.call.seed + 1), "repeated")
    else:
        if exercise.kind == "module":
            _add(prepared, replace(base.call, train=True), "training")
            _add(prepared, replace(base.call, before=base.call.arguments), "again")
        for number in _first_of_each_kind(prepared.cases):
            _add_call_again(prepared, number)


def _first_of_each_kind(cases: list[Case]) -> list[int]:
    """Number the first case of each kind: of a GRU, of an LSTM, of a state that lacks its keys."""
    found: dict[tuple[str, ...], int] = {}
    for number, case in enumerate(cases):
        layers = [v for v in (case.call.sizes or {}).values() if isinstance(v, str)]
        states = [v for v in case.call.arguments.values() if isinstance(v, State)]
        missing = [n for state in states for n, v in state._asdict().items() if v is None]
        found.setdefault((*layers, *missing), number)
    return list(found.values())


def _add_call_again(prepared: Prepared, number: int) -> None:
    """Add a case with another call before it.

    Before a module reads the batch, it reads the first sentence alone and without its last word,
    so that whatever it keeps of a call shows in the next one.
    """
    exercise, call = prepared.exercise, prepared.cases[number].call
    again = replace(call, seed=call.seed + 1, train=number > 0)  # the first has its own case
    if exercise.kind == "module":
        arguments = call.arguments
        axes = argument_axes(exercise.reference, arguments)
        padded = real_positions(axes, arguments)
        for name, size in axis_sizes(axes, arguments).items():
            if name == "batch":
                arguments = map_arguments(arguments, select(axes, name, torch.arange(1)))
            elif name.endswith("len") and name not in padded and size > 1:
                arguments = map_arguments(arguments, select(axes, name, torch.arange(size - 1)))
        again = replace(again, before=arguments)
    _add(prepared, again, "again", base=number)


def _other_order(exercise: Exercise, case: Case) -> Tensor | None:
    """Return another order of the batch, or None if not every result belongs to a sentence."""
    axes = argument_axes(exercise.reference, case.call.arguments)
    tensors = tensors_of(case.call.arguments)
    batch_sizes = {tensors[p].shape[n.index("batch")] for p, n in axes.items() if "batch" in n}
    named = result_axes(exercise.reference, case.expected.output)
    results = tensors_of({"": case.expected.output})
    all_batched = bool(results) and all("batch" in named.get(path, ()) for path in results)
    return torch.arange(batch_sizes.pop()).roll(1) if batch_sizes and all_batched else None


def _hidden(prepared: Prepared) -> list[str]:
    """List mistakes that all cases confuse with the reference, or with one of another message."""
    mistakes, outcomes = prepared.exercise.mistakes, prepared.outcomes
    found = {m.name: differences(prepared, outcomes[m.name]) for m in mistakes}
    hidden = [name for name in found if not found[name]]
    findings = {name: findings_in(found[name]) for name in found}
    for one, other in itertools.permutations(mistakes, 2):
        same_findings = findings[one.name] and findings[one.name] == findings[other.name]
        if one.message != other.message and (
            same_findings or equals_mistake(prepared, one, outcomes[other.name])
        ):
            hidden.append(f"{one.name} = {other.name}")
    return hidden
