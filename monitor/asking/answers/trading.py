"""What funds bought and sold, line by line and summed up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from monitor.asking.arguments import Asked
from monitor.core.model import SecurityRef
from monitor.core.trades import TRADED, TradeLabel
from monitor.store import queries
from monitor.store.engine import Connection
from monitor.store.queries import TradeRow, TradesWanted

NOTHING = Decimal(0)
Key = tuple[str, str, str]  # issuer, security, fund


@dataclass(frozen=True, slots=True)
class NetRow:
    """What one fund bought and sold of a security, or all funds of an issuer where `fund` is None. Trades without a
    size (across a long gap, or on a day of re-sizing) are counted in `unsized` and in no sum."""

    issuer: str
    fund: str | None
    security: SecurityRef
    first_trade: date | None
    last_trade: date | None
    trades: int
    unsized: int
    bought: Decimal
    sold: Decimal
    net: Decimal
    value_bought: Decimal | None
    value_sold: Decimal | None
    value_net: Decimal | None
    currency: str | None
    first_file: date
    last_file: date


def trades(conn: Connection, asked: Asked) -> Sequence[TradeRow]:
    """The trades, oldest first."""
    return queries.trades(conn, _wanted(asked, tuple(TradeLabel) if asked.flag("all_labels") else TRADED))


def net_active(conn: Connection, asked: Asked) -> Sequence[NetRow]:
    """By issuer, the sum before its funds."""
    found = queries.trades(conn, _wanted(asked, (*TRADED, TradeLabel.REBALANCE)))
    adjusted = _in_todays_shares(conn, asked.the_security().ids, found)
    parts: dict[Key, list[TradeRow]] = {}
    for one in adjusted:
        for fund in ("", one.fund):
            parts.setdefault((one.issuer, one.security.id, fund), []).append(one)
    return [_net(key[2] or None, parts[key]) for key in sorted(parts)]


def _wanted(asked: Asked, labels: tuple[TradeLabel, ...]) -> TradesWanted:
    security = asked.security()
    return TradesWanted(
        asked.day("since"),
        asked.day("until"),
        asked.day("session"),
        asked.fund(),
        asked.text("issuer"),
        None if security is None else security.ids,
        labels,
    )


def _in_todays_shares(conn: Connection, ids: frozenset[int], found: Sequence[TradeRow]) -> list[TradeRow]:
    factor = queries.later_splits(conn, ids, {(one.issuer, one.fund) for one in found})
    return [
        one
        if one.active_shares is None
        else replace(one, active_shares=one.active_shares * factor(one.issuer, one.fund, one.security.id, one.as_of))
        for one in found
    ]


def _net(fund: str | None, some: Sequence[TradeRow]) -> NetRow:
    sized = [one for one in some if one.active_shares is not None]
    bought = [one for one in sized if (one.active_shares or NOTHING) > 0]
    sold = [one for one in sized if (one.active_shares or NOTHING) < 0]
    sessions = [day for one in some if (day := one.trade_session.last) is not None]
    currencies = {one.currency for one in sized}
    same = len(currencies) == 1
    last = max(some, key=lambda one: one.as_of)
    plus, minus = _shares(bought), -_shares(sold)
    gained, lost = (_value(bought), _value(sold)) if same else (None, None)
    return NetRow(
        last.issuer,
        fund,
        last.security,
        min(sessions, default=None),
        max(sessions, default=None),
        len(some),
        len(some) - len(sized),
        plus,
        minus,
        plus - minus,
        gained,
        None if lost is None else -lost,
        None if gained is None or lost is None else gained + lost,
        currencies.pop() if same else None,
        min(one.as_of for one in some),
        last.as_of,
    )


def _shares(some: Iterable[TradeRow]) -> Decimal:
    return sum((one.active_shares for one in some if one.active_shares is not None), NOTHING)


def _value(some: Iterable[TradeRow]) -> Decimal | None:
    """The sum of the values; None where one of them is not known."""
    values = [one.value for one in some]
    known = [one for one in values if one is not None]
    return sum(known, NOTHING) if len(known) == len(values) else None
