"""The exercise `decode_ids`: its cases, hints, mistakes and other right answers."""

from s2s_ref.checks.registry import exercise
from s2s_ref.exercises.shared import BOS, EOS, PAD, UNK, make_vocabulary

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
    why="Special tokens are for the program; a reader should see words only.",
    question="Which special tokens can stand before or among the words?",
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
    why="<pad> fills a gap. It is nothing that anyone said.",
    question="Which special tokens can stand before or among the words?",
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
    why="It tells where the sentence ends; it is not a part of it.",
    question="Do you stop before or after the end is added?",
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
    why="After the end there is nothing to say, so what stands there means nothing.",
    question="What should the loop do when it meets <eos>?",
)
def past_eos(ids, words):
    return " ".join(words[i] for i in ids if words[i] not in (BOS, EOS, PAD))


@decode_ids.mistake(
    "the special tokens are all still in the text",
    why="A reader should see the words up to the end, and nothing else.",
    question="Is it a word or its id that you compare with `EOS`, and which of the two is `EOS`?",
)
def everything_kept(ids, words):
    return " ".join(words[i] for i in ids)


@decode_ids.mistake(
    "unknown words were left out",
    why="<unk> tells the reader that a word was there. Without it the sentence looks complete.",
    question="Which special token stands for something that was said?",
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
    why="The next step prints it or compares it with a sentence.",
    question="How do you join words with one space between them?",
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
    why="Without spaces nobody can tell where a word ends.",
    question="What stands before `.join`?",
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
    why="A program that was stopped at its longest length has written no <eos>: all is lost.",
    question="What comes back when the loop ends and has met no <eos>?",
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
    why="A program that was stopped at its longest length has written no <eos>.",
    question="What does your code do when it looks for <eos> and there is none?",
    raises="not in list",
)
def eos_looked_for(ids, words):
    texts = [words[i] for i in ids]
    texts = texts[: texts.index(EOS)]
    return " ".join(text for text in texts if text not in (BOS, PAD))


@decode_ids.mistake(
    "ids without <eos> raise an error",
    why="A program that was stopped at its longest length has written no <eos>.",
    question="What does your code do when it looks for <eos> and there is none?",
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
    why="It cannot be seen, and yet the text no longer equals the sentence that it should be.",
    question="How many spaces stand between three words, and how many do you write?",
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
    why="It cannot be seen, and yet the text no longer equals the sentence that it should be.",
    question="How many spaces stand between three words, and how many do you write?",
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
    why="Special tokens are for the program; a reader should see words only.",
    question="You may ask whether a word differs from `<bos>` or from `<pad>`. Which word does "
    "not?",
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
