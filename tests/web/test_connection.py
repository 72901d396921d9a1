"""Clients that are slow on purpose: they lose their place, and take nobody else's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.web import connection, listening
from monitor.web.service import build
from tests.web.conftest import app_over

HALF = b"GET /static/site.css HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Never: "
WHOLE = b"GET /static/site.css HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@contextmanager
def serving(database: Path) -> Iterator[int]:
    server = listening.server_of(build(app_over(database)))
    with listening.bound("127.0.0.1", 0) as found:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [found]})
        thread.start()
        try:
            yield found.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def asked(port: int, text: bytes) -> socket.socket:
    found = socket.create_connection(("127.0.0.1", port), timeout=120)
    found.sendall(text)
    return found


def rest(of: socket.socket) -> bytes:
    """All it says until it ends."""
    parts = []
    try:
        while part := of.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


@pytest.mark.parametrize("before", [b"", WHOLE + b"\r\n"])
def test_a_head_that_does_not_come_ends_the_connection(
    look_alike: Path, monkeypatch: pytest.MonkeyPatch, before: bytes
) -> None:
    monkeypatch.setattr(connection, "ASKING", 0.2)
    with serving(look_alike) as port, asked(port, before + HALF) as slow:
        assert rest(slow).startswith(b"HTTP/1.1 200" if before else b"")


def test_an_answer_nobody_takes_ends_the_connection(look_alike: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TAKING", 0.2)
    with serving(look_alike) as port, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(30)
        deaf.connect(("127.0.0.1", port))
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while True:  # it asks on and on, and never reads
                deaf.sendall((WHOLE + b"\r\n") * 50)


def test_half_requests_take_no_place_from_whole_ones(look_alike: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "CONNECTIONS", 4)
    with serving(look_alike) as port:
        slow = [asked(port, HALF) for _ in range(12)]
        with asked(port, WHOLE + b"Connection: close\r\n\r\n") as quick:
            assert rest(quick).startswith(b"HTTP/1.1 200")
        assert rest(slow[0]) == b""
        for one in slow:
            one.close()
