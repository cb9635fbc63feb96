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
def encode_sentence(draw, words=5):
    """Draw a vocabulary of six words, and a sentence that also has words it does not know.

    Longer sentences have the word of id 0, one with a capital letter, and one that ends with a full
    stop and comes twice.
    """
    capital, dotted = draw.shuffled(CAPITALS)[0], draw.shuffled(DOTTED)[0]
    zero, *others = draw.shuffled([word for word in WORDS if word not in (capital, dotted)])
    known, unknown = [zero, capital, dotted, *others[:3]], others[3:]
    sentence = [zero, capital, dotted, dotted, *unknown]
    chosen = sentence[:words] if words > 1 else draw.shuffled(WORDS)[:words]
    vocabulary = make_vocabulary(draw, known)
    return {"sentence": " ".join(draw.shuffled(chosen)), "vocabulary": vocabulary}


@encode_sentence.mistake(
    "the sentence has no beginning: <bos> is missing",
    why="A program that writes a translation needs a first token, before any word is known.",
    question="Which token stands before the first word?",
)
def bos_missing(sentence, vocabulary):
    words = [*sentence.split(), EOS]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@encode_sentence.mistake(
    "the sentence has no end: <eos> is missing",
    why="A program that learns from such sentences never learns to stop.",
    question="How would such a program tell you that its sentence is complete?",
)
def eos_missing(sentence, vocabulary):
    words = [BOS, *sentence.split()]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@encode_sentence.mistake(
    "both <bos> and <eos> are missing",
    why="Nothing tells a program that writes a translation where to begin and where to stop.",
    question="Which two ids stand around every sentence?",
)
def both_missing(sentence, vocabulary):
    return [vocabulary.get(word, vocabulary[UNK]) for word in sentence.split()]


@encode_sentence.mistake(
    "an unknown word raises a KeyError",
    why="Every real text holds words that are in no vocabulary. They must not stop the program.",
    question="What does `vocabulary.get(word, other)` return when the word is not there?",
)
def unknown_raises(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return [vocabulary[word] for word in words]


@encode_sentence.mistake(
    "unknown words are left out",
    why="The sentence gets shorter, and without its verb it says something else.",
    question="Which id says 'there was a word here, but I do not know it'?",
)
def unknown_dropped(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return [vocabulary[word] for word in words if word in vocabulary]


@encode_sentence.mistake(
    "unknown words became <pad>",
    why="<pad> says that nothing is there, so every reader skips it.",
    question="Which of the four special tokens stands for an unknown word?",
)
def unknown_padded(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return [vocabulary.get(word, vocabulary[PAD]) for word in words]


@encode_sentence.mistake(
    "the right ids, in a list inside a list",
    why="That is how a list of several sentences looks. This function returns one sentence.",
    question="How many pairs of brackets does your result have, and how many should it have?",
)
def nested(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return [[vocabulary.get(word, vocabulary[UNK]) for word in words]]


@encode_sentence.mistake(
    "the letters were encoded, not the words",
    why="A text is a sequence of characters until you split it.",
    question="What do you get when you loop over a string?",
)
def characters(sentence, vocabulary):
    words = [BOS, *sentence, EOS]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@encode_sentence.mistake(
    "an unknown word became the text <unk>, not its id",
    why="A network cannot read a list of ids that has a text in it.",
    question="What does `vocabulary.get(word, other)` return when the word is not there: `other` "
    "itself, or the id of `other`?",
)
def unknown_as_text(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return [vocabulary.get(word, UNK) for word in words]


@encode_sentence.mistake(
    "<bos> and <eos> are texts here, not ids",
    why="A network cannot read a list of ids that has a text in it.",
    question="Where does the vocabulary keep the id of <bos>?",
)
def ends_as_texts(sentence, vocabulary):
    ids = [vocabulary.get(word, vocabulary[UNK]) for word in sentence.split()]
    return [BOS, *ids, EOS]


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


@encode_sentence.mistake(
    "the empty sentence was given a word",
    why="The network would read an unknown word where nothing was said.",
    question="What do `split()` and `split(' ')` each make of an empty text?",
)
def split_at_each_space(sentence, vocabulary):
    words = [BOS, *sentence.split(" "), EOS]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@encode_sentence.mistake(
    "a word whose id is 0 became unknown",
    why="0 counts as False, so `or` takes what stands behind it.",
    question="What does `0 or 3` come to, and how does `get` take a default of its own?",
)
def zero_is_unknown(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return [vocabulary.get(word) or vocabulary[UNK] for word in words]


@encode_sentence.mistake(
    "words with capital letters became unknown",
    why="The vocabulary holds its words as they were written, and 'Seoul' is not 'seoul'.",
    question="Which step changes the letters of the sentence before they are looked up?",
)
def lowercased(sentence, vocabulary):
    words = [BOS, *sentence.lower().split(), EOS]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@encode_sentence.mistake(
    "there is an <eos> after every word",
    why="A program that learns from such sentences stops after its first word.",
    question="Which of your lines belong to the loop, and which come after it?",
)
def eos_after_every_word(sentence, vocabulary):
    ids = [vocabulary[BOS]]
    for word in sentence.split():
        ids += [vocabulary.get(word, vocabulary[UNK]), vocabulary[EOS]]
    return ids


@encode_sentence.mistake(
    "unknown words were added to the vocabulary",
    why="The network has a vector for every word that it learned with, and none for new ones.",
    question="Which id does a word get that was not there when the vocabulary was made?",
)
def vocabulary_grows(sentence, vocabulary):
    ids = [vocabulary.setdefault(word, len(vocabulary)) for word in sentence.split()]
    return [vocabulary[BOS], *ids, vocabulary[EOS]]


@encode_sentence.mistake(
    "the ids of the special tokens are written as numbers",
    why="Each vocabulary gives its own ids, and 1 may be any word.",
    question="Where does the vocabulary keep the id of <bos>?",
)
def ids_as_numbers(sentence, vocabulary):
    return [1, *(vocabulary.get(word, 3) for word in sentence.split()), 2]


@encode_sentence.mistake(
    "an unknown word became None",
    why="A network cannot read a list of ids with None in it.",
    question="What does `vocabulary.get(word)` return when the word is not there?",
)
def unknown_is_none(sentence, vocabulary):
    return [vocabulary.get(word) for word in [BOS, *sentence.split(), EOS]]


@encode_sentence.mistake(
    "<bos> and <eos> are exchanged",
    why="The sentence would begin with its end.",
    question="Which of the two names means the beginning of a sentence?",
)
def ends_exchanged(sentence, vocabulary):
    words = [EOS, *sentence.split(), BOS]
    return [vocabulary.get(word, vocabulary[UNK]) for word in words]


@encode_sentence.mistake(
    "it returns after the first word",
    why="The rest of the sentence is never read.",
    question="How far is your `return` indented: does it belong to the loop, or come after it?",
)
def returns_in_the_loop(sentence, vocabulary):
    ids = [vocabulary[BOS]]
    for word in sentence.split():
        ids.append(vocabulary.get(word, vocabulary[UNK]))
        return [*ids, vocabulary[EOS]]
    return [*ids, vocabulary[EOS]]


@encode_sentence.mistake(
    "the ids stand in a text, not in a list",
    why="A network reads numbers. In a text they are digits.",
    question="What does the signature say comes back, after the arrow?",
)
def ids_in_a_text(sentence, vocabulary):
    words = [BOS, *sentence.split(), EOS]
    return " ".join(str(vocabulary.get(word, vocabulary[UNK])) for word in words)


encode_sentence.edit(
    "repeats_left_out",
    "a word that came before was left out",
    base=reference_encode_sentence,
    replace={"*sentence.split()": "*dict.fromkeys(sentence.split())"},
    why="A sentence may say a word twice. A set, or a dictionary, keeps each of them once.",
    question="How many ids belong to a sentence in which a word comes twice?",
)


@encode_sentence.alternative
def encode_with_loop(sentence, vocabulary):
    ids = [vocabulary[BOS]]
    for word in sentence.split():
        if word in vocabulary:
            ids.append(vocabulary[word])
        else:
            ids.append(vocabulary[UNK])
    return [*ids, vocabulary[EOS]]
