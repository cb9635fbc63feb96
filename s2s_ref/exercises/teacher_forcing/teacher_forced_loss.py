"""The exercise `teacher_forced_loss`: its cases, hints, mistakes and other right answers."""

import torch
from torch import nn

from s2s_ref import teacher_forcing
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.encoder_decoder import shift_target
from s2s_ref.exercises.shared import decoder_of, padded_targets, state_of
from s2s_ref.padding import masked_cross_entropy

# ------------------------------------------------------------------ teacher_forced_loss


@exercise(
    reference=teacher_forcing.teacher_forced_loss,
    title="A loss with a teacher",
    returns="loss",
    edges=[{"batch": 1}, {"full_len": 2}, {"lstm": 1}],
    hints=[
        "The teacher puts the right word before the decoder at every step, whatever it would have "
        "said itself. Which two tensors does one target give, and which of them is read?",
        "The target and its mask are [batch, full_len]. Input and output are one token shorter, "
        "and so must be the mask of what is said.",
        "The target <bos> 7 8 <eos> <pad>: it reads <bos> 7 8 <eos>, and is asked for "
        "7 8 <eos> <pad>. The mask of what is asked: True True True False.",
    ],
)
def teacher_forced_loss(draw: Draw, batch=2, full_len=6, vocab=8, embed=4, hidden=7, lstm=0):
    """Draw a decoder, a state for it to start from, and padded targets."""
    tgt, mask = padded_targets(draw, batch, full_len, vocab)
    return {
        "decoder": decoder_of(draw, vocab, embed, hidden, lstm),
        "state": state_of(draw, batch, hidden, lstm),
        "tgt": tgt,
        "tgt_mask": mask,
    }


@teacher_forced_loss.mistake(
    "the padding is counted",
    why="A short sentence beside a long one would mostly be asked to say <pad>.",
    question="Which argument says where the real tokens are, and where do you use it?",
)
def loss_with_padding(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return nn.functional.cross_entropy(logits.flatten(0, 1), tgt_output.flatten())


@teacher_forced_loss.mistake(
    "the mask is that of the input, not of the output",
    why="It marks one place too many: the <pad> behind the <eos> of every short sentence.",
    question="Which words is the decoder asked for: all but the first, or all but the last?",
)
def mask_of_the_input(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, :-1])


@teacher_forced_loss.mistake(
    "the decoder reads the word that it has to say",
    why="It learns to copy. When it translates, there is nothing to copy from.",
    question="When the decoder says word t, which words may it have read?",
)
def reads_what_it_says(decoder, state, tgt, tgt_mask):
    logits, *_ = decoder(tgt[:, 1:], state)
    return masked_cross_entropy(logits, tgt[:, 1:], tgt_mask[:, 1:])


@teacher_forced_loss.mistake(
    "the target is not shifted: <bos> is asked for too",
    why="The decoder is asked for the word that it has just read, and learns to copy.",
    question="How long are input and output, compared with the target?",
)
def target_not_shifted(decoder, state, tgt, tgt_mask):
    logits, *_ = decoder(tgt, state)
    return masked_cross_entropy(logits, tgt, tgt_mask)


@teacher_forced_loss.mistake(
    "the decoder reads its own words",
    why="That is free running. With a teacher it reads the right word after a wrong one.",
    question="Do you need to know what the decoder said at one step before it takes the next one?",
)
def reads_its_own_words(decoder, state, tgt, tgt_mask):
    token, rows = tgt[:, :1], []
    for _ in range(tgt.shape[1] - 1):
        logits, state = decoder(token, state)
        rows.append(logits)
        token = logits.argmax(dim=-1)
    return masked_cross_entropy(torch.cat(rows, dim=1), tgt[:, 1:], tgt_mask[:, 1:])


@teacher_forced_loss.mistake(
    "every word is read from the first state",
    why="The decoder knows the source and one word, and none of the words before.",
    question="Where does the state go that comes back from a call?",
)
def from_the_first_state(decoder, state, tgt, tgt_mask):
    rows = [decoder(tgt[:, t : t + 1], state)[0] for t in range(tgt.shape[1] - 1)]
    return masked_cross_entropy(torch.cat(rows, dim=1), tgt[:, 1:], tgt_mask[:, 1:])


@teacher_forced_loss.mistake(
    "the softmax is taken twice",
    why="The cross-entropy takes the softmax itself. Taken twice, it flattens every choice.",
    question="Does the cross-entropy want logits or probabilities?",
)
def loss_softmaxed(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return masked_cross_entropy(logits.softmax(dim=-1), tgt_output, tgt_mask[:, 1:])


@teacher_forced_loss.mistake(
    "this is a mean of the sentences' means",
    why="A word of a short sentence would weigh more than a word of a long one.",
    question="Nats per token: what do you add up, and by what do you divide once, at the end?",
)
def loss_mean_of_means(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    real = tgt_mask[:, 1:]
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    return ((losses * real).sum(dim=1) / real.sum(dim=1)).mean()


@teacher_forced_loss.mistake(
    "the sum came back where the mean was asked for",
    why="A sum grows with the batch, and losses of two batches cannot be compared.",
    question="What is the unit that the docstring asks for?",
)
def loss_summed(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:], reduction="sum")


@teacher_forced_loss.mistake(
    "a plain number came back: no gradient can flow from it",
    why="A loss is there to be sent back through the model, and a number has forgotten its way.",
    question="When may `.item()` be called: before `backward()` or after it?",
)
def loss_as_number(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:]).item()


@teacher_forced_loss.mistake(
    "the decoder's two results were taken as one",
    why="A decoder returns the logits and the next state, side by side in a tuple.",
    question="Which of the two does the loss need, and how do you take one out of a pair?",
    raises="tuple|only integer tensors|parameter 'logits'",  # the last where shapes are checked
)
def loss_of_both_results(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits = decoder(tgt_input, state)
    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])


@teacher_forced_loss.mistake(
    "the mask is that of the whole target, one place longer than the output",
    why="The output begins behind <bos>, and its mask must begin there too.",
    question="What did `shift_target` leave out of the target, and is it still in the mask?",
    raises="shape of the mask|parameter 'tgt_mask'",
)
def mask_of_the_whole_target(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return masked_cross_entropy(logits, tgt_output, tgt_mask)


@teacher_forced_loss.alternative
def loss_word_by_word(decoder, state, tgt, tgt_mask):
    total = 0
    for t in range(tgt.shape[1] - 1):
        logits, state = decoder(tgt[:, t : t + 1], state)
        losses = nn.functional.cross_entropy(logits[:, 0], tgt[:, t + 1], reduction="none")
        total = total + (losses * tgt_mask[:, t + 1]).sum()
    return total / tgt_mask[:, 1:].sum()


@teacher_forced_loss.alternative
def loss_by_ignoring(decoder, state, tgt, tgt_mask):
    logits = decoder(tgt[:, :-1], state)[0]
    asked = tgt.masked_fill(~tgt_mask, -100)[:, 1:]
    return nn.functional.cross_entropy(logits.transpose(1, 2), asked)


@teacher_forced_loss.alternative
def loss_of_the_whole_target(decoder, state, tgt, tgt_mask):
    logits = decoder(tgt, state)[0][:, :-1]
    log_probs = logits.log_softmax(dim=-1).gather(-1, tgt[:, 1:, None]).squeeze(-1)
    return -log_probs[tgt_mask[:, 1:]].mean()
