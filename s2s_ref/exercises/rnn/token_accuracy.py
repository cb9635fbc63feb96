"""The exercise `token_accuracy`: the share of words that are right."""

import torch

from s2s_ref import rnn
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=rnn.token_accuracy,
    title="Token accuracy",
    longhand="accuracy_in_long_hand",
    steps={
        "answers": ("the likeliest words", "Along which axis are the logits of the words?"),
        "right": ("the hits", "What is compared with what?"),
    },
    returns="accuracy",
    edges=[{"batch": 1}, {"len": 1}, {"len": 6}, {"perfect": 1}],
    plain_number=True,
    hints=[
        "The model's answer at a position is the word with the highest logit. What share of all "
        "positions has the right answer?",
        "logits [batch, len, vocab] → the likeliest ids [batch, len] → compare with tgt "
        "[batch, len] → one number from 0 to 1. Which axis does argmax run over? A comparison "
        "gives True and False; as floats they are 1 and 0, and the mean of these is a share.",
        "Answers [[4, 2], [1, 1]] against targets [[4, 3], [1, 1]]: 3 of 4 are right, so 0.75.",
    ],
)
def token_accuracy(draw: Draw, batch=3, len=7, vocab=6, perfect=0):
    """Draw logits that are right at about two thirds of the tokens, by far or by a little.

    Where they are wrong, the right word often comes second.
    """
    tgt = draw.ids(0, vocab, batch, len)
    right = draw.normal(batch, len, 1) < (9 if perfect else 0.4)
    logits = draw.normal(batch, len, vocab)
    narrowly = logits.amax(dim=-1, keepdim=True) + 0.1
    winner = torch.where(draw.normal(batch, len, 1) < 0, narrowly, 9.0)
    second = torch.where(draw.normal(batch, len, 1) < 0, narrowly - 0.2, logits)
    chosen = torch.where(right, winner, second)
    logits = torch.where(rnn.one_hot(tgt, vocab) == 1, chosen, logits)
    return {"logits": logits - 3, "tgt": tgt}


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
def accuracy_with_topk(logits, tgt):
    answers = logits.topk(1).indices.squeeze(-1)
    return torch.mean((answers == tgt).to(torch.float32)).item()


token_accuracy.edit(
    "tensor_returned",
    "a tensor came back, not a plain number",
    base=accuracy_with_topk,
    replace={".item()": ""},
    why="A curve and a table want numbers.",
    question="How does a tensor with one number in it become a plain number?",
)

token_accuracy.edit(
    "error_rate",
    "this is the share of wrong tokens",
    base=accuracy_with_topk,
    replace={"answers == tgt": "answers != tgt"},
    why="It falls while the model learns; an accuracy rises.",
    question="Which of the two do you count: tokens that are right, or that are not?",
)

token_accuracy.edit(
    "rounded",
    "the share was rounded",
    base=accuracy_with_topk,
    replace={"return torch.mean": "return round(torch.mean", ".item()": ".item(), 2)"},
    why="Two models that differ a little would look the same.",
    question="Which step changes the number only to make it shorter?",
)

token_accuracy.edit(
    "first_sentence",
    "only the first sentence was compared",
    base=accuracy_with_topk,
    replace={"answers == tgt": "answers[0] == tgt[0]"},
    why="The other sentences of the batch count as much.",
    question="Which sentences does your comparison cover?",
)


@token_accuracy.mistake(
    "the result is 1 if every token is right, and 0 otherwise",
    why="A share lies anywhere between 0 and 1: three right words of four make 0.75.",
    question="Which step makes one answer, or a whole number, of all the words?",
)
def whole_number(logits, tgt):
    return float((logits.argmax(dim=-1) == tgt).sum().item() // tgt.numel())


@token_accuracy.mistake(
    "positions with the id 0 were left out",
    why="In this lesson 0 is a word like any other: nothing is padded yet.",
    question="Which positions does your comparison cover?",
)
def zero_left_out(logits, tgt):
    real = tgt != 0
    return (logits.argmax(dim=-1)[real] == tgt[real]).float().mean().item()


@token_accuracy.mistake(
    "a token counted only if its probability is over one half",
    why="The model's answer is the likeliest word, and among many words it may have a third.",
    question="What makes a word the model's answer?",
)
def over_one_half(logits, tgt):
    chances = logits.softmax(dim=-1).gather(-1, tgt.unsqueeze(-1))
    return (chances > 0.5).float().mean().item()


@token_accuracy.mistake(
    "this is the mean probability of the right words",
    why="Accuracy asks only whether the right word comes first, not by how much.",
    question="What does each position add to the count: 0 or 1, or something between?",
)
def mean_probability(logits, tgt):
    return logits.softmax(dim=-1).gather(-1, tgt.unsqueeze(-1)).mean().item()


token_accuracy.edit(
    "without_the_last",
    "the last word of each sentence was left out",
    base=accuracy_with_topk,
    replace={"answers == tgt": "answers[:, :-1] == tgt[:, :-1]"},
    why="The model answers at every position, and every answer counts.",
    question="Which positions does your comparison cover?",
)

token_accuracy.edit(
    "without_the_first",
    "the first word of each sentence was left out",
    base=accuracy_with_topk,
    replace={"answers == tgt": "answers[:, 1:] == tgt[:, 1:]"},
    why="The model answers at every position, and every answer counts.",
    question="Which positions does your comparison cover?",
)

token_accuracy.edit(
    "one_answer",
    "argmax looks at all logits at once",
    base=accuracy_with_topk,
    replace={"logits.topk(1).indices.squeeze(-1)": "logits.argmax()"},
    why="It gives one place for the whole batch, and every position needs an answer of its own.",
    question="Over which axis should argmax run, and how many answers should come out?",
)

token_accuracy.edit(
    "largest_logits",
    "the largest logits were compared, not the words that they belong to",
    base=accuracy_with_topk,
    replace={".indices": ".values"},
    why="A logit says how likely a word is. Its place says which word it is.",
    question="What does `max` give, and what does `argmax` give?",
)

token_accuracy.edit(
    "logits_compared",
    "the logits were compared with the ids",
    base=accuracy_with_topk,
    replace={"(answers == tgt)": "(logits == tgt)"},
    why="A logit says how likely a word is; it is not the word's id.",
    question="Which step makes the model's answer, one id, of all the logits of a position?",
    raises="must match the size",
)

token_accuracy.edit(
    "anywhere_in_the_sentence",
    "an answer counts wherever its word stands in the sentence",
    base=accuracy_with_loops,
    replace={"== word": "in wanted"},
    why="A right word at the wrong place is a wrong answer there.",
    question="Which right word belongs to the third answer?",
)

token_accuracy.edit(
    "first_word",
    "only the first word of each sentence was compared",
    base=accuracy_with_topk,
    replace={"answers == tgt": "answers[:, :1] == tgt[:, :1]"},
    why="The model answers at every position, and every answer counts.",
    question="Which positions does your comparison cover?",
)

token_accuracy.edit(
    "one_step_apart",
    "each answer was compared with the word of the next position",
    base=accuracy_with_topk,
    replace={"answers == tgt": "answers[:, :-1] == tgt[:, 1:]"},
    why="This model answers a word where it reads one, so answer t belongs to word t.",
    question="Which right word belongs to the first answer?",
)


@token_accuracy.alternative
def accuracy_in_long_hand(logits, tgt):
    answers = logits.argmax(dim=-1)
    right = answers == tgt
    return right.float().mean().item()
