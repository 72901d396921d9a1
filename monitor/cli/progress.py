"""One line on the standard error that says how far a long command is; silent in pipes and for quick commands."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

PATIENCE = 2.0  # seconds before anything is shown
EVERY = 0.1


class Progress:
    """Call it with a text and a count; `clear` removes the line before an answer is printed."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = sys.stderr if out is None else out
        self.began = self.last = time.monotonic()
        self.shown = 0
        self.done: dict[str, int] = {}

    def __call__(self, text: str, count: int = 0, total: int = 0) -> None:
        """Show `text` with how many are done, at most ten times a second.

        With `total` the count is how far it is, without it how many more were done since the last call.
        """
        if not total:
            self.done[text] = count = self.done.get(text, 0) + count
        now = time.monotonic()
        if not self.out.isatty() or now - self.began < PATIENCE or now - self.last < EVERY:
            return
        of = f" of {total:,}" if total else ""
        line = f"{text}{f': {count:,}{of}' if count else ''}"[:100]
        self.out.write("\r" + line.ljust(self.shown))
        self.out.flush()
        self.last, self.shown = now, len(line)

    def clear(self) -> None:
        """Remove the line."""
        if self.shown:
            self.out.write("\r" + " " * self.shown + "\r")
            self.out.flush()
            self.shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
