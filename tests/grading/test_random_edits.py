"""Whatever is done to the JSON of an unsolved notebook: a record, and no point."""

import copy
import json
import os
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_course import (
    EXERCISE,
    LESSON,
    PREDICT,
    WAYS,
    contents,
    course_in,
    hand_in,
    small_course,
)

from s2s_ref.grading import grade as engine
from s2s_ref.grading.release import release
from s2s_ref.grading.store import Ledger
from s2s_ref.grading.submissions import Submission

EXAMPLES = 300 if os.environ.get("S2S_SCALE") else 12

values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=8) | st.sampled_from(["nbgrader", "tags"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
marks = st.fixed_dictionaries(
    {},
    optional={
        "grade_id": st.sampled_from([EXERCISE, PREDICT, f"check-{EXERCISE}", "experiment-x", ""])
        | values,
        "grade": values,
        "solution": values,
        "locked": values,
        "points": values,
        "schema_version": values,
        "checksum": values,
    },
)
sources = st.sampled_from(
    ["", "pass", "check = print", "1 / 0", "100", "%%bash\ntrue", "\x00", "책"]
)
# each: what is done, where, and with what
edits = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["delete", "copy", "to the front"]), st.integers(0, 40), st.none()
        ),
        st.tuples(st.just("source"), st.integers(0, 40), sources | values),
        st.tuples(st.just("marks"), st.integers(0, 40), marks),
        st.tuples(st.just("metadata"), st.integers(0, 40), values),
        st.tuples(
            st.just("kind"), st.integers(0, 40), st.sampled_from(["code", "markdown", "raw", "x"])
        ),
        st.tuples(st.just("id"), st.integers(0, 40), st.sampled_from(["same", "", "a b"]) | values),
        st.tuples(st.just("cell"), st.integers(0, 40), values),
        st.tuples(st.just("of the notebook"), st.integers(0, 3), values),
        st.tuples(st.just("cut"), st.integers(0, 4000), st.none()),
    ),
    max_size=8,
)


def edited(notebook, changes):
    """Return the text of a notebook after these changes."""
    book, cut = copy.deepcopy(notebook), None
    for kind, place, value in changes:
        cells = book.get("cells")
        if kind == "of the notebook":
            book[["metadata", "nbformat", "nbformat_minor", "cells"][place]] = value
        elif kind == "cut":
            cut = place
        elif isinstance(cells, list) and cells:
            change_cell(cells, kind, place % len(cells), value)
    return json.dumps(book)[:cut]


def change_cell(cells, kind, place, value):
    cell = cells[place]
    if kind == "delete":
        del cells[place]
    elif kind == "copy":
        cells.append(copy.deepcopy(cell))
    elif kind == "to the front":
        cells.insert(0, cells.pop(place))
    elif kind == "cell":
        cells[place] = value
    elif isinstance(cell, dict) and kind == "marks":
        cell["metadata"] = {"nbgrader": value}
    elif isinstance(cell, dict):
        cell[{"kind": "cell_type"}.get(kind, kind)] = value


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = course_in(WAYS[-1], tmp_path_factory.mktemp("class") / "course")
    release(small_course(course.root))
    return course


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(edits)
def test_no_edit_of_the_json_gives_a_point_or_leaves_no_record(course, changes):
    path = course.notebook(course.lessons, LESSON)
    released = json.loads(path.read_text(encoding="utf-8"))
    hand_in(course, "somebody", edited(released, changes))
    before = contents(course.submitted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (result,) = engine.grade(course, [Submission("somebody", LESSON)])
    assert result.score == 0
    assert not any(verdict["passed"] for verdict in result.verdicts)
    assert bool(result.error) != (result.max_score == 3)
    assert Ledger(course.results).get(Submission("somebody", LESSON)).error == result.error
    assert contents(course.submitted) == before
