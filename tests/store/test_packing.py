"""Bodies that are much alike are packed against one of them; all come back to the byte."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import insert, select, update

from monitor.core.errors import StoreError
from monitor.store import archive, packing, schema
from monitor.store.backup import backup, restore
from monitor.store.engine import Connection, Engine, open_engine, transaction
from monitor.store.migrate import upgrade

NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)


def day(number: int) -> bytes:
    """The file of one day of an invented fund: the names stay, the figures do not."""
    chance = random.Random(number)
    names = [hashlib.sha256(bytes([n])).hexdigest()[: 12 + n % 9].upper() for n in range(60)]
    lines = [f"2026-01-{number:02d},LANA,{name} HOLDINGS INC,{chance.choice((1000, 1001, 2500))}" for name in names]
    return "\n".join(lines).encode()


@pytest.fixture
def fund(engine: Engine) -> int:
    with transaction(engine) as conn:
        conn.execute(insert(schema.issuer).values(id=1, code="lantern", name="Lantern"))
        row = {"id": 7, "issuer": 1, "ticker": "LANA", "name": "", "kind": "active", "calendar": "XNYS"}
        conn.execute(insert(schema.fund).values(row))
    return 7


def keep(conn: Connection, fund: int, number: int, references: archive.References | None = None) -> str:
    """Stores the file of a day with its snapshot."""
    sha256 = archive.put(conn, day(number), NOW, like=(references or archive.References(conn), fund))
    row = {"fund": fund, "id": number, "as_of": number, "sha256": sha256, "place": "", "arrival": "live"}
    more = {"known_at": "", "rank": "", "shares_exp": 0, "lines": 0, "positions": 0, "currency": "", "dates": ""}
    conn.execute(insert(schema.snapshot).values(row | more | {"warnings": "[]", "unread": 0}))
    return sha256


def bases(conn: Connection) -> dict[str, str | None]:
    return {sha256: base for sha256, base in conn.execute(select(schema.archive.c.sha256, schema.archive.c.base))}  # noqa: C416


def test_the_files_of_a_fund_are_packed_against_its_first(engine: Engine, fund: int) -> None:
    with transaction(engine) as conn:
        references = archive.References(conn)
        first, *others = [keep(conn, fund, number, references) for number in range(1, 20)]
        assert bases(conn) == {first: None} | dict.fromkeys(others, first)
        assert [archive.get(conn, one) for one in (first, *others)] == [day(number) for number in range(1, 20)]
        sizes = conn.execute(select(schema.archive.c.size, schema.archive.c.body)).all()
        assert sum(len(row.body) for row in sizes) < 0.25 * sum(row.size for row in sizes)
        assert list(archive.faults(conn)) == []


def test_the_next_run_goes_on_with_the_same_reference(engine: Engine, fund: int) -> None:
    for number in (1, 2, 3):
        with transaction(engine) as conn:
            keep(conn, fund, number)
    with transaction(engine) as conn:
        assert sorted(base or "" for base in bases(conn).values()) == ["", *[hashlib.sha256(day(1)).hexdigest()] * 2]


def test_another_form_is_the_next_reference(engine: Engine, fund: int) -> None:
    other = "\n".join(f"{random.Random(n).randbytes(9).hex()};{n}" for n in range(200)).encode()
    with transaction(engine) as conn:
        references = archive.References(conn)
        keep(conn, fund, 1, references)
        new = archive.put(conn, other, NOW, like=(references, fund))
        again = archive.put(conn, other + b"\n", NOW, like=(references, fund))
        assert bases(conn)[new] is None
        assert bases(conn)[again] == new


@pytest.mark.parametrize("body", [b"", random.Random(1).randbytes(40_000), b"x" * 5_000_000])
def test_what_is_no_use_as_a_reference_is_none(engine: Engine, fund: int, body: bytes) -> None:
    with transaction(engine) as conn:
        references = archive.References(conn)
        for one in (body, body + b"1", body + b"12"):
            assert archive.get(conn, archive.put(conn, one, NOW, like=(references, fund))) == one
        assert set(bases(conn).values()) == {None}


def test_a_damaged_reference_hinders_no_new_file(engine: Engine, fund: int) -> None:
    with transaction(engine) as conn:
        first = keep(conn, fund, 1)
        conn.execute(update(schema.archive).values(body=b"noise"))
        second = keep(conn, fund, 2)
        assert bases(conn)[second] is None
        assert archive.get(conn, second) == day(2)
        with pytest.raises(StoreError, match="cannot be unpacked"):
            archive.get(conn, first)


def test_a_reference_stands_by_itself(engine: Engine, fund: int) -> None:
    with transaction(engine) as conn:
        first, second, third = (keep(conn, fund, number) for number in (1, 2, 3))
        conn.execute(update(schema.archive).where(schema.archive.c.sha256 == third).values(base=second))
        with pytest.raises(StoreError, match="cannot be a reference"):
            archive.get(conn, third)
        assert len(list(archive.faults(conn))) == 1
        assert archive.get(conn, first) == day(1)


def test_a_bomb_packed_against_a_reference_does_not_go_off() -> None:
    given = zstandard.ZstdCompressionDict(day(1), dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    bomb = zstandard.ZstdCompressor(dict_data=given).compress(b"\0" * 50_000_000)
    with pytest.raises(StoreError, match="does not match"):
        packing.unpack("0" * 64, 10, bomb, day(1))


def test_references_in_memory_are_bounded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "KEPT", 3 * len(day(1)) + 50)
    with transaction(engine) as conn:
        references = archive.References(conn)
        for number in range(1, 9):
            archive.put(conn, day(number), NOW, like=(references, number))
        assert len(references._whole) == 3
        assert references.of_fund(1) is not None
        assert len(references._whole) == 3
        assert references._bytes <= archive.KEPT


def test_a_backup_keeps_references(engine: Engine, fund: int, blank_url: str, tmp_path: Path) -> None:
    with transaction(engine) as conn:
        known = [keep(conn, fund, number) for number in range(1, 6)]
    backup(engine, tmp_path / "b.zip")
    restore(blank_url, tmp_path / "b.zip", force=True)
    other = open_engine(blank_url)
    with transaction(other) as conn:
        assert [archive.get(conn, one) for one in known] == [day(number) for number in range(1, 6)]
    other.dispose()


def test_an_older_database_is_packed_anew(blank_url: str) -> None:
    engine = open_engine(blank_url)
    upgrade(engine, "0006")
    damaged = "d" * 64
    with transaction(engine) as conn:
        conn.exec_driver_sql("INSERT INTO issuer (id, code, name) VALUES (1, 'lantern', 'Lantern')")
        for fund in (7, 8):
            conn.exec_driver_sql(
                "INSERT INTO fund (id, issuer, ticker, name, kind, calendar)"
                f" VALUES ({fund}, 1, 'LAN{fund}', '', 'active', 'XNYS')"
            )
        bodies = {hashlib.sha256(day(n)).hexdigest(): zstandard.compress(day(n), 9) for n in range(1, 30)}
        old = schema.archive.c
        columns = (old.sha256, old.size, old.body, old.stored_at)
        for sha256, packed in (bodies | {damaged: b"noise"}).items():
            row = (sha256, len(day(1 + list(bodies).index(sha256))) if sha256 in bodies else 3, packed, "")
            conn.execute(insert(schema.archive).values(dict(zip((c.name for c in columns), row, strict=True))))
        for fund, order in ((7, list(bodies)), (8, [*list(bodies)[::-1], damaged])):
            for number, sha256 in enumerate(order):
                conn.exec_driver_sql(
                    "INSERT INTO snapshot (fund, id, as_of, sha256, place, arrival, known_at, rank, shares_exp, lines,"
                    " positions, currency, dates, warnings, unread)"
                    f" VALUES ({fund}, {number}, {number}, '{sha256}', '', '', '', '', 0, 0, 0, '', '', '[]', 0)"
                )
    upgrade(engine)
    with transaction(engine) as conn:
        assert [archive.get(conn, one) for one in bodies] == [day(n) for n in range(1, 30)]
        found = bases(conn)
        assert sum(base is None for base in found.values()) < 5
        assert all(found[base] is None for base in found.values() if base is not None)
        assert len(list(archive.faults(conn))) == 1
    engine.dispose()


def plain_pack(body: bytes, reference: packing.Reference) -> bytes:
    """The body, packed against a reference that is read for it alone."""
    given = zstandard.ZstdCompressionDict(reference.body, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    return zstandard.ZstdCompressor(level=packing.LEVEL, dict_data=given).compress(body)


def test_what_is_packed_with_a_kept_packer_is_packed_as_alone() -> None:
    first = day(1)
    reference = packing.Reference(hashlib.sha256(first).hexdigest(), first, len(packing.pack(first)))
    packer = packing.Packer(reference)
    for number in range(2, 25):
        assert packer.pack(day(number)) == plain_pack(day(number), reference)
    assert packer.pack(random.Random(1).randbytes(4000)) is None  # and goes on after what is not alike
    assert packer.pack(day(2)) == plain_pack(day(2), reference)


def test_few_packers_are_kept_and_none_of_a_large_body(engine: Engine, fund: int) -> None:
    with transaction(engine) as conn:
        incoming = archive.Incoming(conn)
        for number in range(2 * archive.PACKERS + 1):
            incoming._packer(packing.Reference(str(number), b"x" * 100, 20))
            assert len(incoming._packers) <= archive.PACKERS
        large = packing.Reference("large", b"x" * (archive.LARGEST_KEPT + 1), 20)
        assert incoming._packer(large) is not incoming._packer(large)
