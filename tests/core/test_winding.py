"""The last run of sales, and what is usual."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.winding import Run, last_run, usual

DAY = date(2026, 1, 5)


def spell(signs: str) -> list[tuple[date, bool]]:
    return [(DAY + timedelta(days=n), one == "-") for n, one in enumerate(signs)]


def test_the_run_begins_after_the_last_purchase() -> None:
    assert last_run(spell("+-+---")) == Run(DAY + timedelta(days=3), 3)
    assert last_run(spell("--")) == Run(DAY, 2)
    assert last_run(spell("-+")) is None
    assert last_run([]) is None


def test_median_and_mean() -> None:
    assert usual([]) is None
    assert usual([1, 2, 9]) == (Decimal(2), Decimal("4.0"))
    assert usual([1, 2]) == (Decimal("1.5"), Decimal("1.5"))


@given(st.text("+-", max_size=30))
def test_the_run_is_the_tail_of_sales(signs: str) -> None:
    tail = len(signs) - len(signs.rstrip("-"))
    found = last_run(spell(signs))
    assert (found.sales if found else 0) == tail
    assert found is None or found.first == DAY + timedelta(days=len(signs) - tail)
