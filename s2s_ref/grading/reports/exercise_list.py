"""Every exercise of the course, as a list for instructors and scripts."""

from typing import Any

from s2s_ref.checks.registry import load_all
from s2s_ref.grading.cells import graded_checks, points
from s2s_ref.grading.course import Course
from s2s_ref.grading.notebooks import read_notebook


def exercise_list(course: Course) -> list[dict[str, Any]]:
    """Describe every exercise, with the points of its cell in the solution notebook."""
    points_of = _points(course)
    return [
        {
            "name": e.name,
            "lesson": e.lesson,
            "number": e.number,
            "title": e.title,
            "kind": e.kind,
            "bonus": e.bonus,
            "points": points_of.get(e.name, 0.0),
            "hints": len(e.hints),
            "mistakes": [{"name": m.name, "message": m.message} for m in e.mistakes],
            "alternatives": [code.__name__ for code in e.alternatives],
        }
        for e in load_all()
    ]


def _points(course: Course) -> dict[str, float]:
    points_of: dict[str, float] = {}
    for lesson in course.lesson_names():
        notebook = read_notebook(course.notebook(course.solutions, lesson))
        for cell, checks in graded_checks(notebook):
            for exercise, _ in checks:
                share = points(cell) / len(checks)
                points_of[exercise] = points_of.get(exercise, 0.0) + share
    return points_of
