"""The exercise `decoder`: its cases, hints, mistakes and other right answers."""

import torch
from torch import nn

from s2s_ref import encoder_decoder
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import sized
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn, to_rnn

# ------------------------------------------------------------------ Decoder


@exercise(
    reference=encoder_decoder.Decoder,
    title="The decoder",
    returns=("logits", "state"),
    edges=[{"batch": 1}, {"tgt_len": 1}, {"lstm": 1}],
    hints=[
        "The decoder is a language model with one difference: what does it hold in its hand "
        "before it reads <bos>?",
        "`to_rnn(state.hidden)` is what the layer takes as its second argument. Its two results "
        "become logits [batch, tgt_len, vocab] and State(from_rnn(...)).",
        "Reading [1, 7] in one call gives two rows of logits: one after <bos>, one after word 7. "
        "Reading [1] and then, from the state that came back, [7] gives the same two rows.",
    ],
)
def Decoder(draw: Draw, batch=2, tgt_len=3, vocab=7, embed=4, hidden=5, lstm=0):
    """Draw sizes, a GRU or an LSTM, target tokens and a state to start from."""
    sizes = sized(draw, vocab, embed, hidden, lstm)
    h, c = draw.normal(batch, hidden), draw.normal(batch, hidden)
    state = State((h, c) if lstm else h)
    return Built(sizes, {"tgt_input": draw.ids(0, vocab, batch, tgt_len), "state": state})


@Decoder.mistake(
    "the context is ignored",
    why="The decoder writes fluent sentences that have nothing to do with the source.",
    question="What does the layer start from when you give it one argument only?",
)
class ContextIgnored(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input))
        return self.output(outputs), State(from_rnn(hidden))


@Decoder.mistake(
    "the old state came back",
    why="At the next call the decoder would have forgotten what it just read.",
    question="Which of the layer's two results is the state after the last token?",
)
class OldState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, _ = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        return self.output(outputs), state


@Decoder.mistake(
    "these are probabilities already, not logits",
    why="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    question="What do your numbers sum to along the last axis?",
)
class DecoderSoftmaxed(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        return self.output(outputs).softmax(dim=-1), State(from_rnn(hidden))


@Decoder.mistake(
    "only the last token gets logits",
    why="In training the decoder reads the whole target in one call and answers every token.",
    question="For three tokens read, how many rows of logits come back?",
)
class LastTokenOnly(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        return self.output(outputs[:, -1]), State(from_rnn(hidden))


@Decoder.mistake(
    "the affine layer is left out",
    why="The RNN's outputs are its own notes. The affine layer turns them into a score a word.",
    question="Which layer has one output for every word of the vocabulary?",
)
class AffineLeftOut(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        return outputs, State(from_rnn(hidden))


@Decoder.mistake(
    "the next state is a bare tensor, not a State",
    why="Every decoder of the course takes and returns a State, so that they can be exchanged.",
    question="In what is the state wrapped that came in?",
)
class BareState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        return self.output(outputs), from_rnn(hidden)


@Decoder.mistake(
    "the state still has the axis that counts layers",
    why="PyTorch returns the state as [1, batch, hidden]; the course keeps the batch first.",
    question="What does `from_rnn` do?",
)
class StateLayerAxis(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        return self.output(outputs), State(hidden)


@Decoder.mistake(
    "the state went into the layer without the axis that counts layers",
    why="PyTorch's layers take their state as [1, batch, hidden].",
    question="What does `to_rnn` do?",
    raises="should also be 3-D",
)
class WithoutLayerAxis(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input), state.hidden)
        return self.output(outputs), State(hidden)


@Decoder.mistake(
    "the layer got a State in place of the RNN's own state",
    why="A State is the course's envelope. PyTorch's layers want the tensor inside.",
    question="What of `state` does the layer want, and which helper adds the axis that counts "
    "layers?",
    raises="has no attribute 'dim'",
)
class StateIntoLayer(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input), state)
        return self.output(outputs), State(from_rnn(hidden))


@Decoder.mistake(
    "the layer got a State in place of the RNN's own state",
    why="A State is the course's envelope. PyTorch's layers want the tensor inside.",
    question="What of `state` does the layer want, and which helper adds the axis that counts "
    "layers?",
    raises="has no attribute 'unsqueeze'|to_rnn",  # where shapes are checked, the helper refuses
)
class StateIntoHelper(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state))
        return self.output(outputs), State(from_rnn(hidden))


@Decoder.mistake(
    "the logits were made from the last state, not from the outputs",
    why="Every token that is read asks for a row of logits, and the last state is one row.",
    question="Which of the layer's two results is as long as the sentence?",
    raises="not tuple",
)
class LogitsOfLastState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        _, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        return self.output(hidden), State(from_rnn(hidden))


@Decoder.mistake(
    "the words were chosen already: these are ids, not logits",
    why="Training needs a number for every word, and lesson 5 chooses in other ways.",
    question="How many numbers does the decoder owe for each token that it reads?",
)
class DecoderChosen(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        return self.output(outputs).argmax(dim=-1), State(from_rnn(hidden))


@Decoder.alternative
class DecoderTokenByToken(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        hidden, logits = to_rnn(state.hidden), []
        for t in range(tgt_input.shape[1]):
            output, hidden = self.rnn(self.embedding(tgt_input[:, t : t + 1]), hidden)
            logits.append(self.output(output[:, 0]))
        return torch.stack(logits, dim=1), State(from_rnn(hidden))
