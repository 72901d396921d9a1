"""Trading days as the calendar library knows them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from monitor.core.errors import ConfigError
from monitor.sources.calendars import last_session, sessions_between


def test_weekends_and_holidays_are_no_sessions() -> None:
    days = sessions_between("XNYS", date(2024, 12, 24), date(2025, 1, 10))
    assert days[:3] == [date(2024, 12, 24), date(2024, 12, 26), date(2024, 12, 27)]
    assert date(2025, 1, 9) not in days  # a day of mourning, announced ten days before
    assert (len(days), days[-1]) == (11, date(2025, 1, 10))


def test_two_exchanges_keep_different_holidays() -> None:
    boxing_day = date(2024, 12, 26)
    assert sessions_between("XNYS", boxing_day, boxing_day) == [boxing_day]
    assert boxing_day not in sessions_between("XLON", date(2024, 12, 23), date(2024, 12, 31))


def test_an_unknown_calendar_is_said_in_words() -> None:
    with pytest.raises(ConfigError, match="No exchange calendar is called 'NASDAK'"):
        sessions_between("NASDAK", date(2024, 1, 1), date(2024, 2, 1))


def test_a_calendar_that_is_known_for_some_years_only_ends_there() -> None:
    days = sessions_between("XKRX", date(2050, 12, 1), date(2052, 1, 1))
    assert days
    assert days[-1] <= date(2050, 12, 31)
    assert sessions_between("XKRX", date(2060, 1, 1), date(2060, 2, 1)) == []


def test_the_last_session_of_a_day_is_that_day_or_one_before() -> None:
    assert last_session("XNYS", date(2026, 8, 30)) == date(2026, 8, 28)
    assert last_session("XNYS", date(2026, 8, 28)) == date(2026, 8, 28)
    assert last_session("XTAI", date(2026, 2, 22)) == date(2026, 2, 11)  # the lunar new year
    assert last_session("XKRX", date(2060, 1, 1)) is None


def test_the_last_session_of_a_moment_has_ended_by_then() -> None:
    assert last_session("XNYS", datetime(2026, 8, 31, 19, 59, tzinfo=UTC)) == date(2026, 8, 28)
    assert last_session("XNYS", datetime(2026, 8, 31, 20, 0, tzinfo=UTC)) == date(2026, 8, 31)
    assert last_session("XTKS", datetime(2026, 8, 31, 20, 0, tzinfo=UTC)) == date(2026, 8, 31)
    assert last_session("XKRX", datetime(2060, 1, 1, tzinfo=UTC)) is None
