"""init, ingest, check, sources, version and help: what is done, what is said, and the exit codes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from datetime import date
from pathlib import Path

import pytest

from monitor.sources import registry
from tests.cli.conftest import Run
from tests.cli.look_alike import body, cusip


def test_init_writes_a_configuration_that_works(run: Run, tmp_path: Path) -> None:
    answer = run("init", "--issuer", "ark")
    assert answer.code == 0
    assert "test-alert console" in answer.out
    assert (tmp_path / "holdings.db").is_file()
    assert 'issuer = "ark"' in (tmp_path / "monitor.toml").read_text(encoding="utf-8")
    assert run("status").code == 0


def test_init_leaves_an_existing_file_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text("# mine\n", encoding="utf-8")
    assert run("init").code == 2
    assert (tmp_path / "monitor.toml").read_text(encoding="utf-8") == "# mine\n"


def test_init_watches_the_issuers_whose_addresses_are_confirmed(run: Run, tmp_path: Path) -> None:
    assert run("init").code == 0
    watched = tomllib.loads((tmp_path / "monitor.toml").read_text(encoding="utf-8"))["watch"]
    assert {"issuer": "ark"} in watched
    assert all(registry.get(one["issuer"]).watched() for one in watched)


def test_init_takes_a_database_and_knows_its_issuers(run: Run, tmp_path: Path, blank_url: str) -> None:
    assert run("init", "--issuer", "arc").code == 2
    assert run("init", "--db", blank_url, "--config", tmp_path / "other.toml").code == 0
    assert run("funds", "--config", tmp_path / "other.toml").code == 0
    assert run("funds", "--db", blank_url).code == 0


def test_ingest_makes_the_database_and_counts(run: Run, story_files: Path, blank_url: str) -> None:
    answer = run("ingest", story_files, "--source", "ark", "--db", blank_url)
    assert answer.code == 3
    assert "20 files: 18 new, 1 quarantined, 1 refused (refused: html 1)" in answer.out
    assert "page.html: html: a web page" in answer.out
    again = run("ingest", story_files, "--source", "ark", "--db", blank_url)
    assert "19 already known, 1 refused" in again.out
    assert ". 0 events, 0 items." in again.out


def test_ingest_gives_the_same_answers_in_any_order(run: Run, story_files: Path, story: str) -> None:
    files = sorted(story_files.iterdir(), reverse=True)
    run("ingest", *files, "--source", "ark", "--db", "reversed.db")
    for question in (["history", "SQ"], ["coverage"], ["holdings", "ARKW"]):
        asked = [run(*question, "--format", "json", "--db", db).out for db in (story, "reversed.db")]
        assert asked[0] == asked[1]
    kept = [
        [{**row, "known_at": None} for row in run("changes", "--format", "json", "--db", db).rows]
        for db in (story, "reversed.db")
    ]
    assert kept[0] == kept[1]


def test_ingest_reads_archives(run: Run, story_files: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "story.zip", "w") as archive:
        for file in sorted(story_files.glob("ARKW*.csv")):
            archive.write(file, file.name)
    answer = run("ingest", "story.zip", "--source", "ark", "--db", "zip.db")
    assert answer.code == 0
    assert "9 files: 9 new" in answer.out


def test_ingest_of_nothing_useful_fails(run: Run, story_files: Path) -> None:
    assert run("ingest", story_files / "page.html", "--source", "ark", "--db", "a.db").code == 1
    assert run("ingest", "missing.csv", "--source", "ark", "--db", "b.db").code == 2
    assert not Path("b.db").exists()
    assert run("ingest", story_files, "--source", "arc", "--db", "a.db").code == 2
    assert run("ingest", story_files, "--db", "a.db").code == 2


def test_live_files_alert_the_configured_channel_once(run: Run, story_files: Path, tmp_path: Path) -> None:
    config = tmp_path / "monitor.toml"
    config.write_text(
        'database = "sqlite:///live.db"\n[alerts]\nmin_severity = "low"\n'
        '[channels.log]\ntype = "file"\npath = "alerts.jsonl"\n',
        encoding="utf-8",
    )
    early = tmp_path / "early"
    early.mkdir()
    for name in ("ARKF_2022-01-03.csv", "ARKF_2022-01-04.csv", "ARKF_2022-01-05.csv"):
        shutil.copyfile(story_files / name, early / name)
    assert run("ingest", early, "--source", "ark").code == 0
    assert not (tmp_path / "alerts.jsonl").exists()
    new = story_files / "ARKF_2022-01-06.csv"
    answer = run("ingest", new, "--source", "ark", "--alert", "--at", "2022-01-06T13:00:00Z")
    assert answer.code == 0, answer.err
    alerts = (tmp_path / "alerts.jsonl").read_text(encoding="utf-8")
    assert alerts.count("COINBASE GLOBAL INC") >= 1
    assert run("ingest", new, "--source", "ark", "--alert").code == 0
    assert (tmp_path / "alerts.jsonl").read_text(encoding="utf-8") == alerts
    assert {row["state"] for row in run("alerts", "list", "--format", "json").rows} == {"sent"}


def test_alerting_without_a_channel_says_so(run: Run, story_files: Path) -> None:
    answer = run("ingest", story_files / "ARKF_2022-01-03.csv", "--source", "ark", "--alert", "--db", "a.db")
    assert answer.code == 0
    assert "No channel is configured" in answer.err


def test_check_needs_something_to_watch(run: Run, tmp_path: Path) -> None:
    answer = run("check", "--db", "a.db")
    assert answer.code == 2
    assert "Nothing is watched yet" in answer.err
    assert run("check", "NOFUND", "--db", "a.db").code == 2
    assert not (tmp_path / "a.db").exists()


def test_sources_are_listed_and_shown(run: Run) -> None:
    rows = {row["id"]: row for row in run("sources", "list", "--format", "json").rows}
    assert rows["tw-active"]["watched"] == 0  # no address has been confirmed
    assert list(rows["ark"])[:4] == ["id", "name", "funds", "watched"]
    shown = {row["fund"]: row for row in run("sources", "show", "ark", "--format", "json").rows[0]["funds"]}
    assert shown["ARKK"]["convention"] == "OPEN"
    assert shown["CTRU"]["closed"] == "2022-07-26"
    wrong = run("sources", "show", "arc")
    assert wrong.code == 2
    assert "did you mean 'ark'" in wrong.err


def test_sources_try_prints_what_was_understood(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "ARKF.csv"
    file.write_text(body("ARKF", date(2022, 1, 3)) + "01/03/2022,ARKF,ODD LINE,ODD,,abc,,\n", encoding="utf-8")
    answer = run("sources", "try", "ark", file)
    assert answer.code == 3
    assert "dated      2022-01-03 (convention OPEN)" in answer.out
    assert cusip("77770A1B") in answer.out
    assert "row 12" in answer.out
    (told,) = run("sources", "try", "ark", file, "--format", "json").rows
    rows = told["lines"]
    assert (rows[0]["row"], rows[0]["ticker"], rows[0]["shares"]) == (2, "TSLA", 1_003_000)
    assert rows[0]["isin"] is None
    assert not [value for row in rows for value in row.values() if value == ""]


def test_sources_try_refuses_with_the_reason(run: Run, story_files: Path) -> None:
    answer = run("sources", "try", "ark", story_files / "page.html")
    assert answer.code == 1
    assert "is refused (html)" in answer.err
    assert run("sources", "try", "ark", "missing.csv").code == 2


def test_version_names_the_schema(run: Run) -> None:
    answer = run("version")
    assert answer.code == 0
    assert answer.out.startswith("holdings-monitor ")
    assert "schema " in answer.out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom monitor.cli import run\nassert run(['--help']) == 0\n"
        "heavy = {'sqlalchemy', 'pandas', 'requests', 'pydantic_settings', 'exchange_calendars', 'rich', 'alembic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Exit codes: 0 done" in done.stdout


@pytest.mark.parametrize("group", ["sources", "quarantine", "alerts", "db"])
def test_a_group_without_a_command_shows_its_help(run: Run, group: str) -> None:
    answer = run(group)
    assert answer.code == 2
    assert "Commands:" in answer.out + answer.err


def test_wrong_options_are_wrong_use(run: Run) -> None:
    wrong = run("funds", "--format", "yaml")
    assert wrong.code == 2
    assert "'yaml' is no value of --format. Known: table, json, csv" in wrong.err
    assert run("nothing").code == 2
    assert run("changes", "--limit", "0").code == 2


def test_a_faulty_configuration_is_wrong_use(run: Run, tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text("databse = 1\n", encoding="utf-8")
    answer = run("funds")
    assert answer.code == 2
    assert "database" in answer.err
    assert run("funds", "--config", "missing.toml").code == 2


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite:///missing/folder/x.db", "", "nonsense://"])
def test_a_database_that_cannot_be(run: Run, url: str) -> None:
    answer = run("db", "upgrade", "--db", url)
    assert answer.code in (1, 2)
    assert answer.err.startswith("holdings-monitor: ")


def test_a_file_that_is_no_database(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database " * 100, encoding="utf-8")
    answer = run("funds", "--db", "text.db")
    assert answer.code == 1
    assert "is not a database" in answer.err


def test_a_file_that_says_neither_day_nor_fund_is_loaded_with_both(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(
        "Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location,Exchange,"
        "Currency,FX Rate,Market Currency,Accrual Date\n"
        'NWND,NORTHWIND TRADERS,Industrials,Equity,"3,000.00",100.00,"3,000.00",30.00,100.00,United States,NASDAQ,USD,'
        "1.00,USD,-\n",
        encoding="utf-8",
    )
    refused = run("ingest", file, "--source", "ishares-us", "-v")
    assert "as_of" in refused.out
    assert run("ingest", file, "--source", "ishares-us", "--fund", "lower case").code == 2
    loaded = run("ingest", file, "--source", "ishares-us", "--as-of", "2025-11-18", "--fund", "IVV", "-v")
    assert loaded.code == 0, loaded
    assert "IVV 2025-11-18" in loaded.out
