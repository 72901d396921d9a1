"""Writes and takes back what is derived: standings, links, splits, spells, sightings, flows, trades,
events, items.

`rewind` restores the derived tables to what they were before a day; `write` adds what the days since then
gave. Both in the caller's transaction. Nothing here decides anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import bindparam, delete, select, update

from monitor.core.linking import Link
from monitor.core.model import Convention, Event, Item, Reason, Standing
from monitor.core.spells import Spell
from monitor.core.splits import Pending, Split
from monitor.store import schema as t
from monitor.store.brief import Brief
from monitor.store.codec import date_of_day, day_of
from monitor.store.documents import Printed, Ready, add_ready, documents
from monitor.store.documents import stored as stored_documents
from monitor.store.engine import Connection, bulk_insert
from monitor.store.lines import Securities
from monitor.store.outside import Outside, rewind_outside, write_outside
from monitor.store.pending import Decided, rewind_pending, write_pending
from monitor.store.spells import StoredSpell
from monitor.store.statements import Statement
from monitor.store.trades import PairLine, rewind_pairs, write_pairs


@dataclass(frozen=True, slots=True)
class StandingLine:
    """The verdict on one snapshot, settled by the file of `day`."""

    fund: int
    snapshot: int
    as_of: date
    day: date
    standing: Standing
    convention: Convention
    pos_session: date | None
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """The first file of a fund that listed a security."""

    fund: int
    key: str
    as_of: date
    session: date | None
    day: date


@dataclass(slots=True)
class Derived:
    """What deriving a run of days gave, collected until it is written in one go."""

    standings: dict[tuple[int, int], StandingLine] = field(default_factory=dict)
    links: list[tuple[int, date, Link]] = field(default_factory=list)
    splits: list[Split] = field(default_factory=list)
    pending: list[tuple[int, Pending]] = field(default_factory=list)
    decided: list[tuple[int, Decided]] = field(default_factory=list)
    outside: list[Outside] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    events: list[tuple[Event, Brief]] = field(default_factory=list)
    items: list[tuple[Item, Brief]] = field(default_factory=list)
    pairs: list[PairLine] = field(default_factory=list)


_IS_TOLD = Statement(
    select(t.standing.c.fund)
    .join(t.fund, t.fund.c.id == t.standing.c.fund)
    .where(t.fund.c.issuer == bindparam("issuer"), t.standing.c.as_of >= bindparam("since"))
    .limit(1)
)


def rewind(conn: Connection, issuer: int, fund_ids: Sequence[int], since: date) -> None:
    """Takes back everything that files dated `since` or later settled for the issuer."""
    day = day_of(since)
    if not _IS_TOLD.rows(conn, issuer=issuer, since=day):
        return  # every file that was weighed has a standing: there is nothing
    conn.execute(delete(t.item).where(t.item.c.issuer == issuer, t.item.c.day >= day))
    conn.execute(delete(t.event).where(t.event.c.issuer == issuer, t.event.c.day >= day))
    conn.execute(delete(t.split).where(t.split.c.issuer == issuer, t.split.c.settled >= day))
    rewind_pairs(conn, fund_ids, since)
    rewind_pending(conn, fund_ids, since)
    rewind_outside(conn, fund_ids, since)
    for fund in fund_ids:
        conn.execute(delete(t.link).where(t.link.c.fund == fund, t.link.c.day >= day))
        conn.execute(delete(t.sighting).where(t.sighting.c.fund == fund, t.sighting.c.day >= day))
        conn.execute(delete(t.standing).where(t.standing.c.fund == fund, t.standing.c.as_of >= day))
        _rewind_spells(conn, fund, day)


_ENDING = (
    "closed_day closed_from closed_to exit_file last_file last_session exit_shares last_shares material_file"  # noqa: SIM905
    " material_session material_shares peak_shares peak_file files".split()
)
_GONE = ["last_line_file", "last_line_session", "last_line_shares", "last_line_day"]


def _rewind_spells(conn: Connection, fund: int, day: int) -> None:
    table = t.spell.c
    conn.execute(delete(t.spell).where(table.fund == fund, table.opened_day >= day))
    reopened = (table.fund == fund) & (table.closed_day >= day)
    conn.execute(update(t.spell).where(reopened).values(dict.fromkeys(_ENDING + _GONE)))
    listed = (table.fund == fund) & (table.last_line_day >= day)
    conn.execute(update(t.spell).where(listed).values(dict.fromkeys(_GONE)))


def write(conn: Connection, issuer: int, names: Securities, fund_ids: dict[str, int], new: Derived) -> None:
    """Stores the derived rows; standings of snapshots settled late replace what stood there."""
    _write_standings(conn, new.standings)
    bulk_insert(
        conn,
        t.link,
        ("fund", "day", "earlier", "later", "kind", "rule", "confidence", "evidence"),
        sorted(
            (
                fund,
                day_of(day),
                names.number(k.earlier),
                names.number(k.later),
                k.kind.value,
                k.rule,
                k.confidence,
                k.evidence,
            )
            for fund, day, k in new.links
        ),
    )
    bulk_insert(
        conn,
        t.split,
        ("issuer", "shown_by", "day", "security", "settled", "factor", "rule", "evidence"),
        [
            (
                issuer,
                s.fund,
                day_of(s.day),
                names.number(s.key),
                day_of(s.settled or s.day),
                str(s.factor),
                s.rule,
                s.evidence,
            )
            for s in new.splits
        ],
    )
    bulk_insert(
        conn,
        t.sighting,
        ("fund", "security", "as_of", "session", "day"),
        sorted((s.fund, names.number(s.key), day_of(s.as_of), _day(s.session), day_of(s.day)) for s in new.sightings),
    )
    _write_changes(conn, issuer, names, fund_ids, new)
    write_pairs(conn, names, new.pairs)
    write_pending(conn, names, new.pending, new.decided)
    write_outside(conn, names, new.outside)


def _write_changes(conn: Connection, issuer: int, names: Securities, fund_ids: dict[str, int], new: Derived) -> None:
    printed = Printed(conn)
    events = (Ready(fund_ids[e.fund], names.number(e.security), day_of(e.day), brief) for e, brief in new.events)
    add_ready(conn, t.event, issuer, events, printed)
    items = (Ready(0, names.number(i.security), day_of(i.day), brief) for i, brief in new.items)
    add_ready(conn, t.item, issuer, items, printed)


def _write_standings(conn: Connection, lines: dict[tuple[int, int], StandingLine]) -> None:
    table = t.standing.c
    for line in lines.values():
        if line.day > line.as_of:  # may have been written as quarantined by an earlier run
            conn.execute(delete(t.standing).where(table.fund == line.fund, table.snapshot == line.snapshot))
    bulk_insert(
        conn,
        t.standing,
        ("fund", "snapshot", "as_of", "day", "standing", "convention", "pos_session", "reasons", "warnings"),
        [
            (
                line.fund,
                line.snapshot,
                day_of(line.as_of),
                day_of(line.day),
                line.standing.value,
                line.convention.value,
                _day(line.pos_session),
                _reasons(line.reasons),
                _reasons(line.warnings),
            )
            for line in (lines[key] for key in sorted(lines))
        ],
    )


def _reasons(reasons: Iterable[Reason]) -> str:
    return json.dumps([{"gate": r.gate, "text": r.text} for r in reasons], ensure_ascii=False)


def _day(value: date | None) -> int | None:
    return None if value is None else day_of(value)


_SPELL = tuple(column.name for column in t.spell.columns)


def write_spells(conn: Connection, names: Securities, spells: Iterable[StoredSpell]) -> None:
    """Adds new spells and replaces changed ones."""
    rows = []
    table = t.spell.c
    for stored in spells:
        if stored.stored and not stored.changed:
            continue
        row = _spell_row(stored.fund, names.number(stored.spell.security), stored.spell)
        if stored.stored:
            same = (table.fund == row["fund"]) & (table.security == row["security"])
            conn.execute(delete(t.spell).where(same, table.opened_day == row["opened_day"]))
        rows.append(tuple(row[name] for name in _SPELL))
        stored.stored, stored.changed = True, False
    bulk_insert(conn, t.spell, _SPELL, rows)


def _spell_row(fund: int, security: int, spell: Spell) -> dict[str, int | str | None]:
    row: dict[str, int | str | None] = dict.fromkeys(_SPELL)
    row |= {
        "fund": fund,
        "security": security,
        "opened_day": day_of(spell.opened_day),
        "opened_from": _day(spell.entry.first),
        "opened_to": _day(spell.entry.last),
        "first_file": day_of(spell.first_file),
        "entry_shares": _text(spell.entry_shares),
        "censored": "left" if spell.censored else "none",
    }
    end = spell.ending
    if end is not None:
        row |= {
            "closed_day": day_of(end.day),
            "closed_from": _day(end.exit_from),
            "closed_to": _day(end.exit_session),
            "exit_file": day_of(end.exit_file),
            "last_file": day_of(end.last.as_of),
            "last_session": _day(end.last.session),
            "exit_shares": _text(end.left),
            "last_shares": _text(end.last.shares),
            "material_file": day_of(end.material.as_of),
            "material_session": _day(end.material.session),
            "material_shares": _text(end.material.shares),
            "peak_shares": _text(end.peak.shares),
            "peak_file": day_of(end.peak.as_of),
            "files": end.files,
        }
    if spell.gone_day is not None and spell.last_line is not None:
        row |= {
            "last_line_file": day_of(spell.last_line.as_of),
            "last_line_session": _day(spell.last_line.session),
            "last_line_shares": _text(spell.last_line.shares),
            "last_line_day": day_of(spell.gone_day),
        }
    return row


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def settle(conn: Connection, issuer: int) -> None:
    """Says that every stored fact of the issuer has been derived."""
    conn.execute(update(t.issuer).where(t.issuer.c.id == issuer).values(derive_from=None))


def issuers(conn: Connection) -> list[str]:
    """The codes of all stored issuers."""
    return list(conn.execute(select(t.issuer.c.code).order_by(t.issuer.c.code)).scalars())


def link_lines(conn: Connection, issuer: int) -> set[str]:
    """The links in the issuer's funds, each as a line of text: to see what a derivation changed."""
    earlier, later, table = t.security.alias("e"), t.security.alias("l"), t.link.c
    query = (
        select(t.link, t.fund.c.ticker, earlier.c.key.label("old"), later.c.key.label("new"))
        .join(t.fund, t.fund.c.id == table.fund)
        .join(earlier, earlier.c.id == table.earlier)
        .join(later, later.c.id == table.later)
        .where(t.fund.c.issuer == issuer)
    )
    return {
        f"{date_of_day(r.day)}  {r.ticker}  link {r.old} → {r.new} ({r.rule}, {r.confidence})"
        for r in conn.execute(query)
    }


def event_bodies(conn: Connection, issuer: int) -> dict[str, str]:
    """The issuer's events, id to JSON."""
    return {one.id: one.text for one in stored_documents(conn, documents(t.event).where(t.event.c.issuer == issuer))}
