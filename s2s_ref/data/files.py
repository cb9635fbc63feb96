"""Read real sentence pairs from tab-separated files, such as those of manythings.org (Tatoeba).

Each line has English, the other language and, in newer files, an attribution. The files are not
CSV: quotation marks belong to the sentences. Non-breaking spaces, decomposed (NFD) Hangul, Windows
line ends and a byte-order mark are normalised here.
"""

import contextlib
import io
import re
import shlex
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from s2s_ref.data.pairs import Pair, normalise

SHOWN = 60  # characters of an offending line that a message quotes


class CorpusError(ValueError):
    """A sentence file that cannot be used; the message names the file, the line and a fix."""


def read_pairs(path: str | Path, *, encoding: str = "utf-8", reverse: bool = False) -> list[Pair]:
    """Read the sentence pairs of a tab-separated file: English first, then the other language.

    The source is the *second* column and the target the first, because the course translates into
    English. A third column becomes the pair's attribution. Blank lines are skipped, and repeated
    lines kept. All text is passed through `normalise`.

    Args:
        path: a text file, or a zip file as downloaded from manythings.org.
        encoding: Python's name of the file's encoding.
        reverse: take the first column as the source instead.

    Raises:
        CorpusError: the file is missing, empty or in another encoding, or a line is not a pair.
    """
    path = Path(path)
    pairs = []
    try:
        with _open_bytes(path) as raw, _as_text(raw, path, encoding) as lines:
            for number, line in enumerate(lines, 1):
                if pair := _parse(line, path, number, reverse):
                    pairs.append(pair)
    except UnicodeError:
        raise CorpusError(_encoding_message(path, encoding)) from None
    if not pairs:
        raise CorpusError(
            f"{path} holds no sentence pairs. Expected lines of the form "
            "English<TAB>other language; is it the right file, and was it saved completely?"
        )
    return pairs


def _parse(line: str, path: Path, number: int, reverse: bool) -> Pair | None:
    """Return the pair on a line; None if the line is blank."""
    if "\0" in line:  # UTF-16 that happens to be valid UTF-8
        raise UnicodeError
    columns = line.split("\t")
    if len(columns) not in (2, 3):
        if not line.strip():
            return None
        raise CorpusError(_columns_message(line, path, number))
    english, other = normalise(columns[0]), normalise(columns[1])
    if not english or not other:
        if not line.strip():
            return None
        empty = "second" if english else "first"
        raise CorpusError(
            f"{path}, line {number}: the {empty} column is empty in {_quote(line)}. "
            "Fill it in or delete the line."
        )
    attribution = normalise(columns[2]) if len(columns) == 3 else ""
    if reverse:
        english, other = other, english
    return Pair(src=other, tgt=english, attribution=attribution)


def _columns_message(line: str, path: Path, number: int) -> str:
    found = line.count("\t") + 1
    expected = "English<TAB>other language, with or without <TAB>attribution"
    if line.lstrip().lower().startswith(("<!doctype", "<html", "<?xml")):
        what, fix = "this is a web page", "Download the file itself, not the page that links it"
    elif found == 1:
        what = "no tab"
        fix = "Save the file as tab-separated text in UTF-8, or delete the line"
    else:
        what = f"{found} columns"
        name = shlex.quote(path.name)
        fix = f"Keep the two sentences only, for example: cut -f2,4 {name} > pairs.txt"
    return f"{path}, line {number}: {what} in {_quote(line)}. Expected {expected}. {fix}."


def _quote(line: str) -> str:
    line = line.rstrip("\n")
    return repr(line if len(line) <= SHOWN else line[:SHOWN] + "…")


@contextlib.contextmanager
def _open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open the file, or the sentence file in a zip, as bytes."""
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                yield file
            return
        with zipfile.ZipFile(path) as archive, archive.open(_member(archive, path)) as file:
            yield file
    except OSError as error:
        raise CorpusError(_open_message(path, error)) from error
    except (zipfile.BadZipFile, RuntimeError) as error:  # RuntimeError: the zip has a password
        raise CorpusError(f"{path} cannot be unpacked: {error}. Download it again.") from error


def _open_message(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return (
            f"There is no file {path} (looked in {path.absolute().parent}). Check the path, "
            "or see what is available by name: s2s data list"
        )
    if path.is_dir():
        inside = sorted(file.name for file in path.glob("*.txt"))
        return f"{path} is a folder. Name a file in it" + (
            f": {', '.join(inside)}." if inside else "."
        )
    return f"{path} cannot be read: {error.strerror or error}. Check who may read it."


def _member(archive: zipfile.ZipFile, path: Path) -> str:
    """Find the sentence file in a manythings.org zip: the only text file but _about.txt."""
    names = [
        name
        for name in archive.namelist()
        if name.endswith((".txt", ".tsv"))
        and not name.rsplit("/", 1)[-1].startswith(("_", "."))
        and not name.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        found = ", ".join(names) or "none"
        raise CorpusError(
            f"{path}: expected one .txt or .tsv file in the zip, found {found}. "
            "Unpack it and pass the path of the file with the sentences."
        )
    return names[0]


def _as_text(raw: IO[bytes], path: Path, encoding: str) -> io.TextIOWrapper:
    """Decode to lines that end in `\\n`, without a UTF-8 byte-order mark."""
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"
    try:
        return io.TextIOWrapper(raw, encoding=encoding)
    except LookupError:
        raise CorpusError(
            f'{path}: Python knows no encoding {encoding!r}. Try "utf-8", "cp949" or "utf-16".'
        ) from None


def _encoding_message(path: Path, encoding: str) -> str:
    """Describe what is wrong with the encoding, on which line, and what to try."""
    with _open_bytes(path) as file:
        raw = file.read()
    if raw.startswith(b"\x1f\x8b"):
        return f"{path} is compressed. Unpack it first: gunzip {shlex.quote(path.name)}"
    if raw.startswith(b"PK\x03\x04"):
        return f"{path} is an incomplete zip file. Download it again."
    line = len(re.findall(rb"\r\n|\r|\n", raw[: _first_bad_byte(raw, encoding)])) + 1
    place = f"{path}, line {line}: these bytes are not {encoding.upper()}"
    if _mostly_decodes(raw, encoding):
        return f"{place}, though most lines are. Fix or delete this line."
    guess = _guess_encoding(raw)
    return (
        f'{place}; they look like {guess.upper()}. Read them with encoding="{guess}", or convert '
        f"the file: iconv -f {guess.upper()} -t UTF-8 {shlex.quote(path.name)} > "
        + shlex.quote(f"{path.stem}-utf8.txt")
    )


def _first_bad_byte(raw: bytes, encoding: str) -> int:
    """Find the first byte that is not `encoding`: one that does not decode, or a NUL."""
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start
    except UnicodeError:
        return 0
    return max(raw.find(b"\0"), 0)


def _mostly_decodes(raw: bytes, encoding: str) -> bool:
    """Whether more than half of the lines with other than ASCII characters decode."""
    foreign = [line for line in raw.splitlines() if not line.isascii()]
    good = 0
    for line in foreign:
        with contextlib.suppress(UnicodeError):
            line.decode(encoding)
            good += b"\0" not in line
    return 2 * good > len(foreign)


def _guess_encoding(raw: bytes) -> str:
    """Guess the encoding of text that is not in the expected one."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in raw:
        low, high = raw[::2].count(0), raw[1::2].count(0)
        return "utf-16le" if high >= low else "utf-16be"
    for name in ("utf-8", "cp949"):
        with contextlib.suppress(UnicodeDecodeError):
            foreign = [char for char in raw.decode(name) if not char.isascii()]
            hangul = sum("가" <= char <= "힣" for char in foreign)
            if name == "utf-8" or 2 * hangul > len(foreign):
                return name
    try:
        raw.decode("cp1252")
    except UnicodeDecodeError:
        return "iso-8859-1"
    return "cp1252"
