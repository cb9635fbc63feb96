"""Answers are found however the notebook was edited, and none is worth 0 unread."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell
from small_course import CHECK, EXERCISE, LESSON, WRITTEN, cell_of, small_course

from s2s_ref.grading.cells import grade_id
from s2s_ref.grading.gradebook import register
from s2s_ref.grading.nbgrader_steps.sanitize import lesson_texts, recorded_cells, sanitise
from s2s_ref.grading.release import release


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """The released notebook, the cells that the gradebook records, and the lesson's texts."""
    course = small_course(tmp_path_factory.mktemp("course"))
    release(course)
    register(course, LESSON)
    with course.api().gradebook as gradebook:
        recorded = recorded_cells(gradebook, LESSON)
    released = nbformat.read(course.notebook(course.lessons, LESSON), as_version=4)
    return released, recorded, lesson_texts(course, LESSON)


@pytest.fixture
def notebook(lesson):
    return copy.deepcopy(lesson[0])


@pytest.fixture
def sources(lesson):
    """Sanitises a notebook, and returns the sources of the lesson's cells by their names."""

    def run(notebook):
        _, recorded, texts = lesson
        sanitise(notebook, recorded, texts)
        named = [cell for cell in notebook.cells if grade_id(cell)]
        assert len({grade_id(cell) for cell in named}) == len(named)
        return {grade_id(cell): cell.source for cell in named}

    return run


def added_after(notebook, name, cell):
    notebook.cells.insert(notebook.cells.index(cell_of(notebook, name)) + 1, cell)


@pytest.mark.parametrize("name", [EXERCISE, WRITTEN])
@pytest.mark.parametrize("order", [1, -1])
def test_of_two_copies_the_answered_one_counts(notebook, sources, name, order):
    """Whether the copy was made before the answer was written or after."""
    original = cell_of(notebook, name)
    twin = copy.deepcopy(original)
    twin.id = "twin"
    added_after(notebook, name, twin)
    (original, twin)[::order][0].source = "answered"
    assert sources(notebook)[name] == "answered"


def test_of_two_answers_the_last_one_counts(notebook, sources):
    twin = copy.deepcopy(cell_of(notebook, EXERCISE))
    cell_of(notebook, EXERCISE).source, twin.source, twin.id = "first", "second", "twin"
    added_after(notebook, EXERCISE, twin)
    assert sources(notebook)[EXERCISE] == "second"


@pytest.mark.parametrize("name", [EXERCISE, WRITTEN])
def test_a_cell_that_lost_its_metadata_is_known_by_its_id(notebook, sources, name):
    cell = cell_of(notebook, name)
    cell.metadata, cell.source = nbformat.NotebookNode(), "answered"
    assert sources(notebook)[name] == "answered"


def test_an_answer_in_a_new_cell_below_is_brought_in(notebook, sources, lesson):
    added_after(notebook, WRITTEN, new_markdown_cell("It swaps the words."))
    found = sources(notebook)[WRITTEN]
    assert found.startswith(lesson[1][WRITTEN].source)
    assert found.endswith("It swaps the words.")


def test_an_answer_of_a_deleted_cell_is_brought_in(notebook, sources):
    notebook.cells.remove(cell_of(notebook, WRITTEN))
    notebook.cells.insert(1, new_markdown_cell("It swaps the words."))
    assert sources(notebook)[WRITTEN].endswith("It swaps the words.")


def test_a_note_beside_an_answer_is_left_where_it_is(notebook, sources):
    cell_of(notebook, WRITTEN).source = "My answer."
    added_after(notebook, WRITTEN, new_markdown_cell("A note."))
    assert sources(notebook)[WRITTEN] == "My answer."


def test_an_untouched_lesson_stays_as_it_was_released(notebook, sources, lesson):
    del notebook.cells[-1]["id"]
    assert sources(notebook) == {name: cell.source for name, cell in lesson[1].items()}


def test_locked_cells_are_the_lessons(notebook, sources, lesson):
    cell_of(notebook, CHECK).source = "print('all right')"
    assert sources(notebook)[CHECK] == lesson[1][CHECK].source


def test_a_picture_stays_with_its_answer(notebook, sources):
    picture = {"a.png": {"image/png": "AAAA"}}
    cell_of(notebook, WRITTEN).source = "![](attachment:a.png)"
    cell_of(notebook, WRITTEN).attachments = picture
    assert sources(notebook)[WRITTEN] == "![](attachment:a.png)"
    assert cell_of(notebook, WRITTEN).attachments == picture
