"""Files that were held back or refused, with the reasons. It only shows them; deciding is the pipeline's work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sqlalchemy import ColumnElement, and_, false, func, select

from monitor.core.errors import UsageError
from monitor.core.model import Reason, Standing
from monitor.store.codec import date_of_day, day_of
from monitor.store.engine import Connection
from monitor.store.queries.calling import called, shared_tickers
from monitor.store.queries.names import FundRef, funds_by_id
from monitor.store.schema import fund, issuer, refusal, snapshot, standing

SHORT = 8  # digits of a hash that people type
HELD = (Standing.QUARANTINED,)
NOT_COUNTED = (Standing.QUARANTINED, Standing.DISCARDED, Standing.REJECTED)


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that could be read but not believed. `ref` names it on the command line."""

    ref: str
    issuer: str
    fund: str
    as_of: date
    standing: str
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    place: str
    sha256: str
    known_at: str
    arrival: str
    lines: int
    unread: int
    snapshot: int
    fund_id: int


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A body that is no holdings file, or none of ours. `ref` names it on the command line."""

    ref: str
    issuer: str
    fund: str | None
    code: str
    text: str
    place: str
    sha256: str
    first_at: str
    last_at: str
    times: int

    @property
    def known_at(self) -> str:
        """When it came first."""
        return self.first_at


def held_files(
    conn: Connection, only: FundRef | None = None, standings: Sequence[Standing] = HELD, named: str | None = None
) -> list[HeldFile]:
    """The snapshots with these standings, by fund and date; with `named` those alone that a reference may mean."""
    query = (
        select(snapshot, standing.c.standing, standing.c.reasons, standing.c.warnings.label("cautions"))
        .join(standing, and_(standing.c.fund == snapshot.c.fund, standing.c.snapshot == snapshot.c.id))
        .where(standing.c.standing.in_([str(one) for one in standings]))
    )
    if only is not None:
        query = query.where(standing.c.fund == only.id)
    if named is not None:
        query = query.where(_may_mean(named))
    rows = conn.execute(query).all()
    owners, shared = funds_by_id(conn, {row.fund for row in rows}), shared_tickers(conn)
    found = []
    for row in rows:
        owner, as_of = owners[row.fund], date_of_day(row.as_of)
        found.append(
            HeldFile(
                f"{called(owner.issuer, owner.ticker, shared)}/{as_of}/{row.sha256[:SHORT]}",
                owner.issuer,
                owner.ticker,
                as_of,
                row.standing,
                _reasons(row.reasons),
                _reasons(row.cautions),
                row.place,
                row.sha256,
                row.known_at,
                row.arrival,
                row.lines,
                row.unread,
                row.id,
                row.fund,
            )
        )
    return sorted(found, key=lambda one: (one.issuer, one.fund, one.as_of, one.sha256))


def refused_files(conn: Connection) -> list[RefusedFile]:
    """Every refused body, by issuer, fund and place."""
    query = (
        select(refusal, issuer.c.code.label("issuer_code"), fund.c.ticker)
        .join(issuer, refusal.c.issuer == issuer.c.id)
        .outerjoin(fund, refusal.c.fund == fund.c.id)
    )
    shared = shared_tickers(conn)
    found = [
        RefusedFile(
            f"{called(row.issuer_code, row.ticker, shared) if row.ticker else row.issuer_code}/{row.sha256[:SHORT]}",
            row.issuer_code,
            row.ticker,
            row.code,
            row.text,
            row.place,
            row.sha256,
            row.first_at,
            row.last_at,
            row.times,
        )
        for row in conn.execute(query)
    ]
    return sorted(found, key=lambda one: (one.issuer, one.fund or "", one.place, one.sha256))


def find_held(conn: Connection, ref: str) -> HeldFile | RefusedFile:
    """The file that `ref` names: FUND/DATE/HASH as listed, FUND/DATE, also after issuer/, or the beginning of its hash.

    Any stored file has such a name, an accepted one too; a file that is held or refused is preferred.
    """
    text = ref.strip()
    files: list[HeldFile | RefusedFile] = [*held_files(conn, standings=NOT_COUNTED, named=text), *refused_files(conn)]
    found = [one for one in files if _is_meant(one, text)]
    if not found:
        found = [one for one in held_files(conn, standings=tuple(Standing), named=text) if _is_meant(one, text)]
    if not found:
        raise UsageError(f"No file {ref!r} is known. See: holdings-monitor quarantine list --all")
    if len(found) > 1:
        raise UsageError(f"{ref!r} means several files. Say which one: {', '.join(_names(found))}")
    return found[0]


def _may_mean(ref: str) -> ColumnElement[bool]:
    """A condition that every file meets that `ref` names, and few others do."""
    if "/" not in ref:
        return snapshot.c.sha256.startswith(ref.lower(), autoescape=True)
    for ticker, text in pairwise(ref.lower().split("/")[:3]):  # the date stands after the fund, with or without issuer
        if (day := _day(text)) is not None:
            owners = select(fund.c.id).where(func.lower(fund.c.ticker) == ticker)
            return and_(snapshot.c.fund.in_(owners), snapshot.c.as_of == day_of(day))
    return false()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _names(files: Iterable[HeldFile | RefusedFile]) -> list[str]:
    return [one.ref for one in files]


def _is_meant(one: HeldFile | RefusedFile, ref: str) -> bool:
    text = ref.lower()
    if len(text) >= 6 and one.sha256.startswith(text):
        return True
    if one.fund is None:
        return one.ref.lower() == text
    short = f"{one.fund}/{one.as_of}" if isinstance(one, HeldFile) else one.fund
    names = {f"{short}/{one.sha256[:SHORT]}".lower()} | ({short.lower()} if isinstance(one, HeldFile) else set())
    return bool({text, text.removeprefix(f"{one.issuer}/".lower())} & names)


def _reasons(text: str) -> tuple[Reason, ...]:
    return tuple(Reason(str(one["gate"]), str(one["text"])) for one in json.loads(text))
