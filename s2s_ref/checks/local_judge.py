"""The judge: draws the cases of a check and reaches the verdict on what was observed.

It never sees the student's code. It sends calls, receives observations, and compares them with
those of the reference and of every known mistake.
"""

import itertools
from dataclasses import asdict
from typing import Any

from s2s_ref.checks.cases import Prepared
from s2s_ref.checks.diagnose import reach_verdict
from s2s_ref.checks.prepare import prepare, seed_of
from s2s_ref.checks.registry import find, load_all
from s2s_ref.student.codec import decode, encode
from s2s_ref.student.protocol import Observation


class LocalJudge:
    """The judge in the student's own process, for practice.

    It still speaks in bytes, so that whatever passes here passes between processes too.
    """

    def __init__(self, key: bytes = b"practice") -> None:
        """Draw cases by this key: the same key draws the same cases."""
        self._key = key
        self._open: dict[str, Prepared] = {}
        self._tickets = map(str, itertools.count(1))

    def ask(self, request: bytes) -> bytes:
        """Answer one request of the student's side."""
        message = decode(request)
        answer = getattr(self, f"_do_{message.pop('do')}")
        return encode(answer(**message))

    def _do_cases(self, exercise: str) -> dict[str, Any]:
        prepared = prepare(exercise, seed_of(self._key, exercise))
        ticket = next(self._tickets)
        self._open[ticket] = prepared
        calls = [case.call for case in prepared.cases]
        return {"ticket": ticket, "kind": prepared.exercise.kind, "calls": calls}

    def _do_verdict(self, ticket: str, observations: list[Observation]) -> dict[str, Any]:
        return asdict(reach_verdict(self._open.pop(ticket), observations))

    def _do_hints(self, exercise: str) -> list[str]:
        return list(find(exercise).hints)

    def _do_catalogue(self) -> list[dict[str, Any]]:
        return [
            {"name": e.name, "lesson": e.lesson, "number": e.number, "title": e.title}
            | {"kind": e.kind, "bonus": e.bonus}
            for e in load_all()
        ]
