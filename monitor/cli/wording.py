"""Numbers with the word they count: `1 file`, `2 files`."""

from __future__ import annotations


def counted(count: int, word: str, plural: str = "") -> str:
    """The number with its word, in the singular where it is one."""
    return f"{count:,} {word if count == 1 else plural or word + 's'}"
