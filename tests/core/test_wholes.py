"""Notes that speak of a whole fund."""

from __future__ import annotations

from monitor.core import wholes
from monitor.core.flows import Flow
from monitor.core.model import Kind
from tests.core.samples import D, by_key, position, scene

SMALL = position("cusip:a", name="AMBERLY MILLS INC", ticker="AMB", weight=D(1))
LARGE = position("cusip:b", weight=D(3))
UNKNOWN = position("cusip:c", weight=None)
SCENE = scene({}, by_key(SMALL, LARGE, UNKNOWN))


def test_each_note_is_kept_with_the_largest_line() -> None:
    event, named = wholes.rebalance(SCENE, Flow(1.0, 0, 0.31, True))
    assert (event.kind, event.security, named) == (Kind.REBALANCE, "cusip:b", LARGE)
    assert "re-sized most of its lines in session 2026-01-06: only 31 % move together" in event.claim


def test_a_crowd_is_counted() -> None:
    event, _ = wholes.crowd(SCENE, 12, 3)
    assert event.kind is Kind.REBALANCE
    assert event.claim == (
        "LANA opened 12 and closed 3 positions in session 2026-01-06, of 3 lines: each is in the digest"
    )


def test_a_closed_fund_names_its_last_file() -> None:
    event, _ = wholes.close(SCENE)
    assert event.kind is Kind.FUND_CLOSED
    assert "its last file is dated 2026-01-06 and lists 3 lines, QUILLON ROBOTICS INC (QLN) the largest" in event.claim
