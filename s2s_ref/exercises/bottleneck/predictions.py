"""The predictions of lesson 6, in the order of the notebook."""

from s2s_ref.checks.registry import prediction
from s2s_ref.exercises.shared import one_of, one_percentage


@prediction(title="Prediction: 99 of 100 words right", example=74)
def by_itself(answer):
    """Return what is wrong with a percentage, or None."""
    return one_percentage(answer)


@by_itself.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def by_itself_unanswered():
    return None


@by_itself.mistake("expected a percentage, from 0 to 100", why="Just a number, without quotes.")
def by_itself_in_quotes():
    return "99 %"


@prediction(title="Prediction: which curves test the vector", example="all lengths")
def tests_capacity(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "short only", "all lengths", "both")


@tests_capacity.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def capacity_unanswered():
    return None


@tests_capacity.mistake(
    'expected one of "short only", "all lengths", "both"', why="One of the three, in quotes."
)
def capacity_in_numbers():
    return 2


WAYS = ("plain", "peeky", "reversed", "both")


@prediction(title="Prediction: four ways to add", example=list(WAYS))
def sums_order(answer):
    """Return what is wrong with a ranking, or None."""
    if answer is None:
        return "nothing is written down yet"
    if not isinstance(answer, list | tuple) or sorted(map(str, answer)) != sorted(WAYS):
        return "expected the four names in a list, each once"
    return None


@sums_order.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def order_unanswered():
    return None


@sums_order.mistake(
    "expected the four names in a list, each once", why="The worst first, the best last."
)
def only_the_best():
    return ["both"]


@prediction(title="Prediction: Korean read backwards", example="same")
def korean_reversed(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "better", "same", "worse")


@korean_reversed.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def korean_unanswered():
    return None


@korean_reversed.mistake('expected one of "better", "same", "worse"', why="One word, in quotes.")
def korean_in_words():
    return "a little better"
