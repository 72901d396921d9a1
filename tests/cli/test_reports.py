"""sql and status: read-only at the database level, limited, and honest about what needs attention."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from monitor.store.views import VIEWS
from tests.cli.conftest import Run
from tests.cli.look_alike import body

ENDLESS = "WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a) SELECT count(*) FROM a"


def test_sql_answers_in_every_form(run: Run, story: str) -> None:
    query = "SELECT fund, files, quarantined FROM v_coverage ORDER BY fund;"
    rows = run("sql", query, "--format", "json", "--db", story).rows
    assert rows == [{"fund": "ARKF", "files": 9, "quarantined": 1}, {"fund": "ARKW", "files": 9, "quarantined": 0}]
    assert run("sql", query, "--format", "csv", "--db", story).out == "fund,files,quarantined\nARKF,9,1\nARKW,9,0\n"
    assert "ARKF      9            1" in run("sql", query, "--db", story).out


def test_the_views_do_not_depend_on_the_order_of_loading(run: Run, tmp_path: Path) -> None:
    renamed = date(2022, 1, 4)
    texts = {date(2022, 1, 3): body("ARKF", date(2022, 1, 3)), renamed: body("ARKF", renamed).replace("ROKU", "ROCK")}
    for day, text in texts.items():
        (tmp_path / f"{day}.csv").write_text(text, encoding="utf-8")
    found = []
    for order in (sorted(texts), sorted(texts, reverse=True)):
        name = f"{order[0]}.db"
        for day in order:
            assert run("ingest", f"{day}.csv", "--source", "ark", "--db", name).code == 0
        views = ("v_spells", "v_holdings", "v_events", "v_items")
        columns = "security, name, ticker"
        found.append([run("sql", f"SELECT {columns} FROM {v} ORDER BY 1, 2, 3", "--db", name).out for v in views])
    assert found[0] == found[1]
    assert "ROCK INC" in found[0][0]
    assert "ROKU" not in found[0][0]


def test_a_very_long_name_is_shortened_in_tables_only(run: Run, tmp_path: Path) -> None:
    name, day = "ROKU " + "X" * 4000, date(2022, 1, 3)
    (tmp_path / "long.csv").write_text(body("ARKF", day).replace("ROKU INC", name), encoding="utf-8")
    assert run("ingest", "long.csv", "--source", "ark", "--db", "long.db").code == 0
    table = run("holdings", "ARKF", "--db", "long.db").out
    assert f"ROKU {'X' * 58}…" in table
    assert max(map(len, table.splitlines())) < 200
    for form in ("json", "csv"):
        assert name in run("holdings", "ARKF", "--format", form, "--db", "long.db").out
    assert "a" * 64 in run("sql", f"SELECT '{'a' * 64}' AS sha256", "--db", "long.db").out


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM holding",
        "UPDATE fund SET name = 'x'",
        "DROP VIEW v_coverage",
        "SELECT 1; DELETE FROM holding",
        "WITH a AS (SELECT 1) DELETE FROM holding",
        "INSERT INTO fund SELECT * FROM fund",
        "PRAGMA query_only = OFF",
        "ATTACH DATABASE 'other.db' AS other",
        "COPY (SELECT 1) TO PROGRAM 'touch harm'",
        "COMMIT",
        "-- a comment\nDELETE FROM holding",
        "/* SELECT */ DELETE FROM holding",
        "VACUUM INTO 'copy.db'",
        "",
        " ;",
        "SELECT 1 \x00",
        "SELECT '\udcff'",
    ],
)
def test_sql_changes_nothing(run: Run, story: str, tmp_path: Path, statement: str) -> None:
    answer = run("sql", statement, "--db", story)
    assert answer.code == 2, answer.out
    assert answer.err.startswith("holdings-monitor: ")
    assert run("sql", "SELECT count(*) AS n FROM v_holdings", "--format", "json", "--db", story).rows[0]["n"] == 183
    assert not list(tmp_path.glob("*.db")) + list(tmp_path.glob("harm"))


def test_postgres_refuses_what_a_function_would_write(run: Run, postgres_url: str) -> None:
    answer = run("sql", "SELECT setval('issuer_id_seq', 99)", "--db", postgres_url)
    assert answer.code == 2
    assert "read-only" in answer.err


def test_sql_has_a_time_limit(run: Run, story: str) -> None:
    answer = run("sql", ENDLESS, "--seconds", "0.5", "--db", story)
    assert answer.code == 1
    assert "longer than 0.5 seconds" in answer.err


def test_sql_has_a_row_limit(run: Run, story: str) -> None:
    answer = run("sql", "SELECT * FROM v_holdings", "--limit", "3", "--format", "json", "--db", story)
    assert len(answer.rows) == 3
    assert "Only the first 3 rows" in answer.err


def test_sql_mistakes_are_explained(run: Run, story: str) -> None:
    assert "Did you mean v_holdings?" in run("sql", "SELECT * FROM holdings", "--db", story).err
    assert "cannot be answered" in run("sql", "SELECT nothing FROM v_coverage", "--db", story).err
    assert run("sql", "SELECT 100 % 7 AS rest", "--format", "json", "--db", story).rows == [{"rest": 2}]


def test_sql_help_documents_every_view(run: Run) -> None:
    text = run("sql", "--help").out
    assert all(f"{view.name} –" in text for view in VIEWS)


def test_status_asks_for_attention_while_a_file_is_quarantined(run: Run, story: str) -> None:
    answer = run("status", "--format", "json", "--db", story)
    assert answer.code == 3
    rows = {(row["what"], row["name"]): row for row in answer.rows}
    assert rows["quarantine", "files"]["count"] == 1
    assert rows["quarantine", "files"]["detail"].startswith("ARKF/2022-01-14/")
    assert rows["fund", "ARKF"]["state"] == "late"
    assert rows["deliveries", "all"]["state"] == "ok"
    assert list(answer.rows[0]) == ["what", "name", "state", "count", "since", "detail"]


def test_the_table_of_status_says_what_it_counts(run: Run, story: str) -> None:
    said = run("status", "--db", story).out
    assert "sessions behind" in said
    assert "1 file " in said
    assert "0 messages" in said


def test_status_of_an_empty_database_is_fine(run: Run, database_url: str) -> None:
    assert run("status", "--db", database_url).code == 0
