"""How words change: particles after nouns, articles, and the forms of Korean and English verbs."""

from functools import cache

from s2s_ref.data.korean import lexicon

# Particle: after a consonant, after a vowel, gloss.
PARTICLES = {
    "topic": ("은", "는", "-TOP"),
    "subject": ("이", "가", "-SUBJ"),
    "object": ("을", "를", "-OBJ"),
    "and": ("과", "와", "-AND"),
    "tool": ("으로", "로", "-WITH"),
    "of": ("의", "의", "-OF"),
    "to": ("에게", "에게", "-TO"),
    "goal": ("에", "에", "-TO"),
    "at": ("에서", "에서", "-AT"),
    "than": ("보다", "보다", "-THAN"),
    "is": ("이에요", "예요", "-is"),
    "was": ("이었어요", "였어요", "-was"),
    "": ("", "", ""),
}
_CONTRACTED = {("저", "subject"): "제가", ("누구", "subject"): "누가"}


@cache
def attach(noun: str, particle: str) -> str:
    """Attach a particle in the form that the noun's last sound requires: 책을, 커피를."""
    if (noun, particle) in _CONTRACTED:
        return _CONTRACTED[noun, particle]
    after_consonant, after_vowel, _ = PARTICLES[particle]
    final = (ord(noun[-1]) - 0xAC00) % 28  # Unicode orders syllables by their final consonant
    is_vowel = final == 0 or (particle == "tool" and final == 8)  # 로 after ㄹ too: 연필로
    return noun + (after_vowel if is_vowel else after_consonant)


@cache
def article(word: str) -> str:
    """Choose *a* or *an* by the sound of the next word."""
    if word.startswith(lexicon.A_BEFORE_VOWEL_LETTER):
        return "a"
    if word.startswith(lexicon.AN_BEFORE_CONSONANT_LETTER):
        return "an"
    return "an" if word[0].lower() in "aeiou" else "a"


# The end of a sentence, by English tense and whether it is negated with -지 않다: the form of the
# verb, the English form for the gloss, and auxiliary words (text, gloss, what they express).
FINAL_FORMS: dict[tuple[str, bool], tuple[str, str, tuple[tuple[str, str, str], ...]]] = {
    ("present", False): ("present", "base", ()),
    ("present", True): ("지", "base", (("않아요", "not", "not"),)),
    ("now", False): ("present", "ing", ()),
    ("past", False): ("past", "past", ()),
    ("failed", False): ("past", "base", ()),
    ("past", True): ("지", "base", (("않았어요", "not-PAST", "not"),)),
    ("future", False): ("ㄹ", "base", (("거예요", "will", "aux"),)),
    ("future", True): ("지", "base", (("않을", "not", "not"), ("거예요", "will", "aux"))),
    ("progressive", False): ("고", "ing", (("있어요", "is", "aux"),)),
    ("progressive", True): ("고", "ing", (("있지", "is", "aux"), ("않아요", "not", "not"))),
    ("past_progressive", False): ("고", "ing", (("있었어요", "was", "aux"),)),
    ("past_progressive", True): (
        "고",
        "ing",
        (("있지", "is", "aux"), ("않았어요", "not-PAST", "not")),
    ),
    ("want", False): ("고", "base", (("싶어요", "want", "aux"),)),
    ("want", True): ("고", "base", (("싶지", "want", "aux"), ("않아요", "not", "not"))),
    ("wanted", False): ("고", "base", (("싶었어요", "wanted", "aux"),)),
    ("wanted", True): ("고", "base", (("싶지", "want", "aux"), ("않았어요", "not-PAST", "not"))),
    ("can", False): ("ㄹ", "base", (("수", "way", "also"), ("있어요", "exists", "aux"))),
    ("can", True): ("ㄹ", "base", (("수", "way", "also"), ("없어요", "not.exist", "aux not"))),
    ("could", False): ("ㄹ", "base", (("수", "way", "also"), ("있었어요", "existed", "aux"))),
    ("could", True): (
        "ㄹ",
        "base",
        (("수", "way", "also"), ("없었어요", "not.existed", "aux not")),
    ),
    ("must", False): ("야", "base", (("해요", "must", "aux"),)),
    ("had_to", False): ("야", "base", (("했어요", "had.to", "aux"),)),
}
# The same for verbs inside a sentence, by what follows; the third entry is added to the gloss.
LINKING_FORMS: dict[str, tuple[str, str, str, tuple[tuple[str, str, str], ...]]] = {
    "and": ("고", "base", "-AND", ()),
    "going": ("서", "base", "-AND", ()),
    "but": ("지만", "base", "-BUT", ()),
    "past but": ("았지만", "past", "-BUT", ()),
    "future but": ("ㄹ", "base", "", (("거지만", "will-BUT", "aux"),)),
    "because": ("았기", "past", "", (("때문에", "because", "link"),)),
    "after": ("ㄴ", "past", "", (("후에", "after", "link"),)),
    "before": ("기", "ing", "", (("전에", "before", "link"),)),
    "when": ("았을", "past", "", (("때", "when", "link"),)),
    "when doing": ("고", "ing", "", (("있을", "is", "aux"), ("때", "when", "link"))),
    "while": ("면서", "ing", "-WHILE", ()),
    "if": ("면", "base", "-IF", ()),
    "in order to": ("러", "base", "-TO", ()),
    "that past": ("ㄴ", "past", "-REL", ()),
    "that present": ("는", "ing", "-REL", ()),
    "that doing": ("고", "ing", "", (("있는", "is-REL", "aux"),)),
    "that future": ("ㄹ", "base", "-REL", ()),
}
# English tense: auxiliary, form of the verb, and the verb that governs it.
_TENSES = {
    "present": ("do", "present", ""),
    "past": ("did", "past", ""),
    "failed": ("could", "base", ""),
    "now": ("be", "ing", ""),
    "progressive": ("be", "ing", ""),
    "past_progressive": ("was", "ing", ""),
    "future": ("will", "base", ""),
    "can": ("can", "base", ""),
    "could": ("could", "base", ""),
    "want": ("do", "present", "want"),
    "wanted": ("did", "past", "want"),
    "must": ("do", "present", "have"),
    "had_to": ("did", "past", "have"),
}
_AGREEMENT = {"be": {"I": "am", "he": "is"}, "was": {"I": "was", "he": "was"}, "do": {"he": "does"}}
_PLURAL = {"be": "are", "was": "were"}
PAST_TENSES = frozenset(["past", "failed", "past_progressive", "wanted", "could", "had_to"])
FUNCTION_WORDS = frozenset(["to", "for", "at", "a"])


def _finite(verb: str, form: str, who: str) -> str:
    base, third, past, ing = lexicon.ENGLISH_VERBS[verb]
    if form == "present":
        return third if who == "he" else base
    return {"base": base, "past": past, "ing": ing}[form]


@cache
def english_verb(
    frame_english: tuple[str, ...], tense: str, who: str, negative: bool, question: bool
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the auxiliary, which a question moves, and the rest; each word with its role."""
    verb, *tail = frame_english
    auxiliary, form, governor = _TENSES[tense]
    if verb == "be":
        auxiliary = {"did": "was", "do": "be"}[auxiliary]
    front: list[tuple[str, str]] = []
    rest: list[tuple[str, str]] = []
    if negative or question or auxiliary not in ("do", "did"):
        text = _AGREEMENT.get(auxiliary, {}).get(who) or _PLURAL.get(auxiliary, auxiliary)
        front = [(text, "be" if auxiliary in ("be", "was") else "aux")]
        form = "base" if form != "ing" else "ing"
    if negative and auxiliary == "can":
        front = [("cannot", "aux")]
    elif negative:
        rest = [("not", "not")]
    if governor:
        rest += [(_finite(governor, form, who), "governor"), ("to", "to")]
        form = "base"
    if verb != "be":
        rest.append((_finite(verb, form, who), "verb"))
    rest += [(word, "function" if word in FUNCTION_WORDS else "verb") for word in tail]
    return front, rest


@cache
def verb_gloss(english: str, tail: tuple[str, ...], form: str) -> tuple[str, str]:
    """The gloss of a verb form, and the verb's plain English."""
    if english == "be":
        return ".".join(tail), ".".join(tail)
    return ".".join([_finite(english, form, "I"), *tail]), ".".join([english, *tail])
