"""The exercise `Decoder`: a language model that starts from the context."""

import torch
from torch import nn

from s2s_ref import encoder_decoder
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import sizes_of, state_of
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn, to_rnn


@exercise(
    reference=encoder_decoder.Decoder,
    title="The decoder",
    can="continue a target sentence from the context vector, word by word",
    longhand="DecoderLineByLine",
    steps={
        "vectors": ("the words' vectors", "Which layer turns ids into vectors?"),
        "outputs": ("the RNN's outputs", "What does the RNN read, and from which state on?"),
    },
    returns=("logits", "state"),
    edges=[{"batch": 1}, {"tgt_len": 1}, {"lstm": 1}, {"rnn": 1}],
    hints=[
        "The decoder is a language model with one difference: what does it know before "
        "it reads <bos>?",
        "`to_rnn(state.hidden)` is what the layer takes as its second argument. Its two results "
        "become logits [batch, tgt_len, vocab] and State(from_rnn(...)).",
        "Reading [1, 7] in one call gives two rows of logits: one after <bos>, one after word 7. "
        "Reading [1] and then, from the state that came back, [7] gives the same two rows.",
    ],
)
def Decoder(draw: Draw, batch=3, tgt_len=4, vocab=7, embed=2, hidden=5, lstm=0, rnn=0):
    """Draw sizes, one of the three layers, target tokens and a state to start from."""
    sizes = sizes_of(vocab, embed, hidden, lstm) | ({"cell": "rnn"} if rnn else {})
    state = state_of(draw, batch, hidden, lstm)
    return Built(sizes, {"tgt_input": draw.ids(0, vocab, batch, tgt_len), "state": state})


@Decoder.alternative
class DecoderLineByLine(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        vectors = self.embedding(tgt_input)
        outputs, last = self.rnn(vectors, to_rnn(state.hidden))
        logits = self.output(outputs)
        return logits, State(from_rnn(last))


Decoder.edit(
    "ContextIgnored",
    "the context is ignored",
    base=DecoderLineByLine,
    replace={"vectors, to_rnn(state.hidden)": "vectors"},
    why="The decoder writes fluent sentences that have nothing to do with the source.",
    question="What does the layer start from when you give it one argument only?",
)

Decoder.edit(
    "OldState",
    "the old state came back",
    base=DecoderLineByLine,
    replace={"State(from_rnn(last))": "state"},
    why="At the next call the decoder would have forgotten what it just read.",
    question="Which of the layer's two results is the state after the last token?",
)

Decoder.edit(
    "DecoderSoftmaxed",
    "these are probabilities already, not logits",
    base=DecoderLineByLine,
    replace={"return logits": "return logits.softmax(dim=-1)"},
    why="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    question="What do your numbers sum to along the last axis?",
)

Decoder.edit(
    "LastTokenOnly",
    "only the last token gets logits",
    base=DecoderLineByLine,
    replace={"self.output(outputs)": "self.output(outputs[:, -1])"},
    why="In training the decoder reads the whole target in one call and answers every token.",
    question="For three tokens read, how many rows of logits come back?",
)

Decoder.edit(
    "AffineLeftOut",
    "the affine layer is left out",
    base=DecoderLineByLine,
    replace={"self.output(outputs)": "outputs"},
    why="The RNN's outputs are its own notes. The affine layer turns them into a score per word.",
    question="Which layer has one output for every word of the vocabulary?",
)

Decoder.edit(
    "BareState",
    "the next state is a bare tensor, not a State",
    base=DecoderLineByLine,
    replace={"State(from_rnn(last))": "from_rnn(last)"},
    why="Every decoder of the course takes and returns a State, so that they are interchangeable.",
    question="What was the state wrapped in when it came in?",
)

Decoder.edit(
    "StateLayerAxis",
    "the state still has the axis that counts layers",
    base=DecoderLineByLine,
    replace={"from_rnn(last)": "last"},
    why="PyTorch returns the state as [1, batch, hidden]; the course keeps the batch first.",
    question="What does `from_rnn` do?",
)

Decoder.edit(
    "WithoutLayerAxis",
    "the state went into the layer without the axis that counts layers",
    base=DecoderLineByLine,
    replace={"to_rnn(state.hidden)": "state.hidden", "from_rnn(last)": "last"},
    why="PyTorch's layers take their state as [1, batch, hidden].",
    question="What does `to_rnn` do?",
    raises="should also be 3-D",
)

Decoder.edit(
    "StateIntoLayer",
    "the layer got a State in place of the RNN's own state",
    base=DecoderLineByLine,
    replace={"to_rnn(state.hidden)": "state"},
    why="A State is the course's envelope. PyTorch's layers want the tensor inside.",
    question="Which part of `state` does the layer want, and which helper adds the axis that "
    "counts layers?",
    raises="has no attribute 'dim'",
)

Decoder.edit(
    "StateIntoHelper",
    "the layer got a State in place of the RNN's own state",
    base=DecoderLineByLine,
    replace={"state.hidden": "state"},
    why="A State is the course's envelope. PyTorch's layers want the tensor inside.",
    question="Which part of `state` does the layer want, and which helper adds the axis that "
    "counts layers?",
    raises="has no attribute 'unsqueeze'|to_rnn",  # where shapes are checked, the helper refuses
)

Decoder.edit(
    "LogitsOfLastState",
    "the logits were made from the last state, not from the outputs",
    base=DecoderLineByLine,
    replace={"self.output(outputs)": "self.output(last)"},
    why="Every token that is read needs its own row of logits, and the last state is only one.",
    question="Which of the layer's two results is as long as the sentence?",
    raises="not tuple",
)

Decoder.edit(
    "DecoderChosen",
    "the words were chosen already: these are ids, not logits",
    base=DecoderLineByLine,
    replace={"return logits": "return logits.argmax(dim=-1)"},
    why="Training needs a number for every word, and lesson 5 chooses in other ways.",
    question="How many numbers should the decoder return for each token that it reads?",
)

Decoder.edit(
    "DecoderReluOnVectors",
    "there is a relu between the embedding and the layer",
    base=DecoderLineByLine,
    replace={"self.embedding(tgt_input)": "self.embedding(tgt_input).relu()"},
    why="It cuts off all that is negative, half of what is known of a word.",
    question="Through which layers does a word pass in the text above the cell?",
)

Decoder.edit(
    "LastTokenKeepsAxis",
    "only the last token gets logits",
    base=DecoderLineByLine,
    replace={"self.output(outputs)": "self.output(outputs[:, -1:])"},
    why="In training the decoder reads the whole target in one call and answers every token.",
    question="For three tokens read, how many rows of logits come back?",
)

Decoder.edit(
    "LastTokenRead",
    "only the last token is read",
    base=DecoderLineByLine,
    replace={"self.embedding(tgt_input)": "self.embedding(tgt_input[:, -1:])"},
    why="In training the decoder reads the whole target in one call and answers every token.",
    question="Which tokens go into the layer?",
)

Decoder.edit(
    "StateFromOutputs",
    "right for a GRU, but an LSTM lost its c",
    base=DecoderLineByLine,
    replace={"State(from_rnn(last))": "State(outputs[:, -1])"},
    why="For a GRU the last output is the last state. An LSTM also has c, its long memory.",
    question="Which of the layer's two results is the whole state?",
)

Decoder.edit(
    "DecoderPairExchanged",
    "right for a GRU, but h and c of an LSTM are exchanged",
    base=DecoderLineByLine,
    replace={
        "return logits, State(from_rnn(last))": "last = from_rnn(last)\n"
        "        return logits, State(last[::-1] if isinstance(last, tuple) else last)"
    },
    why="At the next call the decoder would take its long memory for what it last said.",
    question="In which order does PyTorch return the two parts of an LSTM's state?",
)

Decoder.edit(
    "LogitsAlone",
    "the next state did not come back",
    base=DecoderLineByLine,
    replace={"return logits, State(from_rnn(last))": "return logits"},
    why="Without it the decoder forgets at every call what it has read.",
    question="How many things does the signature say come back?",
)

Decoder.edit(
    "ResultsExchanged",
    "the two results are exchanged",
    base=DecoderLineByLine,
    replace={"return logits, State(from_rnn(last))": "return State(from_rnn(last)), logits"},
    why="Who calls the decoder takes its results by their order.",
    question="Which of the two does the signature name first?",
)

Decoder.edit(
    "DecoderLogSoftmaxed",
    "these are log-probabilities already, not logits",
    base=DecoderLineByLine,
    replace={"return logits": "return logits.log_softmax(dim=-1)"},
    why="The loss turns logits into log-probabilities itself.",
    question="Which of your layers gives numbers that may also be above 0?",
)

Decoder.edit(
    "DecoderBatchNotFirst",
    "the layer takes the words for the batch",
    base=DecoderLineByLine,
    replace={", batch_first=True": ""},
    why="It then reads down the batch, from one sentence into the next.",
    question="Which argument tells the layer that the first axis is the batch?",
    raises="hidden",
)

Decoder.edit(
    "DecoderAlwaysGRU",
    "the layer is a GRU, whatever `cell` says",
    base=DecoderLineByLine,
    replace={"RNN_LAYERS[cell]": "nn.GRU"},
    why="An LSTM has other weights, and a state of two parts.",
    question="Which object holds the three layers by their names?",
)


Decoder.edit(
    "DecoderGruOnly",
    "right for a GRU, but the state of an LSTM is a pair",
    base=DecoderLineByLine,
    replace={"to_rnn(state.hidden)": "state.hidden.unsqueeze(0)"},
    why="It works for a GRU and a plain RNN. An LSTM's state is (h, c).",
    question="Which helper adds the axis that counts layers, for every kind of layer?",
    raises="unsqueeze",
)

Decoder.edit(
    "StateSqueezed",
    "a batch of one sentence loses its batch axis",
    base=DecoderLineByLine,
    replace={
        "        return logits": "        if isinstance(last, tuple):\n"
        "            last = last[0].squeeze(), last[1].squeeze()\n"
        "        else:\n"
        "            last = last.squeeze()\n"
        "        return logits",
        "from_rnn(last)": "last",
    },
    why="`squeeze()` without an argument drops every axis of length 1, the batch's too.",
    question="Which axis do you mean to drop, and how do you name it?",
)

Decoder.edit(
    "DecoderVectorsDetached",
    "no gradient goes back to the words' vectors",
    base=DecoderLineByLine,
    replace={"self.embedding(tgt_input)": "self.embedding(tgt_input).detach()"},
    why="The decoder could not learn what its words mean: their vectors stay as they were drawn.",
    question="Which tensor that enters the layer is cut off from the weights that made it?",
)


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


Decoder.edit(
    "OwnAnswers",
    "it reads its own answers, not the tokens that it was given",
    base=DecoderTokenByToken,
    replace={
        "        hidden, logits =": "        token = tgt_input[:, :1]\n        hidden, logits =",
        "self.embedding(tgt_input[:, t : t + 1])": "self.embedding(token)",
        "logits.append(self.output(output[:, 0]))": "logits.append(self.output(output[:, 0]))\n"
        "            token = logits[-1].argmax(dim=-1, keepdim=True)",
    },
    why="In training the decoder reads the right words, even where it would have said others.",
    question="Which token does the second step read?",
)

Decoder.edit(
    "FirstStateAlways",
    "every token is read from the first state",
    base=DecoderTokenByToken,
    replace={
        "output, hidden = self.rnn": "output, last = self.rnn",
        "from_rnn(hidden)": "from_rnn(last)",
    },
    why="The decoder forgets all but its last word.",
    question="Which state does the second step start from?",
)

Decoder.edit(
    "FirstTokenRead",
    "only the first token is read",
    base=DecoderLineByLine,
    replace={"self.embedding(tgt_input)": "self.embedding(tgt_input[:, :1])"},
    why="In training the decoder reads the whole target in one call and answers every token.",
    question="Which tokens go into the layer?",
)

Decoder.edit(
    "LastTokenNotRead",
    "the last token is never read",
    base=DecoderLineByLine,
    replace={"self.embedding(tgt_input)": "self.embedding(tgt_input[:, :-1])"},
    why="The target was cut before it came here: every token of `tgt_input` is to be read.",
    question="For four tokens read, how many rows of logits come back?",
    raises="non-zero|non-empty|[Ee]xpected|length|size",
)

Decoder.edit(
    "ContextDetached",
    "no gradient goes back to the context",
    base=DecoderLineByLine,
    replace={
        "to_rnn(state.hidden)": "to_rnn(cut)",
        "vectors = self": "pair = isinstance(state.hidden, tuple)\n"
        "        parts = state.hidden if pair else (state.hidden,)\n"
        "        cut = tuple(part.detach() for part in parts)\n"
        "        cut = cut if pair else cut[0]\n"
        "        vectors = self",
    },
    why="Only the decoder would learn: the encoder would stay as it was made.",
    question="Which call cuts the state off from the steps that made it?",
)
