"""Lines exchanged for others, and pairs of trades that only look like it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.conversions import Conversion, ConversionRule, Leg, SpinOff, find, legs, spin_offs
from monitor.core.flows import Flow, Label
from monitor.core.model import AssetClass, Position
from tests.core.samples import D, by_key, position

OLD = position("cusip:old", 2_000_000, name="AMBERLY ACQUISITION CORP-A", value=D(20_000_000), weight=D("0.6"))
NEW = position("cusip:new", 2_020_000, name="QUILLON ROBOTICS INC", value=D(20_300_000), weight=D("0.6"))


def of_day(before: Position | None, *after: Position, flow: Flow | None = None, fund: str = "LANA") -> list[Conversion]:
    """The conversions between two files of these lines."""
    return find({fund: legs(by_key(before) if before else {}, by_key(*after), {}, flow or Flow(), {})})


def test_a_merger_at_about_one_for_one_is_possible() -> None:
    (found,) = of_day(OLD, NEW)
    assert (found.fund, found.leaving.root, found.arriving.root) == ("LANA", OLD.key, NEW.key)
    assert found.ratio == pytest.approx(1.01)
    assert found.rule is ConversionRule.SIMILAR
    assert not found.certain


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (replace(OLD, weight=D("0.24")), NEW),
        (replace(OLD, weight=None), NEW),
        (replace(OLD, shares=D(999), value=D(20_000_000)), replace(NEW, shares=D(999))),
        (OLD, replace(NEW, value=D(23_100_000))),
        (OLD, replace(NEW, value=D(16_900_000))),
        (OLD, replace(NEW, shares=D(500_000))),
        (OLD, replace(NEW, shares=D(3_840_000))),
        (OLD, replace(NEW, name="QUILLON BITCOIN ETF")),
        (replace(OLD, name="GALLOWAY COIN TRUST"), NEW),
        (OLD, replace(NEW, asset_class=AssetClass.RIGHT)),
        (replace(OLD, asset_class=AssetClass.RIGHT), NEW),
        (OLD, replace(NEW, asset_class=AssetClass.CASH)),
        (OLD, replace(NEW, value=None)),
        (OLD, replace(NEW, shares=None)),
        (replace(OLD, shares=None), NEW),
    ],
)
def test_a_sale_and_a_purchase_are_no_conversion(old: Position, new: Position) -> None:
    assert of_day(old, new) == []


def test_a_line_that_was_held_before_may_take_over_another() -> None:
    """Zymergen left on 2022-10-21 as Ginkgo grew by 0.9179 for one."""
    held = replace(NEW, shares=D(10_000_000), value=D(100_000_000))
    grown = replace(NEW, shares=D(11_836_000), value=D(118_360_000))
    (found,) = find({"LANA": legs(by_key(OLD, held), by_key(grown), {}, Flow(), {})})
    assert found.ratio == pytest.approx(0.918)
    assert find({"LANA": legs(by_key(OLD, held), by_key(grown), {}, Flow(), {NEW.key: Label.FLOW})}) == []


def test_any_ratio_counts_when_two_funds_show_it() -> None:
    quarter = replace(NEW, shares=D(500_000))
    half = replace(OLD, shares=D(1_000_000), value=D(10_000_000))
    eighth = replace(quarter, shares=D(250_000), value=D(10_150_000))
    one, other = legs(by_key(OLD), by_key(quarter), {}, Flow(), {}), legs(by_key(half), by_key(eighth), {}, Flow(), {})
    found = find({"LANB": other, "LANA": one})
    assert [(c.fund, c.ratio, c.rule) for c in found] == [
        ("LANA", 0.25, ConversionRule.ONE_RATIO),
        ("LANB", 0.25, ConversionRule.ONE_RATIO),
    ]
    assert find({"LANA": one}) == []


def test_counts_of_one_issuer_that_cancel_are_certain() -> None:
    """Archer's unregistered shares became registered ones on 2023-09-05, on a day of inflows."""
    private = position("local:LANA:PIPE", 7_000_000, name="QUILLON ROBOTICS PIPE", asset_class=AssetClass.RIGHT)
    before = position("cusip:new", 3_000_000, name="QUILLON ROBOTICS INC")
    after = position("cusip:new", 10_080_000, name="QUILLON ROBOTICS INC")
    flow = Flow(1.008, 3, 0.9, True)
    (found,) = find({"LANA": legs(by_key(private, before), by_key(after), {}, flow, {})})
    assert (found.leaving.root, found.arriving.root, found.certain) == (private.key, after.key, True)
    other = replace(after, name="ROWANBERRY FOODS CORP")
    assert find({"LANA": legs(by_key(private, replace(before, name=other.name)), by_key(other), {}, flow, {})}) == []
    common = position("cusip:old", 7_000_000, name="QUILLON ROBOTICS-B")
    grown = replace(after, shares=D(10_118_000))  # 1.3 % more than left
    (certain,) = find({"LANA": legs(by_key(private, before), by_key(grown), {}, flow, {})})
    (possible,) = find({"LANA": legs(by_key(common, before), by_key(grown), {}, flow, {})})
    assert (certain.certain, possible.certain) == (True, False)
    few = position("local:LANA:PIPE", 90, name="QUILLON ROBOTICS PIPE")
    assert find({"LANA": legs(by_key(few), by_key(replace(after, shares=D(90))), {}, Flow(), {})}) == []


def test_a_line_takes_part_in_one_conversion_only() -> None:
    twin = replace(NEW, key="cusip:twin", name="ROWANBERRY FOODS CORP")
    (found,) = of_day(OLD, NEW, twin)
    assert found.arriving.root == NEW.key


def test_a_split_and_the_flow_explain_a_count() -> None:
    old, new = position(shares=1000), position(shares=10_100)
    assert legs(by_key(old), by_key(new), {old.key: Fraction(10)}, Flow(1.01, 1, 0.9, True), {}) == []
    (leg,) = legs(by_key(old), by_key(new), {old.key: Fraction(10)}, Flow(), {})
    assert leg == Leg(old.key, new, 10_000.0, 10_100.0, 100 * 1_010_000 / 10_100, D(1))


@given(st.permutations(range(4)), st.integers(100, 10_000_000))
def test_the_order_of_lines_decides_nothing(order: list[int], shares: int) -> None:
    lines = [replace(NEW, key=f"cusip:{n}", shares=D(shares + n), value=D(20_000_000 + n)) for n in range(4)]
    assert of_day(OLD, *(lines[n] for n in order)) == of_day(OLD, *lines)


PARENT = position("cusip:parent", 28_449, name="GALLOWAY ELECTRIC CO", value=D(2_400_000))
AFTER = replace(PARENT, value=D(2_000_000))
GIVEN = position("cusip:given", 9_483, name="GALLOWAY ELECTRIC HEALTH-W/I", value=D(550_000))


def test_a_whole_part_of_an_unchanged_line_whose_price_fell_is_received() -> None:
    (found,) = spin_offs(by_key(PARENT), by_key(AFTER, GIVEN))
    assert (found.root, found.parent, found.parts) == (GIVEN.key, PARENT.key, 3)
    assert found.price == pytest.approx(0.8333, abs=1e-4)
    marked = replace(GIVEN, name="HOLLOWAY CARE", ticker="HCARV W/I")
    assert spin_offs(by_key(PARENT), by_key(AFTER, marked)) == [SpinOff(GIVEN.key, PARENT.key, 3, found.price)]


@pytest.mark.parametrize(
    ("after", "given"),
    [
        (replace(AFTER, shares=D(28_450)), GIVEN),
        (replace(AFTER, value=D(2_350_000)), GIVEN),
        (replace(AFTER, value=None), GIVEN),
        (None, GIVEN),
        (AFTER, replace(GIVEN, shares=D(9_490))),
        (AFTER, replace(GIVEN, shares=D(1_000))),
        (AFTER, replace(GIVEN, shares=D(90))),
        (AFTER, replace(GIVEN, value=None)),
        (AFTER, replace(GIVEN, shares=None)),
        (AFTER, replace(GIVEN, value=D(1_100_000))),
        (AFTER, replace(GIVEN, value=D(150_000))),
        (AFTER, replace(GIVEN, name="ROWANBERRY FOODS CORP", ticker="RWN")),
        (AFTER, replace(GIVEN, asset_class=AssetClass.CASH)),
    ],
)
def test_what_only_happens_to_divide_was_bought(after: Position | None, given: Position) -> None:
    assert spin_offs(by_key(PARENT), by_key(*([after] if after else []), given)) == []
