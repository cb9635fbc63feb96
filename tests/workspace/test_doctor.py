"""The doctor names what is missing, with the command that fixes it."""

import importlib.metadata
import json
import os
import shutil
import sys
from collections import namedtuple

import pytest

from s2s_ref.evaluation import plots
from s2s_ref.workspace import doctor
from s2s_ref.workspace.doctor import Finding, Status

Usage = namedtuple("Usage", "total used free")


def look(name):
    """What one look finds, by the finding's name."""
    return {finding.name: finding for finding in getattr(doctor, f"_{name}")()}


def test_here_everything_that_the_lessons_need_is_found():
    findings = doctor.examine()
    names = {finding.name for finding in findings}
    assert doctor.healthy(findings), [str(f) for f in findings if f.status is Status.MISSING]
    assert {"Python", "torch", "nbgrader", "Hangul font", "threads", "disk", "git"} <= names
    assert all(finding.found for finding in findings)


def test_findings_read_well_and_go_to_scripts():
    finding = Finding("torch", Status.MISSING, "2.0, supported >=2.5", "pip install torch")
    assert str(finding) == "✗ torch: 2.0, supported >=2.5\n    fix: pip install torch"
    told = json.loads(doctor.as_json([finding]))
    assert told == {
        "healthy": False,
        "findings": [
            {
                "name": "torch",
                "status": "missing",
                "found": "2.0, supported >=2.5",
                "fix": "pip install torch",
            }
        ],
    }


def test_a_package_outside_its_range_or_absent(monkeypatch):
    versions = {"torch": "2.0.1", "tqdm": None}
    installed = importlib.metadata.version

    def version(name):
        found = versions.get(name, "") if name in versions else installed(name)
        if found is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(importlib.metadata, "version", version)
    found = look("packages")
    assert found["torch"].status is Status.MISSING
    assert "2.0.1, supported" in found["torch"].found
    assert "torch" in found["torch"].fix
    assert found["tqdm"].status is Status.MISSING
    assert "not installed" in found["tqdm"].found
    assert found["nbgrader"].status is Status.OK


def test_a_python_outside_the_range(monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.9.1")
    finding = look("python")["Python"]
    assert finding.status is Status.MISSING
    assert "expected" in finding.found


def test_no_font(monkeypatch):
    def absent():
        raise ImportError("The font is missing.")

    monkeypatch.setattr(plots, "hangul_font", absent)
    finding = look("hangul_font")["Hangul font"]
    assert finding.status is Status.MISSING
    assert "koreanize-matplotlib" in finding.fix


@pytest.mark.parametrize(
    ("free", "status"), [(50e9, Status.OK), (1e9, Status.WARN), (1e6, Status.MISSING)]
)
def test_disk_space(monkeypatch, free, status):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100e9, 0, free))
    assert look("disk_space")["disk"].status is status


def test_more_threads_than_cores_are_slow(monkeypatch):
    import torch

    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    monkeypatch.setattr(doctor, "_cores", lambda: 2)
    finding = look("threads")["threads"]
    assert finding.status is Status.WARN
    assert finding.fix == "export OMP_NUM_THREADS=2"


def test_a_progress_folder_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("S2S_STATE", str(tmp_path / "file" / "state"))
    finding = look("state_folder")["progress folder"]
    assert finding.status is Status.MISSING
    assert "S2S_STATE" in finding.fix


def test_looking_writes_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("S2S_STATE", str(tmp_path / "state"))
    assert look("state_folder")["progress folder"].status is Status.OK
    assert list(tmp_path.iterdir()) == []


def test_a_kernel_of_another_python(monkeypatch, tmp_path):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": ["/other/bin/python", "-m", "ipykernel_launcher"], "display_name": "Python 3"}
    (folder / "kernel.json").write_text(json.dumps({**spec, "language": "python"}))
    assert look("notebook_kernel")["kernel python3"].status is Status.OK
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    finding = look("notebook_kernel")["kernel python3"]
    assert finding.status is Status.MISSING
    assert "/other/bin/python" in finding.found
    assert finding.fix.startswith(f"{sys.executable} -m ipykernel install")


def test_nbgrader_switched_off(monkeypatch, tmp_path):
    assert look("nbgrader_extensions")["nbgrader in JupyterLab"].status is Status.OK
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    (tmp_path / "jupyter_server_config.d").mkdir()
    off = {"ServerApp": {"jpserver_extensions": {doctor.NBGRADER_SERVER: False}}}
    (tmp_path / "jupyter_server_config.d" / "off.json").write_text(json.dumps(off))
    (tmp_path / "labconfig").mkdir()
    page = {"disabledExtensions": {doctor.NBGRADER_LAB: True}}
    (tmp_path / "labconfig" / "page_config.json").write_text(json.dumps(page))
    finding = look("nbgrader_extensions")["nbgrader in JupyterLab"]
    assert finding.status is Status.MISSING
    assert "server extension enable" in finding.fix
    assert "labextension enable" in finding.fix


def test_missing_programs_are_named_with_their_package(monkeypatch):
    on_path = {"apt-get": "/usr/bin/apt-get"}
    monkeypatch.setattr(shutil, "which", on_path.get)
    monkeypatch.setattr(sys, "platform", "linux")
    found = look("programs")
    assert all(finding.status is Status.WARN for finding in found.values())
    assert found["git"].fix == "sudo apt-get install git"
    found = look("sandbox")
    assert found["bubblewrap"].status is Status.WARN
    assert "not for students" in found["bubblewrap"].found
    assert found["bubblewrap"].fix == "sudo apt-get install bubblewrap"


def test_a_terminal_without_utf8(monkeypatch):
    with open(os.devnull, "w", encoding="ascii") as stream:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", stream)
        finding = look("terminal")["terminal"]
    assert finding.status is Status.WARN
    assert finding.fix == "export PYTHONUTF8=1"


def test_a_look_that_fails_is_a_finding(monkeypatch):
    def _broken():
        raise RuntimeError("no library")

    monkeypatch.setattr(doctor, "CHECKS", (_broken,))
    (finding,) = doctor.examine()
    assert finding.name == "broken"
    assert finding.status is Status.MISSING
    assert "no library" in finding.found
