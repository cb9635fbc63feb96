"""The predictions of lesson 1, in the order of the notebook."""

from s2s_ref.checks.registry import prediction
from s2s_ref.exercises.shared import one_of, one_percentage, several_percentages


@prediction(title="Prediction: longer than any it learned from", example=60)
def longer(answer):
    """Return what is wrong with a percentage, or None."""
    return one_percentage(answer)


@longer.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def longer_unanswered():
    return None


@longer.mistake("expected a percentage, from 0 to 100", why="Just a number, without quotes.")
def longer_in_words():
    return "about half"


@longer.mistake(
    "expected a percentage: 0.9 %, or 90?", why="One half is 50. For less than 1 %, write 0."
)
def longer_as_share():
    return 0.9


@prediction(title="Prediction: accuracy at each position", example=[90, 30, 50])
def positions(answer):
    """Return what is wrong with three percentages, or None."""
    return several_percentages(answer, 3)


@positions.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def unanswered():
    return None


@positions.mistake("expected three numbers in a list", why="One for each position: [a, b, c].")
def one_number():
    return 50


@positions.mistake("expected percentages, from 0 to 100", why="Write 50 for one half.")
def too_large():
    return [150, 20, 30]


@positions.mistake(
    "expected a percentage: 0.5 %, or 50?", why="One half is 50. For less than 1 %, write 0."
)
def as_shares():
    return [1, 0.5, 0.5]


@prediction(title="Prediction: a larger network", example=60)
def bigger(answer):
    """Return what is wrong with a percentage, or None."""
    return one_percentage(answer)


@bigger.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def bigger_unanswered():
    return None


@bigger.mistake(
    "expected a percentage, from 0 to 100", why="One half is 50, and nothing is above 100."
)
def bigger_than_all():
    return 120


@prediction(title="Prediction: what helps", example="order")
def rescue(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "order", "wait", "both", "neither")


@rescue.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def rescue_unanswered():
    return None


@rescue.mistake('expected one of "order", "wait", "both", "neither"', why="One word in quotes.")
def rescue_by_list():
    return ["order", "wait"]


@prediction(title="Prediction: two words and four", example="a")
def lengths(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "a", "b", "c")


@lengths.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def lengths_unanswered():
    return None


@lengths.mistake('expected one of "a", "b", "c"', why="Write a small letter, in quotes.")
def lengths_in_words():
    return 4


@prediction(title="Prediction: how far back training can feel", example="rnn")
def reach(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "rnn", "gru", "lstm")


@reach.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def reach_unanswered():
    return None


@reach.mistake('expected one of "rnn", "gru", "lstm"', why="Small letters, in quotes.")
def reach_in_capitals():
    return "LSTM"


@prediction(title="Prediction: which cell forgets", example="rnn")
def forgetting(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "rnn", "gru", "lstm")


@forgetting.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def no_answer():
    return None


@forgetting.mistake('expected one of "rnn", "gru", "lstm"', why="Small letters, in quotes.")
def capitals():
    return "RNN"


@prediction(title="Prediction: more patience", example=60)
def patience(answer):
    """Return what is wrong with a percentage, or None."""
    return one_percentage(answer)


@patience.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def patience_unanswered():
    return None


@patience.mistake("expected a percentage, from 0 to 100", why="Just a number, not a list.")
def patience_in_list():
    return [60]
