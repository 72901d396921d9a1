"""Entries and exits as lists beside the daily files show them: held on one session, not on another, so between them.

They are claims about an interval and nothing more: no event, no size, nobody is told (SEMANTICS §3.1, §3.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitor.core.claims import number
from monitor.core.evidence import Fact, Presence
from monitor.core.model import Interval, Kind
from monitor.core.sessions import Sessions
from monitor.core.spells import RE_ENTRY


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a list or a daily file (`is_list`: which of them) says of one security after the close of a session."""

    session: date
    held: bool
    shares: Decimal | None
    source: str
    is_list: bool
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """An entry or an exit in one of the sessions of `interval`; `before` and `after` are the sightings around it."""

    kind: Kind
    interval: Interval
    before: Sighting
    after: Sighting

    @property
    def is_of_lists(self) -> bool:
        """Whether no daily file takes part in it."""
        return self.before.is_list and self.after.is_list

    @property
    def claim(self) -> str:
        """ "Held on 2021-06-30 (…), not on 2021-09-30 (…): exit between"."""
        what = "exit" if self.kind is Kind.EXITED else "entry"
        first, second = ("Held", "not") if self.kind is Kind.EXITED else ("Not held", "held")
        return f"{first} on {_said(self.before)}, {second} on {_said(self.after)}: {what} between"


def sightings(facts: Iterable[Fact]) -> list[Sighting]:
    """The facts that say whether it was held; doubts and lines too small to be listed say nothing."""
    return [
        Sighting(one.session, one.state is Presence.HELD, one.shares, one.schedule.called(), True, one.schedule.sha256)
        for one in facts
        if one.state in (Presence.HELD, Presence.NOT_LISTED)
    ]


def turns(sessions: Sessions, lists: Iterable[Sighting], files: Iterable[Sighting]) -> list[Turn]:
    """The entries and exits that at least one list shows, oldest first. A file of the same session outweighs a list."""
    seen = {one.session: one for one in (*lists, *files)}
    ordered = [seen[session] for session in sorted(seen)]
    found: list[Turn] = []
    last_held: Sighting | None = None
    for at, after in enumerate(ordered):
        before = ordered[at - 1] if at else None
        if before is not None and before.held != after.held and (before.is_list or after.is_list):
            interval = Interval(sessions.after(before.session), after.session)
            found.append(Turn(_kind(sessions, after, last_held), interval, before, after))
        if after.held:
            last_held = after
    return found


def _kind(sessions: Sessions, after: Sighting, last_held: Sighting | None) -> Kind:
    if not after.held:
        return Kind.EXITED
    if last_held is None:
        return Kind.INITIATED
    away = sessions.distance(last_held.session, after.session)
    return Kind.RE_ENTERED if away > RE_ENTRY else Kind.RESUMED


def _said(one: Sighting) -> str:
    size = f"{number(one.shares)} shares in " if one.shares is not None else "in "
    return f"{one.session} ({size if one.held else 'not in '}{one.source})"
