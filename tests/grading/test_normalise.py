"""The notebook normaliser: what goes, what stays, and that it is deterministic."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from s2s_ref.grading.normalise import NotebookError, main, normalise, normalise_file


def code(source="1 + 1", **changes):
    cell = {
        "cell_type": "code",
        "id": "abc",
        "metadata": {},
        "source": source,
        "execution_count": None,
        "outputs": [],
    }
    return {**cell, **changes}


def markdown(source="# Title", **changes):
    return {"cell_type": "markdown", "id": "title", "metadata": {}, "source": source, **changes}


def notebook(*cells, **changes):
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
    return json.dumps({**whole, **changes})


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def result(text, count=7):
    return {
        "output_type": "execute_result",
        "execution_count": count,
        "metadata": {},
        "data": {"text/plain": text},
    }


def normalised(*cells, **changes):
    return json.loads(normalise(notebook(*cells, **changes)))


def text_of(cell):
    return "".join(cell["source"])


def test_executed_cells_are_numbered_from_one_and_results_with_them():
    cells = normalised(
        markdown(),
        code(id="a", execution_count=12),
        code(id="b"),
        code(id="c", execution_count=None, outputs=[result("2")]),
    )["cells"]
    assert [cell.get("execution_count") for cell in cells] == [None, 1, None, 2]
    assert cells[3]["outputs"][0]["execution_count"] == 2


def test_normalising_twice_changes_nothing_and_the_form_is_readable():
    text = notebook(markdown("제목  \n둘째 줄"), code("x = 1  \n", outputs=[result("2")]))
    once = normalise(text)
    assert normalise(once) == once
    assert "제목" in once
    assert once.endswith("}\n")
    assert "\n   " in once
    assert "\n    \n" not in once
    nbformat.validate(nbformat.reads(once, as_version=4))


def test_volatile_metadata_goes_and_nbgrader_and_tags_stay():
    nbgrader = {"grade": True, "grade_id": "check-rnn-unroll", "points": 2, "schema_version": 3}
    whole = normalised(
        code(
            metadata={
                "nbgrader": nbgrader,
                "tags": ["experiment"],
                "collapsed": True,
                "scrolled": True,
                "execution": {"iopub.execute_input": "2026-01-01T00:00:00Z"},
                "ExecuteTime": {"end_time": "2026-01-01"},
                "jupyter": {"source_hidden": True, "outputs_hidden": True},
            }
        ),
        metadata={
            "kernelspec": {"display_name": "my env", "language": "python", "name": "my-env"},
            "language_info": {"name": "python", "version": "3.11.7"},
            "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
            "title": "One RNN",
        },
    )
    assert whole["cells"][0]["metadata"] == {
        "nbgrader": nbgrader,
        "tags": ["experiment"],
        "jupyter": {"source_hidden": True},
    }
    assert set(whole["metadata"]) == {"title", "kernelspec", "language_info"}
    assert whole["metadata"]["kernelspec"]["name"] == "python3"
    assert "version" not in whole["metadata"]["language_info"]


TQDM = (
    "train:   0%|          | 0/10 [00:00<?, ?it/s]\rtrain: 100%|####| 10/10 [00:01<00:00, 9.1it/s]"
)


@pytest.mark.parametrize(
    "text", [TQDM, f"\r{TQDM}\n", "3it [00:09, 3.1s/it]\n", f"{TQDM}\r     \r"]
)
@pytest.mark.parametrize("name", ["stderr", "stdout"])
def test_a_progress_bar_printed_as_text_goes(text, name):
    (cell,) = normalised(code(outputs=[stream(text, name), stream("done\n")]))["cells"]
    assert cell["outputs"] == [{**stream("done\n"), "text": ["done\n"]}]


def test_text_around_a_progress_bar_stays():
    (cell,) = normalised(code(outputs=[stream(f"loss 0.3\n\r{TQDM}\nloss 0.2\n")]))["cells"]
    assert "".join(cell["outputs"][0]["text"]) == "loss 0.3\nloss 0.2\n"


def test_a_progress_widget_goes_and_a_figure_stays():
    widget = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "0%"},
    }
    figure = {
        "output_type": "display_data",
        "metadata": {"needs_background": "light"},
        "data": {"image/png": "aGk=\n", "text/plain": "<Figure>"},
    }
    (cell,) = normalised(code(outputs=[widget, figure]))["cells"]
    (left,) = cell["outputs"]
    assert left["data"]["image/png"].strip() == "aGk="
    assert left["metadata"] == figure["metadata"]
    assert cell["execution_count"] == 1


def test_other_text_on_stderr_stays_and_pieces_of_a_stream_are_joined():
    outputs = [stream("one "), stream("two\n"), stream("Careful\n", "stderr")]
    (cell,) = normalised(code(outputs=outputs))["cells"]
    assert ["".join(output["text"]) for output in cell["outputs"]] == ["one two\n", "Careful\n"]


def test_missing_and_double_ids_are_filled_the_same_way_each_time():
    graded = code("f()", metadata={"nbgrader": {"grade_id": "check-rnn-unroll"}})
    del graded["id"]
    nameless = code("g()")
    del nameless["id"]
    text = notebook(graded, nameless, nameless, code(id="x"), code("h()", id="x"), nbformat_minor=4)
    ids = [cell["id"] for cell in json.loads(normalise(text))["cells"]]
    assert ids[0] == "check-rnn-unroll"
    assert ids[3] == "x"
    assert len(set(ids)) == 5
    assert normalise(text) == normalise(text)
    assert json.loads(normalise(text))["nbformat_minor"] == 5


def test_source_has_no_trailing_whitespace_and_keeps_its_line_breaks():
    cells = normalised(
        markdown("one  \ntwo \n\nthree  \n\n```\ncode  \nmore\n```\nend  "),
        code(["x = 1   \n", "\n", "y = 2\n"]),
    )["cells"]
    assert text_of(cells[0]) == "one\\\ntwo\n\nthree\n\n```\ncode\nmore\n```\nend"
    assert text_of(cells[1]) == "x = 1\n\ny = 2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "not JSON"),
        ("", "not JSON"),
        ("[1, 2]", "no nbformat number"),
        ('{"nbformat": 3, "worksheets": []}', "expected 4; convert it"),
        ('{"nbformat": 4, "metadata": {}}', "cells are missing"),
        ('{"nbformat": 4, "cells": [1]}', "cells are missing"),
        (notebook(code(cell_type="poem")), "not a valid notebook"),
        (notebook(code(outputs=[{"text": "no type"}])), "not a valid notebook"),
    ],
)
def test_what_is_no_notebook_is_refused_by_name(text, message, tmp_path):
    with pytest.raises(NotebookError, match=message):
        normalise(text)
    path = tmp_path / "bad.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NotebookError, match=r"bad\.ipynb"):
        normalise_file(path)
    assert path.read_text(encoding="utf-8") == text


def test_the_command_rewrites_checks_and_reports(tmp_path, capsys):
    good, bad = tmp_path / "good.ipynb", tmp_path / "bad.ipynb"
    good.write_text(notebook(code(execution_count=5)), encoding="utf-8")
    before = good.read_bytes()
    assert main(["--check", str(good)]) == 1
    assert good.read_bytes() == before
    assert main([str(good)]) == 0
    assert main(["--check", str(good)]) == 0
    assert good.read_bytes() == normalise(before.decode()).encode()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["good.ipynb"]

    bad.write_bytes(b"\xff\xfe")
    assert main([str(bad), str(good), str(tmp_path / "absent.ipynb")]) == 2
    errors = capsys.readouterr().err
    assert "bad.ipynb: not UTF-8" in errors
    assert "absent.ipynb: No such file" in errors


def test_it_runs_as_a_module(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text(notebook(code()), encoding="utf-8")
    command = [sys.executable, "-m", "s2s_ref.grading.normalise", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "a.ipynb: normalised" in done.stdout


SOLUTIONS = sorted(Path(__file__).parents[2].glob("solutions/*/*.ipynb"))


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_every_solution_is_normalised(path):
    text = path.read_text(encoding="utf-8")
    assert normalise(text) == text, f"run: python -m s2s_ref.grading.normalise {path}"
