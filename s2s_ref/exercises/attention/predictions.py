"""The predictions of lesson 7, in the order of the notebook."""

from s2s_ref.checks.registry import prediction
from s2s_ref.exercises.shared import UNANSWERED, is_percentage, one_of, one_percentage


@prediction(title="Prediction: which states move", example="later")
def moved(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "one", "earlier", "later", "all")


@moved.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def moved_unanswered():
    return None


@moved.mistake(
    'expected one of "one", "earlier", "later", "all"', why="One of the four, in quotes."
)
def moved_by_number():
    return 3


@prediction(title="Prediction: with and without attention", example=[50, 60])
def two_decoders(answer):
    """Return what is wrong with two percentages, or None."""
    if answer is None:
        return UNANSWERED
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return "expected two numbers in a list"
    if not all(is_percentage(value) for value in answer):
        return "expected percentages, from 0 to 100"
    return None


@two_decoders.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def no_numbers():
    return None


@two_decoders.mistake(
    "expected two numbers in a list", why="One without attention, one with it: [a, b]."
)
def only_one():
    return 60


@two_decoders.mistake("expected percentages, from 0 to 100", why="Write 50 for one half.")
def over_hundred():
    return [50, 600]


@prediction(title="Prediction: the brightest word", example="책을")
def brightest(answer):
    """Return what is wrong with the choice, or None."""
    return one_of(answer, "의사가", "도서관에서", "빌린", "책을", "읽었어요")


@brightest.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def brightest_unanswered():
    return None


@brightest.mistake(
    'expected one of "의사가", "도서관에서", "빌린", "책을", "읽었어요"',
    why="One of the five Korean words, copied, in quotes.",
)
def in_english():
    return "book"


@prediction(title="Prediction: how often it looks at the right word", example=50)
def on_the_word(answer):
    """Return what is wrong with a percentage, or None."""
    return one_percentage(answer)


@on_the_word.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def not_guessed():
    return None


@on_the_word.mistake("expected a percentage, from 0 to 100", why="Just a number, without quotes.")
def in_words():
    return "most of them"
