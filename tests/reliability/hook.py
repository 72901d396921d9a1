"""The receiver of a webhook on this machine."""

from __future__ import annotations

import json

from tests.reliability.serving import Answering, Loopback, Script
from tests.reliability.visible import MARK, Ledger, Visible


class Hook(Loopback):
    """Keeps every request it took, with its headers; `script` misbehaves."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(_Answer)
        self.ledger = ledger
        self.script = Script()
        self.taken: list[tuple[dict[str, str], bytes]] = []


class _Answer(Answering):
    server: Hook

    def do_POST(self) -> None:
        """One message."""
        body = self.body()
        fault = self.server.script.take()
        if fault is None or fault.kept:
            self.server.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            tree = json.loads(body)
            key = str(self.headers.get("webhook-id") or tree.get("key") or "")
            self.server.ledger.add(Visible("hook", key, str(tree.get("title")), MARK in body.decode().lower()))
        self.answer(b"{}", fault=fault)
