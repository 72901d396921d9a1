"""When files are expected and late, and when to ask: weekends, holidays, Mondays, clock changes, growing waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.model import Convention
from monitor.core.sessions import Sessions
from monitor.core.watching import (
    ENOUGH,
    RETRIES,
    Asked,
    Expectation,
    Freshness,
    Habit,
    Manner,
    Rhythm,
    Seen,
    Window,
    expect,
    learn,
    missed,
    next_poll,
    slot_of,
    stagger,
)
from tests.core.samples import CALENDAR

NEW_YORK = ZoneInfo("America/New_York")
HOLIDAY = date(2026, 1, 19)  # a Monday
SESSIONS = Sessions(tuple(day for day in CALENDAR.days if day != HOLIDAY))
EVENING = Window(0, time(18), 0, time(20))
MORNING = Window(-1, time(18), 0, time(9, 30))
CLOSE = Manner(SESSIONS, NEW_YORK, Convention.CLOSE, usual=EVENING)
OPEN = Manner(SESSIONS, NEW_YORK, Convention.OPEN, usual=MORNING)
MINUTE = timedelta(minutes=1)
TUE, WED, THU, FRI, MON = (date(2026, 1, one) for one in (6, 7, 8, 9, 12))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A local time in New York as an instant."""
    return datetime.combine(day, time(hour, minute), NEW_YORK).astimezone(UTC)


def expected(now: datetime, last: date | None, manner: Manner) -> Expectation:
    """What is expected, where something is."""
    found = expect(now, last, manner)
    assert found is not None
    return found


# --- what is expected -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (at(WED, 17, 59), Freshness.FRESH),
        (at(WED, 18), Freshness.EXPECTED),
        (at(WED, 20, 1), Freshness.EXPECTED),
        (at(WED, 21, 59), Freshness.EXPECTED),
        (at(WED, 22), Freshness.LATE),  # 1.5 × the four hours from the close to 20:00
        (at(FRI, 12), Freshness.LATE),
    ],
)
def test_a_file_is_late_after_one_and_a_half_times_the_usual_delay(now: datetime, state: Freshness) -> None:
    found = expected(now, TUE, CLOSE)
    assert (found.as_of, found.state) == (WED, state)
    assert found.late_since == (at(WED, 22) if state is Freshness.LATE else None)


def test_an_open_publisher_has_a_monday_file_and_it_can_be_late() -> None:
    slot = expected(at(MON, 8), FRI, OPEN).oldest
    assert (slot.as_of, slot.first, slot.last) == (MON, at(MON - timedelta(days=1), 18), at(MON, 9, 30))
    assert slot.late_from == at(MON, 18, 15)  # from Friday's close 17.5 hours of sessions, and half as much again
    assert expected(at(MON, 12), FRI, OPEN).state is Freshness.EXPECTED
    assert expected(at(MON, 19), FRI, OPEN).state is Freshness.LATE


def test_weekends_and_holidays_are_never_late() -> None:
    friday = date(2026, 1, 16)
    for hours in range(3 * 24 + 20):
        assert expected(at(friday, 23) + timedelta(hours=hours), friday, CLOSE).state is not Freshness.LATE
        assert expected(at(friday, 9) + timedelta(hours=hours), friday, OPEN).state is not Freshness.LATE
    assert expected(at(friday, 23), friday, CLOSE).as_of == HOLIDAY + timedelta(days=1)


def test_the_next_morning_of_a_friday_is_a_monday() -> None:
    manner = Manner(SESSIONS, NEW_YORK, Convention.CLOSE, usual=Window(1, time(6), 1, time(7)))
    slot = slot_of(FRI, manner)
    assert slot is not None
    assert (slot.first, slot.last, slot.late_from) == (at(MON, 6), at(MON, 7), at(MON, 14, 30))


def test_after_days_without_a_file_the_oldest_is_late_and_the_newest_is_asked_for() -> None:
    found = expected(at(FRI, 18, 30), TUE, CLOSE)
    assert (found.oldest.as_of, found.newest.as_of, found.late_since) == (WED, FRI, at(WED, 22))
    before = expected(at(FRI, 17), TUE, CLOSE)
    assert before.newest.as_of == THU


def test_nothing_is_expected_without_a_file_after_the_close_of_a_fund_or_beyond_the_calendar() -> None:
    assert expect(at(WED, 12), None, CLOSE) is None
    closed = Manner(SESSIONS, NEW_YORK, Convention.CLOSE, usual=EVENING, closed=WED)
    assert expected(at(FRI, 12), TUE, closed).newest.as_of == WED
    assert expect(at(FRI, 12), WED, closed) is None
    short = Sessions((TUE, WED))
    assert expect(at(FRI, 12), WED, Manner(short, NEW_YORK, Convention.CLOSE, usual=EVENING)) is None
    morning = Manner(short, NEW_YORK, Convention.CLOSE, usual=Window(1, time(6), 1, time(7)))
    assert expect(at(FRI, 12), TUE, morning) is None
    late = Manner(short, NEW_YORK, Convention.CLOSE, usual=Window(0, time(18), 0, time(23)))
    assert slot_of(WED, late) is None
    assert (
        slot_of(TUE, Manner(Sessions((TUE,)), NEW_YORK, Convention.OPEN, usual=Habit(MINUTE, 40 * 60 * MINUTE))) is None
    )


def test_where_nothing_is_known_the_usual_times_are_generous() -> None:
    def late_from(convention: Convention, monthly: bool = False) -> datetime:
        slot = slot_of(WED, Manner(SESSIONS, NEW_YORK, convention, monthly))
        assert slot is not None
        return slot.late_from

    assert late_from(Convention.CLOSE) == late_from(Convention.UNKNOWN) == at(FRI, 10)
    assert late_from(Convention.OPEN) == at(THU, 10)
    assert late_from(Convention.MONTH_END, monthly=True) > at(WED, 12) + timedelta(days=25)


def test_monthly_files_are_those_of_month_ends() -> None:
    manner = Manner(SESSIONS, NEW_YORK, Convention.MONTH_END, monthly=True)
    december, january = date(2025, 12, 31), date(2026, 1, 30)
    found = expected(at(date(2026, 2, 3), 12), december, manner)
    assert (found.as_of, found.newest.as_of, found.state) == (january, january, Freshness.EXPECTED)
    assert expected(at(date(2026, 1, 15), 12), december, manner).state is Freshness.FRESH
    overdue = expected(at(date(2026, 3, 12), 12), december, manner)
    assert (overdue.state, overdue.newest.as_of) == (Freshness.LATE, date(2026, 2, 27))
    assert expect(at(WED, 12), date(2027, 11, 30), manner) is None  # the calendar ends before the month is known to


def test_a_file_that_usually_comes_long_before_its_date_is_not_late_at_once() -> None:
    manner = Manner(SESSIONS, NEW_YORK, Convention.CLOSE, usual=Window(-1, time(18), -1, time(20)))
    slot = slot_of(WED, manner)
    assert slot is not None
    assert slot.late_from == at(TUE, 21)


def test_sessions_between_two_files_were_missed() -> None:
    assert list(missed(SESSIONS, TUE, FRI)) == [WED, THU]
    assert list(missed(SESSIONS, date(2026, 1, 16), date(2026, 1, 20))) == []


# --- habits ---------------------------------------------------------------------------------------


def seen(days: list[date], begin: time, end: time, later: int = 0) -> list[Seen]:
    """Files that appeared between two times, the as-of day or `later` days after it."""
    shift = timedelta(days=later)
    return [Seen(one, at(one + shift, begin.hour), at(one + shift, end.hour)) for one in days]


def test_habits_are_learned_once_enough_files_were_seen() -> None:
    days = list(SESSIONS.between(date(2026, 1, 5), date(2026, 1, 16)))
    few = seen(days[: ENOUGH - 1], time(18), time(19))
    assert learn(few, CLOSE) is None
    habit = learn(seen(days, time(18), time(19)), CLOSE)
    assert habit == Habit(timedelta(hours=2), timedelta(hours=3))
    manner = Manner(SESSIONS, NEW_YORK, Convention.CLOSE, usual=habit)
    slot = slot_of(date(2026, 1, 20), manner)
    assert slot is not None
    assert (slot.first, slot.last) == (at(slot.as_of, 18), at(slot.as_of, 19))
    assert slot.late_from == at(slot.as_of, 20, 30)


def test_one_outlier_and_wide_spans_teach_nothing() -> None:
    days = list(SESSIONS.between(date(2026, 1, 5), date(2026, 2, 6)))
    usual = seen(days, time(18), time(19))
    outlier = [Seen(days[3], at(days[4], 10), at(days[4], 11))]
    wide = [Seen(one, at(one, 1), at(one, 23)) for one in days[:5]]
    never = [Seen(one, at(one, 5), at(one + timedelta(days=3), 5)) for one in days]
    backwards = [Seen(one, at(one, 23), at(one, 1)) for one in days]
    assert learn([*usual, *outlier, *wide, *never, *backwards], CLOSE) == learn(usual, CLOSE)
    assert learn([*wide, *never, *backwards], CLOSE) == Habit(timedelta(hours=-15), timedelta(hours=7))


def test_files_of_the_next_morning_are_learned_over_weekends() -> None:
    days = list(SESSIONS.between(date(2026, 1, 5), date(2026, 1, 15)))
    known = [
        Seen(one, at(following, 6), at(following, 7)) for one in days if (following := SESSIONS.after(one)) is not None
    ]
    habit = learn(known, CLOSE)
    assert habit == Habit(timedelta(hours=14), timedelta(hours=15))
    slot = slot_of(date(2026, 1, 16), Manner(SESSIONS, NEW_YORK, Convention.CLOSE, usual=habit))
    assert slot is not None
    assert slot.first == at(date(2026, 1, 20), 6)  # after the weekend and the holiday


# --- when to ask ----------------------------------------------------------------------------------

TIMES = Rhythm((time(6, 30), time(20, 30)), NEW_YORK, None, timedelta(minutes=10))
HALF_PAST_ONE = Rhythm((time(1, 30),), NEW_YORK, None, timedelta(minutes=10))


def asks(rhythm: Rhythm, begin: datetime, end: datetime, step: timedelta) -> list[datetime]:
    """When a fund is asked by a daemon that looks every `step`, and asked before it began."""
    found = []
    asked, now = Asked(begin), begin
    while now < end:
        now += step
        if next_poll(now, asked, None, rhythm) <= now:
            found.append(now)
            asked = Asked(now)
    return found


def test_a_fund_never_asked_is_asked_at_once() -> None:
    assert next_poll(at(TUE, 12), None, None, TIMES) == at(TUE, 12)


def test_every_day_has_its_times_mondays_and_sundays_too() -> None:
    found = asks(TIMES, at(THU, 23), at(date(2026, 1, 13), 0), 10 * MINUTE)
    days = [one.astimezone(NEW_YORK) for one in found]
    assert [one.strftime("%a %H:%M") for one in days] == [
        f"{day} {hour}" for day in ("Fri", "Sat", "Sun", "Mon") for hour in ("06:30", "20:30")
    ]


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)])
@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London"])
@pytest.mark.parametrize("local", [time(1, 30), time(2, 30), time(0, 30)])
def test_clock_changes_neither_skip_nor_double(day: date, zone: str, local: time) -> None:
    rhythm = Rhythm((local,), ZoneInfo(zone), None, 10 * MINUTE)
    begin = datetime.combine(day - timedelta(days=2), time(12), ZoneInfo(zone)).astimezone(UTC)
    found = asks(rhythm, begin, begin + timedelta(days=4), MINUTE)
    assert [one.astimezone(ZoneInfo(zone)).date() for one in found] == [day + timedelta(days=n) for n in (-1, 0, 1, 2)]


def test_half_past_one_in_autumn_is_the_first_and_not_the_second() -> None:
    autumn = date(2026, 11, 1)
    first, second = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert next_poll(first, Asked(at(autumn, 0)), None, HALF_PAST_ONE) == first
    assert next_poll(second, Asked(first), None, HALF_PAST_ONE) == at(date(2026, 11, 2), 1, 30)


def test_what_was_missed_while_down_is_caught_up_by_one_look() -> None:
    week_ago, now = at(TUE, 21), at(date(2026, 1, 13), 12)
    assert next_poll(now, Asked(week_ago), None, TIMES) <= now
    assert next_poll(now, Asked(now), None, TIMES) == at(date(2026, 1, 13), 20, 30)


def test_a_clock_that_was_wrong_neither_loses_nor_doubles() -> None:
    now = at(TUE, 12)
    assert next_poll(now, Asked(now + timedelta(days=3)), None, TIMES) == now
    assert next_poll(now, Asked(now), None, TIMES) == at(TUE, 20, 30)
    slightly = next_poll(now, Asked(now + MINUTE), None, TIMES)  # another machine's clock
    assert slightly == at(TUE, 20, 30)


def test_the_interval_counts_from_the_last_look() -> None:
    hourly = Rhythm((), NEW_YORK, timedelta(hours=1), 10 * MINUTE)
    assert next_poll(at(TUE, 12), Asked(at(TUE, 11, 30)), None, hourly) == at(TUE, 12, 30)
    never = Rhythm((), NEW_YORK, None, 10 * MINUTE)
    assert next_poll(at(TUE, 12), Asked(at(TUE, 11)), None, never) == datetime.max.replace(tzinfo=UTC)


def test_failures_wait_longer_and_longer_until_only_the_usual_times_are_left() -> None:
    asked = at(TUE, 12)
    waits = [(next_poll(asked, Asked(asked, n), None, TIMES) - asked) // MINUTE for n in range(RETRIES + 2)]
    assert waits == [510, 2, 5, 15, 30, *([60] * 8), 510]
    assert next_poll(asked, Asked(asked, 1, hopeless=True), None, TIMES) == at(TUE, 20, 30)


def test_polling_tightens_around_the_usual_time() -> None:
    def after(asked: datetime) -> datetime:
        return next_poll(asked, Asked(asked), expect(asked, TUE, CLOSE), TIMES)

    assert after(at(WED, 12)) == at(WED, 17, 40)  # two tight steps before the window
    assert after(at(WED, 18)) == at(WED, 18, 10)
    assert after(at(WED, 21, 40)) == at(WED, 21, 50)
    assert after(at(WED, 21, 55)) == at(WED, 22, 55)  # late: seldom
    assert after(at(THU, 21)) == at(THU, 21, 10)  # the file of Thursday is expected now
    friday = date(2026, 1, 10)
    assert next_poll(at(friday, 23), Asked(at(friday, 23)), expect(at(friday, 23), THU, CLOSE), TIMES) == at(
        friday + timedelta(days=1), 6, 30
    )
    assert next_poll(at(WED, 19), Asked(at(WED, 19)), expect(at(WED, 19), WED, CLOSE), TIMES) == at(WED, 20, 30)


def test_installations_ask_at_moments_of_their_own_and_always_the_same_ones() -> None:
    found = {stagger(str(one), "lantern", MINUTE) for one in range(200)}
    assert len(found) == 200
    assert min(found) >= timedelta()
    assert max(found) < MINUTE
    assert stagger("1", "lantern", MINUTE) == stagger("1", "lantern", MINUTE) != stagger("1", "quill", MINUTE)
    assert stagger("1", "lantern", timedelta()) == timedelta()


def test_fixed_times_are_asked_later_by_the_offset_once_each() -> None:
    late = replace(TIMES, offset=timedelta(seconds=42))
    found = asks(late, at(THU, 23), at(date(2026, 1, 11), 0), timedelta(seconds=6))
    local = [one.astimezone(NEW_YORK).strftime("%a %H:%M:%S") for one in found]
    assert local == [f"{day} {hour}:42" for day in ("Fri", "Sat") for hour in ("06:30", "20:30")]
    begun = next_poll(at(WED, 12), Asked(at(WED, 12)), expect(at(WED, 12), TUE, CLOSE), late)
    assert begun == at(WED, 17, 40) + late.offset


def test_a_wide_window_is_not_asked_more_often_than_a_narrow_one() -> None:
    asked = at(TUE, 23)
    found = next_poll(asked, Asked(asked), expect(asked, TUE, OPEN), TIMES)
    assert asked + 20 * MINUTE < found < asked + 40 * MINUTE


instants = st.integers(0, 700 * 24 * 60).map(lambda minutes: at(date(2025, 1, 1), 0) + minutes * MINUTE)
conventions = st.sampled_from(Convention)
windows = st.builds(
    lambda a, b, days, more: Window(days, a, days + more, b),
    st.times(),
    st.times(),
    st.integers(-1, 2),
    st.integers(0, 2),
)


@given(instants, st.sampled_from(SESSIONS.days[:700]), conventions, st.none() | windows, st.booleans())
def test_expectations_are_ordered_and_never_in_the_past_of_the_last_file(
    now: datetime, last: date, convention: Convention, usual: Window | None, monthly: bool
) -> None:
    found = expect(now, last, Manner(SESSIONS, NEW_YORK, convention, monthly, usual))
    assert found is not None
    for slot in (found.oldest, found.newest):
        assert slot.as_of > last
        assert slot.first <= slot.last < slot.late_from
    assert found.oldest.as_of <= found.newest.as_of
    assert SESSIONS.is_session(found.oldest.late_from.astimezone(NEW_YORK).date())
    assert (found.state is Freshness.LATE) == (found.oldest.late_from <= now)


@given(instants, instants, st.integers(0, 20), st.none() | st.sampled_from(SESSIONS.days[:700]))
def test_asking_always_moves_the_next_look_into_the_future(
    now: datetime, before: datetime, failures: int, last: date | None
) -> None:
    rhythm = Rhythm((time(6, 30), time(1, 30)), NEW_YORK, timedelta(hours=2), 10 * MINUTE)
    expectation = expect(now, last, CLOSE)
    assert next_poll(now, Asked(now, failures), expectation, rhythm) > now
    due = next_poll(now, Asked(before, failures), expectation, rhythm)
    assert due <= max(now, before + timedelta(hours=2))
