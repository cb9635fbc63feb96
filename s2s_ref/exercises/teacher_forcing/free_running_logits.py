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
    edges=[{"batch": 1}, {"steps": 1}, {"lstm": 1}],
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
def free_running_logits(draw: Draw, batch=2, steps=5, vocab=8, embed=4, hidden=6, lstm=0):
    """Draw a decoder and a state for it to start from."""
    return {
        "decoder": decoder_of(draw, vocab, embed, hidden, lstm),
        "state": state_of(draw, batch, hidden, lstm),
        "bos_id": 1,
        "steps": steps,
    }


@free_running_logits.alternative
def run_token_by_token(decoder, state, bos_id, steps):
    token, rows = torch.full((len(state.h), 1), bos_id), []
    for _ in range(steps):
        logits, state = decoder(token, state)
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
    replace={"logits, state = decoder": "logits, _ = decoder"},
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
            "    logits, state = decoder(token, state)\n"
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
    replace={"logits, state = decoder": "logits = decoder"},
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


@free_running_logits.alternative
def run_from_the_start(decoder, state, bos_id, steps):
    tokens = torch.ones(len(state.h), 1, dtype=torch.long) * bos_id
    for _ in range(steps):
        logits, _ = decoder(tokens, state)
        tokens = torch.cat([tokens, logits[:, -1:].argmax(dim=-1)], dim=1)
    return logits


@free_running_logits.alternative
def run_with_probabilities(decoder, state, bos_id, steps):
    size = state.hidden[0].shape[0] if isinstance(state.hidden, tuple) else state.hidden.shape[0]
    token, rows = torch.tensor([[bos_id]] * size), []
    while len(rows) < steps:
        logits, state = decoder(token, state)
        rows.append(logits[:, 0])
        token = logits.softmax(dim=-1).max(dim=-1).indices
    return torch.stack(rows, dim=1)
