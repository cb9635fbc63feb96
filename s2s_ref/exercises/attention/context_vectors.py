"""The exercise `context_vectors`: mix the source positions by their weights."""

import torch

from s2s_ref import attention
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=attention.context_vectors,
    title="A context for every step",
    returns="context",
    edges=[{"batch": 1}, {"tgt_len": 1}, {"src_len": 1}, {"tgt_len": 5}],
    hints=[
        "A weight of 1 on one word and 0 on the others: which vector should come back? And what "
        "if two words have one half each?",
        "weights [batch, tgt_len, src_len] and values [batch, src_len, hidden] give context "
        "[batch, tgt_len, hidden]. Which axis do the two share?",
        "The weights [0.75, 0.25] and the values [4, 0] and [0, 8] give "
        "[0.75·4 + 0.25·0, 0.75·0 + 0.25·8] = [3, 2].",
    ],
)
def context_vectors(draw: Draw, batch=2, tgt_len=3, src_len=5, hidden=7):
    """Draw weights that sum to 1, and values."""
    weights = draw.normal(batch, tgt_len, src_len).softmax(dim=-1)
    return {"weights": weights, "values": draw.normal(batch, src_len, hidden)}


@context_vectors.mistake(
    "every word counts the same",
    why="The weights are not used, so every step gets the same context: the mean of the sentence.",
    question="Where does your line say which word matters at this step?",
)
def unweighted(weights, values):
    return values.mean(dim=1, keepdim=True).expand(-1, weights.shape[1], -1)


@context_vectors.mistake(
    "only the word with the largest weight is read",
    why="That is a choice, not a mixture: no gradient reaches the weights, so they cannot be "
    "learned.",
    question="What happens to the words with smaller weights?",
)
def brightest_only(weights, values):
    best = weights.argmax(dim=-1)
    return torch.stack([values[i, best[i]] for i in range(len(values))])


@context_vectors.mistake(
    "only the last encoder state is used",
    why="That is the fixed context of lesson 2 again. The weights were computed for nothing.",
    question="How many of the encoder's states should take part?",
)
def last_state_only(weights, values):
    return values[:, -1:].expand(-1, weights.shape[1], -1)


@context_vectors.mistake(
    "the sum runs over the target steps",
    why="Each target step needs a mixture of source words. Here each source word got a mixture of "
    "steps.",
    question="Which axis should the result no longer have: tgt_len or src_len?",
)
def summed_over_target(weights, values):
    return (weights.unsqueeze(-1) * values.unsqueeze(1)).sum(dim=1)


@context_vectors.mistake(
    "the mixture was divided by the number of words",
    why="The weights sum to 1 already. Divided once more, the context fades in long sentences.",
    question="If all the weight lies on one word, what should come back?",
)
def divided_again(weights, values):
    return (weights.unsqueeze(-1) * values.unsqueeze(1)).mean(dim=2)


@context_vectors.mistake(
    "the softmax was taken a second time",
    why="Weights are numbers between 0 and 1, so a second softmax makes them nearly equal.",
    question="What do the rows of `weights` sum to before your line, and after it?",
)
def softmaxed_again(weights, values):
    return weights.softmax(dim=-1) @ values


@context_vectors.mistake(
    "there is one context for all the steps",
    why="The point of attention is that each step looks elsewhere.",
    question="How many target steps does your result have?",
)
def one_for_all(weights, values):
    return (weights.mean(dim=1, keepdim=True) @ values).expand(-1, weights.shape[1], -1)


@context_vectors.mistake(
    "the first sentence's values are mixed for all sentences",
    why="Every sentence has states of its own. The decoder would read another sentence's words.",
    question="Which axis of the values have you given up?",
)
def first_values_for_all(weights, values):
    return weights @ values[0]


@context_vectors.mistake(
    "the target steps are not in the rows",
    why="The decoder puts row t of the context beside its state at step t.",
    question="Which axis comes second in the signature, after the arrow?",
)
def steps_last(weights, values):
    return (weights @ values).transpose(1, 2)


@context_vectors.mistake(
    "the weights came back too",
    why="Who calls this has the weights already, and takes what comes back for the context.",
    question="How many results does the signature name, after the arrow?",
)
def weights_returned_too(weights, values):
    return weights @ values, weights


@context_vectors.alternative
def context_with_einsum(weights, values):
    return torch.einsum("bts,bsh->bth", weights, values)


@context_vectors.alternative
def context_by_adding(weights, values):
    context = torch.zeros(len(values), weights.shape[1], values.shape[2])
    for s in range(values.shape[1]):
        context = context + weights[:, :, s : s + 1] * values[:, s : s + 1]
    return context


@context_vectors.mistake(
    "the weighted values are not added up: there is one axis too many",
    why="To mix means to weigh each value and to add them all up.",
    question="Which axis should the result no longer have: tgt_len or src_len?",
)
def not_added_up(weights, values):
    return weights.unsqueeze(-1) * values.unsqueeze(1)


context_vectors.edit(
    "values_of_all_sentences",
    "the values of all the sentences were mixed together",
    base=context_with_einsum,
    replace={"bts,bsh": "bts,ash"},
    why="A letter that stands in one factor alone is summed away. Every sentence has values of its "
    "own.",
    question="Which letter should the two factors and the result all have?",
)


@context_vectors.mistake(
    "the weights were divided by their sum once more",
    why="They sum to 1 already, so the values are right. But each gradient now goes through a "
    "division that the formula does not have.",
    question="What does the formula do with the weights before it multiplies?",
)
def shared_out_again(weights, values):
    return (weights / weights.sum(dim=-1, keepdim=True)) @ values


@context_vectors.mistake(
    "the largest of the weighted values was taken, not their sum",
    why="A context is a mixture of all the words, each by its share.",
    question="Which operation mixes: the largest, the mean or the sum?",
)
def largest_taken(weights, values):
    return (weights.unsqueeze(-1) * values.unsqueeze(1)).amax(dim=2)
