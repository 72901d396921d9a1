"""The migrations make exactly the tables and views the program describes, on both databases."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from monitor.core.errors import StoreError
from monitor.store import partitions
from monitor.store.engine import Engine, is_postgres, open_engine, transaction
from monitor.store.migrate import (
    current,
    head,
    migrations_folder,
    open_current,
    require_current,
    revisions,
    upgrade,
)
from monitor.store.schema import metadata
from monitor.store.views import VIEWS, Dialect, create_statement


@pytest.fixture
def blank(blank_url: str) -> Iterator[Engine]:
    engine = open_engine(blank_url)
    yield engine
    engine.dispose()


def test_upgrading_makes_exactly_the_described_tables(engine: Engine) -> None:
    with engine.connect() as conn:
        parts = partitions.names(conn)
        described = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _: not (kind == "table" and name in parts),
        }
        assert compare_metadata(MigrationContext.configure(conn, opts=described), metadata) == []


def test_primary_keys_and_checks_are_the_described_ones(engine: Engine) -> None:
    found = inspect(engine)
    for table in metadata.sorted_tables:
        key = found.get_pk_constraint(table.name)["constrained_columns"]
        assert key == [column.name for column in table.primary_key], table.name
    assert [check["name"] for check in found.get_check_constraints("snapshot")] == ["ck_snapshot_shares_exp"]


def test_clustered_tables_have_no_rowid_on_sqlite(sqlite_engine: Engine) -> None:
    with sqlite_engine.connect() as conn:
        rows = conn.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    without = {row.name for row in rows if "WITHOUT ROWID" in row.sql}
    assert without == {t.name for t in metadata.sorted_tables if t.dialect_options["sqlite"]["with_rowid"] is False}
    assert "holding" in without


def test_the_described_table_is_partitioned_on_postgresql(engine: Engine) -> None:
    key = "SELECT relname, pg_get_partkeydef(oid) FROM pg_class WHERE relkind = 'p'"
    with engine.connect() as conn:
        rows = conn.execute(text(key)).all() if is_postgres(conn) else []
        found = {str(name): str(key) for name, key in rows}
        described = metadata.tables["holding"].info["postgresql_partition_by"]
        assert found == ({"holding": described} if is_postgres(conn) else {})
        assert bool(found) == is_postgres(conn) == bool(partitions.names(conn))


def test_upgrading_twice_changes_nothing(blank: Engine) -> None:
    assert current(blank) is None
    assert upgrade(blank) == (None, head())
    assert upgrade(blank) == (head(), head())
    assert current(blank) == head()


def test_what_earlier_rules_derived_is_to_be_derived_again(blank: Engine) -> None:
    upgrade(blank, "0001")
    with transaction(blank) as conn:
        for statement in (
            "INSERT INTO issuer (id, code, name) VALUES (1, 'lantern', 'Lantern'), (2, 'wick', 'Wick')",
            "INSERT INTO fund (id, issuer, ticker, name, kind, calendar) VALUES (1, 1, 'LANA', 'A', 'active', 'XNYS')",
            "INSERT INTO archive (sha256, size, body, stored_at) VALUES ('ab', 0, '', '')",
            "INSERT INTO snapshot (fund, id, as_of, sha256, place, arrival, known_at, rank, shares_exp, lines,"
            " positions, currency, dates, warnings, unread)"
            " VALUES (1, 5120000, 20000, 'ab', '', '', '', '', 0, 0, 0, '', '', '', 0)",
        ):
            conn.execute(text(statement))
    assert upgrade(blank) == ("0001", head())
    with blank.connect() as conn:
        assert conn.execute(text("SELECT code, derive_from FROM issuer ORDER BY code")).all() == [
            ("lantern", 20_000),
            ("wick", None),
        ]


def test_an_empty_database_is_told_to_upgrade(blank: Engine) -> None:
    with pytest.raises(StoreError, match=r"no tables yet\. Run: holdings-monitor db upgrade"):
        require_current(blank)


def test_a_newer_database_is_refused_and_left_alone(engine: Engine, database_url: str) -> None:
    with transaction(engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"schema 9999.*newer version"):
        open_current(database_url)
    with pytest.raises(StoreError, match=r"schema 9999.*newer version"):
        upgrade(engine)
    assert current(engine) == "9999"


def test_a_failing_migration_leaves_the_database_as_it_was(blank: Engine) -> None:
    with transaction(blank) as conn:
        conn.execute(text("CREATE TABLE delivery (x INTEGER)"))
    with pytest.raises(Exception, match="delivery"):
        upgrade(blank)
    assert inspect(blank).get_table_names() == ["delivery"]


def test_revisions_are_one_chain_that_is_known_without_alembic() -> None:
    script = ScriptDirectory(str(migrations_folder()))
    chain = [revision.revision for revision in script.walk_revisions()]
    assert tuple(reversed(chain)) == revisions()
    assert script.get_current_head() == head()


def test_migrations_never_import_the_program() -> None:
    for path in sorted(migrations_folder().rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "monitor"], path


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_frozen_views_are_the_documented_ones(dialect: Dialect) -> None:
    newest = max(Path(migrations_folder() / "sql").glob(f"[0-9]*_{dialect}.sql"))
    expected = "\n\n".join(create_statement(view, dialect) + ";" for view in VIEWS) + "\n"
    assert newest.read_text("utf-8") == expected


def test_every_view_has_the_documented_columns(engine: Engine) -> None:
    found = inspect(engine)
    assert sorted(found.get_view_names()) == sorted(view.name for view in VIEWS)
    for view in VIEWS:
        assert [c["name"] for c in found.get_columns(view.name)] == [c.name for c in view.columns]
        assert all(column.says for column in view.columns)
        with engine.connect() as conn:
            assert conn.execute(text(f"SELECT * FROM {view.name}")).all() == []


def test_an_older_database_keeps_its_lines_and_derives_again(blank: Engine) -> None:
    upgrade(blank, "0001")
    facts = (
        "INSERT INTO issuer (id, code, name) VALUES (1, 'lantern', 'Lantern')",
        "INSERT INTO fund (id, issuer, ticker, name, kind, calendar) VALUES (7, 1, 'LANA', 'A', 'active', 'XNYS')",
        "INSERT INTO archive (sha256, size, body, stored_at) VALUES ('ab', 0, '', '2026-01-05T00:00:00.000000Z')",
        "INSERT INTO snapshot (fund, id, as_of, sha256, place, arrival, known_at, rank, shares_exp, lines, positions,"
        " currency, dates, warnings, unread) VALUES (7, 5242880, 20480, 'ab', 'a.csv', 'live',"
        " '2026-01-05T00:00:00.000000Z', '0', 0, 1, 1, 'USD', '2026-01-27', '[]', 0)",
        "INSERT INTO holding (fund, snapshot, security, listing, shares) VALUES (7, 5242880, 3, 4, 99090)",
    )
    with transaction(blank) as conn:
        for statement in facts:
            conn.execute(text(statement))
    assert upgrade(blank) == ("0001", head())
    with blank.connect() as conn:
        assert conn.execute(text("SELECT fund, shares FROM holding")).one() == (7, 99090)
        assert conn.execute(text("SELECT derive_from FROM issuer")).scalar() == 20480
