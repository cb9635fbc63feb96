"""pyproject.toml, constraints.txt, environment.yml and what is installed agree."""

import importlib.metadata
import re
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

PROJECT = "seq2seq-course"
# The first release of every promised Python, and that of Debian 12.
PYTHONS = ("3.11.0", "3.11.2", "3.12.0", "3.13.0")


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def asked(project):
    """Every requirement that pyproject.toml names, development ones too."""
    lines = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return {canonicalize_name(r.name): r for r in map(Requirement, lines)}


@pytest.fixture(scope="module")
def lines(root):
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


@pytest.fixture(scope="module")
def pins(lines):
    return {canonicalize_name(name): v for name, v in (line.split("==") for line in lines)}


@pytest.fixture(scope="module")
def environment(root):
    return yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def made_by_make(root):
    if not (root / ".venv").is_dir() or not (root / ".venv").samefile(sys.prefix):
        pytest.skip("this environment was not made by `make`, so its versions are its own")


def needed(name, extras=frozenset(), seen=None):
    """All distributions that `name` needs here, by the metadata of what is installed."""
    seen = set() if seen is None else seen
    for line in importlib.metadata.requires(name) or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            continue
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key not in seen:
            seen.add(key)
            needed(requirement.name, requirement.extras, seen)
    return {name for name, _ in seen}


def test_every_line_pins_one_exact_release(lines):
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines), lines
    names = [canonicalize_name(line.split("==")[0]) for line in lines]
    assert names == sorted(set(names))


def test_every_requirement_is_pinned_within_its_range(asked, pins):
    for name, requirement in asked.items():
        assert name in pins, f"{name} has no exact version in constraints.txt"
        assert pins[name] in requirement.specifier, f"{name}=={pins[name]} is not {requirement}"


@pytest.mark.usefixtures("made_by_make")
def test_the_pins_are_what_the_requirements_need(project, pins):
    here = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    everything = needed(PROJECT, {"dev"})
    if not here <= everything:
        pytest.fail("the installed metadata is older than pyproject.toml; run: make setup")
    unpinned = {name for name in everything if name not in pins}
    # A GPU build of torch names the exact versions of its own libraries.
    unpinned -= {name for name in unpinned if name.startswith(("nvidia-", "triton", "cuda-"))}
    assert not unpinned, f"add them to constraints.txt: {sorted(unpinned)}"
    if sys.platform == "linux" and sys.version_info[:2] == (3, 11):
        assert not set(pins) - everything, "pinned, but nothing needs them"


@pytest.mark.usefixtures("made_by_make")
def test_what_is_installed_is_what_is_pinned(pins):
    different = {}
    for name, pinned in pins.items():
        try:
            installed = Version(importlib.metadata.version(name)).public
        except importlib.metadata.PackageNotFoundError:
            continue  # needed on another system or Python only
        if installed != Version(pinned).public:
            different[name] = f"{installed}, pinned {pinned}"
    assert not different, "run: make setup"


@pytest.mark.usefixtures("made_by_make")
@pytest.mark.parametrize("python", PYTHONS)
def test_every_pin_installs_on_every_promised_python(pins, project, python):
    assert python in SpecifierSet(project["requires-python"])
    refusing = {}
    for distribution in importlib.metadata.distributions():
        wanted = distribution.metadata["Requires-Python"] or ""
        if canonicalize_name(distribution.name) in pins and python not in SpecifierSet(wanted):
            refusing[f"{distribution.name}=={distribution.version}"] = wanted
    assert not refusing, "pin a release that accepts it"


def test_conda_users_get_the_same_versions(environment, pins, project):
    *conda, pip = environment["dependencies"]
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    assert f"pytorch-cpu={pins['torch']}" in conda
    (python,) = [line.removeprefix("python=") for line in conda if line.startswith("python=")]
    assert python in SpecifierSet(project["requires-python"])
    assert {"pip", "git", "make"} <= set(conda)
    assert pip == {"pip": ["-c constraints.txt", "-e .[dev]"]}


def test_one_range_of_pythons_everywhere(root, project):
    configured = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert project["requires-python"] == ">=3.11,<3.14"
    assert configured["ruff"]["target-version"] == "py311"
    assert configured["mypy"]["python_version"] == "3.11"
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    assert "(3, 11) <= sys.version_info[:2] < (3, 14)" in makefile
