"""The story of one day: what the files of one issuer, taken together, say has changed.

`derive` replays the stored files of an issuer from a day on, oldest first, and writes what follows from
them. It asks the `Book` for the past and the core for every decision; it opens no connection, sends
nothing and reads no clock. The same files give the same rows, in whatever order they arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from monitor.core import claims, events, flows, identity, items, linking, quality, ranking, spells, splits
from monitor.core.claims import Past
from monitor.core.documents import event_document, item_document
from monitor.core.events import Scene
from monitor.core.flows import Count, Flow, Label
from monitor.core.model import (
    Absence,
    AssetClass,
    Coverage,
    Event,
    Interval,
    Item,
    Kind,
    Position,
    Reason,
    SecurityRef,
    Snapshot,
    Standing,
    Verdict,
)
from monitor.core.sessions import Sessions, change_interval, pos_session
from monitor.core.spells import FileFacts, Spell
from monitor.sources.spec import Source
from monitor.store import derived, past
from monitor.store.book import Book, point_of, rooted, snapshot_of
from monitor.store.derived import StandingLine
from monitor.store.engine import Connection
from monitor.store.past import SnapshotRow
from monitor.store.save import findings_of

# Warnings that make one file too little to say that a position is gone.
_DOUBTS = ("rows", "value", "weights", "weight-value", "duplicates", "ids", "stale", "numbers")
OLD_FILE = 14  # days after which a fund's last file no longer speaks of today
LONGEST_FLOW = 5  # sessions between two files up to which a flow factor still means something


@dataclass(frozen=True, slots=True)
class Told:
    """An item with its JSON, its security as people know it and the keys that security has had."""

    item: Item
    body: str
    security: SecurityRef
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derivation:
    """What deriving gave: the items, and the JSON of those that stood there before, by key."""

    snapshots: int
    events: int
    told: tuple[Told, ...]
    before: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """A file the gates let through: its positions by root are compared with the fund's previous ones."""

    ticker: str
    snapshot: Snapshot
    warned: bool
    stale: bool


@dataclass(slots=True)
class Pair:
    """Two consecutive accepted files of one fund, becoming a scene as the day is told."""

    judged: Judged
    before: Snapshot
    positions_before: Mapping[str, Position]
    positions_after: Mapping[str, Position]
    interval: Interval
    gap: int
    flow: Flow
    labels: Mapping[str, Label]


def derive(
    conn: Connection,
    source: Source,
    issuer: int,
    since: date,
    calendars: Callable[[str], Sessions],
    progress: Callable[[date], None] = lambda day: None,
) -> Derivation:
    """Replays the issuer's files dated `since` or later; `calendars` gives the sessions of an exchange."""
    book = Book(conn, issuer, since)
    day = Day(book, source, calendars)
    rows = past.snapshots_since(conn, issuer, book.since)
    for as_of, of_day in groupby(rows, key=lambda row: row.as_of):
        day.tell(as_of, list(of_day))
        progress(as_of)
    book.write()
    derived.settle(conn, issuer)
    new = book.new
    return Derivation(
        len(rows),
        len(new.events),
        tuple(day.told),
        book.old_items,
    )


class Day:
    """Tells one day after the other. The methods stand in the order in which a day is told."""

    def __init__(self, book: Book, source: Source, calendars: Callable[[str], Sessions]) -> None:
        self.book, self.source, self._calendars = book, source, calendars
        self._events: list[Event] = []
        self.told: list[Told] = []
        self._read: dict[tuple[int, int], Snapshot] = {}
        self._named: dict[str, Position] = {}  # by root: how the day's files print a security

    def tell(self, as_of: date, rows: Sequence[SnapshotRow]) -> None:
        """All files of the issuer dated `as_of`."""
        self._events, self._named, self._read = [], {}, {}
        by_fund = groupby(rows, key=lambda row: row.fund)
        judged = [j for fund, of_fund in by_fund for j in self.judge(self.book.ticker(fund), list(of_fund), as_of)]
        for dated in sorted({j.snapshot.as_of for j in judged}):  # redeemed files first, on their own day
            self.compare([j for j in judged if j.snapshot.as_of == dated], dated)
        for item in [self.item(group, as_of) for group in self._groups()]:
            self._write(item)

    def _emit(self, event: Event, position: Position) -> None:
        """An event counts for the security as the issuer's funds know it."""
        root = self.book.roots.of(event.security)
        self._named[root] = position
        self._events.append(replace(event, security=root))

    def _write(self, item: Item) -> None:
        """An item and its events, as the documents people read."""
        ref = reference(item.security, self._named[item.security])
        body = item_document(item, ref)
        self.book.new.items.append((item, body))
        self.told.append(Told(item, body, ref, tuple(self.book.roots.members(item.security))))
        for event in self._events:
            if event.key in item.events:
                document = event_document(event, ref, self.source.id, item.score, item.severity)
                self.book.new.events.append((event, document))

    # --- may we believe it? --------------------------------------------------------------------

    def judge(self, ticker: str, rows: Sequence[SnapshotRow], as_of: date) -> list[Judged]:
        """The files to compare now: the preferred revision, before it a quarantined file it redeems."""
        weighed = [(self._weigh(ticker, row), row) for row in rows]
        verdict, row = max(weighed, key=lambda pair: (pair[0].standing is Standing.ACCEPTED, pair[1].rank))
        for other_verdict, other in weighed:
            if other is not row:
                self._stand(ticker, other, replace(other_verdict, standing=_passed_over(other_verdict)), as_of)
        fund = self.book.fund(ticker)
        if fund.waiting is not None:
            return self._decide_waiting(ticker, fund.waiting, row, verdict, as_of)
        self._stand(ticker, row, verdict, as_of)
        if verdict.standing is not Standing.ACCEPTED:
            fund.waiting = row if verdict.standing is Standing.QUARANTINED else None
            return []
        return [self._judged(ticker, row, verdict)]

    def _weigh(self, ticker: str, row: SnapshotRow, beside: Snapshot | None = None) -> Verdict:
        """The verdict on one file beside the fund's previous one, or beside another file given."""
        if row.operator == "accept":
            return Verdict(Standing.ACCEPTED, (), (Reason("operator", "accepted by the operator"),))
        if row.operator == "reject":
            return Verdict(Standing.REJECTED, (Reason("operator", "rejected by the operator"),))
        findings = findings_of(row.warnings)
        fund = self.book.fund(ticker)
        previous = beside if beside is not None else fund.previous
        if previous is not None:
            snapshot = self._snapshot(ticker, row)
            before = rooted(previous.positions, fund.roots)
            after = rooted(snapshot.positions, fund.roots)
            gap = self._gap(ticker, previous.pos_session, snapshot.pos_session)
            flow, _ = flows.measure(_counts(before, after, {}))
            findings += quality.against(quality.Comparison(before, after, gap, flow.factor, flow.known))
        return quality.verdict(findings)

    def _decide_waiting(
        self, ticker: str, waiting: SnapshotRow, row: SnapshotRow, verdict: Verdict, as_of: date
    ) -> list[Judged]:
        """A quarantined file waits: this one agrees with it (both count), with the one before, or with none."""
        fund = self.book.fund(ticker)
        if verdict.standing is Standing.ACCEPTED:
            fund.waiting = None
            doubted = self._weigh(ticker, waiting)
            self._stand(ticker, waiting, replace(doubted, standing=Standing.DISCARDED), as_of)
            self._stand(ticker, row, verdict, as_of)
            return [self._judged(ticker, row, verdict)]
        redeemable = not quality.is_lasting(findings_of(waiting.warnings))
        beside = self._snapshot(ticker, waiting)
        agreed = self._weigh(ticker, row, beside) if redeemable else verdict
        fund.waiting = None
        if agreed.standing is not Standing.ACCEPTED:
            self._stand(ticker, row, verdict, as_of)
            fund.waiting = row if verdict.standing is Standing.QUARANTINED else waiting
            return []
        doubted = self._weigh(ticker, waiting)
        redeemed = Verdict(Standing.ACCEPTED, (), doubted.reasons + doubted.warnings)
        self._stand(ticker, waiting, redeemed, as_of)
        self._stand(ticker, row, agreed, as_of)
        return [self._judged(ticker, waiting, redeemed), self._judged(ticker, row, agreed)]

    def _stand(self, ticker: str, row: SnapshotRow, verdict: Verdict, day: date) -> None:
        convention = self.source.convention_on(ticker, row.as_of)
        session = pos_session(self._sessions(ticker), convention, row.as_of)
        settled = row.as_of if verdict.standing is Standing.QUARANTINED else max(day, row.as_of)
        self.book.new.standings[row.fund, row.id] = StandingLine(
            row.fund,
            row.id,
            row.as_of,
            settled,
            verdict.standing,
            convention,
            session,
            verdict.reasons,
            verdict.warnings,
        )

    def _judged(self, ticker: str, row: SnapshotRow, verdict: Verdict) -> Judged:
        gates = {w.gate for w in verdict.warnings}
        return Judged(ticker, self._snapshot(ticker, row), bool(gates & set(_DOUBTS)), "stale" in gates)

    def _snapshot(self, ticker: str, row: SnapshotRow) -> Snapshot:
        """A stored snapshot with its session; read once a day however often it is looked at."""
        key = (row.fund, row.id)
        if key not in self._read:
            self._read[key] = self._load(ticker, row)
        return self._read[key]

    def _load(self, ticker: str, row: SnapshotRow) -> Snapshot:
        convention = self.source.convention_on(ticker, row.as_of)
        session = pos_session(self._sessions(ticker), convention, row.as_of)
        found = snapshot_of(row, ticker, session, self.book.names.positions(row))
        return replace(found, resolution=self.source.resolution_on(row.as_of))

    def _sessions(self, ticker: str) -> Sessions:
        return self._calendars(self.book.fund(ticker).fund.calendar)

    def _gap(self, ticker: str, before: date | None, after: date | None) -> int:
        if before is None or after is None:
            return 1
        return max(1, self._sessions(ticker).distance(before, after))

    # --- what changed? -------------------------------------------------------------------------

    def compare(self, files: Sequence[Judged], as_of: date) -> None:
        """One accepted file of each fund against the fund's previous one: identity, flow, splits, spells."""
        pairs = []
        for judged in files:
            previous = self.book.fund(judged.ticker).previous
            if previous is None:
                self._begin(judged)
            else:
                pairs.append(self._pair(judged, previous))
        self._identify(pairs, as_of)
        waiting = self._split(pairs, as_of)
        for pair in pairs:
            self._advance(pair, waiting)

    def _begin(self, judged: Judged) -> None:
        """The first file of a fund opens spells and alerts nobody."""
        fund, snapshot = self.book.fund(judged.ticker), judged.snapshot
        positions = rooted(snapshot.positions, fund.roots)
        facts = FileFacts(
            snapshot.as_of, snapshot.pos_session, Interval(None, snapshot.pos_session), 1, False, snapshot.resolution
        )
        self.book.note_sightings(judged.ticker, snapshot.positions, snapshot)
        for opening in spells.baseline(positions, facts).opened:
            self.book.open_spell(judged.ticker, opening.root, opening.spell)
        self.book.turn(judged.ticker, snapshot, positions, stale=False)

    def _pair(self, judged: Judged, previous: Snapshot) -> Pair:
        fund = self.book.fund(judged.ticker)
        sessions = self._sessions(judged.ticker)
        basis = fund.basis if fund.basis is not None else previous.pos_session
        after = judged.snapshot.pos_session
        interval = change_interval(sessions, basis, after)
        if basis is not None and after is not None and after <= basis:
            interval = Interval(after, after)
        known = {p.key for p in previous.positions}
        fresh = [p for p in judged.snapshot.positions if p.key not in known]
        self.book.note_sightings(judged.ticker, fresh, judged.snapshot)
        positions = rooted(judged.snapshot.positions, fund.roots)
        gap = self._gap(judged.ticker, basis, after)
        flow, labels = flows.measure(_counts(fund.positions, positions, {}))
        return Pair(judged, previous, fund.positions, positions, interval, gap, flow, labels)

    def _identify(self, pairs: Sequence[Pair], as_of: date) -> None:
        """Links what vanished to what appeared, over all funds of the day, and says so."""
        found = []
        for pair in pairs:
            book = self.book.fund(pair.judged.ticker)
            for candidate in linking.candidates(
                pair.judged.ticker,
                pair.positions_before,
                pair.positions_after,
                pair.flow,
            ):
                if candidate.later not in book.open:
                    found.append(candidate)
        decided = linking.decide(found, self.book.known_links)
        names = {}
        for link in decided:
            pair = next(p for p in pairs if p.judged.ticker == link.fund)
            names[link] = (pair.positions_before[link.earlier], pair.positions_after[link.later])
            # Links join the keys as published, so that they stand on their own in the database.
            old, new = names[link]
            self.book.add_link(as_of, replace(link, earlier=old.key, later=new.key))
            self.book.rekey(link.fund, link.earlier, link.later)
        for pair in pairs:
            mine = [link for link in decided if link.fund == pair.judged.ticker]
            if mine:
                self._reroot(pair)
            self._announce_links(pair, [(link, *names[link]) for link in mine])
            self._announce_names(pair)

    def _reroot(self, pair: Pair) -> None:
        fund = self.book.fund(pair.judged.ticker)
        fund.positions = rooted(fund.positions.values(), fund.roots)
        pair.positions_before = fund.positions
        pair.positions_after = rooted(pair.judged.snapshot.positions, fund.roots)

    def _announce_links(self, pair: Pair, found: Iterable[tuple[linking.Link, Position, Position]]) -> None:
        for link, old, new in found:
            if link.confidence == "repaired" or not _is_better(old, new):
                continue  # a hand-edited file lost an identifier: nothing happened to the position
            verb = "is continued by" if link.kind is Kind.SUCCESSOR else "is now identified as"
            words = (
                f"{events.label(old)} {verb} {events.label(new)} in {link.fund}"
                f" ({link.rule}, {link.confidence}): {claims.number(old.shares)} -> {claims.number(new.shares)} shares"
            )
            root = self.book.fund(link.fund).roots.of(old.key)
            self._emit(events.notice(self._scene(pair), link.kind, root, words), new)

    def _announce_names(self, pair: Pair) -> None:
        """A ticker that changed under one identifier (the exchange suffix apart) is told as that."""
        for root, new in pair.positions_after.items():
            old = pair.positions_before.get(root)
            if old is None or old.key != new.key or new.asset_class is not AssetClass.EQUITY:
                continue
            before, after = old.ticker.split(), new.ticker.split()
            if before and after and before[0] != after[0]:
                words = f"{old.name}: ticker {old.ticker} is now {new.ticker} ({new.name}) in {pair.judged.ticker}"
                self._emit(events.notice(self._scene(pair), Kind.TICKER_CHANGED, root, words), new)

    def _split(self, pairs: Sequence[Pair], as_of: date) -> frozenset[tuple[str, str]]:
        """Finds the splits of the day, lets them count, measures the flow again. Returns what must wait."""
        ratios = [ratio for pair in pairs for ratio in self._ratios(pair)]
        found, waiting = splits.find(as_of, ratios)
        for split in found:
            if not any(known.day == as_of for known in self.book.splits(split.key)):
                self.book.add_split(split)
        by_key = {split.key: split for split in found}
        for pair in pairs:
            today: dict[str, splits.Split] = {}
            for ratio in self._ratios(pair):
                known = by_key.get(ratio.key)
                if known is not None and splits.explains(known, ratio):
                    today[ratio.root] = known
            self._apply_splits(pair, today)
        return waiting

    def _ratios(self, pair: Pair) -> list[splits.Ratio]:
        found = []
        for root, new in pair.positions_after.items():
            old = pair.positions_before.get(root)
            if old is None or old.shares <= 0 or new.shares <= 0 or new.asset_class not in spells.TRACKED:
                continue
            before = float(old.shares) * (pair.flow.factor if pair.gap <= LONGEST_FLOW else 1.0)
            if abs(float(new.shares) / before - 1) < 0.3:
                continue
            price = _price_ratio(old, new)
            found.append(
                splits.Ratio(
                    self.book.roots.of(root),
                    pair.judged.ticker,
                    root,
                    before,
                    float(new.shares),
                    price,
                    float(old.weight or 0),
                    pair.gap <= LONGEST_FLOW and not pair.flow.is_rebalance,
                )
            )
        return found

    def _apply_splits(self, pair: Pair, today: Mapping[str, splits.Split]) -> None:
        for root in sorted(today):
            split = today[root]
            position = pair.positions_after[root]
            words = (
                f"{events.label(position)} split: {split.factor} new shares for one old"
                f" ({split.rule}; {split.evidence})"
            )
            self._emit(events.notice(self._scene(pair), Kind.SPLIT, root, words), position)
        if today:
            factors = {root: split.factor for root, split in today.items()}
            counts = _counts(pair.positions_before, pair.positions_after, factors)
            pair.flow, pair.labels = flows.measure(counts)

    def _advance(self, pair: Pair, waiting: frozenset[tuple[str, str]]) -> None:
        """Spells go on, open and close; what stays held may have been resized; the fund turns the page."""
        ticker, snapshot = pair.judged.ticker, pair.judged.snapshot
        fund = self.book.fund(ticker)
        facts = FileFacts(
            snapshot.as_of, snapshot.pos_session, pair.interval, pair.gap, pair.judged.warned, snapshot.resolution
        )
        suspects = spells.suspects(fund.open, pair.positions_before, pair.positions_after)
        step = spells.advance(
            {root: stored.spell for root, stored in fund.open.items()},
            pair.positions_before,
            pair.positions_after,
            {root: self.book.track(ticker, root) for root in suspects},
            {root: self.book.splits(root) for root in suspects},
            [r for r in pair.positions_before if r not in pair.positions_after and r not in fund.open],
            facts,
        )
        scene = self._scene(pair)
        for opening in step.opened:
            self._emit(self._entry(scene, opening), opening.position)
        resized = set(fund.open) - {c.root for c in step.closed} - set(suspects)
        for closing in step.closed:
            self._departure(scene, closing)
        for opening in step.opened:
            self.book.open_spell(ticker, opening.root, opening.spell)
        for root in step.vanished:
            self._crumb(scene, root)
        self._resize(scene, pair, resized, waiting)
        self.book.turn(ticker, snapshot, pair.positions_after, stale=pair.judged.stale)

    def _scene(self, pair: Pair) -> Scene:
        ticker = pair.judged.ticker
        return Scene(
            ticker,
            pair.before,
            pair.judged.snapshot,
            pair.positions_before,
            pair.positions_after,
            pair.interval,
            pair.gap,
            pair.flow if pair.gap <= LONGEST_FLOW else Flow(),
            self.source.currency,
            self._inception(ticker),
            pair.gap > 1 or pair.flow.is_doubtful,
        )

    def _inception(self, ticker: str) -> date | None:
        spec = self.source.funds.get(ticker)
        return spec.inception if spec is not None else None

    # --- entries and exits ---------------------------------------------------------------------

    def _entry(self, scene: Scene, opening: spells.Opening) -> Event:
        earlier = self.book.closed(scene.fund, opening.root)
        gone = None
        if earlier:
            known = self._past(scene.fund, opening.root, earlier[-1], scene.after.as_of)
            covered = set(self.book.covered(scene.fund))
            gone = claims.absence(self._sessions(scene.fund), known, covered, scene.after.pos_session)
        first_line = self.book.first_sighting(scene.fund, opening.root)
        return events.entry(scene, opening, gone, first_line, self._records(scene.fund, scene.interval.last))

    def _records(self, ticker: str, until: date | None) -> Coverage:
        covered = self.book.covered(ticker)
        return claims.coverage(self._sessions(ticker), set(covered), covered[0] if covered else None, until)

    def _past(self, ticker: str, root: str, spell: Spell, until: date) -> Past:
        """What a closed spell says of the last time, in today's shares."""
        end = spell.ending
        if end is None:
            raise ValueError(f"the spell of {spell.security} in {ticker} is still open")
        later = self.book.splits(root)
        shares = splits.adjusted(end.material.shares, end.exit_file, later, until)
        held = spell.last_line.session if spell.last_line is not None else end.last.session
        return Past(
            max((d for d in (held, end.last.session) if d is not None), default=None),
            end.material.session,
            shares,
            end.material.as_of,
            Interval(end.exit_from, end.exit_session),
            ticker,
        )

    def _departure(self, scene: Scene, closing: spells.Closing) -> None:
        end = closing.ending
        interval = scene.interval
        if end.exit_file != scene.after.as_of:
            interval = change_interval(self._sessions(scene.fund), end.last.session, end.exit_session)
        end = replace(end, exit_from=interval.first)
        self.book.close_spell(scene.fund, closing.root, replace(closing.spell, ending=end))
        last = closing.position or scene.positions_before.get(closing.root)
        last = last or self.book.last_position(scene.fund, closing.root, end.last.as_of)
        self._emit(events.departure(scene, replace(closing, ending=end), interval, last), last)

    def _crumb(self, scene: Scene, root: str) -> None:
        last = scene.positions_before[root]
        point = point_of(scene.before, last)
        spell = self.book.crumb_gone(scene.fund, root, point, scene.after.as_of)
        if spell is None or spell.ending is None:
            return
        words = (
            f"The last {claims.number(last.shares)} shares of {events.label(last)} are no longer listed in"
            f" {scene.fund}; the position effectively ended with the file dated {spell.ending.exit_file}"
        )
        self._emit(events.notice(scene, Kind.CRUMB_REMOVED, root, words), last)

    # --- size changes --------------------------------------------------------------------------

    def _resize(self, scene: Scene, pair: Pair, held: Iterable[str], waiting: frozenset[tuple[str, str]]) -> None:
        if pair.gap > LONGEST_FLOW or pair.judged.stale:
            return
        if pair.flow.is_rebalance:
            self._rebalance(scene, pair)
            return
        for root in sorted(held):
            if pair.labels.get(root) is not Label.ACTIVE or (scene.fund, self.book.roots.of(root)) in waiting:
                continue
            before = splits.adjusted(
                pair.positions_before[root].shares, scene.before.as_of, self.book.splits(root), scene.after.as_of
            )
            event = events.resize(scene, root, before)
            if event.active_shares:
                self._emit(event, pair.positions_after[root])

    def _rebalance(self, scene: Scene, pair: Pair) -> None:
        largest = max(pair.positions_after, key=lambda r: (pair.positions_after[r].weight or Decimal(0), r))
        words = (
            f"{scene.fund} re-sized most of its lines {claims.during(scene.interval)}: only"
            f" {100 * pair.flow.explained:.0f} % move together, as in a rebalance; single size changes are not told"
        )
        self._emit(events.notice(scene, Kind.REBALANCE, largest, words), pair.positions_after[largest])

    # --- what people are told ------------------------------------------------------------------

    def _groups(self) -> list[ranking.Group]:
        roots = {e.security: self.book.roots.of(e.security) for e in self._events}
        return ranking.groups(self._events, roots)

    def item(self, group: ranking.Group, as_of: date) -> Item:
        """One item over all funds: who else holds the security, who held it before, since when it was gone."""
        members = set(self.book.roots.members(self.book.roots.of(group.security)))
        changed = {e.fund for e in group.events}
        others = {
            t: self._other(t, members, as_of) for t in self.book.tickers if t not in changed and self._is_open(t, as_of)
        }
        before, holder = self._issuer_past(group, changed)
        held_now = any(o.position is not None and o.position.shares > 0 for o in others.values())
        gone = None
        if group.direction == ranking.IN and before is not None and not held_now:
            gone = self._issuer_absence(group, before)
        spec = [self.source.funds.get(f) for f in sorted(changed)]
        standings = ranking.Standings(
            held_now,
            before is not None or held_now,
            gone,
            all(s is not None and s.kind == "index" for s in spec),
            any(e.pos_session.first != e.pos_session.last for e in group.events),
        )
        first = group.events[0]
        name = events.label(self._named[first.security])
        until = first.pos_session.last if group.direction == ranking.IN else None
        records = self._issuer_records(until)
        backdrop = items.Backdrop(self.source.id, self.source.name, name, others, standings, records, holder)
        return items.make(group, backdrop)

    def _issuer_records(self, until: date | None) -> Coverage:
        """What the issuer's files cover: a session counts when every fund with files around it has one."""
        covered = {t: set(self.book.covered(t)) for t in self.book.tickers} if until is not None else {}
        covered = {t: days for t, days in covered.items() if days}
        if not covered:
            return claims.coverage(Sessions(()), (), None, None)
        spans = {t: (min(days), self._ends(t, until)) for t, days in covered.items()}
        whole = {
            day
            for day in set.union(*covered.values())
            if all(
                day in covered[t] for t, (start, end) in spans.items() if start <= day and (end is None or day <= end)
            )
        }
        sessions = self._sessions(next(iter(covered)))
        return claims.coverage(sessions, whole, min(start for start, _ in spans.values()), until)

    def _ends(self, ticker: str, until: date | None) -> date | None:
        """The last session of a closed fund's files; None while it goes on."""
        spec = self.source.funds.get(ticker)
        closed = spec.closed if spec is not None else None
        return max(self.book.covered(ticker)) if closed is not None and until is not None and until > closed else None

    def _is_open(self, ticker: str, as_of: date) -> bool:
        """Whether the fund has files and had not been closed by then."""
        spec = self.source.funds.get(ticker)
        closed = spec.closed if spec is not None else None
        return self.book.fund(ticker).previous is not None and (closed is None or as_of <= closed)

    def _other(self, ticker: str, members: set[str], as_of: date) -> items.Other:
        """What a fund that did not change holds, by its last file."""
        fund = self.book.fund(ticker)
        roots = sorted({fund.roots.of(key) for key in members})
        position = next((fund.positions[r] for r in roots if r in fund.positions), None)
        dated = fund.previous.as_of if fund.previous is not None else as_of
        return items.Other(position, dated if (as_of - dated).days > OLD_FILE else None)

    def _issuer_past(self, group: ranking.Group, changed: set[str]) -> tuple[Past | None, str]:
        """The last time any fund of the issuer held the security before this change."""
        if group.direction != ranking.IN:
            return None, ""
        opened = {(e.fund, e.as_of) for e in group.events}
        found = []
        for ticker, spell in self.book.spells_anywhere(group.security):
            if (ticker, spell.first_file) in opened:
                continue
            if spell.ending is not None:
                found.append(self._past(ticker, spell.security, spell, max(e.as_of for e in group.events)))
            elif ticker not in changed:
                return Past(None, None, None, None, None, ticker), ticker
        known = [p for p in found if p.last_material is not None]
        if not known:
            return None, ""
        last = max(known, key=lambda p: (p.last_material or date.min, p.holder))
        held = max((p.last_held for p in known if p.last_held is not None), default=last.last_held)
        return replace(last, last_held=held), last.holder

    def _issuer_absence(self, group: ranking.Group, before: Past) -> Absence | None:
        """Since when no fund held it, a session counting as covered only when every fund concerned has a file."""
        if before.last_material is None:
            return None
        concerned = {e.fund for e in group.events}
        concerned |= {ticker for ticker, _ in self.book.spells_anywhere(group.security)}
        covered = set.intersection(*(set(self.book.covered(t)) for t in concerned))
        now = max((e.pos_session.last for e in group.events if e.pos_session.last is not None), default=None)
        return claims.absence(self._sessions(group.events[0].fund), before, covered, now)


def reference(root: str, position: Position) -> SecurityRef:
    """A security as people know it, from how a file prints it."""
    ids = dict(text.partition(":")[::2] for text in (position.key, *position.ids) if identity.is_verified(text))
    return SecurityRef(
        identity.public_id(root),
        position.name,
        position.ticker or None,
        ids.get("cusip"),
        ids.get("isin"),
        ids.get("sedol"),
        ids.get("figi"),
    )


def _passed_over(verdict: Verdict) -> Standing:
    """What becomes of a revision that is not preferred: one the gates held stays held."""
    return Standing.SUPERSEDED if verdict.standing is Standing.ACCEPTED else verdict.standing


def _is_better(old: Position, new: Position) -> bool:
    """Whether the new line still carries a verified identifier, or the old one had none."""
    return identity.is_verified(new.key) or not identity.is_verified(old.key)


def _counts(
    before: Mapping[str, Position], after: Mapping[str, Position], factors: Mapping[str, Fraction]
) -> list[Count]:
    """The equity lines in both files, the older counts times the day's split factors."""
    found = []
    for root, new in after.items():
        old = before.get(root)
        if old is None or new.asset_class is not AssetClass.EQUITY or old.shares <= 0 or new.shares <= 0:
            continue
        factor = factors.get(root)
        held = float(old.shares) if factor is None else float(old.shares * factor.numerator / factor.denominator)
        found.append(Count(root, held, float(new.shares), _is_foreign(new)))
    return found


def _is_foreign(position: Position) -> bool:
    """Whether the line trades outside the US, where baskets are rounded to lots: its key is a SEDOL or ISIN."""
    return position.key.startswith(("sedol:", "isin:"))


def _price_ratio(old: Position, new: Position) -> float | None:
    if not old.value or not new.value:
        return None
    return float(new.value / new.shares) / float(old.value / old.shares)
