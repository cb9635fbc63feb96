"""What is run for a submission, and what comes of it."""

import base64
import functools
import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata, resources
from pathlib import Path
from typing import Any

VERSIONS = ("torch", "numpy", "ipykernel", "ipython", "safetensors")
"""The libraries whose change may change what a submission does."""


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds for a cell, for all, and to start; MiB for a process."""

    cell: int = 60
    notebook: int = 300
    start: int = 60
    memory: int = 1536


@dataclass(frozen=True)
class Job:
    """What is run.

    `cells` are the code cells in order: id, whether it is graded by running it, and source.
    `checks` names the exercises that each graded cell checks. `files` were handed in beside the
    notebook. `key` is the class's secret. `way` and `hidden` say how it runs, and decide nothing:
    the provisioner (a fork where one can be had), and the folders that are covered.
    """

    lesson: int
    cells: tuple[tuple[str, bool, str], ...]
    checks: Mapping[str, tuple[str, ...]]
    files: Mapping[str, bytes] = field(repr=False)
    key: bytes = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    way: str = "bwrap"
    hidden: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Write it as JSON."""
        plain = asdict(replace(self, files={}, key=b""))
        plain["files"] = {n: base64.b64encode(data).decode() for n, data in self.files.items()}
        plain["key"] = self.key.hex()
        return json.dumps(plain, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Job":
        """Read what `to_bytes` wrote."""
        plain = json.loads(data)
        plain["files"] = {n: base64.b64decode(text) for n, text in plain["files"].items()}
        plain["key"] = bytes.fromhex(plain["key"])
        plain["cells"] = tuple((name, graded, source) for name, graded, source in plain["cells"])
        plain["checks"] = {cell: tuple(names) for cell, names in plain["checks"].items()}
        plain["hidden"] = tuple(plain["hidden"])
        return cls(**{**plain, "limits": Limits(**plain["limits"])})

    def digest(self) -> str:
        """Name what decides the outcome: the job, the course's code, and the libraries."""
        trusted = "unsafe" if self.way == "unsafe" else "walls"
        decisive = replace(self, way=trusted, hidden=())
        return hashlib.sha256(code_version() + decisive.to_bytes()).hexdigest()


@functools.cache
def code_version() -> bytes:
    """Return a digest of the course's code and of the versions that it runs on."""
    seen = hashlib.sha256(platform.python_version().encode())
    for name in VERSIONS:
        seen.update(f"{name} {metadata.version(name)}\n".encode())
    package = Path(str(resources.files("s2s_ref")))
    for path in sorted(package.rglob("*.py")):
        seen.update(f"{path.relative_to(package)}\n".encode() + path.read_bytes())
    return seen.digest()


@dataclass
class Outcome:
    """What came of a job.

    `outputs` and `counts` are those of its cells, in order; `verdicts` the judge's record by cell.
    `failed` says why it could not be run at all, which is a matter of the machine and never kept.
    """

    outputs: list[list[dict[str, Any]]] = field(default_factory=list)
    counts: list[int | None] = field(default_factory=list)
    verdicts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    seconds: float = 0.0
    memory: int = 0
    failed: str = ""

    def to_bytes(self) -> bytes:
        """Write it as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Outcome":
        """Read what `to_bytes` wrote."""
        return cls(**json.loads(data))
