"""The exercise `reverse_source`: turn the words of each source sentence round."""

from s2s_ref import bottleneck
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=bottleneck.reverse_source,
    title="The source turned round",
    returns="reversed",
    edges=[{"sentences": 1}, {"longest": 1}],
    hints=[
        "The first words of the source should be read last. Which token is not a word, and still "
        "has to come at the very end?",
        "The argument is a list of lists of ids. The result is a new list of new lists, with every "
        "sentence as long as it was and in the same place.",
        "With <eos> = 2: [[5, 6, 7, 2], [8, 2]] becomes [[7, 6, 5, 2], [8, 2]].",
    ],
)
def reverse_source(draw: Draw, sentences=4, longest=6, vocab=15):
    """Draw sentences of many lengths; each ends in <eos>."""
    lengths = [longest, *(draw.integer(1, longest + 1) for _ in range(sentences - 1))]
    words = [draw.shuffled(list(range(4, vocab)))[:length] for length in draw.shuffled(lengths)]
    return {"sources": [[*ids, 2] for ids in words]}


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


@reverse_source.mistake(
    "`<eos>` is lost",
    why="The encoder would never be told that the sentence is over.",
    question="What became of the last token of each sentence?",
)
def eos_lost(sources):
    return [list(ids[:-1][::-1]) for ids in sources]


@reverse_source.mistake(
    "the first word is lost",
    why="In Python the end of a slice is left out, here the word at place 0.",
    question="Which place does your slice stop before?",
)
def first_word_lost(sources):
    return [[*ids[-2:0:-1], ids[-1]] for ids in sources]


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
    why="In a loop, `ids = ...` gives the name `ids` to another list. The list of sentences stays "
    "as it is.",
    question="Where does your code keep the sentence that it has turned round?",
)
def turned_and_dropped(sources):
    for ids in sources:
        ids = [*ids[:-1][::-1], ids[-1]]
    return sources


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
