"""The predictions of lesson 3, in the order of the notebook."""

from s2s_ref.checks.registry import prediction
from s2s_ref.exercises.shared import one_of, one_percentage


@prediction(title="Prediction: a mate of 40 words", example="all")
def mate(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "nothing", "loss", "all")


@mate.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def mate_unanswered():
    return None


@mate.mistake('expected one of "nothing", "loss", "all"', why="One word, in quotes.")
def mate_by_list():
    return ["state", "loss"]


@prediction(title="Prediction: two things forgotten", example=["worse", "same"])
def forgotten(answer):
    """Return what is wrong with two words, or None."""
    if answer is None:
        return "nothing is written down yet"
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return "expected two words in a list"
    if any(word not in ("worse", "same", "better") for word in answer):
        return 'expected "worse", "same" or "better", twice'
    return None


@forgotten.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def forgotten_unanswered():
    return None


@forgotten.mistake(
    "expected two words in a list", why="One for the encoder, then one for the loss: [a, b]."
)
def forgotten_one_word():
    return "worse"


@forgotten.mistake(
    'expected "worse", "same" or "better", twice', why="Small letters, in quotes, as in the text."
)
def forgotten_in_other_words():
    return ["a bit worse", "the same"]


@prediction(title="Prediction: who has the lower loss", example="B")
def lower_loss(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "A", "B")


@lower_loss.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def lower_loss_unanswered():
    return None


@lower_loss.mistake('expected one of "A", "B"', why="A letter in quotes, as a capital.")
def lower_loss_small():
    return "a"


@prediction(title="Prediction: padding in random batches", example=50)
def padding_share(answer):
    """Return what is wrong with a percentage, or None."""
    return one_percentage(answer)


@padding_share.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def padding_share_unanswered():
    return None


@padding_share.mistake("expected a percentage, from 0 to 100", why="Just a number, without quotes.")
def padding_share_in_quotes():
    return "50 %"
