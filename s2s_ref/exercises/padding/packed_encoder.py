"""The exercise `PackedEncoder`: read each sentence of a batch up to its own end."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s_ref import padding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import sizes_of
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import from_rnn


@exercise(
    reference=padding.PackedEncoder,
    title="An encoder that reads no padding",
    can="read every sentence of a batch up to its own end, and no padding",
    longhand="EncoderPacksAndUnpacks",
    steps={
        "words": ("the words' vectors", "Which layer turns ids into vectors?"),
        "return[0]": ("the encoder's states", "What should stand at padding, and what at words?"),
        "return[1]": ("the final state", "After which word does each sentence end?"),
    },
    returns=("encoder_states", "final"),
    edges=[{"batch": 1}, {"src_len": 1}, {"lstm": 1}, {"lstm": 1, "batch": 1}, {"rnn": 1}],
    free_at_padding=True,
    hints=[
        "Every sentence of the batch ends at a different place. After which word should the "
        "encoder's last state be taken, and what has the RNN read after it?",
        "`pack_padded_sequence` takes [batch, src_len, embed] and the lengths; its result goes "
        "into the RNN in place of the rectangle. `pad_packed_sequence` turns the outputs back into "
        "a rectangle, which must be src_len wide. `from_rnn` works as in lesson 2.",
        "Sentences of 3 and 1 words, hidden size 5: the states are [2, 3, 5], and the last state "
        "[2, 5] holds that of the first sentence after word 3 and that of the second after word 1.",
    ],
)
def PackedEncoder(draw: Draw, batch=3, src_len=6, vocab=8, embed=5, hidden=4, lstm=0, rnn=0):
    """Draw sizes, a kind of cell, padded sentences and their lengths; only one fills its row."""
    lengths = draw.lengths(batch, src_len)
    padding = torch.arange(src_len) >= lengths.unsqueeze(1)
    src = draw.ids(0, vocab, batch, src_len).masked_fill(padding, draw.special_ids(vocab).pad)
    return Built(sizes_of(vocab, embed, hidden, lstm, rnn), {"src": src, "src_lengths": lengths})


@PackedEncoder.alternative
class EncoderPacksAndUnpacks(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        words = self.embedding(src)
        packed = pack_padded_sequence(words, src_lengths, batch_first=True, enforce_sorted=False)
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "the last state has read the padding",
    why="What a sentence means would depend on how long the others in the batch are.",
    question="Where does your code use the lengths?",
)
class LastPaddedState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        words = self.embedding(src)
        states, final = self.rnn(words)
        return states, from_rnn(final)


PackedEncoder.edit(
    "EmbeddingsZeroed",
    "the embeddings of <pad> are 0, and the RNN still reads them",
    base=LastPaddedState,
    replace={
        "words = self.embedding(src)": (
            "real = torch.arange(src.shape[1]) < src_lengths.unsqueeze(1)\n"
            "        words = self.embedding(src) * real.unsqueeze(-1)"
        )
    },
    why="A step with input 0 is still a step: the old state and the biases change the state.",
    question="Is reading nothing the same as not reading?",
)

PackedEncoder.edit(
    "CellStateFromPadding",
    "h is right, but the LSTM's c has read the padding",
    base=LastPaddedState,
    replace={
        "return states, from_rnn(final)": (
            "h = states[torch.arange(len(src)), src_lengths - 1]\n"
            "        return states, (h, from_rnn(final)[1]) if isinstance(final, tuple) else h"
        )
    },
    why="An LSTM's outputs show h only. Its long memory c cannot be picked from them.",
    question="Which part of the LSTM's state is not among its outputs?",
)

PackedEncoder.edit(
    "OrderNotRestored",
    "the sentences were sorted by length and never put back",
    base=EncoderPacksAndUnpacks,
    replace={
        "words = self.embedding(src)": (
            "src_lengths, order = src_lengths.sort(descending=True)\n"
            "        words = self.embedding(src[order])"
        )
    },
    why="Every sentence would get the meaning of another one.",
    question="Which sentence is in row 0 of what you return?",
)

PackedEncoder.edit(
    "SortedExpected",
    "packing wants the longest sentence first, unless you tell it otherwise",
    base=EncoderPacksAndUnpacks,
    replace={", enforce_sorted=False": ""},
    why="The sentences of a batch come in any order.",
    question="What does the argument `enforce_sorted` say, and what is its default?",
    raises="enforce_sorted",
)

PackedEncoder.edit(
    "StatesTooShort",
    "the states end with the longest sentence, but the rectangle is wider",
    base=EncoderPacksAndUnpacks,
    replace={", total_length=src.shape[1]": ""},
    why="A mask of the source would no longer fit the states.",
    question="What does the argument `total_length` of `pad_packed_sequence` do?",
)

PackedEncoder.edit(
    "OnePlaceAfter",
    "the state was taken one place after the last word",
    base=LastPaddedState,
    replace={"from_rnn(final)": "states[torch.arange(len(src)), src_lengths]"},
    why="Places are counted from 0: the last word of a sentence of 3 is at place 2.",
    question="At which place does a sentence of one word end?",
    raises="out of bounds",
)

PackedEncoder.edit(
    "ResultsExchanged",
    "the two results are swapped",
    base=EncoderPacksAndUnpacks,
    replace={"return states, from_rnn(final)": "return from_rnn(final), states"},
    why="The decoder would start from the states of all words.",
    question="Which of the two comes first in the signature, after the arrow?",
)

PackedEncoder.edit(
    "LastPlaceOfStates",
    "the state was taken at the last place of the rectangle",
    base=EncoderPacksAndUnpacks,
    replace={"from_rnn(final)": "states[:, -1]"},
    why="Only the longest sentence ends there. For all the others that place is padding, and the "
    "states at padding do not hold what a sentence means.",
    question="Besides the states, what does `self.rnn` return, and after which word is it taken?",
)

PackedEncoder.edit(
    "CellStateDropped",
    "the LSTM's c is lost",
    base=LastPaddedState,
    replace={"from_rnn(final)": "states[torch.arange(len(src)), src_lengths - 1]"},
    why="The decoder would start with half of the state.",
    question="How many tensors make up the state of an LSTM?",
)

PackedEncoder.edit(
    "LengthsKept",
    "the states came back together with the lengths",
    base=EncoderPacksAndUnpacks,
    replace={"states, _ = pad_packed": "states = pad_packed"},
    why="`pad_packed_sequence` returns two things: the rectangle, and the lengths again.",
    question="Which of the two results do you want to return?",
)

PackedEncoder.edit(
    "PackedTheOtherWay",
    "`pack_padded_sequence` took the words for sentences",
    base=EncoderPacksAndUnpacks,
    replace={"batch_first=True, enforce_sorted": "enforce_sorted"},
    why="By default it expects the places first and the batch second.",
    question="Which axis of your embeddings comes first, and which argument says so?",
    raises="exceeds dimension size|out of DATA bounds|invalid for input of size",
)

PackedEncoder.edit(
    "FirstOfPair",
    "an LSTM's h was taken for its whole state",
    base=EncoderPacksAndUnpacks,
    replace={"from_rnn(final)": "final[0]"},
    why="A GRU's last state is one tensor, and `[0]` drops its first axis. An LSTM's is a pair, "
    "and there `[0]` is h.",
    question="Which helper drops the axis for a tensor and for a pair alike?",
)

PackedEncoder.edit(
    "LengthsFromIds",
    "the lengths were found by the id 0, not by `src_lengths`",
    base=EncoderPacksAndUnpacks,
    replace={
        "words = self.embedding(src)": (
            "src_lengths = (src != 0).sum(dim=1).clamp(min=1)\n        words = self.embedding(src)"
        )
    },
    why="The encoder is not told which id is padding. It is given the lengths instead.",
    question="Which argument says how long the sentences are?",
)

PackedEncoder.edit(
    "LastWordUnread",
    "the last word of every sentence is not read",
    base=EncoderPacksAndUnpacks,
    replace={
        "words = self.embedding(src)": (
            "src_lengths = (src_lengths - 1).clamp(min=1)\n        words = self.embedding(src)"
        )
    },
    why="The last token is <eos> or, in Korean, the verb. A length of 3 means three real tokens.",
    question="How many words of a sentence of 3 does the RNN read?",
)

PackedEncoder.edit(
    "LayerAxisKept",
    "the last state still has the axis that counts layers",
    base=EncoderPacksAndUnpacks,
    replace={"return states, from_rnn(final)": "return states, final"},
    why="The rest of the course expects the batch as the first axis of a state.",
    question="Which helper of lesson 2 drops that axis, for a tensor and for a pair alike?",
)

PackedEncoder.edit(
    "SqueezedTooMuch",
    "a batch of one sentence lost its axis",
    base=EncoderPacksAndUnpacks,
    replace={
        "return states, from_rnn(final)": (
            "pair = isinstance(final, tuple)\n"
            "        final = tuple(x.squeeze() for x in final) if pair else final.squeeze()\n"
            "        return states, final"
        )
    },
    why="`squeeze()` drops every axis of length 1, that of the batch too.",
    question="Which one axis should go, and how do you tell `squeeze` so?",
)

PackedEncoder.edit(
    "IdsPacked",
    "the ids were packed, not their embeddings",
    base=EncoderPacksAndUnpacks,
    replace={"words = self.embedding(src)": "words = src"},
    why="The RNN reads vectors. The ids have to be looked up before they are packed.",
    question="Where does your code use `self.embedding`?",
    raises="dtype|input must have|out of bounds|expected",
)

PackedEncoder.edit(
    "StateHandedOn",
    "each sentence starts from the last state of the sentence before",
    base=LastPaddedState,
    replace={
        "states, final = self.rnn(words)": (
            "state, rows, finals = None, [], []\n"
            "        for row, length in zip(words, src_lengths.tolist(), strict=True):\n"
            "            states, state = self.rnn(row[None, :length], state)\n"
            "            rows.append(nn.functional.pad(states[0], (0, 0, 0, len(row) - length)))\n"
            "            finals.append(state)\n"
            "        states, pair = torch.stack(rows), isinstance(state, tuple)\n"
            "        parts = zip(*finals, strict=True) if pair else [finals]\n"
            "        final = tuple(torch.cat(part, dim=1) for part in parts)\n"
            "        final = final if pair else final[0]"
        )
    },
    why="What a sentence means would depend on the sentences above it in the batch.",
    question="Which state should the RNN start from at the first word of a sentence?",
)

PackedEncoder.edit(
    "StateAfterTheLastWord",
    "the state was taken one place after the last word",
    base=EncoderPacksAndUnpacks,
    replace={
        "return states, from_rnn(final)": (
            "place = src_lengths.clamp(max=src.shape[1] - 1)\n"
            "        h = states[torch.arange(len(src)), place]\n"
            "        return states, (h, from_rnn(final)[1]) if isinstance(final, tuple) else h"
        )
    },
    why="Places are counted from 0: the last word of a sentence of 3 is at place 2.",
    question="At which place does a sentence of one word end?",
)

PackedEncoder.edit(
    "FirstState",
    "the state was taken after the first word",
    base=EncoderPacksAndUnpacks,
    replace={
        "return states, from_rnn(final)": (
            "h = states[:, 0]\n"
            "        return states, (h, from_rnn(final)[1]) if isinstance(final, tuple) else h"
        )
    },
    why="It knows nothing of the other words.",
    question="After which word does a state know the whole sentence?",
)

PackedEncoder.edit(
    "PairsExchanged",
    "an LSTM's h and c are swapped",
    base=EncoderPacksAndUnpacks,
    replace={
        "return states, from_rnn(final)": (
            "final = from_rnn(final)\n"
            "        return states, final[::-1] if isinstance(final, tuple) else final"
        )
    },
    why="Both have the same shape, so nothing complains, and the decoder starts from nonsense.",
    question="In which order does PyTorch return the two parts of an LSTM's state?",
)

PackedEncoder.edit(
    "GruOnly",
    "an LSTM's state is a pair, and the code treats it as one tensor",
    base=EncoderPacksAndUnpacks,
    replace={"from_rnn(final)": "final.squeeze(0)"},
    why="The encoder works with a GRU and a plain RNN only.",
    question="Which helper of lesson 2 works for a tensor and for a pair alike?",
    raises="'tuple' object has no attribute",
)


PackedEncoder.edit(
    "Averaged",
    "the states of the words were averaged",
    base=EncoderPacksAndUnpacks,
    replace={"return states, from_rnn(final)": "return states, states.mean(dim=1)"},
    why="The last state is the RNN's own summary. An average is another model, and this one counts "
    "padding too.",
    question="What does the RNN return besides the state after every word?",
)

PackedEncoder.edit(
    "StatesAlone",
    "the last state did not come back",
    base=EncoderPacksAndUnpacks,
    replace={"return states, from_rnn(final)": "return states"},
    why="The decoder starts from it.",
    question="How many results does the signature name, after the arrow?",
)

PackedEncoder.edit(
    "StateAlone",
    "the states of the words did not come back",
    base=EncoderPacksAndUnpacks,
    replace={"return states, from_rnn(final)": "return from_rnn(final)"},
    why="Attention looks at the state of every word.",
    question="How many results does the signature name, after the arrow?",
)

PackedEncoder.edit(
    "StatesDetached",
    "no gradient goes back from the states of the words",
    base=EncoderPacksAndUnpacks,
    replace={"return states, from_rnn(final)": "return states.detach(), from_rnn(final)"},
    why="Attention could not teach the encoder what to write down at each word.",
    question="Which of your two results is cut off from the RNN that made it?",
)

PackedEncoder.edit(
    "FirstLengthForAll",
    "all sentences are read as far as the first one",
    base=EncoderPacksAndUnpacks,
    replace={
        "words = self.embedding(src)": (
            "src_lengths = src_lengths[:1].expand(len(src))\n        words = self.embedding(src)"
        )
    },
    why="Words are missed where a sentence is longer, and padding is read where it is shorter.",
    question="How many lengths are there, and which of them do you use?",
)

PackedEncoder.edit(
    "ReluOnVectors",
    "there is a relu between the embedding and the RNN",
    base=EncoderPacksAndUnpacks,
    replace={"self.embedding(src)": "self.embedding(src).relu()"},
    why="It cuts off all that is negative, half of what is known of a word.",
    question="Through which layers does a word pass in the text above the cell?",
)

PackedEncoder.edit(
    "StateKept",
    "it goes on from the state of its last call",
    base=EncoderPacksAndUnpacks,
    replace={
        "self.rnn(packed)": 'self.rnn(packed, vars(self).get("kept"))\n'
        '        self.__dict__["kept"] = final'
    },
    why="Every sentence would be read as if it went on with the one before.",
    question="What should the RNN know before the first word of a new sentence?",
    raises="hidden size|out of DATA bounds",
)

PackedEncoder.edit(
    "TurnedRound",
    "the rows were turned round before they were read: padding comes first",
    base=EncoderPacksAndUnpacks,
    replace={"self.embedding(src)": "self.embedding(src.flip(1))"},
    why="The RNN reads padding, and no longer reaches the first words of a short sentence.",
    question="Where do the words of a short sentence stand once its row is turned round?",
)


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
