"""The exercise `greedy_decode`: its cases, hints, mistakes and other right answers."""

import math

import torch

from s2s_ref import decoding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exact_decoders import BOS, EOS, at, described
from s2s_ref.checks.registry import exercise

# ------------------------------------------------------------------ greedy_decode


@exercise(
    reference=decoding.greedy_decode,
    title="Greedy decoding of a batch",
    returns="translations",
    after=["decoding.trim_at_eos"],
    edges=[{"batch": 1}, {"max_len": 1}, {"batch": 210}],
    hints=[
        "It is the loop of lesson 2, for many sentences in one call. They end at different steps. "
        "What may happen to a sentence that is over while the others go on?",
        "A step reads one token of every sentence, [batch, 1], and returns logits "
        "[batch, 1, vocab]. The likeliest tokens are [batch]. At the end there is one list of ids "
        "for every sentence.",
        "Two sentences: the first says 7, 2, 5, the second 8, 9, 2, with <eos> = 2. The answer is "
        "[[7], [8, 9]].",
    ],
)
def greedy_decode(draw: Draw, batch=4, vocab=7, states=11, max_len=7):
    """Draw a decoder as tables, and where each sentence starts in it."""
    logits = draw.normal(states, vocab)
    logits[:, EOS] += 0.6
    starts = draw.shuffled(list(range(states)) * math.ceil(batch / states))[:batch]
    return {
        "decoder": described(draw.ids(0, states, states, vocab), logits),
        "state": at(starts, states),
        "bos_id": BOS,
        "eos_id": EOS,
        "max_len": max_len,
    }


@greedy_decode.mistake(
    "the decoder reads <bos> at every step",
    why="It never learns which word it has just said.",
    question="What does the decoder read in the second step?",
)
def same_bos(decoder, state, bos_id, eos_id, max_len):
    bos, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(bos, state)
        steps.append(logits[:, -1].argmax(dim=-1))
    rows = torch.stack(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@greedy_decode.mistake(
    "every step starts from the first state again",
    why="The decoder forgets all but its last word, and tends to go round in circles.",
    question="Which state does the second call start from?",
)
def state_reset(decoder, state, bos_id, eos_id, max_len):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, _ = decoder(token, state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@greedy_decode.mistake(
    "one sentence's end stops the whole batch",
    why="The longer sentences are cut off in the middle, and where depends on their neighbours.",
    question="Which sentences does `break` end?",
)
def first_end_stops_all(decoder, state, bos_id, eos_id, max_len):
    token, rows = torch.full((len(state.h), 1), bos_id), [[] for _ in state.h]
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        if (token == eos_id).any():
            break
        for row, word in zip(rows, token.flatten().tolist(), strict=True):
            row.append(word)
    return rows


@greedy_decode.mistake(
    "it goes on past <eos>",
    why="The words after the end are noise: the decoder was never trained on them.",
    question="What may a sentence still say after its first <eos>?",
)
def past_eos(decoder, state, bos_id, eos_id, max_len):
    token, rows = torch.full((len(state.h), 1), bos_id), [[] for _ in state.h]
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        for row, word in zip(rows, token.flatten().tolist(), strict=True):
            if word != eos_id:
                row.append(word)
    return rows


@greedy_decode.mistake(
    "<eos> is in the result",
    why="It ends the sentence; it is not a word of it.",
    question="What does `trim_at_eos` keep?",
)
def eos_in_result(decoder, state, bos_id, eos_id, max_len):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id) + 1] if eos_id in row else row for row in rows]


@greedy_decode.mistake(
    "<bos> is in the result",
    why="It starts the decoder; nobody said it.",
    question="What is in your list before the first word is predicted?",
)
def bos_in_result(decoder, state, bos_id, eos_id, max_len):
    written = torch.full((len(state.h), 1), bos_id)
    for _ in range(max_len):
        logits, state = decoder(written[:, -1:], state)
        written = torch.cat([written, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    rows = written.tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@greedy_decode.mistake(
    "the translations come in the order in which they ended",
    why="Each source would get the translation of another one.",
    question="Which sentence does the first list of the result belong to?",
)
def order_of_ending(decoder, state, bos_id, eos_id, max_len):
    token, rows, done = torch.full((len(state.h), 1), bos_id), [[] for _ in state.h], []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token, keep = logits[:, -1].argmax(dim=-1, keepdim=True), []
        for i, word in enumerate(token.flatten().tolist()):
            if word == eos_id:
                done.append(rows[i])
            else:
                rows[i].append(word)
                keep.append(i)
        if not keep:
            return done
        rows, token = [rows[i] for i in keep], token[keep]
        state = state.select(torch.tensor(keep))
    return done + rows


@greedy_decode.mistake(
    "the sentences that are over left the batch, but their states stayed",
    why="From then on every sentence goes on from the state of another one.",
    question="What does `state.select` do?",
    raises="mismatch|out of range",
)
def states_stay(decoder, state, bos_id, eos_id, max_len):
    rows, going = [[] for _ in state.h], list(range(len(state.h)))
    token = torch.full((len(going), 1), bos_id)
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        keep = (token.flatten() != eos_id).nonzero().flatten()
        going, token = [going[i] for i in keep.tolist()], token[keep]
        if not going:
            break
        for row, word in zip(going, token.flatten().tolist(), strict=True):
            rows[row].append(word)
    return rows


@greedy_decode.mistake(
    "the sentences are translated one after the other, not as a batch",
    why="A call costs nearly the same for one sentence as for fifty, so this is many times slower.",
    question="How many tokens can the decoder read in one call?",
    raises="called more than",
)
def one_by_one(decoder, state, bos_id, eos_id, max_len):
    rows = []
    for i in range(len(state.h)):
        own, token, row = state.select(torch.tensor([i])), bos_id, []
        for _ in range(max_len):
            logits, own = decoder(torch.tensor([[token]]), own)
            token = logits[0, -1].argmax().item()
            if token == eos_id:
                break
            row.append(token)
        rows.append(row)
    return rows


@greedy_decode.alternative
def greedy_that_drops_rows(decoder, state, bos_id, eos_id, max_len):
    rows = [[] for _ in state.h]
    going, token = torch.arange(len(rows)), torch.full((len(rows),), bos_id)
    for _ in range(max_len):
        logits, state = decoder(token.unsqueeze(1), state)
        token = logits[:, -1].softmax(dim=-1).argmax(dim=-1)
        keep = (token != eos_id).nonzero().squeeze(1)
        going, token, state = going[keep], token[keep], state.select(keep)
        if len(going) == 0:
            break
        for row, word in zip(going.tolist(), token.tolist(), strict=True):
            rows[row].append(word)
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
