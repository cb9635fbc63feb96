"""The exercise `packed_encoder`: its cases, hints, mistakes and other right answers."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s_ref import padding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import sized
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import from_rnn

# ------------------------------------------------------------------ PackedEncoder


@exercise(
    reference=padding.PackedEncoder,
    title="An encoder that reads no padding",
    returns=("encoder_states", "final"),
    edges=[{"batch": 1}, {"src_len": 1}, {"lstm": 1}, {"lstm": 1, "batch": 1}],
    free_at_padding=True,
    hints=[
        "Every sentence of the batch ends somewhere else. After which word should the encoder's "
        "last state be taken, and what has the RNN read after it?",
        "`pack_padded_sequence` takes [batch, src_len, embed] and the lengths, and goes into the "
        "RNN in place of the rectangle. `pad_packed_sequence` makes a rectangle of the outputs; "
        "it must be src_len wide. `from_rnn` works as in lesson 2.",
        "Sentences of 3 and 1 words, hidden size 5: the states are [2, 3, 5], and the last state "
        "[2, 5] holds that of the first sentence after word 3 and that of the second after word 1.",
    ],
)
def PackedEncoder(draw: Draw, batch=3, src_len=6, vocab=8, embed=3, hidden=4, lstm=0):
    """Draw sizes, a GRU or an LSTM, padded sentences and their lengths; only one fills its row."""
    shorter = draw.ids(1, max(2, src_len), batch - 1).tolist()
    lengths = torch.tensor(draw.shuffled([src_len, *shorter]))
    real = torch.arange(src_len) < lengths.unsqueeze(1)
    arguments = {"src": draw.ids(1, vocab, batch, src_len) * real, "src_lengths": lengths}
    return Built(sized(draw, vocab, embed, hidden, lstm), arguments)


@PackedEncoder.mistake(
    "the last state has read the padding",
    why="What a sentence means would depend on how long the others in the batch are.",
    question="Where in your code do the lengths come in?",
)
class LastPaddedState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        states, final = self.rnn(self.embedding(src))
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "the embeddings of <pad> are 0, and the RNN still reads them",
    why="A step with the input 0 is a step: the old state and the biases still change the state.",
    question="Is reading nothing the same as not reading?",
)
class EmbeddingsZeroed(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        real = torch.arange(src.shape[1]) < src_lengths.unsqueeze(1)
        states, final = self.rnn(self.embedding(src) * real.unsqueeze(-1))
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "h is right, but the LSTM's c has read the padding",
    why="An LSTM's outputs show h only. Its long memory c cannot be picked from them.",
    question="Which part of the LSTM's state is not among its outputs?",
)
class CellStateFromPadding(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        states, final = self.rnn(self.embedding(src))
        h = states[torch.arange(len(src)), src_lengths - 1]
        if isinstance(final, tuple):
            return states, (h, from_rnn(final)[1])
        return states, h


@PackedEncoder.mistake(
    "the sentences were sorted by length and never put back",
    why="Every sentence would get the meaning of another one.",
    question="Which sentence stands in row 0 of what you return?",
)
class OrderNotRestored(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        lengths, order = src_lengths.sort(descending=True)
        packed = pack_padded_sequence(self.embedding(src[order]), lengths, batch_first=True)
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "packing wants the longest sentence first, unless you tell it otherwise",
    why="The sentences of a batch come in any order.",
    question="What does the argument `enforce_sorted` say, and what is its default?",
    raises="enforce_sorted",
)
class SortedExpected(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(self.embedding(src), src_lengths, batch_first=True)
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "the states end with the longest sentence, and the rectangle is wider",
    why="A mask over the source would no longer fit over the states.",
    question="What does the argument `total_length` of `pad_packed_sequence` do?",
)
class StatesTooShort(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True)
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "the state was taken one place after the last word",
    why="Places are counted from 0: the last word of a sentence of 3 is at place 2.",
    question="At which place does a sentence of one word end?",
    raises="out of bounds",
)
class OnePlaceAfter(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        states, _ = self.rnn(self.embedding(src))
        return states, states[torch.arange(len(src)), src_lengths]


@PackedEncoder.mistake(
    "the two results are exchanged",
    why="The decoder would start from the states of all words.",
    question="Which of the two stands first in the signature, after the arrow?",
)
class ResultsExchanged(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return from_rnn(final), states


@PackedEncoder.mistake(
    "the state was taken at the last place of the rectangle",
    why="Only the longest sentence ends there. For all others padding stands at that place, and "
    "what the states hold at padding is not their meaning.",
    question="Besides the states, what does `self.rnn` return, and after which word is it taken?",
)
class LastPlaceOfStates(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, states[:, -1]


@PackedEncoder.mistake(
    "the LSTM's c is lost",
    why="The decoder would start with half of the state.",
    question="How many tensors is the state of an LSTM?",
)
class CellStateDropped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        states, _ = self.rnn(self.embedding(src))
        return states, states[torch.arange(len(src)), src_lengths - 1]


@PackedEncoder.mistake(
    "the states came back together with the lengths",
    why="`pad_packed_sequence` returns two things, the rectangle and the lengths once more.",
    question="Which of the two results do you want to return?",
)
class LengthsKept(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "`pack_padded_sequence` took the words for sentences",
    why="By default it expects the places first and the batch second.",
    question="Which axis of your embeddings comes first, and which argument says so?",
    raises="exceeds dimension size|out of DATA bounds|invalid for input of size",
)
class PackedTheOtherWay(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(self.embedding(src), src_lengths, enforce_sorted=False)
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "an LSTM's h was taken for its whole state",
    why="A GRU's last state is one tensor, and `[0]` drops its first axis. An LSTM's is a pair, "
    "and "
    "there `[0]` is h.",
    question="Which helper drops the axis for a tensor and for a pair alike?",
)
class FirstOfPair(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, final[0]


@PackedEncoder.alternative
class EncoderGathersLastState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        states, final = self.rnn(self.embedding(src))
        if not isinstance(final, tuple):  # all of a GRU's state is in its outputs
            return states, states[torch.arange(len(src)), src_lengths - 1]
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        return states, from_rnn(self.rnn(packed)[1])


@PackedEncoder.alternative
class EncoderSentenceBySentence(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        rows, finals = [], []
        for ids, length in zip(src, src_lengths.tolist(), strict=True):
            states, final = self.rnn(self.embedding(ids[:length]).unsqueeze(0))
            rows.append(nn.functional.pad(states[0], (0, 0, 0, len(ids) - length)))
            finals.append(from_rnn(final))
        if isinstance(finals[0], tuple):
            h, c = zip(*finals, strict=True)
            return torch.stack(rows), (torch.cat(h), torch.cat(c))
        return torch.stack(rows), torch.cat(finals)


@PackedEncoder.alternative
class EncoderCarriesTheStateOn(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        embedded, state, rows = self.embedding(src), None, []
        for t in range(src.shape[1]):
            output, new = self.rnn(embedded[:, t : t + 1], state)
            real = (t < src_lengths).view(1, -1, 1)
            if state is None:
                state = new
            elif isinstance(new, tuple):
                state = tuple(torch.where(real, n, s) for n, s in zip(new, state, strict=True))
            else:
                state = torch.where(real, new, state)
            rows.append(output)
        return torch.cat(rows, dim=1), from_rnn(state)
