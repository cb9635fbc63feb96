"""The exercise `greedy_decode`: translate a batch, always taking the likeliest token."""

import torch

from s2s_ref import decoding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exact_decoders import Tables, at, described
from s2s_ref.checks.registry import exercise


@exercise(
    reference=decoding.greedy_decode,
    title="Greedy decoding of a batch",
    longhand="greedy_that_trims_at_the_end",
    steps={
        "state.hidden 1": ("the decoder's state", "Which state does the first step start from?"),
        "logits 1": ("the logits of a step", "Which words and which state does this step read?"),
        "token 1": ("the chosen words", "Over which axis is the likeliest word sought?"),
    },
    returns="translations",
    after=["decoding.trim_at_eos"],
    plain_number=True,
    edges=[{"batch": 1}, {"max_len": 1}, {"lstm": 1}, {"third": 1}],
    hints=[
        "It is the loop of lesson 2, for many sentences in one call. They end at different steps. "
        "What may happen to a sentence that has ended while the others go on?",
        "A step reads one token of every sentence, [batch, 1], and returns logits "
        "[batch, 1, vocab]. The likeliest tokens are [batch]. At the end there is one list of ids "
        "for every sentence.",
        "Two sentences: the first says 7, 2, 5, the second 8, 9, 2, with <eos> = 2. The answer is "
        "[[7], [8, 9]].",
    ],
)
def greedy_decode(draw: Draw, batch=4, vocab=7, states=11, max_len=7, lstm=0, third=0):
    """Draw a decoder as tables, and the state in which each sentence starts.

    The first of several sentences is not the longest.

    The state may be an LSTM's, and the decoder one with a third result.
    """
    bos_id, eos_id = draw.distinct(0, vocab, 2)
    for _ in range(100):
        logits = draw.normal(states, vocab)
        logits[:, eos_id] += 0.6
        decoder = described(draw.ids(0, states, states, vocab), logits)
        starts = draw.distinct(0, states, batch)
        tables = Tables(decoder, bos_id, eos_id)
        lengths = [len(tables.greedy(start, max_len)) for start in starts]
        if batch == 1 or lengths[0] < max(lengths) - 1 or max_len == 1:
            break
    return {
        "decoder": draw.with_third_result(decoder) if third else decoder,
        "state": at(draw, starts, states, lstm),
        "bos_id": bos_id,
        "eos_id": eos_id,
        "max_len": max_len,
    }


@greedy_decode.alternative
def greedy_that_trims_at_the_end(decoder, state, bos_id, eos_id, max_len):
    written = torch.full((len(state.h), 1), bos_id)
    for _ in range(max_len):
        logits, state, *_ = decoder(written[:, -1:], state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        written = torch.cat([written, token], dim=1)
    rows = written[:, 1:].tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


greedy_decode.edit(
    "words_drawn",
    "the next word is drawn at random, not the likeliest one",
    base=greedy_that_trims_at_the_end,
    replace={"argmax(dim=-1, keepdim=True)": "softmax(dim=-1).multinomial(1)"},
    why="That is sampling, the next exercise. Greedy decoding gives the same translation every "
    "time.",
    question="Which of the words should the decoder say: any, or the one with the largest logit?",
)

greedy_decode.edit(
    "least_likely_words",
    "the least likely words are said, not the likeliest ones",
    base=greedy_that_trims_at_the_end,
    replace={"argmax": "argmin"},
    why="The larger a logit, the likelier its word.",
    question="Which of the logits belongs to the likeliest word?",
)

greedy_decode.edit(
    "ids_as_numbers",
    "the ids of <bos> and <eos> are written as numbers",
    base=greedy_that_trims_at_the_end,
    replace={
        "1), bos_id)": "1), 1)",
        "row[: row.index(eos_id)] if eos_id in row": "row[: row.index(2)] if 2 in row",
    },
    why="Each vocabulary gives its own ids, and 2 may be any word.",
    question="Which of the arguments hold the two ids?",
)


@greedy_decode.alternative
def greedy_that_drops_rows(decoder, state, bos_id, eos_id, max_len):
    rows = [[] for _ in state.h]
    going, token = torch.arange(len(rows)), torch.full((len(rows),), bos_id)
    for _ in range(max_len):
        logits, state, *_ = decoder(token.unsqueeze(1), state)
        token = logits[:, -1].softmax(dim=-1).argmax(dim=-1)
        keep = (token != eos_id).nonzero().squeeze(1)
        going, token, state = going[keep], token[keep], state.select(keep)
        if len(going) == 0:
            break
        for row, word in zip(going.tolist(), token.tolist(), strict=True):
            rows[row].append(word)
    return rows


greedy_decode.edit(
    "same_bos",
    "the decoder reads <bos> at every step",
    base=greedy_that_trims_at_the_end,
    replace={"written[:, -1:]": "written[:, :1]"},
    why="It never learns which word it has just said.",
    question="What does the decoder read in the second step?",
)

greedy_decode.edit(
    "state_reset",
    "every step starts from the first state again",
    base=greedy_that_trims_at_the_end,
    replace={"logits, state, *_": "logits, *_"},
    why="The decoder forgets all but its last word, and tends to go round in circles.",
    question="Which state does the second call start from?",
)

greedy_decode.edit(
    "first_end_stops_all",
    "one sentence's end stops the whole batch",
    base=greedy_that_trims_at_the_end,
    replace={
        "written = torch.cat": (
            "if (token == eos_id).any():\n            break\n        written = torch.cat"
        )
    },
    why="Longer sentences are cut off in the middle, and where depends on their neighbours.",
    question="Which sentences does `break` end?",
)

greedy_decode.edit(
    "past_eos",
    "it goes on past <eos>",
    base=greedy_that_trims_at_the_end,
    replace={
        "row[: row.index(eos_id)] if eos_id in row else row": (
            "[word for word in row if word != eos_id]"
        )
    },
    why="The words after the end are noise: the decoder was never trained on them.",
    question="What may a sentence still say after its first <eos>?",
)

greedy_decode.edit(
    "eos_in_result",
    "<eos> is in the result",
    base=greedy_that_trims_at_the_end,
    replace={"row.index(eos_id)": "row.index(eos_id) + 1"},
    why="It ends the sentence; it is not a word of it.",
    question="What does `trim_at_eos` keep?",
)

greedy_decode.edit(
    "bos_in_result",
    "<bos> is in the result",
    base=greedy_that_trims_at_the_end,
    replace={"written[:, 1:]": "written"},
    why="It starts the decoder; it is not a word of the translation.",
    question="What is in your list before the first word is predicted?",
)

greedy_decode.edit(
    "order_of_ending",
    "the translations come in the order in which they ended",
    base=greedy_that_drops_rows,
    replace={
        "    for _ in range(max_len):\n": "    ended = []\n    for _ in range(max_len):\n",
        "        keep = ": (
            "        ended += [rows[i] for i in going[token == eos_id].tolist()]\n        keep = "
        ),
        "return rows": "return ended + [rows[i] for i in going.tolist()]",
    },
    why="Each source would get the translation of another one.",
    question="Which sentence does the first list of the result belong to?",
)

greedy_decode.edit(
    "states_stay",
    "finished sentences left the batch, but their states stayed",
    base=greedy_that_drops_rows,
    replace={
        "going, token, state = going[keep], token[keep], state.select(keep)": (
            "going, token = going[keep], token[keep]"
        )
    },
    why="From then on every sentence goes on from the state of another one.",
    question="What does `state.select` do?",
    raises="mismatch|out of range|out of bounds",
)


@greedy_decode.alternative
def greedy_one_by_one(decoder, state, bos_id, eos_id, max_len):
    rows = []
    for i in range(len(state.h)):
        own, token, row = state.select(torch.tensor([i])), bos_id, []
        for _ in range(max_len):
            logits, own, *_ = decoder(torch.tensor([[token]]), own)
            token = logits[0, -1].argmax().item()
            if token == eos_id:
                break
            row.append(token)
        rows.append(row)
    return rows


@greedy_decode.alternative
def greedy_that_marks_ends(decoder, state, bos_id, eos_id, max_len):
    token, over = torch.full((len(state.h), 1), bos_id), [False for _ in state.h]
    rows = [[] for _ in state.h]
    while not all(over) and max_len > 0:
        logits, state, *_ = decoder(token, state)
        token, max_len = logits[:, -1:].argmax(dim=-1), max_len - 1
        for i, word in enumerate(token[:, 0].tolist()):
            over[i] = over[i] or word == eos_id
            if not over[i]:
                rows[i].append(word)
    return rows


greedy_decode.edit(
    "cut_with_the_shortest",
    "one sentence's end stops the whole batch, after its step",
    base=greedy_that_trims_at_the_end,
    replace={
        "written = torch.cat([written, token], dim=1)": (
            "written = torch.cat([written, token], dim=1)\n"
            "        if (token == eos_id).any():\n            break"
        )
    },
    why="Longer sentences are cut off in the middle, and where depends on their neighbours.",
    question="Which sentences does `break` end?",
)

greedy_decode.edit(
    "one_token_too_many",
    "the decoder was asked once too often: a sentence is longer than max_len",
    base=greedy_that_trims_at_the_end,
    replace={"range(max_len)": "range(max_len + 1)"},
    why="max_len is the largest number of words that a translation may have.",
    question="How often does your code call the decoder for max_len = 1?",
)

greedy_decode.edit(
    "one_token_too_few",
    "the decoder was asked once too seldom",
    base=greedy_that_trims_at_the_end,
    replace={"range(max_len)": "range(max_len - 1)"},
    why="A sentence that does not end may have max_len words, without <bos>.",
    question="How often does your code call the decoder for max_len = 1?",
)

greedy_decode.edit(
    "not_trimmed",
    "the rows are not trimmed at <eos>",
    base=greedy_that_trims_at_the_end,
    replace={"[row[: row.index(eos_id)] if eos_id in row else row for row in rows]": "rows"},
    why="The sentences end at different steps. What they say after that is noise.",
    question="What does `trim_at_eos` keep?",
)

greedy_decode.edit(
    "steps_in_rows",
    "there is a list for each step, not for each sentence",
    base=greedy_that_trims_at_the_end,
    replace={"written[:, 1:].tolist()": "written[:, 1:].T.tolist()"},
    why="The caller reads the first list as the translation of the first sentence.",
    question="What do the rows of your table of tokens stand for?",
)

greedy_decode.edit(
    "tensors_returned",
    "the lists hold tensors, not numbers",
    base=greedy_that_trims_at_the_end,
    replace={"written[:, 1:].tolist()": "list(map(list, written[:, 1:]))"},
    why="A vocabulary looks words up by number, and a tensor is not found among them.",
    question="Which method of a tensor makes plain lists of numbers?",
)

greedy_decode.edit(
    "two_results_expected",
    "the decoder returned three results, and two were expected",
    base=greedy_that_trims_at_the_end,
    replace={"logits, state, *_ = ": "logits, state = "},
    why="Decoders of later lessons return their attention weights too. The text above the exercise "
    "shows how to take the first two of any number.",
    question="What does `*_` on the left of an assignment do?",
    raises="too many values to unpack",
)

greedy_decode.edit(
    "beginning_read_again",
    "the whole beginning is read again at every step, from the newest state",
    base=greedy_that_trims_at_the_end,
    replace={"written[:, -1:]": "written"},
    why="The state has read the earlier words already. It should read only the newest one.",
    question="Which words has the state read before this step?",
)

greedy_decode.edit(
    "first_sentence_stops_all",
    "the end of the first sentence stops the whole batch",
    base=greedy_that_trims_at_the_end,
    replace={
        "written = torch.cat([written, token], dim=1)": (
            "written = torch.cat([written, token], dim=1)\n"
            "        if token[0, 0] == eos_id:\n            break"
        )
    },
    why="Longer sentences are cut off in the middle.",
    question="Which sentence does your condition look at, and which ones does `break` end?",
)

greedy_decode.edit(
    "starts_with_eos",
    "the decoder reads <eos> first, not <bos>",
    base=greedy_that_trims_at_the_end,
    replace={"(len(state.h), 1), bos_id": "(len(state.h), 1), eos_id"},
    why="In training every sentence began with <bos>. Only then does it know how to start.",
    question="Which of the two ids stands in front of a sentence?",
)

greedy_decode.edit(
    "lone_sentence_loses_its_axis",
    "a batch of one loses its axis",
    base=greedy_that_marks_ends,
    replace={"token[:, 0].tolist()": "token.squeeze().tolist()"},
    why="`squeeze()` without an argument drops every axis of length 1, and the batch may have one "
    "sentence.",
    question="Which axis do you mean to drop, and how do you name it?",
    raises="not iterable",
)
