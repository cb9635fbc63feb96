"""From what was observed to a verdict that names the mistake."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from s2s_ref.checks.axes import (
    Axes,
    all_axes,
    axes_of,
    blank,
    is_integer,
    map_tensors,
    real_places,
    select,
    shape_text,
    signature,
    tensors_of,
)
from s2s_ref.checks.compare import Difference, difference, kind_text, same, value_text
from s2s_ref.checks.exercise import EXERCISES, Exercise, Mistake
from s2s_ref.student.describe import Call, Generator, Model, Observation, Optimizer, Raised

EXTRA_PADDING = 2
"""So many places the padded case adds to every axis that may hold padding."""

OWN = "own"
"""The kind of a difference that an exercise's own verdict found, in its own words."""

DERIVED = {
    "permuted": "the batch in another order",
    "padded": "a longer padded tail",
    "repeated": "the same generator again",
}


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


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check, as the student's card and the class report show it.

    `mistake` is the name of a known mistake, or empty; `kind` that of a generic diagnosis.
    """

    exercise: str
    lesson: int
    number: int
    passed: bool
    headline: str
    mistake: str = ""
    kind: str = ""
    given: str = ""
    expected: str = ""
    got: str = ""
    so: str = ""
    ask: str = ""
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Generic:
    """What to say of a failure that is no known mistake."""

    headline: str
    so: str
    ask: str = ""


GENERIC = {
    "unwritten": Generic(
        "not written yet",
        "The code still raises NotImplementedError where your lines belong.",
        "What should come back for the example in the text above the cell?",
    ),
    "parameters": Generic(
        "the parameters are not those of the exercise",
        "The check copies weights into your module by name, so `__init__` must stay as given.",
        "What does your `__init__` name differently from the one that was given?",
    ),
    "raised": Generic(
        "it raised an error",
        "The call did not come to an end.",
        "Which value in that line is not what you thought it is?",
    ),
    "nothing": Generic(
        "None came back",
        "None comes from a function that ends without `return`, and from methods that change a "
        "list in place.",
        "What should be returned?",
    ),
    "type": Generic(
        "the result is of the wrong kind",
        "The code that calls this goes on with another kind of value.",
        "What does the signature say comes back, after the arrow?",
    ),
    "shape": Generic(
        "the result has the wrong shape",
        "Every axis has a meaning, and the next step reads the axes by their place.",
        "Which axis is it that you have too many, too few, or in another place?",
    ),
    "dtype": Generic(
        "the result has the wrong dtype",
        "Ids are whole numbers, masks are bool, all else is float32.",
        "Where does the dtype change on the way?",
    ),
    "nan": Generic(
        "the result holds nan",
        "One nan spreads through every sum that it enters.",
        "Which step divides by zero, takes the logarithm of zero, or brings an infinity together "
        "with another one or with 0?",
    ),
    "graph": Generic(
        "a number is wanted, and a tensor with its graph came back",
        "Whoever keeps it for a curve keeps all that was computed for it in memory.",
        "How does a tensor with one number in it become a plain number?",
    ),
    "changed": Generic(
        "an argument was changed",
        "The caller still needs the value that it passed in.",
        "Which operation writes in place? Look for `+=`, `[...] =` and names that end in `_`.",
    ),
    "padding": Generic(
        "the result depends on padding",
        "A sentence would be translated differently beside a longer one.",
        "At which step do padded positions still take part?",
    ),
    "batch order": Generic(
        "the result depends on the order of the batch",
        "A sentence would be translated differently among other sentences.",
        "Which step mixes one sentence with another?",
    ),
    "random": Generic(
        "the same generator gives another result the second time",
        "Something is drawn from elsewhere, so nobody can repeat the experiment.",
        "Which lines draw random numbers, and does the generator go into all of them?",
    ),
    "detached": Generic(
        "right values, but no gradient flows",
        "Training would change nothing, for the way back is cut.",
        "Where does a tensor become a number, or is detached, or built anew?",
    ),
    "value": Generic("the values are wrong", "The call runs, and its result is of the right kind."),
    "gradient": Generic(
        "right values, but wrong gradients",
        "Training would go in another direction.",
        "Which part of the computation does not take part in the way back?",
    ),
    "left": Generic(
        "it left something else behind",
        "What the call does to its arguments matters as much as what it returns.",
        "In which order do the steps happen?",
    ),
}
"""Generic diagnoses, the cheapest cause first."""

SHAPES, DTYPES = "Which shapes meet in that line?", "Which dtypes meet in that line?"
ONE_NUMBER = "How many numbers does the tensor hold, and how many does that call take?"
ASKED_OF_ERRORS = (
    ("UnboundLocalError", "", "On which way to that line does the name get no value?"),
    ("NameError", "", "Where is this name defined: in a module, in `self`, in another cell?"),
    ("KeyError", "", "Which key is missing, and what may stand in its place?"),
    ("AttributeError", "^module", "In which module does this name live?"),
    ("AttributeError", "can't set", "Can that thing be changed, or must a new one be made?"),
    ("AttributeError", "", "Which value in that line is of the kind that the error names?"),
    ("TypeError", "class of a module", "Did you pass the class itself, or an object made of it?"),
    ("TypeError", "__init__", "Do you want to make an object there, or to call a function?"),
    ("TypeError", "positional argument", "Which arguments does that function take?"),
    ("TypeError", "not callable", "What stands before the round brackets in that line?"),
    ("TypeError", "not iterable", "What does that line walk along?"),
    ("TypeError", "concatenate|operand", "What stands on either side of that operator?"),
    ("TypeError", "", "What kind of value does that line want, and what kind did it get?"),
    ("IndexError", "out of bounds", "How long is that axis, and at which place do you look?"),
    ("IndexError", "[Dd]imension|indices", SHAPES),
    ("IndexError", "", "How long is what you look into, and at which place do you look?"),
    ("ValueError", "to unpack", "How many parts are there, and how many names wait for them?"),
    ("ValueError", "dtype", DTYPES),
    ("ValueError", "sequence of length", "How many places has each of the rows in that line?"),
    ("ValueError", "shape|size|dimension", SHAPES),
    ("ValueError", "one element", ONE_NUMBER),
    ("ValueError", "", "Which value does the call in that line accept, and which did it get?"),
    ("RuntimeError", "dtype|scalar type|data type", DTYPES),
    ("RuntimeError", "cannot be converted to Scalar", ONE_NUMBER),
    ("RuntimeError", "Boolean value", "How many times True or False does the comparison give?"),
    ("RuntimeError", "bool tensor", "What is the opposite of a mask of True and False?"),
    ("RuntimeError", "called more than", "What ends the loop where no <eos> comes?"),
    ("RuntimeError", "", SHAPES),
    ("ZeroDivisionError", "", "For which sentences is the divisor 0?"),
    ("RecursionError", "", "When does the function stop calling itself?"),
)
"""What to ask of an error that is no known mistake: by its type, and by a pattern of its text."""


def reach_verdict(prepared: Prepared, seen: list[Observation]) -> Verdict:
    """Compare what was observed with what is right, and name the mistake."""
    exercise = prepared.exercise
    if len(seen) != len(prepared.cases):
        raise ValueError(f"Expected {len(prepared.cases)} observations, got {len(seen)}.")
    found = differences(prepared, seen)
    if not found:
        return _verdict(exercise, passed=True, headline=_checked(prepared))
    mistake = _known(prepared, seen)
    if mistake:
        return _named(prepared, mistake, found)
    return _generic(prepared, seen, found)


def differences(prepared: Prepared, seen: list[Observation]) -> dict[int, Difference]:
    """Return what is wrong, by the number of the case; nothing where the answer is right."""
    found = {}
    for i, (case, observation) in enumerate(zip(prepared.cases, seen, strict=True)):
        one = _difference(prepared.exercise, case, observation)
        one = one or _not_repeated(case, seen[0], observation)
        if one:
            found[i] = one
    return found


def _difference(exercise: Exercise, case: Case, seen: Observation) -> Difference | None:
    if exercise.judged is None or seen.raised or seen.misfit:
        axes = axes_of(signature(exercise.reference).return_annotation, case.expected.output)
        expected, seen = (_judged_part(exercise, case, o) for o in (case.expected, seen))
        return difference(expected, seen, axes=axes)
    try:
        problem = exercise.judged(case.call.arguments, seen)
    except Exception:  # the verdict's own code met a kind of result that it does not know
        kinds = kind_text(case.expected.output), kind_text(seen.output)
        return Difference("nothing" if seen.output is None else "type", "result", *kinds)
    return Difference(OWN, "", "", problem) if problem else None


def _not_repeated(case: Case, first: Observation, again: Observation) -> Difference | None:
    if case.kind != "repeated" or same(first, again, gradients=False):
        return None
    return Difference("random", "result", "what came before", "something else")


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


def _judged_part(exercise: Exercise, case: Case, seen: Observation) -> Observation:
    if not exercise.free_at_padding:
        return seen
    return replace(seen, output=map_tensors(seen.output, free_places(exercise, case.call, seen)))


# ------------------------------------------------------------------ known mistakes


def _known(prepared: Prepared, seen: list[Observation]) -> Mistake | None:
    """Find the mistake whose outcome was seen on all the cases.

    Gradients are left out in a second try: a known mistake in the values may come with another
    one in the gradients.
    """
    right = [case.expected for case in prepared.cases]
    for gradients in (True, False):
        for mistake in prepared.exercise.mistakes:
            values_differ = not all_alike(prepared, right, mistake, gradients=False)
            if (gradients or values_differ) and looks_like(prepared, mistake, seen, gradients):
                return mistake
    return None


def looks_like(
    prepared: Prepared, mistake: Mistake, seen: list[Observation], gradients: bool = True
) -> bool:
    """Tell whether what was seen on all the cases is what this mistake comes to.

    Where the exercise has its own verdict, its words decide too: two who make the same mistake need
    not draw the same random numbers.
    """
    if all_alike(prepared, seen, mistake, gradients):
        return True
    words = own_words(prepared, seen)
    return bool(words) and words == own_words(prepared, prepared.outcomes[mistake.name])


def all_alike(
    prepared: Prepared, seen: list[Observation], mistake: Mistake, gradients: bool = True
) -> bool:
    """Tell whether what was seen equals the outcome of this mistake on every case."""
    outcomes = prepared.outcomes[mistake.name]
    return all(
        alike(
            _judged_part(prepared.exercise, case, outcome),
            _judged_part(prepared.exercise, case, observation),
            mistake.raises,
            gradients,
        )
        for case, outcome, observation in zip(prepared.cases, outcomes, seen, strict=True)
    )


def own_words(prepared: Prepared, seen: list[Observation]) -> set[str]:
    """Return all that the exercise's own verdict says; nothing if there was more to say."""
    if prepared.exercise.judged is None or prepared.exercise.kind == "prediction":
        return set()
    found = differences(prepared, seen).values()
    return {one.got for one in found} if all(one.kind == OWN for one in found) else set()


def alike(
    outcome: Observation, seen: Observation, pattern: str = "", gradients: bool = True
) -> bool:
    """Tell whether what was seen is the outcome of a mistake that raises by this pattern."""
    if outcome.raised and seen.raised:
        text = seen.raised.text
        fits = re.search(pattern, text) is not None if pattern else text == outcome.raised.text
        return fits and seen.raised.type_name == outcome.raised.type_name
    if outcome.misfit or seen.misfit:
        return outcome.misfit == seen.misfit
    return same(outcome, seen, gradients=gradients)


def _named(prepared: Prepared, mistake: Mistake, found: dict[int, Difference]) -> Verdict:
    index = next(iter(found))
    return _failed(
        prepared, index, found[index], mistake.message, mistake.so, mistake.ask, mistake.name
    )


# ------------------------------------------------------------------ generic diagnoses


def _generic(prepared: Prepared, seen: list[Observation], found: dict[int, Difference]) -> Verdict:
    kinds = [*GENERIC, OWN]
    index = min(found, key=lambda i: (kinds.index(found[i].kind), i))
    kind = found[index].kind
    if kind == "value":
        kind = _dependence(prepared, seen) or kind
    words = GENERIC.get(kind) or Generic(found[index].got, "")
    headline, so, ask = words.headline, words.so, words.ask
    raised = seen[index].raised
    if raised and kind == "raised":
        if raised.line:
            so = f"It happened in your line {raised.line_number}: {raised.line}"
        ask = question(raised) or ask
        if not_run := _exercise_not_run(prepared.exercise, raised):
            headline = f"{not_run} is not defined: its cell is missing or did not run"
            ask = f"In which cell do you define {not_run}, and has it run since the last restart?"
    return _failed(prepared, index, found[index], headline, so, ask, kind=kind)


def question(raised: Raised) -> str:
    """Return what to ask of an error; nothing where its type is none that we know."""
    for type_name, pattern, ask in ASKED_OF_ERRORS:
        if raised.type_name == type_name and re.search(pattern, raised.text):
            return ask
    return ""


def _exercise_not_run(exercise: Exercise, raised: Raised) -> str:
    """Return the name that is missing where another exercise of the lesson defines it, or ""."""
    missing = re.match(r"name '(\w+)' is not defined", raised.text)
    if raised.type_name != "NameError" or missing is None:
        return ""
    beside = {e.short for e in EXERCISES.values() if e.lesson == exercise.lesson}
    return missing[1] if missing[1] in beside else ""


def _dependence(prepared: Prepared, seen: list[Observation]) -> str:
    """Tell whether the student's own results change with padding or the order of the batch."""
    parts = signature(prepared.exercise.reference)
    seen = [
        _judged_part(prepared.exercise, case, observation)
        for case, observation in zip(prepared.cases, seen, strict=True)
    ]
    base = seen[0]
    axes = axes_of(parts.return_annotation, base.output)
    for case, observation in zip(prepared.cases, seen, strict=True):
        if case.kind == "padded":
            annotations = {n: p.annotation for n, p in parts.parameters.items()}
            arguments = case.call.arguments
            padded = real_places(all_axes(annotations, arguments), arguments)
            trimmed = map_tensors(observation.output, trim(axes, padded))
            if not same(Observation(base.output), Observation(trimmed)):
                return "padding"
        if case.kind == "permuted" and case.order is not None:
            moved = map_tensors(base.output, select(axes, "batch", case.order))
            if not same(Observation(moved), Observation(observation.output)):
                return "batch order"
    return ""


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


# ------------------------------------------------------------------ words


def _failed(
    prepared: Prepared,
    index: int,
    found: Difference,
    headline: str,
    so: str = "",
    ask: str = "",
    mistake: str = "",
    kind: str = "",
) -> Verdict:
    exercise = prepared.exercise
    return _verdict(
        exercise,
        headline=headline,
        mistake=mistake,
        kind="prediction" if exercise.kind == "prediction" else kind or found.kind,
        given=_given(exercise, prepared.cases[index].call),
        expected=_place(exercise, found, found.expected),
        # a verdict's own words are said once: as the headline, or beside a mistake's message
        got="" if found.got == headline else _place(exercise, found, found.got),
        so=so,
        ask=ask or next(iter(exercise.hints), ""),
        after=tuple(exercise.after),
    )


def _verdict(exercise: Exercise, *, headline: str, passed: bool = False, **words: Any) -> Verdict:
    return Verdict(exercise.name, exercise.lesson, exercise.number, passed, headline, **words)


def _place(exercise: Exercise, found: Difference, text: str) -> str:
    """Write `logits[0, 1:3] = [0.20, 0.31]`, the parts of a result by their own names."""
    where = found.where
    if isinstance(exercise.returns, str):
        where = re.sub(r"^result", exercise.returns, where)
    else:
        where = re.sub(r"^result\[(\d+)\]", lambda m: exercise.returns[int(m[1])], where)
    if where == "the call":
        return text
    if found.kind in ("value", "nan", "gradient", "left") and where:
        return f"{where} = {text}"
    return f"{where}: {text}" if where else text


def _given(exercise: Exercise, call: Call) -> str:
    annotations = {n: p.annotation for n, p in signature(exercise.reference).parameters.items()}
    axes = all_axes(annotations, call.arguments)
    parts = [f'{n} "{s}"' for n, s in (call.sizes or {}).items() if isinstance(s, str)]
    for name, value in call.arguments.items():
        if isinstance(value, Tensor):
            parts.append(f"{name} {_tensor_text(value, axes.get(name, ()))}")
        elif isinstance(value, Model):
            parts.append(f"{name} ({with_article(value.path.rpartition('.')[2])})")
        elif isinstance(value, Optimizer | Generator):
            parts.append(f"{name} ({with_article(type(value).__name__.lower())})")
        elif hasattr(value, "_fields"):
            inner = [
                f"{p} {shape_text(t, axes.get(p, ()))}"
                for p, t in tensors_of({name: value}).items()
            ]
            parts.append(", ".join(inner))
        else:
            parts.append(f"{name} = {value_text(value)}")
    return ", ".join(parts)


def with_article(noun: str) -> str:
    """Write a or an before a noun."""
    return f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"


def _tensor_text(tensor: Tensor, names: Axes) -> str:
    text = shape_text(tensor, names)
    few = is_integer(tensor) and tensor.numel() <= 12
    return f"{text} = {tensor.tolist()}" if few else text


def _checked(prepared: Prepared) -> str:
    """Say what a passed check has looked at."""
    exercise = prepared.exercise
    if exercise.kind == "prediction":
        return "noted"
    looked = (
        ["values", "shapes"]
        if any(tensors_of({"": c.expected.output}) for c in prepared.cases)
        else ["values"]
    )
    if any(g is not None for c in prepared.cases for g in c.expected.gradients.values()):
        looked.append("gradients")
    edges = [f"{n} = {s}" for edge in exercise.edge_sizes() for n, s in edge.items()]
    if edges:
        looked.append(f"edge cases ({', '.join(dict.fromkeys(edges))})")
    derived = {c.kind for c in prepared.cases}
    looked += [words for kind, words in DERIVED.items() if kind in derived]
    return ", ".join(looked)
