"""Text to ids and back: words, characters or subwords.

The first four ids are the same in every vocabulary: `<pad>` 0, `<bos>` 1, `<eos>` 2, `<unk>` 3.
"""

import json
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from s2s_ref.data.pairs import join_words, normalise, words

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, BOS, EOS, UNK = "<pad>", "<bos>", "<eos>", "<unk>"
SPECIALS = (PAD, BOS, EOS, UNK)
UNITS = ("words", "characters", "subwords")
SUBWORDS = 4000  # size of a subword vocabulary where none is asked for
FORMAT = "s2s vocabulary 1"


class Vocabulary:
    """The tokens that a model knows, each with an id, and the way a text is split into them.

    Units:

    - `words`: the course's word tokeniser, `pairs.words`; punctuation marks are tokens.
    - `characters`: every character is a token, including Hangul syllables and the space.
    - `subwords`: byte-pair encoding (Sennrich et al. 2016, section 3.2): frequent words are whole,
      rare ones in pieces. A piece at the beginning of a word begins with a space.

    Text is normalised first (`normalise`: NFC, single spaces). If every token is known,
    `decode(encode(text))` gives the normalised text for characters and subwords, and
    `join_words(words(text))` for words.
    """

    pad_id, bos_id, eos_id, unk_id = range(4)

    def __init__(
        self, entries: Sequence[str], unit: str, subwords: "Tokenizer | None" = None
    ) -> None:
        """Join the parts of a vocabulary; use `Vocabulary.build` or `Vocabulary.load` instead."""
        self.unit = unit
        self._entries = list(entries)
        # A text that contains "<eos>" must not end there: specials are never looked up.
        self._ids = {
            entry: number for number, entry in enumerate(self._entries) if entry not in SPECIALS
        }
        self._subwords = subwords

    @classmethod
    def build(
        cls,
        texts: Iterable[str],
        unit: str = "words",
        min_count: int = 1,
        max_size: int | None = None,
    ) -> Self:
        """Build the vocabulary of `texts`; the same texts give the same ids.

        Words and characters are sorted by frequency, then by text. Subwords are in the order in
        which they were learned: first the characters, then the merges, the most frequent first.

        Args:
            texts: sentences, usually one side of the training pairs.
            unit: "words", "characters" or "subwords".
            min_count: tokens seen less often are unknown (for subwords: characters and merges).
            max_size: the largest number of entries, including the four special ones; the most
                frequent are kept. The default is no limit, and 4,000 for subwords.

        Raises:
            ValueError: unknown unit, one string instead of a list, no text, or too small a size.
        """
        _check_unit(unit)
        if isinstance(texts, str):
            raise ValueError("Expected a list of sentences, got one string. Write [text] for one.")
        if max_size is not None and max_size <= len(SPECIALS):
            raise ValueError(
                f"max_size={max_size} leaves no room: {len(SPECIALS)} entries are special. "
                "Choose a larger one, or None for no limit."
            )
        cleaned = [normalise(text) for text in texts]
        if not any(cleaned):
            raise ValueError("There is no text to build a vocabulary from: the list is empty.")
        if unit == "subwords":
            tokenizer = _train_subwords(cleaned, min_count, max_size or SUBWORDS)
            return cls(_entries_of(tokenizer), unit, tokenizer)
        cut: Callable[[str], Iterable[str]] = words if unit == "words" else list
        counts = Counter(chain.from_iterable(map(cut, cleaned)))
        return cls((*SPECIALS, *_most_frequent(counts, min_count, max_size)), unit)

    def tokens(self, text: str) -> list[str]:
        """Split `text` into tokens, without special ones.

        Unknown words and characters are returned as they are; among subwords, an unknown character
        is `<unk>`.
        """
        if self._subwords is not None:
            pieces: list[str] = self._subwords.encode(_marked(text)).tokens
            return pieces
        return words(text) if self.unit == "words" else list(normalise(text))

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text` and `eos_id`, without bos; unknown tokens are `unk_id`."""
        if self._subwords is not None:
            return [*self._subwords.encode(_marked(text)).ids, self.eos_id]
        find, unknown = self._ids.get, self.unk_id
        return [*[find(token, unknown) for token in self.tokens(text)], self.eos_id]

    def encode_all(self, texts: Iterable[str]) -> list[list[int]]:
        """Encode many texts, which is faster for subwords."""
        if self._subwords is None:
            return [self.encode(text) for text in texts]
        encoded = self._subwords.encode_batch_fast([_marked(text) for text in texts])
        return [[*pieces.ids, self.eos_id] for pieces in encoded]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids` up to the first eos, without pad and bos; `unk_id` is `<unk>`.

        `ids` can be a tensor with one axis.

        Raises:
            ValueError: an id that the vocabulary does not have.
        """
        pieces = []
        for number in map(int, ids):
            if number == self.eos_id:
                break
            if number not in (self.pad_id, self.bos_id):
                pieces.append(self.token(number))
        if self.unit == "words":
            return join_words(pieces)
        text = "".join(pieces)
        return text.removeprefix(" ") if self.unit == "subwords" else text

    def token(self, number: int) -> str:
        """The token whose id is `number`.

        Raises:
            ValueError: there is no such id.
        """
        if not 0 <= number < len(self._entries):
            raise ValueError(
                f"There is no token with id {number}: ids run from 0 to {len(self._entries) - 1}. "
                "Was the text encoded with another vocabulary?"
            )
        return self._entries[number]

    def token_id(self, token: str) -> int:
        """The id of `token`, a special token too; `unk_id` where it is unknown."""
        if token in SPECIALS:
            return SPECIALS.index(token)
        return self._ids.get(token, self.unk_id)

    def save(self, path: str | Path) -> None:
        """Write the vocabulary as JSON; the same vocabulary gives the same bytes."""
        content: dict[str, Any] = {"format": FORMAT, "unit": self.unit}
        if self._subwords is None:
            content["entries"] = self._entries
        else:
            content["subwords"] = json.loads(self._subwords.to_str())
        text = json.dumps(content, ensure_ascii=False, indent=1)
        Path(path).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        Raises:
            ValueError: the file is missing or is not a vocabulary.
        """
        content = _read_saved(Path(path))
        try:
            _check_unit(content["unit"])
            if content["unit"] == "subwords":
                tokenizer = _tokenizer_from(json.dumps(content["subwords"]))
                return cls(_entries_of(tokenizer), "subwords", tokenizer)
            entries = content["entries"]
            if tuple(entries[:4]) != SPECIALS or len(set(entries)) != len(entries):
                raise KeyError("entries")
            return cls(entries, content["unit"])
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"{path} is a damaged vocabulary file ({error}). Build the vocabulary again and "
                "save it."
            ) from error

    def __len__(self) -> int:
        """Count the entries, including the special ones."""
        return len(self._entries)

    def __contains__(self, token: object) -> bool:
        """Whether `token` has an id; special tokens do."""
        return token in self._ids or token in SPECIALS

    def __eq__(self, other: object) -> bool:
        """Whether both give every text the same tokens and ids."""
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return (self.unit, self._entries, self._merges()) == (
            other.unit,
            other._entries,
            other._merges(),
        )

    def __repr__(self) -> str:
        """Unit and size."""
        return f"Vocabulary({self.unit}, {len(self):,} entries)"

    def _merges(self) -> str | None:
        return None if self._subwords is None else self._subwords.to_str()


def to_jamo(text: str) -> str:
    """Write Hangul syllables as their letters (jamo) in a row: 갔어요 becomes ㄱㅏㅆㅇㅓㅇㅛ.

    An ending that Korean writes into the last syllable of a stem, such as the ㅆ of the past, is
    then a piece of its own.
    """
    jamo = unicodedata.normalize("NFD", text).translate(_compatibility_jamo())
    return unicodedata.normalize("NFC", jamo)  # of what is not Hangul


@cache
def _compatibility_jamo() -> dict[int, str]:
    """Map the jamo of which NFD composes a syllable to those that stand alone."""
    parts = chain(range(0x1100, 0x1113), range(0x1161, 0x1176), range(0x11A8, 0x11C3))
    names = {code: unicodedata.name(chr(code)).split(maxsplit=2)[2] for code in parts}
    return {code: unicodedata.lookup(f"HANGUL LETTER {name}") for code, name in names.items()}


def _check_unit(unit: str) -> None:
    if unit not in UNITS:
        raise ValueError(f"Unknown unit {unit!r}. Choose one of: {', '.join(UNITS)}.")


def _most_frequent(counts: Counter[str], min_count: int, max_size: int | None) -> list[str]:
    """Sort entries by frequency, then by text, and keep as many as fit with the special ones."""
    kept = [
        token for token, count in counts.items() if count >= min_count and token not in SPECIALS
    ]
    kept.sort(key=lambda token: (-counts[token], token))
    return kept if max_size is None else kept[: max_size - len(SPECIALS)]


def _marked(text: str) -> str:
    """Put a space before every word, including the first, so that it is the same piece anywhere."""
    text = normalise(text)
    return f" {text}" if text else ""


def _train_subwords(texts: list[str], min_count: int, max_size: int) -> "Tokenizer":
    """Learn byte-pair merges on characters with the `tokenizers` library."""
    tokenizers = _tokenizers()
    from tokenizers import models, pre_tokenizers, trainers

    counts = Counter(chain.from_iterable(map(_marked, texts)))
    known = set(_most_frequent(counts, min_count, max_size))
    # The trainer accepts every character it sees, so rare ones are removed beforehand.
    without_rare = {ord(char): " " for char in counts if char not in known}
    tokenizer = tokenizers.Tokenizer(models.BPE(unk_token=UNK))
    pattern = r" ?[\p{L}\p{M}'’]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}'’]+"
    tokenizer.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(pattern), "isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=max_size,
        min_frequency=min_count,
        special_tokens=list(SPECIALS),
        show_progress=False,
    )
    tokenizer.train_from_iterator(
        (_marked(text.translate(without_rare)) for text in texts), trainer=trainer
    )
    return _tokenizer_from(tokenizer.to_str())


def _tokenizer_from(serialised: str) -> "Tokenizer":
    """Make a tokenizer from its JSON; raises KeyError if it is not one."""
    try:
        tokenizer: Tokenizer = _tokenizers().Tokenizer.from_str(serialised)
    except Exception as error:  # the library raises no narrower type
        raise KeyError("subwords") from error
    tokenizer.encode_special_tokens = True  # a text's "<eos>" is text
    return tokenizer


def _tokenizers() -> Any:
    # Its threads do not survive a fork, and graded notebooks are forked. One thread is fast enough.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import tokenizers

    return tokenizers


def _entries_of(tokenizer: "Tokenizer") -> list[str]:
    ids = tokenizer.get_vocab()
    return sorted(ids, key=ids.__getitem__)


def _read_saved(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read ({error.strerror}). Check the path, or build the vocabulary "
            "again and save it."
        ) from error
    except ValueError as error:
        raise ValueError(f"{path} is not JSON, so it is not a saved vocabulary.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(
            f'{path} is not a vocabulary of this version: expected "format": "{FORMAT}". Build '
            "the vocabulary again and save it."
        )
    return content
