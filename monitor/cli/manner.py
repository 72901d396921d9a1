"""How a command speaks: with or without notes, with or without colours. It is said once, by the options of the command.

It is the one thing that printing takes from beside its arguments; `speaking` puts it back when the command is over.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO


class Colour(StrEnum):
    """When colours are used."""

    AUTO = "auto"  # on a terminal, unless NO_COLOR or TERM=dumb says otherwise; FORCE_COLOR: always
    ALWAYS = "always"
    NEVER = "never"


@dataclass(slots=True)
class Manner:
    """What the options said."""

    quiet: bool = False
    colour: Colour = Colour.AUTO

    def coloured(self, out: TextIO | None = None) -> bool:
        """Whether what goes to `out` (the standard output) may bear colours."""
        if self.colour is not Colour.AUTO:
            return self.colour is Colour.ALWAYS
        if os.environ.get("NO_COLOR"):  # https://no-color.org: any text but the empty one
            return False
        if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
            return True
        return os.environ.get("TERM") != "dumb" and (sys.stdout if out is None else out).isatty()


MANNER = Manner()


@contextmanager
def speaking(*, quiet: bool, colour: Colour) -> Iterator[None]:
    """Speak so until the end of the block."""
    before = (MANNER.quiet, MANNER.colour)
    MANNER.quiet, MANNER.colour = quiet, colour
    try:
        yield
    finally:
        MANNER.quiet, MANNER.colour = before
