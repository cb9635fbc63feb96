"""Reach a verdict on what was observed, and name the mistake."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from s2s_ref.checks.advice import ADVICE, Advice, question_about
from s2s_ref.checks.axes import (
    argument_axes,
    map_tensors,
    real_positions,
    result_axes,
    select,
    tensors_of,
)
from s2s_ref.checks.card_text import checked, given, place
from s2s_ref.checks.cases import Case, Prepared, judged_part, trim
from s2s_ref.checks.compare import Difference, difference, kind_text, outcomes_equal
from s2s_ref.checks.condition import condition_of
from s2s_ref.checks.pairs import two_mistakes
from s2s_ref.checks.registry import EXERCISES, Exercise, Mistake
from s2s_ref.checks.relation import relation_of
from s2s_ref.student.protocol import Observation, Raised

LATER = {"again": "called again", "training": "training"}
"""The kinds of cases that repeat another one, and of the difference if that one is right."""

OWN = "own"
"""The kind of a difference that the exercise's own verdict found; see `Exercise.verdict`."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check, as the student's card and the class report show it.

    Attributes:
        exercise: the exercise's name.
        lesson: its lesson's number.
        number: its number in the lesson, 0 for a bonus.
        passed: whether the answer is right.
        headline: what was found, in a few words.
        mistake: the name of the mistake that was recognised, or "".
        kind: the kind of the difference otherwise, a key of `ADVICE`.
        relation: how a wrong result relates to the right one, or "".
        given, expected, got: the arguments, and both sides of the first difference.
        why: why it matters.
        question: a question that leads to the fix.
        after: earlier exercises that the answer may call.
        call: which of the check's calls the card shows, counted from 0.
    """

    exercise: str
    lesson: int
    number: int
    passed: bool
    headline: str
    mistake: str = ""
    kind: str = ""
    relation: str = ""
    given: str = ""
    expected: str = ""
    got: str = ""
    why: str = ""
    question: str = ""
    after: tuple[str, ...] = ()
    place: str = ""
    right_so_far: str = ""
    line: str = ""
    line_number: int = 0
    owner: str = ""
    call: int = 0


def reach_verdict(prepared: Prepared, seen: list[Observation]) -> Verdict:
    """Compare what was observed in each case with what is right, and name the mistake.

    Raises:
        ValueError: there are more or fewer observations than cases.
    """
    if len(seen) != len(prepared.cases):
        raise ValueError(f"Expected {len(prepared.cases)} observations, got {len(seen)}.")
    found = differences(prepared, seen)
    if not found:
        return _verdict(prepared.exercise, passed=True, headline=checked(prepared))
    if mistakes := _recognise(prepared, seen, findings_in(found)):
        index = next(iter(found))
        first, *more = mistakes
        also = f"And one thing more: {more[0].message}." if more else ""
        advice = Advice(first.message, f"{first.why} {also}".strip(), first.question)
        return _failed(prepared, index, found[index], advice, mistake=first.name)
    return _unrecognised(prepared, seen, found)


def unanswered(exercise: Exercise, headline: str) -> Verdict:
    """Return the verdict on a check whose answer is missing or malformed."""
    kind = "prediction" if exercise.kind == "prediction" else "unanswered"
    return _verdict(exercise, headline=headline, kind=kind)


def differences(prepared: Prepared, seen: list[Observation]) -> dict[int, Difference]:
    """Return the first difference of each case that is wrong, by the number of the case."""
    found = {}
    for i, (case, observation) in enumerate(zip(prepared.cases, seen, strict=True)):
        wrong = _difference(prepared.exercise, case, observation)
        if wrong := wrong or _not_repeated(case, seen[0], observation):
            only_here = case.kind in LATER and case.base not in found
            found[i] = replace(wrong, kind=LATER[case.kind]) if only_here else wrong
    return found


def _difference(exercise: Exercise, case: Case, seen: Observation) -> Difference | None:
    if exercise.judged is None or seen.raised or seen.misfit:
        axes = result_axes(exercise.reference, case.expected.output)
        expected, seen = (judged_part(exercise, case, o) for o in (case.expected, seen))
        if exercise.plain_number and (tensors := tensors_of({"result": seen.output})):
            return Difference("type", next(iter(tensors)), "a number", "a tensor")
        return difference(expected, seen, axes=axes)
    results = (case.expected.output, seen.output)
    expected, got = (o[0] for o in results) if case.call.times > 1 else results
    if got is None and exercise.kind != "prediction":
        return Difference("nothing", "result", kind_text(expected), "None")
    try:
        problem = exercise.judged(case.call.arguments, seen)
    except Exception:  # the exercise's own verdict does not expect this kind of result
        return Difference("type", "result", kind_text(expected), kind_text(got))
    return Difference(OWN, "", "", problem) if problem else None


def _not_repeated(case: Case, first: Observation, again: Observation) -> Difference | None:
    if case.kind != "repeated" or outcomes_equal(first, again, gradients=False):
        return None
    return Difference("random", "result", "the same as before", "something else")


# ------------------------------------------------------------------ known mistakes


def _recognise(prepared: Prepared, seen: list[Observation], own: set[str]) -> tuple[Mistake, ...]:
    """Find the mistake whose outcomes were observed in all cases.

    If there is none, try again without the gradients: a known mistake in the values may come with
    another one in the gradients. Then look for a mistake that all ordinary cases show, whatever the
    edge cases do, and for two mistakes at once.
    """
    right = [case.expected for case in prepared.cases]
    for gradients in (True, False):
        for mistake in prepared.exercise.mistakes:
            values_differ = not equals_mistake(prepared, mistake, right, gradients=False)
            if (gradients or values_differ) and _matches(prepared, mistake, seen, own, gradients):
                return (mistake,)
    wrong = [i for i in _ordinary(prepared) if not _equal_values(prepared, i, right[i], seen[i])]
    if prepared.exercise.judged or len(wrong) < 2 or any(seen[i].raised for i in wrong):
        return ()
    return _two_mistakes(prepared, wrong[0], seen) or _in_ordinary_cases(prepared, seen, wrong)


def _ordinary(prepared: Prepared) -> list[int]:
    return [i for i, case in enumerate(prepared.cases) if case.kind == "drawn"]


def _equal_values(
    prepared: Prepared, index: int, outcome: Observation, seen: Observation, raises: str = ""
) -> bool:
    """Tell whether two outcomes of a case are equal, gradients left out."""
    case = prepared.cases[index]
    one, other = (judged_part(prepared.exercise, case, o) for o in (outcome, seen))
    return matches_outcome(one, other, raises, gradients=False)


def _two_mistakes(
    prepared: Prepared, index: int, seen: list[Observation]
) -> tuple[Mistake, ...] | None:
    return two_mistakes(
        prepared, index, lambda i, outcome: _equal_values(prepared, i, outcome, seen[i])
    )


def _in_ordinary_cases(
    prepared: Prepared, seen: list[Observation], wrong: list[int]
) -> tuple[Mistake, ...]:
    """Find the one mistake that all ordinary cases show, where these do not all give the same.

    Plain numbers are left out: two of them may be equal by chance.
    """
    if isinstance(seen[wrong[0]].output, int | float):
        return ()
    if all(outcomes_equal(seen[wrong[0]], seen[i], gradients=False) for i in wrong[1:]):
        return ()
    found = [
        mistake
        for mistake in prepared.exercise.mistakes
        if all(
            _equal_values(prepared, i, prepared.outcomes[mistake.name][i], seen[i], mistake.raises)
            for i in _ordinary(prepared)
        )
    ]
    return tuple(found[:1]) if len({mistake.message for mistake in found}) == 1 else ()


def _matches(
    prepared: Prepared, mistake: Mistake, seen: list[Observation], own: set[str], gradients: bool
) -> bool:
    """Tell whether what was observed is this mistake.

    If the exercise has its own verdict, its findings `own` decide too, because two students who
    make the same mistake may draw different random numbers.
    """
    if equals_mistake(prepared, mistake, seen, gradients):
        return True
    if own and mistake.name not in prepared.findings:
        outcomes = prepared.outcomes[mistake.name]
        prepared.findings[mistake.name] = own_findings(prepared, outcomes)
    return bool(own) and own == prepared.findings[mistake.name]


def equals_mistake(
    prepared: Prepared, mistake: Mistake, seen: list[Observation], gradients: bool = True
) -> bool:
    """Tell whether what was observed equals the outcome of this mistake in every case."""
    return all(
        matches_outcome(
            judged_part(prepared.exercise, case, outcome),
            judged_part(prepared.exercise, case, observation),
            mistake.raises,
            gradients,
        )
        for case, outcome, observation in zip(
            prepared.cases, prepared.outcomes[mistake.name], seen, strict=True
        )
    )


def own_findings(prepared: Prepared, seen: list[Observation]) -> set[str]:
    """Return what the exercise's own verdict found; nothing if there are other differences too."""
    if prepared.exercise.judged is None:
        return set()
    return findings_in(differences(prepared, seen))


def findings_in(found: Mapping[int, Difference]) -> set[str]:
    """Return what the exercise's own verdict found, if all the differences are its own."""
    own = all(one.kind == OWN for one in found.values())
    return {one.got for one in found.values()} if own else set()


def matches_outcome(
    outcome: Observation, seen: Observation, raises: str = "", gradients: bool = True
) -> bool:
    """Tell whether an observation equals the outcome of a mistake.

    An error must have the same type, and a text that matches the pattern `raises`, or the same
    text if there is no pattern.
    """
    if outcome.raised and seen.raised:
        text = seen.raised.text
        fits = re.search(raises, text) is not None if raises else text == outcome.raised.text
        return fits and seen.raised.type_name == outcome.raised.type_name
    if outcome.misfit or seen.misfit:
        return outcome.misfit == seen.misfit
    return outcomes_equal(outcome, seen, gradients=gradients)


# ------------------------------------------------------------------ other differences


def _unrecognised(
    prepared: Prepared, seen: list[Observation], found: dict[int, Difference]
) -> Verdict:
    """Return the verdict on the difference that is easiest to fix."""
    kinds = [*ADVICE, OWN]
    ordinary = [i for i in found if prepared.cases[i].kind == "drawn"]
    index = min(ordinary or found, key=lambda i: (kinds.index(found[i].kind), i))
    kind, raised = found[index].kind, seen[index].raised
    if kind == "value":
        kind = _dependence(prepared, seen) or kind
    advice = ADVICE.get(kind) or _finding(prepared.exercise, found[index].got)
    if kind in ("memory", "unfinished") and raised:
        still = " still" if kind == "unfinished" else ""
        why = f"It was{still} in your line {raised.line_number}: {raised.line}"
        advice = Advice(raised.text, why if raised.line else "", advice.question)
    elif kind == "raised" and raised:
        advice = _advice_on_error(prepared.exercise, raised, advice)
    elif kind == "gradient" and found[index].got == "none":
        source = found[index].where.removeprefix("gradient of ")
        advice = replace(advice, headline=f"right values, but no gradient goes back to `{source}`")
    relation = relation_of(prepared, seen, list(found)) if kind in RELATED else None
    if relation and relation.part and kind != "value":  # then the kind says more
        relation = None
    if relation:
        advice = Advice(relation.words, question=relation.question)
        kind = "part" if relation.part else kind
    condition = condition_of(prepared, list(found))
    if condition and kind not in LATER.values():  # these say it in their headline
        advice = replace(advice, why=f"{advice.why} {condition}".strip())
    telling = kind in TELLING or (kind == OWN and bool(advice.question))
    telling |= kind == "gradient" and found[index].got == "none"
    words = relation.words if relation else advice.headline if telling else ""
    verdict = _failed(prepared, index, found[index], advice, kind=kind, relation=words)
    if kind == "raised" and raised:
        return replace(verdict, line=raised.line, line_number=raised.line_number)
    return verdict


def _finding(exercise: Exercise, words: str) -> Advice:
    """Return what the exercise's own verdict says, with the question that goes with it."""
    found = (q for pattern, q in exercise.findings.items() if re.search(pattern, words))
    return Advice(words, question=next(found, ""))


RELATED = ("type", "shape", "dtype", "value", "padding", "batch order")
"""The kinds of differences for which a relation to the right result may be found."""

TELLING = (
    "nothing",
    "changed",
    "again",
    "training",
    "random",
    "detached",
    "padding",
    "batch order",
    *LATER.values(),
)
"""The kinds whose headline says how the result relates to the right one."""


def _advice_on_error(exercise: Exercise, raised: Raised, general: Advice) -> Advice:
    """Return advice on an error that the student's code raised."""
    why = "" if raised.line else general.why
    if name := _undefined_exercise(exercise, raised):
        return Advice(
            f"{name} is not defined: its cell is missing or did not run",
            why,
            f"In which cell do you define {name}, and has it run since the last restart?",
        )
    return Advice(general.headline, why, question_about(raised) or general.question)


def _undefined_exercise(exercise: Exercise, raised: Raised) -> str:
    """Return the undefined name of a NameError if it is another exercise of the lesson, or ""."""
    undefined = re.match(r"name '(\w+)' is not defined", raised.text)
    if raised.type_name != "NameError" or undefined is None:
        return ""
    same_lesson = {e.short for e in EXERCISES.values() if e.lesson == exercise.lesson}
    return undefined[1] if undefined[1] in same_lesson else ""


def _dependence(prepared: Prepared, seen: list[Observation]) -> str:
    """Return what the student's results depend on but should not: a key of `ADVICE`, or ""."""
    exercise = prepared.exercise
    outputs = [
        judged_part(exercise, case, observation).output
        for case, observation in zip(prepared.cases, seen, strict=True)
    ]
    axes = result_axes(exercise.reference, outputs[0])
    for case, output in zip(prepared.cases, outputs, strict=True):
        first = Observation(outputs[case.base])
        if case.kind == "again" and not outcomes_equal(first, Observation(output)):
            return "again"
    for case, output in zip(prepared.cases, outputs, strict=True):
        if case.kind == "padded":
            arguments = case.call.arguments
            padded = real_positions(argument_axes(exercise.reference, arguments), arguments)
            trimmed = map_tensors(output, trim(axes, padded))
            if not outcomes_equal(Observation(outputs[0]), Observation(trimmed)):
                return "padding"
        if case.kind == "permuted" and case.order is not None:
            permuted = map_tensors(outputs[0], select(axes, "batch", case.order))
            if not outcomes_equal(Observation(permuted), Observation(output)):
                return "batch order"
    return ""


# ------------------------------------------------------------------ verdicts


def _failed(
    prepared: Prepared,
    index: int,
    found: Difference,
    advice: Advice,
    *,
    mistake: str = "",
    kind: str = "",
    relation: str = "",
) -> Verdict:
    exercise = prepared.exercise
    return _verdict(
        exercise,
        headline=advice.headline,
        mistake=mistake,
        kind="prediction" if exercise.kind == "prediction" else kind or found.kind,
        given=given(exercise, prepared.cases[index].call),
        expected=place(exercise, found, found.expected),
        # The finding of an exercise's own verdict may be the headline already.
        got="" if found.got == advice.headline else place(exercise, found, found.got),
        relation=relation,
        why=advice.why,
        question=advice.question or next(iter(exercise.hints), ""),
        after=tuple(exercise.after),
        call=index,
    )


def _verdict(exercise: Exercise, *, headline: str, passed: bool = False, **words: Any) -> Verdict:
    return Verdict(exercise.name, exercise.lesson, exercise.number, passed, headline, **words)
