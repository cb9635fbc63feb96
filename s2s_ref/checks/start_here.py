"""Lesson 0: words to ids and back, with plain dictionaries."""

from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exercise import exercise, prediction

PAD, BOS, EOS, UNK = "<pad>", "<bos>", "<eos>", "<unk>"

WORDS = [
    "저는",
    "책을",
    "샀어요",
    "친구가",
    "물을",
    "마셔요",
    "고양이를",
    "봤어요",
    "오늘",
    "학교에",
]


def make_vocabulary(draw: Draw) -> dict[str, int]:
    """Give the special tokens the ids 0 to 3, and six drawn words the next ones."""
    words = [PAD, BOS, EOS, UNK, *draw.shuffled(WORDS)[:6]]
    return {word: i for i, word in enumerate(words)}


# ------------------------------------------------------------------ encode_sentence


def reference_encode_sentence(sentence: str, vocabulary: dict[str, int]) -> list[int]:
    """Write a sentence as ids: `<bos>` first, `<eos>` last, `<unk>` for unknown words."""
    words = [BOS, *sentence.split(), EOS]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@exercise(
    reference=reference_encode_sentence,
    lesson=0,
    title="A sentence as ids",
    returns="ids",
    edges=[{"words": 1}, {"words": 0}],
    hints=[
        "A network reads numbers. Which two ids must stand around the sentence so that a program "
        "which writes one knows where to begin and where to end? And which number does a word get "
        "that the vocabulary has never seen?",
        "A sentence of 3 words becomes a plain list of 5 ids: one list, no list inside it. "
        "`dict.get` takes a second argument.",
        "With {'<bos>': 1, '<eos>': 2, '<unk>': 3, '물을': 4}, the sentence '물을 마셔요' has one "
        "known and one unknown word: [1, 4, 3, 2].",
    ],
)
def encode_sentence(draw, words=4):
    """Draw a vocabulary of six words and a sentence in which about a third are unknown."""
    vocabulary = make_vocabulary(draw)
    sentence = " ".join(draw.shuffled(WORDS)[:words])
    return {"sentence": sentence, "vocabulary": vocabulary}


@encode_sentence.mistake(
    "the sentence has no beginning: <bos> is missing",
    so="A program that writes a translation needs a first token, before any word is known.",
    ask="Which token stands before the first word?",
)
def bos_missing(sentence, vocabulary):
    words = [*sentence.split(), EOS]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@encode_sentence.mistake(
    "the sentence has no end: <eos> is missing",
    so="A program that learns from such sentences never learns to stop.",
    ask="How would such a program tell you that its sentence is complete?",
)
def eos_missing(sentence, vocabulary):
    words = [BOS, *sentence.split()]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@encode_sentence.mistake(
    "both <bos> and <eos> are missing",
    so="Nothing tells a program that writes a translation where to begin and where to stop.",
    ask="Which two ids stand around every sentence?",
)
def both_missing(sentence, vocabulary):
    return [vocabulary.get(word, vocabulary[UNK]) for word in sentence.split()]


@encode_sentence.mistake(
    "an unknown word raises a KeyError",
    so="Every real text holds words that no vocabulary knows; they must not stop the program.",
    ask="What does `vocabulary.get(word, other)` return when the word is not there?",
)
def unknown_raises(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return [vocabulary[word] for word in words]


@encode_sentence.mistake(
    "unknown words are left out",
    so="The sentence gets shorter, and a verb that is dropped changes what it says.",
    ask="Which id says 'there was a word here, but I do not know it'?",
)
def unknown_dropped(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return [vocabulary[word] for word in words if word in vocabulary]


@encode_sentence.mistake(
    "unknown words became <pad>",
    so="<pad> says that there is nothing, and whoever reads it skips it.",
    ask="Which of the four special tokens stands for an unknown word?",
)
def unknown_padded(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return [vocabulary.get(word, vocabulary[PAD]) for word in words]


@encode_sentence.mistake(
    "the right ids, in a list inside a list",
    so="That is how a list of several sentences looks. This function returns one sentence.",
    ask="How many pairs of brackets does your result have, and how many should it have?",
)
def nested(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return [[vocabulary.get(word, vocabulary[UNK]) for word in words]]


@encode_sentence.mistake(
    "the letters were encoded, not the words",
    so="A text is a sequence of characters until you split it.",
    ask="What do you get when you loop over a string?",
)
def characters(sentence, vocabulary):
    words = [BOS, *sentence, EOS]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@encode_sentence.mistake(
    "an unknown word became the text <unk>, not its id",
    so="A list of ids with a text in it is nothing that a network can read.",
    ask="What does `vocabulary.get(word, other)` return when the word is not there: `other` "
    "itself, or the id of `other`?",
)
def unknown_as_text(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return [vocabulary.get(word, UNK) for word in words]


@encode_sentence.mistake(
    "<bos> and <eos> are texts here, not ids",
    so="A list of ids with a text in it is nothing that a network can read.",
    ask="Where does the vocabulary keep the id of <bos>?",
)
def ends_as_texts(sentence, vocabulary):
    ids = [vocabulary.get(word, vocabulary[UNK]) for word in sentence.split()]
    return [BOS, *ids, EOS]


@encode_sentence.mistake(
    "the words came back, not their ids",
    so="A network adds and multiplies what it reads, and words cannot be added.",
    ask="Where does your line look a word up in the vocabulary?",
)
def words_kept(sentence, vocabulary):
    return [BOS, *(word if word in vocabulary else UNK for word in sentence.split()), EOS]


@encode_sentence.mistake(
    "the words came back, not their ids",
    so="A network adds and multiplies what it reads, and words cannot be added.",
    ask="Where does your line look a word up in the vocabulary?",
)
def only_split(sentence, vocabulary):
    return [BOS, *sentence.split(), EOS]


@encode_sentence.mistake(
    "the empty sentence was given a word",
    so="Where nothing was said, the network would read an unknown word.",
    ask="What does `split` make of an empty text when it is given a space, and what when not?",
)
def split_at_each_space(sentence, vocabulary):
    words = [BOS, *sentence.split(" "), EOS]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@encode_sentence.alternative
def encode_with_loop(sentence, vocabulary):
    ids = [vocabulary[BOS]]
    for word in sentence.split():
        if word in vocabulary:
            ids.append(vocabulary[word])
        else:
            ids.append(vocabulary[UNK])
    return [*ids, vocabulary[EOS]]


# ------------------------------------------------------------------ decode_ids


def reference_decode_ids(ids: list[int], words: dict[int, str]) -> str:
    """Write ids as a sentence: up to `<eos>`, without `<bos>` and `<pad>`."""
    sentence = []
    for i in ids:
        if words[i] == EOS:
            break
        if words[i] not in (BOS, PAD):
            sentence.append(words[i])
    return " ".join(sentence)


@exercise(
    reference=reference_decode_ids,
    lesson=0,
    title="Ids as a sentence",
    returns="sentence",
    edges=[{"length": 1}, {"length": 0}, {"eos": 0}],
    hints=[
        "A program writes ids until it writes one that means 'done', or until somebody stops it. "
        "What should a reader see of the special tokens, and what of whatever follows the end?",
        "A list of ids comes in, one text comes out: the words with one space between them. That "
        "holds for a list without <eos> too.",
        "With {0: '<pad>', 1: '<bos>', 2: '<eos>', 5: '물을'}, the ids [1, 5, 2, 5, 0] say '물을'.",
    ],
)
def decode_ids(draw, length=4, eos=1):
    """Draw ids with all special tokens among them, and words after the end.

    With `eos` 0 they do not end: whoever wrote them was stopped.
    """
    words = {i: word for word, i in make_vocabulary(draw).items()}
    body = [3, *draw.ids(4, len(words), length).tolist()][: length + 1] if length else []
    after = draw.ids(4, len(words), 2).tolist() if draw.chance(0.7) else []
    end = [2, *after, 0] if eos else []
    return {"ids": [1, 0, *draw.shuffled(body), *end], "words": words}


@decode_ids.mistake(
    "<bos> is still in the text",
    so="Special tokens are for the program; a reader should see words only.",
    ask="Which special tokens can stand before or among the words?",
)
def bos_kept(ids, words):
    sentence = []
    for i in ids:
        if words[i] == EOS:
            break
        if words[i] != PAD:
            sentence.append(words[i])
    return " ".join(sentence)


@decode_ids.mistake(
    "<pad> is still in the text",
    so="<pad> fills a gap. It is nothing that anyone said.",
    ask="Which special tokens can stand before or among the words?",
)
def pad_kept(ids, words):
    sentence = []
    for i in ids:
        if words[i] == EOS:
            break
        if words[i] != BOS:
            sentence.append(words[i])
    return " ".join(sentence)


@decode_ids.mistake(
    "<eos> is still in the text",
    so="It tells where the sentence ends; it is not a part of it.",
    ask="Do you stop before or after the end is added?",
)
def eos_kept(ids, words):
    sentence = []
    for i in ids:
        if words[i] not in (BOS, PAD):
            sentence.append(words[i])
        if words[i] == EOS:
            break
    return " ".join(sentence)


@decode_ids.mistake(
    "words after <eos> were read too",
    so="After the end there is nothing to say, so what stands there means nothing.",
    ask="What should the loop do when it meets <eos>?",
)
def past_eos(ids, words):
    return " ".join(words[i] for i in ids if words[i] not in (BOS, EOS, PAD))


@decode_ids.mistake(
    "the special tokens are all still in the text",
    so="A reader should see the words up to the end, and nothing else.",
    ask="Is it a word or its id that you compare with `EOS`, and which of the two is `EOS`?",
)
def everything_kept(ids, words):
    return " ".join(words[i] for i in ids)


@decode_ids.mistake(
    "unknown words were left out",
    so="<unk> tells the reader that a word was there. Without it the sentence looks complete.",
    ask="Which special token stands for something that was said?",
)
def unknown_left_out(ids, words):
    sentence = []
    for i in ids:
        if words[i] == EOS:
            break
        if words[i] not in (BOS, PAD, UNK):
            sentence.append(words[i])
    return " ".join(sentence)


@decode_ids.mistake(
    "a list of words came back, not a text",
    so="The next step prints it or compares it with a sentence.",
    ask="How do you join words with one space between them?",
)
def not_joined(ids, words):
    sentence = []
    for i in ids:
        if words[i] == EOS:
            break
        if words[i] not in (BOS, PAD):
            sentence.append(words[i])
    return sentence


@decode_ids.mistake(
    "the words stick together",
    so="Without spaces nobody can tell where a word ends.",
    ask="What stands before `.join`?",
)
def no_spaces(ids, words):
    sentence = []
    for i in ids:
        if words[i] == EOS:
            break
        if words[i] not in (BOS, PAD):
            sentence.append(words[i])
    return "".join(sentence)


@decode_ids.mistake(
    "ids without <eos> give None",
    so="A program that was stopped at its longest length has written no <eos>: all is lost.",
    ask="What comes back when the loop ends and has met no <eos>?",
)
def returns_at_eos_only(ids, words):
    sentence = []
    for i in ids:
        if words[i] == EOS:
            return " ".join(sentence)
        if words[i] not in (BOS, PAD):
            sentence.append(words[i])


@decode_ids.mistake(
    "ids without <eos> raise an error",
    so="A program that was stopped at its longest length has written no <eos>.",
    ask="What does your code do when it looks for <eos> and there is none?",
    raises="not in list",
)
def eos_looked_for(ids, words):
    texts = [words[i] for i in ids]
    texts = texts[: texts.index(EOS)]
    return " ".join(text for text in texts if text not in (BOS, PAD))


@decode_ids.mistake(
    "ids without <eos> raise an error",
    so="A program that was stopped at its longest length has written no <eos>.",
    ask="What does your code do when it looks for <eos> and there is none?",
    raises="out of range",
)
def runs_until_eos(ids, words):
    sentence, place = [], 0
    while words[ids[place]] != EOS:
        if words[ids[place]] not in (BOS, PAD):
            sentence.append(words[ids[place]])
        place += 1
    return " ".join(sentence)


@decode_ids.mistake(
    "there is a space after the last word",
    so="It cannot be seen, and yet the text no longer equals the sentence that it should be.",
    ask="How many spaces stand between three words, and how many do you write?",
)
def space_at_the_end(ids, words):
    sentence = ""
    for i in ids:
        if words[i] == EOS:
            break
        if words[i] not in (BOS, PAD):
            sentence += words[i] + " "
    return sentence


@decode_ids.mistake(
    "there is a space before the first word",
    so="It cannot be seen, and yet the text no longer equals the sentence that it should be.",
    ask="How many spaces stand between three words, and how many do you write?",
)
def space_in_front(ids, words):
    sentence = ""
    for i in ids:
        if words[i] == EOS:
            break
        if words[i] not in (BOS, PAD):
            sentence += " " + words[i]
    return sentence


@decode_ids.mistake(
    "<bos> and <pad> are both still in the text",
    so="Special tokens are for the program; a reader should see words only.",
    ask="You may ask whether a word differs from `<bos>` or from `<pad>`. Which word does not?",
)
def different_from_either(ids, words):
    sentence = []
    for i in ids:
        if words[i] == EOS:
            break
        if words[i] != BOS or words[i] != PAD:
            sentence.append(words[i])
    return " ".join(sentence)


@decode_ids.alternative
def decode_with_index(ids, words):
    texts = [words[i] for i in ids]
    if EOS in texts:
        texts = texts[: texts.index(EOS)]
    return " ".join(text for text in texts if text != BOS and text != PAD)


# ------------------------------------------------------------------ prediction


@prediction(lesson=0, title="Prediction: what will the check say?", example="b")
def nested_list(answer):
    """Say which of the three answers was meant, if any."""
    if answer is None:
        return "nothing is written down yet"
    if answer not in ("a", "b", "c"):
        return 'expected one of "a", "b", "c"'
    return None


@nested_list.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def unanswered():
    return None


@nested_list.mistake('expected one of "a", "b", "c"', so="A letter in quotes, as a small letter.")
def capital():
    return "B"
