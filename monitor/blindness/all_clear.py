"""Once a day: what was looked at, and that all is well – or what is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor import telling
from monitor.core.sight import FundSight
from monitor.notify.message import Message, notice
from monitor.notify.words import plural
from monitor.routing import today
from monitor.store import incidents, outbox, sights
from monitor.store.engine import Connection

DAY, LAST = timedelta(days=1), time(23)
SHOWN = 10


def is_due(conn: Connection, at: str, zone: str, now: datetime) -> bool:
    """Whether the time of day `at` (in `zone`) has come and the day's notice is not promised yet.

    A day has one local date: the hour that a change of clocks repeats or leaves out makes neither two nor none. Where
    nothing was looked at yet, as after a start, it waits for the first look, until `LAST` at most.
    """
    local, hour = now.astimezone(ZoneInfo(zone)), time.fromisoformat(at)
    if local.time() < hour or outbox.last_revision(conn, _name(zone, now)):
        return False
    return local.time() >= LAST or sights.looked_at(conn, now - DAY) > 0


def all_clear(conn: Connection, seen: Sequence[FundSight], zone: str, operators: Sequence[str], now: datetime) -> None:
    """Promises the day's notice."""
    telling.tell_operator(conn, _message(conn, _name(zone, now), seen, now), operators, now)


def _name(zone: str, now: datetime) -> str:
    return f"clear-{today(now, zone)}"


def _message(conn: Connection, name: str, seen: Sequence[FundSight], now: datetime) -> Message:
    open_ = [one for one in incidents.listing(conn) if one.kind != "closed"]
    counts = sights.since(conn, now - DAY)
    looked = plural(counts.funds, "fund") + " looked at"
    changes = f"{plural(counts.files, 'new file')}, {plural(counts.events, 'position change')}"
    asleep = [one.ticker for one in seen if one.closed is None and (one.asked_at is None or one.asked_at < now - DAY)]
    state = f"{len(open_)} open" if open_ else f"{len(asleep)} not looked at" if asleep else "all clear"
    late = [one.ticker for one in seen if one.is_late(now)]
    lines = [f"In the last 24 hours: {looked} of {len(seen)} watched, {changes}."]
    lines += [f"Open since {one.opened_at[:16].replace('T', ' ')} UTC: {one.headline}" for one in open_[:SHOWN]]
    lines += [f"Late: {', '.join(late[:SHOWN])}"] if late else []
    lines += [f"Not looked at: {', '.join(asleep[:SHOWN])}"] if asleep else []
    return notice(name, f"Holdings monitor: {state}. {looked}, {changes}", at=now, lines=lines)
