"""What students write down in lesson 9: a guess, two counts and their translations."""

from typing import Any

from s2s_ref.capstone import files, scoring, submission, task
from s2s_ref.checks.registry import prediction
from s2s_ref.exercises.forms import is_number
from s2s_ref.exercises.translate.translation_file import reference_translation_file


@prediction(title="Your chrF before scoring", example=40)
def expected_chrf(value: Any) -> str | None:
    """Return what is wrong with a chrF, or None. Any chrF is marked as right."""
    if not is_number(value):
        return "write one number: the chrF that you expect on the public half"
    return None if 0 <= value <= 100 else f"chrF is between 0 and 100, and you wrote {value}"


@prediction(title="Updates and parameters", example={"updates": 1, "parameters": 1})
def own_limits(value: Any) -> str | None:
    """Return what is wrong with the declared counts, which the capstone limits, or None."""
    limits = {"updates": task.MAX_UPDATES, "parameters": task.MAX_PARAMETERS}
    if not isinstance(value, dict) or value.keys() != limits.keys():
        return 'write {"updates": ..., "parameters": ...} with two numbers'
    if any(not is_number(count) or count != int(count) for count in value.values()):
        return "both are whole numbers: the experiments print them"
    if min(value.values()) < 0:
        return "both are counts, so neither is below 0"
    for name, most in limits.items():
        if value[name] > most:
            return f"{value[name]:,} {name} are too many: at most {most:,}"
    return None


def _example() -> str:
    """Return the file that a perfect model would hand in for the practice sentences."""
    translations = {pair.src: pair.tgt for pair in task.practice_held_out()}
    return reference_translation_file(translations, list(translations))


LENIENCY = 0.8
"""The share of the first threshold that the public half must reach.

The threshold is the hidden half's, and the halves differ by chance.
"""


@prediction(title="Your translations", example=_example(), points=9)
def handed_in(value: Any) -> str | None:
    """Return what is wrong with `translations.txt`, or None: its form, then its translations.

    The judge finds the sentences: in the folder that `S2S_CAPSTONE` names, else in `capstone/`,
    else they are the practice sentences. `capstone.scoring` gives the points, by the hidden half.
    """
    if not isinstance(value, str):
        return "expected the text of your translations.txt, as `read_file` returns it"
    found = files.find()
    try:
        lines = submission.lines_in(value)
    except submission.SubmissionError as error:
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
