"""The exercise `teacher_forced_loss`: the loss of a decoder that reads the right target."""

import torch
from torch import Tensor, nn

from s2s_ref import teacher_forcing
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.encoder_decoder import Decoder, shift_target
from s2s_ref.exercises.shared import sizes_of, state_of
from s2s_ref.padding import masked_cross_entropy
from s2s_ref.student.protocol import Model


def decoder_of(
    draw: Draw, vocab: int, embed: int, hidden: int, lstm: int, results: int = 2
) -> Model:
    """Describe a decoder of lesson 2 with drawn weights.

    With `lstm` 1 it has an LSTM, and with `results` 3 it returns a third result.
    """
    decoder = draw.model(Decoder, **sizes_of(vocab, embed, hidden, lstm))
    return draw.with_third_result(decoder) if results == 3 else decoder


def padded_targets(draw: Draw, batch: int, full_len: int, vocab: int) -> tuple[Tensor, Tensor]:
    """Draw targets, `<bos>` … `<eos>` and padding, and the mask of their real tokens."""
    special = draw.special_ids(vocab)
    words = torch.tensor([token for token in range(vocab) if token not in special[:3]])
    lengths = draw.lengths(batch, full_len, 2).unsqueeze(1)
    place = torch.arange(full_len)
    tgt = words[draw.ids(0, len(words), batch, full_len)]
    tgt = tgt.masked_fill(place == 0, special.bos).masked_fill(place == lengths - 1, special.eos)
    return tgt.masked_fill(place >= lengths, special.pad), place < lengths


@exercise(
    reference=teacher_forcing.teacher_forced_loss,
    title="A loss with a teacher",
    returns="loss",
    steps={
        "tgt_input": ("the words that are read", "Which word is never read?"),
        "tgt_output": ("the words to predict", "Which word is never predicted?"),
        "logits": ("the logits", "What does the decoder read, and from which state on?"),
    },
    edges=[{"batch": 1}, {"full_len": 2}, {"lstm": 1}, {"results": 3}],
    hints=[
        "The teacher gives the decoder the right word at every step, whatever it would have said "
        "itself. Which two tensors come from one target, and which of them is read?",
        "The target and its mask are [batch, full_len]. Input and output are one token shorter, "
        "and the mask of the output must be, too.",
        "With the target <bos> 7 8 <eos> <pad>, the decoder reads <bos> 7 8 <eos> and is asked for "
        "7 8 <eos> <pad>. The mask of the output is True True True False.",
    ],
)
def teacher_forced_loss(
    draw: Draw, batch=3, full_len=6, vocab=8, embed=4, hidden=7, lstm=0, results=2
):
    """Draw a decoder, a state for it to start from, and padded targets."""
    tgt, mask = padded_targets(draw, batch, full_len, vocab)
    return {
        "decoder": decoder_of(draw, vocab, embed, hidden, lstm, results),
        "state": state_of(draw, batch, hidden, lstm),
        "tgt": tgt,
        "tgt_mask": mask,
    }


@teacher_forced_loss.alternative
def loss_in_one_call(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])


teacher_forced_loss.edit(
    "loss_with_padding",
    "the padding is counted",
    base=loss_in_one_call,
    replace={
        "masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])": (
            "nn.functional.cross_entropy(logits.flatten(0, 1), tgt_output.flatten())"
        )
    },
    why="A short sentence beside a long one would mostly be asked to say <pad>.",
    question="Which argument says where the real tokens are, and where do you use it?",
)

teacher_forced_loss.edit(
    "mask_of_the_input",
    "the mask is that of the input, not of the output",
    base=loss_in_one_call,
    replace={"tgt_mask[:, 1:]": "tgt_mask[:, :-1]"},
    why="It marks one place too many: the <pad> after the <eos> of every short sentence.",
    question="Which words is the decoder asked for: all but the first, or all but the last?",
)

teacher_forced_loss.edit(
    "reads_what_it_says",
    "the decoder reads the word that it has to say",
    base=loss_in_one_call,
    replace={"decoder(tgt_input, state)": "decoder(tgt_output, state)"},
    why="It learns to copy. When it translates, there is nothing to copy from.",
    question="When the decoder says word t, which words may it have read?",
)


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
        logits, state, *_ = decoder(token, state)
        rows.append(logits)
        token = logits.argmax(dim=-1)
    return masked_cross_entropy(torch.cat(rows, dim=1), tgt[:, 1:], tgt_mask[:, 1:])


@teacher_forced_loss.mistake(
    "every word is read from the first state",
    why="The decoder knows the source and one word, and none of the words before.",
    question="What happens to the state that a call returns?",
)
def from_the_first_state(decoder, state, tgt, tgt_mask):
    rows = [decoder(tgt[:, t : t + 1], state)[0] for t in range(tgt.shape[1] - 1)]
    return masked_cross_entropy(torch.cat(rows, dim=1), tgt[:, 1:], tgt_mask[:, 1:])


teacher_forced_loss.edit(
    "loss_softmaxed",
    "the softmax is taken twice",
    base=loss_in_one_call,
    replace={"masked_cross_entropy(logits,": "masked_cross_entropy(logits.softmax(dim=-1),"},
    why="The cross-entropy takes the softmax itself. Taken twice, it flattens every choice.",
    question="Does the cross-entropy want logits or probabilities?",
)

teacher_forced_loss.edit(
    "loss_mean_of_means",
    "this is a mean of the sentences' means",
    base=loss_in_one_call,
    replace={
        "return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])": """\
real = tgt_mask[:, 1:]
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    return ((losses * real).sum(dim=1) / real.sum(dim=1)).mean()"""
    },
    why="A word of a short sentence would weigh more than a word of a long one.",
    question="Nats per token: what do you add up, and by what do you divide once, at the end?",
)

teacher_forced_loss.edit(
    "loss_summed",
    "the sum came back where the mean was asked for",
    base=loss_in_one_call,
    replace={"tgt_mask[:, 1:])": 'tgt_mask[:, 1:], reduction="sum")'},
    why="A sum grows with the batch, and the losses of two batches cannot be compared.",
    question="What is the unit that the docstring asks for?",
)

teacher_forced_loss.edit(
    "loss_as_number",
    "no gradient can flow from what came back: it has forgotten how it was computed",
    base=loss_in_one_call,
    replace={"tgt_mask[:, 1:])": "tgt_mask[:, 1:]).item()"},
    why="Gradients flow back from a loss through the steps that made it. `.item()`, `.detach()` "
    "and `no_grad` forget them.",
    question="When may `.item()` be called: before `backward()` or after it?",
)

teacher_forced_loss.edit(
    "loss_of_both_results",
    "the decoder's two results were taken as one",
    base=loss_in_one_call,
    replace={"logits, *_ =": "logits ="},
    why="A decoder returns the logits and the next state, side by side in a tuple.",
    question="Which of the two does the loss need, and how do you take one out of a pair?",
    raises="tuple|only integer tensors|parameter 'logits'",  # the last where shapes are checked
)

teacher_forced_loss.edit(
    "mask_of_the_whole_target",
    "the mask is that of the whole target, one place longer than the output",
    base=loss_in_one_call,
    replace={"tgt_mask[:, 1:]": "tgt_mask"},
    why="The output begins after <bos>, and its mask must begin there too.",
    question="What did `shift_target` leave out of the target, and is it still in the mask?",
    raises="shape of the mask|parameter 'tgt_mask'",
)

teacher_forced_loss.edit(
    "two_results_expected",
    "the decoder is taken to return two results, and decoders of later lessons return three",
    base=loss_in_one_call,
    replace={"logits, *_ =": "logits, _ ="},
    why="The text before the exercise says how to take the logits from any number of results.",
    question="What does `*_` stand for on the left of `=`?",
    raises="too many values to unpack",
)

teacher_forced_loss.edit(
    "padding_by_id",
    "the padding was found by the id 0, not by the mask",
    base=loss_in_one_call,
    replace={
        "masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])": (
            "nn.functional.cross_entropy(logits.mT, tgt_output, ignore_index=0)"
        )
    },
    why="The function does not know which id is padding. It is given the mask instead.",
    question="Which argument says where the real tokens are?",
)

teacher_forced_loss.edit(
    "only_padding_counted",
    "only the padding is counted",
    base=loss_in_one_call,
    replace={"tgt_mask[:, 1:]": "~tgt_mask[:, 1:]"},
    why="True stands for a real token. The model would learn nothing but to say <pad>.",
    question="Which tokens does `~tgt_mask` keep?",
)

teacher_forced_loss.edit(
    "input_and_output_swapped",
    "input and output are swapped: the decoder is asked for the word before",
    base=loss_in_one_call,
    replace={"tgt_input, tgt_output = shift_target": "tgt_output, tgt_input = shift_target"},
    why="It reads the sentence without <bos> and learns to say what it read one step earlier.",
    question="In which order does `shift_target` return the two: what is read, and what is said?",
)

teacher_forced_loss.edit(
    "loss_per_sentence",
    "the sum is divided by the number of sentences",
    base=loss_in_one_call,
    replace={"tgt_mask[:, 1:])": 'tgt_mask[:, 1:], reduction="sum") / len(tgt)'},
    why="These are nats per sentence, which grow with the length of the sentences.",
    question="Does the docstring ask for nats per sentence or for nats per token?",
)

teacher_forced_loss.edit(
    "bos_counted",
    "the sum is divided by the tokens of the whole target, <bos> included",
    base=loss_in_one_call,
    replace={"tgt_mask[:, 1:])": 'tgt_mask[:, 1:], reduction="sum") / tgt_mask.sum()'},
    why="The decoder is never asked for <bos>, so it must not make the mean smaller.",
    question="How many words went into the sum?",
)

teacher_forced_loss.edit(
    "loss_divided_by_all_places",
    "the sum is divided by all places, padding included",
    base=loss_in_one_call,
    replace={"tgt_mask[:, 1:])": 'tgt_mask[:, 1:], reduction="sum") / tgt_output.numel()'},
    why="The padding adds nothing to the sum, but it still makes the mean smaller.",
    question="How many places went into the sum?",
)

teacher_forced_loss.edit(
    "logits_for_log_probabilities",
    "the logits were taken for log-probabilities",
    base=loss_in_one_call,
    replace={
        "masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])": (
            "nn.NLLLoss()(logits[tgt_mask[:, 1:]], tgt_output[tgt_mask[:, 1:]])"
        )
    },
    why="A model can make such a loss as small as it likes by making all its logits larger.",
    question="`NLLLoss` takes the softmax's logarithm as given. Which loss takes logits?",
)

teacher_forced_loss.edit(
    "batch_and_time_mixed",
    "logits of one word are compared with the target of another",
    base=loss_in_one_call,
    replace={
        "return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])": """\
logits = logits.transpose(0, 1).reshape(tgt_output.shape[0], -1, logits.shape[-1])
    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])"""
    },
    why="The logits were turned so that time comes first, and the targets were not.",
    question="Which axis comes first in the logits, and which in the targets?",
)


teacher_forced_loss.edit(
    "loss_in_bits",
    "these are bits, not nats",
    base=loss_in_one_call,
    replace={"tgt_mask[:, 1:])": "tgt_mask[:, 1:]) / torch.tensor(2.0).log()"},
    why="Nats are natural logarithms. Bits are logarithms to base 2, and 1.44 times as many.",
    question="Which unit does the docstring name?",
)

teacher_forced_loss.edit(
    "loss_with_the_other_sign",
    "the sign is wrong",
    base=loss_in_one_call,
    replace={"return masked": "return -masked"},
    why="A loss that falls below 0 rewards the model for making the right words unlikely.",
    question="Should a loss be above 0 or below 0?",
)


teacher_forced_loss.edit(
    "logits_returned_too",
    "the logits came back too",
    base=loss_in_one_call,
    replace={"return masked": "return logits, masked"},
    why="Training calls `backward` on what comes back, and a pair has no such method.",
    question="How many results does the signature name, after the arrow?",
)


@teacher_forced_loss.alternative
def loss_word_by_word(decoder, state, tgt, tgt_mask):
    total = 0
    for t in range(tgt.shape[1] - 1):
        logits, state, *_ = decoder(tgt[:, t : t + 1], state)
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
