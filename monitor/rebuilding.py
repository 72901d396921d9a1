"""Everything derived is made again from the facts, as it would be from an empty database. Nobody is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from monitor.core.errors import StoreError
from monitor.derive import Derivation, derive, replay
from monitor.intake import Progress
from monitor.sources.spec import Source
from monitor.store import derived, save
from monitor.store.engine import Connection, Engine, transaction
from monitor.store.sessions import calendars
from monitor.store.turns import in_turn

__all__ = ["RebuildReport", "both", "rebuild", "rebuilt", "rederive", "rederive_in_turn"]


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What was derived again."""

    issuers: int
    snapshots: int
    events: int
    items: int


def rebuild(engine: Engine, sources: Mapping[str, Source], *, progress: Progress) -> RebuildReport:
    """Derives standings, links, spells, events and items of every issuer again from the facts.

    Raises StoreError when the database knows an issuer no source describes.
    """
    report = RebuildReport(0, 0, 0, 0)
    with transaction(engine) as conn:
        for code in rebuilt(conn, sources):
            report = both(report, rederive(conn, sources[code], progress))
    return report


def rebuilt(conn: Connection, sources: Mapping[str, Source]) -> list[str]:
    """The issuers to be derived again: all that are stored. Raises StoreError when no source describes one."""
    found = derived.issuers(conn)
    for code in found:
        if code not in sources:
            raise StoreError(f"The database holds files of {code!r}, but no source describes it. Add its TOML file.")
    return found


def rederive(conn: Connection, source: Source, progress: Progress) -> RebuildReport:
    """Derives everything of one issuer again from its facts. Tells nobody."""
    number = save.issuer_id(conn, source.id, source.name)
    made = derive(conn, source, number, date.min, calendars(conn), lambda day: progress("deriving", 1))
    return RebuildReport(1, made.snapshots, made.events, len(made.told))


def rederive_in_turn(engine: Engine, source: Source, progress: Progress) -> RebuildReport:
    """As `rederive`, as one transaction of its own; on SQLite others may write while it derives."""

    def gather(conn: Connection, issuer: int) -> Derivation:
        return replay(conn, source, issuer, date.min, calendars(conn), lambda day: progress("deriving", 1))

    def store(conn: Connection, made: Derivation) -> RebuildReport:
        made.write(conn)
        return RebuildReport(1, made.snapshots, made.events, len(made.told))

    return in_turn(engine, source.id, source.name, (), gather, store)


def both(one: RebuildReport, other: RebuildReport) -> RebuildReport:
    """Both together."""
    return RebuildReport(
        one.issuers + other.issuers,
        one.snapshots + other.snapshots,
        one.events + other.events,
        one.items + other.items,
    )
