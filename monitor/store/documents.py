"""Events and items as they are stored: documents (JSON) to rows, and rows to the same documents.

Everybody who reads or writes them goes through here. What filters and views need are columns; the rest of a document is
packed (`compact`). Nothing here knows what a change means.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Row, Select, Table, literal, select

from monitor.core.errors import StoreError
from monitor.store import schema as t
from monitor.store.brief import Brief, of_text
from monitor.store.claim_text import long_claim
from monitor.store.codec import REVISIONS
from monitor.store.coded import CONFIDENCES, KINDS, SEVERITIES
from monitor.store.compact import File, Opened, files_of, grow, opened
from monitor.store.engine import Connection, bulk_insert
from monitor.store.said import Number, Said
from monitor.store.statements import AmongFolded, Statement
from monitor.store.versions import Versions

BATCH = 500
_COMMON = (
    "id", "issuer", "security", "listing", "name", "ticker", "kind", "as_of", "day", "session_from", "session_to",
    "known_at", "shares_before", "shares_after", "active_shares", "value", "currency", "weight_before", "weight_after",
    "last_held", "last_material", "absence_sessions", "absence_days", "uncovered_sessions", "claim", "score",
    "severity", "confidence", "rest",
)  # fmt: skip


_PRINTED = Statement(
    select(t.listing.c.name, t.listing.c.ticker, t.listing.c.id)
    .where(AmongFolded(t.listing.c.name, "names"))
    .order_by(t.listing.c.id.desc())
)


class Stored(NamedTuple):
    """A row that was read: its document, with what is asked for beside it."""

    id: str
    security: int
    day: int
    text: str


class New(NamedTuple):
    """A document to be stored. `fund` is that of an event, and 0 for an item; `day` is when it was settled."""

    fund: int
    security: int
    day: int
    text: str


class Ready(NamedTuple):
    """A document that is ready to be stored; otherwise as `New`."""

    fund: int
    security: int
    day: int
    brief: Brief


# --- writing -------------------------------------------------------------------------------------


def add(conn: Connection, table: Table, issuer: int, new: Iterable[New]) -> None:
    """Stores events or items of one issuer, in the order given, whatever their documents say."""
    versions, printed = Versions(conn, issuer), Printed(conn)
    for some in _batches(new):
        keys = _keys(conn, {one.security for one in some})
        briefs = [of_text(one.text, keys.get(one.security, ""), versions.version) for one in some]
        ready = [Ready(*one[:3], brief) for one, brief in zip(some, briefs, strict=True)]
        add_ready(conn, table, issuer, ready, printed)


def add_ready(conn: Connection, table: Table, issuer: int, ready: Iterable[Ready], printed: Printed) -> None:
    """Stores events or items of one issuer, in the order given."""
    owner = "fund" if table is t.event else "funds"
    for some in _batches(ready):
        printed.ask({one.brief.said.name for one in some})
        bulk_insert(conn, table, (*_COMMON, owner), [_row(issuer, one, printed) for one in some])


One = TypeVar("One")


def _batches(some: Iterable[One]) -> Iterator[list[One]]:
    rest = iter(some)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _row(issuer: int, one: Ready, printed: Printed) -> tuple[object, ...]:
    said, gone, claim, rest = one.brief
    listing = printed.listing(said.name, said.ticker)
    return (
        said.id, issuer, one.security, listing, None if listing else said.name, None if listing else said.ticker,
        KINDS.code(said.kind), said.as_of, one.day, said.first, said.last, said.known_at, said.before, said.after,
        said.active, said.value, said.currency, said.weight_before, said.weight_after, *gone, claim, said.score,
        SEVERITIES.code(said.severity), CONFIDENCES.code(said.confidence), rest, one.fund or ", ".join(said.funds),
    )  # fmt: skip


def _keys(conn: Connection, securities: Iterable[int]) -> dict[int, str]:
    query = select(t.security.c.id, t.security.c.key).where(t.security.c.id.in_(sorted(securities)))
    return {number: key for number, key in conn.execute(query)}  # noqa: C416 – rows, not pairs


class Printed:
    """Under which numbers the names and tickers of some documents are stored already: the first that has both, so that
    deriving again gives the same. Each name is asked for once."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._asked: set[str] = set()
        self._known: dict[tuple[str, str], int] = {}

    def ask(self, names: set[str]) -> None:
        """Looks up the listings with these names."""
        if new := sorted(names - self._asked):
            self._asked.update(new)
            rows = _PRINTED.rows(self._conn, names=new)
            self._known.update(((name, ticker), number) for name, ticker, number in rows)

    def listing(self, name: str, ticker: str | None) -> int | None:
        """The number of a listing that says so."""
        return self._known.get((name, ticker or "")) if ticker != "" else None


# --- reading -------------------------------------------------------------------------------------


def documents(table: Table) -> Select[Any]:
    """The statement whose rows `stored` turns into documents; to be narrowed and ordered by columns of the table."""
    return select(table, literal("event" if table is t.event else "item").label("level"))


def of_fund(ticker: str) -> ColumnElement[bool]:
    """Whether an item is about a fund with this ticker; of which issuer it does not say."""
    return (literal(", ") + t.item.c.funds + ", ").contains(f", {ticker}, ", autoescape=True)


def stored(conn: Connection, query: Select[Any], at_once: int = BATCH) -> Iterator[Stored]:
    """The rows of a statement made of `documents`, in its order. Raises StoreError for one that is damaged."""
    for one in _read(conn, query, at_once):
        if isinstance(one.text, StoreError):
            raise one.text
        yield Stored(one.said.id, one.security, one.day, one.text)


def faults(conn: Connection, table: Table) -> Iterator[str]:
    """Documents that cannot be read, in words."""
    for one in _read(conn, documents(table).order_by(table.c.id), BATCH):
        try:
            if isinstance(one.text, StoreError):
                yield str(one.text)
            else:
                json.loads(one.text)
        except ValueError:
            yield f"{one.said.id} holds no JSON."


@dataclass(slots=True)
class _Reading:
    """A row on its way to a document."""

    issuer: int
    security: int
    day: int
    said: Said
    opened: Opened | None = None
    text: str | StoreError = ""


def _read(conn: Connection, query: Select[Any], at_once: int) -> Iterator[_Reading]:
    result = conn.execute(query, execution_options={"yield_per": at_once})
    for rows in result.partitions():
        names = _Names(conn, rows)
        hashes = _Hashes(conn, names.funds)
        found = [_opened(row, names) for row in rows]
        for one in found:
            hashes.want(one)
        hashes.load()
        for one in found:
            if one.opened is not None:
                one.text = _text(one, one.opened, hashes)
            yield one


def _opened(row: Row[Any], names: _Names) -> _Reading:
    one = _Reading(row.issuer, row.security, row.day, names.said(row))
    try:
        one.opened = opened(row.rest, one.said)
    except StoreError as error:
        one.text = error
    return one


def _text(one: _Reading, document: Opened, hashes: _Hashes) -> str | StoreError:
    try:
        return grow(document, one.said, hashes.of(one.issuer))
    except StoreError as error:
        return error


class _Names:
    """What the numbers in some rows stand for."""

    def __init__(self, conn: Connection, rows: Sequence[Row[Any]]) -> None:
        self._issuers = self._pairs(conn, t.issuer, ("code",), {row.issuer for row in rows})
        self._securities = self._pairs(conn, t.security, ("public", "key"), {row.security for row in rows})
        self._listings = self._pairs(conn, t.listing, ("name", "ticker"), {row.listing for row in rows} - {None})
        query = select(t.fund.c.id, t.fund.c.issuer, t.fund.c.ticker).where(t.fund.c.issuer.in_(self._issuers))
        self.funds = {number: (issuer, ticker) for number, issuer, ticker in conn.execute(query)}

    def _pairs(self, conn: Connection, table: Table, names: tuple[str, ...], numbers: set[int]) -> dict[int, Any]:
        if not numbers:
            return {}
        query = select(table.c.id, *(table.c[name] for name in names)).where(table.c.id.in_(sorted(numbers)))
        return {number: texts for number, *texts in conn.execute(query)}

    def said(self, row: Row[Any]) -> Said:
        """What a row says, with its claim put together."""
        (
            number, issuer, owner, security, listing, name, ticker, kind, as_of, _, first, last, known_at, before,
            after, active, value, currency, weight_before, weight_after, *_, claim, score, severity, confidence, _,
            level,
        ) = tuple(row)  # fmt: skip
        public, key = self._securities[security]
        if listing in self._listings:
            name, printed = self._listings[listing]
            ticker = printed or None
        funds = tuple(owner.split(", ")) if level == "item" else (self.funds[owner][1],)
        said = Said(
            level, number, kind, self._issuers[issuer][0], funds, public, key, name, ticker, as_of, first, last,
            known_at, _amount(before), _amount(after), _amount(active), value, currency, _amount(weight_before),
            _amount(weight_after), claim, score, severity, confidence,
        )  # fmt: skip
        return said._replace(claim=long_claim(claim, said))


def _amount(value: float | None) -> Number | None:
    return int(value) if value is not None and value == int(value) else value


class _Hashes:
    """The hashes of files that documents speak of, asked for together."""

    def __init__(self, conn: Connection, funds: dict[int, tuple[int, str]]) -> None:
        self._conn = conn
        self._funds = {owner: number for number, owner in funds.items()}
        self._wanted: set[tuple[int, int]] = set()
        self._found: dict[tuple[int, int], str] = {}

    def want(self, one: _Reading) -> None:
        """Those of a document will be asked for."""
        if one.opened is not None:
            with suppress(StoreError):  # it will be said when the document is put together
                self._wanted.update(self._number(one.issuer, file) for file in files_of(one.opened, one.said))

    def load(self) -> None:
        """Reads them."""
        numbers = sorted(self._wanted)
        for at in range(0, len(numbers), BATCH):
            pairs = ", ".join(f"({fund}, {number})" for fund, number in numbers[at : at + BATCH])
            query = (  # each file by its key; SQLite takes no index for pairs IN a list
                f"WITH w (fund, id) AS (VALUES {pairs}) SELECT s.fund, s.id, s.sha256"  # noqa: S608 – numbers
                " FROM w CROSS JOIN snapshot s WHERE s.fund = w.fund AND s.id = w.id"
            )
            self._found.update(((fund, number), known) for fund, number, known in self._conn.exec_driver_sql(query))

    def of(self, issuer: int) -> Callable[[File], str]:
        """The hash of a file of an issuer's fund. Raises KeyError for one that is not there."""
        return lambda file: self._found[self._number(issuer, file)]

    def _number(self, issuer: int, file: File) -> tuple[int, int]:
        fund, day, version = file
        return self._funds.get((issuer, fund), 0), day * REVISIONS + version
