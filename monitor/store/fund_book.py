"""What is known of one fund as of its last accepted file, and how stored rows become what the core speaks of."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import islice

from monitor.core.evidence import Schedule
from monitor.core.identity import summed
from monitor.core.linking import Roots
from monitor.core.model import Position, Snapshot
from monitor.core.spells import Point
from monitor.core.splits import Pending
from monitor.store.outside import Outside
from monitor.store.past import SnapshotRow, StoredFund
from monitor.store.spells import StoredSpell


@dataclass(slots=True)
class FundBook:
    """One fund as of its last accepted file. Positions and spells are by root key."""

    fund: StoredFund
    roots: Roots
    previous: Snapshot | None = None
    positions: dict[str, Position] = field(default_factory=dict)
    basis: date | None = None  # session the next interval begins after: that of the last fresh file
    waiting: SnapshotRow | None = None  # quarantined, undecided
    pending: dict[str, Pending] = field(default_factory=dict)  # whole ratios at an unmoved price, by root
    outside: dict[str, Outside] = field(default_factory=dict)  # lines creation baskets leave out, by root
    idle: deque[bool] | None = None  # of the last pairs of files: whether no share count changed
    # Open spells by root. Most only go on: of a stored one only the key is known until it is asked for.
    open: dict[str, StoredSpell | str] = field(default_factory=dict)
    tracks: dict[str, list[Point]] = field(default_factory=dict)  # of the open spells that were asked for
    recent: dict[str, list[Point]] = field(default_factory=dict)  # their ends, of those only that was asked for
    recent_from: date | None = None  # the stored file that an end begins with
    covered: list[date] = field(default_factory=list)  # sessions of its accepted files, those of old files if asked for
    covered_since: date = date.max  # the date of the oldest files among them
    schedules: list[Schedule] | None = None
    begins_here: bool = False  # nothing of it was derived before this run
    seen: set[str] = field(default_factory=set)  # keys some accepted file has listed, as far as we know
    missing: dict[str, Position] = field(default_factory=dict)  # open spells no longer listed, as last printed
    # Of the accepted files of this run, by root, what the track of a spell is made of when it is asked for.
    run: list[tuple[Snapshot, Mapping[str, Position]]] = field(default_factory=list)
    begun: dict[str, int] = field(default_factory=dict)  # open spells of this run: where in `run` they begin


def snapshot_of(
    row: SnapshotRow,
    ticker: str,
    pos_session: date | None,
    positions: tuple[Position, ...],
    resolution: Decimal = Decimal(0),
) -> Snapshot:
    """The core's snapshot of a stored row."""
    return Snapshot(
        row.id,
        ticker,
        row.as_of,
        pos_session,
        row.known_at,
        row.arrival,
        row.sha256,
        positions,
        resolution,
        published_from=row.published_from,
        published_to=row.published_to,
        outstanding=row.outstanding,
    )


def points_of(run: Sequence[tuple[Snapshot, Mapping[str, Position]]], root: str, begin: int) -> list[Point]:
    """The track of a position in the files of a run, from the one with number `begin` on."""
    return [point_of(snapshot, positions.get(root)) for snapshot, positions in islice(run, begin, None)]


def point_of(snapshot: Snapshot, position: Position | None) -> Point:
    """One file's line of one position, zero shares when it is not listed."""
    if position is None:
        return Point(snapshot.as_of, snapshot.pos_session, Decimal(0), None, None, snapshot.sha256)
    return Point(
        snapshot.as_of, snapshot.pos_session, position.shares, position.value, position.weight, snapshot.sha256
    )


def rooted(positions: Iterable[Position], roots: Roots) -> dict[str, Position]:
    """Positions by root key; two keys of one position (a file in the middle of a change) are added."""
    found: dict[str, Position] = {}
    for position in positions:
        root = roots.of(position.key)
        known = found.get(root)
        found[root] = position if known is None else summed(position, known)
    return found
