"""The class on one page: what was reached, what went wrong and what to say about it, who is stuck.

The page is one file that asks nobody for anything: its styles and figures stand in it, and a
browser that shows it is told to load nothing.
"""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from html import escape

from s2s_ref.checks.registry import find
from s2s_ref.grading.results import Common, Result, commonest_mistakes

MOST_MISTAKES = 15
STUCK_BELOW = 0.5
"""Who has less than this share of the points of what they handed in is listed as stuck."""

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto;
  max-width: 62rem; padding: 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.2rem; }
p.note { color: #444; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; } caption { text-align: left; padding: .3rem 0; color: #444; }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid #ddd;
  vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; } figcaption { color: #444; } svg { max-width: 100%; height: auto; }
svg text { font: 13px system-ui, sans-serif; fill: #1a1a1a; }
.say { color: #1a1a1a; display: block; } .question { font-style: italic; }
@media (max-width: 40rem) { body { padding: .6rem; } th, td { padding: .2rem .35rem; } }
@media print { body { max-width: none; font-size: 11pt; } h2 { break-after: avoid; }
  tr, figure { break-inside: avoid; } .scroll { overflow: visible; } }
"""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


@dataclass
class Tally:
    """How an exercise went: who passed it of those who handed its lesson in."""

    lesson: str
    passed: int = 0
    asked: int = 0
    failed: list[str] = field(default_factory=list)


def write_report(results: Sequence[Result], anonymous: bool = False) -> str:
    """Write the page of a class; without names on request."""
    results = sorted(results, key=lambda r: (r.lesson, r.student))
    if anonymous:
        results = without_names(results)
    parts = [
        _summary(results),
        _lessons(results),
        _exercises(results),
        _mistakes(results),
        _stuck(results),
        _students(results),
        _times(results),
        _errors(results),
    ]
    title = f"The class on {date.today():%d %B %Y}"
    return PAGE.format(policy=POLICY, title=title, style=STYLE, body="\n".join(filter(None, parts)))


def without_names(results: Iterable[Result]) -> list[Result]:
    """Number the students in place of their names, in an order that tells nothing."""
    results = list(results)
    # by their points in all, so that a list in alphabetical order gives no name away
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
    """Take a name, and what is found under it, out of a text."""
    words = ("(a path)" if "/" in word and name in word else word for word in text.split(" "))
    return " ".join(words).replace(name, "(a name)")


def share(results: Iterable[Result]) -> float:
    """Return the share of the points that were reached of those that could be."""
    results = list(results)
    most = sum(r.max_score for r in results)
    return sum(r.score for r in results) / most if most else 0.0


def tallies(results: Iterable[Result]) -> dict[str, Tally]:
    """Count who passed each check, in the order of the lessons."""
    found: dict[str, Tally] = {}
    for result in results:
        for verdict in result.verdicts:
            tally = found.setdefault(verdict["exercise"], Tally(result.lesson))
            tally.asked += 1
            tally.passed += verdict["passed"]
            if not verdict["passed"]:
                tally.failed.append(result.student)
    return found


def _summary(results: Sequence[Result]) -> str:
    students, written = {r.student for r in results}, sum(r.written for r in results)
    review = sum(r.to_review for r in results)
    marked = [r for r in results if not r.error]
    texts = [
        f"{_count(len(students), 'student')} handed in {_count(len(results), 'notebook')} of "
        f"{_count(len({r.lesson for r in results}), 'lesson')}.",
        f"They reached {share(marked):.0%} of the points that are given by machine.",
        f"Written answers to be marked by hand: {written}; "
        f"marked before, to be looked at: {review}.",
    ]
    if failed := len(results) - len(marked):
        texts.append(f"{_count(failed, 'notebook')} could not be graded: see the end.")
    return f"<p>{' '.join(texts)}</p>"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _lessons(results: Sequence[Result]) -> str:
    rows = []
    for lesson in sorted({r.lesson for r in results}):
        those = [r for r in results if r.lesson == lesson and not r.error]
        if those:
            shares = sorted(share([r]) for r in those)
            middle = f"half have {statistics.median(shares):.0%} or more"
            rows.append((lesson, share(those), f"{_count(len(those), 'student')}, {middle}"))
    return "<h2>Points by lesson</h2>" + bars(
        rows, "points reached, % of those given by machine", "lesson"
    )


def _exercises(results: Sequence[Result]) -> str:
    parts = [
        "<h2>Exercises and predictions</h2>"
        "<p>A prediction passes by being written down; whether it came true counts nothing.</p>"
    ]
    by_lesson: dict[str, list[tuple[str, float, str]]] = defaultdict(list)
    for name, tally in tallies(results).items():
        row = (
            name.partition(".")[2],
            tally.passed / tally.asked,
            f"{tally.passed} of {tally.asked}",
        )
        by_lesson[tally.lesson].append(row)
    for lesson, rows in by_lesson.items():
        parts.append(f"<h3>{escape(lesson)}</h3>")
        parts.append(bars(rows, "students whose answer passes, %", "exercise"))
    return "\n".join(parts)


def _mistakes(results: Sequence[Result]) -> str:
    common = commonest_mistakes(list(results))[:MOST_MISTAKES]
    if not common:
        return f"<h2>Mistakes</h2><p>No named mistake was made.</p>{_unnamed(results)}"
    rows = [
        [str(m.count), escape(m.exercise), f"<b>{escape(m.headline)}</b>{_to_say(m)}"]
        for m in common
    ]
    table = _table(("students", "exercise", "mistake"), rows, numbers=(0,))
    return f"<h2>The commonest mistakes, and what to say</h2>{table}{_unnamed(results)}"


def _unnamed(results: Sequence[Result]) -> str:
    """Count the answers that are wrong in a way that has no name, or are not there."""
    counts = Counter(
        v["exercise"] for r in results for v in r.verdicts if not v["passed"] and not v["mistake"]
    )
    commonest = counts.most_common(MOST_MISTAKES)
    told = ", ".join(f"{escape(name)} ({count})" for name, count in commonest)
    more = f", and {len(counts) - len(commonest)} more" if len(counts) > len(commonest) else ""
    return f"<p>Missing, or wrong in a way that has no name: {told}{more}.</p>" if told else ""


def _to_say(common: Common) -> str:
    told = [m for m in find(common.exercise).mistakes if m.name == common.mistake]
    if not told:
        return ""
    question = f'<span class="question">{escape(told[0].question)}</span>'
    return f'<span class="say">{escape(told[0].why)} {question}</span>'


def _stuck(results: Sequence[Result]) -> str:
    rows = []
    for student, own in _by_student(results).items():
        marked = [r for r in own if not r.error]
        if marked and share(marked) < STUCK_BELOW:
            wrong = [v["exercise"] for r in marked for v in r.verdicts if not v["passed"]]
            first = ", ".join(wrong[:4]) + (f" and {len(wrong) - 4} more" if len(wrong) > 4 else "")
            rows.append((share(marked), [escape(student), f"{share(marked):.0%}", escape(first)]))
    heading = "<h2>Who is stuck</h2>"
    if not rows:
        return f"{heading}<p>Everybody has half of the points or more.</p>"
    told = f"Less than {STUCK_BELOW:.0%} of the points of what they handed in."
    table = _table(
        ("student", "points", "what does not pass"), [r for _, r in sorted(rows)], told, (1,)
    )
    return heading + table


def _students(results: Sequence[Result]) -> str:
    lessons = sorted({r.lesson for r in results})
    rows = []
    for student, own in _by_student(results).items():
        by_lesson = {r.lesson: r for r in own}
        cells = [_points(by_lesson.get(lesson)) for lesson in lessons]
        rows.append([escape(student), *cells])
    headings = ("student", *(lesson[:2] for lesson in lessons))
    told = "Points given by machine, by lesson."
    return "<h2>Everybody</h2>" + _table(headings, rows, told, tuple(range(1, len(headings))))


def _points(result: Result | None) -> str:
    if result is None:
        return "–"
    return "no marks" if result.error else f"{result.score:g} / {result.max_score:g}"


def _times(results: Sequence[Result]) -> str:
    marked = [r for r in results if not r.error]
    if not marked:
        return ""
    seconds = sorted(r.seconds for r in marked)
    longest = max(marked, key=lambda r: r.seconds)
    return (
        f"<h2>Times</h2><p>To grade a submission took {statistics.median(seconds):.1f} seconds "
        f"(the median), and the longest {longest.seconds:.1f}: {escape(longest.student)}, "
        f"{escape(longest.lesson)}.</p>"
    )


def _errors(results: Sequence[Result]) -> str:
    rows = [[escape(r.student), escape(r.lesson), escape(r.error)] for r in results if r.error]
    if not rows:
        return ""
    return "<h2>What could not be graded</h2>" + _table(("student", "lesson", "why"), rows)


def _by_student(results: Sequence[Result]) -> Mapping[str, list[Result]]:
    found: dict[str, list[Result]] = defaultdict(list)
    for result in sorted(results, key=lambda r: r.student):
        found[result.student].append(result)
    return found


def _table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    caption: str = "",
    numbers: Sequence[int] = (),
) -> str:
    """Lay out a table; its cells are HTML already."""

    def row(cells: Sequence[str], tag: str) -> str:
        kinds = (' class="number"' if i in numbers else "" for i in range(len(cells)))
        inside = (f"<{tag}{k}>{cell}</{tag}>" for k, cell in zip(kinds, cells, strict=True))
        return f"<tr>{''.join(inside)}</tr>"

    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    head = f"<thead>{row([escape(h) for h in headings], 'th')}</thead>"
    body = "".join(row(cells, "td") for cells in rows)
    return f'<div class="scroll"><table>{told}{head}<tbody>{body}</tbody></table></div>'


def bars(rows: Sequence[tuple[str, float, str]], axis: str, what: str) -> str:
    """Draw shares as bars: what each is of, from 0 to 100 %, and a remark."""
    if not rows:
        return "<p>Nothing was graded.</p>"
    left, width, high = 10 + 7.5 * max(len(label) for label, _, _ in rows), 320, 24
    right, bottom = 8 * max(len(note) for _, _, note in rows) + 20, len(rows) * high
    marks, told = [], []
    for percent in range(0, 101, 25):
        x = left + width * percent / 100
        marks.append(f'<line x1="{x:g}" x2="{x:g}" y1="0" y2="{bottom}" stroke="#ccc"/>')
        marks.append(f'<text x="{x:g}" y="{bottom + 16}" text-anchor="middle">{percent}</text>')
    for i, (label, value, note) in enumerate(rows):
        y = i * high
        marks.append(
            f'<text x="{left - 6:g}" y="{y + 16}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{left:g}" y="{y + 4}" width="{width * value:g}" height="{high - 8}" '
            'fill="#0072B2"/>'
            f'<text x="{left + width + 8:g}" y="{y + 16}">{escape(note)}</text>'
        )
        told.append(f"{label}: {value:.0%}")
    middle = f'x="{left + width / 2:g}" y="{bottom + 36}" text-anchor="middle"'
    marks.append(f"<text {middle}>{escape(axis)}</text>")
    size = f'viewBox="0 0 {left + width + right:g} {bottom + 44}" width="{left + width + right:g}"'
    label = escape(f"Bars by {what}, {axis}. {'; '.join(told)}")
    return (
        f'<figure class="scroll"><svg {size} role="img" aria-label="{label}">{"".join(marks)}</svg>'
        "</figure>"
    )
