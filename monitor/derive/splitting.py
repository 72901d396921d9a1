"""Which share counts changed because the share itself did: the splits of a day, and those that must wait.

A whole ratio at an unmoved price waits for the fund's next file: the price may follow (ADYEY 2021-08-24), the
count may go back (ICECURE 2021-08-06), or it was a trade, which is then told one file late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from monitor.core import events, flows, splits
from monitor.core.flows import Label
from monitor.core.model import Event, Kind, Position
from monitor.core.sides import counts_of
from monitor.core.splits import Decision, Pending, Ratio, Split
from monitor.derive.pair import Emit, Pair, scene_of
from monitor.derive.setting import Setting
from monitor.store.pending import Decided


@dataclass(frozen=True, slots=True)
class Splitting:
    """Finds the splits of a day, lets them count and measures the flows again."""

    at: Setting
    emit: Emit

    def settle(self, pairs: Sequence[Pair], as_of: date) -> None:
        """All splits of the day over the issuer's funds; pending ratios of the files before are decided."""
        settled = {pair.ticker: self._decide(pair, as_of) for pair in pairs}
        moved = {pair.ticker: [r for r in self._ratios(pair) if r.root not in settled[pair.ticker]] for pair in pairs}
        shown = {
            (r.fund, r.root): known
            for pair in pairs
            for r in moved[pair.ticker]
            if (known := self._known(pair, r, as_of)) is not None
        }
        fresh = [r for ratios in moved.values() for r in ratios if (r.fund, r.root) not in shown]
        found, waiting = splits.find(as_of, fresh)
        for one in found:
            self.at.book.add_split(one)
        by_key = {one.key: one for one in found}
        for pair in pairs:
            today = {
                r.root: split
                for r in moved[pair.ticker]
                if (split := shown.get((r.fund, r.root), by_key.get(r.key))) is not None and splits.explains(split, r)
            }
            self._apply(pair, today)
            held = [r for r in waiting if r.fund == pair.ticker and r.root not in today]
            self._wait(pair, held, settled[pair.ticker], as_of)

    def _ratios(self, pair: Pair) -> list[Ratio]:
        """The lines whose share count moved by 30 % or more beyond the flow."""
        factor = pair.flow.factor if pair.is_near else 1.0
        low, high = 0.71 * factor, 1.29 * factor  # within these it cannot be
        far = [c for c in pair.counts if not low * c[1] < c[2] < high * c[1]]
        return [self._ratio(pair, c.key) for c in far if abs(c.ratio / factor - 1) >= 0.3]

    def _ratio(self, pair: Pair, root: str) -> Ratio:
        """One line of both files; its count must be known in both."""
        factor = pair.flow.factor if pair.is_near else 1.0
        old, new = pair.positions_before[root], pair.positions_after[root]
        before, after = float(old.shares or 0), float(new.shares or 0)
        return Ratio(
            self.at.book.roots.of(root),
            pair.ticker,
            root,
            before * factor,
            after,
            _price_ratio(old, new),
            float(old.weight or 0),
            pair.is_near and not pair.flow.is_rebalance,
            after / before if pair.is_near else None,
        )

    def _known(self, pair: Pair, ratio: Ratio, as_of: date) -> Split | None:
        """The split another fund of the issuer showed some days ago and this fund only shows now."""
        for split in self.at.book.splits(pair.ticker, ratio.root):
            behind = pair.before.as_of >= split.day  # it had a file in old shares after that day
            recent = not behind or as_of - split.day <= timedelta(days=splits.SAME_WITHIN)
            if split.day < as_of and recent and not split.fund and splits.explains(split, ratio):
                if behind:
                    self.at.book.add_split(replace(split, fund=pair.ticker, day=as_of, settled=as_of))
                return split
        return None

    def _apply(self, pair: Pair, today: Mapping[str, Split]) -> None:
        for root in sorted(today):
            position = pair.positions_after[root]
            self.emit(_notice(self.at, pair, root, today[root]), position)
        if today:
            factors = {root: split.factor for root, split in today.items()}
            pair.counts = counts_of(pair.positions_before, pair.positions_after, factors)
            pair.flow, pair.labels = flows.measure(pair.counts)

    # --- what must wait -------------------------------------------------------------------------

    def _wait(self, pair: Pair, held: Iterable[Ratio], undone: Mapping[str, Decision], as_of: date) -> None:
        """Lines at a whole ratio whose price has not moved say nothing yet."""
        fund = self.at.book.fund(pair.ticker)
        fund.pending = {}
        for ratio in held:
            pending = Pending(
                ratio.root,
                as_of,
                splits.whole(ratio.rho),
                pair.before.id,
                pair.judged.snapshot.id,
                pair.interval,
            )
            fund.pending[ratio.root] = pending
            self.at.book.add_pending(pair.ticker, pending)
        quiet = [r for r in fund.pending if r in pair.labels]
        quiet += [r for r, decision in undone.items() if decision is Decision.UNDONE and r in pair.labels]
        pair.labels = {**pair.labels, **dict.fromkeys(quiet, Label.PENDING)}

    def _decide(self, pair: Pair, as_of: date) -> dict[str, Decision]:
        """What the fund's newer file makes of the ratios that waited for it."""
        decided = {}
        for root, pending in sorted(self.at.book.fund(pair.ticker).pending.items()):
            shared = root in pair.positions_before and pair.positions_after.get(root) is not None
            ratio = self._ratio(pair, root) if shared and pair.positions_after[root].shares else None
            decided[root] = splits.decide(pending, ratio)
            told = None
            if ratio is not None and decided[root] is Decision.SPLIT:
                self._follow(pair, pending, ratio, as_of)
            elif decided[root] is Decision.TRADE:
                told = self._tell_late(pair, pending)
            if root in pair.positions_before:
                key = pair.positions_before[root].key
                active, value = (told.active_shares, told.value) if told is not None else (None, None)
                self.at.book.decide_pending(pair.ticker, Decided(pending, decided[root], as_of, key, active, value))
        return decided

    def _follow(self, pair: Pair, pending: Pending, ratio: Ratio, as_of: date) -> None:
        """The price followed: the split counts from the file that showed the new number of shares."""
        split = Split(
            ratio.key,
            pending.day,
            pending.factor,
            "price a file later",
            f"{pair.ticker}: shares x{float(pending.factor):g} in the file dated {pending.day},"
            f" price x{ratio.price:.4f} in the file dated {as_of}",
            settled=as_of,
        )
        known = self.at.book.splits(pair.ticker, pending.root)
        if not any(splits.is_same(s, split) for s in known):
            self.at.book.add_split(split)
        self.emit(_notice(self.at, pair, pending.root, split), pair.positions_after[pending.root])

    def _tell_late(self, pair: Pair, pending: Pending) -> Event | None:
        """The price never followed: the fund bought or sold, between the two files before."""
        earlier = self.at.stored_pair(pair.ticker, pending.before, pending.after)
        root = pending.root
        if root not in earlier.seen.before or root not in earlier.seen.after:
            return None
        judged = replace(pair.judged, snapshot=earlier.after)
        seen = earlier.seen
        then = Pair(
            judged,
            earlier.before,
            seen.sides,
            pending.interval,
            self.at.gap(pair.ticker, earlier.before.pos_session, earlier.after.pos_session),
            seen.counts,
            seen.flow,
            seen.labels,
        )
        event = events.resize(scene_of(self.at, then), root, seen.before[root].shares or Decimal(0))
        after = pair.judged.snapshot
        told = replace(
            event,
            day=after.as_of,
            known_at=max(event.known_at, after.known_at),
            arrival=after.arrival,
            claim=f"{event.claim}; told when the file dated {after.as_of} showed that it was no split",
        )
        self.emit(told, seen.after[root])
        return told


def _notice(at: Setting, pair: Pair, root: str, split: Split) -> Event:
    position = pair.positions_after[root]
    words = f"{events.label(position)} split: {split.factor} new shares for one old ({split.rule}; {split.evidence})"
    return events.notice(scene_of(at, pair), Kind.SPLIT, root, words)


def _price_ratio(old: Position, new: Position) -> float | None:
    if not old.value or not new.value or not old.shares or not new.shares:
        return None
    return float(new.value / new.shares) / float(old.value / old.shares)
