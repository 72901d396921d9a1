"""The sentences: what may be said of a change, and what must be said with it. Nothing is decided here.

No sentence says more than the files show: "first" is qualified by where the records begin, "since" by the
sessions without files inside the absence, and a year stands alone only when the whole exit lies in it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitor.core.model import Absence, AssetClass, Coverage, Evidence, Interval, Position
from monitor.core.sessions import Sessions, gaps

LARGE_GAP = 5  # sessions
YEAR = 252  # sessions: a shorter absence is told by its date


@dataclass(frozen=True, slots=True)
class Past:
    """When a position was last seen: sessions, the size then (split-adjusted), the sessions of the exit."""

    last_held: date | None
    last_material: date | None
    last_shares: Decimal | None
    last_file: date | None
    exit: Interval | None
    holder: str = ""  # the fund that held it then
    resolution: Decimal = Decimal(0)  # percent points below which the exit file listed nothing
    witness: str = ""  # the schedule that saw it then; empty: a daily file did
    evidence: Evidence | None = None  # its line


def coverage(
    sessions: Sessions,
    covered: Collection[date],
    first: date | None,
    last: date | None,
    resolution: Decimal = Decimal(0),
) -> Coverage:
    """How much of [first, last] has an accepted file; `covered` are the sessions of a fund's files, `resolution` the
    weight below which these left lines out."""
    if first is None or last is None or first > last:
        return Coverage(first, last, 0, 0, 0, None, 0, resolution)
    all_sessions = sessions.between(first, last)
    missing = gaps(sessions, covered, first, last)
    longest = max(missing, key=lambda g: g.sessions, default=None)
    uncovered = sum(g.sessions for g in missing)
    return Coverage(
        first,
        last,
        len(all_sessions),
        len(all_sessions) - uncovered,
        uncovered,
        Interval(longest.first, longest.last) if longest else None,
        longest.sessions if longest else 0,
        resolution,
    )


NO_RECORDS = coverage(Sessions(()), (), None, None)


def seen_until(past: Past) -> date | None:
    """The last session on which it is known to have been listed: its absence begins after it."""
    return past.last_held if past.last_held is not None else past.last_material


def absence(sessions: Sessions, past: Past, covered: Collection[date], now: date | None) -> Absence:
    """The absence that ends with session `now`: the sessions between the last material holding and `now`."""
    start = past.last_material
    known = start is not None and now is not None
    seen = seen_until(past)
    inside = sessions.after(seen) if seen is not None else None
    end = sessions.before(now) if now is not None else None
    hole = coverage(sessions, covered, inside, end) if known else Coverage(None, None, 0, 0, 0, None, 0)
    return Absence(
        past.last_held,
        start,
        past.last_shares,
        max(0, sessions.distance(start, now) - 1) if start is not None and now is not None else None,
        (now - start).days if start is not None and now is not None else None,
        hole.uncovered,
        hole.longest_gap,
        hole.longest_gap_sessions,
        past.exit,
        past.last_file,
        past.resolution,
        past.witness,
    )


def since(gone: Absence) -> str:
    """ "first since 2022-02-22", or "first seen since …" when a larger gap lies inside the absence."""
    if gone.longest_gap_sessions > LARGE_GAP:
        return f"first seen since {_when(gone, gone.last_held or gone.last_material)}"
    return f"first since {_when(gone, gone.last_material)}"


def _when(gone: Absence, day: date | None) -> str:
    """`day`: that of the last material holding, or of the last line where we only know what we saw. A year only
    when the whole exit lies in it, from the last material holding to the last line and the first file without."""
    ends = [d for d in (gone.last_material, gone.last_held, gone.exit.last if gone.exit else None) if d is not None]
    whole = len(ends) == 3 and len({d.year for d in ends}) == 1
    if whole and gone.sessions is not None and gone.sessions > YEAR:
        return str(ends[0].year)
    return str(day) if day is not None else f"the file dated {gone.last_file}"


def absence_note(gone: Absence, holder: str = "") -> str:
    """What "since" rests on: last line, last material holding, sessions, and how many had no files."""
    size = [f"{number(gone.last_shares)} shares"] if gone.last_shares is not None else []
    seen_by = [f"by {gone.witness}"] if gone.witness else []
    detail = ", ".join([*([holder] if holder else []), *size, *seen_by])
    detail = f" ({detail})" if detail else ""
    if gone.last_material is None:  # a fund whose sessions are not known
        return f"last material holding in the file dated {gone.last_file}{detail}"
    words = []
    if gone.last_held is not None and gone.last_held != gone.last_material:
        words.append(f"last line after the close of {gone.last_held}")
    words.append(f"last material holding after the close of {gone.last_material}{detail}{_left(gone)}")
    if gone.sessions is not None:
        words.append(f"{_sessions(gone.sessions)} between{_hole(gone)}")
    if gone.resolution > 0:
        words.append(resolution_note(gone.resolution))
    return "; ".join(words)


def _left(gone: Absence) -> str:
    """When it left, where that is known to an interval only: ", not held on 2021-09-30: exit between"."""
    span, seen = gone.exit, gone.last_held or gone.last_material
    if span is None or span.first is None or span.last is None or span.first == span.last:
        return ""
    return f", not held on {span.last}: exit between" if seen is None or seen < span.last else ""


def _sessions(count: int) -> str:
    return f"{count:,} session{'' if count == 1 else 's'}"


def _hole(gone: Absence) -> str:
    if not gone.uncovered_sessions or gone.longest_gap is None:
        return ""
    where = f"{gone.longest_gap.first} … {gone.longest_gap.last}"
    if gone.longest_gap_sessions == 1:
        return f", {gone.uncovered_sessions:,} of them without a file"
    if gone.uncovered_sessions == gone.longest_gap_sessions:
        return f", {gone.uncovered_sessions:,} of them, {where}, without files"
    return (
        f", {gone.uncovered_sessions:,} of them without files, the longest run {where}"
        f" ({_sessions(gone.longest_gap_sessions)})"
    )


def reach(seen: Coverage, whose: str, *, several: bool = True) -> str:
    """How far the records go that "first" rests on: "Our records of the 9 funds … begin 2020-05-27; …"."""
    if seen.first is None:
        return f"The sessions our records of {whose} cover are not known."
    share = _share(seen) if seen.sessions else "none"
    hole = f", the longest gap is {_sessions(seen.longest_gap_sessions)}" if seen.longest_gap_sessions else ""
    every = " of every fund then publishing" if several else ""
    small = f" {_capital(resolution_note(seen.resolution))}." if seen.resolution > 0 else ""
    return f"Our records of {whose} begin {seen.first}; {share} of the sessions since have a file{every}{hole}.{small}"


def _share(seen: Coverage) -> str:
    """How many sessions have a file, never rounded up: 99.7 % is 99 %."""
    whole = 100 * seen.files // seen.sessions
    return f"{whole} %" if whole or not seen.files else "less than 1 %"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def records(seen: Coverage, inception: date | None, whose: str) -> str:
    """ "first time ever" when the records reach the fund's inception without a gap, else what they cover."""
    if seen.first is None:
        return "first in our records"
    small = resolution_note(seen.resolution)
    if inception is not None and seen.first <= inception and seen.longest_gap_sessions < 2:
        return f"first time ever ({small})" if small else "first time ever"
    share = f"{_share(seen)} of sessions" if seen.sessions else "one file"
    hole = f", longest gap {seen.longest_gap_sessions}" if seen.longest_gap_sessions else ""
    return f"first in our records{whose}, which begin {seen.first} ({share}{hole}{'; ' if small else ''}{small})"


def resolution_note(resolution: Decimal) -> str:
    """What must be added when the publisher leaves small lines out."""
    return f"lines under {(resolution * 2).normalize():f} % were not published" if resolution > 0 else ""


def during(interval: Interval) -> str:
    """ "in session 2025-09-22", "in sessions 2024-06-04 … 2025-09-22", or nothing when unknown."""
    if interval.last is None:
        return "on an unknown session"
    if interval.first is None or interval.first == interval.last:
        return f"in session {interval.last}"
    return f"in sessions {interval.first} … {interval.last}"


def between(before: date | None, after: date | None, what: str) -> str:
    """ "Held on 2021-06-30, not on 2021-09-30: exit between", and the other way round for an entry."""
    if what == "entry":
        return f"Not held on {before}, held on {after}: entry between"
    return f"Held on {before}, not on {after}: exit between"


def filed(as_of: date, session: date | None) -> str:
    """ "file dated 2021-04-15 (positions after the close of 2021-04-14)"."""
    if session is None:
        return f"file dated {as_of}"
    return f"file dated {as_of} (positions after the close of {session})"


def number(value: Decimal | None) -> str:
    """`99,090`, `58,456.25`; "unknown" for None."""
    if value is None:
        return "unknown"
    whole = (
        value.quantize(Decimal(1)) if value == value.to_integral_value() or abs(value) >= 1000 else value.normalize()
    )
    return f"{whole:,f}"


def size(shares: Decimal | None, weight: Decimal | None, unit: str = "shares") -> str:
    """ "99,090 shares", or "4.31 % of the fund" where the file prints weights only."""
    if shares is None and weight is not None:
        return f"{weight.normalize():f} % of the fund"
    return counted(shares, unit)


def counted(quantity: Decimal | None, unit: str) -> str:
    """ "99,090 shares", "-1 contract", "1,250,000 par"."""
    one = quantity is not None and abs(quantity) == 1 and unit != "shares"
    return f"{number(quantity)} {unit.removesuffix('s') if one else unit}"


def signed(delta: Decimal) -> str:
    """ "+4" or "-80"."""
    return f"{'+' if delta > 0 else ''}{number(delta)}"


def unit(position: Position) -> str:
    """What the quantity of a line counts."""
    if position.asset_class in (AssetClass.FUTURE, AssetClass.OPTION, AssetClass.SWAP):
        return "contracts"
    return "par" if position.asset_class is AssetClass.BOND else "shares"


def money(value: Decimal | None, currency: str) -> str:
    """`$16.3M`, `$778,941`, `EUR 1.2bn`; "value unknown" for None."""
    if value is None:
        return "value unknown"
    size = abs(value)
    sign = "-" if value < 0 and size > Decimal("0.5") else ""
    mark = "$" if currency == "USD" else f"{currency} "
    if size >= 999_950_000:  # what would be rounded to 1000.0M
        return f"{sign}{mark}{size / 1_000_000_000:.2f}bn"
    if size > Decimal("999999.5"):
        return f"{sign}{mark}{size / 1_000_000:.1f}M"
    return f"{sign}{mark}{size:,.0f}"
