"""Alerts as JSON lines in a file: everything the message holds, and its key."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

from monitor.core.errors import DeliveryError
from monitor.notify.channels import Receipt
from monitor.notify.handing import last_chance
from monitor.notify.message import Message
from monitor.notify.wire import as_document


class FileChannel:
    """Appends one line per message with a single write, then syncs it to disk."""

    pace = 0.0

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        """Append; the folder is made when missing. Every fault is temporary: disks get space and rights again."""
        line = json.dumps(as_document(message, key), ensure_ascii=False)
        last_chance()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._append(line)
        except OSError as error:
            raise DeliveryError(f"{self._path}: {error.strerror}", permanent=False, ambiguous=True) from None
        return Receipt(key)

    def _append(self, line: str) -> None:
        with self._path.open("ab+", buffering=0) as file:
            # A line cut short by a crash or a full disk must not swallow this one.
            start = b"" if self._ends_with_line_feed() else b"\n"
            body = start + line.encode() + b"\n"
            if file.write(body) != len(body):
                raise OSError(0, "only a part could be written")
            os.fsync(file.fileno())

    def _ends_with_line_feed(self) -> bool:
        with self._path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def find(self, key: str, *, thread: str | None, age: timedelta) -> Receipt | None:
        """Whether a whole line with this key is in the file."""
        try:
            with self._path.open(encoding="utf-8", errors="replace") as lines:
                return Receipt(key) if any(_key(line) == key for line in lines) else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DeliveryError(f"{self._path}: {error.strerror}", permanent=False) from None


def _key(line: str) -> object:
    try:
        tree = json.loads(line)
    except ValueError:
        return None
    return tree.get("key") if isinstance(tree, dict) else None
