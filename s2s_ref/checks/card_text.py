"""How a card shows arguments and results."""

import re

from torch import Tensor

from s2s_ref.checks.axes import Axes, argument_axes, is_integer, shape_text, tensors_of
from s2s_ref.checks.cases import Prepared
from s2s_ref.checks.compare import Difference, value_text
from s2s_ref.checks.registry import Exercise
from s2s_ref.student.protocol import Call, Generator, Model, Optimizer

VARIATIONS = {
    "permuted": "the batch in another order",
    "padded": "a longer padded tail",
    "repeated": "the same generator again",
    "training": "training mode",
    "again": "a second call",
}

CITATION = re.compile(r" \([A-Z][^()]*\d{4}[^()]*\)")


def place(exercise: Exercise, found: Difference, text: str) -> str:
    """Write one side of a difference: `logits[0, 1:3] = [0.20, 0.31]`."""
    where = found.where
    if isinstance(exercise.returns, str):
        where = re.sub(r"^result", exercise.returns, where)
    else:
        where = re.sub(r"^result\[(\d+)\]", lambda m: exercise.returns[int(m[1])], where)
    if where == "the call":
        return text
    if found.kind in ("value", "nan", "gradient", "left", "called again", "training") and where:
        return f"{where} = {text}"
    return f"{where}: {text}" if where else text


def given(exercise: Exercise, call: Call) -> str:
    """Write the arguments of a call as a card shows them."""
    axes = argument_axes(exercise.reference, call.arguments)
    sizes = call.sizes or {}
    parts = [f'{n} "{s}"' for n, s in sizes.items() if isinstance(s, str)]
    models = {n: s for n, s in sizes.items() if isinstance(s, Model)}
    for name, value in (models | call.arguments).items():
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


def checked(prepared: Prepared) -> str:
    """Say what works now that a check has passed, and what the check has examined."""
    exercise = prepared.exercise
    if exercise.kind == "prediction":
        return "noted"
    looked = ["values"]
    if any(tensors_of({"": c.expected.output}) for c in prepared.cases):
        looked.append("shapes")
    if any(g is not None for c in prepared.cases for g in c.expected.gradients.values()):
        looked.append("gradients")
    if edges := sum(case.kind == "edge" for case in prepared.cases):
        looked.append(f"{edges} edge cases" if edges > 1 else "an edge case")
    kinds = {c.kind for c in prepared.cases}
    looked += [words for kind, words in VARIATIONS.items() if kind in kinds]
    return f"it can now {ability(exercise)}. Checked: {', '.join(looked)}."


def ability(exercise: Exercise) -> str:
    """Say what a right answer can do, in the words of the docstring that the student was given."""
    if exercise.can:
        return exercise.can
    text = CITATION.sub("", " ".join((exercise.reference.__doc__ or "do this").split()))
    sentence = re.split(r"[.;](?: |$)", text, maxsplit=1)[0]
    return sentence[0].lower() + sentence[1:]
