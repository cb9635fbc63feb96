"""The predictions of lesson 5, in the order of the notebook."""

from s2s_ref.checks.registry import prediction
from s2s_ref.exercises.shared import UNANSWERED, is_number, one_of, one_percentage


@prediction(title="Prediction: what costs the most BLEU", example="not")
def costliest(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "not", "roles", "case", "eos")


@costliest.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def nothing_chosen():
    return None


@costliest.mistake(
    'expected one of "not", "roles", "case", "eos"',
    why="One of the four, in quotes, small letters.",
)
def chosen_by_number():
    return 3


@prediction(title="Prediction: ten draws", example=5)
def ten_draws(answer):
    """Return what is wrong with a number of translations, or None."""
    if answer is None:
        return UNANSWERED
    if not is_number(answer) or not 1 <= answer <= 10:
        return "expected a number from 1 to 10"
    return None


@ten_draws.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def not_guessed():
    return None


@ten_draws.mistake("expected a number from 1 to 10", why="Ten draws are at most ten translations.")
def in_percent():
    return 50


@prediction(title="Prediction: what greedy decoding misses", example=10)
def greedy_misses(answer):
    """Return what is wrong with a percentage, or None."""
    return one_percentage(answer)


@greedy_misses.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def no_percentage():
    return None


@greedy_misses.mistake("expected a percentage, from 0 to 100", why="Just a number, without quotes.")
def percentage_in_words():
    return "few"


@prediction(title="Prediction: a beam of 50", example=["up", "up"])
def wide_beam(answer):
    """Return what is wrong with two directions, or None."""
    if answer is None:
        return UNANSWERED
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return "expected two words in a list"
    if any(way not in ("up", "same", "down") for way in answer):
        return 'expected "up", "same" or "down", twice'
    return None


@wide_beam.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def no_direction():
    return None


@wide_beam.mistake(
    "expected two words in a list", why="One for the log-probability, one for BLEU: [a, b]."
)
def one_word():
    return "up"


@wide_beam.mistake('expected "up", "same" or "down", twice', why="Small letters, in quotes.")
def other_words():
    return ["better", "worse"]
