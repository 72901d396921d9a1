"""The partitions of `holding` on PostgreSQL: made ahead, made when needed, by several processes at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from monitor.store import partitions, schema
from monitor.store.codec import date_of_day, day_of
from monitor.store.engine import Engine, bulk_insert, open_engine, reading, transaction
from monitor.store.migrate import upgrade
from monitor.store.partitions import Span, span_for

TODAY = date(2026, 11, 27)
COLUMNS = ["fund", "snapshot", "security", "listing", "shares", "value", "weight"]


@pytest.fixture
def store(postgres_url: str) -> Iterator[Engine]:
    opened = open_engine(postgres_url)
    yield opened
    opened.dispose()


def labels(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        return [str(one) for one in partitions.spans(conn)]


def store_line(engine: Engine, day: date, fund: int = 1) -> None:
    with transaction(engine) as conn:
        partitions.ready(conn, day, TODAY)
        bulk_insert(conn, schema.holding, COLUMNS, [(fund, day_of(day) * 256, 1, 1, 10, 20, 30)])
        conn.execute(text("SELECT pg_stat_force_next_flush()"))  # it would tell of the row up to a second later


@given(st.dates(), st.dates())
def test_every_day_has_a_span_of_whole_months_that_holds_it(day: date, today: date) -> None:
    span = span_for(day, today, [])
    assert span.first <= day_of(day) < span.until
    assert span.until - span.first in ((365, 366) if day.year < today.year - 1 else (28, 29, 30, 31))
    assert date_of_day(span.first).day == 1


@given(st.lists(st.dates(date(2019, 1, 1), date(2029, 12, 31)), max_size=12), st.dates(date(2020, 1, 1)))
def test_spans_never_overlap_in_whatever_order_days_come(days: list[date], today: date) -> None:
    taken: list[Span] = []
    for day in days:
        if not any(one.first <= day_of(day) < one.until for one in taken):
            new = span_for(day, today.replace(year=min(today.year, 2031)), taken)
            assert not any(new.overlaps(one) for one in taken)
            taken.append(new)


def test_the_next_months_are_made_ahead(store: Engine) -> None:
    later = date(2031, 11, 5)
    assert partitions.ahead(store, later) == [
        "holding_2031_11",
        "holding_2031_12",
        "holding_2032_01",
        "holding_2032_02",
    ]
    assert partitions.ahead(store, later) == []
    assert partitions.ahead(store, date(2031, 12, 1)) == ["holding_2032_03"]


def test_a_month_that_is_over_is_vacuumed_once(store: Engine) -> None:
    store_line(store, date(2025, 6, 30))
    store_line(store, TODAY)
    assert partitions.tend(store, TODAY) == ["holding_2025_06"]
    with reading(store) as conn:
        found = {one.name: one for one in partitions.partitions(conn)}
    assert found["holding_2025_06"].vacuumed
    assert not found["holding_2026_11"].vacuumed
    assert partitions.tend(store, TODAY) == []


def test_a_file_of_an_unknown_month_makes_its_partition(store: Engine) -> None:
    for day in (date(2014, 11, 3), date(2014, 12, 1), date(2025, 6, 30), date(2040, 1, 1), date(1969, 12, 31)):
        store_line(store, day)
    assert {"1969", "2014", "2025-06", "2040-01"} <= set(labels(store))
    with reading(store) as conn:
        assert conn.execute(text("SELECT count(*) FROM holding")).scalar() == 5
        where = text("SELECT tableoid::regclass::text FROM holding ORDER BY snapshot")
        assert list(conn.scalars(where)) == [
            "holding_1969",
            "holding_2014",
            "holding_2014",
            "holding_2025_06",
            "holding_2040_01",
        ]


def test_a_partition_outlives_the_transaction_that_needed_it(store: Engine) -> None:
    with pytest.raises(RuntimeError), transaction(store) as conn:
        partitions.ready(conn, date(2015, 1, 5), TODAY)
        raise RuntimeError
    assert "2015" in labels(store)


def test_many_writers_of_one_new_month_all_succeed(store: Engine) -> None:
    """Each holds a transaction open in which it has written already, as intake does."""
    days = [date(2025, month, 1) for month in range(1, 7)]
    gate, faults = threading.Barrier(4), list[BaseException]()

    def write(fund: int) -> None:
        try:
            with transaction(store) as conn:
                bulk_insert(conn, schema.holding, COLUMNS, [(fund, day_of(TODAY) * 256, 1, 1, 1, 1, 1)])
                gate.wait()
                for day in days if fund % 2 else reversed(days):
                    partitions.ready(conn, day, TODAY)
                    bulk_insert(conn, schema.holding, COLUMNS, [(fund, day_of(day) * 256, 1, 1, 1, 1, 1)])
        except BaseException as error:  # noqa: BLE001 – told by the main thread
            faults.append(error)

    partitions.ahead(store, TODAY)
    threads = [threading.Thread(target=write, args=(fund,)) for fund in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert faults == []
    with reading(store) as conn:
        assert conn.execute(text("SELECT count(*) FROM holding")).scalar() == 4 * 7


def test_the_migration_moves_every_line(blank_postgres_url: str) -> None:
    engine = open_engine(blank_postgres_url)
    upgrade(engine, "0006")
    days = [date(2014, 11, 3), date(2019, 5, 31), date(2025, 1, 1), date(2026, 11, 27)]
    rows = [(fund, day_of(day) * 256 + 1, security, 9, 10**12, None, 5)
            for fund in (3, 1) for day in days for security in (7, 2)]  # fmt: skip
    told: list[tuple[int, int]] = []
    with transaction(engine) as conn:
        bulk_insert(conn, schema.holding, COLUMNS, rows)
    upgrade(engine, told=lambda _, done, total: told.append((done, total)))
    with reading(engine) as conn:
        assert sorted(tuple(row) for row in conn.execute(text("SELECT * FROM holding"))) == sorted(rows)
    assert told == [(1, 3), (3, 3)]
    assert {"2014", "2019"} <= set(labels(engine))
    engine.dispose()


def test_on_sqlite_there_is_nothing_to_do(sqlite_engine: Engine) -> None:
    assert partitions.ahead(sqlite_engine, TODAY) == []
    with transaction(sqlite_engine) as conn:
        partitions.ready(conn, TODAY, TODAY)
        assert not partitions.partitions(conn)
        assert not partitions.spans(conn)


def test_a_process_opens_no_more_connections_than_it_may(postgres_url: str) -> None:
    """Who stores a file of a new month needs two; a third waits for one of them."""
    engine = open_engine(postgres_url, kept=1, most=2)
    store_line(engine, date(2016, 5, 2))
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.size() + pool._max_overflow == 2
    assert "2016" in labels(engine)
    engine.dispose()
