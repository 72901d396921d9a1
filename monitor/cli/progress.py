"""How far a long command is, on the standard error: a bar on a terminal, a line now and then in a pipe.

Quick commands and --quiet show nothing.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from monitor.cli.manner import MANNER

PATIENCE = 2.0  # seconds before anything is shown
EVERY = 0.1
EVERY_IN_PIPE = 5.0
BAR = 20  # characters


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
        is_terminal = self.out.isatty()
        if MANNER.quiet or now - self.began < PATIENCE or now - self.last < (EVERY if is_terminal else EVERY_IN_PIPE):
            return
        line = self._line(text, count, total, now, is_terminal)
        if is_terminal:
            self.out.write("\r" + line.ljust(self.shown))
            self.shown = len(line)
        else:
            self.out.write(line + "\n")
        self.out.flush()
        self.last = now

    def _line(self, text: str, count: int, total: int, now: float, bar: bool) -> str:
        """`deriving: 12 of 40 [██████              ] 0:07 left`; without a total how many, and since when."""
        passed = now - self.began
        if not total:
            return f"{text}{f': {count:,}' if count else ''}, {_clock(passed)}"[:100]
        done = min(count, total)
        drawn = f" [{('█' * (BAR * done // total)).ljust(BAR)}]" if bar else f" ({100 * done // total} %)"
        left = f" {_clock(passed / done * (total - done))} left" if done else ""
        return f"{text[:50]}: {count:,} of {total:,}{drawn}{left}"

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


def _clock(seconds: float) -> str:
    """`1:05`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
