"""Make the first-order mutants of an answer: its code with one small thing changed."""

import ast
import contextlib
import copy
import functools
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.mutants.operators import (
    NO_GRADIENT,
    NOTHING,
    OPERATORS,
    Look,
    Seen,
    constant,
    left_alone,
    other_lines,
)

FILE = "<mutant>"


class Mutant(NamedTuple):
    """An answer with one change: the lines that it changes, before and after, and its source."""

    before: str
    after: str
    source: str

    def __str__(self) -> str:
        """Write the change as the list of equivalent mutants does."""
        return f"{self.before} → {self.after}"


class Place(NamedTuple):
    """Where a node stands: in a field of its parent, or in a list there; and all parents."""

    parents: list[ast.AST]
    field: str
    index: int | None
    node: Any

    def put(self, node: Any) -> None:
        """Put another node, or another list of lines, in its place."""
        if self.index is None:
            setattr(self.parents[0], self.field, node)
        else:
            getattr(self.parents[0], self.field)[self.index] = node


def mutants(
    source: str, namespace: dict[str, Any], run: Callable[[Any], Any], given: tuple[str, ...] = ()
) -> list[Mutant]:
    """List the mutants of the function or class in a source.

    `run` calls an answer as the checks do, so that the operators see the values of its expressions.
    Methods that are `given` by the notebook are left as they are.
    """
    tree = bare(source)
    original = ast.unparse(tree)
    tree = ast.parse(original)
    look = watch(tree, namespace, run)
    found: dict[str, Mutant] = {}
    for place in places(tree, given):
        if isinstance(place.node, list):
            others: Iterator[Any] = other_lines(place.node)
        else:
            others = variants(place, look)
        for other in others:
            place.put(other)
            with contextlib.suppress(ValueError):  # a node that cannot be written
                text = ast.unparse(tree)
                if text != original and text not in found and seen_in(text) and compiles(text):
                    found[text] = Mutant(*change(original, text), text)
            place.put(place.node)
    return list(found.values())


def variants(place: Place, look: Look) -> Iterator[ast.AST]:
    """List what the operators put in the place of a node."""
    if not constant(place.node) or not left_alone(place.parents):
        for operator in OPERATORS.get(type(place.node), []):
            yield from operator(place.node, look)


def bare(source: str) -> ast.Module:
    """Parse a source without its docstrings, annotations and assertions."""

    class Strip(ast.NodeTransformer):
        def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
            return ast.Assign([node.target], node.value, lineno=0) if node.value else None

        def visit_Assert(self, _: ast.Assert) -> None:
            return None

        def visit_arg(self, node: ast.arg) -> ast.AST:
            node.annotation = None
            return node

        def visit_ClassDef(self, node: Any) -> ast.AST:
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:]
            return self.generic_visit(node)

        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            node.returns = None
            return self.visit_ClassDef(node)

    return Strip().visit(ast.parse(source))


def places(tree: ast.Module, given: tuple[str, ...]) -> Iterator[Place]:
    """List the places of all nodes, and of all lists of lines, in the functions not given."""
    for place in functions(tree, given):
        yield place
        yield from below(place.node, place.parents)


def below(node: ast.AST, parents: list[ast.AST]) -> Iterator[Place]:
    """List the places inside of a node; a function's signature and decorators are left out."""
    parents = [node, *parents]
    for field, value in ast.iter_fields(node):
        if field in ("decorator_list", "args") and isinstance(node, ast.FunctionDef):
            continue
        items = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        if field in ("body", "orelse") and isinstance(value, list) and value:
            yield Place(parents, field, None, value)
        for i, item in items:
            if isinstance(item, ast.AST):
                yield Place(parents, field, i, item)
                yield from below(item, parents)


def functions(node: Any, given: tuple[str, ...]) -> Iterator[Place]:
    """List the places of the outermost functions that are not given."""
    for i, part in enumerate(node.body):
        if isinstance(part, ast.ClassDef):
            yield from functions(part, given)
        elif isinstance(part, ast.FunctionDef) and part.name not in given:
            yield Place([node], "body", i, part)


def seen_in(text: str) -> bool:
    """Tell whether a `detach` in a text may show: the size of a tensor has no gradient anyway."""
    useless = rf"\.detach\(\)\.({'|'.join(NO_GRADIENT)})\b|\blen\([\w.]+\.detach\(\)\)"
    return re.search(useless, text) is None


def compiles(text: str) -> bool:
    """Tell whether Python accepts a text: a `break` may stand outside of its loop now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, FILE, "exec")
        except SyntaxError:
            return False
    return True


def change(before: str, after: str) -> tuple[str, str]:
    """Return the lines that differ between two texts."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    common = min((len(line) - len(line.lstrip()) for line in old + new), default=0)
    return tuple(" ⏎ ".join(line[common:] for line in lines) for lines in (old, new))


# ------------------------------------------------------------------ what is seen of an answer


def watch(tree: ast.Module, namespace: dict[str, Any], run: Callable[[Any], Any]) -> Look:
    """Run an answer, and return a function that tells what was seen of each node of its tree."""
    record: dict[int, Seen] = {}

    def see(number: int, value: Any) -> Any:
        if number not in record:
            record[number] = Seen(value, names_in(sys._getframe(1)))
        return value

    watched = copy.deepcopy(tree)
    Watch({id(node): i for i, node in enumerate(ast.walk(watched))}).visit(watched)
    run(made(ast.unparse(watched), {**namespace, Watch.NAME: see}))
    numbers = {id(node): i for i, node in enumerate(ast.walk(tree))}
    return lambda node: record.get(numbers.get(id(node), -1), NOTHING)


class Watch(ast.NodeTransformer):
    """Let a tree report every value that it reads, with the number of its node."""

    NAME = "__see__"

    def __init__(self, numbers: dict[int, int]) -> None:
        """Report by these numbers, the position of a node in `ast.walk`."""
        self.numbers = numbers

    def visit(self, node: ast.AST) -> Any:
        """Report an expression, after those inside it."""
        number = self.numbers.get(id(node))
        if isinstance(node, ast.FunctionDef):
            node.body = [self.visit(line) for line in node.body]
            return node
        if isinstance(node, ast.JoinedStr):
            return node
        node = self.generic_visit(node)
        unread = isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
        parts = ast.Slice | ast.Starred | ast.FormattedValue
        slices = isinstance(node, ast.Tuple) and any(isinstance(e, ast.Slice) for e in node.elts)
        if not isinstance(node, ast.expr) or unread or isinstance(node, parts) or slices:
            return node
        return ast.Call(ast.Name(self.NAME, ast.Load()), [ast.Constant(number), node], [])


def names_in(frame: Any) -> dict[str, Any]:
    """Return the variables in scope, in a comprehension those around it too."""
    names = dict(frame.f_locals)
    while frame.f_code.co_name.startswith("<") and frame.f_back.f_code.co_filename == FILE:
        frame = frame.f_back
        names = {**frame.f_locals, **names}
    return names


def made(text: str, namespace: dict[str, Any]) -> Any:
    """Run the text of a function or class and return it."""
    bound = dict(namespace)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, FILE, "exec"), bound)
    return bound[name_of(text)]


@functools.lru_cache
def name_of(text: str) -> str:
    """Return the name of the function or class that a text defines."""
    return ast.parse(text).body[-1].name
