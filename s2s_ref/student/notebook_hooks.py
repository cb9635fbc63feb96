"""What a notebook says of a check whose answer is not there at all.

`check("rnn.unroll", unroll)` fails before it begins where `unroll` was never defined, so no judge
can say why.
"""

import re
import traceback
from types import TracebackType
from typing import Any

TAKES_AN_ANSWER = r'\b(?:check|use|predicted)\(\s*"[^"]*",\s*(\w+)\s*\)'
"""Where a given cell takes the student's answer by its name."""


def explain_missing_answers(shell: Any) -> None:
    """Let this IPython shell say in one line that an answer's cell is missing or did not run."""
    shell.set_custom_exc((NameError,), _show)


def _show(
    shell: Any,
    error_type: type[BaseException],
    error: BaseException,
    where: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    frames = traceback.extract_tb(where)
    line = frames[-1].line if frames else None
    missing = getattr(error, "name", None)
    if missing and missing in re.findall(TAKES_AN_ANSWER, line or ""):
        told = f"{missing} is not defined: its cell is missing or did not run."
        error.args = (told,)
        error._render_traceback_ = lambda: [f"{error_type.__name__}: {told}"]  # type: ignore[attr-defined]
    shell.showtraceback((error_type, error, where), tb_offset=tb_offset)
