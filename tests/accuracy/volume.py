"""How much people would have been told at once: messages per session of a live replay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from tests.accuracy.folder import Span
from tests.accuracy.report import Bar, Section, table
from tests.accuracy.told import IMMEDIATE, History

REFERENCE = Span(date(2020, 11, 1), date(2022, 12, 31))  # the stretch a person would judge by reading
MOST_ON_AVERAGE, MOST_AT_P95 = 1.0, 5
LEAST_SESSIONS = 200


def measure(history: History, messages: Sequence[date] | None) -> Section:
    """Items told at once by session: of the whole span, and of the reference stretch."""
    section = Section("Immediate items per session, replayed as if live")
    living = history.files.keys() - history.closed.keys()
    immediate = [one for one in history.items if one.severity in IMMEDIATE and living & set(one.funds)]
    days = [one.as_of for one in immediate]
    rows = []
    for name, span in (("whole span", Span()), ("2020-11 … 2022-12", REFERENCE)):
        sessions = _sessions(history, span)
        if not sessions:
            continue
        for what, dates in (("items", days), ("messages", messages)):
            if dates is None:
                continue
            told = Counter(dates)
            counts = sorted(sum(told[day] for day in run) for run in sessions)
            mean, p95 = sum(counts) / len(counts), counts[min(len(counts) - 1, int(0.95 * len(counts)))]
            quiet = counts.count(0) / len(counts)
            rows.append((name, what, len(counts), sum(counts), round(mean, 3), p95, max(counts), f"{quiet:.1%}"))
            section.numbers[f"{what}, {name}"] = {
                "sessions": len(counts),
                "total": sum(counts),
                "mean": mean,
                "p95": p95,
                "max": max(counts),
                "quiet": quiet,
            }
        busy = Counter(days)
        section.numbers[f"busiest, {name}"] = [[str(day), count] for day, count in busy.most_common(10)]
        mean_items = section.numbers[f"items, {name}"]
        assert isinstance(mean_items, dict)
        mean, p95 = mean_items["mean"], mean_items["p95"]
        what = "immediate items a session"
        section.bars += [
            Bar(
                f"{what}, mean, {name}",
                f"{mean:.3f}",
                f"≤ {MOST_ON_AVERAGE}",
                _judged(mean_items, mean <= MOST_ON_AVERAGE),
            ),
            Bar(f"{what}, p95, {name}", str(p95), f"≤ {MOST_AT_P95}", _judged(mean_items, p95 <= MOST_AT_P95)),
        ]
    section.lines = table(("span", "what", "sessions", "total", "mean", "p95", "max", "quiet"), rows)
    funds = ", ".join(sorted(living))
    section.lines.append(f"Funds: {funds}. Messages: alerts, updates and withdrawals promised to one channel.")
    kinds = Counter(one.kind for one in immediate)
    section.lines.append("Kinds: " + ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))
    worst = Counter(days).most_common(5)
    section.lines.append("Busiest: " + ", ".join(f"{day} {count}" for day, count in worst))
    section.numbers["kinds"] = dict(kinds)
    return section


def _sessions(history: History, span: Span) -> list[list[date]]:
    """The file dates of the span, one run a session with files: quiet days without a file do not count."""
    dates = sorted({file.as_of for files in history.files.values() for file in files if span.holds(file.as_of)})
    return [[day] for day in dates]


def _judged(counted: Mapping[str, object], holds: bool) -> bool | None:
    """Some months alone may be the busiest ones: the bar is for a year and more of sessions."""
    sessions = counted["sessions"]
    return holds if isinstance(sessions, int) and sessions >= LEAST_SESSIONS else None
