"""Events and items made ready to be stored, straight from their values.

What comes of it is to the byte what `of_text` makes of their documents, which a test holds; a document is put together
only where a value would not come back from its column. Asks no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import NamedTuple

from monitor.core import documents as written
from monitor.core.model import Event, Evidence, FundPart, Item, SecurityRef, Severity
from monitor.store.claim_text import short_claim
from monitor.store.compact import (
    HEADLINE,
    PART,
    VersionOf,
    codes_of,
    comes_back,
    evidence_mark,
    head_marks,
    packed,
    shrink,
    weight_text,
    whole,
)
from monitor.store.said import EPOCH, ZERO, Absence, Number, Said, read, weight_of

_EPOCH = EPOCH.toordinal()
_NOT_GONE = Absence()
_MICROSECOND = timedelta(microseconds=1)


class Brief(NamedTuple):
    """What a row says, but for the numbers it refers to others by: its claim with marks, the rest of it packed."""

    said: Said
    gone: Absence
    claim: str
    rest: bytes


class _Unusual(Exception):
    """A value that would not come back from its column."""


def of_text(text: str, key: str, version_of: VersionOf) -> Brief:
    """A document, whatever it says; `key` is that of its security."""
    found = read(text, key)
    return Brief(found.said, found.gone, short_claim(found.said), shrink(found, version_of) or whole(text))


def of_event(
    event: Event, security: SecurityRef, issuer: str, score: int, severity: Severity, version_of: VersionOf
) -> Brief:
    """What is stored of `core.documents.event_document`."""
    try:
        said = _said("event", event, security, issuer, (event.fund,), score, severity)
        return _brief(said, event, security, "", written.event_end(event), version_of)
    except _Unusual:
        text = written.event_document(event, security, issuer, score, severity)
        return of_text(text, event.security, version_of)


def of_item(item: Item, security: SecurityRef, version_of: VersionOf) -> Brief:
    """What is stored of `core.documents.item_document`."""
    try:
        said = _said("item", item, security, item.issuer, written.changed(item), item.score, item.severity)
        end = written.item_end(item, _parts(item, alone=len(said.funds) == 1))
        return _brief(said, item, security, _words(item), end, version_of)
    except _Unusual:
        return of_text(written.item_document(item, security), item.security, version_of)


def _brief(said: Said, one: Event | Item, security: SecurityRef, words: str, end: str, version_of: VersionOf) -> Brief:
    head = head_marks(_codes(security, said.key), written.published(one), written.absence(one.absence))
    rest = f"{_evidence(one.evidence, said, version_of)}],{words}{end}"
    gone = one.absence
    missed = _NOT_GONE
    if gone is not None:
        days = _day(gone.last_held), _day(gone.last_material)
        missed = Absence(*days, gone.sessions, gone.days, gone.uncovered_sessions)
    return Brief(said, missed, short_claim(said), packed(said, head, rest))


def _said(
    level: str,
    one: Event | Item,
    security: SecurityRef,
    issuer: str,
    funds: tuple[str, ...],
    score: int,
    severity: Severity,
) -> Said:
    if not (one.key.isalnum() and security.id.isalnum()):  # they are put back without looking for quotes in them
        raise _Unusual
    if one.known_at.tzinfo is not UTC:
        raise _Unusual
    return Said(
        level, one.key, one.kind.value, issuer, funds, security.id, one.security, security.name, security.ticker,
        one.as_of.toordinal() - _EPOCH, _day(one.pos_session.first), _day(one.pos_session.last),
        _micros(one.known_at), _amount(one.shares_before), _amount(one.shares_after), _amount(one.active_shares),
        _cents(one.value), one.currency, _weight(one.weight_before), _weight(one.weight_after), one.claim, score,
        severity.value, one.confidence,
    )  # fmt: skip


def _words(item: Item) -> str:
    told = f"{item.headline}. {item.caveat}" if item.caveat else item.headline
    return f"{HEADLINE}{len(quoted(item.headline)) - 2};" if told == item.claim else f"{written.words(item)},"


def _parts(item: Item, *, alone: bool) -> str:
    return ",".join([PART if alone and _says_all(part, item) else written.part(part) for part in item.funds])


def _says_all(part: FundPart, item: Item) -> bool:
    """Whether the part of the only fund of an item says what the item says."""
    return (
        part.kind is item.kind
        and part.shares_before == item.shares_before
        and part.shares_after == item.shares_after
        and part.active_shares == item.active_shares
        and written.money(part.value) == written.money(item.value)  # 0 and -0 are equal, and written otherwise
        and part.weight_after == item.weight_after
        and part.holds == bool(item.shares_after)
        and not part.note
    )


def _evidence(lines: Sequence[Evidence], said: Said, version_of: VersionOf) -> str:
    found = []
    for line in lines:
        day = line.as_of.toordinal() - _EPOCH
        version = version_of(line.fund, day, line.sha256)
        if version is None or line.fund not in said.funds:
            found.append(written.evidence(line))
        elif line.fund.isalnum() or quoted(line.fund) == f'"{line.fund}"':
            mark = evidence_mark(said.funds.index(line.fund), said.as_of - day, version)
            found.append(f"{mark}{quoted(line.row)}}}")
        else:
            raise _Unusual
    return ",".join(found)


# --- values, as they would come back ---------------------------------------------------------------


def _day(day: date | None) -> int | None:
    return None if day is None else day.toordinal() - _EPOCH


@lru_cache(256)
def _micros(at: datetime) -> int:
    return (at - ZERO) // _MICROSECOND


@lru_cache(4096)
def _amount(value: Decimal | None) -> Number | None:
    if value is None:
        return None
    found = int(value) if value == value.to_integral_value() else float(value)
    if not comes_back(found):
        raise _Unusual
    return found


@lru_cache(4096)
def _weight(value: Decimal | None) -> Number | None:
    text = written.number(value)
    found = weight_of(text)
    if not comes_back(found) or weight_text(found) != text:
        raise _Unusual
    return found


def _cents(value: Decimal | None) -> int | None:
    if value:
        return _rounded(value)
    if value is not None and value.is_signed():  # -0 is equal to 0, and written otherwise
        raise _Unusual
    return None if value is None else 0


@lru_cache(4096)
def _rounded(value: Decimal) -> int:
    amount = float(round(value, 2))
    found = round(amount * 100)
    if found / 100 != amount or (not found and value < 0):
        raise _Unusual
    return found


@lru_cache(4096)
def _codes(security: SecurityRef, key: str) -> str:
    """The identifiers of a security, or the mark for those that its key says."""
    text = written.identifiers(security) + "}"
    if "{" in text or "}" in text[:-1]:
        raise _Unusual
    return "\2" if text == codes_of(key) else text
