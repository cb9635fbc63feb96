"""Five sentences that return in every lesson."""

from collections.abc import Iterator

from s2s_ref.data.korean import lexicon
from s2s_ref.data.korean.pieces import Piece, finish, fixed, loosely
from s2s_ref.data.korean.realisation import Clause, I, NounPhrase, copula, noun_phrase, say
from s2s_ref.data.pairs import Pair


def _mascots() -> Iterator[Pair]:
    noun, frames = lexicon.NOUNS, {(f.lemma, f.english): f for f in reversed(lexicon.FRAMES)}
    friend, yesterday = NounPhrase(noun["친구"], "my"), lexicon.TIMES[0]
    yield finish(copula(NounPhrase(I), NounPhrase(noun["학생"]), False, False), ".", "copula")
    dog, cat = NounPhrase(noun["개"]), NounPhrase(noun["고양이"])
    chased = Clause(frames["쫓다", "chase"], dog, "past", object=cat, topic=False)
    yield finish(say(chased), ".", "statement")
    drank = Clause(frames["마시다", "drink"], friend, "past", object=NounPhrase(noun["커피"]))
    drank.negation, drank.time = "안", yesterday
    yield finish(say(drank), ".", "negation+statement")
    books = NounPhrase(noun["책"], count=2)
    read = Clause(frames["읽다", "read"], None, "past", object=books, place=lexicon.PLACES["집"])
    who = noun_phrase(NounPhrase(lexicon.PEOPLE["민수"]), "topic")
    rain, main = fixed(lexicon.REASONS[0]), say(read, "shared")
    because = loosely(["because"], rain.korean[-1])
    rained = Piece(
        who.korean + rain.korean + main.korean, who.english + main.english + because + rain.english
    )
    yield finish(rained, ".", "because+number+statement")
    borrowed = Clause(frames["빌리다", "borrow"], friend, "past", gap="object", topic=False)
    borrowed.gap_noun, borrowed.ending = noun["책"], "that past"
    borrowed.place = lexicon.PLACES["도서관"]
    book = NounPhrase(noun["책"], relative=borrowed)
    last = Clause(frames["읽다", "read"], NounPhrase(I), "past", object=book, time=yesterday)
    last.front_time = True
    yield finish(say(last), ".", "relative+statement")


MASCOTS: tuple[Pair, ...] = tuple(_mascots())
"""Five sentences of growing difficulty, translated by the model of every lesson; all held out."""
