"""Creations and redemptions told from trades."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.core import flows
from monitor.core.flows import Count, Flow, Label, measure, tolerance


def counts(ratio: float = 1.0, lines: int = 12, **special: float) -> list[Count]:
    """Lines A, B, … of growing size through one ratio; `special` ones end with the count given."""
    names = [chr(65 + at) for at in range(lines)]
    before = {name: 100_000.0 + 7_919 * at for at, name in enumerate(names)}
    return [Count(n, before[n], special.get(n, float(round(before[n] * ratio)))) for n in names]


def test_lines_without_a_change_are_unchanged_and_no_flow_is_seen() -> None:
    flow, labels = measure(counts())
    assert flow == Flow(1.0, 0, 1.0, True)
    assert set(labels.values()) == {Label.UNCHANGED}
    assert not flow.is_rebalance
    assert not flow.is_doubtful


def test_with_too_few_lines_no_flow_can_be_known() -> None:
    flow, labels = measure([Count("A", 100, 110), Count("B", 100, 100)])
    assert flow == Flow(1.0, 0, 0.0, False)
    assert labels == {"A": Label.ACTIVE, "B": Label.UNCHANGED}
    assert flow.is_doubtful
    assert not flow.is_rebalance
    assert not measure(counts(1.01, flows.LEAST_LINES - 1))[0].known
    assert measure(counts(1.01, flows.LEAST_LINES))[0].known


def test_printing_noise_is_no_flow() -> None:
    flow, _ = measure([Count(str(n), 10_000_000.0, 10_000_001.0 if n == 0 else 10_000_000.0) for n in range(10)])
    assert flow.factor == 1.0


# What one creation unit of an invented fund holds, per line.
UNIT = {"A": 2_377, "B": 89, "C": 160, "D": 1_201, "E": 733, "F": 412, "G": 977, "H": 58, "I": 643}


@pytest.mark.parametrize("units", [1, 3, 12])
def test_net_creation_units_are_the_common_divisor(units: int) -> None:
    basket = [Count(name, float(size * 400), float(size * (400 + units))) for name, size in UNIT.items()]
    flow, labels = measure(basket)
    assert flow.units == units
    assert flow.factor == pytest.approx(1 + units / 400)
    assert set(labels.values()) == {Label.FLOW}


def test_one_line_in_ten_may_break_the_units_but_not_two() -> None:
    deltas = [6 * n for n in range(10, 19)]
    assert flows._units([*deltas, 61]) == 6
    assert flows._units([*deltas, 61, 67]) == 1
    assert flows._units(deltas[:4]) == 0
    assert flows._units([-1_201 * 600] * 5) == 600


@given(st.lists(st.integers(-2_000, 2_000).filter(bool), min_size=5, max_size=25))
def test_the_units_are_the_largest_divisor_of_nine_in_ten(deltas: list[int]) -> None:
    best = max(n for n in range(1, 601) if n == 1 or sum(d % n == 0 for d in deltas) >= 0.9 * len(deltas))
    assert flows._units(deltas) == best


def test_a_purchase_stands_out_of_a_flow() -> None:
    flow, labels = measure(counts(1.02, A=150_000.0))
    assert flow.factor == pytest.approx(1.02, abs=1e-5)
    assert labels["A"] is Label.ACTIVE
    assert {label for name, label in labels.items() if name != "A"} == {Label.FLOW}
    assert flow.explained == pytest.approx(11 / 12)


def test_a_line_left_out_of_a_basket_is_no_trade() -> None:
    _, labels = measure(counts(1.02, A=100_000.0))
    assert labels["A"] is Label.UNCHANGED


def test_three_left_over_lines_of_one_ratio_are_a_second_basket() -> None:
    base = counts(1.02)
    third = [Count(c.key, c.before, round(c.before * 0.97)) if at < 3 else c for at, c in enumerate(base)]
    _, labels = measure(third)
    assert [labels[name] for name in "ABC"] == [Label.GROUP] * 3
    second = [Count(c.key, c.before, round(c.before * 0.97)) if at < 2 else c for at, c in enumerate(base)]
    assert [measure(second)[1][name] for name in "AB"] == [Label.ACTIVE] * 2


def test_small_lines_make_no_group() -> None:
    small = [Count(f"s{n}", 500.0, 600.0) for n in range(4)]
    _, labels = measure([*counts(), *small])
    assert {labels[f"s{n}"] for n in range(4)} == {Label.ACTIVE}


def test_a_fund_that_resizes_most_lines_rebalances() -> None:
    resized = [Count(c.key, c.before, round(c.before * (0.8 + 0.037 * at))) for at, c in enumerate(counts())]
    flow, _ = measure(resized)
    assert flow.is_rebalance
    assert flow.is_doubtful


@pytest.mark.parametrize(
    ("moved", "rebalance", "doubtful"), [(4, False, False), (5, False, True), (6, False, True), (7, True, True)]
)
def test_the_share_explained_decides_what_a_day_is(moved: int, rebalance: bool, doubtful: bool) -> None:
    changed = [
        Count(c.key, c.before, c.before + 20_001 + 7_007 * at) if at < moved else c for at, c in enumerate(counts())
    ]
    flow, _ = measure(changed)
    assert flow.explained == pytest.approx(1 - moved / 12)
    assert (flow.is_rebalance, flow.is_doubtful) == (rebalance, doubtful)


def test_the_tolerance_grows_with_the_line_and_the_units() -> None:
    assert tolerance(Count("A", 100, 100), 1.0, 0) == 2
    assert tolerance(Count("A", 100_000, 0), 1.0, 0) == pytest.approx(10)
    assert tolerance(Count("A", 100_000, 0), 1.02, 0) == pytest.approx(10 + 20)
    assert tolerance(Count("A", 100_000, 0), 1.02, 1) == pytest.approx(10 + 20)
    assert tolerance(Count("A", 100_000, 0), 1.02, 8) == pytest.approx(10 + 4)


def test_in_a_funds_first_days_single_lines_say_little() -> None:
    """ARKX grew 15-fold on 2021-03-31; ten lines strayed and nothing was notified."""
    assert tolerance(Count("A", 1_000, 15_000), 15.0, 0) == pytest.approx(0.2 * 14 * 1_000)
    assert tolerance(Count("A", 1_000, 15_000), 1.49, 0) == pytest.approx(2 + 4.9)
    assert tolerance(Count("A", 1_000, 500), 0.5, 3) == pytest.approx(100)


def test_abroad_baskets_are_rounded_to_lots() -> None:
    assert tolerance(Count("A", 100_000, 101_950, foreign=True), 1.02, 1) == pytest.approx(200)
    assert tolerance(Count("A", 100_000, 101_900, foreign=True), 1.02, 1) == pytest.approx(200 + 100)
    assert tolerance(Count("A", 100_000, 101_900, foreign=True), 1.02, 3) == pytest.approx(200 + 300)
    assert tolerance(Count("A", 100_000, 101_900, foreign=True), 1.0, 3) == pytest.approx(10 + 1.5)


def test_a_line_that_is_no_trade_abroad_is_one_at_home() -> None:
    for foreign, label in ((True, Label.FLOW), (False, Label.ACTIVE)):
        rest = counts(1.02)
        odd = Count("Z", 100_000, 101_900, foreign)
        assert measure([*rest, odd])[1]["Z"] is label


LINE = st.tuples(st.integers(1, 5_000_000), st.integers(1, 5_000_000), st.booleans())


@given(st.lists(LINE, max_size=14), st.randoms(use_true_random=False))
def test_labels_do_not_depend_on_the_order_of_lines(lines: Sequence[tuple[int, int, bool]], random: Random) -> None:
    made = [Count(str(at), float(b), float(a), f) for at, (b, a, f) in enumerate(lines)]
    shuffled = list(made)
    random.shuffle(shuffled)
    assert measure(shuffled) == measure(made)


@given(
    st.lists(
        st.sampled_from([(1000, 1010), (1000, 1020), (2000, 1990), (4000, 4100), (3000, 3000)]), min_size=8, max_size=14
    ),
    st.randoms(use_true_random=False),
)
def test_labels_do_not_depend_on_the_order_when_ratios_tie(lines: Sequence[tuple[int, int]], random: Random) -> None:
    made = [Count(str(at), float(b), float(a)) for at, (b, a) in enumerate(lines)]
    shuffled = list(made)
    random.shuffle(shuffled)
    assert measure(shuffled) == measure(made)


@given(st.lists(st.integers(10_000, 5_000_000), min_size=8, max_size=20, unique=True), st.integers(-300, 600))
def test_one_factor_on_all_lines_is_a_flow_and_found_again(sizes: list[int], thousandths: int) -> None:
    factor = 1 + thousandths / 1000
    flow, labels = measure([Count(str(n), float(n), float(round(n * factor))) for n in sizes])
    assert Label.ACTIVE not in labels.values()
    assert flow.known
    assert flow.factor == pytest.approx(factor, abs=1e-4)


@given(st.lists(st.integers(1, 10**9), max_size=20))
def test_a_snapshot_against_itself_shows_nothing(sizes: list[int]) -> None:
    flow, labels = measure([Count(str(at), float(n), float(n)) for at, n in enumerate(sizes)])
    assert flow.factor == 1.0
    assert set(labels.values()) <= {Label.UNCHANGED}


@given(st.integers(2_000, 100_000), st.booleans())
def test_a_large_purchase_is_active_whatever_flows(extra: int, foreign: bool) -> None:
    assume(extra % 100)
    base = counts(1.01)
    bought = Count("Z", 100_000.0, 101_000.0 + extra, foreign)
    assert measure([*base, bought])[1]["Z"] is Label.ACTIVE


def test_the_factor_is_the_ratio_of_the_sums_over_its_basis() -> None:
    found = counts(1.03, A=250_000.0)
    flow, _ = measure(found)
    basis = flows.basis(found)
    assert "A" not in {count.key for count in basis}
    assert flow.factor == sum(c.after for c in basis) / sum(c.before for c in basis)
    assert flows.basis(found[:7]) == []


def test_the_funds_own_shares_must_agree_with_the_factor() -> None:
    assert flows.published(Decimal(1_320_000), Decimal(1_360_000)) == pytest.approx(1.0303, abs=1e-4)
    assert flows.published(None, Decimal(1)) is flows.published(Decimal(1), None) is None
    measured = Flow(1.0300, 1, 1.0, True)
    assert flows.agrees(measured, 1.0303)
    assert not flows.agrees(measured, 1.0)
    assert flows.agrees(measured, None)
    assert flows.agrees(Flow(), 1.5)  # nothing measured: nothing to doubt


@given(st.lists(st.integers(0, 5_000_000), max_size=40))
def test_units_are_the_largest_number_that_divides_nine_tenths(sizes: list[int]) -> None:
    assert all(
        sorted(flows._divisors(size)) == [n for n in range(1, flows.MOST_UNITS + 1) if size and size % n == 0]
        for size in sizes[:3]
    )
    dividing = [n for n in range(1, flows.MOST_UNITS + 1) if sum(size % n == 0 for size in sizes) >= 0.9 * len(sizes)]
    if len(sizes) >= 5 and sum(size == 0 for size in sizes) <= len(sizes) // 10:
        assert flows._units(sizes) == max(dividing)


@given(st.floats(1, 1e9), st.floats(0.5, 2), st.floats(0.2, 5), st.integers(0, 600), st.booleans())
def test_two_shares_or_a_hundredth_of_a_percent_are_always_allowed(
    before: float, ratio: float, factor: float, units: int, foreign: bool
) -> None:
    count = Count("A", before, before * ratio, foreign)
    assert flows.tolerance(count, factor, units) >= max(2.0, 1e-4 * before)
    stray = abs(count.after - factor * before)
    quiet = Label.FLOW if stray <= flows.tolerance(count, factor, units) else Label.ACTIVE
    assert flows._label(count, factor, units) is (Label.UNCHANGED if count.after == before else quiet)
