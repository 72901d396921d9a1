"""Concentration and overlap of portfolios of weights."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.composition import Concentration, Overlap, common, concentration, overlap

WEIGHTS = st.decimals(-50, 50, places=4, allow_nan=False)
PORTFOLIOS = st.dictionaries(st.sampled_from("ABCDEFGH"), st.one_of(st.none(), WEIGHTS))


def test_one_name_that_is_all() -> None:
    hundred, one = Decimal(100), Decimal(1)
    assert concentration([hundred]) == Concentration(1, hundred, hundred, Decimal(10_000), one)


def test_equal_names_count_as_many_whatever_cash_stands_beside_them() -> None:
    four, forty = Decimal(4), Decimal(40)
    assert concentration([four] * 20) == Concentration(20, four, forty, Decimal(320), Decimal(20))


def test_short_positions_count_by_their_size() -> None:
    assert concentration([Decimal(-50), Decimal(50)]).effective == 2


def test_nothing_is_claimed_of_unknown_weights_or_of_none() -> None:
    assert concentration([Decimal(5), None]) == Concentration(2, None, None, None, None)
    assert concentration([]) == Concentration(0, None, None, None, None)
    assert concentration([Decimal(0)]).effective is None


@given(st.lists(st.decimals("0.01", 50, places=2, allow_nan=False), min_size=1))
def test_the_effective_number_is_between_one_and_all(weights: list[Decimal]) -> None:
    found = concentration(weights)
    assert found.effective is not None
    assert found.top10 is not None
    assert Decimal("0.9999") <= found.effective <= len(weights) + Decimal("0.0001")
    assert found.largest == max(weights) <= found.top10 <= sum(weights)


def test_the_smaller_weight_is_common_and_nothing_of_long_and_short() -> None:
    assert common(Decimal(3), Decimal(5)) == 3
    assert common(Decimal(-3), Decimal(-5)) == 3
    assert common(Decimal(-3), Decimal(5)) == 0
    assert common(None, Decimal(5)) is None
    assert common(Decimal(5), None) is None


def test_an_unknown_weight_makes_the_overlap_unknown_only_where_it_is_shared() -> None:
    one: dict[str, Decimal | None] = {"A": Decimal(3), "B": None}
    assert overlap(one, {"A": Decimal(5)}) == Overlap(Decimal(3), 1, 1, 0)
    assert overlap(one, {"A": Decimal(5), "B": Decimal(1)}) == Overlap(None, 2, 0, 0)


@given(PORTFOLIOS, PORTFOLIOS)
def test_overlap_has_no_direction(one: dict[str, Decimal | None], other: dict[str, Decimal | None]) -> None:
    forth, back = overlap(one, other), overlap(other, one)
    assert (forth.weight, forth.shared) == (back.weight, back.shared)
    assert (forth.only_one, forth.only_other) == (back.only_other, back.only_one)
    assert forth.shared + forth.only_one == len(one)


@given(st.dictionaries(st.text(), st.decimals(0, 50, places=4, allow_nan=False)))
def test_a_portfolio_overlaps_itself_wholly(one: dict[str, Decimal | None]) -> None:
    found = overlap(one, one)
    assert found.weight == sum(weight for weight in one.values() if weight is not None)
    assert (found.only_one, found.only_other) == (0, 0)
