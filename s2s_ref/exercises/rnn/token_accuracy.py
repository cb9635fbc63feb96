"""The exercise `token_accuracy`: the share of words that are right."""

import torch

from s2s_ref import rnn
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=rnn.token_accuracy,
    title="Token accuracy",
    returns="accuracy",
    edges=[{"batch": 1}, {"len": 1}, {"len": 6}],
    hints=[
        "The model's answer at a position is the word with the highest logit. What share of all "
        "positions has the right answer?",
        "logits [batch, len, vocab] → the likeliest ids [batch, len] → compare with tgt "
        "[batch, len] → one number from 0 to 1. Which axis does argmax run over? A comparison "
        "gives True and False; as floats they are 1 and 0, and the mean of these is a share.",
        "Answers [[4, 2], [1, 1]] against targets [[4, 3], [1, 1]]: 3 of 4 are right, so 0.75.",
    ],
)
def token_accuracy(draw: Draw, batch=4, len=5, vocab=6):
    """Draw logits that are right at about two thirds of the tokens."""
    tgt = draw.ids(0, vocab, batch, len)
    right = (draw.normal(batch, len, 1) < 0.4).float()
    logits = draw.normal(batch, len, vocab) + 9 * right * rnn.one_hot(tgt, vocab)
    return {"logits": logits, "tgt": tgt}


@token_accuracy.mistake(
    "whole sentences were counted, not tokens",
    why="A sentence with one wrong word then counts as all wrong. That is exact match, lesson 2.",
    question="How many tokens does the batch have, and how many sentences?",
)
def whole_sentences(logits, tgt):
    return (logits.argmax(dim=-1) == tgt).all(dim=1).float().mean().item()


@token_accuracy.mistake(
    "this is a count, not a share",
    why="A count cannot be compared between batches of different sizes.",
    question="By what must the number of right tokens be divided?",
)
def counted(logits, tgt):
    return (logits.argmax(dim=-1) == tgt).sum().item()


@token_accuracy.mistake(
    "the share is in percent",
    why="In this course a share is a number from 0 to 1. Only the figures show percent.",
    question="What is the largest value that a share can have?",
)
def percent(logits, tgt):
    return 100 * (logits.argmax(dim=-1) == tgt).float().mean().item()


@token_accuracy.mistake(
    "argmax runs over the positions, not over the words",
    why="The model's answer is the likeliest word at each position.",
    question="Which axis of the logits is the vocabulary?",
    raises="must match the size",
)
def wrong_axis(logits, tgt):
    return (logits.argmax(dim=1) == tgt).float().mean().item()


@token_accuracy.mistake(
    "only the last word of each sentence was compared",
    why="The model answers at every position, and every answer counts.",
    question="Which positions does your comparison cover?",
)
def last_word(logits, tgt):
    return (logits[:, -1].argmax(dim=-1) == tgt[:, -1]).float().mean().item()


@token_accuracy.mistake(
    "the number of right tokens was divided by the number of sentences",
    why="Sentences have several tokens each, so the result can exceed 1.",
    question="How many answers did the model give in all?",
)
def per_sentence(logits, tgt):
    return (logits.argmax(dim=-1) == tgt).sum().item() / len(tgt)


@token_accuracy.mistake(
    "booleans have no mean",
    why="A comparison gives booleans. PyTorch takes the mean of floats only.",
    question="How do you turn True into 1 and False into 0?",
    raises="could not infer output dtype",
)
def mean_of_booleans(logits, tgt):
    return (logits.argmax(dim=-1) == tgt).mean().item()


@token_accuracy.alternative
def accuracy_with_loops(logits, tgt):
    right = 0
    for row, wanted in zip(logits.tolist(), tgt.tolist(), strict=True):
        for scores, word in zip(row, wanted, strict=True):
            right += scores.index(max(scores)) == word
    return right / tgt.numel()


@token_accuracy.alternative
def accuracy_as_tensor(logits, tgt):
    return torch.mean((logits.topk(1).indices.squeeze(-1) == tgt).to(torch.float32))
