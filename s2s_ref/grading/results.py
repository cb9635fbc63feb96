"""The result of a submission, and the commonest mistakes of a class."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from s2s_ref.checks.locate import is_or_are
from s2s_ref.checks.registry import find
from s2s_ref.grading.verdicts import NO_CHECK, Verdict


@dataclass
class Result:
    """The result of a submission.

    Attributes:
        student: the student's id.
        lesson: the lesson's full name.
        score: the points given by machine.
        max_score: the most points that are given by machine.
        written: how many answers wait to be marked by hand.
        to_review: how many answers were marked by hand before the submission was graded again.
        seconds: how long it took to run and to grade the submission.
        error: why the submission has no marks.
        unchanged: the result is that of an earlier run.
        verdicts: the verdicts on the submission's checks, in the order of the cells.
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
    verdicts: list[Verdict] = field(default_factory=list)


def unchecked(results: list[Result]) -> list[tuple[Result, str]]:
    """List the results of notebooks that never imported `check`, each with the reason."""
    first = [(r, v["headline"]) for r in results for v in r.verdicts[:1]]
    return [(result, headline) for result, headline in first if headline.startswith(NO_CHECK)]


@dataclass(frozen=True)
class CommonMistake:
    """A mistake of the class: its exercise, its name, its headline, and how many made it."""

    exercise: str
    mistake: str
    headline: str
    count: int


def commonest_mistakes(results: list[Result]) -> list[CommonMistake]:
    """Count the named mistakes of a class, the commonest first."""
    counts = Counter(
        (v["exercise"], v["mistake"], v["headline"])
        for result in results
        for v in result.verdicts
        # a prediction fails only if it is missing or malformed: no mistake in understanding
        if v["mistake"] and not v["passed"] and find(v["exercise"]).kind != "prediction"
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [CommonMistake(*key, count) for key, count in ordered]


@dataclass(frozen=True)
class CommonPlace:
    """Where answers of the class without a named mistake differ first.

    Attributes:
        exercise: the exercise's name.
        place: the words for the quantity, such as `the weights`.
        text: the finding in words, such as `the weights differ first, in 14 hand-ins`.
        count: how many hand-ins differ there.
    """

    exercise: str
    place: str
    text: str
    count: int


def commonest_places(results: list[Result]) -> list[CommonPlace]:
    """Count where answers that have no named mistake differ first, the commonest first."""
    counts = Counter(
        (v["exercise"], v["place"])
        for result in results
        for v in result.verdicts
        if v.get("place") and not v["mistake"] and not v["passed"]
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [_common_place(exercise, place, n) for (exercise, place), n in ordered]


def _common_place(exercise: str, place: str, count: int) -> CommonPlace:
    verb = "differ" if is_or_are(place) == "are" else "differs"
    text = f"{place} {verb} first, in {count} hand-in{'' if count == 1 else 's'}"
    return CommonPlace(exercise, place, text, count)


def as_plain(results: list[Result]) -> dict[str, Any]:
    """Return results as plain values, for JSON."""
    return {
        "submissions": [asdict(result) for result in results],
        "mistakes": [asdict(mistake) for mistake in commonest_mistakes(results)],
        "places": [asdict(place) for place in commonest_places(results)],
    }
