"""The exercise `SingleRNN`: translate with one RNN, a word out for every word in."""

import torch
from torch import nn

from s2s_ref import rnn
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise


@exercise(
    reference=rnn.SingleRNN,
    title="Translating with one RNN",
    longhand="SingleRNNLineByLine",
    steps={
        "vectors": ("the words' vectors", "Which layer turns ids into vectors?"),
        "states": (
            "the RNN's outputs",
            "What does the RNN read, and which of its two results has one vector for each word?",
        ),
    },
    returns="logits",
    edges=[{"batch": 1}, {"len": 1}, {"embed": 5, "hidden": 5}],
    hints=[
        "Three layers are made for you. In which order does a word pass through them to become "
        "one number for every word of the target language?",
        "Ids [batch, len] → vectors [batch, len, embed] → states [batch, len, hidden] → logits "
        "[batch, len, tgt_vocab]. `nn.RNN` returns two things.",
        "For 2 sentences of 3 words and a target vocabulary of 6, the logits are [2, 3, 6]: they "
        "may be negative, and they need not sum to 1.",
    ],
)
def SingleRNN(draw: Draw, batch=3, len=4, embed=2, hidden=5, src_vocab=7, tgt_vocab=6):
    """Draw sizes and sentences."""
    sizes = {
        "src_vocab_size": src_vocab,
        "tgt_vocab_size": tgt_vocab,
        "embed_size": embed,
        "hidden_size": hidden,
    }
    return Built(sizes, {"src": draw.ids(0, src_vocab, batch, len)})


@SingleRNN.alternative
class SingleRNNLineByLine(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        vectors = self.embedding(src)
        states, last = self.rnn(vectors)
        logits = self.output(states)
        return logits


SingleRNN.edit(
    "Softmaxed",
    "these are probabilities already, not logits",
    base=SingleRNNLineByLine,
    replace={"return logits": "return logits.softmax(dim=-1)"},
    why="Training turns logits into probabilities itself. Done twice, it flattens every choice.",
    question="What do your numbers sum to along the last axis?",
)

SingleRNN.edit(
    "LastWordOnly",
    "only the last word gets an answer",
    base=SingleRNNLineByLine,
    replace={"self.output(states)": "self.output(states[:, -1])"},
    why="Every source position must be answered by one target word.",
    question="Which of the two results of `nn.RNN` holds the state after every word?",
)

SingleRNN.edit(
    "WithoutAffine",
    "the states came back, not the logits",
    base=SingleRNNLineByLine,
    replace={"return logits": "return states"},
    why="A state is the RNN's own note. The affine layer turns it into one number for each word.",
    question="Which of your three layers does the result come from?",
)

SingleRNN.edit(
    "WithoutRNN",
    "the RNN is left out",
    base=SingleRNNLineByLine,
    replace={"        states, last = self.rnn(vectors)\n": "", "output(states)": "output(vectors)"},
    why="Then each word is translated alone, as if by a dictionary.",
    question="Where does your forward pass read the words before this one?",
    raises="cannot be multiplied",
)

SingleRNN.edit(
    "Chosen",
    "the words were chosen already: these are ids, not logits",
    base=SingleRNNLineByLine,
    replace={"return logits": "return logits.argmax(dim=-1)"},
    why="A choice does not say how close the other words came, so nothing can be learned from it.",
    question="What does training need: the winner, or a number for every word?",
)

SingleRNN.edit(
    "ReadsAcrossSentences",
    "batch and words are exchanged on the way into the RNN",
    base=SingleRNNLineByLine,
    replace={
        "self.embedding(src)": "self.embedding(src).transpose(0, 1)",
        "return logits": "return logits.transpose(0, 1)",
    },
    why="It then reads down the batch, from one sentence into the next.",
    question="The RNN was made with batch_first=True. Which axis does it walk along?",
)

SingleRNN.edit(
    "PairNotTakenApart",
    "the RNN's two results were not taken apart",
    base=SingleRNNLineByLine,
    replace={"states, last = ": "states = "},
    why="`nn.RNN` returns a pair: the state after every word, and the last state once more.",
    question="How do you give each of the two results a name, and which one do you need?",
    raises="not tuple",
)

SingleRNN.edit(
    "LastStateOnly",
    "these are the logits of the last state alone",
    base=SingleRNNLineByLine,
    replace={"self.output(states)": "self.output(last)"},
    why="The second result of `nn.RNN` is the state after the last word. Every word needs one.",
    question="Which of the two results of `nn.RNN` holds the state after every word?",
)

SingleRNN.edit(
    "LogSoftmaxed",
    "these are log-probabilities already, not logits",
    base=SingleRNNLineByLine,
    replace={"return logits": "return logits.log_softmax(dim=-1)"},
    why="Training turns logits into log-probabilities itself.",
    question="Which of your layers gives numbers that may also be above 0?",
)

SingleRNN.edit(
    "ReluBetween",
    "there is a relu between the RNN and the affine layer",
    base=SingleRNNLineByLine,
    replace={"self.output(states)": "self.output(states.relu())"},
    why="It cuts off all that is negative, half of what the RNN has to say.",
    question="Through which layers does a word pass in the table above the cell?",
)

SingleRNN.edit(
    "ReluOnVectors",
    "there is a relu between the embedding and the RNN",
    base=SingleRNNLineByLine,
    replace={"self.embedding(src)": "self.embedding(src).relu()"},
    why="It cuts off all that is negative, half of what is known of a word.",
    question="Through which layers does a word pass in the table above the cell?",
)

SingleRNN.edit(
    "Flattened",
    "batch and length were merged into one axis",
    base=SingleRNNLineByLine,
    replace={"return logits": "return logits.flatten(0, 1)"},
    why="Nobody can tell any more which words belong to the same sentence.",
    question="How many axes does the signature promise?",
)

SingleRNN.edit(
    "VocabularySecond",
    "the vocabulary's axis comes before the words'",
    base=SingleRNNLineByLine,
    replace={"return logits": "return logits.transpose(1, 2)"},
    why="PyTorch's loss wants it so, but everywhere in the course the vocabulary is the last axis.",
    question="Which axis of your result is as long as the vocabulary?",
)

SingleRNN.edit(
    "WithState",
    "the RNN's state came back too",
    base=SingleRNNLineByLine,
    replace={"return logits": "return logits, last"},
    why="Training hands what comes back to the loss, and a pair has no loss.",
    question="How many things does the signature say come back?",
)

SingleRNN.edit(
    "StateKept",
    "it keeps its state for the next call",
    base=SingleRNNLineByLine,
    replace={
        "states, last = self.rnn(vectors)": "states, last = self.rnn(vectors, vars(self)."
        'get("kept"))\n        self.__dict__["kept"] = last.detach()'
    },
    why="Every sentence would be translated as if it went on with the one before.",
    question="What should the RNN know before the first word of a new sentence?",
    raises="hidden size|hidden_size",
)

SingleRNN.edit(
    "StateOfOneSentence",
    "the first state fits a batch of one sentence only",
    base=SingleRNNLineByLine,
    replace={"self.rnn(vectors)": "self.rnn(vectors, torch.zeros(1, 1, self.rnn.hidden_size))"},
    why="Training reads many sentences side by side, each with a state of its own.",
    question="What does the layer start from when you give it one argument only?",
    raises="hidden size|hidden_size",
)


@SingleRNN.alternative
class SingleRNNWordByWord(nn.Module):
    def __init__(self, src_vocab_size, tgt_vocab_size, embed_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(src_vocab_size, embed_size)
        self.rnn = nn.RNN(embed_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, tgt_vocab_size)

    def forward(self, src):
        h, logits = None, []
        for t in range(src.shape[1]):
            state, h = self.rnn(self.embedding(src[:, t : t + 1]), h)
            logits.append(self.output(state))
        return torch.cat(logits, dim=1)


SingleRNN.edit(
    "StateNotHandedOn",
    "every word is read as if it were the first",
    base=SingleRNNWordByWord,
    replace={"t : t + 1]), h)": "t : t + 1]))"},
    why="Then each word is translated alone, as if by a dictionary.",
    question="What does the second call of the RNN know of the first word?",
)


SingleRNN.edit(
    "AxesOfOneDropped",
    "a batch of one sentence, or a sentence of one word, loses an axis",
    base=SingleRNNLineByLine,
    replace={"return logits": "return logits.squeeze()"},
    why="`squeeze()` without an argument drops every axis of length 1, the batch's too.",
    question="Which axis do you mean to drop, and is there any?",
)

SingleRNN.edit(
    "ReadsBackwards",
    "the sentence is read backwards",
    base=SingleRNNLineByLine,
    replace={"self.embedding(src)": "self.embedding(src.flip(1))"},
    why="The first answer would already know the last word, and stand at the wrong place.",
    question="Which word does the RNN read first?",
)

SingleRNN.edit(
    "ReadsBackwardsInOrder",
    "the sentence is read backwards",
    base=SingleRNNLineByLine,
    replace={
        "self.embedding(src)": "self.embedding(src.flip(1))",
        "self.output(states)": "self.output(states.flip(1))",
    },
    why="Then every answer knows the words behind it, and none of those before.",
    question="Which word does the RNN read first?",
)

SingleRNN.edit(
    "LastStateEverywhere",
    "every word is answered from the last state",
    base=SingleRNNLineByLine,
    replace={"self.output(states)": "self.output(states[:, -1:].expand_as(states))"},
    why="Then all words of a sentence have the same answer.",
    question="Which of the two results of `nn.RNN` holds the state after every word?",
)

SingleRNN.edit(
    "ZeroLeftOut",
    "the word with the id 0 is read as if it were nothing",
    base=SingleRNNLineByLine,
    replace={"self.embedding(src)": "self.embedding(src) * (src != 0).unsqueeze(-1)"},
    why="In this lesson 0 is a word like any other: nothing is padded yet.",
    question="Which words does your code treat in another way than the rest?",
)

SingleRNN.edit(
    "VectorsDetached",
    "no gradient goes back to the words' vectors",
    base=SingleRNNLineByLine,
    replace={"self.embedding(src)": "self.embedding(src).detach()"},
    why="The vectors would stay as chance made them.",
    question="Which call cuts the vectors off from the steps that made them?",
)

SingleRNN.edit(
    "WithoutEmbedding",
    "the ids went into the RNN without the embedding",
    base=SingleRNNLineByLine,
    replace={"self.rnn(vectors)": "self.rnn(src)"},
    why="An id is only a name. The RNN reads the vector of each word.",
    question="Which of your three layers turns ids into vectors?",
    raises="dtype",
)

SingleRNN.edit(
    "IdsAsNumbers",
    "the ids went into the RNN without the embedding",
    base=SingleRNNLineByLine,
    replace={"self.rnn(vectors)": "self.rnn(src.float())"},
    why="An id is only a name. The RNN reads the vector of each word.",
    question="Which of your three layers turns ids into vectors?",
    raises="input.size|input_size",
)

SingleRNN.edit(
    "StateKeptForTheBatch",
    "it keeps its state for the next call",
    base=SingleRNNLineByLine,
    replace={
        "states, last = self.rnn(vectors)": 'kept = vars(self).get("kept")\n'
        "        fits = kept is not None and kept.shape[1] == len(src)\n"
        "        states, last = self.rnn(vectors, kept if fits else None)\n"
        '        self.__dict__["kept"] = last.detach()'
    },
    why="Every sentence would be translated as if it went on with the one before.",
    question="What should the RNN know before the first word of a new sentence?",
)
