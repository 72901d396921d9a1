"""What looking at an installation brings up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it is: `fault` does not work, `warning` works but should not stay so, `skipped` was not looked at."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, what was seen, and what to do about it (empty where nothing is)."""

    area: str
    name: str
    state: State
    text: str
    remedy: str = ""
