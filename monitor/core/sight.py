"""What is seen of one watched fund now, and why it is not seen when it is not. Nothing is decided about notices.

A fund is *blind* while its file cannot be fetched, is late, repeats itself or is not believed. A blind spell that
was told ends later than it would begin: while an incident covers the fund, one look in vain is enough to go on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal


class Cause(StrEnum):
    """Why we are blind. `MISSING` is a note about the past, `UNREACHABLE` concerns all issuers."""

    LATE = "late"
    MISSING = "missing"
    FAILING = "failing"
    RENAMED = "renamed"
    CLOSED = "closed"
    STALE = "stale"
    QUARANTINE = "quarantine"
    UNREACHABLE = "unreachable"


State = Literal["fresh", "expected", "late", "failing", "closed", "unseen"]
IN_VAIN = frozenset({"failed", "refused"})  # outcomes of a look that brought nothing usable
UNSEEN = frozenset({Cause.FAILING, Cause.RENAMED})  # nothing usable comes
GROUPED = UNSEEN | {Cause.LATE}  # what all funds of an issuer can have in common
TWICE = 2  # files or answers in a row that are no accident
NO_CONNECTION = ("the connection to ", "no answer from ", "the name ", "no secure connection ")
EMPTY = re.compile(r"rows: header\b.*only: 0 holdings lines")
CLOSED_WORDS = re.compile(
    r"closed[-_ ]?(?:etfs?|funds?)\b|funds?[-_ ]?(?:closed|closure|closing)"
    r"|liquidat|terminated|delisted|wound[-_ ]?(?:up|down)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Look:
    """One look for a fund's file. `outcome` and `detail` are those of the record of fetches."""

    at: datetime
    outcome: str
    status: int | None = None
    detail: str = ""

    @property
    def in_vain(self) -> bool:
        """Whether it brought nothing usable."""
        return self.outcome in IN_VAIN

    @property
    def is_gone(self) -> bool:
        """Whether the address has no file any more: 404, 410, or a web page instead."""
        return self.status in (404, 410) or (self.outcome == "refused" and self.detail.startswith("html:"))

    @property
    def is_unreachable(self) -> bool:
        """Whether nobody answered."""
        return self.outcome == "failed" and self.status is None and self.detail.startswith(NO_CONNECTION)

    @property
    def is_closing(self) -> bool:
        """Whether the answer looks like that of a fund that has closed: a list without lines, a page that says so."""
        if self.outcome != "refused":
            return False
        return bool(EMPTY.match(self.detail) or (self.is_gone and CLOSED_WORDS.search(self.detail)))


@dataclass(frozen=True, slots=True)
class Seen:
    """An accepted file: its date, and when we knew it."""

    as_of: date
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Hole:
    """Days whose file never came although the next one, `after`, did."""

    days: tuple[date, ...]
    after: Seen


@dataclass(frozen=True, slots=True)
class FundSight:
    """One watched fund: its last looks (newest first), its newest file, and what is expected.

    `late_from` is when the file dated `expected` counts as late; None when it is here or nothing is expected. `stale`
    and `quarantined` count the newest files in a row that are so. `proposals` are addresses its file may have now.
    """

    issuer: str
    issuer_name: str
    ticker: str
    looks: tuple[Look, ...] = ()
    last: Seen | None = None
    closed: date | None = None
    expected: date | None = None
    late_from: datetime | None = None
    stale: int = 0
    quarantined: int = 0
    hole: Hole | None = None
    proposals: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """How incidents name it."""
        return f"fund:{self.issuer}/{self.ticker}"

    @property
    def failures(self) -> int:
        """Looks in vain in a row, up to now. Where no file ever was, "no file of that day" is in vain as well."""
        never = self.last is None and not self.quarantined
        return _leading(self.looks, lambda look: look.in_vain or (never and look.outcome == "absent"))

    @property
    def closing(self) -> int:
        """Answers in a row that look like those of a closed fund, where it had holdings before."""
        return _leading(self.looks, lambda look: look.is_closing) if self.last is not None else 0

    @property
    def answered_at(self) -> datetime | None:
        """When the newest look was made that brought something usable."""
        return next((look.at for look in self.looks if not look.in_vain), None)

    @property
    def asked_at(self) -> datetime | None:
        """When it was last looked for."""
        return self.looks[0].at if self.looks else None

    @property
    def is_unreachable(self) -> bool:
        """Whether nobody answered the last look."""
        return bool(self.looks) and self.looks[0].is_unreachable

    def state(self, now: datetime) -> State:
        """How it is doing, in one word."""
        if self.closed is not None:
            return "closed"
        if self.failures:
            return "failing"
        if self.late_from is not None:
            return "late" if self.is_late(now) else "expected"
        return "fresh" if self.last is not None else "unseen"

    def is_late(self, now: datetime) -> bool:
        """Whether the expected file should be here, and a look since then found it was not: other looks say nothing."""
        seen = self.answered_at
        return self.late_from is not None and seen is not None and now >= self.late_from and seen >= self.late_from

    def has_file_since(self, instant: datetime) -> bool:
        """Whether a file became known after `instant`."""
        return self.last is not None and self.last.known_at > instant


def _leading(looks: Sequence[Look], wanted: Callable[[Look], bool]) -> int:
    count = 0
    for look in looks:
        if not wanted(look):
            break
        count += 1
    return count


@dataclass(frozen=True, slots=True)
class Cover:
    """An incident that lasts and concerns the fund: its own, its issuer's or everybody's."""

    cause: Cause
    since: datetime


def cause_of(
    sight: FundSight, covers: Sequence[Cover], now: datetime, failures: int, *, alone: bool = True
) -> Cause | None:
    """Why the fund is not seen, or None when it is. Without `alone` all its sisters look closed, too: a bad site."""
    if _is_closed(sight, covers, alone):
        return Cause.CLOSED
    if _is_unseen(sight, covers, failures):
        return Cause.RENAMED if sight.proposals else Cause.FAILING
    if sight.quarantined >= TWICE:
        return Cause.QUARANTINE
    if sight.stale >= (1 if _within(covers, Cause.STALE) else TWICE):
        return Cause.STALE
    waiting = any(one.cause is Cause.LATE and not sight.has_file_since(one.since) for one in covers)
    return Cause.LATE if waiting or sight.is_late(now) else None


def _is_closed(sight: FundSight, covers: Sequence[Cover], alone: bool) -> bool:
    known = [one for one in covers if one.cause is Cause.CLOSED]
    if sight.closed is not None or any(not sight.has_file_since(one.since) for one in known):
        return True
    return alone and sight.closing >= TWICE


def _is_unseen(sight: FundSight, covers: Sequence[Cover], failures: int) -> bool:
    if any(one.cause in UNSEEN or one.cause is Cause.UNREACHABLE for one in covers):
        return sight.failures >= 1
    if sight.closing == 1 == sight.failures:
        return False  # the second such answer says whether it has closed
    return sight.failures >= failures


def _within(covers: Sequence[Cover], cause: Cause) -> bool:
    return any(one.cause is cause for one in covers)
