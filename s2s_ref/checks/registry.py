"""The registry of exercises: each has a reference, a function that draws cases, and mistakes."""

import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from s2s_ref import syllabus
from s2s_ref.checks.source import edited
from s2s_ref.student.protocol import Observation, UnknownExercise


@dataclass(frozen=True)
class Mistake:
    """A mistake that people make.

    Attributes:
        name: its name in reports.
        code: a function or class that makes the mistake.
        message: what is wrong, in one sentence.
        why: what it means for translation.
        question: a question that leads to the fix.
        raises: a pattern for the text of the exception, if the mistake raises one.
    """

    name: str
    code: Any
    message: str
    why: str = ""
    question: str = ""
    raises: str = ""


@dataclass(frozen=True)
class Built:
    """The case of a module: the arguments of its constructor and of the call."""

    sizes: dict[str, Any]
    arguments: dict[str, Any]


@dataclass(eq=False)
class Exercise:
    """An exercise, as the decorators `exercise` and `prediction` make it.

    Attributes:
        name: its lesson's name and its own, such as `rnn.unroll`.
        lesson: its lesson's number.
        title: its title in `progress()`.
        reference: the right function or class, or the example of a prediction.
        draw: draws the arguments of one call.
        kind: `function`, `module` or `prediction`.
        hints: the hints in the order in which they are shown.
        after: earlier exercises that an answer may call.
        edges: the sizes of the edge cases; None stands for the default of `edge_sizes`.
        returns: what a card calls the result, or a name for each part of it.
        can: what a right answer can do, for the line of a check that passes. By default, this is
            the first sentence of the reference's docstring, which is an imperative.
        skip: the variations of a case that make no sense, `padding` or `batch order`.
        free_at_padding: the result may hold anything at padding, because it is not used.
        plain_number: a tensor that holds the right number is wrong, also in a list.
        gradients: whether gradients must flow through the result, as training needs.
        times: how often a case calls, with the same objects. All results are judged, as in an
            epoch whose batches come from one generator twice.
        bonus: whether it is voluntary.
        points: what it is worth, if not the usual 2 points for code and 1 for a prediction.
        number: its number in the lesson, 0 for a bonus. Exercises and predictions are counted
            separately, as in the notebook.
        mistakes: the mistakes that are recognised.
        alternatives: other right answers.
        edits: of each mistake that was written as an edit, its base and what it replaces there.
        judged: the exercise's own verdict, if equality with the reference does not decide.
        findings: for patterns of what that verdict says, the question that goes with it.
        longhand: the name of the alternative with one operation a line, whose variables are the
            quantities on the way to the result. It is the reference by default.
        steps: for each such variable the words for it and the question to ask if it is the first
            that differs. `"h"` stands for every value of `h` and `"h 1"` for the first one alone;
            `"return[1]"` for the second result.
    """

    name: str
    title: str
    reference: Any
    draw: Callable[..., dict[str, Any] | Built]
    kind: str = "function"
    hints: Sequence[str] = ()
    after: Sequence[str] = ()
    edges: Sequence[dict[str, int]] | None = None
    returns: str = "result"
    can: str = ""
    skip: Sequence[str] = ()
    free_at_padding: bool = False
    plain_number: bool = False
    gradients: bool = True
    times: int = 1
    bonus: bool = False
    points: int | None = None
    longhand: str | None = None
    steps: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    lesson: int = 0
    number: int = 0
    mistakes: list[Mistake] = field(default_factory=list)
    alternatives: list[Any] = field(default_factory=list)
    edits: dict[str, tuple[Any, Mapping[str, str]]] = field(default_factory=dict)
    judged: Callable[[dict[str, Any], Observation], str | None] | None = None
    findings: Mapping[str, str] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """The name without its module, as the student's function is called."""
        return self.name.rpartition(".")[2]

    def mistake(
        self, message: str, *, why: str = "", question: str = "", raises: str = ""
    ) -> Callable[[Any], Any]:
        """Add the decorated function or class as a mistake.

        `raises` is a pattern that the text of the exception must hold, where the mistake raises.
        """

        def add(code: Any) -> Any:
            self.add_mistake(code.__name__, code, message, why, question, raises)
            return code

        return add

    def add_mistake(self, name: str, code: Any, message: str, *words: str) -> None:
        """Add a mistake; `words` are its why, its question and what it raises."""
        if any(known.name == name for known in self.mistakes):
            raise ValueError(f"{self.name} has two mistakes named {name}.")
        self.mistakes.append(Mistake(name, code, message, *words))

    def edit(
        self, name: str, message: str, *, base: Any, replace: Mapping[str, str], **words: str
    ) -> Any:
        """Add the mistake `name` that differs from a right or wrong answer in a few lines.

        Each text to replace occurs exactly once in the source of `base`; `words` are those of
        `mistake`.
        """
        self.edits[name] = base, replace
        return self.mistake(message, **words)(edited(base, name, replace))

    def alternative(self, code: Any) -> Any:
        """Add the decorated function or class as another right answer."""
        self.alternatives.append(code)
        return code

    def verdict(self, function: Callable[[dict[str, Any], Observation], str | None]) -> Any:
        """Let the decorated function judge instead of the comparison with the reference.

        It receives the arguments of a call and what was observed, and returns what is wrong, or
        None. A known mistake is recognised by the returned text, which should therefore name the
        fault and no random numbers.
        """
        self.judged = function
        return function

    def sizes(self) -> dict[str, int]:
        """Return the default sizes of a case, from the drawing function's keywords."""
        parameters = list(inspect.signature(self.draw).parameters.values())[1:]
        return {p.name: p.default for p in parameters}

    def wider(self) -> dict[str, int]:
        """Return other sizes of vectors, so that no answer can have them written down.

        Batches and lengths change in the edge cases.
        """
        widths = ("embed", "hidden", "query", "key", "attention", "vocab", "src_vocab", "tgt_vocab")
        return {n: size + 2 for n, size in self.sizes().items() if n in widths}  # even stays even

    def edge_sizes(self) -> list[dict[str, int]]:
        """List the sizes of the edge cases. By default, each batch and length is 1 in one case."""
        if self.edges is not None:
            return [dict(edge) for edge in self.edges]
        return [{n: 1} for n in self.sizes() if n == "batch" or n == "len" or n.endswith("_len")]


EXERCISES: dict[str, Exercise] = {}

OF_NO_LESSON = 99
"""The lesson number of an exercise that belongs to no lesson, such as one made in a test."""


def exercise(
    *, reference: Any, title: str, **options: Any
) -> Callable[[Callable[..., dict[str, Any] | Built]], Exercise]:
    """Make an exercise of the decorated function, which draws the arguments of one call.

    The exercise has the name of the function. The function takes a `Draw` and the sizes of the case
    as keywords, and returns the arguments by name, or `Built` for a module. The default sizes are
    all different, so that a check detects exchanged axes.
    """

    def make(draw: Callable[..., dict[str, Any] | Built]) -> Exercise:
        kind = "module" if inspect.isclass(reference) else "function"
        made = Exercise(_name_of(draw), title, reference, draw, kind=kind, **options)
        return _register(made)

    return make


def prediction(
    *, title: str, example: Any, **options: Any
) -> Callable[[Callable[[Any], str | None]], Exercise]:
    """Make a prediction: a value that the student writes down, marked for completion only.

    The decorated function receives the value and returns what is wrong with its form, or None.
    """
    return lambda fault: prediction_of(_name_of(fault), fault, title, example, **options)


def prediction_of(
    name: str, fault: Callable[[Any], str | None], title: str, example: Any, **options: Any
) -> Exercise:
    """Make the prediction of this name, whose form `fault` judges."""
    made = Exercise(name, title, example, lambda _: {}, kind="prediction", **options)
    made.judged = lambda _, seen: fault(seen.output)
    return _register(made)


def _name_of(function: Any) -> str:
    """Return the name of an exercise: its folder, which is its lesson's name, and its own."""
    return f"{function.__module__.split('.')[-2]}.{function.__name__}"


def _register(made: Exercise) -> Exercise:
    lesson = made.name.partition(".")[0]
    made.lesson = syllabus.number_of(lesson) if lesson in syllabus.names() else OF_NO_LESSON
    if not made.bonus:
        made.number = 1 + sum(_counts_with(made, other) for other in EXERCISES.values())
    EXERCISES[made.name] = made
    return made


def _counts_with(one: Exercise, other: Exercise) -> bool:
    same_kind = (one.kind == "prediction") == (other.kind == "prediction")
    return same_kind and one.lesson == other.lesson and not other.bonus


def find(name: str) -> Exercise:
    """Return the exercise of this name.

    Raises:
        UnknownExercise: there is none; the message names the nearest, or those of its lesson.
    """
    lesson = name.partition(".")[0]
    if lesson in syllabus.names():
        load_lesson(lesson)
    if name not in EXERCISES:
        load_all()
        raise UnknownExercise(f"There is no exercise {name!r}. {_suggestion(name)}")
    return EXERCISES[name]


def _suggestion(name: str) -> str:
    """Suggest a similar name, or list the names of the lesson."""
    shorts = {known.rpartition(".")[2]: known for known in EXERCISES}
    for wanted, names in ((name, {n: n for n in EXERCISES}), (name.rpartition(".")[2], shorts)):
        if near := difflib.get_close_matches(wanted, names, n=1, cutoff=0.8):
            return f"Did you mean {names[near[0]]!r}?"
    of_its_lesson = [known for known in EXERCISES if known.startswith(f"{name.partition('.')[0]}.")]
    if of_its_lesson:
        return f"Its lesson has {', '.join(of_its_lesson)}."
    return "progress() lists them all."


def load_lesson(lesson: str) -> None:
    """Import the exercises of a lesson, in the order of its notebook."""
    folder = f"s2s_ref.exercises.{lesson}"
    for file in importlib.import_module(folder).ORDER:
        importlib.import_module(f"{folder}.{file}")


def load_all() -> list[Exercise]:
    """Return every exercise of the course, in teaching order."""
    for lesson in syllabus.names():
        load_lesson(lesson)
    known = (e for e in EXERCISES.values() if e.lesson != OF_NO_LESSON)
    return sorted(known, key=lambda e: e.lesson)  # stable: within a lesson, as they were loaded
