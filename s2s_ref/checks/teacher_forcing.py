"""Lesson 4: the exercises of teacher forcing."""

import torch
from torch import Tensor, nn

from s2s_ref import teacher_forcing
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exercise import exercise, prediction
from s2s_ref.checks.rnn import one_of, one_share
from s2s_ref.encoder_decoder import Decoder, Encoder, Seq2Seq, shift_target
from s2s_ref.padding import masked_cross_entropy
from s2s_ref.state import State
from s2s_ref.student.describe import Model, Optimizer


def decoder_of(draw: Draw, vocab: int, embed: int, hidden: int, lstm: int) -> Model:
    """Describe a decoder of lesson 2 with drawn weights."""
    sizes = {"vocab_size": vocab, "embed_size": embed, "hidden_size": hidden}
    return draw.model(Decoder, **sizes, cell="lstm" if lstm else "gru")


def state_of(draw: Draw, batch: int, hidden: int, lstm: int) -> State:
    """Draw a state to start from, of a GRU or an LSTM."""
    h, c = draw.normal(batch, hidden), draw.normal(batch, hidden)
    return State((h, c) if lstm else h)


def padded_targets(draw: Draw, batch: int, full_len: int, vocab: int) -> tuple[Tensor, Tensor]:
    """Draw targets, <bos> … <eos> and padding, and the mask of their real tokens."""
    shorter = draw.ids(2, max(3, full_len), batch - 1).tolist()
    lengths = torch.tensor(draw.shuffled([full_len, *shorter])).unsqueeze(1)
    place = torch.arange(full_len)
    tgt = draw.ids(4, vocab, batch, full_len)
    tgt = tgt.masked_fill(place == 0, 1).masked_fill(place == lengths - 1, 2)
    return tgt.masked_fill(place >= lengths, 0), place < lengths


# ------------------------------------------------------------------ teacher_forced_loss


@exercise(
    reference=teacher_forcing.teacher_forced_loss,
    lesson=4,
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
    so="A short sentence beside a long one would mostly be asked to say <pad>.",
    ask="Which argument says where the real tokens are, and where do you use it?",
)
def loss_with_padding(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return nn.functional.cross_entropy(logits.flatten(0, 1), tgt_output.flatten())


@teacher_forced_loss.mistake(
    "the mask is that of the input, not of the output",
    so="It marks one place too many: the <pad> behind the <eos> of every short sentence.",
    ask="Which words is the decoder asked for: all but the first, or all but the last?",
)
def mask_of_the_input(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, :-1])


@teacher_forced_loss.mistake(
    "the decoder reads the word that it has to say",
    so="It learns to copy. When it translates, there is nothing to copy from.",
    ask="When the decoder says word t, which words may it have read?",
)
def reads_what_it_says(decoder, state, tgt, tgt_mask):
    logits, *_ = decoder(tgt[:, 1:], state)
    return masked_cross_entropy(logits, tgt[:, 1:], tgt_mask[:, 1:])


@teacher_forced_loss.mistake(
    "the target is not shifted: <bos> is asked for too",
    so="The decoder is asked for the word that it has just read, and learns to copy.",
    ask="How long are input and output, compared with the target?",
)
def target_not_shifted(decoder, state, tgt, tgt_mask):
    logits, *_ = decoder(tgt, state)
    return masked_cross_entropy(logits, tgt, tgt_mask)


@teacher_forced_loss.mistake(
    "the decoder reads its own words",
    so="That is free running. With a teacher it reads the right word after a wrong one.",
    ask="Do you need to know what the decoder said at one step before it takes the next one?",
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
    so="The decoder knows the source and one word, and none of the words before.",
    ask="Where does the state go that comes back from a call?",
)
def from_the_first_state(decoder, state, tgt, tgt_mask):
    rows = [decoder(tgt[:, t : t + 1], state)[0] for t in range(tgt.shape[1] - 1)]
    return masked_cross_entropy(torch.cat(rows, dim=1), tgt[:, 1:], tgt_mask[:, 1:])


@teacher_forced_loss.mistake(
    "the softmax is taken twice",
    so="The cross-entropy takes the softmax itself. Taken twice, it flattens every choice.",
    ask="Does the cross-entropy want logits or probabilities?",
)
def loss_softmaxed(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return masked_cross_entropy(logits.softmax(dim=-1), tgt_output, tgt_mask[:, 1:])


@teacher_forced_loss.mistake(
    "this is a mean of the sentences' means",
    so="A word of a short sentence would weigh more than a word of a long one.",
    ask="Nats per token: what do you add up, and by what do you divide once, at the end?",
)
def loss_mean_of_means(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    real = tgt_mask[:, 1:]
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    return ((losses * real).sum(dim=1) / real.sum(dim=1)).mean()


@teacher_forced_loss.mistake(
    "the sum came back where the mean was asked for",
    so="A sum grows with the batch, and losses of two batches cannot be compared.",
    ask="What is the unit that the docstring asks for?",
)
def loss_summed(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:], reduction="sum")


@teacher_forced_loss.mistake(
    "a plain number came back: no gradient can flow from it",
    so="A loss is there to be sent back through the model, and a number has forgotten its way.",
    ask="When may `.item()` be called: before `backward()` or after it?",
)
def loss_as_number(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits, *_ = decoder(tgt_input, state)
    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:]).item()


@teacher_forced_loss.mistake(
    "the decoder's two results were taken as one",
    so="A decoder returns the logits and the next state, side by side in a tuple.",
    ask="Which of the two does the loss need, and how do you take one out of a pair?",
    raises="tuple|only integer tensors|parameter 'logits'",  # the last where shapes are checked
)
def loss_of_both_results(decoder, state, tgt, tgt_mask):
    tgt_input, tgt_output = shift_target(tgt)
    logits = decoder(tgt_input, state)
    return masked_cross_entropy(logits, tgt_output, tgt_mask[:, 1:])


@teacher_forced_loss.mistake(
    "the mask is that of the whole target, one place longer than the output",
    so="The output begins behind <bos>, and its mask must begin there too.",
    ask="What did `shift_target` leave out of the target, and is it still in the mask?",
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


# ------------------------------------------------------------------ free_running_logits


@exercise(
    reference=teacher_forcing.free_running_logits,
    lesson=4,
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
        "likeliest word is 9. Returned are the logits in which 7 was the largest and those in "
        "which 9 was.",
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


@free_running_logits.mistake(
    "the decoder reads <bos> at every step",
    so="It never learns which word it has just said.",
    ask="What does the decoder read in the second step?",
)
def always_bos(decoder, state, bos_id, steps):
    token, rows = torch.full((len(state.h), 1), bos_id), []
    for _ in range(steps):
        logits, state = decoder(token, state)
        rows.append(logits)
    return torch.cat(rows, dim=1)


@free_running_logits.mistake(
    "the state is reset at every step",
    so="The decoder knows the source and its last word, and forgets all that it said before.",
    ask="Which state does the second call start from?",
)
def reset_at_every_step(decoder, state, bos_id, steps):
    token, rows = torch.full((len(state.h), 1), bos_id), []
    for _ in range(steps):
        logits, _ = decoder(token, state)
        rows.append(logits)
        token = logits.argmax(dim=-1)
    return torch.cat(rows, dim=1)


@free_running_logits.mistake(
    "the words so far are read again from a state that has read them",
    so="After three words the decoder has read the first one three times.",
    ask="What does the state that came back already know?",
)
def words_reread(decoder, state, bos_id, steps):
    tokens, rows = torch.full((len(state.h), 1), bos_id), []
    for _ in range(steps):
        logits, state = decoder(tokens, state)
        rows.append(logits[:, -1:])
        tokens = torch.cat([tokens, logits[:, -1:].argmax(dim=-1)], dim=1)
    return torch.cat(rows, dim=1)


@free_running_logits.mistake(
    "only the logits of the last step came back",
    so="The loss asks for every word of the sentence, the first one too.",
    ask="What happens to the logits of a step when the next one comes?",
)
def last_step_only(decoder, state, bos_id, steps):
    token = torch.full((len(state.h), 1), bos_id)
    for _ in range(steps):
        logits, state = decoder(token, state)
        token = logits.argmax(dim=-1)
    return logits


@free_running_logits.mistake(
    "these are probabilities already, not logits",
    so="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    ask="What do your numbers sum to along the last axis?",
)
def probabilities(decoder, state, bos_id, steps):
    token, rows = torch.full((len(state.h), 1), bos_id), []
    for _ in range(steps):
        logits, state = decoder(token, state)
        rows.append(logits.softmax(dim=-1))
        token = logits.argmax(dim=-1)
    return torch.cat(rows, dim=1)


@free_running_logits.mistake(
    "the words came back, not the logits",
    so="No gradient flows through the choice of a word, so nothing could be learned from it.",
    ask="Which of the two does a loss need: the choice, or the numbers that it was made from?",
)
def words_for_logits(decoder, state, bos_id, steps):
    token, rows = torch.full((len(state.h), 1), bos_id), []
    for _ in range(steps):
        logits, state = decoder(token, state)
        token = logits.argmax(dim=-1)
        rows.append(token)
    return torch.cat(rows, dim=1)


@free_running_logits.mistake(
    "the first step is missing",
    so="What the decoder says after <bos> is the first word of the sentence.",
    ask="Of which call are the first logits that you keep?",
)
def first_step_missing(decoder, state, bos_id, steps):
    token, rows = torch.full((len(state.h), 1), bos_id), []
    logits, state = decoder(token, state)
    for _ in range(steps):
        token = logits.argmax(dim=-1)
        logits, state = decoder(token, state)
        rows.append(logits)
    return torch.cat(rows, dim=1)


@free_running_logits.mistake(
    "there is one <bos> for the whole batch",
    so="Every sentence starts with a <bos> of its own.",
    ask="How many rows has the state, and how many has what is read?",
    raises="Expected hidden",
)
def one_bos(decoder, state, bos_id, steps):
    token, rows = torch.tensor([[bos_id]]), []
    for _ in range(steps):
        logits, state = decoder(token, state)
        rows.append(logits)
        token = logits.argmax(dim=-1)
    return torch.cat(rows, dim=1)


@free_running_logits.mistake(
    "the decoder's two results were taken as one",
    so="A decoder returns the logits and the next state, side by side in a tuple.",
    ask="Both are needed for the next step: how do you take a pair apart?",
    raises="'tuple' object has no attribute",
)
def run_of_both_results(decoder, state, bos_id, steps):
    token, rows = torch.full((len(state.h), 1), bos_id), []
    for _ in range(steps):
        logits = decoder(token, state)
        rows.append(logits)
        token = logits.argmax(dim=-1)
    return torch.cat(rows, dim=1)


@free_running_logits.mistake(
    "the steps are stacked along a new axis",
    so="A call gives logits [batch, 1, vocab], and the 1 is the axis of the steps.",
    ask="Which joins along an axis that is there already: `stack` or `cat`?",
)
def stacked_steps(decoder, state, bos_id, steps):
    token, rows = torch.full((len(state.h), 1), bos_id), []
    for _ in range(steps):
        logits, state = decoder(token, state)
        rows.append(logits)
        token = logits.argmax(dim=-1)
    return torch.stack(rows, dim=1)


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


# ------------------------------------------------------------------ train_step


@exercise(
    reference=teacher_forcing.train_step,
    lesson=4,
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
    so="PyTorch adds new gradients to old ones. Every step would repeat all the steps before it.",
    ask="What is in `.grad` when `backward()` begins?",
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
    so="The weights stay as they are. The loss is computed, and nothing is learned from it.",
    ask="What has the optimiser to go by when it takes its step?",
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
    so="Before backward there is nothing to clip, so an odd batch can throw the weights far off.",
    ask="At which moment are the gradients of this batch there, and not yet used?",
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
    so="By then the weights have moved, by the full length of the gradients.",
    ask="Which comes first: to shorten a step, or to take it?",
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
    so="That turns the step into another direction. `max_norm` is the length of all together.",
    ask="What does the word norm mean: the largest number of a vector, or its length?",
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
    so="Short gradients keep their length and long ones lose it: the direction is another one.",
    ask="Of how many vectors does `max_norm` limit the length?",
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
    so="Near the end of training the gradients are short, and that is right: small steps.",
    ask="Is `max_norm` the length that gradients must have, or the length that they may have?",
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
    so="The gradients are there, and the weights stay as they are.",
    ask="Who moves the weights, and when do you call it?",
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
    so="A list of a thousand such losses keeps a thousand steps in memory.",
    ask="How does a tensor with one number in it become a plain number?",
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
    so="A number does not know how it came about, so there is nothing to send back through.",
    ask="Is `.item()` called before `backward()` or after it?",
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
    so="The output begins behind <bos>, and its mask must begin there too.",
    ask="What did `shift_target` leave out of the target, and is it still in the mask?",
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
    so="The cross-entropy takes the softmax itself. Taken twice, it flattens every choice.",
    ask="Does the cross-entropy want logits or probabilities?",
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
    so="Most of what a short sentence teaches would be how to say <pad>.",
    ask="Which argument says where the real tokens are, and where do you use it?",
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


# ------------------------------------------------------------------ perplexity


@exercise(
    reference=teacher_forcing.perplexity,
    lesson=4,
    title="Perplexity",
    returns="perplexity",
    edges=[{"batch": 1}, {"tgt_len": 1}],
    hints=[
        "The loss is in nats, and nats are natural logarithms. Which function undoes one, and is "
        "it applied to every token or to the mean?",
        "Logits [batch, tgt_len, vocab], targets and mask [batch, tgt_len] come in, as for the "
        "loss of lesson 3; one plain number comes out.",
        "Two real tokens, right with probabilities 1/2 and 1/8. The mean of log 2 and log 8 is "
        "log 4: the perplexity is 4.",
    ],
)
def perplexity(draw: Draw, batch=3, tgt_len=6, vocab=5):
    """Draw logits, targets and a mask."""
    lengths = draw.ids(1, tgt_len + 1, batch).unsqueeze(1)
    return {
        "logits": draw.normal(batch, tgt_len, vocab),
        "tgt_output": draw.ids(0, vocab, batch, tgt_len),
        "tgt_mask": torch.arange(tgt_len) < lengths,
    }


@perplexity.mistake(
    "this is 2 to the power of nats",
    so="Nats are natural logarithms. 2 belongs to bits, the logarithms to base 2.",
    ask="Which number is raised to the power of x in `exp(x)`?",
)
def two_to_the_nats(logits, tgt_output, tgt_mask):
    return 2 ** masked_cross_entropy(logits, tgt_output, tgt_mask).item()


@perplexity.mistake(
    "this is a mean of exponentials",
    so="One word that surprised the model would outweigh all the others.",
    ask="Which comes first: the mean over the tokens, or the exponential?",
)
def mean_of_exponentials(logits, tgt_output, tgt_mask):
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    return losses[tgt_mask].exp().mean().item()


@perplexity.mistake(
    "this is a mean of the sentences' perplexities",
    so="A short sentence would weigh as much as a long one.",
    ask="How many times should the exponential be taken?",
)
def mean_of_perplexities(logits, tgt_output, tgt_mask):
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    means = (losses * tgt_mask).sum(dim=1) / tgt_mask.sum(dim=1)
    return means.exp().mean().item()


@perplexity.mistake(
    "the padding is counted",
    so="Perplexity is there to compare models, and the padding changes with the batch.",
    ask="Which argument says where the real tokens are, and where do you use it?",
)
def perplexity_with_padding(logits, tgt_output, tgt_mask):
    return nn.functional.cross_entropy(logits.flatten(0, 1), tgt_output.flatten()).exp().item()


@perplexity.mistake(
    "these are nats per token, not yet the perplexity",
    so="0.7 nats say the same as a perplexity of 2, on another scale.",
    ask="What is the perplexity of a model that is certain and right: 0 or 1?",
)
def still_nats(logits, tgt_output, tgt_mask):
    return masked_cross_entropy(logits, tgt_output, tgt_mask).item()


@perplexity.mistake(
    "the sum of the nats was taken, not their mean",
    so="It would grow with every further sentence of the corpus.",
    ask="By what are the nats divided before the exponential is taken?",
)
def exponential_of_the_sum(logits, tgt_output, tgt_mask):
    return masked_cross_entropy(logits, tgt_output, tgt_mask, reduction="sum").exp().item()


@perplexity.mistake(
    "the softmax is taken twice",
    so="The cross-entropy takes the softmax itself. Taken twice, it flattens every choice.",
    ask="Does the cross-entropy want logits or probabilities?",
)
def perplexity_softmaxed(logits, tgt_output, tgt_mask):
    return masked_cross_entropy(logits.softmax(dim=-1), tgt_output, tgt_mask).exp().item()


@perplexity.mistake(
    "only the padding is counted",
    so="True stands for a real token.",
    ask="Which tokens does `~tgt_mask` keep?",
)
def perplexity_of_padding(logits, tgt_output, tgt_mask):
    return masked_cross_entropy(logits, tgt_output, ~tgt_mask).exp().item()


@perplexity.alternative
def perplexity_by_products(logits, tgt_output, tgt_mask):
    probabilities = logits.softmax(dim=-1).gather(-1, tgt_output.unsqueeze(-1)).squeeze(-1)
    product = probabilities[tgt_mask].double().prod()
    return float(product ** (-1 / tgt_mask.sum()))


@perplexity.alternative
def perplexity_in_bits(logits, tgt_output, tgt_mask):
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    bits = (losses * tgt_mask).sum() / tgt_mask.sum() / torch.tensor(2.0).log()
    return 2 ** bits.item()


# ------------------------------------------------------------------ scheduled_sampling


@exercise(
    reference=teacher_forcing.scheduled_sampling,
    lesson=4,
    title="A teacher now and then",
    returns="logits",
    edges=[{"batch": 1}, {"tgt_len": 1}, {"lstm": 1}],
    hints=[
        "At each step a coin says who speaks: the teacher, or the decoder itself. Which two words "
        "could be read at step t, and where does each come from?",
        "coins[:, t] has one coin for each sentence. `torch.where(coin, a, b)` picks from a where "
        "the coin is True and from b elsewhere; all three are [batch, 1].",
        "The right words are <bos> 7 8, the coins True True False. It reads <bos>; coin 1 is "
        "True: it reads 7, and its likeliest word is 9; coin 2 is False: it reads 9.",
    ],
)
def scheduled_sampling(draw: Draw, batch=2, tgt_len=6, vocab=8, embed=4, hidden=5, lstm=0):
    """Draw a decoder, a state for it to start from, right words and coins."""
    tgt_input = draw.ids(4, vocab, batch, tgt_len)
    tgt_input[:, 0] = 1
    return {
        "decoder": decoder_of(draw, vocab, embed, hidden, lstm),
        "state": state_of(draw, batch, hidden, lstm),
        "tgt_input": tgt_input,
        "coins": draw.ids(0, 2, batch, tgt_len) == 1,
    }


@scheduled_sampling.mistake(
    "the coin is the wrong way round",
    so="True stands for the right word. With mostly True it would be nearly free running.",
    ask="What does the decoder read where the coin is True?",
)
def coin_inverted(decoder, state, tgt_input, coins):
    logits, state = decoder(tgt_input[:, :1], state)
    rows = [logits]
    for t in range(1, tgt_input.shape[1]):
        own = logits.argmax(dim=-1)
        token = torch.where(coins[:, t : t + 1], own, tgt_input[:, t : t + 1])
        logits, state = decoder(token, state)
        rows.append(logits)
    return torch.cat(rows, dim=1)


@scheduled_sampling.mistake(
    "one coin decides for the whole batch",
    so="Every sentence has a coin of its own at every step.",
    ask="How many coins are there at step t, and how many of them do you look at?",
)
def one_coin_for_all(decoder, state, tgt_input, coins):
    logits, state = decoder(tgt_input[:, :1], state)
    rows = [logits]
    for t in range(1, tgt_input.shape[1]):
        token = tgt_input[:, t : t + 1] if coins[0, t] else logits.argmax(dim=-1)
        logits, state = decoder(token, state)
        rows.append(logits)
    return torch.cat(rows, dim=1)


@scheduled_sampling.mistake(
    "one coin decides for the whole sentence",
    so="The coin is tossed anew at every step, so that right and own words alternate.",
    ask="Along which axis of `coins` does time run?",
)
def one_coin_a_sentence(decoder, state, tgt_input, coins):
    logits, state = decoder(tgt_input[:, :1], state)
    rows = [logits]
    for t in range(1, tgt_input.shape[1]):
        token = torch.where(coins[:, :1], tgt_input[:, t : t + 1], logits.argmax(dim=-1))
        logits, state = decoder(token, state)
        rows.append(logits)
    return torch.cat(rows, dim=1)


@scheduled_sampling.mistake(
    "each word is decided by the coin of the step before",
    so="The coins stand beside the right words: coin t belongs to right word t.",
    ask="Which coin decides what is read at step 1?",
)
def coin_of_the_step_before(decoder, state, tgt_input, coins):
    logits, state = decoder(tgt_input[:, :1], state)
    rows = [logits]
    for t in range(1, tgt_input.shape[1]):
        own = logits.argmax(dim=-1)
        token = torch.where(coins[:, t - 1 : t], tgt_input[:, t : t + 1], own)
        logits, state = decoder(token, state)
        rows.append(logits)
    return torch.cat(rows, dim=1)


@scheduled_sampling.mistake(
    "the right word is read at every step",
    so="This is teacher forcing. The target leaks in where the decoder should read its own word.",
    ask="Where do the coins come into your computation?",
)
def always_the_right_word(decoder, state, tgt_input, coins):
    logits, *_ = decoder(tgt_input, state)
    return logits


@scheduled_sampling.mistake(
    "its own word is read at every step",
    so="This is free running. The teacher never speaks.",
    ask="Where do the coins come into your computation?",
)
def always_its_own_word(decoder, state, tgt_input, coins):
    logits, state = decoder(tgt_input[:, :1], state)
    rows = [logits]
    for _ in range(1, tgt_input.shape[1]):
        logits, state = decoder(logits.argmax(dim=-1), state)
        rows.append(logits)
    return torch.cat(rows, dim=1)


@scheduled_sampling.mistake(
    "its own words come from a run with a teacher",
    so="What it would say after right words is not what it says after words of its own.",
    ask="Which words had the decoder read when it chose the word that you call its own?",
)
def own_words_of_a_forced_run(decoder, state, tgt_input, coins):
    logits, *_ = decoder(tgt_input, state)
    own = torch.cat([tgt_input[:, :1], logits[:, :-1].argmax(dim=-1)], dim=1)
    mixed = torch.where(coins, tgt_input, own)
    mixed[:, 0] = tgt_input[:, 0]
    return decoder(mixed, state)[0]


@scheduled_sampling.mistake(
    "the state is reset at every step",
    so="The decoder knows the source and its last word, and forgets all that it read before.",
    ask="Which state does the second call start from?",
)
def state_not_carried(decoder, state, tgt_input, coins):
    logits, *_ = decoder(tgt_input[:, :1], state)
    rows = [logits]
    for t in range(1, tgt_input.shape[1]):
        own = logits.argmax(dim=-1)
        token = torch.where(coins[:, t : t + 1], tgt_input[:, t : t + 1], own)
        logits, *_ = decoder(token, state)
        rows.append(logits)
    return torch.cat(rows, dim=1)


@scheduled_sampling.mistake(
    "the words so far are read again from a state that has read them",
    so="After three words the decoder has read the first one three times.",
    ask="What does the state that came back already know?",
)
def prefix_read_again(decoder, state, tgt_input, coins):
    tokens, rows = tgt_input[:, :1], []
    for t in range(1, tgt_input.shape[1] + 1):
        logits, state = decoder(tokens, state)
        rows.append(logits[:, -1:])
        if t < tgt_input.shape[1]:
            own = logits[:, -1:].argmax(dim=-1)
            token = torch.where(coins[:, t : t + 1], tgt_input[:, t : t + 1], own)
            tokens = torch.cat([tokens, token], dim=1)
    return torch.cat(rows, dim=1)


@scheduled_sampling.mistake(
    "the logits of the last step are missing",
    so="Every word that is read is answered, the last one too.",
    ask="How many words are read, and how many rows of logits come back?",
    raises="non-empty",
)
def last_step_missing(decoder, state, tgt_input, coins):
    token, rows = tgt_input[:, :1], []
    for t in range(1, tgt_input.shape[1]):
        logits, state = decoder(token, state)
        rows.append(logits)
        own = logits.argmax(dim=-1)
        token = torch.where(coins[:, t : t + 1], tgt_input[:, t : t + 1], own)
    return torch.cat(rows, dim=1)


@scheduled_sampling.alternative
def sampling_from_the_start(decoder, state, tgt_input, coins):
    tokens = tgt_input.clone()
    for t in range(1, tgt_input.shape[1]):
        logits, _ = decoder(tokens[:, :t], state)
        own = logits[:, -1].argmax(dim=-1)
        tokens[:, t] = torch.where(coins[:, t], tgt_input[:, t], own)
    return decoder(tokens, state)[0]


@scheduled_sampling.alternative
def sampling_by_numbers(decoder, state, tgt_input, coins):
    rows = []
    for t in range(tgt_input.shape[1]):
        token = tgt_input[:, t]
        if t > 0:
            own = rows[-1].argmax(dim=-1)
            token = coins[:, t] * token + ~coins[:, t] * own
        logits, state = decoder(token.unsqueeze(1), state)
        rows.append(logits.squeeze(1))
    return torch.stack(rows, dim=1)


# ------------------------------------------------------------------ predictions


@prediction(lesson=4, title="Prediction: with a teacher or without", example=["forced", "same"])
def ahead(answer):
    """Say what is wrong with two choices, if anything."""
    if answer is None:
        return "nothing is written down yet"
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return "expected two words in a list"
    if any(which not in ("forced", "free", "same") for which in answer):
        return 'expected "forced", "free" or "same", twice'
    return None


@ahead.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def nobody_ahead():
    return None


@ahead.mistake("expected two words in a list", so="One for the start, one for the end: [a, b].")
def one_word():
    return "forced"


@ahead.mistake('expected "forced", "free" or "same", twice', so="Small letters, in quotes.")
def other_words():
    return ["teacher", "alone"]


@prediction(lesson=4, title="Prediction: the loss rises", example="worse")
def translations(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "worse", "same", "better")


@translations.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def no_change_chosen():
    return None


@translations.mistake(
    'expected one of "worse", "same", "better"', so="One of the three, in quotes, small letters."
)
def change_in_percent():
    return -5


@prediction(lesson=4, title="Prediction: after one wrong word", example=30)
def next_words(answer):
    """Say what is wrong with a percentage, if anything."""
    return one_share(answer)


@next_words.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def no_share():
    return None


@next_words.mistake("expected a percentage, from 0 to 100", so="A number alone, without quotes.")
def share_in_words():
    return "most of them"


@prediction(lesson=4, title="Prediction: a teacher now and then", example="better")
def now_and_then(answer):
    """Say what is wrong with the choice, if anything."""
    return one_of(answer, "worse", "same", "better")


@now_and_then.mistake("nothing is written down yet", so="A guess is all that is asked for.")
def no_outcome_chosen():
    return None


@now_and_then.mistake(
    'expected one of "worse", "same", "better"', so="One of the three, in quotes, small letters."
)
def outcome_in_a_sentence():
    return "a bit better"
