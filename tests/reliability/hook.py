"""The receiver of a webhook on this machine."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime

from tests.reliability.serving import Answering, Call, Loopback, Script
from tests.reliability.visible import MARK, Ledger, Visible


class Hook(Loopback):
    """Keeps every request it took, with its headers; `scripts[name]` misbehaves at the address `/name`."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(_Answer)
        self.ledger = ledger
        self.scripts: defaultdict[str, Script] = defaultdict(Script)
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.calls: list[Call] = []
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)


class _Answer(Answering):
    server: Hook

    def do_POST(self) -> None:
        """One message."""
        body = self.body()
        name = self.path.strip("/")
        fault = self.server.scripts[name].take()
        self.server.calls.append(Call("POST", name, self.server.now(), fault))
        if fault is None or fault.kept:
            self.server.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            tree = json.loads(body)
            key = str(self.headers.get("webhook-id") or tree.get("key") or "")
            self.server.ledger.add(Visible(name, key, str(tree.get("title")), MARK in body.decode().lower()))
        self.answer(b"{}", fault=fault)
