"""What of an issuer's files is stored, as values, and the few facts that are written at once. Decides nothing.

`facts` gathers files and writes them. All functions expect to be inside a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.dialects import sqlite

from monitor.core.errors import StoreError
from monitor.core.model import Arrival, Position
from monitor.core.quality import Finding
from monitor.store import schema as t
from monitor.store.codec import (
    REVISIONS,
    day_of,
    instant_text,
    maybe_date,
    parse_instant,
)
from monitor.store.engine import Connection, insert_new, is_postgres
from monitor.store.statements import Statement

DATED_BY = {"fetched": "poll"}  # the column holds four letters
POLLS = 1000  # the newest of a fund, among which the last one of an address is looked for
ANSWERED = ("new", "heartbeat", "not-modified", "absent")  # outcomes of polls that leave something for the next
UNTIMED = "0|"  # begins the rank of a version of which nobody says when it was there
FIRST_VERSION = "00000"  # sorts before every version a file name can carry


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


_OWN_ISSUER = Statement(
    select(t.issuer.c.id).where(t.issuer.c.code == bindparam("code")).with_for_update(key_share=True)
)


def issuer_id(conn: Connection, code: str, name: str) -> int:
    """The number of the issuer, made when new. Who else works on it meanwhile waits for this transaction, or finds that
    it had its `turn`."""
    found = _OWN_ISSUER.first(conn, code=code)
    if found is None:
        insert_new(conn, t.issuer, [{"code": code, "name": name}])
        found = _OWN_ISSUER.rows(conn, code=code)[0]
    next_turn(conn, found[0])
    return int(found[0])


_turn = t.lease.c
_TURN = Statement(select(_turn.token).where(_turn.name == bindparam("name")))
_FIRST_TURN = Statement(
    sqlite.insert(t.lease)
    .values(name=bindparam("name"), holder="", token=1, until="")
    .on_conflict_do_update(index_elements=["name"], set_={"token": _turn.token + 1})
)


def turn(conn: Connection, issuer: int) -> int:
    """A number that differs after every transaction that wrote about the issuer: on SQLite, where nothing is locked by
    who only reads. It is kept beside the leases, as one that nobody holds."""
    found = _TURN.first(conn, name=f"facts:{issuer}")
    return 0 if found is None else int(found[0])


def next_turn(conn: Connection, issuer: int) -> None:
    """This transaction writes about the issuer."""
    if not is_postgres(conn):  # there its row is locked
        _FIRST_TURN.run(conn, name=f"facts:{issuer}")


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


_LATEST = Statement(
    select(func.max(t.snapshot.c.as_of)).where(
        t.snapshot.c.fund == bindparam("fund"), t.snapshot.c.as_of <= bindparam("until")
    )
)


def latest_as_of(conn: Connection, fund: int, until: date) -> date | None:
    """The newest as_of stored for the fund, not after `until`: a file with a date to come says nothing of others."""
    found = _LATEST.first(conn, fund=fund, until=day_of(until))
    return None if found is None else maybe_date(found[0])


def rank_of(published: datetime | None, hint: str, sha256: str) -> str:
    """Ranks versions of one as_of whatever order they were loaded in."""
    return f"{UNTIMED if published is None else f'{instant_text(published)}|'}{hint or FIRST_VERSION}|{sha256}"


def next_number(as_of: date, known: Collection[int]) -> int:
    """The number of one more version for `as_of`, given those stored.

    Raises StoreError after 256: a publisher that changes one day's file that often is not publishing.
    """
    if len(known) >= REVISIONS:
        raise StoreError(f"There are {len(known)} versions of the file dated {as_of} already; no more are kept.")
    return max(known, default=day_of(as_of) * REVISIONS - 1) + 1


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


_MARK = Statement(
    update(t.issuer)
    .where(
        t.issuer.c.id == bindparam("number"),
        or_(t.issuer.c.derive_from.is_(None), t.issuer.c.derive_from > bindparam("day")),
    )
    .values(derive_from=bindparam("day"))
)


def mark_underived(conn: Connection, issuer: int, since: date) -> None:
    """Remembers, with the facts, that everything from `since` on must be derived again."""
    next_turn(conn, issuer)
    _MARK.run(conn, number=issuer, day=day_of(since))


def mark_untold(conn: Connection, issuer: int) -> None:
    """Remembers that all is derived, but that who had it done has not said so yet."""
    mark_underived(conn, issuer, date.max)


def settle_told(conn: Connection, issuer: int) -> None:
    """Forgets that again; what has to be derived since stays marked."""
    table = t.issuer.c
    where = (table.id == issuer) & (table.derive_from == day_of(date.max))
    conn.execute(update(t.issuer).where(where).values(derive_from=None))


def set_operator_word(conn: Connection, fund: int, snapshot: int, word: str, at: datetime) -> None:
    """Records that a person accepted or rejected a snapshot: a fact, kept through every rebuild."""
    table = t.snapshot.c
    values: Mapping[str, object] = {"operator": word, "operator_at": instant_text(at)}
    conn.execute(update(t.snapshot).where(table.fund == fund, table.id == snapshot).values(values))
