"""A Jupyter server that a test has started."""

import contextlib
import json
import time

import pytest


def running_at(process, runtime, log):
    """The server's address, once it has written it down."""
    for _ in range(600):
        for path in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(json.JSONDecodeError):  # still being written
                return json.loads(path.read_text())["url"]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"Jupyter did not start:\n{log.read_text()}")
