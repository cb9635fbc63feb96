"""The predictions of this lesson."""

from typing import Any

from s2s_ref.capstone import files, grading, prepare, scoring, submission
from s2s_ref.checks.registry import prediction
from s2s_ref.exercises.shared import reference_translation_file

# ------------------------------------------------------------------ predictions and declarations


@prediction(title="Your chrF before scoring", example=40)
def expected_chrf(value: Any) -> str | None:
    """Any chrF will do: it is marked for being there."""
    if not _is_number(value):
        return "write one number: the chrF that you expect on the public half"
    return None if 0 <= value <= 100 else f"chrF is between 0 and 100, and you wrote {value}"


@prediction(title="Updates and parameters", example={"updates": 1, "parameters": 1})
def own_limits(value: Any) -> str | None:
    """What the student declares must be within the limits of the capstone."""
    names = ("updates", "parameters")
    if not isinstance(value, dict) or set(value) != set(names):
        return 'write {"updates": ..., "parameters": ...} with two numbers'
    if any(not _is_number(value[name]) or value[name] != int(value[name]) for name in names):
        return "both are whole numbers: the experiments print them"
    if any(value[name] < 0 for name in names):
        return "both are counts, so neither is below 0"
    for name, most in zip(names, (grading.MOST_UPDATES, grading.MOST_PARAMETERS), strict=True):
        if value[name] > most:
            return f"{value[name]:,} {name} are too many: at most {most:,}"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# ------------------------------------------------------------------ what is handed in


def _example() -> str:
    said = {pair.src: pair.tgt for pair in prepare.practice_held_out()}
    return reference_translation_file(said, list(said))


LENIENCY = 0.8  # the halves differ by chance, and the first threshold is the hidden half's


@prediction(title="Your translations", example=_example(), points=9)
def handed_in(value: Any) -> str | None:
    """Check the text of `translations.txt`: its form, then that its lines are about the sources.

    Which sentences those are is found here, on the judge's side: in the folder that `S2S_CAPSTONE`
    names, in `capstone/`, or else they are the practice sentences. How many of the points the file
    is worth, `capstone.grade` tells from the hidden half.
    """
    if not isinstance(value, str):
        return "expected the text of your translations.txt, as `read_file` returns it"
    found = files.find()
    try:
        lines = submission.lines_in(value)
    except submission.HandInError as error:
        return str(error)
    if wrong := submission.fault(lines, found.sources):
        return wrong
    reached = scoring.score(lines, found).chrf
    if reached < LENIENCY * found.thresholds[0]:
        return (
            f"chrF {reached:.1f} on the public half is less than the most similar training "
            "sentences reach. Do the lines stand in the order of source.txt?"
        )
    return None
