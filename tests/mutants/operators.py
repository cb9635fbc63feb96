"""The operators: each lists small wrong versions of a node, as a slip would write it.

An operator receives a node of the answer's tree and what was seen when the answer ran: the value of
the expression, and the variables in scope. It yields nodes to stand in the place of the first.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from torch import Tensor, nn


class Seen(NamedTuple):
    """What was seen when an expression was evaluated for the first time."""

    value: Any
    names: dict[str, Any]


Look = Callable[[ast.AST], Seen]
"""Returns what was seen of a node; of one that never ran, `NOTHING`."""

NOTHING = Seen(None, {})

Operator = Callable[[Any, Look], Iterator[ast.AST]]
OPERATORS: dict[type[ast.AST], list[Operator]] = {}

NO_GRADIENT = ("shape", "device", "argmax", "tolist", "item", "detach")
"""Through these of a tensor no gradient flows anyway."""

UNSEEN_KEYWORDS = ("device", "strict")
"""Without these, a call gives the same on one device and for lists that are equally long."""

AXES = ("transpose", "squeeze", "unsqueeze", "unbind", "flatten", "softmax", "argmax", "size")
"""Methods whose integers are axes. Elsewhere the keyword `dim` or `shape[...]` says so."""

LARGE = 1e6
"""A number that stands for one without end: any other as large does the same."""

SIBLINGS = [
    *(("sum", "mean"), ("max", "min"), ("argmax", "argmin"), ("softmax", "log_softmax")),
    *(("tanh", "sigmoid", "relu"), ("exp", "log"), ("any", "all"), ("stack", "cat")),
    *(("zeros", "ones"), ("zeros_like", "ones_like"), ("squeeze", "unsqueeze")),
    *(("sorted", "list"), ("append", "extend"), ("zip_longest", "zip"), ("reversed", "list")),
    *(("randperm", "arange"), ("to_rnn", "from_rnn"), ("repeat_interleave", "repeat")),
    *(("transpose", "reshape"), ("index", "count"), ("split", "list"), ("isfinite", "isinf")),
]


def operator(*kinds: type[ast.AST]) -> Callable[[Operator], Operator]:
    """Add the decorated function to the operators of these kinds of nodes."""

    def add(function: Operator) -> Operator:
        for kind in kinds:
            OPERATORS.setdefault(kind, []).append(function)
        return function

    return add


def expression(text: str, **parts: ast.AST) -> Any:
    """Parse an expression, and put nodes in the place of its names."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return parts.get(node.id, node)

    return Fill().visit(ast.parse(text, mode="eval").body)


def changed(node: Any, **fields: Any) -> Any:
    """Copy a node, with other fields."""
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def without(items: list[Any]) -> Iterator[list[Any]]:
    """List a list without each of its items."""
    for i in range(len(items)):
        yield [*items[:i], *items[i + 1 :]]


def exchanged(items: list[Any]) -> Iterator[list[Any]]:
    """List a list with each two neighbours exchanged."""
    for i in range(len(items) - 1):
        yield [*items[:i], items[i + 1], items[i], *items[i + 2 :]]


def kind_of(value: Any) -> Any:
    """Return what two values must share so that one can be taken for the other."""
    if isinstance(value, Tensor):
        return "tensor", value.shape, value.is_floating_point()
    if isinstance(value, list | tuple) and value:
        return type(value), type(value[0])
    return type(value)


# ------------------------------------------------------------------ numbers, texts, axes


@operator(ast.Constant)
def another_constant(node: ast.Constant, _: Look) -> Iterator[ast.AST]:
    """One more, one less; the other truth value; another text."""
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(value + 1), ast.Constant(value - 1))
    elif isinstance(value, float) and abs(value) < LARGE:
        yield from (ast.Constant(value + 1), ast.Constant(value / 2))
    elif isinstance(value, str):
        yield ast.Constant({"mean": "sum", "sum": "mean"}.get(value, value + "x"))


def axes_but(axis: int, count: int) -> list[ast.AST]:
    """List the other axes of a tensor that has `count`, as they are counted from the front."""
    return [ast.Constant(i) for i in range(count) if i != axis % count]


def constant(node: ast.AST) -> bool:
    """Tell whether a node is a constant, or a negative one."""
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


def integer(node: ast.AST) -> int | None:
    """Return the value of a written integer, also a negative one."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None
    return value if type(value) is int else None


def count_of_axes(call: ast.Call, look: Look) -> int:
    """Return how many axes the tensor has to which the axes of a call refer, or 0."""
    name = getattr(call.func, "attr", "")
    first = look(call.func.value).value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(first, Tensor):
        first = look(call.args[0]).value if call.args else None
    if isinstance(first, list | tuple) and first:
        first = first[0]
    return first.ndim + (name in ("stack", "unsqueeze")) if isinstance(first, Tensor) else 0


@operator(ast.Call)
def another_axis(node: ast.Call, look: Look) -> Iterator[ast.AST]:
    """Every other axis of the tensor, in each place where an axis is written."""
    count = count_of_axes(node, look)
    for i, keyword in enumerate(node.keywords):
        if count and keyword.arg in ("dim", "axis") and integer(keyword.value) is not None:
            for axis in axes_but(integer(keyword.value), count):
                words = [*node.keywords[:i], changed(keyword, value=axis), *node.keywords[i + 1 :]]
                yield changed(node, keywords=words)
    if not count or getattr(node.func, "attr", "") not in AXES:
        return
    for i, argument in enumerate(node.args):
        if integer(argument) is not None:
            for axis in axes_but(integer(argument), count):
                yield changed(node, args=[*node.args[:i], axis, *node.args[i + 1 :]])


@operator(ast.Subscript)
def another_size(node: ast.Subscript, look: Look) -> Iterator[ast.AST]:
    """The size of every other axis."""
    if getattr(node.value, "attr", "") == "shape" and integer(node.slice) is not None:
        for axis in axes_but(integer(node.slice), len(look(node.value).value or "-")):
            yield changed(node, slice=axis)


def left_alone(parents: list[ast.AST]) -> bool:
    """Tell by its parents whether a constant is an axis, which has its own operators, or unseen."""
    parent = next((p for p in parents if not isinstance(p, ast.UnaryOp)), None)
    if isinstance(parent, ast.keyword):
        return parent.arg in ("dim", "axis", *UNSEEN_KEYWORDS)
    if isinstance(parent, ast.Call):
        return getattr(parent.func, "attr", "") in AXES
    return isinstance(parent, ast.Subscript) and getattr(parent.value, "attr", "") == "shape"


def is_fixed(node: ast.AST) -> bool:
    """Tell whether a name is one of the notebook's constants, such as BOS."""
    return isinstance(node, ast.Name) and node.id.isupper() and len(node.id) > 1


@operator(ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BinOp, ast.Compare)
def written_down(node: ast.expr, look: Look) -> Iterator[ast.AST]:
    """The value that the expression had in one case."""
    value = look(node).value
    if is_fixed(node):
        return
    if isinstance(value, bool | int | str) or (isinstance(value, float) and abs(value) < LARGE):
        yield ast.Constant(value)


# ------------------------------------------------------------------ slices, loops, ranges


def one_off(bound: ast.expr) -> list[ast.AST]:
    """One more and one less than a bound."""
    if integer(bound) is not None:
        return [ast.Constant(integer(bound) + 1), ast.Constant(integer(bound) - 1)]
    return [expression("x + 1", x=bound), expression("x - 1", x=bound)]


@operator(ast.Slice)
def another_slice(node: ast.Slice, _: Look) -> Iterator[ast.AST]:
    """Bounds that are one off, left out, or added."""
    for lower in [*one_off(node.lower), None] if node.lower else [ast.Constant(1)]:
        yield changed(node, lower=lower)
    for upper in [*one_off(node.upper), None] if node.upper else [ast.Constant(-1)]:
        yield changed(node, upper=upper)
    if node.step:
        yield changed(node, step=None)


@operator(ast.Call)
def another_range(node: ast.Call, _: Look) -> Iterator[ast.AST]:
    """A range, or an `arange`, that begins or ends one off."""
    if getattr(node.func, "id", getattr(node.func, "attr", "")) not in ("range", "arange"):
        return
    for i, argument in enumerate(node.args):
        for bound in one_off(argument):
            yield changed(node, args=[*node.args[:i], bound, *node.args[i + 1 :]])
    if len(node.args) == 1:
        yield changed(node, args=[ast.Constant(1), *node.args])


@operator(ast.For, ast.comprehension)
def another_round(node: Any, _: Look) -> Iterator[ast.AST]:
    """A loop without the first or the last item, or backwards."""
    if isinstance(node.iter, ast.Call) and getattr(node.iter.func, "id", "") == "range":
        texts = [] if getattr(node.target, "id", "") == "_" else ["reversed(x)"]
    else:
        texts = ["list(x)[1:]", "list(x)[:-1]", "list(x)[::-1]"]
        if getattr(node.target, "id", "") == "_":
            texts.pop()
    for text in texts:
        yield changed(node, iter=expression(text, x=node.iter))
    for ifs in without(getattr(node, "ifs", [])):
        yield changed(node, ifs=ifs)


# ------------------------------------------------------------------ comparisons and operations

COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.GtE],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq, ast.GtE, ast.LtE],
    ast.NotEq: [ast.Eq, ast.Gt, ast.Lt],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
}
OPERATIONS: dict[type[ast.operator], list[type[ast.operator]]] = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div],
    ast.Div: [ast.Mult, ast.FloorDiv],
    ast.FloorDiv: [ast.Div, ast.Mod],
    ast.Mod: [ast.FloorDiv],
    ast.Pow: [ast.Mult],
    ast.MatMult: [ast.Mult],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
}


@operator(ast.Compare)
def another_comparison(node: ast.Compare, look: Look) -> Iterator[ast.AST]:
    """Each comparison turned, or with its limit counted in or out; texts are not put in order."""
    texts = isinstance(look(node.left).value, str)
    for i, sign in enumerate(node.ops):
        for other in COMPARISONS[type(sign)][: 1 if texts else None]:
            yield changed(node, ops=[*node.ops[:i], other(), *node.ops[i + 1 :]])


@operator(ast.BinOp)
def another_operation(node: ast.BinOp, _: Look) -> Iterator[ast.AST]:
    """Another operation, one side alone, or the sides exchanged."""
    for other in OPERATIONS.get(type(node.op), []):
        yield changed(node, op=other())
    yield from (node.left, node.right)
    if not isinstance(node.op, ast.Add | ast.Mult | ast.BitAnd | ast.BitOr):
        yield changed(node, left=node.right, right=node.left)


@operator(ast.AugAssign)
def another_update(node: ast.AugAssign, _: Look) -> Iterator[ast.AST]:
    """Another operation, or a plain assignment."""
    for other in OPERATIONS.get(type(node.op), []):
        yield changed(node, op=other())
    yield ast.Assign([node.target], node.value, lineno=0)


@operator(ast.BoolOp)
def another_junction(node: ast.BoolOp, _: Look) -> Iterator[ast.AST]:
    """`and` for `or`, and one part less."""
    yield changed(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for values in without(node.values):
        yield values[0] if len(values) == 1 else changed(node, values=values)


@operator(ast.UnaryOp)
def sign_left_out(node: ast.UnaryOp, _: Look) -> Iterator[ast.AST]:
    """The operand without its `not`, `-` or `~`."""
    yield node.operand


@operator(ast.If, ast.While, ast.IfExp)
def another_condition(node: Any, _: Look) -> Iterator[ast.AST]:
    """The opposite, or always, or never."""
    for test in (expression("not x", x=node.test), ast.Constant(True), ast.Constant(False)):
        yield changed(node, test=test)


# ------------------------------------------------------------------ calls


@operator(ast.Call)
def argument_left_out(node: ast.Call, _: Look) -> Iterator[ast.AST]:
    """One argument less, two exchanged, or no call at all."""
    either_way = getattr(node.func, "attr", "") == "transpose"
    for args in [*without(node.args), *exchanged([] if either_way else node.args)]:
        yield changed(node, args=args)
    for keyword, words in zip(node.keywords, without(node.keywords), strict=True):
        if keyword.arg not in UNSEEN_KEYWORDS:
            yield changed(node, keywords=words)
    if isinstance(node.func, ast.Attribute):
        yield node.func.value
    if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred | ast.GeneratorExp):
        yield node.args[0]


@operator(ast.Attribute)
def attribute_left_out(node: ast.Attribute, look: Look) -> Iterator[ast.AST]:
    """The tensor that is not transposed."""
    if isinstance(look(node).value, Tensor) and isinstance(look(node.value).value, Tensor):
        yield node.value


@operator(ast.Name, ast.Attribute)
def sibling(node: Any, _: Look) -> Iterator[ast.AST]:
    """A function that is easily taken for this one."""
    field = "id" if isinstance(node, ast.Name) else "attr"
    name = getattr(node, field)
    for family in SIBLINGS:
        if name in family:
            for other in family:
                if other != name:
                    yield changed(node, **{field: other})


# ------------------------------------------------------------------ variables


@operator(ast.Name)
def another_variable(node: ast.Name, look: Look) -> Iterator[ast.AST]:
    """Another variable in scope that holds the same kind of value."""
    value, names = look(node)
    plain = isinstance(value, bool | int | float | str)
    for name, other in names.items():
        same = other is value and not plain  # one object with two names
        if not same and name.isidentifier() and kind_of(other) == kind_of(value):
            yield ast.Name(name, ast.Load())


@operator(ast.Attribute)
def another_part(node: ast.Attribute, look: Look) -> Iterator[ast.AST]:
    """Another layer of the module, or another field of the tuple, with the same kind of value."""
    whole, value = look(node.value).value, look(node).value
    parts: dict[str, Any] = {}
    if isinstance(whole, nn.Module):
        parts = dict(whole.named_children())
    elif hasattr(whole, "_asdict"):
        parts = whole._asdict()
    for name, part in parts.items():
        if name != node.attr and kind_of(part) == kind_of(value):
            yield changed(node, attr=name)


@operator(ast.List, ast.Tuple)
def another_order(node: Any, _: Look) -> Iterator[ast.AST]:
    """Two neighbours exchanged, or one item less."""
    for items in [*exchanged(node.elts), *without(node.elts)]:
        yield changed(node, elts=items)


@operator(ast.IfExp)
def one_branch(node: ast.IfExp, _: Look) -> Iterator[ast.AST]:
    """The two branches exchanged; `another_condition` leaves each of them out."""
    yield changed(node, body=node.orelse, orelse=node.body)


# ------------------------------------------------------------------ what shows only by its effects

AROUND: dict[str, Callable[[Any], bool]] = {
    "x.lower()": lambda value: isinstance(value, str),
    "x.detach()": lambda value: isinstance(value, Tensor) and value.requires_grad,
}
"""What may stand around any value, and for which values."""

AROUND_RESULTS: dict[str, Callable[[Any], bool]] = {
    "round(x, 2)": lambda value: isinstance(value, float),
    "x.round(decimals=2)": lambda value: has_fractions(value),
    "x.item()": lambda value: isinstance(value, Tensor) and value.ndim == 0,
    "torch.tensor(x)": lambda value: isinstance(value, bool | int | float),
    "x[0]": lambda value: isinstance(value, list | Tensor) and getattr(value, "ndim", 1) > 0,
    "list(x)": lambda value: isinstance(value, Tensor) and value.ndim > 0,
    "str(x)": lambda value: isinstance(value, int | float),
    "nn.functional.dropout(x, 0.5, self.training)": (
        lambda value: isinstance(value, Tensor) and value.is_floating_point()
    ),
}
"""What may stand around a result. Dropout needs a module's `self`, and is left out elsewhere."""


def has_fractions(value: Any) -> bool:
    """Tell whether a value is a tensor that holds more than whole numbers."""
    real = isinstance(value, Tensor) and value.is_floating_point()
    return real and bool((value.round() != value).any())


@operator(ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BinOp)
def wrapped(node: ast.expr, look: Look) -> Iterator[ast.AST]:
    """A text in small letters, a tensor without its graph."""
    if look(node) is not NOTHING and not is_fixed(node):
        for text, fits in AROUND.items():
            if fits(look(node).value):
                yield expression(text, x=node)


@operator(ast.Return)
def another_result(node: ast.Return, look: Look) -> Iterator[ast.AST]:
    """A result that is rounded, or of another type, or one result of several."""
    if node.value is None:
        return
    parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
    for i, part in enumerate(parts):
        for text, fits in AROUND_RESULTS.items():
            value, names = look(part)
            if fits(value) and ("self" not in text or "self" in names):
                made = expression(text, x=part)
                rest = [*parts[:i], made, *parts[i + 1 :]]
                yield changed(node, value=ast.Tuple(rest) if len(rest) > 1 else made)
    if len(parts) > 1:
        yield from (changed(node, value=part) for part in parts)


@operator(ast.Name)
def seeded_again(node: ast.Name, look: Look) -> Iterator[ast.AST]:
    """A generator that begins anew at every call."""
    if type(look(node).value).__name__ == "Generator":
        yield expression("torch.Generator().manual_seed(x.initial_seed())", x=node)


@operator(ast.Assign)
def kept(node: ast.Assign, look: Look) -> Iterator[ast.AST]:
    """A module that keeps what it computed first, and uses it in every later call."""
    computed = any(isinstance(part, ast.Call) for part in ast.walk(node.value))
    if computed and "self" in look(node.value).names:
        value = expression("self.__dict__.setdefault('kept', x)", x=node.value)
        yield changed(node, value=value)


# ------------------------------------------------------------------ lines


def other_lines(body: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """List the bodies of a function or loop with one statement left out or moved."""
    for lines in without(body):
        yield lines or [ast.Pass()]
    for i, line in enumerate(body[:-1]):
        if depend(line, body[i + 1]):
            yield [*body[:i], body[i + 1], line, *body[i + 2 :]]
    for i, line in enumerate(body):
        if not isinstance(line, ast.For | ast.While | ast.If):
            continue
        if i + 1 < len(body):  # the next line is indented too far
            inner = changed(line, body=[*line.body, body[i + 1]])
            yield [*body[:i], inner, *body[i + 2 :]]
        if len(line.body) > 1:  # the last line is not indented far enough
            inner = changed(line, body=line.body[:-1])
            yield [*body[:i], inner, line.body[-1], *body[i + 1 :]]


JUMPS = (ast.Break, ast.Continue)


def depend(one: ast.stmt, other: ast.stmt) -> bool:
    """Tell whether the order of two lines matters.

    It does if one writes what the other uses, if both act, or if one may end the loop.
    """
    used, written = zip(*(names_of(line) for line in (one, other)), strict=True)
    acting = all(
        isinstance(line, ast.Expr) and "append(" not in ast.unparse(line) for line in (one, other)
    )
    jumping = any(isinstance(node, JUMPS) for node in ast.walk(one))
    return acting or jumping or bool(written[0] & used[1] or written[1] & used[0])


def names_of(line: ast.stmt) -> tuple[set[str], set[str]]:
    """Return the names that a line uses, and those that it writes or calls methods of."""
    names = [node for node in ast.walk(line) if isinstance(node, ast.Name)]
    written = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    if isinstance(line, ast.Expr) and isinstance(line.value, ast.Call):
        written |= {node.id for node in ast.walk(line.value.func) if isinstance(node, ast.Name)}
    return {node.id for node in names}, written


@operator(ast.Break, ast.Continue)
def another_jump(node: ast.stmt, _: Look) -> Iterator[ast.AST]:
    """`break` for `continue`."""
    yield ast.Continue() if isinstance(node, ast.Break) else ast.Break()


@operator(ast.FunctionDef)
def without_gradients(node: ast.FunctionDef, look: Look) -> Iterator[ast.AST]:
    """A function under `no_grad`, if gradients flowed through its results."""
    for line in ast.walk(node):
        parts = ast.walk(line.value) if isinstance(line, ast.Return) and line.value else ()
        if any(getattr(look(part).value, "requires_grad", False) for part in parts):
            yield changed(node, decorator_list=[expression("torch.no_grad()")])
            return
