"""How a destination is treated after each outcome: when it may be tried again, and when to give up. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.errors import DeliveryError
from monitor.store.claims import Claimed
from monitor.store.destinations import Destination

SECONDS = (5, 15, 30, 60, 120, 300, 900, 3600)  # after the first, second … failure in a row
GIVE_UP = timedelta(days=7)  # after the promise; later it would be news no more
# So many attempts take seven days by the waits above: days on which nobody tried (we were off) do not count.
GIVE_UP_ATTEMPTS = 175
COMPLAIN_AT = 8  # failures in a row, about 25 minutes: the operator hears that a channel has been failing for a while
OBEYED = 5  # so often in a row a service may ask for a short wait and get it; then the waits grow all the same
BROKEN, DOUBTFUL = 3, 1  # steps further: who refuses all of us needs a person, an answer under way needs a moment


class NotTried(DeliveryError):
    """Nothing was sent for a reason of our own; the destination is not to blame."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=False, retry_after=1)


def back_off(failures: int) -> timedelta:
    """How long to wait after so many failures in a row (from 1)."""
    return timedelta(seconds=SECONDS[min(failures, len(SECONDS)) - 1])


def given_up(claimed: Claimed, now: datetime) -> bool:
    """Whether a message has been tried for seven days."""
    return now - claimed.created_at > GIVE_UP and claimed.attempt > GIVE_UP_ATTEMPTS


def after_success(before: Destination, now: datetime, pace: float) -> Destination:
    """All is well; the next message keeps its distance."""
    return Destination(before.channel, now + timedelta(seconds=pace), last_sent_at=now)


def after_failure(before: Destination, error: DeliveryError, now: datetime, pace: float) -> Destination:
    """The destination waits for what the service asked, else longer with each failure in a row.

    A refusal of this one message, or a reason of our own, says nothing about the next one.
    """
    if isinstance(error, NotTried) or (error.permanent and not error.destination):
        return replace(before, not_before=now + timedelta(seconds=pace))
    failures = before.failures + 1
    return replace(before, failures=failures, last_error=str(error), not_before=now + _wait(error, failures))


def retry_at(error: DeliveryError, after: Destination, now: datetime) -> datetime | None:
    """When the message itself is tried again; never when that cannot help."""
    if error.permanent:
        return None
    return now + timedelta(seconds=1) if isinstance(error, NotTried) else after.not_before


def _wait(error: DeliveryError, failures: int) -> timedelta:
    if error.retry_after is None:
        steps = BROKEN if error.permanent else DOUBTFUL if error.ambiguous else 0
        return back_off(failures + steps)
    asked = timedelta(seconds=max(error.retry_after, 1.0))
    return asked if failures <= OBEYED else max(asked, back_off(failures - OBEYED))
