"""Every text of a configuration that nobody may see: tokens, passwords, addresses that are secrets, and their parts.

A library that logs "POST /services/T0/B0/x" shows a part of an address, one that logs a header an encoded password:
all of them are listed, so that `monitor.logs` can take each out of whatever is about to be shown.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from pydantic import BaseModel, SecretStr

if TYPE_CHECKING:
    from monitor.config.reading import Config

SHORTEST = 4  # of a secret that is looked for: taking every "a" out of a log would leave none
PART = 8  # of a piece of a secret address: "services" and "api" are no secrets by themselves
PLAIN = re.compile(r"[a-z]{1,12}|[A-Z][a-z]{0,11}")  # a word: "services", "Webhooks"
SECRET_NAMES = re.compile(r"token|key|secret|pass|pwd|sig|auth|session|credential|code", re.IGNORECASE)


def hidden(config: Config) -> tuple[str, ...]:
    """The texts, longest first, so that a whole address is replaced before its parts."""
    found: set[str] = set()
    for section in (config.web, config.heartbeat, *config.channels.values()):
        found |= set(_of_section(section))
    found |= set(_of_database(config.database))
    for issuer in config.issuers.values():
        for url in (issuer.base_url, *issuer.urls.values()):
            found |= set(_of_query(url or "", every=False))
    return _longest_first(found)


def masked(section: BaseModel, text: str) -> str:
    """`text`, which somebody else wrote, without the secrets of `section`: servers may repeat what they were told."""
    for secret in _longest_first(set(_of_section(section))):
        text = text.replace(secret, "***")
    return text


def _longest_first(found: set[str]) -> tuple[str, ...]:
    return tuple(sorted((text for text in found if len(text) >= SHORTEST), key=lambda text: (-len(text), text)))


def _of_section(section: BaseModel) -> Iterator[str]:
    for secret in _secrets(section):
        yield from _forms(secret)


def _secrets(section: BaseModel) -> Iterator[str]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
    user, password = getattr(section, "user", None), getattr(section, "password", None)
    if user and isinstance(password, SecretStr):  # as AUTH PLAIN and Basic send it
        for pair in (f"\0{user}\0{password.get_secret_value()}", f"{user}:{password.get_secret_value()}"):
            yield b64encode(pair.encode()).decode()


def _forms(secret: str) -> Iterator[str]:
    """The secret as it is, as it is written in addresses, JSON, Python and base64, and the parts of an address."""
    yield from _spellings(secret)
    yield from _spellings(secret.removeprefix("whsec_"))
    if "://" in secret:
        yield from _of_address(secret)


def _spellings(text: str) -> Iterable[str]:
    as_json, as_python = json.dumps(text)[1:-1], repr(text)[1:-1]
    return (
        text, unquote(text), quote(text), quote(text, safe=""), quote_plus(text), as_json, as_python,
        b64encode(text.encode()).decode(),
    )  # fmt: skip


def _of_address(url: str) -> Iterator[str]:
    """What of an address is secret by itself: user and password, path, query, and their longer pieces."""
    try:
        parts = urlsplit(url)
        names = [parts.username or "", parts.password or ""]
    except ValueError:
        return
    if not parts.scheme.startswith("http"):
        # Apprise keeps secrets even where a host stands: tgram://TOKEN/CHAT.
        names += re.split(r"[/?&=@:]+", url.partition("://")[2])
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    whole = [path, path.lstrip("/")] if len(path) > PART else []
    pieces = [piece for piece in (*parts.path.split("/"), *names) if _is_telling(piece)]
    for text in (*whole, *pieces):
        yield from _spellings(text)
    yield from _of_query(url, every=True)


def _is_telling(piece: str) -> bool:
    return len(piece) >= PART and not PLAIN.fullmatch(piece)


def _of_query(url: str, *, every: bool) -> Iterator[str]:
    """The values of query parameters: of all, or of those whose name says that they are secret."""
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query)
    except ValueError:
        return
    for name, value in pairs:
        if every or SECRET_NAMES.search(name):
            yield from _spellings(value)


def _of_database(url: str) -> Iterator[str]:
    authority = url.partition("://")[2].partition("/")[0]
    user, at, _ = authority.rpartition("@")
    if at and ":" in user:
        yield from _spellings(user.partition(":")[2])
    for name, value in parse_qsl(url.partition("?")[2]):
        if "pass" in name.lower():
            yield from _spellings(value)
