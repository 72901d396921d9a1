"""What every command starts with: the configured program. The only reader of the clock and the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.output import tell

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.store.engine import Connection

DONE, FAILED, WRONG_USE, ATTENTION = 0, 1, 2, 3


def program(config: Path | None, db: str | None, at: datetime | None = None) -> App:
    """The program as options and environment want it; `at` replaces the clock."""
    from monitor.app import configured, system_clock
    from monitor.config.hidden import hidden
    from monitor.logs import Guarded

    app = configured(config, db, os.environ, (lambda: at) if at else system_clock, tell)
    if isinstance(sys.stderr, Guarded):
        sys.stderr.redact.hide(hidden(app.config))
    return app


@contextmanager
def history(config: Path | None, db: str | None) -> Iterator[Connection]:
    """A connection to ask questions on."""
    with program(config, db).reading() as conn:
        yield conn


def environment() -> dict[str, str]:
    """The environment, for programs we start."""
    return dict(os.environ)


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)
