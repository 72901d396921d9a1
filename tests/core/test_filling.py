"""Which days are missing, how far back the past is asked for, and what is settled."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.core.filling import (
    SILENCE,
    Period,
    expected,
    is_final,
    month_ends,
    quarter_ends,
    runs,
    silent_since,
)
from monitor.core.sessions import Gap, Sessions

FIRST = date(2026, 1, 5)
CALENDAR = Sessions(tuple(d for d in (FIRST + timedelta(days=n) for n in range(200)) if d.weekday() < 5))


def day(number: int) -> date:
    return CALENDAR.days[number]


def test_a_period_may_be_open() -> None:
    assert day(3) in Period()
    assert day(3) in Period(day(3), day(3))
    assert day(3) not in Period(day(4))
    assert day(3) not in Period(None, day(2))
    assert Period(day(1), None).within(day(2), day(5)) == Period(day(2), day(5))
    assert Period(None, day(9)).within(None, day(5)) == Period(None, day(5))
    assert Period(day(2), day(1)).is_empty
    assert not Period(day(2)).is_empty


def test_sessions_without_a_file_are_missing_in_runs() -> None:
    found = expected(CALENDAR, Period(day(0), day(9)), {day(0), day(4), day(50)})
    assert found.missing == tuple(day(n) for n in (1, 2, 3, 5, 6, 7, 8, 9))
    assert runs(CALENDAR, found) == [Gap(day(1), day(3), 3), Gap(day(5), day(9), 5)]


@pytest.mark.parametrize("period", [Period(), Period(day(1)), Period(None, day(1)), Period(day(2), day(1))])
def test_without_both_ends_nothing_is_expected(period: Period) -> None:
    found = expected(CALENDAR, period, {day(0)})
    assert (found.days, found.missing, runs(CALENDAR, found)) == ((), (), [])


def test_a_monthly_file_counts_for_its_month() -> None:
    found = expected(CALENDAR, Period(date(2026, 1, 15), date(2026, 4, 30)), {date(2026, 2, 27)}, monthly=True)
    ends = [date(2026, 1, 31), date(2026, 3, 31), date(2026, 4, 30)]
    assert list(found.missing) == ends
    assert runs(CALENDAR, found) == [Gap(end, end, 1) for end in ends]


def test_month_ends_lie_within_the_days() -> None:
    assert list(month_ends(date(2025, 12, 31), date(2026, 2, 27))) == [date(2025, 12, 31), date(2026, 1, 31)]
    assert list(month_ends(date(2026, 2, 10), date(2026, 2, 20))) == []


@pytest.mark.parametrize(
    ("first", "last", "number"),
    [
        (date(2026, 1, 31), date(2026, 3, 31), 1),
        (date(2026, 1, 31), date(2026, 4, 30), 2),
        (date(2026, 5, 1), date(2026, 4, 1), 0),
    ],
)
def test_a_quarter_ends_in_any_month(first: date, last: date, number: int) -> None:
    assert quarter_ends(first, last) == number


def test_a_file_that_was_missing_for_a_week_never_comes() -> None:
    asked = datetime(2026, 1, 20, 23, tzinfo=UTC)
    assert is_final(date(2026, 1, 13), asked)
    assert not is_final(date(2026, 1, 14), asked)


def test_only_a_long_run_of_absent_days_is_silence() -> None:
    days = CALENDAR.days[: SILENCE + 10]
    absent = set(days[5 : 5 + SILENCE])
    assert silent_since(days, absent) == days[5]
    assert silent_since(days, absent - {days[20]}) is None
    assert silent_since(days, ()) is None
