"""Two files side by side: what is left out says nothing new, and every step finds the same without it."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from monitor.core import conversions, flows, linking, quality, sides, spells, trades
from monitor.core.flows import Flow, Label
from monitor.core.model import AssetClass, Position

CLASSES = (AssetClass.EQUITY,) * 8 + (AssetClass.CASH, AssetClass.BOND, AssetClass.RIGHT, AssetClass.FUTURE)
Book = dict[str, Position]


@st.composite
def lines(draw: st.DrawFn, key: str) -> Position:
    shares = draw(st.one_of(st.none(), st.sampled_from([D(-500), D(0), D(1), D(900), D("1000.5"), D(40_000)])))
    value = draw(st.one_of(st.none(), st.sampled_from([D(0), D(-5), D(10_000), D(14_000), D(2_000_000)])))
    weight = draw(st.one_of(st.none(), st.sampled_from([D(0), D("0.01"), D("0.02"), D("-3"), D("0.5"), D("4.2")])))
    name, stated = draw(st.sampled_from(["HARBOR", "HARBOR INC", "QUILLON"])), draw(st.sampled_from(CLASSES))
    return Position(f"cusip:{key}", name, name[:3], key, stated, shares, value, weight)


@st.composite
def files(draw: st.DrawFn) -> tuple[Book, Book]:
    """Two lists of up to twenty lines; most stay, some with a count that grew with the flow."""
    before, after = dict[str, Position](), dict[str, Position]()
    for at in range(draw(st.integers(0, 20))):
        root = f"{at:02}"
        before[root] = draw(lines(root))
        match draw(st.integers(0, 5)):
            case 0:
                after[root] = draw(lines(root))
            case 1:
                del before[root]
                after[root] = draw(lines(root))
            case 2:
                pass
            case _:
                after[root] = before[root]
    return before, after


@given(files())
def test_the_counts_are_those_of_a_plain_look(pair: tuple[Book, Book]) -> None:
    before, after = pair
    seen = sides.of(before, after)
    assert list(seen.counts) == sides.counts_of(before, after, {})
    assert set(seen.gone) == before.keys() - after.keys()
    assert set(seen.come) == after.keys() - before.keys()
    assert {*seen.others, *(c.key for c in seen.counts)} == before.keys() & after.keys()
    again = sides.beside(seen.after, sides.side(before))  # the newer file is the next day's older one
    assert list(again.counts) == sides.counts_of(after, before, {})


@given(files(), st.sampled_from([1.0, 1.01, 0.5]))
def test_what_is_left_out_is_no_trade_no_leg_and_no_other_name(pair: tuple[Book, Book], factor: float) -> None:
    before, after = pair
    seen = sides.of(before, after)
    labels = flows.measure(seen.counts)[1]
    flow = Flow(factor, 1, 0.9, True)
    roots = seen.touched(labels)
    old, new = sides.some(before, roots), sides.some(after, roots)
    split = dict.fromkeys(before, Fraction(2))
    assert conversions.legs(old, new, split, flow, labels) == conversions.legs(before, after, split, flow, labels)
    assert trades.trades(trades.Files(old, new, split, (), (), 1, flow, labels)) == trades.trades(
        trades.Files(before, after, split, (), (), 1, flow, labels)
    )
    alone = sides.some(before, seen.gone), sides.some(after, seen.come)
    assert linking.candidates("LANA", *alone, flow) == linking.candidates("LANA", before, after, flow)
    for root in before.keys() & after.keys() - roots:
        assert labels[root] not in (Label.ACTIVE, Label.PENDING)
        assert (before[root].name, before[root].asset_class) == (after[root].name, after[root].asset_class)


@given(files())
def test_lines_held_well_above_a_crumb_are_no_suspects(pair: tuple[Book, Book]) -> None:
    before, after = pair
    seen = sides.of(before, after)
    assert not set(spells.suspects(before.keys() | after.keys(), before, after)) & (
        seen.before.large & seen.after.large
    )


@given(files(), files())
def test_prices_that_hardly_move_are_no_finding(one: tuple[Book, Book], other: tuple[Book, Book]) -> None:
    """The quick look says so of no pair of files that the plain one finds."""
    before, after = one[0] | other[0], one[1] | other[1]
    pair = quality.Comparison(sides.of(before, after), 1, 1.0, True)
    if quality._hardly_move(before, after):
        assert quality._moved_prices(pair)[0] < 3
