"""Let the judge's record stand in place of what a submission's graded cells show."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from s2s_ref.grading import translations as hand_in
from s2s_ref.grading.cells import grade_id, graded_checks, points
from s2s_ref.grading.course import Course
from s2s_ref.grading.nbgrader_steps.sandbox_execute import RECORD
from s2s_ref.grading.sandbox.grading_judge import NO_VERDICT, tidy
from s2s_ref.student import card

NO_CHECK = "`check` was not imported"


class Verify(NbGraderPreprocessor):
    """Write each verdict's card into its cell, and an error where one did not pass.

    nbgrader reads the marks from these outputs: none with an error, a part where a number is the
    cell's result, and else full marks.
    """

    course_root = Unicode(help="The course's folder.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Replace the outputs of every graded cell."""
        record, failed = resources[RECORD], set()
        for cell, made in graded_checks(nb):
            verdicts = record[grade_id(cell)]
            _name_what_is_missing(verdicts, made, cell)
            _say_that_check_is_missing(verdicts, cell, nb)
            part = self._judge_file(verdicts, cell, resources)
            failed |= {v["exercise"] for v in verdicts if not v["passed"]}
            reasons = [o for o in cell.outputs if o.get("ename") in ("NotRun", "TimeOut")]
            cell.outputs = [*_cards(verdicts, failed), *_errors(verdicts, reasons), *part]
        return nb, resources

    def _judge_file(
        self, verdicts: list[dict[str, Any]], cell: NotebookNode, resources: Any
    ) -> list[NotebookNode]:
        """Let the file decide that was handed in; return its points where they are but a part."""
        about, most = resources["nbgrader"], points(cell)
        course, output = Course(Path(self.course_root)), []
        for verdict in (v for v in verdicts if v["exercise"] == hand_in.CHECK):
            worth = hand_in.judge_file(course, about["student"], about["assignment"], most, verdict)
            if 0 < worth < most:
                data = {"text/plain": f"{worth:g}"}
                output.append(new_output("execute_result", data=data, execution_count=None))
        return output


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


def _say_that_check_is_missing(
    verdicts: list[dict[str, Any]], cell: NotebookNode, nb: NotebookNode
) -> None:
    """Say where no check began because the cell that imports `check` failed, or is gone."""
    if "name 'check' is not defined" not in [o.get("evalue") for o in cell.outputs]:
        return
    before = [o for earlier in nb.cells[: nb.cells.index(cell)] for o in earlier.get("outputs", [])]
    failed = [o for o in before if o.output_type == "error" and o.ename != "CheckFailed"]
    why = "the cell that imports it is missing"
    if failed:
        why = tidy(f"an earlier cell failed: {failed[0].ename}: {failed[0].evalue}")
    for verdict in verdicts:
        if verdict["headline"] == NO_VERDICT:
            verdict["headline"] = f"{NO_CHECK}: {why}"


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
