"""A message as plain text: the table, the history line, and the whole as the console and e-mail show it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from monitor.core.model import FundPart
from monitor.notify.message import HistoryPoint, Message
from monitor.notify.words import GAP, money, percent, plural, quantity, sparkline

ITEM_LINK, SECURITY_LINK, LINE_LINK = "Evidence and history", "All of this security", "Evidence"
HEADINGS = ("Fund", "Before", "After", "Change", "Value", "Weight")


def cells(part: FundPart, currency: str) -> tuple[str, ...]:
    """The row of a fund that takes part, one text per heading."""
    return (
        part.fund,
        quantity(part.shares_before),
        quantity(part.shares_after),
        quantity(part.active_shares, signed=True),
        money(part.value, currency),
        percent(part.weight_after),
    )


def bystander(part: FundPart) -> str:
    """What is to say of a fund that does not take part."""
    if not part.holds:
        return "does not hold it"
    size = f"holds {quantity(part.shares_after)}" if part.shares_after is not None else "holds it"
    weight = f" ({percent(part.weight_after)})" if part.weight_after is not None else ""
    return f"{size}{weight}"


def table(message: Message) -> list[str]:
    """The funds as aligned lines, the issuer's other funds below; empty when there are none."""
    rows = [cells(part, message.currency) for part in message.funds]
    names = [part.fund for part in (*message.funds, *message.others)]
    if not names:
        return []
    width = max(len(name) for name in (*names, HEADINGS[0]))
    widths = [width, *(max(len(row[i]) for row in [HEADINGS, *rows]) for i in range(1, len(HEADINGS)))]
    lines = [_aligned(row, widths) for row in ([HEADINGS, *rows] if rows else [])]
    lines = [_noted(line, part) for line, part in zip(lines, [None, *message.funds], strict=False)]
    return [*lines, *(_noted(f"{p.fund:<{width}}  {bystander(p)}", p) for p in message.others)]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    numbers = (f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
    return "  ".join([f"{row[0]:<{widths[0]}}", *numbers])


def _noted(line: str, part: FundPart | None) -> str:
    return f"{line}  {part.note}" if part is not None and part.note else line


def history_line(message: Message) -> str:
    """`2021-01-04 ▅█▂▁····▆ 2025-09-22`, or nothing."""
    return bars(message.history)


def bars(history: Sequence[HistoryPoint]) -> str:
    """The points as bars between the first and the last day; nothing when there are none."""
    if not history:
        return ""
    drawn = sparkline([point.shares for point in history])
    return f"{history[0].day.isoformat()} {drawn} {history[-1].day.isoformat()}"


def history_title(message: Message) -> str:
    """What the history line shows."""
    unit = message.unit.capitalize()
    held = f"{unit} held by {message.issuer_name} funds" if message.issuer_name else f"{unit} held"
    uncovered = any(point.shares is None for point in message.history)
    return f"{held} ({GAP} no file)" if uncovered else held


def source_lines(message: Message) -> list[tuple[str, str]]:
    """Per file its label, and its hash and place."""
    return [(s.label(), " ".join(p for p in (f"sha256 {s.sha256[:12]}", s.place) if p)) for s in message.sources]


def link_lines(message: Message) -> list[str]:
    """Where to read on."""
    named = ((ITEM_LINK, message.link), (SECURITY_LINK, message.security_link))
    return [f"{words}: {link}" for words, link in named if link]


def first_words(message: Message) -> str:
    """One line for notifications and previews: the title, and what it does not say itself."""
    told = r"(?<![\w,.]){}(?![\w,.]?\d)"
    more = [size for size in message.sizes if not re.search(told.format(re.escape(size.lstrip("+−"))), message.title)]
    return " · ".join(part for part in (message.title, *more) if part)


def whole(message: Message, width: int | None = None) -> str:
    """All of the message as lines of text, ending in a line feed; prose wrapped at `width` characters if given."""

    def prose(text: str) -> list[str]:
        return [text] if width is None else textwrap.wrap(text, width)

    paragraphs = [
        prose(message.title),
        [text for line, link in message.linked for text in (line, f"  {link}" if link else "") if text],
        [line for line in (message.figures, message.subject) if line],
        table(message),
        [f"{history_title(message)}", history_line(message)] if message.history else [],
        [line for note in message.notes for line in prose(note)],
        _sources(message),
        link_lines(message),
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n"


def _sources(message: Message) -> list[str]:
    if not message.sources:
        return []
    found = [line for label, detail in source_lines(message) for line in (f"  {label}", f"    {detail}")]
    return [plural(len(message.sources), "source file"), *found]
