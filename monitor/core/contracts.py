"""Futures, forwards, options and swaps: which group a contract belongs to, and what its file says of the months.

A contract lives for a month or a quarter; what a fund holds over years is the group: all months of one future,
all strikes and expiries of one underlying. Lines of a group are one position, signed quantities added, and the
months stay readable in its identifier ("CLN6 COMDTY 33; CLQ6 COMDTY -4"). Measured on two futures funds over 67
days: 27–53 % of their lines change in a roll, and none of the groups. No words for people are made here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from monitor.core.model import AssetClass, Position

CONTRACTS = (AssetClass.FUTURE, AssetClass.OPTION, AssetClass.SWAP)
NOTIONAL = (AssetClass.FUTURE, AssetClass.SWAP)  # what their files print as value is exposure, not assets
ROLL = Decimal("0.02")  # of the quantity: a roll may be rounded
_PREFIXES = ("future:", "forward:", "option:", "swap:")

_MONTH = r"(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEPT?|OCT|NOV|DEC)"
_DAY = r"\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})"
_CODE = re.compile(r"([A-Z0-9]{1,4}?) ?([FGHJKMNQUVXZ]\d{1,2}) (COMDTY|CURNCY|INDEX)")  # CLN6 COMDTY, S N6 COMDTY
_BARE_CODE = re.compile(r"([A-Z0-9]{1,4}?) ?([FGHJKMNQUVXZ]\d{1,2})")  # ESZ5; also the form of Brazilian shares
_CODE_AND_MONTH = re.compile(r"([A-Z]{1,5})[ _-]?20\d\d[/-]?(?:0[1-9]|1[0-2])")  # TX 202608
_OCC = re.compile(r"(\d?[A-Z.]{1,6}\d?) *(\d{6}) ?([CP]) ?(\d+(?:\.\d+)?)")  # QLN 260717C00350000, 4QLN 270430 C 4.96
_LISTED = re.compile(rf"(\d?[A-Z.]{{1,8}}(?: [A-Z]{{2}})?) +({_DAY}) +([CP]) ?(\d+(?:\.\d+)?)(?: [A-Z]+)?")
_PAIR = re.compile(r"(?:FWRD ?)?([A-Z]{3})/?([A-Z]{3})(?:\d*| +.*)")  # EUR/USD 09/08/2025, FWRDUSDJPY01
_CALL = re.compile(r"\bCALLS?\b|買權|콜")
_PUT = re.compile(r"\bPUTS?\b|賣權|풋")
# What differs between the contracts of one group: months, dates, strikes and the words that say what it is.
_PASSING = re.compile(
    rf"\b{_MONTH}[ .'-]*(?:20)?\d\d\b|{_MONTH}(?:20)?\d\d\b|\b\d{{1,2}}-{_MONTH}-\d{{4}}\b|{_DAY}|\b20\d{{4}}\b"
    rf"|\b[23]\d(?:0[1-9]|1[0-2])$|\d\d/\d\d\b|\b20\d\d-\d\d-\d\d\b|\b{_MONTH}\b"
    rf"|\b(?:F|FUT|FUTR|FUTURES?|CURR|CRNCY|CALLS?|PUTS?|OPTIONS?|FLEX|SWAPS?|TRS)\b"
)


class Held(Protocol):
    """A position or one point of its past."""

    @property
    def shares(self) -> Decimal | None: ...
    @property
    def value(self) -> Decimal | None: ...
    @property
    def weight(self) -> Decimal | None: ...


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract by the form of its code: its class, its group, and the day it expires when the code says so."""

    stated: AssetClass
    group: str
    expiry: date | None = None


def is_contract(key: str) -> bool:
    """Whether a key names a group of contracts."""
    return key.startswith(_PREFIXES)


def is_forward(key: str) -> bool:
    """Whether a key names currency forwards: hedges, whose two legs are often printed as two lines."""
    return key.startswith("forward:")


def is_held(line: Held) -> bool:
    """Whether a group is held: contracts of either sign, or exposure where no quantity is printed."""
    return bool(line.shares) or bool(line.value) or (line.shares is None and bool(line.weight))


@lru_cache(maxsize=65536)
def of_code(text: str) -> Contract | None:
    """The contract a ticker or identifier names by its form alone, or None."""
    code = " ".join(text.upper().split())
    if found := _CODE.fullmatch(code):
        return Contract(AssetClass.FUTURE, f"future:{found[1]} {found[3]}")
    if found := _OCC.fullmatch(code):
        return _option(found[1], found[3], _short_day(found[2]))
    if found := _LISTED.fullmatch(code):
        return _option(found[1], found[3], day_of(found[2]))
    return None


def _option(underlying: str, side: str, expiry: date | None) -> Contract | None:
    """Exchanges mark adjusted and FLEX series with a digit before the root."""
    if expiry is None:
        return None
    root = underlying.split()[0].lstrip("0123456789") or underlying
    return Contract(AssetClass.OPTION, f"option:{root}:{'CALL' if side == 'C' else 'PUT'}", expiry)


def _short_day(text: str) -> date | None:
    return day_of(f"{text[2:4]}/{text[4:]}/{text[:2]}")


def day_of(text: str) -> date | None:
    """A date printed month first, the year with two or four digits; None when there is no such day."""
    month, day, year = (int(part) for part in text.split("/"))
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


def currency_pair(name: str, currencies: frozenset[str]) -> str:
    """`EUR/USD` when a name is that of a currency forward, else empty."""
    found = _PAIR.fullmatch(" ".join(name.upper().split()))
    if found is None or found[1] not in currencies or found[2] not in currencies:
        return ""
    return f"{found[1]}/{found[2]}"


def names_a_month(name: str) -> bool:
    """Whether a name ends with a delivery month: `US 5YR NOTE DEC 25`, `E-MINI INDEX JUN 2026`."""
    return re.search(rf"{_MONTH}[ '-]*(?:20)?\d\d$", name.upper().strip()) is not None


def group_key(fund: str, name: str, ticker: str, identifier: str, stated: AssetClass, pair: str = "") -> str:
    """The key of the group a line belongs to. A group known only by words counts inside its fund."""
    return fund.join(group_parts(name, ticker, identifier, stated, pair))


def group_parts(name: str, ticker: str, identifier: str, stated: AssetClass, pair: str) -> tuple[str, ...]:
    """The parts of such a key between which the name of the fund stands: one where it means the same everywhere."""
    if pair:
        return (f"forward:{pair}",)
    for text in (ticker, identifier, name if not (ticker.strip() or identifier.strip()) else ""):
        found = of_code(text)
        if found is not None and found.stated is stated:
            return (found.group,)
    code = ticker.strip().upper()
    if stated is AssetClass.FUTURE:
        found_code = _CODE_AND_MONTH.fullmatch(code) or _BARE_CODE.fullmatch(code)
        if found_code is not None or re.fullmatch(r"[A-Z]{1,4}", code):
            return (f"future:{found_code[1] if found_code else code}",)
    words = _stem(name) or _stem(identifier) or code
    side = ""
    if stated is AssetClass.OPTION:
        side = ":CALL" if _CALL.search(name.upper()) else ":PUT" if _PUT.search(name.upper()) else ""
        words = re.sub(r"\b[CP]?\d+(\.\d+)?\b|買權|賣權", " ", words)
    return f"{stated.value}:", f":{' '.join(words.split())}{side}"


def _stem(name: str) -> str:
    return " ".join(_PASSING.sub(" ", name.upper()).split())


def label(position: Position) -> str:
    """What names one contract inside its group: the code that carries its month or expiry, else its name."""
    for text in (position.ticker, position.identifier):
        code = " ".join(text.upper().split())
        if of_code(code) is not None or _BARE_CODE.fullmatch(code) or _CODE_AND_MONTH.fullmatch(code):
            return code
    return " ".join(position.name.upper().replace(";", ",").split())


def total(lines: Sequence[Position]) -> Position:
    """The lines of one group as one position, signed quantities added, each contract kept in the identifier."""
    first = lines[0]
    if len(lines) == 1:
        return first
    months: dict[str, Decimal | None] = {}
    for line in lines:
        name = label(line)
        months[name] = _sum([months[name], line.shares] if name in months else [line.shares])
    text = "; ".join(f"{name} {'?' if months[name] is None else f'{months[name]:f}'}" for name in sorted(months))
    return replace(
        first,
        identifier=text if len(months) > 1 else label(first),
        shares=_sum([p.shares for p in lines]),
        value=_sum([p.value for p in lines]),
        weight=_sum([p.weight for p in lines]),
        ids=(),
        lines=sum(p.lines for p in lines),
    )


def _sum(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [v for v in values if v is not None]
    return sum(known, Decimal(0)) if len(known) == len(values) else None


def months(position: Position) -> Mapping[str, Decimal | None]:
    """The contracts of a group's position, each with its signed quantity; None where none is printed."""
    parts = [part.rpartition(" ") for part in position.identifier.split("; ")]
    if len(parts) == 1:
        return {label(position): position.shares}
    return {name: None if number == "?" else Decimal(number) for name, _, number in parts}


def listed(position: Position | None) -> frozenset[str]:
    """The contracts of a position that stand for something."""
    if position is None or not is_held(position):
        return frozenset()
    found = months(position)
    return frozenset(name for name, number in found.items() if number != 0 or len(found) == 1)


def is_one_sided(position: Position) -> bool:
    """Whether all contracts of a group have one sign: the net of a spread is not its direction."""
    signs = {number > 0 for number in months(position).values() if number}
    return len(signs) < 2


def expiries(position: Position) -> tuple[date, ...]:
    """The expiry days its option codes carry."""
    found = (of_code(name) for name in months(position))
    return tuple(sorted(c.expiry for c in found if c is not None and c.expiry is not None))


def is_rolled(before: Position, after: Position) -> bool:
    """Old contracts left and others of the group stand for them: options whatever their number, futures and
    swaps with the same signed quantity ±2 %."""
    left = listed(before) - listed(after)
    if not left or not listed(after):
        return False
    if after.asset_class is AssetClass.OPTION or before.shares is None or after.shares is None:
        return True
    return abs(after.shares - before.shares) <= ROLL * abs(before.shares)


def net_value(positions: Iterable[Position]) -> Decimal:
    """What the fund is worth by its lines: the sum of what is no exposure.

    Two futures funds print their net assets: the sum without futures agrees within 0.03 % on all 134 fund-days,
    while the sum of all lines runs from −51 % to 152 % of it.
    """
    held = [p for p in positions if p.value is not None]
    real = sum((p.value for p in held if p.value is not None and p.asset_class not in NOTIONAL), Decimal(0))
    if real > 0:
        return real
    return sum((abs(p.value) for p in held if p.value is not None), Decimal(0))
