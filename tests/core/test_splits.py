"""Splits, consolidations and what only looks like one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import splits
from monitor.core.model import Interval
from monitor.core.splits import (
    Decision,
    Pending,
    Ratio,
    Split,
    adjusted,
    decide,
    effective,
    explains,
    find,
    whole,
)
from tests.core.samples import D, day

DAY = day(1)


def ratio(
    rho: float,
    price: float | None,
    *,
    fund: str = "LANA",
    shares: float = 20_000,
    near: bool = True,
    weight: float = 1.0,
) -> Ratio:
    """A line whose shares and price changed by these ratios."""
    return Ratio("cusip:55501A105", fund, "cusip:55501A105", shares, shares * rho, price, weight, near)


def rule(one: Ratio) -> tuple[Fraction, str] | None:
    found, _ = find(DAY, [one])
    return (found[0].factor, found[0].rule) if found else None


@pytest.mark.parametrize(
    "k", [Fraction(k) for k in (2, 3, 5, 10, 20, 100)] + [Fraction(1, k) for k in (2, 3, 8, 10, 25, 100)]
)
def test_a_whole_ratio_with_the_inverse_price_is_a_split(k: Fraction) -> None:
    assert rule(ratio(float(k), 1 / float(k))) == (k, "whole ratio")


@pytest.mark.parametrize(("move", "seen"), [(0.76, True), (1.32, True), (0.74, False), (1.34, False)])
def test_the_price_may_move_by_a_third_on_the_day_of_a_split(move: float, seen: bool) -> None:
    assert (rule(ratio(4.0, move / 4)) == (Fraction(4), "whole ratio")) is seen


@pytest.mark.parametrize("k", [Fraction(3, 2), Fraction(2, 3)])
@pytest.mark.parametrize(("move", "seen"), [(0.96, True), (1.04, True), (0.94, False), (1.06, False)])
def test_three_for_two_needs_a_price_within_five_percent(k: Fraction, move: float, seen: bool) -> None:
    assert rule(ratio(float(k), move / float(k))) == ((k, "whole ratio") if seen else None)


@pytest.mark.parametrize(("more", "seen"), [(0.0, True), (0.0004, True), (0.0006, False)])
def test_the_share_ratio_must_be_exact(more: float, seen: bool) -> None:
    found = rule(ratio(10 * (1 + more), 0.1))
    assert found is not None
    assert (found[1] == "whole ratio") is seen


def test_a_few_shares_may_be_off_by_rounding() -> None:
    assert rule(ratio(10.05, 0.1, shares=30)) == (Fraction(10), "whole ratio")


@pytest.mark.parametrize(
    ("rho", "price"),
    [
        (1.30, 0.77),
        (1.33, 0.77),
        (1.25, 0.80),
        (0.80, 1.25),
        (0.75, 1.33),
        (1.0, 1.0),
        (1.0, 0.5),
        (2.0, None),
        (2.5, 1.0),
        (1.6, 0.9),
    ],
)
def test_these_are_no_splits(rho: float, price: float | None) -> None:
    assert rule(ratio(rho, price)) is None


def test_a_line_without_shares_on_either_side_is_no_split() -> None:
    assert find(DAY, [ratio(0.0, 1.0), Ratio("k", "LANA", "k", 0.0, 5.0, 1.0, 1.0)]) == ([], [])


def test_a_split_and_a_small_trade_on_one_day_keep_the_whole_ratio() -> None:
    assert rule(ratio(4.73, 0.2104)) == (Fraction(5), "whole ratio and a trade")


@pytest.mark.parametrize(
    ("before", "after", "price", "expected"),
    [
        (9, 84, 0.1033, Fraction(10)),
        (8, 88, 0.1016, Fraction(10)),
        (80, 8, 10.2, Fraction(1, 10)),
        (2, 1, 2.0094, None),
        (40, 20, 2.0, None),
        (9, 84, 0.5, None),
        (9, 60, 0.1, None),
        (20, 200, 0.1, Fraction(10)),
    ],
)
def test_of_few_shares_the_price_says_the_ratio(before: int, after: int, price: float, expected: Fraction) -> None:
    found = rule(ratio(after / before, price, shares=before))
    assert (found[0] if found else None) == expected
    assert rule(ratio(after / before, None, shares=before)) is None


@pytest.mark.parametrize(
    ("rho", "price", "expected"),
    [
        (5.2, 0.25, Fraction(4)),
        (3.3, 0.335, Fraction(3)),
        (28.0, 0.05, Fraction(20)),
        (11.1194, 0.0955, Fraction(10)),
        (0.06, 20.5, Fraction(1, 20)),
        (3.34, 0.237, None),
        (1.2, 0.5, None),
        (1.575, 0.667, None),
        (21.0, 0.1, None),
    ],
)
def test_a_price_no_market_makes_tells_a_split_from_a_trade_beside_it(
    rho: float, price: float, expected: Fraction | None
) -> None:
    found = rule(ratio(rho, price))
    assert (found[0] if found else None) == expected


def test_three_for_two_with_a_trade_is_not_guessed() -> None:
    assert rule(ratio(1.55, 1 / 1.55)) is None


def test_a_consolidation_by_no_whole_number_follows_the_price() -> None:
    assert rule(ratio(0.2247, 1 / 0.2247)) == (Fraction("0.2247"), "inverse price")
    assert rule(ratio(0.2247, 2.0)) is None
    assert rule(ratio(2.35, 1 / 2.35)) == (Fraction("2.35"), "inverse price")


@pytest.mark.parametrize(
    ("rho", "price", "expected"),
    [
        (20.0, 0.05, Fraction(20)),
        (19.2, 0.048, Fraction(20)),
        (26.3, 0.05, None),
        (2.3, 0.48, None),
        (1.5, 0.66, Fraction(3, 2)),
        (1.55, 0.66, None),
        (3.2, None, None),
    ],
)
def test_across_a_gap_only_ratios_of_three_or_more_are_believed(
    rho: float, price: float | None, expected: Fraction | None
) -> None:
    found = rule(ratio(rho, price, near=False))
    assert (found[0] if found else None) == expected


def test_what_one_fund_confirms_explains_another_that_traded() -> None:
    found, waiting = find(DAY, [ratio(10.0, 0.1, fund="LANB"), ratio(14.05, 0.1, fund="LANA")])
    assert [(s.factor, s.rule) for s in found] == [(Fraction(10), "whole ratio")]
    assert waiting == []
    assert found[0].evidence.startswith("LANB:")
    assert explains(found[0], ratio(14.05, 0.1))


@pytest.mark.parametrize(
    ("rho", "price", "explained"),
    [
        (5.0, 0.1, True),
        (20.0, 0.1, True),
        (4.9, 0.1, False),
        (20.2, 0.1, False),
        (10.0, 0.074, False),
        (10.0, 0.134, False),
        (10.0, None, False),
    ],
)
def test_split_and_trade_stay_within_a_factor_of_two(rho: float, price: float | None, explained: bool) -> None:
    assert explains(Split("k", DAY, Fraction(10), "whole ratio", ""), ratio(rho, price)) is explained


def pending(one: Ratio) -> bool:
    found, waiting = find(DAY, [one])
    assert found == []
    return one in waiting


@pytest.mark.parametrize("k", [2.0, 10.0, 20.0, 0.5, 0.05])
def test_an_exact_ratio_at_an_unmoved_price_waits(k: float) -> None:
    assert pending(ratio(k, 1.0))


@pytest.mark.parametrize(
    "one",
    [
        ratio(2.0, 0.84),
        ratio(2.0, 1.16),
        ratio(2.0, None),
        ratio(2.0, 1.0, weight=0.09),
        ratio(2.001, 1.0),
        ratio(21.0, 1.0),
        ratio(1.5, 1.0),
    ],
)
def test_what_does_not_look_like_a_split_to_come_does_not_wait(one: Ratio) -> None:
    assert not pending(one)


@pytest.mark.parametrize(
    ("k", "rho", "price", "expected"),
    [
        (Fraction(2), 1.0, 0.5, Decision.SPLIT),
        (Fraction(2), 1.04, 0.52, Decision.SPLIT),
        (Fraction(1, 12), 1.0, 12.2, Decision.SPLIT),
        (Fraction(2), 0.5, 1.0, Decision.UNDONE),
        (Fraction(1, 8), 8.0, 1.0, Decision.UNDONE),
        (Fraction(2), 1.0, 1.01, Decision.TRADE),
        (Fraction(2), 1.2, None, Decision.TRADE),
        (Fraction(2), 2.5, 0.5, Decision.TRADE),
    ],
)
def test_the_next_file_decides_what_waited(k: Fraction, rho: float, price: float | None, expected: Decision) -> None:
    waiting = Pending("k", DAY, k, 1, 2, Interval(DAY, DAY))
    assert decide(waiting, ratio(rho, price)) is expected
    assert decide(waiting, None) is Decision.UNDONE


def test_a_count_that_went_back_without_the_flow_is_undone_too() -> None:
    waiting = Pending("k", DAY, Fraction(2), 1, 2, Interval(DAY, DAY))
    assert decide(waiting, replace(ratio(0.49, 1.0), raw=0.5)) is Decision.UNDONE


def test_a_fund_that_showed_the_split_later_has_its_own_day() -> None:
    general = Split("k", day(2), Fraction(3), "", "")
    own = replace(general, day=day(3), fund="LANB")
    other = Split("k", day(2), Fraction(2), "", "")
    assert effective([own, general, other], "LANA") == [general, other]
    assert effective([own, general, other], "LANB") == [other, own]
    assert whole(0.26) == Fraction(1, 4)


def test_sizes_are_scaled_by_every_split_between_two_files() -> None:
    known = [Split("k", day(2), Fraction(3), "", ""), Split("k", day(5), Fraction(1, 2), "", "")]
    sizes = [adjusted(D(100), day(at), known, day(9)) for at in (0, 1, 2, 4, 5, 9)]
    assert sizes == [D(150), D(150), D(50), D(50), D(100), D(100)]
    assert adjusted(D(100), day(0), known, day(1)) == D(100)
    assert adjusted(D(100), day(0), known, day(2)) == D(300)


@given(
    st.sampled_from(sorted(splits._WHOLE)),
    st.integers(10_000, 10_000_000),
    st.floats(0.8, 1.25),
    st.dates(date(2020, 1, 1)),
)
def test_every_whole_split_is_found(k: Fraction, shares: int, move: float, on: date) -> None:
    after = float(round(shares * k))
    found, waiting = find(on, [Ratio("k", "LANA", "k", float(shares), after, move / float(k), 1.0)])
    assert [(s.factor, s.day) for s in found] == [(k, on)]
    assert waiting == []
    scaled = adjusted(Decimal(shares), date.min, found, on)
    assert abs(scaled - Decimal(after)) <= 1
