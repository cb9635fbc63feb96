"""Read a student's file of translations, and find faults in its form."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from s2s_ref.capstone.files import TRANSLATIONS
from s2s_ref.data.pairs import normalise

COPIES = 0.5  # the share of lines equal to their source from which a file is no translation
NAMED = 5  # line numbers in a message, at most
MAX_BYTES = 2**20  # of a file of translations


class SubmissionError(ValueError):
    """A file of translations that cannot be scored; the message says how to fix it."""


def read_translations(path: Path) -> list[str]:
    """Read the lines of a file of translations.

    Raises:
        SubmissionError: the file is missing, too large, or not text in UTF-8.
    """
    try:
        size, content = path.stat().st_size, b""
        if size <= MAX_BYTES:
            content = path.read_bytes()
    except FileNotFoundError:
        raise SubmissionError(
            f"There is no {path.name} in {path.absolute().parent}. Expected one translation a "
            "line, in the order of source.txt. The notebook of lesson 9 writes it."
        ) from None
    except OSError as error:
        raise SubmissionError(f"{path} cannot be read: {error.strerror}.") from None
    if size > MAX_BYTES:
        raise SubmissionError(
            f"{path.name} holds {size:,} bytes, and at most {MAX_BYTES:,} can be translations. "
            "Does a sentence repeat itself without end?"
        )
    return lines_in(content, path.name)


def lines_in(content: bytes | str, name: str = TRANSLATIONS) -> list[str]:
    """Split the contents of a file into lines; it may have Windows line ends and a byte-order mark.

    Raises:
        SubmissionError: the contents are not, or were not, text in UTF-8.
    """
    raw = content if isinstance(content, bytes) else content.encode("utf-8", errors="replace")
    text = raw.decode("utf-8-sig", errors="replace")
    if "\0" in text or "\N{REPLACEMENT CHARACTER}" in text:
        seems = "UTF-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "another encoding"
        raise SubmissionError(
            f"{name} is not in UTF-8; it looks like {seems}. Write it again with "
            'encoding="utf-8", or save it as UTF-8 in your editor.'
        )
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[-1] == "":  # after the last line end
        lines.pop()
    return lines


def fault(lines: Sequence[str], sources: Sequence[str], name: str = TRANSLATIONS) -> str:
    """Describe what is wrong with the form of these lines; empty if nothing is."""
    empty = [number for number, line in enumerate(lines, 1) if not line.strip()]
    if len(lines) != len(sources):
        hint = _why_the_count(lines, sources, empty)
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


def _why_the_count(lines: Sequence[str], sources: Sequence[str], empty: Sequence[int]) -> str:
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
    """Lines and sources, normalised so that spaces do not hide a copy."""
    return zip(map(normalise, lines), map(normalise, sources), strict=True)
