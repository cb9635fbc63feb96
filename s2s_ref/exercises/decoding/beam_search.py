"""The exercise `beam_search`: keep several beginnings of each sentence and extend the best."""

import math

import torch

from s2s_ref import decoding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exact_decoders import at, described
from s2s_ref.checks.exact_search import found_by_search
from s2s_ref.checks.registry import exercise
from s2s_ref.checks.source import edited
from s2s_ref.state import Hypothesis


@exercise(
    reference=decoding.beam_search,
    title="Beam search",
    longhand="beam_search_with_lists",
    steps={
        "logits 1": ("the logits of the first step", "Which word and which state does it read?"),
        "log_probs 1": (
            "the first log-probabilities",
            "Over which axis do the probabilities sum to 1?",
        ),
    },
    returns="hypotheses",
    after=["decoding.beam_step"],
    edges=[
        {"batch": 1, "beam_size": 1},
        {"trap": 1, "beam_size": 2, "batch": 1},
        {"beam_size": 3, "vocab": 7, "max_len": 6, "states": 12},
        {"lstm": 1, "beam_size": 3, "batch": 3},
        {"third": 1, "beam_size": 3, "batch": 1},
        {"endless": 1, "beam_size": 2, "batch": 1, "max_len": 5},
    ],
    findings={
        "first sentence is right": "Which state does the second search start from?",
        "leave out that of": "Which score did beam_step return for a candidate with <eos>?",
        "has log_prob": "From which parent do the words, the score and the state's row of a new "
        "beginning come?",
        "every score is the log-probability": "Where does your code divide by length ** alpha?",
        "length|scores": "Which length belongs to a hypothesis, and what is done with it?",
        "<bos>": "What is in the list of words before the first one is found?",
        "<eos>": "What should happen to a candidate whose token is <eos>?",
        "comes twice": "How many different beginnings are there before the first step?",
        "after a worse one": "Which number are they sorted by, and does the largest come first?",
        "went on": "How many beginnings of one sentence may go on after each step?",
        "is missing": "Which candidates compete in a step: those of one beginning, or of all?",
        "best score is": "When does your search stop, and what does it drop before that?",
        "a beam of 1": "Which candidate of a step should a beam of 1 keep?",
        "longer than": "How often does your code call the decoder for max_len = 1?",
    },
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
def beam_search(
    draw: Draw,
    batch=2,
    vocab=4,
    states=9,
    beam_size=40,
    max_len=3,
    trap=0,
    endless=0,
    lstm=0,
    third=0,
):
    """Draw a decoder as tables.

    One leads a greedy search astray, one never ends, one has an LSTM's state, and one returns a
    third result.
    """
    bos_id, eos_id, tempting, better = draw.distinct(0, vocab, 4)
    transitions, logits = draw.ids(0, states, states, vocab), 1.5 * draw.normal(states, vocab)
    starts = draw.shuffled(list(range(states)))[:batch]
    if trap:  # one word is a little likelier, but after it the decoder is at a loss
        starts = [0]
        transitions[0, bos_id], transitions[1, tempting], transitions[1, better] = 1, 2, 3
        logits[1], logits[2], logits[3] = -4.0, 0.0, -3.0
        logits[1, tempting], logits[1, better], logits[3, eos_id] = 2.0, 1.8, 3.0
    elif endless:
        logits[:, eos_id] -= 20
    elif vocab > 4:
        logits[:, eos_id] -= 0.5
    decoder = described(transitions, logits)
    alphas = [0.6, 0.8, 1.0] if endless else [0.0, 0.6, 0.8, 1.0]
    return {
        "decoder": draw.with_third_result(decoder) if third else decoder,
        "state": at(draw, starts, states, lstm),
        "bos_id": bos_id,
        "eos_id": eos_id,
        "beam_size": beam_size,
        "max_len": max_len,
        "alpha": 0.0 if trap or beam_size == 1 else draw.shuffled(alphas)[0],
    }


beam_search.verdict(found_by_search)


@beam_search.alternative
def beam_search_with_lists(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    def hypothesis(words, log_prob, length):
        return Hypothesis(words, log_prob, log_prob / length**alpha)

    results = []
    for sentence in range(len(state.h)):
        rows = state.select(torch.tensor([sentence]))
        beam, finished = [([bos_id], 0.0)], []
        for length in range(1, max_len + 1):
            logits, rows, *_ = decoder(torch.tensor([w[-1:] for w, _ in beam]), rows)
            log_probs = logits[:, -1].log_softmax(dim=-1)
            totals = torch.tensor([[s] for _, s in beam]) + log_probs
            scores, places = totals.flatten().topk(min(beam_size, totals.numel()))
            parents, tokens = places // totals.shape[1], places % totals.shape[1]
            best = zip(parents.tolist(), tokens.tolist(), scores.tolist(), strict=True)
            grown = [(beam[p][0] + [t], s) for p, t, s in best]
            finished += [hypothesis(w[1:-1], s, length) for w, s in grown if w[-1] == eos_id]
            beam = [(w, s) for w, s in grown if w[-1] != eos_id]
            rows = rows.select(parents[tokens != eos_id])
            if len(finished) >= beam_size or not beam:
                break
        else:
            finished += [hypothesis(w[1:], s, max_len) for w, s in beam]
        results.append(sorted(finished, key=lambda h: h.score, reverse=True))
    return results


beam_search.edit(
    "same_bos",
    "the decoder reads <bos> at every step",
    base=beam_search_with_lists,
    replace={"[w[-1:] for w, _ in beam]": "[w[:1] for w, _ in beam]"},
    why="It never learns which word each beginning ends with.",
    question="What does the decoder read in the second step?",
)

beam_search.edit(
    "two_results_expected",
    "the decoder returned three results, and two were expected",
    base=beam_search_with_lists,
    replace={"logits, rows, *_": "logits, rows"},
    why="Decoders with attention return their weights too.",
    question="How do you take the first two of two or three results?",
    raises="too many values to unpack",
)

beam_search.edit(
    "starts_with_eos",
    "the decoder reads <eos> first, not <bos>",
    base=beam_search_with_lists,
    replace={"[([bos_id], 0.0)]": "[([eos_id], 0.0)]"},
    why="In training every sentence began with <bos>. Only then does it know how to start.",
    question="Which token does the decoder read before any word is found?",
)

beam_search.edit(
    "bos_in_tokens",
    "<bos> is in the tokens of a translation",
    base=beam_search_with_lists,
    replace={"hypothesis(w[1:-1]": "hypothesis(w[:-1]", "hypothesis(w[1:], s": "hypothesis(w, s"},
    why="It is what the decoder reads first, not a word that it says.",
    question="What is the first item of each beginning, before any word is found?",
)

beam_search.edit(
    "one_step_too_few",
    "the search takes one step too few",
    base=beam_search_with_lists,
    replace={"range(1, max_len + 1)": "range(1, max_len)"},
    why="A translation may have as many tokens as `max_len` says.",
    question="How often is the decoder asked for max_len = 3?",
)

beam_search.edit(
    "tensors_in_tokens",
    "the tokens are tensors, not numbers",
    base=beam_search_with_lists,
    replace={"tokens.tolist(), scores": "tokens, scores"},
    why="A dictionary of words does not find the key 7 by a tensor that holds 7.",
    question="Which method makes plain numbers of a tensor?",
)

beam_search.edit(
    "ids_as_numbers",
    "the ids of <bos> and <eos> are written as numbers",
    base=beam_search_with_lists,
    replace={
        "[([bos_id], 0.0)]": "[([1], 0.0)]",
        "w[-1] == eos_id": "w[-1] == 2",
        "w[-1] != eos_id": "w[-1] != 2",
        "tokens != eos_id": "tokens != 2",
    },
    why="Each vocabulary gives its own ids, and 2 may be any word.",
    question="Which of the arguments hold the two ids?",
)

beam_search.edit(
    "costs",
    "the scores have the other sign",
    base=beam_search_with_lists,
    replace={"(words, log_prob, log_prob /": "(words, -log_prob, -log_prob /"},
    why="A log-probability is below 0, and the better of two hypotheses has the larger score.",
    question="Is the logarithm of a probability above 0 or below 0?",
)

beam_search.edit(
    "states_not_moved",
    "the states were not moved along with their beginnings",
    base=beam_search_with_lists,
    replace={"parents[tokens != eos_id]": "torch.arange(len(beam)) % len(rows.h)"},
    why="From then on each beginning goes on from the state of another one.",
    question="Which rows of the state do the new beginnings grow from?",
)

beam_search.edit(
    "words_not_moved",
    "the words were not moved along with their beginnings",
    base=beam_search_with_lists,
    replace={
        "[(beam[p][0] + [t], s) for p, t, s in best]": (
            "[(beam[i % len(beam)][0] + [t], s) for i, (_, t, s) in enumerate(best)]"
        )
    },
    why="The words of one beginning then stand with the score of another.",
    question="Which words does the parent of a new beginning have?",
)

beam_search.edit(
    "equal_starts",
    "all the places of the beam start with the same beginning",
    base=beam_search_with_lists,
    replace={
        "[sentence]": "[sentence] * beam_size",
        "[([bos_id], 0.0)]": "[([bos_id], 0.0)] * beam_size",
    },
    why="They do the same at every step: a beam of five equal hypotheses is one greedy search.",
    question="How many different beginnings are there before the first step?",
)

beam_search.edit(
    "grows_past_eos",
    "finished hypotheses keep growing",
    base=beam_search_with_lists,
    replace={
        "finished += [hypothesis(w[1:-1], s, length) for w, s in grown if w[-1] == eos_id]": (
            "cut = [(w[1 : [*w, eos_id].index(eos_id)], s) for w, s in grown]"
        ),
        "[(w, s) for w, s in grown if w[-1] != eos_id]": "grown",
        "parents[tokens != eos_id]": "parents",
        "hypothesis(w[1:], s, max_len) for w, s in beam": (
            "hypothesis(w, s, min(len(w) + 1, max_len)) for w, s in cut"
        ),
    },
    why="<eos> ends a translation. The words after it are noise, and so is their probability.",
    question="What should happen to a beginning whose new token is <eos>?",
)

beam_search.edit(
    "length_without_eos",
    "the length does not count <eos>",
    base=beam_search_with_lists,
    replace={"hypothesis(w[1:-1], s, length)": "hypothesis(w[1:-1], s, length - 1)"},
    why="The log-probability has a term for <eos>, so the length counts it too. And the length of "
    "an empty translation would be 0.",
    question="How many log-probabilities were added up?",
    raises="division by zero",
)

beam_search.edit(
    "length_of_the_limit",
    "every hypothesis was normalised by the same length",
    base=beam_search_with_lists,
    replace={"log_prob / length**alpha": "log_prob / max_len**alpha"},
    why="Divided by the limit, all scores shrink alike, and short translations win as before.",
    question="Which length belongs to a hypothesis?",
)

beam_search.edit(
    "alpha_forgotten",
    "alpha has no effect: the score is the log-probability",
    base=beam_search_with_lists,
    replace={"log_prob / length**alpha": "log_prob"},
    why="Every word makes the log-probability lower, so short translations win. Dividing by "
    "length ** alpha gives longer ones a chance.",
    question="Where does your code divide by length ** alpha?",
)

beam_search.edit(
    "normalised_every_step",
    "scores were normalised at every step, not once at the end",
    base=beam_search_with_lists,
    replace={
        "(beam[p][0] + [t], s)": "(beam[p][0] + [t], s / length**alpha)",
        "log_prob / length**alpha": "log_prob",
    },
    why="Divided again and again, a score has little to do with its hypothesis.",
    question="Which number goes into the next step: the log-probability or the score?",
)

beam_search.edit(
    "stops_at_first_end",
    "the search stops at the first hypothesis that ends",
    base=beam_search_with_lists,
    replace={"len(finished) >= beam_size": "finished"},
    why="The first to end is often the shortest, not the best.",
    question="How many finished hypotheses does the docstring wait for?",
)

beam_search.edit(
    "unfinished_lost",
    "beginnings that reach the limit are lost",
    base=beam_search_with_lists,
    replace={
        "        else:\n"
        "            finished += [hypothesis(w[1:], s, max_len) for w, s in beam]\n": ""
    },
    why="Where no hypothesis ends in time, there is no translation at all.",
    question="What is returned after max_len tokens?",
)

beam_search.edit(
    "best_one_only",
    "only the best hypothesis of each sentence is returned",
    base=beam_search_with_lists,
    replace={
        "sorted(finished, key=lambda h: h.score, reverse=True)": (
            "[max(finished, key=lambda h: h.score)]"
        )
    },
    why="Everything else that the beam has found is lost: there is no second best to look at.",
    question="How many hypotheses can a beam of five find for one sentence?",
)

beam_search.edit(
    "unsorted",
    "the hypotheses are not sorted by their scores",
    base=beam_search_with_lists,
    replace={"sorted(finished, key=lambda h: h.score, reverse=True)": "finished"},
    why="The caller takes the first hypothesis as the best one.",
    question="Which number are they sorted by, and does the largest come first?",
)


beam_search.alternative(
    edited(
        beam_search_with_lists,
        "beam_search_until_none_can_win",
        {
            "if len(finished) >= beam_size or not beam:": (
                "hoped = max((s / max_len**alpha for _, s in beam), default=-math.inf)\n"
                "            best = max((h.score for h in finished), default=-math.inf)\n"
                "            if length < max_len and best >= hoped:"
            )
        },
    )
)


@beam_search.alternative
def beam_search_as_one_batch(decoder, state, bos_id, eos_id, beam_size, max_len, alpha=0.0):
    batch = len(state.h)
    done, first = [[] for _ in range(batch)], torch.arange(batch).unsqueeze(1) * beam_size
    state = state.select(torch.arange(batch).repeat_interleave(beam_size))
    words = torch.full((batch * beam_size, 1), bos_id)
    scores = torch.full((batch, beam_size), -math.inf)
    scores[:, 0] = 0.0
    for length in range(1, max_len + 1):
        logits, state, *_ = decoder(words[:, -1:], state)
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


beam_search.edit(
    "never_pruned",
    "the beam was not pruned: it grows at every step",
    base=beam_search_with_lists,
    replace={"min(beam_size, totals.numel())": "min(beam_size * len(beam), totals.numel())"},
    why="The beam keeps beam_size beginnings of a sentence, not that many for each of them: after "
    "ten steps there would be beam_size to the power of ten.",
    question="How many beginnings of one sentence may go on after each step?",
)


beam_search.edit(
    "length_counts_bos",
    "the length counts <bos>",
    base=beam_search_with_lists,
    replace={"log_prob / length**alpha": "log_prob / (length + 1) ** alpha"},
    why="The log-probability has no term for <bos>: it was given, not predicted.",
    question="How many log-probabilities were added up?",
)


beam_search.edit(
    "length_without_eos_guarded",
    "the length does not count <eos>",
    base=beam_search_with_lists,
    replace={"hypothesis(w[1:-1], s, length)": "hypothesis(w[1:-1], s, max(length - 1, 1))"},
    why="The log-probability has a term for <eos>, so the length counts it too.",
    question="How many log-probabilities were added up?",
)


beam_search.edit(
    "multiplied_by_length",
    "the scores are multiplied by length ** alpha, not divided",
    base=beam_search_with_lists,
    replace={"log_prob / length**alpha": "log_prob * length**alpha"},
    why="Log-probabilities are negative. Multiplied, the long translations fall even further "
    "behind.",
    question="Is -4 · 2 or -4 / 2 the better score?",
)


beam_search.edit(
    "eos_in_tokens",
    "<eos> is in the tokens of a translation",
    base=beam_search_with_lists,
    replace={"w[1:-1]": "w[1:]"},
    why="It ends the sentence; it is not a word of it. Only the length and the log-probability "
    "count it.",
    question="Which tokens does the docstring of `Hypothesis` leave out?",
)


beam_search.edit(
    "first_sentence_only",
    "only the first sentence was translated",
    base=beam_search_with_lists,
    replace={"range(len(state.h))": "range(1)"},
    why="The result holds a list of hypotheses for every sentence of the batch.",
    question="How many sentences does the state hold?",
)


beam_search.edit(
    "old_state_kept",
    "the state before the call was kept",
    base=beam_search_with_lists,
    replace={"logits, rows, *_": "logits, *_"},
    why="The decoder returns the state that has read the last word. Without it, each step forgets"
    " what came before.",
    question="Which state do the parents' rows come from?",
)


beam_search.edit(
    "one_step_too_many",
    "the search takes one step too many",
    base=beam_search_with_lists,
    replace={"range(1, max_len + 1)": "range(1, max_len + 2)"},
    why="max_len is the largest number of words that a translation may have.",
    question="How often does your code call the decoder for max_len = 1?",
)


beam_search.edit(
    "score_as_log_prob",
    "`log_prob` holds the score",
    base=beam_search_with_lists,
    replace={"Hypothesis(words, log_prob,": "Hypothesis(words, log_prob / length**alpha,"},
    why="A hypothesis has both: its log-probability, and the score that it is ranked by.",
    question="Which of the two numbers is divided by the length?",
)


beam_search.edit(
    "logits_added",
    "logits were added up, not log-probabilities",
    base=beam_search_with_lists,
    replace={"logits[:, -1].log_softmax(dim=-1)": "logits[:, -1]"},
    why="Logits of different steps cannot be compared. Only log-probabilities add up to that of a"
    " sentence.",
    question="What must the probabilities of the next token sum to?",
)


beam_search.edit(
    "own_best_only",
    "each beginning goes on with its own best word only",
    base=beam_search_with_lists,
    replace={
        "totals.flatten().topk(min(beam_size, totals.numel()))": "totals.max(dim=1)",
        "places // totals.shape[1], places % totals.shape[1]": "torch.arange(len(beam)), places",
    },
    why="The search starts with one beginning. So there never is a second one, and this is greedy"
    " decoding.",
    question="Among which candidates are the best chosen?",
)


beam_search.edit(
    "whole_beginning_read",
    "the whole beginning is read again at every step",
    base=beam_search_with_lists,
    replace={"[w[-1:] for w": "[w for w"},
    why="The state has read the earlier words already. It should read only the newest one.",
    question="Which words has the state read before this step?",
)

beam_search.edit(
    "eos_not_counted",
    "the log-probability of <eos> is left out",
    base=beam_search_with_lists,
    replace={
        "grown = [(beam[p][0] + [t], s) for p, t, s in best]": (
            "before = [s for _, s in beam]\n"
            "            grown = [(beam[p][0] + [t], s) for p, t, s in best]\n"
            "            ends = [before[p] if t == eos_id else s for p, t, s in best]\n"
            "            grown = [(w, s) for (w, _), s in zip(grown, ends, strict=True)]"
        )
    },
    why="To stop is a choice as well, and the model gives it a probability.",
    question="Which score did beam_step return for this candidate?",
)


beam_search.edit(
    "limit_counts_eos",
    "a translation that was cut off counts an <eos> that it does not have",
    base=beam_search_with_lists,
    replace={"hypothesis(w[1:], s, max_len)": "hypothesis(w[1:], s, max_len + 1)"},
    why="Its log-probability has one term for each of its words, and no more.",
    question="How many log-probabilities were added up for a translation without <eos>?",
)
