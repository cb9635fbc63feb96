"""The judge: it draws the cases of a check and reaches the verdict on what was observed.

The judge never sees the student's code. It sends calls, receives observations, and compares them
with those of the reference and of every known mistake.

A request is a dictionary; `do` says what is wanted.

| `do`        | with                     | the answer                                            |
| ----------- | ------------------------ | ----------------------------------------------------- |
| `catalogue` |                          | every exercise's name, lesson, number, title and kind |
| `hints`     | `exercise`               | its hints                                             |
| `cases`     | `exercise`               | a `ticket`, the `kind`, and the `calls` to make       |
| `verdict`   | `ticket`, `observations` | the fields of `Verdict`; a ticket is good for one     |
| `place`     | `ticket`, `steps`        | the verdict again, with the place of the difference   |

After a verdict whose answer has `trace`, the number of a case, the student's side may send the
steps of that call, once. They change the words of the verdict, and never whether it passed.

The answer to everything else is `refused`, with the reason; `unknown` is true where the reason is
that there is no such exercise.
"""

import secrets
from dataclasses import asdict
from typing import Any

from s2s_ref.checks.cases import Prepared
from s2s_ref.checks.diagnose import Verdict, differences, reach_verdict, unanswered
from s2s_ref.checks.locate import case_to_trace, with_place
from s2s_ref.checks.prepare import prepare, seed_of
from s2s_ref.checks.registry import Exercise, find, load_all
from s2s_ref.student.codec import CodecError, decode, encode
from s2s_ref.student.protocol import Refused, UnknownExercise

MALFORMED = "A request holds `do` and its arguments, and nothing else."
NOT_OPEN = "This check is not open, or was answered already. The first answer counts."


class Judge:
    """The judge for practice, in the student's own process: it permits and reveals everything.

    It exchanges bytes even so, so that practice and grading use the same protocol. A subclass for
    grading overrides `permit` and `report`.
    """

    def __init__(self, key: bytes = b"practice") -> None:
        """Draw cases by this key: the same key draws the same cases."""
        self._key = key
        self._open: dict[str, Prepared] = {}
        self._failed: dict[str, tuple[Prepared, int, Verdict]] = {}

    def ask(self, request: bytes) -> bytes:
        """Answer one request; malformed ones are refused."""
        try:
            return encode(self._answer(decode(request)))
        except UnknownExercise as error:
            return encode({"refused": str(error), "unknown": True})
        except Refused as error:
            return encode({"refused": str(error)})
        except CodecError as error:
            return encode({"refused": str(error)[:200]})

    def permit(self, exercise: str) -> None:
        """Permit one check of this exercise, or raise `Refused`."""

    def report(self, verdict: Verdict, answer: Any) -> Verdict:
        """Return the part of a verdict that the student sees; `answer` is a valid prediction."""
        del answer
        return verdict

    def close_checks(self) -> None:
        """Invalidate every ticket that was not used."""
        self._open.clear()
        self._failed.clear()

    def prepared(self, exercise: str) -> Prepared:
        """Return the cases of an exercise, which the key decides."""
        return prepare(exercise, seed_of(self._key, exercise))

    def _answer(self, message: Any) -> Any:
        match message:
            case {"do": "catalogue", **more} if not more:
                return [_entry(exercise) for exercise in load_all()]
            case {"do": "hints", "exercise": str(name), **more} if not more:
                return list(find(name).hints)
            case {"do": "cases", "exercise": str(name), **more} if not more:
                return self._give_cases(name)
            case {
                "do": "verdict",
                "ticket": str(ticket),
                "observations": list(seen),
                **more,
            } if not more:
                return self._give_verdict(ticket, seen)
            case {"do": "place", "ticket": str(ticket), "steps": list(steps), **more} if not more:
                return self._give_place(ticket, steps)
        raise Refused(MALFORMED)

    def _give_cases(self, name: str) -> dict[str, Any]:
        self.permit(name)
        prepared = self.prepared(name)
        ticket = secrets.token_hex(16)
        self._open[ticket] = prepared
        calls = [case.call for case in prepared.cases]
        return {"ticket": ticket, "kind": prepared.exercise.kind, "calls": calls}

    def _give_verdict(self, ticket: str, seen: list[Any]) -> dict[str, Any]:
        prepared = self._open.pop(ticket, None)
        if prepared is None:
            raise Refused(NOT_OPEN)
        index = None
        try:
            verdict = reach_verdict(prepared, seen)
            if not verdict.passed:
                index = case_to_trace(prepared, verdict, list(differences(prepared, seen)))
        except Exception:  # forged observations may have any form
            reason = "the answer has a form that no check sends"
            verdict = unanswered(prepared.exercise, reason)
        predicted = verdict.passed and prepared.exercise.kind == "prediction"
        told = asdict(self.report(verdict, seen[0].output if predicted else None))
        if index is not None:
            self._failed[ticket] = prepared, index, verdict
            told["trace"] = index
        return told

    def _give_place(self, ticket: str, steps: list[Any]) -> dict[str, Any]:
        if ticket not in self._failed:
            raise Refused(NOT_OPEN)
        prepared, index, verdict = self._failed.pop(ticket)
        return asdict(self.report(with_place(prepared, index, verdict, steps), None))


def _entry(exercise: Exercise) -> dict[str, Any]:
    about = {name: getattr(exercise, name) for name in ("name", "lesson", "number", "title")}
    return about | {"kind": exercise.kind, "bonus": exercise.bonus}
