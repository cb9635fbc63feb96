"""Make the missing modules of a staged package raise an error that explains it.

`stage.py` appends this file to the package's `__init__`.
"""

import importlib.abc
import importlib.machinery
import sys


class _Absent(importlib.abc.MetaPathFinder):
    """Refuse modules of this package that are not staged, before any other finder finds them."""

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        if name.startswith("s2s_ref.") and not importlib.machinery.PathFinder.find_spec(name, path):
            raise ModuleNotFoundError(
                f"{name} is not there while a lesson is graded: graded code uses its own lesson's "
                "cells and the modules of earlier lessons.",
                name=name,
            )


sys.meta_path.insert(0, _Absent())
