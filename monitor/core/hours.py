"""When a channel is told: not in its quiet hours, and in digests at its time of day. It knows no clock.

Times of day are wall times of a zone. They become instants one by one, so that the days on which clocks change
neither skip a digest nor send it twice: a time that does not exist is taken as an hour later, of one that exists
twice the first counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from monitor.core.days import instant_of
from monitor.core.model import Severity

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


class Cadence(StrEnum):
    """How soon something is told, the most urgent first."""

    NOW = "now"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Hours:
    """The habits of one channel. `quiet` is "22:00-07:00" or empty; the second may be on the next day.

    `room` is how many characters one of its messages may have, None when it does not matter.
    """

    zone: tzinfo = UTC
    quiet: str = ""
    quiet_except: tuple[Severity, ...] = ()
    digest_at: str = "18:00"
    digest_day: str = "fri"
    room: int | None = None

    def due(self, now: datetime, severity: Severity) -> datetime:
        """When a message promised now may go: at once, or when the quiet hours end."""
        if not self.quiet or severity in self.quiet_except:
            return now
        begin, _, end = self.quiet.partition("-")
        today = now.astimezone(self.zone).date()
        for day in (today - _DAY, today):
            until = self._at(day + _DAY if end <= begin else day, end)
            if self._at(day, begin) <= now < until:
                return until
        return now

    def next_digest(self, now: datetime, cadence: Cadence) -> datetime:
        """The first daily or weekly digest time after `now`."""
        day = now.astimezone(self.zone).date()
        while True:
            at = self._at(day, self.digest_at)
            if at > now and (cadence is not Cadence.WEEKLY or WEEKDAYS[day.weekday()] == self.digest_day):
                return at
            day += _DAY

    def _at(self, day: date, clock: str) -> datetime:
        return instant_of(datetime.combine(day, time.fromisoformat(clock)), self.zone)
