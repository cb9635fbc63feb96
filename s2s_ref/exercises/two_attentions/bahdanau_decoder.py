"""The exercise `BahdanauDecoder`: the state asks before the RNN takes its step."""

import torch
from torch import nn

from s2s_ref import two_attentions
from s2s_ref.attention import attention_weights, context_vectors
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import attending_state, score_beside_the_course, sizes_of
from s2s_ref.state import State  # noqa: F401 (in `MemoryLost`)

CELLS = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}


@exercise(
    reference=two_attentions.BahdanauDecoder,
    title="Ask first, then step",
    can="look back at the source before each step, with the previous state as the query",
    longhand="DecoderInLongHand",
    steps={
        "scores": (
            "the scores of a step",
            "Which state asks, and which keys are compared with it?",
        ),
        "weights": ("the weights of a step", "Among what does a step share out its attention?"),
        "context": ("the context of a step", "What do the weights mix?"),
        "hidden": (
            "the RNN's state",
            "What enters the RNN with the word, in which order, and from which state on?",
        ),
    },
    returns=("logits", "state", "weights"),
    after=["two_attentions.AdditiveScores"],
    edges=[
        *({"batch": 1}, {"tgt_len": 1}, {"src_len": 1}, {"lstm": 1}, {"rnn": 1, "first_call": 1}),
        *({"other_score": 1}, {"other_score": 1, "first_call": 1}),
    ],
    hints=[
        "Luong's RNN takes its step and asks afterwards. Here it is the other way round. Which "
        "state is there to ask with, before the step is taken? And where does the answer go?",
        "At each step: the query [batch, 1, hidden], scores and weights [batch, 1, src_len], the "
        "context [batch, hidden]. Word and context side by side, the word first, are "
        "[batch, embed + hidden], and that is what `self.rnn` takes, with `state.hidden`.",
        "Target words a, b, c and a first state s0: s0 asks, a and what came back make s1; s1 "
        "asks, b and what came back make s2; s2 asks, c and what came back make s3. The logits "
        "are those of s1, s2 and s3.",
    ],
)
def BahdanauDecoder(
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
    """Draw sizes, a GRU or an LSTM, target tokens, and a state with the memory of a sentence."""
    sizes = sizes_of(vocab, embed, hidden, lstm, rnn)
    if other_score:
        sizes["score"] = score_beside_the_course(hidden)
    state = attending_state(draw, batch, src_len, hidden, lstm, first_call)
    return Built(sizes, {"tgt_input": draw.ids(0, vocab, batch, tgt_len), "state": state})


@BahdanauDecoder.alternative
class DecoderInLongHand(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        own = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.score = own if score is None else score
        self.output = nn.Linear(hidden_size, vocab_size)

    def project(self, states):
        own = isinstance(self.score, nn.ModuleDict)
        return self.score["key"](states) if own else self.score.project_keys(states)

    def compare(self, query, keys):
        if not isinstance(self.score, nn.ModuleDict):
            return self.score(query, keys)
        return self.score["v"](torch.tanh(self.score["query"](query) + keys)).transpose(1, 2)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.project(state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            scores = self.compare(state.h.unsqueeze(1), state.keys)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            hidden = self.rnn(torch.cat([word, context], dim=-1), state.hidden)
            state = state._replace(hidden=hidden)
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


ASK = "            scores = self.compare(state.h.unsqueeze(1), state.keys)\n"
STEP = """\
            hidden = self.rnn(torch.cat([word, context], dim=-1), state.hidden)
            state = state._replace(hidden=hidden)
"""

BahdanauDecoder.edit(
    "NewStateAsks",
    "the state after the step asks",
    base=DecoderInLongHand,
    replace={
        "all_logits, all_weights = [], []": (
            "all_logits, all_weights, context = [], [], state.context"
        ),
        STEP: "",
        ASK: STEP + ASK,
    },
    why="That is Luong's order. Here the context has to enter the RNN, so it must be there before "
    "the step is taken.",
    question="Which state is known before the RNN reads the word?",
)

BahdanauDecoder.edit(
    "FirstStateAsks",
    "the first state asks at every step",
    base=DecoderInLongHand,
    replace={
        "all_logits, all_weights = [], []": "all_logits, all_weights, first = [], [], state.h",
        "self.compare(state.h.": "self.compare(first.",
    },
    why="Every step would look at the same place. Each step needs the state that the step before "
    "it has left.",
    question="Which state asks for the second word: the one that came in, or the one after the "
    "first?",
)

BahdanauDecoder.edit(
    "StateNotCarried",
    "every step starts again from the state that came in",
    base=DecoderInLongHand,
    replace={
        "state = state._replace(hidden=hidden)": "new = state._replace(hidden=hidden)",
        "self.output(state.h)": "self.output(new.h)",
        "dim=1), state, torch": "dim=1), new, torch",
    },
    why="The decoder forgets each word as soon as it has read it. What one step leaves, the next "
    "one has to take.",
    question="Which name holds the state after the first step, and who reads it?",
)

BahdanauDecoder.edit(
    "WordAndContextSwapped",
    "the halves are swapped: the context came before the word",
    base=DecoderInLongHand,
    replace={"[word, context]": "[context, word]"},
    why="The first of the RNN's weights are for the word, and the others for the context. Trained "
    "like this it would not matter; the course's weights expect the word first.",
    question="In which order does the exercise name the two?",
)

BahdanauDecoder.edit(
    "MaskForgotten",
    "padding is read as if it were a word",
    base=DecoderInLongHand,
    replace={"attention_weights(scores, state.src_mask)": "scores.softmax(dim=-1)"},
    why="The state carries the mask. Without it, a sentence is translated differently beside a "
    "longer one.",
    question="What does `attention_weights` need besides the scores?",
)

BahdanauDecoder.edit(
    "KeysMixed",
    "the keys are mixed, not the encoder's states",
    base=DecoderInLongHand,
    replace={"(weights, state.encoder_states)": "(weights, state.keys)"},
    why="The keys are the encoder's states seen through W_k, made for comparing. What is mixed are "
    "the values: the states themselves.",
    question="What do the weights mix?",
)

BahdanauDecoder.edit(
    "StatesCompared",
    "the encoder's states are compared, not the keys",
    base=DecoderInLongHand,
    replace={"unsqueeze(1), state.keys": "unsqueeze(1), state.encoder_states"},
    why="`score` compares with projected keys, and `with_keys` has put them into the state. The "
    "encoder's states only have the same size by chance.",
    question="Which field of the state did `with_keys` fill?",
)

BahdanauDecoder.edit(
    "FixedContext",
    "the context is still the encoder's last state",
    base=DecoderInLongHand,
    replace={"context_vectors(weights, state.encoder_states).squeeze(1)": "state.context"},
    why="`state.context` is the fixed context of lesson 2; with it this is the peeky decoder of "
    "lesson 6. The weights were computed and then not used.",
    question="What do the weights mix?",
)

BahdanauDecoder.edit(
    "LogitsTooEarly",
    "the logits come from the state before the step",
    base=DecoderInLongHand,
    replace={
        STEP: "",
        "            all_weights.append(weights)\n": "            all_weights.append(weights)\n"
        + STEP,
    },
    why="It has not read the word yet, nor what the attention brought back for it.",
    question="Which state has read word t?",
)

BahdanauDecoder.edit(
    "MemoryLost",
    "the new state has lost the encoder's states",
    base=DecoderInLongHand,
    replace={"dim=1), state, torch": "dim=1), State(state.hidden), torch"},
    why="The next call has nothing to look at. `state._replace(hidden=...)` changes one part and "
    "keeps the others.",
    question="What does the next call need besides the RNN's own state?",
)

BahdanauDecoder.edit(
    "LastWeightsOnly",
    "only the last step's weights came back",
    base=DecoderInLongHand,
    replace={"torch.cat(all_weights, dim=1)": "weights"},
    why="A heat map needs a row for every word that was written.",
    question="For three tokens read, how many rows of weights come back?",
)

BahdanauDecoder.edit(
    "StateDropped",
    "the new state was made and then dropped",
    base=DecoderInLongHand,
    replace={"state = state._replace(hidden=hidden)": "state._replace(hidden=hidden)"},
    why="`state._replace(...)` leaves the State as it is and returns a new one. So every step "
    "began at the first state, and the logits are those of the first state too.",
    question="Which name holds what `_replace` returns?",
)

BahdanauDecoder.edit(
    "ContextExchanged",
    "the state's `context` was exchanged too",
    base=DecoderInLongHand,
    replace={"_replace(hidden=hidden)": "_replace(hidden=hidden, context=context)"},
    why="That part holds what the encoder handed over. The context that attention brings is "
    "another one at every step, and only the RNN takes it.",
    question="Which one part of the state does the exercise tell you to exchange?",
)

BahdanauDecoder.edit(
    "KeysProjectedOnceMore",
    "the keys went through W_k a second time",
    base=DecoderInLongHand,
    replace={"unsqueeze(1), state.keys": "unsqueeze(1), self.project(state.keys)"},
    why="`with_keys` has done that already, once for the sentence. What `state.keys` holds is "
    "ready to be compared.",
    question="What has already been done to the keys in `state.keys`?",
)

BahdanauDecoder.edit(
    "KeysMadeAnew",
    "the keys in the state are not used: they were computed again",
    base=DecoderInLongHand,
    replace={"unsqueeze(1), state.keys": "unsqueeze(1), self.project(state.encoder_states)"},
    why="`with_keys` makes them once a sentence, so that no later call has to do it again.",
    question="Which field of the state did `with_keys` fill?",
)

BahdanauDecoder.edit(
    "Probabilities",
    "these are probabilities, not logits",
    base=DecoderInLongHand,
    replace={"self.output(state.h)": "self.output(state.h).softmax(dim=-1)"},
    why="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    question="Does the exercise ask for anything after `self.output`?",
)

BahdanauDecoder.edit(
    "ContextSqueezed",
    "a batch of one loses its axis",
    base=DecoderInLongHand,
    replace={".squeeze(1)": ".squeeze()"},
    why="`squeeze()` without an argument drops every axis of length 1.",
    question="Which axis do you mean to drop, and how do you name it?",
    raises="(?i)same number of dimensions",
)

BahdanauDecoder.edit(
    "OldStateReturned",
    "the state that came in was returned",
    base=DecoderInLongHand,
    replace={
        "all_logits, all_weights = [], []": "all_logits, all_weights, old = [], [], state",
        "dim=1), state, torch": "dim=1), old, torch",
    },
    why="The next call would begin where this one began, and forget every word between.",
    question="Which state has read the last word of `tgt_input`?",
)

BahdanauDecoder.edit(
    "LogProbabilities",
    "these are log-probabilities already, not logits",
    base=DecoderInLongHand,
    replace={"self.output(state.h)": "self.output(state.h).log_softmax(dim=-1)"},
    why="The loss takes the log_softmax itself. Here it would be taken twice.",
    question="Does the exercise ask for anything after `self.output`?",
)

BahdanauDecoder.edit(
    "WeightsStacked",
    "the weights have one axis too many",
    base=DecoderInLongHand,
    replace={"torch.cat(all_weights, dim=1)": "torch.stack(all_weights, dim=1)"},
    why="The weights of one step are [batch, 1, src_len]: they have an axis for the target already."
    " `stack` adds another one.",
    question="Which function joins tensors along an axis that they have?",
)

BahdanauDecoder.edit(
    "WeightsNotReturned",
    "only two results came back",
    base=DecoderInLongHand,
    replace={", state, torch.cat(all_weights, dim=1)": ", state"},
    why="The weights show where the decoder looked, and the experiments draw them.",
    question="How many results does the signature name after the arrow?",
)

BahdanauDecoder.edit(
    "StepsBeforeBatch",
    "the steps come before the batch",
    base=DecoderInLongHand,
    replace={"torch.stack(all_logits, dim=1)": "torch.stack(all_logits)"},
    why="The loss compares place by place, and would read another sentence's words.",
    question="Where should the new axis of `stack` stand?",
)


BahdanauDecoder.edit(
    "StateIntoCell",
    "the RNN got a State in place of its own state",
    base=DecoderInLongHand,
    replace={"dim=-1), state.hidden)": "dim=-1), state)"},
    why="A State is the course's envelope. PyTorch's cells want the tensor inside, or an LSTM's "
    "pair.",
    question="Which part of `state` does the RNN want?",
    raises="has no attribute 'dim'|hidden|unpack",
)

BahdanauDecoder.edit(
    "WordsChosen",
    "the words were chosen already: these are ids, not logits",
    base=DecoderInLongHand,
    replace={"self.output(state.h)": "self.output(state.h).argmax(dim=-1)"},
    why="The loss needs a number for every word, and a beam search compares several of them.",
    question="How many numbers come back for one target token?",
)

BahdanauDecoder.edit(
    "LastLogitsOnly",
    "only the last token gets logits",
    base=DecoderInLongHand,
    replace={"torch.stack(all_logits, dim=1)": "all_logits[-1]"},
    why="In training the decoder reads the whole target in one call and answers every token.",
    question="For three tokens read, how many rows of logits come back?",
)

BahdanauDecoder.edit(
    "OutputLeftOut",
    "`output` is left out: the states came back, not the logits",
    base=DecoderInLongHand,
    replace={"self.output(state.h)": "state.h"},
    why="They are the decoder's own notes. `output` turns them into a number for every word.",
    question="Which layer has one output for every word of the vocabulary?",
)

BahdanauDecoder.edit(
    "CellStateDropped",
    "right for a GRU, but an LSTM lost its c",
    base=DecoderInLongHand,
    replace={"dim=1), state, torch": "dim=1), state._replace(hidden=state.h), torch"},
    why="`state.h` is what an LSTM shows. It also has c, its long memory, and the next call needs "
    "both.",
    question="Which part of the state holds all that the cell returned?",
)

BahdanauDecoder.edit(
    "GruOnly",
    "an LSTM's state is a pair, and the code treats it as one tensor",
    base=DecoderInLongHand,
    replace={"state.h.unsqueeze(1)": "state.hidden.unsqueeze(1)"},
    why="It works for a GRU and a plain RNN. An LSTM's state is (h, c), and h is what asks.",
    question="Which part of the state is h for every kind of cell?",
    raises="unsqueeze",
)

BahdanauDecoder.edit(
    "PairExchanged",
    "right for a GRU, but h and c of an LSTM are exchanged",
    base=DecoderInLongHand,
    replace={
        "        return torch.stack(all_logits": "        if isinstance(state.hidden, tuple):\n"
        "            state = state._replace(hidden=state.hidden[::-1])\n"
        "        return torch.stack(all_logits"
    },
    why="At the next call the cell would take its long memory for what it last said.",
    question="In which order does PyTorch return the two parts of an LSTM's state?",
)

BahdanauDecoder.edit(
    "HiddenAlone",
    "the RNN's own state came back, not a State that holds it",
    base=DecoderInLongHand,
    replace={"dim=1), state, torch": "dim=1), state.hidden, torch"},
    why="The next call looks in the state for the encoder's states, the keys and the mask.",
    question="What was the state wrapped in when it came in?",
)

BahdanauDecoder.edit(
    "RNNFromZeros",
    "the RNN starts from zeros at every step",
    base=DecoderInLongHand,
    replace={"dim=-1), state.hidden)": "dim=-1))"},
    why="Then the decoder does not know what it has said so far, nor what the encoder handed over.",
    question="What is the RNN's second argument?",
)

BahdanauDecoder.edit(
    "OwnAnswers",
    "it reads its own answers, not the tokens that it was given",
    base=DecoderInLongHand,
    replace={
        "        for word in self.embedding(tgt_input).unbind(dim=1):": (
            "        token = tgt_input[:, 0]\n"
            "        for _ in range(tgt_input.shape[1]):\n"
            "            word = self.embedding(token)"
        ),
        "            all_weights.append(weights)": "            all_weights.append(weights)\n"
        "            token = all_logits[-1].argmax(dim=-1)",
    },
    why="In training the decoder reads the right words, even where it would have said others.",
    question="Which token does the second step read?",
)

BahdanauDecoder.edit(
    "ResultsExchanged",
    "the weights and the state are exchanged",
    base=DecoderInLongHand,
    replace={
        "state, torch.cat(all_weights, dim=1)": "torch.cat(all_weights, dim=1), state",
    },
    why="Who calls the decoder takes its results by their order.",
    question="In which order does the signature name the three results?",
)

BahdanauDecoder.edit(
    "ContextDetached",
    "no gradient goes back through the context",
    base=DecoderInLongHand,
    replace={".squeeze(1)": ".squeeze(1).detach()"},
    why="Then nothing teaches the decoder where to look, and the encoder learns less too.",
    question="Which tensor that enters the RNN is cut off from what it was made of?",
)

BahdanauDecoder.edit(
    "FirstMaskForAll",
    "the first sentence's mask is used for all sentences",
    base=DecoderInLongHand,
    replace={"state.src_mask)": "state.src_mask[:1].expand_as(state.src_mask))"},
    why="Sentences of one batch differ in length. Some would read padding, and others would miss "
    "words.",
    question="How many rows does the mask have, and which of them do you use?",
)

BahdanauDecoder.edit(
    "MaskInverted",
    "the mask is upside down: only padding receives weight",
    base=DecoderInLongHand,
    replace={"state.src_mask)": "~state.src_mask)"},
    why="In this course a mask is True at real words; PyTorch's own layers take the opposite.",
    question="Where is `state.src_mask` True: at words or at padding?",
)

BahdanauDecoder.edit(
    "ReluOnVectors",
    "there is a relu between the embedding and the RNN",
    base=DecoderInLongHand,
    replace={"self.embedding(tgt_input)": "self.embedding(tgt_input).relu()"},
    why="It cuts off all that is negative, half of what is known of a word.",
    question="Which two vectors stand side by side in the formula?",
)

BahdanauDecoder.edit(
    "KeysAndValuesSwapped",
    "keys and values are swapped",
    base=DecoderInLongHand,
    replace={
        "state.h.unsqueeze(1), state.keys)": "state.h.unsqueeze(1), state.encoder_states)",
        "context_vectors(weights, state.encoder_states)": "context_vectors(weights, state.keys)",
    },
    why="Keys are made for comparing. What is mixed are the values: the encoder's states.",
    question="Which of the two goes into the score, and which into the context?",
)

BahdanauDecoder.edit(
    "ScoreNotAsked",
    "`self.score` is not asked: this is the dot score",
    base=DecoderInLongHand,
    replace={
        "self.compare(state.h.unsqueeze(1), state.keys)": (
            "state.h.unsqueeze(1) @ state.keys.transpose(1, 2)"
        )
    },
    why="Bahdanau's score is a small network that learns to compare. The dot product learns "
    "nothing.",
    question="Which part of `self` compares the query with the keys?",
)

BahdanauDecoder.edit(
    "ScoresReturned",
    "scores came back in place of the weights",
    base=DecoderInLongHand,
    replace={"all_weights.append(weights)": "all_weights.append(scores)"},
    why="The heat maps show how each step shares out its attention.",
    question="What do the rows of your third result sum to?",
)


@BahdanauDecoder.alternative
class LogitsAtEveryStep(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        own = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.score, self.own = score or own, score is None
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            project = self.score["key"] if self.own else self.score.project_keys
            state = state._replace(keys=project(state.encoder_states))
        all_logits, all_weights, hidden = [], [], state.hidden
        for t in range(tgt_input.shape[1]):
            asks = hidden[0] if isinstance(hidden, tuple) else hidden
            if self.own:
                asked = self.score["query"](asks)[:, None]
                scores = self.score["v"](torch.tanh(asked + state.keys))[..., 0]
            else:
                scores = self.score(asks[:, None], state.keys)[:, 0]
            weights = scores.masked_fill(~state.src_mask, -1e9).softmax(dim=-1)
            context = (weights.unsqueeze(-1) * state.encoder_states).sum(dim=1)
            hidden = self.rnn(torch.hstack([self.embedding(tgt_input[:, t]), context]), hidden)
            all_logits.append(self.output(hidden[0] if isinstance(hidden, tuple) else hidden))
            all_weights.append(weights)
        logits, weights = torch.stack(all_logits, dim=1), torch.stack(all_weights, dim=1)
        return logits, state._replace(hidden=hidden), weights


@BahdanauDecoder.alternative
class WordByRecursion(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        own = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.score, self.own = score or own, score is None
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            project = self.score["key"] if self.own else self.score.project_keys
            state = state._replace(keys=project(state.encoder_states))
        query = state.h.unsqueeze(1)
        if self.own:
            sums = torch.tanh(self.score["query"](query) + state.keys)
            scores = torch.einsum("bsh,oh->bos", sums, self.score["v"].weight)
        else:
            scores = self.score(query, state.keys)
        weights = attention_weights(scores, state.src_mask)
        context = torch.einsum("bos,bsh->bh", weights, state.encoder_states)
        word = self.embedding(tgt_input[:, 0])
        state = state._replace(hidden=self.rnn(torch.cat([word, context], 1), state.hidden))
        logits = self.output(state.h).unsqueeze(1)
        if tgt_input.shape[1] == 1:
            return logits, state, weights
        more, state, others = self(tgt_input[:, 1:], state)
        return torch.cat([logits, more], 1), state, torch.cat([weights, others], 1)
