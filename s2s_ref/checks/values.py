"""The values of a traced call, in the form in which they are compared."""

import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from s2s_ref.checks.compare import ATOL, RTOL, difference
from s2s_ref.student.protocol import Observation, Step
from s2s_ref.student.trace import MOST_ITEMS, RETURNED

LARGE = 1e4
"""A score beyond this is as good as infinite: both hide padding."""

MOST_AXES = 5


@dataclass(frozen=True, eq=False)
class Value:
    """A value of a trace in the form in which it is compared."""

    step: Step
    form: Any
    shape: tuple[int, ...] | None = None
    sums: tuple[float, ...] = ()
    """Sums over its numbers that do not change if axes are exchanged: most others have others."""

    @property
    def bare(self) -> str:
        """The name of the variable that it is in, or a part of."""
        return re.split(r"[ .\[]", self.step.name)[0]

    @property
    def returned(self) -> bool:
        """Whether it is what the call returned, or a part of that."""
        return self.bare == RETURNED

    def equals(self, other: "Value") -> bool:
        """Tell whether two values are the same, up to squeezed and exchanged axes."""
        if self.shape is None or other.shape is None:
            return self.shape is other.shape and _same(self.form, other.form)
        pairs = zip(self.sums, other.sums, strict=True)
        if self.shape != other.shape or any(abs(a - b) > 1e-2 + RTOL * abs(a) for a, b in pairs):
            return False
        turned = (t for t in turns_of(self.form) if t.shape == other.form.shape)
        return any(_close(t, other.form) for t in turned)

    def part_of(self, other: "Value") -> bool:
        """Tell whether every number of this tensor occurs in the other one."""
        if self.shape is None or other.shape is None or self.form.numel() >= other.form.numel():
            return False
        return self._numbers <= other._numbers

    @functools.cached_property
    def _numbers(self) -> frozenset[float]:
        return frozenset(self.form.round(decimals=4).flatten().tolist())

    def like(self, other: "Value") -> bool:
        """Tell whether this could stand in the other's place: in type, shape and first item."""
        one, two = self.form, other.form
        if self.shape != other.shape or type(one) is not type(two):
            return False
        if isinstance(one, Tensor):
            return True
        return [type(item) for item in list(one)[:1]] == [type(item) for item in list(two)[:1]]


@dataclass
class Known:
    """Values that are right, each once, and quick to search."""

    _alike: dict[Any, list[Value]] = field(default_factory=lambda: defaultdict(list))

    def add(self, values: Iterable[Value]) -> None:
        """Add those that are new."""
        for value in values:
            if not self.holds(value):
                self._alike[value.shape].append(value)

    def holds(self, value: Value) -> bool:
        """Tell whether an equal value is among them."""
        return any(value.equals(known) for known in self._alike.get(value.shape, ()))

    def hold_part(self, value: Value) -> bool:
        """Tell whether the value is a piece of one of them."""
        return any(value.part_of(known) for known in itertools.chain(*self._alike.values()))


def values_of(steps: Sequence[Step]) -> list[Value]:
    """Return the values of steps, and the parts of pairs and states; none that says nothing."""
    return [value for step in steps for value in _values(step)]


def _values(step: Step) -> Iterator[Value]:
    form = _form(_lists(step.value))
    returned = step.name == RETURNED
    if isinstance(form, Tensor):
        if form.ndim <= MOST_AXES and (returned or (form.numel() and _telling(form))):
            numbers = form.nan_to_num()
            sums = numbers.sum(), numbers.square().sum(), (numbers * _places(form.shape)).sum()
            yield Value(step, form, tuple(sorted(form.shape)), tuple(map(float, sums)))
    elif isinstance(form, tuple) or (isinstance(form, list) and _holds_tensors(form)):
        for i, item in enumerate(form):
            part = f".{form._fields[i]}" if hasattr(form, "_fields") else f"[{i}]"
            yield from _values(replace(step, name=f"{step.name}{part}", value=item))
    elif (isinstance(form, str | list | dict) and form) or returned:
        yield Value(step, form)


def _form(value: Any) -> Any:
    """Return numbers and even lists of them as one tensor, and all else as it is."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return torch.tensor(float(value), dtype=torch.float64)
    if isinstance(value, list) and value:
        if all(isinstance(v, Tensor) for v in value) and len({v.shape for v in value}) == 1:
            return _form(torch.stack([v.double() for v in value]))
        if all(isinstance(v, int | float) and not isinstance(v, bool) for v in value):
            return torch.tensor(value, dtype=torch.float64)
    if isinstance(value, Tensor) and value.numel() <= MOST_ITEMS:
        return value.detach().double().squeeze().clamp(-LARGE, LARGE)
    return None if isinstance(value, Tensor) else value


@functools.cache
def _places(shape: torch.Size) -> Tensor:
    """Number the places of a tensor, so that axes may be exchanged: the indices are added up."""
    places = torch.zeros(shape, dtype=torch.float64)
    for axis, size in enumerate(shape):
        along = [size if other == axis else 1 for other in range(len(shape))]
        places = places + torch.arange(1.0, size + 1, dtype=torch.float64).sqrt().view(along)
    return places


def _lists(value: Any) -> Any:
    """Return tuples without tensors and names as lists: either may hold the words of a sentence."""
    if not isinstance(value, list | tuple) or hasattr(value, "_fields"):
        return value
    items = [_lists(item) for item in value]
    plain = not any(isinstance(item, Tensor | tuple) for item in items)
    return items if isinstance(value, list) or plain else tuple(items)


def _telling(form: Tensor) -> bool:
    """Tell whether a tensor can be told from others: it is not constant, and no whole number."""
    if form.ndim:
        return bool((form != form.flatten()[0]).any())
    return not float(form.item()).is_integer()


def _holds_tensors(items: Sequence[Any]) -> bool:
    return any(isinstance(item, Tensor | tuple) for item in items)


def turns_of(tensor: Tensor) -> Iterator[Tensor]:
    """Yield a tensor with its axes in every order, its own order first."""
    return (tensor.permute(order) for order in itertools.permutations(range(tensor.ndim)))


def _same(expected: Any, got: Any) -> bool:
    return difference(Observation(expected), Observation(got)) is None


def _close(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=RTOL, atol=ATOL, equal_nan=True)


def has_tensors(value: Any) -> bool:
    """Tell whether there is a tensor in a value at any depth."""
    if isinstance(value, list | tuple):
        return any(map(has_tensors, value))
    return isinstance(value, Tensor)
