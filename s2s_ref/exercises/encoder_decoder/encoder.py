"""The exercise `encoder`: its cases, hints, mistakes and other right answers."""

from torch import nn

from s2s_ref import encoder_decoder
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import sized
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import from_rnn


@exercise(
    reference=encoder_decoder.Encoder,
    title="The encoder",
    returns="context",
    edges=[{"batch": 1}, {"src_len": 1}, {"lstm": 1}, {"lstm": 1, "batch": 1}],
    hints=[
        "The encoder reads the whole sentence and keeps one thing. Which state has seen every "
        "word?",
        "The layer returns its outputs [batch, src_len, hidden] and its last state "
        "[1, batch, hidden]. `from_rnn` drops the axis of length 1, for a GRU and for an LSTM.",
        "For 2 sentences and hidden size 5 the context of a GRU is [2, 5], however long the "
        "sentences are. That of an LSTM is a pair (h, c) of such tensors.",
    ],
)
def Encoder(draw: Draw, batch=2, src_len=4, vocab=7, embed=3, hidden=5, lstm=0):
    """Draw sizes, a GRU or an LSTM, and sentences."""
    sizes = sized(draw, vocab, embed, hidden, lstm)
    return Built(sizes, {"src": draw.ids(0, vocab, batch, src_len)})


@Encoder.mistake(
    "the outputs of all steps came back, not the last state",
    why="The decoder can start from one vector only. The outputs are for lesson 7.",
    question="Which of the two results of the layer is as long as the sentence?",
)
class AllOutputs(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        outputs, _ = self.rnn(self.embedding(src))
        return outputs


@Encoder.mistake(
    "the axis that counts layers is still there",
    why="PyTorch returns the state as [1, batch, hidden]; the course keeps the batch first.",
    question="What does `from_rnn` do?",
)
class LayerAxisKept(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        _, final = self.rnn(self.embedding(src))
        return final


@Encoder.mistake(
    "the LSTM's c is lost",
    why="For a GRU the last output is the last state. An LSTM also has c, its long memory, and the "
    "decoder would start with half of the state.",
    question="How many tensors is the state of an LSTM?",
)
class CellStateDropped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        _, final = self.rnn(self.embedding(src))
        if isinstance(final, tuple):
            final = final[0]
        return final.squeeze(0)


@Encoder.mistake(
    "this is the state after the first word",
    why="The context would know one word of the whole sentence.",
    question="Which step has read everything?",
)
class FirstState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        _, final = self.rnn(self.embedding(src[:, :1]))
        return from_rnn(final)


@Encoder.mistake(
    "the outputs were averaged",
    why="The encoder's last state is its own summary; an average is another model.",
    question="What does the layer return besides its outputs?",
)
class Averaged(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        outputs, _ = self.rnn(self.embedding(src))
        return outputs.mean(dim=1)


@Encoder.mistake(
    "a batch of one sentence loses its batch axis",
    why="`squeeze()` without an argument drops every axis of length 1, the batch's too.",
    question="Which axis do you mean to drop, and how do you name it?",
)
class SqueezedAll(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        _, final = self.rnn(self.embedding(src))
        if isinstance(final, tuple):
            return final[0].squeeze(), final[1].squeeze()
        return final.squeeze()


@Encoder.mistake(
    "the outputs of all steps came back, not the last state",
    why="The decoder can start from one vector only. The outputs are for lesson 7.",
    question="Which of the two results of the layer is as long as the sentence?",
)
class OutputsThroughHelper(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        outputs, _ = self.rnn(self.embedding(src))
        return from_rnn(outputs)


@Encoder.mistake(
    "the layer's two results were not taken apart",
    why="A layer returns its outputs and its last state. The decoder wants the state alone.",
    question="How do you give the two results a name each, and which one goes on?",
    raises="has no attribute 'squeeze'|from_rnn",  # where shapes are checked, the helper refuses
)
class PairThroughHelper(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        return from_rnn(self.rnn(self.embedding(src)))


@Encoder.mistake(
    "the layer's two results were not taken apart",
    why="A layer returns its outputs and its last state. The decoder wants the state alone.",
    question="How do you give the two results a name each, and which one goes on?",
)
class PairReturned(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        return self.rnn(self.embedding(src))


@Encoder.mistake(
    "right for a GRU, but the state of an LSTM is a pair",
    why="An LSTM has two tensors, h and c. A pair has no axes of its own to drop or to look into.",
    question="Which helper of the course handles both kinds of state?",
    raises="has no attribute 'squeeze'",
)
class SqueezedAsTensor(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        _, last = self.rnn(self.embedding(src))
        return last.squeeze(0)


@Encoder.mistake(
    "right for a GRU, but the state of an LSTM is a pair",
    why="An LSTM has two tensors, h and c. A pair has no axes of its own to drop or to look into.",
    question="Which helper of the course handles both kinds of state?",
)
class FirstOfState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        _, last = self.rnn(self.embedding(src))
        return last[0]


@Encoder.alternative
class EncoderWordByWord(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        state = None
        for t in range(src.shape[1]):
            _, state = self.rnn(self.embedding(src[:, t : t + 1]), state)
        if isinstance(state, tuple):
            return state[0][0], state[1][0]
        return state[-1]
