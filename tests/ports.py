"""Ports for servers that must be told theirs, and cannot take a free one by themselves."""

from __future__ import annotations

import random
import socket
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A port nobody listens at, and that no connection or server takes in passing before ours does.

    A port that the system found free belongs to whoever comes next, in another process of the same test run; those
    below the range from which the system chooses are taken only by who asks for one by its number.
    """
    lowest = int(RANGE.read_text("ascii").split()[0]) if RANGE.exists() else 32_768
    choice = random.SystemRandom()
    for _ in range(100):
        port = choice.randrange(min(15_000, lowest - 1), lowest) if lowest > 2_000 else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise RuntimeError("No port of this machine is free.")
