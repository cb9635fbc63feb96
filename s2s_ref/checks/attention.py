"""Lesson 7: the exercises of attention."""

import torch
from torch import Tensor, nn

from s2s_ref import attention
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.encoder_decoder import sized
from s2s_ref.checks.exercise import Built, exercise, prediction
from s2s_ref.checks.rnn import is_share, one_of, one_share
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn, to_rnn


def source_mask(draw: Draw, batch: int, src_len: int) -> Tensor:
    """Draw a mask: the first sentence of a batch fills it, the others end where chance says."""
    lengths = draw.ids(1, src_len + 1, batch, 1)
    if batch > 1:
        lengths[0] = src_len
    return torch.arange(src_len) < lengths


# ------------------------------------------------------------------ dot_scores


@exercise(
    reference=attention.dot_scores,
    lesson=7,
    title="How well do two states agree?",
    returns="scores",
    edges=[{"batch": 1}, {"tgt_len": 1}, {"src_len": 1}, {"tgt_len": 5}],
    hints=[
        "Every target step asks, and every source position answers with one number: how well do "
        "the two lists of numbers agree? Which operation makes one number of two lists?",
        "queries [batch, tgt_len, hidden] and keys [batch, src_len, hidden] give scores "
        "[batch, tgt_len, src_len]. The axis that both share is the one that is summed away.",
        "The query [1, 2] and the keys [3, 0] and [1, 1] give the scores 1·3 + 2·0 = 3 and "
        "1·1 + 2·1 = 3. The query [0, 1] gives 0 and 1.",
    ],
)
def dot_scores(draw: Draw, batch=2, tgt_len=3, src_len=5, hidden=7):
    """Draw queries and keys."""
    return {
        "queries": draw.normal(batch, tgt_len, hidden),
        "keys": draw.normal(batch, src_len, hidden),
    }


@dot_scores.mistake(
    "the scores are divided by the root of the size",
    so="That is the scaled score of 2017 (Vaswani et al.). Luong's, of 2015, is the plain inner "
    "product, and a model trained with one does not go with the other.",
    ask="Does the formula of this exercise divide by anything?",
)
def scaled(queries, keys):
    return queries @ keys.transpose(1, 2) / keys.shape[-1] ** 0.5


@dot_scores.mistake(
    "these are already weights: they sum to 1",
    so="A score may be any number. What makes weights of scores is the next exercise, and it has "
    "to know about padding first.",
    ask="Which numbers can an inner product be?",
)
def softmaxed(queries, keys):
    return (queries @ keys.transpose(1, 2)).softmax(dim=-1)


@dot_scores.mistake(
    "source and target have changed places",
    so="Each row should be one target step's view of the source. Here it is the other way round.",
    ask="Which of the two arguments do the rows of your result belong to?",
)
def source_in_rows(queries, keys):
    return keys @ queries.transpose(1, 2)


@dot_scores.mistake(
    "the keys were cut up anew, not transposed",
    so="`view` and `reshape` keep the numbers in their order and only count them off differently: "
    "numbers of different words come into one column.",
    ask="Which function exchanges two axes?",
)
def reshaped(queries, keys):
    batch, src_len, hidden = keys.shape
    return queries @ keys.reshape(batch, hidden, src_len)


@dot_scores.mistake(
    "the keys are not transposed",
    so="A matrix product sums over the last axis of the first factor and the one before the last "
    "of the second. These two must be the same axis.",
    ask="Which axis do queries and keys share, and where does it stand in each?",
    raises="Expected size|cannot be multiplied",
)
def untransposed(queries, keys):
    return queries @ keys


@dot_scores.mistake(
    "this is the mean of the products, not their sum",
    so="The inner product adds up. A mean makes all scores small, and all weights nearly alike.",
    ask="By what did you divide?",
)
def mean_of_products(queries, keys):
    return (queries.unsqueeze(2) * keys.unsqueeze(1)).mean(dim=-1)


@dot_scores.mistake(
    "the states were brought to length 1 first",
    so="That is the cosine. The inner product also counts how large the numbers are, so that a "
    "state can learn to speak louder.",
    ask="What does the formula do to the states before it multiplies them?",
)
def cosine(queries, keys):
    queries = nn.functional.normalize(queries, dim=-1)
    keys = nn.functional.normalize(keys, dim=-1)
    return queries @ keys.transpose(1, 2)


@dot_scores.alternative
def scores_with_einsum(queries, keys):
    return torch.einsum("bth,bsh->bts", queries, keys)


@dot_scores.alternative
def scores_with_loops(queries, keys):
    steps = []
    for t in range(queries.shape[1]):
        row = [(queries[:, t] * keys[:, s]).sum(dim=-1) for s in range(keys.shape[1])]
        steps.append(torch.stack(row, dim=-1))
    return torch.stack(steps, dim=1)


# ------------------------------------------------------------------ attention_weights


@exercise(
    reference=attention.attention_weights,
    lesson=7,
    title="Scores become weights",
    returns="weights",
    edges=[{"batch": 1}, {"tgt_len": 1}, {"src_len": 1}, {"tgt_len": 5}, {"level": -50}],
    hints=[
        "Each target step has the whole attention, 1, to give away, and <pad> must get none of "
        "it. What must a score be, before the softmax, for its weight to come out as exactly 0?",
        "scores [batch, tgt_len, src_len], src_mask [batch, src_len], True at real words. The "
        "mask needs an axis for tgt_len before the two fit. The weights sum to 1 along src_len.",
        "Scores [0, 0, 5] with the mask [True, True, False] give the weights [0.5, 0.5, 0].",
    ],
)
def attention_weights(draw: Draw, batch=2, tgt_len=3, src_len=5, level=0):
    """Draw scores around a level, and which source positions are real."""
    scores = draw.normal(batch, tgt_len, src_len) + level
    return {"scores": scores, "src_mask": source_mask(draw, batch, src_len)}


@attention_weights.mistake(
    "padding received weight",
    so="The decoder reads <pad> as if it were a word, and a sentence is translated differently "
    "beside a longer one.",
    ask="What must a score be, before the softmax, for its weight to come out as exactly 0?",
)
def padding_unmasked(scores, src_mask):
    return scores.softmax(dim=-1)


@attention_weights.mistake(
    "the mask came after the softmax: the weights no longer sum to 1",
    so="The share that <pad> had taken is lost, so the context is too small, the smaller the more "
    "padding there is.",
    ask="Who has to divide the attention: all positions, or only the real ones?",
)
def masked_after(scores, src_mask):
    return scores.softmax(dim=-1) * src_mask.unsqueeze(1)


@attention_weights.mistake(
    "padding got the score 0, not the weight 0",
    so="A score of 0 is no low score: beside it, a real word with the score -1 loses.",
    ask="The softmax of [0, 0] is [0.5, 0.5]. Which score is lower than all others?",
)
def scored_zero(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(1), 0).softmax(dim=-1)


@attention_weights.mistake(
    "the softmax ran along the wrong axis",
    so="Each target step should divide its attention among the source words. Here the target "
    "steps compete for each word.",
    ask="Along which axis should the weights sum to 1?",
)
def over_target(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(1), -torch.inf).softmax(dim=1)


@attention_weights.mistake(
    "the softmax ran along the wrong axis",
    so="Each target step should divide its attention among the source words. Here the target "
    "steps compete for each word.",
    ask="Along which axis should the weights sum to 1?",
)
def over_target_large(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(1), -1e9).softmax(dim=1)


@attention_weights.mistake(
    "the mask is upside down: only padding receives weight",
    so="In this course a mask is True at real words; PyTorch's own layers take the opposite.",
    ask="Which positions does `masked_fill` fill: those with True or those with False?",
)
def inverted(scores, src_mask):
    return scores.masked_fill(src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)


@attention_weights.mistake(
    "the mask is upside down: only padding receives weight",
    so="In this course a mask is True at real words; PyTorch's own layers take the opposite.",
    ask="Which positions does `masked_fill` fill: those with True or those with False?",
)
def inverted_large(scores, src_mask):
    return scores.masked_fill(src_mask.unsqueeze(1), -1e9).softmax(dim=-1)


@attention_weights.mistake(
    "the mask lies along the target",
    so="It says which source words are real. Every target step needs the same one.",
    ask="The scores have an axis that the mask has not. Where does it stand?",
    raises="must match",
)
def mask_along_target(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(2), -torch.inf).softmax(dim=-1)


@attention_weights.mistake(
    "these are still scores",
    so="Padding is out of the race, but nobody has divided the attention yet: weights lie between "
    "0 and 1 and sum to 1.",
    ask="Which function turns any numbers into shares of 1?",
)
def softmax_left_out(scores, src_mask):
    return scores.masked_fill(~src_mask.unsqueeze(1), -torch.inf)


@attention_weights.alternative
def weights_with_a_large_number(scores, src_mask):
    return torch.where(src_mask[:, None, :], scores, torch.tensor(-1e9)).softmax(dim=-1)


@attention_weights.alternative
def weights_made_to_sum_again(scores, src_mask):
    highest = scores.masked_fill(~src_mask.unsqueeze(1), -torch.inf).amax(dim=-1, keepdim=True)
    products = (scores - highest).exp() * src_mask.unsqueeze(1)
    return products / products.sum(dim=-1, keepdim=True)


@attention_weights.alternative
def weights_renormalised(scores, src_mask):
    weights = scores.softmax(dim=-1) * src_mask.unsqueeze(1)
    return weights / weights.sum(dim=-1, keepdim=True)


@attention_weights.alternative
def weights_sentence_by_sentence(scores, src_mask):
    rows = []
    for row, real in zip(scores, src_mask, strict=True):
        length = int(real.sum())
        shares = row[:, :length].softmax(dim=-1)
        rows.append(nn.functional.pad(shares, (0, len(real) - length)))
    return torch.stack(rows)


# ------------------------------------------------------------------ context_vectors


@exercise(
    reference=attention.context_vectors,
    lesson=7,
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
    so="The weights are not used, so every step gets the same context: the mean of the sentence.",
    ask="Where does your line say which word matters at this step?",
)
def unweighted(weights, values):
    return values.mean(dim=1, keepdim=True).expand(-1, weights.shape[1], -1)


@context_vectors.mistake(
    "only the word with the largest weight is read",
    so="A choice instead of a mixture: no gradient reaches the weights, and they cannot be "
    "learned.",
    ask="What happens to the words with smaller weights?",
)
def brightest_only(weights, values):
    best = weights.argmax(dim=-1)
    return torch.stack([values[i, best[i]] for i in range(len(values))])


@context_vectors.mistake(
    "only the last encoder state is used",
    so="That is the fixed context of lesson 2 again. The weights were computed for nothing.",
    ask="How many of the encoder's states should take part?",
)
def last_state_only(weights, values):
    return values[:, -1:].expand(-1, weights.shape[1], -1)


@context_vectors.mistake(
    "the sum runs over the target steps",
    so="Each target step needs a mixture of source words. Here each source word got a mixture of "
    "steps.",
    ask="Which axis should be gone in the result: tgt_len or src_len?",
)
def summed_over_target(weights, values):
    return (weights.unsqueeze(-1) * values.unsqueeze(1)).sum(dim=1)


@context_vectors.mistake(
    "the mixture was divided by the number of words",
    so="The weights sum to 1 already. Divided once more, the context fades in long sentences.",
    ask="If all the weight lies on one word, what should come back?",
)
def divided_again(weights, values):
    return (weights.unsqueeze(-1) * values.unsqueeze(1)).mean(dim=2)


@context_vectors.mistake(
    "the softmax was taken a second time",
    so="Weights are numbers between 0 and 1, so a second softmax makes them all nearly alike.",
    ask="What do the rows of `weights` sum to before your line, and after it?",
)
def softmaxed_again(weights, values):
    return weights.softmax(dim=-1) @ values


@context_vectors.mistake(
    "there is one context for all the steps",
    so="The point of attention is that each step looks elsewhere.",
    ask="How many target steps does your result have?",
)
def one_for_all(weights, values):
    return (weights.mean(dim=1, keepdim=True) @ values).expand(-1, weights.shape[1], -1)


@context_vectors.alternative
def context_with_einsum(weights, values):
    return torch.einsum("bts,bsh->bth", weights, values)


@context_vectors.alternative
def context_by_adding(weights, values):
    context = torch.zeros(len(values), weights.shape[1], values.shape[2])
    for s in range(values.shape[1]):
        context = context + weights[:, :, s : s + 1] * values[:, s : s + 1]
    return context


# ------------------------------------------------------------------ LuongDecoder


@exercise(
    reference=attention.LuongDecoder,
    lesson=7,
    title="A decoder that looks back",
    returns=("logits", "state", "weights"),
    after=["attention.dot_scores", "attention.attention_weights", "attention.context_vectors"],
    edges=[{"batch": 1}, {"tgt_len": 1}, {"src_len": 1}, {"lstm": 1}, {"first_call": 1}],
    hints=[
        "The RNN reads the target words, as in lesson 2. What does each of its outputs ask, whom "
        "does it ask, and what comes back?",
        "outputs [batch, tgt_len, hidden] are the queries. scores and weights are [batch, tgt_len, "
        "src_len], the context [batch, tgt_len, hidden]. Side by side with the outputs, context "
        "first, it is [batch, tgt_len, 2 · hidden], and that is what `combine` takes.",
        "With hidden size 1, a context 0.5, an output -1 and combine = [2, 1]: "
        "tanh(2·0.5 + 1·(-1)) = tanh(0) = 0, and the logits are the bias of `output`.",
    ],
)
def LuongDecoder(
    draw: Draw, batch=2, tgt_len=3, src_len=4, vocab=9, embed=5, hidden=6, lstm=0, first_call=0
):
    """Draw sizes, a GRU or an LSTM, target tokens, and a state with the memory of a sentence.

    The keys differ from the values where they can, as they will with other scores than this
    lesson's; at the first call for a sentence there are none yet.
    """
    sizes = sized(draw, vocab, embed, hidden, lstm)
    h, c, context = (draw.normal(batch, hidden) for _ in range(3))
    encoder_states, keys = (draw.normal(batch, src_len, hidden) for _ in range(2))
    mask = source_mask(draw, batch, src_len)
    state = State(
        (h, c) if lstm else h, context, encoder_states, mask, None if first_call else keys
    )
    return Built(sizes, {"tgt_input": draw.ids(0, vocab, batch, tgt_len), "state": state})


@LuongDecoder.mistake(
    "the halves are swapped: the state came first",
    so="`combine` has one half of its weights for the context and one for the state. Trained "
    "together it would not matter; the course's weights expect the context first.",
    ask="In which order does the formula name the two?",
)
class HalvesSwapped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=state.encoder_states)
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        scores = outputs @ state.keys.transpose(1, 2)
        weights = scores.masked_fill(~state.src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
        context = weights @ state.encoder_states
        attended = torch.tanh(self.combine(torch.cat([outputs, context], dim=-1)))
        return self.output(attended), state._replace(hidden=from_rnn(hidden)), weights


@LuongDecoder.mistake(
    "the tanh is left out",
    so="Without it, `combine` and `output` are one matrix product, and the layer adds nothing.",
    ask="What stands between `combine` and `output` in the formula?",
)
class TanhLeftOut(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=state.encoder_states)
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        scores = outputs @ state.keys.transpose(1, 2)
        weights = scores.masked_fill(~state.src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
        context = weights @ state.encoder_states
        attended = self.combine(torch.cat([context, outputs], dim=-1))
        return self.output(attended), state._replace(hidden=from_rnn(hidden)), weights


@LuongDecoder.mistake(
    "the state before this step asks",
    so="It has not read the current word yet. That is Bahdanau's wiring, and it comes in lesson "
    "8; in Luong's, the RNN takes its step first and asks then.",
    ask="Which of the RNN's outputs has read the word of step t?",
)
class PreviousStateAsks(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=state.encoder_states)
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        queries = torch.cat([state.h.unsqueeze(1), outputs[:, :-1]], dim=1)
        scores = queries @ state.keys.transpose(1, 2)
        weights = scores.masked_fill(~state.src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
        context = weights @ state.encoder_states
        attended = torch.tanh(self.combine(torch.cat([context, outputs], dim=-1)))
        return self.output(attended), state._replace(hidden=from_rnn(hidden)), weights


@LuongDecoder.mistake(
    "the last step's state asks for every step",
    so="In training it has read the whole target, so each step would know the words that it has "
    "to say. In translation there is nothing to know, and the model fails.",
    ask="Who asks for step t: the RNN's output at t, or its last state?",
)
class LastStateAsks(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=state.encoder_states)
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        queries = outputs[:, -1:].expand_as(outputs)
        scores = queries @ state.keys.transpose(1, 2)
        weights = scores.masked_fill(~state.src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
        context = weights @ state.encoder_states
        attended = torch.tanh(self.combine(torch.cat([context, outputs], dim=-1)))
        return self.output(attended), state._replace(hidden=from_rnn(hidden)), weights


@LuongDecoder.mistake(
    "keys and values are swapped",
    so="Keys are compared with the query, values are mixed. Here both are the encoder's states, "
    "and nobody would notice; from lesson 8 on they differ.",
    ask="Which of the two goes into the score, and which into the context?",
)
class KeysAndValuesSwapped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=state.encoder_states)
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        scores = outputs @ state.encoder_states.transpose(1, 2)
        weights = scores.masked_fill(~state.src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
        context = weights @ state.keys
        attended = torch.tanh(self.combine(torch.cat([context, outputs], dim=-1)))
        return self.output(attended), state._replace(hidden=from_rnn(hidden)), weights


@LuongDecoder.mistake(
    "padding is read as if it were a word",
    so="The state carries the mask. Without it, a sentence is translated differently beside a "
    "longer one.",
    ask="What does `attention_weights` need besides the scores?",
)
class MaskForgotten(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=state.encoder_states)
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        weights = (outputs @ state.keys.transpose(1, 2)).softmax(dim=-1)
        context = weights @ state.encoder_states
        attended = torch.tanh(self.combine(torch.cat([context, outputs], dim=-1)))
        return self.output(attended), state._replace(hidden=from_rnn(hidden)), weights


@LuongDecoder.mistake(
    "the context is still the encoder's last state",
    so="`state.context` is the fixed context of lesson 2. The weights were computed and then not "
    "used.",
    ask="What do the weights mix?",
)
class FixedContext(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=state.encoder_states)
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        scores = outputs @ state.keys.transpose(1, 2)
        weights = scores.masked_fill(~state.src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
        context = state.context.unsqueeze(1).expand_as(outputs)
        attended = torch.tanh(self.combine(torch.cat([context, outputs], dim=-1)))
        return self.output(attended), state._replace(hidden=from_rnn(hidden)), weights


@LuongDecoder.mistake(
    "the logits come from the RNN's outputs alone",
    so="This is the decoder of lesson 2: it looks at the source and forgets what it saw.",
    ask="Which layer have you not used?",
)
class AttentionUnused(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=state.encoder_states)
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        scores = outputs @ state.keys.transpose(1, 2)
        weights = scores.masked_fill(~state.src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
        return self.output(outputs), state._replace(hidden=from_rnn(hidden)), weights


@LuongDecoder.mistake(
    "the new state has lost the encoder's states",
    so="The next step has nothing to look at. `state._replace(hidden=...)` changes one part and "
    "keeps the others.",
    ask="What does the next call need besides the RNN's own state?",
)
class MemoryLost(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        keys = state.encoder_states if state.keys is None else state.keys
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        scores = outputs @ keys.transpose(1, 2)
        weights = scores.masked_fill(~state.src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
        context = weights @ state.encoder_states
        attended = torch.tanh(self.combine(torch.cat([context, outputs], dim=-1)))
        return self.output(attended), State(from_rnn(hidden)), weights


@LuongDecoder.mistake(
    "these are probabilities already, not logits",
    so="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    ask="What do your numbers sum to along the last axis?",
)
class ProbabilitiesReturned(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=state.encoder_states)
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        scores = outputs @ state.keys.transpose(1, 2)
        weights = scores.masked_fill(~state.src_mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
        context = weights @ state.encoder_states
        attended = torch.tanh(self.combine(torch.cat([context, outputs], dim=-1)))
        probabilities = self.output(attended).softmax(dim=-1)
        return probabilities, state._replace(hidden=from_rnn(hidden)), weights


@LuongDecoder.alternative
class DecoderWithEinsum(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=state.encoder_states)
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        scores = torch.einsum("bth,bsh->bts", outputs, state.keys)
        weights = scores.softmax(dim=-1) * state.src_mask[:, None]
        weights = weights / weights.sum(dim=-1, keepdim=True)
        context = torch.einsum("bts,bsh->bth", weights, state.encoder_states)
        for_context, for_state = self.combine.weight.chunk(2, dim=1)
        attended = (context @ for_context.T + outputs @ for_state.T).tanh()
        return self.output(attended), state._replace(hidden=from_rnn(hidden)), weights


@LuongDecoder.alternative
class DecoderStepByStep(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=state.encoder_states)
        all_logits, all_weights = [], []
        for t in range(tgt_input.shape[1]):
            word = self.embedding(tgt_input[:, t : t + 1])
            output, hidden = self.rnn(word, to_rnn(state.hidden))
            scores = (output * state.keys).sum(dim=-1)
            weights = scores.masked_fill(~state.src_mask, -1e9).softmax(dim=-1)
            context = (weights.unsqueeze(-1) * state.encoder_states).sum(dim=1)
            both = torch.cat([context, output[:, 0]], dim=-1)
            all_logits.append(self.output(torch.tanh(self.combine(both))))
            all_weights.append(weights)
            state = state._replace(hidden=from_rnn(hidden))
        return torch.stack(all_logits, dim=1), state, torch.stack(all_weights, dim=1)


# ------------------------------------------------------------------ alignment_matrix


@exercise(
    reference=attention.alignment_matrix,
    lesson=7,
    title="One sentence's alignment",
    returns="alignment",
    edges=[{"batch": 1}, {"tgt_length": 3}, {"src_length": 5, "tgt_length": 6}],
    hints=[
        "A reader wants one sentence, without padding, with its source words down the left. Which "
        "part of the weights is that, and how must it be turned?",
        "From weights [batch, tgt_len, src_len] to [src_length, tgt_length]: two axes are cut, one "
        "is chosen from, and two change places.",
        "One sentence of 2 source words and 3 target words: the weights [[1, 0, 0], [0, 1, 0], "
        "[0, 1, 0]], whose last column is padding, become [[1, 0, 0], [0, 1, 1]].",
    ],
)
def alignment_matrix(draw: Draw, batch=3, tgt_len=6, src_len=5, src_length=3, tgt_length=4):
    """Draw weights, and which sentence of which lengths to cut out."""
    return {
        "weights": draw.normal(batch, tgt_len, src_len).softmax(dim=-1),
        "sentence": draw.integer(0, batch),
        "src_length": src_length,
        "tgt_length": tgt_length,
    }


@alignment_matrix.mistake(
    "this is the transpose: target words run down",
    so="Bahdanau's figure is drawn like that. In this course the source words stand at the left.",
    ask="How many rows should the matrix have: as many as source words, or as target words?",
)
def target_down(weights, sentence, src_length, tgt_length):
    return weights[sentence, :tgt_length, :src_length]


@alignment_matrix.mistake(
    "padding is still there",
    so="The heat map would have rows and columns without a word.",
    ask="What are the two lengths for?",
)
def padding_kept(weights, sentence, src_length, tgt_length):
    return weights[sentence].T


@alignment_matrix.mistake(
    "the two lengths are exchanged",
    so="Real words are cut off on one side, and padding stays on the other.",
    ask="Which axis of the weights belongs to the target?",
)
def lengths_exchanged(weights, sentence, src_length, tgt_length):
    return weights[sentence, :src_length, :tgt_length].T


@alignment_matrix.mistake(
    "this is the first sentence, whichever was asked for",
    so="The words would stand beside another sentence's weights.",
    ask="Which argument have you not used?",
)
def first_sentence(weights, sentence, src_length, tgt_length):
    return weights[0, :tgt_length, :src_length].T


@alignment_matrix.mistake(
    "the numbers were cut up anew, not transposed",
    so="`view` and `reshape` keep the numbers in their order: every one lands beside other words.",
    ask="Which function exchanges two axes?",
)
def matrix_reshaped(weights, sentence, src_length, tgt_length):
    return weights[sentence, :tgt_length, :src_length].reshape(src_length, tgt_length)


@alignment_matrix.mistake(
    "the last word of each side is missing",
    so="A slice [:n] already stops before place n.",
    ask="How many numbers does `[:3]` keep?",
)
def last_word_cut(weights, sentence, src_length, tgt_length):
    return weights[sentence, : tgt_length - 1, : src_length - 1].T


@alignment_matrix.alternative
def alignment_turned_first(weights, sentence, src_length, tgt_length):
    return weights.transpose(1, 2)[sentence][:src_length, :tgt_length]


@alignment_matrix.alternative
def alignment_word_by_word(weights, sentence, src_length, tgt_length):
    columns = [weights[sentence, t, :src_length] for t in range(tgt_length)]
    return torch.stack(columns, dim=1)


# ------------------------------------------------------------------ predictions


@prediction(lesson=7, title="Prediction: which states move", example="later")
def moved(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "one", "earlier", "later", "all")


@moved.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def moved_unanswered():
    return None


@moved.mistake('expected one of "one", "earlier", "later", "all"', so="One of the four, in quotes.")
def moved_by_number():
    return 3


@prediction(lesson=7, title="Prediction: with and without attention", example=[50, 60])
def two_decoders(answer):
    """Say what is wrong with two percentages, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return "expected two numbers in a list"
    if not all(is_share(value) for value in answer):
        return "expected percentages, from 0 to 100"
    return None


@two_decoders.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def no_numbers():
    return None


@two_decoders.mistake(
    "expected two numbers in a list", so="One without attention, one with it: [a, b]."
)
def only_one():
    return 60


@two_decoders.mistake("expected percentages, from 0 to 100", so="Write 50 for one half.")
def over_hundred():
    return [50, 600]


@prediction(lesson=7, title="Prediction: the brightest word", example="책을")
def brightest(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "의사가", "도서관에서", "빌린", "책을", "읽었어요")


@brightest.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def brightest_unanswered():
    return None


@brightest.mistake(
    'expected one of "의사가", "도서관에서", "빌린", "책을", "읽었어요"',
    so="One of the five Korean words, copied, in quotes.",
)
def in_english():
    return "book"


@prediction(lesson=7, title="Prediction: how often it looks at the right word", example=50)
def on_the_word(answer):
    """Say what is wrong with a percentage, if anything."""
    return one_share(answer)


@on_the_word.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def not_guessed():
    return None


@on_the_word.mistake("expected a percentage, from 0 to 100", so="A number alone, without quotes.")
def in_words():
    return "most of them"
