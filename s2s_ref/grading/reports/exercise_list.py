"""Every exercise of the course, as a list for instructors and scripts."""

from typing import Any

from s2s_ref.checks.registry import load_all
from s2s_ref.grading.cells import graded_checks, points, read_notebook
from s2s_ref.grading.course import Course


def exercise_list(course: Course) -> list[dict[str, Any]]:
    """Describe every exercise; its points are those of its cell in the solution notebook."""
    worth = _points(course)
    return [
        {
            "name": e.name,
            "lesson": e.lesson,
            "number": e.number,
            "title": e.title,
            "kind": e.kind,
            "bonus": e.bonus,
            "points": worth.get(e.name, 0.0),
            "hints": len(e.hints),
            "mistakes": [{"name": m.name, "message": m.message} for m in e.mistakes],
            "alternatives": [code.__name__ for code in e.alternatives],
        }
        for e in load_all()
    ]


def _points(course: Course) -> dict[str, float]:
    worth: dict[str, float] = {}
    for lesson in course.lesson_names():
        notebook = read_notebook(course.notebook(course.solutions, lesson))
        for cell, checks in graded_checks(notebook):
            for exercise, _ in checks:
                worth[exercise] = worth.get(exercise, 0.0) + points(cell) / len(checks)
    return worth
