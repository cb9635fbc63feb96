"""The exercise `rnn_step`: one step of an RNN."""

import torch

from s2s_ref import rnn
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=rnn.rnn_step,
    title="One step of an RNN",
    returns="new state",
    edges=[{"batch": 1}, {"embed": 5}],
    hints=[
        "The new state must know the word that is read now and what was read before. Which two "
        "vectors carry that, and what keeps their sum from growing without limit?",
        "x [batch, embed] and W_xh [embed, hidden] give [batch, hidden]. So do h and W_hh. "
        "Only equal shapes can be added.",
        "With one number each: x = 1, h = 0.5, W_xh = 2, W_hh = -2, b = 0 gives "
        "tanh(1·2 + 0.5·(-2) + 0) = tanh(1) = 0.76.",
    ],
)
def rnn_step(draw: Draw, batch=2, embed=3, hidden=5):
    """Draw a word, a state and weights."""
    return {
        "x": draw.normal(batch, embed, scale=0.7),
        "h": draw.normal(batch, hidden, scale=0.7),
        "W_xh": draw.normal(embed, hidden, scale=0.7),
        "W_hh": draw.normal(hidden, hidden, scale=0.7),
        "b": draw.normal(hidden),
    }


@rnn_step.mistake(
    "the bias is forgotten",
    why="Without it, a step whose inputs are all zero can return nothing but zeros.",
    question="Which of the five arguments does your line not use?",
)
def bias_forgotten(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + h @ W_hh)


@rnn_step.mistake(
    "the tanh is left out",
    why="Without it all steps make up one matrix product, and the state can grow without limit.",
    question="Which values can a state have after the tanh?",
)
def tanh_left_out(x, h, W_xh, W_hh, b):
    return x @ W_xh + h @ W_hh + b


@rnn_step.mistake(
    "the two weight matrices are exchanged",
    why="W_xh reads the word, W_hh carries the state on.",
    question="What do the letters after W_ say: from where to where?",
    raises="cannot be multiplied",
)
def weights_swapped(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_hh + h @ W_xh + b)


@rnn_step.mistake(
    "the previous state is not used",
    why="The step forgets every earlier word: it is a layer for single words, not an RNN.",
    question="Where does your line read what came before?",
)
def state_unused(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + b)


@rnn_step.mistake(
    "there is a sigmoid where the tanh should be",
    why="A sigmoid's values lie between 0 and 1; the state should be free to be negative.",
    question="Which function's values lie between -1 and 1?",
)
def sigmoid(x, h, W_xh, W_hh, b):
    return torch.sigmoid(x @ W_xh + h @ W_hh + b)


@rnn_step.mistake(
    "the weights are transposed",
    why="nn.Linear keeps its weight as [out, in]; here it is [in, out].",
    question="Which axis of W_xh is as long as a word's vector?",
    raises="cannot be multiplied",
)
def transposed(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + h @ W_hh.T + b)


@rnn_step.mistake(
    "the word and the state each have their own tanh",
    why="The word and the state can only act on each other if they are added before the tanh.",
    question="How many times does the formula use tanh?",
)
def tanh_of_each(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh) + torch.tanh(h @ W_hh) + b


@rnn_step.mistake(
    "the bias is added after the tanh",
    why="The bias is then not squashed, and the state can leave the range from -1 to 1.",
    question="What stands inside the brackets of tanh in the formula?",
)
def bias_outside(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + h @ W_hh) + b


@rnn_step.mistake(
    "only the word's part goes through the tanh",
    why="The old state is then added as it is, and the new one can grow without limit.",
    question="What stands inside the brackets of tanh in the formula?",
)
def tanh_of_the_word(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh) + h @ W_hh + b


@rnn_step.mistake(
    "the matrix W_hh is transposed",
    why="Its axes are equally long, so no error is raised, but the wrong numbers are mixed.",
    question="Which of its two axes stands for the old state, and which for the new one?",
)
def state_weights_transposed(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + h @ W_hh.T + b)


@rnn_step.alternative
def step_on_concatenation(x, h, W_xh, W_hh, b):
    return torch.tanh(torch.cat([x, h], dim=-1) @ torch.cat([W_xh, W_hh], dim=0) + b)


@rnn_step.alternative
def step_with_einsum(x, h, W_xh, W_hh, b):
    word = torch.einsum("be,eh->bh", x, W_xh)
    return (word + torch.einsum("bi,ih->bh", h, W_hh) + b).tanh()


@rnn_step.mistake(
    "the bias is added twice",
    why="PyTorch's layers have a bias for the word and one for the state; here there is only one.",
    question="How many times does b stand in the formula?",
)
def bias_twice(x, h, W_xh, W_hh, b):
    return torch.tanh((x @ W_xh + b) + (h @ W_hh + b))


@rnn_step.mistake(
    "the word is not used",
    why="The state then goes on by itself, whatever the sentence says.",
    question="Where does your line read the new word?",
)
def word_unused(x, h, W_xh, W_hh, b):
    return torch.tanh(h @ W_hh + b)


@rnn_step.mistake(
    "the old state is added as it is, without W_hh",
    why="The network then cannot learn what to keep of the past.",
    question="Which matrix does the old state go through?",
)
def state_without_weights(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + h + b)


@rnn_step.mistake(
    "there is a relu where the tanh should be",
    why="A relu lets the state grow without limit, and cuts off all that is negative.",
    question="Which function's values lie between -1 and 1?",
)
def relu(x, h, W_xh, W_hh, b):
    return torch.relu(x @ W_xh + h @ W_hh + b)


@rnn_step.mistake(
    "the numbers were multiplied one by one, where matrices should be",
    why="Every number of the new state depends on all numbers of the word.",
    question="Which operator multiplies matrices: `*` or `@`?",
    raises="must match the size",
)
def one_by_one(x, h, W_xh, W_hh, b):
    return torch.tanh(x * W_xh + h * W_hh + b)


@rnn_step.mistake(
    "no gradient goes back to the old state",
    why="Training could not learn what an earlier step should have kept.",
    question="Which call cuts the old state off from the steps that made it?",
)
def state_detached(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + h.detach() @ W_hh + b)


@rnn_step.mistake(
    "a pair came back, not the new state alone",
    why="PyTorch's layers return outputs and a state. One step has one result.",
    question="How many things does the signature say come back?",
)
def pair_returned(x, h, W_xh, W_hh, b):
    new = torch.tanh(x @ W_xh + h @ W_hh + b)
    return new, new


@rnn_step.mistake(
    "the new state was written into the old one",
    why="The old state is still needed: by the caller, and for the gradients.",
    question="Which line changes `h` itself? How would you make a new tensor?",
    raises="inplace operation",
)
def written_into_the_state(x, h, W_xh, W_hh, b):
    h[:] = torch.tanh(x @ W_xh + h @ W_hh + b)
    return h


@rnn_step.mistake(
    "the old state is added to the new one",
    why="The new state can then leave the range from -1 to 1, and grows with every word.",
    question="What stands outside the brackets of tanh in the formula?",
)
def old_state_added(x, h, W_xh, W_hh, b):
    return h + torch.tanh(x @ W_xh + h @ W_hh + b)
