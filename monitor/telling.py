"""Turns items into promises in the outbox: the message, its picture of the past, its sources, when it may go.

Nothing is sent here and nothing is decided: `announcing` says who is told, the plan when.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from monitor.core.hours import Cadence
from monitor.core.model import Item
from monitor.core.rules import AlertPlan, Subject, labels_of, security_names
from monitor.core.spells import Point
from monitor.derive import Told
from monitor.notify.digest import digest
from monitor.notify.message import Form, HistoryPoint, Message, SourceRef, compose, link_to
from monitor.notify.message import withdraw as taken_back
from monitor.notify.wire import from_json, to_json
from monitor.notify.words import money, quantity
from monitor.store import digests, lines, outbox, past
from monitor.store.digests import Entry
from monitor.store.engine import Connection
from monitor.store.outbox import NewDelivery

POINTS = 40  # of the sparkline
WEEKEND = timedelta(days=5)  # between two files, before and after a long one
FLOOD = "flood"  # the cadence of lines that are told at once, but together
NO_LONGER_SHOWN = "A later or corrected file of the issuer no longer shows this change."


def message_of(conn: Connection, issuer_name: str, told: Told, revision: int, page: str = "") -> Message:
    """The whole message about an item, with a link to it on the page at `page`."""
    return compose(
        told.item,
        told.security,
        issuer_name=issuer_name,
        history=picture(conn, told),
        sources=sources(conn, told.item),
        revision=revision,
        link=link_to(page, told.item.key),
    )


def line_of(issuer_name: str, told: Told, revision: int, page: str = "") -> Message:
    """The message about an item as far as a line of a digest needs it."""
    return compose(
        told.item,
        told.security,
        issuer_name=issuer_name,
        history=(),
        sources=(),
        revision=revision,
        link=link_to(page, told.item.key),
    )


def restatement(before: str, files: Sequence[tuple[str, date]]) -> str:
    """The sentence that explains a correction. `before` is the item as it was told, `files` what was published anew."""
    tree = json.loads(before)
    shares, value = (Decimal(tree[key]) if tree.get(key) is not None else None for key in ("active_shares", "value"))
    figures = [quantity(shares)] if shares is not None else []
    figures += [money(value, str(tree.get("currency") or ""))] if value is not None else []
    named = ", ".join(f"{fund} dated {as_of}" for fund, as_of in files)
    told = " · ".join([str(tree["headline"]), *figures])
    return f"The issuer published another version of its file ({named}). Told before: {told}"


def promise(conn: Connection, message: Message, channel: str, plan: AlertPlan, now: datetime) -> int:
    """Promises the message to the channel, not before its quiet hours end; an unsent older one is replaced."""
    return outbox.promise(conn, [_row(message, channel, plan.hours_of(channel).due(now, message.severity))], now=now)


def promise_digest(conn: Connection, plan: AlertPlan, channel: str, cadence: Cadence, now: datetime) -> int:
    """Makes one digest of all lines that wait for it, and promises it; the number of messages it takes.

    Lines and messages change in the caller's transaction: no line is lost, and none is in two digests.
    """
    lines = list(_unmuted(conn, plan, channel, cadence, now))
    if not lines:
        return 0
    hours = plan.hours_of(channel)
    parts = digest(channel, cadence, [message for _, message in lines], at=now, room=hours.room)
    for part in parts:
        digests.gather(conn, [lines[place][0] for place in part.members], part.message.item)
    due = hours.due(now, parts[0].message.severity)
    return outbox.enqueue(conn, [_row(part.message, channel, due) for part in parts], now=now)


def tell_operator(conn: Connection, message: Message, operators: Sequence[str], now: datetime) -> int:
    """Promises a notice to the first of the channels that may carry one; said once however often it is promised."""
    return outbox.enqueue(conn, [_row(message, channel, now) for channel in operators[:1]], now=now)


def withdraw(conn: Connection, item: str, plan: AlertPlan, now: datetime, revision: int, reason: str = "") -> list[str]:
    """Takes back what was promised or told at once about an item that a newer file has made untrue; who hears that."""
    outbox.withdraw_pending(conn, item)
    told = {channel: from_json(text) for channel, text in outbox.last_told(conn, item).items()}
    believed = {channel: message for channel, message in told.items() if message.form is not Form.WITHDRAWN}
    for channel, message in believed.items():
        gone = taken_back(message, revision=revision, at=now, reason=reason or NO_LONGER_SHOWN)
        promise(conn, gone, channel, plan, now)
    return list(believed)


def _unmuted(
    conn: Connection, plan: AlertPlan, channel: str, cadence: Cadence, now: datetime
) -> Iterator[tuple[Entry, Message]]:
    """The lines that wait for a digest; what was muted since it was written is taken out, corrections are not."""
    for entry in digests.waiting(conn, channel, FLOOD if cadence is Cadence.NOW else cadence.value):
        message = from_json(entry.message)
        if message.form is Form.ALERT and _is_muted(plan, message, channel, now):
            digests.drop(conn, entry.item, channel)
        else:
            yield entry, message


def _is_muted(plan: AlertPlan, message: Message, channel: str, now: datetime) -> bool:
    """Whether a mute silences what the message says."""
    if message.kind is None or message.security is None or message.as_of is None:
        return False
    subject = Subject(
        kind=message.kind,
        issuer=message.issuer,
        funds=frozenset(part.fund for part in message.funds),
        labels=labels_of(security_names(message.security)),
        severity=message.severity,
        score=message.score or 0,
        dollars=None,
        basis_points=None,
        absence=None,
        day=message.as_of,
    )
    return any(mute.silences(subject, channel, now) for mute in plan.mutes)


def _row(message: Message, channel: str, due: datetime) -> NewDelivery:
    return NewDelivery(message.item, message.revision, channel, message.severity.value, to_json(message), due)


def picture(conn: Connection, told: Told) -> list[HistoryPoint]:
    """Shares the issuer's funds held together, until the item's file."""
    return shares_over_time(conn, told.item.issuer, told.keys, told.item.as_of)


def shares_over_time(
    conn: Connection, issuer: str, keys: Sequence[str], until: date, *, spans: int = POINTS, fund: str | None = None
) -> list[HistoryPoint]:
    """Shares the issuer's funds (or the one) held together, in units of the last day, at the ends of equal spans.

    None where no file covers a span or a fund prints no counts; nothing where none is known.
    """
    tracks = lines.issuer_tracks(conn, issuer, keys, until, fund)
    days = sorted({point.as_of for track in tracks for point in track})
    if not days:
        return []
    length = (days[-1] - days[0]) / spans
    ends = [days[0] + length * (n + 1) for n in range(spans - 1)] + [days[-1]]
    points, start = [], days[0]
    for end in ends:
        covered = _is_covered(days, start, end)
        points.append(HistoryPoint(end, _together(tracks, end) if covered else None))
        start = end
    return points if any(point.shares is not None for point in points) else []


def _is_covered(days: Sequence[date], start: date, end: date) -> bool:
    """Whether a file is dated in the span, or those around it are only a long weekend apart."""
    before, after = bisect_left(days, start), bisect_right(days, end)
    return before < after or (0 < after < len(days) and days[after] - days[after - 1] <= WEEKEND)


def _together(tracks: Sequence[Sequence[Point]], day: date) -> Decimal | None:
    """What the funds' last files up to `day` listed together; None where one of them prints no counts."""
    found = [bisect_right(track, day, key=lambda point: point.as_of) for track in tracks]
    held = [track[at - 1].shares for track, at in zip(tracks, found, strict=True) if at]
    known = [shares for shares in held if shares is not None]
    return sum(known, Decimal(0)) if len(known) == len(held) else None


def sources(conn: Connection, item: Item) -> list[SourceRef]:
    """The files an item rests on, the newest of each fund."""
    newest = {e.fund: e for e in sorted(item.evidence, key=lambda e: e.as_of)}
    return [
        SourceRef(fund, line.as_of, *past.file_of(conn, item.issuer, fund, line.as_of, line.sha256))
        for fund, line in sorted(newest.items())
    ]
