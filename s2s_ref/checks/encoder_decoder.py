"""Lesson 2: the exercises of the encoder and the decoder."""

import torch
from torch import Tensor, nn

from s2s_ref import encoder_decoder
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exercise import Built, exercise, prediction
from s2s_ref.checks.rnn import below_one, is_share, one_share
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn, to_rnn
from s2s_ref.student.describe import Model

# ------------------------------------------------------------------ shift_target


@exercise(
    reference=encoder_decoder.shift_target,
    lesson=2,
    title="One step apart",
    returns=("tgt_input", "tgt_output"),
    edges=[{"batch": 1}, {"full_len": 2}],
    hints=[
        "At each step the decoder reads a word and has to say the next one. Which word does it "
        "read first, and which does it say last?",
        "A target of full_len ids gives two tensors of full_len - 1 ids each.",
        "The target [1, 7, 8, 2], with <bos> = 1 and <eos> = 2: it reads [1, 7, 8] and says "
        "[7, 8, 2].",
    ],
)
def shift_target(draw: Draw, batch=2, full_len=6, vocab=9):
    """Draw targets that begin with <bos> and end with <eos>."""
    body = draw.ids(4, vocab, batch, full_len - 2)
    bos, eos = torch.full((batch, 1), 1), torch.full((batch, 1), 2)
    return {"tgt": torch.cat([bos, body, eos], dim=1)}


@shift_target.mistake(
    "the two are not shifted against each other",
    so="The decoder would be asked to say the word that it has just read. It learns to copy.",
    ask="When the decoder has read <bos>, which word should it say?",
)
def not_shifted(tgt):
    return tgt[:, 1:], tgt[:, 1:]


@shift_target.mistake(
    "the two are not shifted against each other",
    so="The decoder would be asked to say the word that it has just read. It learns to copy.",
    ask="When the decoder has read <bos>, which word should it say?",
)
def both_without_eos(tgt):
    return tgt[:, :-1], tgt[:, :-1]


@shift_target.mistake(
    "both are the whole target",
    so="The decoder would be asked to say the word that it has just read, and <bos> at first.",
    ask="How long is each of the two, compared with the target?",
)
def both_whole(tgt):
    return tgt, tgt


@shift_target.mistake(
    "the shift goes the wrong way: input and output are exchanged",
    so="The decoder would read the answer and be asked for the word before it.",
    ask="Which of the two begins with <bos>?",
)
def exchanged(tgt):
    return tgt[:, 1:], tgt[:, :-1]


@shift_target.mistake(
    "<eos> is lost",
    so="A decoder that is never asked for <eos> does not learn to stop.",
    ask="Which id should the output end with?",
)
def eos_lost(tgt):
    return tgt[:, :-2], tgt[:, 1:-1]


@shift_target.mistake(
    "<bos> is lost",
    so="The first word is never asked for, so the decoder cannot begin a sentence.",
    ask="Which id should the input begin with?",
)
def bos_lost(tgt):
    return tgt[:, 1:-1], tgt[:, 2:]


@shift_target.mistake(
    "the sentences were shifted, not the words",
    so="The first axis is the batch; time runs along the second.",
    ask="Which axis do you slice with `tgt[:-1]`?",
)
def wrong_axis(tgt):
    return tgt[:-1], tgt[1:]


@shift_target.mistake(
    "the words were rolled round: <bos> came back at the end",
    so="The decoder would be asked to say <bos> after <eos>.",
    ask="What does `roll` do with the id that falls off?",
)
def rolled(tgt):
    return tgt, tgt.roll(-1, dims=1)


@shift_target.mistake(
    "the output is the whole target: <bos> is still in front",
    so="Read and asked for are then the same word again, and the two are not equally long.",
    ask="Which id should the output begin with, and how long should it be?",
)
def output_not_cut(tgt):
    return tgt[:, :-1], tgt


@shift_target.mistake(
    "the input is the whole target: <eos> is still at its end",
    so="After <eos> there is nothing to say, so that step has no answer.",
    ask="Which id should the input end with, and how long should it be?",
)
def input_not_cut(tgt):
    return tgt, tgt[:, 1:]


@shift_target.alternative
def shift_with_narrow(tgt):
    length = tgt.shape[1] - 1
    return [tgt.narrow(1, 0, length), tgt.narrow(1, 1, length)]


# ------------------------------------------------------------------ Encoder


def sized(draw: Draw, vocab: int, embed: int, hidden: int, lstm: int) -> dict[str, object]:
    """Collect the constructor's arguments of an encoder or a decoder."""
    cell = "lstm" if lstm else "gru"
    return {"vocab_size": vocab, "embed_size": embed, "hidden_size": hidden, "cell": cell}


@exercise(
    reference=encoder_decoder.Encoder,
    lesson=2,
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
    so="The decoder can start from one vector only. The outputs are for lesson 7.",
    ask="Which of the two results of the layer is as long as the sentence?",
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
    so="PyTorch returns the state as [1, batch, hidden]; the course keeps the batch first.",
    ask="What does `from_rnn` do?",
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
    so="For a GRU the last output is the last state. An LSTM also has c, its long memory, and the "
    "decoder would start with half of the state.",
    ask="How many tensors is the state of an LSTM?",
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
    so="The context would know one word of the whole sentence.",
    ask="Which step has read everything?",
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
    so="The encoder's last state is its own summary; an average is another model.",
    ask="What does the layer return besides its outputs?",
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
    so="`squeeze()` without an argument drops every axis of length 1, the batch's too.",
    ask="Which axis do you mean to drop, and how do you name it?",
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
    so="The decoder can start from one vector only. The outputs are for lesson 7.",
    ask="Which of the two results of the layer is as long as the sentence?",
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
    so="A layer returns its outputs and its last state. The decoder wants the state alone.",
    ask="How do you give the two results a name each, and which one goes on?",
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
    so="A layer returns its outputs and its last state. The decoder wants the state alone.",
    ask="How do you give the two results a name each, and which one goes on?",
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
    so="An LSTM has two tensors, h and c. A pair has no axes of its own to drop or to look into.",
    ask="Which helper of the course handles both kinds of state?",
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
    so="An LSTM has two tensors, h and c. A pair has no axes of its own to drop or to look into.",
    ask="Which helper of the course handles both kinds of state?",
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


# ------------------------------------------------------------------ Decoder


@exercise(
    reference=encoder_decoder.Decoder,
    lesson=2,
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
    so="The decoder writes fluent sentences that have nothing to do with the source.",
    ask="What does the layer start from when you give it one argument only?",
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
    so="At the next call the decoder would have forgotten what it just read.",
    ask="Which of the layer's two results is the state after the last token?",
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
    so="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    ask="What do your numbers sum to along the last axis?",
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
    so="In training the decoder reads the whole target in one call and answers every token.",
    ask="For three tokens read, how many rows of logits come back?",
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
    so="The RNN's outputs are its own notes. The affine layer turns them into a score a word.",
    ask="Which layer has one output for every word of the vocabulary?",
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
    so="Every decoder of the course takes and returns a State, so that they can be exchanged.",
    ask="In what is the state wrapped that came in?",
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
    so="PyTorch returns the state as [1, batch, hidden]; the course keeps the batch first.",
    ask="What does `from_rnn` do?",
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
    so="PyTorch's layers take their state as [1, batch, hidden].",
    ask="What does `to_rnn` do?",
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
    so="A State is the course's envelope. PyTorch's layers want the tensor inside.",
    ask="What of `state` does the layer want, and which helper adds the axis that counts layers?",
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
    so="A State is the course's envelope. PyTorch's layers want the tensor inside.",
    ask="What of `state` does the layer want, and which helper adds the axis that counts layers?",
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
    so="Every token that is read asks for a row of logits, and the last state is one row.",
    ask="Which of the layer's two results is as long as the sentence?",
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
    so="Training needs a number for every word, and lesson 5 chooses in other ways.",
    ask="How many numbers does the decoder owe for each token that it reads?",
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


# ------------------------------------------------------------------ translate_sentence


def table(draw: Draw, name: str, states: int, vocab: int) -> Model:
    """Describe a toy model with drawn tables, in which <eos> comes now and then."""
    weights: dict[str, Tensor] = {"transitions": draw.ids(0, states, states, vocab)}
    if name == "TableDecoder":
        weights["logits"] = draw.normal(states, vocab)
        weights["logits"][:, 2] += 0.6
    sizes = {"states": states, "vocab_size": vocab}
    return Model(f"s2s_ref.student.toys.{name}", sizes, weights)


@exercise(
    reference=encoder_decoder.translate_sentence,
    lesson=2,
    title="Six steps to a translation",
    returns="tokens",
    edges=[{"src_len": 1}, {"max_len": 1}],
    hints=[
        "The decoder reads its own last word and says the next one. What has it already read at "
        "each step, and which two things end the sentence?",
        "The context [1, hidden] goes into a State, and that into the first call. One token a "
        "call: an input of shape [1, 1]. The logits are [1, 1, vocab]. The state that comes back "
        "goes into the next call, and it already knows all earlier words.",
        "With max_len = 3: read <bos>, say 7; read 7, say 9; read 9, say <eos>. Returned: [7, 9].",
    ],
)
def translate_sentence(draw: Draw, src_len=3, vocab=7, states=11, max_len=8):
    """Draw an encoder and a decoder, as tables, and a sentence."""
    return {
        "encoder": table(draw, "TableEncoder", states, vocab),
        "decoder": table(draw, "TableDecoder", states, vocab),
        "src": draw.ids(4, vocab, 1, src_len),
        "bos_id": 1,
        "eos_id": 2,
        "max_len": max_len,
    }


@translate_sentence.mistake(
    "the decoder reads <bos> at every step",
    so="It never learns which word it has just said.",
    ask="What does the decoder read in the second step?",
)
def same_bos(encoder, decoder, src, bos_id, eos_id, max_len):
    state, tokens = State(encoder(src)), []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[bos_id]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "the state is reset to the context at every step",
    so="The decoder forgets all but its last word, and tends to go round in circles.",
    ask="Which state does the second call start from?",
)
def state_reset(encoder, decoder, src, bos_id, eos_id, max_len):
    context, token, tokens = State(encoder(src)), bos_id, []
    for _ in range(max_len):
        logits, _ = decoder(torch.tensor([[token]]), context)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "the words so far are read again from a state that has read them",
    so="After three words the decoder has read the first one three times.",
    ask="What does the state that came back already know?",
)
def prefix_reread(encoder, decoder, src, bos_id, eos_id, max_len):
    state, tokens = State(encoder(src)), [bos_id]
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([tokens]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens[1:]


@translate_sentence.mistake(
    "it goes on past <eos>",
    so="The words after the end are noise: the decoder was never trained on them.",
    ask="What should the loop do when the token is <eos>?",
)
def past_eos(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), bos_id, []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        if token != eos_id:
            tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "<eos> is in the result",
    so="It ends the sentence; it is not a word of it.",
    ask="Do you look for <eos> before or after the token is kept?",
)
def eos_kept(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), bos_id, []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        tokens.append(token)
        if token == eos_id:
            break
    return tokens


@translate_sentence.mistake(
    "<bos> is in the result",
    so="It starts the decoder; nobody said it.",
    ask="What is in your list before the first word is predicted?",
)
def bos_kept(encoder, decoder, src, bos_id, eos_id, max_len):
    state, tokens = State(encoder(src)), [bos_id]
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([tokens[-1:]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "<bos> and <eos> are in the result",
    so="They start and end the sentence; they are not words of it.",
    ask="Which of the tokens in your list did the decoder say as a word?",
)
def both_kept(encoder, decoder, src, bos_id, eos_id, max_len):
    state, tokens = State(encoder(src)), [bos_id]
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([tokens[-1:]]), state)
        tokens.append(logits[0, -1].argmax().item())
        if tokens[-1] == eos_id:
            break
    return tokens


@translate_sentence.mistake(
    "a sentence that reaches max_len gives None",
    so="Such a sentence has no <eos>, and all that was written is lost.",
    ask="What comes back when the loop ends and has met no <eos>?",
)
def returns_at_eos_only(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), bos_id, []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            return tokens
        tokens.append(token)


@translate_sentence.mistake(
    "nothing but <eos> ends the sentence",
    so="A decoder that never says <eos> would write for ever.",
    ask="What is `max_len` for?",
    raises="called more than",
)
def no_limit(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), bos_id, []
    while True:
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            return tokens
        tokens.append(token)


@translate_sentence.mistake(
    "the decoder starts with <eos> instead of <bos>",
    so="In training every target began with <bos>, so that is the only beginning it knows.",
    ask="Which id did the decoder read first in training?",
)
def starts_with_eos(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), eos_id, []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "a sentence of max_len tokens is cut one token short",
    so="<bos> was counted among the tokens, and it is not one of the translation's.",
    ask="What is in your list before the first word is predicted?",
)
def limit_counts_bos(encoder, decoder, src, bos_id, eos_id, max_len):
    state, tokens = State(encoder(src)), [bos_id]
    while len(tokens) < max_len:
        logits, state = decoder(torch.tensor([tokens[-1:]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens[1:]


@translate_sentence.mistake(
    "the tokens are tensors, not numbers",
    so="A list of ids is looked up word by word, and a tensor is no key of a vocabulary.",
    ask="How does a tensor with one number in it become a plain number?",
)
def tokens_as_tensors(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), torch.tensor([[bos_id]]), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = logits.argmax(dim=-1)
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "the tokens are tensors, not numbers",
    so="A list of ids is looked up word by word, and a tensor is no key of a vocabulary.",
    ask="How does a tensor with one number in it become a plain number?",
)
def tokens_as_vectors(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = State(encoder(src)), torch.tensor([bos_id]), []
    for _ in range(max_len):
        logits, state = decoder(token.view(1, 1), state)
        token = logits[:, -1].argmax(dim=-1)
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.mistake(
    "the decoder got the bare context, not a State",
    so="Every decoder of the course takes a State, so that they can be exchanged.",
    ask="In what must the context be wrapped before the first call of the decoder?",
    raises="has no attribute 'hidden'",
)
def context_not_wrapped(encoder, decoder, src, bos_id, eos_id, max_len):
    state, token, tokens = encoder(src), bos_id, []
    for _ in range(max_len):
        logits, state = decoder(torch.tensor([[token]]), state)
        token = logits[0, -1].argmax().item()
        if token == eos_id:
            break
        tokens.append(token)
    return tokens


@translate_sentence.alternative
def translate_from_the_start(encoder, decoder, src, bos_id, eos_id, max_len):
    context, tokens = State(encoder(src)), [bos_id]
    while len(tokens) <= max_len:
        logits, _ = decoder(torch.tensor([tokens]), context)
        token = int(logits[0, -1].softmax(dim=-1).argmax())
        if token == eos_id:
            break
        tokens.append(token)
    return tokens[1:]


# ------------------------------------------------------------------ exact_match


@exercise(
    reference=encoder_decoder.exact_match,
    lesson=2,
    title="Exact match",
    returns="share",
    edges=[{"sentences": 1}],
    hints=[
        "A sentence counts when it equals its reference from the first word to the last. What "
        "share of the sentences counts?",
        "Two lists of lists come in, equally long; one number from 0 to 1 comes out.",
        "[[4, 5], [6]] against [[4, 5], [6, 7]]: the first is right, the second is too short: 0.5.",
    ],
)
def exact_match(draw: Draw, sentences=9, length=3, vocab=6):
    """Draw references, and hypotheses that are right, too short, too long, reordered or wrong."""
    references: list[list[int]] = []
    hypotheses: list[list[int]] = []
    for _ in range(sentences):
        reference = [4, 5, *draw.ids(4, 4 + vocab, length).tolist()]
        other = [*reference[:-1], 3]
        options = [reference, reference, reference[:-1], [*reference, 4], reference[::-1], other]
        options += references[-1:]  # the reference of the sentence before
        references.append(reference)
        hypotheses.append(options[draw.integer(0, len(options))])
    return {"hypotheses": hypotheses, "references": references}


@exact_match.mistake(
    "words were counted, not sentences",
    so="One wrong verb spoils a translation; a share of words hides that.",
    ask="When does a sentence count as right?",
)
def share_of_words(hypotheses, references):
    right = total = 0
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        right += sum(h == r for h, r in zip(hypothesis, reference, strict=False))
        total += len(reference)
    return right / total


@exact_match.mistake(
    "the comparison ends with the shorter sentence",
    so="'I' would count as a right translation of 'I am a student'.",
    ask="What does `zip` do when one list is longer?",
)
def shorter_counts(hypotheses, references):
    pairs = zip(hypotheses, references, strict=True)
    right = [all(h == r for h, r in zip(hyp, ref, strict=False)) for hyp, ref in pairs]
    return sum(right) / len(references)


@exact_match.mistake(
    "the order of the words is ignored",
    so="'The dog chased the cat' and 'the cat chased the dog' have the same words.",
    ask="What is lost when you sort, or make a set?",
)
def order_ignored(hypotheses, references):
    pairs = zip(hypotheses, references, strict=True)
    return sum(sorted(hyp) == sorted(ref) for hyp, ref in pairs) / len(references)


@exact_match.mistake(
    "this is a count, not a share",
    so="A count cannot be compared between test sets of different sizes.",
    ask="By what must the number of right sentences be divided?",
)
def counted(hypotheses, references):
    return sum(hyp == ref for hyp, ref in zip(hypotheses, references, strict=True))


@exact_match.mistake(
    "the share is in percent",
    so="The course's shares run from 0 to 1; the figures turn them into percent.",
    ask="What is the largest value that a share can have?",
)
def percent(hypotheses, references):
    right = sum(hyp == ref for hyp, ref in zip(hypotheses, references, strict=True))
    return 100 * right / len(references)


@exact_match.mistake(
    "a hypothesis counts when it equals any reference",
    so="Each hypothesis must be compared with the reference of its own source.",
    ask="Which reference belongs to the third hypothesis?",
)
def any_reference(hypotheses, references):
    return sum(hyp in references for hyp in hypotheses) / len(references)


@exact_match.alternative
def exact_match_with_loop(hypotheses, references):
    right = 0
    for i in range(len(references)):
        if hypotheses[i] == references[i]:
            right += 1
    return right / len(references)


# ------------------------------------------------------------------ predictions


@prediction(lesson=2, title="Prediction: pairs never seen in training", example=[60, 30])
def held_out(answer):
    """Say what is wrong with two percentages, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return "expected two numbers in a list"
    if not all(is_share(value) for value in answer):
        return "expected percentages, from 0 to 100"
    return below_one(*answer)


@held_out.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def no_numbers():
    return None


@held_out.mistake("expected two numbers in a list", so="One for words, one for characters: [a, b].")
def one_number():
    return 60


@held_out.mistake("expected percentages, from 0 to 100", so="Write 50 for one half.")
def below_zero():
    return [-10, 30]


@held_out.mistake(
    "expected a percentage: 0.6 %, or 60?", so="One half is 50. For less than one in 100, write 0."
)
def as_shares():
    return [0.6, 0.3]


@prediction(lesson=2, title="Prediction: what a zero context says", example="fluent")
def zero_context(answer):
    """Say what is wrong with the choice, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if answer not in ("silence", "noise", "fluent"):
        return 'expected one of "silence", "noise", "fluent"'
    return None


@zero_context.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def unanswered():
    return None


@zero_context.mistake(
    'expected one of "silence", "noise", "fluent"', so="One of the three words, in quotes."
)
def other_word():
    return "fluent English"


@prediction(lesson=2, title="Prediction: what the context is sorted by", example="verb")
def sorted_by(answer):
    """Say what is wrong with the choice, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if answer not in ("first word", "verb", "length"):
        return 'expected one of "first word", "verb", "length"'
    return None


@sorted_by.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def nothing_chosen():
    return None


@sorted_by.mistake(
    'expected one of "first word", "verb", "length"', so="One of the three, in quotes."
)
def an_example():
    return "샀어요"


@prediction(lesson=2, title="Prediction: which words weigh least", example="middle")
def lightest_words(answer):
    """Say what is wrong with the choice, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if answer not in ("first", "middle", "last", "all alike"):
        return 'expected one of "first", "middle", "last", "all alike"'
    return None


@lightest_words.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def no_answer():
    return None


@lightest_words.mistake(
    'expected one of "first", "middle", "last", "all alike"', so="One of the four, in quotes."
)
def a_number():
    return 3


@prediction(lesson=2, title="Prediction: rows of digits read right", example=50)
def rows_read(answer):
    """Say what is wrong with a percentage, if anything."""
    return one_share(answer)


@rows_read.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def not_guessed():
    return None


@rows_read.mistake("expected a percentage, from 0 to 100", so="A number alone, without quotes.")
def in_quotes():
    return "50 %"
