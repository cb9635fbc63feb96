"""The exercise `unroll`: read a whole sentence, one step for each word."""

import torch

from s2s_ref import rnn
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=rnn.unroll,
    title="Reading a whole sentence",
    returns="states",
    steps={
        "h": ("the state", "Which word and which state does this step read?"),
        "states": ("the list of states", "What should the list hold after each word?"),
    },
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


@unroll.alternative
def unroll_by_position(inputs, h, W_xh, W_hh, b):
    states = []
    for t in range(inputs.shape[1]):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
        states.append(h)
    return torch.stack(states, dim=1)


unroll.edit(
    "initial_state_included",
    "the state before the first word is among the results",
    base=unroll_by_position,
    replace={"h = torch": "before, h = h, torch", "append(h)": "append(before)"},
    why="Then every state is one word late, and the last word's state is lost.",
    question="Do you keep the state before or after the step?",
)

unroll.edit(
    "one_too_many",
    "there is one state too many: the one before the first word",
    base=unroll_by_position,
    replace={"states = []": "states = [h]"},
    why="One state belongs to each word. The state before the first word belongs to none.",
    question="How many words go in, and how many states come out?",
)

unroll.edit(
    "state_not_carried",
    "the state is not carried on",
    base=unroll_by_position,
    replace={"h = torch.tanh": "new = torch.tanh", "append(h)": "append(new)"},
    why="Every word is read as if it were the first.",
    question="What is `h` in the second step: the first state, or what the first step returned?",
)

unroll.edit(
    "last_state_repeated",
    "every position holds the last state",
    base=unroll_by_position,
    replace={"torch.stack(states": "torch.stack([h] * len(states)"},
    why="The same tensor was kept each time, or the last one was repeated.",
    question="What does your list hold after two steps: two states, or one state twice?",
)

unroll.edit(
    "stacked_in_front",
    "the words' axis comes before the batch's",
    base=unroll_by_position,
    replace={", dim=1": ""},
    why="Everywhere in the course the batch is the first axis.",
    question="Where does torch.stack put the new axis when you do not name a `dim`?",
)

unroll.edit(
    "loop_over_batch",
    "the loop runs over the sentences, not over the words",
    base=unroll_by_position,
    replace={"for t in range(inputs.shape[1])": "for x in inputs", "inputs[:, t]": "x"},
    why="An RNN walks along a sentence. The sentences of a batch are read side by side.",
    question="Which axis does `for x in inputs` walk along?",
)

unroll.edit(
    "backwards",
    "the sentence is read backwards",
    base=unroll_by_position,
    replace={"range(inputs.shape[1])": "reversed(range(inputs.shape[1]))"},
    why="The first state would already know the last word.",
    question="Which word does your first step read?",
)

unroll.edit(
    "last_state_only",
    "only the last state came back",
    base=unroll_by_position,
    replace={"torch.stack(states, dim=1)": "h"},
    why="The RNN answers every word with one word, so a translation needs every state.",
    question="What should you keep of each step?",
)

unroll.edit(
    "length_of_the_batch",
    "the loop has as many steps as there are sentences, not words",
    base=unroll_by_position,
    replace={"inputs.shape[1]": "len(inputs)"},
    why="Two sentences of four words are read to their second word; two of one word, past the end.",
    question="Which axis does `len` count? Which one do you want to walk along?",
    raises="out of bounds",
)

unroll.edit(
    "returns_in_the_loop",
    "it returns after the first word",
    base=unroll_by_position,
    replace={"    return": "        return"},
    why="The rest of the sentence is never read.",
    question="How far is your `return` indented: does it belong to the loop, or come after it?",
)

unroll.edit(
    "starts_from_zeros",
    "the first state is zero, not the one that was given",
    base=unroll_by_position,
    replace={"states = []": "states, h = [], torch.zeros_like(h)"},
    why="In the next lesson the first state holds a whole sentence. It would be thrown away.",
    question="Which state does your first step start from?",
)

unroll.edit(
    "cut_anew",
    "words and sentences were mixed up when the axes were made",
    base=unroll_by_position,
    replace={
        "torch.stack(states, dim=1)": "torch.stack(states).view(inputs.shape[0], -1, h.shape[1])"
    },
    why="`view` and `reshape` only cut the same numbers anew. They never move an axis.",
    question="Which axis comes first after `torch.stack(states)`, and how do two axes change "
    "places?",
)

unroll.edit(
    "list_returned",
    "a list of states came back, not one tensor",
    base=unroll_by_position,
    replace={"torch.stack(states, dim=1)": "states"},
    why="The next layer reads all states at once.",
    question="Which function puts a list of tensors side by side along a new axis?",
)

unroll.edit(
    "graph_lost",
    "the states were kept without their gradients",
    base=unroll_by_position,
    replace={"append(h)": "append(h.detach())"},
    why="Training would change nothing, because the backward pass stops here.",
    question="Which step keeps the numbers of a state only?",
)

unroll.edit(
    "truncated",
    "no gradient goes back from one step to the step before",
    base=unroll_by_position,
    replace={"h @ W_hh": "h.detach() @ W_hh"},
    why="Training could not learn what an earlier step should have kept.",
    question="Which call cuts a state off from the steps that made it?",
)

unroll.edit(
    "first_word_always",
    "every step reads the first word",
    base=unroll_by_position,
    replace={"inputs[:, t]": "inputs[:, 0]"},
    why="The other words of the sentence are never read.",
    question="Which word does your second step read?",
)

unroll.edit(
    "first_word_skipped",
    "the first word is never read",
    base=unroll_by_position,
    replace={"range(inputs.shape[1])": "range(1, inputs.shape[1])"},
    why="There is one state too few, and all the others lack the first word.",
    question="At which number does the first word stand?",
    raises="non-empty",
)

unroll.edit(
    "last_word_skipped",
    "the last word is never read",
    base=unroll_by_position,
    replace={"range(inputs.shape[1])": "range(inputs.shape[1] - 1)"},
    why="There is one state too few. In Korean it is the verb's.",
    question="Which is the last number that `range(3)` gives?",
    raises="non-empty",
)


@unroll.alternative
def unroll_into_a_tensor(inputs, h, W_xh, W_hh, b):
    projected, states = inputs @ W_xh + b, []
    for t in range(inputs.shape[1]):
        h = torch.tanh(projected[:, t] + h @ W_hh)
        states.append(h.unsqueeze(1))
    return torch.cat(states, dim=1)


unroll.edit(
    "axes_of_one_dropped",
    "a batch of one sentence, or a sentence of one word, loses an axis",
    base=unroll_by_position,
    replace={"torch.stack(states, dim=1)": "torch.stack(states, dim=1).squeeze()"},
    why="`squeeze()` without an argument drops every axis of length 1, the batch's too.",
    question="Which axis do you mean to drop, and is there any?",
)

unroll.edit(
    "pair_returned",
    "a pair came back, not the states alone",
    base=unroll_by_position,
    replace={"torch.stack(states, dim=1)": "torch.stack(states, dim=1), h"},
    why="PyTorch's layers return their outputs and a state. This function returns the states.",
    question="How many things does the signature say come back?",
)

unroll.edit(
    "states_in_reverse",
    "the states stand in reverse order",
    base=unroll_by_position,
    replace={"torch.stack(states, dim=1)": "torch.stack(states[::-1], dim=1)"},
    why="The first word would be answered from the state after the last one.",
    question="Which state stands at the first place of your result?",
)

unroll.edit(
    "joined_without_axis",
    "the states were joined along an axis that was there before",
    base=unroll_by_position,
    replace={"torch.stack": "torch.cat"},
    why="The words need an axis of their own. `torch.cat` makes none.",
    question="How many axes has a state, and how many should the result have?",
)

unroll.edit(
    "axes_exchanged",
    "the words' axis is the last one",
    base=unroll_by_position,
    replace={"dim=1": "dim=2"},
    why="The next layer reads the last axis as the numbers of one state.",
    question="Where does torch.stack put the new axis?",
)

unroll.edit(
    "sentence_for_word",
    "`inputs[t]` is sentence t, not word t",
    base=unroll_by_position,
    replace={"inputs[:, t]": "inputs[t]"},
    why="The first axis is the batch, and the words lie along the second.",
    question="How do you write: everything along the first axis, and place t of the second?",
    raises="must match the size|out of bounds",
)

unroll.edit(
    "tanh_twice",
    "the tanh is taken twice",
    base=unroll_by_position,
    replace={" + b)": " + b).tanh()"},
    why="`rnn_step` has squashed the state already. Twice, the state shrinks at every word.",
    question="What has `rnn_step` done with the sum before it returns it?",
)

unroll.edit(
    "old_state_added",
    "the old state is added to the new one",
    base=unroll_by_position,
    replace={"h = torch": "h = h + torch"},
    why="`rnn_step` has mixed the old state in already, and so the state grows with every word.",
    question="What should `h` be after a step: what `rnn_step` returned, or more?",
)

unroll.edit(
    "first_word_twice",
    "the first word is read twice",
    base=unroll_by_position,
    replace={"states = []": "states, h = [], torch.tanh(inputs[:, 0] @ W_xh + h @ W_hh + b)"},
    why="A step before the loop has read it already, so every state knows it twice.",
    question="Which word does your first step read, and which does the second?",
)
