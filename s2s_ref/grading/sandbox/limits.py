"""What a submission may use."""

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """The limits of one submission's run.

    Attributes:
        cell: seconds for one cell.
        notebook: seconds for all cells together, and processor time of one process.
        start: seconds for the kernel to start.
        memory: MiB that one process may allocate; all processes together may hold twice as much.
        processes: processes at a time.
        open_files: open files of one process.
        file_size: MiB of one file.
        disk: MiB of the work folder, and of each other folder that can be written to.
    """

    cell: int = 60
    notebook: int = 300
    start: int = 60
    memory: int = 1536
    processes: int = 64
    open_files: int = 256
    file_size: int = 64
    disk: int = 64

    def of_a_process(self) -> dict[str, int]:
        """Return the limits of one process by their names in prlimit(1), in bytes and seconds."""
        return {
            "data": self.memory * MIB,
            "nproc": self.processes,
            "nofile": self.open_files,
            "fsize": self.file_size * MIB,
            "cpu": self.notebook,
            "core": 0,
        }
