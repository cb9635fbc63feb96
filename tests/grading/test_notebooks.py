"""Notebooks are read however they were saved, and what cannot be read says what to do."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from s2s_ref.grading.notebooks import read_notebook, read_submission

CELLS = [new_markdown_cell("한국어", id="a"), new_code_cell("x = 1", id="b")]
TEXT = nbformat.writes(new_notebook(cells=CELLS))
PNG = "iVBORw0KGgo="


@pytest.fixture
def saved(tmp_path):
    """Saves bytes, or something as JSON, and returns the path."""

    def save(content):
        path = tmp_path / "n.ipynb"
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        path.write_bytes(content)
        return path

    return save


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_encoding_that_editors_write_is_read(saved, encoding):
    path = saved(TEXT.encode(encoding))
    for read in (read_notebook, read_submission):
        assert [cell.source for cell in read(path).cells] == ["한국어", "x = 1"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty. Ask for it again"),
        (b" \n", "is empty"),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
        ("한국어".encode("euc-kr"), "is not text in UTF-8"),
        (b"print('hello')", "it is not JSON"),
        (TEXT.encode()[:200], "It may be cut off"),
        (b'{\n "cells": [\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> b\n]}', "the first in line 3"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "cannot be read as a notebook"),
        (b'{"nbformat": 5, "cells": []}', "version 5"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(saved, data, problem):
    with pytest.raises(ValueError, match=problem):
        read_submission(saved(data))


def test_a_missing_file_names_what_is_there(tmp_path):
    (tmp_path / "homework.ipynb").touch()
    with pytest.raises(ValueError, match=r"contains homework\.ipynb: name the right one n\.ipynb"):
        read_submission(tmp_path / "n.ipynb")


def test_outputs_of_any_size_are_dropped_and_the_rest_stays(saved):
    cell = new_code_cell("x = 1", outputs=[new_output("stream", text="x" * 10**7)])
    cell.execution_count = 7
    read = read_submission(saved(new_notebook(cells=[cell]))).cells[0]
    assert (read.source, read.outputs, read.execution_count) == ("x = 1", [], None)


@pytest.mark.parametrize(
    "metadata",
    [
        {"widgets": {"application/vnd.jupyter.widget-state+json": {"version_major": 2}}},
        {"colab": {"provenance": []}},
        {"kernelspec": 7},
        None,
    ],
)
def test_what_other_editors_add_is_dropped(saved, metadata):
    notebook = {**json.loads(TEXT), "metadata": metadata}
    assert read_submission(saved(notebook)).metadata == {}


def test_a_source_of_null_is_an_empty_text(saved):
    notebook = json.loads(TEXT)
    notebook["cells"][1]["source"] = None
    assert [cell.source for cell in read_submission(saved(notebook)).cells] == ["한국어", ""]


def test_halves_of_characters_become_question_marks(saved):
    notebook = json.loads(TEXT)
    notebook["cells"][1]["source"] = "x = '\ud83d'"
    source = read_submission(saved(notebook)).cells[1].source
    assert source == "x = '?'"


def test_pictures_in_answers_stay_and_nothing_else_that_is_attached(saved):
    cell = new_markdown_cell("![](attachment:a.png)")
    cell.attachments = {
        "a.png": {"image/png": PNG},
        "b.svg": {"image/svg+xml": "<svg onload='x()'/>"},
        "c.png": {"image/png": "x' onerror='y()"},
        "d.jpg": {"image/jpeg": PNG, "text/html": "<b>"},
    }
    read = read_submission(saved(new_notebook(cells=[cell]))).cells[0]
    assert read.attachments == {"a.png": {"image/png": PNG}, "d.jpg": {"image/jpeg": PNG}}


def test_an_old_version_of_the_format_is_read_too(saved):
    old = nbformat.convert(nbformat.reads(TEXT, as_version=4), 3)
    assert [cell.source for cell in read_submission(saved(old)).cells] == ["한국어", "x = 1"]
