"""Examine this machine, and name what is missing with the command that fixes it.

for finding in examine():
    print(finding)
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

DISTRIBUTION = "seq2seq-course"
# Shown one by one; the other requirements share a line unless something is wrong with one.
SHOWN = ("torch", "numpy", "matplotlib", "jupyterlab", "nbgrader")
NEEDED_SPACE, WANTED_SPACE = 0.2, 2.0  # GB
NBGRADER_SERVER = "nbgrader.server_extensions.validate_assignment"
NBGRADER_LAB = "@jupyter/nbgrader"


class Status(StrEnum):
    """Whether one thing on this machine is as the lessons need it."""

    OK = "✓"
    WARN = "!"
    MISSING = "✗"


class Finding(NamedTuple):
    """What was found out about one thing on this machine.

    Attributes:
        name: the thing.
        status: OK; WARN if the lessons still run; MISSING if they do not.
        found: what was found, in a few words.
        fix: the command or edit that fixes it, empty if nothing is wrong.
    """

    name: str
    status: Status
    found: str
    fix: str = ""

    def __str__(self) -> str:
        """One line, and the fix on a second line."""
        fix = f"\n    fix: {self.fix}" if self.fix else ""
        return f"{self.status} {self.name}: {self.found}{fix}"


def examine() -> list[Finding]:
    """Check everything that the lessons need; a check that fails itself becomes a finding."""
    findings = []
    for look_at in CHECKS:
        try:
            findings.extend(look_at())
        except Exception as error:
            reason = f"could not be checked ({type(error).__name__}: {error})"
            name = look_at.__name__.removeprefix("_").replace("_", " ")
            findings.append(Finding(name, Status.MISSING, reason, _install(DISTRIBUTION)))
    return findings


def healthy(findings: list[Finding]) -> bool:
    """Whether nothing that the lessons need is missing."""
    return all(finding.status is not Status.MISSING for finding in findings)


def as_json(findings: list[Finding]) -> str:
    """Return the findings as JSON; `status` is "ok", "warn" or "missing"."""
    records = [{**f._asdict(), "status": f.status.name.lower()} for f in findings]
    return json.dumps({"healthy": healthy(findings), "findings": records}, ensure_ascii=False)


def _install(requirement: str) -> str:
    """The command that installs a package in a version that the course is tested with."""
    return f"in the course's folder: make setup; elsewhere: pip install '{requirement}'"


def _python() -> list[Finding]:
    from packaging.specifiers import SpecifierSet

    wanted = importlib.metadata.metadata(DISTRIBUTION)["Requires-Python"]
    version = platform.python_version()
    found = f"{version} ({sys.prefix})"
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return [Finding("Python", Status.OK, found)]
    fix = f"install a Python {wanted}, then: make distclean setup PYTHON=python3.11"
    return [Finding("Python", Status.MISSING, f"{found}, expected {wanted}", fix)]


def _packages() -> list[Finding]:
    """Compare the package's requirements with what is installed."""
    from packaging.requirements import Requirement

    findings, others = [], 0
    for line in importlib.metadata.requires(DISTRIBUTION) or []:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        finding = _package(requirement.name, str(requirement.specifier))
        if requirement.name in SHOWN or finding.status is not Status.OK:
            findings.append(finding)
        else:
            others += 1
    return [*findings, Finding("other packages", Status.OK, f"{others} in supported versions")]


def _package(name: str, supported: str) -> Finding:
    from packaging.specifiers import SpecifierSet

    requirement = name + supported
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, Status.MISSING, f"not installed ({supported})", _install(requirement))
    if SpecifierSet(supported).contains(version, prereleases=True):
        return Finding(name, Status.OK, version)
    found = f"{version}, supported {supported}"
    return Finding(name, Status.MISSING, found, _install(requirement))


def _threads() -> list[Finding]:
    import torch

    cores = _cores()
    threads = torch.get_num_threads()
    asked = os.environ.get("OMP_NUM_THREADS")
    found = f"torch uses {threads} of {cores} {'core' if cores == 1 else 'cores'}"
    if asked:
        found += f" (OMP_NUM_THREADS={asked})"
    if threads <= cores:
        return [Finding("threads", Status.OK, found)]
    return [Finding("threads", Status.WARN, f"{found}: slow", f"export OMP_NUM_THREADS={cores}")]


def _cores() -> int:
    """Count the cores that this process may use; a container may have fewer than its machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _hangul_font() -> list[Finding]:
    from matplotlib import font_manager

    from s2s_ref.evaluation.plots import hangul_font

    try:
        font = hangul_font()
    except ImportError as error:
        return [
            Finding("Hangul font", Status.MISSING, str(error), _install("koreanize-matplotlib"))
        ]
    if ord("한") not in font_manager.get_font(str(font)).get_charmap():
        found = f"{font} draws no Hangul"
        return [Finding("Hangul font", Status.MISSING, found, _install("koreanize-matplotlib"))]
    return [Finding("Hangul font", Status.OK, font.stem)]


def _terminal() -> list[Finding]:
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("_", "-")
    if encoding in ("utf-8", "utf8"):
        return [Finding("terminal", Status.OK, "shows Hangul (UTF-8)")]
    found = f"encoding {encoding}: Hangul comes out as question marks"
    return [Finding("terminal", Status.WARN, found, "export PYTHONUTF8=1")]


def _disk_space() -> list[Finding]:
    folder = _nearest_existing(Path.cwd())
    free = shutil.disk_usage(folder).free / 1e9
    found = f"{free:.1f} GB free at {folder}"
    if free >= WANTED_SPACE:
        return [Finding("disk", Status.OK, found)]
    status = Status.WARN if free >= NEEDED_SPACE else Status.MISSING
    fix = f"free some space; {WANTED_SPACE:.0f} GB is plenty"
    return [Finding("disk", status, found, fix)]


def _state_folder() -> list[Finding]:
    from s2s_ref.student.record import state_folder

    folder = state_folder()
    try:
        with tempfile.TemporaryFile(dir=_nearest_existing(folder)):
            pass
    except OSError as error:
        found = f"{folder} cannot be written ({error.strerror})"
        fix = "export S2S_STATE=FOLDER, a folder of your own"
        return [Finding("progress folder", Status.MISSING, found, fix)]
    return [Finding("progress folder", Status.OK, str(folder))]


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def _notebook_kernel() -> list[Finding]:
    """Check that "Python 3" in JupyterLab means this environment."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    fix = f"{sys.executable} -m ipykernel install --sys-prefix --name python3"
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return [Finding("kernel python3", Status.MISSING, "not installed", fix)]
    program = Path(spec.argv[0])
    # jupyter_client puts its own Python in place of a bare "python".
    if not program.is_absolute() or program.parent == Path(sys.executable).parent:
        return [Finding("kernel python3", Status.OK, spec.resource_dir)]
    found = f"{spec.resource_dir} runs another Python, {program}"
    fix = f"{fix}; if that does not help: jupyter kernelspec remove python3, and the same again"
    return [Finding("kernel python3", Status.MISSING, found, fix)]


def _nbgrader_extensions() -> list[Finding]:
    """Check that JupyterLab shows nbgrader's Validate button, and that the server answers it."""
    from jupyter_core.paths import jupyter_config_path, jupyter_path
    from jupyter_server.extension.config import ExtensionConfigManager
    from jupyterlab_server.config import get_federated_extensions, get_page_config

    server = ExtensionConfigManager(read_config_path=jupyter_config_path())
    lab: dict[str, Any] = get_federated_extensions(jupyter_path("labextensions"))
    disabled = get_page_config(jupyter_path("labextensions")).get("disabledExtensions", [])
    wrong = []
    if not server.get_jpserver_extensions().get(NBGRADER_SERVER):
        wrong.append("jupyter server extension enable --sys-prefix --py nbgrader")
    if NBGRADER_LAB not in lab:
        wrong.append("pip install --force-reinstall --no-deps nbgrader")
    elif any(name.split(":")[0] == NBGRADER_LAB for name in disabled):
        wrong.append(f"jupyter labextension enable --level=sys_prefix {NBGRADER_LAB}")
    if not wrong:
        return [Finding("nbgrader in JupyterLab", Status.OK, "enabled")]
    found = "the Validate button does not work"
    return [Finding("nbgrader in JupyterLab", Status.MISSING, found, " && ".join(wrong))]


def _programs() -> list[Finding]:
    """Check the programs that the repository's commands call."""
    findings = []
    for name in ("git", "make"):
        path = shutil.which(name)
        if path:
            findings.append(Finding(name, Status.OK, path))
        else:
            found = "not found; needed to update the course, not for the lessons"
            findings.append(Finding(name, Status.WARN, found, _system_package(name)))
    return findings


def _sandbox() -> list[Finding]:
    """Check whether untrusted code can be graded here."""
    if not shutil.which("bwrap"):
        found = "not found; for instructors who grade code they do not trust, not for students"
        return [Finding("bubblewrap", Status.WARN, found, _system_package("bubblewrap"))]
    from s2s_ref.grading.sandbox.bubblewrap import problem

    if reason := problem():
        found, _, fix = reason.partition(". ")
        found += " (not needed for students)"
        return [Finding("bubblewrap", Status.WARN, found, fix)]
    found = f"{shutil.which('bwrap')}, its sandbox works (not needed for students)"
    return [Finding("bubblewrap", Status.OK, found)]


def _system_package(name: str) -> str:
    if sys.platform == "darwin":
        return "it runs on Linux only" if name == "bubblewrap" else "xcode-select --install"
    if sys.platform == "win32":
        return "use Linux, or the Windows Subsystem for Linux"
    for manager in ("apt-get", "dnf", "pacman -S", "zypper"):
        if shutil.which(manager.split()[0]):
            return f"sudo {manager}{'' if ' ' in manager else ' install'} {name}"
    return f"install {name} with this system's package manager"


CHECKS: tuple[Callable[[], list[Finding]], ...] = (
    _python,
    _packages,
    _hangul_font,
    _terminal,
    _threads,
    _disk_space,
    _state_folder,
    _notebook_kernel,
    _nbgrader_extensions,
    _programs,
    _sandbox,
)
