"""sql cannot be made to write, to read what is not the history, or to take the machine's memory or time."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.core.errors import UsageError
from monitor.store import readonly
from monitor.store.reach import check_reach
from tests.cli.conftest import Run

ROWS = "WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a WHERE x < 100000)"


@pytest.fixture
def sqlite(sqlite_story: Path) -> str:
    """The story on SQLite."""
    return f"sqlite:///{sqlite_story}"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT load_extension('./evil.so')",
        "SELECT hex(zeroblob(900000000))",
        "SELECT group_concat(printf('%.*c', 500000, 'x')) FROM (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3)",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM pragma_journal_mode('DELETE')",
        "SELECT writefile('harm', 'x')",
        "SELECT readfile('/etc/passwd')",
        "WITH a AS (SELECT 1) ATTACH 'other.db' AS o",
        "SELECT fts3_tokenizer('simple', x'00')",
    ],
)
def test_sqlite_refuses_what_is_no_question(run: Run, sqlite: str, tmp_path: Path, query: str) -> None:
    answer = run("sql", query, "--db", sqlite, "--seconds", "20")
    assert answer.code == 2, answer.out
    assert answer.err.startswith("holdings-monitor: ")
    assert [one.name for one in tmp_path.iterdir() if one.name in ("harm", "other.db")] == []


def test_sqlite_makes_no_text_larger_than_allowed(run: Run, sqlite: str) -> None:
    query = "SELECT length(printf('%*d', 900000000, 1)) AS n"
    assert run("sql", query, "--format", "json", "--db", sqlite).rows == [{"n": None}]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT PG_READ_BINARY_FILE ('/etc/passwd')",
        "SELECT pg_catalog.pg_ls_dir/* */('/')",
        "SELECT \"pg_read_file\"('/etc/passwd')",
        "SELECT U&\"\\0070g_read_file\"('/etc/passwd')",
        "SELECT query_to_xml('select pg_read' || '_file(''/etc/passwd'')', true, true, '')",
        "SELECT lo_export(1, '/tmp/harm')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT * FROM dblink('dbname=postgres', 'select 1') AS t(a int)",
        "SELECT set_config('statement_timeout', '0', true)",
        "SELECT pg_terminate_backend(1)",
        "SELECT pg_advisory_lock(4737001)",
        "SELECT pg_reload_conf()",
        "SELECT * FROM pg_authid",
        "SELECT nextval('issuer_id_seq')",
        "SELECT * INTO harm FROM v_coverage",
        "SELECT * FROM fund FOR UPDATE",
        "WITH a AS (DELETE FROM holding RETURNING *) SELECT * FROM a",
        "SELECT 1; SELECT 2",
    ],
)
def test_postgres_refuses_what_reaches_beyond_the_history(run: Run, postgres_url: str, query: str) -> None:
    answer = run("sql", query, "--db", postgres_url)
    assert answer.code == 2, answer.out
    assert answer.err.startswith("holdings-monitor: ")


def test_postgres_stops_what_sleeps_or_never_ends(run: Run, postgres_url: str) -> None:
    for query in ("SELECT pg_sleep(600)", "SELECT count(*) FROM generate_series(1, 100000000000)"):
        answer = run("sql", query, "--seconds", "0.5", "--db", postgres_url)
        assert answer.code == 1
        assert "longer than 0.5 seconds" in answer.err


def test_a_large_answer_is_refused_before_it_fills_the_memory(
    run: Run, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readonly, "LARGEST_ANSWER", 1 << 20)
    query = f"{ROWS} SELECT x, CAST('{'y' * 100}' AS TEXT) AS text FROM a"
    answer = run("sql", query, "--limit", "100000", "--db", story)
    assert answer.code == 2
    assert "larger than 1 MiB" in answer.err
    assert run("sql", query, "--limit", "10", "--format", "csv", "--db", story).out.count("\n") == 11


def test_an_answer_without_rows_has_its_columns(run: Run, story: str) -> None:
    query = "SELECT fund, files FROM v_coverage WHERE fund = 'NONE'"
    assert run("sql", query, "--format", "csv", "--db", story).out == "fund,files\n"


def test_ordinary_names_are_not_refused() -> None:
    for query in (
        "SELECT pg_typeof(1), pg_size_pretty(1)",
        "SELECT relname FROM pg_class",
        "SELECT lower(name) FROM x",
    ):
        check_reach(query)
    with pytest.raises(UsageError, match="pg_read_file"):
        check_reach("SELECT 1 /* pg_read_file */")
