"""The exercise `Encoder`: read a sentence into one vector."""

from torch import nn

from s2s_ref import encoder_decoder
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import sizes_of
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn, to_rnn  # noqa: F401 - edits name two of them


@exercise(
    reference=encoder_decoder.Encoder,
    title="The encoder",
    longhand="EncoderLineByLine",
    steps={
        "vectors": ("the words' vectors", "Which layer turns ids into vectors?"),
        "outputs": ("the RNN's outputs", "What does the RNN read?"),
    },
    returns="context",
    edges=[{"batch": 1}, {"src_len": 1}, {"lstm": 1}, {"lstm": 1, "batch": 1}, {"rnn": 1}],
    hints=[
        "The encoder reads the whole sentence and keeps one thing. Which state has seen every "
        "word?",
        "The layer returns its outputs [batch, src_len, hidden] and its last state "
        "[1, batch, hidden]. `from_rnn` drops the axis of length 1, for a GRU and for an LSTM.",
        "For 2 sentences and hidden size 5 the context of a GRU is [2, 5], however long the "
        "sentences are. That of an LSTM is a pair (h, c) of such tensors.",
    ],
)
def Encoder(draw: Draw, batch=3, src_len=4, vocab=7, embed=2, hidden=5, lstm=0, rnn=0):
    """Draw sizes, one of the three layers, and sentences."""
    sizes = sizes_of(vocab, embed, hidden, lstm) | ({"cell": "rnn"} if rnn else {})
    return Built(sizes, {"src": draw.ids(0, vocab, batch, src_len)})


@Encoder.alternative
class EncoderLineByLine(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src):
        vectors = self.embedding(src)
        outputs, last = self.rnn(vectors)
        return from_rnn(last)


Encoder.edit(
    "AllOutputs",
    "the outputs of all steps came back, not the last state",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "outputs"},
    why="The decoder can start from one vector only. The outputs are for lesson 7.",
    question="Which of the two results of the layer is as long as the sentence?",
)

Encoder.edit(
    "LayerAxisKept",
    "the axis that counts layers is still there",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "last"},
    why="PyTorch returns the state as [1, batch, hidden]; the course keeps the batch first.",
    question="What does `from_rnn` do?",
)

Encoder.edit(
    "CellStateDropped",
    "the LSTM's c is lost",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "(last[0] if isinstance(last, tuple) else last).squeeze(0)"},
    why="For a GRU the last output is the last state. An LSTM also has c, its long memory, and the "
    "decoder would start with half of the state.",
    question="How many tensors make up the state of an LSTM?",
)

Encoder.edit(
    "FirstState",
    "this is the state after the first word",
    base=EncoderLineByLine,
    replace={"self.embedding(src)": "self.embedding(src[:, :1])"},
    why="The context would know only one word of the sentence.",
    question="Which step has read everything?",
)

Encoder.edit(
    "Averaged",
    "the outputs were averaged",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "outputs.mean(dim=1)"},
    why="The encoder's last state is its own summary; an average is another model.",
    question="What does the layer return besides its outputs?",
)

Encoder.edit(
    "SqueezedAll",
    "a batch of one sentence loses its batch axis",
    base=EncoderLineByLine,
    replace={
        "        return from_rnn(last)": "        if isinstance(last, tuple):\n"
        "            return last[0].squeeze(), last[1].squeeze()\n"
        "        return last.squeeze()"
    },
    why="`squeeze()` without an argument drops every axis of length 1, the batch's too.",
    question="Which axis do you mean to drop, and how do you name it?",
)

Encoder.edit(
    "OutputsThroughHelper",
    "the outputs of all steps came back, not the last state",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "from_rnn(outputs)"},
    why="The decoder can start from one vector only. The outputs are for lesson 7.",
    question="Which of the two results of the layer is as long as the sentence?",
)

Encoder.edit(
    "PairThroughHelper",
    "the layer's two results were not taken apart",
    base=EncoderLineByLine,
    replace={"outputs, last = ": "last = "},
    why="A layer returns its outputs and its last state. The decoder wants the state alone.",
    question="How do you give each of the two results a name, and which one do you need?",
    raises="has no attribute 'squeeze'|from_rnn",  # where shapes are checked, the helper refuses
)

Encoder.edit(
    "PairReturned",
    "the layer's two results were not taken apart",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "outputs, last"},
    why="A layer returns its outputs and its last state. The decoder wants the state alone.",
    question="How do you give each of the two results a name, and which one do you need?",
)

Encoder.edit(
    "SqueezedAsTensor",
    "right for a GRU, but the state of an LSTM is a pair",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "last.squeeze(0)"},
    why="An LSTM has two tensors, h and c. The pair itself has no axis to drop or to index.",
    question="Which helper of the course handles both kinds of state?",
    raises="has no attribute 'squeeze'",
)

Encoder.edit(
    "FirstOfState",
    "right for a GRU, but the state of an LSTM is a pair",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "last[0]"},
    why="An LSTM has two tensors, h and c. The pair itself has no axis to drop or to index.",
    question="Which helper of the course handles both kinds of state?",
)

Encoder.edit(
    "WithOutputs",
    "the outputs of all steps came back too",
    base=EncoderLineByLine,
    replace={"return from_rnn(last)": "return outputs, from_rnn(last)"},
    why="The decoder takes the context alone. The outputs are for lesson 7.",
    question="How many things does the signature say come back?",
)

Encoder.edit(
    "ReadsBackwards",
    "the sentence is read backwards",
    base=EncoderLineByLine,
    replace={"self.embedding(src)": "self.embedding(src.flip(1))"},
    why="Sutskever et al. did so, and lesson 6 tries it. Here the last word is read last.",
    question="Which word does the layer read first?",
)

Encoder.edit(
    "ContextDetached",
    "no gradient goes back from the context to the encoder",
    base=EncoderLineByLine,
    replace={
        "return from_rnn(last)": "last = from_rnn(last)\n"
        "        if isinstance(last, tuple):\n"
        "            return last[0].detach(), last[1].detach()\n"
        "        return last.detach()"
    },
    why="Only the decoder would learn: the encoder would stay as it was made.",
    question="Which call cuts the context off from the steps that made it?",
)

Encoder.edit(
    "PairExchanged",
    "right for a GRU, but h and c of an LSTM are exchanged",
    base=EncoderLineByLine,
    replace={
        "return from_rnn(last)": "last = from_rnn(last)\n"
        "        return last[::-1] if isinstance(last, tuple) else last"
    },
    why="The decoder would take the long memory for what the encoder last said.",
    question="In which order does PyTorch return the two parts of an LSTM's state?",
)

Encoder.edit(
    "BatchNotFirst",
    "the layer takes the words for the batch",
    base=EncoderLineByLine,
    replace={", batch_first=True": ""},
    why="It then reads down the batch, from one sentence into the next.",
    question="Which argument tells the layer that the first axis is the batch?",
)

Encoder.edit(
    "AlwaysGRU",
    "the layer is a GRU, whatever `cell` says",
    base=EncoderLineByLine,
    replace={"RNN_LAYERS[cell]": "nn.GRU"},
    why="An LSTM has other weights, and a state of two parts.",
    question="Which object holds the three layers by their names?",
)

Encoder.edit(
    "ReluOnVectors",
    "there is a relu between the embedding and the layer",
    base=EncoderLineByLine,
    replace={"self.embedding(src)": "self.embedding(src).relu()"},
    why="It cuts off all that is negative, half of what is known of a word.",
    question="Through which layers does a word pass in the text above the cell?",
)

Encoder.edit(
    "LargestOutputs",
    "the largest output of all steps was taken",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "outputs.amax(dim=1)"},
    why="The encoder's last state is its own summary; a maximum is another model.",
    question="What does the layer return besides its outputs?",
)

Encoder.edit(
    "WithoutLastWord",
    "the last word is never read",
    base=EncoderLineByLine,
    replace={"self.embedding(src)": "self.embedding(src[:, :-1])"},
    why="In Korean that is the verb.",
    question="Which words does the layer get?",
    raises="non-zero|non-empty|[Ee]xpected|length|size",
)

Encoder.edit(
    "StateKept",
    "it goes on from the state of its last call",
    base=EncoderLineByLine,
    replace={
        "outputs, last = self.rnn(vectors)": "outputs, last = self.rnn(vectors, vars(self)."
        'get("kept"))\n        self.__dict__["kept"] = last'
    },
    why="Every sentence would be read as if it went on with the one before.",
    question="What should the layer know before the first word of a new sentence?",
    raises="hidden size|hidden_size|hidden\\[0\\] size",
)


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


Encoder.edit(
    "EncoderState",
    "a State came back, not the context",
    base=EncoderLineByLine,
    replace={"return from_rnn(last)": "return State(from_rnn(last))"},
    why="The decoder's caller makes a State of the context. Made twice, it cannot be opened.",
    question="What does the signature say comes back, after the arrow?",
)

Encoder.edit(
    "SqueezedAsTensorAll",
    "right for a GRU, but the state of an LSTM is a pair",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "last.squeeze()"},
    why="An LSTM has two tensors, h and c. The pair itself has no axis to drop or to index.",
    question="Which helper of the course handles both kinds of state?",
    raises="has no attribute 'squeeze'",
)

Encoder.edit(
    "FirstOutput",
    "this is the state after the first word",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "outputs[:, 0]"},
    why="The context would know only one word of the sentence.",
    question="Which step has read everything?",
)

Encoder.edit(
    "StateNotHandedOn",
    "every word is read as if it were the first",
    base=EncoderWordByWord,
    replace={"t : t + 1]), state)": "t : t + 1]))"},
    why="The context would know only the last word of the sentence.",
    question="What does the second call of the layer know of the first word?",
)

Encoder.edit(
    "VectorsSummed",
    "the words' vectors were added up before the layer reads them",
    base=EncoderLineByLine,
    replace={"self.embedding(src)": "self.embedding(src).sum(dim=1, keepdim=True)"},
    why="A sum has no order: who did what to whom would be lost.",
    question="How many steps does the layer take for a sentence of four words?",
)

Encoder.edit(
    "VectorsAveraged",
    "the words' vectors were averaged before the layer reads them",
    base=EncoderLineByLine,
    replace={"self.embedding(src)": "self.embedding(src).mean(dim=1, keepdim=True)"},
    why="A mean has no order: who did what to whom would be lost.",
    question="How many steps does the layer take for a sentence of four words?",
)

Encoder.edit(
    "LayerAxisAdded",
    "an axis was added where one should be dropped",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "to_rnn(last)"},
    why="PyTorch returns the state as [1, batch, hidden]; the course keeps the batch first.",
    question="Which of the two helpers is for the way out of a layer?",
)

Encoder.edit(
    "WithoutFirstWord",
    "the first word is never read",
    base=EncoderLineByLine,
    replace={"self.embedding(src)": "self.embedding(src[:, 1:])"},
    why="In Korean that is often the subject. The source has no <bos> to skip.",
    question="Which words does the layer get?",
    raises="non-zero|non-empty|[Ee]xpected|length|size",
)

Encoder.edit(
    "OutputsSummed",
    "the outputs were summed up",
    base=EncoderLineByLine,
    replace={"from_rnn(last)": "outputs.sum(dim=1)"},
    why="The encoder's last state is its own summary; a sum is another model.",
    question="What does the layer return besides its outputs?",
)
