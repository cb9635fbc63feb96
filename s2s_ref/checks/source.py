"""The source of a mistake or an alternative, as a student would have written it."""

import ast
import functools
import inspect
import sys
import textwrap
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

SOURCE = "__edited_source__"
"""The attribute of an edited function or class that holds its source."""


def standalone(code: Any, name: str) -> str:
    """Return the source of a function or class without its decorator, under another name.

    The source uses only names that the lesson's set-up cell binds, so it can be part of a
    submission.
    """
    text = _source(code)
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    lines = text.splitlines()[node.lineno - 1 :]
    keyword = "class" if isinstance(node, ast.ClassDef) else "def"
    lines[0] = lines[0].replace(f"{keyword} {node.name}", f"{keyword} {name}", 1)
    return "\n".join(lines)


@functools.cache
def _source(code: Any) -> str:
    """Return the source of a function or class, also of one that was made by `edited`."""
    return vars(code).get(SOURCE) or textwrap.dedent(inspect.getsource(code))


def edited(base: Any, name: str, replace: Mapping[str, str]) -> Any:
    """Make the function or class `name` by replacing texts in the source of another one.

    Raises:
        ValueError: a text to replace does not occur exactly once in the base.
    """
    text = original = standalone(base, name)
    for old, new in replace.items():
        if (count := original.count(old)) != 1:
            raise ValueError(
                f"{name}: {old!r} occurs {count} times in {base.__name__}. Choose a text that "
                "occurs exactly once."
            )
        text = text.replace(old, new)
    return _made(base, name, text)


def edited_together(base: Any, name: str, edits: Sequence[Mapping[str, str]]) -> Any | None:
    """Make `name` with several edits of one base, or return None if they do not combine.

    They do not if they change the same text, or if the code with both changes does not compile.
    """
    text = standalone(base, name)
    for old, new in (pair for edit in edits for pair in edit.items()):
        if text.count(old) != 1:
            return None
        text = text.replace(old, new)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)  # the student would see it: `None[:-1]`
        try:
            return _made(base, name, text)
        except SyntaxError:
            return None


def _made(base: Any, name: str, text: str) -> Any:
    """Run a source where its base was defined, and return the function or class `name`."""
    namespace = dict(vars(sys.modules[base.__module__]))
    exec(compile(text, f"<{name}>", "exec", dont_inherit=True), namespace)
    made = namespace[name]
    setattr(made, SOURCE, text)
    return made
