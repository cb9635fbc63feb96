"""Draw whole sentences: statements of one clause or several, questions, and simpler kinds."""

from collections.abc import Callable, Sequence
from functools import cache

from s2s_ref.data.korean import lexicon
from s2s_ref.data.korean.lexicon import Adjective, Frame, Phrase
from s2s_ref.data.korean.pieces import English, Piece, Word, fixed, linked, loosely
from s2s_ref.data.korean.realisation import (
    WHAT,
    WHO,
    Clause,
    I,
    NounPhrase,
    Style,
    beside,
    comparison,
    copula,
    existence,
    in_place,
    location,
    modified,
    noun_phrase,
    opened,
    say,
)
from s2s_ref.data.korean.sampler import (
    ALL_PARTS,
    ANIMALS,
    DESCRIBED,
    HABIT_PARTS,
    OWNED_KINDS,
    PARTS,
    PERSONAL,
    PERSONS,
    POOLS,
    SEQUENCE,
    TIMES,
    DeadEnd,
    Sampler,
    clause_size,
    english_name,
    size,
)

# The kinds of sentence: weight, and the largest number of words with which they are drawn.
_KINDS: dict[str, tuple[int, int]] = {
    "statement": (12, 99),
    "question": (2, 22),
    "wh_question": (2, 20),
    "adjective": (2, 16),
    "copula": (1, 14),
    "existence": (1, 12),
    "comparison": (1, 10),
    "location": (1, 6),
    "feeling": (1, 5),
}
KINDS = tuple(_KINDS)
CONSTRUCTIONS = (
    *KINDS,
    *("and", "but", "because", "after", "before", "when", "while", "if", "purpose"),
    *("relative", "list", "number", "modifier", "possession", "negation", "modal"),
)
"""The names that `generate` can be limited to. `Pair.construction` joins those used by a sentence,
and "scrambled"."""


def sentence(sampler: Sampler, goal: int, scrambled: bool) -> tuple[Piece, str]:
    """Draw a sentence of about `goal` words; return it with its final punctuation mark."""
    sampler.start()
    if scrambled:
        kind = "statement"
        sampler.features.add("scrambled")
    else:
        kind = sampler.pick(_kinds_for(sampler.allowed, goal))
    sampler.features.add(kind)
    if scrambled:
        return say(_simple(sampler, goal - 1, scrambled=True)), "."
    return _DRAW[kind](sampler, goal - 1), "?" if kind.endswith("question") else "."


@cache
def _kinds_for(allowed: frozenset[str], goal: int) -> tuple[str, ...]:
    """The kinds that occur at a length, each as often as its weight."""
    named = [kind for kind in KINDS if kind in allowed]
    fitting = [kind for kind in named if goal <= _KINDS[kind][1]] or named
    return tuple(kind for kind in fitting for _ in range(_KINDS[kind][0]))


# --------------------------------------------------------------------------------------------
# Statements of one clause
# --------------------------------------------------------------------------------------------

_MODALS = frozenset(["want", "wanted", "can", "could", "must", "had_to", "failed"])
_TENSES = (
    *("past",) * 20,
    *("future",) * 5,
    *("progressive",) * 4,
    *("past_progressive",) * 2,
    *("habit",) * 3,
    *("state",) * 4,
    *("want",) * 2,
    *("now", "failed", "can", "could", "must", "had_to", "wanted"),
)
_WITH_OBJECT = {
    kind: tuple(frame for frame in pool if frame.objects and "가" not in frame.flags)
    for kind, pool in POOLS.items()
}
_TENSE_OF = {"habit": "present", "state": "present"}


def _statement(sampler: Sampler, goal: int) -> Piece:
    links = [link for link in _LINKS if link in sampler.allowed]
    if links and goal > 7 and sampler.chance((goal - 4) / 14):
        return _joined(sampler, goal, links)
    if goal > 5 and sampler.chance(0.08) and sampler.may("purpose"):
        return _errand(sampler, goal)
    if goal < 14 and sampler.chance(0.12):
        return _animal(sampler, goal)
    return say(_simple(sampler, goal))


def _simple(sampler: Sampler, goal: int, scrambled: bool = False) -> Clause:
    """Draw one clause with all its optional parts."""
    kind = sampler.pick(_TENSES)
    if kind in _MODALS and not sampler.may("modal"):
        kind = "past"
    if sampler.canonical:
        kind = {"now": "progressive", "failed": "could"}.get(kind, kind)
    sampler.bare = kind == "habit"
    clause = _core(sampler, kind, scrambled)
    if kind in _MODALS:
        sampler.features.add("modal")
    if kind in ("habit", "now"):
        clause.time = sampler.moment(TIMES[kind])
        clause.time_first = not sampler.canonical and sampler.chance(0.3)
    elif kind == "state" and sampler.chance(0.25):
        clause.tense = "past"
    if kind == "failed":
        clause.negation = "못"
    elif kind != "habit" and sampler.chance(0.15):
        sampler.negate(clause)
    sampler.enrich(clause, goal - clause_size(clause), _parts(kind))
    return clause


def _core(sampler: Sampler, kind: str, scrambled: bool) -> Clause:
    """Draw the subject, the verb, and the objects that the verb needs."""
    if kind in ("want", "wanted"):  # one speaks of one's own wishes
        shown = scrambled or sampler.canonical or sampler.chance(0.5)
        subject = sampler.myself() if shown else None
    else:
        subject = sampler.subject(embedded=scrambled)
    pool = _WITH_OBJECT[kind] if scrambled else POOLS[kind]
    clause = sampler.clause(pool, subject, _TENSE_OF.get(kind, kind))
    known = bool(subject and subject.definite)
    clause.scrambled = scrambled
    clause.topic = known and not scrambled and (sampler.canonical or sampler.chance(0.8))
    if "가" in clause.frame.flags:
        clause.topic = True
        if subject and not known:
            raise DeadEnd
    return clause


def _parts(kind: str) -> tuple[str, ...]:
    if kind == "state":
        return ("modifier", "number", "relative")
    return HABIT_PARTS if kind == "habit" else ALL_PARTS


def _animal(sampler: Sampler, goal: int) -> Piece:
    """Draw what an animal did."""
    subject = NounPhrase(sampler.fresh(ANIMALS), sampler.pick(("", "", "the", "the", "this")))
    if subject.noun.kind == "pet" and sampler.may("possession", 0.3):
        subject.determiner = "my"
        sampler.features.add("possession")
    tense = sampler.pick(("past", "past", "past", "progressive", "past_progressive"))
    pool = POOLS["animal" if tense == "past" else "animal doing"]
    clause = sampler.clause(pool, subject, tense, topic=subject.definite)
    sampler.enrich(clause, goal - clause_size(clause), ALL_PARTS)
    return say(clause)


def _errand(sampler: Sampler, goal: int) -> Piece:
    subject = sampler.subject()
    clause = _trip(sampler, subject, sampler.pick(("past", "past", "future")), goal)
    clause.topic = bool(subject and subject.definite)
    sampler.enrich(clause, goal - clause_size(clause), ("time",))
    return say(clause)


def _trip(sampler: Sampler, subject: NounPhrase | None, tense: str, goal: int) -> Clause:
    """Draw a trip with its purpose: *went to the bookstore to buy a book*."""
    clause = sampler.clause(POOLS["motion"], subject, tense)
    action = sampler.clause(POOLS["errand"], None, tense, ending="in order to")
    clause.goal = place = sampler.word(action.frame.places)
    if place.preposition == "on" or not sampler.say_once(place.korean):
        raise DeadEnd
    clause.purpose = action
    sampler.features.add("purpose")
    sampler.enrich(action, goal - clause_size(clause), ("modifier", "number", "list"))
    return clause


# --------------------------------------------------------------------------------------------
# Statements of several clauses
# --------------------------------------------------------------------------------------------

_LINKS = ("and", "but", "because", "after", "before", "when", "while", "if")
_TENSES_OF_LINK = {  # of the main clause
    "because": ("past",),
    "after": ("past", "future", "habit"),
    "before": ("past", "future", "habit"),
    "when": ("past",),
    "while": ("past", "future", "habit"),
    "if": ("future",),
}


def _frames_named(names: str) -> tuple[Frame, ...]:
    """Look up frames by their English verb; "take:버스" means one that can have that object."""
    chosen: list[Frame] = []
    for name in names.split():
        verb, _, thing = name.partition(":")
        found = [frame for frame in PERSONAL if verb in (frame.english, english_name(frame))]
        chosen += [f for f in found if not thing or lexicon.NOUNS[thing] in f.objects]
    return tuple(chosen)


_LEADS = {  # what a reason or condition leads to
    phrase.korean: _frames_named(
        " ".join(tag for tag in phrase.tags if tag not in ("indoors", "안"))
    )
    for phrase in (*lexicon.REASONS, *lexicon.CONDITIONS)
}
_RESPONSES = {verb: _frames_named(names) for verb, names in lexicon.RESPONSES.items()}


def _joined(sampler: Sampler, goal: int, links: Sequence[str]) -> Piece:
    """Draw actions in a row, their reason or time, and what someone else did."""
    kind = sampler.pick(("past", "past", "past", "past", "future", "habit"))
    around = [link for link in links if kind in _TENSES_OF_LINK.get(link, ())]
    but = goal > 11 and "but" in links and sampler.chance(0.15 + goal / 60)
    plain = (but and goal < 22) or ("and" in links and goal < 20 and sampler.chance(0.2))
    link = sampler.pick(around) if around and not plain else ""
    if not (link or but or "and" in links):
        raise DeadEnd
    return _Joined(sampler, goal, kind, link, but).draw()


class _Joined:
    """One sentence of several clauses: [time] [around] subject action* [but subject action*]."""

    def __init__(self, sampler: Sampler, goal: int, kind: str, link: str, but: bool) -> None:
        self.sampler, self.goal, self.kind, self.link, self.but = sampler, goal, kind, link, but
        self.tense = _TENSE_OF.get(kind, kind)
        self.around: Clause | None = None  # the clause of time, reason or condition
        self.phrase: Phrase | None = None  # or a fixed one: 비가 와서
        self.shared = False  # whether its subject is the main one
        self.lead: Sequence[Frame] = ()  # what the reason leads to
        self.joins = False  # the halves are joined by *and*, not *but*
        self.may_deny = not but and kind == "past" and link in ("", "when")
        sampler.bare = kind == "habit"

    def draw(self) -> Piece:
        """Draw the parts, then put them in the order of each language."""
        parts = 1 + self.but
        left = self.goal - self._draw_around(self.goal // (parts + 1))
        subject = self._subject()
        left -= size(subject)
        first, saved = self._actions(subject, left // parts, self.lead)
        light = subject is not None and not subject.relative
        blurred = first[0].heavy or bool(self.shared and self.around and self.around.heavy)
        # what comes first must not seem to belong to a relative clause right after it
        if not light and (subject or blurred) and self.link and not self.shared:
            raise DeadEnd
        time = self._time(light)
        second: list[Clause] = []
        if self.but:
            second = self._second(first, left - left // parts + saved)
        return self._say(time, subject, first, second)

    def _time(self, light: bool) -> Phrase | None:
        if self.kind == "habit" or (light and self.sampler.chance(0.35)):
            times = TIMES[self.kind]
            return self.sampler.moment(_DAYS[self.kind] if self.phrase else times)
        return None

    def _subject(self) -> NounPhrase | None:
        sampler = self.sampler
        own = self.phrase is not None and self.phrase.english[0][0] == "I"
        if not own and (I.korean in sampler.content or not sampler.chance(0.3)):
            return sampler.person(definite=True)
        shown = sampler.canonical or self.but or self.kind == "habit"
        shown = shown or (self.around is not None and not self.shared)
        return sampler.myself() if shown or sampler.chance(0.5) else None

    # ---- drawing the parts

    def _draw_around(self, left: int) -> int:
        """Draw the clause of time, reason or condition; return its size."""
        sampler, link = self.sampler, self.link
        if not link:
            return 0
        sampler.features.add(link)
        if link in ("because", "if") and sampler.chance(0.75):
            self.phrase = sampler.pick(lexicon.REASONS if link == "because" else lexicon.CONDITIONS)
            self.lead = _LEADS[self.phrase.korean]
            sampler.indoors = "indoors" in self.phrase.tags
            return len(self.phrase.english) + 1
        pool, ending = self._around_pool(link)
        subject = None if self.shared else sampler.subject(embedded=True, definite=True)
        tense = "present" if self.kind == "future" else self.tense
        tense = "past_progressive" if ending == "when doing" else tense
        clause = sampler.clause(pool, subject, tense, ending=ending, topic=False)
        parts: tuple[str, ...] = PARTS if self.shared else PARTS[:-1]
        if link == "while" or self.kind == "habit":
            parts = ("modifier", "relative") if link == "while" else HABIT_PARTS
        unused = sampler.enrich(clause, left - clause_size(clause), parts)
        if link == "because":
            self.lead = _RESPONSES[english_name(clause.frame)]
            clause.goal = lexicon.PLACES["집"] if clause.goal else None
        self.around = clause
        return left - unused + 1

    def _around_pool(self, link: str) -> tuple[Sequence[Frame], str]:
        """Choose the verbs of a link and its ending; note whether it shares the subject."""
        doing = self.sampler.chance(0.5)
        if link == "when":
            return (POOLS["ongoing"], "when doing") if doing else (POOLS["arrival"], link)
        if link == "because":
            return POOLS["cause"], link
        if link == "if" or (link != "while" and self.kind != "habit" and self.sampler.chance(0.3)):
            return POOLS["arrival"], link
        self.shared = True
        return (POOLS["background"] if link == "while" else self._pool()), link

    def _pool(self) -> Sequence[Frame]:
        if self.link == "while":
            return POOLS["calm"]
        return POOLS["habit"] if self.kind == "habit" else SEQUENCE

    def _actions(
        self, subject: NounPhrase | None, left: int, lead: Sequence[Frame]
    ) -> tuple[list[Clause], int]:
        """Draw one to three actions of one subject; return them with the words still left.

        Where `lead` is not empty, there is only one action, taken from it.
        """
        sampler = self.sampler
        open_front = self.kind != "habit" and (not self.link or self.shared)
        roomy = left > 12 and open_front and subject and sampler.can_head(subject)
        if subject and roomy and sampler.may("relative", 0.35):
            left -= sampler.describe(subject, left - 7, self._anchor())
        count = 1 if self.link or self.but else 2
        if sampler.may("and") and not lead and self.link != "while":
            count = max(count, min(3, int(sampler.random() * left / 5)))
        if count > 1:
            sampler.features.add("and")
        chain: list[Clause] = []
        for index in range(count):
            last = index == count - 1
            share = left // (count - index)
            clause, unused = self._action(lead or self._pool(), subject, share, last)
            if not last:
                clause.ending = "going" if "dest" in clause.frame.flags else "and"
            left += unused - share - 1
            chain.append(clause)
        return chain, left

    def _anchor(self) -> str:
        return {"habit": "present"}.get(self.kind, self.kind)

    def _action(
        self, pool: Sequence[Frame], subject: NounPhrase | None, left: int, last: bool
    ) -> tuple[Clause, int]:
        sampler = self.sampler
        plain = self.kind != "habit" and self.link not in ("while", "because", "if")
        if plain and last and left > 8 and sampler.chance(0.1) and sampler.may("purpose"):
            return _trip(sampler, subject, self.tense, left), 0
        clause = sampler.clause(pool, None, self.tense)
        if self.phrase and "안" in self.phrase.tags and pool is self.lead:
            if not sampler.may("negation") or self.but:
                raise DeadEnd
            clause.negation = "지" if sampler.canonical else "안"
            sampler.features.add("negation")
        elif last and self.may_deny and sampler.chance(0.2):
            sampler.negate(clause)
        parts = HABIT_PARTS if self.kind == "habit" else PARTS if last else PARTS[:-1]
        spare = left + 1 - clause_size(clause)
        clause.subject = subject
        return clause, sampler.enrich(clause, spare, parts)

    def _second(self, first: Sequence[Clause], left: int) -> list[Clause]:
        """Draw what someone else did, often with the same verb."""
        sampler, frame = self.sampler, first[-1].frame
        self.joins = sampler.may("and", 0.4)
        self.may_deny = not self.joins and self.kind == "past"
        sampler.features.add("and" if self.joins else "but")
        sampler.indoors = False
        subject = sampler.person(definite=True)
        alike = frame.objects and len(first) == 1 and not first[0].purpose and sampler.chance(0.5)
        if alike:
            sampler.content.discard(english_name(frame))
        link, self.link = self.link, ""
        chain, _ = self._actions(subject, left - size(subject), (frame,) if alike else ())
        self.link = link
        return chain

    # ---- saying the parts

    def _say(
        self,
        time: Phrase | None,
        subject: NounPhrase | None,
        first: list[Clause],
        second: list[Clause],
    ) -> Piece:
        who = noun_phrase(subject, "topic") if subject else Piece([], [])
        main = self._in_a_row(first, self._ending() if second else "")
        pronoun = who.english or loosely([first[0].who], main.korean[-1])
        main = Piece(main.korean, pronoun + main.english)
        if second and second[0].subject:
            other, after = noun_phrase(second[0].subject, "topic"), self._in_a_row(second, "")
            link = loosely([",", "and" if self.joins else "but"], main.korean[-1])
            main = Piece(
                main.korean + other.korean + after.korean,
                main.english + link + other.english + after.english,
            )
        around = self._say_around()
        front = who.korean + around.korean if self.shared else around.korean + who.korean
        english = main.english
        if around.english and (self.link in _FRONTED or second or first[-1].heavy):
            english = around.english + loosely([","], around.korean[-1]) + english
        else:
            english = english + around.english
        piece = Piece(front + main.korean, english)
        return opened(fixed(time), piece) if time else piece

    def _ending(self) -> str:
        """Choose how the first half of a contrast ends."""
        if self.joins:
            return "and"
        return {"past": "past but", "future": "future but"}.get(self.tense, "but")

    def _in_a_row(self, chain: list[Clause], ending: str) -> Piece:
        """Say actions in a row: *read a book, ate lunch, and slept*."""
        chain[-1].ending = ending
        korean: list[Word] = []
        english: list[English] = []
        for index, clause in enumerate(chain):
            style: Style = "bare" if index and self.tense == "future" else "shared"
            piece = say(clause, style)
            if index:
                comma = [","] if len(chain) > 2 else []
                word = ["and"] if index == len(chain) - 1 else []
                english += loosely(comma + word, korean[-1])
            korean += piece.korean
            english += piece.english
        if len(chain) > 1 and english[0][0] == "will":  # Korean says it once, at the end
            english[0] = ("will", (korean[-1],), ())
        return Piece(korean, english)

    def _say_around(self) -> Piece:
        if self.phrase:
            piece = fixed(self.phrase)
        elif self.around:
            piece = say(self.around, "gerund" if self.shared else "finite")
        else:
            return Piece([], [])
        verb = piece.korean[-1]
        own = verb.text in ("후에", "전에", "때", "때문에")
        return Piece(piece.korean, (linked if own else loosely)([self.link], verb) + piece.english)


_DAYS = {  # when one was hungry, or when it rained
    tag: tuple(time for time in times if time.english[-1][0] != "week")
    for tag, times in TIMES.items()
}
_FRONTED = ("if", "when", "while")  # English says these before the main clause


# --------------------------------------------------------------------------------------------
# Questions
# --------------------------------------------------------------------------------------------


def _question(sampler: Sampler, goal: int) -> Piece:
    kind = sampler.pick(("past", "past", "past", "future", "progressive", "can", "state"))
    if kind == "can":
        kind = "can" if sampler.may("modal") else "past"
        sampler.features |= {"modal"} if kind == "can" else set()
    subject = None if sampler.chance(0.6) else sampler.person(definite=True)
    clause = sampler.clause(POOLS[kind], subject, _TENSE_OF.get(kind, kind), who="you")
    if "negative" in clause.frame.flags:
        raise DeadEnd
    clause.topic = sampler.canonical or "가" in clause.frame.flags or sampler.chance(0.6)
    sampler.enrich(clause, goal - clause_size(clause), _parts(kind))
    return say(clause, "question")


_MEANINGS: dict[str, set[str]] = {}  # of a form, without its object: 들었어요 has two
for _frame in lexicon.FRAMES:
    _MEANINGS.setdefault(_frame.forms["past"], set()).add(english_name(_frame))


def _asks_thing(frame: Frame) -> object:
    """Whether *what* can be the object: a thing, and the verb is clear without it."""
    things = frame.objects and frame.objects[0].kind not in ("person", "relation")
    clear = len(_MEANINGS[frame.forms["past"]]) == 1
    plain = not frame.flags & {"the", "wear", "single"} and frame.english not in ("take", "play")
    return things and clear and plain


_MEETING = lexicon.word_set("돕다 부르다 기다리다 찾다 초대하다 보다 만나다")
# The verbs that a question word goes with.
_ASKED: dict[str, Callable[[Frame], object]] = {
    "무엇": _asks_thing,
    "누구": lambda frame: frame.lemma in _MEETING,
    "어디에서": lambda frame: frame in POOLS["there"],
    "언제": lambda frame: "wear" not in frame.flags,
    "왜": bool,
}
_ASKED_PARTS = {
    "어디에서": ("modifier", "number", "companion", "time"),
    "언제": ("modifier", "number", "companion", "place"),
}


def _wh_question(sampler: Sampler, goal: int) -> Piece:
    asked = sampler.pick(("누가", "누구", "무엇", "무엇", "어디에서", "언제", "왜"))
    tense = sampler.pick(("past", "past", "future", "progressive"))
    tense = "past" if asked == "언제" and tense == "progressive" else tense
    if asked == "누가":
        clause = sampler.clause(POOLS[tense], NounPhrase(WHO), tense, topic=False)
        sampler.enrich(clause, goal - clause_size(clause), _WHO_PARTS)
        return say(clause)
    subject = None if sampler.chance(0.6) else sampler.person(definite=True)
    pool = [frame for frame in POOLS[tense] if _ASKED[asked](frame)]
    clause = sampler.clause(pool, subject, tense, who="you")
    if asked in ("누구", "무엇"):
        if clause.object and asked == "누구" and clause.object.noun.kind not in _PEOPLE:
            raise DeadEnd
        clause.object = NounPhrase(WHO if asked == "누구" else WHAT)
    else:
        clause.asked = lexicon.QUESTIONS[asked]
    parts = _ASKED_PARTS.get(asked, ("modifier", "number", "companion", "time", "place"))
    sampler.enrich(clause, goal - clause_size(clause), parts)
    piece = say(clause, "question")
    if clause.asked:
        return piece
    moved = next(word for word in piece.english if word[0] in ("who", "what"))
    return Piece(piece.korean, [moved, *(word for word in piece.english if word is not moved)])


_WHO_PARTS = tuple(part for part in ALL_PARTS if part != "relative")
_PEOPLE = ("person", "relation", "name")


# --------------------------------------------------------------------------------------------
# Simpler kinds
# --------------------------------------------------------------------------------------------

_ANYONE = tuple(noun for noun in PERSONS if noun.korean in ("남자", "여자"))
_JOBS = tuple(noun for noun in PERSONS if noun.korean not in ("남자", "여자", "아이"))


def _copula(sampler: Sampler, goal: int) -> Piece:
    subject = sampler.myself() if sampler.chance(0.25) else sampler.person(definite=True)
    if subject.noun.kind == "person":
        subject.noun = sampler.fresh(_ANYONE)
    job = NounPhrase(sampler.fresh(_JOBS))
    negative = sampler.may("negation", 0.2)
    if negative:
        sampler.features.add("negation")
    elif sampler.may("modifier", 0.5):
        job.adjective = sampler.adjective(job.noun)
        sampler.features.add("modifier")
    past = sampler.chance(0.2)
    if goal > 8 and sampler.can_head(subject) and sampler.may("relative"):
        sampler.describe(subject, goal - 4, "past" if past else "present")
    return copula(subject, job, past, negative)


def _described(
    sampler: Sampler, left: int = 0, tense: str = "present"
) -> tuple[NounPhrase, Adjective]:
    """Draw a definite thing and an adjective that suits it."""
    phrase = NounPhrase(sampler.fresh(DESCRIBED), sampler.pick(("the", "the", "this")))
    adjective = sampler.adjective(phrase.noun)
    if adjective is None or adjective.frame is None:
        raise DeadEnd
    if phrase.noun.kind in OWNED_KINDS and sampler.may("possession", 0.4):
        phrase.determiner = "my"
        sampler.features.add("possession")
    if left > 4 and sampler.can_head(phrase) and sampler.may("relative"):
        sampler.describe(phrase, left, tense)
    return phrase, adjective


_STRONG = lexicon.DEGREES[:2]


def _adjective(sampler: Sampler, goal: int) -> Piece:
    tense = sampler.pick(("present", "present", "past"))
    subject, adjective = _described(sampler, goal - 3, tense)
    assert adjective.frame
    clause = Clause(adjective.frame, subject, tense)
    clause.topic = sampler.canonical or sampler.chance(0.7)
    if sampler.may("negation", 0.2):
        clause.negation = "지"
        sampler.features.add("negation")
    elif sampler.chance(0.4):
        degrees = lexicon.DEGREES if adjective.korean in lexicon.MEASURED else _STRONG
        return modified(sampler.pick(degrees), clause)
    return say(clause)


def _feeling(sampler: Sampler, goal: int) -> Piece:
    subject = NounPhrase(I) if sampler.canonical or sampler.chance(0.5) else None
    clause = Clause(sampler.pick(lexicon.FEELINGS), subject, sampler.pick(("present", "past")))
    sampler.content.update(clause.frame.tail)
    if goal > 2 and sampler.chance(0.6):
        return modified(sampler.pick(_STRONG), clause)
    return say(clause)


def _comparison(sampler: Sampler, _goal: int) -> Piece:
    subject, adjective = _described(sampler)
    alike = [noun for noun in DESCRIBED if noun.kind == subject.noun.kind]
    alike = [noun for noun in alike if noun.korean in adjective.nouns]
    if not adjective.comparative or len(alike) < 2:
        raise DeadEnd
    other = NounPhrase(sampler.fresh(alike), "this" if subject.determiner == "the" else "the")
    return comparison(subject, other, adjective, sampler.canonical or sampler.chance(0.6))


_INSIDE = tuple(place for place in lexicon.PLACES.values() if place.article == "the")
_SMALL_KINDS = lexicon.word_set("text stationery goods toy container dishware fruit headwear")
_SMALL = tuple(noun for noun in lexicon.NOUNS.values() if noun.kind in _SMALL_KINDS)


def _existence(sampler: Sampler, goal: int) -> Piece:
    if sampler.chance(0.3):
        where = in_place(sampler.word(_INSIDE))
        thing = NounPhrase(sampler.fresh(PERSONS))
    else:
        position = sampler.pick(tuple(lexicon.POSITIONS))
        bases = lexicon.CONTAINERS.get(position, lexicon.LANDMARKS).split()
        base = sampler.fresh([lexicon.NOUNS[name] for name in bases])
        where, thing = beside(position, NounPhrase(base, "the")), NounPhrase(sampler.fresh(_SMALL))
    negative, past = sampler.may("negation", 0.2), sampler.chance(0.3)
    if negative:
        sampler.features.add("negation")
        return existence(where, thing, past, negative=True)
    if goal > 7 and sampler.may("modifier", 0.5):
        thing.adjective = sampler.adjective(thing.noun)
        sampler.features.add("modifier")
    if sampler.may("number", 0.5):
        thing.count = 1 + int(sampler.random() * 4)
        sampler.features.add("number")
    return existence(where, thing, past, negative=False)


_DESTINATIONS = lexicon.choose_places("destination")


def _location(sampler: Sampler, _goal: int) -> Piece:
    subject = sampler.myself() if sampler.chance(0.2) else sampler.person(definite=True)
    place = sampler.word(_DESTINATIONS)
    sampler.content.add(place.korean)
    return location(subject, place, sampler.chance(0.4))


_DRAW: dict[str, Callable[[Sampler, int], Piece]] = {
    "statement": _statement,
    "question": _question,
    "wh_question": _wh_question,
    "copula": _copula,
    "adjective": _adjective,
    "comparison": _comparison,
    "existence": _existence,
    "location": _location,
    "feeling": _feeling,
}
