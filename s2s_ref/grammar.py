"""The built-in Korean-English corpus: sentences drawn from rules, with their true alignment.

Korean puts the verb last and modifiers before the noun, English does not, so every limit of a
translation model is visible. The English is a function of the Korean: a source has one target.
"""

import gc
import itertools
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import Literal, NamedTuple

from s2s_ref import lexicon
from s2s_ref.clauses import Clause, I, NounPhrase, Piece, copula, fixed, loosely, noun_phrase, say
from s2s_ref.drawing import ANIMALS, SEQUENCE, TIMES, DeadEnd, Drawer
from s2s_ref.lexicon import Frame
from s2s_ref.sentences import CONSTRUCTIONS, KINDS, sentence

__all__ = [
    "CONSTRUCTIONS",
    "DIGITS",
    "MASCOTS",
    "PHENOMENA",
    "Links",
    "Pair",
    "digits",
    "generate",
    "join_words",
    "length",
    "minimal_pairs",
    "word_order",
    "words",
]

Links = tuple[tuple[int, int], ...]


class Pair(NamedTuple):
    """A Korean sentence and its English translation.

    `gloss` has one English gloss for each word token of `src`. `sure` and `possible` are the
    gold alignment: links (index in `words(src)`, index in `words(tgt)`). Possible links are for
    articles, auxiliaries and what Korean says with an ending; they exclude the sure ones
    (Och and Ney 2003, section 5). `construction` names the constructions used, joined by "+".
    `combinations` are the (Korean verb, Korean noun) pairs of a verb and its object.
    """

    src: str
    tgt: str
    gloss: tuple[str, ...] = ()
    sure: Links = ()
    possible: Links = ()
    construction: str = ""
    attribution: str = ""
    combinations: tuple[tuple[str, str], ...] = ()


_QUOTES = "\"'“”‘’«»"
_EDGES = re.compile(rf"([.,?!{_QUOTES}]*)(.*?)([.,?!{_QUOTES}]*)", re.DOTALL)
_OPENING, _CLOSING = set("“‘«"), set(".,?!”’»")


def words(text: str) -> list[str]:
    """Cut a sentence into word tokens, the course's only way to do so.

    The text is brought to Unicode's NFC and cut at spaces of any kind; then full stops, commas,
    question and exclamation marks and quotes at the edges of a word become tokens of their own.
    Inside a word they stay: "don't", "3.5".
    """
    tokens: list[str] = []
    for chunk in unicodedata.normalize("NFC", text).split():
        if chunk.isalnum():
            tokens.append(chunk)
            continue
        match = _EDGES.fullmatch(chunk)
        assert match is not None  # the pattern matches any text
        before, word, after = match.groups()
        tokens += [*before, word, *after] if word else [*before, *after]
    return tokens


def join_words(tokens: Sequence[str]) -> str:
    """Write word tokens as a sentence, the inverse of `words` for normalised text."""
    text, glued = "", True
    open_quotes: set[str] = set()
    for token in tokens:
        opens = token in _OPENING
        closes = token in _CLOSING
        if token in ("'", '"'):  # the same sign opens and closes: they take turns
            opens, closes = token not in open_quotes, token in open_quotes
            open_quotes ^= {token}
        text += token if glued or closes else " " + token
        glued = opens
    return text


DIGITS = {
    "공": "zero",
    "일": "one",
    "이": "two",
    "삼": "three",
    "사": "four",
    "오": "five",
    "육": "six",
    "칠": "seven",
    "팔": "eight",
    "구": "nine",
}


def digits(count: int, seed: int = 0, min_len: int = 3, max_len: int = 8) -> list[Pair]:
    """Draw distinct digit strings as they are read aloud in a phone number.

    Source and target have the same length (uniform from `min_len` to `max_len` words) and the
    same order: 공 일 이, zero one two. Raises ValueError where `count` strings do not exist.
    """
    if not 1 <= min_len <= max_len:
        raise ValueError(f"expected 1 <= min_len <= max_len, got {min_len} and {max_len}")
    available = sum(10**length for length in range(min_len, max_len + 1))
    if count > available:
        raise ValueError(
            f"asked for {count} distinct digit strings, but {min_len} to {max_len} digits give "
            f"only {available}: ask for fewer or raise max_len"
        )
    rng, drawn = Random(seed), dict[tuple[str, ...], None]()
    korean = list(DIGITS)
    while len(drawn) < count:
        drawn[tuple(rng.choices(korean, k=rng.randint(min_len, max_len)))] = None
    return [_same_order(string, [DIGITS[digit] for digit in string], "digits") for string in drawn]


def word_order(
    count: int, seed: int = 0, order: Literal["english", "korean"] = "english"
) -> list[Pair]:
    """Draw distinct three-word sentences: 저는 책을 샀어요, I bought books.

    Every verb fits every object, so neither gives the other away. With `order="korean"` the
    English words stand in Korean order (I books bought), as a control. The same seed draws the
    same sentences in both orders. Raises ValueError for another order, or where `count`
    sentences do not exist.
    """
    if order not in ("english", "korean"):
        raise ValueError(f'expected order "english" or "korean", got {order!r}')
    every = list(
        itertools.product(lexicon.ORDER_SUBJECTS, lexicon.ORDER_OBJECTS, lexicon.ORDER_VERBS)
    )
    if count > len(every):
        raise ValueError(
            f"asked for {count} sentences, but the world has only {len(every)}: ask for fewer"
        )
    Random(seed).shuffle(every)
    pairs = []
    for subject, thing, verb in every[:count]:
        english = [subject[1], thing[1], verb[1]]
        gloss = (f"{subject[1]}-TOP", f"{thing[1]}-OBJ", verb[1])
        pair = _same_order((subject[0], thing[0], verb[0]), english, "word_order", gloss)
        if order == "english":
            target = " ".join([subject[1], verb[1], thing[1]])
            pair = pair._replace(tgt=target, sure=((0, 0), (1, 2), (2, 1)))
        pairs.append(pair)
    return pairs


def _same_order(
    korean: Iterable[str],
    english: Sequence[str],
    construction: str,
    gloss: Sequence[str] = (),
) -> Pair:
    """Build a pair whose words correspond one to one, in order."""
    sure = tuple((place, place) for place in range(len(english)))
    source, target = " ".join(korean), " ".join(english)
    return Pair(source, target, tuple(gloss or english), sure, (), construction)


# --------------------------------------------------------------------------------------------
# The public interface
# --------------------------------------------------------------------------------------------


def _finish(piece: Piece, mark: str, construction: str) -> Pair:
    """Write a piece as a pair: capital letter, mark, links by index."""
    korean, english = piece
    for place, word in enumerate(korean):
        word.at = place
    sure: list[tuple[int, int]] = []
    possible: list[tuple[int, int]] = []
    for place, (_, certain, perhaps) in enumerate(english):
        for word in certain:
            sure.append((word.at, place))
        for word in perhaps:
            possible.append((word.at, place))
    sure.append((len(korean), len(english)))
    sure.sort()
    possible.sort()
    target = " ".join([word[0] for word in english]).replace(" ,", ",")
    return Pair(
        " ".join([word.text for word in korean]) + mark,
        target[0].upper() + target[1:] + mark,
        (*[word.gloss for word in korean], mark),
        tuple(sure),
        tuple(possible),
        construction,
        combinations=tuple([use for word in korean for use in word.uses]),
    )


def length(pair: Pair) -> int:
    """Count the word tokens of the longer side."""
    return max(len(words(pair.src)), len(words(pair.tgt)))


_HELD_OUT_SHARE, _HELD_OUT_LENGTH = 8, 14


def _held_out(piece: Piece) -> bool:
    """Whether minimal pairs own the short sentences with these nouns and verbs (an eighth).

    The words decide, in English: so both members of a pair are held out, and paraphrases too.
    """
    if max(len(piece.korean), len(piece.english)) >= _HELD_OUT_LENGTH:
        return False
    content = sorted({word.lemma for word in piece.korean if word.lemma})
    return zlib.crc32(" ".join(content).encode()) % _HELD_OUT_SHARE == 0


_LONGEST_SCRAMBLED = 20  # beyond this hardly any sentence of one main clause comes out
_TRIES = 8  # at one length, so that what is easy to draw does not crowd out the rest
_PATIENCE = 5_000  # draws without a new sentence


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles among sentences that have none, again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():  # nobody else has frozen anything
                # then all these sentences count as old, and are not looked through at once
                gc.freeze()
                gc.unfreeze()
            gc.enable()


@_collector_paused()
def generate(
    count: int,
    seed: int = 0,
    *,
    min_len: int = 2,
    max_len: int = 40,
    scrambled: float = 0.12,
    canonical: bool = False,
    constructions: Iterable[str] | None = None,
    share: float = 1.0,
) -> list[Pair]:
    """Draw `count` pairs with distinct sources; the same arguments give the same pairs.

    A pair's length is that of its longer side in word tokens, the mark at the end included
    (`length`). The length aimed at is uniform from `min_len` to `max_len`, and none is outside:
    ask for a length bin with both. About `scrambled` of the sentences have their object before
    the subject (none where `min_len` is above 20). `constructions` limits what is used to names
    of `CONSTRUCTIONS`. `share`, from 0 to 1, is how much of each list of words is used: a smaller
    vocabulary is learned sooner. `canonical` is for English to Korean: one word order, one
    negation, no dropped pronouns.

    The mascots never come, nor the short sentences that `minimal_pairs` may give. For a split by
    unseen combinations hold out some of the `Pair.combinations`: train on the pairs with none
    of them, test on those with at least one.

    Raises ValueError for impossible lengths or unknown constructions, and where the limits leave
    fewer than `count` sentences.
    """
    allowed = _check_limits(min_len, max_len, scrambled, share, constructions)
    rng = Random(seed)
    drawer = Drawer(rng, allowed, canonical, share)
    mascots = {pair.tgt for pair in MASCOTS}
    mixing = 0.0 if canonical or min_len > _LONGEST_SCRAMBLED else scrambled
    found: dict[str, Pair] = {}
    goal, mixed, tries, misses = 0, False, 0, 0
    while len(found) < count:
        if tries == 0:
            goal, mixed = rng.randint(min_len, max_len), rng.random() < mixing
            tries = _TRIES
        tries, misses = tries - 1, misses + 1
        if misses > _PATIENCE:
            raise ValueError(
                f"asked for {count} sentences, found {len(found)} within the limits: ask for "
                "fewer, or widen min_len, max_len or constructions"
            )
        try:
            piece, mark = sentence(drawer, goal, mixed)
        except DeadEnd:
            continue
        long = max(len(piece.korean), len(piece.english)) + 1
        if not min_len <= long <= max_len or _held_out(piece):
            continue
        pair = _finish(piece, mark, "+".join(sorted(drawer.features)))
        if pair.src not in found and pair.tgt not in mascots:
            found[pair.src] = pair
            tries = misses = 0
    return list(found.values())


def _check_limits(
    min_len: int,
    max_len: int,
    scrambled: float,
    share: float,
    constructions: Iterable[str] | None,
) -> frozenset[str]:
    """Refuse what no sentence can have; give the constructions allowed."""
    if not 1 <= min_len <= max_len or max_len < 3:
        raise ValueError(
            f"expected 1 <= min_len <= max_len and max_len >= 3, got {min_len} and {max_len}"
        )
    if not 0 <= scrambled <= 1:
        raise ValueError(f"expected scrambled between 0 and 1, got {scrambled}")
    if not 0 < share <= 1:
        raise ValueError(f"expected share above 0 and at most 1, got {share}")
    names = frozenset(CONSTRUCTIONS if constructions is None else constructions)
    if unknown := sorted(names - set(CONSTRUCTIONS)):
        raise ValueError(f"unknown constructions {unknown}: choose from {', '.join(CONSTRUCTIONS)}")
    return names if names & set(KINDS) else names | {"statement"}


# --------------------------------------------------------------------------------------------
# Minimal pairs
# --------------------------------------------------------------------------------------------

PHENOMENA = ("roles", "negation", "tense", "relative", "number")


def minimal_pairs(
    phenomenon: str, count: int, seed: int = 0, share: float = 1.0
) -> list[tuple[Pair, Pair]]:
    """Draw pairs of sentences that differ in one thing, in Korean and in English alike.

    `share` is how much of each list of words is used, as in `generate`.

    - roles: who did it to whom; only the particles differ (개가 고양이를, 개를 고양이가).
    - negation: 안 or nothing. tense: past or future, in the verb's ending alone.
    - relative: the noun does it, or it is done to the noun (의사를 도운 학생, 의사가 도운 학생).
    - number: one or several, in the numeral alone.

    `generate` never gives these sentences. Raises ValueError for another phenomenon, or where
    `count` pairs do not exist.
    """
    if phenomenon not in PHENOMENA:
        raise ValueError(f"unknown phenomenon {phenomenon!r}: choose from {', '.join(PHENOMENA)}")
    drawer = Drawer(Random(seed), frozenset(CONSTRUCTIONS), share=share)
    found: dict[str, tuple[Pair, Pair]] = {}
    misses = 0
    while len(found) < count:
        misses += 1
        if misses > _PATIENCE:
            raise ValueError(
                f"asked for {count} minimal pairs of {phenomenon}, found {len(found)}: "
                "ask for fewer"
            )
        drawer.start()
        try:
            pieces = [say(clause) for clause in _MINIMAL[phenomenon](drawer)]
        except DeadEnd:
            continue
        if all(map(_held_out, pieces)):
            first, second = (_finish(piece, ".", phenomenon) for piece in pieces)
            if first.src not in found:
                found[first.src], misses = (first, second), 0
    return list(found.values())


_MUTUAL = tuple(
    frame
    for frame in lexicon.FRAMES
    if frame.lemma in lexicon.word_set("돕다 부르다 기다리다 찾다 초대하다 쫓다 물다 보다")
    and {noun.kind for noun in frame.objects} & {"person", "pet"}
)
_ALONE_LEMMAS = lexicon.word_set(
    "웃다 울다 자다 뛰다 쉬다 걷다 일하다 수영하다 운동하다 산책하다 춤추다"
)
_ALONE = tuple(frame for frame in lexicon.FRAMES if frame.lemma in _ALONE_LEMMAS)
_PLAIN = tuple(frame for frame in SEQUENCE if not frame.flags & {"to", "dest"})


def _two(drawer: Drawer) -> tuple[Frame, NounPhrase, NounPhrase]:
    """Draw a verb and two who could do it to each other."""
    frame = drawer.verb(_MUTUAL)
    if frame.objects[0].kind in ("person", "relation") and "animal" not in frame.flags:
        return frame, drawer.person(), drawer.person()
    one, other = (NounPhrase(drawer.fresh(ANIMALS), drawer.pick(("", "the"))) for _ in range(2))
    return frame, one, other


def _roles(drawer: Drawer) -> tuple[Clause, Clause]:
    frame, one, other = _two(drawer)
    first = Clause(frame, one, "past", object=other, topic=False, time_first=True)
    first.time = drawer.moment(TIMES["past"]) if drawer.chance(0.5) else None
    return first, replace(first, subject=other, object=one, scrambled=True)


def _plain(drawer: Drawer) -> Clause:
    subject = drawer.subject()
    known = bool(subject and subject.definite)
    return drawer.clause(_PLAIN, subject, "past", topic=known)


def _negation(drawer: Drawer) -> tuple[Clause, Clause]:
    first = _plain(drawer)
    drawer.enrich(first, 6, ("time", "place", "modifier"))
    return first, replace(first, negation="안")


def _tense(drawer: Drawer) -> tuple[Clause, Clause]:
    first = _plain(drawer)
    first.time = drawer.moment(_EITHER) if drawer.chance(0.4) else None
    drawer.enrich(first, 6, ("place", "manner", "modifier"))
    return first, replace(first, tense="future")


_EITHER = tuple(time for time in TIMES["past"] if time in TIMES["future"])


def _relative(drawer: Drawer) -> tuple[Clause, Clause]:
    frame, one, other = _two(drawer)
    if one.noun.kind in ("name", "pronoun"):
        raise DeadEnd
    one.determiner = ""
    helped = Clause(frame, None, "past", who="he", object=other, topic=False)
    helped.gap, helped.gap_noun, helped.ending = "subject", one.noun, "that past"
    was_helped = replace(helped, subject=other, object=None, gap="object")
    action = drawer.clause(_ALONE, None, "past")
    drawer.enrich(action, 4, ("place",))
    first = replace(action, subject=replace(one, relative=helped))
    return first, replace(action, subject=replace(one, relative=was_helped))


def _number(drawer: Drawer) -> tuple[Clause, Clause]:
    first = _plain(drawer)
    drawer.enrich(first, 9, ("number",))
    if not first.object or not first.object.count or first.object.definite:
        raise DeadEnd
    drawer.enrich(first, 6, ("time", "modifier", "place"))
    first.object.count = 1
    many = replace(first.object, count=2 + int(drawer.random() * 4))
    return first, replace(first, object=many)


_MINIMAL: dict[str, Callable[[Drawer], tuple[Clause, Clause]]] = {
    "roles": _roles,
    "negation": _negation,
    "tense": _tense,
    "relative": _relative,
    "number": _number,
}


# --------------------------------------------------------------------------------------------
# The mascots
# --------------------------------------------------------------------------------------------


def _mascots() -> Iterator[Pair]:
    noun, frames = lexicon.NOUNS, {(f.lemma, f.english): f for f in reversed(lexicon.FRAMES)}
    friend, yesterday = NounPhrase(noun["친구"], "my"), lexicon.TIMES[0]
    yield _finish(copula(NounPhrase(I), NounPhrase(noun["학생"]), False, False), ".", "copula")
    dog, cat = NounPhrase(noun["개"]), NounPhrase(noun["고양이"])
    chased = Clause(frames["쫓다", "chase"], dog, "past", object=cat, topic=False)
    yield _finish(say(chased), ".", "statement")
    drank = Clause(frames["마시다", "drink"], friend, "past", object=NounPhrase(noun["커피"]))
    drank.negation, drank.time = "안", yesterday
    yield _finish(say(drank), ".", "negation+statement")
    books = NounPhrase(noun["책"], count=2)
    read = Clause(frames["읽다", "read"], None, "past", object=books, place=lexicon.PLACES["집"])
    who = noun_phrase(NounPhrase(lexicon.PEOPLE["민수"]), "topic")
    rain, main = fixed(lexicon.REASONS[0]), say(read, "shared")
    because = loosely(["because"], rain.korean[-1])
    rained = Piece(
        who.korean + rain.korean + main.korean,
        who.english + main.english + because + rain.english,
    )
    yield _finish(rained, ".", "because+number+statement")
    borrowed = Clause(frames["빌리다", "borrow"], friend, "past", gap="object", topic=False)
    borrowed.gap_noun, borrowed.ending = noun["책"], "that past"
    borrowed.place = lexicon.PLACES["도서관"]
    book = NounPhrase(noun["책"], relative=borrowed)
    last = Clause(frames["읽다", "read"], NounPhrase(I), "past", object=book, time=yesterday)
    last.front_time = True
    yield _finish(say(last), ".", "relative+statement")


MASCOTS: tuple[Pair, ...] = tuple(_mascots())
"""Five sentences of growing difficulty, translated by the model of every lesson; all held out."""
