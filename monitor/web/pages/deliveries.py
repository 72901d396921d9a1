"""*Deliveries*: what was promised to which channel, what became of it, and every message as it was told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response

from monitor.core.errors import DeliveryError, UsageError
from monitor.notify.message import Message
from monitor.notify.text import whole
from monitor.notify.wire import from_json
from monitor.store import digests, outbox
from monitor.store.destinations import destinations
from monitor.store.engine import Connection
from monitor.store.outbox import DeliveryRow
from monitor.web.pages.rendering import Missing, Page, asked, reading, render

router = APIRouter(route_class=Page)
STATES = ("pending", "sending", "sent", "dead", "withdrawn", "waiting")
SIZE = 100  # messages of one part of the list
FURTHEST = 100_000


@dataclass(frozen=True, slots=True)
class Line:
    """A message in the list; `state` waiting: a line that waits for a digest, `number` is None then."""

    number: int | None
    state: str
    channel: str
    severity: str
    form: str
    headline: str
    item: str
    revision: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    error: str | None

    @property
    def is_notice(self) -> bool:
        """Whether it is about no item: a notice, a digest or a test."""
        return self.form in ("notice", "digest", "test")


@router.get("/deliveries")
def listing(request: Request) -> Response:
    """The messages, newest first, by state, channel and item."""
    said = asked(request, "state", "channel", "item", "start")
    if said["state"] and said["state"] not in STATES:
        raise UsageError(f"There is no state {said['state']!r}. Known: {', '.join(STATES)}")
    start = _start(said["start"])
    with reading(request).connection() as conn:
        found = _found(conn, said, start + SIZE + 1)
        channels = sorted({*destinations(conn), *reading(request).app.config.channels})
        undelivered, pending = outbox.undelivered_count(conn), outbox.pending_count(conn)
        manners = [one for one in destinations(conn).values() if one.failures]
    return render(
        request,
        "deliveries.html",
        {
            "said": said,
            "states": STATES,
            "channels": channels,
            "lines": found[start : start + SIZE],
            "start": start,
            "size": SIZE,
            "more": len(found) > start + SIZE,
            "undelivered": undelivered,
            "pending": pending,
            "failing": manners,
        },
    )


def _start(text: str) -> int:
    known = text.isascii() and text.isdigit() and len(text) < 8
    return min(int(text), FURTHEST) // SIZE * SIZE if known else 0


def _found(conn: Connection, said: dict[str, str], limit: int) -> list[Line]:
    state, item, channel = said["state"] or None, said["item"] or None, said["channel"] or None
    if state == "waiting":
        entries = digests.listing(conn, state, item=item, channel=channel, limit=limit)
        return [_line(one, None, None, None, 0) for one in entries]
    carriers = digests.carriers(conn, item) if item is not None else ()
    found = outbox.listing(conn, state=state, item=item, digests=carriers, channel=channel, limit=limit)
    return [_line(one, one.id, one.sent_at, one.error, one.attempts) for one in found]


def _line(
    one: DeliveryRow | digests.Entry, number: int | None, sent: datetime | None, error: str | None, attempts: int
) -> Line:
    tree = json.loads(one.message)
    return Line(
        number,
        one.state,
        one.channel,
        one.severity,
        str(tree.get("form") or ""),
        str(tree.get("headline") or ""),
        one.item,
        one.revision,
        one.created_at,
        one.due_at,
        sent,
        attempts,
        error,
    )


@router.get("/deliveries/{number}")
def detail(request: Request, number: str) -> Response:
    """One message with its whole text, and everything else that was told of the same item."""
    if not number.isascii() or not number.isdigit() or len(number) > 15:
        raise Missing(f"There is no delivery {number[:40]!r}: its number is meant.")
    with reading(request).connection() as conn:
        found = outbox.show(conn, int(number))
        if found is None:
            raise Missing(f"There is no delivery {number}.")
        related = _related(conn, found)
        manners = destinations(conn).get(found.channel)
    message = _message(found)
    return render(
        request,
        "delivery.html",
        {
            "one": found,
            "message": message,
            "text": whole(message, 100) if message is not None else "",
            "line": _line(found, found.id, found.sent_at, found.error, found.attempts),
            "related": related,
            "manners": manners,
            "waits": found.state in outbox.OPEN,
        },
    )


def _message(found: DeliveryRow) -> Message | None:
    """What was said; None where a former version stored what this one cannot read."""
    try:
        return from_json(found.message)
    except DeliveryError:
        return None


def _related(conn: Connection, found: DeliveryRow) -> Sequence[Line]:
    """Every message about the same item, oldest first: to other channels, updates, corrections, digests."""
    rows = outbox.listing(conn, item=found.item, digests=digests.carriers(conn, found.item), limit=SIZE)
    return [_line(one, one.id, one.sent_at, one.error, one.attempts) for one in reversed(rows)]
