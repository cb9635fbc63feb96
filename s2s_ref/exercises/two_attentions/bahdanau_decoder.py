"""The exercise `bahdanau_decoder`: its cases, hints, mistakes and other right answers."""

import torch
from torch import nn

from s2s_ref import two_attentions
from s2s_ref.attention import attention_weights, context_vectors
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise
from s2s_ref.exercises.shared import sized, source_mask
from s2s_ref.state import State

CELLS = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}


# ------------------------------------------------------------------ BahdanauDecoder


@exercise(
    reference=two_attentions.BahdanauDecoder,
    title="Ask first, then step",
    returns=("logits", "state", "weights"),
    after=["two_attentions.AdditiveScores"],
    edges=[{"batch": 1}, {"tgt_len": 1}, {"src_len": 1}, {"lstm": 1}, {"first_call": 1}],
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
    draw: Draw, batch=2, tgt_len=3, src_len=4, vocab=9, embed=5, hidden=6, lstm=0, first_call=0
):
    """Draw sizes, a GRU or an LSTM, target tokens, and a state with the memory of a sentence.

    At the first call for a sentence its keys are not made yet; later they lie in the state.
    """
    sizes = sized(draw, vocab, embed, hidden, lstm)
    h, c, context = (draw.normal(batch, hidden) for _ in range(3))
    encoder_states, keys = (draw.normal(batch, src_len, hidden) for _ in range(2))
    mask = source_mask(draw, batch, src_len)
    state = State(
        (h, c) if lstm else h, context, encoder_states, mask, None if first_call else keys
    )
    return Built(sizes, {"tgt_input": draw.ids(0, vocab, batch, tgt_len), "state": state})


@BahdanauDecoder.mistake(
    "the state after the step asks",
    why="That is Luong's order. Here the context has to enter the RNN, so it must be there before "
    "the step is taken.",
    question="Which state is known before the RNN reads the word?",
)
class NewStateAsks(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        context = state.context
        for word in self.embedding(tgt_input).unbind(dim=1):
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "the first state asks at every step",
    why="Every step would look at the same place. Each step needs the state that the step before "
    "it has left.",
    question="Which state asks for the second word: the one that came in, or the one after the "
    "first?",
)
class FirstStateAsks(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        asked = self.score["query"](state.h).unsqueeze(1)
        scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
        weights = attention_weights(scores, state.src_mask)
        context = context_vectors(weights, state.encoder_states).squeeze(1)
        all_logits = []
        for word in self.embedding(tgt_input).unbind(dim=1):
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(state.h))
        all_weights = weights.expand(-1, tgt_input.shape[1], -1)
        return torch.stack(all_logits, dim=1), state, all_weights


@BahdanauDecoder.mistake(
    "every step starts again from the state that came in",
    why="The decoder forgets each word as soon as it has read it. What one step leaves, the next "
    "one has to take.",
    question="Which name holds the state after the first step, and who reads it?",
)
class StateNotCarried(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            new = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(new.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), new, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "the halves are swapped: the context came before the word",
    why="The RNN has weights for the word first and for the context behind it. Trained like this "
    "it would not matter; the course's weights expect the word first.",
    question="In which order does the exercise name the two?",
)
class WordAndContextSwapped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            state = state._replace(hidden=self.rnn(torch.cat([context, word], -1), state.hidden))
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "padding is read as if it were a word",
    why="The state carries the mask. Without it, a sentence is translated differently beside a "
    "longer one.",
    question="What does `attention_weights` need besides the scores?",
)
class MaskForgotten(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = scores.softmax(dim=-1)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "the keys are mixed, not the encoder's states",
    why="The keys are the encoder's states seen through W_k, made for comparing. What is mixed are "
    "the values: the states themselves.",
    question="What do the weights mix?",
)
class KeysMixed(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.keys).squeeze(1)
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "the encoder's states are compared, not the keys",
    why="`score` compares with projected keys, and `with_keys` has put them into the state. The "
    "encoder's states only have the same size by chance.",
    question="Which field of the state did `with_keys` fill?",
)
class StatesCompared(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.encoder_states)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "the context is still the encoder's last state",
    why="`state.context` is the fixed context of lesson 2; with it this is the peeky decoder of "
    "lesson 6. The weights were computed and then not used.",
    question="What do the weights mix?",
)
class FixedContext(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            all_weights.append(attention_weights(scores, state.src_mask))
            inputs = torch.cat([word, state.context], dim=-1)
            state = state._replace(hidden=self.rnn(inputs, state.hidden))
            all_logits.append(self.output(state.h))
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "the logits come from the state before the step",
    why="It has not read the word yet, nor what the attention brought back for it.",
    question="Which state has read word t?",
)
class LogitsTooEarly(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "the new state has lost the encoder's states",
    why="The next call has nothing to look at. `state._replace(hidden=...)` changes one part and "
    "keeps the others.",
    question="What does the next call need besides the RNN's own state?",
)
class MemoryLost(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), State(state.hidden), torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "the weights of the last step only came back",
    why="A heat map needs a row for every word that was written.",
    question="For three tokens read, how many rows of weights come back?",
)
class LastWeightsOnly(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits = []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(state.h))
        return torch.stack(all_logits, dim=1), state, weights


@BahdanauDecoder.mistake(
    "the new state was made and then dropped",
    why="`state._replace(...)` leaves the State as it is and returns a new one. So every step "
    "began "
    "at the first state, and the logits are those of the first state too.",
    question="Which name holds what `_replace` returns?",
)
class StateDropped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "the state's `context` was exchanged too",
    why="That part holds what the encoder handed over. The context that attention brings is "
    "another "
    "one at every step, and it goes into the RNN only.",
    question="Which one part of the state does the exercise tell you to exchange?",
)
class ContextExchanged(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            hidden = self.rnn(torch.cat([word, context], -1), state.hidden)
            state = state._replace(hidden=hidden, context=context)
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "the keys went through W_k a second time",
    why="`with_keys` has done that already, once for the sentence. What lies in `state.keys` is "
    "ready to be compared.",
    question="What has become of the encoder's states before they lie in `state.keys`?",
)
class KeysProjectedOnceMore(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            keys = self.score["key"](state.keys)
            scores = self.score["v"](torch.tanh(asked + keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "the keys in the state are not used: they were made anew",
    why="`with_keys` makes them once a sentence, so that no later call has to do it again.",
    question="Which field of the state did `with_keys` fill?",
)
class KeysMadeAnew(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            keys = self.score["key"](state.encoder_states)
            scores = self.score["v"](torch.tanh(asked + keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "these are probabilities, not logits",
    why="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    question="Does the exercise say anything of what comes after `self.output`?",
)
class Probabilities(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze(1)
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(state.h).softmax(dim=-1))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.mistake(
    "a batch of one loses its axis",
    why="`squeeze()` without an argument drops every axis of length 1.",
    question="Which axis do you mean to drop, and how do you name it?",
    raises="(?i)same number of dimensions",
)
class ContextSqueezed(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights = [], []
        for word in self.embedding(tgt_input).unbind(dim=1):
            asked = self.score["query"](state.h).unsqueeze(1)
            scores = self.score["v"](torch.tanh(asked + state.keys)).transpose(1, 2)
            weights = attention_weights(scores, state.src_mask)
            context = context_vectors(weights, state.encoder_states).squeeze()
            state = state._replace(hidden=self.rnn(torch.cat([word, context], -1), state.hidden))
            all_logits.append(self.output(state.h))
            all_weights.append(weights)
        return torch.stack(all_logits, dim=1), state, torch.cat(all_weights, dim=1)


@BahdanauDecoder.alternative
class LogitsAtEveryStep(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru", score=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = CELLS[cell](embed_size + hidden_size, hidden_size)
        names = {"query": hidden_size, "key": hidden_size, "v": 1}
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        all_logits, all_weights, hidden = [], [], state.hidden
        for t in range(tgt_input.shape[1]):
            asks = hidden[0] if isinstance(hidden, tuple) else hidden
            asked = self.score["query"](asks)[:, None]
            scores = self.score["v"](torch.tanh(asked + state.keys))[..., 0]
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
        self.score = nn.ModuleDict({n: nn.Linear(hidden_size, m, False) for n, m in names.items()})
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        if state.keys is None:
            state = state._replace(keys=self.score["key"](state.encoder_states))
        asked = self.score["query"](state.h).unsqueeze(1)
        scores = torch.einsum("bsh,oh->bos", torch.tanh(asked + state.keys), self.score["v"].weight)
        weights = attention_weights(scores, state.src_mask)
        context = torch.einsum("bos,bsh->bh", weights, state.encoder_states)
        word = self.embedding(tgt_input[:, 0])
        state = state._replace(hidden=self.rnn(torch.cat([word, context], 1), state.hidden))
        logits = self.output(state.h).unsqueeze(1)
        if tgt_input.shape[1] == 1:
            return logits, state, weights
        more, state, others = self(tgt_input[:, 1:], state)
        return torch.cat([logits, more], 1), state, torch.cat([weights, others], 1)
