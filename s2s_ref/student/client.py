"""`check`, `hint` and `progress`, which send requests to the judge and show its answers."""

import contextlib
import importlib
import os
from html import escape
from typing import Any, Protocol

from s2s_ref.student import card, record
from s2s_ref.student.codec import CodecError, decode, encode, plain
from s2s_ref.student.limits import TIME_LIMIT, Stopped, limited, observe_all
from s2s_ref.student.notebook_hooks import is_earlier_version
from s2s_ref.student.progress import html as as_html
from s2s_ref.student.progress import lessons_of
from s2s_ref.student.progress import text as as_text
from s2s_ref.student.protocol import Observation, Raised, Refused, UnknownExercise
from s2s_ref.student.remote_judge import SOCKET_VARIABLE, SocketJudge
from s2s_ref.student.trace import trace

NO_MORE_HINTS = (
    "These are all hints. Work through the example in the text above the cell by hand, line by "
    "line; then ask a fellow student or your instructor, and show them the card."
)

LOCAL_JUDGE = "s2s_ref.checks.judge"
"""The judge for practice. It is imported by name, and only when it is needed: where submissions are
graded, this module is not there."""


class Judge(Protocol):
    """A judge answers requests: in this process for practice, in another one for grading."""

    def ask(self, request: bytes) -> bytes:
        """Answer one request."""
        ...


class CheckFailed(AssertionError):
    """A check that did not pass; the card above it says why."""

    def _render_traceback_(self) -> list[str]:
        """Let IPython show one line: no traceback through library code, no second headline."""
        return [f"{type(self).__name__}: {str(self).partition(':')[0]} does not pass yet."]


_judge: Judge | None = None


def judge() -> Judge:
    """Return the judge: behind the socket that the environment names, or else in this process."""
    global _judge
    if _judge is None:
        remote = SOCKET_VARIABLE in os.environ
        _judge = SocketJudge() if remote else importlib.import_module(LOCAL_JUDGE).Judge()
    return _judge


def _ask(**request: Any) -> Any:
    answer = decode(judge().ask(encode(request)))
    if isinstance(answer, dict) and "refused" in answer:
        raise (UnknownExercise if answer.get("unknown") else Refused)(answer["refused"])
    return answer


def check(exercise: str, target: Any) -> None:
    """Check the answer to an exercise and show what was found.

    Raises:
        CheckFailed: it is not right yet.
        UnknownExercise: there is no exercise of this name.
    """
    try:
        verdict = try_check(exercise, target)
    except Refused as refused:
        print(refused)
        return
    checks = _record(exercise, verdict)
    verdict["after"] = [n for n in verdict["after"] if not checks.get(n, {}).get("passed")]
    verdict["earlier"] = is_earlier_version(target)
    _show(card.text(verdict), card.html(verdict))
    if not verdict["passed"]:
        raise CheckFailed(f"{exercise}: {verdict['headline']}")


def _record(exercise: str, verdict: dict[str, Any]) -> dict[str, Any]:
    """Record a verdict and return all of them; without a writable folder, say so and go on."""
    try:
        record.note_check(exercise, verdict["passed"], verdict["headline"], verdict["question"])
        return record.load()["checks"]
    except OSError as error:
        print(f"Your progress could not be saved: {error}. `s2s doctor` says what to do.")
        return {}


def try_check(exercise: str, target: Any) -> dict[str, Any]:
    """Return the verdict on an answer."""
    cases = _ask(do="cases", exercise=exercise)
    printed: list[str] = []
    # Where submissions are graded, the sandbox has limits of its own.
    limit = None if SOCKET_VARIABLE in os.environ else TIME_LIMIT
    if cases["kind"] == "prediction":
        observations = [Observation(plain(target))]
    else:
        observations, printed = observe_all(target, cases["calls"], limit)
    verdict: dict[str, Any]
    try:
        verdict = _ask(do="verdict", ticket=cases["ticket"], observations=observations)
    except CodecError as error:  # a result that is too large or too deeply nested
        raised = Observation(raised=Raised("CodecError", str(error)))
        observations = [raised for _ in observations]
        verdict = _ask(do="verdict", ticket=cases["ticket"], observations=observations)
    if (case := verdict.pop("trace", None)) is not None:
        # If this fails or is stopped, the verdict stands as it is.
        with contextlib.suppress(CodecError, Refused, Stopped), limited(limit):
            steps = trace(target, cases["calls"][case])
            verdict = _ask(do="place", ticket=cases["ticket"], steps=steps)
    verdict["printed"] = "".join(printed[verdict["call"] :][:1]) if not verdict["passed"] else ""
    return verdict


def hint(exercise: Any = None) -> None:
    """Show the next hint for an exercise. The hints go from the meaning to an example.

    Without a name, the hint is for the exercise whose check failed last.

    Raises:
        UnknownExercise: there is no exercise of this name.
    """
    if exercise is None:
        name = next((n for n in record.failed_last() if _ask(do="hints", exercise=n)), "")
        if not name:
            print(_names_to_choose())
            return
    else:  # an answer works too: hint(unroll)
        name = str(getattr(exercise, "__name__", exercise))
    hints = _ask(do="hints", exercise=name)
    if not hints:
        print(f"There is no hint for {name}.")
        return
    taken = record.hints_taken(name)
    count = record.next_hint(name, hints) + 1
    of = "" if exercise == name else f" for {name}"
    lines = [f"Hint {i} of {len(hints)}{of}: {text}" for i, text in enumerate(hints[:count], 1)]
    if taken == len(hints):
        lines.append(NO_MORE_HINTS)
    _show(
        "\n".join(map(card.wrap, lines)),
        "".join(f"<div>{card.marked(line)}</div>" for line in lines),
    )


def _names_to_choose() -> str:
    """List the exercises that have hints, lesson by lesson."""
    lines = ['No check has failed. Name an exercise, as in hint("rnn.unroll"):']
    lessons: dict[int, list[str]] = {}
    for entry in _ask(do="catalogue"):
        if entry["kind"] != "prediction":
            lessons.setdefault(entry["lesson"], []).append(entry["name"])
    for number, names in lessons.items():
        lines.append(card.wrap(f"  lesson {number}: {', '.join(names)}", "    "))
    return "\n".join(lines)


def progress(*, everything: bool = False) -> None:
    """Show a bar for every lesson, the exercises of the current one, and which is next.

    In a notebook the other lessons unfold at a click; elsewhere `everything` shows their exercises.
    """
    lessons, following = lessons_of(record.load()["checks"], _ask(do="catalogue"))
    plain_text = as_text(lessons, everything)
    _show(f"{plain_text}\n{following}", f"{as_html(lessons)}<div>{escape(following)}</div>")


def _show(text: str, html: str) -> None:
    """Display HTML in a notebook; print text elsewhere."""
    try:
        shell = get_ipython()  # type: ignore[name-defined]
    except NameError:
        print(text)
        return
    shell.display_pub.publish({"text/plain": text, "text/html": html})
