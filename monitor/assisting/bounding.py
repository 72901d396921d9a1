"""What leaves for an assistant: texts without control and direction characters, none very long, answers none too large.

What was left out is said. It reads nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from monitor.asking.plain import json_line
from monitor.core.errors import UsageError

LONGEST = 400  # characters of one text
LARGEST = 200_000  # characters of JSON in one answer: more is no use to who reads it
LONG_LIST = 512  # where shortening begins
NAMED = 20  # lists that were shortened and are named


def clean(value: Any) -> Any:
    """The value in terms of JSON; its texts without control and direction characters, none of them very long."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {str(key): clean(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(part) for part in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return float(value)  # a Decimal


def _text(text: str) -> str:
    found = text[: LONGEST + 1]
    if not found.isprintable():
        found = "".join(" " if unicodedata.category(char) in ("Cc", "Cf", "Cs") else char for char in found)
    return found if len(found) <= LONGEST else found[: LONGEST - 1] + "…"


def size(value: Any) -> int:
    """Characters of its JSON."""
    return len(json_line(value))


def shortened(value: Any, most: int = LARGEST) -> tuple[Any, list[str]]:
    """The value with its lists so short that it is not larger, and which of them show how many of how many."""
    longest, cut = LONG_LIST, list[str]()
    found = value
    while size(found) > most and longest:
        cut = []
        found = _short(value, longest, "", cut)
        longest //= 2
    if size(found) > most:
        raise UsageError(f"The answer is larger than {most:,} characters. Ask the command line or the HTTP API for it.")
    return found, cut[:NAMED]


def _short(value: Any, longest: int, path: str, cut: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _short(part, longest, f"{path}.{key}" if path else key, cut) for key, part in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) > longest:
        cut.append(f"{path}: {longest} of {len(value)}")
    return [_short(part, longest, path, cut) for part in value[:longest]]
