"""The cells of a notebook: ids, points, and the checks that they make."""

import ast
from collections.abc import Iterator
from typing import Any

Cell = Any
"""A cell of a notebook, as nbformat reads it."""


def grade_id(cell: Cell) -> str:
    """Return nbgrader's id of a cell, or an empty text."""
    mark = cell.metadata.get("nbgrader", {})
    return str(mark.get("grade_id", "")) if isinstance(mark, dict) else ""


def is_graded_check(cell: Cell) -> bool:
    """Tell whether a cell is graded by running it."""
    mark = cell.metadata.get("nbgrader", {})
    return bool(cell.cell_type == "code" and mark.get("grade") and not mark.get("solution"))


def is_solution(cell: Cell) -> bool:
    """Tell whether a student writes in this cell."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def points(cell: Cell) -> float:
    """Return the points of a graded cell, 0 for others."""
    return float(cell.metadata.get("nbgrader", {}).get("points", 0) or 0)


def checks_in(source: str) -> list[tuple[str, str]]:
    """List the checks that a graded cell makes, as (exercise, name of the student's object).

    Raises:
        ValueError: the cell contains anything but calls of `check("exercise", name)`.
    """
    found = []
    for statement in _statements(source):
        call = statement.value if isinstance(statement, ast.Expr) else None
        match call:
            case ast.Call(
                func=ast.Name("check"),
                args=[ast.Constant(str(exercise)), ast.Name(name)],
                keywords=[],
            ):
                found.append((exercise, name))
            case _:
                raise ValueError(
                    'A graded cell contains only calls of the form check("exercise", name). '
                    f"Found: {ast.unparse(statement)[:60]!r}. Move it to a cell of its own."
                )
    return found


def _statements(source: str) -> list[ast.stmt]:
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise ValueError(f"A graded cell cannot be read as Python: {error.msg}.") from None
    if not body:
        raise ValueError('A graded cell is empty. Write check("exercise", name) into it.')
    return body


def graded_checks(notebook: Any) -> Iterator[tuple[Cell, list[tuple[str, str]]]]:
    """Yield the cells of a notebook that are graded by running them, each with its checks."""
    for cell in notebook.cells:
        if is_graded_check(cell):
            yield cell, checks_in(cell.source)


def code_cells(notebook: Any) -> list[Cell]:
    """List the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
