"""The exercise `unroll`: its cases, hints, mistakes and other right answers."""

import torch

from s2s_ref import rnn
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise

# ------------------------------------------------------------------ unroll


@exercise(
    reference=rnn.unroll,
    title="Reading a whole sentence",
    returns="states",
    after=["rnn.rnn_step"],
    edges=[{"batch": 1}, {"len": 1}, {"batch": 4, "embed": 5}],
    hints=[
        "The same step reads every word. What does it hand to the next step, and what do we want "
        "to keep of each?",
        "inputs[:, t] is [batch, embed]: word t of every sentence. The states are [batch, hidden] "
        "each; `torch.stack` makes the new axis, and `dim=` says where.",
        "With two words, h₁ = step(x₁, h₀) and h₂ = step(x₂, h₁). The result holds [h₁, h₂], "
        "not h₀.",
    ],
)
def unroll(draw: Draw, batch=2, len=4, embed=3, hidden=5):
    """Draw sentences of vectors, a state that is not zero, and weights."""
    return {
        "inputs": draw.normal(batch, len, embed, scale=0.7),
        "h": draw.normal(batch, hidden, scale=0.7),
        "W_xh": draw.normal(embed, hidden, scale=0.7),
        "W_hh": draw.normal(hidden, hidden, scale=0.7),
        "b": draw.normal(hidden),
    }


@unroll.mistake(
    "the state before the first word is among the results",
    why="Then every state is one word late, and the last word's state is lost.",
    question="Do you keep the state before or after the step?",
)
def initial_state_included(inputs, h, W_xh, W_hh, b):
    states = []
    for t in range(inputs.shape[1]):
        states.append(h)
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
    return torch.stack(states, dim=1)


@unroll.mistake(
    "there is one state too many: the one before the first word",
    why="One state belongs to each word. The state before the first word belongs to none.",
    question="How many words go in, and how many states come out?",
)
def one_too_many(inputs, h, W_xh, W_hh, b):
    states = [h]
    for t in range(inputs.shape[1]):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
        states.append(h)
    return torch.stack(states, dim=1)


@unroll.mistake(
    "the state is not carried on",
    why="Every word is read as if it were the first.",
    question="What is `h` in the second step: the first state, or what the first step returned?",
)
def state_not_carried(inputs, h, W_xh, W_hh, b):
    states = []
    for t in range(inputs.shape[1]):
        states.append(torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b))
    return torch.stack(states, dim=1)


@unroll.mistake(
    "every place holds the last state",
    why="The same tensor was kept each time, or the last one was repeated.",
    question="What does your list hold after two steps: two states, or one state twice?",
)
def last_state_repeated(inputs, h, W_xh, W_hh, b):
    for t in range(inputs.shape[1]):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
    return torch.stack([h] * inputs.shape[1], dim=1)


@unroll.mistake(
    "the words' axis comes before the batch's",
    why="Everywhere in the course the batch is the first axis.",
    question="Which `dim` does torch.stack make when you do not name one?",
)
def stacked_in_front(inputs, h, W_xh, W_hh, b):
    states = []
    for t in range(inputs.shape[1]):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
        states.append(h)
    return torch.stack(states)


@unroll.mistake(
    "the loop runs over the sentences, not over the words",
    why="An RNN walks along a sentence. The sentences of a batch are read side by side.",
    question="Which axis does `for x in inputs` walk along?",
)
def loop_over_batch(inputs, h, W_xh, W_hh, b):
    states = []
    for x in inputs:
        h = torch.tanh(x @ W_xh + h @ W_hh + b)
        states.append(h)
    return torch.stack(states, dim=1)


@unroll.mistake(
    "the sentence is read backwards",
    why="The first state would already know the last word.",
    question="Which word does your first step read?",
)
def backwards(inputs, h, W_xh, W_hh, b):
    states = []
    for t in reversed(range(inputs.shape[1])):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
        states.append(h)
    return torch.stack(states, dim=1)


@unroll.mistake(
    "only the last state came back",
    why="A translation needs the state after every word, for every word is answered by one.",
    question="What should be kept of each step?",
)
def last_state_only(inputs, h, W_xh, W_hh, b):
    for t in range(inputs.shape[1]):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
    return h


@unroll.mistake(
    "the loop has as many steps as there are sentences, not words",
    why="Two sentences of four words are read to their second word; of one word, past their end.",
    question="Which axis does `len` count? Which one do you want to walk along?",
    raises="out of bounds",
)
def length_of_the_batch(inputs, h, W_xh, W_hh, b):
    states = []
    for t in range(len(inputs)):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
        states.append(h)
    return torch.stack(states, dim=1)


@unroll.mistake(
    "it returns after the first word",
    why="The rest of the sentence is never read.",
    question="How far is your `return` indented: does it belong to the loop, or come after it?",
)
def returns_in_the_loop(inputs, h, W_xh, W_hh, b):
    states = []
    for t in range(inputs.shape[1]):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
        states.append(h)
        return torch.stack(states, dim=1)


@unroll.alternative
def unroll_into_a_tensor(inputs, h, W_xh, W_hh, b):
    projected, states = inputs @ W_xh + b, []
    for t in range(inputs.shape[1]):
        h = torch.tanh(projected[:, t] + h @ W_hh)
        states.append(h.unsqueeze(1))
    return torch.cat(states, dim=1)
