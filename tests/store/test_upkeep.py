"""Checking, backing up and restoring a database, on both kinds and from one to the other."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from monitor.core.errors import StoreError
from monitor.store import archive, documents, partitions, schema
from monitor.store.backup import BATCH
from monitor.store.codec import date_of_day, day_of, encode_shares, encode_value, encode_weight, instant_text
from monitor.store.engine import Connection, Engine, bulk_insert, open_engine, transaction
from monitor.store.migrate import current, head, upgrade
from monitor.store.upkeep import Finding, backup, check, restore, verify

NOW = datetime(2024, 3, 5, 21, 4, 5, 6, tzinfo=UTC)
DAY = day_of(date(2024, 3, 4))
BODY = b"company,shares\nExample Corp,12.5\n"


def deflated(said: str) -> bytes:
    """As documents are packed, without a dictionary."""
    packing = zlib.compressobj(6, zlib.DEFLATED, -13)
    return packing.compress(said.encode()) + packing.flush()


EVENT = {
    "funds": ["EXA"],
    "security": {"id": "S0000000001", "name": "Example Corp", "ticker": "EXC"},
    "pos_session": {"from": "2024-03-01", "to": "2024-03-04"},
    "known_at": instant_text(NOW),
    "shares_before": 0,
    "shares_after": 12.5,
    "active_shares": None,
    "absence": {"last_held": "2023-01-03", "sessions": 292, "days": 426, "uncovered_sessions": 0},
    "claim": "Example Corp is back",
    "status": "current",
}


def fill(conn: Connection) -> None:
    """A small, sound history: one fund, one file, two positions, a spell, an event, an item, a delivery."""
    sha256 = archive.put(conn, BODY, NOW)
    add = {
        "issuer": {"id": 1, "code": "example", "name": "Example Funds"},
        "fund": {"id": 1, "issuer": 1, "ticker": "EXA", "name": "Example A", "kind": "active", "calendar": "XNYS"},
        "snapshot": {
            "fund": 1, "id": DAY * 256, "as_of": DAY, "sha256": sha256, "place": "a.csv", "arrival": "live",
            "known_at": instant_text(NOW), "rank": "0", "shares_exp": 1, "lines": 2, "positions": 2, "value": 30000,
            "weight": 1_000_000, "currency": "USD", "dates": "2024-03-04", "warnings": "[]", "unread": 0,
        },
        "standing": {
            "fund": 1, "snapshot": DAY * 256, "as_of": DAY, "day": DAY, "standing": "accepted", "convention": "CLOSE",
            "pos_session": DAY, "reasons": "[]", "warnings": "[]",
        },
    }  # fmt: skip
    for name, row in add.items():
        conn.execute(insert(schema.metadata.tables[name]), [row])
    for number, ticker in ((1, "EXC"), (2, "NA")):
        security = {"id": number, "key": f"local:{ticker}", "public": f"S000000000{number}"}
        conn.execute(insert(schema.security), [security])
        listing = {
            "id": number,
            "security": number,
            "name": "Ünïcode — «Corp»",
            "ticker": ticker,
            "identifier": "037833100",
            "asset_class": "equity",
        }
        conn.execute(insert(schema.listing), [listing])
    shares, _ = encode_shares([Decimal("12.5"), Decimal(7)])
    values, weights = encode_value(Decimal(150)), encode_weight(Decimal(50))
    rows = [(1, DAY * 256, n, n, count, values, weights) for n, count in ((1, shares[0]), (2, shares[1]))]
    partitions.make(conn, [date_of_day(DAY)], date_of_day(DAY))
    bulk_insert(conn, schema.holding, list(schema.holding.c.keys()), rows)
    spell = {"fund": 1, "security": 1, "opened_day": DAY, "first_file": DAY, "entry_shares": "12.5", "censored": "none"}
    conn.execute(insert(schema.spell), [spell])
    change = EVENT | {"kind": "RE_ENTERED", "as_of": date_of_day(DAY).isoformat(), "severity": "high", "score": 90}
    for table, name, fund in ((schema.event, "E1", 1), (schema.item, "I1", 0)):
        document = json.dumps(change | {"id": name, "level": table.name})
        documents.add(conn, table, 1, [documents.New(fund, 1, DAY, document)])
    delivery = {
        "key": "I1:1:slack", "item": "I1", "revision": 1, "channel": "slack", "severity": "high", "state": "pending",
        "created_at": instant_text(NOW), "due_at": instant_text(NOW), "attempts": 0, "token": 0, "message": "{}",
    }  # fmt: skip
    conn.execute(insert(schema.delivery), [delivery])
    bulk_insert(conn, schema.session, ["calendar", "day"], (("XNYS", DAY + i) for i in range(BATCH + 10)))


@pytest.fixture
def filled(engine: Engine) -> Engine:
    with transaction(engine) as conn:
        fill(conn)
    return engine


@pytest.fixture
def other(request: pytest.FixtureRequest, blank_url: str) -> Iterator[Engine]:
    """A blank database: the test runs once for each pair of kinds."""
    opened = open_engine(blank_url)
    yield opened
    opened.dispose()


def contents(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with engine.connect() as conn:
        return {
            table.name: sorted((tuple(row) for row in conn.execute(select(table))), key=repr)
            for table in schema.metadata.sorted_tables
        }


# --- check ----------------------------------------------------------------------------------------


def test_a_sound_database_has_no_findings(filled: Engine) -> None:
    seen: list[str] = []
    assert check(filled, lambda name, done, total: seen.append(name)) == []
    assert seen[-1] == ""
    assert len(seen) > 5


@pytest.mark.parametrize(
    ("damage", "table", "words"),
    [
        ("UPDATE archive SET size = size + 1", "archive", "does not match its SHA-256"),
        ("DELETE FROM holding WHERE security = 2", "holding", "should have 2 positions and has 1"),
        ("UPDATE holding SET value = value + 999 WHERE security = 2", "holding", "value of its positions is 30999"),
        ("UPDATE holding SET listing = 2 WHERE security = 1", "holding", "EXA: 1 rows"),
        ("DELETE FROM standing", "snapshot", "EXA as of 2024-03-04 was never judged"),
        ("UPDATE standing SET snapshot = 1", "standing", "was judged but is not stored"),
        (
            "INSERT INTO spell (fund, security, opened_day, first_file, entry_shares, censored) "
            "SELECT fund, security, opened_day + 5, first_file, '1', 'none' FROM spell",
            "spell",
            "that began 2024-03-04 overlaps",
        ),
        (b"\0" + deflated("x"), "event", "E1 holds no JSON"),
        (b"\7", "event", "The document E1 is packed in a way this program does not know"),
        (b"\1\xff", "event", "cannot be unpacked"),
        (b"\1" + deflated("\x060~1;"), "event", "The document E1 is damaged"),
        ("UPDATE delivery SET state = 'sent'", "delivery", "1 (I1:1:slack) is sent, sent at None"),
    ],
)
def test_damage_is_found_and_named(filled: Engine, damage: str | bytes, table: str, words: str) -> None:
    with transaction(filled) as conn:
        if isinstance(damage, bytes):
            conn.execute(update(schema.event).values(rest=damage))
        else:
            conn.execute(text(damage))
    found = check(filled)
    assert [f for f in found if f.table == table and words in f.text], found


def test_work_still_to_be_done_is_no_finding(filled: Engine) -> None:
    with transaction(filled) as conn:
        conn.execute(text("DELETE FROM standing"))
        conn.execute(text("UPDATE issuer SET derive_from = :day"), {"day": DAY})
    assert check(filled) == []


def test_many_findings_of_one_kind_are_counted(filled: Engine) -> None:
    with transaction(filled) as conn:
        rows = [(1, DAY * 256, 10 + n, 1, 1, None, None) for n in range(30)]
        bulk_insert(conn, schema.holding, list(schema.holding.c.keys()), rows)
        conn.execute(text("UPDATE holding SET snapshot = snapshot + security WHERE security >= 10"))
    orphans = [f for f in check(filled) if "refer to nothing" in f.text or "more" in f.text]
    assert len(orphans) == 21
    assert orphans[-1] == Finding("holding", "… and 10 more of this kind.")


# --- views ----------------------------------------------------------------------------------------


def test_the_views_show_decimals_tickers_and_dates(filled: Engine) -> None:
    with filled.connect() as conn:
        held = conn.execute(text("SELECT * FROM v_holdings ORDER BY ticker")).mappings().all()
        change = conn.execute(text("SELECT * FROM v_events")).mappings().one()
        told = conn.execute(text("SELECT * FROM v_items")).mappings().one()
        cover = conn.execute(text("SELECT * FROM v_coverage")).mappings().one()
        sent = conn.execute(text("SELECT * FROM v_deliveries")).mappings().one()
        spell = conn.execute(text("SELECT * FROM v_spells")).mappings().one()
        file = conn.execute(text("SELECT * FROM v_snapshots")).mappings().one()
    assert [(h["fund"], h["ticker"], h["shares"], h["value"], h["weight"]) for h in held] == [
        ("EXA", "EXC", 12.5, 150, 50),
        ("EXA", "NA", 7, 150, 50),
    ]
    assert {str(h["as_of"]) for h in held} == {"2024-03-04"}
    assert (str(change["session_to"]), change["shares_after"], change["absence_days"]) == ("2024-03-04", 12.5, 426)
    assert (change["security"], change["name"], change["active_shares"]) == ("S0000000001", "Example Corp", None)
    assert (told["funds"], told["severity"], str(told["last_held"])) == ("EXA", "high", "2023-01-03")
    assert (cover["files"], cover["sessions"], cover["covered"], cover["quarantined"]) == (1, 1, 1, 0)
    assert (sent["issuer"], sent["kind"], sent["state"]) == ("example", "RE_ENTERED", "pending")
    assert (str(spell["opened"]), spell["entry_shares"], spell["closed"]) == ("2024-03-04", 12.5, None)
    assert (spell["name"], spell["ticker"]) == ("Ünïcode — «Corp»", "EXC")
    assert (file["number"], file["standing"], file["value"], file["weight"]) == (0, "accepted", 300, 100)


def test_a_snapshot_that_does_not_count_is_in_no_holdings_view(filled: Engine) -> None:
    with transaction(filled) as conn:
        conn.execute(text("UPDATE standing SET standing = 'quarantined'"))
        assert conn.execute(text("SELECT count(*) FROM v_holdings")).scalar() == 0
        assert conn.execute(text("SELECT quarantined FROM v_coverage")).scalar() == 1


# --- backup and restore ---------------------------------------------------------------------------


def test_a_backup_restores_every_row_into_either_kind(filled: Engine, other: Engine, tmp_path: Path) -> None:
    path = tmp_path / "monitor.backup"
    made = backup(filled, path)
    assert restore(other.url.render_as_string(hide_password=False), path) == made
    assert contents(other) == contents(filled)
    assert current(other) == head()
    assert check(other) == []
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []


def test_numbers_go_on_after_a_restore(filled: Engine, other: Engine, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b")
    restore(other.url.render_as_string(hide_password=False), tmp_path / "b")
    with transaction(other) as conn:
        conn.execute(insert(schema.issuer), [{"code": "second", "name": "Second"}])
        assert sorted(conn.execute(select(schema.issuer.c.id)).scalars()) == [1, 2]


def test_backups_of_equal_databases_are_equal(filled: Engine, tmp_path: Path) -> None:
    assert backup(filled, tmp_path / "a") == backup(filled, tmp_path / "b")


def test_a_backup_never_replaces_a_file(filled: Engine, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        backup(filled, tmp_path / "b")
    assert (tmp_path / "b").read_text() == "mine"


def test_a_failed_backup_leaves_nothing(filled: Engine, tmp_path: Path) -> None:
    def stop(table: str, done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(KeyboardInterrupt):
        backup(filled, folder / "b", stop)
    assert list(folder.iterdir()) == []


def test_a_database_with_rows_is_only_replaced_by_force(filled: Engine, database_url: str, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b")
    before = contents(filled)
    with transaction(filled) as conn:
        conn.execute(text("UPDATE issuer SET name = 'Changed'"))
    with pytest.raises(StoreError, match="not empty"):
        restore(database_url, tmp_path / "b")
    restore(database_url, tmp_path / "b", force=True)
    assert contents(filled) == before


def test_a_restore_that_fails_changes_nothing(filled: Engine, database_url: str, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b")
    before = contents(filled)

    def stop(table: str, done: int, total: int) -> None:
        if done == 10:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        restore(database_url, tmp_path / "b", force=True, progress=stop)
    assert contents(filled) == before


def test_a_damaged_backup_is_refused_before_anything_is_touched(sqlite_engine: Engine, tmp_path: Path) -> None:
    with transaction(sqlite_engine) as conn:
        fill(conn)
    backup(sqlite_engine, tmp_path / "b")
    with zipfile.ZipFile(tmp_path / "b") as whole, zipfile.ZipFile(tmp_path / "bad", "w") as bad:
        for name in whole.namelist():
            content = whole.read(name)
            bad.writestr(name, content.replace(b"EXA", b"EXB") if name == "fund.jsonl" else content)
    with pytest.raises(StoreError, match="table fund does not match its SHA-256"):
        restore(f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "bad")
    assert not (tmp_path / "new.db").exists()


def test_a_cut_backup_is_refused(sqlite_engine: Engine, tmp_path: Path) -> None:
    backup(sqlite_engine, tmp_path / "b")
    whole = (tmp_path / "b").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="not a complete backup"):
        verify(tmp_path / "cut")
    with pytest.raises(StoreError, match="cannot be read"):
        verify(tmp_path / "absent")


def test_a_backup_of_a_newer_schema_is_refused(sqlite_engine: Engine, tmp_path: Path) -> None:
    with transaction(sqlite_engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    backup(sqlite_engine, tmp_path / "b")
    with pytest.raises(StoreError, match="has schema 9999"):
        verify(tmp_path / "b")


def test_a_database_without_tables_has_nothing_to_back_up(other: Engine, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing to back up"):
        backup(other, tmp_path / "b")
    upgrade(other)
    assert sum(table.rows for table in backup(other, tmp_path / "b").tables) == 0


Parts = dict[str, bytes]


def _described(parts: Parts) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(parts["manifest.json"])
    return found


def _with_rows(parts: Parts, table: str, rows: bytes) -> Parts:
    """The backup with other rows in one table, and a manifest that vouches for them."""
    manifest = _described(parts)
    for one in manifest["tables"]:
        if one["name"] == table:
            one |= {"sha256": hashlib.sha256(rows).hexdigest(), "rows": rows.count(b"\n")}
    return parts | {f"{table}.jsonl": rows, "manifest.json": json.dumps(manifest).encode()}


def _with_tables(parts: Parts, change: Callable[[list[Any]], list[Any]]) -> Parts:
    manifest = _described(parts)
    return parts | {"manifest.json": json.dumps(manifest | {"tables": change(manifest["tables"])}).encode()}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda p: p | {"manifest.json": b"{SECRET"}, "manifest is not JSON"),
        (lambda p: p | {"manifest.json": b"[" * 100_000}, "not a complete backup"),
        (lambda p: p | {"manifest.json": b"[]"}, "not a complete backup"),
        (lambda p: p | {"manifest.json": b" " * (5 << 20) + p["manifest.json"]}, "larger than 4 MiB"),
        (lambda p: _with_tables(p, lambda tables: [*tables, tables[0]]), "names a table twice"),
        (lambda p: _with_tables(p, lambda tables: tables[:-1]), "is not that of schema"),
        (lambda p: _with_tables(p, lambda tables: [tables[0] | {"columns": ["id"]}, *tables[1:]]), "is not that of"),
        (lambda p: _with_tables(p, lambda tables: [tables[0] | {"rows": "SECRET"}]), "does not describe tables"),
        (lambda p: _with_tables(p, lambda tables: [tables[0] | {"name": "SECRET"}]), "a name that is none"),
        (lambda p: _with_rows(p, "issuer", b"[1, SECRET\n"), "row 1 of issuer is not a row"),
        (lambda p: _with_rows(p, "issuer", b'[1,"SECRET"]\n'), "row 1 of issuer is not a row"),
        (lambda p: _with_rows(p, "issuer", p["issuer.jsonl"] + b'{"a":"SECRET"}\n'), "row 2 of issuer is not a row"),
        (lambda p: _with_rows(p, "issuer", p["issuer.jsonl"] * 2), "issuer has rows that do not fit"),
        (lambda p: _with_rows(p, "archive", b'["SECRET",1,"SECRET!","x"]\n'), "row 1 of archive is not a row"),
        (lambda p: _with_rows(p, "session", b'["XNYS",99999999999999999999999]\n'), "session has rows that do not fit"),
    ],
)
def test_a_backup_made_by_hand_is_refused_in_one_sentence(
    filled: Engine, database_url: str, tmp_path: Path, damage: Callable[[Parts], Parts], words: str
) -> None:
    backup(filled, tmp_path / "b")
    before = contents(filled)
    with zipfile.ZipFile(tmp_path / "b") as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(tmp_path / "bad", "w", zipfile.ZIP_DEFLATED) as bad:
        for name, content in damage(parts).items():
            bad.writestr(name, content)
    with pytest.raises(StoreError) as refused:
        restore(database_url, tmp_path / "bad", force=True)
    assert words in str(refused.value)
    assert "SECRET" not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert contents(filled) == before
