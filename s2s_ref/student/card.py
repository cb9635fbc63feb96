"""Show a verdict as text and as HTML: one line for a pass, a card for a failure."""

import re
import textwrap
from collections.abc import Mapping
from html import escape
from typing import Any

WIDTH = 83
"""The columns of a card. nbgrader cuts longer lines."""

FOLDED = 300
"""The letters of a row of the table that are shown before it is unfolded."""

BETWEEN_BACKTICKS = re.compile("`([^`]+)`")

GREEN, ORANGE = "#2a8a4a", "#d1652b"
"""The colours of the bar to the left of a pass and of a card."""

TABLE = "margin:.4em 0;border:0;border-collapse:collapse;table-layout:auto;font-size:inherit"
CELL = "border:0;padding:0;text-align:left;vertical-align:baseline;font-weight:normal"
LABEL = "padding-right:1em;white-space:nowrap"
CODE = "background:none;color:inherit;padding:0;border:0;white-space:pre-wrap"


def text(verdict: Mapping[str, Any]) -> str:
    """Write a verdict as plain text, at most 83 columns wide."""
    if verdict["passed"]:
        lines = [f"✓ {_short(verdict)}: {verdict['headline']}", _earlier(verdict)]
        return "\n".join(wrap(line, "  ") for line in lines if line)
    lines = [_title(verdict)]
    if told := _earlier(verdict):
        lines.append(wrap(f"  {told}", "  "))
    rows = _rows(verdict)
    width = max(9, *map(len, rows)) if rows else 9
    for label, words in rows.items():
        lines.append(wrap(f"  {label:<{width}} {words}", " " * (width + 3)))
    lines += [wrap(f"  {verdict[part]}", "  ") for part in ("why", "question") if verdict[part]]
    lines += [wrap(f"  {line}", "  ") for line in _advice(verdict)]
    if printed := verdict.get("printed"):
        lines += ["  Your code printed:", *(f"    {line}" for line in printed.splitlines())]
    return "\n".join(lines)


def html(verdict: Mapping[str, Any]) -> str:
    """Write a verdict as HTML that is readable on a light and on a dark page.

    Text has the colour of the page, because no other colour stands out enough on both. The styles
    of cells, rows and code undo those of JupyterLab: stripes, grey boxes, text on the right.
    """
    if verdict["passed"]:
        line = f"✓ {escape(_short(verdict))}: {marked(verdict['headline'])}"
        return f'<div style="{_frame(GREEN)}">{line}{_paragraph(_earlier(verdict))}</div>'
    rows = "".join(
        f'<tr style="background:none"><th scope="row" style="{CELL};{LABEL}">{label}</th>'
        f'<td style="{CELL}">{_folded(words)}</td></tr>'
        for label, words in _rows(verdict).items()
    )
    title = f"{escape(_short(verdict))}: {marked(verdict['headline'])}"
    parts = [
        '<div style="display:flex;justify-content:space-between;gap:1em">'
        f"<strong>{title}</strong><span>{_number(verdict)}</span></div>",
        _paragraph(_earlier(verdict)),
        f'<table style="{TABLE}">{rows}</table>' if rows else "",
        _paragraph(verdict["why"]),
        f'<div style="margin-top:.4em"><em>{marked(verdict["question"])}</em></div>'
        if verdict["question"]
        else "",
        *(f"<div>{escape(line)}</div>" for line in _advice(verdict)),
        _printed(verdict.get("printed", "")),
    ]
    return f'<div style="{_frame(ORANGE)}">{"".join(parts)}</div>'


def _frame(colour: str) -> str:
    return f"border-left:4px solid {colour};padding:.3em 1em;margin:.3em 0;max-width:60em"


def _paragraph(text: str) -> str:
    return f"<div>{marked(text)}</div>" if text else ""


def _code(text: str) -> str:
    return f'<code style="{CODE}">{escape(text)}</code>'


def _folded(text: str) -> str:
    """Show the beginning of a long text, which unfolds at a click."""
    if len(text) <= FOLDED:
        return _code(text)
    begin = text[:FOLDED].rpartition(" ")[0] or text[:FOLDED]
    return f"<details><summary>{_code(begin + ' …')}</summary>{_code(text)}</details>"


def _printed(text: str) -> str:
    """Show what the student's code printed, below the rest of a card."""
    if not text:
        return ""
    style = "margin:.2em 0 0;padding:0;background:none;color:inherit"
    return (
        '<div style="margin-top:.4em">Your code printed:</div>'
        f'<pre style="{style}">{escape(text)}</pre>'
    )


def _rows(verdict: Mapping[str, Any]) -> dict[str, str]:
    """Return the rows of the card's table by their labels, those without words left out."""
    rows = {"given": verdict["given"]}
    if verdict.get("place"):
        rows["right so far"] = verdict["right_so_far"]
    if verdict.get("line"):
        whose = f"   # in your {verdict['owner']}" if verdict["owner"] else ""
        rows[f"line {verdict['line_number']}"] = f"{verdict['line']}{whose}"
    rows |= {"expected": verdict["expected"], "got": verdict["got"]}
    return {label: words for label, words in rows.items() if words}


def marked(text: str) -> str:
    """Write a text as HTML, with code between backticks."""
    return BETWEEN_BACKTICKS.sub(r"<code>\1</code>", escape(text))


def _short(verdict: Mapping[str, Any]) -> str:
    return str(verdict["exercise"]).rpartition(".")[2]


def _number(verdict: Mapping[str, Any]) -> str:
    kind = "prediction" if verdict.get("kind") == "prediction" else "exercise"
    number = f"{kind} {verdict['number']}" if verdict["number"] else "bonus"
    return f"(lesson {verdict['lesson']}, {number})"


def _title(verdict: Mapping[str, Any]) -> str:
    title, number = f"{_short(verdict)}: {verdict['headline']}", _number(verdict)
    if len(title) + len(number) + 2 <= WIDTH:
        return title + number.rjust(WIDTH - len(title))
    return wrap(title, "  ") + "\n" + number.rjust(WIDTH)


def _earlier(verdict: Mapping[str, Any]) -> str:
    if not verdict.get("earlier"):
        return ""
    name = _short(verdict)
    return (
        f"This is an earlier version of {name}: the cell that you changed since has failed, so its "
        "lines do not count yet. What does the error below that cell say?"
    )


def _advice(verdict: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{name} does not pass yet, and this exercise calls it: fix that one first."
        for name in verdict.get("after", ())
    ]
    if verdict.get("kind") != "prediction":
        lines.append(f'For a hint: hint("{verdict["exercise"]}")')
    return lines


def wrap(line: str, indent: str = "") -> str:
    """Break a line at 83 columns."""
    return textwrap.fill(
        line, WIDTH, subsequent_indent=indent, break_long_words=True, break_on_hyphens=False
    )
