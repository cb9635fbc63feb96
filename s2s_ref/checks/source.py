"""The source of a mistake or an alternative, as a student would have written it."""

import ast
import inspect
import textwrap
from typing import Any


def standalone(code: Any, name: str) -> str:
    """Return the source of a function or class without its decorator, under another name.

    The text needs nothing but what a lesson's set-up cell binds, so that it runs as a mistake in
    a check and stands in a submission.
    """
    text = textwrap.dedent(inspect.getsource(code))
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    lines = text.splitlines()[node.lineno - 1 :]
    keyword = "class" if isinstance(node, ast.ClassDef) else "def"
    lines[0] = lines[0].replace(f"{keyword} {node.name}", f"{keyword} {name}", 1)
    return "\n".join(lines)
