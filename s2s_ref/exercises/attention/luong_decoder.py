"""The exercise `LuongDecoder`: each step of the RNN asks the encoder's states."""

import torch
from torch import nn

from s2s_ref import attention
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import attending_state, score_beside_the_course, sizes_of
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn, to_rnn  # noqa: F401 (State: in `MemoryLost`)


@exercise(
    reference=attention.LuongDecoder,
    title="A decoder that looks back",
    can="look back at the source after each step, before it scores the next word",
    returns=("logits", "state", "weights"),
    longhand="DecoderInLongHand",
    steps={
        "outputs": ("the RNN's outputs", "What does the RNN read, and from which state on?"),
        "hidden": ("the RNN's state", "What does the RNN read, and from which state on?"),
        "scores": ("the scores", "Which two tensors are compared, and what does padding get?"),
        "weights": ("the weights", "Among what does each target step share out its attention?"),
        "context": ("the context", "What do the weights mix?"),
        "attended": ("the attending states", "What goes into `combine`, and what comes after it?"),
    },
    after=["attention.dot_scores", "attention.attention_weights", "attention.context_vectors"],
    edges=[
        *({"batch": 1}, {"tgt_len": 1}, {"src_len": 1}, {"lstm": 1}, {"rnn": 1, "first_call": 1}),
        *({"other_score": 1}, {"other_score": 1, "first_call": 1}),
    ],
    hints=[
        "The RNN reads the target words, as in lesson 2. What does each of its outputs ask, whom "
        "does it ask, and what comes back?",
        "outputs [batch, tgt_len, hidden] are the queries. scores and weights are [batch, tgt_len, "
        "src_len], the context [batch, tgt_len, hidden]. Side by side with the outputs, context "
        "first, it is [batch, tgt_len, 2 · hidden], and that is what `combine` takes.",
        "With hidden size 1, a context 0.5, an output -1 and combine = [2, 1]: "
        "tanh(2·0.5 + 1·(-1)) = tanh(0) = 0, and the logits are the bias of `output`.",
    ],
)
def LuongDecoder(
    draw: Draw,
    batch=3,
    tgt_len=2,
    src_len=4,
    vocab=9,
    embed=5,
    hidden=6,
    lstm=0,
    rnn=0,
    first_call=0,
    other_score=0,
):
    """Draw sizes, a GRU or an LSTM, target tokens, and a state with the memory of a sentence.

    Its keys differ from its values, as they will with the scores of lesson 8.
    """
    sizes = sizes_of(vocab, embed, hidden, lstm, rnn)
    if other_score:
        sizes["score"] = score_beside_the_course(hidden)
    state = attending_state(draw, batch, src_len, hidden, lstm, first_call)
    return Built(sizes, {"tgt_input": draw.ids(0, vocab, batch, tgt_len), "state": state})


@LuongDecoder.alternative
class DecoderInLongHand(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            project = self.score.project_keys if self.score else nn.Identity()
            state = state._replace(keys=project(state.encoder_states))
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        queries, keys = outputs, state.keys
        scores = self.score(queries, keys) if self.score else queries @ keys.transpose(1, 2)
        scores = scores.masked_fill(~state.src_mask.unsqueeze(1), -torch.inf)
        weights = scores.softmax(dim=-1)
        context = weights @ state.encoder_states
        attended = torch.tanh(self.combine(torch.cat([context, outputs], dim=-1)))
        logits = self.output(attended)
        return logits, state._replace(hidden=from_rnn(hidden)), weights


LuongDecoder.edit(
    "HalvesSwapped",
    "the halves are swapped: the state came first",
    base=DecoderInLongHand,
    replace={"[context, outputs]": "[outputs, context]"},
    why="`combine` has one half of its weights for the context and one for the state. Trained "
    "together it would not matter; the course's weights expect the context first.",
    question="In which order does the formula name the two?",
)

LuongDecoder.edit(
    "TanhLeftOut",
    "the tanh is left out",
    base=DecoderInLongHand,
    replace={"torch.tanh": ""},
    why="Without it, `combine` and `output` are one matrix product, and the layer adds nothing.",
    question="What stands between `combine` and `output` in the formula?",
)

LuongDecoder.edit(
    "PreviousStateAsks",
    "the state before this step asks",
    base=DecoderInLongHand,
    replace={
        "queries, keys = outputs, state.keys": (
            "queries = torch.cat([state.h.unsqueeze(1), outputs[:, :-1]], dim=1)\n"
            "        keys = state.keys"
        )
    },
    why="It has not read the current word yet. That is Bahdanau's wiring, and it comes in lesson "
    "8; in Luong's, the RNN takes its step first and then asks.",
    question="Which of the RNN's outputs has read the word of step t?",
)

LuongDecoder.edit(
    "LastStateAsks",
    "the last step's state asks for every step",
    base=DecoderInLongHand,
    replace={"= outputs, state.keys": "= outputs[:, -1:].expand_as(outputs), state.keys"},
    why="In training it has read the whole target, so each step would see the words that it has to "
    "predict. In translation those words do not exist yet, and the model fails.",
    question="Who asks for step t: the RNN's output at t, or its last state?",
)

LuongDecoder.edit(
    "KeysAndValuesSwapped",
    "keys and values are swapped",
    base=DecoderInLongHand,
    replace={
        "= outputs, state.keys": "= outputs, state.encoder_states",
        "weights @ state.encoder_states": "weights @ state.keys",
    },
    why="Keys are compared with the query, values are mixed. In this lesson both are the encoder's "
    "states, so it makes no difference yet; from lesson 8 on they differ.",
    question="Which of the two goes into the score, and which into the context?",
)

LuongDecoder.edit(
    "MaskForgotten",
    "padding is read as if it were a word",
    base=DecoderInLongHand,
    replace={"        scores = scores.masked_fill(~state.src_mask.unsqueeze(1), -torch.inf)\n": ""},
    why="The state carries the mask. Without it, a sentence is translated differently beside a "
    "longer one.",
    question="What does `attention_weights` need besides the scores?",
)

LuongDecoder.edit(
    "FixedContext",
    "the context is still the encoder's last state",
    base=DecoderInLongHand,
    replace={"weights @ state.encoder_states": "state.context.unsqueeze(1).expand_as(outputs)"},
    why="`state.context` is the fixed context of lesson 2. The weights were computed and then not "
    "used.",
    question="What do the weights mix?",
)

LuongDecoder.edit(
    "AttentionUnused",
    "the logits come from the RNN's outputs alone",
    base=DecoderInLongHand,
    replace={"self.output(attended)": "self.output(outputs)"},
    why="This is the decoder of lesson 2: it looks at the source and forgets what it saw.",
    question="Which layer have you not used?",
)

LuongDecoder.edit(
    "MemoryLost",
    "the new state has lost the encoder's states",
    base=DecoderInLongHand,
    replace={"state._replace(hidden=from_rnn(hidden))": "State(from_rnn(hidden))"},
    why="The next step has nothing to look at. `state._replace(hidden=...)` changes one part and "
    "keeps the others.",
    question="What does the next call need besides the RNN's own state?",
)

LuongDecoder.edit(
    "ProbabilitiesReturned",
    "these are probabilities already, not logits",
    base=DecoderInLongHand,
    replace={"self.output(attended)": "self.output(attended).softmax(dim=-1)"},
    why="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    question="What do your numbers sum to along the last axis?",
)

LuongDecoder.edit(
    "ScoreNotAsked",
    "`self.score` is not asked: this is always the dot score",
    base=DecoderInLongHand,
    replace={"self.score(queries, keys) if self.score else queries @ keys": "queries @ keys"},
    why="Whoever makes the decoder may pass another score. In lesson 8 you will: one that learns.",
    question="Which part of `self` compares the queries with the keys?",
)

LuongDecoder.edit(
    "KeysProjectedAgain",
    "the keys were projected a second time",
    base=DecoderInLongHand,
    replace={
        "self.score(queries, keys) if": "self.score(queries, self.score.project_keys(keys)) if"
    },
    why="`with_keys` has done that already, once for the sentence. With the dot score it makes no "
    "difference; with those of lesson 8 it does.",
    question="What has already been done to the keys in `state.keys`?",
)

LuongDecoder.edit(
    "StatesCompared",
    "the encoder's states are compared, not the keys",
    base=DecoderInLongHand,
    replace={"= outputs, state.keys": "= outputs, state.encoder_states"},
    why="With the dot score the two are the same. From lesson 8 on a score makes keys of its own "
    "out of the states, and `with_keys` puts them into the state.",
    question="Which field of the state did `with_keys` fill?",
)

LuongDecoder.edit(
    "KeysMixed",
    "the keys are mixed, not the encoder's states",
    base=DecoderInLongHand,
    replace={"weights @ state.encoder_states": "weights @ state.keys"},
    why="Keys are made for comparing. What is mixed are the values: the states themselves.",
    question="What do the weights mix?",
)

LuongDecoder.edit(
    "OldStateReturned",
    "the state that came in was returned",
    base=DecoderInLongHand,
    replace={"state._replace(hidden=from_rnn(hidden))": "state"},
    why="The next call would begin where this one began, and forget every word between.",
    question="Which state has read the last word of `tgt_input`?",
)

LuongDecoder.edit(
    "LayerAxisKept",
    "the state still has the axis that counts layers",
    base=DecoderInLongHand,
    replace={"from_rnn(hidden)": "hidden"},
    why="The RNN returns its state as [1, batch, hidden]. A `State` holds it without the first "
    "axis, so that the batch comes first in all its parts.",
    question="What does `from_rnn` do?",
)

LuongDecoder.edit(
    "RNNFromZeros",
    "the RNN starts from zeros",
    base=DecoderInLongHand,
    replace={", to_rnn(state.hidden)": ""},
    why="Then the decoder does not know what it has said so far, nor what the encoder handed over.",
    question="What is the RNN's second argument?",
)

LuongDecoder.edit(
    "LogProbabilitiesReturned",
    "these are log-probabilities already, not logits",
    base=DecoderInLongHand,
    replace={"self.output(attended)": "self.output(attended).log_softmax(dim=-1)"},
    why="The loss takes the log_softmax itself. Here it would be taken twice.",
    question="What comes after `output` in the formula?",
)

LuongDecoder.edit(
    "WeightsAcrossTarget",
    "the softmax ran along the wrong axis",
    base=DecoderInLongHand,
    replace={"scores.softmax(dim=-1)": "scores.softmax(dim=1)"},
    why="Each target step should divide its attention among the source words. Here the target "
    "steps compete for each word.",
    question="Along which axis should the weights sum to 1?",
)

LuongDecoder.edit(
    "ScoresReturned",
    "scores came back in place of the weights",
    base=DecoderInLongHand,
    replace={"from_rnn(hidden)), weights": "from_rnn(hidden)), scores"},
    why="The heat maps show how each step shares out its attention.",
    question="What do the rows of your third result sum to?",
)

LuongDecoder.edit(
    "WeightsNotReturned",
    "only two results came back",
    base=DecoderInLongHand,
    replace={"from_rnn(hidden)), weights": "from_rnn(hidden))"},
    why="The weights show where the decoder looked, and the experiments draw them.",
    question="How many results does the signature name after the arrow?",
)

LuongDecoder.edit(
    "ContextExchanged",
    "the state's `context` was exchanged too",
    base=DecoderInLongHand,
    replace={
        "_replace(hidden=from_rnn(hidden))": (
            "_replace(hidden=from_rnn(hidden), context=context[:, -1])"
        )
    },
    why="That part holds what the encoder handed over. The context that attention brings is "
    "another one at every step.",
    question="Which one part of the state does a step of the RNN change?",
)


LuongDecoder.edit(
    "StateIntoHelper",
    "the RNN got a State in place of its own state",
    base=DecoderInLongHand,
    replace={"to_rnn(state.hidden)": "to_rnn(state)"},
    why="A State is the course's envelope. PyTorch's layers want the tensor inside.",
    question="Which part of `state` does the RNN want?",
    raises="has no attribute 'unsqueeze'|to_rnn",  # where shapes are checked, the helper refuses
)

LuongDecoder.edit(
    "WithoutLayerAxis",
    "the state went into the RNN without the axis that counts layers",
    base=DecoderInLongHand,
    replace={"to_rnn(state.hidden)": "state.hidden"},
    why="PyTorch's layers take their state as [1, batch, hidden].",
    question="What does `to_rnn` do?",
    raises="should also be 3-D|Expected hidden",
)

LuongDecoder.edit(
    "WordsChosen",
    "the words were chosen already: these are ids, not logits",
    base=DecoderInLongHand,
    replace={"self.output(attended)": "self.output(attended).argmax(dim=-1)"},
    why="The loss needs a number for every word, and a beam search compares several of them.",
    question="How many numbers come back for one target token?",
)

LuongDecoder.edit(
    "LastLogitsOnly",
    "only the last token gets logits",
    base=DecoderInLongHand,
    replace={"self.output(attended)": "self.output(attended[:, -1])"},
    why="In training the decoder reads the whole target in one call and answers every token.",
    question="For three tokens read, how many rows of logits come back?",
)

LuongDecoder.edit(
    "OutputLeftOut",
    "`output` is left out: the attending states came back, not the logits",
    base=DecoderInLongHand,
    replace={"self.output(attended)": "attended"},
    why="They are the decoder's own notes. `output` turns them into a number for every word.",
    question="Which layer has one output for every word of the vocabulary?",
)

LuongDecoder.edit(
    "CellStateDropped",
    "right for a GRU, but an LSTM lost its c",
    base=DecoderInLongHand,
    replace={"hidden=from_rnn(hidden)": "hidden=outputs[:, -1]"},
    why="For a GRU the last output is the last state. An LSTM also has c, its long memory.",
    question="Which of the RNN's two results is the whole state?",
)

LuongDecoder.edit(
    "GruOnly",
    "an LSTM's state is a pair, and the code treats it as one tensor",
    base=DecoderInLongHand,
    replace={
        "to_rnn(state.hidden)": "state.hidden.unsqueeze(0)",
        "from_rnn(hidden)": "hidden.squeeze(0)",
    },
    why="It works for a GRU and a plain RNN. An LSTM's state is (h, c).",
    question="Which two helpers add and drop the axis that counts layers, for every kind of cell?",
    raises="unsqueeze",
)

LuongDecoder.edit(
    "PairExchanged",
    "right for a GRU, but h and c of an LSTM are exchanged",
    base=DecoderInLongHand,
    replace={
        "        return logits": "        if isinstance(hidden, tuple):\n"
        "            hidden = hidden[::-1]\n"
        "        return logits"
    },
    why="At the next call the RNN would take its long memory for what it last said.",
    question="In which order does PyTorch return the two parts of an LSTM's state?",
)

LuongDecoder.edit(
    "HiddenAlone",
    "the RNN's own state came back, not a State that holds it",
    base=DecoderInLongHand,
    replace={"state._replace(hidden=from_rnn(hidden))": "from_rnn(hidden)"},
    why="The next call looks in the state for the encoder's states, the keys and the mask.",
    question="What was the state wrapped in when it came in?",
)

LuongDecoder.edit(
    "ResultsExchanged",
    "the weights and the state are exchanged",
    base=DecoderInLongHand,
    replace={
        "state._replace(hidden=from_rnn(hidden)), weights": (
            "weights, state._replace(hidden=from_rnn(hidden))"
        )
    },
    why="Who calls the decoder takes its results by their order.",
    question="In which order does the signature name the three results?",
)

LuongDecoder.edit(
    "WeightsDetached",
    "no gradient goes back through the weights",
    base=DecoderInLongHand,
    replace={"scores.softmax(dim=-1)": "scores.softmax(dim=-1).detach()"},
    why="Then nothing teaches the decoder where to look: the loss cannot change the scores.",
    question="Which of your tensors is cut off from the scores that it was made of?",
)

LuongDecoder.edit(
    "FirstMaskForAll",
    "the first sentence's mask is used for all sentences",
    base=DecoderInLongHand,
    replace={"~state.src_mask.unsqueeze(1)": "~state.src_mask[0]"},
    why="Sentences of one batch differ in length. Some would read padding, and others would miss "
    "words.",
    question="How many rows does the mask have, and which of them do you use?",
)

LuongDecoder.edit(
    "MaskInverted",
    "the mask is upside down: only padding receives weight",
    base=DecoderInLongHand,
    replace={"~state.src_mask": "state.src_mask"},
    why="In this course a mask is True at real words; PyTorch's own layers take the opposite.",
    question="Where is `state.src_mask` True: at words or at padding?",
)

LuongDecoder.edit(
    "TanhBeforeCombine",
    "the tanh is taken before `combine`, not after it",
    base=DecoderInLongHand,
    replace={
        "torch.tanh(self.combine(torch.cat([context, outputs], dim=-1)))": (
            "self.combine(torch.tanh(torch.cat([context, outputs], dim=-1)))"
        )
    },
    why="Then `combine` and `output` follow each other directly, and two affine layers in a row "
    "are no more than one.",
    question="In the formula, what stands inside the brackets of the tanh?",
)

LuongDecoder.edit(
    "ReluForTanh",
    "there is a relu where the tanh should be",
    base=DecoderInLongHand,
    replace={"torch.tanh": "torch.relu"},
    why="It cuts off all that is negative. A tanh keeps the sign, and every number between -1 and "
    "1.",
    question="Which function does the formula name?",
)

LuongDecoder.edit(
    "ReluOnVectors",
    "there is a relu between the embedding and the RNN",
    base=DecoderInLongHand,
    replace={"self.embedding(tgt_input)": "self.embedding(tgt_input).relu()"},
    why="It cuts off all that is negative, half of what is known of a word.",
    question="What does the RNN of the formula read?",
)

LuongDecoder.edit(
    "LastWeightsOnly",
    "only the last step's weights came back",
    base=DecoderInLongHand,
    replace={"from_rnn(hidden)), weights": "from_rnn(hidden)), weights[:, -1:]"},
    why="The heat map has a row for every target word.",
    question="How many rows of weights belong to three target tokens?",
)


@LuongDecoder.alternative
class DecoderWithEinsum(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            project = self.score.project_keys if self.score else nn.Identity()
            state = state._replace(keys=project(state.encoder_states))
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        scores = torch.einsum("bth,bsh->bts", outputs, state.keys)
        if self.score is not None:
            scores = self.score(outputs, state.keys)
        weights = scores.softmax(dim=-1) * state.src_mask[:, None]
        weights = weights / weights.sum(dim=-1, keepdim=True)
        context = torch.einsum("bts,bsh->bth", weights, state.encoder_states)
        for_context, for_state = self.combine.weight.chunk(2, dim=1)
        attended = (context @ for_context.T + outputs @ for_state.T).tanh()
        return self.output(attended), state._replace(hidden=from_rnn(hidden)), weights


@LuongDecoder.alternative
class DecoderStepByStep(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            project = self.score.project_keys if self.score else nn.Identity()
            state = state._replace(keys=project(state.encoder_states))
        all_logits, all_weights = [], []
        for t in range(tgt_input.shape[1]):
            word = self.embedding(tgt_input[:, t : t + 1])
            output, hidden = self.rnn(word, to_rnn(state.hidden))
            scores = (output * state.keys).sum(dim=-1)
            if self.score is not None:
                scores = self.score(output, state.keys)[:, 0]
            weights = scores.masked_fill(~state.src_mask, -1e9).softmax(dim=-1)
            context = (weights.unsqueeze(-1) * state.encoder_states).sum(dim=1)
            both = torch.cat([context, output[:, 0]], dim=-1)
            all_logits.append(self.output(torch.tanh(self.combine(both))))
            all_weights.append(weights)
            state = state._replace(hidden=from_rnn(hidden))
        return torch.stack(all_logits, dim=1), state, torch.stack(all_weights, dim=1)


LuongDecoder.edit(
    "FirstStateAlways",
    "every token is read from the first state",
    base=DecoderStepByStep,
    replace={
        "            state = state._replace(hidden=from_rnn(hidden))\n": "",
        "        return torch": "        state = state._replace(hidden=from_rnn(hidden))\n"
        "        return torch",
    },
    why="The decoder forgets all but its last word, and asks the source the same again and again.",
    question="Which state does the RNN start from at the second token?",
)

LuongDecoder.edit(
    "OwnAnswers",
    "it reads its own answers, not the tokens that it was given",
    base=DecoderStepByStep,
    replace={
        "        all_logits, all_weights = [], []": "        token = tgt_input[:, :1]\n"
        "        all_logits, all_weights = [], []",
        "self.embedding(tgt_input[:, t : t + 1])": "self.embedding(token)",
        "            all_weights.append(weights)": "            all_weights.append(weights)\n"
        "            token = all_logits[-1].argmax(dim=-1, keepdim=True)",
    },
    why="In training the decoder reads the right words, even where it would have said others.",
    question="Which token does the second step read?",
)
