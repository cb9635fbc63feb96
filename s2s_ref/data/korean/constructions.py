"""Whole sentences: statements of one clause or several, questions, and the small kinds."""

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
    Drawer,
    clause_size,
    english_name,
    size,
)

# The kinds of sentence: weight, and the number of words up to which they are drawn.
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
"""What `generate` can be limited to; `Pair.construction` joins those used (and "scrambled")."""


def sentence(drawer: Drawer, goal: int, scrambled: bool) -> tuple[Piece, str]:
    """Draw a sentence of about `goal` words; give it with the mark that ends it."""
    drawer.start()
    if scrambled:
        kind = "statement"
        drawer.features.add("scrambled")
    else:
        kind = drawer.pick(_kinds_for(drawer.allowed, goal))
    drawer.features.add(kind)
    if scrambled:
        return say(_simple(drawer, goal - 1, scrambled=True)), "."
    return _DRAW[kind](drawer, goal - 1), "?" if kind.endswith("question") else "."


@cache
def _kinds_for(allowed: frozenset[str], goal: int) -> tuple[str, ...]:
    """The kinds that come at a length, each as often as its weight."""
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


def _statement(drawer: Drawer, goal: int) -> Piece:
    links = [link for link in _LINKS if link in drawer.allowed]
    if links and goal > 7 and drawer.chance((goal - 4) / 14):
        return _joined(drawer, goal, links)
    if goal > 5 and drawer.chance(0.08) and drawer.may("purpose"):
        return _errand(drawer, goal)
    if goal < 14 and drawer.chance(0.12):
        return _animal(drawer, goal)
    return say(_simple(drawer, goal))


def _simple(drawer: Drawer, goal: int, scrambled: bool = False) -> Clause:
    """Draw one clause with everything it may have."""
    kind = drawer.pick(_TENSES)
    if kind in _MODALS and not drawer.may("modal"):
        kind = "past"
    if drawer.canonical:
        kind = {"now": "progressive", "failed": "could"}.get(kind, kind)
    drawer.bare = kind == "habit"
    clause = _core(drawer, kind, scrambled)
    if kind in _MODALS:
        drawer.features.add("modal")
    if kind in ("habit", "now"):
        clause.time = drawer.moment(TIMES[kind])
        clause.time_first = not drawer.canonical and drawer.chance(0.3)
    elif kind == "state" and drawer.chance(0.25):
        clause.tense = "past"
    if kind == "failed":
        clause.negation = "못"
    elif kind != "habit" and drawer.chance(0.15):
        drawer.negate(clause)
    drawer.enrich(clause, goal - clause_size(clause), _parts(kind))
    return clause


def _core(drawer: Drawer, kind: str, scrambled: bool) -> Clause:
    """Draw subject, verb and what the verb needs."""
    if kind in ("want", "wanted"):  # one speaks of one's own wishes
        shown = scrambled or drawer.canonical or drawer.chance(0.5)
        subject = drawer.myself() if shown else None
    else:
        subject = drawer.subject(embedded=scrambled)
    pool = _WITH_OBJECT[kind] if scrambled else POOLS[kind]
    clause = drawer.clause(pool, subject, _TENSE_OF.get(kind, kind))
    known = bool(subject and subject.definite)
    clause.scrambled = scrambled
    clause.topic = known and not scrambled and (drawer.canonical or drawer.chance(0.8))
    if "가" in clause.frame.flags:
        clause.topic = True
        if subject and not known:
            raise DeadEnd
    return clause


def _parts(kind: str) -> tuple[str, ...]:
    if kind == "state":
        return ("modifier", "number", "relative")
    return HABIT_PARTS if kind == "habit" else ALL_PARTS


def _animal(drawer: Drawer, goal: int) -> Piece:
    """Draw what an animal did."""
    subject = NounPhrase(drawer.fresh(ANIMALS), drawer.pick(("", "", "the", "the", "this")))
    if subject.noun.kind == "pet" and drawer.may("possession", 0.3):
        subject.determiner = "my"
        drawer.features.add("possession")
    tense = drawer.pick(("past", "past", "past", "progressive", "past_progressive"))
    pool = POOLS["animal" if tense == "past" else "animal doing"]
    clause = drawer.clause(pool, subject, tense, topic=subject.definite)
    drawer.enrich(clause, goal - clause_size(clause), ALL_PARTS)
    return say(clause)


def _errand(drawer: Drawer, goal: int) -> Piece:
    subject = drawer.subject()
    clause = _way(drawer, subject, drawer.pick(("past", "past", "future")), goal)
    clause.topic = bool(subject and subject.definite)
    drawer.enrich(clause, goal - clause_size(clause), ("time",))
    return say(clause)


def _way(drawer: Drawer, subject: NounPhrase | None, tense: str, goal: int) -> Clause:
    """Draw a way somewhere to do something: *went to the bookstore to buy a book*."""
    clause = drawer.clause(POOLS["motion"], subject, tense)
    action = drawer.clause(POOLS["errand"], None, tense, ending="in order to")
    clause.goal = place = drawer.word(action.frame.places)
    if place.preposition == "on" or not drawer.say_once(place.korean):
        raise DeadEnd
    clause.purpose = action
    drawer.features.add("purpose")
    drawer.enrich(action, goal - clause_size(clause), ("modifier", "number", "list"))
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
    """Look up frames by their English verb; "take:버스" asks for one that can have that object."""
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


def _joined(drawer: Drawer, goal: int, links: Sequence[str]) -> Piece:
    """Draw actions in a row, their reason or time, and what someone else did."""
    kind = drawer.pick(("past", "past", "past", "past", "future", "habit"))
    around = [link for link in links if kind in _TENSES_OF_LINK.get(link, ())]
    but = goal > 11 and "but" in links and drawer.chance(0.15 + goal / 60)
    plain = (but and goal < 22) or ("and" in links and goal < 20 and drawer.chance(0.2))
    link = drawer.pick(around) if around and not plain else ""
    if not (link or but or "and" in links):
        raise DeadEnd
    return _Joined(drawer, goal, kind, link, but).draw()


class _Joined:
    """One sentence of several clauses: [time] [around] subject action* [but subject action*]."""

    def __init__(self, drawer: Drawer, goal: int, kind: str, link: str, but: bool) -> None:
        self.drawer, self.goal, self.kind, self.link, self.but = drawer, goal, kind, link, but
        self.tense = _TENSE_OF.get(kind, kind)
        self.around: Clause | None = None  # the clause of time, reason or condition
        self.phrase: Phrase | None = None  # or a fixed one: 비가 와서
        self.shared = False  # whether its subject is the main one
        self.lead: Sequence[Frame] = ()  # what the reason leads to
        self.joins = False  # the halves are joined by *and*, not *but*
        self.may_deny = not but and kind == "past" and link in ("", "when")
        drawer.bare = kind == "habit"

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
        if self.kind == "habit" or (light and self.drawer.chance(0.35)):
            times = TIMES[self.kind]
            return self.drawer.moment(_DAYS[self.kind] if self.phrase else times)
        return None

    def _subject(self) -> NounPhrase | None:
        drawer = self.drawer
        own = self.phrase is not None and self.phrase.english[0][0] == "I"
        if not own and (I.korean in drawer.content or not drawer.chance(0.3)):
            return drawer.person(definite=True)
        shown = drawer.canonical or self.but or self.kind == "habit"
        shown = shown or (self.around is not None and not self.shared)
        return drawer.myself() if shown or drawer.chance(0.5) else None

    # ---- drawing the parts

    def _draw_around(self, left: int) -> int:
        """Draw the clause of time, reason or condition; give its size."""
        drawer, link = self.drawer, self.link
        if not link:
            return 0
        drawer.features.add(link)
        if link in ("because", "if") and drawer.chance(0.75):
            self.phrase = drawer.pick(lexicon.REASONS if link == "because" else lexicon.CONDITIONS)
            self.lead = _LEADS[self.phrase.korean]
            drawer.indoors = "indoors" in self.phrase.tags
            return len(self.phrase.english) + 1
        pool, ending = self._around_pool(link)
        subject = None if self.shared else drawer.subject(embedded=True, definite=True)
        tense = "present" if self.kind == "future" else self.tense
        tense = "past_progressive" if ending == "when doing" else tense
        clause = drawer.clause(pool, subject, tense, ending=ending, topic=False)
        parts: tuple[str, ...] = PARTS if self.shared else PARTS[:-1]
        if link == "while" or self.kind == "habit":
            parts = ("modifier", "relative") if link == "while" else HABIT_PARTS
        unused = drawer.enrich(clause, left - clause_size(clause), parts)
        if link == "because":
            self.lead = _RESPONSES[english_name(clause.frame)]
            clause.goal = lexicon.PLACES["집"] if clause.goal else None
        self.around = clause
        return left - unused + 1

    def _around_pool(self, link: str) -> tuple[Sequence[Frame], str]:
        """Choose the verbs of a link and its ending; note whether it shares the subject."""
        doing = self.drawer.chance(0.5)
        if link == "when":
            return (POOLS["ongoing"], "when doing") if doing else (POOLS["arrival"], link)
        if link == "because":
            return POOLS["cause"], link
        if link == "if" or (link != "while" and self.kind != "habit" and self.drawer.chance(0.3)):
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
        """Draw one to three actions of one subject; give them with the words still left.

        `lead` offers the only action, if anything.
        """
        drawer = self.drawer
        open_front = self.kind != "habit" and (not self.link or self.shared)
        roomy = left > 12 and open_front and subject and drawer.can_head(subject)
        if subject and roomy and drawer.may("relative", 0.35):
            left -= drawer.describe(subject, left - 7, self._anchor())
        count = 1 if self.link or self.but else 2
        if drawer.may("and") and not lead and self.link != "while":
            count = max(count, min(3, int(drawer.random() * left / 5)))
        if count > 1:
            drawer.features.add("and")
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
        drawer = self.drawer
        plain = self.kind != "habit" and self.link not in ("while", "because", "if")
        if plain and last and left > 8 and drawer.chance(0.1) and drawer.may("purpose"):
            return _way(drawer, subject, self.tense, left), 0
        clause = drawer.clause(pool, None, self.tense)
        if self.phrase and "안" in self.phrase.tags and pool is self.lead:
            if not drawer.may("negation") or self.but:
                raise DeadEnd
            clause.negation = "지" if drawer.canonical else "안"
            drawer.features.add("negation")
        elif last and self.may_deny and drawer.chance(0.2):
            drawer.negate(clause)
        parts = HABIT_PARTS if self.kind == "habit" else PARTS if last else PARTS[:-1]
        spare = left + 1 - clause_size(clause)
        clause.subject = subject
        return clause, drawer.enrich(clause, spare, parts)

    def _second(self, first: Sequence[Clause], left: int) -> list[Clause]:
        """Draw what someone else did, often with the same verb."""
        drawer, frame = self.drawer, first[-1].frame
        self.joins = drawer.may("and", 0.4)
        self.may_deny = not self.joins and self.kind == "past"
        drawer.features.add("and" if self.joins else "but")
        drawer.indoors = False
        subject = drawer.person(definite=True)
        alike = frame.objects and len(first) == 1 and not first[0].purpose and drawer.chance(0.5)
        if alike:
            drawer.content.discard(english_name(frame))
        link, self.link = self.link, ""
        chain, _ = self._actions(subject, left - size(subject), (frame,) if alike else ())
        self.link = link
        return chain

    # ---- saying them

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


def _question(drawer: Drawer, goal: int) -> Piece:
    kind = drawer.pick(("past", "past", "past", "future", "progressive", "can", "state"))
    if kind == "can":
        kind = "can" if drawer.may("modal") else "past"
        drawer.features |= {"modal"} if kind == "can" else set()
    subject = None if drawer.chance(0.6) else drawer.person(definite=True)
    clause = drawer.clause(POOLS[kind], subject, _TENSE_OF.get(kind, kind), who="you")
    if "negative" in clause.frame.flags:
        raise DeadEnd
    clause.topic = drawer.canonical or "가" in clause.frame.flags or drawer.chance(0.6)
    drawer.enrich(clause, goal - clause_size(clause), _parts(kind))
    return say(clause, "question")


_MEANINGS: dict[str, set[str]] = {}  # of a form, without its object: 들었어요 has two
for _frame in lexicon.FRAMES:
    _MEANINGS.setdefault(_frame.forms["past"], set()).add(english_name(_frame))


def _asks_thing(frame: Frame) -> object:
    """Whether *what* can be the object: a thing, of a verb that needs it not to be understood."""
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


def _wh_question(drawer: Drawer, goal: int) -> Piece:
    asked = drawer.pick(("누가", "누구", "무엇", "무엇", "어디에서", "언제", "왜"))
    tense = drawer.pick(("past", "past", "future", "progressive"))
    tense = "past" if asked == "언제" and tense == "progressive" else tense
    if asked == "누가":
        clause = drawer.clause(POOLS[tense], NounPhrase(WHO), tense, topic=False)
        drawer.enrich(clause, goal - clause_size(clause), _WHO_PARTS)
        return say(clause)
    subject = None if drawer.chance(0.6) else drawer.person(definite=True)
    pool = [frame for frame in POOLS[tense] if _ASKED[asked](frame)]
    clause = drawer.clause(pool, subject, tense, who="you")
    if asked in ("누구", "무엇"):
        if clause.object and asked == "누구" and clause.object.noun.kind not in _PEOPLE:
            raise DeadEnd
        clause.object = NounPhrase(WHO if asked == "누구" else WHAT)
    else:
        clause.asked = lexicon.QUESTIONS[asked]
    parts = _ASKED_PARTS.get(asked, ("modifier", "number", "companion", "time", "place"))
    drawer.enrich(clause, goal - clause_size(clause), parts)
    piece = say(clause, "question")
    if clause.asked:
        return piece
    moved = next(word for word in piece.english if word[0] in ("who", "what"))
    return Piece(piece.korean, [moved, *(word for word in piece.english if word is not moved)])


_WHO_PARTS = tuple(part for part in ALL_PARTS if part != "relative")
_PEOPLE = ("person", "relation", "name")


# --------------------------------------------------------------------------------------------
# The small kinds
# --------------------------------------------------------------------------------------------

_ANYONE = tuple(noun for noun in PERSONS if noun.korean in ("남자", "여자"))
_JOBS = tuple(noun for noun in PERSONS if noun.korean not in ("남자", "여자", "아이"))


def _copula(drawer: Drawer, goal: int) -> Piece:
    subject = drawer.myself() if drawer.chance(0.25) else drawer.person(definite=True)
    if subject.noun.kind == "person":
        subject.noun = drawer.fresh(_ANYONE)
    job = NounPhrase(drawer.fresh(_JOBS))
    negative = drawer.may("negation", 0.2)
    if negative:
        drawer.features.add("negation")
    elif drawer.may("modifier", 0.5):
        job.adjective = drawer.adjective(job.noun)
        drawer.features.add("modifier")
    past = drawer.chance(0.2)
    if goal > 8 and drawer.can_head(subject) and drawer.may("relative"):
        drawer.describe(subject, goal - 4, "past" if past else "present")
    return copula(subject, job, past, negative)


def _described(
    drawer: Drawer, left: int = 0, tense: str = "present"
) -> tuple[NounPhrase, Adjective]:
    """Draw something known and an adjective that one can say of it."""
    phrase = NounPhrase(drawer.fresh(DESCRIBED), drawer.pick(("the", "the", "this")))
    adjective = drawer.adjective(phrase.noun)
    if adjective is None or adjective.frame is None:
        raise DeadEnd
    if phrase.noun.kind in OWNED_KINDS and drawer.may("possession", 0.4):
        phrase.determiner = "my"
        drawer.features.add("possession")
    if left > 4 and drawer.can_head(phrase) and drawer.may("relative"):
        drawer.describe(phrase, left, tense)
    return phrase, adjective


_STRONG = lexicon.DEGREES[:2]


def _adjective(drawer: Drawer, goal: int) -> Piece:
    tense = drawer.pick(("present", "present", "past"))
    subject, adjective = _described(drawer, goal - 3, tense)
    assert adjective.frame
    clause = Clause(adjective.frame, subject, tense)
    clause.topic = drawer.canonical or drawer.chance(0.7)
    if drawer.may("negation", 0.2):
        clause.negation = "지"
        drawer.features.add("negation")
    elif drawer.chance(0.4):
        degrees = lexicon.DEGREES if adjective.korean in lexicon.MEASURED else _STRONG
        return modified(drawer.pick(degrees), clause)
    return say(clause)


def _feeling(drawer: Drawer, goal: int) -> Piece:
    subject = NounPhrase(I) if drawer.canonical or drawer.chance(0.5) else None
    clause = Clause(drawer.pick(lexicon.FEELINGS), subject, drawer.pick(("present", "past")))
    drawer.content.update(clause.frame.tail)
    if goal > 2 and drawer.chance(0.6):
        return modified(drawer.pick(_STRONG), clause)
    return say(clause)


def _comparison(drawer: Drawer, _goal: int) -> Piece:
    subject, adjective = _described(drawer)
    alike = [noun for noun in DESCRIBED if noun.kind == subject.noun.kind]
    alike = [noun for noun in alike if noun.korean in adjective.nouns]
    if not adjective.comparative or len(alike) < 2:
        raise DeadEnd
    other = NounPhrase(drawer.fresh(alike), "this" if subject.determiner == "the" else "the")
    return comparison(subject, other, adjective, drawer.canonical or drawer.chance(0.6))


_INSIDE = tuple(place for place in lexicon.PLACES.values() if place.article == "the")
_SMALL_KINDS = lexicon.word_set("text stationery goods toy container dishware fruit headwear")
_SMALL = tuple(noun for noun in lexicon.NOUNS.values() if noun.kind in _SMALL_KINDS)


def _existence(drawer: Drawer, goal: int) -> Piece:
    if drawer.chance(0.3):
        where = in_place(drawer.word(_INSIDE))
        thing = NounPhrase(drawer.fresh(PERSONS))
    else:
        position = drawer.pick(tuple(lexicon.POSITIONS))
        bases = lexicon.CONTAINERS.get(position, lexicon.LANDMARKS).split()
        base = drawer.fresh([lexicon.NOUNS[name] for name in bases])
        where, thing = beside(position, NounPhrase(base, "the")), NounPhrase(drawer.fresh(_SMALL))
    negative, past = drawer.may("negation", 0.2), drawer.chance(0.3)
    if negative:
        drawer.features.add("negation")
        return existence(where, thing, past, negative=True)
    if goal > 7 and drawer.may("modifier", 0.5):
        thing.adjective = drawer.adjective(thing.noun)
        drawer.features.add("modifier")
    if drawer.may("number", 0.5):
        thing.count = 1 + int(drawer.random() * 4)
        drawer.features.add("number")
    return existence(where, thing, past, negative=False)


_DESTINATIONS = lexicon.choose_places("destination")


def _location(drawer: Drawer, _goal: int) -> Piece:
    subject = drawer.myself() if drawer.chance(0.2) else drawer.person(definite=True)
    place = drawer.word(_DESTINATIONS)
    drawer.content.add(place.korean)
    return location(subject, place, drawer.chance(0.4))


_DRAW: dict[str, Callable[[Drawer, int], Piece]] = {
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
