"""Lesson 8: the exercises of Luong's attention and Bahdanau's."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s_ref import two_attentions
from s2s_ref.attention import attention_weights, context_vectors
from s2s_ref.checks.attention import source_mask
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.encoder_decoder import sized
from s2s_ref.checks.exercise import Built, exercise, prediction
from s2s_ref.checks.rnn import one_of
from s2s_ref.rnn import RNN_LAYERS
from s2s_ref.state import State, from_rnn

CELLS = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}

# ------------------------------------------------------------------ general_scores


@exercise(
    reference=two_attentions.general_scores,
    lesson=8,
    title="A matrix between the two",
    returns="scores",
    edges=[{"batch": 1}, {"tgt_len": 1}, {"src_len": 1}, {"key": 6}, {"key": 6, "tgt_len": 5}],
    hints=[
        "The dot score compares number by number: the first of the query with the first of the "
        "key. What must come between the two, so that any number of the query can meet any number "
        "of the key?",
        "queries [batch, tgt_len, query], W [query, key] and keys [batch, src_len, key] give "
        "scores [batch, tgt_len, src_len]. Which axis is used up by each of the two products?",
        "The query [1, 2], the key [3, 0, 1] and W = [[1, 0, 0], [0, 1, 1]] give "
        "[1, 2, 2] · [3, 0, 1] = 3 + 0 + 2 = 5.",
    ],
)
def general_scores(draw: Draw, batch=2, tgt_len=3, src_len=5, query=6, key=7):
    """Draw queries, keys of another size (the same size in an edge case), and the matrix."""
    return {
        "queries": draw.normal(batch, tgt_len, query),
        "keys": draw.normal(batch, src_len, key),
        "W": draw.normal(query, key),
    }


@general_scores.mistake(
    "the matrix is not used: this is the dot score",
    so="Nothing is learned between query and key, and the two must have the same size.",
    ask="Which argument does your line leave out?",
    raises="Expected size|cannot be multiplied",
)
def matrix_unused(queries, keys, W):
    return queries @ keys.transpose(1, 2)


@general_scores.mistake(
    "the matrix is turned round",
    so="Its rows belong to the query and its columns to the key. Turned round, each number of the "
    "query meets the weights of another one, if the sizes fit at all.",
    ask="Which axis of W has as many places as a query has numbers?",
    raises="cannot be multiplied",
)
def matrix_turned(queries, keys, W):
    return queries @ W.T @ keys.transpose(1, 2)


@general_scores.mistake(
    "these are already weights: they sum to 1",
    so="A score may be any number. `attention_weights` makes weights of scores, and it has to know "
    "about padding first.",
    ask="Which numbers can a score be?",
)
def softmaxed(queries, keys, W):
    return (queries @ W @ keys.transpose(1, 2)).softmax(dim=-1)


@general_scores.mistake(
    "there is a tanh that the formula does not have",
    so="It squeezes every score between -1 and 1, so no word can ever get more than about seven "
    "times the weight of another.",
    ask="How large may a score be?",
)
def tanh_added(queries, keys, W):
    return torch.tanh(queries @ W @ keys.transpose(1, 2))


@general_scores.mistake(
    "the scores are divided by the root of the size",
    so="That came in 2017 (Vaswani et al.). Luong's score of 2015 is the plain product.",
    ask="Does the formula of this exercise divide by anything?",
)
def scaled(queries, keys, W):
    return queries @ W @ keys.transpose(1, 2) / keys.shape[-1] ** 0.5


@general_scores.mistake(
    "source and target have changed places",
    so="Each row should be one target step's view of the source. Here it is the other way round.",
    ask="Which of the two arguments do the rows of your result belong to?",
)
def source_in_rows(queries, keys, W):
    return keys @ W.T @ queries.transpose(1, 2)


@general_scores.mistake(
    "the keys were cut up anew, not transposed",
    so="`view` and `reshape` keep the numbers in their order and only count them off differently: "
    "numbers of different words come into one column.",
    ask="Which function exchanges two axes?",
)
def keys_reshaped(queries, keys, W):
    batch, src_len, key_size = keys.shape
    return queries @ W @ keys.reshape(batch, key_size, src_len)


@general_scores.alternative
def keys_through_the_matrix_first(queries, keys, W):
    return queries @ (keys @ W.T).transpose(1, 2)


@general_scores.alternative
def scores_with_einsum(queries, keys, W):
    return torch.einsum("btq,qk,bsk->bts", queries, W, keys)


@general_scores.alternative
def scores_pair_by_pair(queries, keys, W):
    steps = []
    for t in range(queries.shape[1]):
        asked = queries[:, t] @ W
        row = [(asked * keys[:, s]).sum(dim=-1) for s in range(keys.shape[1])]
        steps.append(torch.stack(row, dim=-1))
    return torch.stack(steps, dim=1)


# ------------------------------------------------------------------ AdditiveScores


@exercise(
    reference=two_attentions.AdditiveScores,
    lesson=8,
    title="A small network compares",
    returns="scores",
    edges=[
        {"batch": 1},
        {"tgt_len": 1},
        {"src_len": 1},
        {"src_len": 1, "tgt_len": 1},
        {"query": 7},
        {"key": 7},
        {"tgt_len": 4},
    ],
    hints=[
        "Every query has to meet every key, and what meets is added, not multiplied. Then two "
        "things are still missing before it is one number for each pair. Which two?",
        "After W_q the queries are [batch, tgt_len, attention], and the keys are already [batch, "
        "src_len, attention]. Their sums need four axes, [batch, tgt_len, src_len, attention]. `v` "
        "makes the last axis 1 long, and then that axis can go.",
        "With W_q query = [1, -1], a projected key [1, 1] and v = [3, 5]: the sum is [2, 0], its "
        "tanh [0.964, 0], and the score 3·0.964 + 5·0 = 2.892.",
    ],
)
def AdditiveScores(draw: Draw, batch=2, tgt_len=3, src_len=4, query=6, key=5, attention=7):
    """Draw sizes, queries, and keys that have been through W_k."""
    sizes = {"query_size": query, "key_size": key, "attention_size": attention}
    arguments = {
        "queries": draw.normal(batch, tgt_len, query),
        "keys": draw.normal(batch, src_len, attention),
    }
    return Built(sizes, arguments)


@AdditiveScores.mistake(
    "the tanh is left out",
    so="Then the score falls apart into one number of the query and one of the key. The first is "
    "the same for all keys, and the softmax cancels it: whatever the decoder asks, it gets the "
    "same weights.",
    ask="What stands between the sum and v in the formula?",
)
class TanhLeftOut(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        sums = self.query(queries).unsqueeze(2) + keys.unsqueeze(1)
        return self.v(sums).squeeze(-1)


@AdditiveScores.mistake(
    "the tanh stands outside, after v",
    so="It has to come before v. Outside, the query's part and the key's part are only added up, "
    "and the score never leaves -1 to 1.",
    ask="Which comes first in the formula, v or the tanh?",
)
class TanhOutside(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        sums = self.query(queries).unsqueeze(2) + keys.unsqueeze(1)
        return torch.tanh(self.v(sums)).squeeze(-1)


@AdditiveScores.mistake(
    "the keys went through W_k a second time",
    so="`project_keys` has done that already, once for the sentence. If the sizes happen to fit, "
    "nothing raises, and the keys are others than those that were learned.",
    ask="Which size does the signature give the keys of `forward`?",
    raises="cannot be multiplied",
)
class KeysProjectedAgain(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        sums = self.query(queries).unsqueeze(2) + self.key(keys).unsqueeze(1)
        return self.v(torch.tanh(sums)).squeeze(-1)


@AdditiveScores.mistake(
    "the queries did not go through W_q",
    so="Query and key come from two networks, and each needs its own way into the space where "
    "they are compared.",
    ask="Which of the three layers have you not used?",
    raises="must match",
)
class QueryNotProjected(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        sums = queries.unsqueeze(2) + keys.unsqueeze(1)
        return self.v(torch.tanh(sums)).squeeze(-1)


@AdditiveScores.mistake(
    "queries and keys were added place by place",
    so="Step 1 would meet word 1 only, step 2 word 2, and so on. Every step has to meet every "
    "word, and that takes an axis more.",
    ask="How many sums are there for 3 target steps and 4 source words?",
    raises="must match",
)
class AddedPlaceByPlace(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        return self.v(torch.tanh(self.query(queries) + keys)).squeeze(-1)


@AdditiveScores.mistake(
    "source and target have changed places",
    so="Each row should be one target step's view of the source. Here it is the other way round.",
    ask="Which of the two new axes belongs to the target, and which place should it have?",
)
class SourceInRows(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        sums = self.query(queries).unsqueeze(1) + keys.unsqueeze(2)
        return self.v(torch.tanh(sums)).squeeze(-1)


@AdditiveScores.mistake(
    "v is left out: the numbers are added up as they are",
    so="v says how much each of the comparisons counts, and with which sign.",
    ask="Which of the three layers have you not used?",
)
class VLeftOut(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        sums = self.query(queries).unsqueeze(2) + keys.unsqueeze(1)
        return torch.tanh(sums).sum(dim=-1)


@AdditiveScores.mistake(
    "the two are multiplied, not added",
    so="That is a dot score with learned weights. Bahdanau's score adds, and the tanh makes the "
    "query matter.",
    ask="What stands between W_q query and W_k key in the formula?",
)
class Multiplied(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        products = self.query(queries).unsqueeze(2) * keys.unsqueeze(1)
        return self.v(torch.tanh(products)).squeeze(-1)


@AdditiveScores.mistake(
    "the last axis, of length 1, is still there",
    so="`v` returns one number in a list of its own. The scores want the number alone.",
    ask="How many axes should the scores have?",
)
class LastAxisKept(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        sums = self.query(queries).unsqueeze(2) + keys.unsqueeze(1)
        return self.v(torch.tanh(sums))


@AdditiveScores.mistake(
    "a batch or a sentence of one loses its axis",
    so="`squeeze()` without an argument drops every axis of length 1. When sentences are "
    "translated token by token, tgt_len is always 1.",
    ask="Which axis do you mean to drop, and how do you name it?",
)
class SqueezedAll(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        sums = self.query(queries).unsqueeze(2) + keys.unsqueeze(1)
        return self.v(torch.tanh(sums)).squeeze()


@AdditiveScores.mistake(
    "the tanh is taken of each of the two, before they are added",
    so="Then the score falls apart into one number of the query and one of the key, as without a "
    "tanh: whatever the decoder asks, it gets the same weights.",
    ask="In the formula, what stands inside the brackets of the tanh?",
)
class TanhOfEach(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        asked, heard = torch.tanh(self.query(queries)), torch.tanh(keys)
        return self.v(asked.unsqueeze(2) + heard.unsqueeze(1)).squeeze(-1)


@AdditiveScores.mistake(
    "these are already weights: they sum to 1",
    so="A score may be any number. `attention_weights` makes weights of scores, and it has to know "
    "about padding first.",
    ask="Which numbers can a score be?",
)
class Softmaxed(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        sums = self.query(queries).unsqueeze(2) + keys.unsqueeze(1)
        return self.v(torch.tanh(sums)).squeeze(-1).softmax(dim=-1)


@AdditiveScores.alternative
class ScoresWithNone(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        compared = (self.query(queries)[:, :, None] + keys[:, None]).tanh()
        return compared @ self.v.weight[0]


@AdditiveScores.alternative
class ScoresOfConcatenation(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        (batch, tgt_len, _), src_len = queries.shape, keys.shape[1]
        asked = queries.unsqueeze(2).expand(batch, tgt_len, src_len, -1)
        heard = keys.unsqueeze(1).expand(batch, tgt_len, src_len, -1)
        W = torch.cat([self.query.weight, torch.eye(keys.shape[-1])], dim=1)
        return (torch.tanh(torch.cat([asked, heard], dim=-1) @ W.T) @ self.v.weight.T)[..., 0]


@AdditiveScores.alternative
class ScoresStepByStep(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        rows = []
        for t in range(queries.shape[1]):
            asked = self.query(queries[:, t : t + 1])
            rows.append(self.v(torch.tanh(asked + keys)).transpose(1, 2))
        return torch.cat(rows, dim=1)


# ------------------------------------------------------------------ BidirectionalEncoder


@exercise(
    reference=two_attentions.BidirectionalEncoder,
    lesson=8,
    title="Read both ways",
    returns=("encoder_states", "final"),
    edges=[{"batch": 1}, {"src_len": 1}, {"lstm": 1}, {"lstm": 1, "batch": 1}],
    free_at_padding=True,
    hints=[
        "One RNN reads from the first word to the last, the other one from the last to the first. "
        "After which word has each of them read the whole sentence?",
        "The layer returns states [batch, src_len, hidden], the two halves side by side already, "
        "and the last states [2, batch, half], the forward one first. The decoder wants "
        "[batch, hidden]. Of an LSTM there are two such pairs, h and c.",
        "With hidden size 6 each direction has 3. For a batch of 4 sentences the last states are "
        "[2, 4, 3]; forward [4, 3] and backward [4, 3] side by side are [4, 6].",
    ],
)
def BidirectionalEncoder(draw: Draw, batch=3, src_len=5, vocab=8, embed=4, hidden=6, lstm=0):
    """Draw sizes, a GRU or an LSTM, padded sentences and their lengths; only one fills its row."""
    shorter = draw.ids(1, max(2, src_len), batch - 1).tolist()
    lengths = torch.tensor(draw.shuffled([src_len, *shorter]))
    real = torch.arange(src_len) < lengths.unsqueeze(1)
    arguments = {"src": draw.ids(1, vocab, batch, src_len) * real, "src_lengths": lengths}
    return Built(sized(draw, vocab, embed, hidden, lstm), arguments)


@BidirectionalEncoder.mistake(
    "the backward RNN has read the padding first",
    so="It starts at the right edge of the rectangle, and there stands <pad>. So even the first "
    "word's state depends on how long the others in the batch are.",
    ask="Where in your code do the lengths come in?",
)
class PaddingRead(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        states, final = self.rnn(self.embedding(src))
        if isinstance(final, tuple):
            return states, tuple(torch.cat([part[0], part[1]], dim=-1) for part in final)
        return states, torch.cat([final[0], final[1]], dim=-1)


@BidirectionalEncoder.mistake(
    "the last state was taken at the last word, where the backward RNN has only begun",
    so="Its half of that state knows a single word. It has read the whole sentence at word 1.",
    ask="At which word does the backward RNN finish?",
)
class TakenAtTheLastWord(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        last = states[torch.arange(len(src)), src_lengths - 1]
        if isinstance(final, tuple):
            return states, (last, torch.cat([final[1][0], final[1][1]], dim=-1))
        return states, last


@BidirectionalEncoder.mistake(
    "the halves of the last state are swapped: the backward one came first",
    so="In the states at the words the forward half stands first, and the decoder's weights expect "
    "the same order everywhere.",
    ask="Which direction does PyTorch put at place 0?",
)
class HalvesSwapped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, tuple(torch.cat([part[1], part[0]], dim=-1) for part in final)
        return states, torch.cat([final[1], final[0]], dim=-1)


@BidirectionalEncoder.mistake(
    "only the forward half of the last state came back",
    so="The decoder starts from a state of the full size. And the backward half is the one that "
    "read the first word last.",
    ask="How many numbers does your last state have for each sentence?",
)
class ForwardOnly(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, (final[0][0], final[1][0])
        return states, final[0]


@BidirectionalEncoder.mistake(
    "the two directions were added, not put side by side",
    so="A sum cannot be taken apart again: nobody knows which half a number came from.",
    ask="How many numbers does your last state have for each sentence?",
)
class DirectionsAdded(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, (final[0].sum(dim=0), final[1].sum(dim=0))
        return states, final.sum(dim=0)


@BidirectionalEncoder.mistake(
    "the last states were cut up anew: halves of different sentences came together",
    so="They are [2, batch, half]. `view` and `reshape` count on through them in this order, so "
    "the first sentence gets its neighbour's forward half as its second half.",
    ask="Which two tensors do you want to put side by side?",
)
class Recut(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, tuple(part.reshape(len(src), -1) for part in final)
        return states, final.reshape(len(src), -1)


@BidirectionalEncoder.mistake(
    "the axis of the two directions is still there",
    so="`from_rnn` drops an axis of length 1. Here it is 2 long, and both places are needed.",
    ask="What is the shape of the layer's last state now that it reads both ways?",
)
class DirectionsKept(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, from_rnn(final)


@BidirectionalEncoder.mistake(
    "the LSTM's c is lost",
    so="The decoder would start with half of the state.",
    ask="How many tensors is the state of an LSTM?",
)
class CellStateDropped(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            final = final[0]
        return states, torch.cat([final[0], final[1]], dim=-1)


@BidirectionalEncoder.mistake(
    "the states end with the longest sentence, and the rectangle is wider",
    so="A mask over the source would no longer fit over the states.",
    ask="What does the argument `total_length` of `pad_packed_sequence` do?",
)
class StatesTooShort(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True)
        if isinstance(final, tuple):
            return states, tuple(torch.cat([part[0], part[1]], dim=-1) for part in final)
        return states, torch.cat([final[0], final[1]], dim=-1)


@BidirectionalEncoder.mistake(
    "an LSTM's h and c were taken for the two directions",
    so="A GRU's last state is one tensor, and at its places 0 and 1 are the two directions. An "
    "LSTM's is a pair, and at its places 0 and 1 are h and c.",
    ask="For an LSTM: which two tensors does your code lay side by side?",
)
class CellTakenForDirection(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, torch.cat([final[0], final[1]], dim=-1)


@BidirectionalEncoder.mistake(
    "the state was taken at the last place of the rectangle",
    so="Most sentences end before it. And at its last word the backward RNN has only begun.",
    ask="Besides the states, what does `self.rnn` return?",
)
class LastPlaceOfStates(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, states[:, -1]


@BidirectionalEncoder.mistake(
    "packing wants the longest sentence first, unless you tell it otherwise",
    so="The sentences of a batch come in any order.",
    ask="What does the argument `enforce_sorted` say, and what is its default?",
    raises="enforce_sorted",
)
class SortedExpected(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(self.embedding(src), src_lengths, batch_first=True)
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, tuple(torch.cat([part[0], part[1]], dim=-1) for part in final)
        return states, torch.cat([final[0], final[1]], dim=-1)


@BidirectionalEncoder.mistake(
    "an LSTM's h and c were taken for the two directions",
    so="A GRU's last state is one tensor, and at its places 0 and 1 are the two directions. An "
    "LSTM's is a pair, and at its places 0 and 1 are h and c.",
    ask="For an LSTM: which two tensors does your code lay side by side?",
)
class CellTakenForBackward(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        return states, torch.cat([final[-2], final[-1]], dim=1)


@BidirectionalEncoder.alternative
class DirectionsTransposed(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        if isinstance(final, tuple):
            return states, [part.transpose(0, 1).flatten(1) for part in final]
        return states, final.transpose(0, 1).flatten(1)


@BidirectionalEncoder.alternative
class SentenceBySentence(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        rows, finals = [], []
        for ids, length in zip(src, src_lengths.tolist(), strict=True):
            states, final = self.rnn(self.embedding(ids[:length]).unsqueeze(0))
            rows.append(nn.functional.pad(states[0], (0, 0, 0, len(ids) - length)))
            parts = final if isinstance(final, tuple) else (final,)
            finals.append([torch.cat([part[0, 0], part[1, 0]]) for part in parts])
        joined = tuple(torch.stack(part) for part in zip(*finals, strict=True))
        return torch.stack(rows), joined if len(joined) == 2 else joined[0]


@BidirectionalEncoder.alternative
class LastStatesGathered(nn.Module):
    def __init__(self, vocab_size, embed_size, hidden_size, cell="gru"):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_size)
        self.rnn = RNN_LAYERS[cell](
            embed_size, hidden_size // 2, batch_first=True, bidirectional=True
        )

    def forward(self, src, src_lengths):
        packed = pack_padded_sequence(
            self.embedding(src), src_lengths, batch_first=True, enforce_sorted=False
        )
        states, final = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=src.shape[1])
        half = states.shape[-1] // 2
        forward = states[torch.arange(len(src)), src_lengths - 1, :half]
        h = torch.cat([forward, states[:, 0, half:]], dim=-1)
        if isinstance(final, tuple):
            return states, (h, torch.hstack([final[1][0], final[1][1]]))
        return states, h


# ------------------------------------------------------------------ BahdanauDecoder


@exercise(
    reference=two_attentions.BahdanauDecoder,
    lesson=8,
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
    so="That is Luong's order. Here the context has to enter the RNN, so it must be there before "
    "the step is taken.",
    ask="Which state is known before the RNN reads the word?",
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
    so="Every step would look at the same place. Each step needs the state that the step before "
    "it has left.",
    ask="Which state asks for the second word: the one that came in, or the one after the first?",
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
    so="The decoder forgets each word as soon as it has read it. What one step leaves, the next "
    "one has to take.",
    ask="Which name holds the state after the first step, and who reads it?",
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
    so="The RNN has weights for the word first and for the context behind it. Trained like this "
    "it would not matter; the course's weights expect the word first.",
    ask="In which order does the exercise name the two?",
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
    so="The state carries the mask. Without it, a sentence is translated differently beside a "
    "longer one.",
    ask="What does `attention_weights` need besides the scores?",
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
    so="The keys are the encoder's states seen through W_k, made for comparing. What is mixed are "
    "the values: the states themselves.",
    ask="What do the weights mix?",
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
    so="`score` compares with projected keys, and `with_keys` has put them into the state. The "
    "encoder's states only have the same size by chance.",
    ask="Which field of the state did `with_keys` fill?",
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
    so="`state.context` is the fixed context of lesson 2; with it this is the peeky decoder of "
    "lesson 6. The weights were computed and then not used.",
    ask="What do the weights mix?",
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
    so="It has not read the word yet, nor what the attention brought back for it.",
    ask="Which state has read word t?",
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
    so="The next call has nothing to look at. `state._replace(hidden=...)` changes one part and "
    "keeps the others.",
    ask="What does the next call need besides the RNN's own state?",
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
    so="A heat map needs a row for every word that was written.",
    ask="For three tokens read, how many rows of weights come back?",
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
    so="`state._replace(...)` leaves the State as it is and returns a new one. So every step began "
    "at the first state, and the logits are those of the first state too.",
    ask="Which name holds what `_replace` returns?",
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
    so="That part holds what the encoder handed over. The context that attention brings is another "
    "one at every step, and it goes into the RNN only.",
    ask="Which one part of the state does the exercise tell you to exchange?",
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
    so="`with_keys` has done that already, once for the sentence. What lies in `state.keys` is "
    "ready to be compared.",
    ask="What has become of the encoder's states before they lie in `state.keys`?",
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
    so="`with_keys` makes them once a sentence, so that no later call has to do it again.",
    ask="Which field of the state did `with_keys` fill?",
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
    so="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    ask="Does the exercise say anything of what comes after `self.output`?",
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
    so="`squeeze()` without an argument drops every axis of length 1.",
    ask="Which axis do you mean to drop, and how do you name it?",
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


# ------------------------------------------------------------------ predictions


@prediction(lesson=8, title="Prediction: nothing to train", example="dot and general")
def untrained(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "none", "dot", "dot and general", "all three")


@untrained.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def untrained_unanswered():
    return None


@untrained.mistake(
    'expected one of "none", "dot", "dot and general", "all three"',
    so="One of the four, in quotes.",
)
def untrained_by_number():
    return 2


@prediction(lesson=8, title="Prediction: which states move now", example="later")
def moved_both_ways(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "one", "earlier", "later", "all")


@moved_both_ways.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def moved_unanswered():
    return None


@moved_both_ways.mistake(
    'expected one of "one", "earlier", "later", "all"', so="One of the four, in quotes."
)
def moved_in_words():
    return "the third one"


VARIANTS = {"Luong, dot", "Luong, additive", "Bahdanau, dot", "Bahdanau, additive"}


@prediction(
    lesson=8,
    title="Prediction: four variants by time",
    example=["Bahdanau, dot", "Luong, dot", "Luong, additive", "Bahdanau, additive"],
)
def fastest_first(answer):
    """Say what is wrong with an order of the four variants, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if not isinstance(answer, list | tuple) or len(answer) != 4:
        return "expected four names in a list"
    if not all(isinstance(name, str) for name in answer) or set(answer) != VARIANTS:
        return "expected each of the four names once"
    return None


@fastest_first.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def no_order():
    return None


@fastest_first.mistake("expected four names in a list", so="The fastest first: [a, b, c, d].")
def only_the_fastest():
    return "Luong, dot"


@fastest_first.mistake(
    "expected each of the four names once", so="Copy the names as they stand, with the comma."
)
def one_twice():
    return ["Luong, dot", "Luong, dot", "Bahdanau, dot", "Bahdanau, additive"]


@prediction(lesson=8, title="Prediction: the highest rung", example="peeky")
def highest_rung(answer):
    """Say what is wrong with the choice, if anything."""
    rungs = ("encoder–decoder", "reversed", "peeky", "dot", "general", "additive")
    return one_of(answer, *rungs)


@highest_rung.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def no_rung():
    return None


@highest_rung.mistake(
    'expected one of "encoder–decoder", "reversed", "peeky", "dot", "general", "additive"',
    so="One of the six, copied, in quotes.",
)
def rung_by_number():
    return 4
