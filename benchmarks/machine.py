"""The machine that a measurement ran on, stored with its numbers."""

import ctypes
import datetime
import os
import platform
from importlib import metadata
from pathlib import Path

import torch

PACKAGES = ("torch", "numpy", "OpenNMT-py", "joeynmt", "d2l", "keras")

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
MOST = 2**31 - 1  # bytes


def describe(device: str = "cpu") -> dict[str, object]:
    """Name processor, versions and how busy the machine is."""
    load = os.getloadavg()[0]
    facts: dict[str, object] = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": round(load, 1),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }
    if device != "cpu":
        facts["device"] = torch.cuda.get_device_name()
    return facts


def keep_memory() -> None:
    """Tell glibc, if it is the C library, to keep freed memory and not return it to the system.

    Otherwise large tensors may get fresh pages from the system again and again. Which contender
    pays for that depends on what ran before; the cost was 8 % of a step.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_TRIM_THRESHOLD, MOST)
        mallopt(M_MMAP_THRESHOLD, MOST)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
