"""Flows in money and turnover."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.activity import flow_factor, flow_value, mean, turnover

D = Decimal
SUMS = st.decimals(0, 10**9, places=2, allow_nan=False)


def test_the_funds_own_shares_say_better_what_a_flow_was_than_its_lines() -> None:
    assert flow_factor(D("1.1"), D(100), D(125)) == D("1.25")
    assert flow_factor(D("1.1"), None, D(125)) == D("1.1")
    assert flow_factor(None, D(100), None) is None


def test_a_flow_is_worth_what_the_new_part_of_the_fund_is() -> None:
    assert flow_value(D(125), D("1.25")) == 25
    assert flow_value(D(100), D("0.8")) == -25
    assert flow_value(D(100), D(1)) == 0


def test_unknown_assets_or_factors_make_no_flow() -> None:
    assert flow_value(None, D(1)) is None
    assert flow_value(D(100), None) is None


def test_the_mean_is_of_what_is_known() -> None:
    assert mean([D(1), None, D(2)]) == D("1.5")
    assert mean([None]) is None


def test_nothing_is_turned_over_of_unknown_assets() -> None:
    assert turnover(D(1), D(1), None) is None


@given(SUMS, SUMS)
def test_turnover_counts_the_smaller_side(bought: Decimal, sold: Decimal) -> None:
    assert turnover(bought, sold, D(10_000)) == turnover(sold, bought, D(10_000))
    assert turnover(bought, D(0), D(10_000)) == 0
