"""*Fund*: its portfolio on any day, as known now or then, beside another day; what changed, flowed and is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from fastapi import APIRouter, Request, Response

from monitor.asking.plain import Record
from monitor.core.errors import UsageError
from monitor.store.engine import Connection
from monitor.store.queries import FundRef, find_fund
from monitor.store.queries.days import DayRow, Have, session_days
from monitor.store.queries.portfolios import File, file_on
from monitor.web.pages.answering import no_rows, rows
from monitor.web.pages.paging import sliced
from monitor.web.pages.rendering import Missing, Page, asked, reading, render

router = APIRouter(route_class=Page)
DAYS = 30  # before the file shown: changes and trades
FLOWS = 90
YEAR = 366
LINES = 150  # of a portfolio on one page


@dataclass(frozen=True, slots=True)
class Year:
    """The sessions of one year: for each kind of state an SVG path of cells, a day of the year each; the counts."""

    year: int
    cells: dict[Have, str]
    files: int
    sessions: int


@router.get("/funds")
def funds(request: Request) -> Response:
    """Every fund, with the outline of what we have of it."""
    said = asked(request, "issuer")
    with reading(request).connection() as conn:
        found = rows(request, conn, "funds", issuer=said["issuer"] or None)
        every = rows(request, conn, "issuers")
    return render(request, "funds.html", {"said": said, "page": sliced(request, found), "issuers": every})


@router.get("/fund/{issuer}/{ticker}")
def fund(request: Request, issuer: str, ticker: str) -> Response:
    """One fund on a day."""
    said = asked(request, "on", "as_known", "against")
    with reading(request).connection() as conn:
        one = _named(conn, issuer, ticker)
        days = session_days(conn, one)
        when: dict[str, str | None] = {"on": said["on"] or None, "as_known": said["as_known"] or None}
        lines = rows(request, conn, "holdings", fund=f"{one.issuer}/{one.ticker}", **when)
        if not lines and any(when.values()):
            raise UsageError(no_rows(request, conn, "holdings", fund=f"{one.issuer}/{one.ticker}", **when))
        day = date.fromisoformat(str(lines[0]["as_of"])) if lines else _day(conn, one)
        session = str((lines[0]["pos_session"] if lines else None) or day)
        values = _about(request, conn, one, day, session) if day is not None else {}
        against = _against(request, conn, one, said, day) if said["against"] else None
    beside = _beside(days, day)
    values |= {
        "fund": one,
        "said": said,
        "day": day,
        "page": sliced(request, lines, LINES),
        "lines": lines,
        "total": _total(lines),
        "most": max((abs(w) for line in lines if (w := line["weight"]) is not None), default=Decimal(0)),  # type: ignore[arg-type]
        "against": against,
        "before": beside[0],
        "after": beside[1],
        "years": years(days),
        "counts": {have: sum(1 for row in days if row.have is have) for have in Have},
        "ref": f"{one.issuer}/{one.ticker}",
    }
    return render(request, "fund.html", values)


def _named(conn: Connection, issuer: str, ticker: str) -> FundRef:
    try:
        return find_fund(conn, ticker[:100], issuer[:100])
    except UsageError as error:
        raise Missing(str(error)) from None


def _day(conn: Connection, one: FundRef) -> date | None:
    file: File | None = file_on(conn, one)
    return None if file is None else file.as_of


def _about(request: Request, conn: Connection, one: FundRef, day: date, session: str) -> dict[str, object]:
    """What happened in the weeks before the file shown, and the turnover of the months up to its session."""
    name = f"{one.issuer}/{one.ticker}"
    since, until = (day - timedelta(days=DAYS)).isoformat(), day.isoformat()
    flows = (day - timedelta(days=FLOWS)).isoformat()
    year = (day - timedelta(days=YEAR)).replace(day=1).isoformat()
    return {
        "since": since,
        "session": session,
        "flows_since": flows,
        "year_since": year,
        "changes": _newest(rows(request, conn, "changes", fund=name, since=since, until=until, level="event")),
        "trades": _newest(rows(request, conn, "trades", fund=name, since=since, until=until)),
        "flows": _newest(rows(request, conn, "flows", fund=name, since=flows, until=until)),
        "concentration": rows(request, conn, "concentration", fund=name, since=until, until=until),
        "turnover": _newest(rows(request, conn, "turnover", fund=name, since=year, until=session)),
    }


def _newest(found: Sequence[Record]) -> list[Record]:
    return list(reversed(found))


def _against(
    request: Request, conn: Connection, one: FundRef, said: dict[str, str], day: date | None
) -> tuple[Record, ...]:
    """The difference to another day, both as known then."""
    after = None if day is None else day.isoformat()
    known = said["as_known"] or None
    name = f"{one.issuer}/{one.ticker}"
    return rows(request, conn, "difference", fund=name, before=said["against"], after=after, as_known=known)


def _total(lines: Sequence[Record]) -> dict[str, Decimal | None]:
    found: dict[str, Decimal | None] = {}
    for name in ("value", "weight"):
        known = [part for line in lines if isinstance(part := line[name], Decimal)]
        found[name] = sum(known, Decimal(0)) if known and len(known) == len(lines) else None
    return found


def _beside(days: Sequence[DayRow], day: date | None) -> tuple[date | None, date | None]:
    """The files before and after the one shown."""
    dated = sorted({row.as_of for row in days if row.as_of is not None and row.have is not Have.HELD})
    if day is None:
        return None, None
    return max((one for one in dated if one < day), default=None), min(
        (one for one in dated if one > day), default=None
    )


def years(days: Sequence[DayRow]) -> list[Year]:
    """The coverage strip, the newest year first: a cell for every session."""
    found = []
    for year, group in groupby(days, key=lambda row: row.day.year):
        mine = list(group)
        cells = {have: _cells(row.day for row in mine if row.have is have) for have in Have}
        files = sum(1 for row in mine if row.have in (Have.FILE, Have.LATE))
        found.append(Year(year, {have: path for have, path in cells.items() if path}, files, len(mine)))
    return found[::-1]


def _cells(days: object) -> str:
    return "".join(f"M{day.timetuple().tm_yday - 0.5:g} 0v10" for day in days)  # type: ignore[attr-defined]
