"""Draw the cases of a check until every named mistake shows."""

import functools
import hashlib
import hmac
import itertools
from dataclasses import replace

import torch
from torch import Tensor

import s2s_ref
from s2s_ref.checks.axes import (
    all_axes,
    axes_of,
    map_arguments,
    real_places,
    select,
    signature,
    tensors_of,
)
from s2s_ref.checks.cases import Case, Prepared, free_places, lengthen
from s2s_ref.checks.diagnose import all_alike, differences, own_words
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, Exercise, find
from s2s_ref.student.observe import float_tensors, observe
from s2s_ref.student.protocol import Call, Generator, Observation

DRAWN_CASES = 2
MOST_CASES = 64
"""So many cases are drawn at most until every mistake shows."""


class AuthoringError(RuntimeError):
    """An exercise whose cases cannot show one of its mistakes."""


def seed_of(key: bytes, exercise: str) -> int:
    """Return the seed of an exercise's cases for a class with this key."""
    text = f"{exercise} {s2s_ref.__version__}".encode()
    return int.from_bytes(hmac.new(key, text, hashlib.sha256).digest()[:7], "big")


@functools.lru_cache(maxsize=128)
def prepare(name: str, seed: int) -> Prepared:
    """Draw cases until every named mistake of the exercise shows.

    Raises:
        AuthoringError: a mistake agrees with the reference, or with a mistake that has another
            message, on all the cases that may be drawn.
    """
    exercise = find(name)
    if exercise.kind == "prediction":
        outcomes = {m.name: [Observation(m.code())] for m in exercise.mistakes}
        return Prepared(exercise, [Case(Call({}), Observation(exercise.reference))], outcomes)
    prepared = Prepared(exercise, [], {m.name: [] for m in exercise.mistakes})
    for i in range(DRAWN_CASES):
        _add(prepared, _draw(exercise, seed + i, {}), "drawn")
    for i, sizes in enumerate(exercise.edge_sizes()):
        _add(prepared, _draw(exercise, seed + 1000 + i, sizes), "edge")
    _derive(prepared)
    while hidden := _hidden(prepared):
        if len(prepared.cases) >= MOST_CASES:
            raise AuthoringError(f"{name}: {MOST_CASES} cases do not show {hidden}.")
        _add(prepared, _draw(exercise, seed + len(prepared.cases), {}), "drawn")
    return prepared


def _draw(exercise: Exercise, seed: int, sizes: dict[str, int]) -> Call:
    draw = Draw(seed)
    drawn = exercise.draw(draw, **{**exercise.sizes(), **sizes})
    if isinstance(drawn, Built):
        weights = draw.weights(exercise.reference(**drawn.sizes))
        return Call(drawn.arguments, drawn.sizes, weights)
    return Call(drawn, times=exercise.times)


def _add(prepared: Prepared, call: Call, kind: str, order: Tensor | None = None) -> None:
    exercise = prepared.exercise
    expected = observe(exercise.reference, call)
    outputs = float_tensors(expected.output)
    if outputs:
        draw = Draw(len(prepared.cases))
        blanked = free_places(exercise, call, expected)
        cotangents = {path: blanked(path, draw.normal(*o.shape)) for path, o in outputs.items()}
        call = replace(call, cotangents=cotangents)
        expected = observe(exercise.reference, call)
    prepared.cases.append(Case(call, expected, kind, order))
    for mistake in exercise.mistakes:
        prepared.outcomes[mistake.name].append(observe(mistake.code, call))


def _derive(prepared: Prepared) -> None:
    """Add the first case with its batch in another order, with a longer padded tail, and again."""
    exercise, base = prepared.exercise, prepared.cases[0]
    annotations = {n: p.annotation for n, p in signature(exercise.reference).parameters.items()}
    axes = all_axes(annotations, base.call.arguments)
    tensors = tensors_of(base.call.arguments)
    batch_sizes = {tensors[p].shape[n.index("batch")] for p, n in axes.items() if "batch" in n}
    result_axes = axes_of(signature(exercise.reference).return_annotation, base.expected.output)
    results = tensors_of({"": base.expected.output})
    all_batched = bool(results) and all("batch" in result_axes.get(p, ()) for p in results)
    drawn = any(isinstance(value, Generator) for value in base.call.arguments.values())
    if batch_sizes and all_batched and not drawn and "batch order" not in exercise.skip:
        order = torch.arange(batch_sizes.pop()).roll(1)
        arguments = map_arguments(base.call.arguments, select(axes, "batch", order))
        _add(prepared, replace(base.call, arguments=arguments), "permuted", order)
    padded = real_places(axes, base.call.arguments)
    if padded and "padding" not in exercise.skip:
        arguments = map_arguments(base.call.arguments, lengthen(axes, padded, Draw(1).normal))
        _add(prepared, replace(base.call, arguments=arguments), "padded")
    if drawn:
        _add(prepared, replace(base.call, seed=base.call.seed + 1), "repeated")


def _hidden(prepared: Prepared) -> list[str]:
    """List the mistakes that no case tells from the reference or from another message's mistake."""
    mistakes, outcomes = prepared.exercise.mistakes, prepared.outcomes
    hidden = [m.name for m in mistakes if not differences(prepared, outcomes[m.name])]
    words = {m.name: own_words(prepared, outcomes[m.name]) for m in mistakes}
    for one, other in itertools.permutations(mistakes, 2):
        same_words = words[one.name] and words[one.name] == words[other.name]
        if one.message != other.message and (
            same_words or all_alike(prepared, outcomes[other.name], one)
        ):
            hidden.append(f"{one.name} = {other.name}")
    return hidden
