"""How a wrong result relates to the right one: axes exchanged, a softmax missing, one step late.

A relation is said only if it holds in every failing case, and in at least three of them.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from s2s_ref.checks.axes import (
    Axes,
    argument_axes,
    dtype_text,
    is_integer,
    result_axes,
    tensors_of,
)
from s2s_ref.checks.cases import Case, Prepared, judged_part
from s2s_ref.student.protocol import Observation

LEAST_CASES = 3
"""In fewer failing cases a relation may hold by chance."""

RTOL, ATOL = 1e-3, 1e-4


class Relation(NamedTuple):
    """What a card says of a wrong result: how it relates to the right one, and a question.

    A relation in `part` says which part of the result is right. The place of the first difference
    says more, where there is one.
    """

    words: str
    question: str
    part: bool = False


class Context(NamedTuple):
    """What a relation may speak of: the axes' names and sizes, and the arguments of the call."""

    axes: Axes
    sizes: Mapping[str, int]
    arguments: Mapping[str, Any]


def relation_of(
    prepared: Prepared, seen: Sequence[Observation], failing: Sequence[int]
) -> Relation | None:
    """Return the relation that holds in all failing cases, or None."""
    failing = [i for i in failing if not seen[i].raised and not seen[i].misfit]
    if len(failing) < LEAST_CASES:
        return None
    common: dict[Relation, None] | None = None
    for i in failing:
        found = dict.fromkeys(_relations_in(prepared, prepared.cases[i], seen[i]))
        common = found if common is None else {r: None for r in common if r in found}
        if not common:
            return None
    return next(iter(common or ()), None)


def _relations_in(prepared: Prepared, case: Case, seen: Observation) -> Iterator[Relation]:
    exercise = prepared.exercise
    expected = judged_part(exercise, case, case.expected).output
    got = judged_part(exercise, case, seen).output
    names = argument_axes(exercise.reference, case.call.arguments)
    tensors = tensors_of(case.call.arguments)
    sizes = _quantities(names, tensors)
    arguments = dict(tensors) | dict(case.call.arguments)
    of_result = result_axes(exercise.reference, expected)
    yield from _structure(expected, got)
    differing = [
        (path, wanted, found)
        for path, wanted, found in _leaves("", expected, got)
        if not _equal(wanted, found) or _other_dtype(wanted, found)
    ]
    found = [
        list(_leaf(wanted, value, Context(of_result.get(path, ()), sizes, arguments)))
        for path, wanted, value in differing
    ]
    if found:
        yield from (one for one in found[0] if all(one in others for others in found))
        yield from found[0]  # the card shows the first difference
    for _, wanted, value in differing[:1]:
        yield from _kinds(wanted, value)


def _quantities(names: Mapping[str, Axes], tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """Name what a result may be divided by: real tokens, positions, the sizes of axes."""
    found = {}
    for path, tensor in tensors.items():
        if tensor.dtype == torch.bool:
            found[f"the number of real tokens in `{path}`"] = int(tensor.sum())
            found[f"the number of positions in `{path}`"] = tensor.numel()
    for path, axes in names.items():
        for name, size in zip(axes, tensors[path].shape, strict=True):
            batch = name == "batch"
            found["the number of sentences" if batch else f"the size of the axis {name}"] = size
    return found


# ------------------------------------------------------------------ the form of a result


def _structure(expected: Any, got: Any) -> Iterator[Relation]:
    """Compare results as wholes: a pair in place of its first part, results exchanged."""
    if isinstance(got, list | tuple) and len(got) and not isinstance(expected, list | tuple):
        if _equal(expected, got[0]):
            inside = "first of several" if len(got) > 1 else f"only item of a {type(got).__name__}"
            yield Relation(
                f"the right result came back as the {inside}",
                "What does the signature say comes back, after the arrow?",
            )
        return
    if not isinstance(expected, list | tuple):
        return
    if len(expected) > 1 and any(_equal(part, got) for part in expected):
        yield Relation(
            "only one of the results came back", "How many results does the signature name?"
        )
    as_many = isinstance(got, list | tuple) and len(got) == len(expected) > 1
    if as_many and isinstance(expected, tuple) and _exchanged(expected, got):
        yield Relation(
            "the results are in the wrong order", "Which result does the signature name first?"
        )
    if isinstance(got, list | tuple) and len(got) == 1 and _equal(expected, got[0]):
        yield Relation("the right result is nested once more", "Which brackets are too many?")


def _exchanged(expected: Sequence[Any], got: Sequence[Any]) -> bool:
    """Tell whether the same results came back, in another order."""
    orders = itertools.permutations(expected)
    next(orders)  # the right one
    return any(all(map(_equal, order, got)) for order in orders)


def _leaves(path: str, expected: Any, got: Any) -> Iterator[tuple[str, Any, Any]]:
    """Pair up the parts of two results of the same structure."""
    named = isinstance(expected, tuple) and hasattr(expected, "_fields")
    parts = isinstance(expected, tuple) or (
        isinstance(expected, list) and any(isinstance(item, Tensor | tuple) for item in expected)
    )
    if parts and isinstance(got, list | tuple) and len(got) == len(expected):
        for i, (wanted, found) in enumerate(zip(expected, got, strict=True)):
            place = f".{expected._fields[i]}" if named else f"[{i}]"
            yield from _leaves(path + place, wanted, found)
    else:
        yield path, expected, got


KINDS: dict[str, tuple[type, ...]] = {
    "a tensor": (Tensor,),
    "True or False": (bool,),
    "a number": (int, float),
    "None": (type(None),),
    "a text": (str,),
    "a dict": (dict,),
    "a list": (list,),
    "a tuple": (tuple,),
}
"""The kinds of results that students take for each other, by the words of a card."""

KIND_QUESTIONS = {
    ("a number", "a tensor"): "How does a tensor with one number in it become a plain number?",
    ("a tensor", "a number"): "Which of your steps makes a plain number of a tensor?",
    ("a tensor", "a list"): "Which function makes one tensor of a list?",
    ("a text", "a list"): "Which step makes one text of the parts?",
    ("a list", "a text"): "Which step joins the parts, and should they be joined?",
    (
        "a list",
        "a dict",
    ): "In which order must the values come, and does the caller know your keys?",
}
"""What to ask if the first kind is expected and the second one came back."""


def _kinds(expected: Any, got: Any) -> Iterator[Relation]:
    """Say which kind of value came back, if it is another one than expected."""
    wanted, found = (
        next((words for words, types in KINDS.items() if isinstance(value, types)), "")
        for value in (expected, got)
    )
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for one, other in zip(expected, got, strict=True):
            for relation in itertools.islice(_kinds(one, other), 1):
                told, _, wanted = relation.words.partition(" came back, not ")
                yield Relation(f"{told} stands in the list instead of {wanted}", relation.question)
                return
    named = hasattr(expected, "_fields") or hasattr(got, "_fields")
    if wanted and found and wanted != found and not named:
        general = "What does the signature say comes back, after the arrow?"
        question = KIND_QUESTIONS.get((wanted, found), general)
        yield Relation(f"{found} came back, not {wanted}", question)


def _leaf(expected: Any, got: Any, context: Context) -> Iterator[Relation]:
    if isinstance(expected, Tensor) and isinstance(got, Tensor):
        yield from _tensors(expected, got, context)
    elif _is_number(expected) and _is_number(got):
        yield from _same_shape(torch.tensor(expected), torch.tensor(got), context)
    elif isinstance(expected, str) and isinstance(got, str):
        yield from _texts(expected, got)
    elif isinstance(expected, list) and isinstance(got, list):
        yield from _lists(expected, got)
    elif isinstance(expected, Tensor) and isinstance(got, list):
        if _equal(expected.tolist(), got):
            yield Relation(
                "the values are right, in a list instead of a tensor", "What makes a tensor of it?"
            )
    elif isinstance(expected, list) and isinstance(got, Tensor) and _equal(expected, got.tolist()):
        yield Relation(
            "the values are right, in a tensor instead of a list", "What makes a list of it?"
        )


# ------------------------------------------------------------------ tensors and numbers


def _tensors(expected: Tensor, got: Tensor, context: Context) -> Iterator[Relation]:
    if not expected.numel():
        return
    if not got.numel():
        for axis, name in _named_axes(expected, context.axes):
            yield from _shorter_axis(expected, got, axis, name)
        return
    if _equal(expected, got):
        yield Relation(
            f"the values are right, but they are {dtype_text(got)}, not {dtype_text(expected)}",
            "In which step does the dtype change?",
        )
    elif expected.shape == got.shape:
        yield from _same_shape(expected, got, context)
    expected, got = expected.double(), got.double()
    yield from _other_axes(expected, got, context.axes)
    for name, argument in context.arguments.items():
        if isinstance(argument, Tensor) and _equal(argument.double(), got):
            yield Relation(f"it is the argument `{name}`", "Which of your lines changes it?")


def _other_dtype(expected: Any, got: Any) -> bool:
    if not isinstance(expected, Tensor) or not isinstance(got, Tensor):
        return False
    return expected.dtype != got.dtype and not (is_integer(expected) and is_integer(got))


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": lambda x: x.softmax(dim=-1) if x.ndim else x.sigmoid() * math.nan,
    "log_softmax": lambda x: x.log_softmax(dim=-1) if x.ndim else x * math.nan,
    "exponential": torch.exp,
    "logarithm": torch.log,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "square root": torch.sqrt,
}


def _same_shape(expected: Tensor, got: Tensor, context: Context) -> Iterator[Relation]:
    floating, truth = expected.is_floating_point(), expected.dtype == torch.bool
    expected, got = expected.double(), got.double()
    for name, function in FUNCTIONS.items() if floating else ():
        if _equal(function(expected), got):
            yield Relation(f"there is one {name} too many", f"Where does the {name} belong?")
        if _equal(function(got), expected):
            yield Relation(f"the {name} is missing", f"Which step should take the {name}?")
    if _equal(1 - expected, got) and truth:
        yield Relation("True and False are the wrong way round", "What does True stand for?")
    elif _equal(1 - expected, got):
        yield Relation("it is 1 minus the right result", "What do you count: right or wrong?")
    for digits in (0, 1, 2, 3, 4):
        if _equal(expected.round(decimals=digits), got):
            yield Relation("the right result was rounded", "Who may need the digits that are lost?")
    yield from _factors(expected, got, context.sizes)
    yield from _shift(expected, got)
    yield from _moved(expected, got, context.axes)
    if expected.numel() > 1 and _equal(expected.reshape(-1).sort()[0], got.reshape(-1).sort()[0]):
        yield Relation("the values are right, in another order", "Which step changes their order?")
    yield from _partly(expected, got, context.axes)


def _shift(expected: Tensor, got: Tensor) -> Iterator[Relation]:
    """Find a number that was added to every value."""
    if not _constant(got - expected):
        return
    shift = float((got - expected).reshape(-1)[0])
    whole = _equal(shift, float(round(shift)))
    if whole or expected.numel() > 1:
        amount = f"{abs(round(shift))} " if whole else "by the same amount "
        yield Relation(
            f"every value is {amount}too {'large' if shift > 0 else 'small'}",
            "Which step adds or leaves out the same number everywhere?",
        )


def _factors(expected: Tensor, got: Tensor, sizes: Mapping[str, int]) -> Iterator[Relation]:
    """Find a factor between the results: a size of an axis, or a number that is always the same."""
    large = expected.abs() > 1e-2
    if not large.any() or (not _equal(expected == 0, got == 0) and expected.numel() > 1):
        return
    ratios = got[large] / expected[large]
    if not _constant(ratios):
        return
    factor = float(ratios.reshape(-1)[0])
    if not math.isfinite(factor) or not _equal(expected * factor, got):
        return
    if _equal(factor, -1.0):
        yield Relation("the sign is wrong", "Where does a minus belong, or not belong?")
    for name, size in sizes.items():
        for power, told in ((1, name), (0.5, f"the square root of {name}")):
            if size > 1 and _equal(factor, size**power):
                yield Relation(
                    f"every value is multiplied by {told}",
                    "Which step sums where it should average, or leaves out a division?",
                )
            if size > 1 and _equal(factor, size**-power):
                yield Relation(
                    f"every value is divided by {told}",
                    "Which step divides once too often, or averages where it should sum?",
                )
    for (right, size), (wrong, other) in itertools.permutations(sizes.items(), 2):
        if size > 1 and other > 1 and size != other and _equal(factor, size / other):
            yield Relation(f"it is divided by {wrong}, not by {right}", "What is counted here?")
    known = {100: "100", 0.01: "0.01", 2: "2", 0.5: "1/2", math.log(2): "ln 2"}
    known |= {1 / math.log(2): "1 / ln 2"}
    for value, told in known.items():
        if _equal(factor, value):
            yield Relation(f"every value is multiplied by {told}", f"Where does {told} come from?")


def _moved(expected: Tensor, got: Tensor, axes: Axes) -> Iterator[Relation]:
    """Find values that stand at another position of an axis."""
    for axis, name in _named_axes(expected, axes):
        size = expected.shape[axis]
        if size < 2:
            continue
        if all(_equal(part, got.select(axis, 0)) for part in got.unbind(axis)):
            same = "for every sentence" if name == "batch" else f"at every position of {name}"
            yield Relation(f"it is the same {same}", "What should differ from one to the next?")
            continue
        if _equal(expected.flip(axis), got):
            yield Relation(
                f"the values are right, in reverse order along the axis {name}",
                "Which of your lines reads or writes from the end?",
            )
        ahead, behind = (expected.narrow(axis, start, size - 1) for start in (1, 0))
        if _equal(ahead, got.narrow(axis, 0, size - 1)):
            yield Relation(
                f"along the axis {name} every value comes one step too early",
                "What should stand at the first position?",
            )
        if _equal(behind, got.narrow(axis, 1, size - 1)):
            yield Relation(
                f"along the axis {name} every value comes one step too late",
                "What should stand at the first position?",
            )


def _partly(expected: Tensor, got: Tensor, axes: Axes) -> Iterator[Relation]:
    """Find an axis at whose first or last position alone the values are right, or are wrong."""
    for axis, name in _named_axes(expected, axes):
        size = expected.shape[axis]
        if size < 2:
            continue
        right = [_equal(expected.select(axis, i), got.select(axis, i)) for i in range(size)]
        for told, end, others in (("first", right[0], right[1:]), ("last", right[-1], right[:-1])):
            where = _position(told, name)
            rest = got.narrow(axis, 1 if told == "first" else 0, size - 1)
            if end and not any(others) and not rest.any():
                question = "Which positions does your code write to?"
                yield Relation(f"everything but {where} is zero", question)
            elif end and not any(others):
                question = "What does your code do in the same way for the others?"
                yield Relation(f"only {where} is right", question, part=True)
            if not end and all(others):
                question = "What does your code do in another way there?"
                yield Relation(f"only {where} is wrong", question, part=True)


def _position(told: str, name: str) -> str:
    """Write `the first sentence`, or `the first position of the axis len`."""
    return f"the {told} sentence" if name == "batch" else f"the {told} position of the axis {name}"


def _other_axes(expected: Tensor, got: Tensor, axes: Axes) -> Iterator[Relation]:
    """Find axes that are exchanged, missing, superfluous, summed, or of another length."""
    names = [name for _, name in _named_axes(expected, axes)]
    if got.ndim == expected.ndim and 1 < expected.ndim <= 4:
        for order in itertools.permutations(range(expected.ndim)):
            if list(order) != sorted(order) and _equal(expected.permute(order), got):
                moved = [names[i] for i in range(len(order)) if order[i] != i]
                yield Relation(
                    f"the axes {' and '.join(moved)} are exchanged",
                    "In which order does the signature name the axes?",
                )
    for axis in range(got.ndim):
        if got.ndim == expected.ndim + 1 and _equal(got.squeeze(axis), expected):
            yield Relation("there is an axis of length 1 too many", "Which step keeps that axis?")
    for axis, name in _named_axes(expected, axes):
        yield from _without_axis(expected, got, axis, name)
        yield from _shorter_axis(expected, got, axis, name)
    yield from _lengths(expected, got, axes)
    if got.ndim < expected.ndim and _equal(expected.squeeze(), got):
        yield Relation("axes of length 1 were dropped", "Which step drops them: `squeeze`, `[0]`?")
    recut = got.shape != expected.shape and got.numel() == expected.numel() > 1
    if recut and _equal(expected.reshape(-1), got.reshape(-1)):
        yield Relation(
            "the values are right, in another shape", "Which step should keep the axes apart?"
        )


def _without_axis(expected: Tensor, got: Tensor, axis: int, name: str) -> Iterator[Relation]:
    kept = got.unsqueeze(axis) if got.ndim == expected.ndim - 1 else got
    if kept.ndim != expected.ndim or kept.shape[axis] != 1:
        return
    for told, part in (("first", 0), ("last", -1)):
        if _equal(expected.select(axis, part), kept.select(axis, 0)):
            yield Relation(
                f"only {_position(told, name)} came back",
                f"For which {'sentences' if name == 'batch' else 'positions'} is a result needed?",
            )
    for told, reduced in (("sum", expected.sum(axis)), ("mean", expected.mean(axis))):
        if _equal(reduced, kept.select(axis, 0)):
            yield Relation(
                f"it is the {told} over the axis {name}", "Which axes should the result keep?"
            )


def _shorter_axis(expected: Tensor, got: Tensor, axis: int, name: str) -> Iterator[Relation]:
    if got.ndim != expected.ndim:
        return
    size, found = expected.shape[axis], got.shape[axis]
    for short, long, told in (
        (got, expected, "is missing"),
        (expected, got, "is one too many"),
    ):
        if abs(size - found) == 1 and long.shape[axis] > short.shape[axis]:
            for where, start in (("first", 1), ("last", 0)):
                if _equal(long.narrow(axis, start, short.shape[axis]), short):
                    yield Relation(
                        f"{_position(where, name)} {told}",
                        "Where does your loop or slice begin, and where does it end?",
                    )


def _lengths(expected: Tensor, got: Tensor, axes: Axes) -> Iterator[Relation]:
    """Find the one axis that has another length than it should."""
    if got.ndim != expected.ndim:
        return
    other = [i for i in range(got.ndim) if got.shape[i] != expected.shape[i]]
    if len(other) == 1:
        name = _named_axes(expected, axes)[other[0]][1]
        told = "short" if got.shape[other[0]] < expected.shape[other[0]] else "long"
        one = "sentence" if name == "batch" else f"position of the axis {name}"
        yield Relation(f"the axis {name} is too {told}", f"What should be there for each {one}?")


def _named_axes(tensor: Tensor, axes: Axes) -> list[tuple[int, str]]:
    if len(axes) == tensor.ndim:
        return list(enumerate(axes))
    return [(axis, f"number {axis}") for axis in range(tensor.ndim)]


# ------------------------------------------------------------------ lists and texts


def _lists(expected: list[Any], got: list[Any]) -> Iterator[Relation]:
    yield from _list_of_items(expected, got)
    rows = [isinstance(row, list) for row in (*expected, *got)]
    if rows and all(rows) and len(expected) == len(got):
        wrong = [(e, g) for e, g in zip(expected, got, strict=True) if not _equal(e, g)]
        found = [list(_list_of_items(e, g)) for e, g in wrong]
        if found:
            yield from (one for one in found[0] if all(one in others for others in found))
        if len(got) > 1 and all(_equal(row, got[0]) for row in got):
            yield Relation(
                "it is the same for every sentence", "Which of your lines looks at all sentences?"
            )


def _list_of_items(expected: list[Any], got: list[Any]) -> Iterator[Relation]:
    if len(expected) > 1 and _equal(expected[::-1], got):
        yield Relation("the right items, in reverse order", "In which direction does your loop go?")
    for long, short, told in ((expected, got, "is missing"), (got, expected, "is one too many")):
        if len(long) == len(short) + 1:
            if _equal(long[1:], short):
                yield Relation(f"the first item {told}", "Where does your loop or slice begin?")
            if _equal(long[:-1], short):
                yield Relation(f"the last item {told}", "Where does your loop or slice end?")
            if len(long) > 2 and _equal(long[1:-1], short[1:]) and _equal(long[0], short[0]):
                yield Relation(f"an item near the end {told}", "What happens to the last items?")
        if len(long) > len(short) + 1:
            if _equal(long[: len(short)], short):
                told_of = "it stops too early" if long is expected else "it goes on too long"
                yield Relation(told_of, "What ends your loop?")
            if short and _equal(long[-len(short) :], short):
                told_of = "the beginning is missing" if long is expected else "it begins too early"
                yield Relation(told_of, "Where does your loop or slice begin?")
    same = len(expected) == len(got) > 1 and sorted(map(repr, expected)) == sorted(map(repr, got))
    if same and not _equal(expected, got):
        yield Relation("the right items, in another order", "Which step changes their order?")
    if len(got) < len(expected) and got == [x for x in expected if x in got] and got:
        yield Relation("some items are missing", "Which items does your condition leave out?")
    numbers = [*expected, *got]
    if numbers and len(expected) == len(got) and all(map(_is_number, numbers)):
        context = Context((), {}, {})
        yield from _same_shape(torch.tensor(expected), torch.tensor(got), context)


def _texts(expected: str, got: str) -> Iterator[Relation]:
    if "\n" in expected:
        yield from _lines(expected.splitlines(), got.splitlines())
    if got.lower() == expected.lower():
        yield Relation("only capital letters differ", "Which step changes them?")
    if got.split() == expected.split() or "".join(got.split()) == "".join(expected.split()):
        yield Relation("only spaces or line ends differ", "What joins words, and what ends a line?")
    if got.split() == expected.split()[::-1]:
        yield Relation("the words are in reverse order", "In which direction does your loop go?")
    words, told = expected.split(), got.split()
    if len(told) > len(words) and told[: len(words)] == words:
        yield Relation("it goes on too long", "What ends the sentence?")
    if len(told) < len(words) and words[: len(told)] == told:
        yield Relation("it stops too early", "What ends the sentence?")


def _lines(expected: list[str], got: list[str]) -> Iterator[Relation]:
    """Compare texts of several lines."""
    if expected == got:
        return
    if len(expected) > 1 and sorted(expected) == sorted(got):
        yield Relation("the right lines, in another order", "What decides the order of your lines?")
    if 0 < len(got) < len(expected) and _in_order(got, expected):
        yield Relation("some lines are missing", "For what does your code write no line?")
    if len(got) != len(expected):
        return
    wrong = [(e, g) for e, g in zip(expected, got, strict=True) if e != g]
    if not any(g.strip() for _, g in wrong):
        yield Relation("some lines are empty", "What should stand on a line that would be empty?")
    if all(len(g) > len(e) and (g.startswith(e) or g.endswith(e)) for e, g in wrong):
        yield Relation("some lines hold more than they should", "What does your code add to them?")
    if all(g.strip() and e.startswith(g.strip()) for e, g in wrong):
        yield Relation("some lines end too early", "Where does your code cut a line off?")


def _in_order(some: list[str], items: list[str]) -> bool:
    """Tell whether the first list is the second one with some items left out."""
    rest = iter(items)
    return all(item in rest for item in some)


# ------------------------------------------------------------------ equality


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(one: Any, other: Any) -> bool:
    """Tell whether two plain values are equal, floats up to a tolerance."""
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        if one.shape != other.shape:
            return False
        close = torch.isclose(one.double(), other.double(), rtol=RTOL, atol=ATOL)
        return bool(close.all())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    if _is_number(one) and _is_number(other):
        return math.isclose(one, other, rel_tol=RTOL, abs_tol=ATOL)
    return type(one) is type(other) and not isinstance(one, Tensor) and bool(one == other)


def _constant(values: Tensor) -> bool:
    flat = values.reshape(-1)
    return bool(flat.isfinite().all()) and _equal(flat, flat[:1].expand_as(flat))
