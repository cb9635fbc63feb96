"""Record the values that the student's lines compute, once a check has failed.

Every result of a torch operation and every change of a local variable is a step, with the line that
made it. Nothing here knows what is right. The judge traces the reference and the known mistakes
through this same function.
"""

import contextlib
import inspect
import io
import linecache
import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from s2s_ref.student.codec import plain
from s2s_ref.student.observe import (
    LIBRARIES,
    is_module,
    leaves_of,
    load_weights,
    materialise,
    undisturbed,
)
from s2s_ref.student.protocol import Call, Step

MOST_STEPS = 400
MOST_EVENTS = 20_000
"""The number of lines that are followed at most: a long loop is not followed to its end."""

MOST_ITEMS = 4096
"""Larger values are not recorded."""

MOST_TEXT = 200
RETURNED = "return"
"""The name of the last step, which holds what the call returned."""


def trace(target: Any, call: Call, whole: bool = True) -> list[Step]:
    """Make one call of the student's code and return its steps in order.

    A call that raises has the steps that came before. One that is not to be followed as a `whole`
    ends when there are as many steps as are kept. Prints are swallowed, because they were seen
    when the check made the same call.
    """
    recorder = _Recorder(_file_of(target), whole)
    with undisturbed(call.seed), contextlib.redirect_stdout(io.StringIO()):
        try:
            if call.sizes is not None:
                target = target(**call.sizes)
                load_weights(target, call.weights)
            leaves = leaves_of(call.arguments) if call.cotangents else {}
            arguments = materialise(call.arguments, leaves)
            with recorder.following():
                outputs = [target(*arguments.values()) for _ in range(call.times)]
            recorder.returned(outputs if call.times > 1 else outputs[0])
        except Exception:  # whatever a student's code raises, the check has reported it already
            pass
    return recorder.steps


def _file_of(target: Any) -> str:
    code = getattr(inspect.unwrap(target.forward if is_module(target) else target), "__code__", 0)
    return code.co_filename if isinstance(code, CodeType) else ""


class _EnoughError(Exception):
    """There are as many steps as are kept."""


class _Recorder(TorchFunctionMode):
    """Collect steps; frames count if they are the student's, or lie in the target's own file."""

    def __init__(self, file: str, whole: bool) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self._file = file
        self._whole = whole
        self._events = 0
        self._lines: dict[FrameType, int] = {}
        self._seen: dict[FrameType, dict[str, Any]] = {}
        self._last: tuple[CodeType, int] | None = None

    @contextlib.contextmanager
    def following(self) -> Iterator[None]:
        """Follow operations and lines for as long as the block runs."""
        before = sys.gettrace()
        try:
            with self:
                sys.settrace(self._on_call)
                yield
        finally:
            sys.settrace(before)
            self._seen.clear()
            self._lines.clear()

    def returned(self, value: Any) -> None:
        """Add what the call returned, with the line of the last `return`."""
        if self._last:
            self._add(RETURNED, value, *self._last)

    # -------------------------------------------------------------- operations

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a torch function and record the tensors that it returned or wrote to."""
        result = func(*args, **(kwargs or {}))
        if len(self.steps) >= MOST_STEPS:
            if self._whole:
                return result
            raise _EnoughError
        made = args[0] if getattr(func, "__name__", "") == "__setitem__" else result
        if isinstance(made, Tensor | tuple | list) and (frame := self._own_frame()):
            for item in made if isinstance(made, tuple | list) else [made]:
                if isinstance(item, Tensor):
                    self._add("", item, frame.f_code, frame.f_lineno)
        return result

    def _own_frame(self) -> FrameType | None:
        frame: FrameType | None = sys._getframe(2)
        while frame and frame.f_code is not trace.__code__:
            if self._owns(frame):
                return frame
            frame = frame.f_back
        return None

    def _owns(self, frame: FrameType) -> bool:
        file = frame.f_code.co_filename
        return file == self._file or not file.startswith((*LIBRARIES, "<frozen"))

    # -------------------------------------------------------------- variables

    def _on_call(self, frame: FrameType, event: str, arg: Any) -> Any:
        del event, arg
        if not self._owns(frame) or frame.f_code.co_name.startswith("<"):  # a comprehension
            return None
        self._lines[frame] = frame.f_lineno
        self._seen[frame] = {name: _state(value) for name, value in frame.f_locals.items()}
        return self._on_line

    def _on_line(self, frame: FrameType, event: str, arg: Any) -> Any:
        del arg
        self._events += 1
        if self._events > MOST_EVENTS or len(self.steps) >= MOST_STEPS:
            sys.settrace(None)
            return None
        seen, code, line = self._seen.get(frame), frame.f_code, self._lines.get(frame, 0)
        if seen is None:
            return None
        for name, value in frame.f_locals.items():
            state = _state(value)
            if name not in seen or seen[name] != state:
                seen[name] = state
                self._add(name, value, code, line)
        if event == "return":
            self._last = code, line
            self._seen.pop(frame), self._lines.pop(frame)
        else:
            self._lines[frame] = frame.f_lineno
        return self._on_line

    def _add(self, name: str, value: Any, code: CodeType, number: int) -> None:
        with torch._C.DisableTorchFunction():
            if len(self.steps) < MOST_STEPS + (name == RETURNED) and _size(value) <= MOST_ITEMS:
                line = linecache.getline(code.co_filename, number).strip()[:MOST_TEXT]
                owner = code.co_qualname.partition(".")[0]
                attached = isinstance(value, Tensor) and value.requires_grad
                self.steps.append(Step(name, plain(value), line, number, owner, attached))


def _state(value: Any) -> Any:
    """Return what differs once a variable was assigned or changed in place."""
    if isinstance(value, Tensor):
        return id(value), value._version
    if isinstance(value, list | tuple):
        return len(value), [_state(item) for item in value[-MOST_ITEMS:]]
    if isinstance(value, dict):
        return [(key, _state(item)) for key, item in value.items()]
    if isinstance(value, bool | int | float | str | None):
        return type(value), value
    return id(value)


def _size(value: Any) -> int:
    """Count the numbers and letters in a value; one of no plain form is too large."""
    if isinstance(value, Tensor):
        return value.numel()
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple):
        return len(value) + sum(map(_size, value[:MOST_ITEMS]))
    if isinstance(value, dict):
        return len(value) + sum(map(_size, value.values()))
    known = value is None or isinstance(value, bool | int | float)
    return 1 if known and not isinstance(value, nn.Module) else MOST_ITEMS + 1
