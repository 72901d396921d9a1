"""How values stand on a page: numbers, money, dates, intervals, names. Unknown is a dash, foreign text is harmless.

Values come as questions answer them: decimals exact, dates and instants as ISO text, intervals as from/to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from monitor.core.model import Kind
from monitor.notify import words

Value = Decimal | float | int | str | None
UNKNOWN = words.UNKNOWN
NAME = 44  # characters of a name in a table; the whole one, as far as it is sensible, is its title
KINDS: Mapping[str, tuple[str, str]] = {
    # what people read, and the class of its tag
    Kind.INITIATED_AT_ISSUER: ("first at issuer", "in"),
    Kind.INITIATED: ("new in fund", "in"),
    Kind.RE_ENTERED: ("re-entered", "in"),
    Kind.RESUMED: ("resumed", "in"),
    Kind.EXITED: ("exited", "out"),
    Kind.INCREASED: ("increased", "up"),
    Kind.DECREASED: ("decreased", "down"),
    Kind.FLIPPED: ("flipped", "up"),
    Kind.CRUMB_REMOVED: ("crumb removed", "note"),
    Kind.FUND_CLOSED: ("fund closed", "out"),
}
ID = re.compile(r"\bS[0-9A-F]{10}\b")


def _number(value: Value) -> Decimal | None:
    return None if value is None or value == "" else value if isinstance(value, Decimal) else Decimal(str(value))


def quantity(value: Value, *, signed: bool = False, places: int = 8) -> str:
    """`99,090`, `+1,200`, at most `places` decimals."""
    number = _number(value)
    return words.quantity(None if number is None else round(number, places), signed=signed)


def money(value: Value, currency: str | None = "USD", *, signed: bool = False) -> str:
    """`$16.3M`: a size to be read at a glance."""
    number = _number(value)
    plus = "+" if signed and number is not None and number > 0 else ""
    return plus + words.money(number, currency or "")


def amount(value: Value, *, signed: bool = False) -> str:
    """`16,301,220`: an amount of money to its last whole unit, for columns that name the currency."""
    number = _number(value)
    return words.quantity(None if number is None else Decimal(round(number)), signed=signed)


def percent(value: Value, *, signed: bool = False, places: int = 2) -> str:
    """`0.75` from percent points, for columns that say %; what is not 0 does not look like it."""
    number = _number(value)
    if number is None:
        return UNKNOWN
    least = Decimal(1).scaleb(-places)
    if number and abs(number) < least / 2:
        return f"<{least}" if number > 0 else f">{words.MINUS}{least}"
    text = f"{abs(number):,.{places}f}"
    return (words.MINUS if number < 0 else "+" if signed and number > 0 else "") + text


def day(value: object) -> Markup:
    """A date, as ISO text that machines read, too."""
    if value is None or value == "":
        return escape(UNKNOWN)
    text = value.isoformat() if isinstance(value, date) else str(value)
    return Markup('<time datetime="{0}">{0}</time>').format(text[:10])


def instant(value: object) -> Markup:
    """An instant to the minute, in UTC."""
    if value is None or value == "":
        return escape(UNKNOWN)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return Markup('<time datetime="{}">{} {} UTC</time>').format(text, text[:10], text[11:16])


def interval(value: object) -> Markup:
    """One date, or `first … last` where it is only known to lie between; `by` where the beginning is unknown."""
    if not isinstance(value, Mapping):
        return escape(UNKNOWN)
    first, last = value.get("from"), value.get("to")
    if first is None and last is None:
        return escape(UNKNOWN)
    if first is None or last is None:
        return Markup("{} {}").format("by" if first is None else "from", day(last or first))
    return day(first) if first == last else Markup("{} … {}").format(day(first), day(last))


def name(value: object, limit: int = NAME) -> Markup:
    """Text from a file: isolated, cleaned of invisible marks, shortened; what was cut stands in its title."""
    if value is None or value == "":
        return escape(UNKNOWN)
    whole = words.clean(str(value))
    short = words.shorten(whole, limit)
    if short == str(value):
        return Markup("<bdi>{}</bdi>").format(short)
    return Markup('<bdi title="{}">{}</bdi>').format(whole, short)


def bare(value: object, limit: int = 90) -> str:
    """Text from a file where no element can stand: the title of a page."""
    return words.clean(str(value or ""), limit)


def prose(value: object, limit: int = 600) -> Markup:
    """A sentence with foreign names in it."""
    return Markup("<bdi>{}</bdi>").format(words.clean(str(value or ""), limit))


def kind(value: object) -> str:
    """What a kind of change is called."""
    return KINDS.get(str(value), (str(value).lower().replace("_", " "), ""))[0]


def kind_class(value: object) -> str:
    """The class of its tag: in, out, up, down or note."""
    return KINDS.get(str(value), ("", "note"))[1]


def sign(value: Value) -> str:
    """`pos`, `neg` or nothing: the class of a signed number."""
    number = _number(value)
    return "" if not number else "pos" if number > 0 else "neg"


def sql_text(value: object) -> str:
    """A text as an SQL literal, for the statements the page shows."""
    return "'" + str(value).replace("'", "''") + "'"


def linked(message: object) -> Markup:
    """A message of an error, the public ids in it as links to what they name; line breaks are kept."""
    text = "\n".join(words.clean(line, 400) for line in str(message).splitlines())
    link = Markup('<a href="/security/{0}">{0}</a>')
    parts = ID.split(text)
    found = [escape(parts[0])]
    for key, part in zip(ID.findall(text), parts[1:], strict=True):
        found += [link.format(key), escape(part)]
    return Markup("").join(found)


def security_url(key: object) -> str:
    """The page of a security, by its public id."""
    return f"/security/{quote(str(key), safe='')}"


def fund_url(issuer: object, ticker: object, **asked: object) -> str:
    """The page of a fund."""
    return f"/fund/{quote(str(issuer), safe='')}/{quote(str(ticker), safe='')}{_query(asked)}"


def issuer_url(code: object) -> str:
    """The page of an issuer."""
    return f"/issuer/{quote(str(code), safe='')}"


def item_url(key: object) -> str:
    """The page of an item or event."""
    return f"/item/{quote(str(key), safe='')}"


def api_url(question: str, form: str = "", **asked: object) -> str:
    """The endpoint that answers the same: `form` is csv, parquet or nothing for JSON."""
    return f"/api/v1/{question.replace('_', '-')}{'.' + form if form else ''}{_query(asked)}"


def page_url(path: str, **asked: object) -> str:
    """A page with its question; what is not asked is left out."""
    return f"{path}{_query(asked)}"


def _query(asked: Mapping[str, object]) -> str:
    said = {key: value for key, value in asked.items() if value not in (None, "", (), [], False)}
    return f"?{urlencode(said, doseq=True)}" if said else ""


FILTERS: Mapping[str, Callable[..., object]] = {
    one.__name__: one
    for one in (
        quantity, money, amount, percent, day, instant, interval, name, bare, prose, kind, kind_class, sign, sql_text,
        linked,
    )
}  # fmt: skip
URLS: Mapping[str, Callable[..., str]] = {
    one.__name__: one for one in (security_url, fund_url, issuer_url, item_url, api_url, page_url)
}
