"""A case of a check: a call, the reference's outcome, and variations of the case."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from s2s_ref.checks.axes import (
    Axes,
    argument_axes,
    blank,
    map_tensors,
    real_positions,
    result_axes,
)
from s2s_ref.checks.registry import Exercise
from s2s_ref.student.protocol import Call, Observation

EXTRA_PADDING = 2
"""The number of positions that the padded case adds to every axis that may hold padding."""


@dataclass(frozen=True)
class Case:
    """One call with its right outcome.

    Attributes:
        call: the call.
        expected: what was observed when the reference was called.
        kind: `drawn`, `edge`, or a variation of an earlier case: `permuted` in its batch, `padded`,
            `repeated` with other global random numbers, in `training` mode, or called `again`.
        order: how the batch of a permuted case was reordered.
        base: the number of the case that a variation varies.
    """

    call: Call
    expected: Observation
    kind: str = "drawn"
    order: Tensor | None = None
    base: int = 0


@dataclass(frozen=True)
class Prepared:
    """The cases of one check, and the outcomes of every known mistake on them.

    `findings` keeps what the exercise's own verdict says of a mistake, once it was asked.
    """

    exercise: Exercise
    cases: list[Case]
    outcomes: dict[str, list[Observation]] = field(default_factory=dict)
    findings: dict[str, set[str]] = field(default_factory=dict)


def blank_free_positions(
    exercise: Exercise, call: Call, seen: Observation
) -> Callable[[str, Tensor], Tensor]:
    """Return a function for `map_tensors` that writes 0 where a result may hold anything.

    That is at padding if the exercise says so, and nowhere otherwise.
    """
    arguments = call.arguments if exercise.free_at_padding else {}
    real = real_positions(argument_axes(exercise.reference, arguments), arguments)
    return blank(result_axes(exercise.reference, seen.output), real)


def judged_part(exercise: Exercise, case: Case, seen: Observation) -> Observation:
    """Return an observation with 0 at the positions that are not judged."""
    if not exercise.free_at_padding:
        return seen
    blanked = blank_free_positions(exercise, case.call, seen)
    return replace(seen, output=map_tensors(seen.output, blanked))


def trim(axes: dict[str, Axes], padded: Collection[str]) -> Callable[[str, Tensor], Tensor]:
    """Return a function that drops the positions that the padded case added to these axes."""

    def shorter(path: str, tensor: Tensor) -> Tensor:
        for axis, name in enumerate(axes.get(path, ())):
            if name in padded:
                tensor = tensor.narrow(axis, 0, tensor.shape[axis] - EXTRA_PADDING)
        return tensor

    return shorter


def lengthen(
    axes: dict[str, Axes], padded: Collection[str], noise: Callable[..., Tensor]
) -> Callable[[str, Tensor], Tensor]:
    """Return a function that adds padding: zeros to ids and masks, noise to other tensors."""

    def longer(path: str, tensor: Tensor) -> Tensor:
        for axis, name in enumerate(axes.get(path, ())):
            if name in padded:
                shape = [*tensor.shape[:axis], EXTRA_PADDING, *tensor.shape[axis + 1 :]]
                tail = noise(*shape) if tensor.is_floating_point() else torch.zeros(shape)
                tensor = torch.cat([tensor, tail.to(tensor.dtype)], dim=axis)
        return tensor

    return longer
