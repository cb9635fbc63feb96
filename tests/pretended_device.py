"""A pretended accelerator: it computes on the CPU, but its tensors refuse to meet the CPU's own.

So a machine without a GPU shows where code forgets to put a tensor on the model's device. Tensors
say that they are on `DEVICE`, which PyTorch uses for tensors without numbers; theirs are inside.
`torch.tensor(…, device=…)` cannot be caught: write `torch.tensor(…).to(…)` in what is tested.
"""

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("meta")

ATEN = torch.ops.aten
# A GPU takes positions, and what is copied, from the CPU too; packing even wants lengths there.
MAY_MEET = {ATEN.index.Tensor, ATEN.copy_.default, ATEN._pack_padded_sequence.default}
# An LSTM or GRU changes shapes in place, so they are asked of the tensor inside, at every call.
SHAPES = {
    "sym_size": lambda inner: tuple(inner.size()),
    "size": lambda inner: tuple(inner.size()),
    "sym_stride": lambda inner: inner.stride(),
    "stride": lambda inner: inner.stride(),
    "dim": torch.Tensor.dim,
    "sym_numel": torch.Tensor.numel,
    "numel": torch.Tensor.numel,
    "sym_storage_offset": torch.Tensor.storage_offset,
    "storage_offset": torch.Tensor.storage_offset,
    "is_contiguous": torch.Tensor.is_contiguous,
}


class Far(torch.Tensor):
    """A tensor on the pretended device."""

    @staticmethod
    def __new__(cls, inner):
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=DEVICE,
            dispatch_sizes_strides_policy="sizes",
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})

    def tolist(self):
        return self.inner.tolist()


class PretendedDevice(TorchDispatchMode):
    """Within it, tensors can be made on `DEVICE` and moved there."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})


def move(module):
    """Put a module's parameters on the pretended device."""
    for part in module.modules():
        for name, parameter in part.named_parameters(recurse=False):
            setattr(part, name, nn.Parameter(Far(parameter.detach().clone())))
    return module


def near(tensor):
    """The numbers, on the CPU."""
    return tensor.inner if isinstance(tensor, Far) else tensor


def _run(func, args, kwargs):
    name = func._schema.name.removeprefix("aten::")
    if name in SHAPES and len(args) == 1:
        return SHAPES[name](args[0].inner)
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    far = [tensor for tensor in tensors if isinstance(tensor, Far)]
    if far and func not in MAY_MEET and any(t.dim() for t in tensors if not isinstance(t, Far)):
        raise RuntimeError(f"{name}: a tensor of the CPU meets one of the pretended device")
    target = kwargs.get("device") or (DEVICE if far else torch.device("cpu"))
    own = {key: value for key, value in kwargs.items() if key != "device"}
    made = func(*tree_map(near, args), **tree_map(near, own))
    if func is ATEN._pack_padded_sequence.default:
        return Far(made[0]), made[1]
    if torch.device(target) != DEVICE:
        return made
    if func._schema.is_mutable:
        return args[0]
    return tree_map(lambda leaf: Far(leaf) if isinstance(leaf, torch.Tensor) else leaf, made)
