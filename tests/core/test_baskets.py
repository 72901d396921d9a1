"""Lines that creation baskets leave out."""

from __future__ import annotations

import pytest

from monitor.core.baskets import factor_of, judged
from monitor.core.flows import Count, Flow, Label

FLOW = Flow(1.02, 2, 0.9, True)
COUNTS = (
    Count("left out", 10_000, 10_000),
    Count("inside", 10_000, 10_200),
    Count("group", 10_000, 10_100),
    Count("traded", 10_000, 12_000),
    Count("small", 900, 900),
)
LABELS = {
    "left out": Label.UNCHANGED,
    "inside": Label.FLOW,
    "group": Label.GROUP,
    "traded": Label.ACTIVE,
    "small": Label.UNCHANGED,
}


def test_who_moves_with_a_flow_takes_part_and_who_stays_is_left_out() -> None:
    assert judged(COUNTS, FLOW, LABELS) == {"left out": False, "inside": True, "group": True}


@pytest.mark.parametrize(
    "flow", [Flow(), Flow(1.02, 2, 0.4, True), Flow(1.00002, 1, 0.9, True), Flow(1.0, 0, 1.0, True)]
)
def test_without_a_clear_flow_nothing_is_learned(flow: Flow) -> None:
    assert judged(COUNTS, flow, LABELS) == {}


def test_only_creations_leave_a_line_out() -> None:
    assert factor_of("a", FLOW, {"a"}) == 1.0
    assert factor_of("b", FLOW, {"a"}) == 1.02
    assert factor_of("a", Flow(0.98, 1, 0.9, True), {"a"}) == 0.98
