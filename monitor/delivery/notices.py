"""What operators hear about channels: one notice when trouble begins, one when it is over, none about a notice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from monitor.core.errors import DeliveryError
from monitor.core.model import Severity
from monitor.delivery.manners import COMPLAIN_AT
from monitor.delivery.words import is_form, promise
from monitor.notify.message import Form, Message, notice
from monitor.store.claims import Claimed
from monitor.store.destinations import Destination
from monitor.store.outbox import NewDelivery

LIST = "holdings-monitor alerts list --state dead"


def on_failure(
    claimed: Claimed, error: DeliveryError, after: Destination, carrier: str | None, now: datetime
) -> tuple[Destination, list[NewDelivery]]:
    """The notice that a failure asks for, through the channel `carrier`, and the destination that remembers it."""
    if carrier is None or is_form(claimed.message, Form.NOTICE):
        return after, []
    if error.permanent and not error.destination:
        return after, [promise(_dead_letter(claimed, error, now), carrier)]
    if after.told_at is not None or not (error.permanent or after.failures >= COMPLAIN_AT):
        return after, []
    message = _refused(claimed, error, now) if error.permanent else _failing(claimed, error, now)
    return replace(after, told_at=now), [promise(message, carrier)]


def on_success(claimed: Claimed, carrier: str | None, now: datetime) -> list[NewDelivery]:
    """The notice that a channel works again, when operators were told that it did not."""
    since = claimed.destination.told_at
    if since is None or carrier is None:
        return []
    name = claimed.channel
    lines = (
        f"It had been failing since {since:%Y-%m-%d %H:%M} UTC. What waited for it is being sent now.",
        f"What was given up stays a dead letter ({LIST}); to send it: holdings-monitor alerts resend --channel {name}",
    )
    return [promise(notice(_id(name, since, "again"), f"Channel {name} works again", at=now, lines=lines), carrier)]


def carrier_of(operators: Sequence[str], failing: str, known: Mapping[str, Destination]) -> str | None:
    """The first other channel that may carry a notice, rather one that works."""
    others = [name for name in operators if name != failing]
    well = [name for name in others if name not in known or not known[name].failures]
    return next(iter([*well, *others]), None)


def _dead_letter(claimed: Claimed, error: DeliveryError, now: datetime) -> Message:
    """A day's refusals of one kind are one notice: 200 messages of one fault are one fault."""
    lines = (
        f"Delivery {claimed.key} was refused for good at attempt {claimed.attempt}: {error}.",
        "It is kept as a dead letter; others like it today are not told again. Other messages go on.",
        f"See: {LIST}",
    )
    name = _id(claimed.channel, now.date(), str(error))
    return notice(name, f"Channel {claimed.channel} refuses a message", at=now, lines=lines, severity=Severity.HIGH)


def _refused(claimed: Claimed, error: DeliveryError, now: datetime) -> Message:
    lines = (
        f"Delivery {claimed.key} was refused for good at attempt {claimed.attempt}: {error}.",
        "It is kept as a dead letter. The messages after it wait; one of them is tried now and then, at most hourly.",
        f"After repairing the channel: holdings-monitor alerts resend --channel {claimed.channel}",
    )
    title = f"Channel {claimed.channel} refuses messages"
    return notice(_id(claimed.channel, now, "begin"), title, at=now, lines=lines, severity=Severity.HIGH)


def _failing(claimed: Claimed, error: DeliveryError, now: datetime) -> Message:
    lines = (
        f"Delivery {claimed.key} failed at attempt {claimed.attempt}: {error}.",
        "It is tried again, at most hourly, and holds back the messages after it: none is lost, order is kept.",
        "See: holdings-monitor alerts list --state pending",
    )
    title = f"Channel {claimed.channel} has been failing for a while"
    return notice(_id(claimed.channel, now, "begin"), title, at=now, lines=lines, severity=Severity.HIGH)


def _id(*parts: object) -> str:
    return "N" + hashlib.sha256(" ".join(str(part) for part in parts).encode()).hexdigest()[:12]
