"""The prediction of lesson 0: what the check will say of a wrong answer."""

from s2s_ref.checks.registry import prediction
from s2s_ref.exercises.shared import one_of


@prediction(title="Prediction: what will the check say?", example="b")
def nested_list(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "a", "b", "c")


@nested_list.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def unanswered():
    return None


@nested_list.mistake('expected one of "a", "b", "c"', why="Write a small letter, in quotes.")
def capital():
    return "B"
