"""The exercise `shift_target`: what the decoder reads and what it says."""

import torch

from s2s_ref import encoder_decoder
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=encoder_decoder.shift_target,
    title="One step apart",
    returns=("tgt_input", "tgt_output"),
    edges=[{"batch": 1}, {"full_len": 2}, {"batch": 4, "full_len": 7}],
    hints=[
        "At each step the decoder reads a word and has to say the next one. Which word does it "
        "read first, and which does it say last?",
        "A target of full_len ids gives two tensors of full_len - 1 ids each.",
        "The target [1, 7, 8, 2], with <bos> = 1 and <eos> = 2: it reads [1, 7, 8] and says "
        "[7, 8, 2].",
    ],
)
def shift_target(draw: Draw, batch=2, full_len=6, vocab=9):
    """Draw targets that begin with <bos> and end with <eos>."""
    special = draw.special_ids(vocab)
    words = torch.tensor([i for i in range(vocab) if i not in special])
    body = words[draw.ids(0, len(words), batch, full_len - 2)]
    bos, eos = torch.full((batch, 1), special.bos), torch.full((batch, 1), special.eos)
    return {"tgt": torch.cat([bos, body, eos], dim=1)}


@shift_target.mistake(
    "the two are not shifted against each other",
    why="The decoder would be asked to say the word that it has just read. It would learn to copy.",
    question="When the decoder has read <bos>, which word should it say?",
)
def not_shifted(tgt):
    return tgt[:, 1:], tgt[:, 1:]


@shift_target.mistake(
    "the two are not shifted against each other",
    why="The decoder would be asked to say the word that it has just read. It would learn to copy.",
    question="When the decoder has read <bos>, which word should it say?",
)
def both_without_eos(tgt):
    return tgt[:, :-1], tgt[:, :-1]


@shift_target.mistake(
    "both are the whole target",
    why="The decoder would be asked to say the word that it has just read, <bos> first of all.",
    question="How long is each of the two, compared with the target?",
)
def both_whole(tgt):
    return tgt, tgt


@shift_target.mistake(
    "the shift goes the wrong way: input and output are exchanged",
    why="The decoder would read the answer and be asked for the word before it.",
    question="Which of the two begins with <bos>?",
)
def exchanged(tgt):
    return tgt[:, 1:], tgt[:, :-1]


@shift_target.mistake(
    "<eos> is lost",
    why="A decoder that is never asked for <eos> does not learn to stop.",
    question="Which id should the output end with?",
)
def eos_lost(tgt):
    return tgt[:, :-2], tgt[:, 1:-1]


@shift_target.mistake(
    "<bos> is lost",
    why="The first word is never asked for, so the decoder cannot begin a sentence.",
    question="Which id should the input begin with?",
)
def bos_lost(tgt):
    return tgt[:, 1:-1], tgt[:, 2:]


@shift_target.mistake(
    "the sentences were shifted, not the words",
    why="The first axis is the batch; time runs along the second.",
    question="Which axis do you slice with `tgt[:-1]`?",
)
def wrong_axis(tgt):
    return tgt[:-1], tgt[1:]


@shift_target.mistake(
    "the words were rolled: <bos> came back at the end",
    why="The decoder would be asked to say <bos> after <eos>.",
    question="What does `roll` do with the id that falls off?",
)
def rolled(tgt):
    return tgt, tgt.roll(-1, dims=1)


@shift_target.mistake(
    "the output is the whole target: <bos> is still in front",
    why="The two differ in length, and the decoder would be asked for the word that it just read.",
    question="Which id should the output begin with, and how long should it be?",
)
def output_not_cut(tgt):
    return tgt[:, :-1], tgt


@shift_target.mistake(
    "the input is the whole target: <eos> is still at its end",
    why="After <eos> there is nothing to say, so that step has no answer.",
    question="Which id should the input end with, and how long should it be?",
)
def input_not_cut(tgt):
    return tgt, tgt[:, 1:]


@shift_target.alternative
def shift_with_narrow(tgt):
    length = tgt.shape[1] - 1
    return [tgt.narrow(1, 0, length), tgt.narrow(1, 1, length)]


@shift_target.mistake(
    "the ids of <bos> and <eos> are written as numbers",
    why="Each vocabulary gives its own ids, and 2 may be a word in the middle of the sentence.",
    question="At which places do <bos> and <eos> stand, whatever their ids are?",
    raises="invalid for input",
)
def taken_out_by_number(tgt):
    batch = tgt.shape[0]
    return tgt[tgt != 2].view(batch, -1), tgt[tgt != 1].view(batch, -1)


@shift_target.mistake(
    "both <bos> and <eos> were taken off both",
    why="The decoder could neither begin nor end a sentence.",
    question="Which of the two special ids is only read, and which is only said?",
)
def both_cut(tgt):
    return tgt[:, 1:-1], tgt[:, 1:-1]


@shift_target.mistake(
    "lists came back, not tensors",
    why="The decoder reads a tensor, and the loss compares with one.",
    question="What does slicing a tensor give, and what does `tolist` make of it?",
)
def lists_returned(tgt):
    return [row[:-1] for row in tgt.tolist()], [row[1:] for row in tgt.tolist()]


@shift_target.mistake(
    "padding was written over what should be cut off",
    why="The decoder would read <pad> and be asked for <pad> in every sentence.",
    question="How long should each of the two be, compared with the target?",
)
def padded_in_place(tgt):
    pad = torch.zeros_like(tgt[:, :1])
    return torch.cat([tgt[:, :-1], pad], dim=1), torch.cat([tgt[:, 1:], pad], dim=1)


@shift_target.mistake(
    "a dictionary came back, not a pair",
    why="The code that calls this takes two values apart, by their order.",
    question="What does the signature say comes back, after the arrow?",
)
def dictionary_returned(tgt):
    return {"input": tgt[:, :-1], "output": tgt[:, 1:]}


@shift_target.mistake(
    "the two are two steps apart",
    why="The decoder would be asked for the word after the next one.",
    question="When the decoder has read <bos>, which word should it say?",
)
def two_steps_apart(tgt):
    return tgt[:, :-2], tgt[:, 2:]


@shift_target.mistake(
    "the output is missing",
    why="The decoder has something to read, and nothing tells it what to say.",
    question="How many things does the signature say come back?",
)
def input_alone(tgt):
    return tgt[:, :-1]


@shift_target.mistake(
    "one tensor came back, not a pair",
    why="The code that calls this takes two values apart, by their order.",
    question="How many things does the signature say come back?",
)
def stacked(tgt):
    return torch.stack([tgt[:, :-1], tgt[:, 1:]])


@shift_target.mistake(
    "a batch of one sentence, or a sentence of one word, loses an axis",
    why="`squeeze()` without an argument drops every axis of length 1, the batch's too.",
    question="Which axis do you mean to drop, and is there any?",
)
def axes_of_one_dropped(tgt):
    return tgt[:, :-1].squeeze(), tgt[:, 1:].squeeze()
