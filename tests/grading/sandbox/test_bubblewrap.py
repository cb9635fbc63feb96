"""Where bwrap is looked for, and what is said where it is missing."""

import shutil

import pytest

from s2s_ref.grading.sandbox import bubblewrap


@pytest.fixture
def programs(tmp_path):
    """A folder with what the sandbox needs, bwrap left out."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("prlimit", "setpriv"):
        if program := shutil.which(name):
            (folder / name).symlink_to(program)
    return folder


@pytest.mark.needs_sandbox
def test_bwrap_may_be_in_any_folder_of_the_path(programs, monkeypatch):
    shutil.copy(shutil.which("bwrap"), programs)
    monkeypatch.setenv("PATH", str(programs))
    assert bubblewrap.problem.__wrapped__() == ""
    command = bubblewrap.wrap(["true"], run=programs, stage=programs, files=programs)
    assert command[0] == str(programs / "bwrap")
    assert "bwrap" not in command


def test_a_missing_bwrap_is_named_with_the_command_that_installs_it(programs, monkeypatch):
    monkeypatch.setenv("PATH", str(programs))
    told = bubblewrap.problem.__wrapped__()
    assert told.startswith("bwrap cannot be found.")
    assert "sudo apt-get install bubblewrap" in told
