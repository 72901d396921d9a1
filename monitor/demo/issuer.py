"""A web server on this machine that plays the issuer: each address has one file, which the demo replaces.

It decides nothing and remembers nothing; an unchanged file is answered with 304 as real servers do.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class LoopbackIssuer(ThreadingHTTPServer):
    """Serves `files` (path → body) on a free port of this machine."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.files: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.server_port}"

    def publish(self, url: str, body: bytes) -> None:
        """From now on `url` answers with `body`."""
        self.files[urlsplit(url).path] = body


class _Answer(BaseHTTPRequestHandler):
    server: LoopbackIssuer

    def do_GET(self) -> None:
        """The file at this path, 304 when the asker has it already, 404 when there is none."""
        body = self.server.files.get(urlsplit(self.path).path)
        if body is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        known = self.headers.get("If-None-Match") == etag
        self.send_response(HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK)
        self.send_header("ETag", etag)
        if not known:
            self.send_header("Content-Type", "text/html" if body.startswith(b"<") else "text/csv")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not known:
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: what is asked is told by the tour."""


@contextmanager
def serving() -> Iterator[LoopbackIssuer]:
    """A running issuer, stopped at the end."""
    with LoopbackIssuer() as issuer:
        thread = threading.Thread(target=issuer.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            issuer.shutdown()
            thread.join()
