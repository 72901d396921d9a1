"""A clock that several processes share and the test sets: base + (real − t0) × speed, read from a small file."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

VARIABLE = "RELIABILITY_CLOCK"


@dataclass(frozen=True)
class SharedClock:
    """The clock in `file`."""

    file: Path

    def __call__(self) -> datetime:
        """Now, in UTC."""
        base, since, speed = json.loads(self.file.read_text(encoding="ascii"))
        return datetime.fromtimestamp(base + (time.time() - since) * speed, UTC)

    def set(self, instant: datetime, speed: float = 1.0) -> None:
        """From now on it is `instant`, and time passes at `speed`; readers see the old clock or the new one."""
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps([instant.timestamp(), time.time(), speed]), encoding="ascii")
        new.replace(self.file)

    def forward(self, **much: float) -> None:
        """Jumps by a timedelta."""
        _, _, speed = json.loads(self.file.read_text(encoding="ascii"))
        self.set(self() + timedelta(**much), speed)


def from_environment() -> SharedClock | None:
    """The clock of this process, when it was given one."""
    name = os.environ.get(VARIABLE)
    return SharedClock(Path(name)) if name else None
