"""How clauses and noun phrases are said in both languages at once.

A clause is drawn once (`Clause`, `NounPhrase`) and said by short functions, one for each
construction. Each gives a `Piece`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, NamedTuple

from s2s_ref.data.korean import lexicon
from s2s_ref.data.korean.inflection import (
    FINAL_FORMS,
    FUNCTION_WORDS,
    LINKING_FORMS,
    PARTICLES,
    article,
    attach,
    english_verb,
    verb_gloss,
)
from s2s_ref.data.korean.lexicon import Adjective, Frame, Noun, Phrase, Place
from s2s_ref.data.korean.pieces import English, Piece, Word, fixed, linked, loosely

I = Noun("저", ("I",), ("me",), "pronoun", "mass")  # noqa: E741 - it is the English word
WHO = Noun("누구", ("who",), ("who",), "pronoun", "mass")
WHAT = Noun("무엇", ("what",), ("what",), "pronoun", "mass")


@dataclass(slots=True)
class NounPhrase:
    """A noun and its modifiers. `owner` is a name (Minsu's); `first` begins a list."""

    noun: Noun
    determiner: Literal["", "the", "this", "my"] = ""
    owner: Noun | None = None
    adjective: Adjective | None = None
    count: int = 0
    relative: "Clause | None" = None
    first: tuple[Noun, ...] = ()
    the: bool = False  # play *the* piano

    @property
    def who(self) -> str:
        """The agreement of the English verb: I, he or they."""
        if self.noun is I:
            return "I"
        many = self.count > 1 or self.first or self.noun.number == "plural"
        return "they" if many else "he"

    @property
    def definite(self) -> bool:
        """Whether the listener knows which one: such a subject may be a topic."""
        known = self.determiner or self.owner or self.relative
        return bool(known) or self.noun.kind in ("name", "pronoun")


_DETERMINERS = {"the": ("그", "the"), "this": ("이", "this"), "my": ("제", "my")}
_NUMERALS = [("", ""), *lexicon.NUMERALS.items()]


def noun_phrase(phrase: NounPhrase, particle: str) -> Piece:
    """Say a noun phrase with its particle at the end."""
    if phrase.first:
        return _listed(phrase, particle)
    if phrase.noun.kind == "name":
        return _named(phrase.noun, particle)
    korean, english = _determined(phrase)
    after: list[English] = []
    if phrase.relative:
        phrase.relative.who = phrase.who if phrase.relative.gap == "subject" else "I"
        before, after = _relative_clause(phrase.relative)
        korean += before
    inner: list[English] = []
    if phrase.adjective:
        korean.append(Word(phrase.adjective.korean, phrase.adjective.english))
        inner = linked([phrase.adjective.english], korean[-1])
    inner_korean, noun_english = _counted(phrase, particle, inner)
    korean += inner_korean
    head = inner_korean[0]
    if not english and phrase.noun.kind != "pronoun":
        english = _article(phrase, noun_english[0][0], head)
    return Piece(korean, english + noun_english + after)


def _determined(phrase: NounPhrase) -> tuple[list[Word], list[English]]:
    """Say the determiner or the owner."""
    if phrase.owner:
        name = _named(phrase.owner, "of")
        text, sure, possible = name.english[0]
        return name.korean, [(f"{text}'s", sure, possible)]
    if not phrase.determiner:
        return [], []
    korean, english = _DETERMINERS[phrase.determiner]
    if english == "this" and phrase.who == "they":
        english = "these"
    word = Word(korean, english)
    return [word], linked([english], word)


@cache
def _noun(noun: Noun, particle: str) -> tuple[str, str, str]:
    """The noun with its particle, its gloss, and its plain English."""
    english = ".".join(noun.singular)
    lemma = "" if noun.kind == "pronoun" else english  # a dropped pronoun changes nothing
    return attach(noun.korean, particle), english + PARTICLES[particle][2], lemma


def _counted(
    phrase: NounPhrase, particle: str, inner: list[English]
) -> tuple[list[Word], list[English]]:
    """Say noun, numeral and counter; in English the adjective `inner` stands before the noun."""
    noun, count = phrase.noun, phrase.count
    if not count:
        head = Word(*_noun(noun, particle))
        object_form = noun.kind == "pronoun" and particle in ("object", "to")
        return [head], inner + linked(noun.plural if object_form else noun.singular, head)
    numeral, number = _NUMERALS[count]
    head, many = Word(*_noun(noun, "")), Word(numeral, number)
    gloss = (noun.measure or "COUNTER") + PARTICLES[particle][2]
    counter = Word(attach(noun.counter, particle), gloss)
    korean, english = [head, many, counter], linked([number], many)
    if noun.measure:
        plural = noun.measure + ("es" if noun.measure.endswith("s") else "s")
        english += linked([noun.measure if count == 1 else plural], counter)
        return korean, english + loosely(["of"], counter) + inner + linked(noun.plural, head)
    name = noun.singular if count == 1 else noun.plural
    return korean, english + inner + [(text, (head,), (counter,)) for text in name]


def _article(phrase: NounPhrase, following: str, head: Word) -> list[English]:
    """Choose the article of a noun phrase that has no determiner."""
    if phrase.relative or phrase.the:
        return loosely(["the"], head)
    if phrase.count or phrase.noun.number != "count":
        return []
    return loosely([article(following)], head)


def _named(name: Noun, particle: str) -> Piece:
    """Say a person's name with 씨."""
    first = Word(name.korean, name.singular[0], name.singular[0])
    title = Word(attach("씨", particle), "Mx." + PARTICLES[particle][2])
    return Piece([first, title], [(name.singular[0], (first,), (title,))])


def _listed(phrase: NounPhrase, particle: str) -> Piece:
    """Say a list: 사과와 빵과 우유를, *an apple, bread, and milk*."""
    last = replace(phrase, first=())
    parts = [noun_phrase(replace(last, noun=noun), "and") for noun in phrase.first]
    korean = [word for part in parts for word in part.korean]
    english: list[English] = []
    for part in parts:
        comma = loosely([","], part.korean[-1]) if len(parts) > 1 else []
        english += part.english + comma
    end = noun_phrase(last, particle)
    english += loosely(["and"], korean[-1]) + end.english
    return Piece(korean + end.korean, english)


def _place_phrase(
    place: Place, particle: str, preposition: str, clause: "Clause | None" = None
) -> Piece:
    """Say where: 도서관에서, *at the library*; 집에, *home*."""
    inside = _relative_clause(clause) if clause else Piece([], [])
    head = Word(attach(place.korean, particle), ".".join(place.english) + PARTICLES[particle][2])
    front = (
        [preposition] if preposition and not (place.korean == "집" and preposition == "to") else []
    )
    the = "the" if clause else place.article
    front += [article(place.english[0])] if the == "a" else [the] if the else []
    return Piece(
        [*inside.korean, head], loosely(front, head) + linked(place.english, head) + inside.english
    )


@dataclass(slots=True)
class Clause:
    """Who does what to whom, where and when; drawn once, and said in both languages."""

    frame: Frame
    subject: NounPhrase | None  # None: dropped, the English pronoun is `who`
    tense: str
    who: str = "I"
    object: NounPhrase | None = None
    goal: NounPhrase | Place | None = None
    place: Place | None = None
    place_clause: "Clause | None" = None
    purpose: "Clause | None" = None
    manner: Phrase | None = None
    tool: Noun | None = None
    means: Phrase | None = None
    companion: NounPhrase | None = None
    time: Phrase | None = None
    asked: Phrase | None = None  # where, when or why
    negation: Literal["", "안", "지", "못"] = ""
    ending: str = ""  # a key of LINKING_FORMS, or nothing at the end of the sentence
    gap: Literal["", "subject", "object", "place"] = ""
    gap_noun: Noun | None = None
    topic: bool = True
    scrambled: bool = False
    time_first: bool = False  # before the subject in Korean; in English still last
    front_time: bool = False  # both languages say the time first

    @property
    def heavy(self) -> bool:
        """Whether a relative clause stands after the subject; then no adjunct may go before it."""
        if self.object is not None and self.object.relative is not None:
            return True
        return self.place_clause is not None or self.purpose is not None


class Predicate(NamedTuple):
    """The Korean verb group, and which of its words says what."""

    korean: list[Word]
    verb: Word
    negation: Word
    auxiliary: Word
    light: tuple[Word, ...] = ()  # 했어요 in 공부 안 했어요
    also: tuple[Word, ...] = ()  # 수 in 할 수 있어요


def predicate(clause: Clause) -> Predicate:
    """Say the Korean verb group: 안 샀어요, 사고 있어요, 산 후에."""
    frame, tag = clause.frame, ""
    if clause.ending:
        form, gloss_form, tag, helpers = LINKING_FORMS[clause.ending]
    else:
        form, gloss_form, helpers = FINAL_FORMS[clause.tense, clause.negation == "지"]
    if gloss_form == "ing" and "state" in frame.flags:
        gloss_form = "base"
    gloss, lemma = verb_gloss(frame.english, frame.tail, gloss_form)
    verb = negation = auxiliary = Word(frame.forms[form], gloss + tag, lemma)
    korean = [verb]
    light: tuple[Word, ...] = ()
    also: tuple[Word, ...] = ()
    if clause.negation in ("안", "못"):
        negation = Word(clause.negation, "not" if clause.negation == "안" else "cannot")
        if frame.lemma in lexicon.SEPARABLE:
            done = Word(verb.text[len(frame.lemma) - 2 :], "do" + tag)
            verb.text, light = frame.lemma[:-2], (done,)
            korean = [verb, negation, done]
        else:
            korean = [negation, verb]
    for text, word_gloss, role in helpers:
        word = Word(text, word_gloss)
        korean.append(word)
        negation = word if "not" in role else negation
        auxiliary = word if "aux" in role else auxiliary
        also = (word,) if role == "also" else also
    verb.uses = _combinations(clause)
    return Predicate(korean, verb, negation, auxiliary, light, also)


def _combinations(clause: Clause) -> tuple[tuple[str, str], ...]:
    nouns = [clause.gap_noun] if clause.gap == "object" else []
    if clause.object:
        nouns += [*clause.object.first, clause.object.noun]
    lemma = clause.frame.lemma
    return tuple(
        [(lemma, noun.korean) for noun in nouns if noun and noun.kind not in ("name", "pronoun")]
    )


def _link_verb(words: Iterable[tuple[str, str]], said: Predicate) -> list[English]:
    """Link the words of an English verb group to the Korean ones that say the same."""
    english: list[English] = []
    for text, role in words:
        if role == "verb":
            english.append((text, (said.verb,), said.light))
        elif role == "not" or text == "cannot":
            english.append((text, (said.negation,), said.also if text == "cannot" else ()))
        elif role in ("aux", "governor") and said.auxiliary is not said.verb:
            english.append((text, (said.auxiliary,), said.also))
        else:
            english.append((text, (), (said.auxiliary,)))
    return english


def _goal(clause: Clause) -> Piece:
    """Say where to or to whom, as the verb has it."""
    goal, flags = clause.goal, clause.frame.flags
    if isinstance(goal, NounPhrase):
        particle, preposition = ("goal", "on") if "on" in flags else ("to", "to")
        piece = noun_phrase(goal, particle)
        return Piece(piece.korean, loosely([preposition], piece.korean[-1]) + piece.english)
    assert goal is not None
    preposition = "to" if "dest" in flags else goal.preposition
    if goal.korean == "집":
        preposition = ""
    return _place_phrase(goal, "goal", preposition)


def _parts(clause: Clause) -> dict[str, Piece]:
    """Say everything but subject, verb and time, in Korean order."""
    parts: dict[str, Piece] = {}
    if clause.companion:
        parts["companion"] = _together(noun_phrase(clause.companion, "and"))
    if clause.place:
        place = clause.place
        parts["place"] = _place_phrase(place, "at", place.preposition, clause.place_clause)
    if clause.purpose:
        parts["purpose"] = say(clause.purpose, "infinitive")
    if clause.goal:
        parts["goal"] = _goal(clause)
    if clause.tool:
        tool = noun_phrase(NounPhrase(clause.tool), "tool")
        parts["tool"] = Piece(tool.korean, loosely(["with"], tool.korean[0]) + tool.english)
    if clause.means:
        parts["means"] = fixed(clause.means)
    if clause.object:
        flags = clause.frame.flags
        particle = "subject" if "가" in flags else "to" if "에게" in flags else "object"
        parts["object"] = noun_phrase(clause.object, particle)
    if clause.manner:
        parts["manner"] = fixed(clause.manner)
    return parts


def _together(friend: Piece) -> Piece:
    word = Word("같이", "together")
    preposition: English = ("with", (word,), (friend.korean[-1],))
    return Piece([*friend.korean, word], [preposition, *friend.english])


_ENGLISH_ORDER = ("object", "goal", "manner", "tool", "means", "place", "companion", "purpose")
_NOTHING = Piece([], [])  # never changed
Style = Literal["finite", "question", "gerund", "infinitive", "bare", "shared"]


def say(clause: Clause, style: Style = "finite") -> Piece:
    """Say a clause; finite styles alone say its subject ("shared": it was said before)."""
    said, parts = predicate(clause), _parts(clause)
    subject = time = _NOTHING
    if clause.subject and clause.gap != "subject" and style in ("finite", "question"):
        subject = noun_phrase(clause.subject, "topic" if clause.topic else "subject")
    english = _english_clause(clause, style, subject.english, said)
    for name in _ENGLISH_ORDER:
        if name in parts:
            english += parts[name].english
    asked: list[Word] = []
    if clause.asked:
        question = fixed(clause.asked)
        asked, english = question.korean, question.english + english
    if clause.time:
        time = fixed(clause.time)
        english = _opened(time, english) if clause.front_time else english + time.english
    before = _before_verb(clause, subject.korean, time.korean, parts, asked)
    return Piece(before + said.korean, english)


def _before_verb(
    clause: Clause,
    subject: list[Word],
    time: list[Word],
    parts: dict[str, Piece],
    asked: list[Word],
) -> list[Word]:
    """Order the words before the Korean verb."""
    if clause.scrambled:
        words = time + parts.pop("object").korean + subject
    else:
        early = clause.time_first or clause.front_time
        words = (time + subject if early else subject + time) + asked
    for part in parts.values():
        words += part.korean
    return words


def _opened(time: Piece, english: list[English]) -> list[English]:
    return [*time.english, *loosely([","], time.korean[-1]), *english]


def _english_clause(
    clause: Clause, style: Style, subject: list[English], said: Predicate
) -> list[English]:
    """Order subject and verb."""
    frame = clause.frame
    words = (frame.english, *frame.tail)
    if style in ("gerund", "infinitive", "bare"):
        form = lexicon.ENGLISH_VERBS[frame.english][3 if style == "gerund" else 0]
        tail = [(word, "function" if word in FUNCTION_WORDS else "verb") for word in frame.tail]
        to = loosely(["to"], said.verb) if style == "infinitive" else []
        return to + _link_verb([(form, "verb"), *tail], said)
    who = clause.subject.who if clause.subject else clause.who
    negative = bool(clause.negation) or "negative" in frame.flags
    front, rest = english_verb(words, clause.tense, who, negative, style == "question")
    if style == "shared" or clause.gap == "subject":
        pronoun: list[English] = []
    else:
        pronoun = subject if clause.subject else loosely([clause.who], said.verb)
    if style == "question":
        return _link_verb(front, said) + pronoun + _link_verb(rest, said)
    return pronoun + _link_verb([*front, *rest], said)


def _relative_clause(clause: Clause) -> Piece:
    """Say a clause before its noun in Korean, after it in English: who, that or where."""
    assert clause.gap
    piece = say(clause)
    person = clause.gap_noun is not None and clause.gap_noun.kind in ("person", "relation")
    pronoun = {"subject": "who" if person else "that", "object": "that", "place": "where"}
    verb = piece.korean[-1]
    return Piece(piece.korean, loosely([pronoun[clause.gap]], verb) + piece.english)


def copula(subject: NounPhrase, noun: NounPhrase, past: bool, negative: bool) -> Piece:
    """Say what someone is: 제 친구는 의사예요, 의사가 아니에요."""
    who = noun_phrase(subject, "topic")
    what = noun_phrase(noun, "subject" if negative else "was" if past else "is")
    verb, korean = what.korean[-1], [*who.korean, *what.korean]
    if negative:
        verb = Word("아니었어요" if past else "아니에요", "not.was" if past else "not.is")
        korean.append(verb)
    front, rest = english_verb(("be",), "past" if past else "present", subject.who, negative, False)
    be = loosely([text for text, _ in front], verb) + linked([text for text, _ in rest], verb)
    return Piece(korean, who.english + be + what.english)


def comparison(subject: NounPhrase, other: NounPhrase, adjective: Adjective, more: bool) -> Piece:
    """Say which of two things is larger, older, …: 이 가방은 그 모자보다 더 커요."""
    assert adjective.frame
    who, than = noun_phrase(subject, "topic"), noun_phrase(other, "than")
    verb = Word(adjective.frame.forms["present"], adjective.english)
    extra = [Word("더", "more")] if more else []
    front, _ = english_verb(("be",), "present", subject.who, False, False)
    degree: list[English] = [
        (word, (verb,), extra) if word != "more" else (word, extra, (verb,))
        for word in adjective.comparative
    ]
    english = who.english + loosely([front[0][0]], verb) + degree
    english += loosely(["than"], than.korean[-1]) + than.english
    return Piece([*who.korean, *than.korean, *extra, verb], english)


def existence(where: Piece, thing: NounPhrase, past: bool, negative: bool) -> Piece:
    """Say what there is: 책상 위에 책이 있어요, 책이 없어요."""
    what = noun_phrase(thing, "subject")
    text = ("없" if negative else "있") + ("었어요" if past else "어요")
    verb = Word(text, ("not." if negative else "") + ("existed" if past else "exists"))
    be = english_verb(("be",), "past" if past else "present", thing.who, False, False)[0][0][0]
    english = loosely(["there"], verb) + linked([be], verb)
    shown = what.english
    if negative:
        shown = shown[1:] if shown[0][0] in ("a", "an") else shown
        english += linked(["no"], verb)
    return Piece([*where.korean, *what.korean, verb], english + shown + where.english)


def beside(position: str, base: NounPhrase) -> Piece:
    """Say where something lies: 그 책상 위에, *on the desk*."""
    gloss, english = lexicon.POSITIONS[position]
    noun, word = noun_phrase(base, ""), Word(position, gloss)
    return Piece([*noun.korean, word], linked(english, word) + noun.english)


def modified(phrase: Phrase, adjective: Clause) -> Piece:
    """Say an adjective with an adverb of degree: 아주 커요, *is very big*."""
    adverb, piece = fixed(phrase), say(adjective)
    korean = [*piece.korean[:-1], *adverb.korean, piece.korean[-1]]
    return Piece(korean, piece.english[:-1] + adverb.english + piece.english[-1:])


def in_place(place: Place) -> Piece:
    """Say where something is, not where something happens: 도서관에."""
    piece = _place_phrase(place, "goal", place.preposition)
    piece.korean[-1].gloss = piece.korean[-1].gloss.replace("-TO", "-AT")
    return piece


def location(subject: NounPhrase, place: Place, past: bool) -> Piece:
    """Say where someone is: 민수 씨는 도서관에 있어요."""
    who, where = noun_phrase(subject, "topic"), in_place(place)
    verb = Word("있었어요" if past else "있어요", "was" if past else "is")
    front, _ = english_verb(("be",), "past" if past else "present", subject.who, False, False)
    be = linked([front[0][0]], verb)
    return Piece([*who.korean, *where.korean, verb], who.english + be + where.english)


def opened(time: Piece, piece: Piece) -> Piece:
    """Say a time before everything else: *Yesterday, …*."""
    return Piece(time.korean + piece.korean, _opened(time, piece.english))
