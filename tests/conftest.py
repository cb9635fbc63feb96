"""What every test starts from: one thread, a record of its own, the references' shapes checked."""

import itertools
import os
import shutil
import tempfile
from pathlib import Path

# One thread for torch and for the kernels of notebooks, before anything imports torch.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest
from jaxtyping import install_import_hook

from s2s_ref import syllabus
from s2s_ref.grading.sandbox.bubblewrap import problem

ROOT = Path(__file__).parents[1]

# Shapes in the annotations of these modules are checked at every call. Never exercises: a mistake
# must give its wrong value there, not a type error.
LESSONS = syllabus.modules_before(len(syllabus.LESSONS))
SHAPES_CHECKED = ("state", *LESSONS, "fast", "evaluation.metrics")
install_import_hook([f"s2s_ref.{name}" for name in SHAPES_CHECKED], "beartype.beartype")

STATES = Path(tempfile.mkdtemp(prefix="s2s-test-states-"))
numbers = itertools.count()


NO_SANDBOX = "no sandbox: "


def pytest_addoption(parser):
    parser.addoption(
        "--without-bubblewrap", action="store_true", help="run as on a machine that lacks it"
    )


def pytest_configure(config):
    """Notebooks run by nbval never touch the record of the person who runs the tests."""
    os.environ["S2S_STATE"] = str(STATES / "notebooks")
    if config.getoption("--without-bubblewrap"):
        os.environ["PATH"] = os.pathsep.join(map(without_bubblewrap, os.get_exec_path()))


def without_bubblewrap(folder):
    """Return the folder, or one of links to the other programs where bwrap is in it."""
    if not Path(folder, "bwrap").exists():
        return folder
    mirror = STATES / "programs" / str(next(numbers))
    mirror.mkdir(parents=True)
    for program in Path(folder).iterdir():
        if program.name != "bwrap":
            (mirror / program.name).symlink_to(program)
    return str(mirror)


def pytest_runtest_setup(item):
    if item.get_closest_marker("needs_sandbox") and (reason := problem()):
        pytest.skip(NO_SANDBOX + reason)


def pytest_terminal_summary(terminalreporter):
    """Say how many tests a machine without a sandbox skipped, and what brings one."""
    skipped = [
        report
        for report in terminalreporter.getreports("skipped")
        if isinstance(report.longrepr, tuple) and NO_SANDBOX in report.longrepr[2]
    ]
    if skipped:
        tests = "1 test was" if len(skipped) == 1 else f"{len(skipped)} tests were"
        terminalreporter.section("no sandbox")
        terminalreporter.line(f"{tests} skipped for lack of a sandbox. {problem()}")


def pytest_unconfigure():
    shutil.rmtree(STATES, ignore_errors=True)


@pytest.fixture(autouse=True)
def _record_of_its_own():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("S2S_STATE", str(STATES / str(next(numbers))))
        yield


@pytest.fixture(scope="session")
def root():
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data():
    """Real sentence files, which lie beside the repository and are not part of it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no real sentence files: ../shared/data is not here")
    return folder
