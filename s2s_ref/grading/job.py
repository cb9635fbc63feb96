"""The job that is run for a submission, and its outcome."""

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

from s2s_ref.grading.cells import code_cells, grade_id, graded_checks, is_graded_check
from s2s_ref.grading.course import Course
from s2s_ref.grading.sandbox.limits import Limits
from s2s_ref.grading.sandbox.stage import read_files
from s2s_ref.grading.submissions import Submission

VERSIONS = ("torch", "numpy", "ipykernel", "ipython", "safetensors")
"""The libraries whose version may change what a submission does."""


@dataclass(frozen=True)
class Job:
    """Everything that a run needs, so that it can run in another process or on another machine.

    Attributes:
        lesson: the lesson's number.
        cells: the code cells in order: id, whether it is graded by running it, and source.
        checks: the exercises that each graded cell checks, by the cell's id.
        files: the files that were handed in beside the notebook.
        key: the class's secret.
        limits: what the submission may use.
        isolation: `bwrap`, `fork` (where kernels can be forked; `bwrap` elsewhere) or `unsafe`.
        hidden: the folders that the submission may not see.
    """

    lesson: int
    cells: tuple[tuple[str, bool, str], ...]
    checks: Mapping[str, tuple[str, ...]]
    files: Mapping[str, bytes] = field(repr=False)
    key: bytes = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    isolation: str = "bwrap"
    hidden: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Write the job as JSON."""
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
        """Return a digest of all that the outcome depends on, the course's code included.

        A fork and a new process have the same outcome, and so have the same digest.
        """
        isolation = "unsafe" if self.isolation == "unsafe" else "sandbox"
        decisive = replace(self, isolation=isolation, hidden=())
        return hashlib.sha256(code_version() + decisive.to_bytes()).hexdigest()


def job_for(course: Course, submission: Submission, notebook: Any, limits: Limits) -> Job:
    """Return what is run for a submission's notebook, whose cells are sanitised already.

    `s2s grade` runs this job, and nbgrader's step `SandboxExecute` makes the same one and finds
    its outcome by the digest.

    Raises:
        ValueError: a file that was handed in is a link or too large.
    """
    return Job(
        lesson=int(submission.lesson[:2]),
        cells=tuple((grade_id(c), is_graded_check(c), c.source) for c in code_cells(notebook)),
        checks={
            grade_id(cell): tuple(exercise for exercise, _ in checks)
            for cell, checks in graded_checks(notebook)
        },
        files=read_files(course.submitted / submission.student / submission.lesson),
        key=course.key(),
        limits=limits,
        isolation=course.isolation,
        hidden=tuple(map(str, course.hidden())),
    )


@functools.cache
def code_version() -> bytes:
    """Return a digest of the course's code and of the versions that it runs on."""
    digest = hashlib.sha256(platform.python_version().encode())
    for name in VERSIONS:
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    package = Path(str(resources.files("s2s_ref")))
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package)}\n".encode() + path.read_bytes())
    return digest.digest()


@dataclass
class Outcome:
    """The outcome of a job.

    Attributes:
        outputs: the outputs of each cell, in order.
        counts: the execution count of each cell.
        verdicts: the judge's verdicts by the id of the cell.
        seconds: how long the run took.
        memory: the most that the worker has used so far, in bytes.
        failed: why the job could not be run at all. The machine is at fault then, and the outcome
            is not kept.
    """

    outputs: list[list[dict[str, Any]]] = field(default_factory=list)
    counts: list[int | None] = field(default_factory=list)
    verdicts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    seconds: float = 0.0
    memory: int = 0
    failed: str = ""

    def to_bytes(self) -> bytes:
        """Write the outcome as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Outcome":
        """Read what `to_bytes` wrote."""
        return cls(**json.loads(data))
