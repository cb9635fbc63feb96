"""The names of tensors' axes, read from a signature's jaxtyping annotations."""

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

import torch
from jaxtyping import AbstractArray
from torch import Tensor, nn

from s2s_ref.student.observe import map_items

Axes = tuple[str, ...]


def signature(reference: Any) -> inspect.Signature:
    """Return the signature that a call of the exercise follows, a module's `forward` included."""
    if inspect.isclass(reference) and issubclass(reference, nn.Module):
        full = inspect.signature(reference.forward)
        return full.replace(parameters=list(full.parameters.values())[1:])
    return inspect.signature(reference) if callable(reference) else inspect.Signature()


def axes_of(annotation: Any, value: Any, path: str = "") -> dict[str, Axes]:
    """Name the axes of every tensor in a value, by the tensor's path in it."""
    if isinstance(value, Tensor):
        for candidate in _options(annotation):
            names = _axis_names(candidate)
            if names is not None and len(names) == value.ndim:
                return {path: names}
        return {}
    found: dict[str, Axes] = {}
    for inner, part, item in _parts(annotation, value):
        found |= axes_of(part, item, path + inner)
    return found


def map_tensors(value: Any, function: Callable[[str, Tensor], Tensor], path: str = "") -> Any:
    """Apply `function(path, tensor)` to every tensor in a value."""
    if isinstance(value, Tensor):
        return function(path, value)
    return map_items(path, value, lambda inner, item: map_tensors(item, function, inner))


def argument_axes(reference: Any, arguments: Mapping[str, Any]) -> dict[str, Axes]:
    """Name the axes of every tensor among the arguments of a call, by the tensor's path."""
    parameters, found = signature(reference).parameters, dict[str, Axes]()
    for name, value in arguments.items():
        annotation = parameters[name].annotation if name in parameters else None
        found |= axes_of(annotation, value, name)
    return found


def result_axes(reference: Any, output: Any) -> dict[str, Axes]:
    """Name the axes of every tensor in the result of a call, by the tensor's path in it."""
    return axes_of(signature(reference).return_annotation, output)


def map_arguments(
    arguments: Mapping[str, Any], function: Callable[[str, Tensor], Tensor]
) -> dict[str, Any]:
    """Apply `function(path, tensor)` to every tensor among the arguments of a call."""
    return {name: map_tensors(value, function, name) for name, value in arguments.items()}


def tensors_of(arguments: Mapping[str, Any]) -> dict[str, Tensor]:
    """List every tensor among the arguments of a call, by its path."""
    found: dict[str, Tensor] = {}
    map_arguments(arguments, lambda path, tensor: found.setdefault(path, tensor))
    return found


def select(axes: Mapping[str, Axes], axis: str, index: Tensor) -> Callable[[str, Tensor], Tensor]:
    """Return a function for `map_tensors` that selects these indices along the named axis."""

    def keep(path: str, tensor: Tensor) -> Tensor:
        names = axes.get(path, ())
        return tensor.index_select(names.index(axis), index) if axis in names else tensor

    return keep


def axis_sizes(axes: Mapping[str, Axes], arguments: Mapping[str, Any]) -> dict[str, int]:
    """Return the size of every named axis among the arguments of a call."""
    tensors = tensors_of(arguments)
    return {
        name: size
        for path, names in axes.items()
        for name, size in zip(names, tensors[path].shape, strict=True)
    }


def real_positions(axes: Mapping[str, Axes], arguments: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return a mask of the real positions of each sentence for every axis that may hold padding.

    Such an axis is the last one of an argument `…_mask`, or `x_len` if there is an `x_lengths`.
    """
    tensors, found = tensors_of(arguments), {}
    sizes = axis_sizes(axes, arguments)
    for path, names in axes.items():
        name = path.rpartition(".")[2]
        measured = name.removesuffix("lengths") + "len"
        if name.endswith("_mask"):
            found[names[-1]] = tensors[path]
        elif name.endswith("_lengths") and measured in sizes:
            found[measured] = torch.arange(sizes[measured]) < tensors[path].unsqueeze(1)
    return found


def blank(axes: Mapping[str, Axes], real: Mapping[str, Tensor]) -> Callable[[str, Tensor], Tensor]:
    """Return a function for `map_tensors` that writes 0 at padded positions."""

    def blanked(path: str, tensor: Tensor) -> Tensor:
        names = axes.get(path, ())
        for axis, mask in real.items():
            if "batch" in names and axis in names:
                named = zip(names, tensor.shape, strict=True)
                shape = [size if name in ("batch", axis) else 1 for name, size in named]
                if [size for size in shape if size > 1] == [s for s in mask.shape if s > 1]:
                    tensor = tensor.masked_fill(~mask.reshape(shape), 0)
        return tensor

    return blanked


def _options(annotation: Any) -> list[Any]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [option for a in typing.get_args(annotation) for option in _options(a)]
    return [annotation]


def _axis_names(annotation: Any) -> Axes | None:
    if inspect.isclass(annotation) and issubclass(annotation, AbstractArray):
        return tuple(annotation.dim_str.split())
    return None


def _parts(annotation: Any, value: Any) -> list[tuple[str, Any, Any]]:
    """List the items of a container: the path, the annotation and the value of each."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        hints = typing.get_type_hints(type(value))
        named = zip(value._fields, value, strict=True)
        return [(f".{n}", hints.get(n), item) for n, item in named]
    if not isinstance(value, list | tuple):
        return []
    for option in _options(annotation):
        args = typing.get_args(option)
        if isinstance(value, tuple) and typing.get_origin(option) is tuple:
            if args[-1:] == (Ellipsis,):
                args = args[:1] * len(value)
            if len(args) == len(value):
                rows = zip(args, value, strict=True)
                return [(f"[{i}]", arg, item) for i, (arg, item) in enumerate(rows)]
        if isinstance(value, list) and typing.get_origin(option) is not tuple and args:
            return [(f"[{i}]", args[0], item) for i, item in enumerate(value)]
    return []


def shape_text(tensor: Tensor, names: Axes = ()) -> str:
    """Write a shape with the names of its axes: `[batch 2, len 5]`."""
    if len(names) != tensor.ndim:
        return str(list(tensor.shape))
    pairs = zip(names, tensor.shape, strict=True)
    sizes = ", ".join(str(s) if n.isdecimal() else f"{n} {s}" for n, s in pairs)
    return f"[{sizes}]"


def dtype_text(tensor: Tensor) -> str:
    """Write a dtype without the module: `float32`."""
    return str(tensor.dtype).removeprefix("torch.")


def is_integer(tensor: Tensor) -> bool:
    """Tell whether a tensor holds whole numbers."""
    return not (tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool)
