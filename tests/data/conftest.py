"""What several tests of the data use."""

from pathlib import Path

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a sentence file and give its path."""

    def write_file(content: str | bytes, name: str = "kor.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file
