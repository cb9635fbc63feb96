"""The exercise `BidirectionalEncoder`: read each sentence forwards and backwards."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s_ref import two_attentions
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.checks.source import edited
from s2s_ref.exercises.shared import sizes_of
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import from_rnn  # noqa: F401 (in `DirectionsKept`)


@exercise(
    reference=two_attentions.BidirectionalEncoder,
    title="Read both ways",
    can="read a sentence forwards and backwards, with both states side by side",
    longhand="EncoderInLongHand",
    steps={
        "words": ("the words' vectors", "Which layer turns ids into vectors?"),
        "return[0]": ("the encoder's states", "What should stand at padding, and what at words?"),
        "return[1]": (
            "the final state of both directions",
            "After which word does each sentence end?",
        ),
    },
    returns=("encoder_states", "final"),
    edges=[{"batch": 1}, {"src_len": 1}, {"rnn": 1}, {"lstm": 1}, {"lstm": 1, "batch": 1}],
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
def BidirectionalEncoder(draw: Draw, batch=3, src_len=5, vocab=8, embed=4, hidden=6, lstm=0, rnn=0):
    """Draw sizes, a layer of one kind, and padded sentences with their lengths."""
    lengths = draw.lengths(batch, src_len)
    padding = torch.arange(src_len) >= lengths.unsqueeze(1)
    src = draw.ids(0, vocab, batch, src_len).masked_fill(padding, draw.special_ids(vocab).pad)
    return Built(sizes_of(vocab, embed, hidden, lstm, rnn), {"src": src, "src_lengths": lengths})


@BidirectionalEncoder.alternative
class EncoderInLongHand(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        words = self.embedding(src)
        packed = pack_padded_sequence(words, src_lengths, batch_first=True, enforce_sorted=False)
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        parts = final if isinstance(final, tuple) else (final,)
        joined = tuple(torch.cat([part[0], part[1]], dim=-1) for part in parts)
        last = joined if len(joined) > 1 else joined[0]
        return states, last


PACK = "packed = pack_padded_sequence(words, src_lengths, batch_first=True, enforce_sorted=False)"
UNPACK = "states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])"
JOIN = "torch.cat([part[0], part[1]], dim=-1)"
LAST = "joined if len(joined) > 1 else joined[0]"

BidirectionalEncoder.edit(
    "PaddingRead",
    "the backward RNN has read the padding first",
    base=EncoderInLongHand,
    replace={PACK: "packed = words", UNPACK: ""},
    why="It starts at the right edge of the padded batch, where <pad> stands. So even the first "
    "word's state depends on how long the other sentences are.",
    question="Where in your code do the lengths come in?",
)

BidirectionalEncoder.edit(
    "TakenAtTheLastWord",
    "the last state was taken at the last word, where the backward RNN has only begun",
    base=EncoderInLongHand,
    replace={
        LAST: (
            "states[torch.arange(len(src)), src_lengths - 1]\n"
            "        last = (last, joined[1]) if len(joined) > 1 else last"
        )
    },
    why="Its half of that state knows a single word. It has read the whole sentence at word 1.",
    question="At which word does the backward RNN finish?",
)

BidirectionalEncoder.edit(
    "HalvesSwapped",
    "the halves of the last state are swapped: the backward one came first",
    base=EncoderInLongHand,
    replace={"[part[0], part[1]]": "[part[1], part[0]]"},
    why="In the states at the words the forward half comes first, and the decoder's weights expect "
    "the same order everywhere.",
    question="Which direction does PyTorch put at place 0?",
)

BidirectionalEncoder.edit(
    "ForwardOnly",
    "only the forward half of the last state came back",
    base=EncoderInLongHand,
    replace={JOIN: "part[0]"},
    why="The decoder starts from a state of the full size. And the backward half is the one that "
    "read the first word last.",
    question="How many numbers does your last state have for each sentence?",
)

BidirectionalEncoder.edit(
    "DirectionsAdded",
    "the two directions were added, not put side by side",
    base=EncoderInLongHand,
    replace={JOIN: "part.sum(dim=0)"},
    why="A sum cannot be taken apart again: it does not show which half a number came from.",
    question="How many numbers does your last state have for each sentence?",
)

BidirectionalEncoder.edit(
    "Recut",
    "the last states were reshaped: halves of different sentences came together",
    base=EncoderInLongHand,
    replace={JOIN: "part.reshape(len(src), -1)"},
    why="They are [2, batch, half]. `view` and `reshape` read them in this order, so the first "
    "sentence gets its neighbour's forward half as its second half.",
    question="Which two tensors do you want to put side by side?",
)

BidirectionalEncoder.edit(
    "DirectionsKept",
    "the axis of the two directions is still there",
    base=EncoderInLongHand,
    replace={JOIN: "from_rnn(part)"},
    why="`from_rnn` drops an axis of length 1. Here it is 2 long, and both places are needed.",
    question="What is the shape of the layer's last state now that it reads both ways?",
)

BidirectionalEncoder.edit(
    "CellStateDropped",
    "the LSTM's c is lost",
    base=EncoderInLongHand,
    replace={LAST: "joined[0]"},
    why="The decoder would start with half of the state.",
    question="How many tensors is the state of an LSTM?",
)

BidirectionalEncoder.edit(
    "StatesTooShort",
    "the states end with the longest sentence, though `src` is wider",
    base=EncoderInLongHand,
    replace={", total_length=src.shape[1]": ""},
    why="A mask of the source would no longer fit the states.",
    question="What does the argument `total_length` of `pad_packed_sequence` do?",
)

BidirectionalEncoder.edit(
    "BackwardOnly",
    "only the backward half of the last state came back",
    base=EncoderInLongHand,
    replace={JOIN: "part[-1]"},
    why="The layer returns the last states of both directions, and `[-1]` is the second of them. "
    "The decoder starts from both.",
    question="How many numbers does your last state have for each sentence?",
)

BidirectionalEncoder.edit(
    "JoinedAlongBatch",
    "the two directions were joined along the batch",
    base=EncoderInLongHand,
    replace={JOIN: "torch.cat([part[0], part[1]], dim=0)"},
    why="That makes twice as many sentences. Each sentence should get both halves, side by side.",
    question="Along which axis do two vectors become one that is twice as long?",
)

BidirectionalEncoder.edit(
    "WholeForEach",
    "each direction has the whole hidden size",
    base=EncoderInLongHand,
    replace={"hidden_size // 2": "hidden_size"},
    why="Side by side the two are then twice as wide as the decoder's state.",
    question="How many numbers does each direction contribute to a state of 6?",
)

BidirectionalEncoder.edit(
    "StatesAdded",
    "the two halves of the states were added, not kept side by side",
    base=EncoderInLongHand,
    replace={UNPACK: UNPACK + "\n        states = sum(states.chunk(2, dim=-1))"},
    why="A sum cannot be taken apart again: it does not show which half a number came from.",
    question="How many numbers does the state of one word have?",
)

H_AND_C = {
    "message": "an LSTM's h and c were taken for the two directions",
    "why": "A GRU's last state is one tensor, and at its places 0 and 1 are the two directions. An "
    "LSTM's is a pair, and at its places 0 and 1 are h and c.",
    "question": "For an LSTM: which two tensors does your code put side by side?",
}

BidirectionalEncoder.edit(
    "CellTakenForDirection",
    base=EncoderInLongHand,
    replace={"final if isinstance(final, tuple) else (final,)": "(final,)"},
    **H_AND_C,
)

BidirectionalEncoder.edit(
    "LastPlaceOfStates",
    "the state was taken at the last place of the padded sentence",
    base=EncoderInLongHand,
    replace={LAST: "states[:, -1]"},
    why="Most sentences end before it. And at the last word the backward RNN has only begun.",
    question="Besides the states, what does `self.rnn` return?",
)

BidirectionalEncoder.edit(
    "SortedExpected",
    "packing wants the longest sentence first, unless you tell it otherwise",
    base=EncoderInLongHand,
    replace={", enforce_sorted=False": ""},
    why="The sentences of a batch come in any order.",
    question="What does the argument `enforce_sorted` say, and what is its default?",
    raises="enforce_sorted",
)

BidirectionalEncoder.edit(
    "CellTakenForBackward",
    base=EncoderInLongHand,
    replace={
        "final if isinstance(final, tuple) else (final,)": "(final,)",
        JOIN: "torch.cat([part[-2], part[-1]], dim=1)",
    },
    **H_AND_C,
)


BidirectionalEncoder.alternative(
    edited(
        EncoderInLongHand,
        "DirectionsTransposed",
        {f"tuple({JOIN} for part in parts)": "[part.transpose(0, 1).flatten(1) for part in parts]"},
    )
)


BidirectionalEncoder.edit(
    "ResultsExchanged",
    "the two results are swapped",
    base=EncoderInLongHand,
    replace={"return states, last": "return last, states"},
    why="The decoder would start from the states of all words.",
    question="Which of the two comes first in the signature, after the arrow?",
)

BidirectionalEncoder.edit(
    "Averaged",
    "the states of the words were averaged",
    base=EncoderInLongHand,
    replace={"return states, last": "return states, states.mean(dim=1)"},
    why="The last state is the RNN's own summary. An average is another model, and this one counts "
    "padding too.",
    question="What does the RNN return besides the state after every word?",
)

BidirectionalEncoder.edit(
    "StatesAlone",
    "the last state did not come back",
    base=EncoderInLongHand,
    replace={"return states, last": "return states"},
    why="The decoder starts from it.",
    question="How many results does the signature name, after the arrow?",
)

BidirectionalEncoder.edit(
    "StateAlone",
    "the states of the words did not come back",
    base=EncoderInLongHand,
    replace={"return states, last": "return last"},
    why="Attention looks at the state of every word.",
    question="How many results does the signature name, after the arrow?",
)

BidirectionalEncoder.edit(
    "StatesDetached",
    "no gradient goes back from the states of the words",
    base=EncoderInLongHand,
    replace={"return states, last": "return states.detach(), last"},
    why="Attention could not teach the encoder what to write down at each word.",
    question="Which of your two results is cut off from the RNN that made it?",
)

BidirectionalEncoder.edit(
    "FirstLengthForAll",
    "all sentences are read as far as the first one",
    base=EncoderInLongHand,
    replace={
        "words = self.embedding(src)": (
            "src_lengths = src_lengths[:1].expand(len(src))\n        words = self.embedding(src)"
        )
    },
    why="Words are missed where a sentence is longer, and padding is read where it is shorter.",
    question="How many lengths are there, and which of them do you use?",
)

BidirectionalEncoder.edit(
    "ReluOnVectors",
    "there is a relu between the embedding and the RNN",
    base=EncoderInLongHand,
    replace={"self.embedding(src)": "self.embedding(src).relu()"},
    why="It cuts off all that is negative, half of what is known of a word.",
    question="Through which layers does a word pass in the text above the cell?",
)

BidirectionalEncoder.edit(
    "StateKept",
    "it goes on from the state of its last call",
    base=EncoderInLongHand,
    replace={
        "self.rnn(packed)": 'self.rnn(packed, vars(self).get("kept"))\n'
        '        self.__dict__["kept"] = final'
    },
    why="Every sentence would be read as if it went on with the one before.",
    question="What should the RNN know before the first word of a new sentence?",
    raises="hidden size|out of DATA bounds",
)

BidirectionalEncoder.edit(
    "PairExchanged",
    "right for a GRU, but h and c of an LSTM are exchanged",
    base=EncoderInLongHand,
    replace={f"last = {LAST}": f"last = {LAST.replace('joined if', 'joined[::-1] if')}"},
    why="Both have the same shape, so nothing complains, and the decoder starts from nonsense.",
    question="In which order does PyTorch return the two parts of an LSTM's state?",
)

BidirectionalEncoder.edit(
    "OrderNotRestored",
    "the sentences were sorted by length and never put back",
    base=EncoderInLongHand,
    replace={
        "words = self.embedding(src)": (
            "src_lengths, order = src_lengths.sort(descending=True)\n"
            "        words = self.embedding(src[order])"
        )
    },
    why="Every sentence would get the meaning of another one.",
    question="Which sentence is in row 0 of what you return?",
)

BidirectionalEncoder.edit(
    "PackedTheOtherWay",
    "`pack_padded_sequence` took the words for sentences",
    base=EncoderInLongHand,
    replace={"src_lengths, batch_first=True": "src_lengths"},
    why="By default it expects the places first and the batch second.",
    question="Which axis of your embeddings comes first, and which argument says so?",
    raises="exceeds dimension size|out of DATA bounds|invalid for input of size|batch_size",
)

BidirectionalEncoder.edit(
    "LengthsFromIds",
    "the lengths were found by the id 0, not by `src_lengths`",
    base=EncoderInLongHand,
    replace={
        "words = self.embedding(src)": (
            "src_lengths = (src != 0).sum(dim=1).clamp(min=1)\n        words = self.embedding(src)"
        )
    },
    why="The encoder is not told which id is padding. It is given the lengths instead.",
    question="Which argument says how long the sentences are?",
)

BidirectionalEncoder.edit(
    "LengthsKept",
    "the states came back together with the lengths",
    base=EncoderInLongHand,
    replace={"states, _ = pad_packed": "states = pad_packed"},
    why="`pad_packed_sequence` returns two things: the rectangle, and the lengths again.",
    question="Which of the two results do you want to return?",
)

BidirectionalEncoder.edit(
    "LastWordUnread",
    "the last word of every sentence is not read",
    base=EncoderInLongHand,
    replace={
        "words = self.embedding(src)": (
            "src_lengths = (src_lengths - 1).clamp(min=1)\n        words = self.embedding(src)"
        )
    },
    why="A length of 3 means three real tokens, and the last one counts too.",
    question="How many words of a sentence of 3 does the RNN read?",
)


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


BidirectionalEncoder.edit(
    "CellStateRepeated",
    "right for a GRU, but for an LSTM h came back twice, and c is lost",
    base=EncoderInLongHand,
    replace={f"last = {LAST}": "last = (joined[0], joined[0]) if len(joined) > 1 else joined[0]"},
    why="An LSTM keeps its memory in c. The decoder would start with the wrong one.",
    question="Which two parts does the state of an LSTM have, and which one did you join twice?",
)
