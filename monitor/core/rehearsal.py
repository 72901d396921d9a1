"""What rules would have told of the past: routes counted by week and channel. It asks no clock and sends nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from monitor.core.hours import Cadence
from monitor.core.rules import AlertPlan, Route, Subject


@dataclass(frozen=True, slots=True)
class Past:
    """A stored item: what rules see of it, its id and what it says."""

    subject: Subject
    item: str
    headline: str


@dataclass(frozen=True, slots=True)
class Tried:
    """How a channel would have heard of an item."""

    past: Past
    route: Route

    @property
    def how(self) -> str:
        """now, daily, weekly, muted or never."""
        return "muted" if self.route.muted else self.route.cadence.value


@dataclass(frozen=True, slots=True)
class Week:
    """One channel's week, by the days of the items: changes at once, in digests, muted and not told; and how many
    messages that makes: one for each change at once, one for each day and week with a digest."""

    week: date  # its Monday
    channel: str
    now: int
    daily: int
    weekly: int
    muted: int
    never: int
    messages: int


def rehearse(plan: AlertPlan, past: Iterable[Past], now: datetime) -> list[Tried]:
    """Every route of every item, as if the rules and the mutes of today had held then; oldest first."""
    found = [Tried(one, route) for one in past for route in plan.routes(one.subject, now)]
    return sorted(found, key=lambda one: (one.past.subject.day, -one.past.subject.score, one.past.item))


def weeks(tried: Iterable[Tried]) -> list[Week]:
    """The same counted."""
    groups: dict[tuple[date, str], list[Tried]] = {}
    for one in tried:
        day = one.past.subject.day
        groups.setdefault((day - timedelta(days=day.weekday()), one.route.channel), []).append(one)
    return [_week(week, channel, groups[week, channel]) for week, channel in sorted(groups)]


def _week(week: date, channel: str, tried: list[Tried]) -> Week:
    counts = {how: sum(one.how == how for one in tried) for how in (*Cadence, "muted")}
    digests = len({one.past.subject.day for one in tried if one.how == Cadence.DAILY})
    messages = counts[Cadence.NOW] + digests + (1 if counts[Cadence.WEEKLY] else 0)
    return Week(
        week,
        channel,
        counts[Cadence.NOW],
        counts[Cadence.DAILY],
        counts[Cadence.WEEKLY],
        counts["muted"],
        counts[Cadence.NEVER],
        messages,
    )
