"""Two tables that grow through the lessons: five sentences and five phenomena, for every model.

Each lesson with a translator calls `mascots` and `phenomena`. The results are kept in the student's
state folder, so the tables grow from lesson to lesson; a lesson that is run again replaces its own
lines. A model is any function from a Korean sentence to an English one.
"""

import json
import unicodedata
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from s2s_ref.data.korean.mascots import MASCOTS
from s2s_ref.data.korean.minimal_pairs import PHENOMENA, minimal_pairs
from s2s_ref.data.pairs import Pair, words
from s2s_ref.data.vocabulary import Vocabulary
from s2s_ref.student.record import state_folder
from s2s_ref.whole_files import write_whole

Translate = Callable[[str], str]
"""A model as these tables see it: a Korean sentence in, an English one out."""

Entry = dict[str, Any]  # {"lesson": 2, "model": "…", "mascots": {…}, "phenomena": {…}}

# How many times `count` pairs are drawn, to find enough that have known words only.
_DRAWN = 15
_DRAWN_OF_A_SHARE = 3  # where they are drawn from the model's own share of the words

DIFFERS = {
    "roles": "who did it to whom",
    "negation": "done or not done",
    "tense": "when",
    "relative": "which word the clause describes",
    "number": "how many",
}
"""What the two sentences of a minimal pair differ in."""


class Table(NamedTuple):
    """A table that displays as plain text in a terminal, and as HTML in a notebook."""

    text: str
    html: str

    def __repr__(self) -> str:
        """The plain text."""
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def mascots(lesson: int, model: str, translate: Translate) -> Table:
    """Translate the five mascot sentences, keep the result, and show every model's so far.

    Args:
        lesson: the number of the lesson, which orders the table.
        model: the model's name, such as "encoder–decoder"; the same name replaces its old line.
        translate: the model.

    Raises:
        ValueError: `translate` returns something other than a string.
    """
    results = {pair.src: _said(translate, pair.src) for pair in MASCOTS}
    return _mascot_table(_keep(lesson, model, "mascots", results))


def phenomena(
    lesson: int,
    model: str,
    translate: Translate,
    count: int = 40,
    seed: int = 0,
    vocabulary: Vocabulary | None = None,
    share: float = 1.0,
) -> Table:
    """Measure accuracy on minimal pairs, keep the result, and show every model's so far.

    A minimal pair is two sentences that differ in one phenomenon alone (개가 고양이를 쫓았어요,
    개를 고양이가 쫓았어요). It counts only if both are translated exactly. A model that ignores the
    difference translates one of the two correctly, and gets no point.

    Args:
        lesson: the number of the lesson, which orders the table.
        model: the model's name; the same name replaces its old line.
        translate: the model.
        count: how many pairs of each phenomenon.
        seed: the same seed gives the same pairs.
        vocabulary: the model's source vocabulary, if it has learned only a share of the words.
            Pairs with words that it has never seen are then left out, and there may be fewer than
            `count`.
        share: how much of each list of words the model's sentences were drawn from.

    Raises:
        ValueError: `translate` returns something other than a string, or `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}.")
    results = {}
    for name in PHENOMENA:
        pairs = _minimal_pairs(name, count, seed, vocabulary, share)
        right = sum(all(_right(_said(translate, p.src), p) for p in both) for both in pairs)
        results[name] = right / len(pairs) if pairs else None
    return _phenomenon_table(_keep(lesson, model, "phenomena", results))


def own(translate: Translate, *sentences: str, vocabulary: Vocabulary | None = None) -> Table:
    """Translate sentences of your own.

    Args:
        translate: the model.
        sentences: Korean sentences.
        vocabulary: the model's source vocabulary, to name the words that it has never seen.

    Raises:
        ValueError: no sentence, or `translate` returns something other than a string.
    """
    if not sentences:
        raise ValueError('Pass a sentence to translate, for example "저는 책을 샀어요."')
    lines = []
    for sentence in sentences:
        if not sentence.strip():  # an RNN cannot read an empty sentence
            lines.append(("note", "", "Write at least one word."))
            continue
        lines += [("head", "", sentence), ("said", "model", _said(translate, sentence))]
        if unknown := _unknown(sentence, vocabulary):
            lines.append(("note", "", f"never seen in training: {' '.join(unknown)}"))
    return _stack(lines)


def _minimal_pairs(
    name: str, count: int, seed: int, vocabulary: Vocabulary | None, share: float
) -> list[tuple[Pair, Pair]]:
    if vocabulary is None:
        return minimal_pairs(name, count, seed, share)
    times = _DRAWN if share == 1 else _DRAWN_OF_A_SHARE
    drawn = minimal_pairs(name, times * count, seed, share)
    known = [both for both in drawn if not any(_unknown(p.src, vocabulary) for p in both)]
    return known[:count]


def _said(translate: Translate, sentence: str) -> str:
    translation = translate(sentence)
    if not isinstance(translation, str):
        raise ValueError(
            f"The model's translation of {sentence!r} should be a string, got "
            f"{type(translation).__name__}: decode the ids with the target vocabulary."
        )
    return translation


def _right(translation: str, pair: Pair) -> bool:
    """Compare tokens, so that spaces do not count."""
    return words(translation) == words(pair.tgt)


def _unknown(sentence: str, vocabulary: Vocabulary | None) -> list[str]:
    if vocabulary is None:
        return []
    return [token for token in vocabulary.tokens(sentence) if token not in vocabulary]


# ------------------------------------------------------------------ storage


def _path() -> Path:
    return state_folder() / "scoreboard.json"


def _load() -> list[Entry]:
    """Read the entries; an unreadable file is renamed, not deleted."""
    path = _path()
    try:
        entries: list[Entry] = json.loads(path.read_text(encoding="utf-8"))
        for entry in entries:
            if not isinstance(entry["lesson"], int) or not isinstance(entry["model"], str):
                raise TypeError("an entry is malformed")
            dict(entry["mascots"]), dict(entry["phenomena"])
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError):
        path.replace(path.with_name("scoreboard.unreadable.json"))
        return []
    return entries


def _keep(lesson: int, model: str, kind: str, results: dict[str, Any]) -> list[Entry]:
    """Add results to the model's entry, and write the file; return all."""
    entries = _load()
    found = [e for e in entries if (e["lesson"], e["model"]) == (lesson, model)]
    if not found:
        found = [{"lesson": lesson, "model": model, "mascots": {}, "phenomena": {}}]
        entries += found
    found[0][kind] = results
    entries.sort(key=lambda entry: int(entry["lesson"]))  # stable: the order within a lesson stays
    write_whole(_path(), json.dumps(entries, indent=1, ensure_ascii=False))
    return entries


# ------------------------------------------------------------------ tables


def _label(entry: Entry) -> str:
    return f"{entry['lesson']} · {entry['model']}"


def _mascot_table(entries: Sequence[Entry]) -> Table:
    """For each sentence: source, gloss, reference, and a line for each model."""
    lines = []
    for pair in MASCOTS:
        gloss = " ".join(word for word in pair.gloss if any(map(str.isalnum, word)))
        lines += [("head", "", pair.src), ("note", "", gloss), ("line", "reference", pair.tgt)]
        for entry in entries:
            if entry["mascots"]:
                said = entry["mascots"].get(pair.src)
                shown = "not translated" if said is None else said or "(nothing)"
                mark = " ✓" if said is not None and _right(said, pair) else ""
                lines.append(("said", _label(entry), shown + mark))
    return _stack(lines)


def _phenomenon_table(entries: Sequence[Entry]) -> Table:
    """One line for each model, one column for each phenomenon."""
    head = ["both sentences right", *PHENOMENA]
    rows = [
        [_label(entry), *(_percent(entry["phenomena"].get(name)) for name in PHENOMENA)]
        for entry in entries
        if entry["phenomena"]
    ]
    differs = ["what differs", *(DIFFERS[name] for name in PHENOMENA)]
    widths = [max(_width(row[i]) for row in [head, *rows]) for i in range(len(head))]
    text = ["  ".join(map(_pad, row, widths)).rstrip() for row in [head, *rows]]
    headings = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    cells = [f"<tr>{headings}</tr>"]
    cells += [_row([f"<em>{escape(cell)}</em>" for cell in differs])]
    cells += [_row(map(escape, row)) for row in rows]
    return Table("\n".join(text), f"<table>{''.join(cells)}</table>")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _stack(lines: Sequence[tuple[str, str, str]]) -> Table:
    """Show lines of (kind, label, text) below each other; each "head" begins a new block."""
    width = max(_width(label) for _, label, _ in lines)
    text: list[str] = []
    html: list[str] = []
    for kind, label, content in lines:
        if kind == "head":
            text.append(("\n" if text else "") + content)
            html.append(
                '<tr><th colspan="2" lang="ko" style="text-align:left;padding-top:.8em">'
                f"{escape(content)}</th></tr>"
            )
        elif kind == "note":
            text.append(f"  {content}")
            html.append(
                '<tr><td colspan="2" style="text-align:left;opacity:.7">'
                f"<em>{escape(content)}</em></td></tr>"
            )
        else:
            text.append(f"  {_pad(label, width)}  {content}")
            html.append(_row([escape(label), escape(content)]))
    return Table("\n".join(text), f"<table>{''.join(html)}</table>")


def _row(cells: Any) -> str:
    """Write a row of a table, whose first cell is the row's heading."""
    first, *others = cells
    style = 'style="text-align:left;font-weight:normal"'
    data = "".join(f"<td {style}>{cell}</td>" for cell in others)
    return f'<tr><th scope="row" {style}>{first}</th>{data}</tr>'


def _width(text: str) -> int:
    """Columns that a text takes in a terminal: a Hangul syllable takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
