"""Bring a solution notebook into a canonical form, so that a diff shows only real changes.

    python -m s2s_ref.grading.normalise [--check] solutions/01_single_rnn/01_single_rnn.ipynb ...

What changes when a notebook is run is removed: time stamps, the editor's state, progress bars. What
an author wrote is kept: text, tags, ids, nbgrader's metadata, figures and printed results.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from s2s_ref.whole_files import write_whole

# A cell, an output or a whole notebook, as JSON holds it.
Node = dict[str, Any]

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE_INFO = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}
KEPT_NOTEBOOK_METADATA = ("title", "authors")
KEPT_CELL_METADATA = ("nbgrader", "tags", "editable", "deletable", "slideshow")
WIDGET = "application/vnd.jupyter.widget-view+json"

# tqdm's text: "  40%|####      | 4/10 [00:01<00:02, 3.1it/s]", "12it [00:03, 4.0it/s]", and the
# blanks that wipe a finished bar.
PROGRESS_BAR = re.compile(
    r"\r*[^\r\n]*?\d\S* \[\d[\d:]+(<[^\],\r\n]*)?, [^\]\r\n]*/[^\]\r\n]*\] *(\r+|\n)?|\r? +\r(?!\n)"
)
VALID_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class NotebookError(ValueError):
    """A file that is not a notebook, or not one that the course can use."""


def normalise(text: str) -> str:
    """Return a notebook's text in canonical form, which normalising again does not change.

    Raises:
        NotebookError: the text is not JSON, not a notebook, or of another format than 4.
    """
    import nbformat
    from nbformat.v4 import rwbase

    notebook = _parse(text)
    notebook["nbformat_minor"] = max(5, notebook["nbformat_minor"])
    notebook["metadata"] = _notebook_metadata(notebook["metadata"])
    _fill_ids(notebook["cells"])
    node = rwbase.rejoin_lines(nbformat.from_dict(notebook))
    try:
        nbformat.validate(node)
    except nbformat.ValidationError as error:
        raise NotebookError(f"not a valid notebook: {str(error).splitlines()[0]}") from error
    count = 0
    for cell in node["cells"]:
        cell["metadata"] = _cell_metadata(cell["metadata"])
        cell["source"] = _source(cell["source"], code=cell["cell_type"] == "code")
        if cell["cell_type"] == "code":
            count = _renumber(cell, count)
            cell["outputs"] = _outputs(cell["outputs"])
    return str(nbformat.writes(node)).rstrip("\n") + "\n"


def normalise_file(path: Path, check: bool = False) -> bool:
    """Bring a file into canonical form, and return whether that changes it.

    With `check`, nothing is written.

    Raises:
        NotebookError: the file is not a notebook; the message names it.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        canonical = normalise(text)
    except UnicodeDecodeError as error:
        raise NotebookError(f"{path}: not UTF-8 text, so not a notebook") from error
    except NotebookError as error:
        raise NotebookError(f"{path}: {error}") from error
    if canonical == text:
        return False
    if not check:
        write_whole(path, canonical)
    return True


def _parse(text: str) -> Node:
    """Read the JSON, and check what the other functions rely on."""
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotebookError(
            f"not JSON (line {error.lineno}: {error.msg}), so not a notebook; "
            "take the file from git again, or save it in JupyterLab"
        ) from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        raise NotebookError("JSON, but not a notebook: it has no nbformat number")
    if notebook["nbformat"] != 4:
        raise NotebookError(
            f"notebook format {notebook['nbformat']}, expected 4; convert it with "
            "jupyter nbconvert --to notebook --inplace FILE"
        )
    notebook.setdefault("nbformat_minor", 0)
    notebook.setdefault("metadata", {})
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(_is_cell(cell) for cell in cells):
        raise NotebookError("a notebook whose cells are missing or lack a cell_type or a source")
    return notebook


def _is_cell(cell: object) -> bool:
    return isinstance(cell, dict) and "cell_type" in cell and "source" in cell


def _fill_ids(cells: list[Node]) -> None:
    """Give every cell a unique id that depends only on the notebook's text."""
    taken: set[str] = set()
    for cell in cells:
        cell.setdefault("metadata", {})
        if cell["cell_type"] == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
        for candidate in _candidate_ids(cell):
            if VALID_ID.fullmatch(candidate) and candidate not in taken:
                cell["id"] = candidate
                break
        taken.add(cell["id"])


def _candidate_ids(cell: Node) -> Iterator[str]:
    """Yield the cell's id, nbgrader's id, and then an endless series of hashes of its text."""
    yield str(cell.get("id", ""))
    yield str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
    source = "".join(cell["source"])
    number = 0
    while True:
        yield hashlib.sha256(f"{number}\n{source}".encode()).hexdigest()[:8]
        number += 1


def _notebook_metadata(metadata: Node) -> Node:
    kept = {name: metadata[name] for name in KEPT_NOTEBOOK_METADATA if name in metadata}
    return {**kept, "kernelspec": dict(KERNELSPEC), "language_info": dict(LANGUAGE_INFO)}


def _cell_metadata(metadata: Node) -> Node:
    kept = {name: metadata[name] for name in KEPT_CELL_METADATA if name in metadata}
    if kept.get("tags") == []:
        del kept["tags"]
    # An author may have folded the code of a cell; folded outputs are a reader's state.
    if metadata.get("jupyter", {}).get("source_hidden"):
        kept["jupyter"] = {"source_hidden": True}
    return kept


def _source(source: str, code: bool) -> str:
    lines = source.replace("\r\n", "\n").split("\n")
    stripped = [line.rstrip() for line in lines]
    fenced = code
    for i, line in enumerate(lines[:-1]):
        if line.lstrip().startswith(("```", "~~~")) and not code:
            fenced = not fenced
        elif not fenced and line.endswith("  ") and stripped[i] and stripped[i + 1]:
            stripped[i] += "\\"  # Markdown's line break, in the spelling that can be seen
    return "\n".join(stripped).rstrip("\n")


def _renumber(cell: Node, count: int) -> int:
    """Number a cell that has run, and its result, after the last such cell."""
    executed = cell["execution_count"] is not None or bool(cell["outputs"])
    cell["execution_count"] = count + 1 if executed else None
    for output in cell["outputs"]:
        if output["output_type"] == "execute_result":
            output["execution_count"] = count + 1
    return count + executed


def _outputs(outputs: list[Node]) -> list[Node]:
    """Remove progress bars, and join the pieces of what a stream printed."""
    kept: list[Node] = []
    for output in outputs:
        if output["output_type"] == "stream":
            last = kept[-1] if kept else {}
            if last.get("output_type") == "stream" and last["name"] == output["name"]:
                last["text"] += output["text"]
            else:
                kept.append(output)
        elif WIDGET not in output.get("data", {}):
            kept.append(output)
    for output in kept:
        if output["output_type"] == "stream":
            output["text"] = _without_progress_bars(output["text"])
    return [output for output in kept if output["output_type"] != "stream" or output["text"]]


def _without_progress_bars(text: str) -> str:
    """Remove the states of a progress bar, each of which overwrites the one before."""
    kept = PROGRESS_BAR.sub("", text)
    return kept if kept.strip() or kept == text else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Normalise the files named on the command line.

    Returns:
        0 if all is well, 1 if --check found a file that differs, 2 for bad input.
    """
    parser = argparse.ArgumentParser(
        prog="python -m s2s_ref.grading.normalise",
        description="Bring notebooks into their canonical form.",
        epilog="Exit codes: 0 all well, 1 --check found a difference, 2 bad input.",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--check", action="store_true", help="write nothing, name what differs")
    options = parser.parse_args(arguments)
    code = 0
    for path in options.files:
        try:
            if normalise_file(path, check=options.check):
                print(f"{path}: {'not normalised' if options.check else 'normalised'}")
                code = max(code, 1 if options.check else 0)
        except (NotebookError, OSError) as error:
            reason = error if isinstance(error, NotebookError) else f"{path}: {error.strerror}"
            print(f"s2s-normalise: {reason}", file=sys.stderr)
            code = 2
    return code


if __name__ == "__main__":
    sys.exit(main())
