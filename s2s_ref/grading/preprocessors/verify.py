"""Let the judge's record stand in place of what a submission's graded cells show."""

from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor

from s2s_ref.grading.cells import grade_id, graded_checks
from s2s_ref.grading.preprocessors.sandbox_execute import RECORD
from s2s_ref.student import card


class Verify(NbGraderPreprocessor):
    """Write each verdict's card into its cell, and an error where one did not pass.

    nbgrader reads the marks from these outputs: full marks without an error, and none with one.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Replace the outputs of every graded cell."""
        record, failed = resources[RECORD], set()
        for cell, made in graded_checks(nb):
            verdicts = record[grade_id(cell)]
            _name_what_is_missing(verdicts, made, cell)
            failed |= {v["exercise"] for v in verdicts if not v["passed"]}
            reasons = [o for o in cell.outputs if o.get("ename") in ("NotRun", "TimeOut")]
            cell.outputs = [*_cards(verdicts, failed), *_errors(verdicts, reasons)]
        return nb, resources


def _name_what_is_missing(
    verdicts: list[dict[str, Any]], made: list[tuple[str, str]], cell: NotebookNode
) -> None:
    """Say where a check never began because the student's object is not there."""
    said = [o.get("evalue", "") for o in cell.outputs if o.get("ename") == "NameError"]
    for verdict, (_, name) in zip(verdicts, made, strict=True):
        if verdict["kind"] == "unanswered" and any(
            name in text.replace("'", " ").split() for text in said
        ):
            verdict["headline"] = f"{name} is not defined: its cell is missing or did not run"


def _cards(verdicts: list[dict[str, Any]], failed: set[str]) -> Iterator[NotebookNode]:
    for verdict in verdicts:
        shown = {**verdict, "after": [name for name in verdict["after"] if name in failed]}
        data = {"text/plain": card.text(shown), "text/html": card.html(shown), card.MIME: shown}
        yield new_output("display_data", data)


def _errors(verdicts: list[dict[str, Any]], reasons: list[NotebookNode]) -> list[NotebookNode]:
    """Return what costs the points: why the cell did not run, or which check did not pass."""
    wrong = [f"{v['exercise']}: {v['headline']}" for v in verdicts if not v["passed"]]
    if not wrong:
        return []
    text = f"CheckFailed: {'; '.join(wrong)}"
    error = new_output("error", ename="CheckFailed", evalue="; ".join(wrong), traceback=[text])
    return [*reasons, error]
