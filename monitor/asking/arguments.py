"""What people ask, as text, in terms of the database: funds, securities, days. Wrong values are answered in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TypeVar, assert_never

from monitor.asking.question import Parameter, Question, Want
from monitor.core import days
from monitor.core.errors import UsageError
from monitor.store.engine import Connection
from monitor.store.queries import FoundSecurity, FundRef, find_fund, find_security, issuer_code

T = TypeVar("T")
Raw = Mapping[str, str | Sequence[str] | bool | None]
LONGEST = 300  # characters of one value
MOST = 1_000_000  # the largest whole number that is understood


@dataclass(frozen=True, slots=True)
class Asked:
    """The question with its values; the getters say which type each has. `today` is the day it is for who asks."""

    values: Mapping[str, object]
    today: date

    def fund(self, name: str = "fund") -> FundRef | None:
        """The fund, if one was named."""
        return self._get(name, FundRef)

    def the_fund(self, name: str = "fund") -> FundRef:
        """The fund a required parameter names."""
        return self._need(name, FundRef)

    def security(self, name: str = "security") -> FoundSecurity | None:
        """The security, if one was named."""
        return self._get(name, FoundSecurity)

    def the_security(self, name: str = "security") -> FoundSecurity:
        """The security a required parameter names."""
        return self._need(name, FoundSecurity)

    def text(self, name: str) -> str | None:
        """A text, an issuer or one choice."""
        return self._get(name, str)

    def texts(self, name: str) -> tuple[str, ...]:
        """Several choices; none when nothing was said."""
        return self._get(name, tuple) or ()

    def day(self, name: str) -> date | None:
        """A day."""
        return self._get(name, date)

    def instant(self, name: str) -> datetime | None:
        """An instant, in UTC."""
        return self._get(name, datetime)

    def count(self, name: str) -> int | None:
        """A whole number."""
        return self._get(name, int)

    def number(self, name: str) -> Decimal | None:
        """A decimal number."""
        return self._get(name, Decimal)

    def flag(self, name: str) -> bool:
        """Whether it was asked for."""
        return bool(self._get(name, bool))

    def _get(self, name: str, kind: type[T]) -> T | None:
        value = self.values.get(name)
        assert value is None or isinstance(value, kind), f"{name} is no {kind.__name__}"
        return value

    def _need(self, name: str, kind: type[T]) -> T:
        value = self._get(name, kind)
        assert value is not None, f"{name} is required"
        return value


def understood(conn: Connection, question: Question, raw: Raw, today: date) -> Asked:
    """The values of `raw`, those not given as the question's defaults. Raises UsageError for what is not understood:
    an unknown parameter, a missing one, a fund or security that does not exist or is ambiguous, a date that is none."""
    known = {one.name: one for one in question.parameters}
    for name in raw:
        if name not in known:
            close = get_close_matches(name, list(known), 1, 0.5)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known) or 'none'}"
            raise UsageError(f"{question.slug} has no parameter {name!r}. {hint}")
    issuer = raw.get("issuer")
    values: dict[str, object] = {}
    for name, parameter in known.items():
        given = raw.get(name)
        given = parameter.default if given is None or given == "" or given == [] else given
        if given is None:
            if parameter.required:
                raise UsageError(f"{question.slug} needs {name}: {parameter.about}")
            continue
        values[name] = _value(conn, parameter, given, today, issuer if isinstance(issuer, str) else None)
    _in_order(values)
    return Asked(values, today)


def _value(
    conn: Connection, parameter: Parameter, given: str | Sequence[str] | bool, today: date, issuer: str | None
) -> object:
    if parameter.want is Want.FLAG:
        return _flag(parameter, given)
    if parameter.want is Want.CHOICES:
        texts = [given] if isinstance(given, str) else list(given) if not isinstance(given, bool) else []
        return tuple(_choice(parameter, part) for text in texts for part in text.split(","))
    if not isinstance(given, str):
        raise UsageError(f"{parameter.name} takes one value.")
    if len(given) > LONGEST or not given.isprintable():
        raise UsageError(f"{parameter.name} is at most {LONGEST} characters, none of them a control character.")
    return _single(conn, parameter, given.strip(), today, issuer)


def _single(conn: Connection, parameter: Parameter, text: str, today: date, issuer: str | None) -> object:
    match parameter.want:
        case Want.FUND:
            return find_fund(conn, text, issuer)
        case Want.ISSUER:
            return issuer_code(conn, text)
        case Want.SECURITY:
            return find_security(conn, text)
        case Want.DAY:
            return days.day(text, today)
        case Want.INSTANT:
            return days.instant(text, today)
        case Want.COUNT:
            return _count(parameter, text)
        case Want.NUMBER:
            return _number(parameter, text)
        case Want.CHOICE:
            return _choice(parameter, text)
        case Want.TEXT:
            return text
        case Want.CHOICES | Want.FLAG:
            raise AssertionError(parameter)
    assert_never(parameter.want)


def _count(parameter: Parameter, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:12]) > MOST:
        raise UsageError(f"{parameter.name} is {text!r}: a whole number from 0 to {MOST:,} is needed.")
    return int(text)


def _number(parameter: Parameter, text: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > 18:
        raise UsageError(f"{parameter.name} is {text!r}: a number is needed.")
    return number


def _flag(parameter: Parameter, given: str | Sequence[str] | bool) -> bool:
    if isinstance(given, bool):
        return given
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(given, str) and given.strip().lower() in known:
        return known[given.strip().lower()]
    raise UsageError(f"{parameter.name} is true or false.")


def _choice(parameter: Parameter, text: str) -> str:
    by_fold = {one.lower().replace("-", "_"): one for one in parameter.choices}
    key = text.strip().lower().replace("-", "_")
    if key not in by_fold:
        close = get_close_matches(key, list(by_fold), 1, 0.5)
        hint = f" Did you mean {by_fold[close[0]]}?" if close else ""
        raise UsageError(f"There is no {parameter.name} {text!r}.{hint} Known: {', '.join(parameter.choices)}")
    return by_fold[key]


def _in_order(values: Mapping[str, object]) -> None:
    since, until = values.get("since"), values.get("until")
    if isinstance(since, date) and isinstance(until, date) and since > until:
        raise UsageError(f"since {since} is later than until {until}: no day is between them.")
