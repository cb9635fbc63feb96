"""Lesson 3: the exercises of padding, masks and batches."""

from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from s2s_ref import padding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.encoder_decoder import sized
from s2s_ref.checks.exercise import Built, exercise, prediction
from s2s_ref.checks.rnn import one_of, one_share
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import from_rnn
from s2s_ref.student.describe import Observation

# ------------------------------------------------------------------ pad


@exercise(
    reference=padding.pad,
    lesson=3,
    title="A rectangle of sentences",
    returns="rectangle",
    edges=[{"sentences": 1}, {"longest": 1}],
    hints=[
        "A batch is a rectangle, and every sentence starts at its left edge. How long is a row, "
        "and what fills the rest of it?",
        "A list of lists of ids comes in. A tensor of whole numbers comes out: as many rows as "
        "there are sentences, as many columns as the longest one has ids.",
        "[[5, 6, 7], [8]] with pad_id = 0 becomes [[5, 6, 7], [8, 0, 0]].",
    ],
)
def pad(draw: Draw, sentences=4, longest=6, vocab=9):
    """Draw sentences of many lengths, one of them the longest, and the id of padding."""
    lengths = [longest, *(draw.integer(1, longest + 1) for _ in range(sentences - 1))]
    pad_id = draw.integer(1, 4)
    return {
        "sequences": [draw.ids(4, vocab, length).tolist() for length in draw.shuffled(lengths)],
        "pad_id": pad_id,
    }


@pad.mistake(
    "the longer sentences were cut",
    so="The end of a sentence is lost, and in Korean the verb stands there.",
    ask="Which sentence decides how wide the rectangle is?",
)
def cut_to_shortest(sequences, pad_id):
    shortest = min(len(ids) for ids in sequences)
    return torch.tensor([ids[:shortest] for ids in sequences])


@pad.mistake(
    "the padding stands in front",
    so="Then the words end at the right edge, but a mask of lengths marks the places on the left.",
    ask="Where in a row does the first word of a sentence belong?",
)
def padded_in_front(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    return torch.tensor([[pad_id] * (longest - len(ids)) + ids for ids in sequences])


@pad.mistake(
    "the gaps were filled with 0 and not with `pad_id`",
    so="It goes well as long as 0 happens to be the id of padding, and no longer.",
    ask="What is the second argument for?",
)
def filled_with_zeros(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    return torch.tensor([ids + [0] * (longest - len(ids)) for ids in sequences])


@pad.mistake(
    "every row is one place too long",
    so="A whole column of padding costs time in every batch.",
    ask="How much padding does the longest sentence need?",
)
def one_column_too_many(sequences, pad_id):
    longest = max(len(ids) for ids in sequences) + 1
    return torch.tensor([ids + [pad_id] * (longest - len(ids)) for ids in sequences])


@pad.mistake(
    "the sentences stand in the columns",
    so="The batch comes first, everywhere in the course. PyTorch's own default is the other one.",
    ask="How many rows should come out for two sentences?",
)
def sentences_in_columns(sequences, pad_id):
    rows = [torch.tensor(ids) for ids in sequences]
    return pad_sequence(rows, padding_value=pad_id)


@pad.mistake(
    "the ids became floats",
    so="An embedding is looked up by whole numbers; it refuses 5.0.",
    ask="Which dtype do `torch.zeros` and `torch.ones` give when you do not name one?",
)
def floats(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    rectangle = torch.ones(len(sequences), longest) * pad_id
    for row, ids in enumerate(sequences):
        rectangle[row, : len(ids)] = torch.tensor(ids)
    return rectangle


@pad.mistake(
    "the sentences that came in were made longer",
    so="Whoever called still needs them; in the next batch they would be as long as this one's.",
    ask="Which of your operations changes a list, and which makes a new one?",
)
def made_longer(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    for ids in sequences:
        ids += [pad_id] * (longest - len(ids))
    return torch.tensor(sequences)


@pad.mistake(
    "the rows are not all of one length",
    so="A tensor is a rectangle, so every row must have as many places as the longest sentence.",
    ask="For a sentence of 2 ids beside one of 5: how many times does `pad_id` stand behind it?",
    raises="expected sequence of length",
)
def always_one_more(sequences, pad_id):
    return torch.tensor([[*ids, pad_id] for ids in sequences])


@pad.alternative
def pad_with_pytorch(sequences, pad_id):
    rows = [torch.tensor(ids) for ids in sequences]
    return pad_sequence(rows, batch_first=True, padding_value=pad_id)


@pad.alternative
def pad_into_a_full_tensor(sequences, pad_id):
    longest = max(len(ids) for ids in sequences)
    rectangle = torch.full((len(sequences), longest), pad_id)
    for row, ids in enumerate(sequences):
        for column, number in enumerate(ids):
            rectangle[row, column] = number
    return rectangle


# ------------------------------------------------------------------ length_mask


@exercise(
    reference=padding.length_mask,
    lesson=3,
    title="Which places are real",
    returns="mask",
    edges=[{"batch": 1}, {"max_len": 1}, {"batch": 5}],
    hints=[
        "A sentence of 3 tokens fills the places 0, 1 and 2. Which question do you ask of every "
        "place, and is the answer for place 3 yes or no?",
        "Compare the places [len] with the lengths [batch]. One of the two needs a new axis, so "
        "that every place meets every length: [batch, len].",
        "Lengths [2, 3] and max_len = 3: [[True, True, False], [True, True, True]].",
    ],
)
def length_mask(draw: Draw, batch=3, max_len=5):
    """Draw lengths from 1 to the width of the rectangle."""
    return {"lengths": draw.ids(1, max_len + 1, batch), "max_len": max_len}


@length_mask.mistake(
    "one place too many is marked in every row",
    so="The first <pad> of each sentence would count as a word.",
    ask="Places are counted from 0. Is place 2 real in a sentence of 2 tokens?",
)
def up_to_and_with(lengths, max_len):
    return torch.arange(max_len) <= lengths.unsqueeze(1)


@length_mask.mistake(
    "the mask is the wrong way round",
    so="True stands for a real token here. Only PyTorch's key_padding_mask is the opposite.",
    ask="What does True stand for?",
)
def inverted(lengths, max_len):
    return torch.arange(max_len) >= lengths.unsqueeze(1)


@length_mask.mistake(
    "the axes are exchanged",
    so="A row of the mask belongs to a sentence, as in the rectangle of ids.",
    ask="Which of the two tensors that you compare got the new axis?",
)
def exchanged_axes(lengths, max_len):
    return torch.arange(max_len).unsqueeze(1) < lengths


@length_mask.mistake(
    "the mask holds numbers, not True and False",
    so="As an index, `logits[mask]` with 0 and 1 fetches the rows 0 and 1 again and again.",
    ask="Which dtype does a comparison give, and what did you do with it?",
)
def as_numbers(lengths, max_len):
    return (torch.arange(max_len) < lengths.unsqueeze(1)).long()


@length_mask.mistake(
    "the mask is as wide as the longest sentence, not as wide as asked",
    so="The rectangle may be wider than the longest sentence, and the mask must fit over it.",
    ask="What is `max_len` for?",
)
def as_wide_as_longest(lengths, max_len):
    return torch.arange(int(lengths.max())) < lengths.unsqueeze(1)


@length_mask.mistake(
    "the last places are marked, not the first ones",
    so="The padding stands behind the sentence, not in front of it.",
    ask="Is the first place of a short sentence real?",
)
def at_the_right_edge(lengths, max_len):
    return torch.arange(max_len) >= max_len - lengths.unsqueeze(1)


@length_mask.mistake(
    "the last word of every sentence is not marked",
    so="In Korean the verb stands there, or the <eos>, and both would count as padding.",
    ask="Places are counted from 0. At which place does a sentence of 2 tokens end?",
)
def one_too_few(lengths, max_len):
    return torch.arange(1, max_len + 1) < lengths.unsqueeze(1)


@length_mask.mistake(
    "the mask is the wrong way round",
    so="True stands for a real token here. Only PyTorch's key_padding_mask is the opposite.",
    ask="What does True stand for?",
)
def sides_exchanged(lengths, max_len):
    return lengths.unsqueeze(1) < torch.arange(max_len)


@length_mask.mistake(
    "the two tensors do not fit together: neither has an axis of length 1",
    so="Every place must meet every length. Two tensors with one axis each meet entry by entry.",
    ask="Which of the two needs a new axis, and where, so that [batch, len] comes out?",
    raises="must match the size",
)
def no_new_axis(lengths, max_len):
    return torch.arange(max_len) < lengths


@length_mask.alternative
def length_mask_by_loops(lengths, max_len):
    rows = [[place < length for place in range(max_len)] for length in lengths.tolist()]
    return torch.tensor(rows)


@length_mask.alternative
def length_mask_by_filling(lengths, max_len):
    mask = torch.zeros(len(lengths), max_len, dtype=torch.bool)
    for row, length in enumerate(lengths):
        mask[row, :length] = True
    return mask


# ------------------------------------------------------------------ masked_cross_entropy


@exercise(
    reference=padding.masked_cross_entropy,
    lesson=3,
    title="A loss that does not count padding",
    returns="loss",
    edges=[{"batch": 1}, {"tgt_len": 1}, {"tgt_len": 1, "batch": 1}],
    skip=["batch order"],  # one number comes back, which no order can change
    hints=[
        "The model is asked about words only. What should happen to the answers that it gives at "
        "padding, and by how many answers do you then divide?",
        "A bool mask [batch, tgt_len] as an index keeps the places where it is True: the logits "
        "become [real, vocab], the targets [real]. That is what PyTorch's cross_entropy takes.",
        'Two sentences cost 1.0 and 2.0 nats, and 6.0 nats and padding. "sum" is 9.0, and "mean" '
        "is 9.0 / 3 = 3.0.",
    ],
)
def masked_cross_entropy(draw: Draw, batch=3, tgt_len=6, vocab=5):
    """Draw logits, targets with any ids at padding, a mask, and one of the two reductions."""
    lengths = draw.ids(1, tgt_len + 1, batch)
    return {
        "logits": draw.normal(batch, tgt_len, vocab),
        "tgt_output": draw.ids(0, vocab, batch, tgt_len),
        "tgt_mask": torch.arange(tgt_len) < lengths.unsqueeze(1),
        "reduction": "mean" if draw.chance(0.6) else "sum",
    }


@masked_cross_entropy.mistake(
    "the padding is counted",
    so="A model that is good at saying <pad> gets a low loss, whatever it does with words.",
    ask="Where does the mask come into your computation?",
)
def padding_counted(logits, tgt_output, tgt_mask, reduction="mean"):
    return nn.functional.cross_entropy(
        logits.flatten(0, 1), tgt_output.flatten(), reduction=reduction
    )


@masked_cross_entropy.mistake(
    "only the padding is counted",
    so="True stands for a real token. The model would learn nothing but to say <pad>.",
    ask="Which tokens does `~tgt_mask` keep?",
)
def mask_inverted(logits, tgt_output, tgt_mask, reduction="mean"):
    return nn.functional.cross_entropy(
        logits[~tgt_mask], tgt_output[~tgt_mask], reduction=reduction
    )


@masked_cross_entropy.mistake(
    "this is a mean of the sentences' means",
    so="A word of a short sentence would weigh more than a word of a long one.",
    ask="Once you have added up the words of the whole batch, what is there to divide by?",
)
def mean_of_means(logits, tgt_output, tgt_mask, reduction="mean"):
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    losses = losses * tgt_mask
    if reduction == "sum":
        return losses.sum()
    return (losses.sum(dim=1) / tgt_mask.sum(dim=1)).mean()


@masked_cross_entropy.mistake(
    "the sum is divided by all places, padding included",
    so="The padding adds nothing to the sum, but it still makes the mean smaller.",
    ask="How many places went into the sum?",
)
def divided_by_all_places(logits, tgt_output, tgt_mask, reduction="mean"):
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    losses = losses * tgt_mask
    return losses.sum() if reduction == "sum" else losses.mean()


@masked_cross_entropy.mistake(
    "the sum is divided by the number of sentences",
    so="These are nats per sentence. They grow with the sentences' lengths.",
    ask="Is it nats per sentence or nats per token that the docstring asks for?",
)
def divided_by_sentences(logits, tgt_output, tgt_mask, reduction="mean"):
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    total = (losses * tgt_mask).sum()
    return total if reduction == "sum" else total / len(logits)


@masked_cross_entropy.mistake(
    "the logits at padding were overwritten, and are still counted",
    so="Logits that are all the same say that all words are equally likely. That costs log(vocab) "
    "nats a place.",
    ask="Does a place whose logits were overwritten still take part in the sum?",
)
def logits_zeroed(logits, tgt_output, tgt_mask, reduction="mean"):
    kept = logits * tgt_mask.unsqueeze(-1)
    return nn.functional.cross_entropy(
        kept.flatten(0, 1), tgt_output.flatten(), reduction=reduction
    )


@masked_cross_entropy.mistake(
    "the sum came back where the mean was asked for",
    so="A sum grows with the batch, so its steps do too, and batches cannot be compared.",
    ask="What does `reduction` say, and where do you use it?",
)
def sum_for_mean(logits, tgt_output, tgt_mask, reduction="mean"):
    return nn.functional.cross_entropy(logits[tgt_mask], tgt_output[tgt_mask], reduction="sum")


@masked_cross_entropy.mistake(
    "the mean came back where the sum was asked for",
    so="Sums can be added up over batches and divided once, at the end; means cannot.",
    ask="What does `reduction` say, and where do you use it?",
)
def mean_for_sum(logits, tgt_output, tgt_mask, reduction="mean"):
    return nn.functional.cross_entropy(logits[tgt_mask], tgt_output[tgt_mask])


@masked_cross_entropy.mistake(
    "the padding was looked for by the id 0, not by the mask",
    so="The function is not told which id is padding. The mask is what it is told.",
    ask="Which argument says where the real tokens are?",
)
def zeros_ignored(logits, tgt_output, tgt_mask, reduction="mean"):
    return nn.functional.cross_entropy(
        logits.flatten(0, 1), tgt_output.flatten(), ignore_index=0, reduction=reduction
    )


@masked_cross_entropy.mistake(
    "the softmax is taken twice",
    so="PyTorch's cross_entropy takes the softmax itself. Taken twice, it flattens every choice.",
    ask="Does cross_entropy want logits or probabilities?",
)
def softmax_twice(logits, tgt_output, tgt_mask, reduction="mean"):
    probabilities = logits.softmax(dim=-1)
    return nn.functional.cross_entropy(
        probabilities[tgt_mask], tgt_output[tgt_mask], reduction=reduction
    )


@masked_cross_entropy.mistake(
    "the targets at padding were overwritten, and are still counted",
    so="The model would be asked to say another word there, and would pay for not saying it.",
    ask="What becomes smaller when a mask is used as an index, and what when it is multiplied?",
)
def targets_zeroed(logits, tgt_output, tgt_mask, reduction="mean"):
    kept = tgt_output * tgt_mask
    return nn.functional.cross_entropy(logits.flatten(0, 1), kept.flatten(), reduction=reduction)


@masked_cross_entropy.mistake(
    "the logits were cut up anew, not transposed",
    so="`view` and `reshape` keep the numbers in their order and only count them off differently: "
    "logits of different words come into one column.",
    ask="Which function exchanges two axes? And does `logits[tgt_mask]` need one?",
)
def logits_reshaped(logits, tgt_output, tgt_mask, reduction="mean"):
    batch, tgt_len, vocab = logits.shape
    cut = logits.reshape(batch, vocab, tgt_len)
    losses = nn.functional.cross_entropy(cut, tgt_output, reduction="none") * tgt_mask
    return losses.sum() / tgt_mask.sum() if reduction == "mean" else losses.sum()


@masked_cross_entropy.mistake(
    "the sign is turned",
    so="A loss that falls below 0 rewards the model for making the right words unlikely.",
    ask="Is the logarithm of a probability positive or negative, and what should a loss be?",
)
def sign_turned(logits, tgt_output, tgt_mask, reduction="mean"):
    log_probs = logits.log_softmax(dim=-1).gather(-1, tgt_output.unsqueeze(-1)).squeeze(-1)
    return log_probs[tgt_mask].mean() if reduction == "mean" else log_probs[tgt_mask].sum()


@masked_cross_entropy.alternative
def masked_by_multiplying(logits, tgt_output, tgt_mask, reduction="mean"):
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    total = (losses * tgt_mask).sum()
    return total / tgt_mask.sum() if reduction == "mean" else total


@masked_cross_entropy.alternative
def masked_by_ignoring(logits, tgt_output, tgt_mask, reduction="mean"):
    targets = tgt_output.masked_fill(~tgt_mask, -100).flatten()
    return nn.functional.cross_entropy(logits.flatten(0, 1), targets, reduction=reduction)


@masked_cross_entropy.alternative
def masked_by_gathering(logits, tgt_output, tgt_mask, reduction="mean"):
    log_probs = logits.log_softmax(dim=-1)
    losses = -log_probs.gather(-1, tgt_output.unsqueeze(-1)).squeeze(-1)[tgt_mask]
    return losses.mean() if reduction == "mean" else losses.sum()


# ------------------------------------------------------------------ PackedEncoder


@exercise(
    reference=padding.PackedEncoder,
    lesson=3,
    title="An encoder that reads no padding",
    returns=("encoder_states", "final"),
    edges=[{"batch": 1}, {"src_len": 1}, {"lstm": 1}, {"lstm": 1, "batch": 1}],
    free_at_padding=True,
    hints=[
        "Every sentence of the batch ends somewhere else. After which word should the encoder's "
        "last state be taken, and what has the RNN read after it?",
        "`pack_padded_sequence` takes [batch, src_len, embed] and the lengths, and goes into the "
        "RNN in place of the rectangle. `pad_packed_sequence` makes a rectangle of the outputs; "
        "it must be src_len wide. `from_rnn` works as in lesson 2.",
        "Sentences of 3 and 1 words, hidden size 5: the states are [2, 3, 5], and the last state "
        "[2, 5] holds that of the first sentence after word 3 and that of the second after word 1.",
    ],
)
def PackedEncoder(draw: Draw, batch=3, src_len=6, vocab=8, embed=3, hidden=4, lstm=0):
    """Draw sizes, a GRU or an LSTM, padded sentences and their lengths; only one fills its row."""
    shorter = draw.ids(1, max(2, src_len), batch - 1).tolist()
    lengths = torch.tensor(draw.shuffled([src_len, *shorter]))
    real = torch.arange(src_len) < lengths.unsqueeze(1)
    arguments = {"src": draw.ids(1, vocab, batch, src_len) * real, "src_lengths": lengths}
    return Built(sized(draw, vocab, embed, hidden, lstm), arguments)


@PackedEncoder.mistake(
    "the last state has read the padding",
    so="What a sentence means would depend on how long the others in the batch are.",
    ask="Where in your code do the lengths come in?",
)
class LastPaddedState(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        states, final = self.rnn(self.embedding(src))
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "the embeddings of <pad> are 0, and the RNN still reads them",
    so="A step with the input 0 is a step: the old state and the biases still change the state.",
    ask="Is reading nothing the same as not reading?",
)
class EmbeddingsZeroed(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        real = torch.arange(src.shape[1]) < src_lengths.unsqueeze(1)
        states, final = self.rnn(self.embedding(src) * real.unsqueeze(-1))
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "h is right, but the LSTM's c has read the padding",
    so="An LSTM's outputs show h only. Its long memory c cannot be picked from them.",
    ask="Which part of the LSTM's state is not among its outputs?",
)
class CellStateFromPadding(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        states, final = self.rnn(self.embedding(src))
        h = states[torch.arange(len(src)), src_lengths - 1]
        if isinstance(final, tuple):
            return states, (h, from_rnn(final)[1])
        return states, h


@PackedEncoder.mistake(
    "the sentences were sorted by length and never put back",
    so="Every sentence would get the meaning of another one.",
    ask="Which sentence stands in row 0 of what you return?",
)
class OrderNotRestored(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        lengths, order = src_lengths.sort(descending=True)
        packed = pack_padded_sequence(self.embedding(src[order]), lengths, batch_first=True)
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "packing wants the longest sentence first, unless you tell it otherwise",
    so="The sentences of a batch come in any order.",
    ask="What does the argument `enforce_sorted` say, and what is its default?",
    raises="enforce_sorted",
)
class SortedExpected(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(self.embedding(src), src_lengths, batch_first=True)
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "the states end with the longest sentence, and the rectangle is wider",
    so="A mask over the source would no longer fit over the states.",
    ask="What does the argument `total_length` of `pad_packed_sequence` do?",
)
class StatesTooShort(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True)
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "the state was taken one place after the last word",
    so="Places are counted from 0: the last word of a sentence of 3 is at place 2.",
    ask="At which place does a sentence of one word end?",
    raises="out of bounds",
)
class OnePlaceAfter(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        states, _ = self.rnn(self.embedding(src))
        return states, states[torch.arange(len(src)), src_lengths]


@PackedEncoder.mistake(
    "the two results are exchanged",
    so="The decoder would start from the states of all words.",
    ask="Which of the two stands first in the signature, after the arrow?",
)
class ResultsExchanged(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return from_rnn(final), states


@PackedEncoder.mistake(
    "the state was taken at the last place of the rectangle",
    so="Only the longest sentence ends there. For all others padding stands at that place, and "
    "what the states hold at padding is not their meaning.",
    ask="Besides the states, what does `self.rnn` return, and after which word is it taken?",
)
class LastPlaceOfStates(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, states[:, -1]


@PackedEncoder.mistake(
    "the LSTM's c is lost",
    so="The decoder would start with half of the state.",
    ask="How many tensors is the state of an LSTM?",
)
class CellStateDropped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        states, _ = self.rnn(self.embedding(src))
        return states, states[torch.arange(len(src)), src_lengths - 1]


@PackedEncoder.mistake(
    "the states came back together with the lengths",
    so="`pad_packed_sequence` returns two things, the rectangle and the lengths once more.",
    ask="Which of the two results do you want to return?",
)
class LengthsKept(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "`pack_padded_sequence` took the words for sentences",
    so="By default it expects the places first and the batch second.",
    ask="Which axis of your embeddings comes first, and which argument says so?",
    raises="exceeds dimension size|out of DATA bounds|invalid for input of size",
)
class PackedTheOtherWay(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(self.embedding(src), src_lengths, enforce_sorted=False)
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, from_rnn(final)


@PackedEncoder.mistake(
    "an LSTM's h was taken for its whole state",
    so="A GRU's last state is one tensor, and `[0]` drops its first axis. An LSTM's is a pair, and "
    "there `[0]` is h.",
    ask="Which helper drops the axis for a tensor and for a pair alike?",
)
class FirstOfPair(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](embed_size, hidden_size, batch_first=True)

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, final[0]


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


# ------------------------------------------------------------------ bucket_batches

GAP = 4  # the drawn lengths lie so far apart that a mixed batch is mostly padding
MANY = 10  # batches from which on their order and their padding can be judged


@exercise(
    reference=padding.bucket_batches,
    lesson=3,
    title="Batches of similar lengths",
    returns="batches",
    edges=[{"count": 1}, {"count": 3}, {"count": 8}],
    times=2,
    hints=[
        "A batch of equal lengths needs no padding. How can you get sentences of similar length "
        "to stand beside each other, and what must happen so that training does not see the "
        "short ones first, and in each epoch the same batches?",
        "There are three steps: order the pairs, cut the list into pieces of batch_size, and "
        "mix the pieces. torch.randperm(n, generator=generator) gives the numbers 0 to n - 1 in "
        "random order. Python's sort leaves equal ones in the order that they had.",
        "Lengths 5, 2, 9, 2, 5 with batches of two: sorted 2, 2, 5, 5, 9; cut [2, 2], [5, 5], "
        "[9]; mixed, for instance, [5, 5], [9], [2, 2].",
    ],
)
def bucket_batches(draw: Draw, count=77, batch_size=4):
    """Draw pairs of few and far lengths, so that there are many ties; no word comes twice."""
    pairs = []
    for i in range(count):
        src_len = 3 + GAP * draw.integer(0, 4)
        tgt_len = src_len + draw.integer(0, 2)
        src, tgt = draw.ids(4, 90, src_len).tolist(), draw.ids(4, 90, tgt_len).tolist()
        pairs.append(([1000 + i, *src[1:]], [2000 + i, *tgt[1:]]))
    return {"pairs": pairs, "batch_size": batch_size, "generator": draw.generator()}


@bucket_batches.verdict
def are_good_batches(arguments: dict[str, Any], seen: Observation) -> str | None:
    """Say what is wrong with the batches of two epochs, if anything."""
    pairs, batch_size = arguments["pairs"], arguments["batch_size"]
    if "pairs" in seen.changed:
        return "the list of pairs that came in was changed"
    for epoch in seen.output:
        problem = of_another_kind(epoch)
        if problem:
            return problem
    epochs = [[[as_pair(p) for p in batch] for batch in epoch] for epoch in seen.output]
    for batches in epochs:
        problem = lost_or_torn(batches, pairs, batch_size) or badly_ordered(batches)
        if problem:
            return problem
    return not_mixed_anew(epochs[0], epochs[1], "generator" in seen.changed)


def of_another_kind(epoch: Any) -> str | None:
    """Say whether what came back is anything else than a list of lists of pairs."""
    if epoch is None:
        return "None came back"
    if not isinstance(epoch, list | tuple):
        return "what came back is no list"
    if epoch and all(map(is_pair, epoch)):
        return "the pairs stand in one long list, not in batches"
    if not all(isinstance(batch, list | tuple) and all(map(is_pair, batch)) for batch in epoch):
        return "the batches hold something else than pairs"
    return None


def is_pair(value: Any) -> bool:
    """Tell whether this is a source and a target, each a sequence of ids."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(side, list | tuple) for side in value)
        and all(isinstance(token, int) for side in value for token in side)
    )


def as_pair(pair: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Write a pair so that it can be compared and counted."""
    src, tgt = pair
    return tuple(src), tuple(tgt)


def lost_or_torn(batches: list[list[Any]], pairs: list[Any], batch_size: int) -> str | None:
    """Say whether every pair is there once, whole, and in a batch that is not too large."""
    given, found = set(map(as_pair, pairs)), [pair for batch in batches for pair in batch]
    if set(found) - given:
        return "a source stands beside the target of another one"
    if max(map(len, batches), default=0) > batch_size:
        return "a batch holds more pairs than batch_size"
    if len(set(found)) < len(found):
        lost = ", and others never" if set(found) < given else ""
        return "a pair comes more than once in an epoch" + lost
    if len(found) < len(given):
        return "pairs are missing"
    if len(batches) > -(-len(pairs) // batch_size):
        return "there are more batches than needed: more than one is not full"
    return None


def badly_ordered(batches: list[list[Any]]) -> str | None:
    """Say whether lengths are mixed within batches, or sorted from batch to batch."""
    if len(batches) < MANY:
        return None
    places = sum(len(b) * max(len(pair[side]) for pair in b) for b in batches for side in (0, 1))
    real = sum(len(pair[side]) for b in batches for pair in b for side in (0, 1))
    # of random batches of these lengths a third is padding, of sorted ones a twentieth at most
    if places > 1.25 * real:
        return "much of the batches is padding: short and long sentences meet in one batch"
    longest = [max(len(src) for src, _ in batch) for batch in batches]
    if longest in (sorted(longest), sorted(longest, reverse=True)):
        return "the batches come in order of length"
    return None


def not_mixed_anew(first: list[list[Any]], second: list[list[Any]], drawn: bool) -> str | None:
    """Say whether a second epoch is the first one again, or comes from elsewhere."""
    if len(first) < MANY:
        return None
    if first == second:
        return "a second epoch brings the same batches in the same order"
    if set(map(frozenset, first)) == set(map(frozenset, second)):
        return "a second epoch brings the same batches again, only in another order"
    return None if drawn else "the generator was not used"


@bucket_batches.mistake(
    "sources and targets were sorted apart, and the pairs are torn",
    so="Each source would be taught with the translation of another sentence.",
    ask="What must stay together when the list is sorted or mixed?",
)
def sides_sorted_apart(pairs, batch_size, generator):
    sources = sorted((src for src, _ in pairs), key=len)
    targets = sorted((tgt for _, tgt in pairs), key=len)
    paired = list(zip(sources, targets, strict=True))
    batches = [paired[i : i + batch_size] for i in range(0, len(paired), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "the last pairs are dropped when they do not fill a batch",
    so="What is dropped is not learned. Sorted by length, it is always the longest sentences.",
    ask="What happens to the rest when you divide 77 by 4?",
)
def last_batch_dropped(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    mixed.sort(key=lambda pair: len(pair[0]))
    count = len(mixed) // batch_size
    batches = [mixed[i * batch_size : (i + 1) * batch_size] for i in range(count)]
    return [batches[i] for i in torch.randperm(count, generator=generator)]


@bucket_batches.mistake(
    "some pairs come twice and others never",
    so="An epoch is one look at everything. `torch.randint` draws with replacement.",
    ask="Which function of PyTorch gives every number exactly once?",
)
def drawn_with_replacement(pairs, batch_size, generator):
    chosen = torch.randint(len(pairs), (len(pairs),), generator=generator)
    mixed = sorted((pairs[i] for i in chosen), key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "short and long sentences meet in one batch",
    so="Such a batch is as wide as its longest sentence, and the rest of it is padding.",
    ask="In which order do the pairs stand at the moment when the list is cut?",
)
def not_sorted(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    return [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]


@bucket_batches.mistake(
    "the batches come in order of length",
    so="Every epoch would begin with all the short sentences and end with all the long ones.",
    ask="What happens to the batches after the list is cut?",
)
def in_order_of_length(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    return [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]


@bucket_batches.mistake(
    "the same sentences meet in every epoch",
    so="A batch is averaged into one step. Fixed batches average the same sentences every time.",
    ask="In which order do sentences of one length stand before you sort?",
)
def always_the_same_mates(pairs, batch_size, generator):
    ordered = sorted(pairs, key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [ordered[i : i + batch_size] for i in range(0, len(ordered), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "every epoch is the same",
    so="A generator that is seeded anew in each call starts anew in each call.",
    ask="Which generator goes on from one epoch to the next?",
)
def seeded_in_each_call(pairs, batch_size, generator):
    fixed = torch.Generator().manual_seed(0)
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=fixed)]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=fixed)]


@bucket_batches.mistake(
    "the generator that was given is not used",
    so="Then a run cannot be repeated: its batches depend on all that was drawn before.",
    ask="Which of your lines draw random numbers, and does the generator go into each of them?",
)
def generator_not_used(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs))]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches))]


@bucket_batches.mistake(
    "the list of pairs that came in was put into another order",
    so="Whoever called still needs its order: line 7 of the list is line 7 of the file.",
    ask="Which of your lines writes into `pairs`? Does `sort` make a new list, or `sorted`?",
)
def sorted_in_place(pairs, batch_size, generator):
    pairs.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [pairs[i : i + batch_size] for i in range(0, len(pairs), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "the pieces overlap",
    so="Sentences that stand in several pieces are learned several times in one epoch.",
    ask="The first piece begins at place 0. At which place should the second one begin?",
)
def pieces_overlap(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(len(mixed))]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "there are more batches than needed: more than one is not full",
    so="Where every length has batches of its own, rare lengths stay nearly alone. With that this "
    "lesson began.",
    ask="What is cut into pieces: the sorted list as a whole, or each length by itself?",
)
def each_length_by_itself(pairs, batch_size, generator):
    groups = {}
    for i in torch.randperm(len(pairs), generator=generator).tolist():
        groups.setdefault((len(pairs[i][0]), len(pairs[i][1])), []).append(pairs[i])
    batches = []
    for same in groups.values():
        batches += [same[i : i + batch_size] for i in range(0, len(same), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "what came back is no list",
    so="With `yield`, a function hands out one batch after the other and makes no list of them.",
    ask="Where in your code do all the batches stand together?",
)
def handed_out_one_by_one(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(0, len(mixed), batch_size)]
    for i in torch.randperm(len(batches), generator=generator):
        yield batches[i]


@bucket_batches.mistake(
    "the pairs stand in one long list, not in batches",
    so="Whoever calls takes each entry of the list for a batch.",
    ask="How many square brackets stand around a pair in what you return?",
)
def never_cut(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    return sorted(mixed, key=lambda pair: (len(pair[0]), len(pair[1])))


@bucket_batches.mistake(
    "the batches hold something else than pairs",
    so="A batch is a list of pairs, each as it came in: the ids of a source and of its target.",
    ask="What does the first entry of your first batch look like when you print it?",
)
def numbers_of_pairs(pairs, batch_size, generator):
    order = torch.randperm(len(pairs), generator=generator).tolist()
    order.sort(key=lambda i: (len(pairs[i][0]), len(pairs[i][1])))
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.mistake(
    "the pieces overlap",
    so="Sentences that stand in several pieces are learned several times in one epoch.",
    ask="The first piece begins at place 0. At which place should the second one begin?",
)
def pieces_overlap_and_stop(pairs, batch_size, generator):
    mixed = [pairs[i] for i in torch.randperm(len(pairs), generator=generator)]
    mixed.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
    batches = [mixed[i : i + batch_size] for i in range(len(mixed) // batch_size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.alternative
def bucket_by_target(pairs, batch_size, generator):
    order = torch.randperm(len(pairs), generator=generator).tolist()
    order.sort(key=lambda i: len(pairs[i][1]))
    batches = []
    for start in range(0, len(order), batch_size):
        batches.append([pairs[i] for i in order[start : start + batch_size]])
    return [batches[i] for i in torch.randperm(len(batches), generator=generator)]


@bucket_batches.alternative
def bucket_with_noise(pairs, batch_size, generator):
    noise = torch.rand(len(pairs), generator=generator).tolist()
    keys = [len(src) + len(tgt) + x for (src, tgt), x in zip(pairs, noise, strict=True)]
    order = sorted(range(len(pairs)), key=keys.__getitem__)
    starts = torch.arange(0, len(pairs), batch_size)
    starts = starts[torch.randperm(len(starts), generator=generator)].tolist()
    return tuple(tuple(pairs[i] for i in order[s : s + batch_size]) for s in starts)


# ------------------------------------------------------------------ predictions


@prediction(lesson=3, title="Prediction: a mate of 40 words", example="all")
def mate(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "nothing", "loss", "all")


@mate.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def mate_unanswered():
    return None


@mate.mistake('expected one of "nothing", "loss", "all"', so="One word, in quotes.")
def mate_by_list():
    return ["state", "loss"]


@prediction(lesson=3, title="Prediction: two things forgotten", example=["worse", "same"])
def forgotten(answer):
    """Say what is wrong with two words, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return "expected two words in a list"
    if any(word not in ("worse", "same", "better") for word in answer):
        return 'expected "worse", "same" or "better", twice'
    return None


@forgotten.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def forgotten_unanswered():
    return None


@forgotten.mistake(
    "expected two words in a list", so="One for the encoder, then one for the loss: [a, b]."
)
def forgotten_one_word():
    return "worse"


@forgotten.mistake(
    'expected "worse", "same" or "better", twice', so="Small letters, in quotes, as in the text."
)
def forgotten_in_other_words():
    return ["a bit worse", "the same"]


@prediction(lesson=3, title="Prediction: who has the lower loss", example="B")
def lower_loss(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "A", "B")


@lower_loss.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def lower_loss_unanswered():
    return None


@lower_loss.mistake('expected one of "A", "B"', so="A letter in quotes, as a capital.")
def lower_loss_small():
    return "a"


@prediction(lesson=3, title="Prediction: padding in random batches", example=50)
def padding_share(answer):
    """Say what is wrong with a percentage, if anything."""
    return one_share(answer)


@padding_share.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def padding_share_unanswered():
    return None


@padding_share.mistake("expected a percentage, from 0 to 100", so="A number alone, no quotes.")
def padding_share_in_quotes():
    return "50 %"
