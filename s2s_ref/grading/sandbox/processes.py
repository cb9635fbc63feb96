"""What processes use: their descendants, memory and disk."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def descendants(pid: int) -> Iterator[int]:
    """List the processes below one, as far as they can be seen."""
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                yield child
                yield from descendants(child)


def resident(pid: int) -> int:
    """Return the bytes of memory that a process holds; 0 where it has ended."""
    with contextlib.suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def size(folder: Path) -> int:
    """Return what a folder takes; a file that holds nothing counts too."""
    with contextlib.suppress(OSError):
        return sum(4096 + entry.lstat().st_size for entry in folder.rglob("*"))
    return 0
