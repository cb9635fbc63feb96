"""Reach a judge in another process: each request and its answer take one Unix connection.

A message is its length in eight bytes, big-endian, followed by that many bytes from the codec.
"""

import os
import socket
import time

from s2s_ref.student import codec

SOCKET_VARIABLE = "S2S_JUDGE_SOCKET"
"""The environment variable that holds the path of the judge's socket."""

TIMEOUT = 20.0
"""The time that a whole message may take, in seconds."""


class ChannelError(OSError):
    """A message was cut off, too slow or too long."""


class SocketJudge:
    """The judge of a submission, as the submission reaches it from inside the sandbox."""

    def ask(self, request: bytes) -> bytes:
        """Answer one request."""
        with socket.socket(socket.AF_UNIX) as channel:
            channel.connect(os.environ[SOCKET_VARIABLE])
            send(channel, request)
            return receive(channel)


def send(channel: socket.socket, data: bytes) -> None:
    """Send one message."""
    channel.settimeout(TIMEOUT)
    channel.sendall(len(data).to_bytes(8, "big") + data)


def receive(channel: socket.socket) -> bytes:
    """Receive one message.

    Raises:
        ChannelError: it is longer than `codec.MAX_BYTES`, was cut off, or took longer than
            `TIMEOUT`.
    """
    deadline = time.monotonic() + TIMEOUT
    size = int.from_bytes(_exactly(channel, 8, deadline), "big")
    if size > codec.MAX_BYTES:
        raise ChannelError(
            f"A message has {size:,} bytes; at most {codec.MAX_BYTES:,} are allowed."
        )
    return _exactly(channel, size, deadline)


def _exactly(channel: socket.socket, size: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < size:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ChannelError(f"A message took longer than {TIMEOUT:g} seconds.")
        channel.settimeout(left)
        try:
            part = channel.recv(min(size - len(data), 2**16))
        except TimeoutError:
            continue
        if not part:
            raise ChannelError(f"A message stopped after {len(data):,} of {size:,} bytes.")
        data += part
    return bytes(data)
