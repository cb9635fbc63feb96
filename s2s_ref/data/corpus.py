"""Sentence pairs by name: built-in corpora, your own files, and downloads.

`load` takes any of them, and `available` lists those that have a name. Korean or French is the
source, English the target.
"""

import difflib
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from s2s_ref.data.files import read_pairs
from s2s_ref.data.korean.generate import generate
from s2s_ref.data.pairs import Pair, words
from s2s_ref.data.toy_tasks import dates, digits, sums, word_order

LONGEST = 40  # words in the longest built-in sentences


class Dataset(NamedTuple):
    """A corpus that has a name, as `s2s data list` shows it."""

    name: str
    what: str
    pairs: str
    licence: str
    source: str


def korean_english(
    count: int,
    seed: int = 0,
    max_len: int | None = None,
    *,
    min_len: int = 2,
    constructions: Iterable[str] | None = None,
    share: float = 1.0,
) -> list[Pair]:
    """Draw Korean sentences with their English, gloss and true alignment, from a grammar.

    All sources are different, and the target is a function of the source.

    Args:
        count: number of pairs.
        seed: the same seed gives the same pairs.
        max_len: most words in a sentence; None for 40, the longest that exist.
        min_len: fewest words in a sentence.
        constructions: only these kinds of sentence, see `korean.generate`.
        share: how much of each list of words is used, 0 to 1; fewer words are learned sooner.
    """
    longest = LONGEST if max_len is None else max_len
    return generate(
        count, seed, min_len=min_len, max_len=longest, constructions=constructions, share=share
    )


def limit_length(pairs: Iterable[Pair], max_len: int, min_len: int = 1) -> list[Pair]:
    """Return the pairs with `min_len` to `max_len` words (`pairs.words`) on both sides."""
    return [
        pair
        for pair in pairs
        if all(min_len <= len(words(side)) <= max_len for side in (pair.src, pair.tgt))
    ]


def references(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    """Return all the different targets of each source, in the order in which they occur.

    BLEU and chrF use them: a translation that matches any reference is right.
    """
    targets: dict[str, dict[str, None]] = {}
    for pair in pairs:
        targets.setdefault(pair.src, {})[pair.tgt] = None
    return {source: list(found) for source, found in targets.items()}


class _BuiltIn(NamedTuple):
    what: str
    pairs: str
    source: str
    make: Callable[[int, int], list[Pair]]
    default: int


_BUILT_IN = {
    "korean-english": _BuiltIn(
        "Korean–English sentences with gloss and true alignment",
        "over 1,000,000",
        "s2s_ref.data.korean.generate",
        korean_english,
        20_000,
    ),
    "word-order": _BuiltIn(
        "three-word Korean–English sentences, verb last and verb second",
        "about 2,000",
        "s2s_ref.data.toy_tasks",
        word_order,
        1000,
    ),
    "digits": _BuiltIn(
        "Korean digits and English digits, same length and order",
        "over 1,000,000",
        "s2s_ref.data.toy_tasks",
        digits,
        5000,
    ),
    "sums": _BuiltIn(
        "additions and their results, by character",
        "about 250,000",
        "s2s_ref.data.toy_tasks",
        sums,
        20_000,
    ),
    "dates": _BuiltIn(
        "written dates and their ISO form, by character",
        "up to 200,000",
        "s2s_ref.data.toy_tasks",
        dates,
        20_000,
    ),
}


def available() -> list[Dataset]:
    """List the corpora that `load` knows by name: the built-in ones, then the downloads."""
    from s2s_ref.data.download import DOWNLOADS

    built_in = [
        Dataset(name, made.what, made.pairs, "MIT, as the course", made.source)
        for name, made in _BUILT_IN.items()
    ]
    fetched = [
        Dataset(entry.name, entry.what, entry.pairs, entry.licence, entry.source)
        for entry in DOWNLOADS.values()
    ]
    return built_in + fetched


def load(
    name_or_path: str | Path, count: int | None = None, seed: int = 0, *, progress: bool = True
) -> list[Pair]:
    """Load the pairs of a corpus, by its name (see `available`) or by the path of a file.

    Args:
        name_or_path: a name; or a file as `read_pairs` takes it.
        count: how many pairs; None for all of a file and a sensible number of a built-in corpus.
            From a file that many are drawn at random, kept in the file's order.
        seed: the same seed gives the same pairs.
        progress: show a progress bar while downloading.

    Raises:
        ValueError: the name is unknown, or the corpus cannot be read (`CorpusError`) or downloaded
            (`DownloadError`).
    """
    from s2s_ref.data.download import DOWNLOADS, download

    name = str(name_or_path)
    if name in _BUILT_IN:
        made = _BUILT_IN[name]
        return made.make(made.default if count is None else count, seed)
    if name in DOWNLOADS:
        pairs = read_pairs(download(name, progress=progress))
    elif isinstance(name_or_path, Path) or _looks_like_path(name):
        pairs = read_pairs(name_or_path)
    else:
        raise ValueError(_unknown_name(name, [*_BUILT_IN, *DOWNLOADS]))
    if count is None or count >= len(pairs):
        return pairs
    chosen = random.Random(f"sample {seed}").sample(range(len(pairs)), count)
    return [pairs[number] for number in sorted(chosen)]


def _looks_like_path(name: str) -> bool:
    return bool(Path(name).suffix) or len(Path(name).parts) > 1 or Path(name).exists()


def _unknown_name(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    return (
        f"There is no corpus called {name!r}.{guess} Choose one of: {', '.join(names)}; or give "
        "the path of a tab-separated file."
    )
