"""The place of the first difference: up to which quantity the student's values are the right ones.

The quantities and their order are those of an answer in long hand, which has one operation a line.
"""

import ast
import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from s2s_ref.checks.advice import ADVICE
from s2s_ref.checks.cases import Prepared
from s2s_ref.checks.compare import ATOL, RTOL, difference
from s2s_ref.checks.diagnose import Verdict
from s2s_ref.checks.registry import EXERCISES, Exercise, Mistake
from s2s_ref.checks.source import standalone
from s2s_ref.student.protocol import Observation, Step
from s2s_ref.student.trace import MOST_ITEMS, MOST_STEPS, MOST_TEXT, RETURNED, trace

LARGE = 1e4
"""A score beyond this is as good as infinite: both hide padding."""

MOST_AXES = 5
PLACED = {
    "value",
    "part",
    "shape",
    "raised",
    "nan",
    "type",
    "nothing",
    "padding",
    "batch order",
    "left",
    "dtype",
}
"""The kinds of generic diagnoses for which a place is looked for."""

CUT = {"gradient", "detached"}
"""The kinds for which the place is where the gradient stops."""

MOST_SHOWN = 4
"""So many quantities that are right are shown."""

REWORDED = {"value", "part", "shape", "left"}
"""The kinds of which the place says more. To the others it adds the line."""


@dataclass(frozen=True, eq=False)
class Value:
    """A value of a trace in the form in which it is compared."""

    step: Step
    form: Any
    shape: tuple[int, ...] | None = None
    total: float = 0.0

    def equals(self, other: "Value") -> bool:
        """Tell whether two values are the same, up to squeezed and exchanged axes."""
        if self.shape is None or other.shape is None:
            return self.shape is other.shape and _same(self.form, other.form)
        if self.shape != other.shape or abs(self.total - other.total) > 1e-2 + RTOL * abs(
            self.total
        ):
            return False
        turned = _turned(self.form)
        return any(t.shape == other.form.shape and _close(t, other.form) for t in turned)

    def part_of(self, other: "Value") -> bool:
        """Tell whether every number of this tensor occurs in the other one."""
        if self.shape is None or other.shape is None or self.form.numel() >= other.form.numel():
            return False
        return self._numbers <= other._numbers

    @functools.cached_property
    def _numbers(self) -> frozenset[float]:
        return frozenset(self.form.round(decimals=4).flatten().tolist())


@dataclass(frozen=True)
class Found:
    """A quantity, and the student's value that equals it."""

    quantity: Value
    value: Value


@dataclass(frozen=True, eq=False)
class Place:
    """Where the student's values begin to differ from the right ones.

    `quantity` is the right value that is missing, `got` the student's in its place, and `right` the
    quantities before it. `own` is the function or class that was called. `kind` is one of

    - `differs`: the student's value is another one;
    - `lost`: the right result was there, and did not come back;
    - `cut`: the value is right, but no gradient flows through it;
    - `raised`: an error came before it.
    """

    quantity: Value
    got: Value
    right: tuple[Found, ...]
    kind: str = "differs"
    own: str = ""


def _same(expected: Any, got: Any) -> bool:
    return difference(Observation(expected), Observation(got)) is None


def _close(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=RTOL, atol=ATOL, equal_nan=True)


def _turned(tensor: Tensor) -> Iterator[Tensor]:
    """Yield a tensor with its axes in every order, its own order first."""
    return (tensor.permute(order) for order in itertools.permutations(range(tensor.ndim)))


def _values(step: Step) -> Iterator[Value]:
    """Yield a step's value, and its parts where it is a pair or a state; none that says nothing."""
    form = _form(step.value)
    if isinstance(form, Tensor):
        if form.numel() and form.ndim <= MOST_AXES and (_telling(form) or step.name == RETURNED):
            yield Value(step, form, tuple(sorted(form.shape)), float(form.nan_to_num().sum()))
    elif isinstance(form, tuple) or (isinstance(form, list) and _holds_tensors(form)):
        for i, item in enumerate(form):
            field = f".{form._fields[i]}" if hasattr(form, "_fields") else f"[{i}]"
            yield from _values(replace(step, name=f"{step.name}{field}", value=item))
    elif isinstance(form, str | list | dict) and form:
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


def _telling(form: Tensor) -> bool:
    """Tell whether a tensor can be told from others: it is not constant, and no whole number."""
    if form.ndim:
        return bool((form != form.flatten()[0]).any())
    return not float(form.item()).is_integer()


def _holds_tensors(items: Sequence[Any]) -> bool:
    return any(isinstance(item, Tensor | tuple) for item in items)


# ------------------------------------------------------------------ what is right


@dataclass(frozen=True)
class Right:
    """What the right answers make of one call: every value, and the quantities in order."""

    known: tuple[Value, ...]
    quantities: tuple[Value, ...]
    made_from: dict[str, set[str]]
    result: tuple[Value, ...]


def longhand(exercise: Exercise) -> Any:
    """Return the answer whose variables are the exercise's quantities.

    Where none is named, it is the reference, if that has variables. Otherwise it is the one that
    assigns most variables exactly once, loops left out.
    """
    answers = [exercise.reference, *exercise.alternatives]
    if exercise.longhand:
        return next(a for a in answers[1:] if a.__name__ == exercise.longhand)
    return answers[0] if _assigned_once(answers[0]) > 1 else max(answers, key=_assigned_once)


def _assigned_once(code: Any) -> int:
    tree = ast.parse(standalone(code, "answer"))
    loops = [n for n in ast.walk(tree) if isinstance(n, ast.For | ast.While | ast.comprehension)]
    repeated = {id(inner) for loop in loops for inner in ast.walk(loop)}
    stored = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and id(n) not in repeated
    ]
    return sum(count == 1 for count in Counter(n.id for n in stored).values())


def right_values(prepared: Prepared, index: int) -> Right:
    """Trace the reference and all other right answers on one case."""
    exercise, call = prepared.exercise, prepared.cases[index].call
    base = longhand(exercise)
    steps, owner = trace(base, call), base.__qualname__.partition(".")[0]
    returned = [v for s in steps if s.name == RETURNED for v in _values(s)]
    given = [Step(name, value) for name, value in (call.arguments | call.weights).items()]
    known = [v for step in given for v in _values(step)]
    quantities: list[Value] = []
    counts: Counter[str] = Counter()
    for value in (v for s in steps if s.name.strip("_") and s.owner == owner for v in _values(s)):
        if not any(value.equals(other) for other in [*known, *quantities]):
            name = value.step.name
            counts[name] += 1
            more = f" {counts[name]}" if counts[name] > 1 else ""
            quantities.append(replace(value, step=replace(value.step, name=name + more)))
    for answer in [exercise.reference, *exercise.alternatives]:
        for step in steps if answer is base else trace(answer, call):
            for value in _values(step):
                if not any(value.equals(other) for other in known):
                    known.append(value)
    return Right(tuple(known), tuple(quantities), _made_from(base), tuple(returned))


def _made_from(code: Any) -> dict[str, set[str]]:
    """Tell of which other variables each variable of a function is made, at any distance."""
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


# ------------------------------------------------------------------ where the ways part


def find_place(right: Right, steps: Sequence[Step]) -> Place | None:
    """Find the first quantity that is missing among the student's values.

    A quantity that the student never made in any form counts only if no later one is wrong: there
    are many ways to the same result.
    """
    values = [value for step in steps for value in _values(step)]
    there = _found(right.quantities, values)
    missing = [q for q in right.quantities if q not in there and not _passed(right, there, q)]
    wrong = [v for v in values if not any(v.equals(k) for k in right.known)]
    for quantity in missing:
        if got := _instead(quantity, wrong, right, _own(values)):
            return _differs(right, quantity, got, there)
    if not missing:
        return _lost(right, values, tuple(there.values()))
    first = missing[0]
    strange = [v for v in wrong if _alike(v.form, first.form)]
    axes = len(first.shape or ())
    short = [v for v in strange if len(v.shape or ()) == axes > 0 and v.part_of(first)]
    strange = [v for v in strange if not any(v.part_of(k) for k in right.known)]
    got = next(iter([*short, *strange]), None)
    return _differs(right, first, got, there) if got else None


def find_raised(right: Right, steps: Sequence[Step], line: str, number: int) -> Place | None:
    """Find the quantity that was to come when a line raised an error, or an earlier wrong one."""
    values = [value for step in steps for value in _values(step)]
    there = _found(right.quantities, values)
    missing = [q for q in right.quantities if q not in there and not _passed(right, there, q)]
    if not missing:
        return None
    first = missing[0]
    before = tuple(
        there[q] for q in there if right.quantities.index(q) < right.quantities.index(first)
    )
    return Place(first, Value(Step("", None, line, number), None), before, "raised")


def _found(quantities: Sequence[Value], values: list[Value]) -> dict[Value, Found]:
    """Return the quantities that are among the values."""
    own = _own(values)
    found = {}
    for quantity in quantities:
        if alike := [v for v in values if v.equals(quantity)]:
            found[quantity] = Found(quantity, min(alike, key=lambda v: v.step.owner != own))
    return found


def _own(values: list[Value]) -> str:
    """Return the name of the function or class that was called: it has the last line."""
    return values[-1].step.owner if values else ""


def _differs(right: Right, quantity: Value, got: Value, there: dict[Value, Found]) -> Place | None:
    """Return the place, unless it says no more than that the result differs."""
    index = right.quantities.index(quantity)
    before = tuple(there[q] for q in right.quantities[:index] if q in there)
    tells = before or index < len(right.quantities) - 1
    return Place(quantity, got, before) if tells else None


def _passed(right: Right, there: dict[Value, Found], quantity: Value) -> bool:
    """Tell whether a quantity that is missing was not needed: one made of it is there."""
    name, index = _bare(quantity), right.quantities.index(quantity)
    later = (q for q in right.quantities[index + 1 :] if q in there)
    return any(name in right.made_from.get(_bare(q), set()) for q in later)


def _whole(value: Value) -> str:
    """Return the name of the variable, for a value that is not merely a part of one."""
    return re.split(r"[.\[]", value.step.name)[0]


def _bare(value: Value) -> str:
    """Return the name of the variable that a quantity is in, or a part of."""
    return re.split(r"[ .\[]", value.step.name)[0]


def _instead(quantity: Value, wrong: list[Value], right: Right, own: str) -> Value | None:
    """Choose the student's value of this shape that stands where the quantity should.

    A line of the exercise itself comes before one of a function that it calls.
    """
    like = [v for v in wrong if v.shape == quantity.shape and _alike(v.form, quantity.form)]
    if isinstance(quantity.form, list):  # a list grows item by item: compare it when it is as long
        like = [v for v in like if len(v.form) == len(quantity.form)] or like[-1:]
    like.sort(key=lambda v: v.step.owner != own)
    last = quantity is right.quantities[-1]
    if not last:  # what came back stands for the result alone
        like = [v for v in like if not v.step.name.startswith(RETURNED)]
    named = [v for v in like if v.step.name == quantity.step.name.partition(" ")[0]]
    made = [v for v in like if not any(v.part_of(k) for k in right.known)]
    if quantity.shape == () or isinstance(quantity.form, str):  # any other looks like it
        like = made = [v for v in like if last and v.step.name == RETURNED]
    return next(iter([*named, *made, *like]), None)


def _alike(one: Any, other: Any) -> bool:
    """Tell whether two values are of one type, and the first things in them too."""
    if type(one) is not type(other) or isinstance(one, Tensor):
        return type(one) is type(other)
    return [type(item) for item in list(one)[:1]] == [type(item) for item in list(other)[:1]]


def _lost(right: Right, values: list[Value], there: tuple[Found, ...]) -> Place | None:
    """Find a part of the result that was there, and was changed or not returned afterwards."""
    returned = [v for v in values if v.step.name.startswith(RETURNED)]
    for part in right.result:
        if returned and not any(v.equals(part) for v in returned):
            like = [v for v in returned if v.step.name == part.step.name]
            return Place(part, (like or returned)[-1], there, "lost")
    return None


def find_cut(right: Right, steps: Sequence[Step]) -> Place | None:
    """Find the first quantity that is right, but through which no gradient flows any more."""
    values = [value for step in steps for value in _values(step)]
    before: list[Found] = []
    for quantity in (q for q in right.quantities if q.step.attached):
        alike = [v for v in values if v.step.name == _whole(v) and v.equals(quantity)]
        if cut := [v for v in alike if not v.step.attached]:
            return Place(quantity, cut[0], tuple(before), "cut")
        before += [Found(quantity, alike[0])] if alike else []
    return None


# ------------------------------------------------------------------ what the card says


def case_to_trace(prepared: Prepared, verdict: Verdict, failing: Sequence[int]) -> int | None:
    """Return the number of the case on which the place is to be looked for, if it is."""
    exercise = prepared.exercise
    if verdict.passed or exercise.kind == "prediction" or exercise.judged is not None:
        return None
    named_error = verdict.mistake and verdict.kind == "raised"
    if named_error or verdict.kind not in PLACED | CUT:
        return None
    ordinary = [i for i in failing if prepared.cases[i].kind == "drawn"]
    return min(ordinary or failing, key=lambda i: _size(prepared, i), default=None)


def _size(prepared: Prepared, index: int) -> int:
    call = prepared.cases[index].call
    return sum(
        v.form.numel()
        for n, a in call.arguments.items()
        for v in _values(Step(n, a))
        if isinstance(v.form, Tensor)
    )


@functools.lru_cache(maxsize=64)
def _right_values(prepared: "_ById", index: int) -> Right:
    """Trace what is right on a case, once."""
    return right_values(prepared.prepared, index)


@functools.lru_cache(maxsize=4096)
def _place_of(prepared: "_ById", index: int, mistake: Mistake) -> Place | None:
    """Trace a known mistake on a case, once, and return its place."""
    call = prepared.prepared.cases[index].call
    return find_place(_right_values(prepared, index), trace(mistake.code, call))


@dataclass(frozen=True, eq=False)
class _ById:
    prepared: Prepared

    def __hash__(self) -> int:
        return id(self.prepared)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.prepared is self.prepared


def with_place(prepared: Prepared, index: int, verdict: Verdict, steps: Any) -> Verdict:
    """Add to a failing verdict where the first difference lies; the steps may be forged."""
    try:
        place, mistake = _locate(prepared, index, _checked(steps), verdict)
    except Exception:  # forged steps may hold anything
        return verdict
    if place is None:
        return verdict
    exercise, step = prepared.exercise, place.got.step
    verdict = replace(
        verdict,
        place=_words(exercise, place.quantity),
        right_so_far=_right_so_far(exercise, place),
        line=step.line,
        line_number=step.line_number,
        owner=_earlier(exercise, step.owner),
    )
    if verdict.owner and (verdict.mistake or mistake):  # the mistake is not in that exercise
        verdict = replace(verdict, line="", owner="")
    related = verdict.relation and verdict.kind != "part"
    if verdict.mistake or verdict.kind not in REWORDED or (related and not mistake):
        return verdict
    expected, got = _both(exercise, place)
    if place.kind == "lost" and verdict.kind == "shape":  # the shape says what came back
        return verdict
    why = verdict.why.removeprefix(ADVICE[verdict.kind].why).strip()
    verdict = replace(verdict, expected=expected, got=got, why=why)
    if mistake:
        question = mistake.question or verdict.question
        named = replace(verdict, mistake=mistake.name, headline=mistake.message, relation="")
        return replace(named, why=mistake.why, question=question)
    if verdict.kind == "part":
        words = f"{verdict.relation[:1].upper()}{verdict.relation[1:]}."
        verdict = replace(verdict, why=f"{words} {why}".strip())
    headline, question = _headline(exercise, place)
    return replace(verdict, headline=headline, question=question)


def _headline(exercise: Exercise, place: Place) -> tuple[str, str]:
    """Return the headline and the question of a place that is no known mistake's."""
    words, name = _shown(exercise, place)
    verb = is_or_are(words)
    if place.kind == "lost":
        were = {"is": "was", "are": "were"}[verb]
        headline = f"{words} {were} right on the way, but something else came back"
        return headline, "What happens between the line that was right and `return`?"
    bare = _bare(place.quantity)
    step = exercise.steps.get(place.quantity.step.name) or exercise.steps.get(bare)
    question = step[1] if step else f"What should {words} be, and what does this line make?"
    times = int((re.search(r" (\d+)", place.quantity.step.name) or [0, 1])[1])
    when = f", the {ordinal(times)} time" if times > 1 and name == bare and not step else ""
    return f"{words} {verb} the first thing that differs{when}", question


def ordinal(number: int) -> str:
    """Write a number as `2nd`, `3rd`, `11th`."""
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _right_so_far(exercise: Exercise, place: Place) -> str:
    """List the last quantities that are right, each with the student's line.

    An earlier value of the variable that differs is left out: its name stands below.
    """
    lines: dict[str, int] = {}
    for found in (f for f in place.right if _bare(f.quantity) != _bare(place.quantity)):
        step = found.value.step
        lines[_words(exercise, found.quantity)] = step.line_number * (step.owner == place.own)
    shown = list(lines.items())[-MOST_SHOWN:]
    return ", ".join(f"{words} (line {line})" if line else words for words, line in shown)


def _checked(steps: Any) -> list[Step]:
    if not isinstance(steps, list) or len(steps) > MOST_STEPS + 1:
        raise ValueError("These are no steps.")
    for step in steps:
        texts, number = (step.name, step.line, step.owner), step.line_number
        if any(len(str.strip(text)) > MOST_TEXT for text in texts) or not 0 <= number < 10**6:
            raise ValueError("A step is malformed.")
    return steps


def _locate(
    prepared: Prepared, index: int, steps: list[Step], verdict: Verdict
) -> tuple[Place | None, Mistake | None]:
    """Find the place, and the mistake that differs first at the same one in the same way."""
    by_id, mistakes = _ById(prepared), prepared.exercise.mistakes
    right = _right_values(by_id, index)
    if verdict.kind in CUT:
        place = find_cut(right, steps)
    elif verdict.kind == "raised":
        place = find_raised(right, steps, verdict.line, verdict.line_number)
    else:
        place = find_place(right, steps)
    if place is None:
        return None, None
    place = replace(place, own=steps[-1].owner if steps else "")
    if verdict.kind in CUT or verdict.kind == "raised":
        return place, None
    if verdict.mistake:
        (named,) = [m for m in mistakes if m.name == verdict.mistake]
        known = _place_of(by_id, index, named)
        return place if known and known.quantity is place.quantity else None, None
    known_here = [m for m in mistakes if _same_place(_place_of(by_id, index, m), place)]
    messages = {m.message for m in known_here}
    return place, known_here[0] if len(messages) == 1 else None


def _same_place(one: Place | None, other: Place) -> bool:
    if one is None or one.quantity is not other.quantity or one.kind != other.kind:
        return False
    return one.got.equals(other.got)


def _words(exercise: Exercise, quantity: Value) -> str:
    """Return the words for a quantity: the exercise's own, or `the values of x`."""
    name, bare = quantity.step.name, _bare(quantity)
    if bare == RETURNED:
        return f"the {_returned(exercise, name)[0]}"
    if step := exercise.steps.get(name) or exercise.steps.get(bare):
        return step[0]
    one = quantity.shape == () or isinstance(quantity.form, str)
    return f"the {'value' if one else 'values'} of `{bare}`"


def _shown(exercise: Exercise, place: Place) -> tuple[str, str]:
    """Return the words for the quantity that differs, and the name of its values.

    Where the exercise has no words for it, it has the name of the student's own variable.
    """
    words, name, own = _words(exercise, place.quantity), _bare(place.quantity), _bare(place.got)
    if name == RETURNED:
        return words, "".join(_returned(exercise, place.quantity.step.name))
    if f"`{name}`" in words and own and own != RETURNED:
        return words.replace(f"`{name}`", f"`{own}`"), own
    return words, name


def _returned(exercise: Exercise, name: str) -> tuple[str, str]:
    """Split `return[1].hidden` into what the exercise calls that result and the part of it."""
    path = name.removeprefix(RETURNED)
    if isinstance(exercise.returns, str):
        return exercise.returns, path
    part = re.match(r"\[(\d+)\](.*)", path)
    return (exercise.returns[int(part[1])], part[2]) if part else ("result", path)


def is_or_are(words: str) -> str:
    """Return the verb that fits words such as `the loss` and `the RNN's outputs`."""
    noun = words.partition(" of ")[0]
    return "are" if noun.endswith("s") and not noun.endswith("ss") else "is"


def _both(exercise: Exercise, place: Place) -> tuple[str, str]:
    """Write what is expected of the quantity, and what the student's line made."""
    _, name = _shown(exercise, place)
    expected, got = place.quantity.step.value, place.got.step.value
    alike = isinstance(expected, Tensor) and isinstance(got, Tensor) and expected.shape == got.shape
    if place.quantity.shape is not None and place.got.shape == place.quantity.shape and not alike:
        expected, got = place.quantity.form.float(), place.got.form.float()
        got = next(t for t in _turned(got) if t.shape == expected.shape)
    found = difference(Observation(expected), Observation(got), name=name)
    if found is None:
        return "", ""
    sign = " = " if found.kind in ("value", "nan") else ": "
    return f"{found.where}{sign}{found.expected}", f"{found.where}{sign}{found.got}"


def _earlier(exercise: Exercise, owner: str) -> str:
    """Return the name of the other exercise that the line belongs to, or nothing."""
    others = [e for e in EXERCISES.values() if e.short == owner and e is not exercise]
    near = [e.name for e in others if e.lesson <= exercise.lesson]
    return near[-1] if near and owner != exercise.short else ""
