"""A mail server on this machine that keeps what it takes and fails by script."""

from __future__ import annotations

import email
import email.policy
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.ports import free_port
from tests.reliability.serving import Fault, Script
from tests.reliability.visible import MARK, Ledger, Visible

KEPT_THEN_DROPPED = Fault(kept=True, drop=True)
DROPPED = Fault(drop=True)


def answers(code: int) -> Fault:
    """This code in answer to the message."""
    return Fault(code)


class Mailbox:
    """What arrived. `recipients[address]` fails by script at RCPT, `content[address]` after DATA."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.mails: list[EmailMessage] = []
        self.recipients: defaultdict[str, Script] = defaultdict(Script)
        self.content: defaultdict[str, Script] = defaultdict(Script)
        self.port = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """Takes or refuses a recipient."""
        fault = self.recipients[address].take()
        if fault is not None:
            return f"{fault.status} not now or never"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keeps or refuses a message."""
        fault = self.content[envelope.rcpt_tos[0]].take()
        if fault is None or fault.kept:
            self._keep(envelope.content, envelope.rcpt_tos[0].partition("@")[0])
        if fault is not None and fault.drop:
            server.transport.abort()
            return "421 gone"
        return f"{fault.status} refused" if fault is not None and fault.status >= 400 else "250 OK"

    def _keep(self, content: bytes, name: str) -> None:
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        plain = mail.get_body(("plain",))
        text = f"{mail['Subject']}\n{plain.get_content() if plain is not None else ''}"
        key = str(mail["X-Holdings-Monitor-Key"] or mail["Message-ID"])
        self.ledger.add(Visible(name, key, str(mail["Subject"]), MARK in text.lower(), str(mail["References"] or "")))


@contextmanager
def receiving(ledger: Ledger) -> Iterator[Mailbox]:
    """A running mail server, stopped at the end."""
    box = Mailbox(ledger)
    box.port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
