"""The exercise `peeky_decoder`: its cases, hints, mistakes and other right answers."""

import torch
from torch import nn

from s2s_ref import bottleneck
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import sized
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn, to_rnn

# ------------------------------------------------------------------ PeekyDecoder


@exercise(
    reference=bottleneck.PeekyDecoder,
    title="The peeky decoder",
    returns=("logits", "state"),
    edges=[{"batch": 1}, {"tgt_len": 1}, {"lstm": 1}],
    hints=[
        "The decoder's own state changes with every word that it reads. Which of the things that "
        "it was handed stays the same from the first word to the last?",
        "The context is [batch, hidden], the embedded words are [batch, tgt_len, embed]. The "
        "context needs a second axis, and one copy a word; side by side they are "
        "[batch, tgt_len, embed + hidden].",
        "Two words with the vectors [1] and [2], and the context [8, 9]: the RNN reads [1, 8, 9] "
        "and then [2, 8, 9].",
    ],
)
def PeekyDecoder(draw: Draw, batch=2, tgt_len=3, vocab=7, embed=4, hidden=5, lstm=0):
    """Draw sizes, a GRU or an LSTM, target tokens, and a state in the middle of a sentence."""
    sizes = sized(draw, vocab, embed, hidden, lstm)
    h, c = draw.normal(batch, hidden), draw.normal(batch, hidden)
    state = State((h, c) if lstm else h, draw.normal(batch, hidden))
    return Built(sizes, {"tgt_input": draw.ids(0, vocab, batch, tgt_len), "state": state})


@PeekyDecoder.mistake(
    "the decoder peeks at its own current state, not at the context",
    why="In training all is well: there the state is still the context when it is read. In "
    "translation, a word a call, the state has moved on, and the decoder peeks at itself.",
    question="Which part of the State stays what it is from word to word?",
)
class OwnState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.h.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), State(from_rnn(hidden), state.context)


@PeekyDecoder.mistake(
    "the state that came back has lost its context",
    why="At the next call there is nothing left to peek at.",
    question="A State has two parts here. Which of them did you make anew, and where is the other?",
)
class ContextLost(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), State(from_rnn(hidden))


@PeekyDecoder.mistake(
    "the new state took the context's place",
    why="From the second word on the decoder would peek at itself, not at the source.",
    question="Does the context change when a target word is read?",
)
class ContextReplaced(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), State(from_rnn(hidden), outputs[:, -1])


@PeekyDecoder.mistake(
    "the context was repeated along the wrong axis: sentences got each other's",
    why="The shapes fit, so nothing complains, and the model learns nothing from what it peeks at.",
    question="Row 0 of the batch: is the context the same at all its words?",
)
class RepeatedAlongBatch(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        batch, tgt_len = tgt_input.shape
        context = state.context.repeat(tgt_len, 1).view(batch, tgt_len, -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the context stands at the first word only",
    why="That is hardly more than the decoder of lesson 2 has. The later words need it most.",
    question="How many copies of the context does a target of three words need?",
)
class FirstWordOnly(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = torch.zeros(*tgt_input.shape, state.context.shape[-1])
        context[:, 0] = state.context
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the two halves are exchanged: the context stands before the word's vector",
    why="It would learn as well, but the weights would no longer fit the course's models.",
    question="In the example the RNN reads [1, 8, 9]. Which of these numbers are the context?",
)
class HalvesExchanged(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([context, self.embedding(tgt_input)], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the RNN starts from an empty state",
    why="The context is an input now, and it is still the state to start from. And in translation, "
    "a word a call, the decoder would forget what it has just said.",
    question="What does the layer start from when you give it one argument only?",
)
class StartsEmpty(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs)
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the old state came back",
    why="At the next call the decoder would have forgotten what it just read.",
    question="Which of the layer's two results is the state after the last token, and where "
    "does it "
    "enter the State that you return?",
)
class OldState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, _ = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state


@PeekyDecoder.mistake(
    "the RNN got the words alone, without the context",
    why="This is the decoder of lesson 2; the layer waits for a longer input at each word.",
    question="How many numbers does the RNN read at a word: embed_size, or more?",
    raises="input.size",
)
class WordsAlone(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the context has no axis for the words yet",
    why="A sentence has one context and many words. Both must be [batch, tgt_len, …] before they "
    "are laid side by side.",
    question="How many axes has the context, and how many have the embedded words?",
    raises="(?i)same number of dimensions",
)
class AxisMissing(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        inputs = torch.cat([self.embedding(tgt_input), state.context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the decoder peeks at its own current state, not at the context",
    why="`state.hidden` is new after every word, and for an LSTM it is a pair. The context is one "
    "tensor, and it stays what it is.",
    question="Which part of the State stays what it is from word to word?",
    raises="has no attribute",
)
class OwnStateOfAnyCell(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.hidden.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the RNN starts from the context at every call",
    why="At the first word that is right. In translation, a word a call, the decoder would forget "
    "what it has just said.",
    question="Which part of the State is new after every call, and so what must the RNN go on "
    "from?",
    raises="out of bounds",
)
class StartsFromContext(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.context))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the context is there once, and there are more words",
    why="`torch.cat` repeats nothing: side by side, both need a place for every word.",
    question="How long is the middle axis of each of the two?",
    raises=r"Expected size \d+ but got size 1 for",
)
class ContextOnce(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        inputs = torch.cat([self.embedding(tgt_input), state.context.unsqueeze(1)], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "these are probabilities, not logits",
    why="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    question="Does the exercise say anything of what comes after the affine layer?",
)
class Probabilities(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs).softmax(-1), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the LSTM's c is lost",
    why="An LSTM's outputs show h only. At the next call half of its state would be missing.",
    question="How many tensors is the state of an LSTM, and which result of the layer holds "
    "them all?",
)
class CellStateDropped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, _ = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=outputs[:, -1])


@PeekyDecoder.alternative
class PeekyByRepeating(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context[:, None].repeat(1, tgt_input.size(1), 1)
        inputs = torch.cat((self.embedding(tgt_input), context), 2)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), State(from_rnn(hidden), state.context)


@PeekyDecoder.alternative
class PeekyWordByWord(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        hidden, rows = to_rnn(state.hidden), []
        for t in range(tgt_input.shape[1]):
            word = torch.cat([self.embedding(tgt_input[:, t]), state.context], dim=1)
            out, hidden = self.rnn(word.unsqueeze(1), hidden)
            rows.append(self.output(out[:, 0]))
        return torch.stack(rows, dim=1), state._replace(hidden=from_rnn(hidden))
