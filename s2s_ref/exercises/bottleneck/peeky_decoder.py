"""The exercise `PeekyDecoder`: a decoder that sees the context at every step."""

import torch
from torch import nn

from s2s_ref import bottleneck
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import sizes_of
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn, to_rnn


@exercise(
    reference=bottleneck.PeekyDecoder,
    title="The peeky decoder",
    can="see the context at every step, not only at the start",
    longhand="PeekyByRepeating",
    steps={
        "words": ("the words' vectors", "Which layer turns ids into vectors?"),
        "context": ("the context at every step", "What should every step see of the context?"),
        "inputs": ("the RNN's inputs", "Which two parts stand side by side, and in which order?"),
        "outputs": ("the RNN's outputs", "What does the RNN read, and from which state on?"),
    },
    returns=("logits", "state"),
    edges=[{"batch": 1}, {"tgt_len": 1}, {"lstm": 1}, {"rnn": 1}],
    hints=[
        "The decoder's own state changes with every word that it reads. Which of the things that "
        "it was given stays the same from the first word to the last?",
        "The context is [batch, hidden], the embedded words are [batch, tgt_len, embed]. The "
        "context needs a second axis, and one copy for each word. Side by side they are "
        "[batch, tgt_len, embed + hidden].",
        "Two words with the vectors [1] and [2], and the context [8, 9]: the RNN reads [1, 8, 9] "
        "and then [2, 8, 9].",
    ],
)
def PeekyDecoder(draw: Draw, batch=3, tgt_len=6, vocab=7, embed=4, hidden=5, lstm=0, rnn=0):
    """Draw sizes, a kind of cell, target tokens, and a state in the middle of a sentence."""
    sizes = sizes_of(vocab, embed, hidden, lstm, rnn)
    h, c = draw.normal(batch, hidden), draw.normal(batch, hidden)
    state = State((h, c) if lstm else h, draw.normal(batch, hidden))
    return Built(sizes, {"tgt_input": draw.ids(0, vocab, batch, tgt_len), "state": state})


@PeekyDecoder.alternative
class PeekyByRepeating(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        words, tgt_len = self.embedding(tgt_input), tgt_input.shape[1]
        context = state.context.unsqueeze(1).repeat(1, tgt_len, 1)
        inputs = torch.cat([words, context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), State(from_rnn(hidden), state.context)


PeekyDecoder.edit(
    "OwnState",
    "the decoder peeks at its own current state, not at the context",
    base=PeekyByRepeating,
    replace={"state.context.unsqueeze": "state.h.unsqueeze"},
    why="In training nobody notices: the state is still the context when it is read. In "
    "translation, with one word a call, the state has moved on, and the decoder peeks at itself.",
    question="Which part of the State stays the same from word to word?",
)

PeekyDecoder.edit(
    "ContextLost",
    "the state that came back has lost its context",
    base=PeekyByRepeating,
    replace={"State(from_rnn(hidden), state.context)": "State(from_rnn(hidden))"},
    why="At the next call there is nothing left to peek at.",
    question="A State has two parts here. Which of them did you renew, and where is the other?",
)

PeekyDecoder.edit(
    "ContextReplaced",
    "the new state took the context's place",
    base=PeekyByRepeating,
    replace={"State(from_rnn(hidden), state.context)": "State(from_rnn(hidden), outputs[:, -1])"},
    why="From the second word on, the decoder would peek at itself, not at the source.",
    question="Does the context change when a target word is read?",
)

PeekyDecoder.edit(
    "RepeatedAlongBatch",
    "the context was repeated along the wrong axis: sentences got each other's",
    base=PeekyByRepeating,
    replace={"unsqueeze(1).repeat(1, tgt_len, 1)": "repeat(tgt_len, 1).view(*words.shape[:2], -1)"},
    why="The shapes fit, so nothing complains, and the model learns nothing from what it peeks at.",
    question="Row 0 of the batch: is the context the same at all its words?",
)

PeekyDecoder.edit(
    "FirstWordOnly",
    "only the first word has the context beside it",
    base=PeekyByRepeating,
    replace={
        "state.context.unsqueeze(1).repeat(1, tgt_len, 1)": (
            "torch.zeros(*tgt_input.shape, state.context.shape[-1])\n"
            "        context[:, 0] = state.context"
        )
    },
    why="That is hardly more than the decoder of lesson 2 has. The later words need it most.",
    question="How many copies of the context does a target of three words need?",
)

PeekyDecoder.edit(
    "HalvesExchanged",
    "the two halves are swapped: the context comes before the word's vector",
    base=PeekyByRepeating,
    replace={"[words, context]": "[context, words]"},
    why="It would learn as well, but the weights would no longer fit the course's models.",
    question="In the example the RNN reads [1, 8, 9]. Which of these numbers are the context?",
)

PeekyDecoder.edit(
    "StartsEmpty",
    "the RNN starts from an empty state",
    base=PeekyByRepeating,
    replace={"self.rnn(inputs, to_rnn(state.hidden))": "self.rnn(inputs)"},
    why="The context is an input now, but the RNN still has to start from the state. In "
    "translation, with one word a call, the decoder would forget what it has just said.",
    question="What does the layer start from when you give it only one argument?",
)

PeekyDecoder.edit(
    "OldState",
    "the old state came back",
    base=PeekyByRepeating,
    replace={"State(from_rnn(hidden), state.context)": "state"},
    why="At the next call the decoder would have forgotten what it just read.",
    question="Which of the layer's two results is the state after the last token, and where does "
    "it enter the State that you return?",
)

PeekyDecoder.edit(
    "WordsAlone",
    "the RNN got the words alone, without the context",
    base=PeekyByRepeating,
    replace={"self.rnn(inputs,": "self.rnn(words,"},
    why="This is the decoder of lesson 2; the layer expects a longer input for each word.",
    question="How many numbers does the RNN read for each word: embed_size, or more?",
    raises="input.size",
)

PeekyDecoder.edit(
    "AxisMissing",
    "the context has no axis for the words yet",
    base=PeekyByRepeating,
    replace={".unsqueeze(1).repeat(1, tgt_len, 1)": ""},
    why="A sentence has one context and many words. Both must be [batch, tgt_len, …] before they "
    "are put side by side.",
    question="How many axes does the context have, and how many do the embedded words have?",
    raises="(?i)same number of dimensions",
)

PeekyDecoder.edit(
    "OwnStateOfAnyCell",
    "the decoder peeks at its own current state, not at the context",
    base=PeekyByRepeating,
    replace={"state.context.unsqueeze": "state.hidden.unsqueeze"},
    why="`state.hidden` is new after every word, and for an LSTM it is a pair. The context is one "
    "tensor, and it stays the same.",
    question="Which part of the State stays the same from word to word?",
    raises="has no attribute",
)

PeekyDecoder.edit(
    "StartsFromContext",
    "the RNN starts from the context at every call",
    base=PeekyByRepeating,
    replace={"to_rnn(state.hidden)": "to_rnn(state.context)"},
    why="At the first word that is right. In translation, with one word a call, the decoder would "
    "forget what it has just said.",
    question="Which part of the State is new after every call, so that the RNN must go on from it?",
    raises="out of bounds",
)

PeekyDecoder.edit(
    "ContextOnce",
    "the context is there once, but there are more words",
    base=PeekyByRepeating,
    replace={".repeat(1, tgt_len, 1)": ""},
    why="`torch.cat` repeats nothing: side by side, both need a place for every word.",
    question="How long is the middle axis of each of the two?",
    raises=r"Expected size \d+ but got size 1 for",
)

PeekyDecoder.edit(
    "Probabilities",
    "these are probabilities, not logits",
    base=PeekyByRepeating,
    replace={"self.output(outputs)": "self.output(outputs).softmax(-1)"},
    why="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    question="Does the exercise say anything about what comes after the affine layer?",
)

PeekyDecoder.edit(
    "CellStateDropped",
    "the LSTM's c is lost",
    base=PeekyByRepeating,
    replace={"from_rnn(hidden)": "outputs[:, -1]"},
    why="An LSTM's outputs show h only. At the next call half of its state would be missing.",
    question="How many tensors make up the state of an LSTM, and which result of the layer holds "
    "them all?",
)

PeekyDecoder.edit(
    "OutputPeeksToo",
    "the affine layer peeks too, and has another shape than the exercise gives it",
    base=PeekyByRepeating,
    replace={
        "nn.Linear(hidden_size, vocab_size)": "nn.Linear(2 * hidden_size, vocab_size)",
        "self.output(outputs)": "self.output(torch.cat([outputs, context], dim=-1))",
    },
    why="Some books do it so. Here only the RNN peeks, and `__init__` stays as it was given.",
    question="Which of the layers reads word and context side by side?",
)

PeekyDecoder.edit(
    "RepeatedAsBatch",
    "the context's new axis is in front, where the batch should be",
    base=PeekyByRepeating,
    replace={"unsqueeze(1).repeat(1, tgt_len, 1)": "unsqueeze(0).repeat(tgt_len, 1, 1)"},
    why="Both must be [batch, tgt_len, …] before they are put side by side.",
    question="Which axis of your repeated context is the batch?",
    raises="Sizes of tensors must match",
)

PeekyDecoder.edit(
    "LastLogitsOnly",
    "only the logits of the last word came back",
    base=PeekyByRepeating,
    replace={"self.output(outputs)": "self.output(outputs[:, -1:])"},
    why="The loss asks for every word of the sentence, the first one too.",
    question="How many words are read, and how many rows of logits come back?",
)

PeekyDecoder.edit(
    "SqueezedTooMuch",
    "a batch of one sentence lost its axis",
    base=PeekyByRepeating,
    replace={
        "return self": (
            "pair = isinstance(hidden, tuple)\n"
            "        hidden = tuple(x.squeeze() for x in hidden) if pair else hidden.squeeze()\n"
            "        return self"
        ),
        "from_rnn(hidden)": "hidden",
    },
    why="`squeeze()` drops every axis of length 1, that of the batch too.",
    question="Which one axis should go, and how do you tell `squeeze` so?",
)

PeekyDecoder.edit(
    "LayerAxisKept",
    "the new state still has the axis that counts layers",
    base=PeekyByRepeating,
    replace={"from_rnn(hidden)": "hidden"},
    why="The rest of the course expects the batch as the first axis of a state.",
    question="Which helper of lesson 2 drops that axis, for a tensor and for a pair alike?",
)

PeekyDecoder.edit(
    "GruOnly",
    "an LSTM's state is a pair, and the code treats it as one tensor",
    base=PeekyByRepeating,
    replace={"to_rnn(state.hidden)": "state.hidden.unsqueeze(0)"},
    why="The decoder works with a GRU and a plain RNN only.",
    question="Which helpers of lesson 2 work for a tensor and for a pair alike?",
    raises="'tuple' object has no attribute",
)

PeekyDecoder.edit(
    "FirstContextForAll",
    "all sentences peek at the context of the first one",
    base=PeekyByRepeating,
    replace={"state.context.unsqueeze(1)": "state.context[:1].expand_as(state.h).unsqueeze(1)"},
    why="Every sentence has a meaning of its own.",
    question="How many rows of the context do you use?",
)

PeekyDecoder.edit(
    "ResultsSwapped",
    "the two results are swapped",
    base=PeekyByRepeating,
    replace={
        "self.output(outputs), State(from_rnn(hidden), state.context)": (
            "State(from_rnn(hidden), state.context), self.output(outputs)"
        )
    },
    why="Who calls the decoder takes the first result for the logits.",
    question="Which of the two comes first in the signature, after the arrow?",
)

PeekyDecoder.edit(
    "LogitsAlone",
    "the new state did not come back",
    base=PeekyByRepeating,
    replace={
        "self.output(outputs), State(from_rnn(hidden), state.context)": "self.output(outputs)"
    },
    why="Without it, the next call would not know what was read.",
    question="How many results does the signature name, after the arrow?",
)

PeekyDecoder.edit(
    "HiddenAlone",
    "the RNN's own state came back, not a State that holds it",
    base=PeekyByRepeating,
    replace={"State(from_rnn(hidden), state.context)": "from_rnn(hidden)"},
    why="The next call asks for `state.hidden` and `state.context`.",
    question="What can `state._replace(hidden=...)` make for you?",
)

PeekyDecoder.edit(
    "OutputsForLogits",
    "the RNN's outputs came back, not logits",
    base=PeekyByRepeating,
    replace={"self.output(outputs)": "outputs"},
    why="A word is chosen among the vocabulary, so there must be a number for each word of it.",
    question="Which layer makes one number for each word of the vocabulary?",
)

PeekyDecoder.edit(
    "LogProbabilities",
    "these are log-probabilities, not logits",
    base=PeekyByRepeating,
    replace={"self.output(outputs)": "self.output(outputs).log_softmax(-1)"},
    why="The loss takes the softmax itself, so that these numbers are not what was asked for.",
    question="Does the exercise say anything about what comes after the affine layer?",
)


PeekyDecoder.edit(
    "StateIntoHelper",
    "the RNN got a State in place of its own state",
    base=PeekyByRepeating,
    replace={"to_rnn(state.hidden)": "to_rnn(state)"},
    why="A State is the course's envelope. PyTorch's layers want the tensor inside.",
    question="Which part of `state` does the RNN want?",
    raises="has no attribute 'unsqueeze'|to_rnn",  # where shapes are checked, the helper refuses
)

PeekyDecoder.edit(
    "WithoutLayerAxis",
    "the state went into the RNN without the axis that counts layers",
    base=PeekyByRepeating,
    replace={"to_rnn(state.hidden)": "state.hidden"},
    why="PyTorch's layers take their state as [1, batch, hidden].",
    question="What does `to_rnn` do?",
    raises="should also be 3-D|Expected hidden",
)

PeekyDecoder.edit(
    "WordsChosen",
    "the words were chosen already: these are ids, not logits",
    base=PeekyByRepeating,
    replace={"self.output(outputs)": "self.output(outputs).argmax(dim=-1)"},
    why="The loss needs a number for every word, and a beam search compares several of them.",
    question="How many numbers come back for one word that is read?",
)

PeekyDecoder.edit(
    "PairExchanged",
    "right for a GRU, but h and c of an LSTM are swapped",
    base=PeekyByRepeating,
    replace={
        "        return self.output": "        if isinstance(hidden, tuple):\n"
        "            hidden = hidden[::-1]\n"
        "        return self.output"
    },
    why="At the next call the RNN would take its long memory for what it last said.",
    question="In which order does PyTorch return the two parts of an LSTM's state?",
)

PeekyDecoder.edit(
    "ContextDetached",
    "no gradient goes back through the context that it peeks at",
    base=PeekyByRepeating,
    replace={"repeat(1, tgt_len, 1)": "repeat(1, tgt_len, 1).detach()"},
    why="The encoder would not learn from what the decoder sees when it peeks.",
    question="Which tensor that enters the RNN is cut off from what it was made of?",
)

PeekyDecoder.edit(
    "ReluOnVectors",
    "there is a relu between the embedding and the RNN",
    base=PeekyByRepeating,
    replace={"self.embedding(tgt_input)": "self.embedding(tgt_input).relu()"},
    why="It cuts off all that is negative, half of what is known of a word.",
    question="What goes into the RNN beside the context?",
)


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


PeekyDecoder.edit(
    "FirstStateAlways",
    "every word is read from the first state",
    base=PeekyWordByWord,
    replace={
        "out, hidden = self.rnn": "out, last = self.rnn",
        "hidden=from_rnn(hidden)": "hidden=from_rnn(last)",
    },
    why="The decoder forgets all but its last word. The context alone does not say where it is.",
    question="Which state does the second step start from?",
)

PeekyDecoder.edit(
    "OwnAnswers",
    "it reads its own answers, not the words that it was given",
    base=PeekyWordByWord,
    replace={
        "        hidden, rows =": "        token = tgt_input[:, 0]\n        hidden, rows =",
        "self.embedding(tgt_input[:, t])": "self.embedding(token)",
        "            rows.append(self.output(out[:, 0]))": (
            "            rows.append(self.output(out[:, 0]))\n"
            "            token = rows[-1].argmax(dim=-1)"
        ),
    },
    why="In training the decoder reads the right words, even where it would have said others.",
    question="Which word does the second step read?",
)

PeekyDecoder.edit(
    "PeeksAtTheLastStep",
    "only the first step peeks at the context; the later ones peek at the state before them",
    base=PeekyWordByWord,
    replace={
        "hidden, rows =": "peek = state.context\n        hidden, rows =",
        "state.context], dim=1)": "peek], dim=1)",
        "rows.append(self.output(out[:, 0]))": (
            "peek = out[:, 0]\n            rows.append(self.output(peek))"
        ),
    },
    why="The RNN has its own state already. What it cannot remember is what the encoder said.",
    question="Which part of the State stays the same from word to word?",
)
