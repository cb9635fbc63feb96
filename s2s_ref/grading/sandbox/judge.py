"""The judge of one submission, outside the student's process.

It holds the references, the cases and the mistakes. What comes to it over its socket was made by a
student's code and may be anything; what it says is pass or fail. Everything else it writes down.
"""

import contextlib
import secrets
import select
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from s2s_ref.checks.cases import Prepared
from s2s_ref.checks.diagnose import Verdict, reach_verdict
from s2s_ref.checks.prepare import prepare, seed_of
from s2s_ref.checks.registry import Exercise, find, load_all
from s2s_ref.student.codec import CodecError, decode, encode
from s2s_ref.student.remote_judge import receive, send

NO_CELL = (
    "This cell is not graded, so its check is not made here. In JupyterLab it shows its card: run "
    "it there."
)
NO_VERDICT = "the check did not come to an end"
LONGEST = 600
"""So many characters of a text of a student's making are kept."""

FORM = "A request holds `do` and what belongs to it, and nothing else."


class Judge:
    """Reach a verdict on each check of a submission's graded cells, once."""

    def __init__(self, cells: Mapping[str, Sequence[str]], key: bytes) -> None:
        """Prepare for these cells, each with the exercises that it checks, in a class's cases."""
        self._cells = {cell: tuple(exercises) for cell, exercises in cells.items()}
        self._prepared = {
            name: prepare(name, seed_of(key, name))
            for exercises in self._cells.values()
            for name in exercises
        }
        self._running = ""
        self._asked: set[tuple[str, str]] = set()
        self._tickets: dict[str, tuple[str, str]] = {}
        self._verdicts: dict[tuple[str, str], dict[str, Any]] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def marking(self, cell: str) -> Iterator[None]:
        """Answer the checks of this cell, and of no other, for as long as the block runs."""
        with self._lock:
            self._running = cell
        try:
            yield
        finally:
            with self._lock:
                self._running = ""
                self._tickets.clear()

    def verdicts(self, cell: str) -> list[dict[str, Any]]:
        """Return the verdict on each check of a cell; what was never answered did not pass."""
        with self._lock:
            return [
                self._verdicts.get((cell, name)) or tidy(asdict(_no_verdict(name)))
                for name in self._cells[cell]
            ]

    def ask(self, request: bytes) -> bytes:
        """Answer one request, whatever it is."""
        with self._lock:
            try:
                return encode(self._answer(decode(request)))
            except CodecError as error:
                return encode({"refused": str(error)[:200]})

    def _answer(self, message: Any) -> Any:
        match message:
            case {"do": "catalogue", **more} if not more:
                return [_entry(exercise) for exercise in load_all()]
            case {"do": "hints", "exercise": str(name), **more} if not more:
                return self._hints(name)
            case {"do": "cases", "exercise": str(name), **more} if not more:
                return self._give_cases(name)
            case {
                "do": "verdict",
                "ticket": str(ticket),
                "observations": list(seen),
                **more,
            } if not more:
                return self._reach(ticket, seen)
        return {"refused": FORM}

    def _hints(self, name: str) -> Any:
        try:
            return list(find(name).hints)
        except ValueError as error:
            return {"refused": str(error)}

    def _give_cases(self, name: str) -> Any:
        place = (self._running, name)
        if not self._running:
            return {"refused": NO_CELL}
        if name not in self._cells.get(self._running, ()):
            return {"refused": "The cell that runs now makes no such check."}
        if place in self._asked:
            return {"refused": "This check was asked for already. The first answer counts."}
        self._asked.add(place)
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = place
        prepared = self._prepared[name]
        calls = [case.call for case in prepared.cases]
        return {"ticket": ticket, "kind": prepared.exercise.kind, "calls": calls}

    def _reach(self, ticket: str, seen: list[Any]) -> Any:
        place = self._tickets.pop(ticket, None)
        if place is None:
            return {"refused": "This check is not open, or was answered. The first answer counts."}
        prepared = self._prepared[place[1]]
        verdict = _verdict(prepared, seen)
        answer = (
            seen[0].output if verdict.passed and prepared.exercise.kind == "prediction" else None
        )
        self._verdicts[place] = tidy({**asdict(verdict), "answer": answer})
        headline = "passed" if verdict.passed else "not right yet"
        about = (verdict.exercise, verdict.lesson, verdict.number, verdict.passed, headline)
        return asdict(Verdict(*about))


def _verdict(prepared: Prepared, seen: list[Any]) -> Verdict:
    try:
        return reach_verdict(prepared, seen)
    except Exception:  # observations that no check of ours makes: of a forged or odd message
        return _failed(prepared.exercise, "the answer came in a form that no check sends")


def _no_verdict(name: str) -> Verdict:
    return _failed(find(name), NO_VERDICT)


def _failed(exercise: Exercise, headline: str) -> Verdict:
    kind = "prediction" if exercise.kind == "prediction" else "unanswered"
    return Verdict(exercise.name, exercise.lesson, exercise.number, False, headline, kind=kind)


def tidy(value: Any) -> Any:
    """Return a value that a notebook can hold: short texts, and nothing that JSON cannot write."""
    match value:
        case dict():
            return {str(key): tidy(item) for key, item in value.items()}
        case list() | tuple():
            return [tidy(item) for item in value[:LONGEST]]
        case None | bool():
            return value
        case int() | float() if -1e15 < value < 1e15:
            return value
    text = str(value).encode("utf-8", "replace").decode()  # a lone surrogate cannot be written
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _entry(exercise: Exercise) -> dict[str, Any]:
    about = {name: getattr(exercise, name) for name in ("name", "lesson", "number", "title")}
    return about | {"kind": exercise.kind, "bonus": exercise.bonus}


@contextlib.contextmanager
def serving(judge: Judge, place: Path) -> Iterator[None]:
    """Let a judge answer on a Unix socket at this place for as long as the block runs."""
    ending, ended = socket.socketpair()
    with socket.socket(socket.AF_UNIX) as listener, ending, ended:
        listener.bind(str(place))
        place.chmod(0o666)  # who may come near is a matter of the folder
        listener.listen()
        thread = threading.Thread(target=_serve, args=(judge, listener, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.close()
            thread.join()


def _serve(judge: Judge, listener: socket.socket, ended: socket.socket) -> None:
    """Answer one connection after the other; a bad one costs the submission its own time only."""
    while ended not in select.select([listener, ended], [], [])[0]:
        channel, _ = listener.accept()
        with channel, contextlib.suppress(OSError):
            try:
                request = receive(channel)
            except OSError as error:
                send(channel, encode({"refused": str(error)[:200]}))
            else:
                send(channel, judge.ask(request))
