"""Explain a check of an answer that is not defined.

`check("rnn.unroll", unroll)` raises a NameError before `check` is called where the cell that
defines `unroll` did not run, so the judge cannot say why.
"""

import re
import traceback
from types import TracebackType
from typing import Any

TAKES_AN_ANSWER = r'\b(?:check|use|predicted)\(\s*"[^"]*",\s*(\w+)\s*\)'
"""Where a given cell refers to the student's answer by its name."""


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
