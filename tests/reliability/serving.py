"""Servers on this machine that answer by script: what every stand-in shares."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """One misbehaviour. `kept`: what was sent counts all the same, before the trouble.

    `error` is an answer in the service's own words; `drop` closes the connection without a word; `trickle` is the
    number of seconds between two bytes of the answer; `cut` is how many bytes of it are sent.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    error: str = ""
    kept: bool = False
    drop: bool = False
    trickle: float = 0.0
    cut: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call, when it came, and what it met."""

    method: str
    channel: str
    at: datetime
    fault: Fault | None


class Script:
    """The next faults, first come first served, and the fault that stays; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: deque[Fault] = deque()
        self._always: Fault | None = None
        self.met = 0

    def then(self, *faults: Fault) -> None:
        """The next requests meet these."""
        with self._lock:
            self._next.extend(faults)

    def always(self, fault: Fault | None) -> None:
        """From now on every request meets this, or none."""
        with self._lock:
            self._next.clear()
            self._always = fault

    def take(self) -> Fault | None:
        """The fault this request meets."""
        with self._lock:
            fault = self._next.popleft() if self._next else self._always
            self.met += fault is not None
            return fault


class Loopback(ThreadingHTTPServer):
    """A web server on a free port of this machine."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients that are killed leave broken connections, which is the point."""


class Answering(BaseHTTPRequestHandler):
    """Writes answers, also bad ones."""

    server: Loopback
    protocol_version = "HTTP/1.1"

    def answer(self, body: bytes, kind: str = "application/json", fault: Fault | None = None) -> None:
        """`body`, in the manner of `fault`."""
        fault = fault or Fault()
        if fault.drop:
            self.close_connection = True
            return
        body = body if fault.body is None else fault.body
        self.send_response(fault.status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fault.headers:
            self.send_header(name, value)
        self.end_headers()
        self._send(body if fault.cut is None else body[: fault.cut], fault)

    def _send(self, body: bytes, fault: Fault) -> None:
        if fault.cut is not None:
            self.close_connection = True
        if not fault.trickle:
            self.wfile.write(body)
            return
        for at in range(len(body)):
            if self.server.closing.wait(fault.trickle):
                return
            self.wfile.write(body[at : at + 1])
            self.wfile.flush()

    def body(self) -> bytes:
        """What the client sent."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


S = TypeVar("S", bound=Loopback)


@contextmanager
def serving(server: S) -> Iterator[S]:
    """The server at work, stopped at the end."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join(timeout=10)


class NotYet(AssertionError):
    """A condition that was waited for did not come about in time."""


def wait_for(what: str, condition: Callable[[], T | None], seconds: float, every: float = 0.05) -> T:
    """The first true answer of `condition`. Raises NotYet after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise NotYet(f"waited {seconds:.0f} s for: {what}")
        time.sleep(every)
