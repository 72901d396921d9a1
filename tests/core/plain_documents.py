"""Documents as trees of objects that `json` writes: the plain form that `core.documents` must equal to the byte.

The form is a contract (see the README): unknown values are null, never 0 or "". Exact quantities become
JSON integers when they are whole and decimal numbers otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from monitor.core.model import Absence, Event, Evidence, FundPart, Interval, Item, SecurityRef, Severity

Json = object  # what json.dumps takes; the values below are built here and nowhere else


def event_document(event: Event, security: SecurityRef, issuer: str, score: int, severity: Severity) -> str:
    """An event as JSON text; score and severity are those of the item it belongs to."""
    return _text(
        {
            "id": event.key,
            "level": "event",
            "kind": event.kind.value,
            "issuer": issuer,
            "funds": [event.fund],
            "security": security_object(security),
            "as_of": _day(event.as_of),
            "pos_session": _interval(event.pos_session),
            "published": {"from": _instant(event.published_from), "to": _instant(event.published_to)},
            "known_at": _instant(event.known_at),
            "shares_before": _number(event.shares_before),
            "shares_after": _number(event.shares_after),
            "active_shares": _number(event.active_shares),
            "value": _money(event.value),
            "currency": event.currency,
            "weight_before": _number(event.weight_before),
            "weight_after": _number(event.weight_after),
            "absence": _absence(event.absence),
            "claim": event.claim,
            "score": score,
            "severity": severity.value,
            "confidence": event.confidence,
            "status": "current",
            "evidence": _evidence(event.evidence),
            "factors": dict(event.factors),
        }
    )


def item_document(item: Item, security: SecurityRef) -> str:
    """An item as JSON text; beside the documented keys its headline, caveat and the funds that changed."""
    return _text(
        {
            "id": item.key,
            "level": "item",
            "kind": item.kind.value,
            "issuer": item.issuer,
            "funds": sorted({part.fund for part in item.funds}),
            "security": security_object(security),
            "as_of": _day(item.as_of),
            "pos_session": _interval(item.pos_session),
            "published": {"from": _instant(item.published_from), "to": _instant(item.published_to)},
            "known_at": _instant(item.known_at),
            "shares_before": _number(item.shares_before),
            "shares_after": _number(item.shares_after),
            "active_shares": _number(item.active_shares),
            "value": _money(item.value),
            "currency": item.currency,
            "weight_before": _number(item.weight_before),
            "weight_after": _number(item.weight_after),
            "absence": _absence(item.absence),
            "claim": item.claim,
            "score": item.score,
            "severity": item.severity.value,
            "confidence": item.confidence,
            "status": "current",
            "evidence": _evidence(item.evidence),
            "headline": item.headline,
            "caveat": item.caveat,
            "parts": [_part(part) for part in item.funds],
            "events": list(item.events),
            "terms": [{"name": name, "points": round(points, 4), "how": how} for name, points, how in item.terms],
        }
    )


def security_object(security: SecurityRef) -> dict[str, Json]:
    """The documented form of a security."""
    return {
        "id": security.id,
        "name": security.name,
        "ticker": security.ticker,
        "cusip": security.cusip,
        "isin": security.isin,
        "sedol": security.sedol,
        "figi": security.figi,
    }


def _text(document: dict[str, Json]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _part(part: FundPart) -> dict[str, Json]:
    return {
        "fund": part.fund,
        "kind": part.kind.value if part.kind is not None else None,
        "shares_before": _number(part.shares_before),
        "shares_after": _number(part.shares_after),
        "active_shares": _number(part.active_shares),
        "value": _money(part.value),
        "weight_after": _number(part.weight_after),
        "holds": part.holds,
        "note": part.note,
    }


def _absence(gone: Absence | None) -> dict[str, Json] | None:
    if gone is None:
        return None
    return {
        "last_held": _day(gone.last_held),
        "last_material": _day(gone.last_material),
        "sessions": gone.sessions,
        "days": gone.days,
        "uncovered_sessions": gone.uncovered_sessions,
        "last_shares": _number(gone.last_shares),
        "last_file": _day(gone.last_file),
        "longest_gap": _interval(gone.longest_gap) if gone.longest_gap is not None else None,
        "longest_gap_sessions": gone.longest_gap_sessions,
        "exit": _interval(gone.exit) if gone.exit is not None else None,
    }


def _evidence(lines: Sequence[Evidence]) -> list[Json]:
    return [{"fund": e.fund, "as_of": _day(e.as_of), "sha256": e.sha256, "line": e.row} for e in lines]


def _interval(interval: Interval) -> dict[str, Json]:
    return {"from": _day(interval.first), "to": _day(interval.last)}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _money(value: Decimal | None) -> float | None:
    return None if value is None else float(round(value, 2))
