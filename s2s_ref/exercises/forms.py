"""The forms of predictions: what a predicted value must look like, and how people miss it.

A prediction is marked for being there, so only its form is checked. Each form brings its own
mistakes: malformed values, with what a card says of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from s2s_ref.checks.registry import Exercise, prediction_of

UNANSWERED = "nothing is written down yet"

SHARES = "One half is 50. For less than 1 %, write 0."

COUNTS = {2: "two", 3: "three", 4: "four"}


@dataclass(frozen=True)
class Form:
    """What is wrong with a value, or None; and malformed values by name, each with advice."""

    fault: Callable[[object], str | None]
    malformed: Mapping[str, tuple[object, str]]


def predict(name: str, title: str, form: Form, example: object) -> Exercise:
    """Make the prediction `lesson.name`, with the mistakes of its form."""

    def fault(answer: object) -> str | None:
        return UNANSWERED if answer is None else form.fault(answer)

    made = prediction_of(name, fault, title, example)
    malformed = {"unanswered": (None, "A guess is all that is asked for."), **form.malformed}
    for mistake, (value, why) in malformed.items():
        made.add_mistake(mistake, lambda value=value: value, fault(value) or "", why)
    return made


def choice(*choices: str) -> Form:
    """One of these texts."""
    expected = f"expected one of {_quoted(choices)}"
    advice = "Write one of them as it stands here, in quotes."
    return Form(
        lambda answer: None if answer in choices else expected,
        {"not_a_choice": (3, advice)},
    )


def choices(first: str, second: str, *offered: str) -> Form:
    """Two of these texts, for the two things that are named first."""
    malformed = {
        "one_word": (offered[0], f"One word {first}, one {second}: [a, b]."),
        "other_words": (["other", "words"], "Write them as they stand here, in quotes."),
    }

    def fault(answer: object) -> str | None:
        if not _is_list(answer, 2):
            return "expected two words in a list"
        *all_but_last, last = (f'"{word}"' for word in offered)
        fits = all(word in offered for word in answer)
        return None if fits else f"expected {', '.join(all_but_last)} or {last}, twice"

    return Form(fault, malformed)


def ranking(order: str, *names: str) -> Form:
    """All of these names in an order, such as "the fastest first"."""
    count = COUNTS[len(names)]

    def fault(answer: object) -> str | None:
        if not _is_list(answer, len(names)):
            return f"expected {count} names in a list"
        fits = sorted(map(str, answer)) == sorted(names)
        return None if fits else f"expected each of the {count} names once"

    malformed = {
        "only_one": (names[0], f"All {count} of them, {order}."),
        "one_twice": ([names[0], *names[:-1]], "Copy the names as they stand here."),
    }
    return Form(fault, malformed)


def number(low: float, high: float, what: str) -> Form:
    """A number in a range."""
    expected = f"expected a number from {low:g} to {high:g}"
    return Form(
        lambda answer: None if is_number(answer) and low <= answer <= high else expected,
        {"out_of_range": (high + 1, f"There are at most {high:g} {what}.")},
    )


def percentage() -> Form:
    """A number from 0 to 100."""
    return Form(
        lambda answer: _wrong_percentages([answer], "expected a percentage, from 0 to 100"),
        {
            "not_a_number": ("50 %", "Write only a number, without quotes."),
            "share_for_percentage": (0.5, SHARES),
        },
    )


def percentages(*parts: str) -> Form:
    """A list of percentages, one for each part that is named."""
    letters = ", ".join("abcd"[: len(parts)])
    wanted = ", one ".join(parts)
    malformed = {
        "one_number": (50, f"One {wanted}: [{letters}]."),
        "over_hundred": ([500] * len(parts), "Write 50 for one half."),
        "shares_for_percentages": (
            [0.5] * len(parts),
            "One half is 50. For less than 1 %, write 0.",
        ),
    }

    def fault(answer: object) -> str | None:
        if not _is_list(answer, len(parts)):
            return f"expected {COUNTS[len(parts)]} numbers in a list"
        return _wrong_percentages(answer, "expected percentages, from 0 to 100")

    return Form(fault, malformed)


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number, which True and False are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong_percentages(answers: Sequence[object], expected: str) -> str | None:
    """Say what is wrong with percentages; one below 1 looks like a share from 0 to 1."""
    for answer in answers:
        if not is_number(answer) or not 0 <= answer <= 100:
            return expected
    for answer in answers:
        if isinstance(answer, float) and 0 < answer < 1:
            return f"expected a percentage: {answer:g} %, or {100 * answer:g}?"
    return None


def _is_list(answer: object, length: int) -> TypeGuard[Sequence[object]]:
    return isinstance(answer, list | tuple) and len(answer) == length


def _quoted(texts: tuple[str, ...]) -> str:
    return ", ".join(f'"{text}"' for text in texts)
