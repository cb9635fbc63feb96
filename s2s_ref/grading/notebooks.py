"""Read notebooks, also those that students have edited with whatever they had."""

import json
import re
from pathlib import Path
from typing import Any

import nbformat

CONFLICT = re.compile(r"^(<{7}|>{7})( |$)", re.MULTILINE)
"""A line that git writes where two versions of a file differ."""

MOST_BYTES = 256 * 2**20
"""What a notebook may hold, its outputs included; they are thrown away."""

PICTURES = ("image/png", "image/jpeg")
"""The kinds of pictures that are shown in answers and outputs."""


def read_notebook(path: Path) -> Any:
    """Read a notebook.

    Raises:
        ValueError: the file is missing, or cannot be read as a notebook.
    """
    return _as_notebook(path, _parsed(path))


def read_submission(path: Path) -> Any:
    """Read a notebook that was handed in, without its outputs and what editors add to it.

    Raises:
        ValueError: the file is missing, or cannot be read as a notebook.
    """
    raw = _parsed(path)
    if isinstance(raw, dict):
        metadata = raw.get("metadata")
        kept = metadata.get("kernelspec") if isinstance(metadata, dict) else None
        raw["metadata"] = {"kernelspec": kept} if isinstance(kept, dict) else {}
        worksheets = raw.get("worksheets")  # until version 3
        for part in (raw, *(worksheets if isinstance(worksheets, list) else ())):
            cells = part.get("cells") if isinstance(part, dict) else None
            for cell in cells if isinstance(cells, list) else ():
                _strip(cell)
    notebook = _as_notebook(path, raw)
    for cell in notebook.cells:  # a file may hold halves of characters, which nothing can store
        cell.source = cell.source.encode("utf-8", "replace").decode("utf-8")
    return notebook


def _strip(cell: Any) -> None:
    """Remove a cell's outputs, and pictures that are not shown; `null` is an empty text."""
    if not isinstance(cell, dict):
        return
    if "outputs" in cell:
        cell["outputs"], cell["execution_count"] = [], None
    if cell.get("source", "") is None:
        cell["source"] = ""
    attachments = cell.pop("attachments", None)
    if isinstance(attachments, dict) and (kept := _pictures(attachments)):
        cell["attachments"] = kept


def _pictures(attachments: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the PNG and JPEG pictures of a cell, by their names."""
    found: dict[str, dict[str, str]] = {}
    for name, kinds in attachments.items():
        if isinstance(kinds, dict):
            data = {k: d for k, d in kinds.items() if k in PICTURES and is_base64(d)}
            found |= {name: data} if data else {}
    return found


def is_base64(data: Any) -> bool:
    """Tell whether something is a text in base 64, in which nothing can be hidden."""
    return isinstance(data, str) and re.fullmatch(r"[A-Za-z0-9+/=\s]*", data) is not None


def _parsed(path: Path) -> Any:
    """Read a file as JSON, in whichever encoding an editor saved it."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MOST_BYTES else b""
    except FileNotFoundError:
        raise ValueError(f"{path} is missing. {_what_to_do(path)}") from None
    if size > MOST_BYTES:
        raise ValueError(
            f"{path} holds {size / 2**20:,.0f} MiB, at most {MOST_BYTES // 2**20} can be read. "
            "Open it in JupyterLab, clear all outputs, and save it."
        )
    if not data.strip():
        raise ValueError(f"{path} is empty. Ask for it again.")
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        return json.loads(text)
    except UnicodeDecodeError:
        raise ValueError(
            f"{path} is not a notebook: it is not text in UTF-8. Save it again from "
            "JupyterLab, or ask for it again."
        ) from None
    except (ValueError, RecursionError):
        if found := CONFLICT.search(text):
            line = text.count("\n", 0, found.start()) + 1
            raise ValueError(
                f"{path} has marks of an unfinished merge, the first in line {line}. Open it in a "
                "text editor, keep one of the two versions there, and delete the marks."
            ) from None
        raise ValueError(
            f"{path} is not a notebook: it is not JSON. It may be cut off, or another kind of "
            "file. Save it again from JupyterLab, or ask for it again."
        ) from None


def _as_notebook(path: Path, raw: Any) -> Any:
    try:
        return nbformat.reads(json.dumps(raw), as_version=4)
    except Exception as error:  # nbformat raises many kinds for a malformed notebook
        problem = f"{type(error).__name__}: {str(error).rstrip('. ')}"
        raise ValueError(
            f"{path} cannot be read as a notebook ({problem}). Save it again from JupyterLab."
        ) from error


def _what_to_do(path: Path) -> str:
    found = sorted(other.name for other in path.parent.glob("*.ipynb"))
    if not found:
        return "Put it there."
    return f"Its folder contains {', '.join(found)}: name the right one {path.name}."
