"""Lesson 6: the exercises of the one fixed vector."""

import torch
from torch import nn

from s2s_ref import bottleneck
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.encoder_decoder import sized
from s2s_ref.checks.exercise import Built, exercise, prediction
from s2s_ref.checks.rnn import one_of, one_share
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn, to_rnn

# ------------------------------------------------------------------ score_by_length


@exercise(
    reference=bottleneck.score_by_length,
    lesson=6,
    title="A score for each length",
    returns="means",
    edges=[{"sentences": 1}, {"bins": 1}],
    hints=[
        "Each bin is a question: how good are the sentences of these lengths, on average? Which "
        "sentences take part, and what is the answer where none does?",
        "Three lists come in: scores and lengths with one entry a sentence, bins with one pair "
        "(low, high) each. One list comes out, as long as the bins.",
        "Scores [1, 0, 1, 1] of sentences with 3, 5, 4 and 9 tokens, and the bins (3, 4), (5, 5), "
        "(6, 8): [1.0, 0.0, None].",
    ],
)
def score_by_length(draw: Draw, sentences=24, bins=5):
    """Draw scores of sentences, one bin that is empty, and one with nothing but zeros."""
    lows = [1 + 4 * i for i in range(bins)]
    ranges = [(low, low + draw.integer(1, 4)) for low in lows]  # some leave a gap behind them
    empty, zeros = draw.shuffled(list(range(bins + 1)))[:2]
    kept = [low for i, low in enumerate(lows) if i != empty]
    first, last = (kept or [lows[-1] + 4])[0], (kept or [lows[-1] + 4])[-1]
    lengths, scores = [], []
    for _ in range(sentences):
        length = draw.integer(first, last + 5)
        if empty < bins and lows[empty] <= length < lows[empty] + 4:
            length = first
        lengths.append(length)
        in_zeros = zeros < bins and lows[zeros] <= length < lows[zeros] + 4
        scores.append(0.0 if in_zeros else round(float(draw.normal().abs()), 3))
    return {"scores": scores, "lengths": lengths, "bins": ranges}


@score_by_length.mistake(
    "the upper end of a bin is left out",
    so="The bin (3, 4) would hold the sentences of 3 tokens only, and those of 4 stand nowhere.",
    ask="Does a sentence of 4 tokens belong into the bin (3, 4)?",
)
def upper_end_left_out(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n < high]
        means.append(sum(inside) / len(inside) if inside else None)
    return means


@score_by_length.mistake(
    "the lower end of a bin is left out",
    so="The bin (3, 4) would hold the sentences of 4 tokens only, and those of 3 stand nowhere.",
    ask="Does a sentence of 3 tokens belong into the bin (3, 4)?",
)
def lower_end_left_out(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low < n <= high]
        means.append(sum(inside) / len(inside) if inside else None)
    return means


@score_by_length.mistake(
    "a bin without sentences got 0",
    so="The curve would fall to 0 where nothing was measured.",
    ask="Which value says 'not measured' and cannot be taken for a bad score?",
)
def empty_is_zero(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append(sum(inside) / len(inside) if inside else 0.0)
    return means


@score_by_length.mistake(
    "a bin without sentences was divided by zero",
    so="Long sentences are rare, so sooner or later a bin stays empty.",
    ask="What do you divide by when no sentence has such a length?",
    raises="division by zero",
)
def divided_by_zero(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append(sum(inside) / len(inside))
    return means


@score_by_length.mistake(
    "bins without sentences are missing from the list",
    so="The later scores move to the left and stand at the wrong lengths.",
    ask="How long must the list be, compared with the bins?",
)
def empty_bins_left_out(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        if inside:
            means.append(sum(inside) / len(inside))
    return means


@score_by_length.mistake(
    "a bin that scores 0 became None",
    so="To get everything wrong is a measurement too, and the most important one here.",
    ask="Does `or`, or `if`, tell a 0 from None?",
)
def zero_became_none(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append((sum(inside) / max(len(inside), 1)) or None)
    return means


@score_by_length.mistake(
    "the sum was divided by all sentences, not by those of the bin",
    so="A bin with few sentences would look bad because it is small.",
    ask="How many scores went into the sum of this bin?",
)
def divided_by_all(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append(sum(inside) / len(scores) if inside else None)
    return means


@score_by_length.mistake(
    "these are sums, not averages",
    so="A bin with many sentences would look good because it is large.",
    ask="By what must the sum of a bin be divided?",
)
def sums_of_scores(scores, lengths, bins):
    means = []
    for low, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if low <= n <= high]
        means.append(sum(inside) if inside else None)
    return means


@score_by_length.mistake(
    "each bin holds all the shorter sentences too",
    so="The easy short ones would hide what happens to the long ones.",
    ask="Which of the two ends of the bin did you compare with the length?",
)
def all_up_to_here(scores, lengths, bins):
    means = []
    for _, high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if n <= high]
        means.append(sum(inside) / len(inside) if inside else None)
    return means


@score_by_length.mistake(
    "only the two ends of a bin are in it",
    so="The bin (6, 8) would hold the sentences of 6 and 8 tokens, and those of 7 stand nowhere.",
    ask="A bin is a pair of two numbers. What does Python answer to `7 in (6, 8)`?",
)
def ends_alone(scores, lengths, bins):
    means = []
    for low_and_high in bins:
        inside = [s for s, n in zip(scores, lengths, strict=True) if n in low_and_high]
        means.append(sum(inside) / len(inside) if inside else None)
    return means


@score_by_length.mistake(
    "the sum goes on from one bin to the next",
    so="The easy short ones would hide what happens to the long ones.",
    ask="What must sum and count be at the beginning of each bin?",
)
def never_reset(scores, lengths, bins):
    means, total, count = [], 0.0, 0
    for low, high in bins:
        for score, length in zip(scores, lengths, strict=True):
            if low <= length <= high:
                total += score
                count += 1
        means.append(total / count if count else None)
    return means


@score_by_length.alternative
def score_by_length_with_counters(scores, lengths, bins):
    totals, counts = [0.0] * len(bins), [0] * len(bins)
    for i in range(len(scores)):
        for k in range(len(bins)):
            if bins[k][0] <= lengths[i] <= bins[k][1]:
                totals[k] += scores[i]
                counts[k] += 1
    return tuple(totals[k] / counts[k] if counts[k] > 0 else None for k in range(len(bins)))


@score_by_length.alternative
def score_by_length_with_tensors(scores, lengths, bins):
    score, length, means = torch.tensor(scores), torch.tensor(lengths), []
    for low, high in bins:
        inside = (length >= low) & (length <= high)
        means.append(score[inside].mean() if inside.any() else None)
    return means


# ------------------------------------------------------------------ reverse_source


@exercise(
    reference=bottleneck.reverse_source,
    lesson=6,
    title="The source turned round",
    returns="reversed",
    edges=[{"sentences": 1}, {"longest": 1}],
    hints=[
        "The first words of the source should be read last. Which token is no word, and still has "
        "to come at the very end?",
        "A list of lists of ids comes in. A new list of new lists comes out, every sentence as "
        "long as it was and in the same place.",
        "With <eos> = 2: [[5, 6, 7, 2], [8, 2]] becomes [[7, 6, 5, 2], [8, 2]].",
    ],
)
def reverse_source(draw: Draw, sentences=4, longest=6, vocab=15):
    """Draw sentences of many lengths; each ends in <eos>."""
    lengths = [longest, *(draw.integer(1, longest + 1) for _ in range(sentences - 1))]
    words = [draw.shuffled(list(range(4, vocab)))[:length] for length in draw.shuffled(lengths)]
    return {"sources": [[*ids, 2] for ids in words]}


@reverse_source.mistake(
    "`<eos>` stands in front",
    so="The encoder would read 'the sentence is over' first, and its last step would be a word.",
    ask="Which token should the encoder read last?",
)
def eos_in_front(sources):
    return [list(ids[::-1]) for ids in sources]


@reverse_source.mistake(
    "`<eos>` stands in front and at the end",
    so="The sentence has become one token longer.",
    ask="How many tokens should a sentence have afterwards?",
)
def eos_twice(sources):
    return [[*ids[::-1], ids[-1]] for ids in sources]


@reverse_source.mistake(
    "`<eos>` is lost",
    so="The encoder would never be told that the sentence is over.",
    ask="What became of the last token of each sentence?",
)
def eos_lost(sources):
    return [list(ids[:-1][::-1]) for ids in sources]


@reverse_source.mistake(
    "the first word is lost",
    so="In Python the end of a slice is left out, here the word at place 0.",
    ask="Which place does your slice stop before?",
)
def first_word_lost(sources):
    return [[*ids[-2:0:-1], ids[-1]] for ids in sources]


@reverse_source.mistake(
    "the sentences changed places, and their words did not",
    so="Every source would stand beside another sentence's translation.",
    ask="Which of the two lists, the outer or the inner one, should be turned round?",
)
def batch_reversed(sources):
    return [list(ids) for ids in sources[::-1]]


@reverse_source.mistake(
    "the words were sorted, not turned round",
    so="`sorted` with `reverse=True` looks at the ids, which say nothing about the order.",
    ask="Is 'reversed' the same as 'from the largest to the smallest'?",
)
def sorted_downwards(sources):
    return [[*sorted(ids[:-1], reverse=True), ids[-1]] for ids in sources]


@reverse_source.mistake(
    "the sentences that came in were changed",
    so="Called twice on the same corpus, it would turn everything back again, without a word.",
    ask="Does your code make a new list, or does it write into the one that it was given?",
)
def written_in_place(sources):
    for ids in sources:
        ids[:-1] = ids[:-1][::-1]
    return sources


@reverse_source.mistake(
    "the sentences came back as they were",
    so="In a loop, `ids = ...` gives another list to the name `ids`. The list of sentences stays "
    "as it is.",
    ask="Where does your code keep the sentence that it has turned round?",
)
def turned_and_dropped(sources):
    for ids in sources:
        ids = [*ids[:-1][::-1], ids[-1]]
    return sources


@reverse_source.alternative
def reverse_source_with_loops(sources):
    turned = []
    for ids in sources:
        words = list(ids)
        end = words.pop()
        words.reverse()
        words.append(end)
        turned.append(words)
    return turned


@reverse_source.alternative
def reverse_source_by_inserting(sources):
    turned = []
    for ids in sources:
        words = []
        for token in ids[:-1]:
            words.insert(0, token)
        words.append(ids[-1])
        turned.append(tuple(words))
    return turned


# ------------------------------------------------------------------ PeekyDecoder


@exercise(
    reference=bottleneck.PeekyDecoder,
    lesson=6,
    title="The peeky decoder",
    returns=("logits", "state"),
    edges=[{"batch": 1}, {"tgt_len": 1}, {"lstm": 1}],
    hints=[
        "The decoder's own state changes with every word that it reads. Which of the things that "
        "it was handed stays the same from the first word to the last?",
        "The context is [batch, hidden], the embedded words are [batch, tgt_len, embed]. The "
        "context needs a second axis, and one copy a word; side by side they are "
        "[batch, tgt_len, embed + hidden].",
        "Two words with the vectors [1] and [2], and the context [8, 9]: the RNN reads [1, 8, 9] "
        "and then [2, 8, 9].",
    ],
)
def PeekyDecoder(draw: Draw, batch=2, tgt_len=3, vocab=7, embed=4, hidden=5, lstm=0):
    """Draw sizes, a GRU or an LSTM, target tokens, and a state in the middle of a sentence."""
    sizes = sized(draw, vocab, embed, hidden, lstm)
    h, c = draw.normal(batch, hidden), draw.normal(batch, hidden)
    state = State((h, c) if lstm else h, draw.normal(batch, hidden))
    return Built(sizes, {"tgt_input": draw.ids(0, vocab, batch, tgt_len), "state": state})


@PeekyDecoder.mistake(
    "the decoder peeks at its own current state, not at the context",
    so="In training all is well: there the state is still the context when it is read. In "
    "translation, a word a call, the state has moved on, and the decoder peeks at itself.",
    ask="Which part of the State stays what it is from word to word?",
)
class OwnState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.h.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), State(from_rnn(hidden), state.context)


@PeekyDecoder.mistake(
    "the state that came back has lost its context",
    so="At the next call there is nothing left to peek at.",
    ask="A State has two parts here. Which of them did you make anew, and where is the other?",
)
class ContextLost(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), State(from_rnn(hidden))


@PeekyDecoder.mistake(
    "the new state took the context's place",
    so="From the second word on the decoder would peek at itself, not at the source.",
    ask="Does the context change when a target word is read?",
)
class ContextReplaced(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), State(from_rnn(hidden), outputs[:, -1])


@PeekyDecoder.mistake(
    "the context was repeated along the wrong axis: sentences got each other's",
    so="The shapes fit, so nothing complains, and the model learns nothing from what it peeks at.",
    ask="Row 0 of the batch: is the context the same at all its words?",
)
class RepeatedAlongBatch(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        batch, tgt_len = tgt_input.shape
        context = state.context.repeat(tgt_len, 1).view(batch, tgt_len, -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the context stands at the first word only",
    so="That is hardly more than the decoder of lesson 2 has. The later words need it most.",
    ask="How many copies of the context does a target of three words need?",
)
class FirstWordOnly(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = torch.zeros(*tgt_input.shape, state.context.shape[-1])
        context[:, 0] = state.context
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the two halves are exchanged: the context stands before the word's vector",
    so="It would learn as well, but the weights would no longer fit the course's models.",
    ask="In the example the RNN reads [1, 8, 9]. Which of these numbers are the context?",
)
class HalvesExchanged(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([context, self.embedding(tgt_input)], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the RNN starts from an empty state",
    so="The context is an input now, and it is still the state to start from. And in translation, "
    "a word a call, the decoder would forget what it has just said.",
    ask="What does the layer start from when you give it one argument only?",
)
class StartsEmpty(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs)
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the old state came back",
    so="At the next call the decoder would have forgotten what it just read.",
    ask="Which of the layer's two results is the state after the last token, and where does it "
    "enter the State that you return?",
)
class OldState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, _ = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state


@PeekyDecoder.mistake(
    "the RNN got the words alone, without the context",
    so="This is the decoder of lesson 2; the layer waits for a longer input at each word.",
    ask="How many numbers does the RNN read at a word: embed_size, or more?",
    raises="input.size",
)
class WordsAlone(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        outputs, hidden = self.rnn(self.embedding(tgt_input), to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the context has no axis for the words yet",
    so="A sentence has one context and many words. Both must be [batch, tgt_len, …] before they "
    "are laid side by side.",
    ask="How many axes has the context, and how many have the embedded words?",
    raises="(?i)same number of dimensions",
)
class AxisMissing(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        inputs = torch.cat([self.embedding(tgt_input), state.context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the decoder peeks at its own current state, not at the context",
    so="`state.hidden` is new after every word, and for an LSTM it is a pair. The context is one "
    "tensor, and it stays what it is.",
    ask="Which part of the State stays what it is from word to word?",
    raises="has no attribute",
)
class OwnStateOfAnyCell(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.hidden.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the RNN starts from the context at every call",
    so="At the first word that is right. In translation, a word a call, the decoder would forget "
    "what it has just said.",
    ask="Which part of the State is new after every call, and so what must the RNN go on from?",
    raises="out of bounds",
)
class StartsFromContext(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.context))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the context is there once, and there are more words",
    so="`torch.cat` repeats nothing: side by side, both need a place for every word.",
    ask="How long is the middle axis of each of the two?",
    raises=r"Expected size \d+ but got size 1 for",
)
class ContextOnce(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        inputs = torch.cat([self.embedding(tgt_input), state.context.unsqueeze(1)], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "these are probabilities, not logits",
    so="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    ask="Does the exercise say anything of what comes after the affine layer?",
)
class Probabilities(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs).softmax(-1), state._replace(hidden=from_rnn(hidden))


@PeekyDecoder.mistake(
    "the LSTM's c is lost",
    so="An LSTM's outputs show h only. At the next call half of its state would be missing.",
    ask="How many tensors is the state of an LSTM, and which result of the layer holds them all?",
)
class CellStateDropped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context.unsqueeze(1).expand(-1, tgt_input.shape[1], -1)
        inputs = torch.cat([self.embedding(tgt_input), context], dim=-1)
        outputs, _ = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), state._replace(hidden=outputs[:, -1])


@PeekyDecoder.alternative
class PeekyByRepeating(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        context = state.context[:, None].repeat(1, tgt_input.size(1), 1)
        inputs = torch.cat((self.embedding(tgt_input), context), 2)
        outputs, hidden = self.rnn(inputs, to_rnn(state.hidden))
        return self.output(outputs), State(from_rnn(hidden), state.context)


@PeekyDecoder.alternative
class PeekyWordByWord(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size + hidden_size, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tgt_input, state):
        hidden, rows = to_rnn(state.hidden), []
        for t in range(tgt_input.shape[1]):
            word = torch.cat([self.embedding(tgt_input[:, t]), state.context], dim=1)
            out, hidden = self.rnn(word.unsqueeze(1), hidden)
            rows.append(self.output(out[:, 0]))
        return torch.stack(rows, dim=1), state._replace(hidden=from_rnn(hidden))


# ------------------------------------------------------------------ predictions


@prediction(lesson=6, title="Prediction: 99 of 100 words right", example=74)
def by_itself(answer):
    """Say what is wrong with a percentage, if anything."""
    return one_share(answer)


@by_itself.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def by_itself_unanswered():
    return None


@by_itself.mistake("expected a percentage, from 0 to 100", so="A number alone, without quotes.")
def by_itself_in_quotes():
    return "99 %"


@prediction(lesson=6, title="Prediction: which curves test the vector", example="all lengths")
def tests_capacity(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "short only", "all lengths", "both")


@tests_capacity.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def capacity_unanswered():
    return None


@tests_capacity.mistake(
    'expected one of "short only", "all lengths", "both"', so="One of the three, in quotes."
)
def capacity_in_numbers():
    return 2


WAYS = ("plain", "peeky", "reversed", "both")


@prediction(lesson=6, title="Prediction: four ways to add", example=list(WAYS))
def sums_order(answer):
    """Say what is wrong with a ranking, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if not isinstance(answer, list | tuple) or sorted(map(str, answer)) != sorted(WAYS):
        return "expected the four names in a list, each once"
    return None


@sums_order.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def order_unanswered():
    return None


@sums_order.mistake(
    "expected the four names in a list, each once", so="The worst first, the best last."
)
def only_the_best():
    return ["both"]


@prediction(lesson=6, title="Prediction: Korean read backwards", example="same")
def korean_reversed(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "better", "same", "worse")


@korean_reversed.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def korean_unanswered():
    return None


@korean_reversed.mistake('expected one of "better", "same", "worse"', so="One word, in quotes.")
def korean_in_words():
    return "a little better"
