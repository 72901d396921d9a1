"""Opening the books of many funds asks no more than opening those of a few; what is not looked at is not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from monitor import pipeline
from monitor.bodies import Body
from monitor.core.model import Arrival
from monitor.derive import replay
from monitor.sources.loading import parse_source
from monitor.sources.spec import Source
from monitor.store import opening, past
from monitor.store.book import Book
from monitor.store.engine import Connection, Engine, open_engine, reading
from monitor.store.sessions import calendars
from tests.scenarios.stories import FUND, NOW, QUILL, TOML, file, load, portfolio, prepare, session


def house(funds: int) -> Source:
    """The invented issuer with so many funds."""
    named = "".join(FUND.format(ticker=f"LAN{n:03}", kind="index") for n in range(funds))
    found, faults = parse_source(TOML + named, "lantern.toml")
    assert found is not None, faults
    return found


def day(source: Source, number: int) -> list[tuple[str, bytes]]:
    """The files of all funds, each the same lines in another number of units than the day before."""
    return [file(ticker, number, portfolio(QUILL, scale=7 + number)) for ticker in source.funds]


@contextmanager
def counted(conn: Connection) -> Iterator[list[str]]:
    """The statements that SQLite is asked meanwhile, whoever asks."""
    found: list[str] = []
    driver: Any = conn.connection.driver_connection
    driver.set_trace_callback(found.append)
    try:
        yield found
    finally:
        driver.set_trace_callback(None)


def known(engine: Engine, funds: int) -> tuple[Source, int]:
    """Two derived days of so many funds, and a third that is only stored; the issuer's number."""
    prepare(engine)
    source = house(funds)
    load(engine, day(source, 0) + day(source, 1), of=source)
    bodies = [Body(name, content, Arrival.HISTORY) for name, content in day(source, 2)]
    pipeline.store_chunk(engine, source, bodies, now=NOW, progress=lambda text, count: None)
    with reading(engine) as conn:
        issuer = past.issuer(conn, source.id)
    assert issuer is not None
    return source, issuer[0]


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_template: Path) -> Iterator[Callable[[], Engine]]:
    """Makes as many empty databases as are asked for."""
    opened: list[Engine] = []

    def make() -> Engine:
        path = tmp_path / f"{len(opened)}.db"
        path.write_bytes(sqlite_template.read_bytes())
        opened.append(open_engine(f"sqlite:///{path}"))
        return opened[-1]

    yield make
    for engine in opened:
        engine.dispose()


def asked(engine: Engine, funds: int) -> int:
    source, issuer = known(engine, funds)
    with reading(engine) as conn, counted(conn) as found:
        made = replay(conn, source, issuer, session(2), calendars(conn))
    assert (made.snapshots, made.events) == (funds, 0)
    return len(found)


def test_a_day_of_many_funds_asks_as_much_as_one_of_a_few(sqlite: Callable[[], Engine]) -> None:
    assert asked(sqlite(), opening.TOGETHER) == asked(sqlite(), 3)


def test_funds_without_a_file_are_opened_when_they_are_asked_for(engine: Engine) -> None:
    source, issuer = known(engine, 3)
    with reading(engine) as conn:
        book = Book(conn, issuer, session(2))
        book.rows()
        one = book.fund("LAN001")
        assert one.previous is not None
        assert (one.previous.as_of, len(one.positions), len(one.open)) == (session(1), 13, 13)
        assert not one.begins_here
        assert book.fund("LAN001") is one
        assert book.tickers == sorted(source.funds)
        assert book.covered("LAN002") == [session(0), session(1)]
        assert book.covered("LAN001", session(1)) == [session(1)]
        assert book.covered_by_all() == {ticker: [session(0), session(1)] for ticker in book.tickers}


def test_an_open_spell_is_read_once_and_is_the_same_everywhere(engine: Engine) -> None:
    _, issuer = known(engine, 3)
    with reading(engine) as conn:
        book = Book(conn, issuer, session(2))
        root = next(iter(book.fund("LAN000").open))
        assert book.fund("LAN000").open[root] == root  # only its key is known
        spell = book.still_open("LAN000", [root])[root]
        assert (spell.security, spell.first_file, spell.ending) == (root, session(0), None)
        anywhere = book.spells_anywhere(root)
        assert [ticker for ticker, _ in anywhere] == book.tickers
        assert anywhere[0][1] is spell
        assert book.still_open("LAN000", [root])[root] is spell
        assert book.closed("LAN000", root) == []


def test_a_fund_that_begins_has_nothing(engine: Engine) -> None:
    _, issuer = known(engine, 2)
    with reading(engine) as conn:
        book = Book(conn, issuer, date(2025, 1, 1))
        fund = book.fund("LAN000")
        assert fund.begins_here
        assert (fund.previous, fund.open, fund.positions) == (None, {}, {})
        assert book.covered("LAN000") == []
