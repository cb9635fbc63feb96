"""How fast a class is graded, beside plain `nbgrader autograde` in one call on the same class.

`python -m benchmarks.grading` makes a class of distinct submissions of a small lesson that uses
torch, and grades it in each way, every time from the start. Each measurement is a process of its
own, start-up included. Run it on an idle machine, in the course's own
environment; where Dask is installed there too, it takes part.
"""

import argparse
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat

from benchmarks.machine import describe

LESSON = "01_single_rnn"
REAL_LESSON, REAL_STUDENTS = "02_encoder_decoder", 8
KEPT = ("set-up", "rnn-one_hot", "check-rnn-one_hot", "rnn-rnn_step", "check-rnn-rnn_step")
REPOSITORY = Path(__file__).parents[1]
RESULT = Path(__file__).parent / "results" / "grading.json"

PLAIN = """
c = get_config()
c.CourseDirectory.course_id = "s2s"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "lessons"
c.CourseDirectory.submitted_directory = "class/submitted"
c.CourseDirectory.autograded_directory = "class/autograded"
c.CourseDirectory.feedback_directory = "class/feedback"
c.CourseDirectory.db_url = "sqlite:///class/gradebook.db"
c.Execute.timeout = 120
"""
WITHOUT_EXECUTION = """
c.Autograde.autograde_preprocessors = [
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.CheckCellMetadata",
]
"""
GRADE = """
import functools, json, sys
from pathlib import Path
from s2s_ref.grading import grade as engine
from s2s_ref.grading.course import Course
from s2s_ref.grading.job import Outcome
from s2s_ref.grading.submissions import find_submissions
from s2s_ref.grading.workers import cluster
if __name__ == "__main__":
    root, way, jobs, force = sys.argv[1:]
    course = Course(Path(root), fork=way == "fork")
    found, factory = find_submissions(course), None
    if way == "Dask":
        from distributed import LocalCluster
        workers = LocalCluster(n_workers=int(jobs), threads_per_worker=1, dashboard_address=None)
        factory = functools.partial(cluster, workers.scheduler_address)
    options = engine.GradingOptions(int(jobs), force == "force", executor_factory=factory)
    results = engine.grade(course, found, options=options)
    runs = Path(root, "class/cache/runs").glob("*/*")
    memory = [Outcome.from_bytes(p.read_bytes().partition(b"\\n")[2]).memory for p in runs]
    print(json.dumps({
        "errors": sum(bool(r.error) for r in results),
        "missed": sum(r.max_score - r.score for r in results),
        "worker": max(memory, default=0),
    }))
"""


def main() -> int:
    """Make the class, grade it in each way, print and store the times."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description=__doc__)
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    measured: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        first = make_class(Path(folder) / "class-0", options.students)

        def fresh(name: str) -> Path:
            return Path(shutil.copytree(first, Path(folder) / name))

        plain = fresh("plain")
        (plain / "nbgrader_config.py").write_text(PLAIN)
        nbgrader(plain, "generate_assignment", LESSON, "--force")
        measured["nbgrader autograde"] = nbgrader(plain, "autograde", LESSON)
        (plain / "nbgrader_config.py").write_text(PLAIN + WITHOUT_EXECUTION)
        measured["nbgrader's conversion, nothing run"] = nbgrader(
            plain, "autograde", LESSON, "--force"
        )
        for way in ("bwrap", "fork"):
            course = fresh(way)
            measured[f"s2s grade, {way}, {options.jobs} workers"] = grade(course, way, options.jobs)
            if way == "bwrap":
                measured["again, nothing changed"] = grade(course, way, options.jobs)
                measured["replay"] = grade(course, way, options.jobs, "force")
        if importlib.util.find_spec("distributed"):
            name = f"s2s grade, bwrap, {options.jobs} workers of a Dask cluster"
            measured[name] = grade(fresh("Dask"), "Dask", options.jobs)
        few = make_class(Path(folder) / "few", 1)
        grade(few, "bwrap", 1)
        measured["start-up"] = grade(few, "bwrap", 1)
        real = make_class(Path(folder) / "real", REAL_STUDENTS, REAL_LESSON, kept=None)
        measured[f"{REAL_LESSON}, {REAL_STUDENTS} students, bwrap, 1 worker"] = grade(
            real, "bwrap", 1
        )
    report(measured, options.students)
    facts = {
        "students": options.students,
        "cores": os.cpu_count(),
        "machine": describe(),
        "load": os.getloadavg()[2],
    }
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(json.dumps(facts | {"measured": measured}, indent=1) + "\n")
    return 0


def make_class(
    root: Path, students: int, lesson: str = LESSON, kept: tuple[str, ...] | None = KEPT
) -> Path:
    """Make a course from some cells of a lesson, and a submission for every student."""
    from s2s_ref.grading.course import Course
    from s2s_ref.grading.demo import fill_in, solutions_of
    from s2s_ref.grading.gradebook import register
    from s2s_ref.grading.release import release

    course = Course(root)
    whole = Course(REPOSITORY)
    solution = nbformat.read(whole.notebook(whole.solutions, lesson), as_version=4)
    solution.cells = [cell for cell in solution.cells if kept is None or cell.id in kept]
    target = course.notebook(course.solutions, lesson)
    target.parent.mkdir(parents=True)
    nbformat.write(solution, target)
    release(course)
    register(course, lesson)
    right = solutions_of(solution)
    for number in range(students):
        notebook = nbformat.read(course.notebook(course.lessons, lesson), as_version=4)
        fill_in(notebook, {name: f"{text}\n# by student {number}" for name, text in right.items()})
        handed_in = course.notebook(course.submitted / f"student-{number:03}", lesson)
        handed_in.parent.mkdir(parents=True)
        nbformat.write(notebook, handed_in)
    return root


def nbgrader(course: Path, *arguments: str) -> dict[str, float]:
    """Time one of nbgrader's commands."""
    return timed([str(Path(sys.executable).with_name("nbgrader")), *arguments], course)[0]


def grade(course: Path, way: str, jobs: int, force: str = "") -> dict[str, float]:
    """Time a run over the class; every submission must get its points."""
    times, said = timed([sys.executable, "-c", GRADE, str(course), way, str(jobs), force], course)
    told = json.loads(said.splitlines()[-1])
    if told["errors"] or told["missed"]:
        raise RuntimeError(f"{way}: not every submission got its points: {told}")
    return times | {"memory of a worker": told["worker"]}


def timed(command: list[str], folder: Path) -> tuple[dict[str, float], str]:
    """Run a command; return its seconds and its memory, and what it printed."""
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    environment["S2S_STATE"] = str(folder / "state")
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr[-2000:]}")
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return {"seconds": round(seconds, 2), "largest process so far": largest}, done.stdout


def report(measured: dict[str, Any], students: int) -> None:
    """Print the times."""
    whole = measured["nbgrader autograde"]["seconds"]
    for name, about in measured.items():
        seconds = about["seconds"]
        each = seconds / (REAL_STUDENTS if name.startswith(REAL_LESSON) else students)
        print(f"{name:48} {seconds:8.1f} s {each:8.3f} each {seconds / whole:6.2f}")


if __name__ == "__main__":
    sys.exit(main())
