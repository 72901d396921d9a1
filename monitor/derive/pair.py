"""Two consecutive accepted files of one fund, as the steps of a day see and fill them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from monitor.core import flows
from monitor.core.events import Scene
from monitor.core.flows import LONGEST_FLOW, Count, Flow, Label
from monitor.core.model import Event, Interval, Position, Snapshot
from monitor.core.sides import Sides, some
from monitor.derive.judging import Judged
from monitor.derive.setting import Setting
from monitor.store.book import Book

Emit = Callable[[Event, Position], None]  # takes an event and how the day's file prints its security


class Changes:
    """What the files of a day have changed, as the steps of comparing find it: `events`, and how the day's files print
    each security (`named`). Those steps know it and not one another: what held itself would stay in memory, with all
    the lines of its issuer, until Python looks for cycles."""

    def __init__(self, book: Book) -> None:
        self._roots = book.roots
        self.events: list[Event] = []
        self.named: dict[str, Position] = {}

    def start_day(self) -> None:
        """Nothing has changed yet."""
        self.events, self.named = [], {}

    def emit(self, event: Event, position: Position) -> None:
        """An event counts for the security as the issuer's funds know it."""
        root = self._roots.of(event.security)
        self.named[root] = position
        self.events.append(event if event.security == root else replace(event, security=root))


class Lines(NamedTuple):
    """Positions of two files by root key."""

    before: Mapping[str, Position]
    after: Mapping[str, Position]


@dataclass(slots=True)
class Pair:
    """Two consecutive accepted files of one fund, becoming a scene as the day is told."""

    judged: Judged
    before: Snapshot
    sides: Sides
    interval: Interval
    gap: int
    counts: Sequence[Count]
    flow: Flow
    labels: Mapping[str, Label]
    outside: frozenset[str] = frozenset()  # roots creation baskets are known to leave out
    exchanged: frozenset[str] = frozenset()  # roots that were neither bought nor sold: merged, converted, received

    @property
    def ticker(self) -> str:
        """The fund."""
        return self.judged.ticker

    @property
    def positions_before(self) -> Mapping[str, Position]:
        """The older file, by root key."""
        return self.sides.before.positions

    @property
    def positions_after(self) -> Mapping[str, Position]:
        """The newer file."""
        return self.sides.after.positions

    def touched(self) -> Lines:
        """The lines of both files of which the newer one may say something new."""
        roots = self.sides.touched(self.labels)
        return Lines(some(self.positions_before, roots), some(self.positions_after, roots))

    @property
    def is_near(self) -> bool:
        """Close enough that a flow factor means something."""
        return self.gap <= LONGEST_FLOW


def scene_of(at: Setting, pair: Pair) -> Scene:
    """What the sentences need of a pair."""
    flow = pair.flow if pair.is_near else Flow()
    published = flows.published(pair.before.outstanding, pair.judged.snapshot.outstanding) if pair.is_near else None
    return Scene(
        at.source.id,
        pair.ticker,
        pair.before,
        pair.judged.snapshot,
        pair.positions_before,
        pair.positions_after,
        pair.interval,
        pair.gap,
        flow,
        at.source.currency,
        at.inception(pair.ticker),
        pair.gap > 1 or pair.flow.is_doubtful or not flows.agrees(flow, published) or at.source.per_unit,
        pair.outside,
        published,
    )
