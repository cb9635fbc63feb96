"""Say on a card where the student's values begin to differ: the quantity, the line, the mistake."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from s2s_ref.checks.advice import ADVICE
from s2s_ref.checks.card_text import given
from s2s_ref.checks.cases import Prepared
from s2s_ref.checks.compare import difference
from s2s_ref.checks.diagnose import OWN, Verdict
from s2s_ref.checks.place import (
    Place,
    Right,
    find_after,
    find_cut,
    find_place,
    find_raised,
    right_values,
    step_of,
)
from s2s_ref.checks.registry import EXERCISES, Exercise, Mistake
from s2s_ref.checks.values import Value, turns_of, values_of
from s2s_ref.student.protocol import Observation, Step
from s2s_ref.student.trace import MOST_STEPS, MOST_TEXT, RETURNED, trace

PLACED = {
    OWN,
    *("value", "part", "shape", "raised", "nan", "type", "nothing", "padding", "batch order"),
    *("left", "dtype"),
}
"""The kinds of generic diagnoses for which a place is looked for."""

CUT = {"gradient", "detached"}
"""The kinds for which the place is where the gradient stops."""

REWORDED = {OWN, "value", "part", "shape", "left"}
"""The kinds of which the place says more. To the others it adds the line."""

MOST_SHOWN = 4
"""So many quantities that are right are shown."""


def case_to_trace(prepared: Prepared, verdict: Verdict, failing: Sequence[int]) -> int | None:
    """Return the number of the case on which the place is to be looked for, if it is."""
    exercise = prepared.exercise
    if verdict.passed or exercise.kind == "prediction":
        return None
    named_error = verdict.mistake and verdict.kind == "raised"
    if named_error or verdict.kind not in PLACED | CUT:
        return None
    if exercise.judged is not None and not exercise.steps:
        return None
    return traced_case(prepared, failing)


def traced_case(prepared: Prepared, failing: Sequence[int]) -> int | None:
    """Return the number of the smallest of some cases, an ordinary one if there is any.

    Where chance decides, an ordinary case has many sentences, and another one shows as much.
    """
    chance = prepared.exercise.judged is not None
    ordinary = [i for i in failing if prepared.cases[i].kind == "drawn" and not chance]
    return min(ordinary or failing, key=lambda i: _size(prepared, i), default=None)


def _size(prepared: Prepared, index: int) -> int:
    given = values_of([Step(n, a) for n, a in prepared.cases[index].call.arguments.items()])
    return sum(v.form.numel() for v in given if isinstance(v.form, Tensor))


@functools.lru_cache(maxsize=64)
def _right_values(prepared: "_ById", index: int) -> Right:
    """Trace what is right on a case, once."""
    return right_values(prepared.prepared, index)


@functools.lru_cache(maxsize=4096)
def _place_of(prepared: "_ById", index: int, mistake: Mistake) -> Place | None:
    """Trace a known mistake on a case, once, and return its place."""
    ready = prepared.prepared
    whole = ready.exercise.judged is None
    steps = trace(mistake.code, ready.cases[index].call, whole=whole)
    return find_place(_right_values(prepared, index), steps)


@dataclass(frozen=True, eq=False)
class _ById:
    prepared: Prepared

    def __hash__(self) -> int:
        return id(self.prepared)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.prepared is self.prepared


def with_place(prepared: Prepared, index: int, verdict: Verdict, steps: Any) -> Verdict:
    """Add to a failing verdict where the first difference lies; the steps may be forged."""
    try:
        place, mistake = _locate(prepared, index, _checked(steps), verdict)
    except Exception:  # forged steps may hold anything
        return verdict
    if place is None:
        return verdict
    exercise, step = prepared.exercise, place.got.step
    verdict = replace(
        verdict,
        place=_words(exercise, place.quantity),
        right_so_far=_right_so_far(exercise, place),
        line=step.line,
        line_number=step.line_number,
        owner=_earlier(exercise, step.owner),
    )
    if verdict.owner and (verdict.mistake or mistake):  # the mistake is not in that exercise
        verdict = replace(verdict, line="", owner="")
    if place.kind == "after" and place.right and not verdict.mistake:
        last = _words(exercise, place.right[-1].quantity)
        return replace(verdict, question=f"What do your lines do with {last}, and what after that?")
    related = verdict.relation and verdict.kind not in ("part", OWN)
    kept = verdict.mistake or verdict.kind not in REWORDED or related
    cut_anew = place.kind == "lost" and verdict.kind == "shape"  # the shape says what came back
    if not mistake and (kept or cut_anew):
        return verdict
    if verdict.kind != "raised":
        expected, got = _both(exercise, place)
        case = given(exercise, prepared.cases[index].call)
        verdict = replace(verdict, given=case, expected=expected, got=got, call=index)
    if mistake:
        return _named(verdict, mistake)
    why = verdict.why.removeprefix(ADVICE[verdict.kind].why) if verdict.kind in ADVICE else ""
    if verdict.kind in ("part", OWN):
        words = verdict.relation or verdict.headline
        why = f"{words[:1].upper()}{words[1:]}. {why.strip()}"
    headline, question = _headline(exercise, place)
    return replace(verdict, why=why.strip(), headline=headline, question=question)


def _named(verdict: Verdict, mistake: Mistake) -> Verdict:
    """Return the verdict with the name of a mistake that was recognised at its place."""
    later = f" {verdict.why}" if verdict.kind == "raised" else ""
    question = mistake.question or verdict.question
    named = replace(verdict, mistake=mistake.name, headline=mistake.message, relation="")
    return replace(named, why=mistake.why + later, question=question)


def _checked(steps: Any) -> list[Step]:
    if not isinstance(steps, list) or len(steps) > MOST_STEPS + 1:
        raise ValueError("These are no steps.")
    for step in steps:
        texts, number = (step.name, step.line, step.owner), step.line_number
        if any(len(str.strip(text)) > MOST_TEXT for text in texts) or not 0 <= number < 10**6:
            raise ValueError("A step is malformed.")
    return steps


def _locate(
    prepared: Prepared, index: int, steps: list[Step], verdict: Verdict
) -> tuple[Place | None, Mistake | None]:
    """Find the place, and the mistake that differs first at the same one in the same way."""
    by_id, known = _ById(prepared), prepared.exercise.mistakes
    right = _right_values(by_id, index)
    if verdict.kind in CUT:
        return find_cut(right, steps), None
    asked = [m for m in known if verdict.mistake in ("", m.name)]
    mistakes = {m.name: p for m in asked if (p := _place_of(by_id, index, m))}
    place = find_place(right, steps, mistakes)
    if verdict.mistake:
        own = mistakes.get(verdict.mistake)
        return place if place and own and own.quantity is place.quantity else None, None
    here = [m for m in prepared.exercise.mistakes if place and m.name in place.mistakes]
    named = here[0] if len({m.message for m in here}) == 1 else None
    if verdict.kind == "raised" and not named:
        place = find_raised(right, steps, verdict.line, verdict.line_number)
    if verdict.kind == OWN and not place:
        place = find_after(right, steps)
    return place, named


# ------------------------------------------------------------------ words


def _headline(exercise: Exercise, place: Place) -> tuple[str, str]:
    """Return the headline and the question of a place that is no known mistake's."""
    words, shown = _shown(exercise, place)
    verb = is_or_are(words)
    if place.kind == "lost":
        were = {"is": "was", "are": "were"}[verb]
        headline = f"{words} {were} right on the way, but something else came back"
        return headline, "What happens between the line that was right and `return`?"
    step = step_of(exercise, place.quantity)
    question = step[1] if step else f"What should {words} be, and what does this line make?"
    name = place.quantity.step.name
    times = int((re.search(r" (\d+)", name) or [0, 1])[1])
    again = times > 1 and shown == place.quantity.bare and name not in exercise.steps
    when = f", the {ordinal(times)} time" if again else ""
    return f"{words} {verb} the first thing that differs{when}", question


def ordinal(number: int) -> str:
    """Write a number as `2nd`, `3rd`, `11th`."""
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def is_or_are(words: str) -> str:
    """Return the verb that fits words such as `the loss` and `the RNN's outputs`."""
    noun = words.partition(" of ")[0]
    return "are" if noun.endswith("s") and not noun.endswith("ss") else "is"


def _right_so_far(exercise: Exercise, place: Place) -> str:
    """List the last quantities that are right, each with the student's line.

    An earlier value of the variable that differs is left out: its name stands below.
    """
    lines: dict[str, int] = {}
    for found in (f for f in place.right if f.quantity.bare != place.quantity.bare):
        step = found.value.step
        lines[_words(exercise, found.quantity)] = step.line_number * (step.owner == place.own)
    shown = list(lines.items())[-MOST_SHOWN:]
    return ", ".join(f"{words} (line {line})" if line else words for words, line in shown)


def _words(exercise: Exercise, quantity: Value) -> str:
    """Return the words for a quantity: the exercise's own, or its name."""
    if step := step_of(exercise, quantity):
        return step[0]
    name = quantity.step.name
    if quantity.returned:
        return f"the {_returned(exercise, name)[0]}"
    one = quantity.shape == () or isinstance(quantity.form, str)
    return f"the {'value' if one else 'values'} of `{name.partition(' ')[0]}`"


def _shown(exercise: Exercise, place: Place) -> tuple[str, str]:
    """Return the words for the quantity that differs, and the name of its values.

    Where the exercise has no words for it, it has the name of the student's own variable.
    """
    words, name, own = _words(exercise, place.quantity), place.quantity.bare, place.got.bare
    if place.quantity.returned:
        return words, "".join(_returned(exercise, place.quantity.step.name))
    if f"`{name}`" in words and own and not place.got.returned:
        return words.replace(f"`{name}`", f"`{own}`"), own
    return words, name


def _returned(exercise: Exercise, name: str) -> tuple[str, str]:
    """Split `return[1].hidden` into what the exercise calls that result and the part of it."""
    path = name.removeprefix(RETURNED)
    if isinstance(exercise.returns, str):
        return exercise.returns, path
    part = re.match(r"\[(\d+)\](.*)", path)
    return (exercise.returns[int(part[1])], part[2]) if part else ("result", path)


def _both(exercise: Exercise, place: Place) -> tuple[str, str]:
    """Write what is expected of the quantity, and what the student's line made."""
    _, name = _shown(exercise, place)
    expected, got = place.quantity.step.value, place.got.step.value
    alike = isinstance(expected, Tensor) and isinstance(got, Tensor) and expected.shape == got.shape
    if place.quantity.shape is not None and place.got.shape == place.quantity.shape and not alike:
        expected, got = place.quantity.form.float(), place.got.form.float()
        got = next(t for t in turns_of(got) if t.shape == expected.shape)
    found = difference(Observation(expected), Observation(got), name=name)
    if found is None:
        return "", ""
    sign = " = " if found.kind in ("value", "nan") else ": "
    return f"{found.where}{sign}{found.expected}", f"{found.where}{sign}{found.got}"


def _earlier(exercise: Exercise, owner: str) -> str:
    """Return the name of the other exercise that the line belongs to, or nothing."""
    others = [e for e in EXERCISES.values() if e.short == owner and e is not exercise]
    near = [e.name for e in others if e.lesson <= exercise.lesson]
    return near[-1] if near and owner != exercise.short else ""
