"""The exercise `decode_ids`: write ids as a sentence."""

from s2s_ref.checks.registry import exercise
from s2s_ref.exercises.start_here.encode_sentence import (
    BOS,
    EOS,
    PAD,
    UNK,
    WORDS,
    make_vocabulary,
)

LIKE_SPECIAL_TOKENS = ["books", "shoes", "boats", "so"]
"""Words that begin with letters of <bos> and end with letters of <eos>."""


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
    longhand="decode_in_long_hand",
    steps={
        "texts": (
            "the texts of all ids",
            "Which way does the dictionary go: from ids to words, or from words to ids?",
        ),
        "written": (
            "the words before `<eos>`",
            "Where does a sentence end if there is no `<eos>`?",
        ),
        "shown": (
            "the words that are shown",
            "Which entries of the vocabulary does nobody want to read?",
        ),
    },
    returns="sentence",
    edges=[{"length": 1}, {"length": 0}, {"eos": 0}, {"bos": 0}, {"bos": 0, "eos": 0, "length": 0}],
    hints=[
        "A program writes ids until it writes one that means 'done', or until somebody stops it. "
        "Which of the special tokens should a reader see, and what of the words after the end?",
        "A list of ids comes in, one text comes out: the words with one space between them. That "
        "holds for a list without <eos> too.",
        "With {0: '<pad>', 1: '<bos>', 2: '<eos>', 5: '물을'}, the ids [1, 5, 2, 5, 0] say '물을'.",
    ],
)
def decode_ids(draw, length=3, bos=1, eos=1):
    """Draw ids with all special tokens among them, and words after the end.

    With `bos` 0 there is no beginning, and with `eos` 0 no end, as when the program that wrote the
    ids was stopped.
    """
    first, last, other = draw.shuffled(LIKE_SPECIAL_TOKENS)[:3]
    inner = draw.shuffled(WORDS)[:4]
    ids = make_vocabulary(draw, draw.shuffled([first, last, other, *inner]))
    middle = draw.shuffled([PAD, UNK, inner[0], inner[0], *inner[1:length]])
    body = {0: [], 1: [first]}.get(length, [first, *middle, last, PAD, PAD, last])
    after = [other, EOS, inner[3], *draw.shuffled([[PAD], []])[0]] if length > 1 else []
    written = [BOS] * bos + body + [EOS, *after] * eos
    return {"ids": [ids[word] for word in written], "words": {i: word for word, i in ids.items()}}


decode_ids.edit(
    "returns_in_the_loop",
    "it returns after the first id",
    base=reference_decode_ids,
    replace={'    return " ".join': '        return " ".join'},
    why="A `return` ends the function, the loop too.",
    question="How far is your `return` indented?",
)

decode_ids.edit(
    "lowercased",
    "capital letters were lost",
    base=reference_decode_ids,
    replace={'" ".join(sentence)': '" ".join(sentence).lower()'},
    why="A reader expects names as they are written, and so does the score of lesson 5.",
    question="Which call in your code changes letters?",
)

decode_ids.edit(
    "bos_kept",
    "<bos> is still in the text",
    base=reference_decode_ids,
    replace={"not in (BOS, PAD)": "!= PAD"},
    why="Special tokens are for the program; a reader should see words only.",
    question="Which special tokens can stand before or among the words?",
)

decode_ids.edit(
    "pad_kept",
    "<pad> is still in the text",
    base=reference_decode_ids,
    replace={"not in (BOS, PAD)": "!= BOS"},
    why="<pad> only fills a gap; nobody said it.",
    question="Which special tokens can stand before or among the words?",
)


@decode_ids.mistake(
    "<eos> is still in the text",
    why="It marks the end of the sentence; it is not part of it.",
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


decode_ids.edit(
    "past_eos",
    "words after <eos> were read too",
    base=reference_decode_ids,
    replace={"break": "continue"},
    why="The sentence is over at <eos>. What comes after it means nothing.",
    question="What should the loop do when it meets <eos>?",
)


@decode_ids.mistake(
    "the special tokens are all still in the text",
    why="A reader should see the words up to the end, and nothing else.",
    question="Do you compare a word or its id with `EOS`, and which of the two is `EOS`?",
)
def everything_kept(ids, words):
    return " ".join(words[i] for i in ids)


decode_ids.edit(
    "unknown_left_out",
    "unknown words were left out",
    base=reference_decode_ids,
    replace={"(BOS, PAD)": "(BOS, PAD, UNK)"},
    why="<unk> tells the reader that a word was there. Without it the sentence looks complete.",
    question="Which special token stands for something that was said?",
)

decode_ids.edit(
    "not_joined",
    "a list of words came back, not a text",
    base=reference_decode_ids,
    replace={'" ".join(sentence)': "sentence"},
    why="The next step prints it or compares it with a sentence.",
    question="How do you join words with one space between them?",
)

decode_ids.edit(
    "no_spaces",
    "the words stick together",
    base=reference_decode_ids,
    replace={'" ".join': '"".join'},
    why="Without spaces nobody can tell where a word ends.",
    question="What stands before `.join`?",
)

decode_ids.edit(
    "returns_at_eos_only",
    "ids without <eos> give None",
    base=reference_decode_ids,
    replace={"break": 'return " ".join(sentence)', '\n    return " ".join(sentence)': ""},
    why="A program that was stopped at its longest length wrote no <eos>, and its words are lost.",
    question="What comes back when the loop ends and has met no <eos>?",
)


@decode_ids.mistake(
    "ids without <eos> raise an error",
    why="A program that was stopped at its longest length wrote no <eos>.",
    question="What does your code do when it looks for <eos> and there is none?",
    raises="not in list",
)
def eos_looked_for(ids, words):
    texts = [words[i] for i in ids]
    texts = texts[: texts.index(EOS)]
    return " ".join(text for text in texts if text not in (BOS, PAD))


@decode_ids.mistake(
    "ids without <eos> raise an error",
    why="A program that was stopped at its longest length wrote no <eos>.",
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


decode_ids.edit(
    "space_at_the_end",
    "there is a space after the last word",
    base=reference_decode_ids,
    replace={
        "sentence = []": 'sentence = ""',
        "sentence.append(words[i])": 'sentence += words[i] + " "',
        '" ".join(sentence)': "sentence",
    },
    why="Nobody can see it, and yet the text does not equal the sentence.",
    question="How many spaces stand between three words, and how many do you write?",
)

decode_ids.edit(
    "space_in_front",
    "there is a space before the first word",
    base=reference_decode_ids,
    replace={
        "sentence = []": 'sentence = ""',
        "sentence.append(words[i])": 'sentence += " " + words[i]',
        '" ".join(sentence)': "sentence",
    },
    why="Nobody can see it, and yet the text does not equal the sentence.",
    question="How many spaces stand between three words, and how many do you write?",
)

decode_ids.edit(
    "different_from_either",
    "<bos> and <pad> are both still in the text",
    base=reference_decode_ids,
    replace={"words[i] not in (BOS, PAD)": "words[i] != BOS or words[i] != PAD"},
    why="Special tokens are for the program; a reader should see words only.",
    question="Which of your lines should keep `<bos>` out, and what does it ask of that word?",
)


@decode_ids.mistake(
    "the ids of the special tokens are written as numbers",
    why="Each vocabulary gives its own ids, and 2 may be any word.",
    question="Which text do you find in `words` at the id of <eos>?",
)
def ids_as_numbers(ids, words):
    sentence = []
    for i in ids:
        if i == 2:
            break
        if i > 2:
            sentence.append(words[i])
    return " ".join(sentence)


decode_ids.edit(
    "first_skipped",
    "the first id was skipped, whatever it is",
    base=reference_decode_ids,
    replace={"for i in ids": "for i in ids[1:]"},
    why="The ids that a program writes need not begin with <bos>, and then a word is lost.",
    question="How does your code know that the first id is that of <bos>?",
)

decode_ids.edit(
    "stops_at_pad",
    "it stops at <pad> already",
    base=reference_decode_ids,
    replace={"== EOS": "in (EOS, PAD)"},
    why="<pad> only fills a gap, and words may follow it.",
    question="Which special token ends a sentence, and which is only left out?",
)


@decode_ids.mistake(
    "letters of the words were stripped off together with <bos>",
    why="`strip` takes a set of letters, not a word: it takes b, o and s from any word's end.",
    question="At which step can you still tell a token from the letters of another word?",
)
def letters_stripped(ids, words):
    text = " ".join(words[i] for i in ids if words[i] != PAD)
    return text.split(EOS)[0].lstrip("<bos> ").rstrip()


@decode_ids.mistake(
    "two spaces stand where a special token was taken out",
    why="Nobody can see it, and yet the text does not equal the sentence.",
    question="What is left of ' <pad> ' when <pad> is replaced by nothing?",
)
def replaced_in_the_text(ids, words):
    text = " ".join(words[i] for i in ids).split(EOS)[0]
    return text.replace(BOS, "").replace(PAD, "").strip()


@decode_ids.mistake(
    "only an <eos> at the very end was taken off",
    why="Ids may follow the end of a sentence, and they mean nothing.",
    question="What should happen to the ids behind the first <eos>?",
)
def only_the_last_eos(ids, words):
    sentence = [words[i] for i in ids if words[i] not in (BOS, PAD)]
    if sentence and sentence[-1] == EOS:
        sentence.pop()
    return " ".join(sentence)


decode_ids.edit(
    "last_id_looked_at",
    "only an <eos> at the very end was taken off",
    base=only_the_last_eos,
    replace={"if sentence and sentence[-1]": "if sentence[-1]"},
    why="Ids may follow the end of a sentence, and they mean nothing.",
    question="What should happen to the ids behind the first <eos>?",
    raises="out of range",
)

decode_ids.edit(
    "ids_kept",
    "the ids came back, not their words",
    base=reference_decode_ids,
    replace={"append(words[i])": "append(str(i))"},
    why="A reader knows words, and the ids mean something to the program only.",
    question="What do you append: the id, or what `words` holds for it?",
)

decode_ids.edit(
    "repeats_left_out",
    "a word that came before was left out",
    base=reference_decode_ids,
    replace={"(BOS, PAD)": "(BOS, PAD, *sentence)"},
    why="A sentence may say a word twice.",
    question="Which step drops a word that was already there?",
)


@decode_ids.alternative
def decode_with_index(ids, words):
    texts = [words[i] for i in ids]
    if EOS in texts:
        texts = texts[: texts.index(EOS)]
    return " ".join(text for text in texts if text != BOS and text != PAD)


@decode_ids.mistake(
    "of two special tokens side by side, one is still in the text",
    why="A list that gets shorter while a loop runs over it moves up, and the loop skips an item.",
    question="Which of your lines changes the list that your loop is walking along?",
)
def removed_while_looping(ids, words):
    sentence = [words[i] for i in ids]
    for word in sentence:
        if word in (BOS, PAD):
            sentence.remove(word)
    return " ".join(sentence[: sentence.index(EOS)] if EOS in sentence else sentence)


@decode_ids.alternative
def decode_in_long_hand(ids, words):
    texts = [words[i] for i in ids]
    written = texts[: texts.index(EOS)] if EOS in texts else texts
    shown = [text for text in written if text not in (BOS, PAD)]
    return " ".join(shown)
