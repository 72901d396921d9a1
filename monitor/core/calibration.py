"""Finds out what the date printed in a file means, by the prices its values imply.

Implied price = market value / shares. When at least 90 % of at least 5 liquid lines match the closes of exactly one
session within 0.5 %, the file shows the positions after the close of that session: TSLA 891.29 in a file dated
2022-08-25 is the close of 08-24 → OPEN; TSLA 123.18 in a file "as of Dec 30, 2022" is the close of 12-30 → CLOSE.
Any price source will do, also the implied prices of a fund already calibrated. What cannot be told is UNKNOWN.
No files, no storage, no clock here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby, pairwise
from typing import assert_never

from monitor.core.model import Convention
from monitor.core.sessions import Sessions, pos_session

NEAR = Decimal("0.005")  # of the close
SHARE = Decimal("0.9")  # of the lines compared
LEAST = 5  # lines
LIQUID = Decimal(100_000)  # value of a line, in the file's currency
PENNY = Decimal(1)  # cheaper lines are rounded too coarsely
BACK, AHEAD = 5, 1  # sessions before and after the printed date that are looked at
RUN = 3  # files: fewer that disagree are exceptions (a stale file), no change of convention
MONTHLY = 20  # days between two files of a monthly publisher, at least
AGAIN = timedelta(days=28)  # a month later the answer is asked for again

Aliases = tuple[str, ...]  # what a line is known by: "cusip:…", "isin:…", "ticker:…", the surest first
Closes = Mapping[date, Mapping[str, Decimal]]  # session to the closes by alias


class Verdict(StrEnum):
    """What one file says."""

    MATCHED = "matched"
    FEW = "too few lines"  # fewer than 5 lines could be compared on any session
    NONE = "no session"  # the closes of no session agree
    AMBIGUOUS = "ambiguous"  # those of several do


@dataclass(frozen=True, slots=True)
class Priced:
    """One file: its printed date and the implied prices of its liquid lines."""

    as_of: date
    lines: tuple[tuple[Aliases, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What the prices of one file say; `matched` of `compared` lines agree with `session`, or with the best."""

    as_of: date
    verdict: Verdict
    session: date | None
    matched: int
    compared: int


@dataclass(frozen=True, slots=True)
class Period:
    """Files in a row under one convention. `first` and `last` are dates of files that say so, `exceptions` between
    them and the next period matched another session, `unjudged` none; `matched` of `compared` lines is the evidence."""

    convention: Convention
    first: date
    last: date
    files: int
    exceptions: int
    unjudged: int
    matched: int
    compared: int


class Outcome(StrEnum):
    """How a period compares with what is configured."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "unknown"  # the prices cannot tell


def implied(aliases: Aliases, shares: Decimal | None, value: Decimal | None) -> tuple[Aliases, Decimal] | None:
    """The implied price of a liquid line; None when the line is no evidence."""
    if not aliases or not shares or shares <= 0 or value is None or value < LIQUID:
        return None
    price = value / shares
    return (aliases, price) if price >= PENNY else None


def closes_of(files: Iterable[tuple[date, Priced]]) -> dict[date, dict[str, Decimal]]:
    """Closes from the files of calibrated funds, each with its session; of two prices the first one stays."""
    found: dict[date, dict[str, Decimal]] = {}
    for session, file in files:
        prices = found.setdefault(session, {})
        for aliases, price in file.lines:
            for alias in aliases:
                prices.setdefault(alias, price)
    return found


def fingerprint(file: Priced, closes: Closes, sessions: Sessions) -> Fingerprint:
    """Which session's closes the file shows. American lines speak alone where there are enough: what a foreign line
    is worth depends on the hour and the currency as well (PRNT beside ARKQ, 2021: 8 of 9 lines, never 9)."""
    days = [day for day in _near(file.as_of, sessions) if day in closes]
    home = Priced(file.as_of, tuple(line for line in file.lines if _is_american(line[0])))
    counted: list[tuple[date, int, int]] = []
    enough: list[tuple[date, int, int]] = []
    for some in (home, file):
        if not enough:
            counted = [(day, *_count(some, closes[day])) for day in days]
            enough = [one for one in counted if one[2] >= LEAST]
    if not enough:
        return Fingerprint(file.as_of, Verdict.FEW, None, 0, max((n for _, _, n in counted), default=0))
    hits = [one for one in enough if one[1] >= SHARE * one[2]]
    day, matched, compared = max(hits or enough, key=lambda one: (one[1] / one[2], one[0]))
    if len(hits) == 1:
        return Fingerprint(file.as_of, Verdict.MATCHED, day, matched, compared)
    verdict = Verdict.AMBIGUOUS if hits else Verdict.NONE
    return Fingerprint(file.as_of, verdict, None, matched, compared)


def _is_american(aliases: Aliases) -> bool:
    return any(alias.startswith("cusip:") and alias[6].isdigit() for alias in aliases)


def _near(as_of: date, sessions: Sessions) -> Sequence[date]:
    span = timedelta(days=2 * (BACK + AHEAD))
    days = sessions.between(as_of - span, as_of + span)
    before = [day for day in days if day <= as_of]
    after = [day for day in days if day > as_of]
    return [*before[-BACK - 1 :], *after[:AHEAD]]


def _count(file: Priced, prices: Mapping[str, Decimal]) -> tuple[int, int]:
    """How many lines agree, and how many could be compared."""
    matched = compared = 0
    for aliases, price in file.lines:
        close = next((prices[alias] for alias in aliases if alias in prices), None)
        if close is not None and close > 0:
            compared += 1
            matched += abs(price / close - 1) <= NEAR
    return matched, compared


def convention_of(found: Fingerprint, sessions: Sessions) -> Convention:
    """What one matched file says: CLOSE or OPEN for a date that is a session; CALENDAR for one that is none and
    shows the last session (an OPEN publisher would, too). UNKNOWN for any other session."""
    if found.session is None:
        return Convention.UNKNOWN
    if not sessions.is_session(found.as_of):
        last = sessions.on_or_before(found.as_of)
        return Convention.CALENDAR if found.session == last else Convention.UNKNOWN
    if found.session == found.as_of:
        return Convention.CLOSE
    return Convention.OPEN if found.session == sessions.before(found.as_of) else Convention.UNKNOWN


# --- periods --------------------------------------------------------------------------------------


def periods(found: Sequence[Fingerprint], sessions: Sessions) -> list[Period]:
    """The conventions of a fund's files in order of their dates; a single UNKNOWN period when nothing can be told."""
    ordered = sorted(found, key=lambda one: one.as_of)
    if not ordered:
        return []
    voices = [(one, v) for one in ordered if (v := convention_of(one, sessions)) in (Convention.CLOSE, Convention.OPEN)]
    runs = _runs(voices)
    if not runs:
        return [_unknown(ordered)]
    early = [one for one in ordered if one.as_of < runs[0][0].as_of]
    told = [_unknown(early)] if early else []
    for at, run in enumerate(runs):
        until = runs[at + 1][0].as_of if at + 1 < len(runs) else date.max
        mine = [one for one in ordered if run[0].as_of <= one.as_of < until]
        told.append(_period(run, mine, sessions))
    return told


def _runs(voices: Sequence[tuple[Fingerprint, Convention]]) -> list[list[Fingerprint]]:
    """Runs of files that say the same; short ones are exceptions, and what they part is one run."""
    parts = [(said, [one for one, _ in its]) for said, its in groupby(voices, key=lambda voice: voice[1])]
    long = [part for part in parts if len(part[1]) >= RUN]
    return [[one for _, run in its for one in run] for _, its in groupby(long, key=lambda part: part[0])]


def _period(run: Sequence[Fingerprint], files: Sequence[Fingerprint], sessions: Sessions) -> Period:
    speaking = {one.as_of for one in run}
    own = convention_of(run[0], sessions)
    odd = [one for one in files if not sessions.is_session(one.as_of)]
    calendar = [one for one in odd if convention_of(one, sessions) is Convention.CALENDAR]
    speaking |= {one.as_of for one in calendar}
    agreeing = [one for one in files if one.as_of in speaking]
    unjudged = sum(one.verdict is not Verdict.MATCHED for one in files)
    return Period(
        _named(own, calendar, agreeing),
        agreeing[0].as_of,
        agreeing[-1].as_of,
        len(agreeing),
        len(files) - len(agreeing) - unjudged,
        unjudged,
        sum(one.matched for one in agreeing),
        sum(one.compared for one in agreeing),
    )


def _named(own: Convention, calendar: Sequence[Fingerprint], agreeing: Sequence[Fingerprint]) -> Convention:
    if own is Convention.OPEN:
        return own
    if len(agreeing) >= RUN and all((b.as_of - a.as_of).days >= MONTHLY for a, b in pairwise(agreeing)):
        return Convention.MONTH_END
    return Convention.CALENDAR if calendar else own


def _unknown(files: Sequence[Fingerprint]) -> Period:
    judged = [one for one in files if one.verdict is Verdict.MATCHED]
    return Period(
        Convention.UNKNOWN,
        files[0].as_of,
        files[-1].as_of,
        len(judged),
        0,
        len(files) - len(judged),
        sum(one.matched for one in judged),
        sum(one.compared for one in judged),
    )


# --- against what is configured -------------------------------------------------------------------


def outcome(period: Period, configured: Callable[[date], Convention], sessions: Sessions) -> Outcome:
    """Whether the configuration leads to the same sessions at both ends of the period."""
    if period.convention is Convention.UNKNOWN:
        return Outcome.UNKNOWN
    for day in (period.first, period.last):
        mine = pos_session(sessions, period.convention, day)
        if pos_session(sessions, configured(day), day) != mine:
            return Outcome.DIFFERS
    return Outcome.AGREES


def advice(fund: str, told: Sequence[Period]) -> str:
    """What to write into the source's TOML, one table per period; empty when nothing could be told."""
    known = [period for period in told if period.convention is not Convention.UNKNOWN]
    tables = []
    for at, period in enumerate(known):
        lines = ["[[conventions]]", f'convention = "{period.convention.value}"']
        if at:
            lines.append(f"valid_from = {period.first}  # changed after the file of {known[at - 1].last}")
        if at + 1 < len(known):
            lines.append(f"valid_to = {known[at + 1].first - timedelta(days=1)}")
        tables.append("\n".join([*lines, f'funds = ["{fund}"]']))
    return "\n\n".join(tables)


def explained(verdict: Verdict) -> str:
    """Why a file could not be judged, in words."""
    match verdict:
        case Verdict.MATCHED:
            return "its prices are the closes of one session"
        case Verdict.FEW:
            return f"fewer than {LEAST} of its lines have a close on a session near its date"
        case Verdict.NONE:
            return f"on no session do {100 * SHARE:.0f} % of its prices match the closes"
        case Verdict.AMBIGUOUS:
            return "its prices match the closes of several sessions"
        case _:
            assert_never(verdict)


# --- again and again ------------------------------------------------------------------------------


def is_due(last: datetime | None, now: datetime) -> bool:
    """Whether a calibration has to be looked at again: monthly."""
    return last is None or now - last >= AGAIN


def failures_in_a_row(outcomes: Sequence[Outcome]) -> int:
    """How many of the newest checks (oldest first) found another convention; those that could tell nothing
    neither count nor interrupt. The operator hears of the second."""
    count = 0
    for one in reversed(outcomes):
        if one is Outcome.AGREES:
            break
        count += one is Outcome.DIFFERS
    return count
