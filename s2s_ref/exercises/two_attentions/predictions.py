"""The predictions of lesson 8, in the order of the notebook."""

from s2s_ref.checks.registry import prediction
from s2s_ref.exercises.shared import UNANSWERED, one_of


@prediction(title="Prediction: nothing to train", example="dot and general")
def untrained(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "none", "dot", "dot and general", "all three")


@untrained.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def untrained_unanswered():
    return None


@untrained.mistake(
    'expected one of "none", "dot", "dot and general", "all three"',
    why="One of the four, in quotes.",
)
def untrained_by_number():
    return 2


@prediction(title="Prediction: which states move now", example="later")
def moved_both_ways(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "one", "earlier", "later", "all")


@moved_both_ways.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def moved_unanswered():
    return None


@moved_both_ways.mistake(
    'expected one of "one", "earlier", "later", "all"', why="One of the four, in quotes."
)
def moved_in_words():
    return "the third one"


VARIANTS = {"Luong, dot", "Luong, additive", "Bahdanau, dot", "Bahdanau, additive"}


@prediction(
    title="Prediction: four variants by time",
    example=["Bahdanau, dot", "Luong, dot", "Luong, additive", "Bahdanau, additive"],
)
def fastest_first(answer):
    """Return what is wrong with an order of the four variants, or None."""
    if answer is None:
        return UNANSWERED
    if not isinstance(answer, list | tuple) or len(answer) != 4:
        return "expected four names in a list"
    if not all(isinstance(name, str) for name in answer) or set(answer) != VARIANTS:
        return "expected each of the four names once"
    return None


@fastest_first.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def no_order():
    return None


@fastest_first.mistake("expected four names in a list", why="The fastest first: [a, b, c, d].")
def only_the_fastest():
    return "Luong, dot"


@fastest_first.mistake(
    "expected each of the four names once", why="Copy the names as they stand, with the comma."
)
def one_twice():
    return ["Luong, dot", "Luong, dot", "Bahdanau, dot", "Bahdanau, additive"]


@prediction(title="Prediction: the highest rung", example="peeky")
def highest_rung(answer):
    """Return what is wrong with the choice, or None."""
    rungs = ("encoder–decoder", "reversed", "peeky", "dot", "general", "additive")
    return one_of(answer, *rungs)


@highest_rung.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def no_rung():
    return None


@highest_rung.mistake(
    'expected one of "encoder–decoder", "reversed", "peeky", "dot", "general", "additive"',
    why="One of the six, copied, in quotes.",
)
def rung_by_number():
    return 4
