"""The exercise `bidirectional_encoder`: its cases, hints, mistakes and other right answers."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s_ref import two_attentions
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import sized
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import from_rnn

# ------------------------------------------------------------------ BidirectionalEncoder


@exercise(
    reference=two_attentions.BidirectionalEncoder,
    title="Read both ways",
    returns=("encoder_states", "final"),
    edges=[{"batch": 1}, {"src_len": 1}, {"lstm": 1}, {"lstm": 1, "batch": 1}],
    free_at_padding=True,
    hints=[
        "One RNN reads from the first word to the last, the other one from the last to the first. "
        "After which word has each of them read the whole sentence?",
        "The layer returns states [batch, src_len, hidden], the two halves side by side already, "
        "and the last states [2, batch, half], the forward one first. The decoder wants "
        "[batch, hidden]. Of an LSTM there are two such pairs, h and c.",
        "With hidden size 6 each direction has 3. For a batch of 4 sentences the last states are "
        "[2, 4, 3]; forward [4, 3] and backward [4, 3] side by side are [4, 6].",
    ],
)
def BidirectionalEncoder(draw: Draw, batch=3, src_len=5, vocab=8, embed=4, hidden=6, lstm=0):
    """Draw sizes, a GRU or an LSTM, padded sentences and their lengths; only one fills its row."""
    shorter = draw.ids(1, max(2, src_len), batch - 1).tolist()
    lengths = torch.tensor(draw.shuffled([src_len, *shorter]))
    real = torch.arange(src_len) < lengths.unsqueeze(1)
    arguments = {"src": draw.ids(1, vocab, batch, src_len) * real, "src_lengths": lengths}
    return Built(sized(draw, vocab, embed, hidden, lstm), arguments)


@BidirectionalEncoder.mistake(
    "the backward RNN has read the padding first",
    why="It starts at the right edge of the rectangle, and there stands <pad>. So even the first "
    "word's state depends on how long the others in the batch are.",
    question="Where in your code do the lengths come in?",
)
class PaddingRead(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        states, final = self.rnn(self.embedding(src))
        if isinstance(final, tuple):
            return states, tuple(torch.cat([part[0], part[1]], dim=-1) for part in final)
        return states, torch.cat([final[0], final[1]], dim=-1)


@BidirectionalEncoder.mistake(
    "the last state was taken at the last word, where the backward RNN has only begun",
    why="Its half of that state knows a single word. It has read the whole sentence at word 1.",
    question="At which word does the backward RNN finish?",
)
class TakenAtTheLastWord(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        last = states[torch.arange(len(src)), src_lengths - 1]
        if isinstance(final, tuple):
            return states, (last, torch.cat([final[1][0], final[1][1]], dim=-1))
        return states, last


@BidirectionalEncoder.mistake(
    "the halves of the last state are swapped: the backward one came first",
    why="In the states at the words the forward half stands first, and the decoder's weights "
    "expect "
    "the same order everywhere.",
    question="Which direction does PyTorch put at place 0?",
)
class HalvesSwapped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, tuple(torch.cat([part[1], part[0]], dim=-1) for part in final)
        return states, torch.cat([final[1], final[0]], dim=-1)


@BidirectionalEncoder.mistake(
    "only the forward half of the last state came back",
    why="The decoder starts from a state of the full size. And the backward half is the one that "
    "read the first word last.",
    question="How many numbers does your last state have for each sentence?",
)
class ForwardOnly(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, (final[0][0], final[1][0])
        return states, final[0]


@BidirectionalEncoder.mistake(
    "the two directions were added, not put side by side",
    why="A sum cannot be taken apart again: nobody knows which half a number came from.",
    question="How many numbers does your last state have for each sentence?",
)
class DirectionsAdded(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, (final[0].sum(dim=0), final[1].sum(dim=0))
        return states, final.sum(dim=0)


@BidirectionalEncoder.mistake(
    "the last states were cut up anew: halves of different sentences came together",
    why="They are [2, batch, half]. `view` and `reshape` count on through them in this order, so "
    "the first sentence gets its neighbour's forward half as its second half.",
    question="Which two tensors do you want to put side by side?",
)
class Recut(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, tuple(part.reshape(len(src), -1) for part in final)
        return states, final.reshape(len(src), -1)


@BidirectionalEncoder.mistake(
    "the axis of the two directions is still there",
    why="`from_rnn` drops an axis of length 1. Here it is 2 long, and both places are needed.",
    question="What is the shape of the layer's last state now that it reads both ways?",
)
class DirectionsKept(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, from_rnn(final)


@BidirectionalEncoder.mistake(
    "the LSTM's c is lost",
    why="The decoder would start with half of the state.",
    question="How many tensors is the state of an LSTM?",
)
class CellStateDropped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            final = final[0]
        return states, torch.cat([final[0], final[1]], dim=-1)


@BidirectionalEncoder.mistake(
    "the states end with the longest sentence, and the rectangle is wider",
    why="A mask over the source would no longer fit over the states.",
    question="What does the argument `total_length` of `pad_packed_sequence` do?",
)
class StatesTooShort(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True)
        if isinstance(final, tuple):
            return states, tuple(torch.cat([part[0], part[1]], dim=-1) for part in final)
        return states, torch.cat([final[0], final[1]], dim=-1)


@BidirectionalEncoder.mistake(
    "an LSTM's h and c were taken for the two directions",
    why="A GRU's last state is one tensor, and at its places 0 and 1 are the two directions. An "
    "LSTM's is a pair, and at its places 0 and 1 are h and c.",
    question="For an LSTM: which two tensors does your code lay side by side?",
)
class CellTakenForDirection(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, torch.cat([final[0], final[1]], dim=-1)


@BidirectionalEncoder.mistake(
    "the state was taken at the last place of the rectangle",
    why="Most sentences end before it. And at its last word the backward RNN has only begun.",
    question="Besides the states, what does `self.rnn` return?",
)
class LastPlaceOfStates(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, states[:, -1]


@BidirectionalEncoder.mistake(
    "packing wants the longest sentence first, unless you tell it otherwise",
    why="The sentences of a batch come in any order.",
    question="What does the argument `enforce_sorted` say, and what is its default?",
    raises="enforce_sorted",
)
class SortedExpected(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(self.embedding(src), src_lengths, batch_first=True)
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, tuple(torch.cat([part[0], part[1]], dim=-1) for part in final)
        return states, torch.cat([final[0], final[1]], dim=-1)


@BidirectionalEncoder.mistake(
    "an LSTM's h and c were taken for the two directions",
    why="A GRU's last state is one tensor, and at its places 0 and 1 are the two directions. An "
    "LSTM's is a pair, and at its places 0 and 1 are h and c.",
    question="For an LSTM: which two tensors does your code lay side by side?",
)
class CellTakenForBackward(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, torch.cat([final[-2], final[-1]], dim=1)


@BidirectionalEncoder.alternative
class DirectionsTransposed(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, [part.transpose(0, 1).flatten(1) for part in final]
        return states, final.transpose(0, 1).flatten(1)


@BidirectionalEncoder.alternative
class SentenceBySentence(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        rows, finals = [], []
        for ids, length in zip(src, src_lengths.tolist(), strict=True):
            states, final = self.rnn(self.embedding(ids[:length]).unsqueeze(0))
            rows.append(nn.functional.pad(states[0], (0, 0, 0, len(ids) - length)))
            parts = final if isinstance(final, tuple) else (final,)
            finals.append([torch.cat([part[0, 0], part[1, 0]]) for part in parts])
        joined = tuple(torch.stack(part) for part in zip(*finals, strict=True))
        return torch.stack(rows), joined if len(joined) == 2 else joined[0]


@BidirectionalEncoder.alternative
class LastStatesGathered(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        half = states.shape[-1] // 2
        forward = states[torch.arange(len(src)), src_lengths - 1, :half]
        h = torch.cat([forward, states[:, 0, half:]], dim=-1)
        if isinstance(final, tuple):
            return states, (h, torch.hstack([final[1][0], final[1][1]]))
        return states, h
