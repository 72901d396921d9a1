"""Breaks chosen touches of a database – the n-th connection, statement or commit – as trouble from outside would."""

from __future__ import annotations

import socket
import sqlite3
import struct
import threading
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

REFUSED = "connection failed: connection to server failed: Connection refused"


class Breaking:
    """Counts the touches of every engine but `spared` while `trouble` lasts, and breaks those whose number is chosen.

    On SQLite another program has the lock, on PostgreSQL an administrator ends the session or the server is away.
    """

    def __init__(self, url: str, spared: Engine | None = None) -> None:
        self.url, self.spared = url, spared
        self.touches = 0
        self.broken: list[int] = []
        self.chosen: Container[int] = ()
        self._lock = threading.Lock()

    def again(self, chosen: Container[int]) -> None:
        """Counts from one again."""
        with self._lock:
            self.touches, self.chosen = 0, chosen

    @contextmanager
    def trouble(self, chosen: Container[int]) -> Iterator[Breaking]:
        """While this lasts, the touches with these numbers break."""
        self.again(chosen)
        heard: dict[str, Callable[..., Any]] = {
            "do_connect": self._connect,
            "do_execute": self._execute,
            "do_executemany": self._execute,
            "do_execute_no_params": lambda cursor, statement, context: self._execute(cursor, statement, (), context),
            "commit": self._commit,
        }
        for name, hears in heard.items():
            event.listen(Engine, name, hears)
        try:
            yield self
        finally:
            for name, hears in heard.items():
                event.remove(Engine, name, hears)

    def _connect(self, dialect: Any, _record: object, _arguments: object, _named: object) -> None:
        if self._is_due():
            raise dialect.loaded_dbapi.OperationalError("database is locked" if self._is_sqlite else REFUSED)

    def _execute(self, _cursor: object, _statement: str, _parameters: object, context: Any) -> None:
        conn: Connection = context.root_connection
        if conn.engine is not self.spared and self._is_due():
            if self._is_sqlite:
                raise sqlite3.OperationalError("database is locked")
            self._end(conn)

    def _commit(self, conn: Connection) -> None:
        """On SQLite who may write has the lock already."""
        if conn.engine is not self.spared and not self._is_sqlite and self._is_due():
            self._end(conn)

    def _end(self, conn: Connection) -> None:
        driver: Any = conn.connection.driver_connection
        with psycopg.connect(self.url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 10000)", (driver.info.backend_pid,))

    @property
    def _is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def _is_due(self) -> bool:
        with self._lock:
            self.touches += 1
            if self.touches in self.chosen:
                self.broken.append(self.touches)
                return True
            return False


@contextmanager
def refusing(code: str, words: str) -> Iterator[str]:
    """The address of a PostgreSQL server that lets nobody in, and says so with this SQLSTATE and these words."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_refuse, args=(server, code, words), daemon=True)
        thread.start()
        yield f"postgresql://somebody:s3cret@127.0.0.1:{server.getsockname()[1]}/monitor"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(60)


def _refuse(server: socket.socket, code: str, words: str) -> None:
    fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": words}
    body = b"".join(name.encode() + text.encode() + b"\0" for name, text in fields.items()) + b"\0"
    while True:
        try:
            client, _ = server.accept()
        except OSError:  # the end
            return
        with client, client.makefile("rb") as asked:
            while (head := asked.read(8)) and struct.unpack("!II", head)[1] in (80877103, 80877104):
                client.sendall(b"N")  # neither TLS nor GSSAPI
            if head:
                asked.read(struct.unpack("!II", head)[0] - 8)
                client.sendall(b"E" + struct.pack("!I", len(body) + 4) + body)


class Gate:
    """A port of this machine that refuses until it is `opened`, and then leads to a server. Nobody else can take it."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self._pairs: list[socket.socket] = []

    def open(self) -> None:
        """From now on who connects speaks with the server."""
        self.socket.listen(16)
        threading.Thread(target=self._take, daemon=True).start()

    def close(self) -> None:
        """Ends everything."""
        for one in (self.socket, *self._pairs):
            one.close()

    def _take(self) -> None:
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            self._pairs += (client, server)
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=_pass, args=(one, other), daemon=True).start()


def _pass(one: socket.socket, other: socket.socket) -> None:
    try:
        while got := one.recv(65536):
            other.sendall(got)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        return
