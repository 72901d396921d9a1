"""Claims in few bytes: what the columns of a row say is left out of them, and put back by the views and here alike.

A mark is a control character; a phrase that claims share is one, too. Which marks there are is part of the schema: the
views of a migration put them back, so that new phrases need a new migration. It knows no database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from monitor.store.said import Number, Said, day_text

VERBATIM = "\x1f"  # begins a claim that is kept as it is
FUND, NAME, TICKER, AFTER, BEFORE, ACTIVE, LAST, AS_OF = "\1\2\3\4\5\6\7\x08"
# Each level has its own: SQLite takes about twenty calls within one another.
PHRASES = {
    "event": (
        ("\x0b", f"{FUND} increased {NAME}{TICKER} by {ACTIVE} shares (+"),
        ("\x0c", f"{FUND} decreased {NAME}{TICKER} by {ACTIVE} shares (-"),
        ("\x0e", f"{NAME}{TICKER} left the portfolio of {FUND} in session {LAST}: {BEFORE} shares ("),
        ("\x0f", f"{FUND} opens {NAME}{TICKER}, first "),
        ("\x10", f" %) in session {LAST}, flow factor "),
        ("\x11", f" %) in session {LAST}: {AFTER} shares now, "),
        ("\x12", f" removed: {AFTER} shares now, "),
        ("\x13", f"; file dated {AS_OF} (positions after the close of "),
        ("\x14", ") in the file before; held since the file dated "),
        ("\x15", " shares in the file dated "),
    ),
    "item": (
        ("\x0b", f"{FUND} adds to {NAME}{TICKER}: {ACTIVE} shares beyond the flows, $"),
        ("\x0c", f"{FUND} reduces {NAME}{TICKER}: {ACTIVE} shares beyond the flows, $"),
        ("\x0e", f"{FUND} adds to {NAME}{TICKER}: {ACTIVE} shares, $"),
        ("\x0f", f"{FUND} reduces {NAME}{TICKER}: {ACTIVE} shares, $"),
        ("\x10", f"; {BEFORE} before, {AFTER} now"),
        ("\x11", f"{FUND} opens {NAME}{TICKER}, first "),
        ("\x12", " of the sessions since have a file"),
        ("\x13", ". Our records of "),
        ("\x14", " in our records"),
        ("\x15", ". The files do not say why it left."),
    ),
}
CONTROL = re.compile("[\\x00-\\x1f]")


def _fields(said: Said) -> tuple[tuple[str, str], ...]:
    """Marks and what they stand for, in the order in which they are put back."""
    return (
        (AFTER, grouped(said.after)),
        (BEFORE, grouped(said.before)),
        (ACTIVE, grouped(said.active)),
        (AS_OF, day_text(said.as_of)),
        (LAST, day_text(said.last)),
        *_called(said.funds, said.ticker, said.name),
    )


@lru_cache(4096)  # a security is spoken of day by day
def _called(funds: tuple[str, ...], ticker: str | None, name: str) -> tuple[tuple[str, str], ...]:
    return (FUND, ", ".join(funds)), (TICKER, f" ({ticker})" if ticker else ""), (NAME, name)


@lru_cache(4096)
def _has_marks(*texts: str | None) -> bool:
    return any(CONTROL.search(text) for text in texts if text)


@lru_cache(4096, typed=True)  # asked for of an event, and again of its item
def grouped(amount: Number | None) -> str:
    """The size of a whole number with commas; "" for others."""
    return f"{abs(amount):,}" if isinstance(amount, int) else ""


def short_claim(said: Said) -> str:
    """The claim with marks for what the row says besides."""
    text = said.claim
    if _has_marks(said.name, said.ticker, *said.funds) or (not text.isprintable() and CONTROL.search(text)):
        return VERBATIM + text  # to ask whether it is printable is quicker, and most are
    for mark, field in reversed(_fields(said)):
        if len(field) > 3:
            text = text.replace(field, mark)
    for mark, phrase in PHRASES[said.level]:
        text = text.replace(phrase, mark)
    return text


def long_claim(short: str, said: Said) -> str:
    """The claim as people read it."""
    if short.startswith(VERBATIM):
        return short[1:]
    for mark, phrase in PHRASES[said.level]:
        short = short.replace(mark, phrase)
    for mark, field in _fields(said):
        short = short.replace(mark, field)
    return short


def claim_sql(level: str, column: str, fields: Mapping[str, str], character: str) -> str:
    """`long_claim` in SQL: `fields` gives the expression of each mark, `character` the function that makes one."""
    text = column
    for mark, phrase in PHRASES[level]:
        text = f"replace({text}, {character}({ord(mark)}), {_phrase_sql(phrase, character)})"
    for mark in (AFTER, BEFORE, ACTIVE, AS_OF, LAST, FUND, TICKER, NAME):
        text = f"replace({text}, {character}({ord(mark)}), coalesce({fields[mark]}, ''))"
    verbatim = f"substr({column}, 1, 1) = {character}({ord(VERBATIM)})"
    return f"CASE WHEN {verbatim} THEN substr({column}, 2) ELSE {text} END"


def _phrase_sql(phrase: str, character: str) -> str:
    parts = re.split("([\\x01-\\x1f])", phrase)
    said = (f"{character}({ord(part)})" if CONTROL.fullmatch(part) else f"'{part}'" for part in parts if part)
    return " || ".join(said)
