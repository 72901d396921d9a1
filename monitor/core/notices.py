"""Makes the events of what is no share: contracts that roll or flip, bonds that mature, rights, cash vehicles.

Each function compares two files of one fund and finds one kind of change. Entries and exits come from `spells`,
as for shares; here is what would otherwise be told as a trade, and the sizes to which no flow applies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from monitor.core import bonds, claims, contracts, events, instruments
from monitor.core.contracts import CONTRACTS
from monitor.core.events import Scene
from monitor.core.flows import LEAST_LINES, REBALANCE_BELOW
from monitor.core.model import AssetClass, Event, Kind, Position
from monitor.core.sessions import Sessions

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Notice:
    """An event and how its file prints the position."""

    event: Event
    position: Position


def rolls(scene: Scene) -> Iterator[Notice]:
    """Groups of contracts in which months or strikes were replaced and the position went on."""
    for root, before, after in _both(scene):
        if after.asset_class in CONTRACTS and contracts.is_rolled(before, after):
            yield Notice(events.notice(scene, Kind.ROLLED, root, _rolled_words(scene, before, after)), after)


def _rolled_words(scene: Scene, before: Position, after: Position) -> str:
    old, new = contracts.listed(before), contracts.listed(after)
    left, entered = ", ".join(sorted(old - new)), ", ".join(sorted(new - old)) or ", ".join(sorted(new))
    verb = "replaced by" if after.asset_class is AssetClass.OPTION else "rolled into"
    counts = f", {claims.counted(after.shares, claims.unit(after))}" if after.shares else ""  # some print exposure only
    if counts and after.shares != before.shares:
        counts += f" after {claims.number(before.shares)}"
    return f"{scene.fund}: {left} {verb} {entered} {claims.during(scene.interval)}{counts}"


def flips(scene: Scene, held: Collection[str]) -> Iterator[Notice]:
    """Positions that turned from long to short or back: a signed change, no percentage (a futures fund's sugar
    went from 50 to -30 contracts, which is no decrease by 160 %)."""
    for root, before, after in _both(scene):
        if root in held and _is_flipped(root, before, after):
            yield Notice(_flip(scene, root, before, after), after)


def _is_flipped(root: str, before: Position, after: Position) -> bool:
    if before.shares is None or after.shares is None or before.shares * after.shares >= 0:
        return False
    if contracts.is_forward(root):
        return False
    return contracts.is_one_sided(before) and contracts.is_one_sided(after)


def _flip(scene: Scene, root: str, before: Position, after: Position) -> Event:
    delta = (after.shares or Decimal(0)) - (before.shares or Decimal(0))
    turn = "from long to short" if delta < 0 else "from short to long"
    words = (
        f"{scene.fund} turned {events.label(after)} {turn} {claims.during(scene.interval)}:"
        f" {claims.number(before.shares)} before, {claims.counted(after.shares, claims.unit(after))} now"
        f" ({claims.signed(delta)})"
    )
    return events.change(scene, Kind.FLIPPED, root, delta, words)


def sizes(scene: Scene, held: Collection[str]) -> list[Notice]:
    """Size changes of contracts, bonds and shorts, which no flow factor explains: signed, or one note when
    most of them changed together."""
    lines = [(root, old, new) for root, old, new in _both(scene) if root in held and _is_sized_here(root, old, new)]
    moved = [(root, old, new) for root, old, new in lines if _is_moved(scene, old, new)]
    if len(lines) >= LEAST_LINES and len(moved) > REBALANCE_BELOW * len(lines):
        return [_resizing(scene, lines, moved)]
    return [Notice(_resized(scene, root, old, new), new) for root, old, new in moved]


def _is_sized_here(root: str, old: Position, new: Position) -> bool:
    """Contracts, bonds and shorts; no currency forwards, no spreads, no options (they are replaced as a group)."""
    if old.shares is None or new.shares is None or contracts.is_forward(root):
        return False
    if new.asset_class in CONTRACTS:
        return old.shares * new.shares > 0 and contracts.is_one_sided(old) and contracts.is_one_sided(new)
    return new.asset_class is AssetClass.BOND or (old.shares < 0 and new.shares < 0)


def _is_moved(scene: Scene, old: Position, new: Position) -> bool:
    before, after = old.shares or Decimal(0), new.shares or Decimal(0)
    if before == after or (new.asset_class in CONTRACTS and contracts.is_rolled(old, new)):
        return False
    if new.asset_class is AssetClass.BOND:
        return not bonds.is_paydown(before, after)
    factor = Decimal(repr(scene.flow.factor if scene.flow.known else scene.published or 1.0))
    return factor == _ONE or abs(after - factor * before) > _ONE


def _resized(scene: Scene, root: str, old: Position, new: Position) -> Event:
    before, after = old.shares or Decimal(0), new.shares or Decimal(0)
    delta = after - before
    kind = Kind.INCREASED if delta > 0 else Kind.DECREASED
    part = f" ({100 * delta / before:+.1f} %)" if new.asset_class is AssetClass.BOND and before else ""
    words = (
        f"{scene.fund} changed {events.label(new)} by {claims.signed(delta)}{part} {claims.during(scene.interval)}:"
        f" {claims.number(before)} before, {claims.counted(after, claims.unit(new))} now"
    )
    return events.change(scene, kind, root, delta, words)


_Pair = tuple[str, Position, Position]


def _resizing(scene: Scene, lines: Sequence[_Pair], moved: Sequence[_Pair]) -> Notice:
    units = {AssetClass.BOND: "bonds", AssetClass.EQUITY: "short positions"}
    what = " and ".join(sorted({units.get(new.asset_class, "contracts") for _, _, new in lines}))
    words = (
        f"{scene.fund} re-sized {len(moved)} of {len(lines)} {what} {claims.during(scene.interval)};"
        " single size changes are not told"
    )
    root, _, first = moved[0]
    return Notice(events.notice(scene, Kind.REBALANCE, root, words), first)


def rights(scene: Scene, told: Collection[str]) -> Iterator[Notice]:
    """Rights, when-issued lines, placeholders and unregistered shares that came or went: no position we
    follow. `told`: roots the day has already explained."""
    for root, one, comes in _came_and_went(scene, AssetClass.RIGHT):
        if root in told:
            continue
        what = "lists" if comes else "no longer lists"
        words = (
            f"{scene.fund} {what} {events.label(one)} {claims.during(scene.interval)},"
            f" {claims.size(one.shares, one.weight)}: a right, a placeholder or an unregistered line, not told as a"
            " trade"
        )
        yield Notice(events.notice(scene, Kind.CORPORATE_ACTION, root, words), one)


def vehicles(scene: Scene) -> Iterator[Notice]:
    """A sweep vehicle that was replaced: cash went from one money-market fund to another."""
    moved = [(root, one, comes) for root, one, comes in _came_and_went(scene, AssetClass.CASH)]
    moved = [(root, one, comes) for root, one, comes in moved if instruments.is_vehicle(one)]
    left = [one.name for _, one, comes in moved if not comes]
    entered = [(root, one) for root, one, comes in moved if comes]
    if left and entered:
        root, one = entered[0]
        names = ", ".join(new.name for _, new in entered)
        words = f"{scene.fund}: cash is kept in {names} instead of {', '.join(left)}"
        yield Notice(events.notice(scene, Kind.CASH_VEHICLE, root, words), one)


def _both(scene: Scene) -> Iterator[tuple[str, Position, Position]]:
    for root in sorted(scene.positions_after):
        before, after = scene.positions_before.get(root), scene.positions_after[root]
        if before is not None and before.asset_class is after.asset_class:
            yield root, before, after


def _came_and_went(scene: Scene, stated: AssetClass) -> Iterator[tuple[str, Position, bool]]:
    """Lines of one class in only one of the two files; True for those that came."""
    before, after = _of_class(scene.positions_before, stated), _of_class(scene.positions_after, stated)
    for root in sorted(before.keys() ^ after.keys()):
        if root in scene.positions_before and root in scene.positions_after:
            continue  # its class changed with its name: `linking` and `spells` speak of it
        yield root, after.get(root) or before[root], root in after


def _of_class(positions: Mapping[str, Position], stated: AssetClass) -> Mapping[str, Position]:
    return {root: p for root, p in positions.items() if p.asset_class is stated and p.shares != 0}


def ending(event: Event, known: Position, scene: Scene, sessions: Sessions) -> Event:
    """An exit as what it was: a bond that matured, options that expired. Other exits come back unchanged."""
    files = (scene.before.as_of, scene.after.as_of)
    if bonds.has_matured(known, event.pos_session, files, sessions):
        return _matured(event, scene, f"{events.label(known)} matured")
    due = contracts.expiries(known) if known.asset_class is AssetClass.OPTION else ()
    if due and bonds.is_near(max(due), event.pos_session, files, sessions):
        return _matured(event, scene, f"{events.label(known)} expired")
    return event


def _matured(event: Event, scene: Scene, what: str) -> Event:
    words = f"{what}: {scene.fund} does not list it any more ({claims.during(event.pos_session)})"
    key, place = events.keys(scene, event.security, Kind.MATURED, event.as_of)
    return replace(event, key=key, place=place, kind=Kind.MATURED, claim=words, active_shares=None, value=None)
