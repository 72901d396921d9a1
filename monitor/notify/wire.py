"""A message as JSON and back: the form kept in the outbox and written by the file channel. Keys are stable."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from monitor.core.errors import DeliveryError
from monitor.core.model import FundPart, Interval, Kind, SecurityRef, Severity
from monitor.notify.message import Form, HistoryPoint, Message, SourceRef
from monitor.notify.text import bars

T = TypeVar("T")
LATER = frozenset({"links"})  # keys that programs of before did not know
KNOWN = frozenset(field.name for field in fields(Message))
Json = Mapping[str, Any]  # what json.loads gives; nothing of it leaves this module unconverted


def to_json(message: Message) -> str:
    """One line of JSON; numbers as text, instants in UTC, dates ISO."""
    return json.dumps(as_tree(message), ensure_ascii=False, separators=(",", ":"))


def as_tree(message: Message) -> dict[str, object]:
    """The message as JSON values. Keys that came later are there only where they say something."""
    return {key: _plain(value) for key, value in asdict(message).items() if value or key not in LATER}


def as_document(message: Message, key: str) -> dict[str, object]:
    """What programs get: the message, what it is called, its key, and the past as a line of text where there is one."""
    drawn = {"sparkline": bars(message.history)} if message.history else {}
    return {"key": key, "title": message.title, **as_tree(message), **drawn}


def from_json(text: str) -> Message:
    """The message `to_json` wrote, now or earlier; what a later program added is left out. Raises DeliveryError
    (permanent) for anything else."""
    try:
        return _message(json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise DeliveryError(f"the stored message cannot be read: {error!r}", permanent=True) from None


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _message(tree: Json) -> Message:
    known: dict[str, Any] = {
        **{key: value for key, value in tree.items() if key in KNOWN},
        "form": Form(tree["form"]),
        "severity": Severity(tree["severity"]),
        "kind": _maybe(Kind, tree["kind"]),
        "at": datetime.fromisoformat(tree["at"]),
        "security": _maybe(lambda value: SecurityRef(**value), tree["security"]),
        "as_of": _maybe(date.fromisoformat, tree["as_of"]),
        "pos_session": Interval(*(_maybe(date.fromisoformat, tree["pos_session"][end]) for end in ("first", "last"))),
        "shares": _maybe(Decimal, tree["shares"]),
        "value": _maybe(Decimal, tree["value"]),
        "funds": tuple(_part(part) for part in tree["funds"]),
        "others": tuple(_part(part) for part in tree["others"]),
        "history": tuple(
            HistoryPoint(date.fromisoformat(p["day"]), _maybe(Decimal, p["shares"])) for p in tree["history"]
        ),
        "sources": tuple(_source(source) for source in tree["sources"]),
        "lines": tuple(tree["lines"]),
        "links": tuple(tree.get("links", ())),
    }
    return Message(**known)


def _part(tree: Json) -> FundPart:
    numbers = ("shares_before", "shares_after", "active_shares", "value", "weight_after")
    return FundPart(
        **{**tree, "kind": _maybe(Kind, tree["kind"]), **{name: _maybe(Decimal, tree[name]) for name in numbers}}
    )


def _source(tree: Json) -> SourceRef:
    return SourceRef(
        fund=tree["fund"],
        as_of=date.fromisoformat(tree["as_of"]),
        pos_session=_maybe(date.fromisoformat, tree["pos_session"]),
        sha256=tree["sha256"],
        place=tree["place"],
    )


def _maybe(convert: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else convert(value)
