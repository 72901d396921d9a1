"""When a channel may be told: quiet hours and times of digests, also on the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.hours import Cadence, Hours
from monitor.core.model import Severity

NEW_YORK = ZoneInfo("America/New_York")
INSTANTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
CLOCKS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
ZONES = st.sampled_from(["America/New_York", "Europe/London", "Asia/Tokyo", "Australia/Lord_Howe", "UTC"])


def new_york(text: str) -> datetime:
    """A wall time in New York as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def test_what_comes_in_quiet_hours_waits_for_their_end() -> None:
    hours = Hours(zone=NEW_YORK, quiet="22:00-07:00", quiet_except=(Severity.HIGH,))
    assert hours.due(new_york("2026-03-02T23:30"), Severity.NORMAL) == new_york("2026-03-03T07:00")
    assert hours.due(new_york("2026-03-02T06:59"), Severity.NORMAL) == new_york("2026-03-02T07:00")
    assert hours.due(new_york("2026-03-02T22:00"), Severity.NORMAL) == new_york("2026-03-03T07:00")
    for free in ("2026-03-02T07:00", "2026-03-02T21:59"):
        assert hours.due(new_york(free), Severity.NORMAL) == new_york(free)
    assert hours.due(new_york("2026-03-02T23:30"), Severity.HIGH) == new_york("2026-03-02T23:30")
    assert Hours().due(new_york("2026-03-02T23:30"), Severity.LOW) == new_york("2026-03-02T23:30")


def test_quiet_hours_within_a_day() -> None:
    hours = Hours(zone=NEW_YORK, quiet="12:00-13:00")
    assert hours.due(new_york("2026-03-02T12:30"), Severity.LOW) == new_york("2026-03-02T13:00")
    assert hours.due(new_york("2026-03-02T13:30"), Severity.LOW) == new_york("2026-03-02T13:30")


@pytest.mark.parametrize(("day", "length"), [("2026-03-08", 8), ("2026-11-01", 10)])
def test_the_night_on_which_clocks_change_is_an_hour_shorter_or_longer(day: str, length: int) -> None:
    hours = Hours(zone=NEW_YORK, quiet="22:00-07:00")
    begin = new_york(f"{day}T07:00") - timedelta(hours=length)
    assert hours.due(begin, Severity.LOW) == new_york(f"{day}T07:00")
    assert hours.due(begin - timedelta(minutes=1), Severity.LOW) < begin


def test_a_digest_comes_at_its_time_of_day_and_weekly_ones_on_their_day() -> None:
    hours = Hours(zone=NEW_YORK, digest_at="18:00", digest_day="fri")
    assert hours.next_digest(new_york("2026-03-02T12:00"), Cadence.DAILY) == new_york("2026-03-02T18:00")
    assert hours.next_digest(new_york("2026-03-02T18:00"), Cadence.DAILY) == new_york("2026-03-03T18:00")
    assert hours.next_digest(new_york("2026-03-02T12:00"), Cadence.WEEKLY) == new_york("2026-03-06T18:00")
    assert hours.next_digest(new_york("2026-03-06T18:00"), Cadence.WEEKLY) == new_york("2026-03-13T18:00")


@pytest.mark.parametrize("first", ["2026-03-06T12:00", "2026-10-30T12:00"])
@pytest.mark.parametrize("at", ["01:30", "02:30", "03:30"])
def test_changing_clocks_neither_skip_nor_double_a_digest(first: str, at: str) -> None:
    hours, now = Hours(zone=NEW_YORK, digest_at=at), new_york(first)
    end = now + timedelta(days=5)
    found = []
    while (now := hours.next_digest(now, Cadence.DAILY)) < end:
        found.append(now)
    assert len({one.astimezone(NEW_YORK).date() for one in found}) == len(found) == 5


@given(INSTANTS, CLOCKS, ZONES, st.sampled_from([Cadence.DAILY, Cadence.WEEKLY]))
def test_the_next_digest_is_never_past_and_never_far(now: datetime, at: str, zone: str, cadence: Cadence) -> None:
    due = Hours(zone=ZoneInfo(zone), digest_at=at).next_digest(now, cadence)
    assert now < due <= now + timedelta(days=7 if cadence is Cadence.WEEKLY else 1, hours=2)


@given(INSTANTS, CLOCKS, CLOCKS, ZONES)
def test_the_end_of_quiet_hours_is_never_quiet(now: datetime, begin: str, end: str, zone: str) -> None:
    if begin == end:
        return
    hours = Hours(zone=ZoneInfo(zone), quiet=f"{begin}-{end}")
    due = hours.due(now, Severity.LOW)
    assert now <= due <= now + timedelta(hours=25)
    assert hours.due(due, Severity.LOW) == due
