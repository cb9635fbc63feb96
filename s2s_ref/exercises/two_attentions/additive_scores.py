"""The exercise `AdditiveScores`: a small network compares every query with every key."""

import torch
from torch import nn

from s2s_ref import two_attentions
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import Built, exercise


@exercise(
    reference=two_attentions.AdditiveScores,
    title="A small network compares",
    can="compare queries and keys with a small network: v · tanh(W_q query + W_k key)",
    longhand="ScoresInLongHand",
    steps={
        "asked": ("the queries after W_q", "Which layer do the queries go through?"),
        "sums": ("the sums", "What is added up for every pair of a query and a key?"),
    },
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
        "Every query has to meet every key, and the two are added, not multiplied. Two more steps "
        "turn each sum into one number. Which two?",
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


@AdditiveScores.alternative
class ScoresInLongHand(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.query = nn.Linear(query_size, attention_size, bias=False)
        self.key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, queries, keys):
        asked = self.query(queries).unsqueeze(2)
        heard = keys.unsqueeze(1)
        sums = asked + heard
        scores = self.v(torch.tanh(sums))
        return scores.squeeze(-1)


AdditiveScores.edit(
    "TanhLeftOut",
    "the tanh is left out",
    base=ScoresInLongHand,
    replace={"torch.tanh(sums)": "sums"},
    why="Then the score is a sum of one number for the query and one for the key. The first is "
    "the same for all keys, and the softmax cancels it: whatever the decoder asks, it gets the "
    "same weights.",
    question="What stands between the sum and v in the formula?",
)

AdditiveScores.edit(
    "TanhOutside",
    "the tanh stands outside, after v",
    base=ScoresInLongHand,
    replace={"self.v(torch.tanh(sums))": "torch.tanh(self.v(sums))"},
    why="It has to come before v. Outside, the query's part and the key's part are only added up, "
    "and the score never leaves -1 to 1.",
    question="Which comes first in the formula, v or the tanh?",
)

AdditiveScores.edit(
    "KeysProjectedAgain",
    "the keys went through W_k a second time",
    base=ScoresInLongHand,
    replace={"keys.unsqueeze(1)": "self.key(keys).unsqueeze(1)"},
    why="`project_keys` has done that already, once for the sentence. If the sizes happen to fit, "
    "nothing raises, and the keys are not those that were learned.",
    question="Which size does the signature give the keys of `forward`?",
    raises="cannot be multiplied",
)

AdditiveScores.edit(
    "QueryNotProjected",
    "the queries did not go through W_q",
    base=ScoresInLongHand,
    replace={"self.query(queries)": "queries"},
    why="Query and key come from two networks, and each needs its own way into the space where "
    "they are compared.",
    question="Which of the three layers have you not used?",
    raises="must match",
)

AdditiveScores.edit(
    "AddedPlaceByPlace",
    "queries and keys were added place by place",
    base=ScoresInLongHand,
    replace={
        "self.query(queries).unsqueeze(2)": "self.query(queries)",
        "keys.unsqueeze(1)": "keys",
    },
    why="Step 1 would meet word 1 only, step 2 word 2, and so on. Every step has to meet every "
    "word, and that takes one more axis.",
    question="How many sums are there for 3 target steps and 4 source words?",
    raises="must match",
)

AdditiveScores.edit(
    "SourceInRows",
    "source and target have changed places",
    base=ScoresInLongHand,
    replace={"unsqueeze(2)": "unsqueeze(1)", "keys.unsqueeze(1)": "keys.unsqueeze(2)"},
    why="Each row should be one target step's view of the source. Here it is the other way round.",
    question="Which of the two new axes belongs to the target, and which place should it have?",
)

AdditiveScores.edit(
    "VLeftOut",
    "v is left out: the numbers are added up as they are",
    base=ScoresInLongHand,
    replace={"self.v(torch.tanh(sums))": "torch.tanh(sums).sum(dim=-1, keepdim=True)"},
    why="v says how much each of the comparisons counts, and with which sign.",
    question="Which of the three layers have you not used?",
)

AdditiveScores.edit(
    "Multiplied",
    "the two are multiplied, not added",
    base=ScoresInLongHand,
    replace={"asked + heard": "asked * heard"},
    why="That is a dot score with learned weights. Bahdanau's score adds, and the tanh makes the "
    "query matter.",
    question="What stands between W_q query and W_k key in the formula?",
)

AdditiveScores.edit(
    "LastAxisKept",
    "the last axis, of length 1, is still there",
    base=ScoresInLongHand,
    replace={".squeeze(-1)": ""},
    why="`v` returns every number on an axis of its own. The scores are the numbers without it.",
    question="How many axes should the scores have?",
)

AdditiveScores.edit(
    "SqueezedAll",
    "a batch or a sentence of one loses its axis",
    base=ScoresInLongHand,
    replace={".squeeze(-1)": ".squeeze()"},
    why="`squeeze()` without an argument drops every axis of length 1. When sentences are "
    "translated token by token, tgt_len is always 1.",
    question="Which axis do you mean to drop, and how do you name it?",
)

AdditiveScores.edit(
    "TanhOfEach",
    "the tanh is taken of each of the two, before they are added",
    base=ScoresInLongHand,
    replace={"asked + heard": "torch.tanh(asked) + torch.tanh(heard)", "torch.tanh(sums)": "sums"},
    why="Then the score is a sum of one number for the query and one for the key, as without a "
    "tanh: whatever the decoder asks, it gets the same weights.",
    question="In the formula, what stands inside the brackets of the tanh?",
)

AdditiveScores.edit(
    "Softmaxed",
    "these are already weights: they sum to 1",
    base=ScoresInLongHand,
    replace={".squeeze(-1)": ".squeeze(-1).softmax(dim=-1)"},
    why="A score may be any number. `attention_weights` turns scores into weights, and needs to "
    "know about padding first.",
    question="Which numbers can a score be?",
)


AdditiveScores.edit(
    "KeysDetached",
    "no gradient goes back to the keys",
    base=ScoresInLongHand,
    replace={"keys.unsqueeze(1)": "keys.detach().unsqueeze(1)"},
    why="W_k, which made the keys, would never change, and the encoder would learn less too.",
    question="Which of the two is cut off from what it was made of?",
)

AdditiveScores.edit(
    "Scaled",
    "the scores are divided by the root of the size",
    base=ScoresInLongHand,
    replace={".squeeze(-1)": ".squeeze(-1) / keys.shape[-1] ** 0.5"},
    why="That came in 2017 (Vaswani et al.), for dot products. Bahdanau's score of 2015 is v's "
    "number as it is.",
    question="Does the formula of this exercise divide by anything?",
)

AdditiveScores.edit(
    "ReluForTanh",
    "there is a relu where the tanh should be",
    base=ScoresInLongHand,
    replace={"torch.tanh": "torch.relu"},
    why="It cuts off all that is negative. A tanh keeps the sign, and every number between -1 and "
    "1.",
    question="Which function does the formula name?",
)


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


AdditiveScores.edit(
    "DotOfProjected",
    "this is the dot score of projected query and key",
    base=ScoresInLongHand,
    replace={
        "self.query(queries).unsqueeze(2)": "self.query(queries)",
        "        heard = keys.unsqueeze(1)\n        sums = asked + heard\n": "",
        "scores = self.v(torch.tanh(sums))": "scores = asked @ keys.transpose(1, 2)",
        "scores.squeeze(-1)": "scores",
    },
    why="Bahdanau's score adds the two and compares them by a small network.",
    question="Which of the three layers have you not used, and where is the tanh?",
)
