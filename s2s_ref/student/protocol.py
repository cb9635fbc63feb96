"""Descriptions: what the judge sends in place of an object that has no plain form.

A model, an optimiser or a random generator cannot cross the seam between the judge and the
student's side. Its description can, and the student's side builds the object from it.
"""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Model:
    """A module of `s2s_ref`, by its path, with its constructor's arguments and its weights.

    Constructor arguments may be descriptions themselves. `gradients` are left over from an earlier
    backward pass, as a training loop meets them; `train` chooses training mode.
    """

    path: str
    sizes: dict[str, Any]
    weights: dict[str, Tensor] = field(default_factory=dict)
    gradients: dict[str, Tensor] = field(default_factory=dict)
    train: bool = False


@dataclass(frozen=True)
class Optimizer:
    """An optimiser of `torch.optim`, by name, over the parameters of the argument `over`."""

    name: str
    over: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Generator:
    """A `torch.Generator` on the CPU with this seed."""

    seed: int


@dataclass(frozen=True)
class Other:
    """What stands in for an object that has no plain form: its type's name and a short repr."""

    type_name: str
    text: str


@dataclass(frozen=True)
class Raised:
    """An exception: its type's name, its text, and the student's own line that raised it."""

    type_name: str
    text: str
    line: str = ""
    line_number: int = 0


class Refused(RuntimeError):
    """The judge does not answer this request, such as a check between graded cells."""


class UnknownExercise(ValueError):
    """There is no exercise of this name."""

    def _render_traceback_(self) -> list[str]:
        """Let IPython show this one line in place of a traceback through library code."""
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True)
class Call:
    """One call that the judge asks for.

    `sizes` and `weights` are there where the exercise is a module: what to build it with.
    `cotangents` are the vectors to send back through the float tensors of the result, by the
    tensors' paths in it. `times` is how often to call, on the same objects; above 1 the output is
    the list of what came back. `seed` is that of the global random numbers during the call, which
    no right answer draws from.
    """

    arguments: dict[str, Any]
    sizes: dict[str, Any] | None = None
    weights: dict[str, Tensor] = field(default_factory=dict)
    cotangents: dict[str, Tensor] = field(default_factory=dict)
    times: int = 1
    seed: int = 0


@dataclass(frozen=True)
class Observation:
    """What one call came to: what it returned, or raised, and what it left behind.

    `gradients` are those of the float arguments and of the module's parameters, by name, None
    where none arrived. `changed` names the plain arguments that the call changed, and the
    generators that it drew from. `left` holds the parameters of every described model after the
    call. `misfit` tells which parameters of the module are missing, extra or of another shape than
    the exercise gives them. `attached` are the paths of the tensors in the output that still hold
    the graph of how they came about. `kept` holds the gradients that every described model has
    after the call; a right answer may leave any, so they only help to tell mistakes apart.
    """

    output: Any = None
    raised: Raised | None = None
    gradients: dict[str, Tensor | None] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    left: dict[str, Any] = field(default_factory=dict)
    misfit: str = ""
    attached: tuple[str, ...] = ()
    kept: dict[str, dict[str, Tensor]] = field(default_factory=dict)
