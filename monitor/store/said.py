"""What the columns of an event or item say, read from its document. It knows no database."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

Number = int | float
EPOCH, ZERO = date(1970, 1, 1), datetime(1970, 1, 1, tzinfo=UTC)
EXACT = 2**53  # beyond it a number that goes through a double is another


class Said(NamedTuple):
    """A row's columns, and the names they refer to. Days since 1970, microseconds since 1970, shares as they are,
    value in cents, weights in 10^-4 percent points."""

    level: str
    id: str
    kind: str
    issuer: str
    funds: tuple[str, ...]
    public: str
    key: str  # of the security: its identity as published
    name: str
    ticker: str | None
    as_of: int
    first: int | None  # sessions
    last: int | None
    known_at: int | None
    before: Number | None
    after: Number | None
    active: Number | None
    value: int | None
    currency: str
    weight_before: Number | None
    weight_after: Number | None
    claim: str
    score: int
    severity: str
    confidence: str


class Absence(NamedTuple):
    """What the columns say of an absence."""

    last_held: int | None = None
    last_material: int | None = None
    sessions: int | None = None
    days: int | None = None
    uncovered: int | None = None


class Read(NamedTuple):
    """A document read for its columns. `head` is what comes before the evidence, with the JSON of `codes`, `published`
    and `absence` in it; `rest` is None where the document does not begin as ours do."""

    said: Said
    gone: Absence
    head: str
    codes: str
    published: str
    absence: str
    rest: str | None


_Q, _N, _D = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', r"null|-?[0-9][-+.0-9eE]*", r'null|"\d{4}-\d\d-\d\d"'
_HEAD = re.compile(
    rf'\{{"id":({_Q}),"level":"(event|item)","kind":({_Q}),"issuer":({_Q}),"funds":\[((?:{_Q},?)*)\],'
    rf'"security":\{{"id":({_Q}),"name":({_Q}),"ticker":(null|{_Q}),("cusip":[^{{}}]*\}}),"as_of":({_D}),'
    rf'"pos_session":\{{"from":({_D}),"to":({_D})\}},"published":(\{{[^{{}}]*\}}),"known_at":({_Q}),'
    rf'"shares_before":({_N}),"shares_after":({_N}),"active_shares":({_N}),"value":({_N}),"currency":({_Q}),'
    rf'"weight_before":({_N}),"weight_after":({_N}),"absence":(null|\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}),'
    rf'"claim":({_Q}),"score":(-?\d+),"severity":({_Q}),"confidence":({_Q}),"status":"current","evidence":\['
)


def read(text: str, key: str) -> Read:
    """What a document says in columns; `key` is that of its security."""
    found = _HEAD.match(text)
    if found is None:
        return _unusual(text, key)
    (
        number, level, kind, issuer, funds, public, name, ticker, codes, as_of, first, last, published, known_at,
        before, after, active, value, currency, weight_before, weight_after, absence, claim, score, severity,
        confidence,
    ) = found.groups()  # fmt: skip
    said = Said(
        level, _plain(number), _plain(kind), _plain(issuer), _funds(funds), _plain(public), key, _plain(name),
        None if ticker == "null" else _plain(ticker), day_number(as_of) or 0, day_number(first), day_number(last),
        micros(_plain(known_at)), amount_of(before), amount_of(after), amount_of(active), scaled(value, 100),
        _plain(currency), weight_of(weight_before), weight_of(weight_after), _plain(claim), int(score),
        _plain(severity), _plain(confidence),
    )  # fmt: skip
    gone = Absence() if absence == "null" else _gone(json.loads(absence))
    return Read(said, gone, found[0], codes, published, absence, text[found.end() :])


def _unusual(text: str, key: str) -> Read:
    """A document whose keys are not all there, or in another order."""
    tree = json.loads(text)
    security, sessions = tree.get("security") or {}, tree.get("pos_session") or {}
    known_at = tree.get("known_at")
    said = Said(
        str(tree.get("level", "")), str(tree.get("id", "")), str(tree.get("kind", "")), str(tree.get("issuer", "")),
        tuple(map(str, tree.get("funds") or ())), str(security.get("id", "")), key, str(security.get("name", "")),
        security.get("ticker"), day_number(_quoted(tree.get("as_of"))) or 0, day_number(_quoted(sessions.get("from"))),
        day_number(_quoted(sessions.get("to"))), None if known_at is None else micros(known_at),
        tree.get("shares_before"), tree.get("shares_after"), tree.get("active_shares"),
        scaled(repr(tree["value"]) if tree.get("value") is not None else "null", 100), str(tree.get("currency", "")),
        weight_of(repr(tree["weight_before"]) if tree.get("weight_before") is not None else "null"),
        weight_of(repr(tree["weight_after"]) if tree.get("weight_after") is not None else "null"),
        str(tree.get("claim", "")), int(tree.get("score") or 0), str(tree.get("severity") or "low"),
        str(tree.get("confidence") or "high"),
    )  # fmt: skip
    return Read(said, _gone(tree.get("absence") or {}), "", "", "", "", None)


def _quoted(text: str | None) -> str:
    return "null" if text is None else f'"{text}"'


def _plain(text: str) -> str:
    """What a JSON string says."""
    return str(json.loads(text)) if "\\" in text else text[1:-1]


def _funds(text: str) -> tuple[str, ...]:
    return tuple(map(str, json.loads(f"[{text}]"))) if "," in text or "\\" in text else (text[1:-1],) if text else ()


def _gone(tree: dict[str, str | int | None]) -> Absence:
    days = [
        day_number(_quoted(None if tree.get(one) is None else str(tree[one]))) for one in ("last_held", "last_material")
    ]
    counts = [
        None if tree.get(one) is None else int(tree[one] or 0) for one in ("sessions", "days", "uncovered_sessions")
    ]
    return Absence(*days, *counts)


def amount_of(text: str) -> Number | None:
    """A JSON number."""
    return None if text == "null" else float(text) if set(text) & set(".eE") else int(text)


def scaled(text: str, scale: int) -> int | None:
    """A JSON number as a whole one of parts."""
    return None if text == "null" else round(float(text) * scale)


def weight_of(text: str) -> Number | None:
    """A JSON number in 10^-4: weights have four decimals as a rule, and then are whole numbers."""
    if text == "null":
        return None
    weight = float(text)
    whole = round(weight * 10_000)
    return whole if whole / 10_000 == weight else weight * 10_000


@lru_cache(4096)
def day_text(day: int | None) -> str:
    """A day since 1970 as a date; "" when unknown."""
    return "" if day is None else (EPOCH + timedelta(days=day)).isoformat()


@lru_cache(4096)
def day_number(text: str) -> int | None:
    """A JSON date in days since 1970."""
    return None if text == "null" else (date.fromisoformat(text[1:-1]) - EPOCH).days


@lru_cache(256)
def micros(text: str) -> int:
    """An instant in microseconds since 1970."""
    return (datetime.fromisoformat(text.replace("Z", "+00:00")) - ZERO) // timedelta(microseconds=1)


@lru_cache(256)
def instant(at: int) -> str:
    """The inverse of `micros`."""
    return (ZERO + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")
