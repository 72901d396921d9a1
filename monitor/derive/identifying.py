"""Which vanished line and which appeared line of a day are one position: links are found, kept and told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from monitor.core import claims, events, flows, identity, linking, sides
from monitor.core.model import AssetClass, Kind, Position
from monitor.core.sides import some
from monitor.derive import operating
from monitor.derive.pair import Emit, Pair, scene_of
from monitor.derive.setting import Setting
from monitor.store.fund_book import rooted


@dataclass(frozen=True, slots=True)
class Identifying:
    """Links the lines of a day over all funds of an issuer."""

    at: Setting
    emit: Emit

    def settle(self, pairs: Sequence[Pair], as_of: date) -> None:
        """Links what vanished to what appeared, over all funds of the day, and says so."""
        found = []
        for pair in pairs:
            book = self.at.book.fund(pair.judged.ticker)
            gone, come = some(pair.positions_before, pair.sides.gone), some(pair.positions_after, pair.sides.come)
            for candidate in linking.candidates(pair.ticker, gone, come, pair.flow):
                if candidate.later not in book.open:
                    found.append(candidate)
        confirmed = [link for pair in pairs for link in operating.confirmed(self.at.book, pair, as_of)]
        cut = {ends for pair in pairs for ends in operating.cut(self.at.book, pair.judged.ticker)}
        decided = linking.decide(found, self.at.book.known_links, confirmed, cut)
        names = {}
        for link in decided:
            pair = next(p for p in pairs if p.judged.ticker == link.fund)
            old, new = pair.positions_before.get(link.earlier), pair.positions_after[link.later]
            if old is not None:
                names[link] = (old, new)
            # Links join the keys as published, so that they stand on their own in the database.
            published = replace(link, earlier=old.key if old is not None else link.earlier, later=new.key)
            self.at.book.add_link(as_of, published)
            self.at.book.rekey(link.fund, link.earlier, link.later)
        for pair in pairs:
            mine = [link for link in decided if link.fund == pair.judged.ticker]
            if mine:
                self._reroot(pair)
            if not linking.is_break(mine, len(pair.positions_after)):
                self._announce_links(pair, [(link, *names[link]) for link in mine if link in names])
            self._announce_names(pair)

    def _reroot(self, pair: Pair) -> None:
        fund = self.at.book.fund(pair.judged.ticker)
        fund.positions = rooted(fund.positions.values(), fund.roots)
        pair.sides = sides.of(fund.positions, rooted(pair.judged.snapshot.positions, fund.roots))
        pair.counts = pair.sides.counts
        pair.flow, pair.labels = flows.measure(pair.counts)

    def _announce_links(self, pair: Pair, found: Iterable[tuple[linking.Link, Position, Position]]) -> None:
        for link, old, new in found:
            if link.confidence == "repaired" or not _is_better(old, new):
                continue  # a hand-edited file lost an identifier: nothing happened to the position
            verb = "is continued by" if link.kind is Kind.SUCCESSOR else "is now identified as"
            counts = f"{claims.number(old.shares)} -> {claims.counted(new.shares, claims.unit(new))}"
            words = (
                f"{events.label(old)}, {old.identifier or 'no identifier'}, {verb} {events.label(new)},"
                f" {new.identifier or 'no identifier'}, in {link.fund} ({link.rule}, {link.confidence}): {counts}"
            )
            root = self.at.book.fund(link.fund).roots.of(old.key)
            self.emit(events.notice(scene_of(self.at, pair), link.kind, root, words), new)

    def _announce_names(self, pair: Pair) -> None:
        """A ticker that changed under one identifier (the exchange suffix apart) is told as that."""
        for root in pair.sides.relabelled:
            old, new = pair.positions_before[root], pair.positions_after[root]
            if old.key != new.key or new.asset_class is not AssetClass.EQUITY:
                continue
            before, after = old.ticker.split(), new.ticker.split()
            if before and after and before[0] != after[0]:
                words = f"{old.name}: ticker {old.ticker} is now {new.ticker} ({new.name}) in {pair.judged.ticker}"
                self.emit(events.notice(scene_of(self.at, pair), Kind.TICKER_CHANGED, root, words), new)
            elif old.name != new.name and identity.name_similarity(old.name, new.name) < linking.ALIKE:
                words = f"{events.label(old)} is now called {events.label(new)} in {pair.judged.ticker}"
                self.emit(events.notice(scene_of(self.at, pair), Kind.RENAMED, root, words), new)


def _is_better(old: Position, new: Position) -> bool:
    """Whether the new line still carries a verified identifier, or the old one had none."""
    return identity.is_verified(new.key) or not identity.is_verified(old.key)
