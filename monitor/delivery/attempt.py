"""One message: look whether it arrived, make sure the claim still holds, send, write down what became of it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from monitor.core.errors import DeliveryError
from monitor.delivery import manners, notices
from monitor.delivery.manners import NotTried
from monitor.delivery.words import thread_of, worded
from monitor.notify.channels import Channel, Patient, Receipt, Searchable, Spreading
from monitor.notify.handing import asking
from monitor.notify.message import Message
from monitor.store import claims
from monitor.store.claims import Claimed
from monitor.store.destinations import destinations
from monitor.store.engine import Engine, StoreUnavailable, reading

T = TypeVar("T")
DEADLINE = 30.0  # seconds for one answer, however slowly it trickles, unless the channel says otherwise
MARGIN = 10.0  # seconds of a lease kept for what surrounds the two answers
RECORD_TRIES = 60
AT_THE_END, AGAIN = 5.0, 0.2  # seconds for which it is still tried once we are to stop, and between two tries then


class Reporter(Protocol):
    """Hears one sentence per outcome, for the log."""

    def __call__(self, sentence: str, /) -> None: ...


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How one attempt ended. `receipt` when it was sent; else `error`, and `looked` when it surely is not there."""

    receipt: Receipt | None = None
    error: DeliveryError | None = None
    looked: bool = False


def patience(channel: Channel) -> float:
    """Seconds one answer of the channel may take."""
    return channel.patience if isinstance(channel, Patient) else DEADLINE


def lease_for(channel: Channel, seconds: float) -> float:
    """A lease never shorter than looking and sending may take: who is still sending must not be taken over."""
    return max(seconds, 2 * patience(channel) + MARGIN)


@dataclass(frozen=True, slots=True)
class Desk:
    """What every attempt of a pass needs. `turn`: one thread at a time speaks with the database."""

    engine: Engine
    channels: Mapping[str, Channel]
    report: Reporter
    operators: tuple[str, ...]
    rest: Callable[[float], bool]
    turn: threading.Lock

    def handle(self, claimed: Claimed, now: Callable[[], datetime]) -> str:
        """Send and record one claimed row: "sent", "failed", "dead", or "" when the claim was lost."""
        try:
            outcome = self._attempt(claimed, now)
        except _Lost:
            self.report(f"{claimed.key}: not sent, the claim was lost")
            return ""
        if outcome.receipt is not None:
            return self._sent(claimed, outcome.receipt, now)
        assert outcome.error is not None
        return self._not_sent(claimed, outcome.error, ambiguous=claimed.ambiguous and not outcome.looked, now=now)

    def _attempt(self, claimed: Claimed, now: Callable[[], datetime]) -> _Outcome:
        channel, looked = self.channels[claimed.channel], False
        try:
            if manners.given_up(claimed, now()):
                raise DeliveryError("given up after 7 days of failures", permanent=True)
            thread = thread_of(claimed)
            message = worded(claimed, thread)
            if claimed.ambiguous:
                found, looked = self._look(channel, claimed, thread, now() - claimed.created_at)
                if found is not None:
                    return _Outcome(found)
                message = replace(message, repeated=not looked)
            self._make_sure(claimed, patience(channel), now)
            return _Outcome(self._hand_over(channel, message, claimed, thread, now))
        except DeliveryError as error:
            return _Outcome(error=error, looked=looked)

    def _hand_over(
        self, channel: Channel, message: Message, claimed: Claimed, thread: str | None, now: Callable[[], datetime]
    ) -> Receipt:
        """Send, unless in the last moment the lease is over or nobody waits for the answer any more."""
        given_up = threading.Event()

        def ask() -> None:
            if given_up.is_set() or now() >= claimed.lease_until:
                raise NotTried("the lease ran out before sending")

        def send() -> Receipt:
            with asking(ask):
                if claimed.reached and isinstance(channel, Spreading):
                    return channel.send_rest(message, key=claimed.key, thread=thread, reached=claimed.reached)
                return channel.send(message, key=claimed.key, thread=thread)

        return within(patience(channel), send, given_up)

    def _look(
        self, channel: Channel, claimed: Claimed, thread: str | None, age: timedelta
    ) -> tuple[Receipt | None, bool]:
        """The receipt of a message that arrived after all, and whether we could look at all."""
        if not isinstance(channel, Searchable):
            return None, False
        try:
            return within(patience(channel), lambda: channel.find(claimed.key, thread=thread, age=age)), True
        except DeliveryError as error:
            if not error.permanent:
                raise
            self.report(f"{claimed.key}: cannot look whether it arrived ({error}); sending it again")
            return None, False

    def _make_sure(self, claimed: Claimed, seconds: float, now: Callable[[], datetime]) -> None:
        """A process that was stopped for longer than its lease and continued must find out here, and send nothing.

        The database is asked first and the clock last, so that a slow database counts.
        """
        try:
            with self.turn:
                ours = claims.still_ours(self.engine, claimed)
        except StoreUnavailable as error:
            raise NotTried(f"not sent, the claim cannot be confirmed: {error}") from None
        if not ours:
            raise _Lost
        if now() + timedelta(seconds=seconds) > claimed.lease_until:
            raise NotTried("the lease ran out before sending")

    def _sent(self, claimed: Claimed, receipt: Receipt, now: Callable[[], datetime]) -> str:
        def record() -> bool:
            at = now()
            carrier = self._carrier(claimed.channel) if claimed.destination.told_at is not None else None
            return claims.record_sent(
                self.engine,
                claimed,
                receipt=receipt.reference,
                note=receipt.note,
                now=at,
                after=manners.after_success(claimed.destination, at, self.channels[claimed.channel].pace),
                notices=notices.on_success(claimed, carrier, at),
            )

        recorded = self._record(claimed, record, now)
        note = f" ({receipt.note})" if receipt.note else ""
        self.report(f"{claimed.key}: sent{note}" if recorded else f"{claimed.key}: sent, but the claim was lost")
        return "sent" if recorded else ""

    def _not_sent(self, claimed: Claimed, error: DeliveryError, *, ambiguous: bool, now: Callable[[], datetime]) -> str:
        def record() -> bool:
            at = now()
            pace = self.channels[claimed.channel].pace
            after = manners.after_failure(claimed.destination, error, at, pace)
            after, told = notices.on_failure(claimed, error, after, self._carrier(claimed.channel), at)
            return claims.record_failure(
                self.engine,
                claimed,
                error=str(error),
                retry_at=manners.retry_at(error, after, at),
                now=at,
                ambiguous=error.ambiguous or ambiguous,
                reached=error.reached,
                after=after,
                notices=told,
            )

        recorded = self._record(claimed, record, now)
        outcome = "dead" if error.permanent else "failed"
        self.report(f"{claimed.key}: {outcome}, attempt {claimed.attempt}: {error}")
        return outcome if recorded else ""

    def _carrier(self, failing: str) -> str | None:
        with reading(self.engine) as conn:
            return notices.carrier_of(self.operators, failing, destinations(conn))

    def _record(self, claimed: Claimed, record: Callable[[], bool], now: Callable[[], datetime]) -> bool:
        """Write down what happened outside, again and again while the database is out of reach and the row is ours.

        What was sent cannot be unsent: giving up at once would make a repeat of every short lock. This hides no fault:
        only `StoreUnavailable` is waited out, each time it is said, the statement changes nothing twice (it shows the
        claim's token), and when the lease ends the row is left as what it is, ambiguous. Who is to stop tries on for
        a moment: a connection that was cut is found again at once.
        """
        stopped: float | None = None
        for _ in range(RECORD_TRIES):
            try:
                with self.turn:
                    return record()
            except StoreUnavailable as error:
                self.report(f"{claimed.key}: cannot be recorded yet: {error}")
                if now() >= claimed.lease_until:
                    break
                if self.rest(1.0):
                    stopped = time.monotonic() if stopped is None else stopped
                    if time.monotonic() - stopped > AT_THE_END:
                        break
                    time.sleep(AGAIN)
        self.report(f"{claimed.key}: its outcome is not recorded; after its lease we look whether it arrived")
        return False


class _Lost(Exception):
    """Somebody else took the row over."""


def within(seconds: float, call: Callable[[], T], given_up: threading.Event | None = None) -> T:
    """`call()`, or an ambiguous DeliveryError when it takes longer: timeouts of libraries are per read.

    `given_up` is set then, so that the call, which cannot be ended from here, may end itself.
    """
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
        if given_up is not None:
            given_up.set()
        raise DeliveryError(f"no answer within {seconds:.0f} s", permanent=False, ambiguous=True) from None
    if isinstance(result, BaseException):
        raise result
    return result
