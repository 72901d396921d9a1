"""Events and items as the JSON objects people and scripts read: the documented keys, in their order.

The form is a contract (see the README): unknown values are null, never 0 or "". Exact quantities become
JSON integers when they are whole and decimal numbers otherwise. The text is put together here, not by a tree of objects
and `json`, which takes twice as long; a test holds both equal. Its pieces are for who keeps documents without their
text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring as _quoted

from monitor.core.model import Absence, Event, Evidence, FundPart, Interval, Item, SecurityRef, Severity


def event_document(event: Event, security: SecurityRef, issuer: str, score: int, severity: Severity) -> str:
    """An event as JSON text; score and severity are those of the item it belongs to."""
    return (
        f'{{"id":{_quoted(event.key)},"level":"event"'
        f"{_common(event, security, issuer, (event.fund,), score, severity)},{event_end(event)}"
    )


def item_document(item: Item, security: SecurityRef) -> str:
    """An item as JSON text; beside the documented keys its headline, caveat and the funds that changed."""
    return (
        f'{{"id":{_quoted(item.key)},"level":"item"'
        f"{_common(item, security, item.issuer, changed(item), item.score, item.severity)}"
        f",{words(item)},{item_end(item, ','.join(map(part, item.funds)))}"
    )


def changed(item: Item) -> tuple[str, ...]:
    """The funds an item is about, by ticker."""
    funds = item.funds
    return (funds[0].fund,) if len(funds) == 1 else tuple(sorted({part.fund for part in funds}))


# --- pieces --------------------------------------------------------------------------------------


def event_end(event: Event) -> str:
    """What an event says after its evidence."""
    factors = ",".join([f"{_quoted(name)}:{_quoted(value)}" for name, value in dict(event.factors).items()])
    return f'"factors":{{{factors}}}}}'


def words(item: Item) -> str:
    """What an item says after its evidence, up to its parts."""
    return f'"headline":{_quoted(item.headline)},"caveat":{_quoted(item.caveat)}'


def item_end(item: Item, parts: str) -> str:
    """What an item says from its parts on, given these."""
    terms = [
        f'{{"name":{_quoted(name)},"points":{round(points, 4)!r},"how":{_quoted(how)}}}'
        for name, points, how in item.terms
    ]
    return f'"parts":[{parts}],"events":[{_texts(item.events)}],"terms":[{",".join(terms)}]}}'


def _common(
    one: Event | Item, security: SecurityRef, issuer: str, funds: Sequence[str], score: int, severity: Severity
) -> str:
    """What events and items have in common, from the kind to the evidence."""
    return (
        f',"kind":"{one.kind.value}","issuer":{_quoted(issuer)},"funds":[{_texts(funds)}]'
        f',"security":{_security(security)},"as_of":{_day(one.as_of)},"pos_session":{_interval(one.pos_session)}'
        f',"published":{published(one)}'
        f',"known_at":{_instant(one.known_at)}'
        f',"shares_before":{number(one.shares_before)},"shares_after":{number(one.shares_after)}'
        f',"active_shares":{number(one.active_shares)},"value":{money(one.value)},"currency":{_quoted(one.currency)}'
        f',"weight_before":{number(one.weight_before)},"weight_after":{number(one.weight_after)}'
        f',"absence":{absence(one.absence)},"claim":{_quoted(one.claim)},"score":{score}'
        f',"severity":"{severity.value}","confidence":{_quoted(one.confidence)},"status":"current"'
        f',"evidence":[{",".join([evidence(line) for line in one.evidence])}]'
    )


@lru_cache(maxsize=1024)
def _security(security: SecurityRef) -> str:
    return (
        f'{{"id":{_quoted(security.id)},"name":{_quoted(security.name)},"ticker":{_text(security.ticker)}'
        f",{identifiers(security)}}}"
    )


def identifiers(security: SecurityRef) -> str:
    """What a security is called by others."""
    return (
        f'"cusip":{_text(security.cusip)},"isin":{_text(security.isin)},"sedol":{_text(security.sedol)}'
        f',"figi":{_text(security.figi)}'
    )


def published(one: Event | Item) -> str:
    """Between which polls the file that settled it appeared."""
    return f'{{"from":{_instant(one.published_from)},"to":{_instant(one.published_to)}}}'


def part(part: FundPart) -> str:
    """What an item says of one of its funds."""
    kind = f'"{part.kind.value}"' if part.kind is not None else "null"
    return (
        f'{{"fund":{_quoted(part.fund)},"kind":{kind}'
        f',"shares_before":{number(part.shares_before)},"shares_after":{number(part.shares_after)}'
        f',"active_shares":{number(part.active_shares)},"value":{money(part.value)}'
        f',"weight_after":{number(part.weight_after)},"holds":{"true" if part.holds else "false"}'
        f',"note":{_quoted(part.note)}}}'
    )


def absence(gone: Absence | None) -> str:
    """How long a position was gone."""
    if gone is None:
        return "null"
    return (
        f'{{"last_held":{_day(gone.last_held)},"last_material":{_day(gone.last_material)}'
        f',"sessions":{_whole(gone.sessions)},"days":{_whole(gone.days)},"uncovered_sessions":{gone.uncovered_sessions}'
        f',"last_shares":{number(gone.last_shares)},"last_file":{_day(gone.last_file)}'
        f',"longest_gap":{_maybe(gone.longest_gap)},"longest_gap_sessions":{gone.longest_gap_sessions}'
        f',"exit":{_maybe(gone.exit)}}}'
    )


def evidence(line: Evidence) -> str:
    """One line of a file that it rests on."""
    return (
        f'{{"fund":{_quoted(line.fund)},"as_of":{_day(line.as_of)},"sha256":{_quoted(line.sha256)}'
        f',"line":{_quoted(line.row)}}}'
    )


def _maybe(interval: Interval | None) -> str:
    return "null" if interval is None else _interval(interval)


def _interval(interval: Interval) -> str:
    return f'{{"from":{_day(interval.first)},"to":{_day(interval.last)}}}'


def _day(day: date | None) -> str:
    return "null" if day is None else f'"{day}"'


@lru_cache(maxsize=1024)
def _instant(instant: datetime | None) -> str:
    return "null" if instant is None else '"' + instant.isoformat().replace("+00:00", "Z") + '"'


def _texts(texts: Iterable[str]) -> str:
    return ",".join([_quoted(text) for text in texts])


def _text(text: str | None) -> str:
    return "null" if text is None else _quoted(text)


def _whole(number: int | None) -> str:
    return "null" if number is None else str(number)


@lru_cache(maxsize=4096)  # an item and its parts repeat what its events say
def number(value: Decimal | None) -> str:
    """A quantity: whole where it is."""
    if value is None:
        return "null"
    return str(int(value)) if value == value.to_integral_value() else repr(float(value))


def money(value: Decimal | None) -> str:
    """A value, to the cent."""
    if value is None:
        return "null"
    return _cents(value) if value else repr(float(round(value, 2)))  # 0 and -0 are equal, and written otherwise


@lru_cache(maxsize=4096)
def _cents(value: Decimal) -> str:
    return repr(float(round(value, 2)))
