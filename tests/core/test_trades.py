"""What counts as a trade between two files, and how large it was."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import flows
from monitor.core.flows import Count, Flow, Label
from monitor.core.model import AssetClass, Position
from monitor.core.trades import Files, Trade, TradeLabel, active_shares, trades
from tests.core.samples import D, by_key, plain, position

OTHER = "cusip:55502B204"
STEADY = Flow(1.01, 3, 0.9, True)


def files(before: Mapping[str, Position], after: Mapping[str, Position], **changed: Any) -> Files:
    """Consecutive files with a flow of one percent; every line in both is active unless told otherwise."""
    values: dict[str, Any] = {
        "splits": {},
        "exchanged": (),
        "outside": (),
        "gap": 1,
        "flow": STEADY,
        "labels": dict.fromkeys(before.keys() & after.keys(), Label.ACTIVE),
    } | changed
    return Files(before, after, **values)


def one(found: list[Trade]) -> Trade:
    assert len(found) == 1
    return found[0]


def test_what_the_flow_does_not_explain_is_active() -> None:
    old, new = position(shares=20_000), position(shares=23_000)
    trade = one(trades(files(by_key(old), by_key(new))))
    assert trade.label is TradeLabel.ACTIVE
    assert trade.position is new
    assert plain(trade.before, trade.after, trade.active, trade.value) == (20_000, 23_000, 2_800, 280_000)


@pytest.mark.parametrize("label", [Label.UNCHANGED, Label.FLOW, Label.GROUP])
def test_what_the_flow_explains_is_no_trade(label: Label) -> None:
    lines = by_key(position())
    assert trades(files(lines, lines, labels={position().key: label})) == []


def test_a_line_that_appears_or_goes_is_a_trade_at_its_own_price() -> None:
    came, went = position(shares=500, value=D(60_000)), position(OTHER, 700, value=D(21_000))
    found = {trade.label: trade for trade in trades(files(by_key(went), by_key(came)))}
    new, gone = found[TradeLabel.NEW], found[TradeLabel.GONE]
    assert plain(new.before, new.after, new.active, new.value) == (0, 500, 500, 60_000)
    assert plain(gone.before, gone.after, gone.active, gone.value) == (700, 0, -700, -21_000)
    assert gone.position is went


def test_a_split_is_taken_out_before_the_change_is_measured() -> None:
    old, new = position(shares=1_000, value=D(100_000)), position(shares=4_500, value=D(112_500))
    split = {old.key: Fraction(4)}
    trade = one(trades(files(by_key(old), by_key(new), splits=split, flow=Flow(1.0, 0, 1.0, True))))
    assert trade.split == 4
    assert plain(trade.before, trade.active, trade.value) == (4_000, 500, 12_500)
    gone = one(trades(files(by_key(old), {}, splits=split)))
    assert plain(gone.before, gone.active, gone.value) == (4_000, -4_000, -100_000)


def test_what_may_be_a_split_waits_without_a_size() -> None:
    old, new = position(shares=1_000), position(shares=2_000)
    trade = one(trades(files(by_key(old), by_key(new), labels={old.key: flows.Label.PENDING})))
    assert trade.label is TradeLabel.PENDING
    assert plain(trade.before, trade.after, trade.active, trade.value) == (1_000, 2_000, None, None)


def test_a_rebalance_has_lines_without_sizes() -> None:
    old, new = position(shares=1_000), position(shares=1_700)
    trade = one(trades(files(by_key(old), by_key(new), flow=Flow(1.3, 0, 0.2, True))))
    assert (trade.label, trade.active) == (TradeLabel.REBALANCE, None)


def test_across_a_long_gap_only_entries_and_exits_are_named() -> None:
    both_old, both_new = position(shares=1_000), position(shares=5_000)
    came, went = position(OTHER, 700), position("cusip:55503C303", 800)
    found = trades(files(by_key(both_old, went), by_key(both_new, came), gap=6, flow=Flow()))
    assert [(t.label, t.active, t.value) for t in found] == [
        (TradeLabel.NEW, None, None),
        (TradeLabel.GONE, None, None),
    ]


def test_cash_and_empty_lines_are_not_traded() -> None:
    cash = position("local:LANA:CASH", 5_000, asset_class=AssetClass.CASH)
    assert trades(files({}, by_key(cash))) == []
    assert trades(files(by_key(position(shares=0)), by_key(position(shares=0)))) == []
    opened = one(trades(files(by_key(position(shares=0)), by_key(position(shares=10)))))
    assert opened.label is TradeLabel.NEW


def test_a_line_without_a_value_has_no_value_of_its_trade() -> None:
    nothing: dict[str, Any] = {"value": None}
    old, new = position(shares=1_000, **nothing), position(shares=1_500, **nothing)
    assert one(trades(files(by_key(old), by_key(new)))).value is None
    assert one(trades(files(by_key(old), {}))).value is None


def test_a_file_that_prints_weights_only_has_entries_and_exits_without_sizes() -> None:
    came, went = position(shares=None), position(OTHER, None)
    found = {trade.label: trade for trade in trades(files(by_key(went), by_key(came)))}
    new, gone = found[TradeLabel.NEW], found[TradeLabel.GONE]
    assert plain(new.before, new.after, new.active, new.value) == (0, None, None, None)
    assert plain(gone.before, gone.after, gone.active, gone.value) == (None, 0, None, None)
    assert trades(files(by_key(came), by_key(came), labels={})) == []
    counted = position(shares=5)
    assert one(trades(files(by_key(came), by_key(counted)))).active is None


def test_active_shares_are_whole_when_both_counts_are() -> None:
    assert active_shares(D(1_000), D(1_500), 1.0105) == D(490)
    assert plain(active_shares(D("1000.5"), D(1_500), 2.0)) == (-501.0,)


@given(st.lists(st.tuples(st.integers(1_000, 10**6), st.integers(1_000, 10**6)), min_size=8, max_size=30))
def test_trades_and_flow_together_give_the_newer_file(pairs: list[tuple[int, int]]) -> None:
    """f · before + active = after for every active line, to half a share."""
    before = by_key(*(position(f"local:X:{at}", old) for at, (old, _) in enumerate(pairs)))
    after = by_key(*(position(f"local:X:{at}", new) for at, (_, new) in enumerate(pairs)))
    counts = [Count(key, float(pairs[at][0]), float(pairs[at][1])) for at, key in enumerate(before)]
    flow, labels = flows.measure(counts)
    for trade in trades(files(before, after, flow=flow, labels=labels)):
        assert trade.before is not None
        assert trade.after is not None
        if trade.active is not None:
            again = Decimal(repr(flow.factor)) * trade.before + trade.active
            assert abs(again - trade.after) <= D("0.5")
