"""The exercise `trim_at_eos`: keep the tokens before the first `<eos>`."""

from s2s_ref import decoding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=decoding.trim_at_eos,
    title="Where a sentence ends",
    returns="tokens",
    plain_number=True,
    edges=[
        {"ends": 0},
        {"ends": 1, "last": 1},
        {"zero": 1},
        {"length": 0},
        {"first": 0},
        {"length": 1, "first": 0},
    ],
    hints=[
        "A reader wants the words before the end. Which tokens belong to the sentence, if <eos> "
        "comes twice? And if it never comes?",
        "A list of ids goes in and a list of ids comes out, never longer, sometimes empty.",
        "With <eos> = 2: [7, 9, 2, 5, 2] becomes [7, 9], [7, 9] stays, and [2, 5] becomes [].",
    ],
)
def trim_at_eos(draw: Draw, length=10, ends=2, first=1, last=0, zero=0):
    """Draw tokens with `<eos>` at two places, nowhere, at the very start or at the very end.

    Its id is 0, or too large for Python to keep only one object of it; other special ids are words.
    """
    eos_id = 0 if zero else draw.integer(300, 1000)
    small = [token + zero for token in [0, 1, 2, 3, *draw.ids(0, 6, 10).tolist()]]
    tokens = draw.shuffled(small[:length])
    places = draw.distinct(length // 2, length, ends) if first else [0]
    for place in [-1] if last else places:
        tokens[place] = int(str(eos_id))
    return {"tokens": tokens, "eos_id": eos_id}


@trim_at_eos.alternative
def trim_with_loop(tokens, eos_id):
    kept = []
    for token in tokens:
        if token == eos_id:
            break
        kept.append(token)
    return kept


trim_at_eos.edit(
    "list_in_a_list",
    "the right tokens, in a list inside a list",
    base=trim_with_loop,
    replace={"return kept": "return [kept]"},
    why="One sentence comes in, and one sentence goes out.",
    question="What is the first item of your result: a token or a list?",
)


@trim_at_eos.mistake(
    "the list that was passed in was cut",
    why="Whoever called this still has that list, and may need what came after <eos>.",
    question="Does your code make a new list, or does it take items out of the one that came in?",
)
def cut_in_place(tokens, eos_id):
    if eos_id in tokens:
        del tokens[tokens.index(eos_id) :]
    return tokens


trim_at_eos.edit(
    "eos_kept",
    "<eos> is still there",
    base=decoding.trim_at_eos,
    replace={"index(eos_id)]": "index(eos_id) + 1]"},
    why="It ends the sentence; it is not a word of it.",
    question="Does the slice stop before <eos>, or after it?",
)


@trim_at_eos.mistake(
    "it was cut at the last <eos>, not at the first",
    why="What the decoder writes after its first <eos> is noise.",
    question="Which <eos> does a reader meet first?",
)
def cut_at_last(tokens, eos_id):
    tokens = list(tokens)
    if eos_id not in tokens:
        return tokens
    return tokens[: len(tokens) - 1 - tokens[::-1].index(eos_id)]


@trim_at_eos.mistake(
    "<eos> was removed, but the tokens after it stayed",
    why="What the decoder writes after <eos> is noise, and would be read as part of the sentence.",
    question="What should happen to the tokens after <eos>?",
)
def filtered(tokens, eos_id):
    return [token for token in tokens if token != eos_id]


@trim_at_eos.mistake(
    "a sentence without <eos> raises an error",
    why="A sentence that reached the limit has no <eos>, and all of it is kept.",
    question="What does `index` do with a value that is not in the list?",
    raises="is not in list",
)
def must_end(tokens, eos_id):
    return tokens[: tokens.index(eos_id)]


trim_at_eos.edit(
    "last_dropped",
    "a sentence without <eos> loses its last token",
    base=decoding.trim_at_eos,
    replace={"else tokens": "else tokens[:-1]"},
    why="A sentence that reached the limit has no <eos>, and all of it is kept.",
    question="Is the last token always <eos>?",
)

trim_at_eos.edit(
    "nothing_without_end",
    "a sentence without <eos> comes back empty",
    base=decoding.trim_at_eos,
    replace={"else tokens": "else []"},
    why="A sentence that reached the limit has no <eos>, and all of it is kept.",
    question="What is left of a sentence that never ends?",
)

trim_at_eos.edit(
    "none_without_end",
    "nothing is returned for a sentence without <eos>",
    base=decoding.trim_at_eos,
    replace={"else tokens": "else None"},
    why="A function that reaches its end without a `return` gives None.",
    question="Which `return` is reached if <eos> never comes?",
)

trim_at_eos.edit(
    "behind_the_end",
    "the tokens after <eos> came back, not those before it",
    base=decoding.trim_at_eos,
    replace={"[: tokens.index(eos_id)]": "[tokens.index(eos_id) + 1 :]"},
    why="What the decoder writes after <eos> is noise.",
    question="On which side of the colon does `[:3]` have its number, and what does it keep?",
)

trim_at_eos.edit(
    "last_not_looked_at",
    "an <eos> at the very end is not seen",
    base=decoding.trim_at_eos,
    replace={"if eos_id in tokens": "if eos_id in tokens[:-1]"},
    why="It may be the last token, and it may be the only one.",
    question="How many tokens does your code look at, if there are three?",
)

trim_at_eos.edit(
    "first_place_missed",
    "an <eos> at the very start is not seen",
    base=decoding.trim_at_eos,
    replace={
        "return tokens[: tokens.index(eos_id)] if eos_id in tokens else tokens": (
            "place = tokens.index(eos_id) if eos_id in tokens else None\n"
            "    return tokens[:place] if place else tokens"
        )
    },
    why="Its place is 0, and Python takes 0 for False. A translation may be empty.",
    question="What is the truth value of the place 0?",
)

trim_at_eos.edit(
    "one_too_few",
    "the word before <eos> is missing",
    base=decoding.trim_at_eos,
    replace={"index(eos_id)]": "index(eos_id) - 1]"},
    why="A slice [:n] stops before place n already, so it keeps the words before <eos>.",
    question="Which tokens does `[:3]` keep, and which place does `index` give?",
)

trim_at_eos.edit(
    "last_eos_only",
    "only an <eos> at the end is cut off",
    base=trim_with_loop,
    replace={
        "        if token == eos_id:\n            break\n": "",
        "    return kept": (
            "    while kept and kept[-1] == eos_id:\n        kept.pop()\n    return kept"
        ),
    },
    why="The sentence ends at its first <eos>, wherever that is. What follows is noise.",
    question="Where does the sentence [7, 9, 2, 5, 2] end, if <eos> is 2?",
)

trim_at_eos.edit(
    "special_ids_dropped",
    "ids that are not <eos> were left out before it",
    base=trim_with_loop,
    replace={"        kept.append(token)": "        if token > 2:\n            kept.append(token)"},
    why="All tokens before <eos> are kept, whatever they are. Only the caller knows which ids are "
    "special.",
    question="Which ids may the tokens before <eos> have?",
)

trim_at_eos.edit(
    "compared_by_is",
    "`is` compares objects, not numbers: <eos> is not found",
    base=trim_with_loop,
    replace={"token == eos_id": "token is eos_id"},
    why="Python keeps one object of each small number, so it seems to work, until the ids are "
    "larger than 256.",
    question="Which operator asks whether two numbers are equal?",
)

trim_at_eos.edit(
    "id_written_down",
    "the sentence ends at the id 2, whatever `eos_id` is",
    base=trim_with_loop,
    replace={"token == eos_id": "token == 2"},
    why="In another vocabulary <eos> has another id, so the caller passes it.",
    question="Which of your lines reads `eos_id`?",
)

trim_at_eos.edit(
    "smaller_ids_end",
    "every id up to that of <eos> ends the sentence",
    base=trim_with_loop,
    replace={"token == eos_id": "token <= eos_id"},
    why="A smaller id may be a word.",
    question="Which ids end a sentence?",
)

trim_at_eos.edit(
    "place_for_id",
    "`eos_id` was taken for a place in the list",
    base=trim_with_loop,
    replace={"token == eos_id": "len(kept) == eos_id"},
    why="It is the id of a token. Where that token stands is what you are looking for.",
    question="What does `eos_id` have to be compared with?",
)
