"""Remembers which lines of a fund its creation baskets leave out: their count does not grow when units are created.

Measured against notified trades: where units were created (f > 1) and a line had not moved with the flow the last
time there was one, the notified number is the raw change in 194 of 210 sales and 7 of 10 purchases (flow removed:
4 and 3). VCYT in ARKG, file dated 2020-12-08: 2,273,821 -> 2,249,709 with f = 1.02157, notified: 24,112 sold. With
redemptions (f < 1) the flow still explains more (17 of 25), so nothing is remembered for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from monitor.core.flows import Count, Flow, Label

LEAST_FLOW = 3e-5  # |f - 1| below this moves too few shares to see who takes part
LEAST_SHARES = 20  # that the flow would have moved


def judged(counts: Iterable[Count], flow: Flow, labels: Mapping[str, Label]) -> Mapping[str, bool]:
    """Which lines took part in the flow of one session (True) and which were left out of it (False).

    Traded lines, and lines of which the flow would have moved too few shares, are not in the answer.
    """
    if not flow.known or flow.is_rebalance or abs(flow.factor - 1) <= LEAST_FLOW:
        return {}
    found = {}
    for count in counts:
        label = labels[count.key]
        if label is Label.UNCHANGED and abs(flow.factor - 1) * count.before > LEAST_SHARES:
            found[count.key] = False
        elif label in (Label.FLOW, Label.GROUP):
            found[count.key] = True
    return found


def factor_of(root: str, flow: Flow, outside: Collection[str]) -> float:
    """The factor to take out of a traded line: 1 where units were created without it."""
    return 1.0 if root in outside and flow.factor > 1 else flow.factor
