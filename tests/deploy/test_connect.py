"""deploy/CONNECT.md: what it says of other programs is run as far as those can be had."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
import pytest

from tests.cli.conftest import Run, clean_place, postgres_story, run, sqlite_story, story, story_files
from tests.postgres import PostgresServer

__all__ = ["clean_place", "postgres_story", "run", "sqlite_story", "story", "story_files"]
TEXT = (Path(__file__).parents[2] / "deploy" / "CONNECT.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    """The blocks marked so, about a fund that the story has."""
    return [one.replace("ARKK", "ARKF") for one in re.findall(rf"```{kind}\n(.*?)```", TEXT, flags=re.S)]


def lines(command: str) -> list[str]:
    """The command lines of the page that begin so, without remarks."""
    found = [line.split("   #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in found if line.startswith(command)]


def test_there_is_something_to_try() -> None:
    assert [len(blocks(kind)) for kind in ("sql", "sql postgres", "sql duckdb", "python")] == [1, 2, 2, 1]
    assert len(lines("holdings-monitor export")) == 5


@pytest.mark.parametrize("query", blocks("sql"))
def test_the_queries_for_both_databases_run(run: Run, story: str, query: str) -> None:
    assert run("sql", query, "--format", "json", "--db", story).rows


@pytest.mark.parametrize("query", blocks("sql postgres"))
def test_the_panels_of_grafana_show_something(postgres_server: PostgresServer, postgres_story: str, query: str) -> None:
    written = re.sub(
        r"\$__timeFilter\((.*?)\)", r"\1 BETWEEN '2022-01-01T00:00:00Z' AND '2036-12-31T05:01:17.123Z'", query
    )
    with psycopg.connect(postgres_server.address(postgres_story)) as connection:
        cursor = connection.execute(written.encode())
        assert cursor.description is not None
        assert cursor.description[0].name == "time"
        assert cursor.fetchall()


def test_the_files_are_written_and_duckdb_reads_them(
    run: Run, story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "history").mkdir()
    for line in lines("holdings-monitor export"):
        assert run(*shlex.split(line)[1:], "--db", story).code == 0, line
    for query in blocks("sql duckdb"):
        found = duckdb.sql(query)
        assert found is not None
        assert found.fetchall()
    assert len(pd.read_parquet("history/v_holdings", filters=[("fund", "==", "ARKF")])) == 93


def test_pandas_reads_as_the_page_says(sqlite_story: Path, tmp_path: Path) -> None:
    (tmp_path / "holdings.db").symlink_to(sqlite_story)
    names: dict[str, pd.DataFrame] = {}
    exec(blocks("python")[0], names)
    assert names["position"]["shares"].iloc[0] == 1_003_000
