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
    returns="loss",
    edges=[{"batch": 1}, {"full_len": 2}],
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
def train_step(draw: Draw, batch=2, src_len=4, full_len=6, vocab=8, embed=3, hidden=7):
    """Draw a translator with left-over gradients, an optimiser over it, and a batch."""
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
        "src": draw.ids(4, vocab + 1, batch, src_len),
        "tgt": tgt,
        "tgt_mask": mask,
        "max_norm": 0.1 if draw.chance(0.75) else 100.0,
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
    "the gradients are zeroed between backward and step",
    base=step_line_by_line,
    replace={ZERO: "", BACKWARD: BACKWARD + ZERO},
    why="The weights stay as they are. The loss is computed, and nothing is learned from it.",
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
    raises="shape of the mask|parameter 'tgt_mask'",
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
