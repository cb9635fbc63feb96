"""The result of a submission, and the commonest mistakes of a class."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from s2s_ref.checks.registry import find
from s2s_ref.grading.cells import graded_checks
from s2s_ref.grading.nbgrader_steps.verify import NO_CHECK
from s2s_ref.grading.sandbox.grading_judge import NO_VERDICT
from s2s_ref.student.card import MIME


@dataclass
class Result:
    """What came of a submission.

    `score` and `max_score` count the points that are given by machine; `written` the answers that
    wait to be marked by hand, `to_review` those that were marked before this run. `verdicts` are
    those of the checks, as students saw them. `error` says why a submission has no marks.
    `unchanged`: it was graded by an earlier run, whose `seconds` these are.
    """

    student: str
    lesson: str
    score: float = 0.0
    max_score: float = 0.0
    written: int = 0
    to_review: int = 0
    seconds: float = 0.0
    error: str = ""
    unchanged: bool = False
    verdicts: list[dict[str, Any]] = field(default_factory=list)


def verdicts_in(notebook: Any) -> Iterator[dict[str, Any]]:
    """Read the verdicts of the graded cells of an executed notebook; the first one counts."""
    for cell, checks in graded_checks(notebook):
        shown = [o.data[MIME] for o in cell.outputs if MIME in o.get("data", {})]
        for exercise, _ in checks:
            told = (v for v in shown if _is_verdict(v) and v["exercise"] == exercise)
            yield next(told, _no_verdict(exercise))


def _is_verdict(value: Any) -> bool:
    """Tell whether a value, which a student's code may have made, has the form of a verdict."""
    texts = ("exercise", "headline", "mistake", "kind")
    return (
        isinstance(value, dict)
        and isinstance(value.get("passed"), bool)
        and all(isinstance(value.get(name), str) for name in texts)
    )


def _no_verdict(exercise: str) -> dict[str, Any]:
    told = {"headline": NO_VERDICT, "mistake": "", "kind": ""}
    return {"exercise": exercise, "passed": False, **told}


def unchecked(results: list[Result]) -> list[tuple[Result, str]]:
    """List the results of notebooks that never imported `check`, with what kept them from it."""
    said = [(r, v["headline"]) for r in results for v in r.verdicts[:1]]
    return [(result, headline) for result, headline in said if headline.startswith(NO_CHECK)]


@dataclass(frozen=True)
class Common:
    """A mistake of the class: its exercise, its name, what it is, and how many made it."""

    exercise: str
    mistake: str
    headline: str
    count: int


def commonest_mistakes(results: list[Result]) -> list[Common]:
    """Count the named mistakes of a class, the commonest first."""
    counts = Counter(
        (v["exercise"], v["mistake"], v["headline"])
        for result in results
        for v in result.verdicts
        # a prediction that is missing is no mistake in understanding
        if v["mistake"] and not v["passed"] and find(v["exercise"]).kind != "prediction"
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Common(*key, count) for key, count in ordered]


def as_plain(results: list[Result]) -> dict[str, Any]:
    """Return results as plain values, for JSON."""
    return {
        "submissions": [asdict(result) for result in results],
        "mistakes": [asdict(mistake) for mistake in commonest_mistakes(results)],
    }
