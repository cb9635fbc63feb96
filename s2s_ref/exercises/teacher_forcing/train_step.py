"""The exercise `train_step`: its cases, hints, mistakes and other right answers."""

import torch
from torch import nn

from s2s_ref import teacher_forcing
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.encoder_decoder import Decoder, Encoder, Seq2Seq, shift_target
from s2s_ref.exercises.shared import padded_targets
from s2s_ref.padding import masked_cross_entropy
from s2s_ref.student.protocol import Model, Optimizer

# ------------------------------------------------------------------ train_step


@exercise(
    reference=teacher_forcing.train_step,
    title="One update",
    returns="loss",
    edges=[{"batch": 1}, {"full_len": 2}],
    hints=[
        "Five things happen, each for the next: old gradients go, the loss is computed, it is "
        "sent back, the gradients are clipped, the weights move. What is in `.grad` at each of "
        "these moments?",
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


@train_step.mistake(
    "the old gradients are still there",
    why="PyTorch adds new gradients to old ones. Every step would repeat all the steps before it.",
    question="What is in `.grad` when `backward()` begins?",
)
def not_zeroed(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask[:, 1:])
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


@train_step.mistake(
    "the gradients are zeroed between backward and step",
    why="The weights stay as they are. The loss is computed, and nothing is learned from it.",
    question="What has the optimiser to go by when it takes its step?",
)
def zeroed_before_the_step(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask[:, 1:])
    loss.backward()
    optimizer.zero_grad()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


@train_step.mistake(
    "the step is taken with gradients that are not clipped",
    why="Before backward there is nothing to clip, so an odd batch can throw the weights far off.",
    question="At which moment are the gradients of this batch there, and not yet used?",
)
def clipped_before_backward(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask[:, 1:])
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    loss.backward()
    optimizer.step()
    return loss.item()


@train_step.mistake(
    "the gradients are clipped after the step",
    why="By then the weights have moved, by the full length of the gradients.",
    question="Which comes first: to shorten a step, or to take it?",
)
def clipped_after_the_step(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask[:, 1:])
    loss.backward()
    optimizer.step()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return loss.item()


@train_step.mistake(
    "each gradient is clipped by itself",
    why="That turns the step into another direction. `max_norm` is the length of all together.",
    question="What does the word norm mean: the largest number of a vector, or its length?",
)
def clipped_by_value(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask[:, 1:])
    loss.backward()
    nn.utils.clip_grad_value_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


@train_step.mistake(
    "each weight matrix is clipped by itself",
    why="Short gradients keep their length and long ones lose it: the direction is another one.",
    question="Of how many vectors does `max_norm` limit the length?",
)
def clipped_one_by_one(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask[:, 1:])
    loss.backward()
    for parameter in model.parameters():
        nn.utils.clip_grad_norm_([parameter], max_norm)
    optimizer.step()
    return loss.item()


@train_step.mistake(
    "short gradients are stretched to max_norm",
    why="Near the end of training the gradients are short, and that is right: small steps.",
    question="Is `max_norm` the length that gradients must have, or the length that they may have?",
)
def stretched(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask[:, 1:])
    loss.backward()
    length = sum(p.grad.square().sum() for p in model.parameters()).sqrt()
    for parameter in model.parameters():
        parameter.grad *= max_norm / length
    optimizer.step()
    return loss.item()


@train_step.mistake(
    "no step is taken",
    why="The gradients are there, and the weights stay as they are.",
    question="Who moves the weights, and when do you call it?",
)
def no_step(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask[:, 1:])
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return loss.item()


@train_step.mistake(
    "the loss came back with its graph",
    why="A list of a thousand such losses keeps a thousand steps in memory.",
    question="How does a tensor with one number in it become a plain number?",
)
def loss_with_its_graph(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask[:, 1:])
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss


@train_step.mistake(
    "the loss became a plain number too early",
    why="A number does not know how it came about, so there is nothing to send back through.",
    question="Is `.item()` called before `backward()` or after it?",
    raises="has no attribute 'backward'",
)
def number_too_early(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask[:, 1:]).item()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss


@train_step.mistake(
    "the mask is that of the whole target, one place longer than the output",
    why="The output begins behind <bos>, and its mask must begin there too.",
    question="What did `shift_target` leave out of the target, and is it still in the mask?",
    raises="shape of the mask|parameter 'tgt_mask'",
)
def step_with_the_whole_mask(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    loss = masked_cross_entropy(model(src, tgt_input), tgt_output, tgt_mask)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


@train_step.mistake(
    "the softmax is taken twice",
    why="The cross-entropy takes the softmax itself. Taken twice, it flattens every choice.",
    question="Does the cross-entropy want logits or probabilities?",
)
def step_softmaxed(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    probabilities = model(src, tgt_input).softmax(dim=-1)
    loss = masked_cross_entropy(probabilities, tgt_output, tgt_mask[:, 1:])
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


@train_step.mistake(
    "the padding is counted",
    why="Most of what a short sentence teaches would be how to say <pad>.",
    question="Which argument says where the real tokens are, and where do you use it?",
)
def step_with_padding(model, optimizer, src, tgt, tgt_mask, max_norm):
    tgt_input, tgt_output = shift_target(tgt)
    optimizer.zero_grad()
    logits = model(src, tgt_input)
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), tgt_output.flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


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
