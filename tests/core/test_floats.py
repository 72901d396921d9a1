"""When a position was more than so much of a company."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.floats import Size, above, one_a_session, together

DAY = date(2026, 1, 5)


def sizes(*shares: int) -> list[Size]:
    days = [DAY + timedelta(days=n) for n in range(len(shares))]
    return [Size(day, day, Decimal(count), 1) for day, count in zip(days, shares, strict=True)]


def test_first_last_and_peak_above() -> None:
    found = above(sizes(40, 60, 90, 50, 70, 10), Decimal(1_000), Decimal(5))
    assert found is not None
    assert [found.first.shares, found.peak.shares, found.last.shares] == [60, 90, 70]
    assert (int(found.percent), found.sessions) == (9, 3)  # 50 is not more than 5 % of 1,000


def test_never_above_is_none_and_no_company_has_no_shares() -> None:
    assert above(sizes(1, 2), Decimal(1_000), Decimal(5)) is None
    assert above([], Decimal(1_000), Decimal(5)) is None
    with pytest.raises(ValueError, match="more than 0"):
        above(sizes(1), Decimal(0), Decimal(5))


def test_two_files_of_one_session_are_one_size() -> None:
    holiday = Size(DAY, DAY + timedelta(days=1), Decimal(45), 1)
    assert one_a_session([*sizes(40), holiday, *sizes(40, 60)[1:]]) == [holiday, sizes(40, 60)[1]]


def test_an_issuers_size_is_that_of_its_funds_session_by_session() -> None:
    found = together([sizes(40, 60, 10), sizes(5, 5)])
    assert [(int(one.shares), one.funds) for one in found] == [(45, 2), (65, 2), (10, 1)]
    assert together([]) == []


@given(st.lists(st.integers(0, 1_000), max_size=20), st.integers(1, 500), st.integers(0, 100))
def test_what_is_found_is_above(counts: list[int], outstanding: int, percent: int) -> None:
    found = above(sizes(*counts), Decimal(outstanding), Decimal(percent))
    larger = [one for one in counts if one * 100 > percent * outstanding]
    assert (found.sessions if found else 0) == len(larger)
    assert found is None or found.peak.shares == max(larger)
