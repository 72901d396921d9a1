"""Fake channels, a clock and short words for what tests of delivery do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from monitor.core.errors import DeliveryError
from monitor.core.model import Severity
from monitor.delivery import DeliveryReport, deliver_due, promise
from monitor.notify.channels import Channel, Receipt
from monitor.notify.message import Form, Message, notice
from monitor.store import outbox
from monitor.store.engine import Engine, transaction

START = datetime(2025, 9, 23, 11, 0, tzinfo=UTC)
TEMPORARY = DeliveryError("busy", permanent=False)
LIMITED = DeliveryError("slow down", permanent=False, retry_after=30)
PERMANENT = DeliveryError("channel_not_found", permanent=True)
BROKEN = DeliveryError("invalid_auth", permanent=True, destination=True)
CUT = DeliveryError("cut", permanent=False, ambiguous=True)


class Clock:
    """Time as an argument."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **much: float) -> None:
        self.now += timedelta(**much)


@dataclass
class FakeChannel:
    """Keeps what arrives. `answers` are the next outcomes: an error, `None` for success, or CUT after arrival."""

    name: str
    answers: list[DeliveryError | None] = field(default_factory=list)
    arrives_when_cut: bool = True
    received: list[tuple[str, Message, str | None]] = field(default_factory=list)
    pace: float = 0.0

    def send(self, message: Message, *, key: str, thread: str | None) -> Receipt:
        error = self.answers.pop(0) if self.answers else None
        if error is None or (error.ambiguous and self.arrives_when_cut):
            self.received.append((key, message, thread))
        if error is not None:
            raise error
        return Receipt(f"{self.name}/{len(self.received)}")

    @property
    def keys(self) -> list[str]:
        return [key for key, _, _ in self.received]


class SearchableFake(FakeChannel):
    """A fake that can look for a key."""

    blind: DeliveryError | None = None

    def find(self, key: str, *, thread: str | None, age: timedelta) -> Receipt | None:
        if self.blind is not None:
            raise self.blind
        return Receipt(f"found {key}") if key in self.keys else None


def alert(item: str = "I1", revision: int = 1, form: Form = Form.ALERT) -> Message:
    return replace(notice(item, f"about {item}", at=START), form=form, revision=revision, severity=Severity.HIGH)


def enqueue(engine: Engine, channel: str, *messages: Message) -> None:
    with transaction(engine) as conn:
        outbox.enqueue(conn, [promise(message, channel) for message in messages], now=START)


def deliver(
    engine: Engine, clock: Clock, *channels: Channel, pause: Callable[[float], object] | None = None
) -> DeliveryReport:
    return deliver_due(engine, {c.name: c for c in channels}, now=clock, report=lambda _: None, pause=pause)
