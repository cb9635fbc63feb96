"""The exercise `encode_sentence`: write a sentence as ids."""

from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise

PAD, BOS, EOS, UNK = "<pad>", "<bos>", "<eos>", "<unk>"

WORDS = "저는 책을 샀어요. 친구가 물을 마셔요 고양이를 봤어요. 학교에 Seoul KTX Jeju iPhone".split()
"""The words from which vocabularies and sentences are drawn, in two scripts and with capitals."""

CAPITALS = [word for word in WORDS if word.isascii()]
DOTTED = [word for word in WORDS if word.endswith(".")]


def make_vocabulary(draw: Draw, words: list[str]) -> dict[str, int]:
    """Give ids to the special tokens, at any place but the first, and to these words."""
    pad, bos, eos, unk, *others = draw.distinct(1, 4 + len(words), 3 + len(words))
    named = {PAD: pad, BOS: bos, EOS: eos, UNK: unk}
    return named | dict(zip(words, [0, *others], strict=True))


def reference_encode_sentence(sentence: str, vocabulary: dict[str, int]) -> list[int]:
    """Write a sentence as ids: `<bos>` first, `<eos>` last, `<unk>` for unknown words."""
    words = [BOS, *sentence.split(), EOS]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@exercise(
    reference=reference_encode_sentence,
    title="A sentence as ids",
    longhand="encode_step_by_step",
    returns="ids",
    steps={"words": ("the words", "Which words has the sentence, and what does this line make?")},
    edges=[{"words": 1}, {"words": 0}, {"unknown": 0}],
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
def encode_sentence(draw, words=5, unknown=1):
    """Draw a vocabulary of six words, and a sentence that also has words it does not know.

    Longer sentences have the word of id 0, one with a capital letter, and one that ends with a full
    stop and comes twice.
    """
    capital, dotted = draw.shuffled(CAPITALS)[0], draw.shuffled(DOTTED)[0]
    zero, *others = draw.shuffled([word for word in WORDS if word not in (capital, dotted)])
    known = [zero, capital, dotted, *others[:3]]
    sentence = [zero, capital, dotted, dotted, *(others[3:] if unknown else others)]
    chosen = sentence[:words] if words > 1 else draw.shuffled(WORDS)[:words]
    vocabulary = make_vocabulary(draw, known)
    return {"sentence": " ".join(draw.shuffled(chosen)), "vocabulary": vocabulary}


@encode_sentence.alternative
def encode_step_by_step(sentence, vocabulary):
    words = sentence.split()
    ids = [vocabulary[BOS]]
    for word in words:
        ids.append(vocabulary.get(word, vocabulary[UNK]))
    ids.append(vocabulary[EOS])
    return ids


encode_sentence.edit(
    "bos_missing",
    "the sentence has no beginning: <bos> is missing",
    base=encode_step_by_step,
    replace={"[vocabulary[BOS]]": "[]"},
    why="A program that writes a translation needs a first token, before any word is known.",
    question="Which token stands before the first word?",
)

encode_sentence.edit(
    "eos_missing",
    "the sentence has no end: <eos> is missing",
    base=encode_step_by_step,
    replace={"    ids.append(vocabulary[EOS])\n": ""},
    why="A program that learns from such sentences never learns to stop.",
    question="How would such a program tell you that its sentence is complete?",
)

encode_sentence.edit(
    "both_missing",
    "both <bos> and <eos> are missing",
    base=encode_step_by_step,
    replace={"[vocabulary[BOS]]": "[]", "    ids.append(vocabulary[EOS])\n": ""},
    why="Nothing tells a program that writes a translation where to begin and where to stop.",
    question="Which two ids stand around every sentence?",
)

encode_sentence.edit(
    "unknown_raises",
    "an unknown word raises a KeyError",
    base=encode_step_by_step,
    replace={"vocabulary.get(word, vocabulary[UNK])": "vocabulary[word]"},
    why="Every real text holds words that are in no vocabulary. They must not stop the program.",
    question="What does `vocabulary.get(word, other)` return when the word is not there?",
)

encode_sentence.edit(
    "unknown_dropped",
    "unknown words are left out",
    base=encode_step_by_step,
    replace={
        "        ids.append(vocabulary.get": "        if word in vocabulary:\n"
        "            ids.append(vocabulary.get"
    },
    why="The sentence gets shorter, and without its verb it says something else.",
    question="Which id says 'there was a word here, but I do not know it'?",
)

encode_sentence.edit(
    "unknown_padded",
    "unknown words became <pad>",
    base=encode_step_by_step,
    replace={"vocabulary[UNK]": "vocabulary[PAD]"},
    why="<pad> says that nothing is there, so every reader skips it.",
    question="Which of the four special tokens stands for an unknown word?",
)

encode_sentence.edit(
    "unknown_is_zero",
    "an unknown word became the id 0",
    base=encode_step_by_step,
    replace={"vocabulary[UNK]": "0"},
    why="Each vocabulary gives its own ids, and 0 may be any word.",
    question="Where does the vocabulary keep the id of <unk>?",
)

encode_sentence.edit(
    "unknown_as_number",
    "the id of <unk> is written as a number",
    base=encode_step_by_step,
    replace={"vocabulary[UNK]": "3"},
    why="Each vocabulary gives its own ids, and 3 may be any word.",
    question="Where does the vocabulary keep the id of <unk>?",
)

encode_sentence.edit(
    "unknown_as_text",
    "an unknown word became the text <unk>, not its id",
    base=encode_step_by_step,
    replace={"vocabulary[UNK]": "UNK"},
    why="A network cannot read a list of ids that has a text in it.",
    question="What does `vocabulary.get(word, other)` return when the word is not there: `other` "
    "itself, or the id of `other`?",
)

encode_sentence.edit(
    "unknown_is_none",
    "an unknown word became None",
    base=encode_step_by_step,
    replace={".get(word, vocabulary[UNK])": ".get(word)"},
    why="A network cannot read a list of ids with None in it.",
    question="What does `vocabulary.get(word)` return when the word is not there?",
)

encode_sentence.edit(
    "zero_is_unknown",
    "a word whose id is 0 became unknown",
    base=encode_step_by_step,
    replace={"vocabulary.get(word, vocabulary[UNK])": "vocabulary.get(word) or vocabulary[UNK]"},
    why="0 counts as False, so `or` takes what stands behind it.",
    question="What does `0 or 3` come to, and how does `get` take a default of its own?",
)

encode_sentence.edit(
    "vocabulary_grows",
    "unknown words were added to the vocabulary",
    base=encode_step_by_step,
    replace={
        "vocabulary.get(word, vocabulary[UNK])": "vocabulary.setdefault(word, len(vocabulary))"
    },
    why="The network has a vector for every word that it learned with, and none for new ones.",
    question="Which id does a word get that was not there when the vocabulary was made?",
)

encode_sentence.edit(
    "nested",
    "the right ids, in a list inside a list",
    base=encode_step_by_step,
    replace={"return ids": "return [ids]"},
    why="That is how a list of several sentences looks. This function returns one sentence.",
    question="How many pairs of brackets does your result have, and how many should it have?",
)

encode_sentence.edit(
    "characters",
    "the letters were encoded, not the words",
    base=encode_step_by_step,
    replace={"sentence.split()": "sentence"},
    why="A text is a sequence of characters until you split it.",
    question="What do you get when you loop over a string?",
)

encode_sentence.edit(
    "split_at_each_space",
    "the empty sentence was given a word",
    base=encode_step_by_step,
    replace={"split()": 'split(" ")'},
    why="The network would read an unknown word where nothing was said.",
    question="What do `split()` and `split(' ')` each make of an empty text?",
)

encode_sentence.edit(
    "lowercased",
    "words with capital letters became unknown",
    base=encode_step_by_step,
    replace={"sentence.split()": "sentence.lower().split()"},
    why="The vocabulary holds its words as they were written, and 'Seoul' is not 'seoul'.",
    question="Which step changes the letters of the sentence before they are looked up?",
)

encode_sentence.edit(
    "glued",
    "<bos> and <eos> stick to the first and the last word",
    base=encode_step_by_step,
    replace={
        "sentence.split()": "(BOS + sentence + EOS).split()",
        "[vocabulary[BOS]]": "[]",
        "    ids.append(vocabulary[EOS])\n": "",
    },
    why="The vocabulary knows neither of these two long words, so both became <unk>.",
    question="What does `'<bos>' + 'books'` give, and what does `split()` make of it?",
)

encode_sentence.edit(
    "repeats_left_out",
    "a word that came before was left out",
    base=encode_step_by_step,
    replace={"sentence.split()": "dict.fromkeys(sentence.split())"},
    why="A sentence may say a word twice. A set, or a dictionary, keeps each of them once.",
    question="How many ids belong to a sentence in which a word comes twice?",
)

encode_sentence.edit(
    "eos_after_every_word",
    "there is an <eos> after every word",
    base=encode_step_by_step,
    replace={"    ids.append(vocabulary[EOS])": "        ids.append(vocabulary[EOS])"},
    why="A program that learns from such sentences stops after its first word.",
    question="Which of your lines belong to the loop, and which come after it?",
)

encode_sentence.edit(
    "returns_in_the_loop",
    "it returns after the first word",
    base=encode_step_by_step,
    replace={
        "    ids.append(vocabulary[EOS])": "        return [*ids, vocabulary[EOS]]\n"
        "    ids.append(vocabulary[EOS])"
    },
    why="The rest of the sentence is never read.",
    question="How far is your `return` indented: does it belong to the loop, or come after it?",
)

encode_sentence.edit(
    "ends_exchanged",
    "<bos> and <eos> are exchanged",
    base=encode_step_by_step,
    replace={
        "[vocabulary[BOS]]": "[vocabulary[EOS]]",
        "append(vocabulary[EOS])": "append(vocabulary[BOS])",
    },
    why="The sentence would begin with its end.",
    question="Which of the two names means the beginning of a sentence?",
)

encode_sentence.edit(
    "ends_as_texts",
    "<bos> and <eos> are texts here, not ids",
    base=encode_step_by_step,
    replace={"[vocabulary[BOS]]": "[BOS]", "append(vocabulary[EOS])": "append(EOS)"},
    why="A network cannot read a list of ids that has a text in it.",
    question="Where does the vocabulary keep the id of <bos>?",
)

encode_sentence.edit(
    "ends_as_numbers",
    "the ids of <bos> and <eos> are written as numbers",
    base=encode_step_by_step,
    replace={"[vocabulary[BOS]]": "[1]", "append(vocabulary[EOS])": "append(2)"},
    why="Each vocabulary gives its own ids, and 1 may be any word.",
    question="Where does the vocabulary keep the id of <bos>?",
)

encode_sentence.edit(
    "ids_as_numbers",
    "the ids of the special tokens are written as numbers",
    base=encode_step_by_step,
    replace={
        "[vocabulary[BOS]]": "[1]",
        "vocabulary[UNK]": "3",
        "append(vocabulary[EOS])": "append(2)",
    },
    why="Each vocabulary gives its own ids, and 1 may be any word.",
    question="Where does the vocabulary keep the id of <bos>?",
)

encode_sentence.edit(
    "ids_in_a_text",
    "the ids stand in a text, not in a list",
    base=encode_step_by_step,
    replace={"return ids": 'return " ".join(map(str, ids))'},
    why="A network reads numbers. In a text they are digits.",
    question="What does the signature say comes back, after the arrow?",
)


encode_sentence.edit(
    "full_stops_left_out",
    "the full stops were taken off the words",
    base=encode_step_by_step,
    replace={
        "words = sentence.split()": "words = [word.strip('.,!?') for word in sentence.split()]"
    },
    why="The vocabulary holds its words as they were written, and '샀어요.' is not '샀어요'.",
    question="Which step changes the words before they are looked up?",
)

encode_sentence.edit(
    "eos_over_the_last_word",
    "<eos> stands in the place of the last word",
    base=encode_step_by_step,
    replace={"ids.append(vocabulary[EOS])": "ids[-1] = vocabulary[EOS]"},
    why="In Korean the last word is the verb, and it is lost.",
    question="Does that line add an id, or does it write over one that was there?",
)


@encode_sentence.mistake(
    "the ids are in the order of the vocabulary, not of the sentence",
    why="Who did what to whom is lost, and so is every word that comes twice or is unknown.",
    question="What does your loop walk along: the sentence, or the vocabulary?",
)
def order_of_the_vocabulary(sentence, vocabulary):
    ids = [vocabulary[word] for word in vocabulary if word in sentence.split()]
    return [vocabulary[BOS], *ids, vocabulary[EOS]]


@encode_sentence.mistake(
    "the words' ids are in a list of their own",
    why="A sentence is one list of ids. Here <bos> and <eos> stand beside a list.",
    question="Does your code add the ids to the list one by one, or all as one item?",
)
def words_nested(sentence, vocabulary):
    ids = [vocabulary.get(word, vocabulary[UNK]) for word in sentence.split()]
    return [vocabulary[BOS], ids, vocabulary[EOS]]


@encode_sentence.mistake(
    "the words came back, not their ids",
    why="A network adds and multiplies what it reads, and words cannot be added.",
    question="Where does your line look a word up in the vocabulary?",
)
def words_kept(sentence, vocabulary):
    return [BOS, *(word if word in vocabulary else UNK for word in sentence.split()), EOS]


@encode_sentence.mistake(
    "the words came back, not their ids",
    why="A network adds and multiplies what it reads, and words cannot be added.",
    question="Where does your line look a word up in the vocabulary?",
)
def only_split(sentence, vocabulary):
    return [BOS, *sentence.split(), EOS]


@encode_sentence.alternative
def encode_with_loop(sentence, vocabulary):
    ids = [vocabulary[BOS]]
    for word in sentence.split():
        if word in vocabulary:
            ids.append(vocabulary[word])
        else:
            ids.append(vocabulary[UNK])
    return [*ids, vocabulary[EOS]]
