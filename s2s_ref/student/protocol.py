"""What the judge and the student's side exchange.

A model, an optimiser or a random generator has no plain form that can be sent in a message. The
judge sends a description instead, and the student's side builds the object from it.
"""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Model:
    """A module of `s2s_ref`.

    Attributes:
        path: the class, such as `s2s_ref.rnn.SingleRNN`.
        sizes: the arguments of the constructor, which may be descriptions themselves.
        weights: the parameters by name; if there are none, the module keeps its initial ones.
        gradients: gradients that remain from an earlier backward pass, by parameter.
        train: whether the module is in training mode.
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
    """Replaces an object that has no plain form: the name of its type, and a short repr."""

    type_name: str
    text: str


@dataclass(frozen=True)
class Raised:
    """An exception: the name of its type, its text, and the line of the student's code."""

    type_name: str
    text: str
    line: str = ""
    line_number: int = 0


UNFINISHED = "Unfinished"
"""The type name of a `Raised` that stands for a call which a limit or the student ended."""

OUT_OF_MEMORY = "OutOfMemory"
"""The type name of a `Raised` that stands for an error because memory is short."""


class Refused(RuntimeError):
    """The judge does not answer this request, such as a check between graded cells."""


class UnknownExercise(ValueError):
    """There is no exercise of this name."""

    def _render_traceback_(self) -> list[str]:
        """Let IPython show one line instead of a traceback through library code."""
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True)
class Call:
    """One call that the judge asks for.

    Attributes:
        arguments: the arguments by name, in order.
        sizes: the arguments of the constructor if the exercise is a module.
        weights: the parameters of that module by name.
        cotangents: the vectors for the backward pass, by the paths of the result's float tensors.
        times: how often to call with the same objects; above 1, the output is the list of results.
        seed: the seed of the global random numbers, which no right answer uses.
        before: the arguments of an earlier call of the same module, whose result is not judged.
        train: whether the module is in training mode.
    """

    arguments: dict[str, Any]
    sizes: dict[str, Any] | None = None
    weights: dict[str, Tensor] = field(default_factory=dict)
    cotangents: dict[str, Tensor] = field(default_factory=dict)
    times: int = 1
    seed: int = 0
    before: dict[str, Any] | None = None
    train: bool = False


@dataclass(frozen=True)
class Observation:
    """The outcome of one call.

    Attributes:
        output: what the call returned.
        raised: the exception that it raised.
        gradients: the gradients of the float arguments and of the module's parameters by name, or
            None where no gradient arrived.
        changed: the plain arguments that the call changed, and the generators that it drew from.
        left: the parameters of every described model after the call.
        misfit: which parameters of the module are missing, superfluous or of another shape.
        attached: the paths of the tensors in the output that still hold their graph.
        kept: the gradients of every described model after the call. A right answer may leave any
            there, so they only serve to distinguish mistakes.
    """

    output: Any = None
    raised: Raised | None = None
    gradients: dict[str, Tensor | None] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    left: dict[str, Any] = field(default_factory=dict)
    misfit: str = ""
    attached: tuple[str, ...] = ()
    kept: dict[str, dict[str, Tensor]] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One value on the way to a result, and the student's line that made it.

    `name` is that of the variable, `return` for what the call returned, and empty for the result of
    a torch operation. `owner` is the function or class that the line belongs to. `attached`: the
    value is a tensor through which gradients flow.
    """

    name: str
    value: Any
    line: str = ""
    line_number: int = 0
    owner: str = ""
    attached: bool = False
