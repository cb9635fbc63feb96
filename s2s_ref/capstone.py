"""The capstone: held-out sentences, what a student hands in for them, and what it is worth.

A capstone is two folders. The students' holds the training pairs, `source.txt` with the sentences
to translate, and the references of its first half, the public one. The instructor's holds all of
the references. A practice capstone is made of built-in sentences, and counts for nothing: whoever
knows the grammar could invert it.
"""

import json
import math
import os
import random
import shutil
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from s2s_ref import corpus
from s2s_ref.grammar import Pair
from s2s_ref.metrics import bleu, chrf

TRAINING, SOURCES, PUBLIC, ABOUT = "train.tsv", "source.txt", "public.tsv", "about.json"
REFERENCES = "references.tsv"
TRANSLATIONS = "translations.txt"
FOLDER = "capstone"  # as students have it, beside their notebook
INSTRUCTOR = "instructor"
VARIABLE = "S2S_CAPSTONE"
FORMAT = "s2s capstone 1"

HELD_OUT = 1000  # source sentences
PRACTICE_TRAINING, PRACTICE_HELD_OUT = 4000, 120
PRACTICE: dict[str, Any] = {"max_len": 12, "share": 0.2}

MOST_UPDATES, MOST_PARAMETERS = 5_000, 3_000_000
STEPS, STEP = 6, 3.0
"""So many thresholds, so many points of chrF apart; the first is what `nearest` reaches."""
PRACTICE_THRESHOLDS = (50.0, 60.0, 70.0, 80.0, 90.0, 95.0)

COMMON, CANDIDATES = 0.02, 100  # pieces of more sentences than this share find no candidates
COPIES = 0.5  # a file in which so many lines are their source is no translation
NAMED = 5  # so many line numbers a message names at most
MOST_BYTES = 2**20  # of a file of translations


class HandInError(ValueError):
    """A file of translations that cannot be scored; the message says how to mend it."""


@dataclass(frozen=True)
class Capstone:
    """The sentences of a capstone.

    `references` holds those that are known here, by source: the public half's with a student, all
    of them with the instructor. `thresholds` are chrF scores on the hidden half: each one that is
    reached gives an equal share of the points. `graded` is False for practice.
    """

    train: list[Pair]
    sources: list[str]
    references: dict[str, list[str]]
    thresholds: tuple[float, ...]
    graded: bool = True
    name: str = ""

    @property
    def public(self) -> range:
        """The lines whose references students have, counted from 0: the first half."""
        return range(len(self.sources) // 2)

    @property
    def hidden(self) -> range:
        """The lines that decide the points: the second half."""
        return range(len(self.sources) // 2, len(self.sources))


class Scores(NamedTuple):
    """BLEU and chrF, 0 to 100, and sacrebleu's signature of BLEU."""

    bleu: float
    chrf: float
    signature: str


class Grade(NamedTuple):
    """What a file of translations is worth, and a sentence that says why."""

    points: float
    most: float
    message: str


# ------------------------------------------------------------------ making one


def hold_out(
    pairs: Sequence[Pair],
    held_out: int = HELD_OUT,
    seed: int = 0,
    thresholds: Sequence[float] | None = None,
    name: str = "",
) -> Capstone:
    """Hold sentences out for a capstone: split by source sentence, in a drawn order.

    Where no thresholds are given, they begin at what `nearest` reaches on the hidden half, and rise
    in steps of `STEP`.

    Raises:
        ValueError: too few pairs, or thresholds that do not rise from above 0 to at most 100.
    """
    if thresholds is not None:
        _check_thresholds(thresholds)
    if held_out < 2:
        raise ValueError(f"held_out must be at least 2, a sentence for each half, got {held_out}.")
    parts = corpus.split(pairs, valid=0, test=held_out, seed=seed)
    known = corpus.references(parts.test)
    sources = list(known)
    random.Random(f"capstone {seed}").shuffle(sources)  # files are sorted by length
    made = Capstone(parts.train, sources, known, tuple(thresholds or ()), name=name)
    return made if thresholds else replace(made, thresholds=thresholds_for(made))


def parse_thresholds(text: str) -> list[float] | None:
    """Read thresholds such as "30,40,50"; nothing gives None.

    Raises:
        ValueError: something else stands there.
    """
    if not text.strip():
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(
            f"Thresholds are numbers with commas between them, such as 30,40,50. Got {text!r}."
        ) from None


def thresholds_for(capstone: Capstone) -> tuple[float, ...]:
    """Set thresholds from what the most similar training sentence is worth, without a model."""
    lines = nearest(capstone.sources, capstone.train)
    first = max(1, math.floor(score(lines, capstone, capstone.hidden).chrf))
    return tuple(min(first + STEP * i, 95.0 + i) for i in range(STEPS))


def _check_thresholds(thresholds: Sequence[float]) -> None:
    rising = all(low < high for low, high in pairwise(thresholds))
    if not thresholds or not rising or not 0 < thresholds[0] <= thresholds[-1] <= 100:
        raise ValueError(
            f"Thresholds are chrF scores that rise, above 0 and up to 100, got {list(thresholds)}. "
            "Write for example 20,30,40."
        )


@cache
def practice() -> Capstone:
    """Make the practice capstone of built-in sentences, always the same, with all references."""
    test = practice_held_out()
    sources, targets = {p.src for p in test}, {p.tgt for p in test}
    drawn = corpus.korean_english(PRACTICE_TRAINING + len(test), seed=0, **PRACTICE)
    train = [p for p in drawn if p.src not in sources and p.tgt not in targets]
    known = corpus.references(test)
    return Capstone(
        train[:PRACTICE_TRAINING], list(known), known, PRACTICE_THRESHOLDS, False, "practice"
    )


def practice_held_out() -> list[Pair]:
    """Draw the practice capstone's sentences to translate, in their order."""
    return corpus.korean_english(PRACTICE_HELD_OUT, seed=1, **PRACTICE)


def write(capstone: Capstone, students: Path, instructor: Path | None = None) -> None:
    """Write the folder that students get and, where one is named, the instructor's.

    Raises:
        ValueError: one is there already: with new references, handed-in work could not be graded.
    """
    for folder in filter(None, (students, instructor)):
        if folder.exists():
            raise ValueError(
                f"{folder} is there already, and work may have been handed in for it. Move it "
                "elsewhere to make another capstone, or name another folder with --folder."
            )
    _write_folder(capstone, students, public_only=True)
    if instructor is not None:
        _write_folder(capstone, instructor, public_only=False)


def _write_folder(capstone: Capstone, folder: Path, *, public_only: bool) -> None:
    """Write a folder whole or not at all."""
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    rows = capstone.public if public_only else range(len(capstone.sources))
    known = [
        Pair(source, target)
        for source in (capstone.sources[row] for row in rows)
        for target in capstone.references[source]
    ]
    if public_only:
        _write_pairs(capstone.train, part / TRAINING)
    _write_pairs(known, part / (PUBLIC if public_only else REFERENCES))
    _write_text("".join(f"{source}\n" for source in capstone.sources), part / SOURCES)
    about = {
        "format": FORMAT,
        "name": capstone.name,
        "graded": capstone.graded,
        "thresholds": list(capstone.thresholds),
        "lines": len(capstone.sources),
        "public": f"lines 1 to {len(capstone.public)}",
    }
    _write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", part / ABOUT)
    part.rename(folder)


def _write_pairs(pairs: Sequence[Pair], path: Path) -> None:
    """Write pairs as files of this kind are: English first, the attribution kept."""
    lines = ["\t".join(filter(None, (p.tgt, p.src, p.attribution))) for p in pairs]
    _write_text("".join(f"{line}\n" for line in lines), path)


def _write_text(text: str, path: Path) -> None:
    path.write_bytes(text.encode("utf-8"))  # the same bytes on every system


# ------------------------------------------------------------------ reading one


def find(start: Path | None = None) -> Capstone:
    """Find the capstone: the folder that `S2S_CAPSTONE` names, or `capstone` in `start`.

    Where neither is there, it is practice with built-in sentences. `start` is the current folder.

    Raises:
        ValueError: the folder is not as it was made.
    """
    folder = default_folder((start or Path.cwd()) / TRANSLATIONS)
    return read(folder) if folder.is_dir() or os.environ.get(VARIABLE) else practice()


def read(folder: Path) -> Capstone:
    """Read a students' or an instructor's folder.

    Raises:
        ValueError: something is missing in it, or was changed.
    """
    about = _read_about(folder)
    sources = _lines_of(folder / SOURCES)
    file = REFERENCES if (folder / REFERENCES).is_file() else PUBLIC
    known = corpus.references(corpus.read_pairs(folder / file))
    train = corpus.read_pairs(folder / TRAINING) if (folder / TRAINING).is_file() else []
    capstone = Capstone(
        train, sources, known, tuple(about["thresholds"]), bool(about["graded"]), about["name"]
    )
    needed = range(len(sources)) if file == REFERENCES else capstone.public
    lacking = [row + 1 for row in needed if sources[row] not in known]
    if len(sources) != about["lines"] or lacking:
        raise ValueError(
            f"{folder / SOURCES} is not as it was made: expected {about['lines']:,} lines, got "
            f"{len(sources):,}, and {len(lacking):,} of them without the reference that they "
            "should have. Put the folder back as it was given out."
        )
    return capstone


def default_folder(file: Path) -> Path:
    """Name the capstone's folder for a file: that of `S2S_CAPSTONE`, or `capstone` beside it."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else file.parent / FOLDER


def _read_about(folder: Path) -> dict[str, Any]:
    path = folder / ABOUT
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise KeyError(FORMAT)
        _check_thresholds(about["thresholds"])
        return about | {"lines": int(about["lines"]), "name": str(about["name"])}
    except FileNotFoundError:
        raise ValueError(
            f"{folder} is no capstone's folder: it holds no {ABOUT}. Name the folder that your "
            "instructor gave out, or make one of built-in sentences: s2s capstone practice"
        ) from None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} cannot be read ({error}). Put the folder back as it was given out."
        ) from None


def _lines_of(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read ({error.strerror}). Put the folder back as it was given out."
        ) from None


# ------------------------------------------------------------------ what is handed in


def read_translations(path: Path) -> list[str]:
    """Read the lines of a file of translations.

    Raises:
        HandInError: it is not there, is too large, or is not text in UTF-8.
    """
    try:
        size, content = path.stat().st_size, b""
        if size <= MOST_BYTES:
            content = path.read_bytes()
    except FileNotFoundError:
        raise HandInError(
            f"There is no {path.name} in {path.absolute().parent}. Expected one translation a "
            "line, in the order of source.txt. The notebook of lesson 9 writes it."
        ) from None
    except OSError as error:
        raise HandInError(f"{path} cannot be read: {error.strerror}.") from None
    if size > MOST_BYTES:
        raise HandInError(
            f"{path.name} holds {size:,} bytes, and at most {MOST_BYTES:,} can be translations. "
            "Does a sentence repeat itself without end?"
        )
    return lines_in(content, path.name)


def lines_in(content: bytes | str, name: str = TRANSLATIONS) -> list[str]:
    """Cut what a file holds into lines; Windows line ends and a byte-order mark are fine.

    Raises:
        HandInError: the bytes are not text in UTF-8, or were not when this text was read.
    """
    raw = content if isinstance(content, bytes) else content.encode("utf-8", errors="replace")
    text = raw.decode("utf-8-sig", errors="replace")
    if "\0" in text or "\N{REPLACEMENT CHARACTER}" in text:
        seems = "UTF-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "another encoding"
        raise HandInError(
            f"{name} is not in UTF-8; it looks like {seems}. Write it again with "
            'encoding="utf-8", or save it as UTF-8 in your editor.'
        )
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[-1] == "":  # what follows the last line's end
        lines.pop()
    return lines


def fault(lines: Sequence[str], sources: Sequence[str], name: str = TRANSLATIONS) -> str:
    """Say what is wrong with the form of these lines; nothing where all is well."""
    empty = [number for number, line in enumerate(lines, 1) if not line.strip()]
    if len(lines) != len(sources):
        hint = _why_the_number(lines, sources, empty)
        return (
            f"{name} should have {len(sources):,} lines, one for each line of source.txt, and has "
            f"{len(lines):,}. {hint}"
        )
    if empty:
        return (
            f"{name} has {len(empty):,} empty lines ({_numbers(empty)}), and every source needs a "
            'translation. Write "?" where the model said nothing.'
        )
    copied = [n for n, (line, source) in enumerate(_rows(lines, sources), 1) if line == source]
    if len(copied) >= COPIES * len(sources):
        return (
            f"{name} copies the source in {len(copied):,} of {len(sources):,} lines "
            f"({_numbers(copied)}). Expected English. Did you write the list of sources in place "
            "of the list of translations?"
        )
    return ""


def _why_the_number(lines: Sequence[str], sources: Sequence[str], empty: Sequence[int]) -> str:
    if not lines:
        return "It is empty: was the file closed after writing?"
    if len(lines) - len(empty) == len(sources):
        return f"Delete the empty lines ({_numbers(empty)})."
    if len(lines) > len(sources):
        return "Does a translation hold a line break? Write each one on one line."
    if len(lines) == len(sources) // 2:
        return "Translate both halves: the second one is scored too, and decides."
    return "Was a sentence left out, or did the program stop early?"


def _numbers(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:NAMED]))
    more = f" and {len(numbers) - NAMED:,} more" if len(numbers) > NAMED else ""
    return f"line{'s' if len(numbers) > 1 else ''} {shown}{more}"


def _rows(lines: Sequence[str], sources: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Lines beside sources, evened out so that spaces do not hide a copy."""
    return zip(map(corpus.normalise, lines), map(corpus.normalise, sources), strict=True)


# ------------------------------------------------------------------ scores and points


def score(lines: Sequence[str], capstone: Capstone, rows: range | None = None) -> Scores:
    """Score some rows of a file that has no fault, the public half's where nothing is said.

    BLEU and chrF are sacrebleu's with its defaults, on all references of a source.

    Raises:
        ValueError: the references of these rows are not here.
    """
    rows = capstone.public if rows is None else rows
    sources = [capstone.sources[row] for row in rows]
    if any(source not in capstone.references for source in sources):
        raise ValueError(
            "The references of the hidden half are with the instructor: score the public half."
        )
    found = [lines[row] for row in rows]
    wanted = [capstone.references[source] for source in sources]
    by_words = bleu(found, wanted)
    return Scores(by_words.value, chrf(found, wanted).value, by_words.signature)


def points(value: float, thresholds: Sequence[float], most: float) -> float:
    """Turn a chrF into points: each threshold that is reached gives an equal share of the most."""
    return most * bisect_right(thresholds, value) / len(thresholds)


def grade(file: Path, folder: Path, most: float) -> Grade:
    """Judge a student's file by the instructor's folder: points for the hidden half, and why.

    A file that cannot be scored is worth 0, and the message says how to mend it.

    Raises:
        ValueError: the instructor's folder is not as it was made.
    """
    capstone = read(folder)
    if not file.is_file():
        return Grade(
            0.0,
            most,
            f"There is no {file.name} beside your notebook. Hand it in together with the notebook, "
            "one translation a line, in the order of source.txt.",
        )
    try:
        lines = read_translations(file)
    except HandInError as error:
        return Grade(0.0, most, str(error))
    if wrong := fault(lines, capstone.sources, file.name):
        return Grade(0.0, most, wrong)
    public, hidden = score(lines, capstone), score(lines, capstone, capstone.hidden)
    reached = bisect_right(capstone.thresholds, hidden.chrf)
    return Grade(
        points(hidden.chrf, capstone.thresholds, most),
        most,
        f"chrF {hidden.chrf:.1f} on the hidden half (public half: {public.chrf:.1f}), BLEU "
        f"{hidden.bleu:.1f}. {reached} of {len(capstone.thresholds)} thresholds are reached: "
        f"{_thresholds(capstone.thresholds)}.",
    )


def _thresholds(thresholds: Sequence[float]) -> str:
    return ", ".join(f"{threshold:g}" for threshold in thresholds)


# ------------------------------------------------------------------ tools for the student


def nearest(sentences: Sequence[str], train: Sequence[Pair]) -> list[str]:
    """Translate without a model: for each sentence, what the most similar training source says.

    Similar is who shares the largest part of their pieces of three letters; candidates are those
    who share rare ones. Whatever a model does should beat it.
    """
    pieces = [_pieces(pair.src) for pair in train]
    index: dict[str, list[int]] = {}
    for number, found in enumerate(pieces):
        for piece in found:
            index.setdefault(piece, []).append(number)
    most = max(COMMON * len(train), CANDIDATES)
    rare = {piece: rows for piece, rows in index.items() if len(rows) <= most}
    answers = []
    for sentence in sentences:
        own = _pieces(sentence)
        shared = Counter(chain.from_iterable(rare.get(piece, ()) for piece in own))
        alike = [
            (len(own & pieces[number]) / len(own | pieces[number]), -number)
            for number, _ in shared.most_common(CANDIDATES)
        ]
        answers.append(train[-max(alike)[1] if alike else 0].tgt)
    return answers


def _pieces(sentence: str) -> set[str]:
    text = f"  {sentence} "
    return {text[i : i + 3] for i in range(len(text) - 2)}


class Error(NamedTuple):
    """A translation that is no reference: its line, its chrF, and a first guess at its kind."""

    line: int
    chrf: float
    kind: str
    source: str
    reference: str
    translation: str


KINDS = ("nothing said", "unknown word", "repeats itself", "too short", "too long", "other words")
"""What a program can tell. Which word is wrong, and why, only a reader can."""


def worst(
    lines: Sequence[str], capstone: Capstone, rows: range | None = None, most: int = 20
) -> list[Error]:
    """List the worst sentences by sentence chrF, sorted by kind and then from the worst up.

    With several references, the one that is nearest counts.
    """
    from sacrebleu.metrics.chrf import CHRF

    metric, found = CHRF(), []
    for row in capstone.public if rows is None else rows:
        source, said = capstone.sources[row], lines[row]
        known = capstone.references[source]
        scores = [float(metric.sentence_score(said, [reference]).score) for reference in known]
        value = max(scores)
        if said not in known:
            reference = known[scores.index(value)]
            kind = kind_of(said, reference)
            found.append(Error(row + 1, value, kind, source, reference, said))
    found.sort(key=lambda error: error.chrf)
    return sorted(found[:most], key=lambda error: KINDS.index(error.kind))


def kind_of(translation: str, reference: str) -> str:
    """Guess what kind of error it is from the words alone."""
    said, wanted = translation.split(), reference.split()
    if not translation.strip(" ?."):
        return KINDS[0]
    if "<unk>" in translation:
        return KINDS[1]
    if any(a == b for a, b in pairwise(said)) or (
        len(said) > 5 and len(set(said)) < 0.7 * len(said)
    ):
        return KINDS[2]
    if len(said) < 0.7 * len(wanted):
        return KINDS[3]
    if len(said) > 1.4 * len(wanted):
        return KINDS[4]
    return KINDS[5]


def table(errors: Sequence[Error]) -> str:
    """Lay errors out for reading, one below the other, kind by kind."""
    counts: Mapping[str, int] = {k: sum(e.kind == k for e in errors) for k in KINDS}
    text = []
    for kind in (kind for kind in KINDS if counts[kind]):
        text.append(f"{kind}: {counts[kind]} of {len(errors)}")
        for error in (error for error in errors if error.kind == kind):
            text += [
                f"  line {error.line}, chrF {error.chrf:.0f}: {error.source}",
                f"    reference    {error.reference}",
                f"    translation  {error.translation}",
            ]
    return "\n".join(text)
