"""Facts on their way in: gathered file by file, each seeing those before it, and written set by set. Decides nothing.

Gathering only reads, so that no other program waits for it; `write` may follow in another transaction, if nothing of
the issuer has changed in between (see `turn`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select, update

from monitor.store import archive, partitions, save
from monitor.store import schema as t
from monitor.store.codec import (
    REVISIONS,
    day_of,
    encode_shares,
    encode_value,
    encode_values,
    encode_weight,
    instant_text,
    maybe_text,
)
from monitor.store.engine import Connection, bulk_insert
from monitor.store.names import Names
from monitor.store.past import SnapshotRow
from monitor.store.save import FetchRow, NewSnapshot, Refused
from monitor.store.statements import Among, Statement

_HOLDING = ("fund", "snapshot", "security", "listing", "shares", "value", "weight")
_SNAPSHOT = tuple(
    "fund id as_of sha256 place arrival known_at published_from published_to rank shares_exp lines positions value"  # noqa: SIM905
    " weight currency dates warnings unread outstanding dated_by announced".split()
)
_FETCH = tuple("issuer fund place arrival at outcome status etag last_modified sha256 detail".split())  # noqa: SIM905
_REFUSAL = tuple("issuer fund sha256 place code text first_at last_at times".split())  # noqa: SIM905

_snap = t.snapshot.c
_VERSIONS = Statement(
    select(_snap.fund, _snap.as_of, _snap.sha256, _snap.id, _snap.rank, _snap.published_to).where(
        Among(_snap.fund, "funds"),
        Among(_snap.as_of, "days"),
        _snap.id >= bindparam("first"),  # what the key leads to: a fund has a long history
        _snap.id < bindparam("until"),
    )
)
_SET_RANK = Statement(
    update(t.snapshot)
    .where(_snap.fund == bindparam("of_fund"), _snap.id == bindparam("number"))
    .values(rank=bindparam("new_rank"))
)
_same = (t.refusal.c.issuer == bindparam("issuer")) & (t.refusal.c.sha256 == bindparam("sha256"))
_REFUSED = Statement(select(t.refusal.c.id, t.refusal.c.fund, t.refusal.c.place).where(_same).order_by(t.refusal.c.id))
_REFUSED_AGAIN = Statement(
    update(t.refusal)
    .where(t.refusal.c.id == bindparam("number"))
    .values(times=t.refusal.c.times + 1, last_at=bindparam("at"))
)


@dataclass(slots=True)
class Version:
    """One stored version of a fund's file of one day; `is_polled`: we saw it being the newest."""

    number: int
    rank: str
    is_polled: bool


@dataclass(slots=True)
class NewFile:
    """A file that is not stored yet: its row, and of each line listing, shares, value and weight as numbers."""

    new: NewSnapshot
    number: int
    exponent: int
    rank: str
    amounts: list[tuple[int | None, int | None, int | None]]
    totals: tuple[int | None, int | None]
    interned: list[tuple[int, int]]

    def row(self) -> SnapshotRow:
        """As it is read from the store."""
        new = self.new
        return SnapshotRow(
            new.fund,
            self.number,
            new.as_of,
            new.sha256,
            new.arrival,
            new.known_at,
            self.rank,
            self.exponent,
            new.currency,
            new.lines,
            save.findings_text(new.findings),
            None,
            new.published_from,
            new.published_to,
            None if new.outstanding is None else Decimal(f"{new.outstanding:f}"),
            save.DATED_BY.get(new.dated_by, new.dated_by),
        )

    @property
    def lines(self) -> list[tuple[Any, ...]]:
        """Its lines as they are read from the store."""
        fund = self.new.fund
        return [(fund, names[1], *amounts) for names, amounts in zip(self.interned, self.amounts, strict=True)]


class Facts:
    """What one transaction will store of an issuer's files."""

    def __init__(self, conn: Connection, names: Names) -> None:
        self._conn, self.names = conn, names
        self.bodies = archive.Incoming(conn)
        self.files: dict[tuple[int, int], NewFile] = {}
        self.ranks: dict[tuple[int, int], str] = {}  # of stored files that rank otherwise now
        self._versions: dict[tuple[int, int], dict[str, Version]] = {}
        self._fetches: list[tuple[object, ...]] = []
        self._refusals: list[_Refusal] = []
        self._again: list[tuple[str, int]] = []
        self._mark: tuple[int, date] | None = None

    # --- versions of a file ----------------------------------------------------------------------

    def expect(self, files: Iterable[tuple[int, date]]) -> None:
        """Looks up at once which versions there are of these funds' files."""
        wanted = {(fund, day_of(as_of)) for fund, as_of in files} - self._versions.keys()
        if not wanted:
            return
        self._versions.update((one, {}) for one in wanted)
        funds, days = sorted({fund for fund, _ in wanted}), sorted({day for _, day in wanted})
        first, until = days[0] * REVISIONS, (days[-1] + 1) * REVISIONS
        found = _VERSIONS.rows(self._conn, funds=funds, days=days, first=first, until=until)
        for fund, day, sha256, number, rank, published in found:
            if (fund, day) in wanted:
                self._versions[fund, day][sha256] = Version(number, rank, published is not None)

    def versions(self, fund: int, as_of: date) -> dict[str, Version]:
        """The versions of a fund's file for one as_of, those about to be stored included, by hash."""
        found = self._versions.get((fund, day_of(as_of)))
        if found is None:
            self.expect([(fund, as_of)])
            found = self._versions[fund, day_of(as_of)]
        return found

    def newest(self, fund: int, as_of: date) -> str:
        """The hash of the newest version of a fund's file for one as_of, as `rank` orders them."""
        known = self.versions(fund, as_of)
        return max(known, key=lambda sha256: known[sha256].rank)

    def add_file(self, new: NewSnapshot) -> None:
        """One more version of a file. Raises StoreError when a quantity cannot be kept exactly, or after 256 versions:
        a publisher that changes one day's file that often is not publishing."""
        known = self.versions(new.fund, new.as_of)
        number = save.next_number(new.as_of, [one.number for one in known.values()])
        shares, exponent = encode_shares([p.shares for p in new.positions])
        values, weights = [p.value for p in new.positions], [p.weight for p in new.positions]
        totals = encode_value(_total(values)), encode_weight(_total(weights))
        amounts = list(zip(shares, encode_values(values), map(encode_weight, weights), strict=True))
        rank = save.rank_of(new.published_to or new.captured, new.hint, new.sha256)
        self.files[new.fund, number] = NewFile(new, number, exponent, rank, amounts, totals, [])
        known[new.sha256] = Version(number, rank, new.published_to is not None)

    def published_again(self, fund: int, as_of: date, sha256: str, hint: str, at: datetime) -> None:
        """The publisher went back to this version: it is the newest from `at` on."""
        self._rank(fund, self.versions(fund, as_of)[sha256], save.rank_of(at, hint, sha256))

    def captured(self, fund: int, as_of: date, sha256: str, hint: str, at: datetime) -> bool:
        """Somebody had this version at `at`: that ranks one we never polled, the earliest copy of it counting.

        True when it ranks otherwise now.
        """
        version, rank = self.versions(fund, as_of)[sha256], save.rank_of(at, hint, sha256)
        if version.is_polled or (not version.rank.startswith(save.UNTIMED) and version.rank <= rank):
            return False
        self._rank(fund, version, rank)
        return True

    def _rank(self, fund: int, version: Version, rank: str) -> None:
        version.rank = rank
        if (fund, version.number) in self.files:
            self.files[fund, version.number].rank = rank
        else:
            self.ranks[fund, version.number] = rank

    # --- attempts and refusals -------------------------------------------------------------------

    def add_fetch(self, row: FetchRow) -> None:
        """One attempt to get a file."""
        self._fetches.append(
            (
                row.issuer,
                row.fund,
                row.place,
                row.arrival.value,
                instant_text(row.at),
                row.outcome,
                row.status,
                row.etag,
                row.last_modified,
                row.sha256,
                row.detail,
            )
        )

    def add_refusal(self, refused: Refused, at: datetime, *, again: bool) -> bool:
        """A refusal; False when the same body was refused before (`again` counts it then)."""
        for one in self._refusals:
            if one.is_same(refused, again=again):
                one.count(at, again=again)
                return False
        for number, fund, place in _REFUSED.rows(self._conn, issuer=refused.issuer, sha256=refused.sha256):
            if fund == refused.fund and (again or place == refused.place):
                self._again += [(instant_text(at), number)] if again else []
                return False
        self._refusals.append(_Refusal(refused, instant_text(at), instant_text(at)))
        return True

    def mark(self, issuer: int, since: date) -> None:
        """Everything from `since` on will have to be derived again."""
        self._mark = (issuer, since)

    # --- as if it were stored --------------------------------------------------------------------

    def row(self, fund: int, number: int) -> SnapshotRow | None:
        """A file that is about to be stored, as it will be read; None when it is not one of these."""
        file = self.files.get((fund, number))
        return None if file is None else file.row()

    def rows(self, stored: Iterable[SnapshotRow], since: date) -> list[SnapshotRow]:
        """Files dated `since` or later: the stored ones, as they rank now, and those about to be stored."""
        found = [
            replace(row, rank=self.ranks[row.fund, row.id]) if (row.fund, row.id) in self.ranks else row
            for row in stored
        ]
        return found + [file.row() for file in self.files.values() if file.new.as_of >= since]

    # --- going on --------------------------------------------------------------------------------

    def name(self) -> None:
        """Gives the lines of the new files their numbers: what is derived before anything is written needs them."""
        fresh = [file for file in self.files.values() if not file.interned]
        self.names.find(self._conn, (p for file in fresh for p in file.new.positions))
        for file in fresh:
            file.interned = self.names.intern(file.new.positions)

    def write(self, conn: Connection) -> None:
        """Stores everything, in one order whatever came first: else two programs may wait for each other."""
        self._conn = conn
        for as_of, today in sorted({(file.new.as_of, file.new.known_at.date()) for file in self.files.values()}):
            partitions.ready(conn, as_of, today)
        self.name()
        self.bodies.write(conn)
        real = self.names.write(conn)
        bulk_insert(conn, t.snapshot, _SNAPSHOT, [_snapshot_row(self.files[key]) for key in sorted(self.files)])
        rows: list[tuple[object, ...]] = []
        for key in sorted(self.files):
            rows += _holding_rows(self.files[key], real)
        bulk_insert(conn, t.holding, _HOLDING, rows)
        for (fund, number), rank in sorted(self.ranks.items()):
            _SET_RANK.run(conn, of_fund=fund, number=number, new_rank=rank)
        bulk_insert(conn, t.fetch, _FETCH, self._fetches)
        bulk_insert(conn, t.refusal, _REFUSAL, [one.row() for one in self._refusals])
        for at, number in self._again:
            _REFUSED_AGAIN.run(conn, at=at, number=number)
        if self._mark is not None:
            save.mark_underived(conn, *self._mark)


def _total(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


def _holding_rows(file: NewFile, real: dict[int, tuple[int, int]]) -> Sequence[tuple[object, ...]]:
    fund, number = file.new.fund, file.number
    rows = [
        (fund, number, *(names if names[1] > 0 else real[names[1]]), *amounts)
        for names, amounts in zip(file.interned, file.amounts, strict=True)
    ]
    return sorted(rows)


def _snapshot_row(file: NewFile) -> tuple[object, ...]:
    new = file.new
    return (
        new.fund,
        file.number,
        day_of(new.as_of),
        new.sha256,
        new.place,
        new.arrival.value,
        instant_text(new.known_at),
        maybe_text(new.published_from),
        maybe_text(new.published_to),
        file.rank,
        file.exponent,
        new.lines,
        len(new.positions),
        *file.totals,
        new.currency,
        ",".join(d.isoformat() for d in new.dates),
        save.findings_text(new.findings),
        new.unread,
        None if new.outstanding is None else f"{new.outstanding:f}",
        save.DATED_BY.get(new.dated_by, new.dated_by),
        None if new.announced is None else day_of(new.announced),
    )


@dataclass(slots=True)
class _Refusal:
    refused: Refused
    first_at: str
    last_at: str
    times: int = 1

    def is_same(self, other: Refused, *, again: bool) -> bool:
        mine = self.refused
        same = (mine.issuer, mine.fund, mine.sha256) == (other.issuer, other.fund, other.sha256)
        return same and (again or mine.place == other.place)

    def count(self, at: datetime, *, again: bool) -> None:
        if again:
            self.times, self.last_at = self.times + 1, instant_text(at)

    def row(self) -> tuple[Any, ...]:
        one = self.refused
        words = (one.issuer, one.fund, one.sha256, one.place, one.code, one.text)
        return (*words, self.first_at, self.last_at, self.times)
