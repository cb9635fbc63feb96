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

ROOT = Path(__file__).parents[1]

# Shapes in the annotations of these modules are checked at every call. Never exercises: a mistake
# must give its wrong value there, not a type error.
LESSONS = syllabus.modules_before(len(syllabus.LESSONS))
SHAPES_CHECKED = ("state", *LESSONS, "fast", "evaluation.metrics")
install_import_hook([f"s2s_ref.{name}" for name in SHAPES_CHECKED], "beartype.beartype")

STATES = Path(tempfile.mkdtemp(prefix="s2s-test-states-"))
numbers = itertools.count()


def pytest_configure():
    """Notebooks run by nbval never touch the record of the person who runs the tests."""
    os.environ["S2S_STATE"] = str(STATES / "notebooks")


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
