"""A server on this machine that answers for addresses it knows, counts, and misbehaves on demand."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.reliability.serving import Answering, Fault, Loopback, serving


@dataclass
class Book:
    """What is at each address (path and query); everything else is `missing`. `faults` are met first."""

    pages: dict[str, bytes | Fault] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    missing: Fault = field(default_factory=lambda: Fault(404, body=b"<html>Not found</html>"))
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    url: str = ""

    def answer(self, path: str) -> Fault:
        """The answer to one request."""
        self.asked.append(path)
        if self.faults.get(path):
            return self.faults[path].pop(0)
        found = self.pages.get(path, self.missing)
        return found if isinstance(found, Fault) else Fault(200, body=found)


class _Answer(Answering):
    server: Web

    def do_GET(self) -> None:
        """What the book says."""
        self.server.book.agents.add(self.headers.get("User-Agent", ""))
        self.answer(b"", "text/plain", self.server.book.answer(self.path))


class Web(Loopback):
    """The server."""

    def __init__(self) -> None:
        super().__init__(_Answer)
        self.book = Book()


@contextmanager
def web() -> Iterator[Book]:
    """The book of a server at work."""
    with serving(Web()) as server:
        server.book.url = server.url
        yield server.book


def packed(body: bytes) -> Fault:
    """An answer sent compressed."""
    return Fault(200, headers=(("Content-Encoding", "gzip"),), body=gzip.compress(body))
