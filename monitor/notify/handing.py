"""The last moment before a message leaves: whoever sends it may still say no.

Between the decision to send and the first byte on the way lie connections, handshakes and logins, in which a process
can be stopped, or its attempt given up. A channel calls `last_chance` when nothing is left to do but hand over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ask: ContextVar[Callable[[], None] | None] = ContextVar("ask", default=None)  # of this thread's attempt only


@contextmanager
def asking(ask: Callable[[], None]) -> Iterator[None]:
    """Within this block `last_chance` asks `ask`, which raises when the message must not leave any more."""
    before = _ask.set(ask)
    try:
        yield
    finally:
        _ask.reset(before)


def last_chance() -> None:
    """Raises what the sender has against it; nothing when nobody asked."""
    ask = _ask.get()
    if ask is not None:
        ask()
