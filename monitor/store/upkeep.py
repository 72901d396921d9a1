"""Looking after a database: is everything in it sound? Upgrading and backups are re-exported beside it.

`check` only reads and never mends: facts come back from a backup, derived rows from `db rebuild`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select, text

from monitor.store import archive, documents
from monitor.store.backup import Manifest, Progress, backup, quiet, restore, verify
from monitor.store.codec import date_of_day
from monitor.store.engine import Connection, Engine, is_postgres, reading
from monitor.store.migrate import require_current, upgrade
from monitor.store.schema import delivery, event, item

__all__ = ["Finding", "Manifest", "Progress", "backup", "check", "restore", "upgrade", "verify"]

ENOUGH = 20  # findings of one kind; a damaged database would otherwise list every row


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: in which table, and the sentence."""

    table: str
    text: str


Check = Callable[[Connection], Iterator[Finding]]


def check(engine: Engine, progress: Progress = quiet) -> list[Finding]:
    """Everything found wrong in the database; an empty list is good news. Reads every row and every body."""
    require_current(engine)
    found: list[Finding] = []
    with reading(engine) as conn:
        for done, (name, one) in enumerate(CHECKS):
            progress(name, done, len(CHECKS))
            found += _first(one(conn))
    progress("", len(CHECKS), len(CHECKS))
    return found


def _first(findings: Iterator[Finding]) -> list[Finding]:
    shown = list(islice(findings, ENOUGH))
    if more := sum(1 for _ in findings):
        shown.append(Finding(shown[-1].table, f"… and {more} more of this kind."))
    return shown


def _file(conn: Connection) -> Iterator[Finding]:
    """What the database itself says about its file; PostgreSQL checks its own."""
    if is_postgres(conn):
        return
    for (said,) in conn.execute(text("PRAGMA integrity_check")):
        if said != "ok":
            yield Finding("file", str(said))
    for row in conn.execute(text("PRAGMA foreign_key_check")):
        yield Finding(row[0], f"row {row[1]} refers to a row of {row[2]} that does not exist.")


def _bodies(conn: Connection) -> Iterator[Finding]:
    """Every archived body unpacks to the bytes its SHA-256 promises."""
    for error in archive.faults(conn):
        yield Finding("archive", str(error))


TOTALS = text("""
SELECT f.ticker, n.as_of, n.id, n.positions, n.value, n.weight,
    count(h.security) AS found, sum(h.value) AS found_value, sum(h.weight) AS found_weight
FROM snapshot n
JOIN fund f ON f.id = n.fund
LEFT JOIN holding h ON h.fund = n.fund AND h.snapshot = n.id
WHERE NOT EXISTS (SELECT 1 FROM archived a WHERE n.as_of >= a.first AND n.as_of < a.until)
GROUP BY f.ticker, n.fund, n.as_of, n.id, n.positions, n.value, n.weight
ORDER BY n.fund, n.id
""")


def _totals(conn: Connection) -> Iterator[Finding]:
    """A snapshot has the positions, value and weight it says; each line may be rounded by half a unit."""
    for row in conn.execute(TOTALS):
        where = f"{row.ticker} as of {date_of_day(row.as_of)}"
        if row.found != row.positions:
            yield Finding("holding", f"{where} should have {row.positions} positions and has {row.found}.")
            continue
        for word, said, found in (("value", row.value, row.found_value), ("weight", row.weight, row.found_weight)):
            if (said is None) != (found is None) or (said is not None and abs(said - found) > row.positions + 1):
                yield Finding("holding", f"{where}: the {word} of its positions is {found}, not {said}.")


ORPHANS = text("""
SELECT f.ticker, h.fund, h.snapshot, count(*) AS rows
FROM holding h
LEFT JOIN fund f ON f.id = h.fund
LEFT JOIN snapshot n ON n.fund = h.fund AND n.id = h.snapshot
LEFT JOIN listing l ON l.id = h.listing AND l.security = h.security
WHERE f.id IS NULL OR n.id IS NULL OR l.id IS NULL
GROUP BY f.ticker, h.fund, h.snapshot
ORDER BY h.fund, h.snapshot
""")


def _orphans(conn: Connection) -> Iterator[Finding]:
    """`holding` has no foreign keys, for speed: here they are checked."""
    for row in conn.execute(ORPHANS):
        fund = row.ticker or f"fund {row.fund}"
        yield Finding("holding", f"{fund}: {row.rows} rows of snapshot {row.snapshot} refer to nothing.")


UNJUDGED = text("""
SELECT f.ticker, n.as_of
FROM snapshot n
JOIN fund f ON f.id = n.fund
JOIN issuer i ON i.id = f.issuer
LEFT JOIN standing t ON t.fund = n.fund AND t.snapshot = n.id
WHERE t.fund IS NULL AND (i.derive_from IS NULL OR i.derive_from > n.as_of)
ORDER BY n.fund, n.id
""")
JUDGED_NOTHING = text("""
SELECT f.ticker, t.as_of
FROM standing t
JOIN fund f ON f.id = t.fund
LEFT JOIN snapshot n ON n.fund = t.fund AND n.id = t.snapshot
WHERE n.id IS NULL
ORDER BY t.fund, t.snapshot
""")


def _standings(conn: Connection) -> Iterator[Finding]:
    """Every snapshot was judged, unless that work is marked as still to be done."""
    for row in conn.execute(UNJUDGED):
        yield Finding("snapshot", f"{row.ticker} as of {date_of_day(row.as_of)} was never judged. Run: db rebuild")
    for row in conn.execute(JUDGED_NOTHING):
        yield Finding("standing", f"{row.ticker} as of {date_of_day(row.as_of)} was judged but is not stored.")


OVERLAPS = text("""
SELECT f.ticker, s.public, o.opened_day, o.closed_day, o.next_day
FROM (
    SELECT fund, security, opened_day, closed_day,
        lead(opened_day) OVER (PARTITION BY fund, security ORDER BY opened_day) AS next_day
    FROM spell
) o
JOIN fund f ON f.id = o.fund
JOIN security s ON s.id = o.security
WHERE (o.next_day IS NOT NULL AND (o.closed_day IS NULL OR o.closed_day > o.next_day)) OR o.closed_day < o.opened_day
ORDER BY o.fund, o.security, o.opened_day
""")


def _spells(conn: Connection) -> Iterator[Finding]:
    """A fund's spells in one security follow one another."""
    for row in conn.execute(OVERLAPS):
        opened = date_of_day(row.opened_day)
        yield Finding("spell", f"{row.ticker}: the spell of {row.public} that began {opened} overlaps. Run: db rebuild")


STRANGERS = text("""
SELECT e.id, e.issuer, f.ticker
FROM event e
JOIN fund f ON f.id = e.fund
WHERE f.issuer <> e.issuer
ORDER BY e.id
""")


def _documents(conn: Connection) -> Iterator[Finding]:
    """Events name funds of their own issuer; documents can be read, messages are JSON."""
    for row in conn.execute(STRANGERS):
        yield Finding("event", f"{row.id} is filed under issuer {row.issuer}, which does not run {row.ticker}.")
    for table in (event, item):
        for words in documents.faults(conn, table):
            yield Finding(table.name, words)
    query = select(delivery.c.id, delivery.c.message).order_by(delivery.c.id)
    for number, message in conn.execute(query, execution_options={"yield_per": 1000}):
        if not _is_json(message):
            yield Finding("delivery", f"{number} holds no JSON in message.")


def _is_json(body: str) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


MISFILED = text("""
SELECT d.id, d.key, d.state, d.sent_at, d.lease_until
FROM delivery d
WHERE d.key <> d.item || ':' || d.revision || ':' || d.channel
    OR d.state NOT IN ('pending', 'sending', 'sent', 'dead', 'withdrawn')
    OR (d.state = 'sent' AND d.sent_at IS NULL)
    OR (d.state = 'sending' AND d.lease_until IS NULL)
ORDER BY d.id
""")


def _deliveries(conn: Connection) -> Iterator[Finding]:
    """Deliveries are in a state the outbox knows. Their item may be gone: items are derived, promises are not."""
    for row in conn.execute(MISFILED):
        yield Finding(
            "delivery",
            f"{row.id} ({row.key}) is {row.state}, sent at {row.sent_at}, leased until {row.lease_until}: impossible.",
        )


CHECKS: tuple[tuple[str, Check], ...] = (
    ("file", _file),
    ("archive", _bodies),
    ("snapshots", _totals),
    ("holdings", _orphans),
    ("standings", _standings),
    ("spells", _spells),
    ("events", _documents),
    ("deliveries", _deliveries),
)
