"""From what was observed to a verdict that names the mistake."""

import re
from dataclasses import dataclass
from typing import Any

from s2s_ref.checks.advice import GENERIC, Generic, question
from s2s_ref.checks.axes import all_axes, axes_of, map_tensors, real_places, select, signature
from s2s_ref.checks.card_text import checked, given, place
from s2s_ref.checks.cases import Case, Prepared, judged_part, trim
from s2s_ref.checks.compare import Difference, difference, kind_text, same
from s2s_ref.checks.registry import EXERCISES, Exercise, Mistake
from s2s_ref.student.protocol import Observation, Raised

OWN = "own"
"""The kind of a difference that an exercise's own verdict found, in its own words."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check, as the student's card and the class report show it.

    `mistake` is the name of a known mistake, or empty; `kind` that of a generic diagnosis.
    """

    exercise: str
    lesson: int
    number: int
    passed: bool
    headline: str
    mistake: str = ""
    kind: str = ""
    given: str = ""
    expected: str = ""
    got: str = ""
    why: str = ""
    question: str = ""
    after: tuple[str, ...] = ()


def reach_verdict(prepared: Prepared, seen: list[Observation]) -> Verdict:
    """Compare what was observed with what is right, and name the mistake."""
    exercise = prepared.exercise
    if len(seen) != len(prepared.cases):
        raise ValueError(f"Expected {len(prepared.cases)} observations, got {len(seen)}.")
    found = differences(prepared, seen)
    if not found:
        return _verdict(exercise, passed=True, headline=checked(prepared))
    mistake = _known(prepared, seen)
    if mistake:
        return _named(prepared, mistake, found)
    return _generic(prepared, seen, found)


def unanswered(exercise: Exercise, headline: str) -> Verdict:
    """Return the verdict on a check to which no answer came that can be compared."""
    kind = "prediction" if exercise.kind == "prediction" else "unanswered"
    return _verdict(exercise, headline=headline, kind=kind)


def differences(prepared: Prepared, seen: list[Observation]) -> dict[int, Difference]:
    """Return what is wrong, by the number of the case; nothing where the answer is right."""
    found = {}
    for i, (case, observation) in enumerate(zip(prepared.cases, seen, strict=True)):
        one = _difference(prepared.exercise, case, observation)
        one = one or _not_repeated(case, seen[0], observation)
        if one:
            found[i] = one
    return found


def _difference(exercise: Exercise, case: Case, seen: Observation) -> Difference | None:
    if exercise.judged is None or seen.raised or seen.misfit:
        axes = axes_of(signature(exercise.reference).return_annotation, case.expected.output)
        expected, seen = (judged_part(exercise, case, o) for o in (case.expected, seen))
        return difference(expected, seen, axes=axes)
    try:
        problem = exercise.judged(case.call.arguments, seen)
    except Exception:  # the verdict's own code met a kind of result that it does not know
        kinds = kind_text(case.expected.output), kind_text(seen.output)
        return Difference("nothing" if seen.output is None else "type", "result", *kinds)
    return Difference(OWN, "", "", problem) if problem else None


def _not_repeated(case: Case, first: Observation, again: Observation) -> Difference | None:
    if case.kind != "repeated" or same(first, again, gradients=False):
        return None
    return Difference("random", "result", "what came before", "something else")


# ------------------------------------------------------------------ known mistakes


def _known(prepared: Prepared, seen: list[Observation]) -> Mistake | None:
    """Find the mistake whose outcome was seen on all the cases.

    Gradients are left out in a second try: a known mistake in the values may come with another
    one in the gradients.
    """
    right = [case.expected for case in prepared.cases]
    for gradients in (True, False):
        for mistake in prepared.exercise.mistakes:
            values_differ = not all_alike(prepared, right, mistake, gradients=False)
            if (gradients or values_differ) and looks_like(prepared, mistake, seen, gradients):
                return mistake
    return None


def looks_like(
    prepared: Prepared, mistake: Mistake, seen: list[Observation], gradients: bool = True
) -> bool:
    """Tell whether what was seen on all the cases is what this mistake comes to.

    Where the exercise has its own verdict, its words decide too: two who make the same mistake need
    not draw the same random numbers.
    """
    if all_alike(prepared, seen, mistake, gradients):
        return True
    words = own_words(prepared, seen)
    return bool(words) and words == own_words(prepared, prepared.outcomes[mistake.name])


def all_alike(
    prepared: Prepared, seen: list[Observation], mistake: Mistake, gradients: bool = True
) -> bool:
    """Tell whether what was seen equals the outcome of this mistake on every case."""
    outcomes = prepared.outcomes[mistake.name]
    return all(
        alike(
            judged_part(prepared.exercise, case, outcome),
            judged_part(prepared.exercise, case, observation),
            mistake.raises,
            gradients,
        )
        for case, outcome, observation in zip(prepared.cases, outcomes, seen, strict=True)
    )


def own_words(prepared: Prepared, seen: list[Observation]) -> set[str]:
    """Return all that the exercise's own verdict says; nothing if there was more to say."""
    if prepared.exercise.judged is None:
        return set()
    found = differences(prepared, seen).values()
    return {one.got for one in found} if all(one.kind == OWN for one in found) else set()


def alike(
    outcome: Observation, seen: Observation, pattern: str = "", gradients: bool = True
) -> bool:
    """Tell whether what was seen is the outcome of a mistake that raises by this pattern."""
    if outcome.raised and seen.raised:
        text = seen.raised.text
        fits = re.search(pattern, text) is not None if pattern else text == outcome.raised.text
        return fits and seen.raised.type_name == outcome.raised.type_name
    if outcome.misfit or seen.misfit:
        return outcome.misfit == seen.misfit
    return same(outcome, seen, gradients=gradients)


def _named(prepared: Prepared, mistake: Mistake, found: dict[int, Difference]) -> Verdict:
    index = next(iter(found))
    return _failed(
        prepared, index, found[index], mistake.message, mistake.why, mistake.question, mistake.name
    )


# ------------------------------------------------------------------ generic diagnoses


def _generic(prepared: Prepared, seen: list[Observation], found: dict[int, Difference]) -> Verdict:
    kinds = [*GENERIC, OWN]
    index = min(found, key=lambda i: (kinds.index(found[i].kind), i))
    kind = found[index].kind
    if kind == "value":
        kind = _dependence(prepared, seen) or kind
    words = GENERIC.get(kind) or Generic(found[index].got, "")
    headline, why, ask = words.headline, words.why, words.question
    raised = seen[index].raised
    if raised and kind == "raised":
        if raised.line:
            why = f"It happened in your line {raised.line_number}: {raised.line}"
        ask = question(raised) or ask
        if not_run := _exercise_not_run(prepared.exercise, raised):
            headline = f"{not_run} is not defined: its cell is missing or did not run"
            ask = f"In which cell do you define {not_run}, and has it run since the last restart?"
    return _failed(prepared, index, found[index], headline, why, ask, kind=kind)


def _exercise_not_run(exercise: Exercise, raised: Raised) -> str:
    """Return the name that is missing where another exercise of the lesson defines it, or ""."""
    missing = re.match(r"name '(\w+)' is not defined", raised.text)
    if raised.type_name != "NameError" or missing is None:
        return ""
    beside = {e.short for e in EXERCISES.values() if e.lesson == exercise.lesson}
    return missing[1] if missing[1] in beside else ""


def _dependence(prepared: Prepared, seen: list[Observation]) -> str:
    """Tell whether the student's own results change with padding or the order of the batch."""
    parts = signature(prepared.exercise.reference)
    seen = [
        judged_part(prepared.exercise, case, observation)
        for case, observation in zip(prepared.cases, seen, strict=True)
    ]
    base = seen[0]
    axes = axes_of(parts.return_annotation, base.output)
    for case, observation in zip(prepared.cases, seen, strict=True):
        if case.kind == "padded":
            annotations = {n: p.annotation for n, p in parts.parameters.items()}
            arguments = case.call.arguments
            padded = real_places(all_axes(annotations, arguments), arguments)
            trimmed = map_tensors(observation.output, trim(axes, padded))
            if not same(Observation(base.output), Observation(trimmed)):
                return "padding"
        if case.kind == "permuted" and case.order is not None:
            moved = map_tensors(base.output, select(axes, "batch", case.order))
            if not same(Observation(moved), Observation(observation.output)):
                return "batch order"
    return ""


# ------------------------------------------------------------------ words


def _failed(
    prepared: Prepared,
    index: int,
    found: Difference,
    headline: str,
    why: str = "",
    question: str = "",
    mistake: str = "",
    kind: str = "",
) -> Verdict:
    exercise = prepared.exercise
    return _verdict(
        exercise,
        headline=headline,
        mistake=mistake,
        kind="prediction" if exercise.kind == "prediction" else kind or found.kind,
        given=given(exercise, prepared.cases[index].call),
        expected=place(exercise, found, found.expected),
        # a verdict's own words are said once: as the headline, or beside a mistake's message
        got="" if found.got == headline else place(exercise, found, found.got),
        why=why,
        question=question or next(iter(exercise.hints), ""),
        after=tuple(exercise.after),
    )


def _verdict(exercise: Exercise, *, headline: str, passed: bool = False, **words: Any) -> Verdict:
    return Verdict(exercise.name, exercise.lesson, exercise.number, passed, headline, **words)
