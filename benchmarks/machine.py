"""On what a measurement ran: stored with it, so that numbers are never read without."""

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
    """Let the C library keep what is freed, where it is glibc, and not give it back to the system.

    Otherwise every large tensor may have to be asked for anew, a page at a time. Whom that hits
    depends on what ran before, and it came to 8 % of a step.
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
