"""Splits that were none, found without the program's own rule.

A split by k must halve, double … the price for good: the median price of the three files after the day, times k, lies
nearer to the median of the three files before than without k, and within a factor of 1.5 of it (of the fourth root of k
where that is more: files can be weeks apart). A notified trade of at
least half the change in shares contradicts it, and so does a label or case that calls the day a purchase or sale.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from statistics import median

from tests.accuracy.folder import Notified
from tests.accuracy.notified import fund_days
from tests.accuracy.report import Section, none_of, table, wrapped
from tests.accuracy.told import History, Split

AROUND = 3
FARTHEST = math.log(1.5)


def measure(history: History, trades: Sequence[Notified] | None, contradicted: Collection[str]) -> Section:
    """Every split the program applies, and why it is wrong if it is."""
    bought = {(d.fund, d.session, g): n for d in fund_days(history, trades or ()) for g, n in d.notified.items()}
    rows, wrong = [], []
    for one in sorted(history.splits, key=lambda s: (s.day, s.key)):
        told = [e for e in history.events if e.kind == "SPLIT" and history.group(e.key) == history.group(one.key)]
        told = [e for e in told if abs((e.as_of - one.day).days) <= 7]
        name = told[0].label if told else one.key
        complaints = [*_prices(history, one), *_purchases(history, one, bought)]
        complaints += [f"a label or case contradicts: {e}" for e in told if str(e) in contradicted]
        rows.append(
            (
                one.day,
                name[:40],
                str(one.factor),
                len({f for e in told for f in e.funds}),
                "; ".join(complaints) or "right",
            )
        )
        wrong += [f"{one.day} {name} by {one.factor}: {text}" for text in complaints]
    section = Section("False splits", table(("day", "security", "factor", "funds", ""), rows))
    section.bars = [none_of("false splits", len({text.split(": ")[0] for text in wrong}))]
    section.numbers = {"splits": len(rows), "false": wrong}
    section.lines += [line for text in wrong for line in wrapped(f"WRONG  {text}")]
    return section


def _prices(history: History, split: Split) -> list[str]:
    found = []
    for fund, files in sorted(history.files.items()):
        before = [
            price for file in files if file.as_of < split.day for price in _price(history, fund, file.number, split)
        ]
        after = [
            price for file in files if file.as_of > split.day for price in _price(history, fund, file.number, split)
        ]
        today = history.at(fund, split.day)
        if not before or not after or today is None:
            continue
        change = math.log(median(after[:AROUND]) / median(before[-AROUND:]))
        kept = change + math.log(split.factor)
        if abs(kept) > max(FARTHEST, abs(math.log(split.factor)) / 4) or abs(kept) > abs(change):
            found.append(f"{fund}: price x{math.exp(change):.3f} after, x{math.exp(kept):.3f} times the factor")
    return found


def _price(history: History, fund: str, number: int, split: Split) -> list[float]:
    group = history.group(split.key)
    lines = [line for line in history.lines.get((fund, number), ()) if history.group(line.key) == group]
    return [line.value / line.shares for line in lines if line.value and line.shares]


def _purchases(history: History, split: Split, bought: Mapping[tuple[str, date, str], float]) -> list[str]:
    """Notified trades as large as half the change in shares."""
    found = []
    for pair in history.flows:
        if pair.after.as_of != split.day:
            continue
        group = history.group(split.key)
        counts = [
            sum(line.shares or 0.0 for line in history.held(file) if history.group(line.key) == group)
            for file in (pair.before, pair.after)
        ]
        session = pair.after.session or date.min
        notified = bought.get((pair.after.fund, session, group), 0.0)
        if notified and abs(notified) >= abs(counts[1] - counts[0]) / 2:
            found.append(f"{pair.after.fund}: {notified:+,.0f} shares notified of {counts[1] - counts[0]:+,.0f}")
    return found
