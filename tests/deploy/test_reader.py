"""deploy/readonly.sql: a role that reads the documented views and can do nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from monitor.store.schema import metadata
from monitor.store.views import VIEWS
from tests.cli.conftest import Run, run
from tests.postgres import PostgresServer, database_name

ROLE = database_name("reader")  # roles belong to the server, which several test processes may share
SCRIPT = (Path(__file__).parents[2] / "deploy" / "readonly.sql").read_text("utf-8").replace("holdings_reader", ROLE)

__all__ = ["run"]


@pytest.fixture(scope="module")
def reader(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """The address of a migrated database for that role. The script ran twice, as after an upgrade."""
    name = database_name("read")
    owner = postgres_server.create(name, postgres_template)
    with psycopg.connect(owner, autocommit=True) as connection:
        for _ in range(2):
            connection.execute(SCRIPT)
        connection.execute(f"ALTER ROLE {ROLE} PASSWORD 'of-the-test'")
    yield make_url(owner).set(username=ROLE, password="of-the-test").render_as_string(hide_password=False)
    postgres_server.drop(name)
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(f"DROP ROLE {ROLE}")


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_it_reads_every_view(reader: str, view: str) -> None:
    with psycopg.connect(reader) as connection:
        assert connection.execute(f"SELECT count(*) FROM {view}").fetchone() == (0,)


@pytest.mark.parametrize("table", [one.name for one in metadata.sorted_tables])
def test_it_reads_and_writes_no_table(reader: str, table: str) -> None:
    with psycopg.connect(reader, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")  # what it may change of itself does not help
        for statement in (f'SELECT * FROM "{table}"', f'DELETE FROM "{table}"', f'TRUNCATE "{table}"'):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO v_mutes (id) VALUES (1)",
        "DELETE FROM v_mutes",
        "UPDATE alembic_version SET version_num = '0'",
        "CREATE TABLE harm (a int)",
        "CREATE TEMPORARY TABLE harm (a int)",
        "CREATE SCHEMA harm",
        "CREATE FUNCTION harm() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP VIEW v_mutes",
        "COPY v_mutes TO '/tmp/harm'",
        "COPY v_mutes TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT * FROM pg_authid",
        "ALTER ROLE current_user SUPERUSER",
        "CREATE ROLE harm",
    ],
)
def test_it_changes_nothing_even_when_it_may_write(reader: str, statement: str) -> None:
    with psycopg.connect(reader, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
            connection.execute(statement)


def test_it_reads_only_and_for_a_limited_time(reader: str) -> None:
    with psycopg.connect(reader) as connection:
        for name, value in (("transaction_read_only", "on"), ("statement_timeout", "30s")):
            assert connection.execute(f"SHOW {name}").fetchone() == (value,)


def test_sql_and_export_need_no_more(run: Run, reader: str, tmp_path: Path) -> None:
    assert run("sql", "SELECT * FROM v_coverage", "--format", "json", "--db", reader).rows == []
    assert run("export", "v_holdings", "--to", tmp_path / "h.csv", "--db", reader).code == 0
