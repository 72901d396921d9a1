"""Advances the spells of one fund by one accepted file: what opened, what closed, what still waits.

A spell is an unbroken run of a *material* position. Wind-downs end in crumbs that stay listed for weeks
(the strict exit lags the effective one by a median of 6 and a 90th percentile of 25 sessions), so a
spell closes at the first file that shows a crumb or nothing. No wording, no scores, no storage here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from monitor.core import contracts
from monitor.core.contracts import CONTRACTS
from monitor.core.model import AssetClass, Interval, Position
from monitor.core.splits import Split, adjusted
from monitor.core.values import quick

MATERIAL = Decimal("0.05")  # percent of the fund
SMALL = Decimal("0.02")
MATERIAL_VALUE = Decimal(1_000_000)
CRUMB_OF_PEAK = Decimal("0.05")
WINDOW = 60  # files
RECENT = 2 * WINDOW  # files that say whether a spell goes on, however long it is
RE_ENTRY = 21  # sessions
BLIND_GAP = 5  # sessions without a file after which the state before says nothing of the state now

TRACKED = (AssetClass.EQUITY, AssetClass.COIN, AssetClass.BOND)  # by weight; contracts by being there


@quick(frozen=True, slots=True)
class Point:
    """One file's line of one security: what a spell's peak and end are computed from. Raw shares, `None` in a
    file that prints weights only."""

    as_of: date
    session: date | None
    shares: Decimal | None
    value: Decimal | None
    weight: Decimal | None
    sha256: str = ""  # of the file, where the point was read from one


@dataclass(frozen=True, slots=True)
class Ending:
    """How a spell ended, sizes split-adjusted to the exit file. `left` is what the exit file still shows."""

    day: date  # the file that settled it
    exit_file: date
    exit_session: date | None
    last: Point  # the last file before exit_file
    material: Point  # the last material file
    peak: Point
    left: Decimal | None
    files: int
    maximum_weight: Decimal  # of the last 60 files held
    exit_sha256: str = ""  # of the exit file when it is older than the file that settled the exit
    exit_from: date | None = None  # first session in which it can have ended, filled in by who has a calendar


@dataclass(frozen=True, slots=True)
class Spell:
    """A run of a material position of `security` (the key it had when the spell opened) in one fund."""

    security: str
    opened_day: date
    entry: Interval
    first_file: date
    entry_shares: Decimal | None
    censored: bool  # it was already there in the fund's first file
    ending: Ending | None = None
    last_line: Point | None = None  # the last file that listed it at all, crumbs included, once gone
    gone_day: date | None = None


@quick(frozen=True, slots=True)
class FileFacts:
    """The file being compared: its dates, the interval since the previous one, and whether it is doubtful."""

    as_of: date
    session: date | None
    interval: Interval
    gap: int  # sessions in the interval; 1 for consecutive files
    warned: bool
    resolution: Decimal


@dataclass(frozen=True, slots=True)
class Opening:
    """A spell that opens with this file."""

    root: str
    position: Position
    spell: Spell


@dataclass(frozen=True, slots=True)
class Closing:
    """A spell that closed; `position` is what this file still lists of it."""

    root: str
    position: Position | None
    spell: Spell
    ending: Ending


@dataclass(frozen=True, slots=True)
class Step:
    """All that one file does to the spells of a fund. `vanished` are crumbs of closed spells now gone."""

    opened: tuple[Opening, ...] = ()
    closed: tuple[Closing, ...] = ()
    vanished: tuple[str, ...] = ()


def is_material(position: Position) -> bool:
    """Weight ≥ 0.05 %, or ≥ 0.02 % and worth $1M, long or short. A contract is material when it is there: its
    weight is its exposure, or nothing at all (bond futures print 0.00 %)."""
    if position.asset_class in CONTRACTS:
        return contracts.is_held(position)
    return position.asset_class in TRACKED and _is_material(position)


def _is_material(line: Position | Point) -> bool:
    if line.weight is None or not is_held(line):
        return False
    weight, value = abs(line.weight), line.value
    return weight >= MATERIAL or (weight >= SMALL and value is not None and abs(value) >= MATERIAL_VALUE)


def is_held(line: Position | Point) -> bool:
    """Whether a listed line stands for anything: shares of either sign, in a file of weights a weight."""
    return bool(line.shares if line.shares is not None else line.weight)


def is_held_afresh(position: Position) -> bool:
    """Whether a line counts as held when nothing is known of the days before: the fund's first file, or the
    first after a gap. ARKW, file 2021-12-08: META at 0.02 % after 26 sessions without files."""
    if position.asset_class in CONTRACTS:
        return contracts.is_held(position)
    if not is_held(position) or position.asset_class not in TRACKED or position.weight is None:
        return False
    return abs(position.weight) >= SMALL


def suspects(open_roots: Collection[str], before: Mapping[str, Position], after: Mapping[str, Position]) -> list[str]:
    """The open spells whose past this step needs: those small or missing now, or before."""
    return sorted(
        root for root in open_roots if _is_small(after.get(root)) or (root not in after) or _is_small(before.get(root))
    )


def _is_small(position: Position | None) -> bool:
    return position is None or not is_held(position) or position.weight is None or abs(position.weight) < SMALL


def advance(
    open_spells: Mapping[str, Spell],
    before: Mapping[str, Position],
    after: Mapping[str, Position],
    tracks: Mapping[str, Sequence[Point]],
    splits: Mapping[str, Sequence[Split]],
    crumbs: Collection[str],
    facts: FileFacts,
) -> Step:
    """One accepted file against the fund's spells.

    `before` and `after` are positions by root key, `tracks` the lines of every suspect's spell up to the
    previous file, `crumbs` the roots whose closed spell still had a line in `before`.
    """
    opened = []
    for root in sorted(after):
        position = after[root]
        if root not in open_spells and _opens(position, facts):
            opened.append(Opening(root, position, open_spell(position, facts)))
    closed = []
    for root in suspects(open_spells, before, after):
        ending = _ending_of(root, after.get(root), tracks[root], splits.get(root, ()), facts)
        if ending is not None:
            closed.append(Closing(root, after.get(root), open_spells[root], ending))
    fresh = {o.root for o in opened}
    vanished = tuple(sorted(r for r in crumbs if r not in after and r not in open_spells and r not in fresh))
    return Step(tuple(opened), tuple(closed), vanished)


def asks_for_more(
    root: str, position: Position | None, recent: Sequence[Point], splits: Sequence[Split], facts: FileFacts
) -> bool:
    """Whether more than the last RECENT files or so of a spell are needed: it ends, and all of it says how large it
    was, or it has been waiting for so long that what it was like before is not among them."""
    if len(recent) < RECENT:
        return False  # these are all
    if contracts.is_contract(root):
        waiting = _contracts_held(recent)[1]
    else:
        waiting = last_held(recent, splits, facts.as_of)[1]
    return len(waiting) > len(recent) - WINDOW or _ending_of(root, position, recent, splits, facts) is not None


def _ending_of(
    root: str, position: Position | None, track: Sequence[Point], splits: Sequence[Split], facts: FileFacts
) -> Ending | None:
    if contracts.is_contract(root):
        return _contract_ending(position, track, facts)
    return _ending(position, track, splits, facts)


def _opens(position: Position, facts: FileFacts) -> bool:
    return is_material(position) or (facts.gap > BLIND_GAP and is_held_afresh(position))


def open_spell(position: Position, facts: FileFacts, *, censored: bool = False) -> Spell:
    """The spell that begins with this file; `censored` when it is the fund's first."""
    return Spell(
        position.key,
        facts.as_of,
        Interval(None, facts.session) if censored else facts.interval,
        facts.as_of,
        position.shares,
        censored,
    )


def baseline(after: Mapping[str, Position], facts: FileFacts) -> Step:
    """The first file of a fund opens spells and says nothing."""
    held = [root for root in sorted(after) if is_held_afresh(after[root])]
    return Step(tuple(Opening(r, after[r], open_spell(after[r], facts, censored=True)) for r in held))


def _ending(
    position: Position | None, track: Sequence[Point], splits: Sequence[Split], facts: FileFacts
) -> Ending | None:
    """How the spell ends with this file, or None while it goes on or waits for a second file."""
    held, waiting = last_held(track, splits, facts.as_of)
    if not held:
        return None
    if not is_absent(position, held, splits, facts.as_of):
        return None
    listed = held[-1]
    weight = abs(listed.weight) if listed.weight is not None else Decimal(0)
    if position is None and facts.resolution > 0 and weight <= SMALL:
        return None  # the publisher drops lines this small: not listed is not the same as not held
    sure = weight > SMALL and not facts.warned
    if not sure and not waiting:
        return None
    return _end(held, waiting, position, splits, facts)


def _contract_ending(position: Position | None, track: Sequence[Point], facts: FileFacts) -> Ending | None:
    """A group of contracts ends when none of it is listed; it knows no crumbs. A doubtful file waits."""
    if position is not None and contracts.is_held(position):
        return None
    held, waiting = _contracts_held(track)
    if not held or (facts.warned and not waiting):
        return None
    return _end(held, waiting, position, (), facts)


def _contracts_held(track: Sequence[Point]) -> tuple[Sequence[Point], Sequence[Point]]:
    """The track up to the last file that listed any contract of the group, and the files after it."""
    last = len(track)
    while last and not contracts.is_held(track[last - 1]):
        last -= 1
    return track[:last], track[last:]


def last_held(track: Sequence[Point], splits: Sequence[Split], until: date) -> tuple[Sequence[Point], Sequence[Point]]:
    """The track up to the last file that was neither crumb nor gone, and the files after it."""
    last = len(track)
    while last and _point_is_absent(track[last - 1], track[: last - 1], splits, until):
        last -= 1
    return track[:last], track[last:]


def _point_is_absent(point: Point, earlier: Sequence[Point], splits: Sequence[Split], until: date) -> bool:
    return not is_held(point) or _is_crumb(point, point.as_of, earlier, splits, until)


def _is_crumb(
    line: Position | Point, as_of: date, earlier: Sequence[Point], splits: Sequence[Split], until: date
) -> bool:
    if line.weight is None or abs(line.weight) >= SMALL:
        return False
    if line.shares is None:
        largest = max((abs(p.weight or Decimal(0)) for p in earlier[-WINDOW:]), default=Decimal(0))
        return abs(line.weight) <= CRUMB_OF_PEAK * largest
    peak = maximum_shares(earlier[-WINDOW:], splits, until)
    return abs(adjusted(line.shares, as_of, splits, until)) <= CRUMB_OF_PEAK * peak


def is_absent(position: Position | None, held: Sequence[Point], splits: Sequence[Split], as_of: date) -> bool:
    """Not listed, no shares, or a crumb: below 0.02 % and at most 5 % of the peak of the last 60 files."""
    return position is None or not is_held(position) or _is_crumb(position, as_of, held, splits, as_of)


def maximum_shares(points: Sequence[Point], splits: Sequence[Split], until: date) -> Decimal:
    """The largest split-adjusted share count among `points`, shorts counted by their size; 0 when there are none."""
    known = (abs(adjusted(p.shares, p.as_of, splits, until)) for p in points if p.shares is not None)
    return max(known, default=Decimal(0))


def _end(
    held: Sequence[Point],
    waiting: Sequence[Point],
    position: Position | None,
    splits: Sequence[Split],
    facts: FileFacts,
) -> Ending:
    exit_file, session = (waiting[0].as_of, waiting[0].session) if waiting else (facts.as_of, facts.session)
    last = held[-1]
    material = next((p for p in reversed(held) if _is_material(p)), last)
    sizes = [(_size(p, splits, exit_file), p.as_of) for p in held]
    peak = held[sizes.index(max(sizes))]
    left = waiting[0].shares if waiting else (position.shares if position is not None else Decimal(0))
    return Ending(
        facts.as_of,
        exit_file,
        session,
        in_units_of(last, splits, exit_file),
        in_units_of(material, splits, exit_file),
        in_units_of(peak, splits, exit_file),
        left,
        len(held),
        max((abs(p.weight) for p in held[-WINDOW:] if p.weight is not None), default=Decimal(0)),
        waiting[0].sha256 if waiting else "",
    )


def _size(point: Point, splits: Sequence[Split], until: date) -> Decimal:
    shares = point.shares
    if shares and splits:
        shares = adjusted(shares, point.as_of, splits, until)
    return abs(shares or point.weight or Decimal(0))


def in_units_of(point: Point, splits: Sequence[Split], until: date) -> Point:
    """The point with its count as a file dated `until` would print it."""
    if point.shares is None or not splits:
        return point
    return replace(point, shares=adjusted(point.shares, point.as_of, splits, until))
