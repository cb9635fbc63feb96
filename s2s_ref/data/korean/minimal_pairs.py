"""Pairs of sentences that differ in one phenomenon."""

import zlib
from collections.abc import Callable
from dataclasses import replace
from random import Random

from s2s_ref.data.korean import lexicon
from s2s_ref.data.korean.constructions import CONSTRUCTIONS
from s2s_ref.data.korean.lexicon import Frame
from s2s_ref.data.korean.pieces import Piece, finish
from s2s_ref.data.korean.realisation import Clause, NounPhrase, say
from s2s_ref.data.korean.sampler import ANIMALS, PATIENCE, SEQUENCE, TIMES, DeadEnd, Sampler
from s2s_ref.data.pairs import Pair

PHENOMENA = ("roles", "negation", "tense", "relative", "number")


def minimal_pairs(
    phenomenon: str, count: int, seed: int = 0, share: float = 1.0
) -> list[tuple[Pair, Pair]]:
    """Draw pairs of sentences that differ in one thing, both in Korean and in English.

    `share` is how much of each list of words is used, as in `generate`.

    - roles: who did it to whom; only the particles differ (개가 고양이를, 개를 고양이가).
    - negation: with or without 안.
    - tense: past or future, in the verb's ending alone.
    - relative: the noun is the subject or the object of its relative clause (의사를 도운 학생,
      의사가 도운 학생).
    - number: one or several, in the numeral alone.

    `generate` never gives these sentences. Raises ValueError for another phenomenon, or where
    `count` pairs do not exist.
    """
    if phenomenon not in PHENOMENA:
        raise ValueError(f"unknown phenomenon {phenomenon!r}: choose from {', '.join(PHENOMENA)}")
    sampler = Sampler(Random(seed), frozenset(CONSTRUCTIONS), share=share)
    found: dict[str, tuple[Pair, Pair]] = {}
    misses = 0
    while len(found) < count:
        misses += 1
        if misses > PATIENCE:
            raise ValueError(
                f"asked for {count} minimal pairs of {phenomenon}, found {len(found)}: "
                "ask for fewer"
            )
        sampler.start()
        try:
            pieces = [say(clause) for clause in _MINIMAL[phenomenon](sampler)]
        except DeadEnd:
            continue
        if all(map(held_out, pieces)):
            first, second = (finish(piece, ".", phenomenon) for piece in pieces)
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


def _two(sampler: Sampler) -> tuple[Frame, NounPhrase, NounPhrase]:
    """Draw a verb and two who could do it to each other."""
    frame = sampler.verb(_MUTUAL)
    if frame.objects[0].kind in ("person", "relation") and "animal" not in frame.flags:
        return frame, sampler.person(), sampler.person()
    one, other = (NounPhrase(sampler.fresh(ANIMALS), sampler.pick(("", "the"))) for _ in range(2))
    return frame, one, other


def _roles(sampler: Sampler) -> tuple[Clause, Clause]:
    frame, one, other = _two(sampler)
    first = Clause(frame, one, "past", object=other, topic=False, time_first=True)
    first.time = sampler.moment(TIMES["past"]) if sampler.chance(0.5) else None
    return first, replace(first, subject=other, object=one, scrambled=True)


def _plain(sampler: Sampler) -> Clause:
    subject = sampler.subject()
    known = bool(subject and subject.definite)
    return sampler.clause(_PLAIN, subject, "past", topic=known)


def _negation(sampler: Sampler) -> tuple[Clause, Clause]:
    first = _plain(sampler)
    sampler.enrich(first, 6, ("time", "place", "modifier"))
    return first, replace(first, negation="안")


def _tense(sampler: Sampler) -> tuple[Clause, Clause]:
    first = _plain(sampler)
    first.time = sampler.moment(_EITHER) if sampler.chance(0.4) else None
    sampler.enrich(first, 6, ("place", "manner", "modifier"))
    return first, replace(first, tense="future")


_EITHER = tuple(time for time in TIMES["past"] if time in TIMES["future"])


def _relative(sampler: Sampler) -> tuple[Clause, Clause]:
    frame, one, other = _two(sampler)
    if one.noun.kind in ("name", "pronoun"):
        raise DeadEnd
    one.determiner = ""
    helped = Clause(frame, None, "past", who="he", object=other, topic=False)
    helped.gap, helped.gap_noun, helped.ending = "subject", one.noun, "that past"
    was_helped = replace(helped, subject=other, object=None, gap="object")
    action = sampler.clause(_ALONE, None, "past")
    sampler.enrich(action, 4, ("place",))
    first = replace(action, subject=replace(one, relative=helped))
    return first, replace(action, subject=replace(one, relative=was_helped))


def _number(sampler: Sampler) -> tuple[Clause, Clause]:
    first = _plain(sampler)
    sampler.enrich(first, 9, ("number",))
    if not first.object or not first.object.count or first.object.definite:
        raise DeadEnd
    sampler.enrich(first, 6, ("time", "modifier", "place"))
    first.object.count = 1
    many = replace(first.object, count=2 + int(sampler.random() * 4))
    return first, replace(first, object=many)


_MINIMAL: dict[str, Callable[[Sampler], tuple[Clause, Clause]]] = {
    "roles": _roles,
    "negation": _negation,
    "tense": _tense,
    "relative": _relative,
    "number": _number,
}


_HELD_OUT_SHARE, _HELD_OUT_LENGTH = 8, 14


def held_out(piece: Piece) -> bool:
    """Whether a short sentence is reserved for minimal pairs, as an eighth of them are.

    Its nouns and verbs decide, in plain English. So both members of a pair are held out together,
    and so are paraphrases.
    """
    if max(len(piece.korean), len(piece.english)) >= _HELD_OUT_LENGTH:
        return False
    content = sorted({word.lemma for word in piece.korean if word.lemma})
    return zlib.crc32(" ".join(content).encode()) % _HELD_OUT_SHARE == 0
