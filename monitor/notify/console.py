"""Alerts as text on a stream, usually the standard output."""

from __future__ import annotations

from typing import TextIO

from monitor.core.errors import DeliveryError
from monitor.notify.channels import Receipt
from monitor.notify.handing import last_chance
from monitor.notify.message import Message
from monitor.notify.text import whole

RULE = "─" * 72
WIDTH = 96  # characters of a line of prose


class ConsoleChannel:
    """Writes each message below a rule. Foreign text cannot steer the terminal: it was cleaned when composed."""

    pace = 0.0

    def __init__(self, name: str, out: TextIO) -> None:
        self.name = name
        self._out = out

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        """Write and flush; a closed stream is a temporary failure."""
        last_chance()
        try:
            self._out.write(f"{RULE}\n{whole(message, WIDTH)}")
            self._out.flush()
        except (OSError, ValueError) as error:
            raise DeliveryError(f"cannot write to the console: {error}", permanent=False) from None
        return Receipt(key)
