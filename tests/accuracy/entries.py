"""False entries, exits and re-entries per 1,000 fund-days: naive and ours.

False is a move that is undone within three files without a notified trade, whose line stands under another key on the
other side, or that a label or case contradicts. A fund-day is a pair of consecutive files of a fund.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from tests.accuracy import moves
from tests.accuracy.folder import Notified
from tests.accuracy.moves import Move
from tests.accuracy.notified import fund_days
from tests.accuracy.report import Section, table, wrapped
from tests.accuracy.told import History


def measure(history: History, trades: Sequence[Notified] | None, contradicted: Collection[str]) -> Section:
    """Counts by kind; `contradicted` are the words of events that a label or case calls wrong."""
    told = {(day.fund, day.session, group) for day in fund_days(history, trades or ()) for group in day.notified}
    ours, naive = moves.ours(history, told), moves.naive(history)
    words = {
        (str(one.as_of), fund, one.label) for one in history.events for fund in one.funds if str(one) in contradicted
    }
    days = sum(max(0, len(files) - 1) for files in history.files.values())
    rows = []
    section = Section("False entries, exits and re-entries")
    for name, wanted in (("entries", _first), ("re-entries", _again), ("exits", _left)):
        counts: list[object] = []
        for found in (naive, ours):
            some = [one for one in found if wanted(one)]
            false = [one for one in some if one.false or (str(one.as_of), one.fund, one.label) in words]
            per = round(1000 * len(false) / days, 2) if days else None
            counts += [len(some), len(false), per]
            section.numbers[f"{name}, {'naive' if found is naive else 'ours'}"] = {
                "told": len(some),
                "false": len(false),
                "per_1000_fund_days": per,
                "which": [str(one) for one in false] if found is ours else [],
            }
        rows.append((name, *counts))
    head = ("kind", "naive", "false", "per 1,000", "ours", "false", "per 1,000")
    section.lines = [*table(head, rows), f"{days:,} fund-days."]
    for one in _said(ours, words):
        section.lines += wrapped(f"false  {one}")
    return section


def _first(one: Move) -> bool:
    return one.came and not one.again


def _again(one: Move) -> bool:
    return one.came and one.again


def _left(one: Move) -> bool:
    return not one.came


def _said(found: Iterable[Move], words: Collection[tuple[str, str, str]]) -> list[str]:
    return [str(one) for one in found if one.false or (str(one.as_of), one.fund, one.label) in words][:25]
