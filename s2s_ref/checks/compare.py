"""Find the first difference between the outcomes of the reference and of a student's code."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from s2s_ref.checks.axes import Axes, dtype_text, is_integer, shape_text
from s2s_ref.student.observe import float_tensors
from s2s_ref.student.protocol import OUT_OF_MEMORY, UNFINISHED, Observation, Other

RTOL, ATOL = 1e-4, 1e-5
"""The tolerances of `torch.isclose` for float results and gradients."""


KIND_OF_ERROR = {
    "NotImplementedError": "unwritten",
    OUT_OF_MEMORY: "memory",
    UNFINISHED: "unfinished",
}
"""The kind of the difference, by the type of the error; for other errors it is `raised`."""


@dataclass(frozen=True)
class Difference:
    """What differs: the kind (a key of `ADVICE`), where, and both sides as text."""

    kind: str
    where: str
    expected: str
    got: str


def difference(
    expected: Observation,
    got: Observation,
    name: str = "result",
    axes: dict[str, Axes] | None = None,
) -> Difference | None:
    """Return the first difference between two outcomes of one call.

    The values are compared first, then the effects of the call, then the gradients. `name` is what
    the result is called, and `axes` names the axes of its tensors.
    """
    if expected.raised or got.raised or expected.misfit or got.misfit:
        return _outcome(expected, got)
    return (
        _value(name, expected.output, got.output, axes or {}, "")
        or _attached(name, expected, got)
        or _changed(expected, got)
        or _left(expected, got)
        or _gradients(expected, got)
    )


def outcomes_equal(expected: Observation, got: Observation, *, gradients: bool = True) -> bool:
    """Tell whether two outcomes are equal, with or without their gradients."""
    if not gradients:
        got = replace(got, gradients=expected.gradients, kept=expected.kept)
    return difference(expected, got) is None and _kept_equal(expected, got)


def _kept_equal(expected: Observation, got: Observation) -> bool:
    if expected.kept.keys() != got.kept.keys():
        return False
    pairs = [(expected.kept[n], got.kept[n]) for n in expected.kept]
    return all(_value("", wanted, found, {}, "") is None for wanted, found in pairs)


def _outcome(expected: Observation, got: Observation) -> Difference | None:
    if got.misfit and not expected.misfit:
        return Difference(
            "parameters", "the parameters", "those that the exercise gives", got.misfit
        )
    if got.raised and not expected.raised:
        text = shortened(f"{got.raised.type_name}: {got.raised.text}".rstrip(": "), 300)
        kind = KIND_OF_ERROR.get(got.raised.type_name, "raised")
        none = kind in ("memory", "unfinished")
        return Difference(kind, "the call", "an answer", "none" if none else text)
    if expected.raised and (
        got.raised is None or got.raised.type_name != expected.raised.type_name
    ):
        came = got.raised.type_name if got.raised else value_text(got.output)
        return Difference("value", "the call", f"to raise {expected.raised.type_name}", came)
    return None


def _value(
    name: str, expected: Any, got: Any, axes: dict[str, Axes], path: str
) -> Difference | None:
    where = name + path
    if got is None and expected is not None:
        return Difference("nothing", where, kind_text(expected), "None")
    if isinstance(expected, Tensor):
        return _tensor(where, expected, got, axes.get(path, ()))
    if isinstance(expected, bool | int | float | str | None):
        return _scalar(where, expected, got)
    if isinstance(expected, Other):  # a mistake's; only its type can be compared
        equal = isinstance(got, Other) and got.type_name == expected.type_name
        return None if equal else Difference("type", where, kind_text(expected), kind_text(got))
    if isinstance(expected, dict):
        return _mapping(name, expected, got, axes, path)
    return _sequence(name, expected, got, axes, path)


def _tensor(where: str, expected: Tensor, got: Any, names: Axes) -> Difference | None:
    if not isinstance(got, Tensor):
        return Difference("type", where, "a tensor", kind_text(got))
    if got.shape != expected.shape:
        return Difference("shape", where, shape_text(expected, names), shape_text(got))
    same_family = is_integer(got) and is_integer(expected)
    if got.dtype != expected.dtype and not same_family:
        return Difference("dtype", where, dtype_text(expected), dtype_text(got))
    if got.is_floating_point() and got.isnan().any() and not expected.isnan().any():
        place = tuple(int(i) for i in got.isnan().nonzero()[0])
        return Difference("nan", at(where, place), number(expected[place].item()), "nan")
    if not expected.is_floating_point():
        wrong = got != expected
    else:
        wrong = ~torch.isclose(got, expected, rtol=RTOL, atol=ATOL, equal_nan=True)
    if not wrong.any():
        return None
    place = tuple(int(i) for i in wrong.nonzero()[0]) if wrong.ndim else ()
    return _row(where, expected, got, place)


def _row(where: str, expected: Tensor, got: Tensor, place: tuple[int, ...]) -> Difference:
    """Show the first wrong number and a few after it, which may show a pattern."""
    if not place:
        return Difference("value", where, number(expected.item()), number(got.item()))
    *head, start = place
    stop = min(start + 4, expected.shape[-1])
    inner = ", ".join([*map(str, head), f"{start}:{stop}" if stop > start + 1 else str(start)])
    rows = [t[tuple(head)][start:stop].tolist() for t in (expected, got)]
    digits = 2
    texts = [row_text(row, digits) for row in rows]
    while texts[0] == texts[1] and digits < 8:
        digits += 2
        texts = [row_text(row, digits) for row in rows]
    return Difference("value", f"{where}[{inner}]", *texts)


def _scalar(where: str, expected: Any, got: Any) -> Difference | None:
    if isinstance(got, Tensor) and got.ndim == 0 and not isinstance(expected, str | None):
        got = got.item()
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        if type(got) is not type(expected):
            return Difference("type", where, kind_text(expected), kind_text(got))
        equal = got == expected
        if not equal and str(got).split() == str(expected).split():
            texts = (value_text(text).replace(" ", "␣") for text in (expected, got))
            return Difference("value", where, *texts)  # only spaces differ, so they are shown
    elif isinstance(got, bool) or not isinstance(got, int | float):
        return Difference("type", where, "a number", kind_text(got))
    else:
        if math.isnan(got) and math.isnan(expected):  # the expected outcome may be a mistake's
            return None
        if math.isnan(got):
            return Difference("nan", where, number(expected), "nan")
        exact = isinstance(expected, int)
        equal = (
            got == expected if exact else math.isclose(got, expected, rel_tol=RTOL, abs_tol=ATOL)
        )
    return None if equal else Difference("value", where, value_text(expected), value_text(got))


def _sequence(
    name: str, expected: Any, got: Any, axes: dict[str, Axes], path: str
) -> Difference | None:
    where, named = name + path, hasattr(expected, "_fields")
    if not isinstance(got, list | tuple) or (named and type(got) is not type(expected)):
        return Difference("type", where, kind_text(expected), kind_text(got))
    flat = not any(isinstance(item, Tensor | list | tuple | dict) for item in expected)
    if flat and expected and not set(map(_item_kind, got)) <= set(map(_item_kind, expected)):
        return Difference("type", where, _items_text(expected), _items_text(got))
    if len(got) != len(expected):
        kind = "type" if any(isinstance(item, Tensor) for item in expected) else "value"
        return Difference(kind, where, value_text(expected), value_text(got))
    for i, (e, g) in enumerate(zip(expected, got, strict=True)):
        place = f".{expected._fields[i]}" if named else f"[{i}]"
        found = _value(name, e, g, axes, path + place)
        if found and flat:  # a list of numbers or words is shown as a whole
            return Difference("value", where, value_text(expected), value_text(got))
        if found:
            return found
    return None


def _mapping(
    name: str, expected: dict[Any, Any], got: Any, axes: dict[str, Axes], path: str
) -> Difference | None:
    if not isinstance(got, dict):
        return Difference("type", name + path, kind_text(expected), kind_text(got))
    if list(map(repr, sorted(got, key=repr))) != list(map(repr, sorted(expected, key=repr))):
        return Difference("value", name + path, value_text(list(expected)), value_text(list(got)))
    for key in expected:
        found = _value(name, expected[key], got[key], axes, f"{path}[{key!r}]")
        if found:
            return found
    return None


def _attached(name: str, expected: Observation, got: Observation) -> Difference | None:
    """Find a number that was returned as a tensor with its graph."""
    numbers = [path for path in got.attached if path not in float_tensors(expected.output)]
    if not numbers:
        return None
    return Difference("graph", name + numbers[0], "a number", "a tensor that holds its graph")


def _changed(expected: Observation, got: Observation) -> Difference | None:
    extra = [name for name in got.changed if name not in expected.changed]
    missing = [name for name in expected.changed if name not in got.changed]
    if not extra + missing:
        return None
    where = (extra + missing)[0]
    texts = ("as it was", "changed by the call") if extra else ("changed by the call", "as it was")
    return Difference("changed", where, *texts)


def _left(expected: Observation, got: Observation) -> Difference | None:
    for argument, state in expected.left.items():
        for name, tensor in state.items():
            found = _value(
                f"{argument}.{name}", tensor, got.left.get(argument, {}).get(name), {}, ""
            )
            if found:
                where = f"after the call, {found.where}"
                return Difference("left", where, found.expected, found.got)
    return None


def _gradients(expected: Observation, got: Observation) -> Difference | None:
    wanted = {n: g for n, g in expected.gradients.items() if g is not None and bool((g != 0).any())}
    if wanted and all(got.gradients.get(name) is None for name in wanted):
        return Difference("detached", "the result", "gradients flow through it", "none does")
    for name, gradient in wanted.items():
        found = got.gradients.get(name)
        if found is None:
            return Difference("gradient", f"gradient of {name}", "some", "none")
        wrong = _tensor(f"gradient of {name}", gradient, found, ())
        if wrong:
            return Difference("gradient", wrong.where, wrong.expected, wrong.got)
    for name, found in got.gradients.items():
        if name not in wanted and found is not None and (found.abs() > ATOL).any():
            return Difference("gradient", f"gradient of {name}", "none", "some")
    return None


def at(where: str, place: tuple[int, ...]) -> str:
    """Write an index of a tensor: `result[0, 2]`."""
    return f"{where}[{', '.join(map(str, place))}]" if place else where


def number(value: float | int | bool, digits: int = 2) -> str:
    """Write a number: integers in full, floats with few digits, small ones with an exponent."""
    if isinstance(value, bool | int):
        return str(value)
    if value and abs(value) < 10.0**-digits:
        return f"{value:.1e}"
    return f"{value:.{digits}f}"


def row_text(row: list[Any], digits: int = 2) -> str:
    """Write a few numbers as a list."""
    return "[" + ", ".join(number(value, digits) for value in row) + "]"


def value_text(value: Any) -> str:
    """Write a plain value in one short line."""
    if isinstance(value, float):
        return number(value, 4)
    if isinstance(value, Tensor):
        return f"a tensor {shape_text(value)}"
    if isinstance(value, Other):
        return kind_text(value)
    if isinstance(value, list | tuple) and any(isinstance(v, Tensor) for v in value):
        if not all(isinstance(v, Tensor) and v.ndim == 0 for v in value):
            return kind_text(value)
        value = [v.item() for v in value]
    return shortened(repr(value))


def shortened(text: str, limit: int = 120) -> str:
    """Cut a text that is longer than the limit."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _items_text(items: Sequence[Any]) -> str:
    """Say what a list holds: `a list of numbers`, `a list of tensors [1, 1]`."""
    return "a list of " + " and ".join(dict.fromkeys(map(_item_kind, items)))


def _item_kind(item: Any) -> str:
    if isinstance(item, Tensor):  # one without axes counts as its number
        return f"tensors {shape_text(item)}" if item.ndim else _item_kind(item.item())
    if isinstance(item, bool):
        return "True or False"
    if isinstance(item, int | float):
        return "numbers"
    if isinstance(item, str | list | tuple):
        return "texts" if isinstance(item, str) else f"{type(item).__name__}s"
    return kind_text(item)


def kind_text(value: Any) -> str:
    """Name the kind of a value in plain words: `a tensor`, `a tuple of 2`."""
    if value is None:
        return "None"
    if isinstance(value, Other):
        return f"a value of type {value.type_name}"
    if isinstance(value, Tensor):
        return "a tensor"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return f"a {type(value).__name__}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    names = {bool: "True or False", int: "a number", float: "a number", str: "a text"}
    return names.get(type(value), f"a {type(value).__name__}")
