"""What the picture of a message shows, and what it says to those who do not see it. Nothing is drawn here.

Both are functions of the message alone: one that was stored and is sent again later has the same picture.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.core.model import SecurityRef
from monitor.notify.message import HistoryPoint, Message
from monitor.notify.words import clean, plural, quantity

ALT = 900  # characters; Slack takes 1,000
GAPS = 3  # named in words


@dataclass(frozen=True, slots=True)
class Chart:
    """A position over time. `titles` are what it may be called, the best first: not every font has every letter.

    A point without a count means that no file covers the time since the point before.
    """

    titles: tuple[str, ...]
    subtitle: str
    unit: str
    points: tuple[HistoryPoint, ...]

    def to_json(self) -> str:
        """What the drawing program reads."""
        return json.dumps(
            {
                "titles": self.titles,
                "subtitle": self.subtitle,
                "unit": self.unit,
                "days": [point.day.isoformat() for point in self.points],
                "shares": [None if point.shares is None else f"{point.shares:f}" for point in self.points],
            }
        )


def chart_of(message: Message) -> Chart | None:
    """The chart that belongs to a message; None when its past says nothing that could be drawn."""
    holder = f"{clean(message.issuer_name, 40)} funds" if message.issuer_name else ""
    return chart_of_history(message.history, message.security, holder, message.unit)


def chart_of_history(
    history: Sequence[HistoryPoint], security: SecurityRef | None, holder: str, unit: str = "shares"
) -> Chart | None:
    """The chart of what `holder` held over time; None when there is nothing to draw."""
    if len(history) < 2 or not any(point.shares for point in history):
        return None
    ticker = clean(security.ticker or "", 20) if security else ""
    titles = []
    if security is not None:
        titles.append(clean(f"{clean(security.name, 48)}{f' ({ticker})' if ticker else ''}", 72))
    titles += [ticker] if ticker else []
    subtitle = f"{unit.capitalize()} held{f' by {holder}' if holder else ''}, split-adjusted"
    return Chart(tuple(titles), subtitle, unit, tuple(history))


def alt_text(message: Message) -> str:
    """The picture in words: what, from when to when, first, peak, last, gaps."""
    points = message.history
    known = [(point.day, point.shares) for point in points if point.shares is not None]
    if not known:
        return ""
    held = f" by {clean(message.issuer_name, 60)} funds" if message.issuer_name else ""
    of = f" of {clean(message.security.name, 80)}" if message.security else ""
    top, last = max(known, key=lambda one: abs(one[1])), known[-1]
    sentences = [
        f"Line chart: {message.unit}{of} held{held}, split-adjusted, {points[0].day} to {points[-1].day}",
        f"First {quantity(known[0][1])}, peak {quantity(top[1])} ({top[0]}), last {quantity(last[1])} ({last[0]})",
        *_gaps(points),
    ]
    return clean(f"{'. '.join(sentences)}.", ALT)


def _gaps(points: Sequence[HistoryPoint]) -> Iterator[str]:
    """The times no file covers, in words."""
    found = list(gaps(points))
    if found:
        named = ", ".join(f"{first} to {last}" for first, last in found[:GAPS])
        more = f" and {plural(len(found) - GAPS, 'gap')} more" if len(found) > GAPS else ""
        yield f"No files {named}{more}"


def gaps(points: Sequence[HistoryPoint]) -> Iterator[tuple[date, date]]:
    """From the last point before each gap to the last one in it."""
    begin: date | None = None
    for before, point in zip((points[0], *points), points, strict=False):
        if point.shares is None:
            begin = begin or before.day
            end = point.day
        elif begin is not None:
            yield begin, end
            begin = None
    if begin is not None:
        yield begin, end
