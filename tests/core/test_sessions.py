"""Trading days: finding and counting them, what a printed date means, where files are missing."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.model import Convention, Interval
from monitor.core.sessions import Gap, Sessions, change_interval, gaps, pos_session
from tests.core.samples import CALENDAR, day

MON, TUE, FRI, SAT, SUN = date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 9), date(2026, 1, 10), date(2026, 1, 11)
NEXT = date(2026, 1, 12)


def test_neighbours_of_a_session_and_of_a_weekend() -> None:
    assert (CALENDAR.on_or_before(FRI), CALENDAR.before(FRI), CALENDAR.after(FRI)) == (FRI, date(2026, 1, 8), NEXT)
    assert (CALENDAR.on_or_before(SUN), CALENDAR.before(SUN), CALENDAR.after(SUN)) == (FRI, FRI, NEXT)
    assert (CALENDAR.is_session(FRI), CALENDAR.is_session(SAT)) == (True, False)


def test_outside_the_calendar_there_is_nothing() -> None:
    short = Sessions((MON, TUE))
    assert (short.on_or_before(date(2026, 1, 4)), short.before(MON), short.after(TUE)) == (None, None, None)
    assert not short.is_session(NEXT)


def test_distance_counts_sessions_not_days() -> None:
    assert CALENDAR.distance(FRI, NEXT) == 1
    assert CALENDAR.distance(FRI, SUN) == 0
    assert CALENDAR.distance(MON, NEXT) == 5
    assert list(CALENDAR.between(FRI, NEXT)) == [FRI, NEXT]


@pytest.mark.parametrize(
    ("convention", "as_of", "expected"),
    [
        (Convention.CLOSE, FRI, FRI),
        (Convention.OPEN, NEXT, FRI),
        (Convention.OPEN, FRI, date(2026, 1, 8)),
        (Convention.CALENDAR, SUN, FRI),
        (Convention.MONTH_END, date(2026, 1, 31), date(2026, 1, 30)),
        (Convention.UNKNOWN, FRI, None),
    ],
)
def test_the_session_behind_a_printed_date(convention: Convention, as_of: date, expected: date | None) -> None:
    assert pos_session(CALENDAR, convention, as_of) == expected


def test_a_change_lies_between_two_closes() -> None:
    assert change_interval(CALENDAR, FRI, NEXT) == Interval(NEXT, NEXT)
    assert change_interval(CALENDAR, MON, FRI) == Interval(TUE, FRI)
    assert change_interval(CALENDAR, FRI, FRI) == Interval(FRI, FRI)
    assert change_interval(CALENDAR, None, FRI) == Interval(None, FRI)
    assert change_interval(CALENDAR, MON, None) == Interval(None, None)
    assert change_interval(Sessions((MON,)), MON, FRI) == Interval(FRI, FRI)


def test_gaps_are_runs_of_sessions_without_files() -> None:
    covered = {day(0), day(3), day(4), day(7)}
    assert gaps(CALENDAR, covered, day(0), day(9)) == [
        Gap(day(1), day(2), 2),
        Gap(day(5), day(6), 2),
        Gap(day(8), day(9), 2),
    ]
    assert gaps(CALENDAR, covered, day(3), day(4)) == []


@given(st.sets(st.integers(0, 30)))
def test_gaps_and_covered_sessions_make_up_the_calendar(numbers: set[int]) -> None:
    covered = {day(n) for n in numbers}
    found = gaps(CALENDAR, covered, day(0), day(30))
    missing = [d for gap in found for d in CALENDAR.between(gap.first, gap.last)]
    assert sorted([*covered, *missing]) == list(CALENDAR.between(day(0), day(30)))
    assert all(len(CALENDAR.between(gap.first, gap.last)) == gap.sessions for gap in found)
