"""The exercise `reverse_source`: turn the words of each source sentence round."""

from s2s_ref import bottleneck
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=bottleneck.reverse_source,
    title="The source turned round",
    returns="reversed",
    edges=[{"sentences": 1}, {"longest": 1}, {"longest": 0}],
    hints=[
        "The first words of the source should be read last. Which token is not a word, and still "
        "has to come at the very end?",
        "The argument is a list of lists of ids. The result is a new list of new lists, with every "
        "sentence as long as it was and in the same place.",
        "With <eos> = 2: [[5, 6, 7, 2], [8, 2]] becomes [[7, 6, 5, 2], [8, 2]].",
    ],
)
def reverse_source(draw: Draw, sentences=4, longest=6, vocab=15):
    """Draw sentences of many lengths, one of them <eos> alone; each ends in <eos>."""
    eos = draw.special_ids(vocab).eos
    words = [token for token in range(vocab) if token != eos]
    others = [0, *(draw.integer(0, longest + 1) for _ in range(sentences - 2))]
    lengths = draw.shuffled([longest, *others[: sentences - 1]])
    chosen = [draw.ids(0, len(words), length).tolist() for length in lengths]
    return {"sources": [[*(words[i] for i in places), eos] for places in chosen]}


@reverse_source.alternative
def reverse_each_sentence(sources):
    turned = []
    for ids in sources:
        turned.append([*ids[:-1][::-1], ids[-1]])
    return turned


@reverse_source.mistake(
    "`<eos>` comes first",
    why="The encoder would read 'the sentence is over' first, and its last step would be a word.",
    question="Which token should the encoder read last?",
)
def eos_in_front(sources):
    return [list(ids[::-1]) for ids in sources]


@reverse_source.mistake(
    "`<eos>` comes first, and again at the end",
    why="The sentence has become one token longer.",
    question="How many tokens should a sentence have afterwards?",
)
def eos_twice(sources):
    return [[*ids[::-1], ids[-1]] for ids in sources]


reverse_source.edit(
    "eos_lost",
    "`<eos>` is lost",
    base=reverse_each_sentence,
    replace={", ids[-1]]": "]"},
    why="The encoder would never be told that the sentence is over.",
    question="What became of the last token of each sentence?",
)

reverse_source.edit(
    "first_word_lost",
    "the first word is lost",
    base=reverse_each_sentence,
    replace={"ids[:-1][::-1]": "ids[-2:0:-1]"},
    why="In Python the end of a slice is left out, here the word at place 0.",
    question="Which place does your slice stop before?",
)


@reverse_source.mistake(
    "the sentences were turned round, not their words",
    why="Every source would be paired with another sentence's translation.",
    question="Which lists should be turned round, the outer one or the inner ones?",
)
def batch_reversed(sources):
    return [list(ids) for ids in sources[::-1]]


@reverse_source.mistake(
    "the words were sorted, not turned round",
    why="`sorted` with `reverse=True` looks at the ids, which say nothing about the order.",
    question="Is 'reversed' the same as 'from the largest to the smallest'?",
)
def sorted_downwards(sources):
    return [[*sorted(ids[:-1], reverse=True), ids[-1]] for ids in sources]


@reverse_source.mistake(
    "the sentences that were passed in were changed",
    why="Called twice on the same corpus, it would silently turn everything back again.",
    question="Does your code make a new list, or does it write into the one that it was given?",
)
def written_in_place(sources):
    for ids in sources:
        ids[:-1] = ids[:-1][::-1]
    return sources


@reverse_source.mistake(
    "the sentences came back as they were",
    why="Whatever your code made of them has not arrived in the result.",
    question="Where does your code keep a sentence that it has turned round, and is it turned "
    "exactly once?",
)
def turned_and_dropped(sources):
    for ids in sources:
        ids = [*ids[:-1][::-1], ids[-1]]
    return sources


reverse_source.edit(
    "eos_by_its_id",
    "the end of a sentence was found by the id 2, which need not be that of <eos>",
    base=reverse_each_sentence,
    replace={"[*ids[:-1][::-1], ids[-1]]": "[*(token for token in ids[::-1] if token != 2), 2]"},
    why="It works only as long as 2 happens to be the id of <eos>.",
    question="At which place of a sentence does <eos> stand, whatever its id is?",
)

reverse_source.edit(
    "eos_as_a_number",
    "the id 2 was put at the end, which need not be that of <eos>",
    base=reverse_each_sentence,
    replace={"[::-1], ids[-1]": "[::-1], 2"},
    why="It works only as long as 2 happens to be the id of <eos>.",
    question="At which place of a sentence does <eos> stand, whatever its id is?",
)

reverse_source.edit(
    "lone_eos_doubled",
    "a sentence of nothing but <eos> got a second one",
    base=reverse_each_sentence,
    replace={"ids[:-1][::-1]": "ids[len(ids) - 2 :: -1]"},
    why="A place below 0 is counted from the end, so the slice begins at <eos> itself.",
    question="What does `len(ids) - 2` come to for a sentence with one token?",
)

reverse_source.edit(
    "ends_swapped",
    "only the first and the last word changed places",
    base=reverse_each_sentence,
    replace={
        "turned.append([*ids[:-1][::-1], ids[-1]])": (
            "row = list(ids)\n"
            "        if len(row) > 1:\n"
            "            row[0], row[-2] = row[-2], row[0]\n"
            "        turned.append(row)"
        )
    },
    why="The words between them stayed where they were.",
    question="What should the second word of a long sentence become?",
)

reverse_source.edit(
    "nothing_appended",
    "each sentence became None",
    base=reverse_each_sentence,
    replace={
        "turned.append([*ids[:-1][::-1], ids[-1]])": (
            "turned.append(list(ids[:-1][::-1]).append(ids[-1]))"
        )
    },
    why="`append`, `reverse` and `sort` change a list in place and return None.",
    question="What does the call return whose result you keep: a list, or None?",
)

reverse_source.edit(
    "padded_and_turned",
    "the sentences were padded, and the padding was turned round too",
    base=reverse_each_sentence,
    replace={"[*ids[:-1][::-1], ids[-1]]": "[0] * (max(map(len, sources)) - len(ids)) + ids[::-1]"},
    why="The encoder would begin with padding. These lists are not padded yet.",
    question="How many ids should a sentence have afterwards?",
)

reverse_source.edit(
    "last_word_stays",
    "the last word stayed where it was",
    base=reverse_each_sentence,
    replace={"ids[:-1][::-1], ids[-1]": "ids[:-2][::-1], *ids[-2:]"},
    why="`ids[-2:]` holds two tokens: the last word and <eos>.",
    question="How many tokens at the end of a sentence keep their place?",
)

reverse_source.edit(
    "first_word_stays",
    "the first word stayed where it was",
    base=reverse_each_sentence,
    replace={"[*ids[:-1][::-1], ids[-1]]": "[*ids[:1], *ids[1:-1][::-1], *ids[1:][-1:]]"},
    why="Sources hold no <bos>: the first token of a sentence is a word like the others.",
    question="Which is the first token of a source: a word, or <bos>?",
)

reverse_source.edit(
    "rotated",
    "the words were moved round by one place, not turned round",
    base=reverse_each_sentence,
    replace={"[*ids[:-1][::-1], ids[-1]]": "[*ids[-2:-1], *ids[:-2], ids[-1]]"},
    why="Only the last word came to the front; the others are in the order that they had.",
    question="Which word should stand before <eos> afterwards?",
)

reverse_source.edit(
    "repeated_words_lost",
    "words that occur twice in a sentence are there only once",
    base=reverse_each_sentence,
    replace={"[*ids[:-1][::-1], ids[-1]]": "[*dict.fromkeys(ids[:-1][::-1]), ids[-1]]"},
    why="A set or a dictionary keeps every value once.",
    question="How many ids should a sentence have afterwards?",
)

reverse_source.edit(
    "one_long_sentence",
    "all sentences were joined into one",
    base=reverse_each_sentence,
    replace={"turned.append([*": "turned.extend([*"},
    why="`extend` and `+=` add the tokens of a list one by one, and the list itself is gone.",
    question="Which method puts a list into a list: `append` or `extend`?",
)

reverse_source.edit(
    "first_sentence_only",
    "only the first sentence came back",
    base=reverse_each_sentence,
    replace={"    return turned": "        return turned"},
    why="`return` ends the function, in the first round of a loop too.",
    question="How often does your loop run before the function returns?",
)


@reverse_source.alternative
def reverse_source_with_loops(sources):
    turned = []
    for ids in sources:
        words = list(ids)
        end = words.pop()
        words.reverse()
        words.append(end)
        turned.append(words)
    return turned


@reverse_source.alternative
def reverse_source_by_inserting(sources):
    turned = []
    for ids in sources:
        words = []
        for token in ids[:-1]:
            words.insert(0, token)
        words.append(ids[-1])
        turned.append(tuple(words))
    return turned
