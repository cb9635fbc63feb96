"""The exercise `sample_decode`: translate by drawing every token, with a temperature."""

from typing import Any

import torch
from torch import Tensor, nn

from s2s_ref import decoding
from s2s_ref.checks.draw import Draw
from s2s_ref.checks.exact_decoders import Chances, Draws, Reading, Tables, at, described, starts_of
from s2s_ref.checks.registry import exercise
from s2s_ref.student.protocol import Observation
from s2s_ref.student.table_models import MAX_CALLS


@exercise(
    reference=decoding.sample_decode,
    title="Sampling with a temperature",
    longhand="sample_that_trims_at_the_end",
    steps={
        "logits 1": (
            "the logits of the first step",
            "Which words and which state does the first step read?",
        ),
        "probabilities 1": (
            "the probabilities of the first step",
            "What happens to the logits before the softmax, and along which axis do the "
            "probabilities sum to 1?",
        ),
    },
    after=["decoding.trim_at_eos"],
    returns="translations",
    edges=[
        {"lstm": 1, "draws": 50},
        {"third": 1, "draws": 50},
        {"cold": 1, "draws": 50},
        {"max_len": 1, "hot": 1},
        {"sentences": 1, "draws": 1},
    ],
    times=2,
    findings={
        "no translation has more": "What ends your loop: the end of one sentence, or of all?",
        "equally likely": "Along which axis do the probabilities sum to 1?",
        "likeliest tokens are drawn": "Which tokens have no chance in your code?",
        "state is reset": "Which state does the second step start from?",
        "reads <bos>": "What does the decoder read in the second step?",
        "words so far": "What does the state that came back already know?",
        "not the drawn one": "Which token should the decoder read next?",
        "softmax of a softmax": "What goes into your softmax: logits or probabilities?",
        "temperature": "Where do the logits meet the temperature?",
        "already the first": "What happens to the logits before they become probabilities, and "
        "along which axis does the softmax run?",
        "the later ones": "Which state and which token does the second step start from?",
    },
    hints=[
        "Greedy decoding always takes the likeliest token. Here every token has its chance. Where "
        "do the chances come from, and what does a small temperature do to their differences?",
        "Logits [batch, vocab] are divided by the temperature and become probabilities "
        "[batch, vocab]. `torch.multinomial` draws one token from each row, and takes the "
        "generator.",
        "Logits [2, 0] at temperature 0.5 become [4, 0], and so probabilities 0.98 and 0.02; at "
        "temperature 2 they become [1, 0]: 0.73 and 0.27.",
    ],
)
def sample_decode(
    draw: Draw, sentences=2, draws=300, vocab=5, states=6, max_len=3, cold=0, hot=0, lstm=0, third=0
):
    """Draw a decoder as tables, and some sentences many times over.

    The state may be an LSTM's, and the decoder one with a third result.
    """
    bos_id, eos_id = draw.distinct(0, vocab, 2)
    spaced = [level - 2.0 for level in range(vocab)]  # so that near 0 it is greedy
    levels = torch.tensor([draw.shuffled(spaced) for _ in range(states)])
    starts = draw.distinct(0, states, sentences)
    most = sentences * draws * max_len * 2 + MAX_CALLS  # enough to draw one sentence at a time
    decoder = described(draw.ids(0, states, states, vocab), levels, most)
    return {
        "decoder": draw.with_third_result(decoder) if third else decoder,
        "state": at(draw, starts * draws, states, lstm),
        "bos_id": bos_id,
        "eos_id": eos_id,
        "max_len": max_len,
        "temperature": 0.05 if cold else draw.shuffled([2.0] if hot else [0.4, 0.5, 2.0])[0],
        "generator": draw.generator(),
    }


ALWAYS_LIKELIEST = "the likeliest token came every time"
MANY = 50
"""So many draws are never the same twice, except by a temperature near 0."""


@sample_decode.verdict
def drawn_by_chance(arguments: dict[str, Any], seen: Observation) -> str | None:
    """Return what is wrong with draws, or None: their form, their source, their frequencies."""
    starts, max_len = starts_of(arguments["state"]), arguments["max_len"]
    tables = Tables(arguments["decoder"], arguments["bos_id"], arguments["eos_id"])
    first, second = seen.output
    for rows in (first, second):
        if problem := _wrong_form(rows, len(starts), max_len, tables):
            return problem
    draws = Draws(tables, starts * 2, [*first, *second], max_len)
    right, wrong = _chances(tables.logits, arguments["temperature"])
    fits = draws.fit(right)
    if "generator" not in seen.changed:
        greedy = not fits and draws.fit(wrong[ALWAYS_LIKELIEST])
        return ALWAYS_LIKELIEST if greedy else "nothing was drawn from the generator"
    if first == second and len(first) >= MANY and not draws.fit(wrong[ALWAYS_LIKELIEST]):
        return "two calls with one generator gave the same translations"
    if fits:
        return None
    longest = max(map(len, [*first, *second]))
    if longest < max_len and _goes_on(tables, starts, right, longest):
        tokens = "token" if longest == 1 else "tokens"
        return f"no translation has more than {longest} {tokens}, and max_len is {max_len}"
    if words := _wrong_frequencies(draws, first, wrong, tables.eos_id):
        return words
    if Draws(tables, starts * 2, [*first, *second], 1).fit(right):
        return "the first words come as often as they should, the later ones do not"
    return "already the first words do not come as often as they should"


def _goes_on(tables: Tables, starts: list[int], right: Chances, length: int) -> bool:
    """Tell whether many of the right draws are longer than this."""
    found = [tables.beginnings(start, length + 1, right) for start in set(starts)]
    longer = [p for f in found for t, p in f.items() if len(t) > length and t[-1] != tables.eos_id]
    return sum(longer) / len(found) > MANY / len(starts)


def _wrong_form(rows: list[list[int]], sentences: int, max_len: int, tables: Tables) -> str:
    """Say what cannot be a translation, whatever was drawn."""
    if len(rows) != sentences:
        return f"{len(rows)} translations came for {sentences} sentences"
    if any(isinstance(token, Tensor) for row in rows for token in row):
        return "a translation holds tensors, not numbers"
    if any(len(row) > max_len for row in rows):
        begun = all(row[:1] == [tables.bos_id] for row in rows)
        return f"a translation {'begins with <bos>' if begun else 'is longer than max_len'}"
    if any(tables.eos_id in row[:-1] for row in rows):
        return "a translation goes on after <eos>"
    if any(tables.eos_id in row for row in rows):
        return "<eos> is in a translation"
    return ""


def _chances(logits: Tensor, temperature: float) -> tuple[Chances, dict[str, Chances]]:
    """Return how translations are drawn rightly, and wrong ways by what a card says of them."""
    likeliest = nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[1]).double()
    right = (logits / temperature).softmax(dim=-1)
    shares = {
        ALWAYS_LIKELIEST: likeliest,
        "these are the draws of temperature 1": logits.softmax(dim=-1),
        "these are the draws of 1 / temperature": (logits * temperature).softmax(dim=-1),
        "these are the draws of a softmax of a softmax": right.softmax(dim=-1),
        "all tokens are equally likely": torch.full_like(right, 1 / right.shape[1]),
        **{f"only the {k} likeliest tokens are drawn": _top(right, k) for k in (2, 3)},
    }
    of = "these are the draws of a decoder"
    wrong = {words: Chances(probs) for words, probs in shares.items()}
    wrong |= {f"{of} {words}": Chances(right, reading) for words, reading in READINGS.items()}
    return Chances(right), wrong | {
        f"{told}, and of a decoder {words}": Chances(probs, reading)
        for told, probs in shares.items()
        for words, reading in READINGS.items()
    }


READINGS: dict[str, Reading] = {
    "that reads <bos> at every step": (
        lambda tables, _, place, tokens: tables.read(place, [tables.bos_id])
    ),
    "whose state is reset at every step": (
        lambda tables, start, _, tokens: tables.read(start, tokens[-1:])
    ),
    "that reads the words so far again": (
        lambda tables, _, place, tokens: tables.read(place, [tables.bos_id, *tokens])
    ),
    "that reads the likeliest token, not the drawn one": (
        lambda tables, _, place, tokens: tables.read(place, [int(tables.logits[place].argmax())])
    ),
}
"""What a decoder may read wrongly, by what a card says of it."""


def _top(probabilities: Tensor, k: int) -> Tensor:
    """Share out all the probability among the k likeliest tokens."""
    best, places = probabilities.topk(k)
    return torch.zeros_like(probabilities).scatter(1, places, best / best.sum(1, keepdim=True))


def _wrong_frequencies(
    draws: Draws, rows: list[list[int]], wrong: dict[str, Chances], eos_id: int
) -> str:
    """Say which wrong distribution the draws come from, as far as they tell, or nothing.

    Of several that explain them alike the first one counts.
    """
    if len({row[0] if row else eos_id for row in rows}) == 1:
        return "all the sentences begin with the same token"
    likelihoods = {words: draws.log_likelihood(way) for words, way in wrong.items()}
    best = next(w for w, own in likelihoods.items() if own > max(likelihoods.values()) - 1)
    return best if draws.fit(wrong[best]) else ""


@sample_decode.alternative
def sample_that_trims_at_the_end(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    written = torch.full((len(state.h), 1), bos_id)
    for _ in range(max_len):
        logits, state, *_ = decoder(written[:, -1:], state)
        probabilities = (logits[:, -1] / temperature).softmax(dim=-1)
        token = torch.multinomial(probabilities, 1, generator=generator)
        written = torch.cat([written, token], dim=1)
    rows = written[:, 1:].tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


sample_decode.edit(
    "multiplied",
    "the logits were multiplied by the temperature, not divided",
    base=sample_that_trims_at_the_end,
    replace={"/ temperature": "* temperature"},
    why="Then a low temperature makes the translations wild, and a high one makes them dull.",
    question="Logits 2 and 0 at temperature 0.5: should their difference grow or shrink?",
)

sample_decode.edit(
    "probabilities_divided",
    "the temperature has no effect",
    base=sample_that_trims_at_the_end,
    replace={
        "(logits[:, -1] / temperature).softmax(dim=-1)": (
            "logits[:, -1].softmax(dim=-1) / temperature"
        )
    },
    why="`multinomial` makes its weights sum to 1 itself, so dividing all probabilities by one "
    "number changes nothing. The temperature divides the logits.",
    question="Does the temperature come before the softmax, or after it?",
)

sample_decode.edit(
    "softmax_twice",
    "the softmax was taken twice",
    base=sample_that_trims_at_the_end,
    replace={".softmax(dim=-1)": ".softmax(dim=-1).softmax(dim=-1)"},
    why="Probabilities lie between 0 and 1, so their softmax is nearly flat, and almost any word "
    "may come.",
    question="What goes into your softmax: logits or probabilities?",
)

sample_decode.edit(
    "generator_unused",
    "the generator was not used",
    base=sample_that_trims_at_the_end,
    replace={", generator=generator": ""},
    why="Then nobody can repeat the experiment: the draws depend on everything that ran before.",
    question="Which argument of `torch.multinomial` takes the generator?",
)

sample_decode.edit(
    "one_for_all",
    "one token was drawn for the whole batch",
    base=sample_that_trims_at_the_end,
    replace={
        "logits[:, -1]": "logits[0, -1]",
        "1, generator=generator)": "1, generator=generator).expand(len(state.h), 1)",
    },
    why="Every sentence would get the words that were drawn for the first one.",
    question="How many tokens are wanted at each step, and from how many rows of probabilities?",
)

sample_decode.edit(
    "same_bos",
    "the decoder reads <bos> at every step",
    base=sample_that_trims_at_the_end,
    replace={"written[:, -1:]": "written[:, :1]"},
    why="It never learns which word was drawn.",
    question="What does the decoder read in the second step?",
)

sample_decode.edit(
    "state_reset",
    "every step starts from the first state again",
    base=sample_that_trims_at_the_end,
    replace={"logits, state, *_": "logits, *_"},
    why="The decoder forgets all but its last word.",
    question="Which state does the second call start from?",
)

sample_decode.edit(
    "beginning_read_again",
    "the whole beginning is read again at every step, from the newest state",
    base=sample_that_trims_at_the_end,
    replace={"written[:, -1:]": "written"},
    why="That state has read those words already. After three words the first has been read three "
    "times.",
    question="What does the state that came back already know?",
)

sample_decode.edit(
    "two_results_expected",
    "the decoder returned three results, and two were expected",
    base=sample_that_trims_at_the_end,
    replace={"logits, state, *_": "logits, state"},
    why="Decoders with attention return their weights too.",
    question="How do you take the first two of two or three results?",
    raises="too many values to unpack",
)

sample_decode.edit(
    "bos_in_result",
    "<bos> is in the result",
    base=sample_that_trims_at_the_end,
    replace={"written[:, 1:]": "written"},
    why="It is what the decoder reads first, not a word that it says.",
    question="What stands in the first column of all that was written?",
)

sample_decode.edit(
    "past_eos",
    "it goes on past <eos>",
    base=sample_that_trims_at_the_end,
    replace={
        "rows = written": "return written",
        "    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]": "",
    },
    why="What is drawn after <eos> belongs to no sentence.",
    question="Where does a translation end, if <eos> was drawn before the last step?",
)

sample_decode.edit(
    "one_token_too_many",
    "a sentence is one token longer than max_len",
    base=sample_that_trims_at_the_end,
    replace={"range(max_len)": "range(max_len + 1)"},
    why="A limit that is exceeded by one is no limit: memory is planned by it.",
    question="How often may the decoder be asked?",
)

sample_decode.edit(
    "tensors_returned",
    "the lists hold tensors, not numbers",
    base=sample_that_trims_at_the_end,
    replace={"written[:, 1:].tolist()": "[list(row) for row in written[:, 1:]]"},
    why="A dictionary of words does not find the key 7 by a tensor that holds 7.",
    question="Which method makes plain numbers of a tensor?",
)

sample_decode.edit(
    "steps_in_rows",
    "there is a list for each step, not for each sentence",
    base=sample_that_trims_at_the_end,
    replace={"written[:, 1:].tolist()": "written[:, 1:].T.tolist()"},
    why="Each list should be one translation.",
    question="Which axis of all that was written counts the sentences?",
)

sample_decode.edit(
    "eos_drawn_and_kept",
    "<eos> is in the result",
    base=sample_that_trims_at_the_end,
    replace={"row.index(eos_id)": "row.index(eos_id) + 1"},
    why="It ends the sentence; it is not a word of it.",
    question="What does `trim_at_eos` keep?",
)

sample_decode.edit(
    "always_likeliest",
    "nothing is drawn: the likeliest token always comes",
    base=sample_that_trims_at_the_end,
    replace={
        "torch.multinomial(probabilities, 1, generator=generator)": (
            "probabilities.argmax(dim=-1, keepdim=True)"
        )
    },
    why="That is greedy decoding. Drawing twice should not give the same translation twice.",
    question="What should happen to a token with a probability of 30 %?",
)


@sample_decode.alternative
def sample_by_gumbel_noise(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    rows = [[] for _ in state.h]
    going, token = torch.arange(len(rows)), torch.full((len(rows), 1), bos_id)
    for _ in range(max_len):
        logits, state, *_ = decoder(token, state)
        logits = logits[:, -1]
        noise = torch.empty_like(logits).exponential_(generator=generator).log()
        token = (logits / temperature - noise).argmax(dim=-1, keepdim=True)
        keep = (token != eos_id).flatten().nonzero().flatten()
        going, token, state = going[keep], token[keep], state.select(keep)
        if len(going) == 0:
            break
        for row, word in zip(going.tolist(), token.flatten().tolist(), strict=True):
            rows[row].append(word)
    return rows


@sample_decode.alternative
def sample_by_cumulated_sums(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    token, steps = torch.full((len(state.h), 1), bos_id), []
    for _ in range(max_len):
        logits, state, *_ = decoder(token, state)
        sums = torch.softmax(logits[:, 0] / temperature, dim=1).cumsum(dim=1)
        coin = torch.rand(len(sums), 1, generator=generator) * sums[:, -1:]
        token = (sums < coin).sum(dim=1, keepdim=True)
        steps.append(token)
    rows = torch.cat(steps, dim=1).tolist()
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows]


@sample_decode.alternative
def sample_one_by_one(decoder, state, bos_id, eos_id, max_len, temperature, generator):
    rows = []
    for i in range(len(state.h)):
        own, token, row = state.select(torch.tensor([i])), bos_id, []
        while len(row) < max_len:
            logits, own, *_ = decoder(torch.tensor([[token]]), own)
            shares = (logits[0, -1] / temperature).softmax(dim=-1)
            token = torch.multinomial(shares, 1, generator=generator).item()
            if token == eos_id:
                break
            row.append(token)
        rows.append(row)
    return rows


sample_decode.edit(
    "reseeded",
    "the function gives the generator a seed of its own: every call draws the same",
    base=sample_that_trims_at_the_end,
    replace={
        "    for _ in range(max_len):\n": (
            "    generator.manual_seed(0)\n    for _ in range(max_len):\n"
        )
    },
    why="The caller decides on the seed, once. A second call has to go on where the first one "
    "stopped, or several samples of a sentence are all the same.",
    question="Who should choose the seed: your function, or the one who calls it?",
)

sample_decode.edit(
    "likeliest_read",
    "the decoder reads the likeliest token, not the drawn one",
    base=sample_that_trims_at_the_end,
    replace={
        "    written = torch.full((len(state.h), 1), bos_id)\n": (
            "    written = torch.full((len(state.h), 1), bos_id)\n    read = written\n"
        ),
        "decoder(written[:, -1:], state)": (
            "decoder(read, state)\n        read = logits.argmax(dim=-1)"
        ),
    },
    why="It goes on as if another word stood there. The words of a sentence do not fit together.",
    question="Which token does the decoder read after a word was drawn?",
)

sample_decode.edit(
    "equally_likely",
    "all tokens are equally likely: the softmax ran along an axis of length 1",
    base=sample_that_trims_at_the_end,
    replace={
        "(logits[:, -1] / temperature).softmax(dim=-1)": (
            "(logits / temperature).softmax(dim=1)[:, -1]"
        )
    },
    why="The softmax of a single number is 1, whatever the number is.",
    question="Along which axis do the probabilities sum to 1?",
)

sample_decode.edit(
    "logits_drawn",
    "logits went into `multinomial`, not probabilities",
    base=sample_that_trims_at_the_end,
    replace={".softmax(dim=-1)": ""},
    why="It takes its numbers for shares, and a share is never below 0.",
    question="Which step makes probabilities of logits?",
    raises="probability tensor",
)

sample_decode.edit(
    "one_axis_too_many",
    "`multinomial` got the axis of the single step too",
    base=sample_that_trims_at_the_end,
    replace={"logits[:, -1]": "logits"},
    why="It draws from a table with one row for each sentence.",
    question="Which axis of [batch, 1, vocab] should be gone before the draw?",
    raises="1 or 2 dim",
)
