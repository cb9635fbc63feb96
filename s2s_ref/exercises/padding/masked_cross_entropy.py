"""The exercise `masked_cross_entropy`: a loss over the real tokens of a padded batch."""

import torch
from torch import nn

from s2s_ref import padding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise


@exercise(
    reference=padding.masked_cross_entropy,
    title="A loss that does not count padding",
    longhand="masked_in_long_hand",
    steps={
        "losses": (
            "the losses of the tokens",
            "Which word is the right one at each token, and over which axis does the softmax run?",
        ),
        "kept": ("the losses of the real tokens", "Which tokens count?"),
    },
    returns="loss",
    edges=[{"batch": 1}, {"tgt_len": 1}, {"tgt_len": 1, "batch": 1}, {"lead": -12}],
    skip=["batch order"],  # one number comes back, which no order can change
    hints=[
        "The model is asked about words only. What should happen to the answers that it gives at "
        "padding, and by how many answers do you then divide?",
        "A bool mask [batch, tgt_len] as an index keeps the places where it is True: the logits "
        "become [real, vocab], the targets [real]. That is what PyTorch's cross_entropy takes.",
        "The two tokens of one sentence cost 1.0 and 2.0 nats. The other sentence has one token, "
        'which costs 6.0, and padding. "sum" is 9.0, and "mean" is 9.0 / 3 = 3.0.',
    ],
)
def masked_cross_entropy(draw: Draw, batch=3, tgt_len=6, vocab=5, lead=0):
    """Draw logits, targets with any ids at padding, a mask, and one of the two reductions.

    The logits of the right words are larger by `lead`.
    """
    tgt_output = draw.ids(0, vocab, batch, tgt_len)
    logits = draw.normal(batch, tgt_len, vocab)
    return {
        "logits": logits + lead * nn.functional.one_hot(tgt_output, vocab),
        "tgt_output": tgt_output,
        "tgt_mask": torch.arange(tgt_len) < draw.lengths(batch, tgt_len).unsqueeze(1),
        "reduction": "mean" if draw.chance(0.6) else "sum",
    }


@masked_cross_entropy.alternative
def masked_by_multiplying(logits, tgt_output, tgt_mask, reduction="mean"):
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tgt_output, reduction="none")
    total = (losses * tgt_mask).sum()
    return total / tgt_mask.sum() if reduction == "mean" else total


@masked_cross_entropy.alternative
def masked_by_gathering(logits, tgt_output, tgt_mask, reduction="mean"):
    log_probs = logits.log_softmax(dim=-1)
    losses = -log_probs.gather(-1, tgt_output.unsqueeze(-1)).squeeze(-1)[tgt_mask]
    return losses.mean() if reduction == "mean" else losses.sum()


@masked_cross_entropy.mistake(
    "the padding is counted",
    why="A model that is good at saying <pad> gets a low loss, whatever it does with words.",
    question="Where does your computation use the mask?",
)
def padding_counted(logits, tgt_output, tgt_mask, reduction="mean"):
    return nn.functional.cross_entropy(
        logits.flatten(0, 1), tgt_output.flatten(), reduction=reduction
    )


@masked_cross_entropy.mistake(
    "only the padding is counted",
    why="True stands for a real token. The model would learn nothing but to say <pad>.",
    question="Which tokens does `~tgt_mask` keep?",
)
def mask_inverted(logits, tgt_output, tgt_mask, reduction="mean"):
    return nn.functional.cross_entropy(
        logits[~tgt_mask], tgt_output[~tgt_mask], reduction=reduction
    )


masked_cross_entropy.edit(
    "mean_of_means",
    "this is a mean of the sentences' means",
    base=masked_by_multiplying,
    replace={
        "total / tgt_mask.sum()": "((losses * tgt_mask).sum(dim=1) / tgt_mask.sum(dim=1)).mean()"
    },
    why="A word of a short sentence would weigh more than a word of a long one.",
    question="Once you have added up the words of the whole batch, what is there to divide by?",
)

masked_cross_entropy.edit(
    "divided_by_all_places",
    "the sum is divided by all places, padding included",
    base=masked_by_multiplying,
    replace={"tgt_mask.sum()": "tgt_mask.numel()"},
    why="The padding adds nothing to the sum, but it still makes the mean smaller.",
    question="How many places went into the sum?",
)

masked_cross_entropy.edit(
    "divided_by_sentences",
    "the sum is divided by the number of sentences",
    base=masked_by_multiplying,
    replace={"tgt_mask.sum()": "len(logits)"},
    why="These are nats per sentence, which grow with the length of the sentences.",
    question="Does the docstring ask for nats per sentence or for nats per token?",
)


@masked_cross_entropy.mistake(
    "the logits at padding were overwritten, but are still counted",
    why="Logits that are all equal make every word equally likely, which costs log(vocab) nats at "
    "each place.",
    question="Does a place whose logits were overwritten still take part in the sum?",
)
def logits_zeroed(logits, tgt_output, tgt_mask, reduction="mean"):
    kept = logits * tgt_mask.unsqueeze(-1)
    return nn.functional.cross_entropy(
        kept.flatten(0, 1), tgt_output.flatten(), reduction=reduction
    )


@masked_cross_entropy.mistake(
    "the sum came back where the mean was asked for",
    why="A sum grows with the batch. So do the updates, and batches cannot be compared.",
    question="What does `reduction` say, and where do you use it?",
)
def sum_for_mean(logits, tgt_output, tgt_mask, reduction="mean"):
    return nn.functional.cross_entropy(logits[tgt_mask], tgt_output[tgt_mask], reduction="sum")


@masked_cross_entropy.mistake(
    "the mean came back where the sum was asked for",
    why="Sums can be added up over batches and divided once, at the end; means cannot.",
    question="What does `reduction` say, and where do you use it?",
)
def mean_for_sum(logits, tgt_output, tgt_mask, reduction="mean"):
    return nn.functional.cross_entropy(logits[tgt_mask], tgt_output[tgt_mask])


@masked_cross_entropy.mistake(
    "the padding was found by the id 0, not by the mask",
    why="The function does not know which id is padding. It is given the mask instead.",
    question="Which argument says where the real tokens are?",
)
def zeros_ignored(logits, tgt_output, tgt_mask, reduction="mean"):
    return nn.functional.cross_entropy(
        logits.flatten(0, 1), tgt_output.flatten(), ignore_index=0, reduction=reduction
    )


@masked_cross_entropy.mistake(
    "the softmax is taken twice",
    why="PyTorch's cross_entropy takes the softmax itself. Taken twice, it flattens every choice.",
    question="Does cross_entropy want logits or probabilities?",
)
def softmax_twice(logits, tgt_output, tgt_mask, reduction="mean"):
    probabilities = logits.softmax(dim=-1)
    return nn.functional.cross_entropy(
        probabilities[tgt_mask], tgt_output[tgt_mask], reduction=reduction
    )


@masked_cross_entropy.mistake(
    "the targets at padding were overwritten, but are still counted",
    why="The model would be asked to say another word there, and would pay for not saying it.",
    question="What becomes smaller when a mask is used as an index, and what when it is a factor?",
)
def targets_zeroed(logits, tgt_output, tgt_mask, reduction="mean"):
    kept = tgt_output * tgt_mask
    return nn.functional.cross_entropy(logits.flatten(0, 1), kept.flatten(), reduction=reduction)


masked_cross_entropy.edit(
    "logits_reshaped",
    "the logits were reshaped, not transposed",
    base=masked_by_multiplying,
    replace={"logits.transpose(1, 2)": "logits.reshape(len(logits), -1, logits.shape[1])"},
    why="`view` and `reshape` keep the numbers in their order and only divide them up differently, "
    "so that logits of different words end up in one column.",
    question="Which function swaps two axes? And does `logits[tgt_mask]` need one?",
)

masked_cross_entropy.edit(
    "sign_turned",
    "the sign is wrong",
    base=masked_by_gathering,
    replace={"-log_probs": "log_probs"},
    why="A loss that falls below 0 rewards the model for making the right words unlikely.",
    question="Is the logarithm of a probability positive or negative, and what should a loss be?",
)


masked_cross_entropy.edit(
    "reductions_swapped",
    "sum and mean are swapped",
    base=masked_by_multiplying,
    replace={'== "mean"': '!= "mean"'},
    why="Sums grow with the batch; means do not, and can be compared.",
    question="Which of your two results is divided, and which was asked for?",
)

masked_cross_entropy.edit(
    "not_reduced",
    "a loss for each token came back, not one number",
    base=masked_by_gathering,
    replace={'losses.mean() if reduction == "mean" else losses.sum()': "losses"},
    why="Training needs one number to make smaller.",
    question="What do `mean` and `sum` make of many losses, and where are they in your code?",
)

masked_cross_entropy.edit(
    "targets_overwritten",
    "the targets that were passed in were changed",
    base=masked_by_multiplying,
    replace={
        "    losses =": "    tgt_output[~tgt_mask] = 0\n    losses =",
    },
    why="The caller still needs them: the same targets are used for the accuracy.",
    question="Which of your lines writes into an argument? What does `masked_fill` do instead?",
)

masked_cross_entropy.edit(
    "as_long_as_the_first",
    "every sentence was taken to be as long as the first one",
    base=masked_by_multiplying,
    replace={"    losses =": "    tgt_mask = tgt_mask[:1].expand_as(tgt_mask)\n    losses ="},
    why="Words of longer sentences are lost, and the padding of shorter ones is counted.",
    question="How many rows does the mask have, and how many of them do you use?",
)

masked_cross_entropy.edit(
    "vocabulary_axis_last",
    "`cross_entropy` took the places for the words of the vocabulary",
    base=masked_by_multiplying,
    replace={"logits.transpose(1, 2)": "logits"},
    why="It expects the vocabulary as axis 1, or logits [places, vocab] with one axis of places.",
    question="Which axis of the logits does `cross_entropy` take for the vocabulary?",
    raises="(?i)expected target size|out of bounds",
)

masked_cross_entropy.edit(
    "in_bits",
    "these are bits, not nats",
    base=masked_by_gathering,
    replace={"log_softmax(dim=-1)": "softmax(dim=-1).log2()"},
    why="Nats are natural logarithms. Bits are logarithms to base 2, and 0.69 times as large.",
    question="Which logarithm does the docstring ask for?",
)

masked_cross_entropy.edit(
    "logits_for_log_probabilities",
    "the logits were taken for log-probabilities",
    base=masked_by_gathering,
    replace={"logits.log_softmax(dim=-1)": "logits"},
    why="A model can make such a loss as small as it likes by making all its logits larger.",
    question="What do numbers sum to that are probabilities, and do yours?",
)

masked_cross_entropy.edit(
    "softmax_over_the_steps",
    "the softmax was taken over the steps, not over the vocabulary",
    base=masked_by_gathering,
    replace={"log_softmax(dim=-1)": "log_softmax(dim=1)"},
    why="At each step, the words of the vocabulary share the probability 1.",
    question="Between what does the model choose at one step, and along which axis is it?",
)

masked_cross_entropy.edit(
    "probabilities_not_logs",
    "the probabilities were added up, not their logarithms",
    base=masked_by_gathering,
    replace={"log_softmax(dim=-1)": "softmax(dim=-1)"},
    why="A loss of logarithms punishes a word that was held for impossible most of all.",
    question="Cross-entropy is the mean of which numbers?",
)

masked_cross_entropy.edit(
    "sums_of_means",
    "these are means of the sentences, added up or averaged",
    base=masked_by_multiplying,
    replace={
        "(losses * tgt_mask).sum()": (
            "((losses * tgt_mask).sum(dim=1) / tgt_mask.sum(dim=1)).sum()"
        ),
        "total / tgt_mask.sum()": "total / len(logits)",
    },
    why="A word of a short sentence would weigh more than a word of a long one.",
    question="Once you have added up the words of the whole batch, what is there to divide by?",
)

masked_cross_entropy.edit(
    "loss_detached",
    "no gradient can flow from what came back: it has forgotten how it was computed",
    base=masked_by_gathering,
    replace={"log_probs.gather": "log_probs.detach().gather"},
    why="Gradients flow back from a loss through the steps that made it. `.detach()` and "
    "`no_grad` forget them.",
    question="Which of your lines forgets how its numbers were computed?",
)

masked_cross_entropy.edit(
    "loss_as_number",
    "no gradient can flow from what came back: it has forgotten how it was computed",
    base=masked_by_gathering,
    replace={
        'losses.mean() if reduction == "mean" else losses.sum()': (
            '(losses.mean() if reduction == "mean" else losses.sum()).item()'
        )
    },
    why="Gradients flow back from a loss through the steps that made it. A plain number has none.",
    question="When may `.item()` be called: before `backward()` or after it?",
)


@masked_cross_entropy.alternative
def masked_by_ignoring(logits, tgt_output, tgt_mask, reduction="mean"):
    targets = tgt_output.masked_fill(~tgt_mask, -100).flatten()
    return nn.functional.cross_entropy(logits.flatten(0, 1), targets, reduction=reduction)


@masked_cross_entropy.alternative
def masked_in_long_hand(logits, tgt_output, tgt_mask, reduction="mean"):
    log_probs = logits.log_softmax(dim=-1)
    losses = -log_probs.gather(-1, tgt_output.unsqueeze(-1)).squeeze(-1)
    kept = losses[tgt_mask]
    return kept.mean() if reduction == "mean" else kept.sum()
