"""How a server that fails is treated: growing waits, and after several failures one probe at a time. Pure.

The jitter is an argument, so that many monitors that saw the same failure do not come back together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.watching import SKEW

FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=1)
OPEN_AFTER = 3  # passes in a row in which every fund asked failed: from then on one probe decides
GIVE_UP = 3  # failures in a row within one pass after which the rest of the issuer's funds wait as well
FINE = frozenset({200, 304, 404, 410})  # a file that is not there says nothing about the server
COMES_BACK = frozenset({404, 408, 410, 425, 429})  # refusals that may end: a missing file is often only late or renamed


@dataclass(frozen=True, slots=True)
class Breaker:
    """How an issuer's server has been doing: failed passes in a row, and until when it is left alone."""

    failures: int = 0
    not_before: datetime | None = None
    detail: str = ""
    at: datetime | None = None  # when this was found

    @property
    def is_open(self) -> bool:
        """Whether only one fund is asked, to see whether the server is back."""
        return self.failures >= OPEN_AFTER

    @property
    def patience(self) -> int:
        """How many failures in a row end a pass."""
        return 1 if self.is_open else GIVE_UP

    def may_ask(self, now: datetime) -> bool:
        """Whether the waiting is over. What a clock that was wrong has written down says nothing."""
        wrong = self.at is not None and self.at > now + SKEW
        return self.not_before is None or wrong or self.not_before <= now


@dataclass(frozen=True, slots=True)
class Tally:
    """What one pass over an issuer's funds met: answers of any kind, failures of the server, what it asked for."""

    answers: int = 0
    failures: int = 0
    retry_after: float | None = None  # seconds, the longest asked for
    detail: str = ""


def is_server_failure(status: int | None) -> bool:
    """Whether a failed download speaks of the server (or the way to it), not of one file. No status: no answer."""
    return status not in FINE


def after(breaker: Breaker, tally: Tally, now: datetime, jitter: float) -> Breaker:
    """How the server is to be treated after a pass. `jitter` is between 0 and 1."""
    if tally.answers + tally.failures == 0:
        return breaker
    asked = None if tally.retry_after is None else now + timedelta(seconds=tally.retry_after)
    if tally.answers:
        return Breaker(0, asked, tally.detail if asked is not None else "", now)
    failures = breaker.failures + 1
    wait = now + min(FIRST_WAIT * 2 ** min(failures - 1, 20), LONGEST_WAIT) * (0.75 + jitter / 2)
    if asked is None or failures >= OPEN_AFTER:  # a server that says "in a second" again and again does not know
        return Breaker(failures, max(wait, asked or wait), tally.detail, now)
    return Breaker(failures, asked, tally.detail, now)
