"""Upgrades keep data: from every released schema, on both databases, what could be asked before answers the same.

The old databases were written by the programs of those schemas, see `old/README.md`.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from monitor import cli
from monitor.notify.wire import from_json
from monitor.store.backup import _load, _tables, backup, restore, verify
from monitor.store.engine import Engine, open_engine, reading, schema_transaction
from monitor.store.migrate import current, head, migrate, revisions, upgrade
from monitor.store.upkeep import check
from tests.cli.look_alike import write_files

OLD = Path(__file__).with_name("old")
RELEASED = sorted(path.stem for path in OLD.glob("*.zip"))
BETWEEN = ("0007",)  # schemas that were the newest in no program: another step followed before it was released
# What was fetched, promised and said: an upgrade may add to it, never change it. `v_snapshots` gives verdicts, too.
FACTS = ("v_holdings", "v_coverage", "v_snapshots", "v_refusals", "v_deliveries")
DERIVED = ("v_spells", "v_events", "v_items")
TABLES = ("archive", "fetch", "refusal", "snapshot", "delivery")


@pytest.fixture(params=RELEASED)
def old(request: pytest.FixtureRequest, blank_url: str) -> Iterator[Engine]:
    """A database as the program of an earlier schema left it."""
    path, engine = OLD / f"{request.param}.zip", open_engine(blank_url)
    with schema_transaction(engine) as conn, zipfile.ZipFile(path) as archive:
        migrate(conn, request.param)
        tables = _tables(conn)
        for copy in verify(path).tables:
            _load(conn, tables, copy, archive)
    yield engine
    engine.dispose()


def columns(engine: Engine, name: str) -> list[str]:
    return [column["name"] for column in inspect(engine).get_columns(name)]


def hashed(engine: Engine, name: str, asked: list[str]) -> str:
    """The SHA-256 of all answers to `asked`, in any order of rows and written the same on both databases."""
    with reading(engine) as conn:
        rows = conn.execute(text(f'SELECT {", ".join(asked)} FROM "{name}"')).all()
    assert rows, f"{name} is empty: nothing would be tried"
    lines = sorted(json.dumps([_plain(cell) for cell in row]) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _plain(cell: object) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, bytes):
        return cell.hex()
    try:
        return f"{float(str(cell)):.9g}"  # a number is a float here and a Decimal there
    except ValueError:
        return str(cell)


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_every_released_schema_is_tried() -> None:
    assert tuple(sorted((*RELEASED, *BETWEEN))) == revisions()[:-1]


def test_an_upgrade_keeps_every_fact_and_every_promise(old: Engine) -> None:
    asked = {name: columns(old, name) for name in (*FACTS, *TABLES)}
    asked["archive"].remove("body")  # may be packed anew: `check` reads what it says
    before = {name: hashed(old, name, asked[name]) for name in asked}
    assert upgrade(old)[1] == head()
    assert {name: hashed(old, name, asked[name]) for name in asked} == before
    assert check(old) == []


def test_what_is_derived_again_is_what_a_new_database_derives(old: Engine, tmp_path: Path) -> None:
    assert cli.run(["db", "upgrade", "--db", address(old)]) == 0
    (tmp_path / "files").mkdir()
    fresh = f"sqlite:///{tmp_path / 'fresh.db'}"
    assert cli.run(["ingest", str(write_files(tmp_path / "files")), "--source", "ark", "--db", fresh]) == 3
    other = open_engine(fresh)
    for name in DERIVED:
        asked = [column for column in columns(old, name) if column != "known_at"]
        assert hashed(old, name, asked) == hashed(other, name, asked), name
    other.dispose()
    assert check(old) == []


def test_an_upgrade_tells_nobody_and_forgets_no_message(old: Engine, tmp_path: Path) -> None:
    asked = columns(old, "delivery")
    before = hashed(old, "delivery", asked)
    assert cli.run(["db", "upgrade", "--db", address(old)]) == 0
    assert hashed(old, "delivery", asked) == before
    with reading(old) as conn:
        rows = conn.execute(text("SELECT key, state, message FROM delivery ORDER BY id")).all()
    assert {row.state for row in rows} == {"sent", "pending"}
    for row in rows:
        message = from_json(row.message)
        assert row.key.startswith(f"{message.item}:{message.revision}:")
        assert message.title


def test_messages_promised_before_are_sent_after_once_and_in_order(
    old: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "monitor.toml"
    channels = "".join(f'[channels.{name}]\ntype = "file"\npath = "{name}.jsonl"\n' for name in ("slack", "log"))
    file.write_text(f"{channels}pace = 0\n", encoding="utf-8")
    with reading(old) as conn:
        waiting = conn.execute(text("SELECT key FROM delivery WHERE state = 'pending' ORDER BY id")).scalars().all()
    assert waiting
    empty = tmp_path / "nothing"
    empty.mkdir()
    for _ in range(2):
        cli.run(["ingest", str(empty), "--source", "ark", "--alert", "--config", str(file), "--db", address(old)])
    lines = (tmp_path / "slack.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["key"] for line in lines] == waiting
    assert not (tmp_path / "log.jsonl").exists()


def test_a_backup_of_an_earlier_schema_restores_into_this_one(old: Engine, tmp_path: Path) -> None:
    path = tmp_path / "old.zip"
    made = backup(old, path)
    assert made.revision in RELEASED
    restored = f"sqlite:///{tmp_path / 'restored.db'}"
    restore(restored, path)
    engine = open_engine(restored)
    assert current(engine) == head()
    for name in FACTS:
        asked = columns(old, name)
        assert hashed(engine, name, asked) == hashed(old, name, asked), name
    engine.dispose()
