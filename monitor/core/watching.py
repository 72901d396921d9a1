"""When a fund's next file is to be expected, when it is late, and when to ask again. Instants in, instants out.

It reads no clock and knows no issuer: `now`, the trading days and what was seen so far are arguments. Usual times are
local wall-clock times on *session time*, an axis on which days without trading have no length: a Friday file that
usually comes the next morning is expected on Monday morning, and nothing is ever late because of a holiday.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from monitor.core.days import instant_of
from monitor.core.model import Convention
from monitor.core.sessions import Sessions, pos_session

DAY = timedelta(days=1)
CLOSE = time(
    16
)  # from here delays are counted; exact closing times, half days among them, do not matter to 1.5 × a delay
GRACE = timedelta(hours=1)  # a file is never late sooner after its usual last instant
ENOUGH = 5  # files whose publication was seen, before habits are believed
WIDEST = DAY  # a longer span between two looks says too little about when a file appeared
NARROW = timedelta(hours=2)  # spans like this count alone, where there are enough of them
MOST_ASKS = 36  # in the usual window of one file, however wide it is
RETRY_MINUTES = (2, 5, 15, 30, 60)  # after the first, second … failure in a row
RETRIES = 12  # failures in a row after which only the usual times are left
SKEW = timedelta(minutes=5)  # clocks of two machines may differ by so much


class Freshness(StrEnum):
    """Whether the next file is not yet due, within its usual time or a little over it, or late."""

    FRESH = "fresh"
    EXPECTED = "expected"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Window:
    """When the issuer is said to publish: days from the as-of date (later ones are sessions), local times."""

    first_day: int
    first: time
    last_day: int
    last: time


@dataclass(frozen=True, slots=True)
class Habit:
    """When files were seen to appear: session time after the close they describe."""

    first: timedelta
    last: timedelta


@dataclass(frozen=True, slots=True)
class Seen:
    """One file's publication: it was not there at `after` and there at `by`."""

    as_of: date
    after: datetime
    by: datetime


@dataclass(frozen=True, slots=True)
class Manner:
    """How a fund publishes: its trading days and local time, what its dates mean, how often, and when usually."""

    sessions: Sessions
    zone: tzinfo
    convention: Convention
    monthly: bool = False
    usual: Window | Habit | None = None  # None: what is usual everywhere
    late_factor: float = 1.5
    closed: date | None = None  # the date of its last file


@dataclass(frozen=True, slots=True)
class Slot:
    """One file to come: the usual first and last instant, and from when on it is late."""

    as_of: date
    first: datetime
    last: datetime
    late_from: datetime


@dataclass(frozen=True, slots=True)
class Expectation:
    """The oldest file that is not there, and the newest whose time has begun (the same while one is missing)."""

    oldest: Slot
    newest: Slot
    state: Freshness

    @property
    def as_of(self) -> date:
        """The date of the file expected next."""
        return self.oldest.as_of

    @property
    def late_since(self) -> datetime | None:
        """Since when it is late; None while it is not."""
        return self.oldest.late_from if self.state is Freshness.LATE else None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When funds are asked: at these times of day, by the interval, and often while a file is expected."""

    times: tuple[time, ...]
    zone: tzinfo
    interval: timedelta | None
    tight: timedelta
    offset: timedelta = timedelta()  # by how much this installation asks later than the clock says


@dataclass(frozen=True, slots=True)
class Asked:
    """The last look for a fund's file. `failures` in a row; `hopeless`: soon again would be in vain as well."""

    at: datetime
    failures: int = 0
    hopeless: bool = False


# --- what is expected -----------------------------------------------------------------------------


def learn(seen: Sequence[Seen], manner: Manner) -> Habit | None:
    """When this fund publishes, as its last files show; None while too few were seen.

    A quarter of the files appeared before `first`, a tenth after `last`.
    """
    known = [one for one in seen if one.after < one.by and one.by - one.after <= WIDEST]
    narrow = [one for one in known if one.by - one.after <= NARROW]
    used = narrow if len(narrow) >= ENOUGH else known
    if len(used) < ENOUGH:
        return None
    first = [_delay(one.after, one.as_of, manner) for one in used]
    last = [_delay(one.by, one.as_of, manner) for one in used]
    return Habit(_quantile(first, 0.25), _quantile(last, 0.9))


def expect(now: datetime, last: date | None, manner: Manner) -> Expectation | None:
    """Which file is to come after that of `last`; None where nothing can be said: no file yet, closed, no calendar."""
    if last is None or (oldest := _next(last, manner)) is None or (slot := slot_of(oldest, manner)) is None:
        return None
    newest = slot
    day = now.astimezone(manner.zone).date() + 3 * DAY  # a file may appear before its date
    while (as_of := _newest(day, manner)) is not None and as_of > oldest:
        found = slot_of(as_of, manner)
        if found is not None and found.first <= now:
            newest = found
            break
        day = as_of - DAY
    state = Freshness.FRESH if now < slot.first else Freshness.EXPECTED if now < slot.late_from else Freshness.LATE
    return Expectation(slot, newest, state)


def slot_of(as_of: date, manner: Manner) -> Slot | None:
    """When the file of `as_of` comes; None where the calendar does not reach."""
    anchor = _position(_anchor(as_of, manner), manner.sessions)
    usual = manner.usual or _usual(manner)
    if isinstance(usual, Habit):
        first, last = _moment(anchor + usual.first, manner.sessions), _moment(anchor + usual.last, manner.sessions)
    else:
        first = _shifted(as_of, usual.first_day, usual.first, manner.sessions)
        last = _shifted(as_of, usual.last_day, usual.last, manner.sessions)
    if first is None or last is None:
        return None
    end = _position(last, manner.sessions)
    late = _moment(max(anchor + (end - anchor) * manner.late_factor, end + GRACE), manner.sessions)
    if late is None:
        return None
    return Slot(as_of, *(instant_of(one, manner.zone) for one in (min(first, last), last, late)))


def missed(sessions: Sessions, earlier: date, later: date) -> Sequence[date]:
    """The sessions between two files that follow one another: files that never came."""
    return sessions.between(earlier + DAY, later - DAY)


def _usual(manner: Manner) -> Window:
    """What holds where nothing is known: on the evening or the next day; generous, because a notice follows."""
    if manner.monthly:
        return Window(0, time(17), 15, time(20))
    if manner.convention is Convention.OPEN:
        return Window(-1, time(18), 0, time(20))
    return Window(0, time(17), 1, time(20))


def _next(last: date, manner: Manner) -> date | None:
    """The date of the file after that of `last`: of the next session, or of the end of the next month."""
    found = manner.sessions.after(last)
    if manner.monthly:
        month = date(last.year + last.month // 12, last.month % 12 + 1, 1)
        found = _month_end(month, manner.sessions)
    return None if found is None or _is_over(found, manner) else found


def _newest(day: date, manner: Manner) -> date | None:
    """The date of the newest file there can be up to `day`."""
    if manner.closed is not None:
        day = min(day, manner.closed)
    if not manner.monthly:
        return manner.sessions.on_or_before(day)
    end = _month_end(day.replace(day=1), manner.sessions)
    return end if end is not None and end <= day else manner.sessions.before(day.replace(day=1))


def _is_over(as_of: date, manner: Manner) -> bool:
    return manner.closed is not None and as_of > manner.closed


def _month_end(first: date, sessions: Sessions) -> date | None:
    """The last session of the month that begins with `first`; None where the calendar does not reach its end."""
    following = (first + 31 * DAY).replace(day=1)
    if sessions.after(following - DAY) is None:
        return None
    return sessions.before(following)


# --- session time ---------------------------------------------------------------------------------


def _anchor(as_of: date, manner: Manner) -> datetime:
    """The close that the file of `as_of` describes, in local time."""
    return datetime.combine(pos_session(manner.sessions, manner.convention, as_of) or as_of, CLOSE)


def _delay(at: datetime, as_of: date, manner: Manner) -> timedelta:
    local = at.astimezone(manner.zone).replace(tzinfo=None)
    return _position(local, manner.sessions) - _position(_anchor(as_of, manner), manner.sessions)


def _position(local: datetime, sessions: Sessions) -> timedelta:
    """Where a local time lies on session time; a day without trading is the beginning of the next session."""
    index = bisect_left(sessions.days, local.date())
    on_session = index < len(sessions.days) and sessions.days[index] == local.date()
    return index * DAY + (local - datetime.combine(local.date(), time()) if on_session else timedelta())


def _moment(position: timedelta, sessions: Sessions) -> datetime | None:
    """The local time at a position; None outside the calendar."""
    index, rest = divmod(position, DAY)
    return datetime.combine(sessions.days[index], time()) + rest if 0 <= index < len(sessions.days) else None


def _shifted(as_of: date, days: int, at: time, sessions: Sessions) -> datetime | None:
    """`at` some days after `as_of`: sessions, because nobody publishes on a holiday; before it: calendar days."""
    if days <= 0:
        return datetime.combine(as_of + days * DAY, at)
    index = bisect_left(sessions.days, as_of + DAY) + days - 1
    return datetime.combine(sessions.days[index], at) if index < len(sessions.days) else None


def _quantile(values: Sequence[timedelta], part: float) -> timedelta:
    """The value below which about `part` of the values lie: one of them, so that a single outlier moves nothing."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


# --- when to ask ----------------------------------------------------------------------------------


def next_poll(now: datetime, asked: Asked | None, expected: Expectation | None, rhythm: Rhythm) -> datetime:
    """The instant from which on the fund is to be asked (again); not after `now`: at once.

    A time of day that passed since the last look is caught up by one look, however many passed. A last look in the
    future was made by a clock that was wrong: it says nothing.
    """
    if asked is None or asked.at > now + SKEW:
        return now
    late = rhythm.offset
    candidates = [_time_after(asked.at - late, one, rhythm.zone) + late for one in rhythm.times]
    if rhythm.interval is not None:
        candidates.append(asked.at + rhythm.interval)
    if 0 < asked.failures <= RETRIES and not asked.hopeless:
        candidates.append(asked.at + timedelta(minutes=RETRY_MINUTES[min(asked.failures, len(RETRY_MINUTES)) - 1]))
    if expected is not None and (tight := _while_expected(asked.at, expected.newest, rhythm)) is not None:
        candidates.append(tight)
    return min(candidates, default=datetime.max.replace(tzinfo=UTC))


def stagger(installation: str, issuer: str, most: timedelta) -> timedelta:
    """How much later than others an installation asks an issuer: always the same, less than `most`."""
    number = int.from_bytes(hashlib.sha256(f"{installation} {issuer}".encode()).digest()[:4], "big")
    return most * number / 2**32


def _while_expected(asked: datetime, slot: Slot, rhythm: Rhythm) -> datetime | None:
    """The next look for a file in its time: often until it is late, six times as seldom for the day after."""
    begin = slot.first - 2 * rhythm.tight
    step = max(rhythm.tight, (slot.last - begin) / MOST_ASKS)
    due = max(begin + rhythm.offset, asked + step)
    if due < slot.late_from:
        return due
    slow = asked + 6 * rhythm.tight
    return slow if slow < slot.late_from + DAY else None


def _time_after(asked: datetime, at: time, zone: tzinfo) -> datetime:
    """The first instant after `asked` at which it is the local time `at`; one a day, whatever the clocks do."""
    day = asked.astimezone(zone).date() - DAY
    while (found := instant_of(datetime.combine(day, at), zone)) <= asked:
        day += DAY
    return found
