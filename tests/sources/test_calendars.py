"""Trading days as the calendar library knows them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from monitor.core.errors import ConfigError
from monitor.sources.calendars import last_session, provider, sessions_between

ROOT = Path(__file__).parents[2]


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


def test_calendars_asked_for_together_are_those_asked_for_alone() -> None:
    first, last = date(2024, 12, 20), date(2025, 1, 10)
    sessions = provider(["XNYS", "NASDAK", "XLON"])
    assert [sessions(one, first, last) for one in ("XLON", "XNYS")] == [
        sessions_between(one, first, last) for one in ("XLON", "XNYS")
    ]
    with pytest.raises(ConfigError, match="NASDAK"):
        sessions("NASDAK", first, last)


ELSEWHERE = """
import sys
from datetime import UTC, date, datetime
from monitor.sources.calendars import last_session, provider
days = date(2024, 12, 20), date(2025, 1, 10)
there = provider(["XNYS", "XLON"])("XLON", *days)
assert last_session("XNYS", datetime(2026, 8, 31, 19, 59, tzinfo=UTC)) == date(2026, 8, 28)
assert "pandas" not in sys.modules, "it was looked up here"
sys.executable = "/nowhere/python"
here = provider(["XLON"])("XLON", *days)
assert "pandas" in sys.modules
assert here == there, (here, there)
"""


def test_a_process_without_the_library_has_another_one_look_up() -> None:
    done = subprocess.run([sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
