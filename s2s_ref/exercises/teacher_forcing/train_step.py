"""The exercise `train_step`: one update of a translator's weights."""

import torch
from torch import nn

from s2s_ref import teacher_forcing
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.encoder_decoder import Decoder, Encoder, Seq2Seq, shift_target
from s2s_ref.exercises.teacher_forcing.teacher_forced_loss import padded_targets
from s2s_ref.padding import masked_cross_entropy
from s2s_ref.student.protocol import Model, Optimizer


@exercise(
    reference=teacher_forcing.train_step,
    title="One update",
    longhand="step_line_by_line",
    steps={
        "tgt_input": ("the words that are read", "Which word is never read?"),
        "tgt_output": ("the words to predict", "Which word is never predicted?"),
        "logits": ("the logits", "What does the model read?"),
    },
    returns="loss",
    edges=[{"batch": 1}, {"full_len": 2}, {"max_norm": 100}],
    hints=[
        "Five things happen, and each prepares the next: the old gradients are cleared, the loss "
        "is computed, it is sent back, the gradients are clipped, the weights move. What is in "
        "`.grad` at each of these moments?",
        "`model` takes src and the target's input, and gives logits [batch, tgt_len, vocab] for "
        "the output. Clipping looks at all gradients together as one long vector.",
        "One weight, w = 1, learning rate 0.5, gradient 4, max_norm 1: the clipped gradient is 1, "
        "and w becomes 1 - 0.5 * 1 = 0.5. If a gradient of 3 is left over from before, it must "
        "not make it 7.",
    ],
)
def train_step(draw: Draw, batch=3, src_len=4, full_len=6, vocab=8, embed=5, hidden=7, max_norm=0):
    """Draw a translator with left-over gradients, an optimiser over it, and a batch.

    With `max_norm` 0, the gradients have to be clipped.
    """
    sizes = {"embed_size": embed, "hidden_size": hidden}
    encoder = draw.model(Encoder, vocab_size=vocab + 1, **sizes)
    decoder = draw.model(Decoder, vocab_size=vocab, **sizes)
    drawn = draw.model(Seq2Seq, encoder=encoder, decoder=decoder)
    left_over = {name: draw.normal(*weight.shape) for name, weight in drawn.weights.items()}
    tgt, mask = padded_targets(draw, batch, full_len, vocab)
    return {
        "model": Model(drawn.path, drawn.sizes, drawn.weights, left_over, train=True),
        # SGD: the first step of Adam is the same for gradients of any length
        "optimizer": Optimizer("SGD", "model", {"lr": 2.0}),
        "src": draw.ids(0, vocab + 1, batch, src_len),
        "tgt": tgt,
        "tgt_mask": mask,
        "max_norm": float(max_norm) or 0.1,
    }


@train_step.alternative
def step_line_by_line(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    logits = model(src, tgt_input)
    loss = masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


# lines of this answer, which the edits drop, move or change
ZERO = "    optimizer.zero_grad()\n"
BACKWARD = "    loss.backward()\n"
CLIP = "    nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n"
STEP = "    optimizer.step()\n"


train_step.edit(
    "not_zeroed",
    "the old gradients are still there",
    base=step_line_by_line,
    replace={ZERO: ""},
    why="PyTorch adds new gradients to old ones. Every step would repeat all the steps before it.",
    question="What is in `.grad` when `backward()` begins?",
)

train_step.edit(
    "zeroed_before_the_step",
    "the step is taken without gradients, and the weights stay as they are",
    base=step_line_by_line,
    replace={ZERO: "", BACKWARD: BACKWARD + ZERO},
    why="Either nothing was sent back, or it was zeroed between `backward` and `step`. Nothing is "
    "learned from the loss.",
    question="What does the optimiser have to go by when it takes its step?",
)

train_step.edit(
    "clipped_before_backward",
    "the step is taken with gradients that are not clipped",
    base=step_line_by_line,
    replace={BACKWARD + CLIP: CLIP + BACKWARD},
    why="Before backward there is nothing to clip, so an odd batch can throw the weights far off.",
    question="At which moment are the gradients of this batch there, and not yet used?",
)

train_step.edit(
    "clipped_after_the_step",
    "the gradients are clipped after the step",
    base=step_line_by_line,
    replace={CLIP + STEP: STEP + CLIP},
    why="By then the weights have moved, by the full length of the gradients.",
    question="Which comes first: to shorten a step, or to take it?",
)

train_step.edit(
    "clipped_by_value",
    "each gradient is clipped by itself",
    base=step_line_by_line,
    replace={"clip_grad_norm_": "clip_grad_value_"},
    why="That changes the direction of the step. `max_norm` limits the length of all gradients "
    "together.",
    question="What does the word norm mean: the largest number of a vector, or its length?",
)

train_step.edit(
    "clipped_one_by_one",
    "each weight matrix is clipped by itself",
    base=step_line_by_line,
    replace={
        CLIP: (
            "    for parameter in model.parameters():\n"
            "        nn.utils.clip_grad_norm_([parameter], max_norm)\n"
        )
    },
    why="Short gradients keep their length and long ones lose it, so the direction changes.",
    question="Of how many vectors does `max_norm` limit the length?",
)

train_step.edit(
    "largest_for_length",
    "the largest gradient was taken for the length of them all",
    base=step_line_by_line,
    replace={"model.parameters(), max_norm)": 'model.parameters(), max_norm, norm_type="inf")'},
    why="The length of a vector counts all its numbers, and so does the limit.",
    question="How long is a vector of the numbers 3 and 4?",
)

train_step.edit(
    "square_for_length",
    "the square of the gradients' length was compared with `max_norm`",
    base=step_line_by_line,
    replace={
        CLIP: (
            "    square = sum(p.grad.square().sum() for p in model.parameters())\n"
            "    for parameter in model.parameters():\n"
            "        parameter.grad *= min(1.0, max_norm / square)\n"
        )
    },
    why="The length of a vector is the root of the sum of its squares.",
    question="How long is a vector of the numbers 3 and 4?",
)

train_step.edit(
    "stretched",
    "short gradients are stretched to max_norm",
    base=step_line_by_line,
    replace={
        CLIP: (
            "    length = sum(p.grad.square().sum() for p in model.parameters()).sqrt()\n"
            "    for parameter in model.parameters():\n"
            "        parameter.grad *= max_norm / length\n"
        )
    },
    why="Near the end of training the gradients are short, and that is right: small steps.",
    question="Is `max_norm` the length that gradients must have, or the length that they may have?",
)

train_step.edit(
    "no_step",
    "no step is taken",
    base=step_line_by_line,
    replace={STEP: ""},
    why="The gradients are there, and the weights stay as they are.",
    question="What moves the weights, and when do you call it?",
)

train_step.edit(
    "loss_with_its_graph",
    "the loss came back with its graph",
    base=step_line_by_line,
    replace={"loss.item()": "loss"},
    why="A list of a thousand such losses keeps a thousand steps in memory.",
    question="How does a tensor with one number in it become a plain number?",
)

train_step.edit(
    "number_too_early",
    "the loss became a plain number too early",
    base=step_line_by_line,
    replace={"tgt_mask[:, 1:])": "tgt_mask[:, 1:]).item()", "return loss.item()": "return loss"},
    why="A number does not know how it was computed, so there is nothing to send back through.",
    question="Is `.item()` called before `backward()` or after it?",
    raises="has no attribute 'backward'",
)

train_step.edit(
    "step_with_the_whole_mask",
    "the mask is that of the whole target, one place longer than the output",
    base=step_line_by_line,
    replace={"tgt_mask[:, 1:]": "tgt_mask"},
    why="The output begins after <bos>, and its mask must begin there too.",
    question="What did `shift_target` leave out of the target, and is it still in the mask?",
    raises="at index 1 does not match|parameter 'tgt_mask'",
)

train_step.edit(
    "step_softmaxed",
    "the softmax is taken twice",
    base=step_line_by_line,
    replace={"model(src, tgt_input)": "model(src, tgt_input).softmax(dim=-1)"},
    why="The cross-entropy takes the softmax itself. Taken twice, it flattens every choice.",
    question="Does the cross-entropy want logits or probabilities?",
)

train_step.edit(
    "step_with_padding",
    "the padding is counted",
    base=step_line_by_line,
    replace={
        "masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])": (
            "nn.functional.cross_entropy(logits.flatten(0, 1), tgt_output.flatten())"
        )
    },
    why="Most of what a short sentence teaches would be how to say <pad>.",
    question="Which argument says where the real tokens are, and where do you use it?",
)

train_step.edit(
    "limit_written_as_number",
    "the gradients are clipped to 1, not to `max_norm`",
    base=step_line_by_line,
    replace={"max_norm)\n": "1.0)\n"},
    why="How long a gradient may be depends on the model, so the caller says it.",
    question="Which argument says how long the gradients may be?",
)

train_step.edit(
    "step_with_the_mask_of_the_input",
    "the mask is that of the input, not of the output",
    base=step_line_by_line,
    replace={"tgt_mask[:, 1:]": "tgt_mask[:, :-1]"},
    why="It marks one place too many: the <pad> after the <eos> of every short sentence.",
    question="Which words is the model asked for: all but the first, or all but the last?",
)

train_step.edit(
    "step_reads_what_it_says",
    "the model reads the word that it has to say",
    base=step_line_by_line,
    replace={"model(src, tgt_input)": "model(src, tgt_output)"},
    why="It learns to copy. When it translates, there is nothing to copy from.",
    question="When the decoder says word t, which words may it have read?",
)

train_step.edit(
    "step_not_shifted",
    "the target is not shifted: <bos> is asked for too",
    base=step_line_by_line,
    replace={"shift_target(tgt)": "tgt, tgt", "tgt_mask[:, 1:]": "tgt_mask"},
    why="The model is asked for the word that it has just read, and learns to copy.",
    question="How long are input and output, compared with the target?",
)

train_step.edit(
    "step_swapped",
    "input and output are swapped: the model is asked for the word before",
    base=step_line_by_line,
    replace={"tgt_input, tgt_output = shift_target": "tgt_output, tgt_input = shift_target"},
    why="It reads the sentence without <bos> and learns to say what it read one step earlier.",
    question="In which order does `shift_target` return the two: what is read, and what is said?",
)

train_step.edit(
    "step_summed",
    "the sum of the nats was taken, not their mean",
    base=step_line_by_line,
    replace={"tgt_mask[:, 1:])": 'tgt_mask[:, 1:], reduction="sum")'},
    why="A sum grows with the batch, and so would every step of the weights.",
    question="What is the unit that the docstring asks for?",
)

train_step.edit(
    "learns_from_the_sum",
    "the number that came back is the mean, but the gradients are those of the sum",
    base=step_line_by_line,
    replace={
        "tgt_mask[:, 1:])": 'tgt_mask[:, 1:], reduction="sum")',
        "return loss.item()": "return loss.item() / tgt_mask[:, 1:].sum().item()",
    },
    why="A sum grows with the batch, and so would every step that is not clipped.",
    question="Which loss is `backward` called on: that of a token, or that of the batch?",
)

train_step.edit(
    "first_sentence_alone",
    "only the logits of the first sentence were taken",
    base=step_line_by_line,
    replace={"model(src, tgt_input)": "model(src, tgt_input)[0]"},
    why="A decoder returns several results, and `[0]` is the logits. This model returns the logits "
    "and nothing else, and `[0]` is the first sentence.",
    question="What does `model` return, and what does `[0]` take of it?",
    raises="at index 0 does not match|parameter 'logits'",
)

train_step.edit(
    "step_per_sentence",
    "the sum is divided by the number of sentences",
    base=step_line_by_line,
    replace={"tgt_mask[:, 1:])": 'tgt_mask[:, 1:], reduction="sum") / len(tgt)'},
    why="These are nats per sentence, which grow with the length of the sentences.",
    question="Does the docstring ask for nats per sentence or for nats per token?",
)

train_step.edit(
    "model_unpacked_like_a_decoder",
    "the model was taken for a decoder that returns several results",
    base=step_line_by_line,
    replace={"logits = model": "logits, _ = model"},
    why="A translator returns its logits and nothing else. Unpacked, they come apart into "
    "sentences.",
    question="How many results does the text say that `model` returns?",
    raises="values to unpack",
)

train_step.edit(
    "loss_after_the_step",
    "the loss is that of the new weights",
    base=step_line_by_line,
    replace={
        "return loss.item()": (
            "logits = model(src, tgt_input)\n"
            "    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:]).item()"
        )
    },
    why="It costs a second pass, and tells how well the model does what it has just been shown.",
    question="Which loss are the gradients of this step taken from?",
)

train_step.edit(
    "weights_clipped",
    "the weights were clipped, not the gradients",
    base=step_line_by_line,
    replace={
        CLIP + STEP: STEP
        + "    for parameter in model.parameters():\n"
        + "        parameter.data.clamp_(-max_norm, max_norm)\n"
    },
    why="Most of what the model has learned would be thrown away in one update.",
    question="What does `max_norm` limit: the weights, or the step that they take?",
)

train_step.edit(
    "two_steps",
    "two steps were taken with the same gradients",
    base=step_line_by_line,
    replace={STEP: STEP + STEP},
    why="The second step goes on in a direction that was measured before the first one.",
    question="How often may `optimizer.step()` be called for one `backward()`?",
)

train_step.edit(
    "length_for_loss",
    "the length of the gradients came back, not the loss",
    base=step_line_by_line,
    replace={
        "    nn.utils.clip": "    loss = nn.utils.clip",
    },
    why="`clip_grad_norm_` returns how long the gradients were before.",
    question="Which of your names holds the nats per token at the end?",
)

train_step.edit(
    "nothing_returned",
    "the loss did not come back",
    base=step_line_by_line,
    replace={"    return loss.item()": "    loss.item()"},
    why="A function without `return` gives None, and the curve of the losses would stay empty.",
    question="What does the signature say comes back, after the arrow?",
)


train_step.edit(
    "step_on_padding",
    "only the padding is counted",
    base=step_line_by_line,
    replace={"tgt_mask[:, 1:]": "~tgt_mask[:, 1:]"},
    why="True stands for a real token. The model would learn nothing but to say <pad>.",
    question="Which tokens does `~tgt_mask` keep?",
)

train_step.edit(
    "step_ignores_zero",
    "the padding was found by the id 0, not by the mask",
    base=step_line_by_line,
    replace={
        "masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])": (
            "nn.functional.cross_entropy(logits.mT, tgt_output, ignore_index=0)"
        )
    },
    why="The function does not know which id is padding. It is given the mask instead.",
    question="Which argument says where the real tokens are?",
)

train_step.edit(
    "step_mean_of_means",
    "this is a mean of the sentences' means",
    base=step_line_by_line,
    replace={
        "loss = masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])": """\
real = tgt_mask[:, 1:]
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    loss = ((losses * real).sum(dim=1) / real.sum(dim=1)).mean()"""
    },
    why="A word of a short sentence would teach more than a word of a long one.",
    question="Nats per token: what do you add up, and by what do you divide once, at the end?",
)

train_step.edit(
    "step_divided_by_all_places",
    "the sum is divided by all places, padding included",
    base=step_line_by_line,
    replace={"tgt_mask[:, 1:])": 'tgt_mask[:, 1:], reduction="sum") / tgt_output.numel()'},
    why="The padding adds nothing to the sum, but it still makes the mean smaller.",
    question="How many places went into the sum?",
)

train_step.edit(
    "step_in_bits",
    "these are bits, not nats",
    base=step_line_by_line,
    replace={"tgt_mask[:, 1:])": "tgt_mask[:, 1:]) / torch.tensor(2.0).log()"},
    why="Losses are compared between runs, and all others of the course are in nats.",
    question="Which unit does the docstring name?",
)

train_step.edit(
    "step_takes_logits_for_log_probabilities",
    "the logits were taken for log-probabilities",
    base=step_line_by_line,
    replace={
        "masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])": (
            "nn.NLLLoss()(logits[tgt_mask[:, 1:]], tgt_output[tgt_mask[:, 1:]])"
        )
    },
    why="A model can make such a loss as small as it likes by making all its logits larger.",
    question="`NLLLoss` takes the softmax's logarithm as given. Which loss takes logits?",
)

train_step.edit(
    "step_uphill",
    "the sign is wrong: the step makes the right words less likely",
    base=step_line_by_line,
    replace={"loss = masked": "loss = -masked"},
    why="The optimiser makes the loss smaller, and with the other sign a worse model has a smaller "
    "one.",
    question="Should a loss be above 0 or below 0, and what does your line put in front of it?",
)


@train_step.alternative
def step_keeps_no_gradients(model, optimizer, src, tgt, tgt_mask, max_norm):
    model.zero_grad()
    logits = model(src, tgt[:, :-1])
    loss = masked_cross_entropy(logits, tgt[:, 1:], tgt_mask[:, 1:])
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    optimizer.zero_grad()
    return float(loss)


@train_step.alternative
def step_clips_by_hand(model, optimizer, src, tgt, tgt_mask, max_norm):
    loss = masked_cross_entropy(model(src, tgt[:, :-1]), tgt[:, 1:], tgt_mask[:, 1:])
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    gradients = [p.grad for p in model.parameters()]
    length = torch.cat([g.flatten() for g in gradients]).norm()
    for gradient in gradients:
        gradient.mul_(min(1.0, max_norm / length))
    optimizer.step()
    return loss.detach()
