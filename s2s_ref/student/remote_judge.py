"""The way to a judge in another process: one question and one answer on a Unix socket.

A message is its length, in eight bytes, and then so many bytes of the codec's.
"""

import os
import socket
import time

from s2s_ref.student import codec

PLACE = "S2S_JUDGE_SOCKET"
"""The variable of the environment that says where the socket is."""

PATIENCE = 20.0
"""So many seconds a whole message may take."""


class ChannelError(OSError):
    """A message that did not come whole, or was too long."""


class SocketJudge:
    """The judge of a submission that is being graded, seen from inside the sandbox."""

    def ask(self, request: bytes) -> bytes:
        """Answer one request."""
        with socket.socket(socket.AF_UNIX) as channel:
            channel.connect(os.environ[PLACE])
            send(channel, request)
            return receive(channel)


def send(channel: socket.socket, data: bytes) -> None:
    """Send one message."""
    channel.settimeout(PATIENCE)
    channel.sendall(len(data).to_bytes(8, "big") + data)


def receive(channel: socket.socket) -> bytes:
    """Receive one message.

    Raises:
        ChannelError: it is longer than `codec.MAX_BYTES`, or stopped before its end, or was slow.
    """
    deadline = time.monotonic() + PATIENCE
    size = int.from_bytes(_exactly(channel, 8, deadline), "big")
    if size > codec.MAX_BYTES:
        raise ChannelError(f"A message of {size:,} bytes came; at most {codec.MAX_BYTES:,} may.")
    return _exactly(channel, size, deadline)


def _exactly(channel: socket.socket, size: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < size:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ChannelError(f"A message took longer than {PATIENCE:g} seconds.")
        channel.settimeout(left)
        try:
            part = channel.recv(min(size - len(data), 2**16))
        except TimeoutError:
            continue
        if not part:
            raise ChannelError(f"A message stopped after {len(data):,} of {size:,} bytes.")
        data += part
    return bytes(data)
