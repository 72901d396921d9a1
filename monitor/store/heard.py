"""What the channels have heard of items, or will: deliveries and lines of digests together. Read only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select

from monitor.store import digests
from monitor.store.chunks import MANY, chunks
from monitor.store.codec import instant_text
from monitor.store.digests import Entry
from monitor.store.engine import Connection
from monitor.store.ledger import delivery, digest_entry
from monitor.store.schema import identifier, listing, security

HOUR = timedelta(hours=1)
ALERT = '{"form":"alert"'  # how the message of a first alert begins, see notify.wire


@dataclass(frozen=True, slots=True)
class Heard:
    """One item: the highest revision ever given out; the channels it was promised to at once (unless all of that was
    taken back before it was sent); by channel the line that waits, and the last line a digest carried."""

    revision: int = 0
    promised: frozenset[str] = frozenset()
    waiting: Mapping[str, Entry] = field(default_factory=dict)
    gathered: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def anywhere(self) -> bool:
        """Whether anybody was told or may yet be."""
        return bool(self.promised or self.waiting or self.gathered)


def of_items(conn: Connection, items: Collection[str]) -> dict[str, Heard]:
    """What was heard of these items; those nobody was ever to hear of are left out."""
    revisions: dict[str, int] = {}
    promised: dict[str, set[str]] = {}
    ordered = sorted(items)
    for start in range(0, len(ordered), MANY):
        some = ordered[start : start + MANY]
        for table in (delivery, digest_entry):
            query = select(table.c.item, func.max(table.c.revision).label("last")).where(table.c.item.in_(some))
            for row in conn.execute(query.group_by(table.c.item)):
                revisions[row.item] = max(row.last, revisions.get(row.item, 0))
        told = select(delivery.c.item, delivery.c.channel).distinct()
        for row in conn.execute(told.where(delivery.c.item.in_(some), delivery.c.state != "withdrawn")):
            promised.setdefault(row.item, set()).add(row.channel)
    waiting: dict[str, dict[str, Entry]] = {}
    gathered: dict[str, dict[str, Entry]] = {}
    for entry in digests.entries_about(conn, items):
        (waiting if entry.state == "waiting" else gathered).setdefault(entry.item, {})[entry.channel] = entry
    return {
        item: Heard(last, frozenset(promised.get(item, ())), waiting.get(item, {}), gathered.get(item, {}))
        for item, last in revisions.items()
    }


def alerts_lately(conn: Connection, channel: str, now: datetime) -> int:
    """How many items were promised to a channel at once within the last hour: first messages, no updates or notices."""
    lately = (
        (delivery.c.channel == channel)
        & (delivery.c.created_at > instant_text(now - HOUR))
        & delivery.c.message.startswith(ALERT)
        & (delivery.c.state != "withdrawn")
    )
    return int(conn.execute(select(func.count()).select_from(delivery).where(lately)).scalar_one())


def names_of(conn: Connection, keys: Sequence[str]) -> set[tuple[str, str]]:
    """Every (name, ticker) these identities were printed with, and their identifiers as names without ticker."""
    numbers: set[int] = set()
    for start in range(0, len(keys), MANY):
        query = select(security.c.id).where(security.c.key.in_(list(keys)[start : start + MANY]))
        numbers |= set(conn.execute(query).scalars())
    return printed_names(conn, numbers)


def printed_names(conn: Connection, numbers: Collection[int]) -> set[tuple[str, str]]:
    """As `names_of`, by the store's numbers."""
    found: set[tuple[str, str]] = set()
    for some in chunks(numbers):
        printed = select(listing.c.name, listing.c.ticker).where(listing.c.security.in_(some)).distinct()
        found |= {(row.name, row.ticker) for row in conn.execute(printed)}
        known = select(identifier.c.value).where(identifier.c.security.in_(some))
        found |= {(value, "") for value in conn.execute(known).scalars()}
        public = select(security.c.public).where(security.c.id.in_(some))
        found |= {(value, "") for value in conn.execute(public).scalars()}
    return found
