"""A case of a check: a call, what the reference makes of it, and its variations."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from s2s_ref.checks.axes import Axes, all_axes, axes_of, blank, map_tensors, real_places, signature
from s2s_ref.checks.registry import Exercise
from s2s_ref.student.protocol import Call, Observation

EXTRA_PADDING = 2
"""So many places the padded case adds to every axis that may hold padding."""


@dataclass(frozen=True)
class Case:
    """One call with its right outcome.

    `kind` tells where it came from: drawn, an edge, or the first case with its batch permuted (in
    this `order`) or padded, or repeated with other global random numbers.
    """

    call: Call
    expected: Observation
    kind: str = "drawn"
    order: Tensor | None = None


@dataclass(frozen=True)
class Prepared:
    """The cases of one check and what every known mistake makes of them."""

    exercise: Exercise
    cases: list[Case]
    outcomes: dict[str, list[Observation]] = field(default_factory=dict)


def free_places(
    exercise: Exercise, call: Call, seen: Observation
) -> Callable[[str, Tensor], Tensor]:
    """Make a function for `map_tensors` that puts 0 where a result may hold anything.

    That is at padding, if the exercise says so, and nowhere otherwise.
    """
    parts = signature(exercise.reference)
    annotations = {n: p.annotation for n, p in parts.parameters.items()}
    arguments = call.arguments if exercise.free_at_padding else {}
    real = real_places(all_axes(annotations, arguments), arguments)
    return blank(axes_of(parts.return_annotation, seen.output), real)


def judged_part(exercise: Exercise, case: Case, seen: Observation) -> Observation:
    """Return what is judged of an observation: not what may be anything at padding."""
    if not exercise.free_at_padding:
        return seen
    return replace(seen, output=map_tensors(seen.output, free_places(exercise, case.call, seen)))


def trim(axes: dict[str, Axes], padded: Collection[str]) -> Callable[[str, Tensor], Tensor]:
    """Make a function that drops the places that the padded case added to these axes."""

    def shorter(path: str, tensor: Tensor) -> Tensor:
        for axis, name in enumerate(axes.get(path, ())):
            if name in padded:
                tensor = tensor.narrow(axis, 0, tensor.shape[axis] - EXTRA_PADDING)
        return tensor

    return shorter


def lengthen(
    axes: dict[str, Axes], padded: Collection[str], noise: Callable[..., Tensor]
) -> Callable[[str, Tensor], Tensor]:
    """Make a function that adds padded places: zeros to ids and masks, noise to the others."""

    def longer(path: str, tensor: Tensor) -> Tensor:
        for axis, name in enumerate(axes.get(path, ())):
            if name in padded:
                shape = [*tensor.shape[:axis], EXTRA_PADDING, *tensor.shape[axis + 1 :]]
                tail = noise(*shape) if tensor.is_floating_point() else torch.zeros(shape)
                tensor = torch.cat([tensor, tail.to(tensor.dtype)], dim=axis)
        return tensor

    return longer
