"""Who somebody is: tokens, and the sessions of browsers that showed one. It knows no requests and stores nothing.

A session is a value that only who knows the token can make: role, end, a random part, and a MAC under a key made of
the token. So the token itself never reaches a browser's store, every process accepts the sessions of the others, and a
changed token ends them all. Logging out ends a session in the browser, and in this process until it would have ended.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr

    from monitor.config import Web

LASTS = {"reader": 30 * 86400, "operator": 12 * 3600}  # seconds
LONGEST = 200  # characters of a session; of a token it is that of a header
ENDED = 10_000  # logged out sessions that are remembered
TRIES, MINUTE = 10, 60.0  # wrong tokens from one address in a minute


class Role(StrEnum):
    """What somebody may do; an operator may also read."""

    NOBODY = "nobody"
    READER = "reader"
    OPERATOR = "operator"


class Sessions:
    """The tokens of a configuration, and the sessions they open. To compare takes the same time for all."""

    def __init__(self, web: Web, clock: Callable[[], float] = time.time) -> None:
        self._tokens = {Role.OPERATOR: _bytes(web.operator_token), Role.READER: _bytes(web.token)}
        self._keys = {role: hmac.digest(token, b"session", "sha256") for role, token in self._tokens.items() if token}
        self._clock = clock
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether everybody may read: no token is configured, so that only this machine is answered."""
        return not self._tokens[Role.READER]

    @property
    def has_operators(self) -> bool:
        """Whether anybody may decide: an operator's token is configured."""
        return bool(self._tokens[Role.OPERATOR])

    def by_token(self, shown: str) -> Role:
        """Whose token this is."""
        given, found = sha256(shown.encode("utf-8", "surrogatepass")).digest(), Role.NOBODY
        for role, token in self._tokens.items():
            same = hmac.compare_digest(given, sha256(token).digest())
            found = role if same and token else found
        return found

    def begin(self, role: Role) -> str:
        """The value of a new session."""
        said = f"{role.value}.{int(self._clock()) + LASTS[role.value]}.{secrets.token_urlsafe(18)}"
        return f"{said}.{self._mac(role, said)}"

    def by_session(self, value: str) -> Role:
        """Whose session this is; nobody's when it is none of ours or has ended."""
        said, _, mac = value.rpartition(".")
        parts = said.split(".")
        if len(value) > LONGEST or not value.isascii() or len(parts) != 3 or parts[0] not in LASTS:
            return Role.NOBODY
        role = Role(parts[0])
        if role not in self._keys or not hmac.compare_digest(mac, self._mac(role, said)):
            return Role.NOBODY
        with self._lock:
            over = int(parts[1]) <= self._clock() or value in self._ended
        return Role.NOBODY if over else role

    def end(self, value: str) -> None:
        """Nobody may use the session any more."""
        if self.by_session(value) is Role.NOBODY:
            return
        with self._lock:
            self._ended[value] = None
            while len(self._ended) > ENDED:
                self._ended.popitem(last=False)

    def form_token(self, value: str) -> str:
        """What a form of this session must bring back: other sites cannot read it."""
        role = self.by_session(value)
        return "" if role is Role.NOBODY else self._mac(role, f"form.{value}")

    def is_form_token(self, value: str, shown: str) -> bool:
        """Whether a form brought it."""
        expected = self.form_token(value)
        return bool(expected) and hmac.compare_digest(expected.encode(), shown.encode("utf-8", "surrogatepass"))

    def _mac(self, role: Role, text: str) -> str:
        return hmac.new(self._keys[role], text.encode(), sha256).hexdigest()


class Tries:
    """How often wrong tokens came from an address lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str) -> int:
        """Seconds until the next one is looked at; 0: now."""
        with self._lock:
            recent = self._recent(address)
        return max(1, round(recent[0] + MINUTE - self._clock())) if len(recent) >= TRIES else 0

    def failed(self, address: str) -> None:
        """Another one was wrong."""
        with self._lock:
            self._failed[address] = [*self._recent(address)[-TRIES:], self._clock()]
            self._failed.move_to_end(address)
            while len(self._failed) > ENDED:
                self._failed.popitem(last=False)

    def _recent(self, address: str) -> list[float]:
        since = self._clock() - MINUTE
        return [at for at in self._failed.get(address, []) if at > since]


def _bytes(secret: SecretStr | None) -> bytes:
    return b"" if secret is None else secret.get_secret_value().encode()
