"""Expected texts beside the tests: a missing one is written and fails, so that somebody reads it before it counts."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """`text` equals the stored expectation `name`."""
    path = FOLDER / name
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        raise AssertionError(f"{path.name} was written: read it, then run again")
    assert text == path.read_text(encoding="utf-8")
