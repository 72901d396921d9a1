"""Writes facts: one published file becomes names, a snapshot and its holdings. Decides nothing.

Names are interned: a key, a listing and an identifier are stored once and referred to by number. All
functions expect to be inside a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, insert, select, update

from monitor.core.errors import StoreError
from monitor.core.identity import public_id
from monitor.core.model import Arrival, Position
from monitor.core.quality import Finding
from monitor.store import partitions
from monitor.store import schema as t
from monitor.store.codec import (
    day_of,
    encode_shares,
    encode_value,
    encode_weight,
    instant_text,
    maybe_date,
    maybe_text,
    parse_instant,
)
from monitor.store.engine import Connection, bulk_insert, insert_new

DATED_BY = {"fetched": "poll"}  # the column holds four letters
REVISIONS = 256  # of one as_of: the low digits of a snapshot's number
POLLS = 1000  # the newest of a fund, among which the last one of an address is looked for
ANSWERED = ("new", "heartbeat", "not-modified", "absent")  # outcomes of polls that leave something for the next
UNTIMED = "0|"  # begins the rank of a version of which nobody says when it was there
FIRST_VERSION = "00000"  # sorts before every version a file name can carry
_HOLDING = ("fund", "snapshot", "security", "listing", "shares", "value", "weight")


@dataclass(frozen=True, slots=True)
class FundRow:
    """A fund as it is to be stored; `closed` is the date of its last file."""

    ticker: str
    name: str
    kind: str
    calendar: str
    closed: date | None


@dataclass(frozen=True, slots=True)
class NewSnapshot:
    """One readable file: its positions, where it came from, when it was known and what the gates noticed."""

    fund: int
    as_of: date
    sha256: str
    place: str
    arrival: Arrival
    known_at: datetime
    published_from: datetime | None
    published_to: datetime | None
    hint: str
    currency: str
    dates: tuple[date, ...]
    lines: int
    unread: int
    positions: tuple[Position, ...]
    findings: tuple[Finding, ...]
    outstanding: Decimal | None = None
    dated_by: str = "file"
    captured: datetime | None = None  # when somebody else had a copy: ranks versions, as a publication does
    announced: date | None = None


@dataclass(frozen=True, slots=True)
class FetchRow:
    """One attempt to get a file, successful or not."""

    issuer: int
    fund: int | None
    place: str
    arrival: Arrival
    at: datetime
    outcome: str
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None
    detail: str | None = None


_Listing = tuple[int, str, str, str, str]  # security, name, ticker, identifier, class


class Names:
    """The interned names of a database: ids by value, remembered so that a known name costs no query."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._securities: dict[str, int] = {}
        self._listings: dict[_Listing, int] = {}

    def intern(self, positions: Sequence[Position]) -> list[tuple[int, int]]:
        """The (security, listing) ids of the positions, in order, made where they were new."""
        self._add_securities([p for p in positions if p.key not in self._securities])
        keys = [(self._securities[p.key], p.name, p.ticker, p.identifier, p.asset_class.value) for p in positions]
        self._add_listings([key for key in keys if key not in self._listings])
        return [(key[0], self._listings[key]) for key in keys]

    def _add_securities(self, positions: Sequence[Position]) -> None:
        wanted = {p.key: p for p in positions}
        if not wanted:
            return
        insert_new(self._conn, t.security, [{"key": key, "public": public_id(key)} for key in wanted])
        found = self._conn.execute(select(t.security.c.key, t.security.c.id).where(t.security.c.key.in_(list(wanted))))
        self._securities.update((key, number) for key, number in found)
        ids = [
            {"scheme": scheme, "value": value, "security": self._securities[key]}
            for key, p in wanted.items()
            for scheme, _, value in (text.partition(":") for text in p.ids)
        ]
        insert_new(self._conn, t.identifier, ids)

    def _add_listings(self, keys: Sequence[_Listing]) -> None:
        if not keys:
            return
        wanted = list(dict.fromkeys(keys))
        columns = ("security", "name", "ticker", "identifier", "asset_class")
        insert_new(self._conn, t.listing, [dict(zip(columns, key, strict=True)) for key in wanted])
        securities = list({key[0] for key in wanted})
        table = t.listing.c
        query = select(table.id, table.security, table.name, table.ticker, table.identifier, table.asset_class)
        for number, *key in self._conn.execute(query.where(table.security.in_(securities))):
            security, name, ticker, identifier, stated = key
            self._listings[security, name, ticker, identifier, stated] = number


def issuer_id(conn: Connection, code: str, name: str) -> int:
    """The number of the issuer, made when new. Who else takes in its files meanwhile waits for this transaction."""
    insert_new(conn, t.issuer, [{"code": code, "name": name}])
    query = select(t.issuer.c.id).where(t.issuer.c.code == code).with_for_update(key_share=True)
    return int(conn.execute(query).scalar_one())


def fund_id(conn: Connection, issuer: int, fund: FundRow) -> int:
    """The number of the fund, made when new."""
    row = {
        "issuer": issuer,
        "ticker": fund.ticker,
        "name": fund.name,
        "kind": fund.kind,
        "calendar": fund.calendar,
        "closed": None if fund.closed is None else day_of(fund.closed),
    }
    insert_new(conn, t.fund, [row])
    query = select(t.fund.c.id).where(t.fund.c.issuer == issuer, t.fund.c.ticker == fund.ticker)
    return int(conn.execute(query).scalar_one())


def revisions(conn: Connection, fund: int, as_of: date) -> dict[str, int]:
    """The stored versions of a fund's file for one as_of: hash to number."""
    table = t.snapshot.c
    query = select(table.sha256, table.id).where(table.fund == fund, table.as_of == day_of(as_of))
    return {sha256: number for sha256, number in conn.execute(query)}  # noqa: C416 – rows, not pairs


def latest_as_of(conn: Connection, fund: int, until: date) -> date | None:
    """The newest as_of stored for the fund, not after `until`: a file with a date to come says nothing of others."""
    table = t.snapshot.c
    query = select(func.max(table.as_of)).where(table.fund == fund, table.as_of <= day_of(until))
    day = conn.execute(query).scalar()
    return maybe_date(day)


def add_snapshot(conn: Connection, names: Names, new: NewSnapshot, number: int) -> None:
    """Stores one readable file under `number` (see `next_number`).

    Raises StoreError when a quantity cannot be kept exactly.
    """
    partitions.ready(conn, new.as_of, new.known_at.date())
    shares, exponent = encode_shares([p.shares for p in new.positions])
    conn.execute(insert(t.snapshot), [_snapshot_row(new, number, exponent)])
    interned = names.intern(new.positions)
    rows = (
        (new.fund, number, security, listing, amount, encode_value(p.value), encode_weight(p.weight))
        for p, (security, listing), amount in zip(new.positions, interned, shares, strict=True)
    )
    bulk_insert(conn, t.holding, _HOLDING, sorted(rows))


def newest(conn: Connection, fund: int, as_of: date) -> int:
    """The number of the newest version of a fund's file for one as_of, as `rank` orders them."""
    table = t.snapshot.c
    query = select(table.id).where(table.fund == fund, table.as_of == day_of(as_of))
    return int(conn.execute(query.order_by(table.rank.desc()).limit(1)).scalar_one())


def published_again(conn: Connection, fund: int, number: int, hint: str, sha256: str, at: datetime) -> None:
    """The publisher went back to this version: it is the newest from `at` on."""
    table = t.snapshot.c
    rank = _rank(at, hint, sha256)
    conn.execute(update(t.snapshot).where(table.fund == fund, table.id == number).values(rank=rank))


def captured(conn: Connection, fund: int, number: int, hint: str, sha256: str, at: datetime) -> bool:
    """Somebody had this version at `at`: that ranks one we never polled, the earliest copy of it counting.

    True when it ranks otherwise now.
    """
    table = t.snapshot.c
    where = (table.fund == fund) & (table.id == number) & table.published_to.is_(None)
    known, rank = conn.execute(select(table.rank).where(where)).scalar(), _rank(at, hint, sha256)
    if known is None or (not known.startswith(UNTIMED) and known <= rank):
        return False
    conn.execute(update(t.snapshot).where(where).values(rank=rank))
    return True


def _rank(published: datetime | None, hint: str, sha256: str) -> str:
    """Ranks versions of one as_of whatever order they were loaded in."""
    return f"{UNTIMED if published is None else f'{instant_text(published)}|'}{hint or FIRST_VERSION}|{sha256}"


def next_number(as_of: date, known: Collection[int]) -> int:
    """The number of one more version for `as_of`, given those stored.

    Raises StoreError after 256: a publisher that changes one day's file that often is not publishing.
    """
    if len(known) >= REVISIONS:
        raise StoreError(f"There are {len(known)} versions of the file dated {as_of} already; no more are kept.")
    return max(known, default=day_of(as_of) * REVISIONS - 1) + 1


def _snapshot_row(new: NewSnapshot, number: int, exponent: int) -> dict[str, object]:
    values = [p.value for p in new.positions if p.value is not None]
    weights = [p.weight for p in new.positions if p.weight is not None]
    published = new.published_to or new.captured
    return {
        "fund": new.fund,
        "id": number,
        "as_of": day_of(new.as_of),
        "sha256": new.sha256,
        "place": new.place,
        "arrival": new.arrival.value,
        "known_at": instant_text(new.known_at),
        "published_from": maybe_text(new.published_from),
        "published_to": maybe_text(new.published_to),
        "rank": _rank(published, new.hint, new.sha256),
        "shares_exp": exponent,
        "lines": new.lines,
        "positions": len(new.positions),
        "value": encode_value(sum(values, Decimal(0))) if values else None,
        "weight": encode_weight(sum(weights, Decimal(0))) if weights else None,
        "currency": new.currency,
        "dates": ",".join(d.isoformat() for d in new.dates),
        "warnings": findings_text(new.findings),
        "unread": new.unread,
        "outstanding": None if new.outstanding is None else f"{new.outstanding:f}",
        "dated_by": DATED_BY.get(new.dated_by, new.dated_by),
        "announced": None if new.announced is None else day_of(new.announced),
    }


def findings_text(findings: Iterable[Finding]) -> str:
    """What the reader noticed, as the JSON kept with the snapshot."""
    return json.dumps(
        [{"gate": f.gate, "text": f.text, "holds": f.holds, "lasting": f.lasting} for f in findings],
        ensure_ascii=False,
        sort_keys=True,
    )


def findings_of(text: str) -> list[Finding]:
    """The inverse of `findings_text`."""
    return [Finding(f["gate"], f["text"], f["holds"], f["lasting"]) for f in json.loads(text)]


def add_fetch(conn: Connection, row: FetchRow) -> None:
    """Records one attempt."""
    values = {
        "issuer": row.issuer,
        "fund": row.fund,
        "place": row.place,
        "arrival": row.arrival.value,
        "at": instant_text(row.at),
        "outcome": row.outcome,
        "status": row.status,
        "etag": row.etag,
        "last_modified": row.last_modified,
        "sha256": row.sha256,
        "detail": row.detail,
    }
    conn.execute(insert(t.fetch), [values])


@dataclass(frozen=True, slots=True)
class LastFetch:
    """What the last successful poll of a fund left for the next conditional request."""

    place: str
    at: datetime
    etag: str | None
    last_modified: str | None
    sha256: str | None


def last_fetch(conn: Connection, fund: int, place: str) -> LastFetch | None:
    """The newest poll of `place` that brought a body, or said it had not changed or was not there yet.

    A place not asked within the fund's last polls is a new one: an address of its own for every session would else be
    looked for in all of history, with every poll.
    """
    polls = select(t.fetch).where(t.fetch.c.fund == fund, t.fetch.c.arrival == str(Arrival.LIVE))
    table = polls.order_by(t.fetch.c.id.desc()).limit(POLLS).subquery().c
    query = select(*table).where(table.place == place, table.outcome.in_(ANSWERED))
    row = conn.execute(query.order_by(table.id.desc()).limit(1)).first()
    if row is None:
        return None
    return LastFetch(row.place, parse_instant(row.at), row.etag, row.last_modified, row.sha256)


@dataclass(frozen=True, slots=True)
class Refused:
    """A body that is no holdings file of ours, and the words for it."""

    issuer: int
    fund: int | None
    sha256: str
    place: str
    code: str
    text: str


def add_refusal(conn: Connection, refused: Refused, at: datetime, *, again: bool) -> bool:
    """Records a refusal; False when the same body was refused before (`again` counts it then)."""
    table = t.refusal.c
    fund_matches = table.fund.is_(None) if refused.fund is None else table.fund == refused.fund
    same = (table.issuer == refused.issuer) & fund_matches & (table.sha256 == refused.sha256)
    if not again:
        same &= table.place == refused.place
    row = conn.execute(select(table.id).where(same)).first()
    if row is not None:
        if again:
            values = {"times": table.times + 1, "last_at": instant_text(at)}
            conn.execute(update(t.refusal).where(table.id == row.id).values(values))
        return False
    values = {
        "issuer": refused.issuer,
        "fund": refused.fund,
        "sha256": refused.sha256,
        "place": refused.place,
        "code": refused.code,
        "text": refused.text,
        "first_at": instant_text(at),
        "last_at": instant_text(at),
        "times": 1,
    }
    conn.execute(insert(t.refusal), [values])
    return True


def mark_underived(conn: Connection, issuer: int, since: date) -> None:
    """Remembers, with the facts, that everything from `since` on must be derived again."""
    table = t.issuer.c
    day = day_of(since)
    earlier = table.derive_from.is_(None) | (table.derive_from > day)
    conn.execute(update(t.issuer).where(table.id == issuer, earlier).values(derive_from=day))


def set_operator_word(conn: Connection, fund: int, snapshot: int, word: str, at: datetime) -> None:
    """Records that a person accepted or rejected a snapshot: a fact, kept through every rebuild."""
    table = t.snapshot.c
    values: Mapping[str, object] = {"operator": word, "operator_at": instant_text(at)}
    conn.execute(update(t.snapshot).where(table.fund == fund, table.id == snapshot).values(values))
