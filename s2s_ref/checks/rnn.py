"""Lesson 1: the exercises of a single RNN."""

import torch
from torch import Tensor, nn

from s2s_ref import rnn
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exercise import Built, exercise, prediction

# ------------------------------------------------------------------ one_hot


@exercise(
    reference=rnn.one_hot,
    lesson=1,
    title="Words as one-hot vectors",
    returns="vectors",
    edges=[{"batch": 1}, {"len": 1}, {"vocab": 40}],
    hints=[
        "A one-hot vector answers one question for every word of the vocabulary: is it this one? "
        "How many answers are yes?",
        "Ids [batch, len] become vectors [batch, len, vocab]: one new axis, at the end, as long as "
        "the vocabulary. The RNN multiplies them with float weights.",
        "With a vocabulary of 3, the ids [[2, 0]] become [[[0., 0., 1.], [1., 0., 0.]]].",
    ],
)
def one_hot(draw: Draw, batch=2, len=3, vocab=5):
    """Draw ids of a small vocabulary."""
    return {"ids": draw.ids(0, vocab, batch, len), "vocab_size": vocab}


@one_hot.mistake(
    "the vectors hold whole numbers",
    so="A layer's weights are floats, and PyTorch does not multiply floats with whole numbers.",
    ask="Which dtype do your vectors have, and how do they become float32?",
)
def whole_numbers(ids, vocab_size):
    return nn.functional.one_hot(ids, vocab_size)


@one_hot.mistake(
    "the new axis is in the wrong place",
    so="The vocabulary must be the last axis: that is the one a matrix multiplies.",
    ask="Which axis of your result is as long as the vocabulary?",
)
def axis_in_the_middle(ids, vocab_size):
    return nn.functional.one_hot(ids, vocab_size).float().transpose(1, 2)


@one_hot.mistake(
    "the vocabulary's size was guessed from the ids",
    so="A sentence without the last word of the vocabulary would get shorter vectors.",
    ask="Where does the function learn how many words there are?",
)
def guessed_size(ids, vocab_size):
    return nn.functional.one_hot(ids).float()


@one_hot.mistake(
    "the 1 stands one place too early",
    so="Ids start at 0, and so do the places of a vector.",
    ask="At which place is the 1 for the id 0?",
)
def off_by_one(ids, vocab_size):
    return nn.functional.one_hot((ids - 1) % vocab_size, vocab_size).float()


@one_hot.mistake(
    "batch and length were merged into one axis",
    so="The RNN must know which words belong to the same sentence.",
    ask="How many axes does the signature promise?",
)
def flattened(ids, vocab_size):
    return torch.eye(vocab_size)[ids.reshape(-1)]


@one_hot.mistake(
    "zeros and ones are exchanged",
    so="Such a vector says that it is every word but this one.",
    ask="How many ones should a vector have?",
)
def inverted(ids, vocab_size):
    return 1 - nn.functional.one_hot(ids, vocab_size).float()


@one_hot.alternative
def one_hot_from_identity(ids, vocab_size):
    return torch.eye(vocab_size)[ids]


@one_hot.alternative
def one_hot_by_comparing(ids, vocab_size):
    return (ids.unsqueeze(-1) == torch.arange(vocab_size)).float()


# ------------------------------------------------------------------ rnn_step


@exercise(
    reference=rnn.rnn_step,
    lesson=1,
    title="One step of an RNN",
    returns="new state",
    edges=[{"batch": 1}, {"embed": 5}],
    hints=[
        "The new state must know the word that is read now and what was read before. Which two "
        "vectors carry that, and what keeps their sum from growing without end?",
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
    so="Without it, a step with all-zero inputs can say nothing.",
    ask="Which of the five arguments does your line not use?",
)
def bias_forgotten(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + h @ W_hh)


@rnn_step.mistake(
    "the tanh is left out",
    so="Without it all steps together are one matrix product, and the state can grow without end.",
    ask="Which values can a state take after the tanh?",
)
def tanh_left_out(x, h, W_xh, W_hh, b):
    return x @ W_xh + h @ W_hh + b


@rnn_step.mistake(
    "the two weight matrices are exchanged",
    so="W_xh reads the word, W_hh carries the state on.",
    ask="What do the letters after W_ tell: from where, to where?",
    raises="cannot be multiplied",
)
def weights_swapped(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_hh + h @ W_xh + b)


@rnn_step.mistake(
    "the previous state is not used",
    so="The step forgets every earlier word: it is a layer for single words, not an RNN.",
    ask="Where does your line read what came before?",
)
def state_unused(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + b)


@rnn_step.mistake(
    "a sigmoid stands where the tanh belongs",
    so="A sigmoid's values lie between 0 and 1; the state should be free to be negative.",
    ask="Which function's values lie between -1 and 1?",
)
def sigmoid(x, h, W_xh, W_hh, b):
    return torch.sigmoid(x @ W_xh + h @ W_hh + b)


@rnn_step.mistake(
    "the weights are transposed",
    so="nn.Linear keeps its weight as [out, in]; here it is [in, out].",
    ask="Which axis of W_xh is as long as a word's vector?",
    raises="cannot be multiplied",
)
def transposed(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + h @ W_hh.T + b)


@rnn_step.mistake(
    "each part has a tanh of its own",
    so="The word and the state must be added before they are squashed, to act on one another.",
    ask="How many times does tanh stand in the formula?",
)
def tanh_of_each(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh) + torch.tanh(h @ W_hh) + b


@rnn_step.mistake(
    "the bias is added after the tanh",
    so="The state can then leave the numbers from -1 to 1, and the bias is not squashed.",
    ask="What stands inside the brackets of tanh in the formula?",
)
def bias_outside(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + h @ W_hh) + b


@rnn_step.mistake(
    "the tanh squashes the word's part only",
    so="The old state is then added as it is, and the new one can grow without end.",
    ask="What stands inside the brackets of tanh in the formula?",
)
def tanh_of_the_word(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh) + h @ W_hh + b


@rnn_step.mistake(
    "the matrix W_hh is transposed",
    so="Both its axes are equally long, so nothing stops you, and the wrong numbers are mixed.",
    ask="Which of its two axes stands for the old state, and which for the new one?",
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


# ------------------------------------------------------------------ unroll


@exercise(
    reference=rnn.unroll,
    lesson=1,
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
    so="Then every state is one word late, and the last word's state is lost.",
    ask="Do you keep the state before or after the step?",
)
def initial_state_included(inputs, h, W_xh, W_hh, b):
    states = []
    for t in range(inputs.shape[1]):
        states.append(h)
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
    return torch.stack(states, dim=1)


@unroll.mistake(
    "there is one state too many: the one before the first word",
    so="One state belongs to each word. The state before the first word belongs to none.",
    ask="How many words go in, and how many states come out?",
)
def one_too_many(inputs, h, W_xh, W_hh, b):
    states = [h]
    for t in range(inputs.shape[1]):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
        states.append(h)
    return torch.stack(states, dim=1)


@unroll.mistake(
    "the state is not carried on",
    so="Every word is read as if it were the first.",
    ask="What is `h` in the second step: the first state, or what the first step returned?",
)
def state_not_carried(inputs, h, W_xh, W_hh, b):
    states = []
    for t in range(inputs.shape[1]):
        states.append(torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b))
    return torch.stack(states, dim=1)


@unroll.mistake(
    "every place holds the last state",
    so="The same tensor was kept each time, or the last one was repeated.",
    ask="What does your list hold after two steps: two states, or one state twice?",
)
def last_state_repeated(inputs, h, W_xh, W_hh, b):
    for t in range(inputs.shape[1]):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
    return torch.stack([h] * inputs.shape[1], dim=1)


@unroll.mistake(
    "the words' axis comes before the batch's",
    so="Everywhere in the course the batch is the first axis.",
    ask="Which `dim` does torch.stack make when you do not name one?",
)
def stacked_in_front(inputs, h, W_xh, W_hh, b):
    states = []
    for t in range(inputs.shape[1]):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
        states.append(h)
    return torch.stack(states)


@unroll.mistake(
    "the loop runs over the sentences, not over the words",
    so="An RNN walks along a sentence. The sentences of a batch are read side by side.",
    ask="Which axis does `for x in inputs` walk along?",
)
def loop_over_batch(inputs, h, W_xh, W_hh, b):
    states = []
    for x in inputs:
        h = torch.tanh(x @ W_xh + h @ W_hh + b)
        states.append(h)
    return torch.stack(states, dim=1)


@unroll.mistake(
    "the sentence is read backwards",
    so="The first state would already know the last word.",
    ask="Which word does your first step read?",
)
def backwards(inputs, h, W_xh, W_hh, b):
    states = []
    for t in reversed(range(inputs.shape[1])):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
        states.append(h)
    return torch.stack(states, dim=1)


@unroll.mistake(
    "only the last state came back",
    so="A translation needs the state after every word, for every word is answered by one.",
    ask="What should be kept of each step?",
)
def last_state_only(inputs, h, W_xh, W_hh, b):
    for t in range(inputs.shape[1]):
        h = torch.tanh(inputs[:, t] @ W_xh + h @ W_hh + b)
    return h


@unroll.mistake(
    "the loop has as many steps as there are sentences, not words",
    so="Two sentences of four words are read to their second word; of one word, past their end.",
    ask="Which axis does `len` count? Which one do you want to walk along?",
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
    so="The rest of the sentence is never read.",
    ask="How far is your `return` indented: does it belong to the loop, or come after it?",
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


# ------------------------------------------------------------------ SingleRNN


@exercise(
    reference=rnn.SingleRNN,
    lesson=1,
    title="Translating with one RNN",
    returns="logits",
    edges=[{"batch": 1}, {"len": 1}, {"embed": 5, "hidden": 5}],
    hints=[
        "Three layers are made for you. In which order does a word pass through them to become "
        "one number for every word of the target language?",
        "Ids [batch, len] → vectors [batch, len, embed] → states [batch, len, hidden] → logits "
        "[batch, len, tgt_vocab]. `nn.RNN` returns two things.",
        "For 2 sentences of 3 words and a target vocabulary of 6, the logits are [2, 3, 6]: they "
        "may be negative, and they need not sum to 1.",
    ],
)
def SingleRNN(draw: Draw, batch=2, len=3, embed=4, hidden=5, src_vocab=7, tgt_vocab=6):
    """Draw sizes and sentences."""
    sizes = {
        "src_vocab_size": src_vocab,
        "tgt_vocab_size": tgt_vocab,
        "embed_size": embed,
        "hidden_size": hidden,
    }
    return Built(sizes, {"src": draw.ids(0, src_vocab, batch, len)})


@SingleRNN.mistake(
    "these are probabilities already, not logits",
    so="Training turns logits into probabilities itself. Done twice, it flattens every choice.",
    ask="What do your numbers sum to along the last axis?",
)
class Softmaxed(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        states, _ = self.rnn(self.embedding(src))
        return self.output(states).softmax(dim=-1)


@SingleRNN.mistake(
    "only the last word gets an answer",
    so="Every source position must be answered by one target word.",
    ask="Which of the two results of `nn.RNN` holds the state after every word?",
)
class LastWordOnly(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        states, _ = self.rnn(self.embedding(src))
        return self.output(states[:, -1])


@SingleRNN.mistake(
    "the states came back, not the logits",
    so="A state is the RNN's own note. The affine layer turns it into one number a word.",
    ask="Which of your three layers does the result come from?",
)
class WithoutAffine(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        states, _ = self.rnn(self.embedding(src))
        return states


@SingleRNN.mistake(
    "the RNN is left out",
    so="Then each word is translated alone, as if by a dictionary.",
    ask="Where does your forward pass read the words before this one?",
    raises="cannot be multiplied",
)
class WithoutRNN(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        return self.output(self.embedding(src))


@SingleRNN.mistake(
    "the words were chosen already: these are ids, not logits",
    so="A choice does not say how near the other words came, so nothing can be learned from it.",
    ask="What does training need: the winner, or a number for every word?",
)
class Chosen(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        states, _ = self.rnn(self.embedding(src))
        return self.output(states).argmax(dim=-1)


@SingleRNN.mistake(
    "batch and words are exchanged on the way into the RNN",
    so="It then reads down the batch, from one sentence into the next.",
    ask="The RNN was made with batch_first=True. Which axis does it walk along?",
)
class ReadsAcrossSentences(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        states, _ = self.rnn(self.embedding(src).transpose(0, 1))
        return self.output(states).transpose(0, 1)


@SingleRNN.mistake(
    "the RNN's two results were not taken apart",
    so="`nn.RNN` returns a pair: the state after every word, and the last state once more.",
    ask="How do you give the two results a name each, and which one goes on?",
    raises="not tuple",
)
class PairNotTakenApart(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        return self.output(self.rnn(self.embedding(src)))


@SingleRNN.mistake(
    "these are the logits of the last state alone",
    so="The second result of `nn.RNN` is the state after the last word. Every word needs one.",
    ask="Which of the two results of `nn.RNN` holds the state after every word?",
)
class LastStateOnly(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        _, last = self.rnn(self.embedding(src))
        return self.output(last)


@SingleRNN.mistake(
    "these are log-probabilities already, not logits",
    so="Training turns logits into log-probabilities itself.",
    ask="Which of your layers gives numbers that may also be above 0?",
)
class LogSoftmaxed(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        states, _ = self.rnn(self.embedding(src))
        return self.output(states).log_softmax(dim=-1)


@SingleRNN.alternative
class SingleRNNWordByWord(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        h, logits = None, []
        for t in range(src.shape[1]):
            state, h = self.rnn(self.embedding(src[:, t : t + 1]), h)
            logits.append(self.output(state))
        return torch.cat(logits, dim=1)


# ------------------------------------------------------------------ token_accuracy


@exercise(
    reference=rnn.token_accuracy,
    lesson=1,
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
    so="A sentence with one wrong word then counts as all wrong. That is exact match, lesson 2.",
    ask="How many tokens does the batch have, and how many sentences?",
)
def whole_sentences(logits, tgt):
    return (logits.argmax(dim=-1) == tgt).all(dim=1).float().mean().item()


@token_accuracy.mistake(
    "this is a count, not a share",
    so="A count cannot be compared between batches of different sizes.",
    ask="By what must the number of right tokens be divided?",
)
def counted(logits, tgt):
    return (logits.argmax(dim=-1) == tgt).sum().item()


@token_accuracy.mistake(
    "the share is in percent",
    so="The course's shares run from 0 to 1; the figures turn them into percent.",
    ask="What is the largest value that a share can have?",
)
def percent(logits, tgt):
    return 100 * (logits.argmax(dim=-1) == tgt).float().mean().item()


@token_accuracy.mistake(
    "argmax runs over the positions, not over the words",
    so="The question is which word is likeliest at a position.",
    ask="Which axis of the logits is the vocabulary?",
    raises="must match the size",
)
def wrong_axis(logits, tgt):
    return (logits.argmax(dim=1) == tgt).float().mean().item()


@token_accuracy.mistake(
    "only the last word of each sentence was looked at",
    so="Every position of the source is answered, and every answer counts.",
    ask="Which positions does your comparison cover?",
)
def last_word(logits, tgt):
    return (logits[:, -1].argmax(dim=-1) == tgt[:, -1]).float().mean().item()


@token_accuracy.mistake(
    "the number of right tokens was divided by the number of sentences",
    so="Sentences have several tokens each, so the result can exceed 1.",
    ask="How many answers did the model give in all?",
)
def per_sentence(logits, tgt):
    return (logits.argmax(dim=-1) == tgt).sum().item() / len(tgt)


@token_accuracy.mistake(
    "booleans have no mean",
    so="A comparison gives booleans. PyTorch takes the mean of floats only.",
    ask="What makes 1 of True and 0 of False?",
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


# ------------------------------------------------------------------ gru_step


def gates(draw: Draw, batch: int, embed: int, hidden: int) -> dict[str, Tensor]:
    """Draw the arguments of one GRU step."""
    return {
        "x": draw.normal(batch, embed),
        "h": draw.normal(batch, hidden),
        "W_x": draw.normal(embed, 3 * hidden, scale=0.7),
        "W_h": draw.normal(hidden, 3 * hidden, scale=0.7),
        "b_x": draw.normal(3 * hidden),
        "b_h": draw.normal(3 * hidden),
    }


@exercise(
    reference=rnn.gru_step,
    lesson=1,
    title="One step of a GRU",
    returns="new state",
    bonus=True,
    edges=[{"batch": 1}],
    hints=[
        "Two gates, each between 0 and 1, decide: how much of the old state the candidate may "
        "see (reset), and how much of the old state stays (update). Which function gives values "
        "between 0 and 1?",
        "x @ W_x + b_x is [batch, 3·hidden]: reset, update and candidate side by side. "
        "`chunk(3, dim=-1)` parts them.",
        "With h = 1, candidate = -1 and update = 0.75, the new state is "
        "0.25·(-1) + 0.75·1 = 0.5: a large update gate keeps the old.",
    ],
)
def gru_step(draw: Draw, batch=2, embed=3, hidden=4):
    """Draw a word, a state and the weights of the gates."""
    return gates(draw, batch, embed, hidden)


@gru_step.mistake(
    "the update gate is the wrong way round",
    so="Some papers write it so. In Cho et al. and in PyTorch, update = 1 keeps the old state.",
    ask="What should the new state be when the update gate is 1?",
)
def update_inverted(x, h, W_x, W_h, b_x, b_h):
    x_r, x_z, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    h_r, h_z, h_n = (h @ W_h + b_h).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return z * n + (1 - z) * h


@gru_step.mistake(
    "reset and update are exchanged",
    so="The weights lie in the order reset, update, candidate.",
    ask="Which of the three parts is the first?",
)
def gates_swapped(x, h, W_x, W_h, b_x, b_h):
    x_z, x_r, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    h_z, h_r, h_n = (h @ W_h + b_h).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h


@gru_step.mistake(
    "the reset gate does nothing",
    so="Then the unit cannot set the past aside when a new clause begins.",
    ask="Which part of the candidate does the reset gate multiply?",
)
def reset_unused(x, h, W_x, W_h, b_x, b_h):
    _, x_z, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    _, h_z, h_n = (h @ W_h + b_h).chunk(3, dim=-1)
    z = torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + h_n)
    return (1 - z) * n + z * h


@gru_step.mistake(
    "the reset gate acts before the matrix product, not after it",
    so="Both are called GRU. In PyTorch's form, which is faster, the gate acts on the product.",
    ask="Is it reset * (h W + b), or (reset * h) W + b?",
)
def reset_before_product(x, h, W_x, W_h, b_x, b_h):
    size = h.shape[-1]
    x_r, x_z, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    h_r, h_z, _ = (h @ W_h + b_h).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + (r * h) @ W_h[:, 2 * size :] + b_h[2 * size :])
    return (1 - z) * n + z * h


@gru_step.mistake(
    "the candidate went through a sigmoid, not a tanh",
    so="Gates lie between 0 and 1; what is written into the state may be negative.",
    ask="Which of the three parts is a gate, and which is new content?",
)
def candidate_sigmoid(x, h, W_x, W_h, b_x, b_h):
    x_r, x_z, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    h_r, h_z, h_n = (h @ W_h + b_h).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.sigmoid(x_n + r * h_n)
    return (1 - z) * n + z * h


@gru_step.mistake(
    "the old state is not mixed in",
    so="What keeps a GRU's memory is that a part of the old state passes on unchanged.",
    ask="Which two things does the update gate weigh against each other?",
)
def old_state_dropped(x, h, W_x, W_h, b_x, b_h):
    x_r, x_z, x_n = (x @ W_x + b_x).chunk(3, dim=-1)
    h_r, h_z, h_n = (h @ W_h + b_h).chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n


@gru_step.alternative
def gru_step_by_slices(x, h, W_x, W_h, b_x, b_h):
    size = h.shape[-1]
    gates_x, gates_h = x @ W_x + b_x, h @ W_h + b_h
    r = torch.sigmoid(gates_x[:, :size] + gates_h[:, :size])
    z = torch.sigmoid(gates_x[:, size : 2 * size] + gates_h[:, size : 2 * size])
    n = torch.tanh(gates_x[:, 2 * size :] + r * gates_h[:, 2 * size :])
    return n + z * (h - n)


# ------------------------------------------------------------------ predictions


def is_share(value: object) -> bool:
    """Tell whether a value is a number from 0 to 100."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


def one_share(answer: object) -> str | None:
    """Say what is wrong with a percentage, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if not is_share(answer):
        return "expected a percentage, from 0 to 100"
    return below_one(answer)


def below_one(*answers: object) -> str | None:
    """Ask what was meant where a percentage looks like a share from 0 to 1."""
    for answer in answers:
        if isinstance(answer, float) and 0 < answer < 1:
            return f"expected a percentage: {answer:g} %, or {100 * answer:g}?"
    return None


def one_of(answer: object, *choices: str) -> str | None:
    """Say what is wrong with a choice, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if answer not in choices:
        return f"expected one of {', '.join(map(repr, choices))}".replace("'", '"')
    return None


@prediction(lesson=1, title="Prediction: longer than any it learned from", example=60)
def longer(answer):
    """Say what is wrong with a percentage, if anything."""
    return one_share(answer)


@longer.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def longer_unanswered():
    return None


@longer.mistake("expected a percentage, from 0 to 100", so="A number alone, without quotes.")
def longer_in_words():
    return "about half"


@longer.mistake(
    "expected a percentage: 0.9 %, or 90?", so="One half is 50. For less than one in 100, write 0."
)
def longer_as_share():
    return 0.9


@prediction(lesson=1, title="Prediction: accuracy at each position", example=[90, 30, 50])
def positions(answer):
    """Say what is wrong with three percentages, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if not isinstance(answer, list | tuple) or len(answer) != 3:
        return "expected three numbers in a list"
    if not all(is_share(value) for value in answer):
        return "expected percentages, from 0 to 100"
    return below_one(*answer)


@positions.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def unanswered():
    return None


@positions.mistake("expected three numbers in a list", so="One for each position: [a, b, c].")
def one_number():
    return 50


@positions.mistake("expected percentages, from 0 to 100", so="Write 50 for one half.")
def too_large():
    return [150, 20, 30]


@positions.mistake(
    "expected a percentage: 0.5 %, or 50?", so="One half is 50. For less than one in 100, write 0."
)
def as_shares():
    return [1, 0.5, 0.5]


@prediction(lesson=1, title="Prediction: a larger network", example=60)
def bigger(answer):
    """Say what is wrong with a percentage, if anything."""
    return one_share(answer)


@bigger.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def bigger_unanswered():
    return None


@bigger.mistake(
    "expected a percentage, from 0 to 100", so="One half is 50, and nothing is above 100."
)
def bigger_than_all():
    return 120


@prediction(lesson=1, title="Prediction: what helps", example="order")
def rescue(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "order", "wait", "both", "neither")


@rescue.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def rescue_unanswered():
    return None


@rescue.mistake('expected one of "order", "wait", "both", "neither"', so="One word, in quotes.")
def rescue_by_list():
    return ["order", "wait"]


@prediction(lesson=1, title="Prediction: two words and four", example="a")
def lengths(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "a", "b", "c")


@lengths.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def lengths_unanswered():
    return None


@lengths.mistake('expected one of "a", "b", "c"', so="A letter in quotes, as a small letter.")
def lengths_in_words():
    return 4


@prediction(lesson=1, title="Prediction: how far back training can feel", example="rnn")
def reach(answer):
    """Say what is wrong with the name of a cell, if anything."""
    return one_of(answer, "rnn", "gru", "lstm")


@reach.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def reach_unanswered():
    return None


@reach.mistake('expected one of "rnn", "gru", "lstm"', so="A name in quotes, small letters.")
def reach_in_capitals():
    return "LSTM"


@prediction(lesson=1, title="Prediction: which cell forgets", example="rnn")
def forgetting(answer):
    """Say what is wrong with the name of a cell, if anything."""
    return one_of(answer, "rnn", "gru", "lstm")


@forgetting.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def no_answer():
    return None


@forgetting.mistake('expected one of "rnn", "gru", "lstm"', so="A name in quotes, small letters.")
def capitals():
    return "RNN"


@prediction(lesson=1, title="Prediction: more patience", example=60)
def patience(answer):
    """Say what is wrong with a percentage, if anything."""
    return one_share(answer)


@patience.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def patience_unanswered():
    return None


@patience.mistake("expected a percentage, from 0 to 100", so="A number alone, in no list.")
def patience_in_list():
    return [60]
