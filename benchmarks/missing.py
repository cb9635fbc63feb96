"""Empty modules in place of packages that peers import, but do not use in the timed code.

Their packages ask for tokenisers, data sets, loggers and plots as soon as one module is imported.
"""

import importlib.util
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def empty_modules(**wanted: Sequence[str]) -> Iterator[None]:
    """Inside the `with` block, let imports of packages that are not installed find empty modules.

    Each name comes with the names that are imported from it, which get empty classes; `__` in a
    name stands for the dot of a submodule.
    """
    wanted = {name.replace("__", "."): attributes for name, attributes in wanted.items()}
    put = [name for name in wanted if name not in sys.modules and not _installed(name)]
    for name in put:
        sys.modules[name] = ModuleType(name)
        for attribute in wanted[name]:
            setattr(sys.modules[name], attribute, type(attribute, (), {}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    for name in put:
        del sys.modules[name]


def _installed(name: str) -> bool:
    if name == "torch.utils.tensorboard":  # its import fails without TensorBoard itself
        name = "tensorboard"
    return importlib.util.find_spec(name.split(".")[0]) is not None
