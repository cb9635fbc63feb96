"""The predictions of this lesson."""

from s2s_ref.checks.registry import prediction

# ------------------------------------------------------------------ prediction


@prediction(title="Prediction: what will the check say?", example="b")
def nested_list(answer):
    """Say which of the three answers was meant, if any."""
    if answer is None:
        return "nothing is written down yet"
    if answer not in ("a", "b", "c"):
        return 'expected one of "a", "b", "c"'
    return None


@nested_list.mistake("nothing is written down yet", why="A guess is all that is asked for.")
def unanswered():
    return None


@nested_list.mistake('expected one of "a", "b", "c"', why="A letter in quotes, as a small letter.")
def capital():
    return "B"
