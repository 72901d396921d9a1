"""Opening, transactions, bulk loading, the archive, stored forms and sessions, on both databases."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from select import select as readable
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from monitor.core.errors import ConfigError, StoreError
from monitor.store import archive, packing, partitions, schema
from monitor.store import engine as opening
from monitor.store.codec import (
    date_of_day,
    day_of,
    decode_shares,
    decode_value,
    decode_weight,
    encode_shares,
    encode_value,
    encode_weight,
    instant_text,
    parse_instant,
)
from monitor.store.engine import (
    Engine,
    StoreConflict,
    StoreUnavailable,
    bulk_insert,
    insert_new,
    open_engine,
    reading,
    transaction,
)
from monitor.store.sessions import ensure_sessions, sessions

NOW = datetime(2024, 3, 5, 21, 4, 5, 6, tzinfo=UTC)
ISSUER = {"code": "example", "name": "Example Funds"}


def issuers(engine: Engine) -> int:
    with engine.connect() as conn:
        return conn.execute(select(func.count()).select_from(schema.issuer)).scalar_one()


# --- opening --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["monitor.db", "mysql://host/x", "sqlite+aiosqlite:///x", "", "postgresql+psycopg2://host/x"]
)
def test_an_address_that_is_not_understood_is_said_so(url: str) -> None:
    with pytest.raises(ConfigError, match="sqlite:///path"):
        open_engine(url)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere for the database does not exist"):
        open_engine(f"sqlite:///{tmp_path}/nowhere/monitor.db")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    path.write_text("fund,shares\n" * 500)
    with pytest.raises(StoreError, match=r"monitor\.db is not a database"):
        open_engine(f"sqlite:///{path}")


def test_an_unreachable_server_is_named_without_the_password() -> None:
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1/monitor") as caught:
        open_engine("postgresql://someone:s3cret@127.0.0.1:1/monitor")
    assert "s3cret" not in str(caught.value)


def test_sqlite_is_safe_against_power_cuts_and_checks_references(sqlite_engine: Engine) -> None:
    with sqlite_engine.connect() as conn:
        found = {
            name: conn.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_paths_with_odd_characters_work(tmp_path: Path) -> None:
    path = tmp_path / "Ünï ?#%41 x.db"
    open_engine("sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F").replace("#", "%23")).dispose()
    assert len(list(tmp_path.iterdir())) >= 1


def test_a_database_in_memory_is_one_database(tmp_path: Path) -> None:
    engine = open_engine("sqlite://")
    with transaction(engine) as conn:
        conn.execute(text("CREATE TABLE t (x INTEGER)"))
    with transaction(engine) as conn:
        assert conn.execute(text("SELECT count(*) FROM t")).scalar() == 0
    engine.dispose()
    with pytest.raises(StoreError, match="in memory"):
        open_engine("sqlite://", read_only=True)


def test_an_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 7, 17))
    with pytest.raises(StoreError, match=r"too old: 3\.35\.0 or newer"):
        open_engine("sqlite://")


# --- reading only ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO issuer (id, code, name) VALUES (9, 'x', 'x')", "CREATE TABLE t (x INTEGER)", "DELETE FROM session"],
)
def test_a_read_only_engine_refuses_every_write(engine: Engine, database_url: str, statement: str) -> None:
    reader = open_engine(database_url, read_only=True)
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), reader.begin() as conn:
        conn.execute(text(statement))
    with pytest.raises((DBAPIError, StoreError), match=r"only be read|read-only"), reading(engine) as conn:
        conn.execute(text(statement))
    reader.dispose()
    assert issuers(engine) == 0


def test_a_read_only_engine_cannot_be_talked_into_writing(sqlite_url: str, tmp_path: Path) -> None:
    reader = open_engine(sqlite_url, read_only=True)
    with reader.connect() as conn:
        conn.execute(text("PRAGMA query_only = OFF"))
        with pytest.raises(DBAPIError, match="readonly"):
            conn.execute(text("DELETE FROM issuer"))
    with reader.connect() as conn, pytest.raises(sqlite3.OperationalError, match="attached"):
        conn.connection.driver_connection.execute(f"ATTACH '{tmp_path}/other.db' AS other")  # type: ignore[union-attr]
    reader.dispose()
    assert not (tmp_path / "other.db").exists()


def test_reading_a_database_that_is_not_there_makes_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no database at"):
        open_engine(f"sqlite:///{tmp_path}/monitor.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_connection_that_read_can_write_again(engine: Engine) -> None:
    for number in range(3):
        with reading(engine) as conn:
            assert conn.execute(select(func.count()).select_from(schema.issuer)).scalar() == number
        with transaction(engine) as conn:
            conn.execute(insert(schema.issuer), [{"code": str(number), "name": ""}])


# --- transactions ---------------------------------------------------------------------------------


def test_a_transaction_that_fails_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(RuntimeError, match="crash"), transaction(engine) as conn:
        conn.execute(insert(schema.issuer), [ISSUER])
        bulk_insert(conn, schema.session, ["calendar", "day"], [("XNYS", 1)])
        raise RuntimeError("crash")
    assert issuers(engine) == 0
    with transaction(engine) as conn:
        assert sessions(conn, "XNYS") == ()


def test_readers_see_one_state_and_do_not_wait_for_a_writer(engine: Engine) -> None:
    with transaction(engine) as writer:
        writer.execute(insert(schema.issuer), [ISSUER])
        with reading(engine) as reader:
            assert reader.execute(select(func.count()).select_from(schema.issuer)).scalar() == 0
    with reading(engine) as reader:
        assert reader.execute(select(func.count()).select_from(schema.issuer)).scalar() == 1
        with transaction(engine) as writer:
            writer.execute(insert(schema.issuer), [{"code": "second", "name": ""}])
        assert reader.execute(select(func.count()).select_from(schema.issuer)).scalar() == 1


def test_writers_that_read_first_do_not_lose_updates(engine: Engine) -> None:
    with transaction(engine) as conn:
        conn.execute(insert(schema.issuer), [ISSUER | {"derive_from": 0}])

    def count_up() -> None:
        for _ in range(10):
            with transaction(engine) as conn:
                row = select(schema.issuer.c.derive_from).with_for_update()
                number = conn.execute(row).scalar_one()
                conn.execute(update(schema.issuer).values(derive_from=number + 1))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as conn:
        assert conn.execute(select(schema.issuer.c.derive_from)).scalar() == 40


def test_a_locked_database_is_said_in_words(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0)
    engine, other = (
        open_engine(sqlite_url),
        sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None),
    )
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match="locked by another program"), transaction(engine):
        pass
    other.execute("ROLLBACK")
    other.close()
    with transaction(engine) as conn:
        conn.execute(insert(schema.issuer), [ISSUER])
    engine.dispose()


def test_a_full_database_is_said_in_words_and_keeps_what_it_had(sqlite_engine: Engine) -> None:
    with transaction(sqlite_engine) as conn:
        conn.execute(insert(schema.issuer), [ISSUER])
        pages = conn.execute(text("PRAGMA page_count")).scalar()
    with pytest.raises(StoreUnavailable, match="no room left"), transaction(sqlite_engine) as conn:
        conn.execute(text(f"PRAGMA max_page_count = {pages}"))
        bulk_insert(conn, schema.session, ["calendar", "day"], (("XNYS", n) for n in range(100_000)))
    assert issuers(sqlite_engine) == 1


def test_a_lost_server_connection_is_said_in_words_and_found_again(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    with pytest.raises(StoreUnavailable, match="cannot do this now"), transaction(engine) as conn:
        number = conn.execute(text("SELECT pg_backend_pid()")).scalar()
        with transaction(engine) as killer:
            killer.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
        conn.execute(insert(schema.issuer), [ISSUER])
    assert issuers(engine) == 0
    engine.dispose()


def test_a_session_that_was_idle_for_too_long_is_said_in_words(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    # Last words that arrive while nothing is asked are a notice to the client: then it says that the server has gone.
    said = "cannot do this now: .*(idle-in-transaction|server closed the connection)"
    with pytest.raises(StoreUnavailable, match=said) as told, transaction(engine) as conn:
        conn.execute(text("SET idle_in_transaction_session_timeout = 1"))
        driver: Any = conn.connection.driver_connection
        readable([driver], [], [], 60)  # until the server has said its last words
        conn.execute(insert(schema.issuer), [ISSUER])
    assert told.value.passing
    assert issuers(engine) == 0
    engine.dispose()


def test_a_bulk_load_that_waits_for_too_long_is_said_in_words(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    with transaction(engine) as other, pytest.raises(StoreUnavailable, match="lock timeout"):
        other.execute(text("LOCK TABLE session IN ACCESS EXCLUSIVE MODE"))
        with transaction(engine) as conn:
            conn.execute(text("SET lock_timeout = 1"))
            bulk_insert(conn, schema.session, ["calendar", "day"], [("XNYS", 1)])
    engine.dispose()


def test_a_transaction_ended_for_the_sake_of_another_may_be_done_again(postgres_url: str) -> None:
    engine, together = open_engine(postgres_url), threading.Barrier(2)

    def add(codes: str) -> str:
        try:
            with transaction(engine) as conn:
                insert_new(conn, schema.issuer, [{"code": codes[0], "name": ""}])
                together.wait(60)
                insert_new(conn, schema.issuer, [{"code": codes[1], "name": ""}])
        except StoreConflict as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(add, ("ab", "ba")))
    assert said[0] == ""
    assert "deadlock" in said[1]
    assert issuers(engine) == 2
    engine.dispose()


def test_no_free_connection_is_said_in_words(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0)
    engine = open_engine(postgres_url)
    with contextlib.ExitStack() as taken, pytest.raises(StoreUnavailable, match="All connections") as caught:
        for _ in range(20):
            taken.enter_context(reading(engine))
    assert caught.value.passing
    engine.dispose()


def test_mistakes_of_ours_surface_as_they_are(engine: Engine) -> None:
    with pytest.raises(IntegrityError), transaction(engine) as conn:
        conn.execute(insert(schema.fund), [{"issuer": 99, "ticker": "X", "name": "", "kind": "", "calendar": ""}])


# --- adding rows ----------------------------------------------------------------------------------


def test_bulk_rows_arrive_exactly(engine: Engine) -> None:
    rows = [
        (1, 19_786 * 256, n, 7, (-1) ** n * (2**63 - 1), None if n % 3 else 2**60 + n, 2**31 - 1) for n in range(25_000)
    ]
    with transaction(engine) as conn:
        partitions.make(conn, [date_of_day(19_786)], date_of_day(19_786))
        assert bulk_insert(conn, schema.holding, list(schema.holding.c.keys()), iter(rows)) == 25_000
        assert bulk_insert(conn, schema.holding, list(schema.holding.c.keys()), []) == 0
        found = conn.execute(select(schema.holding).order_by(schema.holding.c.security)).all()
    assert [tuple(row) for row in found] == rows


def test_bulk_rows_of_text_and_bytes_arrive_exactly(engine: Engine) -> None:
    rows = [(hashlib.sha256(bytes([n])).hexdigest(), n, bytes(range(n)), "…\t\\N\n'\"", None) for n in range(100)]
    with transaction(engine) as conn:
        bulk_insert(conn, schema.archive, ["sha256", "size", "body", "stored_at", "base"], rows)
        found = conn.execute(select(schema.archive).order_by(schema.archive.c.size)).all()
    assert [tuple(row) for row in found] == rows


def test_a_bulk_row_that_does_not_fit_undoes_the_transaction(engine: Engine) -> None:
    with pytest.raises(IntegrityError), transaction(engine) as conn:
        bulk_insert(conn, schema.session, ["calendar", "day"], [("XNYS", 1), ("XNYS", 1)])
    with transaction(engine) as conn:
        assert sessions(conn, "XNYS") == ()


def test_bulk_rows_need_a_transaction(engine: Engine) -> None:
    with engine.connect() as conn, pytest.raises(StoreError, match="outside a transaction"):
        bulk_insert(conn, schema.session, ["calendar", "day"], [("XNYS", 1)])


def test_only_new_rows_are_added(engine: Engine) -> None:
    with transaction(engine) as conn:
        assert insert_new(conn, schema.issuer, []) == 0
        assert insert_new(conn, schema.issuer, [ISSUER]) == 1
        assert insert_new(conn, schema.issuer, [ISSUER | {"name": "other"}]) == 0
        many = [{"code": str(n), "name": ""} for n in range(40_000)]
        assert insert_new(conn, schema.issuer, [*many, ISSUER]) == 40_000
        assert (
            conn.execute(select(schema.issuer.c.name).where(schema.issuer.c.code == "example")).scalar()
            == "Example Funds"
        )


# --- archive --------------------------------------------------------------------------------------


def test_a_body_is_kept_once_and_comes_back(engine: Engine) -> None:
    body = b"company,shares\n" * 1000
    with transaction(engine) as conn:
        first = archive.put(conn, body, NOW)
        assert archive.put(conn, body, NOW + timedelta(days=1)) == first == hashlib.sha256(body).hexdigest()
        assert archive.put(conn, b"", NOW) != first
        assert (archive.get(conn, first), archive.get(conn, hashlib.sha256(b"").hexdigest())) == (body, b"")
        row = conn.execute(select(schema.archive).where(schema.archive.c.sha256 == first)).one()
    assert (row.size, row.stored_at, len(row.body) < 100) == (15_000, "2024-03-05T21:04:05.000006Z", True)


def test_a_body_that_changed_is_not_believed(engine: Engine) -> None:
    with transaction(engine) as conn:
        sha256 = archive.put(conn, b"12,500 shares", NOW)
        conn.execute(update(schema.archive).values(body=zstandard.compress(b"12,501 shares")))
        with pytest.raises(StoreError, match="does not match its SHA-256"):
            archive.get(conn, sha256)
        conn.execute(update(schema.archive).values(body=b"noise"))
        with pytest.raises(StoreError, match="cannot be unpacked"):
            archive.get(conn, sha256)
        with pytest.raises(StoreError, match="No file with SHA-256 0000"):
            archive.get(conn, "0" * 64)


def test_a_bomb_in_the_archive_does_not_go_off() -> None:
    bomb = zstandard.compress(b"\0" * 50_000_000)
    with pytest.raises(StoreError, match="does not match"):
        packing.unpack("0" * 64, 10, bomb)
    with pytest.raises(StoreError, match="claims 1,099,511,627,776 bytes"):
        packing.unpack("0" * 64, 2**40, bomb)


def test_a_body_beyond_the_limit_is_refused(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST_BODY", 10)
    with transaction(sqlite_engine) as conn, pytest.raises(StoreError, match="11 bytes is too large"):
        archive.put(conn, b"x" * 11, NOW)


# --- stored forms ---------------------------------------------------------------------------------


@given(st.dates())
def test_days_and_dates_are_the_same(day: date) -> None:
    assert date_of_day(day_of(day)) == day


ZONES = [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=14))]
AGES = {"min_value": datetime(1000, 1, 1), "max_value": datetime(9000, 1, 1)}  # noqa: DTZ001


@given(st.datetimes(**AGES, timezones=st.sampled_from(ZONES)))
def test_instants_are_kept_to_the_microsecond(instant: datetime) -> None:
    if (
        datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
        < instant
        < datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
    ):
        assert len(instant_text(instant)) == 27
        assert parse_instant(instant_text(instant)) == instant


@given(st.lists(st.datetimes(**AGES, timezones=st.sampled_from(ZONES)), min_size=2, max_size=5))
def test_text_order_of_instants_is_time_order(instants: list[datetime]) -> None:
    assert sorted(map(instant_text, instants)) == [instant_text(i) for i in sorted(instants)]


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(StoreError, match="no time zone"):
        instant_text(datetime(2024, 1, 1))  # noqa: DTZ001


QUANTITIES = st.decimals(min_value=-(10**6), max_value=10**6, places=12, allow_nan=False)


@given(st.lists(st.none() | QUANTITIES, max_size=20))
def test_quantities_come_back_exactly_with_the_smallest_exponent(values: list[Decimal | None]) -> None:
    numbers, exponent = encode_shares(values)
    assert [decode_shares(number, exponent) for number in numbers] == values
    assert exponent == 0 or any(number % 10 for number in numbers if number is not None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ([], 0)),
        (["100", "1E+3", "-7.000"], ([100, 1000, -7], 0)),
        (["0.5", "12345.67890000"], ([5000, 123456789], 4)),
        (["0.00000001", "21000000"], ([1, 2_100_000_000_000_000], 8)),
        (["0E-30"], ([0], 0)),
    ],
)
def test_quantities_are_stored_as_scaled_integers(values: Sequence[str], expected: tuple[list[int], int]) -> None:
    assert encode_shares([Decimal(value) for value in values]) == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["0.0000000000001"], r"1E-13 has more than 12 decimals"),
        (["1e19"], r"1E\+19 is too large"),
        (["0.000000000001", "10000000"], "10000000 is too large"),
        (["NaN"], "NaN cannot be stored"),
        (["Infinity"], "Infinity cannot be stored"),
    ],
)
def test_quantities_that_cannot_be_exact_are_refused(values: Sequence[str], words: str) -> None:
    with pytest.raises(StoreError, match=words):
        encode_shares([Decimal(value) for value in values])


def test_values_and_weights_are_rounded_to_their_unit() -> None:
    assert [encode_value(Decimal(v)) for v in ("1234.565", "1234.575", "-1")] == [123456, 123458, -100]
    assert (decode_value(123456), decode_weight(98765)) == (Decimal("1234.56"), Decimal("9.8765"))
    assert [encode_weight(Decimal(v)) for v in ("9.87654", "-0.5")] == [98765, -5000]
    assert [encode_value(None), decode_value(None), encode_weight(None), decode_weight(None)] == [None] * 4
    with pytest.raises(StoreError, match="too large"):
        encode_weight(Decimal(300_000))
    with pytest.raises(StoreError, match="cannot be stored"):
        encode_value(Decimal("NaN"))


# --- sessions -------------------------------------------------------------------------------------


class Weekdays:
    """A calendar without holidays that counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, date, date]] = []

    def __call__(self, calendar: str, first: date, last: date) -> list[date]:
        self.asked.append((calendar, first, last))
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [day for day in days if day.weekday() < 5]


def test_sessions_are_filled_once_and_made_anew_when_the_end_comes_near(engine: Engine) -> None:
    weekdays, today = Weekdays(), date(2024, 3, 5)
    with transaction(engine) as conn:
        assert ensure_sessions(conn, "XNYS", today, weekdays)
        assert not ensure_sessions(conn, "XNYS", today + timedelta(days=100), weekdays)
        assert ensure_sessions(conn, "XNYS", today + timedelta(days=300), weekdays)
        assert ensure_sessions(conn, "XLON", today, weekdays)
        known = sessions(conn, "XNYS")
    assert [asked[0] for asked in weekdays.asked] == ["XNYS", "XNYS", "XLON"]
    assert (known[0], known[-1]) == (date(2000, 1, 3), date(2024, 12, 30) + timedelta(days=366))
    assert list(known) == sorted(set(known))


def test_two_daemons_may_make_a_calendar_in_the_same_moment(engine: Engine) -> None:
    together = threading.Barrier(2, timeout=1)

    def provide(calendar: str, first: date, last: date) -> list[date]:
        with contextlib.suppress(threading.BrokenBarrierError):  # SQLite lets one writer in at a time
            together.wait()
        return [date(2024, 3, 4), date(2024, 3, 5), last]

    def make() -> None:
        with transaction(engine) as conn:
            ensure_sessions(conn, "XNYS", date(2024, 3, 5), provide)

    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(make), pool.submit(make)]:
            one.result(timeout=120)
    with reading(engine) as conn:
        assert sessions(conn, "XNYS")[:2] == (date(2024, 3, 4), date(2024, 3, 5))


def test_an_exchange_may_take_a_session_back(engine: Engine) -> None:
    with transaction(engine) as conn:
        ensure_sessions(conn, "XNYS", date(2024, 3, 5), lambda *_: [date(2024, 3, 4), date(2024, 3, 5)])
        ensure_sessions(conn, "XNYS", date(2024, 3, 5), lambda *_: [date(2024, 3, 4), date(2025, 3, 4)])
        assert sessions(conn, "XNYS") == (date(2024, 3, 4), date(2025, 3, 4))


def test_a_damaged_file_is_said_in_words(tmp_path: Path) -> None:
    file = tmp_path / "monitor.db"
    engine = open_engine(f"sqlite:///{file}")
    with transaction(engine) as conn:
        conn.execute(text("CREATE TABLE t (x TEXT)"))
        conn.execute(text("INSERT INTO t VALUES ('x')"))
    engine.dispose()
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\x5a" * (len(whole) - 4096))
    with pytest.raises(StoreError, match=r"is damaged\. Restore a backup"), reading(engine) as conn:
        conn.execute(text("SELECT * FROM t")).all()
    engine.dispose()
