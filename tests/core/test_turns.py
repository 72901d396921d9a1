"""Entries and exits that lists beside the daily files show."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from monitor.core.evidence import Fact, Origin, Presence, Schedule
from monitor.core.model import Interval, Kind
from monitor.core.sessions import Sessions
from monitor.core.turns import Sighting, sightings, turns

FIRST = date(2026, 1, 5)
CALENDAR = Sessions(tuple(d for d in (FIRST + timedelta(days=n) for n in range(400)) if d.weekday() < 5))


def day(number: int) -> date:
    return CALENDAR.days[number]


def seen(number: int, held: bool, is_list: bool = True, shares: int | None = 1_000) -> Sighting:
    return Sighting(day(number), held, Decimal(shares) if held and shares else None, "a list", is_list)


def test_a_quarter_held_one_not_and_one_held_are_an_exit_and_a_return() -> None:
    found = turns(CALENDAR, [seen(60, False), seen(0, True), seen(120, True, shares=None)], [])
    assert [(one.kind, one.interval) for one in found] == [
        (Kind.EXITED, Interval(day(1), day(60))),
        (Kind.RE_ENTERED, Interval(day(61), day(120))),
    ]
    assert (
        found[0].claim == f"Held on {day(0)} (1,000 shares in a list), not on {day(60)} (not in a list): exit between"
    )
    assert found[1].claim == f"Not held on {day(60)} (not in a list), held on {day(120)} (in a list): entry between"
    assert all(one.is_of_lists for one in found)


def test_daily_files_narrow_what_a_list_shows_and_outweigh_one_of_the_same_session() -> None:
    files = [seen(10, True, is_list=False), seen(30, True, is_list=False), seen(50, False, is_list=False)]
    found = turns(CALENDAR, [seen(0, True), seen(30, False), seen(60, True)], files)
    assert [(one.kind, one.interval, one.is_of_lists) for one in found] == [
        (Kind.RE_ENTERED, Interval(day(51), day(60)), False)
    ]


def test_what_files_alone_show_is_theirs_to_tell() -> None:
    files = [seen(1, True, is_list=False), seen(2, False, is_list=False)]
    assert turns(CALENDAR, [], files) == []
    assert turns(CALENDAR, [], []) == []


def test_first_seen_is_an_entry_and_a_short_absence_no_return() -> None:
    found = turns(CALENDAR, [seen(0, False), seen(10, True), seen(15, False), seen(25, True)], [])
    assert [one.kind for one in found] == [Kind.INITIATED, Kind.EXITED, Kind.RESUMED]


def test_doubts_say_nothing() -> None:
    schedule = Schedule(day(3), day(3), Origin.NPORT, "x", True, "", ())
    facts = [Fact(state, schedule) for state in Presence]
    assert [one.held for one in sightings(facts)] == [True, False]
