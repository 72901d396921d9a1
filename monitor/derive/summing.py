"""What people are told: the day's events summed over an issuer's funds, with who else holds or held the security."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain

from monitor.core import claims, events, items, ranking, spells
from monitor.core.claims import Past
from monitor.core.model import Absence, Arrival, Coverage, Event, Interval, Item, Position
from monitor.derive.comparing import Comparing
from monitor.derive.kin import Kin
from monitor.derive.setting import Setting

OLD_FILE = 14  # days after which a fund's last file no longer speaks of today


class Summing:
    """Makes items of a day's events."""

    def __init__(self, at: Setting, day: Comparing) -> None:
        self.at, self.day = at, day
        self._known = 0  # funds of the issuer that have files
        self._records: dict[date, Coverage] = {}  # of the issuer, by the session they reach to
        self._kin = Kin(at.book, ())

    def of_day(self, as_of: date) -> list[Item]:
        """All items of the day."""
        if not self.day.changes.events:
            return []
        self._known = sum(self.at.book.fund(t).previous is not None for t in self.at.book.tickers)
        self._records, groups = {}, self._groups(self.day.changes.events)
        self._kin = Kin(self.at.book, [self._printed(group) for group in groups if group.direction == ranking.IN])
        crowds = Counter((e.fund, e.as_of) for e in self.day.changes.events if e.kind in ranking.ENTRIES_AND_EXITS)
        return [self.item(group, as_of, crowds) for group in groups]

    def _groups(self, found: Sequence[Event]) -> list[ranking.Group]:
        roots = {e.security: self.at.book.roots.of(e.security) for e in found}
        return ranking.groups(found, roots)

    def item(self, group: ranking.Group, as_of: date, crowds: Mapping[tuple[str, date], int]) -> Item:
        """One item over all funds: who else holds the security, who held it before, since when it was gone."""
        changed = {e.fund for e in group.events}
        others = self._others(group, changed, as_of)
        before, holder = self._issuer_past(group, changed)
        held_now = any(o.position is not None and spells.is_held(o.position) for o in others.values())
        gone = None
        if group.direction == ranking.IN and before is not None and not held_now:
            gone = self._issuer_absence(group, before)
        first = group.events[0]
        printed = self._printed(group)
        spec = [self.at.source.funds.get(f) for f in sorted(changed)]
        standings = ranking.Standings(
            held_now,
            before is not None or held_now,
            gone,
            all(s is not None and s.kind == "index" for s in spec),
            any(e.pos_session.first != e.pos_session.last for e in group.events),
            printed.asset_class,
            self._known == 1,
            min(crowds.get((e.fund, e.as_of), 0) for e in group.events),
        )
        name = events.label(printed)
        is_first = group.direction == ranking.IN and not standings.held_before
        until = first.pos_session.last if is_first else None
        records = self._issuer_records(until)
        unit = claims.unit(printed)
        source, is_entry = self.at.source, group.direction == ranking.IN
        kin = self._kin.of(printed, self.at.book.roots.of(group.security)) if is_entry else ()
        issuer = (source.id, source.name, name, others, standings, records, as_of, holder, self._known)
        return items.make(group, items.Backdrop(*issuer, unit, source.per_unit, kin))

    def _printed(self, group: ranking.Group) -> Position:
        """The security as the first of the funds prints it."""
        return self.day.changes.named[group.events[0].security]

    def _issuer_records(self, until: date | None) -> Coverage:
        """What the issuer's files cover. Only an entry that is the first of any fund says so."""
        if until is None:
            return claims.NO_RECORDS
        if until not in self._records:
            self._records[until] = self._records_until(until)
        return self._records[until]

    def _records_until(self, until: date) -> Coverage:
        """A session counts when every fund with files around it has one."""
        covered = {t: set(days) for t, days in self.at.book.covered_by_all().items() if days}
        if not covered:
            return claims.NO_RECORDS
        spans = {t: (min(days), self._ends(t, until)) for t, days in covered.items()}
        files = Counter(chain.from_iterable(covered.values()))
        starts = sorted(start for start, _ in spans.values())
        ends = sorted(end for _, end in spans.values() if end is not None)
        whole = {day for day, count in files.items() if count == bisect_right(starts, day) - bisect_left(ends, day)}
        sessions = self.at.sessions(next(iter(covered)))
        first = min(start for start, _ in spans.values())
        return claims.coverage(sessions, whole, first, until, self.at.source.resolution_between(first, until))

    def _ends(self, ticker: str, until: date) -> date | None:
        """The last session of a closed fund's files; None while it goes on."""
        closed = self.at.closed(ticker)
        return max(self.at.book.covered(ticker)) if closed is not None and until > closed else None

    def _others(self, group: ranking.Group, changed: set[str], as_of: date) -> dict[str, items.Other]:
        """The issuer's other open funds. A size change of the past is told to nobody: it needs none of them."""
        if group.direction not in (ranking.IN, ranking.OUT) and not any(
            e.arrival is Arrival.LIVE for e in group.events
        ):
            return {}
        members = self.at.book.roots.members(self.at.book.roots.of(group.security))
        open_funds = (t for t in self.at.book.tickers if t not in changed and self.at.is_open(t, as_of))
        return {t: self._other(t, members, as_of) for t in open_funds}

    def _other(self, ticker: str, members: Sequence[str], as_of: date) -> items.Other:
        """What a fund that did not change holds, by its last file."""
        fund = self.at.book.fund(ticker)
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
        for ticker, spell in self.at.book.spells_anywhere(group.security):
            if (ticker, spell.first_file) in opened:
                continue
            if spell.ending is not None:
                found.append(self.day.past(ticker, spell.security, spell, max(e.as_of for e in group.events)))
            elif ticker not in changed:
                return Past(None, None, None, None, None, ticker), ticker
        found += self._witnessed(group)
        if not found:
            return None, ""
        last = max(found, key=lambda p: (p.last_material or p.last_file or date.min, p.holder))
        held = max((p.last_held for p in found if p.last_held is not None), default=last.last_held)
        return replace(last, last_held=held), last.holder

    def _witnessed(self, group: ranking.Group) -> list[Past]:
        """When funds held it by schedules beside their files, where these say so."""
        firsts = [e.pos_session.first for e in group.events if e.pos_session.first is not None]
        entry = Interval(min(firsts, default=None), group.events[0].told_for)
        named = self.day.changes.named[group.events[0].security]
        said = (self.day.witness.elsewhere(t, group.security, named, entry) for t in self.at.book.tickers)
        return [past for past in said if past is not None]

    def _issuer_absence(self, group: ranking.Group, before: Past) -> Absence | None:
        """Since when no fund held it, a session counting as covered only when every fund concerned has a file."""
        if before.last_material is None:
            return None
        concerned = {e.fund for e in group.events}
        concerned |= {ticker for ticker, _ in self.at.book.spells_anywhere(group.security)}
        concerned |= {before.holder} & set(self.at.book.tickers)
        seen = claims.seen_until(before) or before.last_material
        covered = set.intersection(*(set(self.at.book.covered(t, seen)) for t in concerned))
        now = max((e.pos_session.last for e in group.events if e.pos_session.last is not None), default=None)
        return claims.absence(self.at.sessions(group.events[0].fund), before, covered, now)
