"""Replace what a submission's graded cells show by the judge's verdicts, and record these."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from s2s_ref.grading import translations
from s2s_ref.grading.cells import grade_id, graded_checks, points
from s2s_ref.grading.course import Course
from s2s_ref.grading.nbgrader_steps.sandbox_execute import JUDGED
from s2s_ref.grading.sandbox.grading_judge import NO_VERDICT, tidy
from s2s_ref.grading.verdicts import NO_CHECK, Verdict, write_verdicts
from s2s_ref.student import card


class Verify(NbGraderPreprocessor):
    """Write each verdict's card into its cell, and an error where a check did not pass.

    nbgrader reads the marks from these outputs: none for a cell with an error, a part where the
    cell's result is a number, and full marks otherwise. The reports read the record.
    """

    course_root = Unicode(help="The course's folder.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Replace the outputs of every graded cell, and write the record."""
        judged, record = resources[JUDGED], []
        failed: set[str] = set()
        for cell, checks in graded_checks(nb):
            verdicts = judged[grade_id(cell)]
            _name_missing_objects(verdicts, checks, cell)
            _explain_missing_check(verdicts, cell, nb)
            part = self._judge_translations(verdicts, cell, resources)
            failed |= {v["exercise"] for v in verdicts if not v["passed"]}
            shown = [
                {**v, "after": [name for name in v["after"] if name in failed]} for v in verdicts
            ]
            cell.outputs = [*_cards(shown), *_errors(shown, cell.outputs), *part]
            record += shown
        names = resources["nbgrader"]
        course = Course(Path(self.course_root))
        write_verdicts(course, names["student"], names["assignment"], record)
        return nb, resources

    def _judge_translations(
        self, verdicts: list[Verdict], cell: NotebookNode, resources: Any
    ) -> list[NotebookNode]:
        """Decide on the file of translations; return its points as an output if they are a part."""
        names, most = resources["nbgrader"], points(cell)
        course, outputs = Course(Path(self.course_root)), []
        for verdict in (v for v in verdicts if v["exercise"] == translations.CHECK):
            student, lesson = names["student"], names["assignment"]
            worth = translations.judge_file(course, student, lesson, most, verdict)
            if 0 < worth < most:
                data = {"text/plain": f"{worth:g}"}
                outputs.append(new_output("execute_result", data=data, execution_count=None))
        return outputs


def _name_missing_objects(
    verdicts: list[Verdict], checks: list[tuple[str, str]], cell: NotebookNode
) -> None:
    """Say so in the headline if a check never began because the student's object is missing."""
    errors = [o.get("evalue", "") for o in cell.outputs if o.get("ename") == "NameError"]
    for verdict, (_, name) in zip(verdicts, checks, strict=True):
        if verdict["kind"] == "unanswered" and any(
            name in text.replace("'", " ").split() for text in errors
        ):
            verdict["headline"] = f"{name} is not defined: its cell is missing or did not run"


def _explain_missing_check(verdicts: list[Verdict], cell: NotebookNode, nb: NotebookNode) -> None:
    """Say so in the headline if the cell that imports `check` failed or is missing."""
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


def _cards(verdicts: list[Verdict]) -> Iterator[NotebookNode]:
    for verdict in verdicts:
        data = {"text/plain": card.text(verdict), "text/html": card.html(verdict)}
        yield new_output("display_data", data)


def _errors(verdicts: list[Verdict], outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the errors that cost the points: why the cell did not run, and which check failed."""
    wrong = "; ".join(f"{v['exercise']}: {v['headline']}" for v in verdicts if not v["passed"])
    if not wrong:
        return []
    reasons = [o for o in outputs if o.get("ename") in ("NotRun", "TimeOut")]
    text = f"CheckFailed: {wrong}"
    error = new_output("error", ename="CheckFailed", evalue=wrong, traceback=[text])
    return [*reasons, error]
