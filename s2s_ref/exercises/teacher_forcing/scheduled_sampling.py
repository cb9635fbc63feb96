"""The exercise `scheduled_sampling`: let the decoder read the right word or its own."""

import torch

from s2s_ref import teacher_forcing
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.registry import exercise
from s2s_ref.exercises.shared import state_of
from s2s_ref.exercises.teacher_forcing.teacher_forced_loss import decoder_of


@exercise(
    reference=teacher_forcing.scheduled_sampling,
    title="A teacher now and then",
    longhand="sampling_word_by_word",
    steps={
        "state": ("the decoder's state", "Which state does each step read?"),
        "logits": ("the logits of a step", "Which word and which state does this step read?"),
        "own": ("the decoder's own word", "Which logits choose this word, and over which axis?"),
        "token": (
            "the word that is read next",
            "When is the right word read, and when the own one?",
        ),
    },
    returns="logits",
    edges=[{"batch": 1}, {"tgt_len": 1}, {"lstm": 1}, {"results": 3}],
    hints=[
        "At each step a coin says who speaks: the teacher, or the decoder itself. Which two words "
        "could be read at step t, and where does each come from?",
        "coins[:, t] has one coin for each sentence. `torch.where(coin, a, b)` picks from a where "
        "the coin is True and from b elsewhere; all three are [batch, 1].",
        "The right words are <bos> 7 8, the coins True True False. The decoder reads <bos>. Coin 1 "
        "is True: it reads 7, and its likeliest word is 9. Coin 2 is False: it reads 9.",
    ],
)
def scheduled_sampling(
    draw: Draw, batch=3, tgt_len=6, vocab=8, embed=4, hidden=5, lstm=0, results=2
):
    """Draw a decoder, a state for it to start from, right words and coins."""
    tgt_input = draw.ids(0, vocab, batch, tgt_len)
    tgt_input[:, 0] = draw.special_ids(vocab).bos
    return {
        "decoder": decoder_of(draw, vocab, embed, hidden, lstm, results),
        "state": state_of(draw, batch, hidden, lstm),
        "tgt_input": tgt_input,
        "coins": draw.ids(0, 2, batch, tgt_len) == 1,
    }


@scheduled_sampling.alternative
def sampling_word_by_word(decoder, state, tgt_input, coins):
    logits, state, *_ = decoder(tgt_input[:, :1], state)
    rows = [logits]
    for t in range(1, tgt_input.shape[1]):
        right = tgt_input[:, t : t + 1]
        own = logits.argmax(dim=-1)
        token = torch.where(coins[:, t : t + 1], right, own)
        logits, state, *_ = decoder(token, state)
        rows.append(logits)
    return torch.cat(rows, dim=1)


scheduled_sampling.edit(
    "coin_inverted",
    "the coin is the wrong way round",
    base=sampling_word_by_word,
    replace={"right, own": "own, right"},
    why="True stands for the right word. With mostly True it would be nearly free running.",
    question="What does the decoder read where the coin is True?",
)

scheduled_sampling.edit(
    "one_coin_for_all",
    "one coin decides for the whole batch",
    base=sampling_word_by_word,
    replace={"torch.where(coins[:, t : t + 1], right, own)": "right if coins[0, t] else own"},
    why="Every sentence has a coin of its own at every step.",
    question="How many coins are there at step t, and how many of them do you look at?",
)

scheduled_sampling.edit(
    "one_coin_a_sentence",
    "one coin decides for the whole sentence",
    base=sampling_word_by_word,
    replace={"coins[:, t : t + 1]": "coins[:, :1]"},
    why="The coin is tossed again at every step, so that right words and its own alternate.",
    question="Along which axis of `coins` does time run?",
)

scheduled_sampling.edit(
    "coin_of_the_step_before",
    "each word is decided by the coin of the step before",
    base=sampling_word_by_word,
    replace={"coins[:, t : t + 1]": "coins[:, t - 1 : t]"},
    why="Each coin belongs to the right word at the same place: coin t to word t.",
    question="Which coin decides what is read at step 1?",
)


@scheduled_sampling.mistake(
    "the right word is read at every step",
    why="This is teacher forcing. The target leaks in where the decoder should read its own word.",
    question="Where does your code use the coins?",
)
def always_the_right_word(decoder, state, tgt_input, coins):
    logits, *_ = decoder(tgt_input, state)
    return logits


scheduled_sampling.edit(
    "always_its_own_word",
    "the decoder's own word is read at every step",
    base=sampling_word_by_word,
    replace={"torch.where(coins[:, t : t + 1], right, own)": "own"},
    why="This is free running. The teacher never speaks.",
    question="Where does your code use the coins?",
)


@scheduled_sampling.mistake(
    "the decoder's own words come from a run with a teacher",
    why="What it would say after the right words is not what it says after its own.",
    question="Which words had the decoder read when it chose the word that you call its own?",
)
def own_words_of_a_forced_run(decoder, state, tgt_input, coins):
    logits, *_ = decoder(tgt_input, state)
    own = torch.cat([tgt_input[:, :1], logits[:, :-1].argmax(dim=-1)], dim=1)
    mixed = torch.where(coins, tgt_input, own)
    mixed[:, 0] = tgt_input[:, 0]
    return decoder(mixed, state)[0]


scheduled_sampling.edit(
    "state_not_carried",
    "the state is reset at every step",
    base=sampling_word_by_word,
    replace={
        "logits, state, *_ = decoder(tgt_input[:, :1], state)": (
            "logits, *_ = decoder(tgt_input[:, :1], state)"
        ),
        "logits, state, *_ = decoder(token, state)": "logits, *_ = decoder(token, state)",
    },
    why="The decoder knows the source and its last word, and forgets all that it read before.",
    question="Which state does the second call start from?",
)


@scheduled_sampling.mistake(
    "the words so far are read again from a state that has read them",
    why="After three words the decoder has read the first one three times.",
    question="What does the state that came back already know?",
)
def prefix_read_again(decoder, state, tgt_input, coins):
    tokens, rows = tgt_input[:, :1], []
    for t in range(1, tgt_input.shape[1] + 1):
        logits, state, *_ = decoder(tokens, state)
        rows.append(logits[:, -1:])
        if t < tgt_input.shape[1]:
            own = logits[:, -1:].argmax(dim=-1)
            token = torch.where(coins[:, t : t + 1], tgt_input[:, t : t + 1], own)
            tokens = torch.cat([tokens, token], dim=1)
    return torch.cat(rows, dim=1)


scheduled_sampling.edit(
    "last_step_missing",
    "the logits of the last step are missing",
    base=sampling_word_by_word,
    replace={"torch.cat(rows, dim=1)": "torch.cat(rows[:-1], dim=1)"},
    why="The decoder answers every word that it reads, the last one too.",
    question="How many words are read, and how many rows of logits come back?",
    raises="non-empty",
)

scheduled_sampling.edit(
    "two_results_expected",
    "the decoder is taken to return two results, and decoders of later lessons return three",
    base=sampling_word_by_word,
    replace={
        "logits, state, *_ = decoder(tgt_input": "logits, state = decoder(tgt_input",
        "logits, state, *_ = decoder(token": "logits, state = decoder(token",
    },
    why="The text before exercise 1 says how to take what you need from any number of results.",
    question="What does `*_` stand for on the left of `=`?",
    raises="too many values to unpack",
)

scheduled_sampling.edit(
    "coin_without_its_axis",
    "the coins of a step have no axis for the step: [batch] meets [batch, 1]",
    base=sampling_word_by_word,
    replace={"coins[:, t : t + 1]": "coins[:, t]"},
    why="Broadcast against each other, they make a table of all sentences by all coins.",
    question="Which shape does `coins[:, t]` have, and which do the two words have?",
)

scheduled_sampling.edit(
    "all_coins_together",
    "the right word is read only where all sentences of the batch have the coin True",
    base=sampling_word_by_word,
    replace={"torch.where(coins[:, t : t + 1], right, own)": "right if coins[:, t].all() else own"},
    why="Every sentence has a coin of its own at every step.",
    question="How many coins are there at step t, and how many sentences does each decide for?",
)

scheduled_sampling.edit(
    "one_true_coin_for_all",
    "the right word is read by all as soon as one sentence has the coin True",
    base=sampling_word_by_word,
    replace={"torch.where(coins[:, t : t + 1], right, own)": "right if coins[:, t].any() else own"},
    why="Every sentence has a coin of its own at every step.",
    question="How many coins are there at step t, and how many sentences does each decide for?",
)

scheduled_sampling.edit(
    "right_word_too_late",
    "the right word comes one step late",
    base=sampling_word_by_word,
    replace={"right = tgt_input[:, t : t + 1]": "right = tgt_input[:, t - 1 : t]"},
    why="The input of step t is at place t: the target was already shifted.",
    question="Which word of `tgt_input` would be read at step 1 under teacher forcing?",
)


@scheduled_sampling.mistake(
    "the coin and the right word of the step before were taken",
    why="The input of step t is at place t, and so is its coin: the target was already shifted.",
    question="In the round of your loop that says word 0, which word do you choose to read next: "
    "that of place 0, or that of place 1?",
)
def everything_one_step_late(decoder, state, tgt_input, coins):
    token, rows = tgt_input[:, :1], []
    for t in range(tgt_input.shape[1]):
        logits, state, *_ = decoder(token, state)
        rows.append(logits)
        own = logits.argmax(dim=-1)
        token = torch.where(coins[:, t : t + 1], tgt_input[:, t : t + 1], own)
    return torch.cat(rows, dim=1)


scheduled_sampling.edit(
    "first_own_word_kept",
    "the decoder's own word is that of the first step, at every step",
    base=sampling_word_by_word,
    replace={
        "rows = [logits]": "rows, own = [logits], logits.argmax(dim=-1)",
        "        own = logits.argmax(dim=-1)\n": "",
    },
    why="Its own word is the one that it said in the step just before.",
    question="Which logits is the own word of step t taken from?",
)

scheduled_sampling.edit(
    "words_overwritten",
    "the right words that were passed in were overwritten",
    base=sampling_word_by_word,
    replace={"rows.append(logits)": "tgt_input[:, t : t + 1] = token\n        rows.append(logits)"},
    why="The caller still needs them, for the next epoch and for the learner that it compares.",
    question="Which of your lines writes into an argument, and which could make a new tensor?",
)

scheduled_sampling.edit(
    "own_word_too_late",
    "the decoder's own word is one step old",
    base=sampling_word_by_word,
    replace={
        "rows = [logits]": "rows, before = [logits], tgt_input[:, :1]",
        "own = logits.argmax(dim=-1)": "own, before = before, logits.argmax(dim=-1)",
    },
    why="Its own word is the one that it said in the step just before.",
    question="Which logits is the own word of step t taken from?",
)

scheduled_sampling.edit(
    "once_alone_always_alone",
    "a sentence that has read its own word once never reads a right one again",
    base=sampling_word_by_word,
    replace={"coins[:, t : t + 1]": "coins[:, 1 : t + 1].all(dim=1, keepdim=True)"},
    why="The coin is tossed again at every step, so that right words and its own alternate.",
    question="Which coins decide about step 3?",
)

scheduled_sampling.edit(
    "own_word_drawn",
    "the decoder's own word is drawn at random, not the likeliest one",
    base=sampling_word_by_word,
    replace={
        "logits.argmax(dim=-1)": "torch.multinomial(logits[:, -1].softmax(dim=-1), num_samples=1)"
    },
    why="The method is called sampling because of the coins. They are tossed before the call.",
    question="Which word does the docstring ask for where the coin is False?",
)

scheduled_sampling.edit(
    "coin_at_the_first_step",
    "the coin decides about the first word too",
    base=sampling_word_by_word,
    replace={
        "logits, state, *_ = decoder(tgt_input[:, :1], state)": (
            "first = tgt_input[:, :1] * coins[:, :1]\n    logits, state, *_ = decoder(first, state)"
        )
    },
    why="There is no word of its own yet, so the first word is always the given one.",
    question="What does the decoder read at step 0 where the coin is False?",
)


@scheduled_sampling.mistake(
    "the logits of two runs were mixed, not the words that are read",
    why="What the decoder says depends on all that it has read, right words and its own.",
    question="Which words had the decoder read before step 3: those of one run, or a mixture?",
)
def logits_of_two_runs(decoder, state, tgt_input, coins):
    forced, *_ = decoder(tgt_input, state)
    token, rows = tgt_input[:, :1], []
    for _ in range(tgt_input.shape[1]):
        logits, state, *_ = decoder(token, state)
        rows.append(logits)
        token = logits.argmax(dim=-1)
    return torch.where(coins.unsqueeze(-1), forced, torch.cat(rows, dim=1))


scheduled_sampling.edit(
    "detached_logits",
    "no gradient flows: the run was detached from its graph",
    base=sampling_word_by_word,
    replace={"torch.cat(rows, dim=1)": "torch.cat(rows, dim=1).detach()"},
    why="The decoder learns from these logits, so gradients must flow back through them.",
    question="Which of your lines cuts the way back, and is it needed in training?",
)

scheduled_sampling.edit(
    "probabilities",
    "these are probabilities already, not logits",
    base=sampling_word_by_word,
    replace={"torch.cat(rows, dim=1)": "torch.cat(rows, dim=1).softmax(dim=-1)"},
    why="The loss takes the softmax itself. Taken twice, it flattens every choice.",
    question="What do your numbers sum to along the last axis?",
)

scheduled_sampling.edit(
    "last_step_only",
    "only the logits of the last step came back",
    base=sampling_word_by_word,
    replace={"torch.cat(rows, dim=1)": "logits"},
    why="The loss asks for every word of the sentence, the first one too.",
    question="What happens to the logits of a step when the next one comes?",
)


scheduled_sampling.edit(
    "log_probabilities",
    "these are log-probabilities, not logits",
    base=sampling_word_by_word,
    replace={"torch.cat(rows, dim=1)": "torch.cat(rows, dim=1).log_softmax(dim=-1)"},
    why="The loss takes the softmax and its logarithm itself.",
    question="What did the decoder return, and what have you made of it?",
)

scheduled_sampling.edit(
    "words_for_logits",
    "the words came back, not the logits",
    base=sampling_word_by_word,
    replace={"torch.cat(rows, dim=1)": "torch.cat(rows, dim=1).argmax(dim=-1)"},
    why="The loss needs a number for every word of the vocabulary, at every step.",
    question="How many numbers should come back for each sentence and step?",
)

scheduled_sampling.edit(
    "state_returned_too",
    "the decoder's state came back too",
    base=sampling_word_by_word,
    replace={"torch.cat(rows, dim=1)": "torch.cat(rows, dim=1), state"},
    why="The loss needs the logits alone, and the sentence is over.",
    question="How many results does the signature name, after the arrow?",
)

scheduled_sampling.edit(
    "list_returned",
    "a list of the steps came back, not one tensor",
    base=sampling_word_by_word,
    replace={"torch.cat(rows, dim=1)": "rows"},
    why="The loss takes one tensor, [batch, tgt_len, vocab].",
    question="Which function makes one tensor of a list of tensors?",
)

scheduled_sampling.edit(
    "stacked_steps",
    "the steps are stacked along a new axis",
    base=sampling_word_by_word,
    replace={"torch.cat(rows, dim=1)": "torch.stack(rows, dim=1)"},
    why="The logits of a step have an axis of steps already, of length 1.",
    question="How many axes have the logits of one step, and how many should the result have?",
)

scheduled_sampling.edit(
    "returns_in_the_loop",
    "it returns in the first round of its loop",
    base=sampling_word_by_word,
    replace={"    return torch": "        return torch"},
    why="A `return` ends the function, the loop too.",
    question="How far is your `return` indented?",
)

scheduled_sampling.edit(
    "logits_of_both_results",
    "the decoder's results were taken as one",
    base=sampling_word_by_word,
    replace={
        "    logits, state, *_ = decoder(tgt_input[:, :1], state)\n": (
            "    logits = decoder(tgt_input[:, :1], state)\n"
        )
    },
    why="A decoder returns its logits and its next state together.",
    question="What does the decoder return besides the logits?",
    raises="'tuple' object has no attribute|but got tuple",
)


@scheduled_sampling.alternative
def sampling_from_the_start(decoder, state, tgt_input, coins):
    tokens = tgt_input.clone()
    for t in range(1, tgt_input.shape[1]):
        logits, *_ = decoder(tokens[:, :t], state)
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
        logits, state, *_ = decoder(token.unsqueeze(1), state)
        rows.append(logits.squeeze(1))
    return torch.stack(rows, dim=1)
