"""Empty modules in the place of what peers import and never use in the code that is timed.

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
    """Let imports find empty modules, as long as the `with` lasts, for what is not installed.

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
    if name == "torch.utils.tensorboard":  # there, but it stops without TensorBoard itself
        name = "tensorboard"
    return importlib.util.find_spec(name.split(".")[0]) is not None
