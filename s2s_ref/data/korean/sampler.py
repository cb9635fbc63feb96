"""Draw noun phrases and clauses that make sense: what the corpus talks about.

Every random choice in a sentence is made by one `Sampler`. It remembers which words the sentence
has, so that none occurs twice, and which constructions it used.
"""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, ClassVar, TypeVar

from s2s_ref.data.korean import lexicon
from s2s_ref.data.korean.inflection import PAST_TENSES
from s2s_ref.data.korean.lexicon import Adjective, Frame, Noun, Phrase, Place
from s2s_ref.data.korean.realisation import Clause, I, NounPhrase

T = TypeVar("T")


PATIENCE = 5_000  # draws without a new sentence after which a caller gives up


class DeadEnd(Exception):
    """No word fits here: draw another sentence."""


# --------------------------------------------------------------------------------------------
# Which verbs suit what
# --------------------------------------------------------------------------------------------


def _frames_where(test: Callable[[Frame], object], among: Iterable[Frame]) -> tuple[Frame, ...]:
    """Choose frames by a test."""
    return tuple(frame for frame in among if test(frame))


def _with(*flags: str) -> Callable[[Frame], object]:
    return lambda frame: frame.flags & set(flags)


def _without(*flags: str) -> Callable[[Frame], object]:
    return lambda frame: not frame.flags & set(flags)


def _named(lemmas: str) -> Callable[[Frame], object]:
    return lambda frame: frame.lemma in lemmas.split()


PERSONAL = _frames_where(_without("animal", "state"), lexicon.FRAMES)
SEQUENCE = _frames_where(_without("single", "wear"), PERSONAL)  # actions that can follow each other
_ONGOING = _frames_where(_without("event"), PERSONAL)
_NEAR = lexicon.choose_places("near")
_DAILY = _frames_where(_with("daily"), PERSONAL)
POOLS: dict[str, tuple[Frame, ...]] = {
    **dict.fromkeys(("failed", "want", "wanted", "can", "could", "must", "had_to"), SEQUENCE),
    **dict.fromkeys(("progressive", "past_progressive", "now"), _ONGOING),
    "past": PERSONAL,
    "future": _frames_where(_without("single"), PERSONAL),
    "habit": _DAILY,
    "state": _frames_where(_with("state"), lexicon.FRAMES),
    "animal": _frames_where(_with("animal", "both"), lexicon.FRAMES),
    "animal doing": _frames_where(
        lambda frame: frame.flags & {"animal", "both"} and "event" not in frame.flags,
        lexicon.FRAMES,
    ),
    "motion": _frames_where(_named("가다 오다"), PERSONAL),
    "arrival": _frames_where(_named("오다 도착하다 돌아오다 전화하다"), PERSONAL),
    "cause": _frames_where(_named("오다 도착하다 돌아오다 자다"), PERSONAL),
    "ongoing": _frames_where(_without("event"), SEQUENCE),
    "background": _frames_where(_with("background"), PERSONAL),
    "calm": _frames_where(_with("calm"), _DAILY),
    "errand": _frames_where(
        lambda frame: (
            frame.places
            and not frame.flags & {"dest", "at", "in", "on"}
            and frame.lemma not in ("웃다", "울다")
        ),
        SEQUENCE,
    ),
    "there": _frames_where(
        lambda frame: frame.places and not frame.flags & {"dest", "at", "in", "on"}, SEQUENCE
    ),
}
_OF_NOUN = {
    name: _frames_where(lambda frame, noun=noun: noun in frame.objects, PERSONAL)  # type: ignore[misc]
    for name, noun in lexicon.NOUNS.items()
}
_AT_PLACE = {
    name: _frames_where(lambda frame, place=place: place in frame.places, POOLS["there"])  # type: ignore[misc]
    for name, place in lexicon.PLACES.items()
}


def english_name(frame: Frame) -> str:
    """The English verb with its particle: wait_for."""
    return "_".join((frame.english, *frame.tail)) if frame.tail else frame.english


# --------------------------------------------------------------------------------------------
# Which nouns, adjectives and times suit what
# --------------------------------------------------------------------------------------------


def _kinds(names: str) -> frozenset[str]:
    return frozenset(" ".join(lexicon.GROUPS.get(name, name) for name in names.split()).split())


_ANIMAL_KINDS, _PEOPLE_KINDS = _kinds("animal"), _kinds("people")
_PLAIN_KINDS = _kinds("pronoun name meal ballgame racket language subject broadcast subway task")
_FOOD_KINDS = _kinds("food drink")
_BIG = _kinds("furniture device vehicle transit opening building keys strings")  # two or three
_MANY = _kinds("fruit vegetable stationery mail picture ticket dishware")  # up to nine
OWNED_KINDS = _kinds(
    "relation pet clothes goods toy container text stationery mail picture ticket device vehicle "
    "furniture dishware keys strings gift dish writing"
)
PERSONS = tuple(noun for noun in lexicon.NOUNS.values() if noun.kind == "person")
_RELATIONS = tuple(noun for noun in lexicon.NOUNS.values() if noun.kind == "relation")
ANIMALS = tuple(noun for noun in lexicon.NOUNS.values() if noun.kind in _ANIMAL_KINDS)
_NAMES = tuple(lexicon.PEOPLE.values())
_SEATS = {
    verb: tuple(lexicon.NOUNS[name] for name in names.split())
    for verb, names in lexicon.SEATS.items()
}
_INDOORS = frozenset(lexicon.INDOORS.split())
_ADJECTIVES = {
    name: tuple(adjective for adjective in lexicon.ADJECTIVES if name in adjective.nouns)
    for name in lexicon.NOUNS
}
DESCRIBED = tuple(
    noun
    for noun in lexicon.NOUNS.values()
    if noun.kind not in _PLAIN_KINDS and any(a.frame for a in _ADJECTIVES[noun.korean])
)
_TIME_TAG = {
    **dict.fromkeys(("past", "wanted", "could", "had_to", "failed"), "past"),
    **dict.fromkeys(("future", "want", "can", "must"), "future"),
    **dict.fromkeys(("progressive", "now"), "now"),
}
_TAGS = ("past", "future", "habit", "now")
_ALL_TIMES = {tag: tuple(t for t in lexicon.TIMES if tag in t.tags) for tag in _TAGS}
_LONG_TIMES = {
    tag: tuple(t for t in times if t.english[-1][0] in ("month", "year", "summer"))
    for tag, times in _ALL_TIMES.items()
}
TIMES = {  # what suits any verb
    tag: tuple(t for t in times if t not in _LONG_TIMES[tag]) for tag, times in _ALL_TIMES.items()
}
PARTS = ("modifier", "place", "number", "manner", "list", "companion", "tool", "relative")
ALL_PARTS = (*PARTS, "time", "means")
HABIT_PARTS = ("place", "manner", "companion", "tool")


# --------------------------------------------------------------------------------------------
# Sizes, in English words
# --------------------------------------------------------------------------------------------

_TENSE_COST = {"past": 0, "present": 0, "want": 2, "wanted": 2, "must": 2, "had_to": 2}


def size(phrase: NounPhrase | None) -> int:
    """Count the English words of a noun phrase; None is a pronoun, one word."""
    if phrase is None:
        return 1
    noun = phrase.noun
    total = len(noun.singular) + 3 * len(phrase.first) + (phrase.adjective is not None)
    if phrase.count:
        total += 3 if noun.measure else 1
    elif noun.number == "count" or phrase.the:
        total += 1
    if phrase.count or noun.number != "count":
        total += bool(phrase.determiner or phrase.owner or phrase.relative)
    return total + (clause_size(phrase.relative) if phrase.relative else 0)


def clause_size(clause: Clause) -> int:
    """Estimate the English words of a clause."""
    total = 1 + len(clause.frame.tail) + _TENSE_COST.get(clause.tense, 1) + size(clause.subject)
    total += 2 if clause.negation else 0
    if clause.object:
        total += size(clause.object)
    if clause.goal:
        goal = clause.goal
        total += 1 + size(goal) if isinstance(goal, NounPhrase) else _place_size(goal)
    if clause.place:
        total += _place_size(clause.place)
        total += clause_size(clause.place_clause) + 1 if clause.place_clause else 0
    for phrase in (clause.manner, clause.means, clause.time):
        total += len(phrase.english) if phrase else 0
    total += clause_size(clause.purpose) if clause.purpose else 0
    return total + (1 + size(clause.companion) if clause.companion else 3 * bool(clause.tool))


def _place_size(place: Place) -> int:
    return len(place.english) + 1 + bool(place.article)


# --------------------------------------------------------------------------------------------
# The sampler
# --------------------------------------------------------------------------------------------


class Sampler:
    """The source of every random choice; `allowed` are the constructions it may use.

    `share`, from 0 to 1, is how much of each list of words it uses, counted from the beginning.
    `canonical` leaves out variants of a sentence that mean the same.
    """

    def __init__(
        self, rng: Random, allowed: frozenset[str], canonical: bool = False, share: float = 1.0
    ) -> None:
        """Begin with an empty sentence."""
        self.random = rng.random
        self.share = share
        self.allowed = allowed
        self.canonical = canonical
        self.start()

    def start(self) -> None:
        """Forget the last sentence."""
        self.content: set[str] = set()
        self.features: set[str] = set()
        self.indoors = False  # it rains: no parks
        self.bare = False  # a habit: a book every day, not this one

    def pick(self, options: Sequence[T]) -> T:
        """Choose one; all are equally likely."""
        if not options:
            raise DeadEnd
        return options[int(self.random() * len(options))]

    def word(self, options: Sequence[T]) -> T:
        """Choose a word from the part of a list that is in use (`share`)."""
        if not options:
            raise DeadEnd
        if self.share == 1:
            return options[int(self.random() * len(options))]
        # never fewer than three, or sentences would get stuck
        count = min(len(options), max(3, round(self.share * len(options))))
        return options[int(self.random() * count)]

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.random() < probability

    def may(self, construction: str, probability: float = 1) -> bool:
        """Whether to use a construction: it must be allowed, and drawn with this probability."""
        return construction in self.allowed and (probability == 1 or self.random() < probability)

    def say_once(self, word: str) -> bool:
        """Note that the sentence has a word now; return False if it had it already."""
        if word in self.content:
            return False
        self.content.add(word)
        return True

    def fresh(self, nouns: Sequence[Noun]) -> Noun:
        """Choose a noun that the sentence does not have yet."""
        content = self.content
        for _ in range(5):
            noun = self.word(nouns)
            if noun.korean not in content:
                content.add(noun.korean)
                return noun
        raise DeadEnd

    def verb(self, pool: Sequence[Frame]) -> Frame:
        """Choose a verb that the sentence does not have yet."""
        for _ in range(4):
            frame = self.word(pool)
            if self.say_once(english_name(frame)):
                return frame
        raise DeadEnd

    def moment(self, times: Sequence[Phrase]) -> Phrase:
        """Choose a time that the sentence does not have yet."""
        time = self.word(times)
        if not self.say_once(time.korean[0]):
            raise DeadEnd
        return time

    # ---- noun phrases

    def person(self, definite: bool = False) -> NounPhrase:
        """Draw a person."""
        draw = self.random()
        if draw < 0.35:
            return NounPhrase(self.fresh(_NAMES))
        if draw < 0.55 and self.may("possession"):
            self.features.add("possession")
            return NounPhrase(self.fresh(_RELATIONS), "my")
        if definite or draw < 0.8:
            return NounPhrase(self.fresh(PERSONS), "the" if draw < 0.9 else "this")
        return NounPhrase(self.fresh(PERSONS))

    def myself(self) -> NounPhrase:
        """Say "I", once in a sentence."""
        if not self.say_once(I.korean):
            raise DeadEnd
        return NounPhrase(I)

    def subject(self, embedded: bool = False, definite: bool = False) -> NounPhrase | None:
        """Draw a subject; None is an "I" that Korean leaves out."""
        if I.korean in self.content or not self.chance(0.3):
            return self.person(definite)
        dropped = not embedded and not self.canonical and self.chance(0.4)
        return None if dropped else self.myself()

    def thing(self, frame: Frame) -> NounPhrase:
        """Draw an object of the verb."""
        noun = self.word(frame.objects)
        person = noun.kind in _PEOPLE_KINDS
        if person and self.chance(0.35):
            return NounPhrase(self.fresh(_NAMES))
        if not self.say_once(noun.korean):
            raise DeadEnd
        phrase, flags = NounPhrase(noun), frame.flags
        if noun.kind in _PLAIN_KINDS or "the" in flags:
            phrase.the = "the" in flags
        elif "making" in flags:
            phrase.determiner = "the" if self.chance(0.15) else ""
        elif "가" not in flags and not (self.bare and noun.kind != "relation"):
            self._determine(phrase, frame.lemma, must="state" in flags and noun.number != "mass")
        return phrase

    def _determine(self, phrase: NounPhrase, lemma: str, must: bool) -> None:
        """Add a determiner, an owner or nothing; with `must`, not nothing: one likes *the* book."""
        kind = phrase.noun.kind
        draw = self.random() * (0.4 if must else 1)
        owned = kind in OWNED_KINDS and draw < 0.25 and self.may("possession")
        if owned and (draw < 0.08 or kind == "relation") and lemma != "사다":
            phrase.determiner = "my"
            self.features.add("possession")
        elif owned and draw < 0.13:
            phrase.owner = self.fresh(_NAMES)
            self.features.add("possession")
        elif draw < 0.32 or must:
            phrase.determiner = "the"
        elif draw < 0.4:
            phrase.determiner = "this"

    def adjective(self, noun: Noun, frame: Frame | None = None) -> Adjective | None:
        """Choose an adjective that suits noun and verb and is new in the sentence."""
        options = _ADJECTIVES.get(noun.korean)
        if not options:
            return None
        adjective = self.word(options)
        if frame and "making" in frame.flags and adjective.korean in lexicon.WORN:
            return None
        if frame and frame.lemma in lexicon.UNTASTED and adjective.korean in lexicon.TASTES:
            return None
        if frame and frame.lemma in lexicon.HEATING and adjective.english in ("cold", "hot"):
            return None
        return adjective if self.say_once(adjective.english) else None

    # ---- clauses

    def clause(
        self, pool: Sequence[Frame], subject: NounPhrase | None, tense: str, **more: Any
    ) -> Clause:
        """Draw a verb with the objects and places that it needs."""
        frame = self.verb(pool)
        clause = Clause(frame, subject, tense, **more)
        flags = frame.flags
        if frame.objects:
            clause.object = self.thing(frame)
        if "to" in flags or ("to?" in flags and self.chance(0.4)):
            clause.goal = self.person()
        elif "on" in flags:
            clause.goal = NounPhrase(
                self.fresh(_SEATS[frame.lemma]), "the" if self.chance(0.4) else ""
            )
        elif flags & {"dest", "at", "in"}:
            clause.goal = self.word(_NEAR if self.bare else frame.places)
            self.content.add(clause.goal.korean)
        return clause

    def negate(self, clause: Clause) -> None:
        """Make a clause negative where people would say that."""
        tense, flags = clause.tense, clause.frame.flags
        if clause.frame.lemma in lexicon.OWN_NEGATIVE or not self.may("negation"):
            return
        simple = tense in ("past", "future") and "state" not in flags
        if simple and not self.canonical and self.chance(0.6):
            clause.negation = "안"
        elif simple or "state" in flags or tense in ("progressive", "want", "can", "could"):
            clause.negation = "지"
        else:
            return
        self.features.add("negation")

    # ---- what makes a clause longer: each part adds at most `left` words and returns how many

    def enrich(self, clause: Clause, left: int, parts: tuple[str, ...]) -> int:
        """Add what fits in `left` words, a relative clause first; return the words still left."""
        random, begin = self.random, int(self.random() * len(parts))
        if left >= 6 and "relative" in parts and random() < 0.75:
            left -= self._relative(clause, left)
        for name in parts[begin:] + parts[:begin]:
            if left <= 0:
                break
            if random() < 0.8 and name != "relative":
                left -= self._PARTS[name](self, clause, left)
        return left

    def _modifier(self, clause: Clause, _left: int) -> int:
        for phrase in (clause.object, clause.subject):
            if phrase is None or phrase.adjective or phrase.first or phrase.the:
                continue
            if phrase.noun.kind in _PLAIN_KINDS or not self.may("modifier"):
                continue
            frame = clause.frame if phrase is clause.object else None
            if phrase.relative and phrase.relative.frame.lemma in lexicon.HEATING:
                continue  # no boiled cold milk
            adjective = self.adjective(phrase.noun, frame)
            if frame and adjective and clause.manner and _clash(adjective, clause.manner):
                continue
            phrase.adjective = adjective
            if phrase.adjective:
                self.features.add("modifier")
                return 1
        return 0

    def _number(self, clause: Clause, left: int) -> int:
        phrase = clause.object
        if phrase is None or left < 2 or not _can_be_counted(phrase, clause.frame):
            return 0
        if not self.may("number"):
            return 0
        noun = phrase.noun
        least = 1 if not phrase.definite and self.chance(0.2) else 2
        most = 2 if noun.kind in _BIG else 8 if noun.kind in _MANY else 4
        draw = self.random()
        phrase.count = least + int(draw * draw * most)  # small numbers are more likely
        self.features.add("number")
        return 2 if noun.measure else 1

    def _list(self, clause: Clause, left: int) -> int:
        phrase, frame = clause.object, clause.frame
        if phrase is None or left < 3 or clause.negation or frame.flags & {"state", "wear"}:
            return 0
        if phrase.determiner or phrase.owner or phrase.adjective or phrase.count or phrase.relative:
            return 0
        kind = phrase.noun.kind
        if frame.lemma in lexicon.UNCOUNTED or kind in ("ballgame", "racket", "device"):
            return 0
        alike = [noun for noun in frame.objects if noun.kind == kind] if kind != "name" else _NAMES
        if len(alike) < 4 or not self.may("list"):
            return 0
        more = 2 if left >= 6 and self.chance(0.4) else 1
        phrase.first = tuple([self.fresh(alike) for _ in range(more)])
        self.features.add("list")
        return 3 * more

    def _place(self, clause: Clause, left: int) -> int:
        if clause.goal or clause.heavy or clause.place or not clause.frame.places:
            return 0
        place = self.word(clause.frame.places)
        cost = _place_size(place)
        if cost > left or (self.indoors and place.korean not in _INDOORS):
            return 0
        if not self.say_once(place.korean):
            return 0
        clause.place = place
        simple = not (clause.time or clause.manner or clause.companion or clause.tool)
        clear = not clause.scrambled and (clause.subject is None or clause.topic)
        room = left >= cost + 5 and place.article and simple and clear and not self.bare
        if room and self.may("relative", 0.5):
            clause.place_clause = self._where(place, left - cost)
        return cost + (clause_size(clause.place_clause) if clause.place_clause else 0)

    def _manner(self, clause: Clause, left: int) -> int:
        if clause.negation or clause.heavy or not clause.frame.manners:
            return 0
        manner = self.word(clause.frame.manners)
        word, thing = manner.korean[0], clause.object
        if len(manner.english) > left or (word == "혼자" and clause.companion):
            return 0
        if thing and thing.adjective and _clash(thing.adjective, manner):
            return 0
        if not self.say_once(lexicon.ROOTS.get(word, word)):
            return 0
        clause.manner = manner
        return len(manner.english)

    def _companion(self, clause: Clause, left: int) -> int:
        alone = clause.manner is not None and clause.manner.korean[0] == "혼자"
        if left < 3 or alone or clause.heavy or clause.goal or clause.tool or self.chance(0.6):
            return 0
        if clause.frame.flags & {"wear", "state", "event", "single", "animal", "alone"}:
            return 0
        clause.companion = self.person(definite=True)
        return 3

    def _tool(self, clause: Clause, left: int) -> int:
        names = lexicon.TOOLS.get((clause.frame.lemma, clause.frame.english))
        if not names or left < 3 or clause.companion or clause.heavy or clause.negation:
            return 0
        clause.tool = self.fresh([lexicon.NOUNS[name] for name in names.split()])
        return 3

    def _means(self, clause: Clause, left: int) -> int:
        if "dest" not in clause.frame.flags or left < 2 or clause.negation or clause.heavy:
            return 0
        clause.means = self.pick(lexicon.MEANS)
        return 2

    def _time(self, clause: Clause, _left: int) -> int:
        tag = _TIME_TAG.get(clause.tense)
        if not tag or clause.time or clause.place_clause or clause.gap == "place":
            return 0
        heavy_subject = bool(clause.subject and clause.subject.relative)
        if clause.heavy and (not clause.subject or heavy_subject or clause.gap or clause.scrambled):
            return 0
        if "wear" in clause.frame.flags and clause.gap == "subject":
            return 0
        clause.time = self.moment(self._times(clause)[tag])
        clause.front_time = clause.heavy
        clause.time_first = not heavy_subject and not self.canonical and self.chance(0.3)
        return len(clause.time.english) + clause.front_time

    def _times(self, clause: Clause) -> dict[str, tuple[Phrase, ...]]:
        lemma = clause.frame.lemma
        if lemma in lexicon.SLOW:
            return _LONG_TIMES
        eaten = clause.gap_noun is not None and clause.gap_noun.kind in _FOOD_KINDS
        return _ALL_TIMES if lemma in lexicon.LASTING and not eaten else TIMES

    # ---- relative clauses

    def _relative(self, clause: Clause, left: int) -> int:
        """Add a relative clause to the object or to the subject."""
        if clause.time or clause.heavy or clause.place or clause.manner or self.bare:
            return 0
        if clause.companion or clause.tool or clause.gap == "object" or not self.may("relative"):
            return 0  # nobody can follow *the meat that the man who met a girl bought*
        thing, subject = clause.object, clause.subject
        options: list[NounPhrase] = []
        if thing is not None and self.can_head(thing) and self._object_is_free(clause):
            options.append(thing)
        if subject is not None and self.can_head(subject) and not clause.scrambled:
            options.append(subject)
        if not options:
            return 0
        return self.describe(self.pick(options), left - 2, _anchor(clause), clause.frame.lemma)

    def _object_is_free(self, clause: Clause) -> bool:
        """Whether a relative clause before the object leaves no doubt about what belongs to it."""
        subject, frame = clause.subject, clause.frame
        if clause.goal or "making" in frame.flags:
            return False
        if subject is None or clause.gap == "subject":
            return True
        # two subjects with 가 in a row would make a reader stumble
        return not subject.relative and (clause.topic or clause.scrambled)

    def can_head(self, phrase: NounPhrase) -> bool:
        """Whether a relative clause may describe this noun phrase."""
        plain = phrase.noun.kind in _PLAIN_KINDS or phrase.noun.kind == "audio"
        return not (plain or phrase.first or phrase.owner or phrase.relative or phrase.the)

    def describe(self, phrase: NounPhrase, left: int, when: str, outer: str = "") -> int:
        """Describe a noun by a relative clause of at most `left` words; return how many it adds."""
        was, noun = size(phrase), phrase.noun
        living = noun.kind in _PEOPLE_KINDS or noun.kind in _ANIMAL_KINDS
        if living and self.chance(0.6):
            clause = self._who(phrase, left, when)
        else:
            clause = self._that(noun, left, when, outer)
        if clause is None:
            return 0
        phrase.relative, phrase.determiner = clause, ""
        self.features.add("relative")
        return size(phrase) - was

    def _that(self, noun: Noun, left: int, when: str, outer: str) -> Clause | None:
        """Draw a relative clause in which the noun is the object."""
        frame = self.verb(_OF_NOUN[noun.korean])
        if not _fits(frame, noun, outer, when):
            return None
        subject = self.subject(embedded=True)
        clause = Clause(frame, subject, "past", gap="object", gap_noun=noun, topic=False)
        clause.ending = "that past"
        ongoing = frame.lemma in lexicon.LINGERING and not frame.flags & {"event", "wear"}
        if ongoing and self.chance(0.25):
            self._continue(clause, when)
        if "to" in frame.flags:
            mine = subject is not None and subject.noun is I
            clause.goal = self.person() if mine else NounPhrase(I)
        return self._finish(clause, left)

    def _who(self, phrase: NounPhrase, left: int, when: str) -> Clause | None:
        """Draw a relative clause in which the noun is the subject."""
        pool = POOLS["animal" if phrase.noun.kind in _ANIMAL_KINDS else "past"]
        clause = self.clause(pool, None, "past")
        clause.gap, clause.gap_noun, clause.ending = "subject", phrase.noun, "that past"
        flags = clause.frame.flags
        if "wear" in flags and when != "future":  # 모자를 쓴: one still has it on
            clause.tense = "past_progressive" if when == "past" else "progressive"
        elif not flags & {"event", "wear"} and self.chance(0.45):
            self._continue(clause, when)
        done = self._finish(clause, left)
        told = clause.object or clause.goal or clause.place or clause.manner or clause.time
        return done if told or clause.ending != "that past" else None  # not just 잔 강아지

    def _continue(self, clause: Clause, when: str) -> None:
        """Make a relative clause ongoing at the time of its sentence: *who was reading*."""
        if when != "future":
            clause.tense = "past_progressive" if when == "past" else "progressive"
            clause.ending = "that doing" if self.chance(0.3) else "that present"

    def _where(self, place: Place, left: int) -> Clause | None:
        """Draw a relative clause about a place."""
        subject = self.subject(embedded=True)
        clause = self.clause(_AT_PLACE[place.korean], subject, "past", gap="place")
        clause.topic, clause.ending = False, "that past"
        done = self._finish(clause, left)
        if done:
            self.features.add("relative")
        return done

    def _finish(self, clause: Clause, left: int) -> Clause | None:
        """Lengthen a relative clause; return None where it is too long already."""
        left -= clause_size(clause)
        if left < 0:
            return None
        stranded = clause.gap == "object" and clause.frame.tail  # not *turned on on Monday*
        if clause.gap == "place" or stranded:
            self.enrich(clause, left, ("modifier", "number", "manner", "list", "tool"))
        elif left < 10:
            some = ("number", "time", "place", "modifier", "manner", "list")
            self.enrich(clause, left, some[int(self.random() * 6) :])
        else:
            self.enrich(clause, left, ALL_PARTS)
        return clause

    _PARTS: ClassVar[dict[str, Callable[["Sampler", Clause, int], int]]] = {
        "modifier": _modifier,
        "number": _number,
        "list": _list,
        "place": _place,
        "manner": _manner,
        "companion": _companion,
        "tool": _tool,
        "means": _means,
        "time": _time,
    }


def _can_be_counted(phrase: NounPhrase, frame: Frame) -> bool:
    """Whether an object can have a number: *sold two hats*, but not *wore two hats*."""
    noun, flags = phrase.noun, frame.flags
    if phrase.first or not noun.counter or frame.lemma in lexicon.UNCOUNTED:
        return False
    if frame.english == "use" or flags & {"wear", "the"}:
        return False
    if phrase.relative and "wear" in phrase.relative.frame.flags:
        return False
    if "state" in flags and "가" not in flags:
        return False
    if "making" in flags and phrase.definite:
        return False
    in_cups = "animal" in flags or frame.english in ("boil", "buy", "sell")
    return not (noun.measure and in_cups)  # nobody buys two cups of milk, and no cat drinks them


def _clash(adjective: Adjective, manner: Phrase) -> bool:
    """Whether an adjective and an adverb contradict each other: a noisy song, quietly."""
    return (adjective.korean, manner.korean[0]) in lexicon.CLASHES


def _anchor(clause: Clause) -> str:
    """The time at which a relative clause in this clause may be ongoing; "future" allows none."""
    if clause.tense in ("future", "must", "want", "can") or clause.ending == "if":
        return "future"
    return "past" if clause.tense in PAST_TENSES else "present"


def _fits(frame: Frame, noun: Noun, outer: str, when: str) -> bool:
    """Whether the thing still exists for the outer verb after this was done to it."""
    if frame.lemma == "그리다":
        return noun.kind == "picture"
    after = lexicon.AFTERLIFE.get(frame.lemma)
    return after is None or (when == "past" and outer in after.split())
