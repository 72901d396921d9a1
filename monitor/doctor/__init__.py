"""Looks at an installation and says what to do: configuration, database, clock, channels, issuers, daemons.

It changes nothing and sends nothing: no message, no row, no migration. `online` findings ask servers what they say
to everybody who connects; without it only this machine and the database are asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from monitor.doctor.finding import Finding, State

if TYPE_CHECKING:
    from monitor.app import App

__all__ = ["Finding", "State", "examine", "unreadable"]


def examine(app: App, *, online: bool) -> Iterator[Finding]:
    """Every finding, as soon as it is known; what needs the network comes last."""
    from monitor.doctor import database, here, outside

    yield from here.configuration(app.config)
    yield from here.secrets(app.config)
    yield from here.program(app.config)
    yield from database.look(app)
    yield from here.calendars(app)
    yield from outside.channels(app, online=online)
    yield from outside.issuers(app, online=online)


def unreadable(error: Exception) -> list[Finding]:
    """The findings when there is no configuration to go on with: one for each fault."""
    remedy = "Correct it; `holdings-monitor init` writes a commented example."
    return [Finding("configuration", "file", State.FAULT, line, remedy) for line in str(error).split("\n")]
