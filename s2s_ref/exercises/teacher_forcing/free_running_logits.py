"""The exercise `free_running_logits`: let the decoder read its own words."""

import torch

from s2s_ref import teacher_forcing
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.exercises.shared import state_of
from s2s_ref.exercises.teacher_forcing.teacher_forced_loss import decoder_of


@exercise(
    reference=teacher_forcing.free_running_logits,
    title="Without a teacher",
    returns="logits",
    steps={
        "logits": ("the logits of a step", "Which word and which state does this step read?"),
        "state": ("the decoder's state", "Which word and which state does this step read?"),
        "token": ("the chosen word", "Over which axis is the likeliest word sought?"),
    },
    edges=[{"batch": 1}, {"steps": 1}, {"lstm": 1, "batch": 4}, {"results": 3}],
    hints=[
        "Now the decoder is on its own. What does it read first, and what does it read at every "
        "later step?",
        "Every call reads one token for each sentence, [batch, 1], and gives logits "
        "[batch, 1, vocab] and a state for the next call. `argmax(dim=-1)` of these logits is "
        "[batch, 1] again. All the logits side by side are [batch, steps, vocab].",
        "With steps = 2: it reads <bos>, and its likeliest word is 7; it reads 7, and its "
        "likeliest word is 9. The result holds the logits in which 7 was the largest, and those "
        "in which 9 was.",
    ],
)
def free_running_logits(
    draw: Draw, batch=3, steps=5, vocab=8, embed=4, hidden=6, lstm=0, results=2
):
    """Draw a decoder that often says the id 2, usually <eos>, and a state to start from."""
    decoder = decoder_of(draw, vocab, embed, hidden, lstm)
    decoder.weights["output.bias"][2] += 1.0  # code that stops at this id must fail
    return {
        "decoder": draw.with_third_result(decoder) if results == 3 else decoder,
        "state": state_of(draw, batch, hidden, lstm),
        "bos_id": draw.special_ids(vocab).bos,
        "steps": steps,
    }


@free_running_logits.alternative
def run_token_by_token(decoder, state, bos_id, steps):
    token, rows = torch.full((len(state.h), 1), bos_id), []
    for _ in range(steps):
        logits, state, *_ = decoder(token, state)
        rows.append(logits)
        token = logits.argmax(dim=-1)
    return torch.cat(rows, dim=1)


free_running_logits.edit(
    "always_bos",
    "the decoder reads <bos> at every step",
    base=run_token_by_token,
    replace={"        token = logits.argmax(dim=-1)\n": ""},
    why="It never learns which word it has just said.",
    question="What does the decoder read in the second step?",
)

free_running_logits.edit(
    "reset_at_every_step",
    "the state is reset at every step",
    base=run_token_by_token,
    replace={"logits, state, *_ = decoder": "logits, *_ = decoder"},
    why="The decoder knows the source and its last word, and forgets all that it said before.",
    question="Which state does the second call start from?",
)

free_running_logits.edit(
    "words_reread",
    "the words so far are read again from a state that has read them",
    base=run_token_by_token,
    replace={
        "append(logits)": "append(logits[:, -1:])",
        "logits.argmax(dim=-1)": "torch.cat([token, logits[:, -1:].argmax(dim=-1)], dim=1)",
    },
    why="After three words the decoder has read the first one three times.",
    question="What does the state that came back already know?",
)

free_running_logits.edit(
    "last_step_only",
    "only the logits of the last step came back",
    base=run_token_by_token,
    replace={"torch.cat(rows, dim=1)": "logits"},
    why="The loss asks for every word of the sentence, the first one too.",
    question="What happens to the logits of a step when the next one comes?",
)

free_running_logits.edit(
    "probabilities",
    "these are probabilities already, not logits",
    base=run_token_by_token,
    replace={"append(logits)": "append(logits.softmax(dim=-1))"},
    why="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    question="What do your numbers sum to along the last axis?",
)

free_running_logits.edit(
    "words_for_logits",
    "the words came back, not the logits",
    base=run_token_by_token,
    replace={"append(logits)": "append(logits.argmax(dim=-1))"},
    why="No gradient flows through the choice of a word, so nothing could be learned from it.",
    question="Which of the two does a loss need: the choice, or the numbers that it was made from?",
)

free_running_logits.edit(
    "first_step_missing",
    "the first step is missing",
    base=run_token_by_token,
    replace={
        "    for _ in range(steps):": (
            "    logits, state, *_ = decoder(token, state)\n"
            "    token = logits.argmax(dim=-1)\n"
            "    for _ in range(steps):"
        )
    },
    why="What the decoder says after <bos> is the first word of the sentence.",
    question="Which call do the first logits that you keep come from?",
)

free_running_logits.edit(
    "one_bos",
    "there is one <bos> for the whole batch",
    base=run_token_by_token,
    replace={"torch.full((len(state.h), 1), bos_id)": "torch.tensor([[bos_id]])"},
    why="Every sentence starts with a <bos> of its own.",
    question="How many rows does the state have, and how many does the input have?",
    raises="Expected hidden",
)

free_running_logits.edit(
    "run_of_both_results",
    "the decoder's two results were taken as one",
    base=run_token_by_token,
    replace={"logits, state, *_ = decoder": "logits = decoder"},
    why="A decoder returns the logits and the next state, side by side in a tuple.",
    question="Both are needed for the next step: how do you take a pair apart?",
    raises="'tuple' object has no attribute",
)

free_running_logits.edit(
    "stacked_steps",
    "the steps are stacked along a new axis",
    base=run_token_by_token,
    replace={"torch.cat": "torch.stack"},
    why="A call gives logits [batch, 1, vocab], and the 1 is the axis of the steps.",
    question="Which joins along an axis that is there already: `stack` or `cat`?",
)

free_running_logits.edit(
    "two_results_expected",
    "the decoder is taken to return two results, and decoders of later lessons return three",
    base=run_token_by_token,
    replace={"logits, state, *_ =": "logits, state ="},
    why="The text before exercise 1 says how to take what you need from any number of results.",
    question="What does `*_` stand for on the left of `=`?",
    raises="too many values to unpack",
)

free_running_logits.edit(
    "bos_as_a_number",
    "the first word is the id 1, not `bos_id`",
    base=run_token_by_token,
    replace={"1), bos_id)": "1), 1)"},
    why="It works only as long as 1 happens to be the id of <bos>.",
    question="Which argument says with which id a sentence begins?",
)

free_running_logits.edit(
    "length_of_the_pair",
    "the batch was counted by `len(state.hidden)`, which is 2 for an LSTM",
    base=run_token_by_token,
    replace={"len(state.h)": "len(state.hidden)"},
    why="An LSTM's state is a pair, so its length says nothing about the batch.",
    question="Which part of the State is one tensor for every kind of cell?",
    raises="Expected hidden",
)

free_running_logits.edit(
    "length_of_the_state",
    "the batch was counted by `len(state)`, which counts the parts of a State",
    base=run_token_by_token,
    replace={"len(state.h)": "len(state)"},
    why="A State is a tuple of several parts, however many sentences there are.",
    question="Which part of the State has one row for each sentence?",
    raises="Expected hidden",
)

free_running_logits.edit(
    "word_without_its_axis",
    "the words that are read next have lost the axis of the steps",
    base=run_token_by_token,
    replace={"logits.argmax(dim=-1)": "logits[:, -1].argmax(dim=-1)"},
    why="A decoder reads [batch, tgt_len]; without an axis for the steps, the batch is taken for "
    "one sentence.",
    question="Which shape has the <bos> that is read first, and which have the words after it?",
    raises="unbatched|parameter 'tgt_input'",
)

free_running_logits.edit(
    "padded_after_eos",
    "sentences that have said the id 2 read something else from then on",
    base=run_token_by_token,
    replace={
        "token, rows =": "ended = False\n    token, rows =",
        "token = logits.argmax(dim=-1)": (
            "token = logits.argmax(dim=-1)\n"
            "        ended = ended | (token == 2)\n"
            "        token = token.masked_fill(ended, 0)"
        ),
    },
    why="The function is not told which id is <eos>, and the mask of the loss leaves out what "
    "comes after it.",
    question="What does the text say about stopping at `<eos>`?",
)

free_running_logits.edit(
    "stopped_at_eos",
    "the run stops when all sentences have said the id 2",
    base=run_token_by_token,
    replace={
        "token, rows =": "ended = False\n    token, rows =",
        "token = logits.argmax(dim=-1)": (
            "token = logits.argmax(dim=-1)\n"
            "        ended = ended | (token == 2)\n"
            "        if ended.all():\n"
            "            break"
        ),
    },
    why="The result must have a place for each of `steps` steps, or it does not fit the targets.",
    question="How many calls does a run of `steps` steps need?",
)

free_running_logits.edit(
    "drawn_words",
    "the next word is drawn at random, not the likeliest one",
    base=run_token_by_token,
    replace={
        "logits.argmax(dim=-1)": "torch.multinomial(logits[:, -1].softmax(dim=-1), num_samples=1)"
    },
    why="Two runs would differ, and so would the two losses.",
    question="Which function gives the place of the largest number?",
)

free_running_logits.edit(
    "last_step_missing",
    "the last step is missing",
    base=run_token_by_token,
    replace={"range(steps)": "range(steps - 1)"},
    why="<bos> is read in the first step. It is not a step of its own.",
    question="How many calls does a run of two steps need?",
    raises="non-empty",
)

free_running_logits.edit(
    "side_by_side_in_the_batch",
    "the steps were joined along the batch",
    base=run_token_by_token,
    replace={"torch.cat(rows, dim=1)": "torch.cat(rows)"},
    why="Every step became a batch of its own, below the one before.",
    question="Along which axis does `torch.cat` join when you name none?",
)

free_running_logits.edit(
    "detached_logits",
    "no gradient flows: the run was detached from its graph",
    base=run_token_by_token,
    replace={"append(logits)": "append(logits.detach())"},
    why="From these logits one can take a loss, so the decoder must be able to learn from them.",
    question="Which of your lines cuts the way back, and is it needed in training?",
)

free_running_logits.edit(
    "log_probabilities",
    "these are log-probabilities, not logits",
    base=run_token_by_token,
    replace={"append(logits)": "append(logits.log_softmax(dim=-1))"},
    why="The loss takes the softmax itself, so that these numbers are not what was asked for.",
    question="What does the decoder return, before anything is done to it?",
)

free_running_logits.edit(
    "least_likely_words",
    "the decoder reads its least likely word",
    base=run_token_by_token,
    replace={"argmax": "argmin"},
    why="The likeliest word is the one with the largest logit.",
    question="What does `argmin` look for?",
)


free_running_logits.edit(
    "state_returned_too",
    "the decoder's state came back too",
    base=run_token_by_token,
    replace={"torch.cat(rows, dim=1)": "torch.cat(rows, dim=1), state"},
    why="The loss needs the logits alone, and the run is over.",
    question="How many results does the signature name, after the arrow?",
)

free_running_logits.edit(
    "list_returned",
    "a list of the steps came back, not one tensor",
    base=run_token_by_token,
    replace={"torch.cat(rows, dim=1)": "rows"},
    why="The loss takes one tensor, [batch, steps, vocab].",
    question="Which function makes one tensor of a list of tensors?",
)

free_running_logits.edit(
    "returns_in_the_loop",
    "it returns after the first step",
    base=run_token_by_token,
    replace={"    return torch": "        return torch"},
    why="A `return` ends the function, the loop too.",
    question="How far is your `return` indented?",
)


@free_running_logits.alternative
def run_from_the_start(decoder, state, bos_id, steps):
    tokens = torch.ones(len(state.h), 1, dtype=torch.long) * bos_id
    for _ in range(steps):
        logits, *_ = decoder(tokens, state)
        tokens = torch.cat([tokens, logits[:, -1:].argmax(dim=-1)], dim=1)
    return logits


@free_running_logits.alternative
def run_with_probabilities(decoder, state, bos_id, steps):
    size = state.hidden[0].shape[0] if isinstance(state.hidden, tuple) else state.hidden.shape[0]
    token, rows = torch.tensor([[bos_id]] * size), []
    while len(rows) < steps:
        logits, state, *_ = decoder(token, state)
        rows.append(logits[:, 0])
        token = logits.softmax(dim=-1).max(dim=-1).indices
    return torch.stack(rows, dim=1)
