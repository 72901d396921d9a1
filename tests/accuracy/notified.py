"""Trade detection against the trades the issuer notified.

Definition. A *fund-day* is a pair of consecutive accepted files of a fund exactly one session apart, for whose session
the issuer notified at least one trade of that fund with a size. Lines are the equity-like positions of either file
(those of the classes the program follows), joined by the links the program made. A notified trade belongs to the line
with its identifier, else with its ticker without the exchange code; several of one line and day are netted. A rule's
alert is right when that line was notified that day; how many of ours go the notified way is told apart. Trades
notified without a fund or a size are not used; those of a security in neither file are
counted apart.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from monitor.core.identity import verified_ids
from tests.accuracy.folder import Notified
from tests.accuracy.report import Section, Thresholds, at_least, missing, ratio, share, table
from tests.accuracy.told import File, History, Line, TradeLine

FOLLOWED = frozenset(["equity", "coin", "right"])
TRADED = frozenset(["ACTIVE", "NEW", "GONE"])
LARGE = 0.0005  # of the fund
NAIVE = 0.02
EXACT = 0.01
LIMITS = (0.001, EXACT, 0.05, 0.25)
SIZE_BAR = 0.94
_VENUE = re.compile(r"^(\d+|[A-Z]{2,})[A-Z]{2}$")  # 6060HK, KSPILI: a Bloomberg exchange code without a blank
TITLE = "Trades: detection against notified trades"


@dataclass(slots=True)
class Day:
    """One fund-day: its lines by group, what was notified of them, and what we say."""

    fund: str
    session: date
    lines: dict[str, tuple[Line | None, Line | None]]
    notified: dict[str, float] = field(default_factory=dict)
    unseen: list[Notified] = field(default_factory=list)
    ours: dict[str, TradeLine] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """A line a rule calls traded; `direction` is +1 or −1."""

    day: Day
    group: str
    direction: int


def measure(history: History, trades: Sequence[Notified] | None, bars: Thresholds) -> list[Section]:
    """Detection by four rules, and the sizes of what was detected."""
    names = ("active changes vs notified trades, precision", "active changes vs notified trades, recall")
    if not trades:
        return [missing(TITLE, "ark/trades.csv", *names), missing("Trades: size", "ark/trades.csv", "size within 1 %")]
    days = list(fund_days(history, trades))
    truth = sum(len(day.notified) for day in days)
    rules = {
        "any share change": [a for day in days for a in _changed(day, 0.0)],
        "change > 2 %": [a for day in days for a in _changed(day, NAIVE)],
        "ACTIVE + new + gone": (ours := [a for day in days for a in _ours(day, 0.0)]),
        "… and value ≥ 5 bp of fund": [a for day in days for a in _ours(day, LARGE)],
    }
    right = {name: [a for a in alerts if _is_right(a)] for name, alerts in rules.items()}
    rows = [
        (name, len(alerts), len(right[name]), ratio(share(len(right[name]), len(alerts))),
         ratio(share(len(right[name]), truth)), f"{(len(alerts) - len(right[name])) / max(1, len(days)):.2f}")
        for name, alerts in rules.items()
    ]  # fmt: skip
    section = Section(TITLE, table(("rule", "alerts", "right", "precision", "recall", "false per fund-day"), rows))
    lines, unseen = sum(len(day.lines) for day in days), [one for day in days for one in day.unseen]
    section.lines.append(f"{len(days):,} fund-days, {lines:,} line-days, {truth:,} notified trades in the files;")
    section.lines.append(f"{len(unseen)} more of securities in neither file, {len(trades):,} notified with a size.")
    found = right["ACTIVE + new + gone"]
    same = sum(_same_way(alert) for alert in found)
    section.lines.append(f"Of ours {same:,} of {len(found):,} right ones go the notified way.")
    precision, recall = share(len(found), len(ours)), share(len(found), truth)
    section.bars = [at_least(names[0], precision, bars.trades), at_least(names[1], recall, bars.trades)]
    section.lines += _worst(ours, found, days)
    section.numbers = {
        "fund_days": len(days),
        "line_days": lines,
        "notified": truth,
        "rules": {name: {"alerts": len(alerts), "right": len(right[name])} for name, alerts in rules.items()},
        "same_direction": same,
        "precision": precision,
        "recall": recall,
        "false": [_words(a.day, a.group) for a in ours if not _is_right(a)],
        "missed": [_words(day, group) for day, group in _missed(days, found)],
        "unseen": [f"{one.session} {one.fund} {one.direction} {one.ticker} {one.shares:,.0f}" for one in unseen],
    }
    return [section, _sizes(found)]


def fund_days(history: History, trades: Iterable[Notified]) -> Iterable[Day]:
    """Every fund-day with its lines, notified trades and our trades."""
    by_day: dict[tuple[str, date], list[Notified]] = defaultdict(list)
    for trade in trades:
        by_day[trade.fund, trade.session].append(trade)
    for pair in history.flows:
        session = pair.after.session
        if pair.gap != 1 or session is None or (pair.after.fund, session) not in by_day:
            continue
        day = Day(pair.after.fund, session, _lines(history, pair.before, pair.after))
        index = Index.of(day.lines)
        for one in by_day[day.fund, session]:
            group = index.find(one)
            if group is None:
                day.unseen.append(one)
            else:
                signed = one.shares if one.direction.lower().startswith("b") else -one.shares
                day.notified[group] = day.notified.get(group, 0.0) + signed
        day.ours = {history.group(line.key): line for line in pair.trades if line.label in TRADED}
        yield day


def _lines(history: History, before: File, after: File) -> dict[str, tuple[Line | None, Line | None]]:
    old = {history.group(line.key): line for line in _followed(history.held(before))}
    new = {history.group(line.key): line for line in _followed(history.held(after))}
    return {group: (old.get(group), new.get(group)) for group in sorted(old.keys() | new.keys())}


def _followed(lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if line.asset_class in FOLLOWED and line.shares]


@dataclass(frozen=True, slots=True)
class Index:
    """Finds the line a notified trade is about."""

    by_id: dict[str, str]
    by_ticker: dict[str, str]

    @classmethod
    def of(cls, lines: Mapping[str, tuple[Line | None, Line | None]]) -> Index:
        """The identifiers and tickers of a fund-day's lines."""
        index = cls({}, {})
        for group, pair in lines.items():
            for line in (one for one in pair if one is not None):
                index.by_id.update(dict.fromkeys(verified_ids(line.identifier), group))
                index.by_ticker[line.root] = group
        return index

    def find(self, one: Notified) -> str | None:
        """The line with the identifier – unless its ticker is another line's, as on days when the identifiers were
        shifted against the tickers (2020-12-15) – else the one with the ticker, an exchange code taken off."""
        ids = [self.by_id[each] for each in verified_ids(one.cusip.removesuffix(".0")) if each in self.by_id]
        named = self._named(one.ticker)
        if ids and (named is None or ids[0] == named):
            return ids[0]
        return named

    def _named(self, ticker: str) -> str | None:
        root = (ticker.upper().replace(".", " ").split() or [""])[0]
        return self.by_ticker.get(root) or (self.by_ticker.get(root[:-2]) if _VENUE.search(root) else None)


def _changed(day: Day, least: float) -> Iterable[Alert]:
    """Lines whose raw share count changed by more than `least` of it, or that are new or gone."""
    for group, (old, new) in day.lines.items():
        before, after = (0.0 if line is None else line.shares or 0.0 for line in (old, new))
        if before != after and abs(after - before) > least * before:
            yield Alert(day, group, 1 if after > before else -1)


def _ours(day: Day, least: float) -> Iterable[Alert]:
    """The lines we call traded, of at least that part of the fund."""
    for group, line in day.ours.items():
        if line.active and (not least or abs(line.part or 0.0) >= least):
            yield Alert(day, group, 1 if line.active > 0 else -1)


def _is_right(alert: Alert) -> bool:
    return alert.group in alert.day.notified


def _same_way(alert: Alert) -> bool:
    return (alert.day.notified[alert.group] > 0) == (alert.direction > 0)


def _missed(days: Iterable[Day], found: Iterable[Alert]) -> list[tuple[Day, str]]:
    seen = {(id(alert.day), alert.group) for alert in found}
    return [(day, group) for day in days for group in day.notified if (id(day), group) not in seen]


def _worst(ours: Sequence[Alert], found: Sequence[Alert], days: Sequence[Day]) -> list[str]:
    """The largest false alert and miss, to start reading from."""
    false = [a for a in ours if not _is_right(a)]
    false.sort(key=lambda a: -abs(a.day.ours[a.group].value or 0.0))
    missed = sorted(_missed(days, found), key=lambda one: -abs(_worth(*one)))
    lines = [f"false   {_words(a.day, a.group)}" for a in false[:8]]
    return ["", *lines, *(f"missed  {_words(day, group)}" for day, group in missed[:8])]


def _worth(day: Day, group: str) -> float:
    line = day.lines[group][1] or day.lines[group][0]
    assert line is not None
    return day.notified[group] * (line.value or 0.0) / (line.shares or 1.0)


def _words(day: Day, group: str) -> str:
    old, new = day.lines.get(group, (None, None))
    line = new or old
    ours = day.ours.get(group)
    said = "nothing" if ours is None else f"{ours.label} {ours.active or 0:+,.0f}"
    told = f"{day.notified[group]:+,.0f}" if group in day.notified else "not notified"
    before, after = (0.0 if one is None else one.shares or 0.0 for one in (old, new))
    name = "?" if line is None else line.ticker or line.name
    return f"{day.session} {day.fund} {name}: {before:,.0f} -> {after:,.0f}, we say {said}; {told}"


def _sizes(found: Sequence[Alert]) -> Section:
    """How far the sizes of detected trades are from the notified ones."""
    pairs = [(a.day.ours[a.group].active or 0.0, a.day.notified[a.group]) for a in found]
    naive = []
    for a in found:
        before, after = (0.0 if one is None else one.shares or 0.0 for one in a.day.lines[a.group])
        naive.append((after - before, a.day.notified[a.group]))
    rows: list[list[int | float | None]] = []
    for sizes in (pairs, naive):
        # A trade told the wrong way is off by more than its size.
        errors = [abs(one - other) / abs(other) for one, other in sizes if other]
        parts = [share(sum(error <= limit for error in errors), len(errors)) for limit in LIMITS]
        rows.append([len(errors), *parts])
    named = [(name, *row) for name, row in zip(("ours", "naive delta"), rows, strict=True)]
    section = Section("Trades: size of detected ones", table(("", "trades", *(f"≤ {x:.1%}" for x in LIMITS)), named))
    within = rows[0][1 + LIMITS.index(EXACT)]
    section.numbers = {
        name: dict(zip(("trades", *map(str, LIMITS)), row, strict=True))
        for name, row in zip(("ours", "naive delta"), rows, strict=True)
    }
    section.bars = [at_least("size of a detected trade within 1 %", within, SIZE_BAR)]
    return section
