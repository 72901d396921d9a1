"""Lines exchanged for others on a day: what is then neither told as sold nor as bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.core import claims, conversions, events
from monitor.core.conversions import Conversion, SpinOff
from monitor.core.model import AssetClass, Kind
from monitor.core.spells import TRACKED
from monitor.derive import operating
from monitor.derive.pair import Emit, Pair, scene_of
from monitor.derive.setting import Setting


@dataclass(frozen=True, slots=True)
class Converting:
    """Finds the conversions and spin-offs of a day, tells them, and says which lines must keep quiet."""

    at: Setting
    emit: Emit

    def settle(self, pairs: Sequence[Pair]) -> None:
        """All funds of the day; every pair learns which of its lines were exchanged."""
        near = {p.ticker: p for p in pairs if p.is_near and not p.flow.is_rebalance and not p.judged.stale}
        cut = {ends for ticker in near for ends in operating.cut(self.at.book, ticker)}
        legs = {ticker: self._legs(pair) for ticker, pair in near.items()}
        found = [x for x in conversions.find(legs) if (x.fund, x.leaving.root, x.arriving.root) not in cut]
        for pair in pairs:
            mine = [one for one in found if one.fund == pair.ticker]
            given = conversions.spin_offs(pair.positions_before, pair.positions_after) if pair.sides.come else []
            quiet = {leg.root for one in mine for leg in (one.leaving, one.arriving)}
            quiet |= {one.root for one in given} | _relabelled(pair)
            pair.exchanged = frozenset(quiet)
            for one in mine:
                self._tell(pair, one)
            for received in given:
                self._tell_received(pair, received)

    def _legs(self, pair: Pair) -> list[conversions.Leg]:
        factors = self.at.book.split_factors(pair.ticker, pair.before.as_of, pair.judged.snapshot.as_of)
        before, after = pair.touched()
        roots = {root: self.at.book.roots.of(root) for root in before} if factors else {}
        splits = {root: factors[known] for root, known in roots.items() if known in factors}
        return conversions.legs(before, after, splits, pair.flow, pair.labels)

    def _tell(self, pair: Pair, one: Conversion) -> None:
        scene = scene_of(self.at, pair)
        kind = Kind.CONVERTED if one.certain else Kind.POSSIBLE_CONVERSION
        told = events.conversion(scene, kind, one)
        self.emit(told, one.leaving.position)

    def _tell_received(self, pair: Pair, one: SpinOff) -> None:
        given, parent = pair.positions_after[one.root], pair.positions_after[one.parent]
        words = (
            f"{pair.ticker} received {events.label(given)}: {claims.number(given.shares)} shares, one for every"
            f" {one.parts} of {events.label(parent)} ({claims.number(parent.shares)} shares, unchanged), whose price is"
            f" {100 * (1 - one.price):.0f} % lower; a spin-off is not a purchase"
        )
        self.emit(events.notice(scene_of(self.at, pair), Kind.SPIN_OFF_RECEIVED, one.root, words), given)


def _relabelled(pair: Pair) -> set[str]:
    """Lines that were listed before as a right or when-issued and are shares now, at the same count: nobody bought."""
    found = set()
    for root in pair.sides.relabelled:
        old, new = pair.positions_before[root], pair.positions_after[root]
        if old.asset_class is not AssetClass.RIGHT or new.asset_class not in TRACKED:
            continue
        if old.shares and new.shares and abs(float(new.shares / old.shares) - pair.flow.factor) <= 0.0005:
            found.add(root)
    return found
