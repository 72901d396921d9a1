"""The small HTTP server of the daemon: /healthz, /readyz, /metrics. GET and HEAD only; it changes nothing.

A client may be slow, hostile or many: every connection has a deadline, the oldest gives way, and no answer repeats what
was asked. Details need the token where there is one; where there is none the server only speaks to this machine.
"""

from __future__ import annotations

import hmac
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST

from monitor.config.fields import LOOPBACK
from monitor.core.errors import MonitorError
from monitor.web import health
from monitor.web.answers import Question
from monitor.web.health import Health, Records
from monitor.web.metrics import Metrics

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.store.engine import Engine
    from monitor.store.workers import Tick
    from monitor.web.listening import PageService

DEADLINE = 10.0  # seconds for one connection, from its first byte to our last
ANSWER = 5.0  # seconds for the database
METRICS = 8.0  # seconds for all metrics together
CONNECTIONS = 64
AGAIN = 15.0  # seconds until a busy port is tried again
JSON, TEXT = "application/json", "text/plain; charset=utf-8"
log = logging.getLogger("monitor.web")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent."""

    status: int
    kind: str
    body: bytes


class Site:
    """What is answered, whoever asks and however it is sent."""

    def __init__(self, app: App, engine: Engine, ticks: Callable[[], Sequence[Tick]]) -> None:
        daemon = app.config.daemon
        self.app, self.ticks = app, ticks
        self.seconds = {"watch": daemon.tick_seconds, "deliver": daemon.deliver_seconds}
        self.records = Question(lambda: health.read(engine, app.clock(), ANSWER), fresh=1.0)
        metrics = Metrics(app, engine, METRICS)
        self.metrics = Question(metrics.text, fresh=5.0)
        token = app.config.web.token
        self.token = None if token is None else token.get_secret_value().encode()

    def answer(self, path: str, trusted: bool) -> Answer:
        """The answer to GET `path`; `trusted`: details may be shown."""
        if path == "/healthz":
            return self._health(trusted)
        if path == "/readyz":
            found = self._records()
            ready = isinstance(found, Records) and found.current
            return _text(200, "ready") if ready else _text(503, "not ready")
        if path == "/metrics":
            return self._metrics() if trusted else _text(401, "a token is needed")
        return _text(404, "there is /healthz, /readyz and /metrics")

    def _records(self) -> Records | str:
        try:
            return self.records.answer(ANSWER)
        except MonitorError as error:
            return str(error)
        except Exception:
            log.exception("the state cannot be read because of a fault in this program")
            return "the state cannot be read"

    def _health(self, trusted: bool) -> Answer:
        found: Health = health.judge(self._records(), self.ticks(), self.seconds, self.app.clock())
        details = found.details if trusted else {"status": found.status}
        return Answer(503 if found.status == "down" else 200, JSON, json.dumps(details).encode())

    def _metrics(self) -> Answer:
        try:
            return Answer(200, CONTENT_TYPE_LATEST, self.metrics.answer(METRICS))
        except MonitorError as error:
            log.warning("metrics: %s", error)
        except Exception:
            log.exception("the metrics cannot be read because of a fault in this program")
        return _text(503, "the values cannot be read now")


def _text(status: int, words: str) -> Answer:
    return Answer(status, TEXT, f"{words}\n".encode())


class Handler(BaseHTTPRequestHandler):
    """One request. What was asked is never repeated in the answer, and printed only when it is harmless."""

    server: Server
    timeout = DEADLINE / 2  # of one read
    server_version, sys_version = "holdings-monitor", ""
    protocol_version = "HTTP/1.0"  # one request per connection

    def do_GET(self) -> None:
        """Answers."""
        try:
            path = urlsplit(self.path).path
        except ValueError:
            path = ""
        self._send(self.server.site.answer(path, self._is_trusted()))

    do_HEAD = do_GET

    def _refuse(self) -> None:
        self._send(_text(405, "only GET and HEAD are answered"))

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _refuse

    def _is_trusted(self) -> bool:
        """With a token: who shows it. Without: who asked for this machine by name, as pages elsewhere cannot."""
        token = self.server.site.token
        if token is None:
            try:
                host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
            except ValueError:  # "[": no name of ours
                return False
            return host in (*LOOPBACK, self.server.site.app.config.web.host)
        shown = self.headers.get("Authorization", "").encode("utf-8", "replace")
        return hmac.compare_digest(shown, b"Bearer " + token)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in (
            ("Content-Type", answer.kind),
            ("Content-Length", str(len(answer.body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "default-src 'none'"),
        ):
            self.send_header(name, value)
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A fault of the request itself, without repeating it."""
        self.command, self.request_version = self.command or "GET", "HTTP/1.0"
        self._send(_text(code, "this request is not understood"))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are no news: said in detail only, and never with what could break a line or hold a secret."""
        asked = getattr(self, "path", "").partition("?")[0][:80]
        log.debug("%s %s", self.command, asked.encode("unicode_escape").decode())


class Server(ThreadingHTTPServer):
    """Listens; a thread per connection, at most so many, none for long."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, site: Site, host: str, port: int) -> None:
        self.site = site
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._open: dict[socket.socket, float] = {}
        self._guard = threading.Lock()
        super().__init__((host, port), Handler)

    def server_bind(self) -> None:
        """Without asking a name server for our name, as the base class does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Takes a connection; when there are too many the oldest is ended."""
        with self._guard:
            self._open[request] = time.monotonic()
            oldest = next(iter(self._open)) if len(self._open) > CONNECTIONS else None
        if oldest is not None:
            self._end(oldest)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The connection has been answered."""
        with self._guard:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Ends connections whose time is up; called twice a second."""
        until = time.monotonic() - DEADLINE
        with self._guard:
            late = [one for one, begun in self._open.items() if begun < until]
        for one in late:
            self._end(one)

    def _end(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.pop(connection, None)
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has ended by itself

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are no news."""
        log.debug("a connection was cut off", exc_info=True)


@contextmanager
def serving(app: App, engine: Engine, ticks: Callable[[], Sequence[Tick]]) -> Iterator[None]:
    """Answers while the body runs, where the configuration says so. A busy port is said, and tried again: who watches
    does not stop watching for it."""
    if not app.config.web.enabled:
        yield
        return
    service = _service(Site(app, engine, ticks))
    service.thread.start()
    try:
        yield
    finally:
        service.stop()


def _service(site: Site) -> _Service | PageService:
    """The small server; with `page` the whole service, whose imports a daemon without it does not pay for."""
    if not site.app.config.web.page:
        return _Service(site)
    from monitor.web.listening import PageService

    return PageService(site)


class _Service:
    """The thread that listens."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.stopping = threading.Event()
        self.guard = threading.Lock()
        self.server: Server | None = None  # once it is here it serves, for `shutdown` waits until it has
        self.thread = threading.Thread(target=self.run, name="web", daemon=True)

    def run(self) -> None:
        """Serves until `stop`."""
        server = self._listen()
        if server is None:
            return
        with server:
            with self.guard:
                if self.stopping.is_set():
                    return
                self.server = server
            server.serve_forever(poll_interval=0.5)

    def _listen(self) -> Server | None:
        """The server, as soon as its port is free; None when we are to stop first. A busy port is said once."""
        settings, said = self.site.app.config.web, False
        while not self.stopping.is_set():
            try:
                server = Server(self.site, settings.host, settings.port)
            except OSError as error:
                if not said:
                    log.error("cannot answer at %s:%d (%s); trying again", settings.host, settings.port, error.strerror)
                said = True
                self.stopping.wait(AGAIN)
            else:
                log.info("answering at http://%s:%d/healthz", settings.host, settings.port)
                return server
        return None

    def stop(self) -> None:
        """Ends the answers."""
        with self.guard:
            self.stopping.set()
            server = self.server
        if server is not None:
            server.shutdown()
        self.thread.join(timeout=5)
