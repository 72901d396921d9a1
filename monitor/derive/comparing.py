"""What changed? One accepted file of each fund against the fund's previous one: identity, flow, splits, spells."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from monitor.core import claims, contracts, events, notices, ranking, spells, splits, wholes
from monitor.core.claims import Past
from monitor.core.events import Scene
from monitor.core.flows import Label
from monitor.core.model import Coverage, Event, Interval, Kind, Snapshot
from monitor.core.sessions import change_interval
from monitor.core.sides import some
from monitor.core.spells import FileFacts, Point, Spell
from monitor.core.splits import Split
from monitor.derive import basketing, recording
from monitor.derive.converting import Converting
from monitor.derive.identifying import Identifying
from monitor.derive.judging import Judged
from monitor.derive.pair import Changes, Pair, scene_of
from monitor.derive.setting import Setting
from monitor.derive.splitting import Splitting
from monitor.derive.witness import Witness, Witnessed
from monitor.store.fund_book import point_of, rooted


class Comparing:
    """Tells the changes of a day: what is in `changes` grows."""

    def __init__(self, at: Setting) -> None:
        self.at, self.changes = at, Changes(at.book)
        self._emit = self.changes.emit
        self._identifying = Identifying(at, self._emit)
        self._splitting = Splitting(at, self._emit)
        self.witness = Witness(at)
        self._converting = Converting(at, self._emit)

    def compare(self, files: Sequence[Judged], as_of: date) -> None:
        """One accepted file of each fund against the fund's previous one: identity, flow, splits, spells."""
        pairs = []
        for judged in files:
            self.at.book.cover(judged.ticker, judged.snapshot.pos_session)
            previous = self.at.book.fund(judged.ticker).previous
            if previous is None:
                self._begin(judged)
            else:
                pairs.append(self._pair(judged, previous))
        self._identifying.settle(pairs, as_of)
        self._splitting.settle(pairs, as_of)
        for pair in pairs:
            basketing.remember(self.at.book, pair)
        self._converting.settle(pairs)
        for pair in pairs:
            self._advance(pair)

    def _begin(self, judged: Judged) -> None:
        """The first file of a fund opens spells and alerts nobody."""
        fund, snapshot = self.at.book.fund(judged.ticker), judged.snapshot
        positions = rooted(snapshot.positions, fund.roots)
        facts = FileFacts(
            snapshot.as_of, snapshot.pos_session, Interval(None, snapshot.pos_session), 1, False, snapshot.resolution
        )
        self.at.book.note_sightings(judged.ticker, snapshot)
        for opening in spells.baseline(positions, facts).opened:
            self.at.book.open_spell(judged.ticker, opening.root, opening.spell)
        self.at.book.turn(judged.ticker, snapshot, positions, stale=False)

    def _pair(self, judged: Judged, previous: Snapshot) -> Pair:
        fund = self.at.book.fund(judged.ticker)
        sessions = self.at.sessions(judged.ticker)
        basis = fund.basis if fund.basis is not None else previous.pos_session
        after = judged.snapshot.pos_session
        interval = change_interval(sessions, basis, after)
        if basis is not None and after is not None and after <= basis:
            interval = Interval(after, after)
        self.at.book.note_sightings(judged.ticker, judged.snapshot)
        gap = self.at.gap(judged.ticker, basis, after)
        seen = self.at.measured(judged.ticker, previous, judged.snapshot)
        return Pair(judged, previous, seen.sides, interval, gap, seen.counts, seen.flow, seen.labels)

    def _advance(self, pair: Pair) -> None:
        """Spells go on, open and close; what stays held may have been resized; the fund turns the page."""
        ticker, snapshot = pair.judged.ticker, pair.judged.snapshot
        fund = self.at.book.fund(ticker)
        facts = FileFacts(
            snapshot.as_of, snapshot.pos_session, pair.interval, pair.gap, pair.judged.warned, snapshot.resolution
        )
        step = self._step(pair, facts)
        scene, touched = self._scene(pair), pair.touched()
        recording.record(self.at.book, scene, touched, pair.labels, pair.exchanged)
        entries = [self.witness.entry(scene, opening) for opening in step.opened]
        for entered in entries:
            if entered[1].root not in pair.exchanged:
                self._emit(self._entry(*entered, snapshot.pos_session), entered[1].position)
        resized = (fund.open.keys() & pair.positions_after.keys()) - {c.root for c in step.closed}
        for closing in step.closed:
            self._departure(scene, closing, quiet=closing.root in pair.exchanged)
        for _, opening, _ in entries:
            self.at.book.open_spell(ticker, opening.root, opening.spell)
        for root in step.vanished:
            self._crumb(scene, root)
        changes = replace(scene, positions_before=touched.before, positions_after=touched.after)
        self._resize(scene, changes, pair, resized)
        if len(step.opened) + len(step.closed) >= ranking.CROWD and not self._is_rebalanced(ticker):
            self._emit(*wholes.crowd(scene, len(step.opened), len(step.closed)))
        self._notices(changes, resized)
        if snapshot.as_of == self.at.closed(ticker):
            self._emit(*wholes.close(scene))
        self.at.book.turn(ticker, snapshot, pair.positions_after, stale=pair.judged.stale)

    def _step(self, pair: Pair, facts: FileFacts) -> spells.Step:
        """What the file does to the fund's spells. Those held well above a crumb in both files go on."""
        fund, before, after = self.at.book.fund(pair.ticker), pair.positions_before, pair.positions_after
        quiet = pair.sides.before.large & pair.sides.after.large & fund.open.keys()
        asked = (fund.open.keys() | after.keys()) - quiet
        here, there = some(before, asked), some(after, asked)
        suspects = spells.suspects(fund.open.keys() - quiet, here, there)
        known = {root: self.at.book.splits(pair.ticker, root) for root in suspects}
        return spells.advance(
            self.at.book.still_open(pair.ticker, suspects),
            here,
            there,
            {root: self._track(pair, root, known[root], facts) for root in suspects},
            known,
            [root for root in pair.sides.gone if root not in fund.open and not contracts.is_contract(root)],
            facts,
        )

    def _track(self, pair: Pair, root: str, known: Sequence[Split], facts: FileFacts) -> Sequence[Point]:
        """As much of the past of an open spell as it takes to see whether it ends, and how."""
        recent = self.at.book.recent(pair.ticker, root)
        if spells.asks_for_more(root, pair.positions_after.get(root), recent, known, facts):
            return self.at.book.track(pair.ticker, root)
        return recent

    def _scene(self, pair: Pair) -> Scene:
        return scene_of(self.at, pair)

    def _entry(self, scene: Scene, opening: spells.Opening, seen: Witnessed, shown: date | None) -> Event:
        ticker, root, position = scene.fund, opening.root, opening.position
        earlier = self.at.book.closed(ticker, root)
        known = self.past(ticker, root, earlier[-1], scene.after.as_of) if earlier else None
        known = self.witness.before(ticker, root, position, known, scene.interval)
        gone = None
        if known is not None:
            gone = claims.absence(self.at.sessions(ticker), known, self._covered(ticker, known), scene.interval.last)
        traces = (
            self.at.book.first_sighting(ticker, root),
            self.witness.first_trace(ticker, root, position, scene.interval.first),
        )
        first_line = min((d for d in traces if d is not None), default=None)
        records = self._records(ticker, scene.interval.last) if gone is None else claims.NO_RECORDS
        event = events.entry(scene, opening, gone, first_line, records)
        if known is not None and known.evidence is not None:
            event = replace(event, evidence=(*event.evidence, known.evidence))
        return self.witness.testified(event, seen, shown)

    def _covered(self, ticker: str, known: Past) -> set[date]:
        """The sessions with a file since the fund last held it: all that its absence is told by."""
        seen = claims.seen_until(known)
        return set(self.at.book.covered(ticker, seen)) if seen is not None else set()

    def _records(self, ticker: str, until: date | None) -> Coverage:
        covered = self.at.book.covered(ticker)
        first = covered[0] if covered else None
        hidden = self.at.source.resolution_between(first, until) if first and until else Decimal(0)
        return claims.coverage(self.at.sessions(ticker), set(covered), first, until, hidden)

    def past(self, ticker: str, root: str, spell: Spell, until: date) -> Past:
        """What a closed spell says of the last time, in today's shares."""
        end = spell.ending
        if end is None:
            raise ValueError(f"the spell of {spell.security} in {ticker} is still open")
        later = self.at.book.splits(ticker, root)
        shares = end.material.shares
        if shares is not None:
            shares = splits.adjusted(shares, end.exit_file, later, until)
        held = spell.last_line.session if spell.last_line is not None else end.last.session
        return Past(
            max((d for d in (held, end.last.session) if d is not None), default=None),
            end.material.session,
            shares,
            end.material.as_of,
            Interval(end.exit_from, end.exit_session),
            ticker,
            self.at.source.resolution_between(end.exit_file, until),
        )

    def _departure(self, scene: Scene, closing: spells.Closing, *, quiet: bool) -> None:
        last = closing.position or scene.positions_before.get(closing.root)
        last = last or self.at.book.last_position(scene.fund, closing.root, closing.ending.last.as_of)
        settled = self.witness.settle(scene, closing, last)
        if settled is None:
            return  # it was only too small to be published
        closing, moved = settled
        end = closing.ending
        interval = moved or scene.interval
        if end.exit_file != scene.after.as_of:
            interval = change_interval(self.at.sessions(scene.fund), end.last.session, end.exit_session)
        seen = self.witness.exit(scene, closing, interval, last)
        end = replace(end, exit_from=seen.interval.first, exit_session=seen.interval.last)
        self.at.book.close_spell(scene.fund, closing.root, replace(closing.spell, ending=end))
        if quiet:
            return
        event = events.departure(scene, replace(closing, ending=end), seen.interval, last)
        event = notices.ending(event, last, scene, self.at.sessions(scene.fund))
        self._emit(self.witness.testified(event, seen, interval.last), last)

    def _crumb(self, scene: Scene, root: str) -> None:
        last = scene.positions_before[root]
        point = point_of(scene.before, last)
        spell = self.at.book.crumb_gone(scene.fund, root, point, scene.after.as_of)
        if spell is None or spell.ending is None:
            return
        words = (
            f"The last {claims.number(last.shares)} shares of {events.label(last)} are no longer listed in"
            f" {scene.fund}; the position effectively ended with the file dated {spell.ending.exit_file}"
        )
        self._emit(events.notice(scene, Kind.CRUMB_REMOVED, root, words), last)

    def _resize(self, scene: Scene, changes: Scene, pair: Pair, held: Collection[str]) -> None:
        if not pair.is_near or pair.judged.stale:
            return
        if pair.flow.is_rebalance:
            self._emit(*wholes.rebalance(scene, pair.flow))
            return
        active = [root for root, label in pair.labels.items() if label is Label.ACTIVE]
        for root in sorted(active):
            if root not in held or root in pair.exchanged:
                continue
            shares = pair.positions_before[root].shares or Decimal(0)
            before = splits.adjusted(
                shares, scene.before.as_of, self.at.book.splits(scene.fund, root), scene.after.as_of
            )
            event = events.resize(scene, root, before)
            if event.active_shares:
                self._emit(event, pair.positions_after[root])
        for notice in notices.sizes(changes, held):
            self._emit(notice.event, notice.position)

    def _is_rebalanced(self, ticker: str) -> bool:
        return any(e.kind is Kind.REBALANCE and e.fund == ticker for e in self.changes.events)

    def _notices(self, scene: Scene, held: Collection[str]) -> None:
        """What happened to contracts, rights and cash besides entries, exits and sizes."""
        emitted = {event.security for event in self.changes.events if event.fund == scene.fund}
        told = {r for r in (*scene.positions_before, *scene.positions_after) if self.at.book.roots.of(r) in emitted}
        found = (
            *notices.rolls(scene),
            *notices.flips(scene, held),
            *notices.rights(scene, told),
            *notices.vehicles(scene),
        )
        for notice in found:
            self._emit(notice.event, notice.position)
