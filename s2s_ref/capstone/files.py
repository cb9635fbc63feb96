"""The two folders of a capstone: one for the students, one for the instructor.

The students' folder holds the training pairs, `source.txt` with the sentences to translate, and the
references of its public half. The instructor's holds all of the references.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from s2s_ref.capstone.task import Capstone, check_thresholds, practice
from s2s_ref.data.corpus import references
from s2s_ref.data.files import read_pairs
from s2s_ref.data.pairs import Pair
from s2s_ref.whole_files import whole_folder

TRAINING, SOURCES, PUBLIC, ABOUT = "train.tsv", "source.txt", "public.tsv", "about.json"
REFERENCES = "references.tsv"
TRANSLATIONS = "translations.txt"
FOLDER = "capstone"  # as students have it, beside their notebook
INSTRUCTOR = "instructor"
VARIABLE = "S2S_CAPSTONE"
FORMAT = "s2s capstone 1"


def write(capstone: Capstone, students: Path, instructor: Path | None = None) -> None:
    """Write the students' folder and, where one is named, the instructor's.

    Raises:
        ValueError: a folder exists already: with new references, earlier work could not be graded.
    """
    for folder in filter(None, (students, instructor)):
        if folder.exists():
            raise ValueError(
                f"{folder} exists already, and work may have been handed in for it. Move it "
                "elsewhere to make another capstone, or name another folder with --folder."
            )
    _write_folder(capstone, students, public_only=True)
    if instructor is not None:
        _write_folder(capstone, instructor, public_only=False)


def _write_folder(capstone: Capstone, folder: Path, *, public_only: bool) -> None:
    rows = capstone.public if public_only else range(len(capstone.sources))
    known = [
        Pair(source, target)
        for source in (capstone.sources[row] for row in rows)
        for target in capstone.references[source]
    ]
    about = {
        "format": FORMAT,
        "name": capstone.name,
        "graded": capstone.graded,
        "thresholds": list(capstone.thresholds),
        "lines": len(capstone.sources),
        "public": f"lines 1 to {len(capstone.public)}",
    }
    with whole_folder(folder) as part:
        if public_only:
            _write_pairs(capstone.train, part / TRAINING)
        _write_pairs(known, part / (PUBLIC if public_only else REFERENCES))
        _write_text("".join(f"{source}\n" for source in capstone.sources), part / SOURCES)
        _write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", part / ABOUT)


def _write_pairs(pairs: Sequence[Pair], path: Path) -> None:
    """Write pairs in the form of `read_pairs`: English first, attribution last."""
    lines = ["\t".join(filter(None, (p.tgt, p.src, p.attribution))) for p in pairs]
    _write_text("".join(f"{line}\n" for line in lines), path)


def _write_text(text: str, path: Path) -> None:
    path.write_bytes(text.encode("utf-8"))  # the same bytes on every system


def find(start: Path | None = None) -> Capstone:
    """Find the capstone: the folder that `S2S_CAPSTONE` names, or `capstone` in `start`.

    Without either, it is practice with built-in sentences. `start` is the current folder by
    default.

    Raises:
        ValueError: the folder has changed since it was made.
    """
    folder = default_folder((start or Path.cwd()) / TRANSLATIONS)
    return read(folder) if folder.is_dir() or os.environ.get(VARIABLE) else practice()


def read(folder: Path) -> Capstone:
    """Read a students' or an instructor's folder.

    Raises:
        ValueError: the folder has changed since it was made.
    """
    about = _read_about(folder)
    sources = _lines_of(folder / SOURCES)
    file = REFERENCES if (folder / REFERENCES).is_file() else PUBLIC
    known = references(read_pairs(folder / file))
    train = read_pairs(folder / TRAINING) if (folder / TRAINING).is_file() else []
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
        check_thresholds(about["thresholds"])
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
