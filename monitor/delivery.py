"""Empties the outbox: claim, send, record, one message at a time. It composes no alerts and decides no rules.

A message is never dropped: a refusal that may pass delays its channel only, one that cannot becomes a dead
letter with one notice to the operator through another channel. When an outcome is unknown, we look before
we send again; where we cannot look, the repeat says so.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from monitor.core.errors import DeliveryError
from monitor.core.model import Severity
from monitor.notify.channels import Channel, Receipt, Searchable
from monitor.notify.message import Form, Message, notice
from monitor.notify.wire import from_json, to_json
from monitor.store import outbox
from monitor.store.engine import Engine
from monitor.store.outbox import Claimed, NewDelivery

T = TypeVar("T")
MINUTES = (1, 2, 5, 15, 60)  # before the second, third … attempt
GIVE_UP = timedelta(days=7)  # after the promise; later it would be news no more
COMPLAIN_AT = 5  # attempts: the operator hears that a channel has been failing for a while
LEASE_SECONDS = 180.0
DEADLINE = 60.0  # seconds for one answer, however slowly it trickles; far below the lease


class Reporter(Protocol):
    """Hears one sentence per outcome, for the log."""

    def __call__(self, sentence: str, /) -> None: ...


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one pass did: messages sent, refused for now, given up, and still open afterwards."""

    sent: int
    failed: int
    dead: int
    waiting: int


@dataclass(frozen=True, slots=True)
class _Attempt:
    """How one attempt ended. `receipt` when it was sent; else `error`, and `looked` when it surely is not there."""

    receipt: Receipt | None = None
    error: DeliveryError | None = None
    looked: bool = False


def deliver_due(
    engine: Engine,
    channels: Mapping[str, Channel],
    *,
    now: Callable[[], datetime],
    report: Reporter,
    operators: Sequence[str] = (),
    pause: Callable[[float], object] | None = None,
    limit: int = 1000,
) -> DeliveryReport:
    """Send what is due on `channels` (at most `limit` attempts) and record every outcome.

    `operators` are the channels that may carry notices, best first (default all). `pause` is called with
    a channel's pace between two of its messages; it may wait, for instance on the stop signal.
    """
    runner = _Runner(engine, channels, now, report, tuple(operators) or tuple(channels))
    counts = {"sent": 0, "failed": 0, "dead": 0}
    previous = ""
    for _ in range(limit):
        claimed = outbox.claim(engine, now=now(), lease_seconds=LEASE_SECONDS, limit=1, channels=tuple(channels))
        if not claimed:
            break
        if pause is not None and claimed[0].channel == previous and channels[previous].pace:
            pause(channels[previous].pace)
        previous = claimed[0].channel
        outcome = runner.handle(claimed[0])
        if outcome:
            counts[outcome] += 1
    with engine.connect() as conn:
        return DeliveryReport(**counts, waiting=outbox.pending_count(conn))


def promise(message: Message, channel: str) -> NewDelivery:
    """`message` as a row for `channel`, to be given to `outbox.promise` or `outbox.enqueue`."""
    return NewDelivery(message.item, message.revision, channel, message.severity.value, to_json(message))


def back_off(attempt: int) -> timedelta:
    """How long to wait after failed attempt number `attempt` (from 1)."""
    return timedelta(minutes=MINUTES[min(attempt, len(MINUTES)) - 1])


@dataclass(frozen=True, slots=True)
class _Runner:
    """One pass over the outbox with what it needs."""

    engine: Engine
    channels: Mapping[str, Channel]
    now: Callable[[], datetime]
    report: Reporter
    operators: tuple[str, ...]

    def handle(self, claimed: Claimed) -> str:
        """Send and record one claimed row: "sent", "failed", "dead", or "" when the claim was lost."""
        attempt = self._attempt(claimed)
        if attempt.receipt is not None:
            return self._sent(claimed, attempt.receipt)
        assert attempt.error is not None
        return self._not_sent(claimed, attempt.error, ambiguous=claimed.ambiguous and not attempt.looked)

    def _attempt(self, claimed: Claimed) -> _Attempt:
        channel, looked = self.channels[claimed.channel], False
        try:
            if self.now() - claimed.created_at > GIVE_UP and claimed.attempt > COMPLAIN_AT:
                raise DeliveryError("given up after 7 days of failures", permanent=True)
            thread = _thread(claimed)
            message = _worded(claimed, thread)
            if claimed.ambiguous:
                found, looked = self._look(channel, claimed, thread)
                if found is not None:
                    return _Attempt(found)
                message = replace(message, repeated=not looked)
            if self.now() + timedelta(seconds=DEADLINE) > claimed.lease_until:
                raise DeliveryError("the lease ran out before sending", permanent=False)
            return _Attempt(_within(DEADLINE, lambda: channel.send(message, key=claimed.key, thread=thread)))
        except DeliveryError as error:
            return _Attempt(error=error, looked=looked)

    def _look(self, channel: Channel, claimed: Claimed, thread: str | None) -> tuple[Receipt | None, bool]:
        """The receipt of a message that arrived after all, and whether we could look at all."""
        if not isinstance(channel, Searchable):
            return None, False
        try:
            return _within(DEADLINE, lambda: channel.find(claimed.key, thread=thread)), True
        except DeliveryError as error:
            if not error.permanent:
                raise
            self.report(f"{claimed.key}: cannot look whether it arrived ({error}); sending it again")
            return None, False

    def _sent(self, claimed: Claimed, receipt: Receipt) -> str:
        recorded = outbox.record_sent(
            self.engine, claimed, receipt=receipt.reference, note=receipt.note, now=self.now()
        )
        note = f" ({receipt.note})" if receipt.note else ""
        self.report(f"{claimed.key}: sent{note}" if recorded else f"{claimed.key}: sent, but the claim was lost")
        return "sent" if recorded else ""

    def _not_sent(self, claimed: Claimed, error: DeliveryError, *, ambiguous: bool) -> str:
        now = self.now()
        retry_at = None if error.permanent else now + _wait(claimed, error)
        complaint = error.permanent or claimed.attempt == COMPLAIN_AT
        recorded = outbox.record_failure(
            self.engine,
            claimed,
            error=str(error),
            retry_at=retry_at,
            now=now,
            ambiguous=error.ambiguous or ambiguous,
            notices=self._notices(claimed, error, now) if complaint else (),
        )
        outcome = "dead" if error.permanent else "failed"
        self.report(f"{claimed.key}: {outcome}, attempt {claimed.attempt}: {error}")
        return outcome if recorded else ""

    def _notices(self, claimed: Claimed, error: DeliveryError, now: datetime) -> list[NewDelivery]:
        """One notice a day about a channel, through the first other one; none about a notice."""
        others = [name for name in self.operators if name != claimed.channel and name in self.channels]
        if not others or is_form(claimed.message, Form.NOTICE):
            return []
        return [promise(_complaint(claimed, error, now), others[0])]


def _thread(claimed: Claimed) -> str | None:
    """The receipt of the first message about the item, counted anew after each one that took it back."""
    first = None
    for sent in claimed.earlier:
        first = None if is_form(sent.message, Form.WITHDRAWN) else first or sent.receipt or None
    return first


def _worded(claimed: Claimed, thread: str | None) -> Message:
    """The stored message; an update that nobody was told the beginning of is an alert."""
    message = from_json(claimed.message)
    if message.form is Form.UPDATE and thread is None:
        return replace(message, form=Form.ALERT)
    return message


def is_form(text: str, form: Form) -> bool:
    """Whether a stored message can be read and is of this form."""
    try:
        return from_json(text).form is form
    except DeliveryError:
        return False


def _complaint(claimed: Claimed, error: DeliveryError, now: datetime) -> Message:
    name = hashlib.sha256(f"{claimed.channel} {now.date().isoformat()}".encode()).hexdigest()[:12]
    state = "refuses messages" if error.permanent else "has been failing for a while"
    kept = "It is kept as a dead letter" if error.permanent else "It will be tried again"
    lines = (
        f"Delivery {claimed.key} failed at attempt {claimed.attempt}: {error}.",
        f"{kept}; other messages to this channel may follow it. See: holdings-monitor alerts list",
        "After repairing the channel: holdings-monitor alerts resend",
    )
    return notice(f"N{name}", f"Channel {claimed.channel} {state}", at=now, lines=lines, severity=Severity.HIGH)


def _wait(claimed: Claimed, error: DeliveryError) -> timedelta:
    """What the service asked for, else the next step of the back-off; never less than a second."""
    asked = timedelta(seconds=error.retry_after) if error.retry_after is not None else back_off(claimed.attempt)
    return max(asked, timedelta(seconds=1))


def _within(seconds: float, call: Callable[[], T]) -> T:
    """`call()`, or an ambiguous DeliveryError when it takes longer: timeouts of libraries are per read."""
    results: queue.SimpleQueue[T | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put(call())
        except BaseException as error:  # noqa: BLE001 - handed over and raised below
            results.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        result = results.get(timeout=seconds)
    except queue.Empty:
        raise DeliveryError(f"no answer within {seconds:.0f} s", permanent=False, ambiguous=True) from None
    if isinstance(result, BaseException):
        raise result
    return result
