"""Explain a check of an answer that is not defined, or that an earlier cell defined.

`check("rnn.unroll", unroll)` raises a NameError before `check` is called where the cell that
defines `unroll` did not run, so the judge cannot say why.
"""

import inspect
import re
import traceback
from types import TracebackType
from typing import Any

TAKES_AN_ANSWER = r'\b(?:check|use|predicted)\(\s*"[^"]*",\s*(\w+)\s*\)'
"""Where a given cell refers to the student's answer by its name."""


def is_earlier_version(target: Any) -> bool:
    """Tell whether a cell that was to define this function or class anew has failed since.

    IPython keeps the text of every cell that was run, also of those that failed. The lines of
    `target` stand in one of them, but not in the last one that begins its definition.
    """
    try:
        cells = get_ipython().history_manager.input_hist_raw  # type: ignore[name-defined]
    except NameError:
        return False
    members = vars(target).values() if inspect.isclass(target) else [target]
    functions = [member for member in members if inspect.isfunction(member)]
    if not functions:
        return False
    try:
        written = [_pattern(inspect.getsource(function)) for function in functions]
    except (OSError, TypeError):
        return False
    begin = re.compile(rf"^(?:class|def)\s+{re.escape(target.__name__)}\b", re.MULTILINE)
    complete = [all(w.search(cell) for w in written) for cell in cells if begin.search(cell)]
    return any(complete) and not complete[-1]


def _pattern(source: str) -> re.Pattern[str]:
    """Return a pattern for the lines of a function; no more lines may belong to it."""
    indent = len(source) - len(source.lstrip())
    end = rf"(?:\s*#[^\n]*)*\s*(?:\Z|\n {{0,{indent}}}\S)"
    return re.compile(re.escape(source.strip()) + end)


def explain_missing_answers() -> None:
    """Let this notebook say in one line that an answer is not defined; elsewhere do nothing."""
    try:
        shell = get_ipython()  # type: ignore[name-defined]
    except NameError:
        return
    shell.set_custom_exc((NameError,), _show)


def _show(
    shell: Any,
    error_type: type[BaseException],
    error: BaseException,
    tb: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    """Show a NameError as IPython does, or in one line where an answer is missing."""
    frames = traceback.extract_tb(tb)
    line = frames[-1].line if frames else None
    missing = getattr(error, "name", None)
    if missing and missing in re.findall(TAKES_AN_ANSWER, line or ""):
        told = f"{missing} is not defined: its cell is missing or did not run."
        error.args = (told,)
        error._render_traceback_ = lambda: [f"{error_type.__name__}: {told}"]  # type: ignore[attr-defined]
    shell.showtraceback((error_type, error, tb), tb_offset=tb_offset)
