"""Writes down what the flow between two files of a fund explained, and what it did not: flows and trades.

It measures nothing and emits no event; what a trade is says `core.trades`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from monitor.core.events import Scene
from monitor.core.flows import LONGEST_FLOW, Label
from monitor.core.trades import Files, trades
from monitor.derive.pair import Lines
from monitor.store.book import Book
from monitor.store.trades import PairLine


def record(book: Book, scene: Scene, touched: Lines, labels: Mapping[str, Label], exchanged: Collection[str]) -> None:
    """Adds the pair of files of `scene` to what will be stored. `touched` lines may have been traded; `exchanged` roots
    were neither bought nor sold."""
    near = scene.gap <= LONGEST_FLOW
    known = near and scene.flow.known
    counted = Counter(labels.values())
    book.add_pair(
        scene.fund,
        PairLine(
            book.fund(scene.fund).fund.id,
            scene.after.id,
            scene.before.id,
            scene.after.as_of,
            scene.interval,
            scene.gap,
            scene.flow.factor if known else None,
            scene.flow.units or None,
            len(labels),
            counted[Label.UNCHANGED],
            counted[Label.FLOW] if near else None,
            counted[Label.GROUP] if near else None,
            counted[Label.ACTIVE] if near else None,
            scene.flow.is_rebalance,
            "low" if scene.doubtful else "high",
            tuple(trades(_files(book, scene, touched, labels, exchanged))),
        ),
    )


def _files(book: Book, scene: Scene, touched: Lines, labels: Mapping[str, Label], exchanged: Collection[str]) -> Files:
    factors = book.split_factors(scene.fund, scene.before.as_of, scene.after.as_of)
    roots = {root: book.roots.of(root) for root in touched.before} if factors else {}
    return Files(
        touched.before,
        touched.after,
        {root: factors[known] for root, known in roots.items() if known in factors},
        exchanged,
        scene.outside,
        scene.gap,
        scene.flow,
        labels,
    )
