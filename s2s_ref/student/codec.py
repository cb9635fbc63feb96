"""Convert plain values and tensors to bytes and back, without pickle.

A message is a safetensors file. It stores the tensors of the value; the metadata holds the rest as
JSON, in which `{"$tensor": "3"}` refers to the tensor of that name.
"""

import dataclasses
import json
import math
import numbers
from collections.abc import Callable
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from s2s_ref.state import Hypothesis, State
from s2s_ref.student import protocol as describe

MAX_BYTES = 8 * 2**20
"""The size of the largest message that is read or written."""

MALFORMED = (SafetensorError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
"""The errors that a value without a plain form, or malformed bytes, may raise."""

RECORDS: dict[str, Any] = {
    record.__name__: record
    for record in (
        State,
        Hypothesis,
        describe.Model,
        describe.Optimizer,
        describe.Generator,
        describe.Other,
        describe.Raised,
        describe.Call,
        describe.Observation,
        describe.Step,
    )
}
"""The named tuples and data classes whose type is kept in a message."""


class CodecError(ValueError):
    """A message that cannot be read or written."""


def encode(value: Any) -> bytes:
    """Write a value as bytes.

    Raises:
        CodecError: a part of the value has no plain form, or the message would be larger than
            `MAX_BYTES`.
    """
    tensors: dict[str, Tensor] = {}
    try:
        text = json.dumps(_to_json(value, tensors), allow_nan=False)
        data: bytes = save_tensors(tensors, metadata={"value": text})
    except CodecError:
        raise
    except MALFORMED as error:
        raise CodecError(f"A value cannot be sent: {error!r}.") from error
    if len(data) > MAX_BYTES:
        raise CodecError(f"A message has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed.")
    return data


def decode(data: bytes) -> Any:
    """Read what `encode` wrote.

    Raises:
        CodecError: the bytes are malformed, or more than `MAX_BYTES`.
    """
    if len(data) > MAX_BYTES:
        raise CodecError(f"A message has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed.")
    try:
        header_size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + header_size])
        tree = json.loads(header["__metadata__"]["value"])
        return _from_json(tree, load_tensors(data))
    except CodecError:
        raise
    except MALFORMED as error:
        raise CodecError(f"A message cannot be read: {error!r}.") from error


PLAIN_ITEMS = {int, float, bool, str}


def is_plain_list(value: Any) -> bool:
    """Tell whether a value is a list of numbers and texts; there may be thousands, to pass over."""
    return type(value) is list and PLAIN_ITEMS.issuperset(map(type, value))


def plain(value: Any) -> Any:
    """Return the value with everything that has no plain form replaced by `Other`."""
    if is_plain_list(value):
        return list(value)
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Real):  # numpy's numbers too
        return int(value) if isinstance(value, numbers.Integral) else float(value)
    if isinstance(value, Tensor):
        return _plain_tensor(value)
    if _is_record(value):
        return _map_record(value, plain)
    if isinstance(value, list | tuple):
        items = [plain(item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    return _other(value)


def _plain_tensor(value: Tensor) -> Any:
    tensor = value.detach()
    dense = tensor.layout is torch.strided and not tensor.is_meta
    if not dense or tensor.is_complex() or tensor.is_quantized:
        return _other(value)
    return tensor.cpu().contiguous().clone()


def _other(value: Any) -> describe.Other:
    kind = type(value)
    try:
        text = repr(value)[:200]
    except Exception:  # a student's __repr__ may do anything
        text = "(its repr fails)"
    return describe.Other(f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."), text)


def _is_record(value: Any) -> bool:
    return RECORDS.get(type(value).__name__) is type(value)


def _record_fields(value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    fields: dict[str, Any] = value._asdict()
    return fields


def _map_record(value: Any, function: Callable[[Any], Any]) -> Any:
    return type(value)(**{name: function(item) for name, item in _record_fields(value).items()})


def _to_json(value: Any, tensors: dict[str, Tensor]) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": str(value)}
    if isinstance(value, Tensor):
        name = str(len(tensors))
        # safetensors refuses tensors that share memory or are not contiguous
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"$tensor": name}
    if _is_record(value):
        items = [[n, _to_json(item, tensors)] for n, item in _record_fields(value).items()]
        return {"$record": type(value).__name__, "fields": items}
    if isinstance(value, list):
        return [_to_json(item, tensors) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [_to_json(item, tensors) for item in value]}
    if isinstance(value, dict):
        items = [[_to_json(k, tensors), _to_json(v, tensors)] for k, v in value.items()]
        return {"$dict": items}
    raise CodecError(f"A value of type {type(value).__name__} has no plain form.")


def _from_json(tree: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(tree, list):
        return [_from_json(item, tensors) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if "$tensor" in tree:
        return tensors[tree["$tensor"]]
    if "$float" in tree:
        return float(tree["$float"])
    if "$tuple" in tree:
        return tuple(_from_json(item, tensors) for item in tree["$tuple"])
    if "$dict" in tree:
        return {_from_json(k, tensors): _from_json(v, tensors) for k, v in tree["$dict"]}
    record = RECORDS[tree["$record"]]
    return record(**{name: _from_json(item, tensors) for name, item in tree["fields"]})
