"""The test build of the program: `python -m tests.reliability.app COMMAND …`.

The same commands, with a clock that the test sets (RELIABILITY_CLOCK) and a place at which the process dies without
a word (RELIABILITY_DIE_AT=POINT or POINT:N, the Nth time it is passed) or falls asleep until it is continued
(RELIABILITY_STOP_AT). Nothing of this is in `monitor`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from slack_sdk.web import SlackResponse
from sqlalchemy import Table, event

import monitor.app
from monitor import cli
from monitor.app import App, Clock, system_clock
from monitor.config import Config
from monitor.notify.channels import Channel, Receipt
from monitor.notify.message import Message
from monitor.notify.slack import SlackChannel
from monitor.sources.fetch import Fetched, Fetcher, NotModified
from monitor.sources.profile import HttpProfile
from monitor.store import documents, facts, schema
from monitor.store.engine import Connection, Engine
from tests.reliability.clock import from_environment

DIE_AT = "RELIABILITY_DIE_AT"
STOP_AT = "RELIABILITY_STOP_AT"
KILLED = 137

# Where a process may die, in the order of a file's day.
POINTS = (
    "after-download",
    "after-archive",
    "mid-insert",
    "mid-derive",
    "mid-promise",
    "before-commit",
    "after-commit",
    "after-claim",
    "before-send",
    "after-send",
)
# Also, where a digest is gathered or a message corrected: "mid-gather", "after-edit".
# The statement after which a process dies in the middle of the transaction.
STATEMENTS = {
    "after-archive": "INSERT INTO archive",
    "mid-promise": "INSERT INTO delivery",
    "mid-gather": "UPDATE digest_entry SET",
}
# The table whose rows were just written in bulk, where no event of SQLAlchemy tells of it, and by which module.
INSERTS: tuple[tuple[Any, Table, str], ...] = (
    (facts, schema.snapshot, "mid-insert"),
    (documents, schema.event, "mid-derive"),
)
CLAIMING = "UPDATE delivery SET"


class Trap:
    """Ends the process at the armed point, as if the machine had lost its power, or lets it sleep there."""

    def __init__(self, die_at: str, stop_at: str) -> None:
        self.point, _, number = (die_at or stop_at).partition(":")
        self.left = int(number or 1)
        self.deadly = bool(die_at)

    def at(self, point: str) -> None:
        """The process is at this point."""
        if point != self.point:
            return
        self.left -= 1
        if self.left != 0:
            return
        if self.deadly:
            os._exit(KILLED)
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(0.2)  # the signal may take another thread first; this one must not get further meanwhile


@dataclass(frozen=True, slots=True)
class TestApp(App):
    """The program with the trap set; a file called "full" in its folder fills its disk."""

    trap: Trap

    __test__ = False

    def open(self) -> Engine:
        """The database, watched statement by statement."""
        return cramped(watched(App.open(self), self.trap), Path("full"))

    def channels(self, out: TextIO, only: str | None = None) -> dict[str, Channel]:
        """The channels, each behind the trap."""
        return {name: trapped(one, self.trap) for name, one in App.channels(self, out, only).items()}

    def _fetcher(self) -> Fetcher:
        return cast(Fetcher, _Fetching(App._fetcher(self), self.trap))


class _Fetching:
    """A fetcher after whose download the process may die."""

    def __init__(self, inner: Fetcher, trap: Trap) -> None:
        self._inner, self._trap = inner, trap

    def fetch(
        self, url: str, profile: HttpProfile, *, etag: str | None = None, last_modified: str | None = None
    ) -> Fetched | NotModified:
        """As the fetcher."""
        got = self._inner.fetch(url, profile, etag=etag, last_modified=last_modified)
        self._trap.at("after-download")
        return got

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def trapped(channel: Channel, trap: Trap) -> Channel:
    """The channel, around whose sending the process may die."""
    send = channel.send

    def sending(message: Message, *, key: str, thread: str | None) -> Receipt:
        trap.at("before-send")
        receipt = send(message, key=key, thread=thread)
        trap.at("after-send")
        return receipt

    channel.send = sending  # type: ignore[method-assign]
    if isinstance(channel, SlackChannel):
        edit = channel._client.chat_update

        def editing(**asked: Any) -> SlackResponse:
            answer = edit(**asked)
            trap.at("after-edit")
            return answer

        channel._client.chat_update = editing  # type: ignore[method-assign]
    return channel


def _inserting(insert: Callable[..., int], written: Table, point: str, trap: Trap) -> Callable[..., int]:
    def inserting(conn: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        added = insert(conn, table, columns, rows)
        if table is written:
            trap.at(point)
        return added

    return inserting


def watched(engine: Engine, trap: Trap) -> Engine:
    """The engine, in and around whose transactions the process may die."""
    for module, written, point in INSERTS:
        module.bulk_insert = _inserting(module.bulk_insert, written, point, trap)

    def after_statement(
        conn: Connection, cursor: object, statement: str, parameters: object, context: object, many: bool
    ) -> None:
        for point, beginning in STATEMENTS.items():
            if statement.startswith(beginning):
                conn.info.setdefault("trap", set()).add(point)
                trap.at(point)
        if statement.startswith(CLAIMING) and "lease_until" in statement and "sending" in str(parameters):
            conn.info.setdefault("trap", set()).add("claim")

    def committing(inner: Callable[[Any], None]) -> Callable[[Any], None]:
        def commit(connection: Any) -> None:
            done = connection.info.pop("trap", set()) if hasattr(connection, "info") else set()
            if "mid-promise" in done:
                trap.at("before-commit")
            inner(connection)
            if "mid-promise" in done:
                trap.at("after-commit")
            if "claim" in done:
                trap.at("after-claim")

        return commit

    event.listen(engine, "after_cursor_execute", after_statement)
    engine.dialect.do_commit = committing(engine.dialect.do_commit)  # type: ignore[method-assign,assignment]
    return engine


def cramped(engine: Engine, sign: Path) -> Engine:
    """A SQLite database that may not grow while there is a file called `sign`."""

    def limit(conn: Connection) -> None:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one() if sign.exists() else 2**30
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    if engine.dialect.name == "sqlite":
        event.listen(engine, "begin", limit)
    return engine


def install(environ: Mapping[str, str]) -> None:
    """Makes the commands use the test build."""
    trap = Trap(environ.get(DIE_AT, ""), environ.get(STOP_AT, ""))
    clock = from_environment() or system_clock

    def built(config: Config, given: Clock, say: Callable[[str], None]) -> App:
        return TestApp(config, clock if given is system_clock else given, say, trap)

    monitor.app.App = built  # type: ignore[misc,assignment]


def main(arguments: list[str]) -> int:
    """Runs one command of the test build; the exit code."""
    install(os.environ)
    return cli.run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
