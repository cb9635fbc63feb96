"""Lesson 5: the exercises of decoding, from a model's probabilities to a sentence."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import sacrebleu
import torch
from torch import Tensor, nn

from s2s_ref import decoding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exercise import exercise, prediction
from s2s_ref.checks.rnn import one_of, one_share
from s2s_ref.checks.tables import BOS, EOS, Draws, Tables, Tokens, at, described, starts_of
from s2s_ref.state import Hypothesis
from s2s_ref.student.describe import Observation

# ------------------------------------------------------------------ trim_at_eos


@exercise(
    reference=decoding.trim_at_eos,
    lesson=5,
    title="Where a sentence ends",
    returns="tokens",
    edges=[{"ends": 0}, {"length": 0}, {"first": 0}],
    hints=[
        "A reader wants the words before the end. Which tokens belong to the sentence, if <eos> "
        "comes twice? And if it never comes?",
        "A list of ids goes in and a list of ids comes out, never longer, sometimes empty.",
        "With <eos> = 2: [7, 9, 2, 5, 2] becomes [7, 9], [7, 9] stays, and [2, 5] becomes [].",
    ],
)
def trim_at_eos(draw: Draw, length=7, ends=2, first=1, vocab=9):
    """Draw tokens with <eos> at some places: two of them, none, or at the very start."""
    tokens = [token + 3 for token in draw.ids(0, vocab, length).tolist()]
    places = draw.shuffled(list(range(1, length)))[:ends] if first else [0]
    for place in places:
        tokens[place] = EOS
    return {"tokens": tokens, "eos_id": EOS}


@trim_at_eos.mistake(
    "<eos> is still there",
    so="It ends the sentence; it is not a word of it.",
    ask="Does the slice go up to the place of <eos>, or past it?",
)
def eos_kept(tokens, eos_id):
    tokens = list(tokens)
    return tokens[: tokens.index(eos_id) + 1] if eos_id in tokens else tokens


@trim_at_eos.mistake(
    "it was cut at the last <eos>, not at the first",
    so="What the decoder writes after its first <eos> is noise.",
    ask="Which <eos> does a reader meet first?",
)
def cut_at_last(tokens, eos_id):
    tokens = list(tokens)
    if eos_id not in tokens:
        return tokens
    return tokens[: len(tokens) - 1 - tokens[::-1].index(eos_id)]


@trim_at_eos.mistake(
    "<eos> was taken out, and the tokens after it stayed",
    so="What the decoder writes after <eos> is noise, and would be read as part of the sentence.",
    ask="What should happen to the tokens behind <eos>?",
)
def filtered(tokens, eos_id):
    return [token for token in tokens if token != eos_id]


@trim_at_eos.mistake(
    "a sentence without <eos> is an error",
    so="A sentence that reached the limit has no <eos>, and all of it is kept.",
    ask="What does `index` do with a value that is not in the list?",
    raises="is not in list",
)
def must_end(tokens, eos_id):
    return tokens[: tokens.index(eos_id)]


@trim_at_eos.mistake(
    "a sentence without <eos> loses its last token",
    so="A sentence that reached the limit has no <eos>, and all of it is kept.",
    ask="Is the last token always <eos>?",
)
def last_dropped(tokens, eos_id):
    tokens = list(tokens)
    place = tokens.index(eos_id) if eos_id in tokens else -1
    return tokens[:place]


@trim_at_eos.mistake(
    "a sentence without <eos> comes back empty",
    so="A sentence that reached the limit has no <eos>, and all of it is kept.",
    ask="What is left of a sentence that never ends?",
)
def nothing_without_end(tokens, eos_id):
    tokens = list(tokens)
    return tokens[: tokens.index(eos_id)] if eos_id in tokens else []


@trim_at_eos.alternative
def trim_with_loop(tokens, eos_id):
    kept = []
    for token in tokens:
        if token == eos_id:
            break
        kept.append(token)
    return kept


# ------------------------------------------------------------------ greedy_decode


@exercise(
    reference=decoding.greedy_decode,
    lesson=5,
    title="Greedy decoding of a batch",
    returns="translations",
    after=["decoding.trim_at_eos"],
    edges=[{"batch": 1}, {"max_len": 1}, {"batch": 210}],
    hints=[
        "It is the loop of lesson 2, for many sentences in one call. They end at different steps. "
        "What may happen to a sentence that is over while the others go on?",
        "A step reads one token of every sentence, [batch, 1], and returns logits "
        "[batch, 1, vocab]. The likeliest tokens are [batch]. At the end there is one list of ids "
        "for every sentence.",
        "Two sentences: the first says 7, 2, 5, the second 8, 9, 2, with <eos> = 2. The answer is "
        "[[7], [8, 9]].",
    ],
)
def greedy_decode(draw: Draw, batch=4, vocab=7, states=11, max_len=7):
    """Draw a decoder as tables, and where each sentence starts in it."""
    logits = draw.normal(states, vocab)
    logits[:, EOS] += 0.6
    starts = draw.shuffled(list(range(states)) * math.ceil(batch / states))[:batch]
    return {
        "decoder": described(draw.ids(0, states, states, vocab), logits),
        "state": at(starts, states),
        "bos_id": BOS,
        "eos_id": EOS,
        "max_len": max_len,
    }


@greedy_decode.mistake(
    "the decoder reads <bos> at every step",
    so="It never learns which word it has just said.",
    ask="What does the decoder read in the second step?",
)
def same_bos(decoder, state, bos_id, eos_id, max_len):
    bos, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(bos, state)
        steps.append(logits[:, -1].argmax(dim=-1))
    rows = torch.stack(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@greedy_decode.mistake(
    "every step starts from the first state again",
    so="The decoder forgets all but its last word, and tends to go round in circles.",
    ask="Which state does the second call start from?",
)
def state_reset(decoder, state, bos_id, eos_id, max_len):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, _ = decoder(token, state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@greedy_decode.mistake(
    "one sentence's end stops the whole batch",
    so="The longer sentences are cut off in the middle, and where depends on their neighbours.",
    ask="Which sentences does `break` end?",
)
def first_end_stops_all(decoder, state, bos_id, eos_id, max_len):
    token, rows = torch.full((len(state.h), 1), bos_id), [[] for _ in state.h]
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        if (token == eos_id).any():
            break
        for row, word in zip(rows, token.flatten().tolist(), strict=True):
            row.append(word)
    return rows


@greedy_decode.mistake(
    "it goes on past <eos>",
    so="The words after the end are noise: the decoder was never trained on them.",
    ask="What may a sentence still say after its first <eos>?",
)
def past_eos(decoder, state, bos_id, eos_id, max_len):
    token, rows = torch.full((len(state.h), 1), bos_id), [[] for _ in state.h]
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        for row, word in zip(rows, token.flatten().tolist(), strict=True):
            if word != eos_id:
                row.append(word)
    return rows


@greedy_decode.mistake(
    "<eos> is in the result",
    so="It ends the sentence; it is not a word of it.",
    ask="What does `trim_at_eos` keep?",
)
def eos_in_result(decoder, state, bos_id, eos_id, max_len):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id) + 1] if eos_id in row else row for row in rows]


@greedy_decode.mistake(
    "<bos> is in the result",
    so="It starts the decoder; nobody said it.",
    ask="What is in your list before the first word is predicted?",
)
def bos_in_result(decoder, state, bos_id, eos_id, max_len):
    written = torch.full((len(state.h), 1), bos_id)
    for _ in range(max_len):
        logits, state = decoder(written[:, -1:], state)
        written = torch.cat([written, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    rows = written.tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@greedy_decode.mistake(
    "the translations come in the order in which they ended",
    so="Each source would get the translation of another one.",
    ask="Which sentence does the first list of the result belong to?",
)
def order_of_ending(decoder, state, bos_id, eos_id, max_len):
    token, rows, done = torch.full((len(state.h), 1), bos_id), [[] for _ in state.h], []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token, keep = logits[:, -1].argmax(dim=-1, keepdim=True), []
        for i, word in enumerate(token.flatten().tolist()):
            if word == eos_id:
                done.append(rows[i])
            else:
                rows[i].append(word)
                keep.append(i)
        if not keep:
            return done
        rows, token = [rows[i] for i in keep], token[keep]
        state = state.select(torch.tensor(keep))
    return done + rows


@greedy_decode.mistake(
    "the sentences that are over left the batch, but their states stayed",
    so="From then on every sentence goes on from the state of another one.",
    ask="What does `state.select` do?",
    raises="mismatch|out of range",
)
def states_stay(decoder, state, bos_id, eos_id, max_len):
    rows, going = [[] for _ in state.h], list(range(len(state.h)))
    token = torch.full((len(going), 1), bos_id)
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = logits[:, -1].argmax(dim=-1, keepdim=True)
        keep = (token.flatten() != eos_id).nonzero().flatten()
        going, token = [going[i] for i in keep.tolist()], token[keep]
        if not going:
            break
        for row, word in zip(going, token.flatten().tolist(), strict=True):
            rows[row].append(word)
    return rows


@greedy_decode.mistake(
    "the sentences are translated one after the other, not as a batch",
    so="A call costs nearly the same for one sentence as for fifty, so this is many times slower.",
    ask="How many tokens can the decoder read in one call?",
    raises="called more than",
)
def one_by_one(decoder, state, bos_id, eos_id, max_len):
    rows = []
    for i in range(len(state.h)):
        own, token, row = state.select(torch.tensor([i])), bos_id, []
        for _ in range(max_len):
            logits, own = decoder(torch.tensor([[token]]), own)
            token = logits[0, -1].argmax().item()
            if token == eos_id:
                break
            row.append(token)
        rows.append(row)
    return rows


@greedy_decode.alternative
def greedy_that_drops_rows(decoder, state, bos_id, eos_id, max_len):
    rows = [[] for _ in state.h]
    going, token = torch.arange(len(rows)), torch.full((len(rows),), bos_id)
    for _ in range(max_len):
        logits, state = decoder(token.unsqueeze(1), state)
        token = logits[:, -1].softmax(dim=-1).argmax(dim=-1)
        keep = (token != eos_id).nonzero().squeeze(1)
        going, token, state = going[keep], token[keep], state.select(keep)
        if len(going) == 0:
            break
        for row, word in zip(going.tolist(), token.tolist(), strict=True):
            rows[row].append(word)
    return rows


@greedy_decode.alternative
def greedy_that_marks_ends(decoder, state, bos_id, eos_id, max_len):
    token, over = torch.full((len(state.h), 1), bos_id), [False for _ in state.h]
    rows = [[] for _ in state.h]
    while not all(over) and max_len > 0:
        logits, state, *_ = decoder(token, state)
        token, max_len = logits[:, -1:].argmax(dim=-1), max_len - 1
        for i, word in enumerate(token[:, 0].tolist()):
            over[i] = over[i] or word == eos_id
            if not over[i]:
                rows[i].append(word)
    return rows


# ------------------------------------------------------------------ corpus_bleu

ENGLISH = "I you we the a my your old red new book dog cat house tea read saw sold found bought"
"""Words for sentences that only BLEU has to read."""


def sentence_of(words: Sequence[str]) -> str:
    """Write words as people do: a capital letter first, a full stop last."""
    text = " ".join(words)
    return f"{text[0].upper()}{text[1:]}."


@exercise(
    reference=decoding.corpus_bleu,
    lesson=5,
    title="BLEU of a corpus",
    returns="BLEU",
    edges=[{"sentences": 1}, {"most": 1}],
    hints=[
        "sacrebleu does the counting. It wants the translations first. How does it want the "
        "references: sorted by sentence, or sorted by who wrote them?",
        "Ours: one list for each sentence, [[a1, a2], [b1]]. sacrebleu's: one list for each "
        "translator, as long as the corpus, with None where a translator is missing: "
        "[[a1, b1], [a2, None]]. The score is an attribute of what comes back.",
        "Translations ['I read it now.', 'We sold a book.'] with the references "
        "[['I read it now.'], ['You sold it.', 'We sold a book.']] score 100.",
    ],
)
def corpus_bleu(draw: Draw, sentences=6, most=3):
    """Draw references, one or more a source, and translations that differ in some words."""
    words, references, hypotheses = ENGLISH.split(), list[list[str]](), list[str]()
    for row in range(sentences):
        first = [words[i] for i in draw.ids(0, len(words), draw.integer(6, 10)).tolist()]
        changed = [[*first[:4], *draw.shuffled(first[4:])] for _ in range(most)]
        count = most if row == 0 else 1 + row % most
        references.append([sentence_of(other) for other in [first, *changed][:count]])
        written = [
            *changed[-1][: draw.integer(4, 7)],
            words[draw.integer(0, len(words))],
            *first[5:],
        ]
        hypotheses.append(sentence_of(written))
    return {"hypotheses": hypotheses, "references": references}


@corpus_bleu.mistake(
    "translations and references are exchanged",
    so="BLEU is not symmetric: it punishes translations that are too short, not references.",
    ask="Which of the two does sacrebleu take first?",
)
def swapped(hypotheses, references):
    first = [refs[0] for refs in references]
    return sacrebleu.corpus_bleu(first, [list(hypotheses)]).score


@corpus_bleu.mistake(
    "the references went in sorted by sentence, not by translator",
    so="sacrebleu takes the first list for the first translator's work on the whole corpus. It "
    "compares a few sentences with wrong references, and says nothing.",
    ask="How long is each of the lists that sacrebleu wants?",
)
def not_turned(hypotheses, references):
    return sacrebleu.corpus_bleu(list(hypotheses), [list(refs) for refs in references]).score


@corpus_bleu.mistake(
    "the list of references is not nested: each letter was taken for a reference",
    so="A text is a sequence of letters, so sacrebleu compares sentences with single letters.",
    ask="What does sacrebleu find inside each element of the list that you gave it?",
)
def not_nested(hypotheses, references):
    return sacrebleu.corpus_bleu(list(hypotheses), [refs[0] for refs in references]).score


@corpus_bleu.mistake(
    "only the first reference of each sentence counts",
    so="A translation that agrees with another right reference is punished for it.",
    ask="What happens to the second reference of a sentence?",
)
def first_only(hypotheses, references):
    return sacrebleu.corpus_bleu(list(hypotheses), [[refs[0] for refs in references]]).score


@corpus_bleu.mistake(
    "this is the mean of the sentences' BLEU scores",
    so="BLEU counts over the whole corpus first and divides once. Means of sentence scores are "
    "other numbers, and cannot be compared with those of papers.",
    ask="How often does sacrebleu have to be called?",
)
def mean_of_sentences(hypotheses, references):
    pairs = zip(hypotheses, references, strict=True)
    scores = [sacrebleu.sentence_bleu(hypothesis, list(refs)).score for hypothesis, refs in pairs]
    return sum(scores) / len(scores)


@corpus_bleu.mistake(
    "the whole corpus was glued into one sentence",
    so="Words of different sentences then match each other, across any distance.",
    ask="How does BLEU know which translation belongs to which reference?",
)
def glued(hypotheses, references):
    first = " ".join(refs[0] for refs in references)
    return sacrebleu.corpus_bleu([" ".join(hypotheses)], [[first]]).score


@corpus_bleu.mistake(
    "this is a share, from 0 to 1",
    so="BLEU is given from 0 to 100 everywhere, so 0.27 would be read as a very bad score.",
    ask="What is the largest value that the docstring allows?",
)
def as_share(hypotheses, references):
    most = max(len(refs) for refs in references)
    padded = [[*refs, *[None] * (most - len(refs))] for refs in references]
    return sacrebleu.corpus_bleu(list(hypotheses), [*zip(*padded, strict=True)]).score / 100


@corpus_bleu.mistake(
    "sacrebleu's whole report came back, not the score",
    so="The report holds the score and the numbers that it is made of. Here one number is wanted.",
    ask="Which attribute of the report is the score?",
)
def whole_report(hypotheses, references):
    most = max(len(refs) for refs in references)
    padded = [[*refs, *[None] * (most - len(refs))] for refs in references]
    return sacrebleu.corpus_bleu(list(hypotheses), [*zip(*padded, strict=True)])


@corpus_bleu.alternative
def bleu_by_metric(hypotheses, references):
    most = max(map(len, references))
    streams = [[r[i] if i < len(r) else None for r in references] for i in range(most)]
    return sacrebleu.BLEU().corpus_score(hypotheses, streams).score


# ------------------------------------------------------------------ sample_decode

ALWAYS_LIKELIEST = "the likeliest token came every time"


@exercise(
    reference=decoding.sample_decode,
    lesson=5,
    title="Sampling with a temperature",
    after=["decoding.trim_at_eos"],
    returns="translations",
    edges=[{"cold": 1}, {"max_len": 1}, {"sentences": 1, "draws": 1}],
    hints=[
        "Greedy decoding always takes the likeliest token. Here every token has its chance. Where "
        "do the chances come from, and what does a small temperature do to their differences?",
        "Logits [batch, vocab] are divided by the temperature and become probabilities "
        "[batch, vocab]. `torch.multinomial` draws one token from each row, and takes the "
        "generator.",
        "Logits [2, 0] at temperature 0.5 become [4, 0], and so probabilities 0.98 and 0.02; at "
        "temperature 2 they become [1, 0]: 0.73 and 0.27.",
    ],
)
def sample_decode(draw: Draw, sentences=2, draws=600, vocab=5, states=6, max_len=3, cold=0):
    """Draw a decoder as tables, and some sentences many times over."""
    spaced = [level - 2.0 for level in range(vocab)]  # so that near 0 it is greedy
    levels = torch.tensor([draw.shuffled(spaced) for _ in range(states)])
    starts = draw.shuffled(list(range(states)))[:sentences]
    return {
        "decoder": described(draw.ids(0, states, states, vocab), levels),
        "state": at(starts * draws, states),
        "bos_id": BOS,
        "eos_id": EOS,
        "max_len": max_len,
        "temperature": 0.05 if cold else draw.shuffled([0.4, 0.5, 2.0])[0],
        "generator": draw.generator(),
    }


def explanations(logits: Tensor, temperature: float) -> dict[str, Tensor]:
    """List what else the draws may follow: words for it, and the next token's probabilities."""
    return {
        ALWAYS_LIKELIEST: nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[1]).double(),
        "these are the draws of temperature 1": logits.softmax(dim=-1),
        "these are the draws of 1 / temperature": (logits * temperature).softmax(dim=-1),
        "these are the draws of a softmax of a softmax": (logits / temperature)
        .softmax(dim=-1)
        .softmax(dim=-1),
    }


@sample_decode.verdict
def drawn_by_chance(arguments: dict[str, Any], seen: Observation) -> str | None:
    """Say what is wrong with draws, if anything: their form, their source, their frequencies."""
    tables, rows = Tables(arguments["decoder"]), seen.output
    starts = starts_of(arguments["state"])
    if len(rows) != len(starts):
        return f"{len(rows)} translations came for {len(starts)} sentences"
    if any(len(row) > arguments["max_len"] for row in rows):
        return "a translation is longer than max_len"
    if any(EOS in row for row in rows):
        return "<eos> is in a translation"
    draws = Draws(tables, starts, rows, arguments["max_len"])
    others = explanations(tables.logits, arguments["temperature"])
    fits = draws.fit((tables.logits / arguments["temperature"]).softmax(dim=-1))
    if "generator" not in seen.changed:
        greedy = not fits and draws.fit(others[ALWAYS_LIKELIEST])
        return ALWAYS_LIKELIEST if greedy else "nothing was drawn from the generator"
    if fits:
        return None
    if len({row[0] if row else EOS for row in rows}) == 1:
        return "all the sentences begin with the same token"
    likeliest = max(others, key=lambda words: draws.log_likelihood(others[words]))
    if draws.fit(others[likeliest]):
        return likeliest
    return "some translations come far more often than they should, others far less"


@sample_decode.mistake(
    "the temperature was multiplied, not divided by",
    so="Then a low temperature makes the translations wild, and a high one makes them dull.",
    ask="Logits 2 and 0 at temperature 0.5: should their difference grow or shrink?",
)
def multiplied(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        probabilities = (logits[:, -1] * temperature).softmax(dim=-1)
        token = torch.multinomial(probabilities, 1, generator=generator)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@sample_decode.mistake(
    "the temperature has no effect",
    so="`multinomial` makes its weights sum to 1 itself, so what divides all probabilities alike "
    "is lost. The logits are what the temperature divides.",
    ask="Does the temperature come before the softmax, or after it?",
)
def probabilities_divided(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        probabilities = logits[:, -1].softmax(dim=-1) / temperature
        token = torch.multinomial(probabilities, 1, generator=generator)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@sample_decode.mistake(
    "the softmax was taken twice",
    so="Probabilities lie between 0 and 1, and a softmax of them is nearly flat: almost any word.",
    ask="What goes into your softmax: logits or probabilities?",
)
def softmax_twice(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        probabilities = (logits[:, -1] / temperature).softmax(dim=-1).softmax(dim=-1)
        token = torch.multinomial(probabilities, 1, generator=generator)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@sample_decode.mistake(
    "the generator was not used",
    so="Then nobody can repeat the experiment: the draws depend on all that ran before.",
    ask="Which argument of `torch.multinomial` takes the generator?",
)
def generator_unused(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = torch.multinomial((logits[:, -1] / temperature).softmax(dim=-1), 1)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@sample_decode.mistake(
    "one token was drawn for the whole batch",
    so="Every sentence would get the words that were drawn for the first one.",
    ask="How many tokens are wanted at each step, and from how many rows of probabilities?",
)
def one_for_all(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        probabilities = (logits[0, -1] / temperature).softmax(dim=-1)
        word = torch.multinomial(probabilities, 1, generator=generator)
        token = word.expand(len(state.h)).unsqueeze(1)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@sample_decode.mistake(
    "<eos> is in the result",
    so="It ends the sentence; it is not a word of it.",
    ask="What does `trim_at_eos` keep?",
)
def eos_drawn_and_kept(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        probabilities = (logits[:, -1] / temperature).softmax(dim=-1)
        token = torch.multinomial(probabilities, 1, generator=generator)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id) + 1] if eos_id in row else row for row in rows]


@sample_decode.mistake(
    "nothing is drawn: the likeliest token always comes",
    so="That is greedy decoding. Drawing twice should not give the same translation twice.",
    ask="What should happen to a token with a probability of 30 %?",
)
def always_likeliest(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        token = (logits[:, -1] / temperature).argmax(dim=-1, keepdim=True)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@sample_decode.alternative
def sample_by_gumbel_noise(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    rows = [[] for _ in state.h]
    going, token = torch.arange(len(rows)), torch.full((len(rows), 1), bos_id)
    for _ in range(max_len):
        logits, state = decoder(token, state)
        logits = logits[:, -1]
        noise = torch.empty_like(logits).exponential_(generator=generator).log()
        token = (logits / temperature - noise).argmax(dim=-1, keepdim=True)
        keep = (token != eos_id).flatten().nonzero().flatten()
        going, token, state = going[keep], token[keep], state.select(keep)
        if len(going) == 0:
            break
        for row, word in zip(going.tolist(), token.flatten().tolist(), strict=True):
            rows[row].append(word)
    return rows


@sample_decode.alternative
def sample_by_cumulated_sums(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state = decoder(token, state)
        sums = torch.softmax(logits[:, 0] / temperature, dim=1).cumsum(dim=1)
        coin = torch.rand(len(sums), 1, generator=generator) * sums[:, -1:]
        token = (sums < coin).sum(dim=1, keepdim=True)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


# ------------------------------------------------------------------ beam_step


@exercise(
    reference=decoding.beam_step,
    lesson=5,
    title="One step of a beam",
    returns=("parents", "tokens", "scores"),
    edges=[
        {"batch": 1},
        {"beam": 1},
        {"dead": 1},
        {"beam": 1, "vocab": 3},
        {"vocab": 3, "beam_size": 5},
    ],
    hints=[
        "Every beginning can go on with every token. How many candidates does one sentence have, "
        "and what is the score of each?",
        "scores [batch, beam] and log-probabilities [batch, beam, vocab] add up to candidates "
        "[batch, beam, vocab]. Flat they are [batch, beam·vocab]: place beam·vocab numbers in a "
        "row, and each place tells its beginning and its token.",
        "A vocabulary of 5, and the best candidate lies at place 13 of the flat row. 13 = 2·5 + 3: "
        "it is beginning 2 with token 3.",
    ],
)
def beam_step(draw: Draw, batch=2, beam=3, vocab=7, beam_size=4, dead=0):
    """Draw the scores of some beginnings, all but one of them impossible on request."""
    scores = -draw.normal(batch, beam).abs() - 0.5
    if dead:
        scores[:, 1:] = -math.inf
    logits = draw.normal(batch, beam, vocab) + draw.normal(batch, beam, 1)
    return {"scores": scores, "logits": logits, "beam_size": beam_size}


@beam_step.mistake(
    "each beginning kept its own best: they did not compete with each other",
    so="A bad beginning then lives on for ever, and a good one cannot have two children.",
    ask="Which candidates stand in one line before the best are taken?",
)
def best_of_each(scores, logits, beam_size):
    totals = scores.unsqueeze(-1) + logits.log_softmax(dim=-1)
    best, tokens = totals.max(dim=-1)
    parents = torch.arange(scores.shape[1]).expand_as(tokens)
    return parents, tokens, best


@beam_step.mistake(
    "parents and tokens are exchanged: `%` and `//` the wrong way round",
    so="Each hypothesis would be built on another beginning, with another word.",
    ask="How many places does each beginning take in the flat row?",
)
def parents_and_tokens_exchanged(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits.log_softmax(dim=-1)).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places % logits.shape[-1], places // logits.shape[-1], best


@beam_step.mistake(
    "places were divided by the number of beginnings, not by the size of the vocabulary",
    so="Each hypothesis would be built on another beginning, with another word.",
    ask="How many places does each beginning take in the flat row?",
)
def divided_by_beam(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits.log_softmax(dim=-1)).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places // scores.shape[1], places % scores.shape[1], best


@beam_step.mistake(
    "the logits were not normalised",
    so="Logits of different beginnings cannot be compared: only log-probabilities can.",
    ask="What must the probabilities of the next token sum to, for every beginning?",
)
def not_normalised(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.mistake(
    "the softmax ran over all the beginnings together",
    so="Each beginning has its own next token, so each has probabilities of its own.",
    ask="Over which axis do the probabilities sum to 1?",
)
def normalised_over_all(scores, logits, beam_size):
    log_probs = logits.flatten(1).log_softmax(dim=-1).view_as(logits)
    totals = (scores.unsqueeze(-1) + log_probs).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.mistake(
    "probabilities were added to log-probabilities",
    so="Probabilities multiply, so their logarithms add; a sum of the two means nothing.",
    ask="Is the score of a beginning a probability, or its logarithm?",
)
def probabilities_added(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits.softmax(dim=-1)).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.mistake(
    "the beginnings' own scores are left out",
    so="Only the last word would count, however unlikely the words before it are.",
    ask="What is the log-probability of a whole sentence made of?",
)
def scores_left_out(scores, logits, beam_size):
    totals = logits.log_softmax(dim=-1).flatten(1)
    best, places = totals.topk(min(beam_size, totals.shape[1]), dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.mistake(
    "where there are fewer candidates than beam_size, it fails",
    so="The first step has one beginning only, and a wide beam more places than there are tokens.",
    ask="How many candidates do one beginning and a vocabulary of 3 make?",
    raises="out of range",
)
def too_few_candidates(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits.log_softmax(dim=-1)).flatten(1)
    best, places = totals.topk(beam_size, dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.mistake(
    "as many are kept as there are tokens, though there are more candidates",
    so="Every beginning goes on with every token: there are as many candidates for each of them.",
    ask="How many candidates do three beginnings and a vocabulary of 3 make?",
)
def no_more_than_tokens(scores, logits, beam_size):
    totals = (scores.unsqueeze(-1) + logits.log_softmax(dim=-1)).flatten(1)
    best, places = totals.topk(min(beam_size, logits.shape[-1]), dim=1)
    return places // logits.shape[-1], places % logits.shape[-1], best


@beam_step.alternative
def beam_step_by_sorting(scores, logits, beam_size):
    log_probs = logits - logits.logsumexp(dim=2, keepdim=True)
    totals = (scores[:, :, None] + log_probs).reshape(len(scores), -1)
    best, places = totals.sort(dim=1, descending=True)
    best, places = best[:, :beam_size], places[:, :beam_size]
    parents = torch.div(places, logits.shape[2], rounding_mode="floor")
    return parents, places - parents * logits.shape[2], best


@beam_step.alternative
def beam_step_in_two_rounds(scores, logits, beam_size):
    totals = scores.unsqueeze(-1) + logits.log_softmax(dim=-1)
    each, words = totals.topk(min(beam_size, totals.shape[-1]), dim=-1)
    best, places = each.flatten(1).topk(min(beam_size, each[0].numel()), dim=1)
    return places // each.shape[-1], words.flatten(1).gather(1, places), best


# ------------------------------------------------------------------ beam_search


@exercise(
    reference=decoding.beam_search,
    lesson=5,
    title="Beam search",
    returns="hypotheses",
    after=["decoding.beam_step"],
    edges=[
        {"batch": 1, "beam_size": 1},
        {"trap": 1, "beam_size": 2, "batch": 1},
        {"beam_size": 3, "vocab": 7, "max_len": 6, "states": 12},
    ],
    hints=[
        "Several beginnings live side by side. After each step, which of them are finished "
        "translations, which go on, and what has to move along with a beginning that goes on?",
        "For one sentence the beam is the batch: state rows, words and scores, one for each "
        "beginning. beam_step returns parents [1, new_beam]: the rows that the new beginnings "
        "grow from, so words and state are picked by them.",
        "Scores -1.2 for [7] and -1.5 for [8]; [7, <eos>] scores -1.6, [8, 9] -1.7. With a beam "
        "of 2 the first is done: Hypothesis([7], -1.6, -1.6 / 2 ** alpha). The second goes on.",
    ],
)
def beam_search(draw: Draw, batch=2, vocab=4, states=9, beam_size=40, max_len=3, trap=0):
    """Draw a decoder as tables, or one that leads a greedy search astray."""
    transitions, logits = draw.ids(0, states, states, vocab), 1.5 * draw.normal(states, vocab)
    starts = draw.shuffled(list(range(states)))[:batch]
    if trap:  # word 0 is a little likelier than word 3, but after it the decoder is at a loss
        transitions[0, BOS], transitions[1, 0], transitions[1, 3] = 1, 2, 3
        logits[1], logits[2] = torch.tensor([2.0, -4.0, -4.0, 1.8]), torch.zeros(vocab)
        logits[3], starts = torch.tensor([-3.0, -3.0, 3.0, -3.0]), [0]
    elif vocab > 4:
        logits[:, EOS] -= 0.5
    return {
        "decoder": described(transitions, logits),
        "state": at(starts, states),
        "bos_id": BOS,
        "eos_id": EOS,
        "beam_size": beam_size,
        "max_len": max_len,
        "alpha": 0.0 if trap or beam_size == 1 else draw.shuffled([0.0, 0.6, 0.8, 1.0])[0],
    }


MOST_LISTED = 3000
"""So many beginnings are listed at most, to know what a search cannot miss."""


@beam_search.verdict
def found_by_search(arguments: dict[str, Any], seen: Observation) -> str | None:
    """Say what is wrong with hypotheses, if anything; ties and rules for stopping are free."""
    tables, starts = Tables(arguments["decoder"]), starts_of(arguments["state"])
    if len(seen.output) != len(starts):
        return f"{len(seen.output)} results came for {len(starts)} sentences"
    for start, hypotheses in zip(starts, seen.output, strict=True):
        if not hypotheses:
            return "nothing was found for a sentence"
        found = [Hypothesis(list(tokens), *map(float, scores)) for tokens, *scores in hypotheses]
        problem = next(
            (p for h in found if (p := _wrong_hypothesis(tables, start, h, arguments))), ""
        )
        problem = problem or _wrong_order(found)
        problem = problem or _wrong_best(tables, start, found[0], arguments)
        problem = problem or _missing(tables, start, found, arguments)
        if problem:
            return problem
    return None


def _wrong_hypothesis(
    tables: Tables, start: int, found: Hypothesis, arguments: dict[str, Any]
) -> str:
    """Say what is wrong with one hypothesis by itself: its words, log-probability or score."""
    tokens, limit = found.tokens, arguments["max_len"]
    if EOS in tokens:
        return f"{tokens} holds <eos>"
    if len(tokens) > limit:
        return f"{tokens} is longer than max_len"
    ended = [*tokens, EOS] if len(tokens) < limit else tokens
    own = tables.log_prob(start, ended)
    if not math.isclose(found.log_prob, own, abs_tol=1e-3):
        return f"{tokens} has log_prob {found.log_prob:.2f}, but the decoder gives it {own:.2f}"
    score = own / len(ended) ** arguments["alpha"]
    if not math.isclose(found.score, score, abs_tol=1e-3):
        return (
            f"{tokens} has score {found.score:.3f}, but log_prob / length ** alpha is {score:.3f}"
        )
    return ""


def _wrong_order(found: Sequence[Hypothesis]) -> str:
    if len({tuple(h.tokens) for h in found}) < len(found):
        return "the same translation comes twice"
    if any(b.score > a.score + 1e-4 for a, b in itertools.pairwise(found)):
        return "a better hypothesis comes after a worse one"
    return ""


def _wrong_best(tables: Tables, start: int, best: Hypothesis, arguments: dict[str, Any]) -> str:
    """Say what a search of this width should have found first, whatever its rule for stopping."""
    greedy = tables.greedy(start, arguments["max_len"])
    if arguments["beam_size"] == 1 and best.tokens != greedy:
        return f"with a beam of 1 {best.tokens} came, but greedy decoding gives {greedy}"
    sure = _cannot_miss(tables, start, arguments)
    if sure is not None and best.score < sure - 1e-3:
        return (
            f"the best score is {best.score:.3f}, but a beam of {arguments['beam_size']} cannot "
            f"miss a hypothesis of {sure:.3f}"
        )
    return ""


def _cannot_miss(tables: Tables, start: int, arguments: dict[str, Any]) -> float | None:
    """Return the best score of all if every search of this width finds it, by listing them all.

    It does where each beginning of the best hypothesis is among the `beam_size` likeliest of its
    length, and fewer than `beam_size` hypotheses are shorter. Where finished hypotheses compete
    with live ones by their scores, this holds for a beam that keeps all, or for alpha 0.
    """
    beam_size, size = arguments["beam_size"], _last_step(tables, arguments)
    if size > MOST_LISTED or (arguments["alpha"] and beam_size < size):
        return None
    log_probs, ended = _listed(tables, start, arguments)
    scores = {tokens: p / len(tokens) ** arguments["alpha"] for tokens, p in ended.items()}
    best = max(scores, key=scores.__getitem__)
    shorter = sum(len(tokens) < len(best) for tokens in ended)
    ranks = [
        sum(p > log_probs[best[:n]] for tokens, p in log_probs.items() if len(tokens) == n)
        for n in range(1, len(best) + 1)
    ]
    return scores[best] if shorter < beam_size and max(ranks) < beam_size else None


def _missing(
    tables: Tables, start: int, found: Sequence[Hypothesis], arguments: dict[str, Any]
) -> str:
    """Say what is not there, where the beam has room for all: what ends before the search does.

    The search goes on at least until the longest hypothesis that it returns.
    """
    beam_size, limit = arguments["beam_size"], arguments["max_len"]
    if _last_step(tables, arguments) > min(beam_size, MOST_LISTED):
        return ""
    _, ended = _listed(tables, start, arguments)
    if len(ended) > beam_size:
        return ""
    there = {(*h.tokens, EOS) if len(h.tokens) < limit else tuple(h.tokens) for h in found}
    longest = max(map(len, there))
    missing = [tokens for tokens in ended if len(tokens) <= longest and tokens not in there]
    if not missing:
        return ""
    told = [token for token in missing[0] if token != EOS]
    return f"a beam of {beam_size} has room for all, but {told} is not among what came back"


def _last_step(tables: Tables, arguments: dict[str, Any]) -> int:
    """Count the candidates of the last step where every beginning is kept."""
    vocab = tables.logits.shape[1]
    return int((vocab - 1) ** (arguments["max_len"] - 1) * vocab)


def _listed(
    tables: Tables, start: int, arguments: dict[str, Any]
) -> tuple[dict[Tokens, float], dict[Tokens, float]]:
    """List the log-probabilities of all beginnings, and those of the ones that end."""
    limit = arguments["max_len"]
    listed = tables.beginnings(start, limit, tables.logits.softmax(dim=-1))
    log_probs = {tokens: math.log(probability) for tokens, probability in listed.items()}
    return log_probs, {t: p for t, p in log_probs.items() if t[-1] == EOS or len(t) == limit}


@beam_search.mistake(
    "the states were not moved along with their beginnings",
    so="From then on a beginning goes on from the state of another one.",
    ask="Which rows of the state do the new beginnings grow from?",
)
def states_not_moved(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(torch.arange(len(going)) % len(beams.h))
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "the words were not moved along with their beginnings",
    so="The words of one beginning then stand with the score of another.",
    ask="Which words does the parent of a new beginning have?",
)
def words_not_moved(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            rows = range(len(tokens))
            words = [words[i % len(words)] + [int(tokens[i])] for i in rows]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "all the places of the beam start with the same beginning",
    so="They do the same at every step: a beam of five equal hypotheses is one greedy search.",
    ask="How many different beginnings are there before the first step?",
)
def equal_starts(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams = state.select(torch.tensor([row] * beam_size))
        words, scores, done = [[bos_id]] * beam_size, torch.zeros(beam_size), []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "finished hypotheses grow on",
    so="<eos> ends a translation. The words after it are noise, and so is their probability.",
    ask="What should happen to a beginning whose new token is <eos>?",
)
def grows_past_eos(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        for _ in range(max_len):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            beams = beams.select(parents)
        done = []
        for w, s in zip(words, scores.tolist(), strict=True):
            kept = w[1 : w.index(eos_id)] if eos_id in w else w[1:]
            done.append(Hypothesis(kept, s, s / min(len(kept) + 1, max_len) ** alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "the length does not count <eos>",
    so="The log-probability has a term for <eos>, so the length counts it too. And the length of "
    "an empty translation would be 0.",
    ask="How many log-probabilities were added up?",
    raises="division by zero",
)
def length_without_eos(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for _ in range(max_len):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / len(w[1:-1]) ** alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "every hypothesis was normalised by the same length",
    so="Divided by the limit, all scores shrink alike, and short translations win as before.",
    ask="Which length belongs to a hypothesis?",
)
def length_of_the_limit(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for _ in range(max_len):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / max_len**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "scores were normalised at every step, not once at the end",
    so="Divided again and again, a score has little to do with its hypothesis.",
    ask="Which number goes into the next step: the log-probability or the score?",
)
def normalised_every_step(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for _ in range(max_len):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            scores = scores
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "the search stops at the first hypothesis that ends",
    so="The first to end is often the shortest, not the best.",
    ask="How many finished hypotheses does the docstring wait for?",
)
def stops_at_first_end(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if done or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "beginnings that reach the limit are lost",
    so="Where no hypothesis ends in time, there is no translation at all.",
    ask="What is returned after max_len tokens?",
)
def unfinished_lost(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.mistake(
    "only the best hypothesis of each sentence is returned",
    so="What else the beam has found is lost: nobody can rank it again, or show the second best.",
    ask="How many hypotheses may a sentence have that has been searched with a beam of five?",
)
def best_one_only(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append([max(done, key=lambda h: h.score)])
    return found


@beam_search.mistake(
    "the hypotheses are not sorted by their scores",
    so="Whoever takes the first one takes any.",
    ask="In which order do hypotheses end?",
)
def unsorted(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            if len(done) >= beam_size or not words:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(done)
    return found


@beam_search.alternative
def beam_search_until_none_can_win(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    found = []
    for row in range(len(state.h)):
        beams, words, scores = state.select(torch.tensor([row])), [[bos_id]], torch.zeros(1)
        done = []
        for length in range(1, max_len + 1):
            logits, beams = decoder(torch.tensor([w[-1:] for w in words]), beams)
            totals = scores.unsqueeze(1) + logits[:, -1].log_softmax(dim=-1)
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            words = [words[p] + [t] for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
            for w, s in zip(words, scores.tolist(), strict=True):
                if w[-1] == eos_id:
                    done.append(Hypothesis(w[1:-1], s, s / length**alpha))
            going = (tokens != eos_id).nonzero().flatten()
            words, scores = [words[i] for i in going.tolist()], scores[going]
            beams = beams.select(parents[going])
            hoped = max(s / max_len**alpha for s in scores.tolist()) if words else -math.inf
            best = max((h.score for h in done), default=-math.inf)
            if length < max_len and best >= hoped:
                break
        else:
            for w, s in zip(words, scores.tolist(), strict=True):
                done.append(Hypothesis(w[1:], s, s / max_len**alpha))
        found.append(sorted(done, key=lambda h: h.score, reverse=True))
    return found


@beam_search.alternative
def beam_search_as_one_batch(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    batch = len(state.h)
    done, first = [[] for _ in range(batch)], torch.arange(batch).unsqueeze(1) * beam_size
    state = state.select(torch.arange(batch).repeat_interleave(beam_size))
    words = torch.full((batch * beam_size, 1), bos_id)
    scores = torch.full((batch, beam_size), -math.inf)
    scores[:, 0] = 0.0
    for length in range(1, max_len + 1):
        logits, state = decoder(words[:, -1:], state)
        log_probs = logits[:, -1].log_softmax(dim=-1).view(batch, beam_size, -1)
        totals = (scores.unsqueeze(-1) + log_probs).flatten(1)
        scores, places = totals.topk(beam_size, dim=1)
        rows = (first + places // log_probs.shape[-1]).flatten()
        words = torch.cat([words[rows], (places % log_probs.shape[-1]).view(-1, 1)], dim=1)
        state = state.select(rows)
        for i, (tokens, s) in enumerate(
            zip(words.tolist(), scores.flatten().tolist(), strict=True)
        ):
            if s > -math.inf and (tokens[-1] == eos_id or length == max_len):
                kept = tokens[1:-1] if tokens[-1] == eos_id else tokens[1:]
                done[i // beam_size].append(Hypothesis(kept, s, s / length**alpha))
        scores[(words[:, -1] == eos_id).view(batch, beam_size)] = -math.inf
    return [sorted(found, key=lambda h: -h.score) for found in done]


# ------------------------------------------------------------------ predictions


@prediction(lesson=5, title="Prediction: what costs the most BLEU", example="not")
def costliest(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "not", "roles", "case", "eos")


@costliest.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def nothing_chosen():
    return None


@costliest.mistake(
    'expected one of "not", "roles", "case", "eos"', so="One of the four, in quotes, small letters."
)
def chosen_by_number():
    return 3


@prediction(lesson=5, title="Prediction: ten draws", example=5)
def ten_draws(answer):
    """Say what is wrong with a number of translations, if anything."""
    if answer is None:
        return "nothing is written down yet"
    is_number = isinstance(answer, int | float) and not isinstance(answer, bool)
    if not is_number or not 1 <= answer <= 10:
        return "expected a number from 1 to 10"
    return None


@ten_draws.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def not_guessed():
    return None


@ten_draws.mistake("expected a number from 1 to 10", so="Ten draws are at most ten translations.")
def in_percent():
    return 50


@prediction(lesson=5, title="Prediction: what greedy decoding misses", example=10)
def greedy_misses(answer):
    """Say what is wrong with a percentage, if anything."""
    return one_share(answer)


@greedy_misses.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def no_percentage():
    return None


@greedy_misses.mistake("expected a percentage, from 0 to 100", so="A number alone, without quotes.")
def percentage_in_words():
    return "few"


@prediction(lesson=5, title="Prediction: a beam of 50", example=["up", "up"])
def wide_beam(answer):
    """Say what is wrong with two directions, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return "expected two words in a list"
    if any(way not in ("up", "same", "down") for way in answer):
        return 'expected "up", "same" or "down", twice'
    return None


@wide_beam.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def no_direction():
    return None


@wide_beam.mistake(
    "expected two words in a list", so="One for the log-probability, one for BLEU: [a, b]."
)
def one_word():
    return "up"


@wide_beam.mistake('expected "up", "same" or "down", twice', so="Small letters, in quotes.")
def other_words():
    return ["better", "worse"]
