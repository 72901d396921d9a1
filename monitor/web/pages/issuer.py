"""*Issuer*: its funds and how fresh they are, what they bought and sold together, what entered and left, and what only
one of them holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from fastapi import APIRouter, Request, Response

from monitor.asking.answers.holders import INSIDE_ONE_FUND
from monitor.asking.plain import Record
from monitor.core import days
from monitor.core.errors import UsageError
from monitor.core.model import SecurityRef
from monitor.core.trades import TRADED
from monitor.store.engine import Connection
from monitor.store.queries import (
    FileLine,
    FundRef,
    HeldLine,
    TradeRow,
    TradesWanted,
    funds_known,
    groups,
    issuer_code,
    keys_by_id,
    latest_files,
    lines_of,
    refs,
    trades,
)
from monitor.store.queries.told import Told, items
from monitor.web.pages.answering import rows
from monitor.web.pages.paging import sliced
from monitor.web.pages.rendering import Missing, Page, asked, reading, render

router = APIRouter(route_class=Page)
PERIOD = 30  # days before the newest file
LONGEST = 400  # days of one table of trades
ITEMS, SHOWN = 60, 60  # rows


@dataclass(frozen=True, slots=True)
class Net:
    """What all funds of the issuer whose files have this currency together bought and sold of one security."""

    security: SecurityRef
    currency: str | None
    bought: Decimal
    sold: Decimal
    unknown: int  # trades without a value
    funds: tuple[str, ...]

    @property
    def value(self) -> Decimal:
        """Bought less sold."""
        return self.bought - self.sold


@dataclass(frozen=True, slots=True)
class Period:
    """The days of trade sessions asked for."""

    since: date
    until: date


@router.get("/issuer/{code}")
def issuer(request: Request, code: str) -> Response:
    """One issuer over a period that ends with its newest file unless said otherwise."""
    said = asked(request, "since", "until")
    with reading(request).connection() as conn:
        try:
            code = issuer_code(conn, code)
        except UsageError as error:
            raise Missing(str(error)) from None
        known = funds_known(conn, code)
        files = latest_files(conn, known)
        newest = max((one.as_of for one in files.values()), default=reading(request).today())
        period = _period(said, newest, reading(request).today())
        shown: dict[str, object] = {
            "code": code,
            "issuer": _named(request, conn, code),
            "period": period,
            "newest": newest,
            "funds": [(fund, row) for fund, row in zip(known, rows(request, conn, "funds", issuer=code), strict=True)],
            "net": sliced(request, net(trades(conn, _wanted(code, period))), SHOWN, "trades"),
            "items": items(conn, Told(period.since, period.until, code), ITEMS),
            "exclusive": exclusive(conn, known, files),
            "size": SHOWN,
        }
        for name in ("entries", "exits"):
            shown[name] = _changes(request, conn, name, code, period)
    return render(request, "issuer.html", shown)


def _named(request: Request, conn: Connection, code: str) -> Record:
    return next(one for one in rows(request, conn, "issuers") if one["issuer"] == code)


def _period(said: Mapping[str, str], newest: date, today: date) -> Period:
    until = days.day(said["until"], today) if said["until"] else newest
    since = days.day(said["since"], today) if said["since"] else until - timedelta(days=PERIOD)
    if since > until:
        raise UsageError(f"since {since} is later than until {until}: no day is between them.")
    if (until - since).days > LONGEST:
        raise UsageError(f"One table covers at most {LONGEST} days; `trades` and `net-active` cover any period.")
    return Period(since, until)


def _wanted(code: str, period: Period) -> TradesWanted:
    return TradesWanted(period.since, period.until, issuer=code, labels=TRADED)


def net(found: Iterable[TradeRow]) -> list[Net]:
    """The trades by security, the largest sum of purchases and sales first; unknown values are counted, not guessed."""
    by_security: dict[tuple[str, str | None], list[TradeRow]] = defaultdict(list)
    for one in found:
        by_security[one.security.id, one.currency].append(one)
    made = [_net(some) for some in by_security.values()]
    return sorted(made, key=lambda one: (-abs(one.value), -one.bought - one.sold, one.security.name))


def _net(some: Sequence[TradeRow]) -> Net:
    values = [one.value for one in some if one.value is not None]
    return Net(
        some[-1].security,
        some[-1].currency,
        sum((one for one in values if one > 0), Decimal(0)),
        -sum((one for one in values if one < 0), Decimal(0)),
        len(some) - len(values),
        tuple(sorted({one.fund for one in some})),
    )


def _changes(request: Request, conn: Connection, name: str, code: str, period: Period) -> Sequence[Record]:
    found = rows(request, conn, name, issuer=code, since=period.since.isoformat(), until=period.until.isoformat())
    return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class Only:
    """A position that one fund of the issuer has and no other."""

    fund: str
    security: SecurityRef
    weight: Decimal | None
    value: Decimal | None


def exclusive(conn: Connection, known: Sequence[FundRef], files: Mapping[int, FileLine]) -> list[Only]:
    """The securities that only one of the issuer's open funds holds in its latest file, the largest value first."""
    still = {one.id: one for one in known if one.closed is None}
    if len(still) < 2:
        return []
    joined = groups(conn, issuer_id=known[0].issuer_id)
    held: dict[int, list[HeldLine]] = defaultdict(list)
    for fund in still.values():
        for line in lines_of(conn, fund, [files[fund.id]] if fund.id in files else []):
            held[joined.root_of(line.security)].append(line)
    alone = [some for some in held.values() if len({one.fund for one in some}) == 1]
    keys = keys_by_id(conn, {some[-1].security for some in alone})
    alone = [some for some in alone if not keys[some[-1].security].startswith(INSIDE_ONE_FUND)]
    named = refs(conn, [(some[-1].security, some[-1].listing) for some in alone], joined)
    found = [
        Only(
            still[some[-1].fund].ticker,
            named[some[-1].security, some[-1].listing],
            _sum(one.weight for one in some),
            _sum(one.value for one in some),
        )
        for some in alone
    ]
    return sorted(found, key=lambda one: (-abs(one.value or Decimal(0)), one.security.name))


def _sum(parts: Iterable[Decimal | None]) -> Decimal | None:
    """All together; unknown when one of them is."""
    known = list(parts)
    return None if None in known else sum((one for one in known if one is not None), Decimal(0))
