"""The class on one page: the points, the mistakes and what to say about them, who is stuck."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from s2s_ref.checks.registry import Mistake, find
from s2s_ref.grading.results import CommonMistake, Result, commonest_mistakes, commonest_places

MOST_MISTAKES = 15
STUCK_BELOW = 0.5
"""A student with less than this share of the points of their submissions is listed as stuck."""

TEMPLATES = Environment(
    loader=PackageLoader(__package__),
    autoescape=True,  # names of students, files and errors may be anything
    trim_blocks=True,
    undefined=StrictUndefined,
)
TEMPLATES.filters["percent"] = "{:.0%}".format
TEMPLATES.filters["count"] = lambda number, what: f"{number} {what}{'' if number == 1 else 's'}"


@dataclass
class Tally:
    """How many passed an exercise's check of those who handed in its lesson, and who did not."""

    lesson: str
    passed: int = 0
    asked: int = 0
    failed: list[str] = field(default_factory=list)


def write_report(results: Sequence[Result], anonymous: bool = False) -> str:
    """Return the page of a class; with `anonymous`, numbers stand in place of names."""
    results = sorted(results, key=lambda r: (r.lesson, r.student))
    if anonymous:
        results = without_names(results)
    marked = [r for r in results if not r.error]
    lessons, unnamed = sorted({r.lesson for r in results}), _unnamed(results)
    return TEMPLATES.get_template("class_report.html").render(
        title=f"The class on {date.today():%d %B %Y}",
        lessons=lessons,
        short_names=[lesson[:2] for lesson in lessons],
        students=_by_student(results),
        notebooks=len(results),
        reached=share(marked),
        written=sum(r.written for r in results),
        to_review=sum(r.to_review for r in results),
        by_lesson=_lesson_bars(marked),
        by_exercise=_exercise_bars(results),
        mistakes=[(m, _mistake(m)) for m in commonest_mistakes(results)[:MOST_MISTAKES]],
        places=commonest_places(results)[:MOST_MISTAKES],
        unnamed=unnamed[:MOST_MISTAKES],
        more_unnamed=len(unnamed[MOST_MISTAKES:]),
        stuck=_stuck(marked),
        stuck_below=STUCK_BELOW,
        median_seconds=statistics.median(r.seconds for r in marked) if marked else 0.0,
        longest=max(marked, key=lambda r: r.seconds, default=None),
        errors=[r for r in results if r.error],
    )


def without_names(results: Iterable[Result]) -> list[Result]:
    """Replace the names of the students by numbers whose order does not give them away."""
    results = list(results)
    # in the order of their points, because an alphabetical order would tell who is who
    points: dict[str, float] = defaultdict(float)
    for result in results:
        points[result.student] += result.score
    order = sorted(points, key=lambda name: (-points[name], sha256(name.encode()).digest()))
    width = len(str(len(order)))
    numbers = {name: f"student {i:0{width}}" for i, name in enumerate(order, 1)}
    return [
        replace(r, student=numbers[r.student], error=_hide(r.error, r.student)) for r in results
    ]


def _hide(text: str, name: str) -> str:
    """Remove a name, and the paths that contain it, from a text."""
    words = ("(a path)" if "/" in word and name in word else word for word in text.split(" "))
    return " ".join(words).replace(name, "(a name)")


def share(results: Iterable[Result]) -> float:
    """Return the share of the points that was reached, 0 if there are none."""
    results = list(results)
    most = sum(r.max_score for r in results)
    return sum(r.score for r in results) / most if most else 0.0


def tallies(results: Iterable[Result]) -> dict[str, Tally]:
    """Count who passed each check, by exercise, in the order of the lessons."""
    found: dict[str, Tally] = {}
    for result in results:
        for verdict in result.verdicts:
            tally = found.setdefault(verdict["exercise"], Tally(result.lesson))
            tally.asked += 1
            tally.passed += verdict["passed"]
            if not verdict["passed"]:
                tally.failed.append(result.student)
    return found


def bars(rows: Sequence[tuple[str, float, str]], axis: str, what: str) -> Markup:
    """Draw shares as bars, each given as its label, the share, and a note."""
    if not rows:
        return Markup("<p>Nothing was graded.</p>")
    figure = TEMPLATES.get_template("bars.html").render(
        rows=rows,
        axis=axis,
        what=what,
        left=10 + 7.5 * max(len(label) for label, _, _ in rows),
        width=320,
        right=8 * max(len(note) for _, _, note in rows) + 20,
        step=24,
    )
    return Markup(figure)  # the template has escaped everything in it


def _lesson_bars(marked: Sequence[Result]) -> Markup:
    rows = []
    for lesson in sorted({r.lesson for r in marked}):
        own = [r for r in marked if r.lesson == lesson]
        middle = statistics.median(share([r]) for r in own)
        students = TEMPLATES.filters["count"](len(own), "student")
        rows.append((lesson, share(own), f"{students}, half have {middle:.0%} or more"))
    return bars(rows, "points reached, % of those given by machine", "lesson")


def _exercise_bars(results: Sequence[Result]) -> dict[str, Markup]:
    """Draw how many passed each exercise, lesson by lesson."""
    rows: dict[str, list[tuple[str, float, str]]] = defaultdict(list)
    for name, tally in tallies(results).items():
        note = f"{tally.passed} of {tally.asked}"
        rows[tally.lesson].append((name.partition(".")[2], tally.passed / tally.asked, note))
    axis = "students whose answer passes, %"
    return {lesson: bars(own, axis, "exercise") for lesson, own in rows.items()}


def _mistake(common: CommonMistake) -> Mistake | None:
    """Return the named mistake, unless the course no longer has it."""
    known = {m.name: m for m in find(common.exercise).mistakes}
    return known.get(common.mistake)


def _unnamed(results: Sequence[Result]) -> list[tuple[str, int]]:
    """Count the answers that are missing, or wrong in a way that has no name, by exercise."""
    wrong = (v for r in results for v in r.verdicts if not v["passed"] and not v["mistake"])
    return Counter(v["exercise"] for v in wrong).most_common()


def _stuck(marked: Sequence[Result]) -> list[tuple[str, float, list[str]]]:
    """List who is stuck, with the share of the points and the exercises that do not pass."""
    rows = []
    for student, own in _by_student(marked).items():
        reached = share(own.values())
        if reached < STUCK_BELOW:
            failed = [v["exercise"] for r in own.values() for v in r.verdicts if not v["passed"]]
            rows.append((student, reached, failed))
    return sorted(rows, key=lambda row: row[1])


def _by_student(results: Sequence[Result]) -> dict[str, dict[str, Result]]:
    """Return the results of each student, by lesson; the students in alphabetical order."""
    found: dict[str, dict[str, Result]] = defaultdict(dict)
    for result in sorted(results, key=lambda r: r.student):
        found[result.student][result.lesson] = result
    return dict(found)
