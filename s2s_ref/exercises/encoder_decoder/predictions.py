"""The predictions of lesson 2, in the order of the notebook."""

from s2s_ref.checks.registry import prediction
from s2s_ref.exercises.shared import one_of, one_percentage, several_percentages


@prediction(title="Prediction: pairs never seen in training", example=[60, 30])
def held_out(answer):
    """Return what is wrong with two percentages, or None."""
    return several_percentages(answer, 2)


@held_out.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def no_numbers():
    return None


@held_out.mistake(
    "expected two numbers in a list", why="One for words, one for characters: [a, b]."
)
def one_number():
    return 60


@held_out.mistake("expected percentages, from 0 to 100", why="Write 50 for one half.")
def below_zero():
    return [-10, 30]


@held_out.mistake(
    "expected a percentage: 0.6 %, or 60?", why="One half is 50. For less than 1 %, write 0."
)
def as_shares():
    return [0.6, 0.3]


@prediction(title="Prediction: what a zero context says", example="fluent")
def zero_context(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "silence", "noise", "fluent")


@zero_context.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def unanswered():
    return None


@zero_context.mistake(
    'expected one of "silence", "noise", "fluent"', why="One of the three words, in quotes."
)
def other_word():
    return "fluent English"


@prediction(title="Prediction: what the context is sorted by", example="verb")
def sorted_by(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "first word", "verb", "length")


@sorted_by.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def nothing_chosen():
    return None


@sorted_by.mistake(
    'expected one of "first word", "verb", "length"', why="One of the three, in quotes."
)
def an_example():
    return "샀어요"


@prediction(title="Prediction: which words weigh least", example="middle")
def lightest_words(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "first", "middle", "last", "all alike")


@lightest_words.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def no_answer():
    return None


@lightest_words.mistake(
    'expected one of "first", "middle", "last", "all alike"', why="One of the four, in quotes."
)
def a_number():
    return 3


@prediction(title="Prediction: rows of digits read right", example=50)
def rows_read(answer):
    """Return what is wrong with a percentage, or None."""
    return one_percentage(answer)


@rows_read.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def not_guessed():
    return None


@rows_read.mistake("expected a percentage, from 0 to 100", why="Just a number, without quotes.")
def in_quotes():
    return "50 %"
