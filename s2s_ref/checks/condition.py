"""For which cases an answer is right: for a batch of one only, for a GRU and not for an LSTM."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from s2s_ref.checks.axes import argument_axes, tensors_of
from s2s_ref.checks.cases import Case, Prepared
from s2s_ref.state import State


def condition_of(prepared: Prepared, failing: Sequence[int]) -> str:
    """Say in a sentence what tells the cases that fail from those that pass, or nothing."""
    features = [set(_features(prepared, case)) for case in prepared.cases]
    wrong = [features[i] for i in failing]
    right = [features[i] for i in range(len(features)) if i not in failing]
    if not wrong or not right:
        return ""
    only_wrong = set[str].intersection(*wrong) - set[str]().union(*right)
    only_right = set[str].intersection(*right) - set[str]().union(*wrong)
    if only_wrong:
        return f"It is wrong only {min(only_wrong, key=_order)}."
    if only_right:
        return f"It is right only {min(only_right, key=_order)}."
    if not any(prepared.cases[i].kind == "drawn" for i in failing):
        return "All ordinary cases are right; this is a special one."
    return ""


VARIATIONS = {
    "permuted": "if the batch is in another order",
    "padded": "if there is more padding",
    "repeated": "if it is called again",
}


def _features(prepared: Prepared, case: Case) -> Iterator[str]:
    """Describe what is special about a case, such as a batch of one."""
    call = case.call
    if case.kind in VARIATIONS:
        yield VARIATIONS[case.kind]
    for name, value in (call.sizes or {}).items():
        if isinstance(value, str):
            yield f"for {name} = {value!r}"
    tensors = tensors_of(call.arguments)
    for path, names in argument_axes(prepared.exercise.reference, call.arguments).items():
        for axis, name in enumerate(names):
            if tensors[path].shape[axis] == 1:
                batch = name == "batch"
                yield "for a batch of one" if batch else f"if the axis {name} has length 1"
    for name, value in call.arguments.items():
        if isinstance(value, Tensor) and name.endswith("lengths") and len(value) > 1:
            same = bool((value == value[0]).all())
            yield "if all sentences are equally long" if same else "if lengths differ"
        if isinstance(value, Tensor) and value.dtype == torch.bool and value.numel():
            yield "without padding" if bool(value.all()) else "if there is padding"
        if isinstance(value, State):
            lstm = isinstance(value.hidden, tuple)
            yield "for the state of an LSTM" if lstm else "for a state that is one tensor"
        if isinstance(value, list | str) and len(value) == 0:
            yield f"if `{name}` is empty"
        if isinstance(value, list) and len(value) == 1:
            yield f"if `{name}` has one item"


def _order(feature: str) -> tuple[int, str]:
    """Prefer what concerns the whole case to what concerns one axis."""
    return feature.startswith("if the axis"), feature
