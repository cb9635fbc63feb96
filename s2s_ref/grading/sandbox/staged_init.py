"""The end of the package's `__init__` where a submission runs; stage.py puts it there."""

import importlib.abc
import importlib.machinery
import sys


class _Absent(importlib.abc.MetaPathFinder):
    """The first to be asked for a module, so that none comes from elsewhere."""

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        if name.startswith("s2s_ref.") and not importlib.machinery.PathFinder.find_spec(name, path):
            raise ModuleNotFoundError(
                f"{name} is not there while a lesson is graded: graded code uses its own lesson's "
                "cells and the modules of earlier lessons.",
                name=name,
            )


sys.meta_path.insert(0, _Absent())
