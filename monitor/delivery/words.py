"""Stored messages as rows and back. Pure."""

from __future__ import annotations

from dataclasses import replace

from monitor.core.errors import DeliveryError
from monitor.notify.message import Form, Message
from monitor.notify.wire import from_json, to_json
from monitor.store.claims import Claimed
from monitor.store.outbox import NewDelivery


def promise(message: Message, channel: str) -> NewDelivery:
    """`message` as a row for `channel`, to be given to `outbox.promise` or `outbox.enqueue`."""
    return NewDelivery(message.item, message.revision, channel, message.severity.value, to_json(message))


def thread_of(claimed: Claimed) -> str | None:
    """The receipts of what was told about the item, oldest first, counted anew after each message that took it back."""
    told: list[str] = []
    for sent in claimed.earlier:
        if is_form(sent.message, Form.WITHDRAWN):
            told = []
        elif sent.receipt:
            told.append(sent.receipt)
    return " ".join(told) or None


def worded(claimed: Claimed, thread: str | None) -> Message:
    """The stored message; an update or a correction that nobody was told the beginning of is an alert."""
    message = from_json(claimed.message)
    if message.form in (Form.UPDATE, Form.CORRECTION) and thread is None:
        return replace(message, form=Form.ALERT, lines=())
    return message


def is_form(text: str, form: Form) -> bool:
    """Whether a stored message can be read and is of this form."""
    try:
        return from_json(text).form is form
    except DeliveryError:
        return False
