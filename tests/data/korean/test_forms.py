"""The lexicon's forms against rules written down here once more, from Korean school grammar."""

import unicodedata

import pytest

from s2s_ref.data.korean import lexicon
from s2s_ref.data.korean.inflection import article, attach
from s2s_ref.data.korean.realisation import WHO, I

# --------------------------------------------------------------------------------------------
# A conjugator by rule: an oracle that shares nothing with the lexicon's spelled-out forms
# --------------------------------------------------------------------------------------------
D_IRREGULAR = lexicon.word_set("듣다 걷다")
B_IRREGULAR = lexicon.word_set(
    "굽다 눕다 돕다 아름답다 귀엽다 맵다 뜨겁다 차갑다 무겁다 가볍다 두껍다 더럽다 무섭다 어렵다 "
    "쉽다 시끄럽다 부드럽다 외롭다"
)
S_IRREGULAR = lexicon.word_set("짓다")
H_IRREGULAR = lexicon.word_set("빨갛다 파랗다 노랗다 하얗다 까맣다")
REU_IRREGULAR = lexicon.word_set("자르다 부르다 두르다 모르다 게으르다 빠르다")
CONTRACTIONS = {
    ("ㅏ", "ㅏ"): "ㅏ",
    ("ㅓ", "ㅓ"): "ㅓ",
    ("ㅗ", "ㅏ"): "ㅘ",
    ("ㅜ", "ㅓ"): "ㅝ",
    ("ㅣ", "ㅓ"): "ㅕ",
    ("ㅐ", "ㅓ"): "ㅐ",
    ("ㅔ", "ㅓ"): "ㅔ",
    ("ㅕ", "ㅓ"): "ㅕ",
}
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = ["", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"]


def take_apart(syllable: str) -> tuple[int, str, str]:
    number = ord(syllable) - 0xAC00
    return number // 588, VOWELS[number % 588 // 28], FINALS[number % 28]


def put_together(lead: int, vowel: str, final: str = "") -> str:
    return chr(0xAC00 + lead * 588 + VOWELS.index(vowel) * 28 + FINALS.index(final))


def with_final(text: str, final: str) -> str:
    lead, vowel, _ = take_apart(text[-1])
    return text[:-1] + put_together(lead, vowel, final)


def infinitive(lemma: str) -> str:
    """The form before 요: 사, 들어, 구워."""
    stem = lemma[:-1]
    if lemma.endswith("하다"):
        return stem[:-1] + "해"
    lead, vowel, final = take_apart(stem[-1])
    bright = "ㅏ" if vowel in "ㅏㅑㅗ" else "ㅓ"
    if lemma in REU_IRREGULAR:
        before = take_apart(stem[-2])[1]
        return with_final(stem[:-1], "ㄹ") + ("라" if before in "ㅏㅗ" else "러")
    if lemma in H_IRREGULAR:
        pale = "ㅒ" if vowel == "ㅑ" else "ㅐ"
        return stem[:-1] + put_together(lead, pale)
    if lemma in D_IRREGULAR:
        return with_final(stem, "ㄹ") + "어"
    if lemma in B_IRREGULAR:
        return with_final(stem, "") + ("와" if lemma == "돕다" else "워")
    if lemma in S_IRREGULAR:
        return with_final(stem, "") + "어"
    if final:
        return stem + ("아" if bright == "ㅏ" else "어")
    if vowel == "ㅡ":
        if len(stem) == 1:
            return put_together(lead, "ㅓ")
        before = take_apart(stem[-2])[1]
        return stem[:-1] + put_together(lead, "ㅏ" if before in "ㅏㅗ" else "ㅓ")
    if (vowel, bright) in CONTRACTIONS:
        return stem[:-1] + put_together(lead, CONTRACTIONS[vowel, bright])
    return stem + "어"


def soft_stem(lemma: str) -> tuple[str, str]:
    """The stem before endings with 으, and its last consonant there."""
    stem = lemma[:-1]
    if lemma in D_IRREGULAR:
        return with_final(stem, "ㄹ") + "으", "ㄹ"
    if lemma in B_IRREGULAR:
        return with_final(stem, "") + "우", ""
    if lemma in S_IRREGULAR:
        return with_final(stem, "") + "으", ""
    final = take_apart(stem[-1])[2]
    if final == "ㄹ":
        return stem, "ㄹ stem"
    return (stem + "으", final) if final else (stem, "")


def expected_forms(lemma: str) -> dict[str, str]:
    ending, (soft, final) = infinitive(lemma), soft_stem(lemma)
    is_l = final == "ㄹ stem"
    return {
        "present": ending + "요",
        "past": with_final(ending, "ㅆ") + "어요",
        "ㄴ": with_final(soft, "ㄴ"),
        "는": (with_final(soft, "") if is_l else lemma[:-1]) + "는",
        "ㄹ": soft if is_l else with_final(soft, "ㄹ"),
        "면": soft + "면",
        "면서": soft + "면서",
        "러": soft + "러",
        "고": lemma[:-1] + "고",
        "지": lemma[:-1] + "지",
        "기": lemma[:-1] + "기",
        "지만": lemma[:-1] + "지만",
        "서": ending + "서",
        "야": ending + "야",
        "았지만": with_final(ending, "ㅆ") + "지만",
        "았을": with_final(ending, "ㅆ") + "을",
        "았기": with_final(ending, "ㅆ") + "기",
    }


@pytest.mark.parametrize("lemma", lexicon.VERBS)
def test_verb_forms(lemma):
    expected = expected_forms(lemma)
    assert lexicon.VERBS[lemma] == {name: expected[name] for name in lexicon.VERBS[lemma]}


def test_forms_that_students_of_korean_get_wrong():
    """A hand-written table, so that the rules above are checked too."""
    table = {
        ("듣다", "present"): "들어요",
        ("듣다", "ㄴ"): "들은",
        ("걷다", "past"): "걸었어요",
        ("돕다", "past"): "도왔어요",
        ("돕다", "ㄴ"): "도운",
        ("굽다", "present"): "구워요",
        ("짓다", "ㄴ"): "지은",
        ("모르다", "present"): "몰라요",
        ("부르다", "past"): "불렀어요",
        ("만들다", "는"): "만드는",
        ("만들다", "ㄴ"): "만든",
        ("만들다", "ㄹ"): "만들",
        ("살다", "는"): "사는",
        ("쓰다", "present"): "써요",
        ("끄다", "past"): "껐어요",
        ("마시다", "past"): "마셨어요",
        ("가르치다", "present"): "가르쳐요",
        ("주다", "past"): "줬어요",
        ("배우다", "past"): "배웠어요",
        ("쉬다", "past"): "쉬었어요",
        ("씻다", "past"): "씻었어요",
        ("닫다", "past"): "닫았어요",
        ("입다", "past"): "입었어요",
        ("가다", "서"): "가서",
        ("오다", "past"): "왔어요",
        ("춤추다", "past"): "춤췄어요",
    }
    for (lemma, form), text in table.items():
        assert lexicon.VERBS[lemma][form] == text
        assert expected_forms(lemma)[form] == text


def modifier(lemma: str) -> str:
    """How an adjective stands before a noun."""
    if lemma.endswith(("있다", "없다")):
        return lemma[:-1] + "는"
    if lemma in H_IRREGULAR:
        return with_final(lemma[:-1], "ㄴ")
    return with_final(soft_stem(lemma)[0], "ㄴ")


@pytest.mark.parametrize("frame", [*lexicon.FEELINGS, *(a.frame for a in lexicon.ADJECTIVES)])
def test_adjective_forms(frame):
    if frame is None:
        pytest.skip("새 and 낡은 stand only before nouns")
    expected = expected_forms(frame.lemma)
    assert frame.forms == {name: expected[name] for name in frame.forms}


@pytest.mark.parametrize("adjective", [a for a in lexicon.ADJECTIVES if a.frame])
def test_adjectives_before_a_noun(adjective):
    assert adjective.korean == modifier(adjective.frame.lemma)


def ends_in_consonant(text: str) -> bool:
    """By canonical decomposition: a syllable with a final consonant has three letters."""
    return len(unicodedata.normalize("NFD", text[-1])) == 3


ALL_NAMES = [*lexicon.NOUNS, *lexicon.PLACES, "씨"]


@pytest.mark.parametrize(
    ("particle", "closed", "open_"),
    [
        ("topic", "은", "는"),
        ("subject", "이", "가"),
        ("object", "을", "를"),
        ("and", "과", "와"),
        ("is", "이에요", "예요"),
        ("was", "이었어요", "였어요"),
    ],
)
def test_particles_follow_the_last_sound(particle, closed, open_):
    for noun in ALL_NAMES:
        assert attach(noun, particle) == noun + (closed if ends_in_consonant(noun) else open_)


def test_particles_by_hand():
    assert attach("연필", "tool") == "연필로"
    assert attach("칼", "tool") == "칼로"
    assert attach("펜", "tool") == "펜으로"
    assert attach("붓", "tool") == "붓으로"
    assert attach("가위", "tool") == "가위로"
    assert attach("저", "subject") == "제가"
    assert attach("저", "topic") == "저는"
    assert attach("저", "to") == "저에게"
    assert attach("누구", "subject") == "누가"
    assert attach("누구", "object") == "누구를"
    assert attach("무엇", "object") == "무엇을"
    assert attach("씨", "of") == "씨의"
    assert attach("학교", "goal") == "학교에"
    assert attach("도서관", "at") == "도서관에서"


# --------------------------------------------------------------------------------------------
# English
# --------------------------------------------------------------------------------------------
AN = lexicon.word_set(
    "actor air airplane airport apple art athlete easy elephant email eraser expensive honest "
    "interesting "
    "office old onion orange umbrella"
)


def english_words() -> set[str]:
    nouns = {noun.singular[0] for noun in lexicon.NOUNS.values() if noun.number == "count"}
    places = {place.english[0] for place in lexicon.PLACES.values() if place.article}
    return nouns | places | {adjective.english for adjective in lexicon.ADJECTIVES}


def test_a_or_an_by_hand():
    words = english_words()
    assert {word for word in words if article(word) == "an"} == words & AN
    assert article("hour") == "an"
    assert article("university") == "a"
    assert article("uniform") == "a"


PAST = {
    "bite": "bit",
    "break": "broke",
    "build": "built",
    "buy": "bought",
    "catch": "caught",
    "come": "came",
    "cut": "cut",
    "do": "did",
    "draw": "drew",
    "drink": "drank",
    "drive": "drove",
    "eat": "ate",
    "find": "found",
    "give": "gave",
    "go": "went",
    "grow": "grew",
    "have": "had",
    "hide": "hid",
    "know": "knew",
    "lie": "lay",
    "lose": "lost",
    "make": "made",
    "meet": "met",
    "read": "read",
    "ride": "rode",
    "run": "ran",
    "see": "saw",
    "sell": "sold",
    "send": "sent",
    "sing": "sang",
    "sit": "sat",
    "sleep": "slept",
    "swim": "swam",
    "take": "took",
    "teach": "taught",
    "throw": "threw",
    "wear": "wore",
    "write": "wrote",
}
DOUBLED = {"cut": "cutting", "run": "running", "sit": "sitting", "swim": "swimming"}


@pytest.mark.parametrize("base", lexicon.ENGLISH_VERBS)
def test_english_verb_forms(base):
    closed = base.endswith(("s", "x", "sh", "ch", "o"))
    y = base.endswith("y") and base[-2] not in "aeou"
    third = {"have": "has"}.get(base, base[:-1] + "ies" if y else base + ("es" if closed else "s"))
    regular = base + "d" if base.endswith("e") else base[:-1] + "ied" if y else base + "ed"
    silent = base.endswith("e") and not base.endswith("ee")
    ing = {"lie": "lying"}.get(base, DOUBLED.get(base, (base[:-1] if silent else base) + "ing"))
    assert lexicon.ENGLISH_VERBS[base] == [base, third, PAST.get(base, regular), ing]


IRREGULAR_PLURALS = {
    "child": "children",
    "man": "men",
    "woman": "women",
    "sheep": "sheep",
    "mouse": "mice",
    "knife": "knives",
    "scarf": "scarves",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "piano": "pianos",
    "cello": "cellos",
    "radio": "radios",
    "photo": "photos",
}


def test_english_plurals():
    for noun in lexicon.NOUNS.values():
        if noun.number != "count":
            assert noun.singular == noun.plural
            continue
        word = noun.singular[-1]
        es = word.endswith(("s", "x", "ch", "sh"))
        y = word.endswith("y") and word[-2] not in "aeo"
        regular = word[:-1] + "ies" if y else word + ("es" if es else "s")
        assert noun.plural[:-1] == noun.singular[:-1]
        assert noun.plural[-1] == IRREGULAR_PLURALS.get(word, regular)


def test_comparatives():
    for adjective in lexicon.ADJECTIVES:
        base, more = adjective.english, adjective.comparative
        if not more:
            continue
        if more[0] == "more":
            assert more == ("more", base)
            assert len(base) > 5
            continue
        if base == "good":
            assert more == ("better",)
            continue
        doubled = base in ("big", "sad", "hot", "thin", "red")
        stem = base[:-1] + "i" if base.endswith("y") else base + base[-1] if doubled else base
        assert more == (stem.removesuffix("e") + "er",)


# --------------------------------------------------------------------------------------------
# The tables as a whole
# --------------------------------------------------------------------------------------------


def test_the_lexicon_is_rich_enough():
    assert len(lexicon.NOUNS) + len(lexicon.PLACES) >= 150
    assert len(lexicon.VERBS) >= 60
    assert len(lexicon.ADJECTIVES) >= 40
    assert {frame.lemma for frame in lexicon.FRAMES} == set(lexicon.VERBS)


def test_no_english_noun_twice():
    names = [noun.singular for noun in lexicon.NOUNS.values()]
    assert len(names) == len(set(names))


def test_a_verb_means_one_thing_with_one_object():
    meant = {}
    for frame in lexicon.FRAMES:
        for noun in frame.objects:
            english = (frame.english, frame.tail)
            assert meant.setdefault((frame.lemma, noun.korean), english) == english


def test_the_object_does_not_give_the_verb_away():
    """Every noun that people handle has several verbs, in Korean and in English."""
    for noun in lexicon.NOUNS.values():
        fitting = {f.english for f in lexicon.FRAMES if noun in f.objects}
        assert len(fitting) >= (2 if noun.kind in ("meal", "task", "subway", "broadcast") else 3), (
            noun.korean,
            fitting,
        )


def test_korean_is_composed_hangul():
    texts = [*lexicon.NOUNS, *lexicon.PLACES, *lexicon.NAMES, *lexicon.NUMERALS]
    texts += [form for forms in lexicon.VERBS.values() for form in forms.values()]
    for text in texts:
        assert all("가" <= letter <= "힣" for letter in text), text


def test_no_elders_and_no_words_for_one_s_own_people():
    """They would need 께서 and -시-."""
    elders = "할머니 할아버지 어머니 아버지 엄마 아빠 선생님 사장님 교수님 부모님 형 오빠 누나 언니"
    assert not {*elders.split(), "동생", "우리"} & set(lexicon.NOUNS)


def test_what_korean_says_to_play_and_to_wear():
    """By hand: the verb belongs to the thing."""
    uses = {
        "치다": "피아노 기타 테니스 탁구 배드민턴 골프",
        "켜다": "바이올린 첼로",
        "불다": "플루트 하모니카 트럼펫",
        "하다": "축구 농구 야구 배구",
        "입다": "코트 셔츠 치마 원피스 재킷 스웨터 한복 교복 바지 청바지",
        "신다": "신발 구두 운동화 양말 부츠 슬리퍼",
        "쓰다": "모자 헬멧 마스크 안경 선글라스",
        "끼다": "반지 장갑",
        "차다": "시계 팔찌",
        "매다": "넥타이",
        "두르다": "목도리",
    }
    for frame in lexicon.FRAMES:
        if frame.english in ("play", "wear") and frame.objects:
            found = {noun.korean for noun in frame.objects}
            assert found <= set(uses[frame.lemma].split()), frame.lemma
            instrument = frame.english == "play" and not found & {"축구", "테니스"}
            assert ("the" in frame.flags) == instrument


def test_counters_by_hand():
    counters = {
        "권": "책 소설 잡지 만화책 동화책 사전 교과서 공책",
        "마리": "개 고양이 소 새 호랑이",
        "명": "학생 친구 의사 아이",
        "잔": "커피 차 물 우유 맥주",
        "자루": "연필 펜 붓 칼",
        "장": "사진 표 우표 담요 수건 엽서",
        "대": "자동차 컴퓨터 자전거 피아노 냉장고 바이올린",
        "켤레": "양말 신발 구두 운동화 장갑",
        "벌": "코트 셔츠 바지 한복",
        "송이": "꽃 장미",
        "그루": "나무",
        "통": "편지 수박 이메일",
        "편": "영화 시",
        "곡": "노래",
        "개": "사과 가방 의자 우산 모자 안경",
        "채": "집",
        "부": "신문",
        "그릇": "밥 국수 라면",
        "판": "피자",
    }
    for counter, nouns in counters.items():
        for noun in nouns.split():
            assert lexicon.NOUNS[noun].counter == counter, noun


def test_pronouns():
    assert (I.singular, I.plural) == (("I",), ("me",))
    assert WHO.singular == ("who",)
