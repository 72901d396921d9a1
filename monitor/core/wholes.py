"""Makes the events that speak of a whole fund: re-sized, many positions at once, closed. One note each.

An event belongs to a security; these are kept with the fund's largest line.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from monitor.core import claims, events
from monitor.core.events import Scene
from monitor.core.flows import Flow
from monitor.core.model import Event, Kind, Position

Note = tuple[Event, Position]


def rebalance(scene: Scene, flow: Flow) -> Note:
    """Most lines were re-sized: no single size change means anything."""
    return _note(
        scene,
        Kind.REBALANCE,
        f"{scene.fund} re-sized most of its lines {claims.during(scene.interval)}: only"
        f" {100 * flow.explained:.0f} % move together, as in a rebalance; single size changes are not told",
    )


def crowd(scene: Scene, opened: int, closed: int) -> Note:
    """So many entries and exits in one file that they are told as one: a monthly re-sizing."""
    return _note(
        scene,
        Kind.REBALANCE,
        f"{scene.fund} opened {opened} and closed {closed} positions {claims.during(scene.interval)}, of"
        f" {len(scene.positions_after)} lines: each is in the digest",
    )


def close(scene: Scene) -> Note:
    """The fund's last file: what it lists was never sold position by position."""
    largest = scene.positions_after[_largest(scene.positions_after)]
    return _note(
        scene,
        Kind.FUND_CLOSED,
        f"{scene.fund} has closed: its last file is dated {scene.after.as_of} and lists"
        f" {len(scene.positions_after)} lines, {events.label(largest)} the largest; no exits are told of a closed fund",
    )


def _note(scene: Scene, kind: Kind, words: str) -> Note:
    root = _largest(scene.positions_after)
    return events.notice(scene, kind, root, words), scene.positions_after[root]


def _largest(positions: Mapping[str, Position]) -> str:
    """The root of the line with the largest weight."""
    return max(positions, key=lambda r: (positions[r].weight or Decimal(0), r))
