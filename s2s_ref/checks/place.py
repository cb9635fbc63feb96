"""The place of the first difference: up to which quantity the student's values are the right ones.

The quantities and their order are those of an answer in long hand, which has one operation a line.
"""

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from torch import Tensor

from s2s_ref.checks.cases import Prepared
from s2s_ref.checks.registry import Exercise
from s2s_ref.checks.source import standalone
from s2s_ref.checks.values import Known, Value, has_tensors, values_of
from s2s_ref.student.protocol import Call, Step
from s2s_ref.student.trace import RETURNED, trace


@dataclass(frozen=True)
class Found:
    """A quantity, and the student's value that equals it."""

    quantity: Value
    value: Value


@dataclass(frozen=True, eq=False)
class Place:
    """Where the student's values begin to differ from the right ones.

    `quantity` is the right value that is missing, `got` the student's in its place, and `right` the
    quantities before it. `own` is the function or class that was called, and `mistakes` are the
    names of the known mistakes that have this value there. `kind` is one of

    - `differs`: the student's value is another one;
    - `lost`: the right result was there, and did not come back;
    - `cut`: the value is right, but no gradient flows through it;
    - `raised`: an error came before it;
    - `after`: it is the result, where chance decides: what is known to be right is there.
    """

    quantity: Value
    got: Value
    right: tuple[Found, ...]
    kind: str = "differs"
    own: str = ""
    mistakes: tuple[str, ...] = ()


# ------------------------------------------------------------------ what is right


@dataclass(frozen=True)
class Right:
    """What the right answers make of one call: every value, and the quantities in order."""

    known: Known
    quantities: tuple[Value, ...]
    given: tuple[Value, ...]
    made_from: dict[str, set[str]]
    result: tuple[Value, ...]

    def before(self, quantity: Value, there: Mapping[Value, Found]) -> tuple[Found, ...]:
        """Return the quantities before this one that the student has."""
        index = self.quantities.index(quantity)
        return tuple(there[q] for q in self.quantities[:index] if q in there)


def longhand(exercise: Exercise) -> Any:
    """Return the answer whose variables are the exercise's quantities: it is the reference.

    If the reference has several operations on a line, the exercise names an alternative.
    """
    named = (a for a in exercise.alternatives if a.__name__ == exercise.longhand)
    return next(named) if exercise.longhand else exercise.reference


def right_values(prepared: Prepared, index: int) -> Right:
    """Trace the reference and all other right answers on one case."""
    exercise, call = prepared.exercise, prepared.cases[index].call
    base = longhand(exercise)
    steps = trace(base, call)
    given = values_of([Step(n, v, "", 0, "", True) for n, v in given_values(call).items()])
    chance = exercise.judged is not None  # decides what comes back
    known = Known()
    known.add(given)
    quantities = named_quantities(exercise, base, steps, given)
    for answer in [exercise.reference, *exercise.alternatives]:
        known.add(values_of(steps if answer is base else trace(answer, call, whole=not chance)))
    result = [value for value in values_of(steps) if value.returned and not chance]
    return Right(known, tuple(quantities), tuple(given), _made_from(base), tuple(result))


def given_values(call: Call) -> dict[str, Any]:
    """Return what a call is given: its arguments, and the weights of its module."""
    return call.arguments | call.weights


def named_quantities(
    exercise: Exercise, base: Any, steps: Sequence[Step], given: Sequence[Value]
) -> list[Value]:
    """Return the quantities in order and each once: those that the exercise names, and the result.

    If it names none, they are all variables.
    """
    owner = base.__qualname__.partition(".")[0]
    quantities: list[Value] = []
    counts: Counter[str] = Counter()
    for value in values_of([s for s in steps if s.owner == owner and s.name.strip("_")]):
        name = value.step.name
        more = f" {counts[name] + 1}" if counts[name] else ""
        numbered = replace(value, step=replace(value.step, name=name + more))
        named = not exercise.steps or value.returned or step_of(exercise, numbered)
        if named and not any(value.equals(other) for other in [*given, *quantities]):
            counts[name] += 1
            quantities.append(numbered)
    return [q for q in quantities if not q.returned or exercise.judged is None]


def step_of(exercise: Exercise, quantity: Value) -> tuple[str, str] | None:
    """Return the words and the question of a quantity, or None if the exercise does not name it.

    `h` stands for every value of `h`, `h 1` for the first one, `return[1]` for the second result.
    """
    name = quantity.step.name
    numbered = name if " " in name else f"{name} 1"
    result = re.match(r"return\[\d+\]", name)
    keys = numbered, result[0] if result else quantity.bare
    return next((exercise.steps[key] for key in keys if key in exercise.steps), None)


def _made_from(code: Any) -> dict[str, set[str]]:
    """List the variables from which each variable of a function is made, directly or not."""
    made: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(standalone(code, "answer"))):
        targets: list[ast.expr] = []
        value: ast.AST = node
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AugAssign | ast.For):
            targets, value = [node.target], node.iter if isinstance(node, ast.For) else node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            targets = [node.func.value]  # `rows.append(row)` makes `rows` of `row`
        for name in (n for target in targets for n in _names(target)):
            made.setdefault(name, set()).update(_names(value))
    for _ in made:
        for sources in made.values():
            sources.update(*(made.get(source, set()) for source in list(sources)))
    return made


NO_VALUES = ("self", "torch", "nn")
"""Names that hold no value of a call."""


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id not in NO_VALUES}


# ------------------------------------------------------------------ where the values differ


@dataclass
class Traced:
    """The student's values beside the right ones."""

    right: Right
    values: list[Value]
    own: str = field(init=False)
    there: dict[Value, Found] = field(init=False)

    def __post_init__(self) -> None:
        """Find the quantities that are there, in the student's own lines if they can be."""
        returned = self.returned()
        self.own = (returned or self.values)[0].step.owner if self.values else ""
        self.there = {}
        for quantity in self.right.quantities:
            if alike := [v for v in self.values if v.equals(quantity)]:
                own = min(alike, key=lambda v: v.step.owner != self.own)
                self.there[quantity] = Found(quantity, own)

    @cached_property
    def missing(self) -> list[Value]:
        """The quantities that are not there, but for those from which a later one was made."""
        absent = [q for q in self.right.quantities if q not in self.there]
        return [q for q in absent if not self._passed(q)]

    @cached_property
    def wrong(self) -> list[Value]:
        """The student's values that no right answer has."""
        return [v for v in self.values if not self.right.known.holds(v)]

    def _passed(self, quantity: Value) -> bool:
        index = self.right.quantities.index(quantity)
        later = (q for q in self.right.quantities[index + 1 :] if q in self.there)
        return any(quantity.bare in self.right.made_from.get(q.bare, set()) for q in later)

    def returned(self) -> list[Value]:
        """Return what came back, and its parts."""
        return [v for v in self.values if v.returned]


def find_place(
    right: Right, steps: Sequence[Step], mistakes: Mapping[str, Place] | None = None
) -> Place | None:
    """Find the first quantity that is missing among the student's values, and what stands there.

    If that is what a known mistake has there, it is the student's mistake too, even if more goes
    wrong afterwards.
    """
    traced = Traced(right, values_of(steps))
    for quantity in traced.missing:
        before = right.before(quantity, traced.there)
        if known := _as_a_mistake(quantity, traced, mistakes or {}):
            return replace(known, right=before, own=traced.own)
        got = _instead(quantity, traced)
        if got and (before or quantity is not right.quantities[-1] or not got.returned):
            return Place(quantity, got, before, own=traced.own)
    return _piece(traced) if traced.missing else _lost(traced)


def _piece(traced: Traced) -> Place | None:
    """Find a wrong piece of the first quantity that is missing."""
    first = traced.missing[0]
    before, axes = traced.right.before(first, traced.there), len(first.shape or ())
    pieces = [v for v in traced.wrong if len(v.shape or ()) == axes > 0 and v.part_of(first)]
    return Place(first, pieces[0], before, own=traced.own) if pieces and before else None


def _as_a_mistake(quantity: Value, traced: Traced, mistakes: Mapping[str, Place]) -> Place | None:
    """Return the place of the known mistakes whose value in place of this quantity comes first."""
    here = {n: p for n, p in mistakes.items() if p.quantity is quantity and p.kind == "differs"}
    for value in traced.wrong:
        if alike := tuple(name for name, place in here.items() if place.got.equals(value)):
            return Place(quantity, value, (), mistakes=alike)
    return None


def _instead(quantity: Value, traced: Traced) -> Value | None:
    """Choose the student's value that stands where the quantity should.

    A line of the exercise itself comes before one of a function that it calls, and a variable of
    the same name before others. What came back stands for the result alone.
    """
    result = quantity.returned or (quantity is traced.right.quantities[-1] and traced.right.result)
    if result and (item := _first_wrong_item(quantity, traced)):
        return item
    like = [v for v in traced.wrong if v.like(quantity) and (result or not v.returned)]
    if isinstance(quantity.form, list):  # it grows item by item: compare it when it is as long
        like = [v for v in like if len(v.form) == len(quantity.form)] or like[-1:]
    like.sort(key=lambda v: v.step.owner != traced.own)
    bare = quantity.step.name.partition(" ")[0]
    if named := [v for v in like if v.step.name == bare]:
        return named[0]
    if result:
        return next((v for v in like or traced.returned() if v.returned), None)
    if isinstance(quantity.form, str):  # every text is like every other one
        return None
    like = [v for v in like if not traced.right.known.hold_part(v)] or like
    return _last_of_its_kind(quantity, like, traced) if like else None


def _last_of_its_kind(quantity: Value, like: list[Value], traced: Traced) -> Value | None:
    """Leave out values on the way to the quantity, where the student takes more steps to it.

    `exp` and a division make weights of scores as a softmax does: of two values that look like
    weights, the second one stands for them. If two quantities in a row look alike, it is the first.
    """
    ahead = traced.missing[traced.missing.index(quantity) :]
    others = next((i for i, q in enumerate(ahead) if not q.like(quantity)), len(ahead))
    wanted = len({q.bare for q in ahead[:others]})
    run: list[Value] = []
    assigned = 0
    for value in traced.values[traced.values.index(like[0]) :]:
        ended = others < len(ahead) and value.like(ahead[others]) and value in traced.wrong
        if ended or value.step.line_number <= assigned:  # the next round of a loop
            break
        if value in like and not any(value.equals(other) for other in run):
            run.append(value)
        if value.step.name and value.step.owner == traced.own:
            assigned = value.step.line_number
    return run[-wanted] if len(run) >= wanted else None


def _first_wrong_item(quantity: Value, traced: Traced) -> Value | None:
    """Find the line that put the first wrong item into the list or the text that came back."""
    came = traced.returned()[-1:]
    if not came or has_tensors(came[0].step.value):
        return None
    expected: Any = quantity.step.value
    got: Any = came[0].step.value
    path: list[int] = []
    while type(expected) is type(got) and isinstance(got, list | str):
        pairs = enumerate(zip(expected, got, strict=False))
        path.append(next((i for i, (one, other) in pairs if one != other), len(expected)))
        if isinstance(got, str) or path[-1] >= min(len(expected), len(got)):
            break
        expected, got = expected[path[-1]], got[path[-1]]
    if not path:
        return None
    steps = (v.step for v in traced.values if v.step.owner == traced.own)
    own = (step for step in steps if not has_tensors(step.value))
    step = next((s for s in own if _holds_up_to(s.value, path, came[0].step.value)), came[0].step)
    whole = replace(came[0].step, line=step.line, line_number=step.line_number)
    return replace(came[0], step=whole)


def _holds_up_to(value: Any, path: Sequence[int], result: Any) -> bool:
    """Tell whether a list, or a list in the result, is as it is in the end, up to an item of it."""
    for start in range(len(path)):
        inner, sought = value, result
        for step in path[start:-1]:
            inner = inner[step] if isinstance(inner, list) and step < len(inner) else None
        for step in path[:-1]:
            sought = sought[step]
        end = path[-1] + 1
        if type(inner) is type(sought) and inner[:end] == sought[:end] and len(inner) >= end:
            return True
    return False


def _lost(traced: Traced) -> Place | None:
    """Find a part of the result that was there, and was changed or not returned afterwards."""
    returned = traced.returned()
    for part in traced.right.result:
        if returned and not any(v.equals(part) for v in returned):
            like = [v for v in returned if v.step.name == part.step.name]
            found = tuple(traced.there.values())
            return Place(part, (like or returned)[-1], found, "lost", traced.own)
    return None


def find_raised(right: Right, steps: Sequence[Step], line: str, number: int) -> Place | None:
    """Find the quantity that was to come when a line raised an error."""
    traced = Traced(right, values_of(steps))
    if not line:
        return None
    first = next(iter(traced.missing), None)
    there = {q: found for q, found in traced.there.items() if not q.returned}
    before = right.before(first, there) if first else tuple(there.values())
    got = Value(Step("", None, line, number), None)
    return Place(first or RESULT, got, before, "raised", traced.own)


def find_after(right: Right, steps: Sequence[Step]) -> Place | None:
    """Find what is right of the first steps, where chance decides the others."""
    traced = Traced(right, values_of(steps))
    found = tuple(traced.there.values())
    return Place(RESULT, Value(Step("", None), None), found, "after", traced.own)


RESULT = Value(Step(RETURNED, None), None)
"""What comes last, whatever it is."""


def find_cut(right: Right, steps: Sequence[Step]) -> Place | None:
    """Find the first quantity that is right, but through which no gradient flows any more."""
    traced = Traced(right, values_of(steps))
    before: list[Found] = []
    floats = [v for v in right.given if _is_float(v.step.value)]
    for quantity in (q for q in [*floats, *right.quantities] if q.step.attached):
        whole = [v for v in traced.values if _is_float(v.step.value) and v.bare == v.step.name]
        alike = [v for v in whole if v.equals(quantity)]
        if cut := [v for v in alike if not v.step.attached]:
            return Place(quantity, cut[0], tuple(before), "cut", traced.own)
        if quantity in traced.there:
            before.append(traced.there[quantity])
    return None


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()
