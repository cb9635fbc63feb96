"""The exercise `rnn_step`: one step of an RNN."""

import torch

from s2s_ref import rnn
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=rnn.rnn_step,
    title="One step of an RNN",
    longhand="step_in_parts",
    returns="new state",
    steps={
        "word": ("the word's part", "Which matrix leads from the word to the state?"),
        "past": ("the old state's part", "Which matrix does the old state go through, and how?"),
        "return": ("the new state", "Which three things does the formula add, and inside what?"),
    },
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


@rnn_step.alternative
def step_in_parts(x, h, W_xh, W_hh, b):
    word = x @ W_xh
    past = h @ W_hh
    return torch.tanh(word + past + b)


rnn_step.edit(
    "bias_forgotten",
    "the bias is forgotten",
    base=step_in_parts,
    replace={" + b)": ")"},
    why="Without it, a step whose inputs are all zero can return nothing but zeros.",
    question="Which of the five arguments does your line not use?",
)

rnn_step.edit(
    "tanh_left_out",
    "the tanh is left out",
    base=step_in_parts,
    replace={"torch.tanh(": "("},
    why="Without it all steps make up one matrix product, and the state can grow without limit.",
    question="Which values can a state have after the tanh?",
)

rnn_step.edit(
    "weights_swapped",
    "the two weight matrices are exchanged",
    base=step_in_parts,
    replace={"x @ W_xh": "x @ W_hh", "h @ W_hh": "h @ W_xh"},
    why="W_xh reads the word, W_hh carries the state on.",
    question="What do the letters after W_ say: from where to where?",
    raises="cannot be multiplied",
)

rnn_step.edit(
    "state_unused",
    "the previous state is not used",
    base=step_in_parts,
    replace={"word + past": "word"},
    why="The step forgets every earlier word: it is a layer for single words, not an RNN.",
    question="Where does your line read what came before?",
)

rnn_step.edit(
    "word_unused",
    "the word is not used",
    base=step_in_parts,
    replace={"word + past": "past"},
    why="The state then goes on by itself, whatever the sentence says.",
    question="Where does your line read the new word?",
)

rnn_step.edit(
    "sigmoid",
    "there is a sigmoid where the tanh should be",
    base=step_in_parts,
    replace={"torch.tanh": "torch.sigmoid"},
    why="A sigmoid's values lie between 0 and 1; the state should be free to be negative.",
    question="Which function's values lie between -1 and 1?",
)

rnn_step.edit(
    "relu",
    "there is a relu where the tanh should be",
    base=step_in_parts,
    replace={"torch.tanh": "torch.relu"},
    why="A relu lets the state grow without limit, and cuts off all that is negative.",
    question="Which function's values lie between -1 and 1?",
)

rnn_step.edit(
    "transposed",
    "the weights are transposed",
    base=step_in_parts,
    replace={"x @ W_xh": "x @ W_xh.T", "h @ W_hh": "h @ W_hh.T"},
    why="nn.Linear keeps its weight as [out, in]; here it is [in, out].",
    question="Which axis of W_xh is as long as a word's vector?",
    raises="cannot be multiplied",
)

rnn_step.edit(
    "state_weights_transposed",
    "the matrix W_hh is transposed",
    base=step_in_parts,
    replace={"h @ W_hh": "h @ W_hh.T"},
    why="Its axes are equally long, so no error is raised, but the wrong numbers are mixed.",
    question="Which of its two axes stands for the old state, and which for the new one?",
)

rnn_step.edit(
    "state_without_weights",
    "the old state is added as it is, without W_hh",
    base=step_in_parts,
    replace={"h @ W_hh": "h"},
    why="The network then cannot learn what to keep of the past.",
    question="Which matrix does the old state go through?",
)

rnn_step.edit(
    "one_by_one",
    "the numbers were multiplied one by one, where matrices should be",
    base=step_in_parts,
    replace={"x @ W_xh": "x * W_xh", "h @ W_hh": "h * W_hh"},
    why="Every number of the new state depends on all numbers of the word.",
    question="Which operator multiplies matrices: `*` or `@`?",
    raises="must match the size",
)

rnn_step.edit(
    "tanh_of_each",
    "the word and the state each have their own tanh",
    base=step_in_parts,
    replace={"torch.tanh(word + past + b)": "torch.tanh(word) + torch.tanh(past) + b"},
    why="The word and the state can only act on each other if they are added before the tanh.",
    question="How many times does the formula use tanh?",
)

rnn_step.edit(
    "bias_outside",
    "the bias is added after the tanh",
    base=step_in_parts,
    replace={" + b)": ") + b"},
    why="The bias is then not squashed, and the state can leave the range from -1 to 1.",
    question="What stands inside the brackets of tanh in the formula?",
)

rnn_step.edit(
    "tanh_of_the_word",
    "only the word's part goes through the tanh",
    base=step_in_parts,
    replace={"torch.tanh(word + past + b)": "torch.tanh(word) + past + b"},
    why="The old state is then added as it is, and the new one can grow without limit.",
    question="What stands inside the brackets of tanh in the formula?",
)

rnn_step.edit(
    "bias_twice",
    "the bias is added twice",
    base=step_in_parts,
    replace={" + b)": " + b + b)"},
    why="PyTorch's layers have a bias for the word and one for the state; here there is only one.",
    question="How many times does b stand in the formula?",
)

rnn_step.edit(
    "old_state_added",
    "the old state is added to the new one",
    base=step_in_parts,
    replace={"return torch": "return h + torch"},
    why="The new state can then leave the range from -1 to 1, and grows with every word.",
    question="What stands outside the brackets of tanh in the formula?",
)

rnn_step.edit(
    "state_detached",
    "no gradient goes back to the old state",
    base=step_in_parts,
    replace={"h @ W_hh": "h.detach() @ W_hh"},
    why="Training could not learn what an earlier step should have kept.",
    question="Which call cuts the old state off from the steps that made it?",
)

rnn_step.edit(
    "matrices_first",
    "the matrices stand on the wrong side of `@`",
    base=step_in_parts,
    replace={"x @ W_xh": "W_xh @ x", "h @ W_hh": "W_hh @ h"},
    why="Each row of x is a word, and each row of the result a new state.",
    question="Which axes meet at an `@`, and how long is each of the two?",
    raises="cannot be multiplied",
)

rnn_step.edit(
    "parts_multiplied",
    "the word and the state are multiplied, not added",
    base=step_in_parts,
    replace={"word + past": "word * past"},
    why="Where one of them is 0, the other would be lost.",
    question="Which sign stands between the two products in the formula?",
)

rnn_step.edit(
    "bias_subtracted",
    "the bias is subtracted",
    base=step_in_parts,
    replace={" + b)": " - b)"},
    why="The sign of the bias is then the wrong way round.",
    question="Which sign stands before b in the formula?",
)


@rnn_step.alternative
def step_on_concatenation(x, h, W_xh, W_hh, b):
    return torch.tanh(torch.cat([x, h], dim=-1) @ torch.cat([W_xh, W_hh], dim=0) + b)


@rnn_step.alternative
def step_with_einsum(x, h, W_xh, W_hh, b):
    word = torch.einsum("be,eh->bh", x, W_xh)
    return (word + torch.einsum("bi,ih->bh", h, W_hh) + b).tanh()


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
    "a pair came back, not the new state alone",
    why="PyTorch's layers return outputs and a state. One step has one result.",
    question="How many things does the signature say come back?",
)
def pair_returned(x, h, W_xh, W_hh, b):
    new = torch.tanh(x @ W_xh + h @ W_hh + b)
    return new, new
