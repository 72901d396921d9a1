"""Days by week and month, and runs of neighbours."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.periods import Every, last_of_each, period, runs

DAYS = st.lists(st.dates(date(2019, 12, 1), date(2022, 1, 31)), unique=True).map(sorted)


def test_a_week_may_belong_to_two_years() -> None:
    assert period(date(2020, 12, 28), Every.WEEK) == period(date(2021, 1, 3), Every.WEEK)
    assert period(date(2021, 1, 3), Every.WEEK) != period(date(2021, 1, 4), Every.WEEK)
    assert period(date(2021, 1, 31), Every.MONTH) != period(date(2021, 2, 1), Every.MONTH)


@given(DAYS, st.sampled_from(Every))
def test_of_each_period_the_last_day_is_taken_and_none_is_left_out(days: list[date], every: Every) -> None:
    found = last_of_each(days, lambda day: day, every)
    assert found == sorted(found)
    assert [period(day, every) for day in found] == list(dict.fromkeys(period(day, every) for day in days))
    for day in days:
        assert any(day <= last and period(day, every) == period(last, every) for last in found)


@given(DAYS)
def test_every_file_is_every_file(days: list[date]) -> None:
    assert last_of_each(days, lambda day: day, Every.FILE) == days


@given(st.lists(st.booleans()))
def test_runs_hold_all_that_is_wanted_and_never_touch(flags: list[bool]) -> None:
    items = [(date(2021, 1, 1) + timedelta(days=n), flag) for n, flag in enumerate(flags)]
    found = list(runs(items, lambda one: one[1]))
    assert [one for run in found for one in run] == [one for one in items if one[1]]
    for before, after in pairwise(found):
        assert (after[0][0] - before[-1][0]).days > 1
