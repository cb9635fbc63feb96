"""The predictions of lesson 4, in the order of the notebook."""

from s2s_ref.checks.registry import prediction
from s2s_ref.exercises.shared import one_of, one_percentage


@prediction(title="Prediction: with a teacher or without", example=["forced", "same"])
def ahead(answer):
    """Return what is wrong with two choices, or None."""
    if answer is None:
        return "nothing is written down yet"
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return "expected two words in a list"
    if any(which not in ("forced", "free", "same") for which in answer):
        return 'expected "forced", "free" or "same", twice'
    return None


@ahead.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def nobody_ahead():
    return None


@ahead.mistake("expected two words in a list", why="One for the start, one for the end: [a, b].")
def one_word():
    return "forced"


@ahead.mistake('expected "forced", "free" or "same", twice', why="Small letters, in quotes.")
def other_words():
    return ["teacher", "alone"]


@prediction(title="Prediction: the loss rises", example="worse")
def translations(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "worse", "same", "better")


@translations.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def no_change_chosen():
    return None


@translations.mistake(
    'expected one of "worse", "same", "better"', why="One of the three, in quotes, small letters."
)
def change_in_percent():
    return -5


@prediction(title="Prediction: after one wrong word", example=30)
def next_words(answer):
    """Return what is wrong with a percentage, or None."""
    return one_percentage(answer)


@next_words.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def no_share():
    return None


@next_words.mistake("expected a percentage, from 0 to 100", why="Just a number, without quotes.")
def share_in_words():
    return "most of them"


@prediction(title="Prediction: a teacher now and then", example="better")
def now_and_then(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "worse", "same", "better")


@now_and_then.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def no_outcome_chosen():
    return None


@now_and_then.mistake(
    'expected one of "worse", "same", "better"', why="One of the three, in quotes, small letters."
)
def outcome_in_a_sentence():
    return "a bit better"
