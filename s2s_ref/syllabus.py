"""The lessons in teaching order: the only such list.

A lesson's folder holds its notebook; `name` is that of its exercises in `s2s_ref/exercises/`, and
of the reference module that it writes, where it writes one.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lesson:
    """One lesson of the course."""

    number: int
    folder: str
    name: str
    writes_module: bool = True


def _in_order(*lessons: tuple[str, str] | tuple[str, str, bool]) -> tuple[Lesson, ...]:
    return tuple(Lesson(number, *lesson) for number, lesson in enumerate(lessons))


LESSONS = _in_order(
    ("00_start_here", "start_here", False),
    ("01_single_rnn", "rnn"),
    ("02_encoder_decoder", "encoder_decoder"),
    ("03_padding", "padding"),
    ("04_teacher_forcing", "teacher_forcing"),
    ("05_decoding", "decoding"),
    ("06_bottleneck", "bottleneck"),
    ("07_attention", "attention"),
    ("08_two_attentions", "two_attentions"),
    ("09_translate", "translate", False),
)


def names() -> tuple[str, ...]:
    """List the lessons' names in teaching order."""
    return tuple(lesson.name for lesson in LESSONS)


def number_of(name: str) -> int:
    """Return the number of the lesson with this name."""
    return names().index(name)


def modules_before(number: int) -> tuple[str, ...]:
    """List the reference modules that the lessons before this one write, in their order."""
    return tuple(lesson.name for lesson in LESSONS[:number] if lesson.writes_module)
