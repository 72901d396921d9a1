"""Turns items into promises in the outbox: the message, its picture of the past, its sources, its revision.

Nothing is sent here and nothing is decided: the pipeline says which item is told, the plan to whom.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from monitor.core.model import Item
from monitor.core.spells import Point
from monitor.derive import Told
from monitor.notify.message import Form, HistoryPoint, Message, SourceRef, compose
from monitor.notify.message import withdraw as taken_back
from monitor.notify.wire import from_json, to_json
from monitor.store import lines, outbox, past
from monitor.store.engine import Connection
from monitor.store.outbox import NewDelivery

POINTS = 40  # of the sparkline
NO_LONGER_SHOWN = "A later or corrected file of the issuer no longer shows this change."


def promise(conn: Connection, issuer_name: str, told: Told, channels: Sequence[str], now: datetime) -> int:
    """Promises one message about an item to every channel; an unsent older one is replaced."""
    revision = outbox.last_revision(conn, told.item.key) + 1
    message = compose(
        told.item,
        told.security,
        issuer_name=issuer_name,
        history=picture(conn, told),
        sources=sources(conn, told.item),
        revision=revision,
        link=None,
    )
    return outbox.promise(conn, [_row(message, channel) for channel in channels], now=now)


def tell_operator(conn: Connection, message: Message, operators: Sequence[str], now: datetime) -> int:
    """Promises a notice to the first of the channels that may carry one; said once however often it is promised."""
    return outbox.enqueue(conn, [_row(message, channel) for channel in operators[:1]], now=now)


def was_told(conn: Connection, item: str) -> bool:
    """Whether a message about the item arrived somewhere, or may yet arrive."""
    return outbox.last_revision(conn, item) > 0


def withdraw(conn: Connection, item: str, now: datetime, reason: str = "") -> int:
    """Takes back what was promised or told about an item that a newer file has made untrue."""
    outbox.withdraw_pending(conn, item)
    told = {channel: from_json(text) for channel, text in outbox.last_told(conn, item).items()}
    believed = {channel: message for channel, message in told.items() if message.form is not Form.WITHDRAWN}
    revision = outbox.last_revision(conn, item) + 1
    rows = [
        _row(taken_back(message, revision=revision, at=now, reason=reason or NO_LONGER_SHOWN), channel)
        for channel, message in believed.items()
    ]
    return outbox.promise(conn, rows, now=now)


def _row(message: Message, channel: str) -> NewDelivery:
    return NewDelivery(message.item, message.revision, channel, message.severity.value, to_json(message))


def picture(conn: Connection, told: Told) -> list[HistoryPoint]:
    """Shares the issuer's funds held together, until the item's file."""
    return shares_over_time(conn, told.item.issuer, told.keys, told.item.as_of)


def shares_over_time(conn: Connection, issuer: str, keys: Sequence[str], until: date) -> list[HistoryPoint]:
    """Shares the issuer's funds held together, at the ends of 40 equal spans; None where no file covers a span."""
    tracks = lines.issuer_tracks(conn, issuer, keys, until)
    days = sorted({point.as_of for track in tracks for point in track})
    if not days:
        return []
    length = (days[-1] - days[0]) / POINTS
    ends = [days[0] + length * (n + 1) for n in range(POINTS - 1)] + [days[-1]]
    points, start = [], days[0]
    for end in ends:
        covered = any(start <= day <= end for day in days)
        points.append(HistoryPoint(end, sum((_held(track, end) for track in tracks), Decimal(0)) if covered else None))
        start = end
    return points


def _held(track: Sequence[Point], day: date) -> Decimal:
    """What a fund's last file up to `day` listed."""
    found = bisect_right(track, day, key=lambda point: point.as_of)
    return track[found - 1].shares or Decimal(0) if found else Decimal(0)


def sources(conn: Connection, item: Item) -> list[SourceRef]:
    """The files an item rests on, the newest of each fund."""
    newest = {e.fund: e for e in sorted(item.evidence, key=lambda e: e.as_of)}
    return [
        SourceRef(fund, line.as_of, *past.file_of(conn, item.issuer, fund, line.as_of, line.sha256))
        for fund, line in sorted(newest.items())
    ]
