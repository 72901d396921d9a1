"""The issuer: one file per address, replaced as days pass, with every way of not getting it."""

from __future__ import annotations

import hashlib
import threading
from http import HTTPStatus
from urllib.parse import urlsplit

from tests.reliability.serving import Answering, Fault, Loopback, Script

PAGE = b"<!DOCTYPE html><html><head><title>We will be right back</title></head><body>Maintenance</body></html>"
NOT_FOUND = Fault(404, body=PAGE)
HTML = Fault(200, body=PAGE)
GONE_SLOW = Fault(trickle=1.0)
BUSY = Fault(429, headers=(("Retry-After", "30"),), body=b"slow down")
BROKEN = Fault(503, body=PAGE)
CUT = Fault(cut=100)
DROPPED = Fault(drop=True)


def redirect(target: str) -> Fault:
    """Moved to `target`."""
    return Fault(302, headers=(("Location", target),), body=b"")


class Issuer(Loopback):
    """Serves what was published, with ETag and 304. `script` misbehaves for everything, `scripts[path]` for one."""

    def __init__(self) -> None:
        super().__init__(_Answer)
        self.script = Script()
        self.scripts: dict[str, Script] = {}
        self.asked: list[tuple[str, int]] = []
        self._files: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def publish(self, path: str, body: bytes | None) -> None:
        """From now on `path` answers with `body`; None: with 404."""
        with self._lock:
            if body is None:
                self._files.pop(path, None)
            else:
                self._files[path] = body

    def file(self, path: str) -> bytes | None:
        """What is published at `path`."""
        with self._lock:
            return self._files.get(path)

    def fault(self, path: str) -> Fault | None:
        """What the next request of `path` meets."""
        own = self.scripts.get(path)
        return (own.take() if own is not None else None) or self.script.take()

    def script_of(self, path: str) -> Script:
        """How `path` misbehaves."""
        return self.scripts.setdefault(path, Script())

    def note(self, path: str, status: int) -> None:
        """A request was answered so."""
        with self._lock:
            self.asked.append((path, status))

    def count(self, path: str = "") -> int:
        """How often `path`, or anything, was asked for."""
        with self._lock:
            return sum(path in ("", one) for one, _ in self.asked)


class _Answer(Answering):
    server: Issuer

    def do_GET(self) -> None:
        """The file at this path, in the manner of the script."""
        path = urlsplit(self.path).path
        fault = self.server.fault(path)
        body = self.server.file(path)
        if body is None and (fault is None or fault.body is None):
            fault = NOT_FOUND
        if fault is not None:
            self.server.note(path, 0 if fault.drop else fault.status)
            self.answer(body or b"", "text/html" if fault.body == PAGE else "text/csv", fault)
            return
        self._file(path, body or b"")

    def _file(self, path: str, body: bytes) -> None:
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        known = self.headers.get("If-None-Match") == etag
        status = HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK
        self.server.note(path, status)
        self.send_response(status)
        self.send_header("ETag", etag)
        if known:
            self.end_headers()
            return
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
