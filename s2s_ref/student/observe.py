"""Make the arguments of a call, call the student's code with them, and observe what happens.

The judge runs the reference and the known mistakes through the same functions, so that their
outcomes can be compared with those of the student's code.
"""

import contextlib
import importlib
import inspect
import io
import random
import re
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from s2s_ref.student.codec import is_plain_list, plain
from s2s_ref.student.protocol import (
    OUT_OF_MEMORY,
    Call,
    Generator,
    Model,
    Observation,
    Optimizer,
    Raised,
)

LIBRARIES = (
    str(Path(__file__).parents[1]),
    sysconfig.get_path("stdlib"),
    sysconfig.get_path("purelib"),
)
"""The folders whose code is not the student's: this package, Python's library, the packages."""

NO_MEMORY = re.compile("can't allocate memory|not enough memory|std::bad_alloc")
BYTES = re.compile(r"allocate (\d+) bytes")
"""What PyTorch's errors say where memory is short. Python's and NumPy's are `MemoryError`."""


def observe(target: Any, call: Call) -> Observation:
    """Call the student's function, or build and call the student's module, as `call` says."""
    if call.sizes is not None and not is_module(target):
        return Observation(raised=Raised("TypeError", "the class of a module is expected here"))
    with undisturbed(call.seed):
        try:
            return _observe(target, call)
        except Exception as error:  # any error of the student's code is an outcome
            return Observation(raised=describe_error(error))


def _observe(target: Any, call: Call) -> Observation:
    parameters: dict[str, Tensor] = {}
    if call.sizes is not None:
        target = target(**materialise(call.sizes, {}))
        misfit = load_weights(target, call.weights)
        if misfit:
            return Observation(misfit=misfit)
        parameters = dict(target.named_parameters())
        target.train(call.train)
        if call.before is not None:
            target(*materialise(call.before, {}).values())
    # Without cotangents no gradient is needed, and `.numpy()` works on the arguments.
    leaves = leaves_of(call.arguments) if call.cotangents else {}
    arguments = materialise(call.arguments, leaves)
    before = materialise(call.arguments, {})
    outputs = [target(*arguments.values()) for _ in range(call.times)]
    output = outputs if call.times > 1 else outputs[0]
    gradients = _gradients(output, call.cotangents, leaves | parameters)
    changed = tuple(n for n in arguments if not _unchanged(arguments[n], before[n]))
    models = {n: a for n, a in arguments.items() if isinstance(a, nn.Module)}
    left = {n: plain(dict(model.state_dict())) for n, model in models.items()}
    kept = {n: _kept_gradients(model) for n, model in models.items()}
    attached = tuple(p for p, tensor in float_tensors(output).items() if tensor.requires_grad)
    return Observation(plain(output), None, gradients, changed, left, "", attached, kept)


def load_weights(module: nn.Module, weights: dict[str, Tensor]) -> str:
    """Load a module's weights by name; return which do not fit, or the empty string."""
    own = {n: tuple(p.shape) for n, p in module.named_parameters()}
    given = {n: tuple(w.shape) for n, w in weights.items()}
    missing = [f"missing: {n} {list(given[n])}" for n in given if n not in own]
    extra = [f"not expected: {n} {list(own[n])}" for n in own if n not in given]
    other = [
        f"{n}: expected {list(given[n])}, got {list(own[n])}"
        for n in given
        if n in own and given[n] != own[n]
    ]
    if not missing + extra + other:
        module.load_state_dict(weights, strict=False)
        module.eval()
    return "; ".join(missing + extra + other)


def materialise(arguments: dict[str, Any], leaves: dict[str, Tensor]) -> dict[str, Any]:
    """Make objects of the described arguments, and copy the others.

    Gradients flow through the copies of `leaves`. These copies are not leaves themselves, because
    writing into a leaf raises an error, and the check should see what was written.
    """
    made: dict[str, Any] = {}
    for name, value in arguments.items():
        if isinstance(value, Optimizer):
            optimizer = getattr(torch.optim, value.name)
            made[name] = optimizer(made[value.over].parameters(), **value.options)
        else:
            made[name] = _materialise(name, value, leaves)
    return made


def _materialise(path: str, value: Any, leaves: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        return leaves[path].clone() if path in leaves else value.clone()
    if isinstance(value, Model):
        return build(value)
    if isinstance(value, Generator):
        return torch.Generator().manual_seed(value.seed)
    return map_items(path, value, lambda inner, item: _materialise(inner, item, leaves))


def build(described: Model) -> nn.Module:
    """Build a described module, and the modules that are described in its arguments."""
    module_path, _, class_name = described.path.rpartition(".")
    if not module_path.startswith("s2s_ref."):
        raise ValueError(f"Only modules of s2s_ref are built, not {described.path}.")
    cls = getattr(importlib.import_module(module_path), class_name)
    sizes = {n: build(s) if isinstance(s, Model) else s for n, s in described.sizes.items()}
    model: nn.Module = cls(**sizes)
    if described.weights:
        model.load_state_dict(described.weights)
    for name, parameter in model.named_parameters():
        if name in described.gradients:
            parameter.grad = described.gradients[name].clone()
    return model.train(described.train)


def leaves_of(arguments: dict[str, Any]) -> dict[str, Tensor]:
    """Copy every float tensor of the arguments to a leaf that requires a gradient, by path."""
    leaves: dict[str, Tensor] = {}

    def visit(path: str, value: Any) -> Any:
        if isinstance(value, Tensor):
            if value.is_floating_point():
                leaves[path] = value.clone().requires_grad_()
            return value
        return map_items(path, value, visit)

    for name, value in arguments.items():
        visit(name, value)
    return leaves


def map_items(path: str, value: Any, function: Callable[[str, Any], Any]) -> Any:
    """Apply `function(path, item)` to the items of a container; return other values unchanged."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        named = zip(value._fields, value, strict=True)
        return type(value)(*(function(f"{path}.{name}", item) for name, item in named))
    if isinstance(value, list | tuple):
        return type(value)(function(f"{path}[{i}]", item) for i, item in enumerate(value))
    if isinstance(value, dict):
        return {key: function(f"{path}[{key!r}]", item) for key, item in value.items()}
    return value


def float_tensors(value: Any) -> dict[str, Tensor]:
    """List the float tensors in a result by their paths."""
    found: dict[str, Tensor] = {}

    def visit(path: str, item: Any) -> Any:
        if isinstance(item, Tensor) and item.is_floating_point():
            found[path] = item
        return item if is_plain_list(item) else map_items(path, item, visit)

    visit("", value)
    return found


def _gradients(
    output: Any, cotangents: dict[str, Tensor], sources: dict[str, Tensor]
) -> dict[str, Tensor | None]:
    """Return the gradients of the sources; an empty dictionary if the output does not fit."""
    outputs = float_tensors(output)
    fits = all(p in outputs and outputs[p].shape == c.shape for p, c in cotangents.items())
    if not sources or not fits:
        return {}
    pairs = [(outputs[p], c) for p, c in cotangents.items() if outputs[p].requires_grad]
    if not pairs:
        return dict.fromkeys(sources)
    # The gradients of this sum are those of the outputs, given the cotangents. If autograd gets the
    # cotangents themselves, it imports SymPy, which takes half a second in every process.
    with torch.enable_grad():
        total = sum(((o * c.to(o.dtype)).sum() for o, c in pairs), torch.zeros(()))
    # allow_unused: a parameter that a wrong forward pass does not use has no gradient
    found = torch.autograd.grad(total, list(sources.values()), allow_unused=True)
    return dict(zip(sources, found, strict=True))


def _kept_gradients(model: nn.Module) -> dict[str, Tensor]:
    grads = {n: p.grad for n, p in model.named_parameters() if p.grad is not None}
    return {n: grad.clone() for n, grad in grads.items()}


def _unchanged(after: Any, before: Any) -> bool:
    """Tell whether an argument is as before; models and optimisers are not compared here."""
    if isinstance(before, Tensor):
        return isinstance(after, Tensor) and torch.equal(after, before)
    if isinstance(before, torch.Generator):
        return torch.equal(after.get_state(), before.get_state())
    if isinstance(before, list | tuple):
        return len(after) == len(before) and all(map(_unchanged, after, before))
    if isinstance(before, dict):
        return list(after) == list(before) and all(_unchanged(after[k], before[k]) for k in before)
    if isinstance(before, bool | int | float | str | None):
        return bool(after == before)
    return True


@contextlib.contextmanager
def undisturbed(seed: int) -> Iterator[None]:
    """Restore the notebook's random state and threads afterwards, and drop warnings and stderr.

    nbgrader takes any text on stderr as a failure. `limits.observe_all` captures what is
    printed. One thread is enough for tensors this small; several are slower on a busy machine.
    """
    state, threads = random.getstate(), torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.default_generator.manual_seed(seed)  # `torch.manual_seed` is slow before CUDA starts
        random.seed(seed)
        try:
            with torch.enable_grad(), contextlib.redirect_stderr(io.StringIO()):
                yield
        finally:
            random.setstate(state)
            torch.set_num_threads(threads)


def describe_error(error: BaseException) -> Raised:
    """Describe an error, with the innermost line of the student's code that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(LIBRARIES)]
    line, number = (own[-1].line or "", own[-1].lineno or 0) if own else ("", 0)
    if isinstance(error, MemoryError) or NO_MEMORY.search(str(error)):
        asked = BYTES.search(str(error))
        size = f"{int(asked[1]) / 2**30:,.0f} GiB of" if asked else "too much"
        return Raised(OUT_OF_MEMORY, f"it asks for {size} memory at once", line, number)
    return Raised(type(error).__name__, str(error), line, number)


def is_module(target: Any) -> bool:
    """Tell whether the target is the class of a module."""
    return inspect.isclass(target) and issubclass(target, nn.Module)
